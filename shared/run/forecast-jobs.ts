import type { CompiledPlan, CompiledStep } from "../plan/compiled.ts";
import { stepStream, targetStream, type Ending, type Fact } from "./facts.ts";
import type { Entry } from "./journal.ts";

/** One target's work in a rehearsal, or a step of which no target was begun. Instants are milliseconds since the epoch. */
export interface Job {
  readonly step: CompiledStep;
  /** Undefined: no target of the step was begun. */
  readonly target: string | undefined;
  readonly beginMs: number;
  readonly endMs: number;
  readonly as: Ending;
  /** Which batch of the step it was in, from 0. */
  readonly batch: number;
  /** From the question to the answer that the step waited for, where it needed an approval. */
  readonly answerMs: number;
}

/**
 * What was done in a rehearsal, in an order in which whatever held something back stands before it: by begin, and what begins at
 * the same instant as the plan has it. Steps that neither began nor ended are left out.
 */
export function jobsOf({ steps }: CompiledPlan, entries: readonly Entry[]): readonly Job[] {
  const streams = Map.groupBy(entries, ({ stream }) => stream);
  const read = (stream: string): readonly Fact[] => (streams.get(stream) ?? []).map(({ fact }) => fact);
  const decisions = read("decisions");
  const jobs = steps.flatMap((step): Job[] => {
    const own = read(stepStream(step.id));
    const batchOf = new Map(own.filter((fact) => fact.type === "batch.started").flatMap(({ targets }, batch) => targets.map((target) => [target, batch] as const)));
    const answerMs = answerOf(step, own, decisions);
    let isBegun = false;
    const worked = step.targets.flatMap(({ id }): Job[] => {
      const facts = read(targetStream(step.id, id));
      const first = facts.find((fact) => fact.type === "target.intended");
      const rested = facts.find((fact) => fact.type === "target.rested");
      if (rested === undefined) return [];
      isBegun ||= first !== undefined;
      // One that rested without ever being begun holds nobody from then on.
      const begun = Date.parse((first ?? rested).at);
      return [{ step, target: id, beginMs: begun, endMs: Date.parse(rested.at), as: rested.as, batch: batchOf.get(id) ?? 0, answerMs }];
    });
    if (isBegun) return worked;
    const ended = own.find((fact) => fact.type === "step.ended");
    return ended === undefined ? [] : [{ step, target: undefined, beginMs: Date.parse(ended.at), endMs: Date.parse(ended.at), as: ended.as, batch: 0, answerMs: 0 }];
  });
  // The sort is stable, and the plan has what is needed before what needs it.
  return jobs.toSorted((a, b) => a.beginMs - b.beginMs);
}

/** From the latest preview that people were asked about to the answer. */
function answerOf({ id, approval }: CompiledStep, own: readonly Fact[], decisions: readonly Fact[]): number {
  if (approval === undefined) return 0;
  const asked = own.find((fact) => fact.type === "step.told" && fact.topic.startsWith("approval#"));
  const answered = decisions.find((fact) => fact.type === "decision.made" && fact.decision === "approve" && fact.step === id);
  return asked === undefined || answered === undefined ? 0 : Math.max(0, Date.parse(answered.at) - Date.parse(asked.at));
}
