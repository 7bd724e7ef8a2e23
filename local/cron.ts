import { Cron } from "croner";
import { instantsOf, offsetOf } from "./cron-zone.ts";
import { Fault } from "../shared/fault/fault.ts";

/** When a timer trigger fires. Instants in milliseconds. */
export interface Schedule {
  /** The first occurrence strictly after `baseMs` cut to whole seconds. */
  nextAfter(baseMs: number): number;
  /** What is legal in Azure and probably not what was meant. */
  readonly notes: readonly string[];
}

/**
 * A timer trigger's schedule as Azure reads it (1.8): NCRONTAB of six fields (five: second 0), or a `TimeSpan`.
 *
 * It is not Unix cron: day of month AND day of week must match, 7 is no Sunday, names may be any prefix, `a/n`
 * runs from `a` to the field's end, a reversed range is turned round, and `? L W # @daily` do not exist.
 *
 * @param zone - IANA name of the zone in which fields are read. Azure has it on some plans only; UTC on ours.
 * @throws Fault `invalid` for anything Azure would refuse, and for a date that never comes.
 */
export function scheduleOf(expression: string, zone = "UTC"): Schedule {
  const span = timeSpanMs(expression.trim());
  if (span !== undefined) return every(span, expression);
  const parts = expression.trim().split(/\s+/);
  if (parts.length === 5) parts.unshift("0");
  if (parts.length !== 6) throw invalid(expression, `has ${parts.length} fields; expected second minute hour day month weekday, or a TimeSpan such as 00:05:00`);
  const notes: string[] = [];
  const values = FIELDS.map((field, at) => valuesOf(field, parts[at] ?? "", expression, notes));
  const cron = new Cron(values.map((list, at) => (list.length === size(FIELDS[at]!) ? "*" : list.join(","))).join(" "), { mode: "6-part", domAndDow: true, timezone: "UTC" });
  // Azure tells an interval from a point in time by the look of the first three fields; only the former
  // runs through both passes of the hour that autumn repeats.
  const repeats = parts.slice(0, 3).some((part) => /[*/-]/.test(part));
  return { notes, nextAfter: (baseMs) => nextIn(cron, zone, repeats, Math.floor(baseMs / 1_000) * 1_000, expression) };
}

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly names?: readonly string[];
}

const FIELDS: readonly Field[] = [
  { name: "second", from: 0, to: 59 },
  { name: "minute", from: 0, to: 59 },
  { name: "hour", from: 0, to: 23 },
  { name: "day of month", from: 1, to: 31 },
  { name: "month", from: 1, to: 12, names: ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"] },
  { name: "day of week", from: 0, to: 6, names: ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] },
];

function size({ from, to }: Field): number {
  return to - from + 1;
}

/** The values a field's text stands for, ascending. */
function valuesOf(field: Field, text: string, expression: string, notes: string[]): number[] {
  const chosen = new Set<number>();
  for (const item of text.split(",")) {
    const match = /^(\*|[A-Za-z0-9]+)(?:-([A-Za-z0-9]+))?(?:\/(\d+))?$/.exec(item);
    if (match === null || (match[1] === "*" && match[2] !== undefined))
      throw invalid(expression, `has "${item}" as ${field.name}; expected *, a, a-b, */n, a/n, a-b/n or a list of them (there is no ? L W # or @)`);
    const [, first = "", last, step] = match;
    const every = Math.max(1, Number(step ?? 1));
    let from = first === "*" ? field.from : valueOf(field, first, expression);
    let to = first === "*" ? field.to : last !== undefined ? valueOf(field, last, expression) : step === undefined ? from : field.to;
    if (from > to) {
      [from, to] = [to, from];
      notes.push(`"${item}" as ${field.name} is a reversed range; Azure reads it as ${from}-${to}`);
    }
    for (let value = from; value <= to; value += every) chosen.add(value);
  }
  return [...chosen].sort((a, b) => a - b);
}

function valueOf(field: Field, text: string, expression: string): number {
  if (/^\d+$/.test(text)) {
    const value = Number(text);
    if (value < field.from || value > field.to)
      throw invalid(expression, `has ${value} as ${field.name}; expected ${field.from} to ${field.to}${field.name === "day of week" ? ", Sunday is 0" : ""}`);
    return value;
  }
  const at = field.names?.findIndex((name) => name.toLowerCase().startsWith(text.toLowerCase())) ?? -1;
  if (at < 0)
    throw invalid(
      expression,
      `has "${text}" as ${field.name}; expected ${field.names === undefined ? `${field.from} to ${field.to}` : `a number or the beginning of ${field.names.join(", ")}`}`,
    );
  return field.from + at;
}

/** Longest shift of a clock that any zone has made; occurrences this near a shift are looked at from both sides. */
const SHIFT_MS = 3 * 3_600_000;

function nextIn(cron: Cron, zone: string, repeats: boolean, baseMs: number, expression: string): number {
  const offset = offsetOf(baseMs, zone);
  const steady = offsetOf(baseMs - SHIFT_MS, zone) === offset && offsetOf(baseMs + SHIFT_MS, zone) === offset;
  // croner counts on the wall clock, as if it were UTC; the zone's shifts are ours.
  let wall = baseMs + offset - (steady ? 0 : SHIFT_MS);
  let best: number | undefined;
  for (;;) {
    const next = cron.nextRun(new Date(wall));
    if (next === null) {
      if (best !== undefined) return best;
      throw invalid(expression, "never occurs; expected a date that exists");
    }
    wall = next.getTime();
    const passes = instantsOf(wall, zone);
    if (best !== undefined && passes[0]! > best) return best;
    for (const instant of repeats ? passes : passes.slice(0, 1)) {
      if (instant > baseMs && (best === undefined || instant < best)) best = instant;
    }
    if (best !== undefined && steady && best === passes[0]) return best;
  }
}

function every(spanMs: number, expression: string): Schedule {
  if (spanMs < 1_000) throw invalid(expression, "is shorter than a second");
  return {
    nextAfter: (baseMs) => baseMs + spanMs,
    notes: /^\d{3,}:|^(2[4-9]|[3-9]\d):/.test(expression.trim()) ? [`"${expression}" is read as days, hours and minutes, as .NET does: every ${spanMs / 86_400_000} days`] : [],
  };
}

/** Milliseconds of .NET's TimeSpan text `[d.]hh:mm[:ss]`, or undefined for other text. A first part above 23 means days. */
export function timeSpanMs(text: string): number | undefined {
  const match = /^(?:(\d+)\.)?(\d+):(\d{1,2})(?::(\d{1,2})(?:\.\d+)?)?$/.exec(text);
  if (match === null) return undefined;
  const [first = 0, second = 0, third = 0] = match.slice(2).map((part) => Number(part ?? 0));
  const [days, hours, minutes, seconds] = match[1] === undefined && first > 23 ? [first, second, third, 0] : [Number(match[1] ?? 0), first, second, third];
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000;
}

/**
 * A schedule's text with every `%NAME%` replaced by the app setting of that name.
 *
 * @throws Fault `invalid` for a setting that is not there: in Azure the function would not be indexed.
 */
export function withSettings(text: string, settings: Readonly<Record<string, string | undefined>>): string {
  return text.replaceAll(/%([^%]+)%/g, (_whole, name: string) => {
    const value = settings[name];
    if (value === undefined || value === "")
      throw new Fault("invalid", `the schedule "${text}" names the app setting ${name}, which is not set; add it to local.settings.json or the environment`);
    return value;
  });
}

function invalid(expression: string, why: string): Fault {
  return new Fault("invalid", `the schedule "${expression}" ${why}`);
}
