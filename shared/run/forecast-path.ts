import type { CompiledPlan } from "../plan/compiled.ts";
import type { Job } from "./forecast-jobs.ts";
import { barrierGroups } from "./next-wave.ts";
import { indexOf } from "./plan-index.ts";

/** Why something begins when it does. `start`: nothing holds it but the start of the run. */
export type Because = "start" | "clock" | "needs" | "target" | "lock" | "batch" | "barrier" | "condition" | "evidence";

/** One piece of work with its predicted times. Milliseconds since the epoch. */
export interface Placed {
  readonly job: Job;
  readonly beginMs: number;
  readonly endMs: number;
  /** What held it back longest. */
  readonly because: Because;
  readonly after: Placed | undefined;
  /** By how much later it may begin before it, or something behind it, is not begun at all; undefined: nothing is lost by it. */
  readonly margin: Margin | undefined;
}

export interface Margin {
  readonly ms: number;
  /** The step that would be lost first, and what it would miss. */
  readonly lost: string;
  readonly limit: "cutoff" | "grace" | "time to finish";
}

/** People are asked once, when nothing but their answer and resources that others hold stands before the step. */
function asked({ batch, answerMs }: Job): number {
  return batch === 0 ? answerMs : 0;
}

function waitOf({ because, pauseMs }: Bound, job: Job): number {
  return pauseMs + (because === "lock" || because === "batch" || because === "target" ? 0 : asked(job));
}

interface Bound {
  readonly because: Because;
  readonly after: number;
  readonly pauseMs: number;
}

/**
 * The night as it will go if each piece of work takes `durationMs`, and everything else is as it was rehearsed: what was begun, who
 * had a resource before whom, how long people took to answer.
 *
 * @param jobs of a rehearsal, as `jobsOf` orders them. @param startMs when the run starts, milliseconds since the epoch.
 * @returns in the order of `jobs`.
 */
export function placedJobs(plan: CompiledPlan, jobs: readonly Job[], startMs: number, durationMs: (job: Job) => number): readonly Placed[] {
  const bounds = boundsOf(plan, jobs);
  const placed: (Omit<Placed, "margin" | "after"> & { readonly after: number | undefined; readonly lastsMs: number })[] = [];
  jobs.forEach((job, nth) => {
    let [readyMs, because, after]: [number, Because, number | undefined] = [startMs + asked(job), "start", undefined];
    for (const bound of bounds[nth] ?? []) {
      const freeMs = (placed[bound.after]?.endMs ?? startMs) + waitOf(bound, job);
      if (freeMs > readyMs) [readyMs, because, after] = [freeMs, bound.because, bound.after];
    }
    const at = job.step.at === undefined ? undefined : Date.parse(job.step.at);
    if (at !== undefined && at + asked(job) > readyMs && job.target !== undefined) [readyMs, because, after] = [at + asked(job), "clock", undefined];
    const lastsMs = job.target === undefined ? 0 : durationMs(job);
    placed.push({ job, beginMs: readyMs, endMs: readyMs + lastsMs, because, after, lastsMs });
  });
  const margins = marginsOf(plan, placed, bounds);
  const result: Placed[] = [];
  placed.forEach(({ job, beginMs, endMs, because, after }, nth) => {
    result.push({ job, beginMs, endMs, because, after: after === undefined ? undefined : result[after], margin: margins[nth] });
  });
  return result;
}

/** The chain of work that determines the end: each link waited for the one before it. The first is held by the clock or the start alone. */
export function criticalPathOf(placed: readonly Placed[]): readonly Placed[] {
  const path: Placed[] = [];
  let link = placed.reduce<Placed | undefined>((last, one) => (last === undefined || one.endMs > last.endMs ? one : last), undefined);
  for (; link !== undefined; link = link.after) path.unshift(link);
  return path;
}

/** What may hold back each job, by the rules that the run goes by; only what stood before it can. The first of equal bounds names the reason. */
function boundsOf(plan: CompiledPlan, jobs: readonly Job[]): readonly (readonly Bound[])[] {
  const index = indexOf(plan);
  const groups = new Map(barrierGroups(plan.phases).flatMap((group, nth) => group.map(({ id }) => [id, nth] as const)));
  const byStep = new Map<string, number[]>();
  const holders = new Map<string, number[]>();
  return jobs.map(({ step, target, beginMs, batch }, nth) => {
    const bounds: Bound[] = [];
    const afterStep = (id: string, because: Because): void => {
      for (const after of byStep.get(id) ?? []) bounds.push({ because, after, pauseMs: 0 });
    };
    for (const need of step.needs) {
      if (need.per === "step") afterStep(need.step, "needs");
      // One that has no such target holds nothing; one of which none was begun holds it as a whole.
      else if (target === undefined || index.step(need.step).targets.some(({ id }) => id === target)) {
        const all = byStep.get(need.step) ?? [];
        const same = all.filter((one) => jobs[one]?.target === target);
        for (const after of same.length > 0 ? same : all) bounds.push({ because: "target", after, pauseMs: 0 });
      }
    }
    for (const after of byStep.get(step.id) ?? []) if ((jobs[after]?.batch ?? 0) < batch) bounds.push({ because: "batch", after, pauseMs: step.rolling?.pauseMs ?? 0 });
    const touches = target === undefined ? [] : (step.targets.find(({ id }) => id === target)?.touches ?? []);
    for (const resource of touches) {
      const before = holders.get(resource) ?? [];
      for (const after of before) if ((jobs[after]?.endMs ?? 0) <= beginMs) bounds.push({ because: "lock", after, pauseMs: 0 });
      holders.set(resource, [...before, nth]);
    }
    if (step.when !== undefined && "succeeded" in step.when) afterStep(step.when.succeeded, "condition");
    if (step.when !== undefined && "opened" in step.when) for (const opener of index.openers(step.when.opened)) afterStep(opener.step, "condition");
    if (step.lift !== undefined)
      for (const other of plan.steps) if (other !== step && (other.leaves === "unsafe" || step.lift.tests.includes(other.id))) afterStep(other.id, "evidence");
    const group = groups.get(step.phase) ?? 0;
    if (group > 0)
      jobs.slice(0, nth).forEach((other, after) => {
        if ((groups.get(other.step.phase) ?? 0) < group) bounds.push({ because: "barrier", after, pauseMs: 0 });
      });
    const own = byStep.get(step.id);
    if (own === undefined) byStep.set(step.id, [nth]);
    else own.push(nth);
    return bounds;
  });
}

/** From the end of the night backwards: how late each job may begin so that none behind it misses its limit. */
function marginsOf(
  plan: CompiledPlan,
  placed: readonly { readonly job: Job; readonly beginMs: number; readonly lastsMs: number }[],
  bounds: readonly (readonly Bound[])[],
): readonly (Margin | undefined)[] {
  const cutoff = Date.parse(plan.window.cutoff);
  /** When it must have ended for the sake of what comes after it. */
  const latestEnd: ({ ms: number; lost: string; limit: Margin["limit"] } | undefined)[] = placed.map(() => undefined);
  const margins: (Margin | undefined)[] = placed.map(() => undefined);
  for (let nth = placed.length - 1; nth >= 0; nth--) {
    const { job, beginMs, lastsMs } = placed[nth] as (typeof placed)[number];
    const behind = latestEnd[nth];
    let latest = behind === undefined ? undefined : { ...behind, ms: behind.ms - lastsMs };
    for (const own of limitsOf(job, cutoff)) if (latest === undefined || own.ms < latest.ms) latest = { ...own, lost: job.step.id };
    if (latest === undefined) continue;
    margins[nth] = { ms: latest.ms - beginMs, lost: latest.lost, limit: latest.limit };
    for (const bound of bounds[nth] ?? []) {
      const mustEndMs = latest.ms - waitOf(bound, job);
      const known = latestEnd[bound.after];
      if (known === undefined || mustEndMs < known.ms) latestEnd[bound.after] = { ...latest, ms: mustEndMs };
    }
  }
  return margins;
}

function limitsOf({ step, target, as }: Job, cutoff: number): readonly { readonly ms: number; readonly limit: Margin["limit"] }[] {
  if (step.always || target === undefined || as === "skipped" || as === "dropped") return [];
  return [
    { ms: cutoff, limit: "cutoff" },
    ...(step.irreversible ? [{ ms: cutoff - step.expectedMs, limit: "time to finish" as const }] : []),
    ...(step.at === undefined || step.graceMs === undefined ? [] : [{ ms: Date.parse(step.at) + step.graceMs, limit: "grace" as const }]),
  ];
}
