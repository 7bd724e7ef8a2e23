import type { AnyAction } from "../action/action.ts";
import type { CompiledTarget, Condition } from "./compiled.ts";
import { durationText } from "./duration.ts";
import type { Place, Report } from "./finding.ts";
import { instantOf, isZone, localText, weekdayOf } from "./local-time.ts";
import type { LocalFrame } from "./local-time.ts";
import type { Needing } from "./needs.ts";
import type { Draft } from "./outline.ts";
import type { Window } from "./schema.ts";
import type { Places } from "./yaml.ts";

export interface WindowTimes {
  readonly frame: LocalFrame;
  readonly cutoffMs: number;
}

/** The furthest that a step may stand before the cutoff: a window is a weekend. */
const LONGEST_WINDOW_MS = 5 * 24 * 3_600_000;

/** The window's clock; undefined when date, zone or cutoff say nothing that times could be read by. */
export function windowTimes({ date, zone, cutoff }: Partial<Window>, places: Places, report: Report): WindowTimes | undefined {
  if (zone !== undefined && !isZone(zone)) {
    report.error(
      "bad-zone",
      places.of(["window", "zone"]),
      `\`${zone}\` is no IANA time zone`,
      "write e.g. `America/New_York`; offsets and names such as EST do not know when clocks change",
    );
  }
  const weekday = date === undefined ? undefined : weekdayOf(date);
  if (date !== undefined && weekday === undefined) report.error("bad-date", places.of(["window", "date"]), `${date} is no day of the calendar`);
  if (weekday !== undefined && weekday !== 7)
    report.error("bad-date", places.of(["window", "date"]), `${String(date)} is no Sunday`, "the window's date is its Sunday; Saturday evening is the day before");
  if (date === undefined || weekday !== 7 || zone === undefined || !isZone(zone) || cutoff === undefined) return undefined;
  const frame = { sunday: date, zone };
  const cutoffMs = timeAt(cutoff, frame, places.of(["window", "cutoff"]), report);
  return cutoffMs === undefined ? undefined : { frame, cutoffMs };
}

/** The instant before which a step does not begin. */
export function startsAt({ id, fields, path }: Draft, times: WindowTimes | undefined, places: Places, report: Report): number | undefined {
  if (fields.grace !== undefined && fields.at === undefined) {
    report.warning("grace-without-at", places.ofKey([...path, "grace"]), "`grace` counts from `at`, which is not said");
  }
  if (fields.at === undefined || times === undefined) return undefined;
  const place = places.of([...path, "at"]);
  const at = timeAt(fields.at, times.frame, place, report);
  if (at === undefined) return undefined;
  const cutoff = localText(times.cutoffMs, times.frame.zone);
  if (at > times.cutoffMs && fields.always !== true) {
    report.error(
      "after-cutoff",
      place,
      `${id} begins ${fields.at}, after the cutoff ${cutoff}: it would never begin`,
      "move it up, move the cutoff, or write `always: true` if it closes or tells",
    );
  }
  if (Math.abs(times.cutoffMs - at) > LONGEST_WINDOW_MS) {
    report.error(
      "far-from-window",
      place,
      `${id} begins ${fields.at}, more than ${durationText(LONGEST_WINDOW_MS)} from the cutoff ${cutoff}`,
      "a plan is one window; is the date right?",
    );
  }
  return at;
}

function timeAt(text: string, frame: LocalFrame, place: Place, report: Report): number | undefined {
  const time = instantOf(text, frame);
  if (!time.ok) {
    report.error(time.code, place, time.message, time.hint);
    return undefined;
  }
  if (time.remark !== undefined) report.warning("time-exists-once", place, time.remark, "leave the word away");
  return time.instantMs;
}

/** What a step's `when` comes to. A value is decided now: a step that it rules out is kept, and reported as such. */
export function conditionOf(
  { fields, path, change }: Draft,
  values: Readonly<Record<string, boolean | string>>,
  around: Needing & { readonly opened: ReadonlySet<string> },
): Condition | undefined {
  const { when } = fields;
  const { places, report, references, served } = around;
  if (when === undefined) return undefined;
  if ("opened" in when) {
    if (!around.opened.has(when.opened)) {
      report.error(
        "unknown-obligation",
        places.of([...path, "when", "opened"]),
        `no step opens \`${when.opened}\``,
        `opened are: ${[...around.opened].sort().slice(0, 8).join(", ") || "none"}`,
      );
    }
    return { opened: when.opened };
  }
  if ("succeeded" in when) {
    const found = references.find(when.succeeded, change);
    if (found?.length !== 1) {
      report.error(
        "unknown-step",
        places.of([...path, "when", "succeeded"]),
        `\`${when.succeeded}\` is no single step`,
        `near: ${references.near(when.succeeded, change).join(", ") || "nothing"}`,
      );
      return undefined;
    }
    const [{ id } = { id: when.succeeded }] = found;
    return { succeeded: served.get(id) ?? id };
  }
  if (!Object.hasOwn(values, when.value)) {
    report.error("unknown-value", places.of([...path, "when", "value"]), `\`values\` has no \`${when.value}\``, `it has: ${Object.keys(values).join(", ") || "none"}`);
    return undefined;
  }
  const value = values[when.value];
  return value === when.is ? undefined : { never: `${when.value} is ${String(value)}` };
}

/** A value that no step asks for changes nothing when it is changed, which its author may not expect. */
export function unusedValues(values: Readonly<Record<string, boolean | string>>, drafts: readonly Draft[], places: Places, report: Report): void {
  const used = new Set(drafts.flatMap(({ fields: { when } }) => (when !== undefined && "value" in when ? [when.value] : [])));
  for (const name of Object.keys(values)) {
    if (!used.has(name)) report.warning("unused-value", places.ofKey(["values", name]), `no step asks for \`${name}\``, "write `when: {value: …}` at the steps that it decides");
  }
}

/** What cannot be taken back says so, and is approved. */
export function checkIrreversible({ id, fields, path }: Draft, action: AnyAction | undefined, targets: readonly CompiledTarget[], places: Places, report: Report): void {
  const cannot = targets.some(({ params }) => (action?.reversalFor?.(params) ?? action?.reversal) === "irreversible");
  if (cannot && fields.irreversible !== true) {
    report.error(
      "irreversible-unsaid",
      places.ofKey([...path, "action"]),
      `what ${id} does cannot be taken back, and the plan does not say so`,
      "write `irreversible: true` and an `approval`",
    );
  }
  if (fields.irreversible === true && fields.approval === undefined) {
    report.error(
      "irreversible-unapproved",
      places.ofKey([...path, "irreversible"]),
      `${id} cannot be taken back and nobody has to approve it`,
      "write `approval: true` for its owners, or name who may approve",
    );
  }
}
