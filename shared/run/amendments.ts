import type { Fact, FactOf, PlanChange } from "./facts.ts";

export type RunAmended = FactOf<"run.amended">;

/** The amendments that a run has taken, oldest first. @param runFacts stream `run`, in order. */
export function amendmentsOf(runFacts: readonly Fact[]): readonly RunAmended[] {
  return runFacts.filter((fact) => fact.type === "run.amended");
}

/**
 * Amendments that wait for their approval, oldest first: neither taken nor refused, and of the plan that the run follows now.
 *
 * @param runFacts stream `run`, in order. @param facts stream `amendments`, in order.
 */
export function proposalsOf(runFacts: readonly Fact[], facts: readonly Fact[]): readonly FactOf<"amendment.proposed">[] {
  const over = new Set([...amendmentsOf(runFacts).map(({ amendment }) => amendment), ...facts.flatMap((fact) => (fact.type === "amendment.refused" ? [fact.amendment] : []))]);
  const current = currentDigest(runFacts);
  return facts.filter((fact) => fact.type === "amendment.proposed").filter(({ amendment, from }) => !over.has(amendment) && from === current);
}

/** Digest of the plan that a run follows now; undefined before its start. */
export function currentDigest(runFacts: readonly Fact[]): string | undefined {
  return amendmentsOf(runFacts).at(-1)?.to ?? runFacts.find((fact) => fact.type === "run.started")?.digest;
}

/**
 * Digest of the plan by which a step goes that was begun, or was ordered to begin, by the plan `since`: the one in force now, unless
 * an amendment that came later changed this very step. What has begun is never changed, so an amendment that was written down
 * in the instant of a step's beginning came too late for it, and the step goes on as it began.
 */
export function planFor(runFacts: readonly Fact[], step: string, since: string): string {
  const amendments = amendmentsOf(runFacts);
  const next = amendments.findIndex(({ from }) => from === since);
  if (next === -1) return since;
  return amendments.slice(next).some(({ changed }) => changed.includes(step)) ? since : (amendments.at(-1)?.to ?? since);
}

/** Digest of the plan that a step is walked by: see `planFor`. @param stepFacts the step's own stream. */
export function planOfStep(runFacts: readonly Fact[], stepFacts: readonly Fact[], step: string, started: string): string {
  const begun = stepFacts.find((fact) => fact.type === "batch.started");
  return begun === undefined ? (currentDigest(runFacts) ?? started) : planFor(runFacts, step, begun.plan ?? started);
}

/**
 * The latest amendment that changed or added this step. What people approved of the step before is void: `knows` says of what was
 * looked at when `amendment` was the latest that the run had taken, whether that was since.
 */
export function amendmentOf(runFacts: readonly Fact[], step: string): { readonly id: string; knows(amendment: string | undefined): boolean } | undefined {
  const amendments = amendmentsOf(runFacts);
  const at = amendments.findLastIndex(({ changed, added }) => changed.includes(step) || added.includes(step));
  const found = amendments[at];
  if (found === undefined) return undefined;
  const since = new Set(amendments.slice(at).map(({ amendment }) => amendment));
  return { id: found.amendment, knows: (amendment) => amendment !== undefined && since.has(amendment) };
}

/** The steps that amendments added, with the amendment that did. */
export function addedSteps(runFacts: readonly Fact[]): ReadonlyMap<string, string> {
  return new Map(amendmentsOf(runFacts).flatMap(({ added, amendment }) => added.map((step) => [step, amendment] as const)));
}

/** A change in one line: `move web.patch: Sun 04:45 -> Sun 05:30, because …`. */
export function changeText({ what, step, was, now, because }: PlanChange): string {
  const times = what === "move" ? `: ${was ?? ""} -> ${now ?? ""}` : what === "add" ? `: ${now ?? ""}` : "";
  return `${what} ${step}${times}, because ${because}`;
}
