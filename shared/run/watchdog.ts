import { z } from "zod";
import type { CompiledPlan } from "../plan/compiled.ts";
import type { Fact } from "./facts.ts";
import { indexOf } from "./plan-index.ts";
import type { RunState } from "./state.ts";

/** Something that the plan says must begin at an hour of its own. Instants are milliseconds since the epoch. */
export interface Kickoff {
  readonly run: string;
  readonly step: string;
  readonly target: string;
  readonly title: string;
  readonly at: number;
  /** From here on a start can do no good any more: the step's grace is over or, where it has none, it would not end before the cutoff. */
  readonly lastSafe: number;
  /** What the keys begin with that the run queues its tries with, and finds them by: `run/step/target/`. */
  readonly keys: string;
  /** Where its own record stands. Undefined: there is none but the run's. */
  readonly pipeline?: PipelineName;
  /** Titles of what cannot be done without it. */
  readonly cascade: readonly string[];
}

const PipelineName = z.object({ name: z.string(), organization: z.string(), project: z.string(), id: z.int() });
export type PipelineName = z.infer<typeof PipelineName>;

/** What the target's own record shows. `unknown`: it has none, or could not be looked at. */
export interface Seen {
  readonly started: "yes" | "no" | "unknown";
  readonly note: string;
}

export const LATE_AFTER_MS = 60_000;
const SLACK_AFTER_MS = 5 * 60_000;
const PAGE_AFTER_MS = 15 * 60_000;
/** People hear before the window that it is armed, early enough to do something about it. */
const BEAT_BEFORE_MS = 3 * 3_600_000;

export const RUNGS = ["start", "slack", "page", "lost"] as const;
export type Rung = (typeof RUNGS)[number];

export type WatchOrder =
  /** Nothing to do, or not now. */
  | { readonly do: "nothing"; readonly why: string }
  /** It is accounted for; `late`: people were told that it was not, and are told that it is. */
  | { readonly do: "settle"; readonly note: string; readonly late: boolean }
  | { readonly do: "climb"; readonly rungs: readonly Rung[]; readonly note: string };

/** Every step with a time of its own, target by target, that is meant to run. */
export function kickoffsOf(plan: CompiledPlan): readonly Kickoff[] {
  const index = indexOf(plan);
  return plan.steps.flatMap((step) => {
    // What closes runs in its own order, whatever the hour; what will never run is not waited for.
    if (step.at === undefined || step.always || (step.when !== undefined && "never" in step.when)) return [];
    const at = Date.parse(step.at);
    const lastSafe = Math.min(index.cutoff, step.graceMs === undefined ? Math.max(at, index.cutoff - step.expectedMs) : at + step.graceMs);
    const watched = step.rolling === undefined ? step.targets : step.targets.slice(0, step.rolling.batches[0] ?? 1);
    return watched.map(({ id, params }): Kickoff => {
      const pipeline = z.object({ pipeline: PipelineName }).safeParse(params);
      const named = step.verb === "pipeline.run" && pipeline.success ? { pipeline: pipeline.data.pipeline } : {};
      return {
        run: plan.window.id,
        step: step.id,
        target: id,
        title: step.title,
        at,
        lastSafe,
        keys: `${plan.window.id}/${step.id}/${id}/`,
        cascade: index.cascade(step.id),
        ...named,
      };
    });
  });
}

/** Whether a kickoff is late enough for someone to look: nobody looks at a vendor before that, or once it is settled. */
export function isLate({ at }: Kickoff, facts: readonly Fact[], now: number): boolean {
  return now >= at + LATE_AFTER_MS && !facts.some(({ type }) => type === "watch.settled");
}

/**
 * The watchdog's brain: what must be done about a late kickoff? Pure. Each rung of the ladder is climbed once, but for the start,
 * which is tried at every look: the run's id is the window's, so that it never starts twice.
 *
 *   W1  its own record shows that it started     settle
 *   W2  the run answers and accounts for it      settle: it has ended, was skipped, dropped or (where there is no record) begun
 *   W3  the run answers and holds it on purpose  nothing: someone has it in hand
 *   W4  the last safe minute is over             say what is lost
 *   W5  one, five, fifteen minutes late          try the start; Slack; page
 *
 * @param facts the kickoff's stream in the watchdog's own journal. @param state the run as the app shows it, where it answers.
 */
export function nextWatch(kickoff: Kickoff, seen: Seen, state: RunState | undefined, facts: readonly Fact[], now: number): WatchOrder {
  if (!isLate(kickoff, facts, now)) return { do: "nothing", why: "settled, or not late" };
  const climbed = new Set(facts.flatMap((fact) => (fact.type === "watch.climbed" ? [fact.rung] : [])));
  const late = climbed.has("slack") || climbed.has("page");
  if (seen.started === "yes") return { do: "settle", note: seen.note, late };
  const step = state?.steps.find(({ id }) => id === kickoff.step);
  const target = step?.targets.find(({ id }) => id === kickoff.target);
  // What was said to be lost, and was given up by the run too, is no news.
  if (step?.state === "ended") return { do: "settle", note: `the run says that it ended ${step.as ?? ""}: ${step.why ?? ""}`, late: late && !climbed.has("lost") };
  if (kickoff.pipeline === undefined && target?.begunAt !== undefined) return { do: "settle", note: `the run says that it began at ${target.begunAt}`, late };
  if (now >= kickoff.lastSafe)
    return climbed.has("lost") ? { do: "settle", note: "it was not started, and people were told", late: false } : { do: "climb", rungs: ["lost"], note: seen.note };
  if (step?.state === "waiting" && step.why !== undefined && !step.why.startsWith("not before")) return { do: "nothing", why: `the run holds it: ${step.why}` };
  const lateMs = now - kickoff.at;
  const due: Rung[] = ["start"];
  if (lateMs >= SLACK_AFTER_MS && !climbed.has("slack")) due.push("slack");
  if (lateMs >= PAGE_AFTER_MS && !climbed.has("page")) due.push("page");
  return { do: "climb", rungs: due, note: seen.note };
}

/** What people hear before a window opens: that it is armed, or that it is not and why. Undefined when it is not the time. */
export function beatOf(
  plan: CompiledPlan,
  armed: { readonly ok: boolean; readonly why: string },
  facts: readonly Fact[],
  now: number,
): { readonly armed: boolean; readonly text: string } | undefined {
  const { window } = plan;
  const opensAt = Date.parse(window.opensAt);
  if (now < opensAt - BEAT_BEFORE_MS || now >= opensAt) return undefined;
  if (facts.some((fact) => fact.type === "watch.beat" && (fact.armed || !armed.ok))) return undefined;
  const start = clockText(opensAt, window.zone);
  return armed.ok
    ? { armed: true, text: `${window.title}: armed, next start ${start}.` }
    : { armed: false, text: `${window.title}: NOT armed for its start at ${start}: ${armed.why}.` };
}

/** What a rung says, in words that stand alone. */
export function wordsOf(kickoff: Kickoff, rung: Rung, note: string, zone: string, now: number): { readonly text: string; readonly lines: readonly string[] } {
  const { title, at, lastSafe, cascade, run } = kickoff;
  const late = Math.floor((now - at) / 60_000);
  const planned = `It was to start at ${clockText(at, zone)}`;
  const start = `By hand: nightshift run start ${run}, or POST /api/v1/runs {"window":"${run}"}; a second start does nothing.`;
  if (rung === "lost") {
    return {
      text: `${title} did not start, and its last safe minute is over.`,
      lines: [
        `${planned}; the latest was ${clockText(lastSafe, zone)}. ${note}`,
        cascade.length === 0 ? "Lost: this alone; nothing depends on it." : `Lost: this, and what needs it: ${cascade.join("; ")}.`,
        `What can still be done: everything that does not need it goes on or can be started. ${start}`,
      ],
    };
  }
  return {
    text: `${title} is ${late} minutes late and has not started.`,
    lines: [`${planned}. ${note}`, `It can be started until ${clockText(lastSafe, zone)}; the start is tried every minute. ${start}`],
  };
}

/** `8:00 PM EST`. */
export function clockText(instantMs: number, zone: string): string {
  return new Intl.DateTimeFormat("en-US", { hour: "numeric", minute: "2-digit", timeZone: zone, timeZoneName: "short" }).format(instantMs).replaceAll(/\s/g, " ");
}
