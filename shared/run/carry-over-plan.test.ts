import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { registry } from "../../integrations/actions.ts";
import { decemberNight, type Night } from "../../test/support/december.ts";
import { entriesOf, runFactsOf, stepFactsOf } from "../../test/support/facts-of.ts";
import type { Inventory } from "../inventory/inventory.ts";
import { loadInventory } from "../inventory/load.ts";
import { compile } from "../plan/compile.ts";
import type { CompiledPlan } from "../plan/compiled.ts";
import { carryOverPlan } from "./carry-over-plan.ts";
import { carriedOver, isOverdue, type CarriedChange } from "./carry-over.ts";
import { indexOf } from "./plan-index.ts";
import { stateOf } from "./state.ts";

const PLANS = new URL("../../plans/", import.meta.url);
const inventory: Inventory = loadInventory(readFileSync(new URL("inventory.yaml", PLANS), "utf8"), "inventory.yaml").inventory;

function planOf(text: string, file: string): CompiledPlan {
  const { plan, findings } = compile({ text, file, inventory, registry });
  if (plan === undefined) throw new Error(JSON.stringify(findings.filter(({ severity }) => severity === "error")));
  return plan;
}

const read = (window: string): string => readFileSync(new URL(`${window}.yaml`, PLANS), "utf8");

/** The leftovers of a night on which nothing was begun. */
function allOf(plan: CompiledPlan): readonly CarriedChange[] {
  const index = indexOf(plan);
  const entries = entriesOf([
    runFactsOf(plan.window.opensAt).started(),
    ...plan.steps.map(({ id }) => stepFactsOf(id, plan.window.opensAt).ended("skipped", "aborted before it began")),
  ]);
  return carriedOver(index, stateOf(index, entries, Date.parse(plan.window.cutoff)));
}

/** The questions answered, as a person would. */
function answered(text: string): string {
  const file = parse(text) as { window: { questions?: unknown }; phases: { changes: { questions?: unknown; steps: { questions?: unknown }[] }[] }[] };
  delete file.window.questions;
  for (const change of file.phases.flatMap(({ changes }) => changes)) {
    delete change.questions;
    for (const step of change.steps) delete step.questions;
  }
  return JSON.stringify(file);
}

describe.each(["2024-10-06", "2024-12-08"])("all of %s, left over", (window) => {
  const plan = planOf(read(window), `${window}.yaml`);
  const text = carryOverPlan(plan, allOf(plan), registry);

  it("is a plan that compiles but for its questions", () => {
    const { findings } = compile({ text, file: "next.yaml", inventory, registry });

    expect(findings.filter(({ severity, code }) => severity === "error" && code !== "open-question")).toEqual([]);
    expect(findings.some(({ code, message }) => code === "open-question" && message.startsWith("On which Sunday is the next window"))).toBe(true);
  });

  it("does to every target what the old plan would have done", () => {
    const next = planOf(answered(text), "next.yaml");

    const deeds = ({ steps }: CompiledPlan) =>
      steps
        .filter(({ verb }) => !verb.startsWith("jira."))
        .map(
          ({ id, verb, targets, policy, rolling, onFailure, leaves, irreversible, always, approval }) =>
            [id, { verb, targets, policy, rolling, onFailure, leaves, irreversible, always, approval }] as const,
        )
        .toSorted(([a], [b]) => (a < b ? -1 : 1));
    // What the old window called «as above» is found again by the compiler, or was named by hand and is gone with its own change.
    expect(Object.fromEntries(deeds(next))).toEqual(Object.fromEntries(deeds(plan)));
  });

  it("waits for what it waited for, where that is left over as well", () => {
    const next = planOf(answered(text), "next.yaml");

    for (const { id, needs } of next.steps) {
      const before = plan.steps.find((step) => step.id === id)?.needs ?? [];
      expect(before, id).toEqual(expect.arrayContaining([...needs]));
    }
  });
});

describe("what December's misfortune has left over", () => {
  let night: Night;
  let carried: readonly CarriedChange[];
  beforeAll(async () => {
    night = await decemberNight({ misfortune: true });
    carried = carriedOver(indexOf(night.plan), night.state);
  });

  it("has reason, blocker and evidence of each change, and how often it has been left over", () => {
    const file = parse(carryOverPlan(night.plan, carried, registry)) as { phases: { changes: { keys?: string[]; carried: object; steps: object[] }[] }[] };
    const changes = file.phases.flatMap((phase) => phase.changes);

    expect(changes.map(({ keys }) => keys)).toEqual([undefined, ["PLAT-1406"], ["PLAT-1405"]]);
    expect(changes[1]).toMatchObject({
      carried: {
        windows: ["2024-12-08"],
        as: "skipped",
        why: expect.stringContaining("never started") as string,
        blocker: expect.stringContaining("(reschedule-jobs.run) failed") as string,
      },
      steps: [{ id: "app-test", action: "patch.install", needs: ["reschedule-jobs.run"], targets: ["IC-App-Test1"], timeout: "2h" }],
    });
  });

  it("is asked about once it has been left over twice", () => {
    const next = planOf(answered(carryOverPlan(night.plan, carried, registry)), "next.yaml");

    const again = allOf(next);
    const text = carryOverPlan(next, again, registry);

    expect(again.map((change) => [change.id, change.windows])).toEqual([
      ["reschedule-jobs", ["2024-12-08", "2025-01-05"]],
      ["test-and-mcc-patching", ["2024-12-08", "2025-01-05"]],
      ["app-patching", ["2024-12-08", "2025-01-05"]],
    ]);
    expect(again.every(isOverdue)).toBe(true);
    expect(text).toContain("Is this still wanted, and who clears its way? It has been left over from 2 windows (2024-12-08, 2025-01-05)");
  });

  it("holds hostile words as words", () => {
    const hostile = carried.map((change) => ({ ...change, title: 'a: "b" # c\n- d', inWords: "x\n*/ y: z", why: "{{ !!js }} | > %\u0000" }));

    const { findings } = compile({ text: carryOverPlan(night.plan, hostile, registry), file: "next.yaml", inventory, registry });

    expect(findings.filter(({ severity, code }) => severity === "error" && code !== "open-question")).toEqual([]);
  });
});
