import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asidesIn, mannerOf } from "./asides.ts";
import { clockText, dayContextOf, dayContextOn, timeBelow, timesIn } from "./clock.ts";
import { datesIn, windowSunday } from "./dates.ts";
import { environmentsIn } from "./environments.ts";
import { isHeading } from "./headings.ts";
import { rangesIn } from "./ranges.ts";
import { refsIn } from "./refs.ts";
import { without } from "./spans.ts";
import { ticketsIn } from "./tickets.ts";
import { saysZone, zoneIn } from "./zones.ts";

const DAYS = [
  ["Saturday", "Sat"],
  ["Sat", "Sat"],
  ["sunday", "Sun"],
  ["Friday", "Fri"],
  ["Monday", "Mon"],
] as const;

describe("times", () => {
  it("are the same in every spelling of the clock", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 0, max: 59 }),
        fc.constantFrom(...DAYS),
        fc.constantFrom("AM", "am", "a.m.", "24"),
        (hour, minute, [said, day], spelling) => {
          const padded = String(minute).padStart(2, "0");
          const half = spelling === "24" ? "" : ` ${hour >= 12 ? spelling.replace(/a/i, spelling.startsWith("A") ? "P" : "p") : spelling}`;
          const text = `${said} at ${spelling === "24" ? String(hour).padStart(2, "0") : hour % 12 === 0 ? 12 : hour % 12}:${padded}${half} restart it`;

          expect(timesIn(text).map((time) => [time.day, clockText(time), time.doubt])).toEqual([[day, `${String(hour).padStart(2, "0")}:${padded}`, undefined]]);
        },
      ),
    );
  });

  it("are the same in words as on the clock, and words leave open which half of the day it is", () => {
    const hours = ["twelve", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"];
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 11 }),
        fc.constantFrom(["half past", 30, 0], ["quarter past", 15, 0], ["a quarter to", 45, -1], ["ten past", 10, 0], ["five to", 55, -1]),
        fc.constantFrom("morning", "evening", undefined),
        fc.boolean(),
        (hour, [said, minute, shift], part, inDigits) => {
          const spoken = `${part === undefined ? "" : `Sunday ${part} at `}${said} ${inDigits ? (hour === 0 ? 12 : hour) : (hours[hour] ?? "")}`;
          const twelve = (hour + shift + 12) % 12;

          const [time] = timesIn(`${spoken} restart it`);

          expect(time?.minute).toBe(minute);
          expect((time?.hour ?? 0) % 12).toBe(twelve);
          expect(part === undefined ? time?.open : (time?.hour ?? 0) >= 12).toBe(part === undefined ? true : part === "evening");
        },
      ),
    );
  });

  it("take their day from the heading above them, and the morning after an evening is the next day, and asked about", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 23 }), fc.constantFrom(["Saturday evening", "Sat", "Sun"], ["Friday night", "Fri", "Sat"]), (hour, [heading, day, next]) => {
        const [time] = timesIn(`${String(hour).padStart(2, "0")}:00 restart it`);
        if (time === undefined) throw new Error("a time was said");

        const placed = timeBelow(time, dayContextOf(heading));

        expect([placed.day, placed.hour, placed.doubt === undefined]).toEqual([hour < 12 ? next : day, hour, hour >= 12]);
      }),
    );
  });

  it.each([
    ["Pre-work on 2025-01-11", "Sat"],
    ["Sunday, January 12", "Sun"],
    ["Work of 10 Jan", "Fri"],
    ["Work of 20 Jan", undefined],
  ])("«%s» above a time is %s", (heading, day) => {
    expect(dayContextOn(heading, "2025-01-12")?.day).toBe(day);
  });

  it.each([
    ["Saturday evening 8:30", "Sat", "20:30", false],
    ["4:50 am AM on Sunday", "Sun", "04:50", false],
    ["noon (ET)", undefined, "12:00", false],
    ["Saturday at midnight", "Sat", "00:00", true],
    ["D-1 22:15", "Sat", "22:15", false],
    ["Sunday 8 AM PM", "Sun", "08:00", true],
    ["Sunday evening 8 AM", "Sun", "08:00", true],
  ])("«%s» is %s %s, in doubt: %s", (text, day, clock, inDoubt) => {
    const [time] = timesIn(text);

    expect([time?.day, time === undefined ? "" : clockText(time), time?.doubt !== undefined]).toEqual([day, clock, inDoubt]);
  });

  it("are not seen in versions, addresses and tickets", () => {
    expect(
      ["tag platform/2.98.0", "10.20.30.40", "PLAT-848", "stage 2 of 3", "Kubernetes 1.30", "version 2.10 of it", "3 servers at night"].flatMap((text) => timesIn(text)),
    ).toEqual([]);
  });
});

describe("spans of time", () => {
  it.each([
    ["Sunday 1:30am-2:30am", ["Sun 01:30", "Sun 02:30"]],
    ["Saturday 9:00 - 9:30 PM", ["Sat 21:00", "Sat 21:30"]],
    ["Sat 21:00 - 05:00", ["Sat 21:00", "Sun 05:00"]],
    ["12:30 AM - 5:00 AM Sunday", ["Sun 00:30", "Sun 05:00"]],
    ["from 2:30 until 3:15 AM on Sunday", ["Sun 02:30", "Sun 03:15"]],
    ["Sunday 9:00 to 13:00", ["Sun 09:00", "Sun 13:00"]],
  ])("«%s» begins and ends at %j", (text, wanted) => {
    expect(timesIn(text).map((time) => `${time.day ?? ""} ${clockText(time)}`)).toEqual(wanted);
  });

  it("leave nothing of themselves in the sentence", () => {
    const text = "from 2:30 until 3:15 AM patch QW1";

    expect(without(text, timesIn(text)).trim()).toBe("patch QW1");
  });
});

describe("ranges", () => {
  it("name every server between their ends, with the zeros of the first", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("NW-EDGE", "web", "IC-App"),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 39 }),
        fc.constantFrom(" - ", "-", " to ", " through ", " thru "),
        fc.boolean(),
        (prefix, first, more, joint, again) => {
          const [from, to] = [first, first + more].map((number) => String(number).padStart(2, "0"));

          const [range] = rangesIn(`pull ${prefix}${from}${joint}${again ? prefix : ""}${to} out`);

          expect(range?.names).toEqual(Array.from({ length: more + 1 }, (_, index) => `${prefix}${String(first + index).padStart(2, "0")}`));
        },
      ),
    );
  });

  it("lists of numbers name each of them once, whatever joins them", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 2, maxLength: 6 }),
        fc.constantFrom([", ", ", and "], [", ", " and "], ["/", "/"], [" & ", " & "]),
        (numbers, [joint, last]) => {
          const text = `patch App${numbers.slice(0, -1).join(joint)}${last}${numbers.at(-1) ?? 0} now`;

          expect(rangesIn(text).flatMap(({ names }) => names)).toEqual(numbers.map((number) => `App${number}`));
        },
      ),
    );
  });

  it.each([
    ["App1, 2 and 4", ["App1", "App2", "App4"]],
    ["db[2-3]", ["db2", "db3"]],
    ["App1/2", ["App1", "App2"]],
    ["SQL-A/B", ["SQL-A", "SQL-B"]],
    ["SQL-A through SQL-C", ["SQL-A", "SQL-B", "SQL-C"]],
    ["CI/CD", []],
    ["PLAT-848 - 850", []],
    ["web9 - 3", []],
    ["web1 - 99999", []],
  ])("«%s» is %j", (text, names) => {
    expect(rangesIn(text).flatMap((range) => range.names)).toEqual(names);
  });
});

describe("other words", () => {
  it.each([
    ["March 9, 2025", ["2025-03-09"]],
    ["9th of March 2025", ["2025-03-09"]],
    ["3/9/2025", ["2025-03-09", "2025-09-03"]],
    ["2025-02-30", []],
  ])("«%s» may be %j", (text, readings) => {
    expect(datesIn(text).flatMap((date) => date.readings)).toEqual(readings);
  });

  it("a Saturday belongs to the Sunday after it", () => {
    expect([windowSunday("2025-03-08"), windowSunday("2025-03-09"), windowSunday("2025-03-10")]).toEqual(["2025-03-09", "2025-03-09", undefined]);
  });

  it.each([
    ["All times in Central Time", "America/Chicago"],
    ["Note: all times are Europe/Madrid", "Europe/Madrid"],
    ["Times are shown in PST", "America/Los_Angeles"],
    ["Everything below is Central Time", "America/Chicago"],
    ["(all times Central European)", "Europe/Berlin"],
    ["All times are UK local time, 24h clock.", "Europe/London"],
    ["Quotes web farm - Sunday - all times Dublin time", "Europe/Dublin"],
    ["Timezone: Oslo", "Europe/Oslo"],
    ["All times in New York time", "America/New_York"],
  ])("«%s» is %s", (text, zone) => {
    expect([saysZone(text), zoneIn(text)]).toEqual([true, zone]);
  });

  it("environments are spelled as the inventory spells them", () => {
    expect(environmentsIn("XAT and Prod, then test the stage", ["PRD", "XAT"])).toEqual(["XAT", "PRD"]);
  });

  it("tags, branches and commits are told apart", () => {
    expect(refsIn("Tag core-0/2.98.0").map(({ ref }) => ref)).toEqual([{ tag: "core-0/2.98.0" }]);
    expect(refsIn("tide-api branch release/2025-03").map(({ ref }) => ref)).toEqual([{ branch: "release/2025-03" }]);
    expect(refsIn("from 10.1.2.3, version of the cluster")).toEqual([]);
  });

  it("a ticket that a sentence waits for is another's", () => {
    expect(ticketsIn("PAY-72 deploy it after PAY-71 and PAY-70 are done").map(({ key, isReference }) => [key, isReference])).toEqual([
      ["PAY-72", false],
      ["PAY-71", true],
      ["PAY-70", true],
    ]);
  });

  it.each([
    ["Saturday evening", true],
    ["Sunday 2:30 AM", false],
    ["2. Changes (Sunday)", true],
    ["Rollback", true],
    ["Patching Procedure", false],
    ["network", false],
  ])("«%s» alone in its line is a heading: %s", (line, expected) => {
    expect(isHeading(line, true)).toBe(expected);
  });

  it("tickets are no ciphers, branches or machines", () => {
    expect(ticketsIn("OPS-12 over TLS-1, update/plat-848/x, DC-3 and UTF-8", (word) => word === "DC-3").map(({ key }) => key)).toEqual(["OPS-12"]);
  });

  it.each([
    ["done above", "done-above"],
    ["only if the page is up", "condition"],
    ["Do not restart it", "prohibition"],
    ["Last time it took an hour", "past"],
    ["Let them know that it is done", "instruction"],
    ["It could not be done since nobody was there", "past"],
    ["Patching Procedure", "reference"],
    ["after the driver is installed", "dependency"],
    ["Install the driver", "instruction"],
  ])("«%s» is a %s", (text, manner) => {
    expect(mannerOf(text)).toBe(manner);
  });

  it("parentheses nest, and one that is never closed goes to the end", () => {
    expect(asidesIn("a (b (c) d) e (f").map(({ text }) => text)).toEqual(["b (c) d", "f"]);
  });
});
