import { Fault } from "../shared/fault/fault.ts";

/**
 * Milliseconds to add to `instantMs` (UTC) to get what a wall clock in `zone` shows.
 *
 * @throws Fault `invalid` for a zone that the tz database does not have.
 */
export function offsetOf(instantMs: number, zone: string): number {
  if (zone === "UTC") return 0;
  const shown = Object.fromEntries(
    formatOf(zone)
      .formatToParts(instantMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day, hour, minute, second } = shown;
  const wall = Date.UTC(year, month - 1, day, hour, minute, second);
  return wall - Math.floor(instantMs / 1_000) * 1_000;
}

/**
 * The instants at which a wall clock in `zone` shows `wallMs` (its reading, counted as if it were UTC), ascending.
 *
 * Two where autumn repeats the hour. A reading that spring leaps over gets the instant that the clock would
 * have shown it at, had it not leapt: 02:30 becomes 03:30 daylight time, as Azure's timers do.
 */
export function instantsOf(wallMs: number, zone: string): readonly number[] {
  if (zone === "UTC") return [wallMs];
  const before = offsetOf(wallMs - DAY_MS, zone);
  const after = offsetOf(wallMs + DAY_MS, zone);
  const valid = [...new Set([before, after])].map((offset) => wallMs - offset).filter((instant) => instant + offsetOf(instant, zone) === wallMs);
  return valid.length === 0 ? [wallMs - before] : valid.sort((a, b) => a - b);
}

const DAY_MS = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat("en-US", {
        timeZone: zone,
        hourCycle: "h23",
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
        second: "numeric",
      });
    } catch (cause) {
      throw new Fault("invalid", `"${zone}" is no time zone; expected an IANA name such as America/New_York`, { cause });
    }
    formats.set(zone, format);
  }
  return format;
}
