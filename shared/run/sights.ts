import type { CompiledStep } from "../plan/compiled.ts";
import { amendmentOf } from "./amendments.ts";
import type { Control } from "./control.ts";
import { DECISION_STREAM, ENDINGS, RUN_STREAM, stepStream, targetStream, type Decision, type Fact } from "./facts.ts";
import { controlOf } from "./control.ts";
import type { Journal } from "./journal.ts";
import { liftEvidence, streamsOfLift } from "./lift.ts";
import type { Standing, TargetSight } from "./next-order.ts";
import { foldStep, type StepSight } from "./next-step.ts";
import { obligationsOf } from "./obligations.ts";
import type { PlanIndex } from "./plan-index.ts";
import { walkOf } from "./walk.ts";

/**
 * What advice looks at, put together from streams. Which streams those are is known from the plan alone, so the conductor
 * reads just these (a few point reads, however large the window) and a view over all facts needs no second set of rules.
 */
export type Streams = (stream: string) => readonly Fact[];

/** Streams read together, and what this caller has added to them since: one act costs one reading, not one per thought. */
export class View {
  readonly #facts: Map<string, readonly Fact[]>;

  private constructor(facts: Map<string, readonly Fact[]>) {
    this.#facts = facts;
  }

  static async of(journal: Pick<Journal, "read">, run: string, names: readonly string[]): Promise<View> {
    const view = new View(new Map());
    await view.read(journal, run, names);
    return view;
  }

  /** Reads further streams into the view. */
  async read(journal: Pick<Journal, "read">, run: string, names: readonly string[]): Promise<void> {
    const missing = [...new Set(names)].filter((name) => !this.#facts.has(name));
    const found = await Promise.all(missing.map((name) => journal.read(run, name)));
    missing.forEach((name, position) => this.#facts.set(name, found[position] ?? []));
  }

  /** Takes note of facts that the journal has kept. */
  add(stream: string, facts: readonly Fact[]): void {
    this.#facts.set(stream, [...this.streams(stream), ...facts]);
  }

  readonly streams: Streams = (stream) => this.#facts.get(stream) ?? [];
}

/** The streams that advice about a whole step reads. */
export function streamsOfStep(index: PlanIndex, step: CompiledStep): readonly string[] {
  const needed = step.needs.filter(({ per }) => per === "step").map(({ step: id }) => stepStream(id));
  return [RUN_STREAM, DECISION_STREAM, stepStream(step.id), ...needed, ...streamsOfCondition(index, step), ...streamsOfLift(index, step)];
}

/** The streams that advice about one target reads. */
export function streamsOfTarget(index: PlanIndex, step: CompiledStep, target: string): readonly string[] {
  const needed = step.needs.filter(({ per }) => per === "target").flatMap(({ step: id }) => [stepStream(id), targetStream(id, target)]);
  return [RUN_STREAM, DECISION_STREAM, targetStream(step.id, target), ...needed, ...streamsOfLift(index, step)];
}

function streamsOfCondition(index: PlanIndex, { when }: CompiledStep): readonly string[] {
  if (when === undefined || "never" in when) return [];
  if ("succeeded" in when) return [stepStream(when.succeeded)];
  return index.openers(when.opened).flatMap(({ step, target }) => [stepStream(step), targetStream(step, target)]);
}

export function stepSight(index: PlanIndex, step: CompiledStep, streams: Streams, now: number): StepSight {
  const folded = foldStep(streams(stepStream(step.id)));
  const latest = folded.batches.at(-1);
  const rested = new Map<string, { as: NonNullable<ReturnType<typeof walkOf>["rested"]>["as"]; why: string; at: number }>();
  for (const target of latest?.targets ?? []) {
    const rest = walkOf(streams(targetStream(step.id, target))).rested;
    if (rest !== undefined) rested.set(target, rest);
  }
  const running = control(streams);
  const amended = amendmentOf(streams(RUN_STREAM), step.id);
  const approved = amended === undefined ? running.started?.approved[step.id] : undefined;
  const { preview, ...known } = folded;
  return {
    run: index.plan.window.id,
    step,
    now,
    cutoff: index.cutoff,
    earliest: index.earliest(step.id),
    cascade: index.cascade(step.id),
    approvedBefore: approved === undefined ? [] : [approved],
    control: running,
    needs: step.needs.filter(({ per }) => per === "step").map((need) => standingOfStep(index.step(need.step), need.as, streams)),
    condition: standingOfCondition(index, step, streams),
    ...liftSight(index, step, streams),
    decisions: decisionsOn(streams, step.id),
    ...known,
    ...(preview === undefined || amended?.knows(preview.amendment) === false ? {} : { preview }),
    rested,
  };
}

/** Whether a step that has not begun waits for the end of others, and none of them has ended in a way that settles it. */
export function isHeldByOthers(index: PlanIndex, step: CompiledStep, streams: Streams): boolean {
  const { batches, ended } = foldStep(streams(stepStream(step.id)));
  if (batches.length > 0 || ended !== undefined) return false;
  let isHeld = false;
  for (const need of step.needs) {
    if (need.per !== "step") continue;
    const { is } = standingOfStep(index.step(need.step), need.as, streams);
    if (is === "failed" && !step.always) return false;
    isHeld ||= is === "open";
  }
  const condition = standingOfCondition(index, step, streams);
  return condition.is !== "failed" && (isHeld || condition.is === "open");
}

export function targetSight(
  index: PlanIndex,
  step: CompiledStep,
  target: string,
  streams: Streams,
  now: number,
  taken: TargetSight["taken"],
  offers: TargetSight["offers"],
): TargetSight {
  return {
    step,
    target: index.target(step.id, target),
    now,
    cutoff: index.cutoff,
    earliest: index.earliest(step.id),
    control: control(streams),
    walk: walkOf(streams(targetStream(step.id, target))),
    needs: step.needs.filter(({ per }) => per === "target").map((need) => standingOfTarget(index.step(need.step), target, need.as, streams)),
    taken,
    ...liftSight(index, step, streams),
    decisions: decisionsOn(streams, step.id, target),
    offers,
  };
}

function liftSight(index: PlanIndex, step: CompiledStep, streams: Streams): Pick<StepSight, "lift"> {
  const lift = liftEvidence(index, step, streams);
  return lift === undefined ? {} : { lift };
}

function control(streams: Streams): Control {
  return controlOf(streams(RUN_STREAM), streams(DECISION_STREAM) as readonly Decision[]);
}

function decisionsOn(streams: Streams, step: string, target?: string): readonly Decision[] {
  return (streams(DECISION_STREAM) as readonly Decision[]).filter(
    (decision) => decision.step === step && (decision.target === undefined || target === undefined || decision.target === target),
  );
}

function standingOfStep(step: CompiledStep, as: "success" | "end", streams: Streams): Standing {
  const { ended } = foldStep(streams(stepStream(step.id)));
  if (ended === undefined) return { is: "open", why: step.id };
  if (as === "end" || ENDINGS[ended.as].well) return { is: "met", why: step.id };
  return { is: "failed", why: `${step.title} ended ${ended.as}: ${ended.why}` };
}

function standingOfTarget(step: CompiledStep, target: string, as: "success" | "end", streams: Streams): Standing {
  if (!step.targets.some(({ id }) => id === target)) return { is: "met", why: step.id };
  const rested = walkOf(streams(targetStream(step.id, target))).rested ?? foldStep(streams(stepStream(step.id))).ended;
  if (rested === undefined) return { is: "open", why: `${step.id} on ${target}` };
  if (as === "end" || ENDINGS[rested.as].well) return { is: "met", why: `${step.id} on ${target}` };
  return { is: "failed", why: `${step.title} on ${target} ended ${rested.as}: ${rested.why}` };
}

function standingOfCondition(index: PlanIndex, { when }: CompiledStep, streams: Streams): Standing {
  if (when === undefined || "never" in when) return { is: "met", why: "" };
  if ("succeeded" in when) {
    const standing = standingOfStep(index.step(when.succeeded), "success", streams);
    return standing.is === "failed" ? { is: "failed", why: `only if ${when.succeeded} succeeds, and ${standing.why}` } : standing;
  }
  const openers = index.openers(when.opened).map(({ step, target }) => {
    const facts = streams(targetStream(step, target));
    const isOver = walkOf(facts).rested !== undefined || foldStep(streams(stepStream(step))).ended !== undefined;
    const obligation = obligationsOf(facts).find(({ id }) => id === when.opened);
    // What may have been opened counts as opened once it is over: closing too much does no harm, leaving it open does.
    if (obligation !== undefined && obligation.closed?.never === undefined && (obligation.certain || isOver)) return "opened";
    return isOver ? "never" : "open";
  });
  if (openers.includes("opened")) return { is: "met", why: when.opened };
  return openers.includes("open") ? { is: "open", why: `${when.opened} to be opened` } : { is: "failed", why: `only if ${when.opened} was opened, and it was not` };
}
