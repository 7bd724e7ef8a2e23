import { Temporal } from "temporal-polyfill";
import { remembered } from "../ports/remembered.ts";

/**
 * The one place where wall clocks become instants. Clocks in the USA change at 2 AM on the very Sundays that windows
 * fall on: a time in the gap does not exist, a time in the overlap exists twice. Neither is guessed: the author says.
 *
 * @see IANA tz database, by way of Temporal (`temporal-polyfill`), imported in this file only.
 */

/** Named days count from the window's Sunday. Days further off are written as dates: a name would be ambiguous. */
const DAYS: Readonly<Record<string, number>> = { thu: -3, fri: -2, sat: -1, sun: 0, mon: 1 };
const LONG_DAYS: Readonly<Record<string, string>> = { thursday: "thu", friday: "fri", saturday: "sat", sunday: "sun", monday: "mon" };
const SHORT_NAMES = ["", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

const LOCAL_TIME = /^(?:(?<day>[A-Za-z]+)|(?<date>\d{4}-\d{2}-\d{2}))[ T](?<hour>\d{1,2}):(?<minute>\d{2})(?: (?<which>first|second)| ?(?<offset>[+-]\d{2}:\d{2}|Z))?$/;

/** What a text that is no time should have been, for messages. */
export const LOCAL_TIME_WANTED = "expected a day and a time such as `Sat 20:00`, `Sunday 04:45` or `2024-12-08 04:45`";

/** Whose days and clocks are meant. */
export interface LocalFrame {
  /** The window's Sunday, `2024-12-08`. */
  readonly sunday: string;
  /** IANA zone, checked with `isZone`. */
  readonly zone: string;
}

export type LocalTime =
  | { readonly ok: true; readonly instantMs: number; /** Something to point out all the same. */ readonly remark?: string }
  | { readonly ok: false; readonly code: "bad-time" | "time-gap" | "time-overlap" | "wrong-offset"; readonly message: string; readonly hint: string };

/**
 * The instant at which a wall clock in `frame.zone` shows `text`.
 *
 * A time that exists twice needs `first`, `second` or an offset (`Sun 01:30 first`, `Sun 01:30 -05:00`); a time that
 * does not exist has no instant, and the answer names the nearest ones that do.
 */
export function instantOf(text: string, frame: LocalFrame): LocalTime {
  const parts = LOCAL_TIME.exec(text.trim())?.groups;
  if (parts === undefined) return notATime(text);
  const date = dateOf(parts, frame.sunday);
  if (date === undefined) {
    return {
      ok: false,
      code: "bad-time",
      message: `\`${text}\`: ${parts["day"] ?? parts["date"]} is no day of a window`,
      hint: "days are Thu, Fri, Sat, Sun and Mon around the window's Sunday; write others as a date, 2024-12-03 20:00",
    };
  }
  let local: Temporal.PlainDateTime;
  try {
    local = date.toPlainDateTime(Temporal.PlainTime.from({ hour: Number(parts["hour"]), minute: Number(parts["minute"]) }, { overflow: "reject" }));
  } catch {
    return notATime(text);
  }
  return placed(text, local, parts["which"], parts["offset"], frame.zone);
}

function placed(text: string, local: Temporal.PlainDateTime, which: string | undefined, offset: string | undefined, zone: string): LocalTime {
  const earlier = local.toZonedDateTime(zone, { disambiguation: "earlier" });
  const later = local.toZonedDateTime(zone, { disambiguation: "later" });
  const readable = (reading: Temporal.ZonedDateTime): string =>
    reading.toPlainDate().equals(local.toPlainDate())
      ? `\`${text.trim().split(/[ T]/)[0]} ${clockOf(reading.toPlainDateTime())}\``
      : `\`${reading.toPlainDate().toString()} ${clockOf(reading.toPlainDateTime())}\``;

  if (!earlier.toPlainDateTime().equals(local)) {
    // In a gap `earlier` is read with the offset of after the change, `later` with that of before it; the change lies between.
    const change = earlier.getTimeZoneTransition("next") ?? later;
    const from = clockOf(change.subtract({ nanoseconds: 1 }).toPlainDateTime().add({ nanoseconds: 1 }));
    const to = clockOf(change.toPlainDateTime());
    return {
      ok: false,
      code: "time-gap",
      message: `${clockOf(local)} on ${local.toPlainDate().toString()} does not exist in ${zone}: clocks go from ${from} to ${to}`,
      hint: `write ${readable(earlier)} (${offsetText(earlier)}, before the change) or ${readable(later)} (${offsetText(later)}, after it)`,
    };
  }

  const twice = earlier.epochMilliseconds !== later.epochMilliseconds;
  if (offset !== undefined) {
    const wanted = offset === "Z" ? "+00:00" : offset;
    const match = [earlier, later].find((reading) => reading.offset === wanted);
    if (match !== undefined) return { ok: true, instantMs: match.epochMilliseconds };
    const right = [...new Set([earlier.offset, later.offset])].join(" or ");
    return {
      ok: false,
      code: "wrong-offset",
      message: `\`${text}\`: clocks in ${zone} stand at ${right} then, not at ${wanted}`,
      hint: `write ${right}, or leave the offset away`,
    };
  }
  if (which !== undefined) {
    const instantMs = (which === "first" ? earlier : later).epochMilliseconds;
    return twice
      ? { ok: true, instantMs }
      : { ok: true, instantMs, remark: `${clockOf(local)} on ${local.toPlainDate().toString()} exists once in ${zone}; \`${which}\` says nothing` };
  }
  if (!twice) return { ok: true, instantMs: earlier.epochMilliseconds };
  return {
    ok: false,
    code: "time-overlap",
    message: `${clockOf(local)} on ${local.toPlainDate().toString()} exists twice in ${zone}: clocks go back in that hour`,
    hint: `write \`${text.trim()} first\` (${offsetText(earlier)}, ${utc(earlier)}) or \`${text.trim()} second\` (${offsetText(later)}, ${utc(later)})`,
  };
}

/** True for a name of the tz database such as `America/New_York`, or `UTC`. Offsets and short names such as EST are none. */
export function isZone(zone: string): boolean {
  if (zone !== "UTC" && !/^[A-Za-z_]+(\/[A-Za-z0-9_+-]+)+$/.test(zone)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone);
    return true;
  } catch {
    return false;
  }
}

/** A calendar date such as `2024-12-08`; `undefined` when there is no such day. 7 is a Sunday. */
export function weekdayOf(date: string): number | undefined {
  try {
    return Temporal.PlainDate.from(date, { overflow: "reject" }).dayOfWeek;
  } catch {
    return undefined;
  }
}

/** `Sat 20:00`; a time that exists twice gets its `first` or `second`, so that `instantOf` reads every answer back. */
export function localText(instantMs: number, zone: string): string {
  return textOfMinute(String(Math.floor(instantMs / 60_000)), zone);
}

/** A report has hundreds of times, most of them in a few minutes, and is made again and again. */
const textOfMinute = remembered((minute: string, zone: string) => {
  const zoned = Temporal.Instant.fromEpochMilliseconds(Number(minute) * 60_000).toZonedDateTimeISO(zone);
  const local = zoned.toPlainDateTime();
  const [earlier, later] = [local.toZonedDateTime(zone, { disambiguation: "earlier" }), local.toZonedDateTime(zone, { disambiguation: "later" })];
  const which = earlier.epochMilliseconds === later.epochMilliseconds ? "" : zoned.offset === earlier.offset ? " first" : " second";
  return `${SHORT_NAMES[local.dayOfWeek]} ${clockOf(local)}${which}`;
});

/** `2024-12-07T20:00:00-05:00`: an instant to the second, by the clocks of a zone. */
export function localIso(instantMs: number, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(instantMs).toZonedDateTimeISO(zone).toString({ timeZoneName: "never", fractionalSecondDigits: 0 });
}

/** `20:00` of an instant in UTC. */
export function utcText(instantMs: number): string {
  return clockOf(Temporal.Instant.fromEpochMilliseconds(instantMs).toZonedDateTimeISO("UTC").toPlainDateTime());
}

/** `-05:00` of a zone at an instant. */
export function offsetAt(instantMs: number, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(instantMs).toZonedDateTimeISO(zone).offset;
}

function dateOf(parts: Readonly<Record<string, string | undefined>>, sunday: string): Temporal.PlainDate | undefined {
  try {
    const { date, day } = parts;
    if (date !== undefined) return Temporal.PlainDate.from(date, { overflow: "reject" });
    const lower = (day ?? "").toLowerCase();
    const days = DAYS[LONG_DAYS[lower] ?? lower];
    return days === undefined ? undefined : Temporal.PlainDate.from(sunday).add({ days });
  } catch {
    return undefined;
  }
}

function notATime(text: string): LocalTime {
  const twelve = /\d\s*(am|pm)\b/i.test(text);
  return {
    ok: false,
    code: "bad-time",
    message: `\`${text}\` is no time; ${LOCAL_TIME_WANTED}`,
    hint: twelve ? "times have 24 hours: 8 PM is 20:00" : "a time that exists twice takes `first`, `second` or an offset behind it",
  };
}

function clockOf({ hour, minute }: Temporal.PlainDateTime): string {
  return `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}

function offsetText(zoned: Temporal.ZonedDateTime): string {
  return `UTC${zoned.offset}`;
}

function utc(zoned: Temporal.ZonedDateTime): string {
  return `${utcText(zoned.epochMilliseconds)} UTC`;
}
