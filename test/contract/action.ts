import { describe, expect, it, vi } from "vitest";
import type { Action, Call } from "../../shared/action/action.ts";
import { DEFAULT_POLICY } from "../../shared/action/policy.ts";
import { faultRecordOf, type FaultRecord } from "../../shared/fault/fault.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import type { Simulator, World } from "../../shared/ports/simulator.ts";
import { INJECTED, type Injected, localOutside, type LocalOutside, RETRY_AFTER_SECONDS, secretsRead } from "../support/transport.ts";

export interface ActionContract<Ports, Params, Receipt, W extends World> {
  readonly action: Action<Ports, Params, Receipt>;
  /** Folder of the slice, e.g. `cloudflare`. */
  readonly integration: string;
  /** A fresh world in which the action has its work to do. */
  readonly world: () => W;
  readonly simulator: Simulator<W>;
  /** The ports, on the real connector. */
  readonly connect: (outside: Outside) => Ports;
  /** As a compiled plan holds them: names resolved. Parsed by the action's schema. */
  readonly params: unknown;
  /** What one clean walk leaves in the world's effects, as `did to`; `[]` for an action that only looks. */
  readonly effects: readonly string[];
  /** Makes `verify` fail: the world is no longer as the action left it. */
  readonly spoil?: (world: W) => void;
  /** Someone else changes the thing after the action has ended, so that `undo` must refuse. Needed where there is an `undo`. */
  readonly drift?: (world: W) => void;
  /** Someone changes the thing between preview and begin; default: `drift`. */
  readonly driftBefore?: (world: W) => void;
  /** What undo must bring back, compared as JSON; default: the world without its effects. Leave out history here. */
  readonly essence?: (world: W) => unknown;
  /** UTC ISO; default Saturday 2024-12-07 20:00 in New York. */
  readonly startAt?: string;
  /** Overrides for what the action may know, e.g. people's answers. */
  readonly call?: (call: Call, world: W) => Partial<Call>;
  readonly secrets?: Readonly<Record<string, string>>;
}

/**
 * Registers the tests of everything that every action promises (shared/action/action.ts), against the slice's own
 * simulator and through its real connector and SDK, with each fault injected at each request.
 *
 * The walker does what the step does in a run: begin, poll at the policy's pace on a clock advanced by hand, verify;
 * after a fault it waits and calls `begin` again with the same key. Receipts and progress go through JSON every time.
 */
export function actionContract<Ports, Params, Receipt, W extends World>(contract: ActionContract<Ports, Params, Receipt, W>): void {
  const { action } = contract;
  const params = action.params.parse(contract.params);
  const essence = contract.essence ?? ((world: W) => ({ ...world, effects: [] }));

  const prepare = () => walker(contract, params);

  describe(`${contract.integration}: ${action.verb} keeps the promises of every action`, () => {
    it("names the same resources every time", () => {
      const first = action.touches(params);

      expect(action.touches(params)).toEqual(first);
      expect(action.opens?.(params)).toEqual(action.opens?.(params));
      expect(action.closes?.(params)).toEqual(action.closes?.(params));
      for (const resource of first) expect(resource, "touches are KIND:NAME").toMatch(/^[a-z-]+:./);
    });

    it("previews without an effect, and the same a day later", async () => {
      const walk = prepare();
      const before = JSON.stringify(essence(walk.world));

      const lines = await walk.preview();
      walk.outside.advance(24 * 3_600_000);
      const later = await walk.preview();

      expect(lines.length, "a preview says something").toBeGreaterThan(0);
      expect(later).toEqual(lines);
      expect(walk.effects()).toEqual([]);
      expect(JSON.stringify(essence(walk.world))).toBe(before);
    });

    it("begins, is followed to its end, and is verified by evidence", async () => {
      const walk = prepare();

      const { evidence } = await walk.toTheEnd();

      expect(evidence.length, "evidence says something").toBeGreaterThan(0);
      expect(walk.effects()).toEqual(contract.effects);
    });

    it("leaves one effect when it begins twice with one key", async () => {
      const walk = prepare();

      await walk.begin();
      await walk.toTheEnd();
      await walk.begin();

      expect(walk.effects()).toEqual(contract.effects);
    });

    it("finds its own work after a crash between begin and its record", async () => {
      const walk = prepare();
      const before = JSON.stringify(essence(walk.world));
      await walk.begin();

      const restarted = walker(contract, params, walk.world, walk.outside);
      const { receipt } = await restarted.toTheEnd();

      expect(walk.effects()).toEqual(contract.effects);
      if (action.undo === undefined) return;
      await restarted.undo(receipt);
      expect(JSON.stringify(essence(walk.world)), "the receipt of the second begin leads back too").toBe(before);
    });

    if (contract.spoil !== undefined) {
      it("fails to verify a world that is not as it left it", async () => {
        const walk = prepare();
        const { receipt } = await walk.toTheEnd();
        contract.spoil?.(walk.world);

        const fault = await faultOf(walk.verify(receipt));

        expect(fault?.kind, "verify must throw").toBeDefined();
        expect(fault?.kind).not.toBe("defect");
        expectSafe(fault);
      });
    }

    const move = contract.driftBefore ?? contract.drift;
    if (move !== undefined) {
      it("notices, or shows in its preview, that the world moved between preview and begin", async () => {
        const walk = prepare();
        const lines = await walk.preview();
        move(walk.world);

        const preview = await settled(walk.preview());
        const begun = await settled(walk.begin());

        for (const outcome of [preview, begun]) if (!outcome.ok) expect(outcome.fault).not.toMatchObject({ kind: "defect" });
        const shown = !preview.ok || JSON.stringify(preview.value) !== JSON.stringify(lines);
        expect(shown || !begun.ok, "neither did the preview change nor did begin refuse").toBe(true);
      });
    }

    if (action.undo !== undefined) {
      it("puts the world back, and may do so twice", async () => {
        const walk = prepare();
        const before = JSON.stringify(essence(walk.world));
        const { receipt } = await walk.toTheEnd();

        const evidence = await walk.undo(receipt);
        const effects = walk.effects();
        await walk.undo(receipt);

        expect(evidence.length).toBeGreaterThan(0);
        expect(JSON.stringify(essence(walk.world))).toBe(before);
        expect(walk.effects()).toEqual(effects);
      });

      it("refuses to put back what someone else changed since", async () => {
        expect(contract.drift, "an action with undo needs `drift` in its contract").toBeDefined();
        const walk = prepare();
        const { receipt } = await walk.toTheEnd();
        contract.drift?.(walk.world);
        const before = JSON.stringify(essence(walk.world));
        const effects = walk.effects();

        const fault = await faultOf(walk.undo(receipt));

        expect(fault).toMatchObject({ kind: "conflict" });
        expect(JSON.stringify(essence(walk.world))).toBe(before);
        expect(walk.effects()).toEqual(effects);
      });
    }

    if (action.cancel !== undefined) {
      it("stops work under way, and may do so twice", async () => {
        const walk = prepare();
        const receipt = await walk.begin();

        const evidence = await cancelled(walk, receipt);
        const effects = walk.effects();
        await walk.cancel(receipt);

        expect(evidence.length).toBeGreaterThan(0);
        expect(walk.effects()).toEqual(effects);
        expect((await faultOf(walk.poll(receipt)))?.kind).not.toBe("defect");
      });
    }

    describe.each(Object.keys(INJECTED) as Injected[])("%s, at every request", (what) => {
      it("in preview: a clear fault, or the same lines", async () => {
        const lines = await prepare().preview();

        await atEveryRequest(prepare, what, async (walk) => {
          const outcome = await settled(walk.preview());
          walk.outside.calm();

          if (outcome.ok) expect(outcome.value).toEqual(lines);
          else expectKind(what, outcome.fault);
          if (walk.outside.hit !== undefined) expect(await walk.preview(), "once the fault is over").toEqual(lines);
          expect(walk.effects()).toEqual([]);
        });
      });

      it("from begin to verify: one effect in the end, and a clear fault on the way", async () => {
        await atEveryRequest(prepare, what, async (walk) => {
          await walk.toTheEnd((fault) => expectKind(what, fault));

          expect(walk.effects()).toEqual(contract.effects);
        });
      });

      if (action.undo !== undefined) it("in undo: the world is put back in the end", async () => {
        const clean = prepare();
        const before = JSON.stringify(essence(clean.world));
        await clean.undo((await clean.toTheEnd()).receipt);
        const effects = clean.effects();

        await atEveryRequest(prepare, what, async (walk, arm) => {
          const { receipt } = await walk.toTheEnd();
          arm();

          const outcome = await settled(walk.undo(receipt));
          walk.outside.calm();
          if (!outcome.ok) {
            expectKind(what, outcome.fault);
            walk.outside.advance(outcome.fault.retryAfterMs ?? 15_000);
            await walk.undo(receipt);
          }

          expect(JSON.stringify(essence(walk.world))).toBe(before);
          expect(walk.effects()).toEqual(effects);
        }, true);
      });

      if (action.cancel !== undefined) it("in cancel: a clear fault, and a second try ends the work", async () => {
        const clean = prepare();
        await cancelled(clean, await clean.begin());
        const effects = clean.effects();

        await atEveryRequest(prepare, what, async (walk, arm) => {
          const receipt = await walk.begin();
          arm();

          const outcome = await settled(cancelled(walk, receipt, (fault) => walk.outside.hit === undefined || expectKind(what, fault)));
          walk.outside.calm();
          if (!outcome.ok) expectKind(what, outcome.fault);
          await cancelled(walk, receipt);

          expect(walk.effects()).toEqual(effects);
        }, true);
      });
    });
  });
}

interface Walk<Receipt, W> {
  readonly world: W;
  readonly outside: LocalOutside;
  effects(): string[];
  preview(): Promise<readonly string[]>;
  begin(): Promise<Receipt>;
  poll(receipt: Receipt): Promise<unknown>;
  verify(receipt: Receipt): Promise<readonly string[]>;
  undo(receipt: Receipt): Promise<readonly string[]>;
  cancel(receipt: Receipt): Promise<readonly string[]>;
  toTheEnd(onFault?: (fault: FaultRecord) => void): Promise<{ receipt: Receipt; evidence: readonly string[] }>;
}

/** More faults in one walk than this, with a single one injected, are an action that never recovers. */
const MOST_FAULTS = 6;

function walker<Ports, Params, Receipt, W extends World>(
  contract: ActionContract<Ports, Params, Receipt, W>,
  params: Params,
  world: W = contract.world(),
  given?: LocalOutside,
): Walk<Receipt, W> {
  const { action } = contract;
  const policy = { ...DEFAULT_POLICY, ...action.policy };
  const outside: LocalOutside =
    given ??
    localOutside(contract.simulator, world, {
      ...(contract.startAt === undefined ? {} : { startAt: contract.startAt }),
      ...(contract.secrets === undefined ? {} : { secrets: contract.secrets }),
      passTime: async (ms) => void (await vi.advanceTimersByTimeAsync(ms)),
    });
  const ports = contract.connect(outside);
  const startedAt = outside.clock.now();
  let attempt = 0;

  const call = (): Call => {
    const basic: Call = {
      run: "2024-12-08",
      step: "contract",
      target: "target",
      key: "2024-12-08/contract/target/1",
      attempt,
      now: outside.clock.now(),
      cutoff: startedAt + 16 * 3_600_000,
      answers: [],
      story: {
        windowTitle: "Window of the contract suite",
        reportUrl: "https://nightshift.example.com/runs/2024-12-08",
        change: async () => ({ title: "A change", keys: ["PLAT-1"], outcome: "running", lines: ["contract: running"] }),
        run: async () => ({ headline: "1 of 1 done", lines: ["contract: done"] }),
      },
    };
    return { ...basic, ...contract.call?.(basic, world) };
  };
  const kept = (receipt: Receipt): Receipt => {
    const json = JSON.parse(JSON.stringify(receipt)) as unknown;
    expect(json, "the receipt survives JSON").toEqual(receipt);
    const parsed = action.receipt.parse(json);
    expect(parsed, "the receipt is what its schema says").toEqual(receipt);
    return parsed;
  };

  const walk: Walk<Receipt, W> = {
    world,
    outside,
    effects: () => world.effects.map(({ did, to }) => `${did} ${to}`),
    preview: () => action.preview(ports, params, call()),
    async begin() {
      attempt += 1;
      return kept(await action.begin(ports, params, call()));
    },
    poll: async (receipt) => action.poll?.(ports, kept(receipt), call()),
    verify: (receipt) => action.verify(ports, kept(receipt), call()),
    async undo(receipt) {
      for (let looks = 0; ; looks++) {
        const outcome = await settled((async () => (await action.undo?.(ports, kept(receipt), call())) ?? [])());
        if (outcome.ok) return outcome.value;
        // Undoing that takes time says when to look again. No injected fault is `unavailable` and says so.
        const { kind, retryAfterMs } = outcome.fault;
        if (kind !== "unavailable" || retryAfterMs === undefined || looks === policy.attempts) throw outcome.thrown;
        outside.advance(Math.max(retryAfterMs, policy.retryDelayMs));
      }
    },
    cancel: async (receipt) => (await action.cancel?.(ports, kept(receipt), call())) ?? [],

    async toTheEnd(onFault) {
      const deadline = outside.clock.now() + policy.timeoutMs;
      let faults = 0;
      for (;;) {
        const outcome = await settled(
          (async (): Promise<{ receipt: Receipt; evidence: readonly string[] }> => {
            let receipt: Receipt = (await walk.begin()) as Receipt;
            while (action.poll !== undefined) {
              const progress = await action.poll(ports, receipt, call());
              expect(JSON.parse(JSON.stringify(progress)), "progress survives JSON").toEqual(progress);
              expect(progress.note, "progress says something").not.toBe("");
              receipt = progress.receipt === undefined ? receipt : kept(progress.receipt);
              if (progress.state === "done") break;
              outside.advance(policy.pollEveryMs);
              expect(outside.clock.now(), `${action.verb} is not done within its own timeout`).toBeLessThan(deadline);
            }
            return { receipt, evidence: await walk.verify(receipt) };
          })(),
        );
        if (outcome.ok) return outcome.value;
        if (onFault === undefined) throw outcome.thrown;
        onFault(outcome.fault);
        expect((faults += 1), `it does not recover: ${outcome.fault.message}`).toBeLessThan(MOST_FAULTS);
        outside.advance(Math.max(policy.retryDelayMs, outcome.fault.retryAfterMs ?? 0));
      }
    },
  };
  return walk;
}

/** Cancels until the work has ended: a vendor may take a while, and `unavailable` then says that it has not yet. */
async function cancelled<Receipt, W>(walk: Walk<Receipt, W>, receipt: Receipt, onFault: (fault: FaultRecord) => unknown = () => undefined): Promise<readonly string[]> {
  for (let tries = 1; ; tries++) {
    const outcome = await settled(walk.cancel(receipt));
    if (outcome.ok) return outcome.value;
    onFault(outcome.fault);
    if (outcome.fault.kind !== "unavailable" || tries === MOST_FAULTS) throw outcome.thrown;
    walk.outside.advance(Math.max(15_000, outcome.fault.retryAfterMs ?? 0));
  }
}

/** A bound, in case an action makes ever more requests. */
const MOST_REQUESTS = 200;

/**
 * Repeats `trial` on a fresh world with the fault at request 0, 1, 2 … until one trial ends before its fault's turn.
 * `armLater`: the trial says itself from when on requests count.
 */
async function atEveryRequest<Receipt, W>(
  prepare: () => Walk<Receipt, W>,
  what: Injected,
  trial: (walk: Walk<Receipt, W>, arm: () => void) => Promise<void>,
  armLater = false,
): Promise<void> {
  const hangs = what === "answer beyond every deadline";
  if (hangs) pretendTime();
  try {
    for (let index = 0; ; index++) {
      expect(index, "requests of one walk").toBeLessThan(MOST_REQUESTS);
      const walk = prepare();
      const arm = () => walk.outside.inject(what, index);
      if (!armLater) arm();
      try {
        await trial(walk, arm);
      } catch (thrown) {
        if (thrown instanceof Error) thrown.message = `${what} at request ${index} (${walk.outside.hit ?? "not reached"}): ${thrown.message}`;
        throw thrown;
      }
      expect(walk.outside.withoutDeadline, "requests without a deadline").toEqual([]);
      if (walk.outside.hit === undefined) return;
    }
  } finally {
    if (hangs) {
      vi.restoreAllMocks();
      vi.useRealTimers();
    }
  }
}

/** Deadlines come from timers; so time for them passes by hand. Node's own `AbortSignal.timeout` knows no fake timers. */
function pretendTime(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError")), ms);
    return controller.signal;
  });
}

type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: FaultRecord; readonly thrown: unknown };

/** An assertion that failed inside stays an assertion that failed. */
async function settled<T>(work: Promise<T>): Promise<Settled<T>> {
  try {
    return { ok: true, value: await work };
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === "AssertionError") throw thrown;
    return { ok: false, fault: faultRecordOf(thrown), thrown };
  }
}

async function faultOf(work: Promise<unknown>): Promise<FaultRecord | undefined> {
  const outcome = await settled(work);
  return outcome.ok ? undefined : outcome.fault;
}

function expectKind(what: Injected, fault: FaultRecord): void {
  expect(INJECTED[what].kinds, `a fault of the right kind; it was ${fault.kind}: ${fault.message}`).toContain(fault.kind);
  if (what === "429 with Retry-After") expect(fault.retryAfterMs, fault.message).toBe(RETRY_AFTER_SECONDS * 1000);
  expectSafe(fault);
}

/** No message tells a secret. */
function expectSafe(fault: FaultRecord | undefined): void {
  for (const value of [...secretsRead.values(), "canary-azure-token"]) expect(fault?.message).not.toContain(value);
}
