import { z } from "zod";
import type { CompiledStep } from "../plan/compiled.ts";
import { ENDINGS, type Ending } from "./facts.ts";
import type { PlanIndex } from "./plan-index.ts";
import type { ChangeState, RunState, StepState } from "./state.ts";

const EndingName = z.enum(Object.keys(ENDINGS) as [Ending, ...Ending[]]);

export const CarriedTarget = z.strictObject({
  id: z.string(),
  as: EndingName,
  why: z.string(),
  evidence: z.array(z.string()).describe("What was looked at or went wrong, oldest first"),
});

/** The step in which the trouble began: followed back through what each step needed. */
export const Blocker = z.strictObject({ step: z.string(), title: z.string(), as: EndingName, why: z.string(), evidence: z.array(z.string()).describe("Its last, oldest first") });

export const CarriedStep = z.strictObject({
  id: z.string(),
  title: z.string(),
  verb: z.string(),
  as: EndingName,
  why: z.string(),
  blocker: Blocker.optional().describe("Absent where the step itself is where the trouble began"),
  targets: z.array(CarriedTarget).describe("Those that are not done; where it has no fan-out, the step itself"),
  doneTargets: z.array(z.string()).describe("Those that are done and need not be repeated"),
});

/** A change of this window that has to stand in the next plan, with all that its owner must know. */
export const CarriedChange = z.strictObject({
  id: z.string(),
  title: z.string(),
  keys: z.array(z.string()),
  phase: z.string(),
  as: EndingName,
  why: z.string(),
  /** How the platform stands because of it. */
  leaves: z.enum(["untouched", "degraded", "unsafe"]),
  owners: z.array(z.string()),
  notes: z.array(z.string()),
  inWords: z.string().describe("One sentence for the page: what was done, what was not, and why"),
  steps: z.array(CarriedStep).describe("Steps that are not done, in the plan's order"),
  doneSteps: z.array(z.string()).describe("Ids of steps that are done and need not be repeated"),
  windows: z.array(z.string()).describe("Windows that it was left over from, oldest first; the last is this one"),
});
export type CarriedChange = z.infer<typeof CarriedChange>;
export type CarriedStep = z.infer<typeof CarriedStep>;

/** What did not get done and was not dropped: the changes that the next window's plan begins with. */
export function carriedOver(index: PlanIndex, state: RunState): readonly CarriedChange[] {
  const steps = new Map(state.steps.map((step) => [step.id, step]));
  return state.changes.filter(({ as }) => as !== undefined && ENDINGS[as].carriedOver).map((change) => carriedChange(index, change, steps));
}

/** So often left over that somebody has to say whether it is still wanted, and who clears its way. */
export function isOverdue({ windows }: Pick<CarriedChange, "windows">): boolean {
  return windows.length >= 2;
}

type Steps = ReadonlyMap<string, StepState>;

function carriedChange(index: PlanIndex, change: ChangeState, steps: Steps): CarriedChange {
  const compiled = index.change(change.id);
  const own = change.steps.flatMap(({ id, servedBy }) => steps.get(servedBy ?? id) ?? []).filter(({ verb }) => !isTicket(verb));
  const carried = own.filter(({ as }) => as !== undefined && ENDINGS[as].carriedOver).map((step) => carriedStep(index, step, steps));
  const begun = own.filter(({ begunAt, as }) => begunAt !== undefined && (as === "failed" || as === "unknown"));
  return {
    id: change.id,
    title: change.title,
    keys: [...change.keys],
    phase: change.phase,
    as: change.as ?? "unknown",
    why: change.why ?? "",
    leaves: worstOf(begun.map(({ id }) => index.step(id).leaves)),
    owners: compiled.owners.map(({ name }) => name),
    notes: [...change.notes],
    inWords: inWords(own, carried),
    steps: carried,
    doneSteps: own.filter(({ as }) => as === "done" || as === "already").map(({ id }) => id),
    windows: [...new Set([...(compiled.carried?.windows ?? []), index.plan.window.id])],
  };
}

function carriedStep(index: PlanIndex, step: StepState, steps: Steps): CarriedStep {
  const blocker = blockerOf(index, index.step(step.id), steps);
  return {
    id: step.id,
    title: step.title,
    verb: step.verb,
    as: step.as ?? "unknown",
    why: step.why ?? "",
    ...(blocker === undefined
      ? {}
      : {
          blocker: {
            step: blocker.id,
            title: blocker.title,
            as: blocker.as ?? "unknown",
            why: blocker.why ?? "",
            evidence: blocker.targets.flatMap(({ faults, evidence }) => [...faults, ...evidence]).slice(-MOST_EVIDENCE),
          },
        }),
    targets: step.targets
      .filter(({ as }) => as === undefined || ENDINGS[as].carriedOver)
      .map(({ id, as = "skipped", why = "", evidence, faults }) => ({ id, as, why, evidence: [...faults, ...evidence] })),
    doneTargets: step.targets.filter(({ as }) => as === "done" || as === "already").map(({ id }) => id),
  };
}

/** Where a skipped step's trouble began: the first need, and the first need of that, that ended badly. */
function blockerOf(index: PlanIndex, step: CompiledStep, steps: Steps): StepState | undefined {
  let blocker: StepState | undefined;
  // The plan is acyclic, so every turn goes further back; a step that was begun is itself where the trouble is.
  for (let at: CompiledStep = step; steps.get(at.id)?.as === "skipped";) {
    const bad = at.needs.map((need) => steps.get(need.step)).find((needed) => needed?.as !== undefined && !ENDINGS[needed.as].well);
    if (bad === undefined) break;
    blocker = bad;
    at = index.step(bad.id);
  }
  return blocker;
}

const MOST_NAMES = 6;
/** Of a blocker, which stands in every change that it blocked. */
const MOST_EVIDENCE = 10;

function inWords(own: readonly StepState[], carried: readonly CarriedStep[]): string {
  const last = carried[0];
  if (last === undefined) return "";
  const done = own.filter(({ as }) => as === "done" || as === "already");
  const parts = [
    ...done.map(({ title, targets }) => (targets.length > 1 ? `${namesOf(targets.map(({ id }) => id))} done (${title})` : `${title}: done`)),
    ...carried.map(({ title, targets, doneTargets, why, blocker, id }) => {
      const whom = targets.every((target) => target.id === id || title.includes(target.id)) ? title : `${title} (${namesOf(targets.map((target) => target.id))})`;
      const besides = doneTargets.length === 0 ? "" : `; ${namesOf(doneTargets)} done`;
      const reason = blocker === undefined ? why : `«${blocker.title}» ${blocker.as === "failed" ? "failed" : `ended ${blocker.as}`}: ${blocker.why}`;
      return `${whom} could not be done: ${reason}${besides}`;
    }),
  ];
  return `${parts.join(". ")}.`;
}

function namesOf(names: readonly string[]): string {
  return names.length > MOST_NAMES ? `${names.slice(0, MOST_NAMES).join(", ")} and ${names.length - MOST_NAMES} more` : names.join(", ");
}

function worstOf(leaves: readonly ("untouched" | "degraded" | "unsafe")[]): "untouched" | "degraded" | "unsafe" {
  return leaves.includes("unsafe") ? "unsafe" : leaves.includes("degraded") ? "degraded" : "untouched";
}

/** Comments and links on tickets tell of a change; they are not the change. */
export function isTicket(verb: string): boolean {
  return verb.startsWith("jira.");
}
