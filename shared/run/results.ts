import type { ChangeResult, ResultStanding, StepResult, TargetResult } from "../action/results.ts";
import { familyOf } from "../action/registry.ts";
import { localText } from "../plan/local-time.ts";
import { isTicket } from "./carry-over.ts";
import { ENDINGS, type Ending } from "./facts.ts";
import type { ChangeState, RunState, StepState } from "./state.ts";

/**
 * How every change and each of its steps stands, as it is written beside the lines of the page. Comments and links on tickets
 * are left out.
 *
 * @param telling the step that tells it: it is done by being read.
 */
export function resultsOf(state: RunState, telling?: string): readonly ChangeResult[] {
  const steps = new Map(state.steps.map((step) => [step.id, step.id === telling && step.state !== "ended" ? told(step) : step]));
  return state.changes.map((change) => changeResult(change, steps, state.zone));
}

function told(step: StepState): StepState {
  return { ...step, state: "ended", as: "done", why: "" };
}

function changeResult(change: ChangeState, steps: ReadonlyMap<string, StepState>, zone: string): ChangeResult {
  const own = change.steps.flatMap(({ id, servedBy, title }): StepResult[] => {
    const step = steps.get(servedBy ?? id);
    if (step === undefined || isTicket(step.verb)) return [];
    const result = stepResult(step, zone);
    // What another step has done for this change is told of that one; here it was done before.
    return [
      servedBy === undefined
        ? result
        : { ...result, id, title: title ?? result.title, words: [], targets: [], standing: result.standing === "done" ? "done earlier" : result.standing },
    ];
  });
  // The step that tells this is counted as done, and so may its change be.
  const isTold = change.as === undefined && own.length > 0 && own.every(({ standing }) => standing === "done" || standing === "done earlier");
  return {
    id: change.id,
    title: change.title,
    keys: change.keys,
    words: change.notes,
    standing: isTold ? "done" : standingOf(change.as, change.state),
    carriedOver: change.as !== undefined && ENDINGS[change.as].carriedOver,
    why: change.as === "done" || change.as === "already" ? "" : (change.why ?? ""),
    steps: own,
  };
}

function stepResult(step: StepState, zone: string): StepResult {
  // Channels that were told are no news.
  const fansOut = familyOf(step.verb) !== "slack" && (step.targets.length > 1 || step.targets[0]?.id !== step.id);
  return {
    id: step.id,
    verb: step.verb,
    title: step.title,
    words: step.notes,
    standing: standingOf(step.as, step.state),
    carriedOver: step.as !== undefined && ENDINGS[step.as].carriedOver,
    why: step.as === "done" || step.as === "already" ? "" : (step.why ?? ""),
    targets: fansOut
      ? step.targets.map(({ id, as, state, endedAt, tries, why = "" }): TargetResult => {
          return {
            name: id,
            standing: standingOf(as, state),
            ...(endedAt === undefined ? {} : { ended: localText(Date.parse(endedAt), zone) }),
            tries,
            why: as === "done" || as === "already" ? "" : why,
          };
        })
      : [],
  };
}

function standingOf(as: Ending | undefined, state: "waiting" | "running" | "ended"): ResultStanding {
  if (as === "already") return "done earlier";
  return as ?? (state === "ended" ? "unknown" : state);
}
