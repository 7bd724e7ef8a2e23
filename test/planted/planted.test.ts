import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { BUGS, type PlantedBug } from "./bugs.ts";

/**
 * The checkers are checked: each of these mistakes is put into the sources of a process of its own, and a storm over a short window
 * that has everything in it must find it within a stated number of windows, by the rule that watches for it.
 */
const ROOT = new URL("../../", import.meta.url).pathname;

interface Outcome {
  readonly code: number | null;
  readonly rules: readonly string[];
  readonly trouble: string;
}

function stormOver({
  name,
  profile,
  runs,
  seed = 1,
  plan = "plan.yaml" as const,
}: Pick<PlantedBug, "name" | "profile" | "runs" | "seed"> & { readonly plan?: string }): Promise<Outcome> {
  const args = [
    "cli/main.ts",
    "storm",
    `test/planted/${plan}`,
    "--inventory",
    "plans/inventory.yaml",
    "--profile",
    profile,
    "--seed",
    String(seed),
    "--runs",
    String(runs),
    "--workers",
    "1",
    "--shrink",
    "0",
    "--format",
    "json",
  ];
  const planted = name === "" ? [] : ["--import", `${ROOT}test/planted/plant.ts`];
  const child = spawn(process.execPath, [...planted, ...args], { cwd: ROOT, env: { ...process.env, NIGHTSHIFT_PLANTED: name } });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => out.push(part));
  child.stderr.on("data", (part: Buffer) => err.push(part));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      const text = Buffer.concat(out).toString();
      const told = text.startsWith("{") ? (JSON.parse(text) as { windows: { breaches: { rule: string }[] }[] }) : { windows: [] };
      resolve({ code, rules: [...new Set(told.windows.flatMap(({ breaches }) => breaches.map(({ rule }) => rule)))], trouble: Buffer.concat(err).toString().slice(0, 2_000) });
    });
  });
}

describe("a storm over sources without a planted bug", () => {
  it.each(["plan.yaml", "late.yaml"])(
    "finds nothing (%s)",
    async (plan) => {
      expect(await stormOver({ name: "", profile: "rough", runs: 6, plan })).toMatchObject({ code: 0, rules: [] });
    },
    600_000,
  );
});

describe("a storm finds", () => {
  it.each(BUGS.map((bug) => [bug.name, bug] as const))(
    "%s",
    async (_name, bug) => {
      const { code, rules, trouble } = await stormOver(bug);

      expect({ code, found: rules.some((rule) => bug.rules.includes(rule)), rules, trouble: code === 1 ? "" : trouble }).toMatchObject({ code: 1, found: true });
    },
    600_000,
  );

  it("thirty mistakes and more, each of another kind", () => {
    expect(new Set(BUGS.map(({ name }) => name)).size).toBeGreaterThanOrEqual(30);
  });

  it("each of them where the sources are now", () => {
    const lost = BUGS.flatMap(({ name, changes }) =>
      changes.filter(({ file, find }) => readFileSync(`${ROOT}${file}`, "utf8").split(find).length !== 2).map(({ file }) => `${name}: ${file}`),
    );

    expect(lost).toEqual([]);
  });
});
