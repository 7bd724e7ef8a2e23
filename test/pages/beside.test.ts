import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { withoutMarks, withResults } from "../../integrations/confluence/beside.ts";
import type { ChangeResult } from "../../shared/action/results.ts";
import { loadInventory } from "../../shared/inventory/load.ts";
import { draftOf, pageOf } from "../../shared/page/draft.ts";

/** Pages of several teams in storage format: what is made of them finds its lines again. */
const PAGES = ["samples", "corpus"]
  .map((folder) => join(import.meta.dirname, folder))
  .filter((folder) => existsSync(folder))
  .flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".html"))
      .map((name) => join(folder, name)),
  );
const inventory = loadInventory(readFileSync(join(import.meta.dirname, "samples", "inventory.yaml"), "utf8"), "inventory.yaml").inventory;

/** A night on which all that the page asks for is done. */
function nightOf(page: string): readonly ChangeResult[] {
  const well = { standing: "done", carriedOver: false, why: "" } as const;
  return draftOf(pageOf(page), inventory)
    .plan.phases.flatMap(({ changes }) => changes)
    .map(({ id, title, keys, notes, steps }) => ({
      id,
      title,
      keys,
      words: notes,
      ...well,
      steps: steps.map((step) => ({ id: `${id}.${step.id}`, verb: step.action ?? "", title: step.title, words: step.notes, targets: [], ...well })),
    }));
}

it.each(PAGES.map((file) => [file.slice(file.lastIndexOf("/") + 1), file] as const))(
  "results of a plan made from %s stand beside its lines, and can be taken away byte for byte",
  (_name, file) => {
    const page = readFileSync(file, "utf8");
    const changes = nightOf(page);

    const { body, found } = withResults(page, changes);

    const placed = changes.filter(({ id, steps }) => found.has(id) || steps.some((step) => found.has(step.id)));
    expect(changes.length).toBeGreaterThan(1);
    expect(
      placed.length / changes.length,
      changes
        .filter((change) => !placed.includes(change))
        .map(({ title }) => title)
        .join("\n"),
    ).toBeGreaterThanOrEqual(0.9);
    expect(withoutMarks(body)).toBe(page);
    // Once more, with what was written: nothing is doubled.
    expect(withResults(body, changes).body).toBe(body);
  },
);
