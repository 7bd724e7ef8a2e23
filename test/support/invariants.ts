import type { NetworkWorld } from "../../integrations/azure-network/simulated-pools.ts";
import type { CompiledPlan } from "../../shared/plan/compiled.ts";
import type { Effect } from "../../shared/ports/simulator.ts";
import type { Entry } from "../../shared/run/journal.ts";
import { obligationsOf } from "../../shared/run/obligations.ts";
import { breachesOfPools } from "./pool-invariants.ts";

/** What a window left behind: the journal's word, and what was really done to the vendors. */
export interface Aftermath {
  readonly plan: CompiledPlan;
  readonly entries: readonly Entry[];
  readonly effects: readonly (Effect & { readonly system: string })[];
  /** The network as it stood before: with it, who is in service is counted here and not only believed. */
  readonly networkBefore?: NetworkWorld;
}

/**
 * What must always be true of a window that has ended, whatever went wrong in it; each line names a breach. The journal may
 * lie, so what was done is read from the simulators' own lists.
 */
export function breachesOf(aftermath: Aftermath): readonly string[] {
  const { plan, entries, effects } = aftermath;
  const facts = entries.map(({ fact }) => fact);
  const ended = facts.findLast((fact) => fact.type === "run.ended");
  const breaches: string[] = [];

  if (ended === undefined) breaches.push("the run has not ended");
  for (const { what, closed } of obligationsOf(facts)) {
    if (closed === undefined && ended?.type === "run.ended" && ended.outcome === "well") breaches.push(`ended well with something open: ${what}`);
  }

  // Every step and so every change has an ending: changes in = changes out.
  const endings = new Map(facts.flatMap((fact) => (fact.type === "step.ended" ? [[fact.step, fact.as] as const] : [])));
  for (const { id } of plan.steps) if (!endings.has(id)) breaches.push(`step ${id} has no ending`);

  // Nothing began before its time or before what it needs had succeeded.
  const position = new Map(facts.map((fact, at) => [fact, at]));
  const endedAt = new Map(facts.flatMap((fact) => (fact.type === "step.ended" ? [[fact.step, position.get(fact) ?? 0] as const] : [])));
  for (const fact of facts) {
    if (fact.type !== "target.intended" || fact.deed !== "begin") continue;
    const step = plan.steps.find(({ id }) => id === fact.step);
    if (step?.at !== undefined && fact.at < step.at) breaches.push(`${fact.step} began at ${fact.at}, before ${step.at}`);
    if (step !== undefined && !step.always && fact.at >= plan.window.cutoff) breaches.push(`${fact.step} began at ${fact.at}, after the cutoff`);
    for (const need of step?.needs ?? []) {
      if (need.per === "target") {
        const isThere = plan.steps.some(({ id, targets }) => id === need.step && targets.some((target) => target.id === fact.target));
        const over = facts.find(
          (each) => (each.type === "target.rested" && each.step === need.step && each.target === fact.target) || (each.type === "step.ended" && each.step === need.step),
        );
        if (isThere && !(over !== undefined && over.at <= fact.at)) breaches.push(`${fact.step} began on ${fact.target} before ${need.step} had ended there`);
        continue;
      }
      const at = endedAt.get(need.step);
      if (at === undefined || at > (position.get(fact) ?? 0)) breaches.push(`${fact.step} began before ${need.step} had ended`);
      else if (need.as === "success" && !step?.always && !["done", "already"].includes(endings.get(need.step) ?? ""))
        breaches.push(`${fact.step} began though ${need.step} ended ${endings.get(need.step)}`);
    }
  }

  breaches.push(...repeatedEffects(effects), ...breachesOfPools(aftermath));
  return breaches;
}

/** Messages, comments and pipeline runs that were done more than once: what tells two of them apart is in the effect itself. */
export function repeatedEffects(effects: Aftermath["effects"]): readonly string[] {
  const counts = new Map<string, number>();
  for (const effect of effects) {
    const key = keyOf(effect);
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].flatMap(([key, count]) => (count > 1 ? [`done ${count} times: ${key}`] : []));
}

/** What makes an effect one of a kind; undefined for those that may come again (a second try of a patch, an update of a message). */
function keyOf({ system, did, to, with: details = {} }: Effect & { system: string }): string | undefined {
  if (did === "queued") return `${to} ${JSON.stringify([details["ref"], details["stages"], details["templateParameters"]])}`;
  const key = details["key"] ?? (system === "jira" ? details["text"] : undefined);
  if (typeof key === "string" && ["posted", "commented"].includes(did)) return `${system} ${did} ${to} ${key}`;
  return undefined;
}
