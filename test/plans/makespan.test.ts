import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { demoScene } from "../../local/demo-world.ts";
import { rehearse } from "../../local/rehearse.ts";
import { loadInventory } from "../../shared/inventory/load.ts";
import { compile } from "../../shared/plan/compile.ts";
import { registry } from "../../integrations/actions.ts";

const file = new URL("../../plans/inventory.yaml", import.meta.url);
const { inventory } = loadInventory(readFileSync(file, "utf8"), "inventory.yaml");

/** How long the inventory says that the stage for PRD takes, in minutes; the simulated vendor takes just that, once an agent has picked the run up. */
const PIPELINES = { NewRelic_Infrastructure: 8, Hub_Infrastructure: 26, Tooling_Infrastructure: 16, Biller_Infrastructure: 28, ClassicWeb: 21 } as const;
const NAMES = Object.keys(PIPELINES) as (keyof typeof PIPELINES)[];
const PICKED_UP_AFTER_MS = 5_000;
const BEGINS = Date.parse("2024-10-06T09:00:00.000Z");

const idOf = (pipeline: string): string => pipeline.toLowerCase().replaceAll("_", "-");

/** For each pipeline those before it that it needs. */
const graph = fc.tuple(...NAMES.map((_name, place) => fc.subarray(NAMES.slice(0, place))));

function planOf(needs: readonly (readonly string[])[]): string {
  const steps = NAMES.map((pipeline, place) => {
    const needed = needs[place]?.length === 0 ? "" : ` needs: [${needs[place]?.map(idOf).join(", ")}],`;
    return `          - { id: ${idOf(pipeline)}, action: pipeline.run, at: "Sun 05:00",${needed} with: { pipeline: ${pipeline}, environment: PRD } }`;
  });
  return `plan: 1
window: { title: Pipelines, date: 2024-10-06, zone: America/New_York, cutoff: "Sun 12:00", channels: [maintenance], owners: [Dana] }
phases:
  - id: primary
    title: Primary work
    changes:
      - id: all
        title: All of them
        steps:
${steps.join("\n")}
`;
}

/** The end of the longest path, by the vendors' own durations and nothing else. */
function idealEnd(needs: readonly (readonly string[])[]): number {
  const ends = new Map<string, number>();
  NAMES.forEach((name, place) => {
    const from = Math.max(BEGINS, ...(needs[place] ?? []).map((need) => ends.get(need) ?? BEGINS));
    ends.set(name, from + PICKED_UP_AFTER_MS + PIPELINES[name] * 60_000);
  });
  return Math.max(...ends.values());
}

it("whatever needs what, a window of pipelines takes no more than a hundredth longer than the vendors themselves", async () => {
  await fc.assert(
    fc.asyncProperty(graph, async (needs) => {
      const { plan, findings } = compile({ text: planOf(needs), file: "plan.yaml", inventory, registry });
      if (plan === undefined) throw new Error(JSON.stringify(findings));

      const { state, entries } = await rehearse({ plan, scene: demoScene({ inventory, plan }) });

      const rested = entries.flatMap(({ fact }) => (fact.type === "target.rested" ? [Date.parse(fact.at)] : []));
      expect(state.outcome).toBe("well");
      expect(Math.max(...rested) - BEGINS).toBeLessThanOrEqual(1.01 * (idealEnd(needs) - BEGINS));
      expect(Math.max(...rested)).toBeGreaterThanOrEqual(idealEnd(needs));
    }),
    { seed: 1, numRuns: 12 },
  );
}, 120_000);
