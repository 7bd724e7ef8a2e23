import type { CompiledPlan } from "../plan/compiled.ts";
import { isoOf } from "../ports/clock.ts";
import type { Entry } from "./journal.ts";
import { expectedOf, pastOf, type DurationSource } from "./forecast-durations.ts";
import { jobsOf } from "./forecast-jobs.ts";
import { criticalPathOf, placedJobs, type Because, type Margin, type Placed } from "./forecast-path.ts";
import type { Ending } from "./facts.ts";
import { indexOf } from "./plan-index.ts";
import { momentIn } from "./report.ts";
import type { Moment, Report } from "./report-schema.ts";
import { stateOf } from "./state.ts";

/** A window as it is expected to go, told from a rehearsal of it. Plain JSON. */
export interface Forecast {
  readonly format: 1;
  readonly run: string;
  readonly window: { readonly title: string; readonly date: string; readonly zone: string; readonly digest: string; readonly cutoff: Moment };
  /** How the rehearsal ended; what was lost in it is missing here as it was missing there. */
  readonly rehearsed: { readonly outcome: "well" | "badly" | "aborted" | "none"; readonly lost: readonly { readonly step: string; readonly as: Ending; readonly why: string }[] };
  readonly starts: Moment;
  readonly ends: Moment;
  /** From the last begin that the cutoff counts to the cutoff, and what is lost first if a step on the critical path is late. */
  readonly margin: { readonly lastBegin?: Moment; readonly toCutoffMs: number; readonly tightest?: Tightest };
  /** Steps by begin. */
  readonly timeline: readonly Expected[];
  /** What determines the end, first to last: each link began when the one before it had ended. */
  readonly criticalPath: readonly Link[];
  /** What is not taken back by itself or at all. */
  readonly noReturn: readonly { readonly at: Moment; readonly step: string; readonly title: string; readonly what: string }[];
  readonly obligations: readonly Opened[];
  readonly asks: readonly Asked[];
  readonly calls: readonly CallMade[];
}

export interface Tightest extends Margin {
  readonly step: string;
}

export interface Expected {
  readonly step: string;
  readonly title: string;
  readonly verb: string;
  readonly phase: string;
  readonly targets: number;
  readonly begins: Moment;
  readonly ends: Moment;
  readonly lastsMs: number;
  readonly durations: DurationSource;
  /** It begins when its own time comes. */
  readonly byClock: boolean;
  readonly critical: boolean;
  /** Made by the compiler for tickets. */
  readonly derived: boolean;
  readonly irreversible: boolean;
  readonly margin?: Margin;
}

export interface Link {
  readonly step: string;
  readonly target?: string;
  readonly title: string;
  readonly begins: Moment;
  readonly ends: Moment;
  readonly because: Because;
  /** Why it begins when it does, for people. */
  readonly why: string;
  readonly margin?: Margin;
}

export interface Opened {
  readonly what: string;
  readonly opened: Moment;
  readonly openedBy: string;
  readonly closed?: Moment;
  readonly closedBy?: string;
  readonly openMs?: number;
}

export interface Asked {
  readonly kind: "approval" | "work" | "held" | "lift";
  readonly step: string;
  readonly title: string;
  readonly at: Moment;
  readonly of: readonly string[];
  /** After which the step is lost without an answer. */
  readonly until?: Moment;
  readonly hasMs?: number;
}

/** One call to a vendor, without its query: that is where secrets would be. */
export interface CallMade {
  readonly at: string;
  readonly method: string;
  readonly system: string;
  readonly path: string;
  readonly status: number;
  readonly step?: string;
}

export interface ForecastOptions {
  readonly plan: CompiledPlan;
  /** All facts of a rehearsal of it. */
  readonly entries: readonly Entry[];
  readonly calls: readonly CallMade[];
  /** Reports of earlier windows: what they measured goes before what the inventory says. */
  readonly past?: readonly Report[];
}

/**
 * What a rehearsal says about the real night. What was begun, in which order and with which answers is the rehearsal's; how long each
 * piece of work takes is what the inventory expects or earlier windows measured, since simulated vendors are quick. Pure.
 */
export function forecastOf({ plan, entries, calls, past = [] }: ForecastOptions): Forecast {
  const { window } = plan;
  const moment = momentIn(window.zone);
  const asMoment = (ms: number): Moment => moment(isoOf(ms));
  const facts = entries.map(({ fact }) => fact);
  const started = facts.find(({ type }) => type === "run.started");
  const startMs = started === undefined ? Date.parse(window.opensAt) : Date.parse(started.at);
  const cutoffMs = Date.parse(window.cutoff);
  const measured = pastOf(past);
  const placed = placedJobs(plan, jobsOf(plan, entries), startMs, (job) => expectedOf(job, measured).ms);
  const path = criticalPathOf(placed);
  const byStep = Map.groupBy(placed, ({ job }) => job.step.id);
  const state = stateOf(indexOf(plan), entries, Math.max(startMs, ...facts.map(({ at }) => Date.parse(at))));
  const counted = placed.filter(({ job }) => job.target !== undefined && !job.step.always);
  const lastBegin = counted.length === 0 ? undefined : Math.max(...counted.map(({ beginMs }) => beginMs));
  const tightest = path.reduce<Placed | undefined>(
    (least, one) => (one.margin !== undefined && (least?.margin === undefined || one.margin.ms < least.margin.ms) ? one : least),
    undefined,
  );
  const critical = new Set(path.map(({ job }) => job.step.id));
  /** An instant of the rehearsal, as it is expected in the night. */
  const expectedAt = (step: string, target: string | undefined, which: "begin" | "end"): number | undefined => {
    const all = byStep.get(step) ?? [];
    const own = all.filter(({ job }) => job.target === target);
    const ones = own.length > 0 ? own : all;
    return ones.length === 0 ? undefined : which === "begin" ? Math.min(...ones.map(({ beginMs }) => beginMs)) : Math.max(...ones.map(({ endMs }) => endMs));
  };

  return {
    format: 1,
    run: window.id,
    window: { title: window.title, date: window.date, zone: window.zone, digest: plan.digest, cutoff: moment(window.cutoff) },
    rehearsed: {
      outcome: state.outcome ?? "none",
      lost: state.steps.flatMap(({ id, as, why }) => (as === undefined || as === "done" || as === "already" || as === "dropped" ? [] : [{ step: id, as, why: why ?? "" }])),
    },
    starts: asMoment(startMs),
    ends: asMoment(Math.max(startMs, ...placed.map(({ endMs }) => endMs))),
    margin: {
      ...(lastBegin === undefined ? {} : { lastBegin: asMoment(lastBegin) }),
      toCutoffMs: cutoffMs - (lastBegin ?? startMs),
      ...(tightest?.margin === undefined ? {} : { tightest: { step: tightest.job.step.id, ...tightest.margin } }),
    },
    timeline: [...byStep.values()]
      .filter((ones) => ones.some(({ job }) => job.target !== undefined))
      .map((ones): Expected => {
        const { step } = (ones[0] as Placed).job;
        const [beginMs, endMs] = [Math.min(...ones.map((one) => one.beginMs)), Math.max(...ones.map((one) => one.endMs))];
        const margin = ones.flatMap((one) => one.margin ?? []).toSorted((a, b) => a.ms - b.ms)[0];
        const longest = ones.toSorted((a, b) => b.endMs - b.beginMs - (a.endMs - a.beginMs))[0] as Placed;
        return {
          step: step.id,
          title: step.title,
          verb: step.verb,
          phase: step.phase,
          targets: ones.length,
          begins: asMoment(beginMs),
          ends: asMoment(endMs),
          lastsMs: endMs - beginMs,
          durations: expectedOf(longest.job, measured).source,
          byClock: step.at !== undefined && Date.parse(step.at) === beginMs,
          critical: critical.has(step.id),
          derived: step.derived !== undefined,
          irreversible: step.irreversible,
          ...(margin === undefined ? {} : { margin }),
        };
      })
      .toSorted((a, b) => Date.parse(a.begins.at) - Date.parse(b.begins.at)),
    criticalPath: path.map((link): Link => ({
      step: link.job.step.id,
      ...(link.job.target === undefined || link.job.target === link.job.step.id ? {} : { target: link.job.target }),
      title: link.job.step.title,
      begins: asMoment(link.beginMs),
      ends: asMoment(link.endMs),
      because: link.because,
      why: whyOf(link, moment),
      ...(link.margin === undefined ? {} : { margin: link.margin }),
    })),
    noReturn: [...byStep.values()]
      .flatMap((ones) => {
        const begun = ones.filter(({ job }) => job.target !== undefined);
        const { step } = (ones[0] as Placed).job;
        const opens = step.targets.flatMap((target) => target.opens.map(({ what }) => what));
        if (begun.length === 0 || (!step.irreversible && opens.length === 0)) return [];
        const what = step.irreversible
          ? "cannot be taken back"
          : `opens ${opens.slice(0, 3).join(", ")}${opens.length > 3 ? ` and ${opens.length - 3} more` : ""}, which must be closed again`;
        return [{ at: asMoment(Math.min(...begun.map(({ beginMs }) => beginMs))), step: step.id, title: step.title, what }];
      })
      .toSorted((a, b) => Date.parse(a.at.at) - Date.parse(b.at.at)),
    obligations: state.obligations
      .filter(({ closed }) => closed?.never === undefined)
      .map(({ what, step, target, openedAt, closed }): Opened => {
        const openedMs = expectedAt(step, target, "begin") ?? Date.parse(openedAt);
        const [closer, on] = placeOf(closed?.by, plan);
        const closedMs = closed === undefined ? undefined : ((closer === undefined ? undefined : expectedAt(closer, on, "end")) ?? Date.parse(closed.at));
        return {
          what,
          opened: asMoment(openedMs),
          openedBy: step,
          ...(closedMs === undefined || closed === undefined ? {} : { closed: asMoment(closedMs), closedBy: closer ?? closed.by, openMs: closedMs - openedMs }),
        };
      })
      .toSorted((a, b) => Date.parse(a.opened.at) - Date.parse(b.opened.at)),
    asks: [...asksOf(plan, facts, placed, cutoffMs)]
      .map(({ atMs, untilMs, ...ask }): Asked => ({ ...ask, at: asMoment(atMs), ...(untilMs === undefined ? {} : { until: asMoment(untilMs), hasMs: untilMs - atMs }) }))
      .toSorted((a, b) => Date.parse(a.at.at) - Date.parse(b.at.at)),
    calls,
  };
}

function whyOf({ because, after, job, beginMs }: Placed, moment: (at: string) => Moment): string {
  const before =
    after === undefined ? "" : after.job.target === undefined || after.job.target === after.job.step.id ? after.job.step.id : `${after.job.step.id} on ${after.job.target}`;
  const isAsked = job.answerMs > 0 && because !== "lock" && because !== "batch" && because !== "target";
  const asked = isAsked ? `, and the approval of ${(job.step.approval?.by ?? []).map(({ name }) => name).join(" or ")}` : "";
  switch (because) {
    case "start":
      return `begins with the run${asked}`;
    case "clock":
      return `its time is ${moment(job.step.at ?? isoOf(beginMs)).local}${asked}`;
    case "needs":
      return `needs ${before}${asked}`;
    case "target":
      return `needs the same target of ${before}${asked}`;
    case "lock":
      return `${before} has what it touches${asked}`;
    case "batch":
      return `the batch before it: ${before}${asked}`;
    case "barrier":
      return `its phase waits for all before it, ${before} last${asked}`;
    case "condition":
      return `whether it is done hangs on ${before}${asked}`;
    default:
      return `its evidence is complete with ${before}${asked}`;
  }
}

/** `closed.by` is a step, or a step and its target. */
function placeOf(by: string | undefined, plan: CompiledPlan): readonly [string | undefined, string | undefined] {
  if (by === undefined) return [undefined, undefined];
  const [id = "", ...rest] = by.split(" ");
  return plan.steps.some((step) => step.id === id) ? [id, rest.at(-1)] : [undefined, undefined];
}

type AskMs = Omit<Asked, "at" | "until" | "hasMs"> & { readonly atMs: number; readonly untilMs?: number };

function* asksOf(plan: CompiledPlan, facts: readonly { readonly type: string }[], placed: readonly Placed[], cutoffMs: number): Iterable<AskMs> {
  const seen = new Set<string>();
  for (const { job, beginMs, endMs, margin } of placed) {
    const { step, target } = job;
    const base = { step: step.id, title: step.title };
    if (step.approval !== undefined && !seen.has(step.id) && job.answerMs > 0) {
      seen.add(step.id);
      const graceMs = step.at === undefined || step.graceMs === undefined ? Number.POSITIVE_INFINITY : Date.parse(step.at) + step.graceMs;
      yield { kind: "approval", ...base, of: step.approval.by.map(({ name }) => name), atMs: beginMs - job.answerMs, untilMs: Math.min(cutoffMs, graceMs) };
    }
    if (step.verb === "person.do" && target !== undefined)
      yield {
        kind: "work",
        ...base,
        of: step.owners.map(({ name }) => name),
        atMs: beginMs,
        untilMs: Math.min(beginMs + step.policy.timeoutMs, endMs + (margin?.ms ?? Number.POSITIVE_INFINITY)),
      };
  }
  // What went wrong in the rehearsal, and was asked about: it says who would be woken, not when.
  for (const fact of facts as readonly { readonly type: string; readonly topic?: string; readonly step?: string; readonly at: string }[]) {
    const kind =
      fact.type === "target.told" && fact.topic?.startsWith("held#") === true ? "held" : fact.type === "step.told" && fact.topic?.startsWith("lift#") === true ? "lift" : undefined;
    const step = kind === undefined ? undefined : plan.steps.find(({ id }) => id === fact.step);
    if (kind !== undefined && step !== undefined) yield { kind, step: step.id, title: step.title, of: step.owners.map(({ name }) => name), atMs: Date.parse(fact.at) };
  }
}
