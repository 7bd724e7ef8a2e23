import type { Job } from "./forecast-jobs.ts";
import type { Report } from "./report-schema.ts";

/** Where a predicted duration comes from. `rehearsed`: nothing was to be done, or it did not end well, so no usual duration is known. */
export type DurationSource = "inventory" | "past step" | "past verb" | "rehearsed";

export interface Duration {
  readonly ms: number;
  readonly source: DurationSource;
}

/** What earlier windows measured, by step and by verb: the median of targets that ended done. Milliseconds. */
export interface Past {
  readonly steps: ReadonlyMap<string, number>;
  readonly verbs: ReadonlyMap<string, number>;
}

export function pastOf(reports: readonly Report[]): Past {
  const all = reports.flatMap(({ changes }) => changes).flatMap(({ steps }) => steps);
  const measured = all
    .filter(({ servedBy }) => servedBy === undefined)
    .flatMap(({ id, verb, targets }) =>
      targets.flatMap(({ state, begun, ended }) =>
        state !== "done" || begun === undefined || ended === undefined ? [] : [{ id, verb, ms: Date.parse(ended.at) - Date.parse(begun.at) }],
      ),
    );
  const medians = (key: (one: (typeof measured)[number]) => string): ReadonlyMap<string, number> =>
    new Map([...Map.groupBy(measured, key)].map(([name, ones]) => [name, medianOf(ones.map(({ ms }) => ms))] as const));
  return { steps: medians(({ id }) => id), verbs: medians(({ verb }) => verb) };
}

/** How long a piece of work is expected to take. People's work has no past by its verb: each piece is another one. */
export function expectedOf({ step, as, target, beginMs, endMs }: Job, { steps, verbs }: Past): Duration {
  if (target === undefined || as !== "done") return { ms: endMs - beginMs, source: "rehearsed" };
  const ofStep = steps.get(step.id);
  if (ofStep !== undefined) return { ms: ofStep, source: "past step" };
  const ofVerb = step.verb === "person.do" ? undefined : verbs.get(step.verb);
  return ofVerb === undefined ? { ms: step.expectedMs, source: "inventory" } : { ms: ofVerb, source: "past verb" };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
