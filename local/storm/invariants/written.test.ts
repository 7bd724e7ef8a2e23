import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { nightsOf } from "../nights.ts";
import type { Aftermath } from "./aftermath.ts";
import { WRITTEN } from "./written.ts";

const folder = new URL("../../../plans/", import.meta.url);
const source = (file: string): { text: string; file: string } => ({ text: readFileSync(new URL(file, folder), "utf8"), file });

/** What the rule says of a compiled plan when its text had been another. */
function breachesOf(file: string, otherwise: (text: string) => string = (text) => text): readonly string[] {
  const nights = nightsOf({ plan: source(file), inventory: source("inventory.yaml"), scenario: "usual" });
  return nights.flatMap(({ plan, text = "" }) => WRITTEN.flatMap(({ check }) => check({ plan, text: otherwise(text) } as Aftermath)));
}

describe("what runs is what was written", () => {
  it.each(["2024-12-08.yaml", "2024-10-06.yaml"])("holds for %s, and for its nights on which the clocks change", (file) => {
    expect(breachesOf(file)).toEqual([]);
  });

  it.each([
    ["an hour", "at: Sat 20:00", "at: Sat 21:00"],
    ["the cutoff", "cutoff: Sun 12:00", "cutoff: Sun 13:00"],
    ["a grace", "grace: 1h", "grace: 2h"],
    ["a need", "needs: move-vault", "needs: [move-vault, hub]"],
    ["a step", "          - id: sync-certificate\n", "          - id: look-before\n            action: web.check\n          - id: sync-certificate\n"],
    ["a barrier", "  - id: post\n    title: Post-Steps\n    barrier: true", "  - id: post\n    title: Post-Steps"],
    ["an approval", "approval: [Luis, Dana]", "approval: false"],
    ["an attempt", "attempts: 6", "attempts: 7"],
  ])("is broken by %s that is another", (_what, find, replace) => {
    expect(breachesOf("2024-12-08.yaml", (text) => text.replace(find, replace))).not.toEqual([]);
  });
});
