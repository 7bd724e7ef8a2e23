import { registry } from "../integrations/actions.ts";
import { Fault } from "../shared/fault/fault.ts";
import type { Inventory } from "../shared/inventory/inventory.ts";
import { loadInventory } from "../shared/inventory/load.ts";
import { compile } from "../shared/plan/compile.ts";
import type { CompiledPlan } from "../shared/plan/compiled.ts";
import { hasErrors, printedFinding, sortedFindings, type Finding } from "../shared/plan/finding.ts";
import { readText } from "./files.ts";

/** A plan file that compiles, with its text and what the compiler had to say. */
export interface LoadedPlan {
  readonly plan: CompiledPlan;
  readonly text: string;
  readonly inventory: Inventory;
  readonly findings: readonly Finding[];
}

/**
 * Reads and compiles a plan with its inventory.
 *
 * @throws Fault `invalid` with every finding when no plan comes out; `absent` when a file cannot be read.
 */
export function loadPlan(file: string, inventoryFile: string): LoadedPlan {
  const text = readText(file);
  const { inventory, findings: ofInventory, isLost } = loadInventory(readInventory(inventoryFile), inventoryFile);
  const { plan, findings: ofPlan } = isLost ? { findings: [] } : compile({ text, file, inventory, registry });
  const findings = sortedFindings([...ofInventory, ...ofPlan]);
  if (plan === undefined || hasErrors(findings))
    throw new Fault(
      "invalid",
      `${file} cannot be run:\n${findings
        .filter(({ severity }) => severity !== "info")
        .map(printedFinding)
        .join("\n")}`,
    );
  return { plan, text, inventory, findings };
}

function readInventory(file: string): string {
  try {
    return readText(file);
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.kind !== "absent") throw thrown;
    throw new Fault("absent", `the inventory ${thrown.message}; name it with --inventory`, { cause: thrown });
  }
}
