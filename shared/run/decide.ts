import { z } from "zod";
import { Fault } from "../fault/fault.ts";
import { nearest } from "../inventory/nearest.ts";
import { digestOf } from "../plan/compiled.ts";
import { controlOf } from "./control.ts";
import { ABORT_MODES, DECISION_STREAM, DECISIONS, RUN_STREAM, stepStream, type Decision, type DecisionName } from "./facts.ts";
import type { Journal } from "./journal.ts";
import { foldStep } from "./next-step.ts";
import type { PlanIndex } from "./plan-index.ts";

/** A decision as a person sends it. */
export const DecisionRequest = z.strictObject({
  decision: z.enum(DECISIONS).describe("What is decided"),
  step: z.string().min(1).max(200).optional().describe("The step it is about; none for pause, resume and abort"),
  target: z.string().min(1).max(500).optional().describe("One target of the step; none for all of them"),
  mode: z.enum(ABORT_MODES).optional().describe("How to abort: freeze and wait, finish what runs, or close up now"),
  note: z.string().max(2_000).optional().describe("Why, in the words of who decides"),
  preview: z.string().max(64).optional().describe("Of an approval: digest of the preview that was looked at; refused if there is a newer one"),
  id: z.string().min(1).max(200).optional().describe("Sender's own id: the same decision sent twice is one"),
});
export type DecisionRequest = z.infer<typeof DecisionRequest>;

/** What may be decided when the run has ended: the guard goes on with what is open then. */
const AFTER_THE_END: ReadonlySet<DecisionName> = new Set(["acknowledge", "lift"]);

/** These may be decided before the run has started too. */
export const ABOUT_THE_RUN: ReadonlySet<DecisionName> = new Set(["pause", "resume", "abort"]);

/**
 * Checks a decision against the plan and writes it down. An approval is bound to the latest preview that people were shown. The same decision sent twice (same id, or same content in a row) is
 * one fact.
 *
 * @returns the decision as it stands in the journal, and whether this call wrote it.
 * @throws Fault `invalid` for a decision that names no such step or target, `conflict` once the run has ended.
 */
export async function decide(journal: Journal, index: PlanIndex, request: DecisionRequest, by: string, at: string): Promise<{ decision: Decision; isNew: boolean }> {
  const { decision, step, target, mode, note } = request;
  const run = index.plan.window.id;
  check(index, request);
  for (;;) {
    const decisions = (await journal.read(run, DECISION_STREAM)) as readonly Decision[];
    const preview = decision === "approve" && step !== undefined ? foldStep(await journal.read(run, stepStream(step))).preview?.digest : undefined;
    const same = decisions.find((known) => (request.id === undefined ? false : known.id === request.id)) ?? repeated(decisions, request, by, preview);
    if (same !== undefined) return { decision: same, isNew: false };
    if (request.preview !== undefined && request.preview !== preview)
      throw new Fault("conflict", `the world has moved since that preview of ${step ?? ""} was shown: look at the newer one`);
    const { ended } = controlOf(await journal.read(run, RUN_STREAM), decisions);
    if (ended !== undefined && !AFTER_THE_END.has(decision)) throw new Fault("conflict", `the run ${run} ended at ${ended.at}: nothing is left to ${decision}`);
    const made: Decision = {
      type: "decision.made",
      at,
      id: request.id ?? digestOf({ ...request, by, position: decisions.length }).slice(0, 16),
      decision,
      by,
      ...(step === undefined ? {} : { step }),
      ...(target === undefined ? {} : { target }),
      ...(decision === "abort" ? { mode: mode ?? "close" } : {}),
      ...(preview === undefined ? {} : { preview }),
      ...(note === undefined ? {} : { note }),
    };
    if (await journal.append(run, DECISION_STREAM, decisions.length, [made])) return { decision: made, isNew: true };
  }
}

function check(index: PlanIndex, { decision, step, target, mode, preview }: DecisionRequest): void {
  if (preview !== undefined && decision !== "approve") throw new Fault("invalid", `preview goes with approve, not with ${decision}`);
  if (mode !== undefined && decision !== "abort") throw new Fault("invalid", `mode goes with abort, not with ${decision}`);
  if (ABOUT_THE_RUN.has(decision)) {
    if (step !== undefined) throw new Fault("invalid", `${decision} is about the whole run: leave out the step`);
    return;
  }
  if (decision === "acknowledge" && step === undefined) return;
  if (step === undefined) throw new Fault("invalid", `${decision} needs the step that it is about`);
  const known = index.plan.steps.find(({ id }) => id === step);
  if (known === undefined) {
    const [near] = nearest(
      step,
      index.plan.steps.map(({ id }) => id),
    );
    throw new Fault("invalid", `the plan ${index.plan.window.id} has no step ${step}${near === undefined ? "" : `; did you mean ${near}?`}`);
  }
  if (target !== undefined && !known.targets.some(({ id }) => id === target)) {
    throw new Fault("invalid", `step ${step} has no target ${target}; it has ${known.targets.map(({ id }) => id).join(", ")}`);
  }
  if (decision === "lift" && known.lift === undefined)
    throw new Fault("invalid", `step ${step} lifts nothing by evidence, so it cannot be lifted in spite of it; decide retry, done or skip`);
  if (decision === "approve" && known.approval === undefined) throw new Fault("invalid", `step ${step} needs no approval`);
}

/** A decision that changes nothing because the latest one about the same thing says it already. */
function repeated(decisions: readonly Decision[], request: DecisionRequest, by: string, preview: string | undefined): Decision | undefined {
  // Another retry is another try, and an acknowledgement is good for some hours only.
  if (request.decision === "retry" || request.decision === "acknowledge" || request.id !== undefined) return undefined;
  const related = ABOUT_THE_RUN.has(request.decision)
    ? decisions.filter(({ decision }) => ABOUT_THE_RUN.has(decision))
    : decisions.filter(({ step, target }) => step === request.step && target === request.target);
  const latest = related.at(-1);
  return latest !== undefined &&
    latest.decision === request.decision &&
    latest.by === by &&
    latest.preview === preview &&
    (request.decision !== "abort" || latest.mode === (request.mode ?? "close"))
    ? latest
    : undefined;
}
