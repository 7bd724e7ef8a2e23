import type { CompiledStep } from "../plan/compiled.ts";
import { ENDINGS, stepStream, targetStream, type Decision } from "./facts.ts";
import { liftedBy } from "./lift-word.ts";
import { foldStep } from "./next-step.ts";
import type { PlanIndex } from "./plan-index.ts";
import type { Streams } from "./sights.ts";
import { walkOf } from "./walk.ts";

/**
 * Whether what protects visitors may be lifted, e.g. the maintenance page: not by the clock, and not because all steps are over,
 * but because nothing that was begun is left unsafe and the tests at the origin passed. A person may lift it all the same.
 */
export interface LiftEvidence {
  /** `open`: something unsafe is under way, or a test has not ended. */
  readonly is: "open" | "met" | "failed";
  /** What speaks against it, a line each; none when it is met. */
  readonly against: readonly string[];
}

/** The streams that the evidence for a lift is read from. */
export function streamsOfLift(index: PlanIndex, step: CompiledStep): readonly string[] {
  if (step.lift === undefined) return [];
  return [...step.lift.tests.map(stepStream), ...unsafeSteps(index, step).flatMap(({ id, targets }) => [stepStream(id), ...targets.map((target) => targetStream(id, target.id))])];
}

export function liftEvidence(index: PlanIndex, step: CompiledStep, streams: Streams): LiftEvidence | undefined {
  if (step.lift === undefined) return undefined;
  const standings = [...unsafeSteps(index, step).map((each) => safetyOf(each, streams)), ...step.lift.tests.map((id) => testOf(index.step(id), streams))];
  const failed = standings.filter(({ is }) => is === "failed");
  if (failed.length > 0) return { is: "failed", against: failed.map(({ why }) => why) };
  const open = standings.filter(({ is }) => is === "open");
  return open.length > 0 ? { is: "open", against: open.map(({ why }) => why) } : { is: "met", against: [] };
}

/** Steps that close this only by evidence or by a person's word; taking back what opened it would be a lift without either. */
export function guardsOf(index: PlanIndex, obligation: string): readonly CompiledStep[] {
  return index.plan.steps.filter(({ lift, targets }) => lift !== undefined && targets.some(({ closes }) => closes.includes(obligation)));
}

/** Whether the opener of an obligation may take it back. */
export function mayTakeBack(index: PlanIndex, obligation: string, decisions: readonly Decision[]): boolean {
  const guards = guardsOf(index, obligation);
  return guards.length === 0 || guards.some(({ id }) => liftedBy(id, decisions) !== undefined);
}

type Standing = { readonly is: "open" | "met" | "failed"; readonly why: string };

/**
 * Those whose work leaves the platform unsafe until it has ended well. Whatever puts up what is to be lifted is not among them, nor what
 * by the plan comes after the lift: it would wait for this step, and this step for it.
 */
function unsafeSteps({ plan }: PlanIndex, step: CompiledStep): readonly CompiledStep[] {
  const lifts = new Set(step.targets.flatMap(({ closes }) => closes));
  const after = new Set([step.id]);
  // Steps stand after what they need.
  for (const { id, needs } of plan.steps) if (needs.some((need) => after.has(need.step))) after.add(id);
  return plan.steps.filter(({ id, leaves, targets }) => leaves === "unsafe" && !after.has(id) && !targets.some(({ opens }) => opens.some((opening) => lifts.has(opening.id))));
}

function safetyOf(step: CompiledStep, streams: Streams): Standing {
  const { ended } = foldStep(streams(stepStream(step.id)));
  if (ended !== undefined && ENDINGS[ended.as].well) return { is: "met", why: "" };
  // A call that was refused has changed nothing; one whose answer was lost may have.
  const touched = step.targets.some(({ id }) => {
    const { wayBack, doubt, inFlight } = walkOf(streams(targetStream(step.id, id)));
    return wayBack.length > 0 || doubt || inFlight !== undefined;
  });
  if (!touched) return { is: "met", why: "" };
  if (ended === undefined) return { is: "open", why: `${step.title} is under way` };
  return { is: "failed", why: `${step.title} is left unsafe: ${ended.as}: ${ended.why}` };
}

function testOf(step: CompiledStep, streams: Streams): Standing {
  const { ended } = foldStep(streams(stepStream(step.id)));
  if (ended === undefined) return { is: "open", why: `${step.title} has not ended` };
  if (ENDINGS[ended.as].well) return { is: "met", why: "" };
  return { is: "failed", why: `${step.title} did not pass: ${ended.as}: ${ended.why}` };
}
