import type { CompiledPlan } from "../../shared/plan/compiled.ts";
import type { Decision, Fact } from "../../shared/run/facts.ts";
import type { Entry } from "../../shared/run/journal.ts";
import { openOf } from "../../shared/run/obligations.ts";
import { indexOf } from "../../shared/run/plan-index.ts";

/** An abort that closes the run to new work; a freeze only holds it. */
export function closingAbort(entries: readonly Entry[]): Decision | undefined {
  return entries.flatMap(({ fact }) => (fact.type === "decision.made" && fact.decision === "abort" && fact.mode !== "freeze" ? [fact] : []))[0];
}

/**
 * What must be true of an aborted run beside what is true of every run; each line names a breach. A begin that is repeated
 * under its key after a lost answer looks for its own work and is not a new one.
 *
 * @param longestMs how long closing up may take, counted from the abort.
 */
export function breachesOfAbort({ plan, entries, longestMs }: { readonly plan: CompiledPlan; readonly entries: readonly Entry[]; readonly longestMs?: number }): readonly string[] {
  const breaches: string[] = [];
  const facts = entries.map(({ fact }) => fact);
  const abort = closingAbort(entries);
  const ended = facts.find((fact) => fact.type === "run.ended");
  if (ended?.type !== "run.ended") return ["the run has not ended"];
  if (abort === undefined) return breaches;

  if (ended.outcome !== "aborted") breaches.push(`the run ended ${ended.outcome}, though ${abort.by} aborted it at ${abort.at}`);
  if (longestMs !== undefined && Date.parse(ended.at) - Date.parse(abort.at) > longestMs) breaches.push(`aborted at ${abort.at}, ended only at ${ended.at}`);
  for (const fact of facts) {
    if (fact.type !== "target.intended" || fact.deed !== "begin" || fact.attempt > 1) continue;
    const step = plan.steps.find(({ id }) => id === fact.step);
    if (step?.always !== true && fact.at > abort.at) breaches.push(`${fact.step} ${fact.target} was begun at ${fact.at}, after the abort of ${abort.at}`);
  }
  for (const { what } of openOf(facts, indexOf(plan))) breaches.push(`left open: ${what}`);
  for (const [stream, own] of Map.groupBy(entries, (entry) => entry.stream)) {
    if (stream.startsWith("target/"))
      breaches.push(
        ...restless(
          stream,
          own.toSorted((a, b) => a.seq - b.seq).map(({ fact }) => fact),
        ),
      );
  }
  return breaches;
}

/** Work that was begun has rested: seen to its end, or stopped and looked at. */
function restless(stream: string, facts: readonly Fact[]): readonly string[] {
  const begun = facts.some(({ type }) => type === "target.intended");
  return begun && !facts.some(({ type }) => type === "target.rested") ? [`${stream} was begun and has not rested`] : [];
}
