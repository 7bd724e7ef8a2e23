import { expect, it } from "vitest";
import { planWith } from "../../test/support/plan-with.ts";
import { remindersOf } from "./reminders.ts";

const plan = planWith({ "web.drain": {} });
const stored = { plan, by: "Ada", at: "2024-12-01T00:00:00.000Z" };
const keysAt = (instant: string, what = stored): string[] => remindersOf(what, Date.parse(instant)).map(({ key }) => key);

it("announces an unapproved plan at noon of Thursday, Friday and Saturday on the window's clock", () => {
  expect(keysAt("2024-12-05T16:59:59.000Z")).toEqual([]);
  expect(keysAt("2024-12-05T17:00:00.000Z")).toEqual(["2024-12-08/unapproved/Thu"]);
  expect(keysAt("2024-12-06T17:04:00.000Z")).toEqual(["2024-12-08/unapproved/Fri"]);
  expect(keysAt("2024-12-07T17:04:00.000Z")).toEqual(["2024-12-08/unapproved/Sat"]);
  expect(keysAt("2024-12-04T17:04:00.000Z")).toEqual([]);
});

it("finds noon in summer too, an hour earlier in UTC", () => {
  const october = planWith({ "web.drain": {} }, { window: { id: "2024-10-06", date: "2024-10-06", opensAt: "2024-10-06T00:00:00.000Z", cutoff: "2024-10-06T16:00:00.000Z" } });

  expect(keysAt("2024-10-03T16:00:00.000Z", { ...stored, plan: october })).toEqual(["2024-10-06/unapproved/Thu"]);
});

it("says nothing in the night for a noon that was missed, and nothing about an approved plan", () => {
  const approved = { ...stored, approved: { by: "Ben", at: "2024-12-04T00:00:00.000Z" } };

  expect(keysAt("2024-12-06T02:00:00.000Z")).toEqual([]);
  expect(remindersOf(approved, Date.parse("2024-12-05T17:00:00.000Z"))).toEqual([]);
});

it.each([
  { what: "clocks go back", date: "2024-11-03", opensAt: "2024-11-03T00:00:00.000Z", noons: ["2024-10-31T16:00:00.000Z", "2024-11-01T16:00:00.000Z", "2024-11-02T16:00:00.000Z"] },
  {
    what: "clocks go forward",
    date: "2025-03-09",
    opensAt: "2025-03-09T01:00:00.000Z",
    noons: ["2025-03-06T17:00:00.000Z", "2025-03-07T17:00:00.000Z", "2025-03-08T17:00:00.000Z"],
  },
  {
    what: "clocks went back the week before",
    date: "2024-11-10",
    opensAt: "2024-11-10T01:00:00.000Z",
    noons: ["2024-11-07T17:00:00.000Z", "2024-11-08T17:00:00.000Z", "2024-11-09T17:00:00.000Z"],
  },
])("finds the three noons before the night in which $what", ({ date, opensAt, noons }) => {
  const night = { ...stored, plan: planWith({ "web.drain": {} }, { window: { id: date, date, opensAt, cutoff: `${date}T17:00:00.000Z` } }) };

  const said = noons.map((noon) => ({ before: keysAt(new Date(Date.parse(noon) - 1_000).toISOString(), night), at: keysAt(noon, night) }));

  expect(said).toEqual(["Thu", "Fri", "Sat"].map((day) => ({ before: [], at: [`${date}/unapproved/${day}`] })));
});

it("finds noon where the window is: in Sydney it is night in UTC", () => {
  const sydney = planWith({ "web.drain": {} }, { window: { zone: "Australia/Sydney", opensAt: "2024-12-07T09:00:00.000Z", cutoff: "2024-12-08T01:00:00.000Z" } });

  expect(keysAt("2024-12-05T01:00:00.000Z", { ...stored, plan: sydney })).toEqual(["2024-12-08/unapproved/Thu"]);
  expect(keysAt("2024-12-05T00:59:59.000Z", { ...stored, plan: sydney })).toEqual([]);
});

it("says in the days before a window that it would not start on the version that is deployed, approved or not", () => {
  const approved = { ...stored, approved: { by: "Ben", at: "2024-12-04T00:00:00.000Z" } };
  const told = (instant: string) => remindersOf(approved, Date.parse(instant), "the orchestrators changed").map(({ text, lines }) => [text, ...lines].join(" "));

  expect(told("2024-12-04T00:59:59.000Z")).toEqual([]);
  expect(told("2024-12-04T01:00:00.000Z")).toEqual([expect.stringContaining("will not start on the version that is deployed. the orchestrators changed.")]);
});
