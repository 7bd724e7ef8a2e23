import type { DecisionRequest } from "./decide.ts";
import { stepInstance, targetInstance } from "./instances.ts";
import type { RunState } from "./state.ts";

/** The orchestrations that a decision concerns: one about a step rings that step and its targets; one about the run rings all that has not ended. */
export function whoWaits({ run, steps }: RunState, { step }: Pick<DecisionRequest, "step">): readonly string[] {
  return steps
    .filter((candidate) => (step === undefined ? candidate.state !== "ended" : candidate.id === step))
    .flatMap((candidate) => [
      stepInstance(run, candidate.id),
      ...candidate.targets.filter((target) => candidate.state === "running" && target.state !== "ended").map((target) => targetInstance(run, candidate.id, target.id)),
    ]);
}
