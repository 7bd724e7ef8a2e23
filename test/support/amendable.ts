import { registryOf } from "../../shared/action/registry.ts";
import { loadInventory } from "../../shared/inventory/load.ts";
import { compile } from "../../shared/plan/compile.ts";
import type { CompiledPlan } from "../../shared/plan/compiled.ts";
import { printedFinding } from "../../shared/plan/finding.ts";
import { fakeVendor } from "./fake-vendor.ts";
import { sketchedRegistry } from "./plan-registry.ts";
import { INVENTORY_TEXT } from "./plan-text.ts";

/**
 * A window to amend, in UTC: park at 01:00 opens what start closes; first behind it; second from 02:00 and third from 03:00, which
 * Ann approves; last is nobody's need. Behind a barrier a look. The tickets of web hear of it.
 */
export const AMENDABLE = `plan: 1
window:
  title: A window
  date: 2024-12-08
  zone: America/New_York
  cutoff: Sun 12:00
  channels: [ops]
  owners: [Ann]
tickets: { start: It begins, end: It is over }
phases:
  - id: work
    title: Work
    changes:
      - id: web
        title: The web servers # stays through an amendment
        keys: [WEB-1]
        steps:
          - { id: park, at: Sat 20:00, action: fake.work, opens: { parked: the jobs are parked } }
          - { id: first, needs: park, action: fake.work }
          - { id: second, at: Sat 21:00, needs: first, action: fake.work }
          - { id: third, at: Sat 22:00, needs: first, action: fake.work, approval: [Ann] }
      - id: alone
        title: Stands alone
        steps:
          - { id: only, at: Sat 23:00, action: fake.work }
      - id: jobs
        title: Start the jobs
        steps:
          - { id: start, needs: [web.second, { step: web.third, as: end }], action: fake.work, always: true, closes: parked }
  - id: after
    title: After
    barrier: true
    changes:
      - id: look
        title: Look at it
        steps:
          - { id: www, action: fake.work }
          - { id: tell, needs: work, action: fake.work }
`;

/** The verbs of the plan language, and those of a vendor that is not there. */
export function amendableRegistry(): ReturnType<typeof registryOf> {
  const vendor = fakeVendor();
  return registryOf([...sketchedRegistry().actions, vendor.action("fake.work"), vendor.action("fake.hard", { without: ["cancel", "undo"], reversal: "nothing" })]);
}

/** A text as a plan; what is wrong with it is thrown. */
export function compiledPlan(text: string, inventory = INVENTORY_TEXT): CompiledPlan {
  const { plan, findings } = compile({ text, file: "plan.yaml", inventory: loadInventory(inventory, "inventory.yaml").inventory, registry: amendableRegistry() });
  if (plan === undefined) throw new Error(findings.map(printedFinding).join("\n"));
  return plan;
}
