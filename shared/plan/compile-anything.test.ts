import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sketchedRegistry } from "../../test/support/plan-registry.ts";
import { loadInventory } from "../inventory/load.ts";
import { compile } from "./compile.ts";

const text = (file: string): string => readFileSync(new URL(`../../plans/${file}`, import.meta.url), "utf8");
const { inventory } = loadInventory(text("inventory.yaml"), "inventory.yaml");
const registry = sketchedRegistry();

/** What slips into a file: a value of another type, a reference to nothing, a name that objects have of themselves. */
const junk = fc.constantFrom(
  "~",
  "[]",
  "{}",
  "7",
  "-1",
  "''",
  "true",
  "&a x",
  "*a",
  "!x y",
  "{a: b}",
  "[1, ~]",
  "\t",
  "__proto__",
  "constructor",
  "2024-13-01",
  "Sun 25:00",
  "1e999",
  "9999999999999999999",
  "\u0000",
  "{target}",
  "all",
  "a.b.c",
);

/** Line edits as people make them: drop, double, indent, cut short, put something else. */
const edits = fc.array(fc.tuple(fc.nat(), fc.constantFrom("drop", "double", "value", "indent", "key", "cut"), junk), { minLength: 1, maxLength: 3 });

function edited(original: string, changes: readonly (readonly [number, string, string])[]): string {
  const lines = original.split("\n");
  for (const [at, edit, other] of changes) {
    const index = at % lines.length;
    const line = lines[index] ?? "";
    const made: Readonly<Record<string, readonly string[]>> = {
      drop: [],
      double: [line, line],
      value: [line.replace(/:.*/, `: ${other}`)],
      indent: [`  ${line}`],
      key: [line.replace(/[a-z]+/, other)],
      cut: [line.slice(0, Math.floor(line.length / 2))],
    };
    lines.splice(index, 1, ...(made[edit] ?? []));
  }
  return lines.join("\n");
}

describe("whatever is done to the lines of", () => {
  it.each(["2024-12-08.yaml", "2024-10-06.yaml"])("%s, it compiles or has errors, each at a place of the file", (file) => {
    fc.assert(
      fc.property(edits, (changes) => {
        const made = edited(text(file), changes);
        const lines = made.split("\n").length;

        const { plan, findings } = compile({ text: made, file, inventory, registry });

        expect(plan === undefined).toBe(findings.some(({ severity }) => severity === "error"));
        for (const { line, column } of findings) expect([line >= 1 && line <= lines, column >= 1]).toEqual([true, true]);
        expect(findings.length).toBeLessThan(100);
      }),
      { numRuns: 25 },
    );
  });

  it("inventory.yaml, a plan compiled with it has findings or comes out, and nothing is thrown", () => {
    fc.assert(
      fc.property(edits, (changes) => {
        const loaded = loadInventory(edited(text("inventory.yaml"), changes), "inventory.yaml");

        const { plan, findings } = compile({ text: text("2024-12-08.yaml"), file: "plan.yaml", inventory: loaded.inventory, registry });

        expect(plan === undefined).toBe(findings.some(({ severity }) => severity === "error"));
      }),
      { numRuns: 15 },
    );
  });
});
