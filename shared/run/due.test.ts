import { expect, it } from "vitest";
import { CUTOFF, OPENS_AT, planWith } from "../../test/support/plan-with.ts";
import { dueOf, START_LEAD_MS } from "./due.ts";

const plan = planWith({ "a.b": {} });
const approved = { by: "Ada", at: "2024-12-06T15:00:00.000Z" };
const stored = { plan, by: "Ada", at: "2024-12-05T15:00:00.000Z" };
const startAt = Date.parse(OPENS_AT) - START_LEAD_MS;

it("is later until the lead before its first step", () => {
  expect(dueOf({ ...stored, approved }, startAt - 1)).toEqual({ is: "later", at: startAt });
});

it("is due from then on, also for a host that was down at the hour", () => {
  expect(dueOf({ ...stored, approved }, startAt)).toEqual({ is: "due" });
  expect(dueOf({ ...stored, approved }, Date.parse(CUTOFF) - 1)).toEqual({ is: "due" });
});

it("is not due once its cutoff is over", () => {
  expect(dueOf({ ...stored, approved }, Date.parse(CUTOFF))).toEqual({ is: "not", why: "its cutoff is over" });
});

it("is not due before someone has approved it", () => {
  expect(dueOf(stored, startAt)).toEqual({ is: "not", why: "nobody has approved it" });
});
