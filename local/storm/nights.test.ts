import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { nightsOf } from "./nights.ts";

const textOf = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
const sources = (plan: string) => ({
  plan: { text: plan, file: "plan.yaml" },
  inventory: { text: textOf("plans/inventory.yaml"), file: "inventory.yaml" },
  scenario: "usual" as const,
});

it("is the planned night, and the next ones on which the clocks of its zone change", () => {
  const nights = nightsOf(sources(textOf("plans/2024-12-08.yaml")));

  expect(nights.map(({ plan }) => plan.window.date)).toEqual(["2024-12-08", "2025-03-09", "2025-11-02"]);
});

it("leaves out a night that lacks a time of the plan", () => {
  const plan = `plan: 1
window: { title: Two thirty, date: 2024-12-08, zone: America/New_York, cutoff: "Sun 12:00", channels: [maintenance], owners: [Dana] }
phases: [{ id: work, title: Work, changes: [{ id: ask, title: Ask, steps: [{ id: do, action: person.do, at: "Sun 02:30", with: { who: Dana, what: Look } }] }] }]
`;

  expect(nightsOf(sources(plan)).map(({ plan: { window } }) => window.date)).not.toContain("2025-03-09");
});

it("says why a plan cannot be run", () => {
  expect(() => nightsOf(sources("plan: 1\n"))).toThrow(/plan\.yaml cannot be run/);
});
