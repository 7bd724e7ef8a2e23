import { localText, utcText } from "../shared/plan/local-time.ts";
import { isTicket } from "../shared/run/carry-over.ts";
import { ENDINGS } from "../shared/run/facts.ts";
import type { RunState, StepState } from "../shared/run/state.ts";
import { fitted, spans, type Line, type Span, type Tone } from "./progress-text.ts";

export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * What is going on, as lines that fit a terminal: the night as a bar, counts, what people are asked, what runs, what went
 * wrong, what is open, and what waits for what. Most urgent first; what finds no room is counted.
 *
 * @param now milliseconds since the epoch, on the run's clock.
 */
export function frameOf(state: RunState, now: number, { columns, rows }: FrameSize): readonly Line[] {
  const head = [titleLine(state, now, columns), nightLine(state, now, columns), countLine(state)];
  const body = roomed(sectionsOf(state), Math.max(rows - head.length, 0));
  return [...head, ...body].slice(0, rows).map((line) => fitted(line, columns));
}

function titleLine(state: RunState, now: number, columns: number): Line {
  const { aborted, paused } = state.control;
  const standing: Span =
    state.outcome !== undefined
      ? { text: `ended ${state.outcome}`, tone: state.outcome === "well" ? "well" : "badly" }
      : aborted !== undefined
        ? { text: aborted.mode === "freeze" ? `frozen by ${aborted.by}` : `aborted by ${aborted.by}`, tone: "badly" }
        : paused !== undefined
          ? { text: `paused by ${paused.by}`, tone: "wary" }
          : { text: state.startedAt === undefined ? "not started" : "running", tone: "busy" };
  const clock = `${localText(now, state.zone)} (${utcText(now)} UTC)`;
  const gap = Math.max(2, columns - state.title.length - standing.text.length - clock.length - 2);
  return spans({ text: state.title, tone: "title" }, "  ", standing, " ".repeat(gap), { text: clock, tone: "quiet" });
}

function nightLine(state: RunState, now: number, columns: number): Line {
  const begin = Math.min(
    Date.parse(state.startedAt ?? state.cutoff),
    ...state.steps.flatMap(({ at, begunAt }) => [at, begunAt].flatMap((instant) => (instant === undefined ? [] : [Date.parse(instant)]))),
  );
  const cutoff = Date.parse(state.cutoff);
  const [from, to] = [localText(begin, state.zone), localText(cutoff, state.zone)];
  const width = Math.max(10, columns - from.length - to.length - 2);
  const at = Math.round(Math.min(Math.max((now - begin) / Math.max(cutoff - begin, 1), 0), 1) * (width - 1));
  return spans(
    { text: `${from} `, tone: "quiet" },
    { text: "━".repeat(at), tone: "busy" },
    { text: "●", tone: "title" },
    { text: "─".repeat(width - 1 - at), tone: "quiet" },
    { text: ` ${to}`, tone: "quiet" },
  );
}

const COUNTED: readonly (readonly [StepState["as"] | "running" | "waiting", string, Tone | undefined])[] = [
  ["done", "done", "well"],
  ["already", "already so", "well"],
  ["dropped", "dropped", "quiet"],
  ["skipped", "skipped", "wary"],
  ["failed", "failed", "badly"],
  ["unknown", "unknown", "badly"],
  ["running", "running", "busy"],
  ["waiting", "waiting", undefined],
];

function countLine(state: RunState): Line {
  const steps = state.steps.filter(({ verb }) => !isTicket(verb));
  const counts = COUNTED.flatMap(([name, word, tone]): Span[] => {
    const count = steps.filter((step) => (step.as ?? step.state) === name).length;
    return count === 0 ? [] : [{ text: `${count} ${word}`, ...(tone === undefined ? {} : { tone }) }, { text: "  " }];
  });
  return spans(...counts, { text: `of ${steps.length} steps`, tone: "quiet" });
}

interface Section {
  readonly title: string;
  readonly tone: Tone;
  readonly lines: readonly Line[];
  /** Lines it gets before a less urgent section gets any. */
  readonly first: number;
}

function sectionsOf(state: RunState): readonly Section[] {
  const steps = state.steps.filter(({ verb }) => !isTicket(verb));
  const { zone } = state;
  const bad = steps.filter(({ as }) => as !== undefined && ENDINGS[as].carriedOver);
  const asked = new Set(state.asks.map(({ step }) => step));
  return [
    {
      title: "People are asked",
      tone: "wary",
      first: 4,
      lines: state.asks.map(({ title, text, of, target, step }) =>
        spans({ text: `${of.join(" or ") || "someone"}: `, tone: "wary" }, `${title}${target === undefined || target === step ? "" : ` on ${target}`}`, {
          text: `  ${text}`,
          tone: "quiet",
        }),
      ),
    },
    { title: "Runs", tone: "busy", first: 7, lines: steps.filter(({ state: standing, id }) => standing === "running" && !asked.has(id)).map((step) => runningLine(step, zone)) },
    {
      title: "Went wrong",
      tone: "badly",
      first: 4,
      lines: bad.map(({ title, as, why, endedAt }) =>
        spans({ text: `${endedAt === undefined ? "" : `${localText(Date.parse(endedAt), zone)} `}${as} `, tone: as === "skipped" ? "wary" : "badly" }, title, {
          text: why === undefined ? "" : `  ${why}`,
          tone: "quiet",
        }),
      ),
    },
    {
      title: "Open",
      tone: "wary",
      first: 3,
      lines: state.obligations
        .filter(({ closed }) => closed === undefined)
        .map(({ what, openedAt, certain }) => spans(what, { text: `  since ${localText(Date.parse(openedAt), zone)}${certain ? "" : ", not certain"}`, tone: "quiet" })),
    },
    {
      title: "Waits",
      tone: "quiet",
      first: 3,
      lines: steps
        .filter(({ state: standing }) => standing === "waiting")
        .toSorted((a, b) => untilOf(a) - untilOf(b))
        .map((step) => waitingLine(step, zone)),
    },
  ];
}

function runningLine({ title, targets, begunAt, why }: StepState, zone: string): Line {
  const ended = targets.filter(({ state }) => state === "ended").length;
  const retried = targets.filter(({ tries, state }) => tries > 1 && state === "running").map(({ id, tries }) => `${id} at try ${tries}`);
  const notes = [...(why === undefined ? [] : [why]), ...retried];
  return spans(
    { text: begunAt === undefined ? "" : `${localText(Date.parse(begunAt), zone)} `, tone: "quiet" },
    title,
    targets.length > 1 ? { text: ` ${ended}/${targets.length}`, tone: "busy" } : "",
    { text: notes.length === 0 ? "" : `  ${notes.join("; ")}`, tone: "quiet" },
  );
}

function waitingLine({ title, at, why }: StepState, zone: string): Line {
  const isEarly = why?.startsWith("not before") === true && at !== undefined;
  return isEarly ? spans({ text: `until ${localText(Date.parse(at), zone)} `, tone: "quiet" }, title) : spans(title, { text: why === undefined ? "" : `  ${why}`, tone: "quiet" });
}

function untilOf({ at, why }: StepState): number {
  return at !== undefined && why?.startsWith("not before") === true ? Date.parse(at) : Number.MAX_SAFE_INTEGER;
}

/** Shares `rows` out among the sections: what is urgent first, then whatever is left, in order. */
function roomed(sections: readonly Section[], rows: number): readonly Line[] {
  const wanted = sections.filter(({ lines }) => lines.length > 0);
  const shown = wanted.map(() => 0);
  // A section costs its title besides; one that gets no line gets no title.
  let left = rows;
  for (const cap of ["first", "all"] as const) {
    for (const [at, { lines, first }] of wanted.entries()) {
      const already = shown[at] ?? 0;
      const most = Math.min(lines.length, cap === "first" ? first : lines.length) - already;
      const titleCost = already === 0 ? 1 : 0;
      const get = Math.min(most, left - titleCost);
      if (get <= 0) continue;
      shown[at] = already + get;
      left -= get + titleCost;
    }
  }
  return wanted.flatMap(({ title, tone, lines }, at) => {
    const count = shown[at] ?? 0;
    if (count === 0) return [];
    const more = lines.length - count;
    const heading = spans({ text: title, tone }, { text: more > 0 ? `  and ${more} more` : "", tone: "quiet" });
    return [heading, ...lines.slice(0, count).map((line) => [{ text: "  " }, ...line])];
  });
}
