import { registry } from "../integrations/actions.ts";
import type { Inventory } from "../shared/inventory/inventory.ts";
import { loadInventory } from "../shared/inventory/load.ts";
import { compile } from "../shared/plan/compile.ts";
import type { CompiledPlan } from "../shared/plan/compiled.ts";
import { printedFinding } from "../shared/plan/finding.ts";

const PER_CHANGE = 100;

/** A plan and its inventory as text, of any size: chains of ten steps that look at a site, or one step over many sites. */
export function textsOf({ steps, targets }: { readonly steps: number; readonly targets: number }): { readonly plan: string; readonly inventory: string } {
  const names = Array.from({ length: Math.max(targets, 10) }, (_, n) => `site${n}`);
  const inventory = `inventory: 1
subscriptions: { Prod: 3b1f6c0a-5d7e-4c2b-9a51-0e8f7d6c5b4a }
person:
  Ann: { slackId: U1, email: ann@example.com }
channel:
  ops: { id: C1 }
site:
${names.map((name) => `  ${name}: { url: "https://${name}.example.com/" }`).join("\n")}
groups:
  all: { kind: site, members: [${names.slice(0, Math.max(targets, 1)).join(", ")}] }
`;
  const step = (n: number): string =>
    `${n % PER_CHANGE === 0 ? `      - id: c${n / PER_CHANGE}\n        title: Change ${n / PER_CHANGE}\n        steps:\n` : ""}          - { id: s${n}, action: web.check, targets: ${targets > 0 ? "all" : names[n % names.length]}, ${n % 10 === 0 ? "at: Sat 20:00" : `needs: c${Math.floor(n / PER_CHANGE)}.s${n - 1}`} }`;
  const plan = `plan: 1
window:
  title: A window of ${steps} steps
  date: 2024-12-08
  zone: America/New_York
  cutoff: Sun 12:00
  channels: [ops]
  owners: [Ann]
phases:
  - id: work
    title: Work
    changes:
${Array.from({ length: steps }, (_, n) => step(n)).join("\n")}
`;
  return { plan, inventory };
}

/** @throws Error with the findings when the texts do not compile. */
export function compiledFrom(texts: { readonly plan: string; readonly inventory: string }): { readonly plan: CompiledPlan; readonly inventory: Inventory } {
  const { inventory } = loadInventory(texts.inventory, "inventory.yaml");
  const { plan, findings } = compile({ text: texts.plan, file: "plan.yaml", inventory, registry });
  if (plan === undefined) throw new Error(`the measured plan does not compile:\n${findings.slice(0, 5).map(printedFinding).join("\n")}`);
  return { plan, inventory };
}
