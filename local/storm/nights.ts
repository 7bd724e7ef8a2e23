import { registry } from "../../integrations/actions.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { loadInventory } from "../../shared/inventory/load.ts";
import { compile } from "../../shared/plan/compile.ts";
import { hasErrors, printedFinding } from "../../shared/plan/finding.ts";
import { demoScene, type Scenario } from "../demo-world.ts";
import { sceneOf } from "../scene.ts";
import type { Night } from "./window.ts";

/** What a storm blows over: texts, so that every worker can read them for itself. */
export interface NightSources {
  readonly plan: { readonly text: string; readonly file: string };
  readonly inventory: { readonly text: string; readonly file: string };
  /** The vendors' worlds as JSON, in the place of those made from the inventory. */
  readonly world?: string;
  readonly scenario: Scenario;
}

/**
 * The night that was planned, and the same plan on the nearest nights on which the clocks go back and forward: left out where it
 * does not compile for them, e.g. because it names a time that does not exist then.
 *
 * @throws Fault `invalid` with the findings when the plan itself does not compile.
 */
export function nightsOf({ plan: source, inventory: from, world, scenario }: NightSources): readonly [Night, ...Night[]] {
  const { inventory, findings, isLost } = loadInventory(from.text, from.file);
  const nightOn = (text: string): Night | string => {
    const { plan, findings: ofPlan } = isLost ? { findings: [] } : compile({ text, file: source.file, inventory, registry });
    const all = [...findings, ...ofPlan];
    if (plan === undefined || hasErrors(all))
      return all
        .filter(({ severity }) => severity === "error")
        .map(printedFinding)
        .join("\n");
    return {
      plan,
      text,
      isUsual: world === undefined && scenario === "usual",
      scene: () => (world === undefined ? demoScene({ inventory, plan, scenario }) : sceneOf(JSON.parse(world))),
    };
  };
  const planned = nightOn(source.text);
  if (typeof planned === "string") throw new Fault("invalid", `${source.file} cannot be run:\n${planned}`);
  const { date, zone } = planned.plan.window;
  const others = changesOfClocks(date, zone).flatMap((other) => {
    const night = other === date ? "the same" : nightOn(source.text.replaceAll(date, other));
    return typeof night === "string" ? [] : [night];
  });
  return [planned, ...others];
}

const DAY_MS = 86_400_000;

/** Sundays within a year after `date` on which the zone's offset changes. */
function changesOfClocks(date: string, zone: string): readonly string[] {
  const start = Date.parse(`${date}T12:00:00Z`);
  const days = Array.from({ length: 366 }, (_, nth) => start + nth * DAY_MS);
  const offset = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  const nameAt = (ms: number): string => offset.formatToParts(ms).find(({ type }) => type === "timeZoneName")?.value ?? "";
  return days.filter((ms) => nameAt(ms) !== nameAt(ms - DAY_MS)).map((ms) => new Date(ms).toISOString().slice(0, 10));
}
