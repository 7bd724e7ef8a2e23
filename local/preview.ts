import { silentTelemetry } from "../shared/ports/telemetry.ts";
import type { Inventory } from "../shared/inventory/inventory.ts";
import type { CompiledPlan } from "../shared/plan/compiled.ts";
import { isoOf } from "../shared/ports/clock.ts";
import { START_LEAD_MS } from "../shared/run/due.ts";
import type { PlanPreview } from "../shared/run/preview.ts";
import { composeLocal } from "./compose.ts";
import { demoScene } from "./demo-world.ts";
import { memoryJournal } from "./memory-journal.ts";
import { memoryLocks } from "./memory-locks.ts";
import { memoryPlans } from "./memory-plans.ts";
import { directTransport } from "./transport.ts";
import { vendorsOf } from "./vendors.ts";

/** What a plan would do to the simulated vendors as they stand right before its window, by the production actions and connectors. */
export async function previewSimulated(plan: CompiledPlan, inventory: Inventory): Promise<PlanPreview> {
  const now = Date.parse(plan.window.opensAt) - START_LEAD_MS;
  const clock = { now: () => now };
  const plans = memoryPlans();
  await plans.put({ plan, by: "preview", at: isoOf(now) });
  const vendors = vendorsOf(demoScene({ inventory, plan }));
  const { conductor } = composeLocal({ clock, journal: memoryJournal(), locks: memoryLocks(), plans, telemetry: silentTelemetry, ...directTransport(vendors, clock) });
  return conductor.preview(plan.digest);
}
