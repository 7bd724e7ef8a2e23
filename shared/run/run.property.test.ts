import * as fc from "fast-check";
import { expect, it, vi } from "vitest";
import { fakeVendor, type FakeWork } from "../../test/support/fake-vendor.ts";
import { ms } from "../../test/support/facts-of.ts";
import { ADA, CUTOFF, OPENS_AT, planWith, type StepDraft } from "../../test/support/plan-with.ts";
import { play, stageFor, type TestStage } from "../../test/support/play.ts";
import { Fault, type FaultKind } from "../fault/fault.ts";
import type { CompiledPlan } from "../plan/compiled.ts";
import { ENDINGS, type Decision, type Fact, type FactOf } from "./facts.ts";
import type { Entry } from "./journal.ts";
import type { RunState } from "./state.ts";

/**
 * Whole runs of small random plans, against vendors that fail in random ways, with people who decide at random: what must
 * always be true is. A counterexample prints its seed; give it to `fc.assert` as `{ seed, path }` to see it again.
 */

const OPENS = Date.parse(OPENS_AT);
const CUT = Date.parse(CUTOFF);
const WINDOW_MINUTES = (CUT - OPENS) / 60_000;
const STEPS = ["a.one", "a.two", "b.one", "b.two", "c.one"] as const;
const TARGETS = ["x", "y", "z"] as const;
const KINDS: readonly FaultKind[] = ["throttled", "unavailable", "rejected", "failed", "denied", "conflict", "defect"];
const isoAt = (minutes: number): string => new Date(OPENS + minutes * 60_000).toISOString();

/** The faults of the first calls of one method, by index; beyond them all goes well. */
const hookOf = (kinds: readonly FaultKind[]) =>
  fc.array(fc.option(fc.constantFrom(...kinds), { nil: undefined, freq: 2 }), { maxLength: 5 }).map((drawn) => (nth: number): void => {
    const kind = drawn[nth - 1];
    if (kind !== undefined) throw new Fault(kind, `${kind} at call ${nth}`);
  });
const hook = hookOf(KINDS);
const work: fc.Arbitrary<FakeWork> = fc.record(
  {
    startsAfterMs: fc.constantFrom(0, 0, ms("2m"), Number.POSITIVE_INFINITY),
    takesMs: fc.constantFrom(0, ms("5m"), ms("25m"), ms("2h")),
    beforeBegin: hook,
    afterBegin: hookOf(["unavailable", "defect"]),
    find: hook,
    poll: hook,
    verify: hook,
    undo: hook,
    cancel: hook,
  },
  { requiredKeys: [] },
);

const step = (position: number): fc.Arbitrary<StepDraft> =>
  fc
    .record({
      at: fc.option(fc.integer({ min: 0, max: WINDOW_MINUTES + 60 }).map(isoAt), { nil: undefined }),
      graceMs: fc.option(fc.constantFrom(ms("10m"), ms("2h")), { nil: undefined }),
      needs: fc
        .subarray(STEPS.slice(0, position))
        .chain((needed) =>
          fc.tuple(
            ...needed.map((id) =>
              fc.record({ step: fc.constant(id), per: fc.constantFrom("step" as const, "target" as const), as: fc.constantFrom("success" as const, "end" as const) }),
            ),
          ),
        ),
      names: fc.subarray([...TARGETS], { minLength: 1 }),
      rolling: fc.option(fc.record({ batches: fc.constantFrom([1], [1, 2]), maxFailures: fc.integer({ min: 0, max: 1 }), pauseMs: fc.constantFrom(0, ms("5m")) }), {
        nil: undefined,
      }),
      onFailure: fc.constantFrom("stop" as const, "continue" as const, "ask" as const),
      irreversible: fc.boolean(),
      always: fc.boolean(),
      approved: fc.boolean(),
      opens: fc.boolean(),
    })
    .map(({ names, approved, opens, at, graceMs, rolling, ...rest }) => ({
      ...rest,
      targets: names.map((id) => ({ id, touches: [`server:${id}`], opens: opens ? [{ id: `${STEPS[position]}:${id}`, what: `${id} is out` }] : [] })),
      ...(at === undefined ? {} : { at }),
      ...(graceMs === undefined ? {} : { graceMs }),
      ...(rolling === undefined ? {} : { rolling }),
      ...(approved ? { approval: { by: [ADA] } } : {}),
      phase: position < 2 ? "prework" : "primary",
    }));

const decision = fc.record({
  minutes: fc.integer({ min: 0, max: WINDOW_MINUTES + 30 }),
  request: fc.oneof(
    fc.record({ decision: fc.constantFrom("approve" as const, "skip" as const, "retry" as const, "done" as const), step: fc.constantFrom(...STEPS) }),
    fc.record({ decision: fc.constantFrom("pause" as const, "resume" as const) }),
    fc.record({ decision: fc.constant("abort" as const), mode: fc.constantFrom("freeze" as const, "finish" as const, "close" as const) }),
  ),
});

const night = fc.record({
  steps: fc.tuple(step(0), step(1), step(2), step(3), step(4)),
  works: fc.dictionary(fc.constantFrom(...STEPS.flatMap((id) => TARGETS.map((target) => `${id}/${target}`))), work, { maxKeys: 10 }),
  decisions: fc.array(decision, { maxLength: 6 }),
  finds: fc.boolean(),
});

async function lived({ steps, works, decisions, finds }: typeof night extends fc.Arbitrary<infer Night> ? Night : never): Promise<Lived> {
  const plan = planWith(Object.fromEntries(STEPS.map((id, position) => [id, steps[position] as StepDraft])), { phases: [{ id: "prework" }, { id: "primary", barrier: true }] });
  const vendor = fakeVendor(works);
  const stage = await stageFor(plan, { actions: [vendor.action("fake.work", { finds })] });
  const state = await play(stage, { decisions: decisions.map(({ minutes, request }) => ({ at: isoAt(minutes), ...request })) });
  return { plan, stage, state, vendor, finds, entries: await stage.journal.readAll(plan.window.id) };
}

interface Lived {
  readonly plan: CompiledPlan;
  readonly stage: TestStage;
  readonly state: RunState;
  readonly vendor: ReturnType<typeof fakeVendor>;
  readonly entries: readonly Entry[];
  /** Whether its actions can look for their work without beginning any. */
  readonly finds: boolean;
}

const RUNS = 120;
vi.setConfig({ testTimeout: 60_000 });

function holdsFor(property: (lived: Lived) => void): Promise<void> {
  return fc.assert(
    fc.asyncProperty(night, async (drawn) => property(await lived(drawn))),
    { numRuns: RUNS },
  );
}

function* targetStreams({ entries, plan }: Lived) {
  for (const [stream, own] of Map.groupBy(entries, (entry) => entry.stream)) {
    if (!stream.startsWith("target/")) continue;
    const facts = own.toSorted((a, b) => a.seq - b.seq).map(({ fact }) => fact);
    const step = plan.steps.find(({ id }) => stream.startsWith(`target/${id}/`));
    if (step !== undefined) yield { stream, step, facts };
  }
}
const isBegin = (fact: Fact): fact is FactOf<"target.intended"> => fact.type === "target.intended" && fact.deed === "begin";
const decisionsOf = (entries: readonly Entry[]): readonly Decision[] => entries.flatMap(({ fact }) => (fact.type === "decision.made" ? [fact] : []));

it("every run comes to its end, and every step of it too", async () => {
  await holdsFor(({ state }) => {
    expect(state.endedAt).toBeDefined();
    expect(state.steps.filter(({ as }) => as === undefined)).toEqual([]);
    expect(state.changes.filter(({ as }) => as === undefined)).toEqual([]);
    expect(state.asks).toEqual([]);
  });
});

it("nothing begins twice under one key without a fault or a lost answer in between, nor afresh without a failure or a word", async () => {
  await holdsFor((night) => {
    for (const { stream, facts } of targetStreams(night)) {
      facts.forEach((fact, at) => {
        if (!isBegin(fact)) return;
        const before = facts.slice(0, at).filter(({ type }) => type !== "target.told");
        const previous = before.at(-1);
        const again = before.some((earlier) => isBegin(earlier) && earlier.try === fact.try);
        if (again) expect(previous, `${stream} at ${at}`).toMatchObject({ type: expect.stringMatching(/faulted|intended|sought/) });
        else if (fact.try > 1) {
          const failed = before.some((earlier) => earlier.type === "target.faulted" && earlier.fault.kind === "failed" && earlier.try === fact.try - 1);
          const asked = decisionsOf(night.entries).some(({ decision, at: decidedAt }) => decision === "retry" && decidedAt <= fact.at);
          expect(failed || asked, `${stream} at ${at}`).toBe(true);
        }
      });
    }
  });
});

it("nothing new begins after the cutoff, an abort or a stop, but what closes", async () => {
  await holdsFor((night) => {
    const aborts = decisionsOf(night.entries).filter(({ decision, mode }) => decision === "abort" && mode !== "freeze");
    const stops = night.entries.flatMap(({ fact }) => (fact.type === "run.stopped" ? [fact] : []));
    const closedAt = [...aborts, ...stops].map(({ at }) => at).toSorted()[0] ?? CUTOFF;
    for (const { stream, step, facts } of targetStreams(night)) {
      if (step.always) continue;
      for (const fact of facts.filter(isBegin)) {
        // A begin whose answer was lost is only made again where its work cannot be looked for in another way.
        const mayRepeat = !night.finds && fact.attempt > 1;
        expect(fact.at < CUTOFF || mayRepeat, `${stream} begun at ${fact.at}`).toBe(true);
        expect(fact.at <= closedAt || mayRepeat, `${stream} begun at ${fact.at}, closed at ${closedAt}`).toBe(true);
      }
    }
  });
});

it("nothing begins before its time, before what it needs has ended as needed, or without its approval", async () => {
  await holdsFor((night) => {
    const { plan, entries } = night;
    const closed = decisionsOf(entries).some(({ decision, mode }) => decision === "abort" && mode !== "freeze");
    const ended = new Map(entries.flatMap(({ fact }) => (fact.type === "step.ended" ? [[fact.step, fact] as const] : [])));
    for (const { stream, step, facts } of targetStreams(night)) {
      const first = facts.find(isBegin);
      if (first === undefined) continue;
      if (step.at !== undefined && !(closed && step.always)) expect(first.at >= step.at, `${stream} begun at ${first.at}, planned for ${step.at}`).toBe(true);
      if (step.approval !== undefined)
        expect(
          decisionsOf(entries).some(({ decision, step: of, at }) => decision === "approve" && of === step.id && at <= first.at),
          stream,
        ).toBe(true);
      for (const need of step.needs) {
        const needed = plan.steps.find(({ id }) => id === need.step);
        if (need.per === "target") {
          if (needed?.targets.some(({ id }) => id === first.target) !== true) continue;
          const rested = entries.find(({ fact }) => fact.type === "target.rested" && fact.step === need.step && fact.target === first.target)?.fact as
            | FactOf<"target.rested">
            | undefined;
          const end = rested ?? ended.get(need.step);
          expect(end !== undefined && end.at <= first.at, `${stream} needs ${need.step}`).toBe(true);
          if (need.as === "success" && !step.always) expect(ENDINGS[end?.as ?? "failed"].well, stream).toBe(true);
        } else {
          const end = ended.get(need.step);
          expect(end !== undefined && end.at <= first.at, `${stream} needs ${need.step}`).toBe(true);
          if (need.as === "success" && !step.always) expect(ENDINGS[end?.as ?? "failed"].well, stream).toBe(true);
        }
      }
    }
  });
});

it("a resource is touched by one target at a time", async () => {
  await holdsFor((night) => {
    const spans = [...targetStreams(night)].flatMap(({ stream, facts }) => {
      const first = facts.find(isBegin);
      const last = facts.find(({ type }) => type === "target.rested");
      return first === undefined ? [] : [{ stream, resource: `server:${first.target}`, from: first.at, to: last?.at ?? "9" }];
    });
    for (const a of spans)
      for (const b of spans) if (a.stream < b.stream && a.resource === b.resource) expect(a.to <= b.from || b.to <= a.from, `${a.stream} and ${b.stream}`).toBe(true);
  });
});

it("done means that it was looked at, or that a person says so", async () => {
  await holdsFor((night) => {
    for (const { stream, facts } of targetStreams(night)) {
      const rested = facts.find(({ type }) => type === "target.rested") as FactOf<"target.rested"> | undefined;
      if (rested?.as === "done") expect(facts.some(({ type }) => type === "target.verified") || rested.why.startsWith("done by hand"), stream).toBe(true);
    }
  });
});

it("nothing is said to be closed that was opened and not put back", async () => {
  await holdsFor(({ state, vendor }) => {
    for (const { id, step, target, closed } of state.obligations) {
      const keys = vendor.effects.filter((effect) => effect.startsWith(`begun 2024-12-08/${step}/${target}/`)).map((effect) => effect.slice("begun ".length));
      const live = keys.filter((key) => !vendor.effects.includes(`undone ${key}`) && !vendor.effects.includes(`cancelled ${key}`));
      if (closed !== undefined && !closed.evidence.join().includes("never started")) expect(live, `${id} was closed by ${closed.by}: ${closed.evidence.join("; ")}`).toEqual([]);
    }
  });
});
