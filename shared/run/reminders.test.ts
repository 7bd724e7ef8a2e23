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
