import { describe, expect, it } from "vitest";
import { loadPlan } from "../../cli/plan-file.ts";
import { agentsAt, stagesAt } from "../../integrations/azure-devops/simulated-run.ts";
import { demoScene } from "../../local/demo-world.ts";
import { rehearse, type Rehearsal } from "../../local/rehearse.ts";
import { isoOf } from "../../shared/ports/clock.ts";
import type { AbortMode } from "../../shared/run/facts.ts";
import { breachesOfAbort } from "../support/after-abort.ts";
import { breachesOf } from "../support/invariants.ts";

/**
 * The December window, aborted at instants all through the night. Which of them: every `NIGHTSHIFT_TEST_ABORT_EVERY` minutes in
 * every mode (a long test), or a few of each, chosen for what is under way then.
 */
const { plan, inventory } = loadPlan(new URL("../../plans/2024-12-08.yaml", import.meta.url).pathname, new URL("../../plans/inventory.yaml", import.meta.url).pathname);
const MINUTE = 60_000;
const OPENS = Date.parse(plan.window.opensAt);

interface Aborted {
  readonly rehearsal: Rehearsal;
  readonly scene: ReturnType<typeof demoScene>;
}

async function abortedAt(minutes: number, mode: AbortMode): Promise<Aborted> {
  const scene = demoScene({ inventory, plan, scenario: "usual" });
  const at = isoOf(OPENS + minutes * MINUTE);
  // Somebody comes back to a frozen night an hour later, and closes it up.
  const later = mode === "freeze" ? [{ at: isoOf(OPENS + (minutes + 60) * MINUTE), by: "Ben", decision: "abort", mode: "close" } as const] : [];
  return { scene, rehearsal: await rehearse({ plan, scene, decisions: [{ at, by: "Ada", decision: "abort", mode }, ...later] }) };
}

/** Pipeline runs of the window that had not ended when it had: read from the vendor's own world. */
function stillRunning({ scene, rehearsal }: Aborted): readonly string[] {
  const world = scene.worlds["azure-devops"];
  const now = Date.parse(rehearsal.endedAt);
  const ours = new Set(rehearsal.effects.flatMap(({ system, did, with: details }) => (system === "azure-devops" && did === "queued" ? [details?.["run"]] : [])));
  return world.runs
    .filter((run) => ours.has(run.id) && stagesAt(run, now, agentsAt(world, run)).some(({ state }) => state !== "completed"))
    .map(({ id, queuedAt }) => `run ${id}, queued at ${queuedAt}`);
}

const every = Number(process.env["NIGHTSHIFT_TEST_ABORT_EVERY"] ?? "0");
const LAST = 960;
const INSTANTS: readonly (readonly [AbortMode, number])[] =
  every > 0
    ? (["freeze", "finish", "close"] as const).flatMap((mode) => Array.from({ length: Math.floor(LAST / every) }, (_, nth) => [mode, nth * every] as const))
    : [
        ["close", 1],
        ["finish", 95],
        ["freeze", 531],
        ["close", 545],
        ["finish", 640],
        ["close", 700],
      ];

describe("the December window, aborted", () => {
  it.each(INSTANTS)(
    "%s, %i minutes after it opened: ends, closed up, and nothing begins after",
    async (mode, minutes) => {
      const aborted = await abortedAt(minutes, mode);
      const { entries, state } = aborted.rehearsal;

      expect(stillRunning(aborted)).toEqual([]);
      // Closing up is the stage that starts the jobs, the undo of what is open, and telling people.
      expect(breachesOfAbort({ plan, entries, ...(mode === "finish" ? {} : { longestMs: 61 * MINUTE }) })).toEqual([]);
      expect(breachesOf({ plan, ...aborted.rehearsal })).toEqual([]);
      if (mode === "close" && minutes === 545) expect(aborted.rehearsal.effects.filter(({ did }) => did === "cancelled").length).toBeGreaterThan(0);
      // One that comes when all is over is not accepted any more.
      expect(state.outcome).toBe(entries.some(({ fact }) => fact.type === "decision.made" && fact.decision === "abort") ? "aborted" : "well");
    },
    120_000,
  );
});
