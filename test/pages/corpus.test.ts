import { existsSync, readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadInventory } from "../../shared/inventory/load.ts";
import { draftOf, pageOf } from "../../shared/page/draft.ts";
import type { Draft } from "../../shared/page/draft.ts";
import { expectationAt, outlineOf, outlineWanted } from "./corpus/expectation.ts";
import { fragmentsOf, mutantsOf } from "./corpus/fragments.ts";

/** Pages of teams that nobody has seen, each with what a person read on it; the two real pages where they are at hand. */
const CORPUS = new URL("./corpus/", import.meta.url);
const SEEDS = new URL("../../../shared/seeds/", import.meta.url);
const atHand = existsSync(SEEDS);

const pages = readdirSync(CORPUS)
  .filter((name) => name.endsWith(".expected.yaml"))
  .map((name) => name.replace(".expected.yaml", ""))
  .map((name) => {
    const expected = expectationAt(new URL(`${name}.expected.yaml`, CORPUS));
    const real = /^\d{4}-\d{2}-\d{2}$/.test(name);
    const file = real ? new URL(`${name}.txt`, SEEDS) : [".txt", ".html"].map((end) => new URL(`${name}${end}`, CORPUS)).find((url) => existsSync(url));
    const inventory = loadInventory(expected.inventory === undefined ? "inventory: 1\n" : readFileSync(new URL(expected.inventory, CORPUS), "utf8"), "inventory").inventory;
    return { name, real, expected, inventory, source: file === undefined || (real && !atHand) ? "" : readFileSync(file, "utf8") };
  });

/** What a draft says, without line numbers. */
function meaning({ text, questions }: Draft): string {
  return JSON.stringify([text.replaceAll(/\bline \d+/g, "line"), questions.map(({ text: words, why }) => [words, why])]);
}

describe.each(pages)("the page $name", ({ name, real, expected, inventory, source }) => {
  describe.skipIf(real && !atHand)(`${name} is at hand`, () => {
    const draft = draftOf(pageOf(source), inventory);

    it("has each step where a person reads it, and no other", () => {
      expect(outlineOf(draft.plan, expected)).toEqual(outlineWanted(expected));
    });

    it("has the date, zone and cutoff that the page says", () => {
      const { date, zone, cutoff } = draft.plan;

      expect({ date, zone, cutoff }).toEqual({ zone: undefined, cutoff: undefined, ...expected.window });
    });

    it("keeps remarks beside the change that they are about", () => {
      const changes = draft.plan.phases.filter((phase) => phase.changes.length > 0).map((phase) => phase.changes);

      expected.phases.forEach((phase, p) =>
        phase.changes.forEach((change, c) => {
          const kept = [changes[p]?.[c]?.notes ?? [], ...(changes[p]?.[c]?.steps ?? []).map(({ notes }) => notes)].flat().join("\n");
          for (const note of change.notes) expect(kept).toContain(note);
        }),
      );
    });

    it("asks or changes when any key, time, number or name is taken out or altered", { timeout: 300_000 }, () => {
      const original = meaning(draft);

      const unnoticed = fragmentsOf(source, source.trimStart().startsWith("<")).flatMap((fragment) =>
        mutantsOf(source, fragment)
          .filter((mutant) => mutant.source !== source && meaning(draftOf(pageOf(mutant.source), inventory)) === original)
          .map(({ how }) => how),
      );

      expect(unnoticed).toEqual([]);
    });

    it("has a place for every word", () => {
      expect(draft.coverage.filter(({ id }) => id === "")).toEqual([]);
      expect(draft.counted.placed).toBe(draft.counted.visible);
    });
  });
});
