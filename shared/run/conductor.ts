import type { Registry } from "../action/registry.ts";
import { outcomeOf } from "../fault/fault.ts";
import { isoOf, type Clock } from "../ports/clock.ts";
import type { People } from "../ports/people.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { ENDINGS, RUN_STREAM, stepStream, targetStream, type FactOf, type StepRef, type TargetRef } from "./facts.ts";
import { addedSteps, amendmentOf, currentDigest, planFor, planOfStep } from "./amendments.ts";
import { carryOut, type Performer } from "./carry-out.ts";
import { carryOutStep, thoseFreedBy } from "./carry-out-step.ts";
import { controlOf, neverOpened } from "./control.ts";
import { DECISION_STREAM, type Decision } from "./facts.ts";
import { hostedWave } from "./hosted-wave.ts";
import { streamOf, type Journal } from "./journal.ts";
import { mayTakeBack } from "./lift.ts";
import type { Locks } from "./locks.ts";
import { nextBack, nextOrder, type Order } from "./next-order.ts";
import { foldStep, isUnheard, nextStep, type StepOrder } from "./next-step.ts";
import { nextWave, type Wave } from "./next-wave.ts";
import { openOf } from "./obligations.ts";
import { indexOf, type PlanIndex } from "./plan-index.ts";
import type { RunNow } from "./calling.ts";
import type { Plans } from "./plans.ts";
import { previewPlan, type PlanPreview } from "./preview.ts";
import { stepSight, streamsOfStep, streamsOfTarget, targetSight, View } from "./sights.ts";
import { stateOf, type RunState } from "./state.ts";
import { headlineOf } from "./headline.ts";
import { walkOf } from "./walk.ts";
import type { Workbook } from "./workbook.ts";

/** Everything a run needs of the world, through ports. */
export interface Stage {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly locks: Locks;
  readonly plans: Plans;
  readonly registry: Registry;
  /** What the actions use, by port name. */
  readonly ports: Readonly<Record<string, unknown>>;
  readonly people: People;
  readonly telemetry: Telemetry;
  /** Where the report of a run will be, for messages. */
  reportUrl(run: string): string;
  /** The tracking workbook as the bytes of an `.xlsx` file; absent where none is made. */
  workbookFile?(workbook: Workbook): Promise<Uint8Array>;
}

/** What an activity answers to an orchestrator: the next order, and whom to ring because something changed. */
export interface Advice<NextOrder> {
  /** Digest of the plan that it follows: the targets of a batch go by the same. */
  readonly digest: string;
  readonly order: NextOrder;
  /** The stream's length that the order is based on: carrying out a stale order does nothing. */
  readonly seq: number;
  readonly ring: readonly string[];
}

/** Orders that one activity carries out at the most: it goes on as long as the next has not to wait. */
const ORDERS_AT_ONCE = 4;
/** In a larger batch a target that rests does not look at the others: all looks together would grow with its square. */
const MOST_LOOKED_AT = 10;

/**
 * Asks the brain and lets its orders be carried out. It decides nothing: it reads what the brain wants to look at, hands it
 * over, and writes down what came of it. Every method may be called any number of times, at any time, by anyone.
 */
export function conductorOf(stage: Stage): Conductor {
  const performer: Performer = { ...stage, storyNow: nowOf };

  /** All facts of a run, and the plan that it follows now. */
  async function nowOf(index: PlanIndex): Promise<RunNow> {
    const entries = await stage.journal.readAll(index.plan.window.id);
    const digest = currentDigest(streamOf(entries, RUN_STREAM)) ?? index.plan.digest;
    return { index: digest === index.plan.digest ? index : await indexFor(digest), entries };
  }

  async function stateOfRun(index: PlanIndex): Promise<RunState> {
    const now = await nowOf(index);
    return stateOf(now.index, now.entries, stage.clock.now());
  }

  async function indexFor(digest: string): Promise<PlanIndex> {
    return indexOf(await stage.plans.get(digest));
  }

  async function targetAdvice(index: PlanIndex, ref: TargetRef, view: View): Promise<Advice<Order>> {
    const step = index.step(ref.step);
    const walk = walkOf(view.streams(targetStream(ref.step, ref.target)));
    const taken = walk.stage === "fresh" ? await takenBy(stage, ref, index.target(ref.step, ref.target).touches) : new Map<string, never>();
    const action = stage.registry.find(step.verb);
    const sight = targetSight(index, step, ref.target, view.streams, stage.clock.now(), taken, { cancel: action?.cancel !== undefined, find: action?.find !== undefined });
    return { order: ref.back === true ? nextBack(sight) : nextOrder(sight), seq: walk.seq, ring: [], digest: index.plan.digest };
  }

  /** A target and the plan by which it goes: the one that its step was begun by, or a later one that left the step as it was. */
  async function lookAtTarget(ref: TargetRef): Promise<{ index: PlanIndex; view: View }> {
    const index = await indexFor(ref.digest);
    const view = await View.of(stage.journal, ref.run, streamsOfTarget(index, index.step(ref.step), ref.target));
    const digest = planFor(view.streams(RUN_STREAM), ref.step, ref.digest);
    return { index: digest === ref.digest ? index : await indexFor(digest), view };
  }

  /** A step and the plan by which it goes; `ref` names the plan that the run was started with. @param seen the run and the step, where they were read. */
  async function lookAtStep(ref: StepRef, seen?: View): Promise<StepLook> {
    const own = stepStream(ref.step);
    const view = seen ?? (await View.of(stage.journal, ref.run, [RUN_STREAM, own]));
    const index = await indexFor(planOfStep(view.streams(RUN_STREAM), view.streams(own), ref.step, ref.digest));
    const batch = foldStep(view.streams(own)).batches.at(-1)?.targets ?? [];
    await view.read(stage.journal, ref.run, [...streamsOfStep(index, index.step(ref.step)), ...batch.map((target) => targetStream(ref.step, target))]);
    return { index, view };
  }

  function stepAdvice(index: PlanIndex, ref: StepRef, view: View): Advice<StepOrder> {
    const sight = stepSight(index, index.step(ref.step), view.streams, stage.clock.now());
    return { order: nextStep(sight), seq: view.streams(stepStream(ref.step)).length, ring: [], digest: index.plan.digest };
  }

  /** What the step is to do now. What needs the journal alone (a batch begins, the step ends) is done on the way. */
  async function adviseStep(ref: StepRef, look?: StepLook): Promise<Advice<StepOrder>> {
    let seen = look ?? (await lookAtStep(ref));
    for (let left = ORDERS_AT_ONCE; ; left--) {
      const { index, view } = seen;
      const advice = stepAdvice(index, ref, view);
      const { order } = advice;
      const isUnderWay = order.do === "run" && order.batch < foldStep(view.streams(stepStream(ref.step))).batches.length;
      if (left > 0 && (order.do === "end" || (order.do === "run" && !isUnderWay))) {
        await carryOutStep(performer, index, ref, order, advice.seq, view);
        const isKept = view.streams(stepStream(ref.step)).length > advice.seq;
        if (!isKept) seen = await lookAtStep(ref);
        continue;
      }
      // Whoever waits is rung as often as it is asked: an activity that died before it rang is asked again.
      const hasEnded = order.do === "rest" || (order.do === "tell" && order.topic === "ended");
      return hasEnded ? { ...advice, ring: await thoseFreedBy(stage.journal, index, ref) } : advice;
    }
  }

  return {
    async adviseTarget(ref) {
      const { index, view } = await lookAtTarget(ref);
      return targetAdvice(index, ref, view);
    },

    adviseStep: (ref) => adviseStep(ref),

    async adviseAfter({ run, step }) {
      const own = stepStream(step);
      const view = await View.of(stage.journal, run, [RUN_STREAM, own]);
      const { started } = controlOf(view.streams(RUN_STREAM), []);
      const batch = foldStep(view.streams(own)).batches.at(-1)?.targets ?? [];
      if (started === undefined || batch.length > MOST_LOOKED_AT) return undefined;
      const ref = { run, step, digest: started.digest };
      const look = await lookAtStep(ref, view);
      // Each has written its rest before it looks here, so of two that rest at once one sees both.
      const isOver = batch.every((target) => walkOf(view.streams(targetStream(step, target))).rested !== undefined);
      return isOver ? adviseStep(ref, look) : undefined;
    },

    async foreseeStep(ref) {
      const { index, view } = await lookAtStep(ref);
      return stepAdvice(index, ref, view);
    },

    preview: async (digest) => previewPlan(performer, await indexFor(digest)),
    state: async (digest) => stateOfRun(await indexFor(digest)),
    planNow: async (run, digest) => currentDigest(await stage.journal.read(run, RUN_STREAM)) ?? digest,
    verbOf: async ({ digest, step }) => (await indexFor(digest)).step(step).verb,

    async act(ref, given, givenSeq) {
      const ring = new Set<string>();
      let [order, seq, takenUpAt] = [given, givenSeq, stage.clock.now()];
      // One look serves all orders that go on, since those look at vendors only; what each of them wrote is in it.
      const { index, view } = await lookAtTarget(ref);
      for (let left = ORDERS_AT_ONCE; ; left--) {
        const isStale = view.streams(targetStream(ref.step, ref.target)).length !== seq;
        if (order.do === "begin" && !isStale) {
          // An order may have been on its way for minutes: what may begin is decided by what is known now.
          const now = await targetAdvice(index, ref, view);
          if (now.order.do !== "rest" && JSON.stringify(now.order) !== JSON.stringify(order)) return { ...now, ring: [...ring] };
          order = now.order;
        }
        const { instances, lookAgainAt, note = "under way" } = await carryOut(performer, index, ref, order, seq, view, takenUpAt);
        for (const instance of instances) ring.add(instance);
        const next = await targetAdvice(index, ref, view);
        if (next.order.do === "rest" && order.do !== "rest") {
          // Only bookkeeping is left, which needs no activity of its own.
          const rested = await carryOut(performer, index, ref, next.order, next.seq, view);
          return { ...(await targetAdvice(index, ref, view)), ring: [...ring, ...rested.instances] };
        }
        // Work that goes on is looked at at its own pace; the brain itself always says «look» to someone who asks early.
        if (lookAgainAt !== undefined && next.order.do === "poll") return { ...next, order: { do: "wait", until: lookAgainAt, why: note, then: next.order }, ring: [...ring] };
        // Only who wrote something down goes on; whoever came late leaves that to the one who was faster.
        const goesOn = !isStale && next.seq > seq && left > 1;
        if (!goesOn || !(next.order.do === "poll" || next.order.do === "verify")) return { ...next, ring: [...ring] };
        ({ order, seq } = next);
        takenUpAt = stage.clock.now();
      }
    },

    async actStep(ref, order, seq) {
      const { index, view } = await lookAtStep(ref);
      // An order from before the step was changed is not followed, whether or not its stream says so yet.
      const isAmended = amendmentOf(view.streams(RUN_STREAM), ref.step) !== undefined;
      if (!isAmended || JSON.stringify(stepAdvice(index, ref, view).order) === JSON.stringify(order)) await carryOutStep(performer, index, ref, order, seq, view);
      return adviseStep(ref);
    },

    async muster(run, digest, by) {
      const entries = await stage.journal.readAll(run);
      const runFacts = streamOf(entries, RUN_STREAM);
      const index = await indexFor(currentDigest(runFacts) ?? digest);
      const decisions = streamOf(entries, DECISION_STREAM) as readonly Decision[];
      const facts = entries.map(({ fact }) => fact);
      const ended = new Map(facts.flatMap((fact) => (fact.type === "step.ended" ? [[fact.step, fact.as] as const] : [])));
      const added = addedSteps(runFacts);
      // Of a step that an amendment added another orchestration may be about to tell.
      const isUntold = (step: string): boolean => isUnheard(foldStep(streamOf(entries, stepStream(step))));
      const unheard = new Set([...ended].flatMap(([step, as]) => (!ENDINGS[as].well && !added.has(step) && isUntold(step) ? [step] : [])));
      const open = openOf(facts, index);
      // What the brain has nothing more to do about (no receipt, or an undo that cannot be made) stays open, and is said to be.
      const back = open.filter(({ id: obligation, step: id, target }) => {
        // What is lifted by evidence only is not lifted by taking it back.
        if (!mayTakeBack(index, obligation, decisions)) return false;
        const step = index.step(id);
        const walk = walkOf(streamOf(entries, targetStream(id, target)));
        return stage.registry.find(step.verb)?.undo !== undefined && nextBack({ walk, step, now: stage.clock.now() }).do !== "rest";
      });
      const sight = { plan: index.plan, control: controlOf(runFacts, decisions), ended, unheard, open, back };
      return by === undefined || added.size === 0 ? nextWave(sight) : hostedWave(stage, sight, added, run, by);
    },

    async begin(run, digest, by, how = {}) {
      const at = isoOf(stage.clock.now());
      const { aborted } = controlOf([], (await stage.journal.read(run, DECISION_STREAM)) as readonly Decision[]);
      const abortedBy = aborted === undefined || aborted.mode === "freeze" ? {} : { abortedBy: aborted.by };
      const kept = await stage.journal.append(run, RUN_STREAM, 0, [{ type: "run.started", at, digest, by, ...how, ...abortedBy }]);
      if (kept) stage.telemetry.event("run.started", { run, digest });
      return kept;
    },

    async end(run, digest, outcome) {
      const facts = await stage.journal.read(run, RUN_STREAM);
      const index = await indexFor(currentDigest(facts) ?? digest);
      if (facts.some(({ type }) => type === "run.ended")) return;
      const state = await stateOfRun(index);
      const { headline } = headlineOf(state);
      const never = neverOpened(state.control);
      if (never !== undefined) await tellOfAbort(index, never);
      // It is not over if somebody amended it meanwhile: the next wave will tell.
      if (!(await stage.journal.append(run, RUN_STREAM, facts.length, [{ type: "run.ended", at: isoOf(stage.clock.now()), outcome, headline }]))) return;
      const openCount = state.obligations.filter(({ closed }) => closed === undefined).length;
      stage.telemetry.event("run.closed", {
        run,
        outcome,
        doneCount: state.counts.done + state.counts.already,
        failedCount: state.counts.failed + state.counts.unknown,
        openCount,
      });
    },
  };

  /** The steps that would have told people were never begun. Where people cannot be reached either, the run ends all the same. */
  async function tellOfAbort({ plan }: PlanIndex, never: string): Promise<void> {
    const { id, title, channels, owners } = plan.window;
    await outcomeOf(() =>
      stage.people.tell(id, {
        key: `${id}/never-opened`,
        channels: channels.map((channel) => channel.id),
        mention: owners.map(({ slackId }) => slackId),
        text: `${title} was ${never}.`,
        lines: ["Nothing was begun, and every change is carried over."],
      }),
    );
  }
}

/** A step as it stands, with the plan by which it goes. */
interface StepLook {
  readonly index: PlanIndex;
  readonly view: View;
}

/** What a run's first fact says besides. */
export type Beginning = Pick<FactOf<"run.started">, "approved" | "unapproved" | "code" | "rehearsed">;

export interface Conductor {
  /** What the run should do next. @param by who asks, to start what is due: `window`, or an amendment for the steps that it added; nobody takes part in that who is not named. */
  muster(run: string, digest: string, by?: string): Promise<Wave>;
  /** Digest of the plan that the run follows now; `digest` before its start. */
  planNow(run: string, digest: string): Promise<string>;
  /** What the step is to do now, once what needs the journal alone has been done. */
  adviseStep(ref: StepRef): Promise<Advice<StepOrder>>;
  /** What the step would be told to do now; writes nothing. */
  foreseeStep(ref: StepRef): Promise<Advice<StepOrder>>;
  actStep(ref: StepRef, order: StepOrder, seq: number): Promise<Advice<StepOrder>>;
  /** As `adviseStep`, for whoever saw this target rest; nothing while another of its batch is under way, or where there are many. */
  adviseAfter(ref: TargetRef): Promise<Advice<StepOrder> | undefined>;
  adviseTarget(ref: TargetRef): Promise<Advice<Order>>;
  act(ref: TargetRef, order: Order, seq: number): Promise<Advice<Order>>;
  /** Records the start; false when the run had started before. */
  begin(run: string, digest: string, by: string, how?: Beginning): Promise<boolean>;
  /** What the plan would do, as the world stands now. */
  preview(digest: string): Promise<PlanPreview>;
  end(run: string, digest: string, outcome: "well" | "badly" | "aborted"): Promise<void>;
  state(digest: string): Promise<RunState>;
  /** The verb of a step, by whose family the activity that acts is chosen. */
  verbOf(ref: StepRef): Promise<string>;
}

/** Locks of this target that others hold; one whose holder has rested without giving it back is taken from it. */
async function takenBy({ locks, journal }: Stage, ref: TargetRef, resources: readonly string[]): Promise<Map<string, { run: string; step: string; target: string }>> {
  const taken = new Map<string, { run: string; step: string; target: string }>();
  if (resources.length === 0) return taken;
  for (const [resource, holder] of await locks.holders(resources)) {
    if (holder.run === ref.run && holder.step === ref.step && holder.target === ref.target) continue;
    const walk = walkOf(await journal.read(holder.run, targetStream(holder.step, holder.target)));
    if (walk.rested === undefined) taken.set(resource, holder);
    else await locks.release(resource, holder);
  }
  return taken;
}
