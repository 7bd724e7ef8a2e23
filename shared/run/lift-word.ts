import type { Decision } from "./facts.ts";

/** Who lifted it in spite of the evidence. */
export function liftedBy(step: string, decisions: readonly Decision[]): Decision | undefined {
  return decisions.findLast((decision) => decision.decision === "lift" && decision.step === step);
}

/** The command that lifts it, for messages. */
export function liftCommand(run: string, step: string): string {
  return `nightshift decide lift --run ${run} --step ${step}`;
}
