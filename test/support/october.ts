import { readFileSync } from "node:fs";
import { registry } from "../../integrations/actions.ts";
import { demoScene, type Scenario } from "../../local/demo-world.ts";
import type { Scene } from "../../local/scene.ts";
import type { Inventory } from "../../shared/inventory/inventory.ts";
import { loadInventory } from "../../shared/inventory/load.ts";
import { compile } from "../../shared/plan/compile.ts";
import type { CompiledPlan } from "../../shared/plan/compiled.ts";

const textOf = (name: string): string => readFileSync(new URL(`../../plans/${name}.yaml`, import.meta.url), "utf8");

export interface October {
  readonly plan: CompiledPlan;
  readonly inventory: Inventory;
  /** The vendors as they stand before the window. */
  readonly scene: (scenario?: Scenario) => Scene;
}

/** October's window; or one whose files differ by these replacements, each of which must be there to replace. */
export function october({
  plan: ofPlan = {},
  inventory: ofInventory = {},
}: { plan?: Readonly<Record<string, string>>; inventory?: Readonly<Record<string, string>> } = {}): October {
  const { inventory, findings: wrong } = loadInventory(changed(textOf("inventory"), ofInventory), "inventory.yaml");
  const { plan, findings } = compile({ text: changed(textOf("2024-10-06"), ofPlan), file: "2024-10-06.yaml", inventory, registry });
  const errors = [...wrong, ...findings].filter(({ severity }) => severity === "error");
  if (plan === undefined || errors.length > 0) throw new Error(`October does not compile:\n${errors.map(({ message }) => message).join("\n")}`);
  return { plan, inventory, scene: (scenario = "usual") => demoScene({ inventory, plan, scenario }) };
}

function changed(text: string, replacements: Readonly<Record<string, string>>): string {
  return Object.entries(replacements).reduce((now, [from, to]) => {
    if (!now.includes(from)) throw new Error(`there is no «${from}» to replace`);
    return now.replaceAll(from, () => to);
  }, text);
}
