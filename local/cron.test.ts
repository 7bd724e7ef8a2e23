import { describe, expect, it } from "vitest";
import { scheduleOf, timeSpanMs, withSettings } from "./cron.ts";

const NEW_YORK = "America/New_York";

/** The next `count` occurrences after `from`, as ISO text. */
function next(expression: string, from: string, count: number, zone?: string): string[] {
  const schedule = scheduleOf(expression, zone);
  const found: string[] = [];
  for (let at = Date.parse(from); found.length < count;) {
    at = schedule.nextAfter(at);
    found.push(new Date(at).toISOString().replace(":00.000Z", "Z").replace(".000Z", "Z"));
  }
  return found;
}

describe("an NCRONTAB schedule", () => {
  it.each([
    ["0 */5 * * * *", "2024-12-08T00:01:00Z", ["2024-12-08T00:05Z", "2024-12-08T00:10Z"]],
    ["*/5 * * * *", "2024-12-08T00:01:00Z", ["2024-12-08T00:05Z", "2024-12-08T00:10Z"]],
    ["0 50/5 * * * *", "2024-12-08T00:01:00Z", ["2024-12-08T00:50Z", "2024-12-08T00:55Z", "2024-12-08T01:50Z"]],
    ["0 0 9-17/4 * * *", "2024-12-08T00:01:00Z", ["2024-12-08T09:00Z", "2024-12-08T13:00Z", "2024-12-08T17:00Z"]],
    ["15,45 0 0 * * *", "2024-12-08T00:00:15.900Z", ["2024-12-08T00:00:45Z", "2024-12-09T00:00:15Z"]],
    ["0 0 0 31 * *", "2024-03-31T00:00:00Z", ["2024-05-31T00:00Z", "2024-07-31T00:00Z"]],
    ["0 0 20 1-7 * 6", "2024-11-30T00:00:00Z", ["2024-12-07T20:00Z", "2025-01-04T20:00Z"]],
    ["0 0 0 * ja s", "2024-12-08T00:00:00Z", ["2025-01-05T00:00Z", "2025-01-12T00:00Z"]],
    ["0 0 0 * * SAT", "2024-12-08T00:00:00Z", ["2024-12-14T00:00Z"]],
    ["0 0 0 29 2 *", "2024-12-08T00:00:00Z", ["2028-02-29T00:00Z"]],
  ])("%s after %s", (expression, from, expected) => {
    expect(next(expression, from, expected.length)).toEqual(expected);
  });

  it("is strictly later than its base cut to whole seconds", () => {
    expect(next("* * * * * *", "2024-12-08T00:00:00.900Z", 1)).toEqual(["2024-12-08T00:00:01Z"]);
    expect(next("0 0 0 * * *", "2024-12-08T00:00:00.500Z", 1)).toEqual(["2024-12-09T00:00Z"]);
  });

  it.each([
    "0 0 0 ? * *",
    "0 0 0 L * *",
    "0 0 0 15W * *",
    "0 0 0 * * 6#1",
    "@daily",
    "0 0 0 * * 7",
    "0 60 * * * *",
    "0 0 24 * * *",
    "0 0 0 0 * *",
    "0 0 0 * 13 *",
    "0 0 * *",
    "0 0 0 * * * *",
    "0 0 0 * * XYZ",
    "0 - * * * *",
    "0 0 0 30 2 *",
  ])("%s is refused", (expression) => {
    expect(() => scheduleOf(expression).nextAfter(Date.parse("2024-12-08T00:00:00Z"))).toThrow(/the schedule "/);
  });

  it("says so when it turns a reversed range round", () => {
    expect(scheduleOf("0 0 22-2 * * *").notes).toEqual(['"22-2" as hour is a reversed range; Azure reads it as 2-22']);
  });
});

describe("T6: 0 0 4 13 * 5", () => {
  it("fires only on Fridays the 13th", () => {
    expect(next("0 0 4 13 * 5", "2024-01-01T00:00:00Z", 4)).toEqual(["2024-09-13T04:00Z", "2024-12-13T04:00Z", "2025-06-13T04:00Z", "2026-02-13T04:00Z"]);
  });
});

describe("T7: New York", () => {
  it("0 30 2 * * * on the spring day fires once, at 03:30 daylight time", () => {
    expect(next("0 30 2 * * *", "2024-03-09T12:00:00Z", 2, NEW_YORK)).toEqual(["2024-03-10T07:30Z", "2024-03-11T06:30Z"]);
  });

  it("the same, asked from within the hour after the leap", () => {
    expect(next("0 30 2 * * *", "2024-03-10T07:10:00Z", 1, NEW_YORK)).toEqual(["2024-03-10T07:30Z"]);
    expect(next("0 30 2 * * *", "2024-03-10T07:30:00Z", 1, NEW_YORK)).toEqual(["2024-03-11T06:30Z"]);
  });

  it("0 30 1 * * * on the autumn day fires once, in the first pass", () => {
    expect(next("0 30 1 * * *", "2024-11-02T12:00:00Z", 2, NEW_YORK)).toEqual(["2024-11-03T05:30Z", "2024-11-04T06:30Z"]);
  });

  it("a start in the second pass counts that day as done", () => {
    expect(next("0 30 1 * * *", "2024-11-03T06:10:00Z", 1, NEW_YORK)).toEqual(["2024-11-04T06:30Z"]);
  });

  it.each([
    ["spring", "2024-03-10T05:45:00Z"],
    ["autumn", "2024-11-03T04:45:00Z"],
  ])("0 */30 * * * * runs every 30 real minutes in %s", (_season, from) => {
    const found = next("0 */30 * * * *", from, 12, NEW_YORK).map((text) => Date.parse(text));

    expect(found.slice(1).map((at, index) => at - found[index]!)).toEqual(Array.from({ length: 11 }, () => 1_800_000));
  });
});

describe("a TimeSpan", () => {
  it.each([
    ["00:05:00", 300_000],
    ["1.00:00:00", 86_400_000],
    ["00:30", 1_800_000],
    ["24:00:00", 24 * 86_400_000],
    ["5 * * * *", undefined],
  ])("%s", (text, expected) => {
    expect(timeSpanMs(text)).toBe(expected);
  });

  it("is an interval, and says so when .NET reads it as days", () => {
    expect(next("00:05:00", "2024-12-08T00:01:30Z", 2)).toEqual(["2024-12-08T00:06:30Z", "2024-12-08T00:11:30Z"]);
    expect(scheduleOf("24:00:00").notes[0]).toContain("every 24 days");
  });
});

describe("a schedule by app setting", () => {
  it("takes the setting's text", () => {
    expect(withSettings("%PREWORK%", { PREWORK: "0 0 20 * * 6" })).toBe("0 0 20 * * 6");
  });

  it("is refused when the setting is not there", () => {
    expect(() => withSettings("%PREWORK%", {})).toThrow(/names the app setting PREWORK, which is not set/);
  });
});
