import { localText } from "../shared/plan/local-time.ts";
import { isTicket } from "../shared/run/carry-over.ts";
import { ENDINGS } from "../shared/run/facts.ts";
import type { RunState, StepState, TargetState } from "../shared/run/state.ts";
import { clean, spans, type Line, type Tone } from "./progress-text.ts";

interface Event {
  /** UTC ISO. */
  readonly at: string;
  readonly did: string;
  readonly what: string;
  readonly tone?: Tone;
}

/**
 * What has happened from one look at a run to the next, a line each with the window's local time, oldest first. Comments on
 * tickets appear only where they went wrong.
 */
export function linesBetween(before: RunState | undefined, after: RunState): readonly Line[] {
  const known = new Map(before?.steps.map((step) => [step.id, step]));
  const events = [
    ...runEvents(before, after),
    ...after.steps.flatMap((step) => stepEvents(known.get(step.id), step, after.asOf)),
    ...askEvents(before, after),
    ...obligationEvents(before, after),
    ...after.decisions.slice(before?.decisions.length ?? 0).map(({ at, by, decision, mode, step, note }) => ({
      at,
      did: "decided",
      what: `${by}: ${decision}${mode === undefined ? "" : ` (${mode})`}${step === undefined ? "" : ` ${step}`}${note === undefined ? "" : `: ${note}`}`,
      tone: "wary" as const,
    })),
  ];
  // The sort is stable; the run's end comes after all that happened in its instant.
  const isEnd = ({ did, at }: Event): number => (did === "ended" && at === after.endedAt ? 1 : 0);
  return events.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at) || isEnd(a) - isEnd(b)).map((event) => lineOf(event, after.zone));
}

function lineOf({ at, did, what, tone }: Event, zone: string): Line {
  return spans({ text: localText(Date.parse(at), zone).padEnd(11), tone: "quiet" }, { text: did.padEnd(9), ...(tone === undefined ? {} : { tone }) }, clean(what));
}

function runEvents(before: RunState | undefined, after: RunState): readonly Event[] {
  const { stopped } = after.control;
  return [
    ...(after.startedAt !== undefined && before?.startedAt === undefined ? [{ at: after.startedAt, did: "started", what: after.title, tone: "title" as const }] : []),
    ...(stopped !== undefined && before?.control.stopped === undefined
      ? [{ at: endOf(after, stopped.step), did: "stopped", what: `${stopped.step} ${stopped.why}`, tone: "badly" as const }]
      : []),
    ...(after.endedAt !== undefined && before?.endedAt === undefined
      ? [{ at: after.endedAt, did: "ended", what: `${after.outcome}: ${after.title}`, tone: after.outcome === "well" ? ("well" as const) : ("badly" as const) }]
      : []),
  ];
}

function endOf(state: RunState, step: string): string {
  return state.steps.find(({ id }) => id === step)?.endedAt ?? state.startedAt ?? state.cutoff;
}

/** Approvals and work for people; what is held is told of where it failed. */
function askEvents(before: RunState | undefined, after: RunState): readonly Event[] {
  const known = new Set(before?.asks.map(({ kind, step, target }) => `${kind} ${step} ${target ?? ""}`));
  return after.asks
    .filter(({ kind, step, target }) => kind !== "held" && !known.has(`${kind} ${step} ${target ?? ""}`))
    .map(({ kind, of, title, text }) => ({
      at: after.asOf,
      did: "asked",
      what: `${of.join(" or ") || "someone"}: ${kind === "approval" ? `approve ${title} (${text})` : text}`,
      tone: "wary" as const,
    }));
}

function stepEvents(before: StepState | undefined, step: StepState, asOf: string): readonly Event[] {
  const { title, verb, begunAt, endedAt, as, why } = step;
  const isBad = as === "failed" || as === "unknown";
  if (isTicket(verb)) return isBad && endedAt !== undefined && before?.endedAt === undefined ? [{ at: endedAt, did: as, what: `${title}: ${why ?? ""}`, tone: "badly" }] : [];
  const known = new Map(before?.targets.map((target) => [target.id, target]));
  return [
    ...(begunAt !== undefined && before?.begunAt === undefined ? [{ at: begunAt, did: "begun", what: title }] : []),
    ...step.targets.flatMap((target) => targetEvents(known.get(target.id), target, step, asOf)),
    ...(endedAt !== undefined && before?.endedAt === undefined
      ? [
          {
            at: endedAt,
            did: as ?? "ended",
            what: `${title}${as !== undefined && ENDINGS[as].well ? "" : `: ${why ?? ""}`}`,
            tone: as === undefined ? ("quiet" as const) : toneOf(as),
          },
        ]
      : []),
  ];
}

const TOLD: Readonly<Record<string, string>> = { "late-start": "accepted, but it has not started", held: "waits for a decision" };

function targetEvents(before: TargetState | undefined, target: TargetState, { title, targets, verb }: StepState, asOf: string): readonly Event[] {
  const { id, faults, endedAt, as, why, told, tries } = target;
  const name = targets.length === 1 ? title : `${title} on ${id}`;
  return [
    ...faults.slice(before?.faults.length ?? 0).map((fault) => {
      const [at = "", ...words] = fault.split(" ");
      return { at, did: "faulted", what: `${name}: ${words.join(" ")}`, tone: "badly" as const };
    }),
    ...told.slice(before?.told.length ?? 0).map((topic) => ({ at: asOf, did: "told", what: `${name}: ${TOLD[topic.split("#")[0] ?? ""] ?? topic}`, tone: "wary" as const })),
    // A step alone is told of as a whole when it ends.
    ...(targets.length > 1 && !(isMessage(verb) && as !== undefined && ENDINGS[as].well) && endedAt !== undefined && as !== undefined && before?.endedAt === undefined
      ? [{ at: endedAt, did: as, what: `${name}${tries > 1 ? ` at try ${tries}` : ""}${ENDINGS[as].well ? "" : `: ${why ?? ""}`}`, tone: toneOf(as) }]
      : []),
  ];
}

/** One message in several channels is one event. */
function isMessage(verb: string): boolean {
  return verb.startsWith("slack.");
}

function obligationEvents(before: RunState | undefined, after: RunState): readonly Event[] {
  const known = new Map(before?.obligations.map((obligation) => [`${obligation.id} ${obligation.openedAt}`, obligation]));
  return after.obligations.flatMap(({ id, what, openedAt, closed }): Event[] => {
    const was = known.get(`${id} ${openedAt}`);
    return [
      ...(was === undefined ? [{ at: openedAt, did: "open", what, tone: "wary" as const }] : []),
      ...(closed !== undefined && was?.closed === undefined
        ? [{ at: closed.at, did: "closed", what: `${what}${closed.never === true ? " (it never was)" : ""}`, tone: "well" as const }]
        : []),
    ];
  });
}

function toneOf(as: NonNullable<StepState["as"]>): Tone {
  if (ENDINGS[as].well) return "well";
  return as === "dropped" ? "quiet" : as === "skipped" ? "wary" : "badly";
}
