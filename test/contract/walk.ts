import { expect, vi } from "vitest";
import type { Action, Call } from "../../shared/action/action.ts";
import { DEFAULT_POLICY } from "../../shared/action/policy.ts";
import { faultRecordOf, type FaultRecord } from "../../shared/fault/fault.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import type { Simulator, World } from "../../shared/ports/simulator.ts";
import { localOutside, type LocalOutside } from "../support/transport.ts";

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
  /** Of an action whose begin does nothing that has to be found. */
  readonly findsNothing?: boolean;
  /** UTC ISO; default Saturday 2024-12-07 20:00 in New York. */
  readonly startAt?: string;
  /** Overrides for what the action may know, e.g. people's answers. */
  readonly call?: (call: Call, world: W) => Partial<Call>;
  readonly secrets?: Readonly<Record<string, string>>;
}

/** One action on one world, led by hand; receipts and progress go through JSON and their schema every time. */
export interface Walk<Receipt, W> {
  readonly world: W;
  readonly outside: LocalOutside;
  effects(): string[];
  preview(): Promise<readonly string[]>;
  begin(): Promise<Receipt>;
  find(): Promise<Receipt | undefined>;
  /** From a receipt to its verified end. */
  follow(receipt: Receipt): Promise<{ receipt: Receipt; evidence: readonly string[] }>;
  poll(receipt: Receipt): Promise<unknown>;
  verify(receipt: Receipt): Promise<readonly string[]>;
  undo(receipt: Receipt): Promise<readonly string[]>;
  cancel(receipt: Receipt): Promise<readonly string[]>;
  toTheEnd(onFault?: (fault: FaultRecord) => void): Promise<{ receipt: Receipt; evidence: readonly string[] }>;
}

/** More faults in one walk than this, with a single one injected, are an action that never recovers. */
const MOST_FAULTS = 6;

export function walker<Ports, Params, Receipt, W extends World>(
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
    async find() {
      const receipt = await action.find?.(ports, params, call());
      return receipt === undefined ? undefined : kept(receipt);
    },
    async follow(begun) {
      let receipt = begun;
      const deadline = outside.clock.now() + policy.timeoutMs;
      while (action.poll !== undefined) {
        const progress = await action.poll(ports, receipt, call());
        expect(JSON.parse(JSON.stringify(progress)), "progress survives JSON").toEqual(progress);
        expect(progress.note, "progress says something").not.toBe("");
        if (progress.state === "running" && progress.receipt !== undefined)
          expect(action.isDrivenByPolls, `a look of ${action.verb} brings its work on, so that nobody may look at it more seldom`).toBe(true);
        receipt = progress.receipt === undefined ? receipt : kept(progress.receipt);
        if (progress.state === "done") break;
        outside.advance(policy.pollEveryMs);
        expect(outside.clock.now(), `${action.verb} is not done within its own timeout`).toBeLessThan(deadline);
      }
      return { receipt, evidence: await walk.verify(receipt) };
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
    cancel: async (receipt) => (await action.cancel?.(ports, kept(receipt), call()))?.evidence ?? [],

    async toTheEnd(onFault) {
      let faults = 0;
      for (;;) {
        const outcome = await settled(walk.begin().then((receipt) => walk.follow(receipt)));
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
export async function cancelled<Receipt, W>(walk: Walk<Receipt, W>, receipt: Receipt, onFault: (fault: FaultRecord) => unknown = () => undefined): Promise<readonly string[]> {
  for (let tries = 1; ; tries++) {
    const outcome = await settled(walk.cancel(receipt));
    if (outcome.ok) return outcome.value;
    onFault(outcome.fault);
    if (outcome.fault.kind !== "unavailable" || tries === MOST_FAULTS) throw outcome.thrown;
    walk.outside.advance(Math.max(15_000, outcome.fault.retryAfterMs ?? 0));
  }
}

export type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: FaultRecord; readonly thrown: unknown };

/** An assertion that failed inside stays an assertion that failed. */
export async function settled<T>(work: Promise<T>): Promise<Settled<T>> {
  try {
    return { ok: true, value: await work };
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === "AssertionError") throw thrown;
    return { ok: false, fault: faultRecordOf(thrown), thrown };
  }
}

export async function faultOf(work: Promise<unknown>): Promise<FaultRecord | undefined> {
  const outcome = await settled(work);
  return outcome.ok ? undefined : outcome.fault;
}
