import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instantOf, isZone, localText, weekdayOf } from "./local-time.ts";

const NEW_YORK = "America/New_York";

function instant(text: string, sunday: string, zone = NEW_YORK): string {
  const time = instantOf(text, { sunday, zone });
  return time.ok ? new Date(time.instantMs).toISOString() : `${time.code}: ${time.message} | ${time.hint}`;
}

describe("days and times", () => {
  it.each([
    ["Sat 20:00", "2024-12-08T01:00:00.000Z"],
    ["Saturday 20:00", "2024-12-08T01:00:00.000Z"],
    ["saturday 20:00", "2024-12-08T01:00:00.000Z"],
    ["Sun 4:45", "2024-12-08T09:45:00.000Z"],
    ["Sunday 04:45", "2024-12-08T09:45:00.000Z"],
    ["Thu 00:00", "2024-12-05T05:00:00.000Z"],
    ["Mon 06:30", "2024-12-09T11:30:00.000Z"],
    ["2024-12-08 04:45", "2024-12-08T09:45:00.000Z"],
    ["2024-12-08T04:45", "2024-12-08T09:45:00.000Z"],
    ["Sun 04:45 -05:00", "2024-12-08T09:45:00.000Z"],
  ])("reads %s around the Sunday of 2024-12-08", (text, expected) => {
    expect(instant(text, "2024-12-08")).toBe(expected);
  });

  it.each(["", "20:00", "Sat", "Sat 8 PM", "Sat 24:00", "Sat 20:60", "Sat  20:00", "Sat 20:00 third", "2024-02-30 10:00", "Tue 10:00", "Someday 10:00", "__proto__ 10:00"])(
    "refuses %j and says what it wants",
    (text) => {
      const time = instantOf(text, { sunday: "2024-12-08", zone: NEW_YORK });

      expect(time).toMatchObject({ ok: false, code: "bad-time" });
    },
  );

  it("says that 8 PM is 20:00", () => {
    expect(instant("Sat 8 PM", "2024-12-08")).toContain("8 PM is 20:00");
  });
});

describe("the hour that clocks skip and the hour they show twice", () => {
  it("has no 02:30 on 2025-03-09, and names the times around the gap", () => {
    expect(instant("Sun 02:30", "2025-03-09")).toBe(
      "time-gap: 02:30 on 2025-03-09 does not exist in America/New_York: clocks go from 02:00 to 03:00 | write `Sun 01:30` (UTC-05:00, before the change) or `Sun 03:30` (UTC-04:00, after it)",
    );
  });

  it("has two 01:30 on 2024-11-03, and says how to write each", () => {
    expect(instant("Sun 01:30", "2024-11-03")).toBe(
      "time-overlap: 01:30 on 2024-11-03 exists twice in America/New_York: clocks go back in that hour | write `Sun 01:30 first` (UTC-04:00, 05:30 UTC) or `Sun 01:30 second` (UTC-05:00, 06:30 UTC)",
    );
  });

  it.each([
    ["Sun 01:30 first", "2024-11-03T05:30:00.000Z"],
    ["Sun 01:30 second", "2024-11-03T06:30:00.000Z"],
    ["Sun 01:30 -04:00", "2024-11-03T05:30:00.000Z"],
    ["Sun 01:30-05:00", "2024-11-03T06:30:00.000Z"],
    ["Sun 00:59", "2024-11-03T04:59:00.000Z"],
    ["Sun 02:00", "2024-11-03T07:00:00.000Z"],
  ])("reads %s on that day", (text, expected) => {
    expect(instant(text, "2024-11-03")).toBe(expected);
  });

  it("refuses an offset that clocks do not have then", () => {
    expect(instant("Sat 20:00 -04:00", "2024-12-08")).toMatch(/^wrong-offset: .*stand at -05:00 then, not at -04:00/);
  });

  it("points out that `first` says nothing about a time that exists once", () => {
    expect(instantOf("Sat 20:00 first", { sunday: "2024-12-08", zone: NEW_YORK })).toMatchObject({ ok: true, remark: expect.stringContaining("exists once") });
  });

  it("names other dates where a whole day is skipped", () => {
    expect(instant("2011-12-30 10:00", "2012-01-01", "Pacific/Apia")).toContain("write `2011-12-29 10:00`");
  });

  it("knows gaps of half an hour", () => {
    expect(instant("Sun 02:15", "2024-10-06", "Australia/Lord_Howe")).toContain("clocks go from 02:00 to 02:30");
  });
});

/** Another library's answer to the same question: what a wall clock shows. */
function wallClock(instantMs: number, zone: string): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatToParts(instantMs);
  const part = (type: string) => parts.find((each) => each.type === type)?.value;
  return `${part("year")}-${part("month")}-${part("day")} ${part("hour")}:${part("minute")}`;
}

const zones = fc.constantFrom(NEW_YORK, "America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kolkata", "America/Havana", "UTC");
/** Nights around clock changes, minute by minute, half of the time; any night otherwise. */
const instants = fc.oneof(
  fc.integer({ min: Date.parse("2015-01-01") / 60_000, max: Date.parse("2035-01-01") / 60_000 }),
  fc
    .tuple(
      fc.constantFrom("2024-03-10T08:00Z", "2024-11-03T06:00Z", "2025-03-30T01:00Z", "2025-10-26T01:00Z", "2024-10-05T15:30Z", "2025-04-05T15:00Z"),
      fc.integer({ min: -180, max: 180 }),
    )
    .map(([change, minutes]) => Date.parse(change) / 60_000 + minutes),
);

it("gives an instant at which a wall clock shows just that, or says that there is none or that there are two", () => {
  fc.assert(
    fc.property(zones, instants, (zone, minute) => {
      const shown = wallClock(minute * 60_000, zone);
      const time = instantOf(shown, { sunday: "2024-12-08", zone });
      if (time.ok) {
        expect(time.instantMs).toBe(minute * 60_000);
        return;
      }
      expect(time.code).toBe("time-overlap");
      const both = (["first", "second"] as const)
        .map((which) => instantOf(`${shown} ${which}`, { sunday: "2024-12-08", zone }))
        .map((each) => (each.ok ? each.instantMs : undefined));
      expect(both).toContain(minute * 60_000);
      expect(both.map((each) => wallClock(each ?? 0, zone))).toEqual([shown, shown]);
    }),
    { numRuns: 500 },
  );
});

it("reads back, on the same weekend, whatever it writes", () => {
  fc.assert(
    fc.property(
      zones,
      fc.constantFrom("2024-12-08", "2025-03-09", "2024-11-03", "2025-03-30", "2025-10-26", "2024-10-06", "2025-04-06"),
      fc.integer({ min: -24 * 60, max: 24 * 60 }),
      (zone, sunday, minutes) => {
        const midnight = instantOf("Sun 00:00", { sunday, zone });
        fc.pre(midnight.ok);
        const instantMs = (midnight.ok ? midnight.instantMs : 0) + minutes * 60_000;

        const again = instantOf(localText(instantMs, zone), { sunday, zone });

        expect(again).toEqual({ ok: true, instantMs });
      },
    ),
    { numRuns: 500 },
  );
});

it.each(["EST", "EST5EDT", "+05:00", "America/New_Yrok", "Local", "", "../etc/passwd"])("takes %j for no zone", (zone) => {
  expect(isZone(zone)).toBe(false);
});

it("knows zones of the tz database", () => {
  expect([NEW_YORK, "America/Argentina/Buenos_Aires", "UTC"].map(isZone)).toEqual([true, true, true]);
});

it("knows the days of the calendar", () => {
  expect([weekdayOf("2024-12-08"), weekdayOf("2024-12-07"), weekdayOf("2024-02-30"), weekdayOf("soon")]).toEqual([7, 6, undefined, undefined]);
});
