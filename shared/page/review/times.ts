import { ordered } from "../../plan/graph.ts";
import { durationText } from "../../plan/duration.ts";
import { instantOf, isZone, localText } from "../../plan/local-time.ts";
import type { LocalFrame } from "../../plan/local-time.ts";
import { timelineOf } from "../../plan/timeline.ts";
import type { CompiledStep } from "../../plan/compiled.ts";
import type { Found } from "./checks.ts";
import type { Night, NightStep } from "./night.ts";

/** A time that a page gives no day for: from here on it is the evening before. */
const EVENING = 15;
const HALF_A_DAY_MS = 12 * 3_600_000;
const CLOCK = /^(?:(?<day>\S+) )?(?<hour>\d{1,2}):(?<minute>\d{2})/;

function frameOf({ date, zone }: Night): LocalFrame | undefined {
  return date === undefined || zone === undefined || !isZone(zone) ? undefined : { sunday: date, zone };
}

/** Lines whose time is before that of the timed line above them. */
export function orderAgainstTime(night: Night): readonly Found[] {
  const timed = night.steps.filter(({ fields }) => fields.at !== undefined);
  return timed.flatMap((step, index) => {
    const above = timed[index - 1];
    // The steps of one sentence share its time.
    if (above === undefined || above.line === step.line) return [];
    const [before, now] = [clockOf(above), clockOf(step)];
    if (before === undefined || now === undefined) return [];
    const bothDays = before.day !== undefined && now.day !== undefined;
    const back = before.ms - now.ms;
    // Without days, a clock that goes back by half a day and more is the next morning; and another part has a day of its own.
    if (bothDays ? back <= 0 : above.phase !== step.phase || before.day !== now.day || back <= 0 || back >= HALF_A_DAY_MS) return [];
    const [at, other] = [step.fields.at ?? "", above.fields.at ?? ""];
    return [
      {
        severity: "warning",
        line: step.line,
        others: [above.line],
        words: step.words,
        message: `${at} stands below ${other}`,
        proposal: "the clock decides; put the lines into the order of their times, or correct a time",
        step: step.id,
        about: above.id,
        edits: [{ do: "note", step: step.id, note: `On the page this stands below the line of ${other}; the clock decides.` }],
      } satisfies Found,
    ];
  });
}

const DAYS: Readonly<Record<string, number>> = { Thu: -3, Fri: -2, Sat: -1, Sun: 0, Mon: 1 };

/** Milliseconds of a written time, from the window's Sunday at midnight by the wall clock. */
function clockOf({ fields }: NightStep): { readonly day: string | undefined; readonly ms: number } | undefined {
  const { day, hour, minute } = CLOCK.exec(fields.at ?? "")?.groups ?? {};
  if (hour === undefined || minute === undefined) return undefined;
  const days = day === undefined ? 0 : (DAYS[day] ?? (/^\d{4}-/.test(day) ? Math.round(Date.parse(`${day}T00:00:00Z`) / 86_400_000) : Number.NaN));
  return Number.isNaN(days) ? undefined : { day, ms: days * 86_400_000 + Number(hour) * 3_600_000 + Number(minute) * 60_000 };
}

function dayed(at: string): string {
  const hour = /^(\d{1,2}):/.exec(at)?.[1];
  return hour === undefined ? at : `${Number(hour) >= EVENING ? "Sat" : "Sun"} ${at}`;
}

/** Times that do not exist on that night, or exist twice. */
export function clockChanges(night: Night): readonly Found[] {
  const frame = frameOf(night);
  if (frame === undefined) return [];
  const looked: { readonly step: string; readonly at: string; readonly line: number; readonly words: string }[] = night.steps.flatMap(({ id, fields, line, words }) =>
    fields.at === undefined ? [] : [{ step: id, at: dayed(fields.at), line, words }],
  );
  if (night.cutoff !== undefined) {
    const line = night.pieces.find(({ text }) => /\b(?:cut ?off|hard stop|window)\b/i.test(text))?.line ?? 1;
    looked.push({ step: "window", at: night.cutoff, line, words: `cutoff ${night.cutoff}` });
  }
  const said = new Set<string>();
  return looked.flatMap(({ step, at, line, words }) => {
    const time = instantOf(at, frame);
    if (time.ok || (time.code !== "time-gap" && time.code !== "time-overlap") || said.has(`${line}\n${at}`)) return [];
    said.add(`${line}\n${at}`);
    return [
      {
        severity: "warning",
        line,
        others: [],
        words,
        message: time.message,
        proposal: time.hint,
        step,
        about: at,
        edits: [{ do: "ask", step, question: `Which instant is meant? ${time.message}; ${time.hint}.` }],
      } satisfies Found,
    ];
  });
}

/** Steps that begin after the cutoff, or are expected to end after it. Said once, at the first. */
export function longerThanCutoff(night: Night): readonly Found[] {
  const frame = frameOf(night);
  if (frame === undefined || night.cutoff === undefined) return [];
  const cutoff = instantOf(night.cutoff, frame);
  if (!cutoff.ok) return [];
  const atMs = (step: NightStep): number | undefined => {
    const { at } = step.fields;
    const time = at === undefined ? undefined : instantOf(dayed(at), frame);
    return time?.ok === true ? time.instantMs : undefined;
  };
  const work = night.steps.filter(({ fields, verb }) => fields.always !== true && fields.sameAs === undefined && verb !== "slack.notify");
  const phases = night.phases.map(({ id, barrier }) => ({ id, barrier }));
  const { order, cycles } = ordered(
    night.steps.map(({ id, phase, needs }) => ({ id, phase: night.phases[phase]?.id ?? "", needs: needs.map((step) => ({ step })) })),
    phases,
  );
  const times = night.steps.flatMap((step) => atMs(step) ?? []);
  if (cycles.length > 0 || times.length === 0) return [];
  const opensMs = times.reduce((least, ms) => Math.min(least, ms), Number.POSITIVE_INFINITY);
  const byId = new Map(night.steps.map((step) => [step.id, step]));
  const steps = order.flatMap((id): CompiledStep[] => {
    const step = byId.get(id);
    if (step === undefined) return [];
    const at = atMs(step);
    const length = step.fields.sameAs !== undefined ? 0 : (durationIn([step.words, ...step.notes].join(" ")) ?? step.expectedMs);
    // Only what a timeline reads.
    const needs = step.needs.map((other) => ({ step: other, per: "step" as const, as: "success" as const }));
    return [
      {
        id,
        phase: night.phases[step.phase]?.id ?? "",
        needs,
        targets: [],
        expectedMs: length,
        ...(at === undefined ? {} : { at: new Date(at).toISOString() }),
      } as unknown as CompiledStep,
    ];
  });
  const spans = timelineOf({ steps, phases: phases.map((phase) => ({ ...phase, title: "" })), window: { opensAt: new Date(opensMs).toISOString() } });
  const late = work
    .filter((step) => (atMs(step) ?? 0) > cutoff.instantMs || (spans.get(step.id)?.endMs ?? 0) > cutoff.instantMs)
    .toSorted((a, b) => (spans.get(a.id)?.beginMs ?? 0) - (spans.get(b.id)?.beginMs ?? 0));
  const first = late.find((step) => (atMs(step) ?? 0) > cutoff.instantMs) ?? late[0];
  if (first === undefined) return [];
  const span = spans.get(first.id);
  const end = Math.max(...late.map(({ id }) => spans.get(id)?.endMs ?? 0));
  const over = durationText(Math.max(60_000, Math.round((end - cutoff.instantMs) / 60_000) * 60_000));
  return [
    {
      severity: "warning",
      line: first.line,
      others: [...new Set(late.map(({ line }) => line))].filter((line) => line !== first.line).slice(0, 20),
      words: first.words,
      message: `expected from ${localText(span?.beginMs ?? opensMs, frame.zone)} to ${localText(span?.endMs ?? opensMs, frame.zone)}, the cutoff is ${night.cutoff}; with all of it the window is ${over} too long`,
      proposal: "leave something out, begin earlier, or move the cutoff",
      step: "window",
      about: "",
      edits: [
        {
          do: "ask",
          step: "window",
          question: `What is left out, or is the cutoff later? The work is expected to end ${localText(end, frame.zone)}, the cutoff is ${night.cutoff}.`,
        },
      ],
    },
  ];
}

/** «takes about 3 hours», «(est. 90 min)»: how long the page says that something takes. */
export function durationIn(text: string): number | undefined {
  const match =
    /(?:\b(?:takes?|takes? about|about|approx\w*|est\w*|eta|duration|expected|allow|needs?|lasts?|runs? for|up to|around|ca)\b|~)[^\d]{0,20}(?<n>\d{1,3}(?:\.\d+)?)\s*-?\s*(?<unit>h\b|hrs?\b|hours?\b|m\b|mins?\b|minutes?\b)/i.exec(
      text,
    ) ?? /\((?<n>\d{1,3}(?:\.\d+)?)\s*-?\s*(?<unit>h|hrs?|hours?|mins?|minutes?)\)/i.exec(text);
  const { n, unit } = match?.groups ?? {};
  return n === undefined || unit === undefined ? undefined : Number(n) * (unit.toLowerCase().startsWith("h") ? 3_600_000 : 60_000);
}
