import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { nightsOf } from "../../local/storm/nights.ts";
import { PROFILES, type ProfileName } from "../../local/storm/misfortunes.ts";
import { weathered } from "../../local/storm/window.ts";
import { planDrawn, planText } from "../support/random-plan.ts";
import { scheduleOf } from "../support/critical-path.ts";

/**
 * Random valid plans, each compiled and lived through: in fair weather every promise holds and no time is lost, in bad weather every
 * promise holds. A plan that breaks something is shrunk, printed, and written to out/random-plan.yaml.
 *
 *   NIGHTSHIFT_PLANS=200    so many plans of each kind, large ones too, other ones each time; without it, a few that are always the same
 *   NIGHTSHIFT_PLANS_SEED   the seed of the plans; a failure prints it
 *   NIGHTSHIFT_PLANS_PATH   the counterexample of that seed, as a failure prints it
 */
const { NIGHTSHIFT_PLANS = "", NIGHTSHIFT_PLANS_SEED: SEED, NIGHTSHIFT_PLANS_PATH: PATH } = process.env;
const many = (few: number): number => (NIGHTSHIFT_PLANS === "" ? few : Number(NIGHTSHIFT_PLANS));

vi.setConfig({ testTimeout: 3_600_000 });

const text = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const inventory = { text: text("plans/inventory.yaml"), file: "plans/inventory.yaml" };
const OUT = new URL("../../out/", import.meta.url);

const SMALL = [[3, 15]] as const;
const MIDDLING = [[20, 60]] as const;
const LARGE = [[140, 190]] as const;

/** Runs a plan in a weather; throws with what is wrong about it. */
async function live(plan: string, profile: ProfileName, seed: number): Promise<void> {
  const [night] = nightsOf({ plan: { text: plan, file: "plan.yaml" }, inventory, scenario: "usual" });
  const { verdict, happenings } = await weathered({ nights: [night], seed, profile: PROFILES[profile] });
  const wrong = verdict.breaches.map(({ rule, what }) => `${rule}: ${what}`);
  if (profile === "fair") wrong.push(...lostTime(night.plan, happenings));
  if (wrong.length > 0) throw new Error(`${profile} weather, seed ${seed}:\n${wrong.slice(0, 10).join("\n")}`);
}

/** Where the window took more than a hundredth longer than it had to. A second is for clocks that count whole ones. */
function lostTime(...[plan, happenings]: Parameters<typeof scheduleOf>): readonly string[] {
  const { startMs, endMs, actualMs, idle } = scheduleOf(plan, happenings);
  if (actualMs - endMs <= Math.max(1_000, (endMs - startMs) / 100)) return [];
  return [
    `it took ${minutes(actualMs - startMs)} and had to take ${minutes(endMs - startMs)}; somebody could have begun and did not:`,
    ...idle.slice(0, 5).map(({ what, byMs, after }) => `  ${what} came ${minutes(byMs)} after ${after}`),
  ];
}
const minutes = (ms: number): string => `${(ms / 60_000).toFixed(1)} min`;

async function holds(sizes: readonly (readonly [number, number])[], profiles: readonly ProfileName[], numRuns: number): Promise<void> {
  // The same few plans each time; others, and more of them, where they are asked for.
  const seed = SEED ?? (NIGHTSHIFT_PLANS === "" ? "1" : undefined);
  const given = { ...(seed === undefined ? {} : { seed: Number(seed) }), ...(PATH === undefined ? {} : { path: PATH }) };
  const found = await fc.check(
    fc.asyncProperty(planDrawn(sizes), fc.constantFrom(...profiles), fc.integer({ min: 1, max: 100_000 }), async (drawn, profile, seed) => live(planText(drawn), profile, seed)),
    { numRuns, interruptAfterTimeLimit: NIGHTSHIFT_PLANS === "" ? 120_000 : 1_800_000, ...given },
  );
  if (!found.failed || found.counterexample === null) return;
  const [drawn, profile, weather] = found.counterexample;
  mkdirSync(OUT, { recursive: true });
  writeFileSync(new URL("random-plan.yaml", OUT), planText(drawn));
  throw new Error(
    [
      found.errorInstance instanceof Error ? found.errorInstance.message : String(found.errorInstance),
      `the plan: out/random-plan.yaml, ${drawn.pieces.length} pieces after ${found.numShrinks} shrinks:`,
      planText(drawn),
      `again: NIGHTSHIFT_PLANS_SEED=${found.seed} NIGHTSHIFT_PLANS_PATH=${found.counterexamplePath} npx vitest run test/plans/random.test.ts -t '${expect.getState().currentTestName}'`,
      `or:    nightshift storm out/random-plan.yaml --profile ${profile} --seed ${weather} --runs 1`,
    ].join("\n"),
  );
}

describe("a random plan", () => {
  it("of a few steps keeps every promise and loses no time in fair weather", () => holds(SMALL, ["fair"], many(5)));

  it("of dozens of steps keeps every promise and loses no time in fair weather", () => holds(MIDDLING, ["fair"], many(1)));

  it.runIf(NIGHTSHIFT_PLANS !== "")("of up to three hundred steps keeps every promise and loses no time in fair weather", () => holds(LARGE, ["fair"], many(1)));

  it("of a few steps keeps every promise in bad weather", () => holds(SMALL, ["light", "rough"], many(3)));

  it.runIf(NIGHTSHIFT_PLANS !== "")("of dozens of steps keeps every promise in bad weather", () => holds(MIDDLING, ["light", "rough"], many(1)));
});

describe("a plan that broke something once", () => {
  const folder = new URL("found/", import.meta.url);

  it.each(readdirSync(folder))("%s does so no more", async (file) => {
    await live(readFileSync(new URL(file, folder), "utf8"), "fair", 1);
  });
});
