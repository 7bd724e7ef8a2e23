import { loadPlan } from "../cli/plan-file.ts";
import { demoScene } from "../local/demo-world.ts";
import { memoryJournal } from "../local/memory-journal.ts";
import { rehearse } from "../local/rehearse.ts";
import type { Journal } from "../shared/run/journal.ts";
import { compiledFrom, textsOf } from "./plans.ts";

/**
 * A rehearsal as a process of its own: `node rehearse-child.ts 2024-12-08`, or `node rehearse-child.ts STEPS TARGETS`. Prints a
 * line of JSON: how the window ended and when, what it asked of the journal, and what the process took.
 */
const [what = "2024-12-08", targets = "0"] = process.argv.slice(2);
const folder = new URL("../plans/", import.meta.url).pathname;
const { plan, inventory } = what.includes("-")
  ? loadPlan(`${folder}${what}.yaml`, `${folder}inventory.yaml`)
  : compiledFrom(textsOf({ steps: Number(what), targets: Number(targets) }));

let journalCalls = 0;
const journal = memoryJournal();
const counted: Journal = Object.fromEntries(
  Object.entries(journal).map(([name, call]) => [name, (...given: unknown[]) => (journalCalls++, (call as (...args: unknown[]) => unknown)(...given))]),
) as unknown as Journal;

const begun = performance.now();
const { state, endedAt, longestHistory } = await rehearse({ plan, scene: demoScene({ inventory, plan }), journal: counted });
const rehearsedMs = performance.now() - begun;
const { user, system } = process.cpuUsage();
process.stdout.write(
  `${JSON.stringify({ outcome: state.outcome, endedAt, events: longestHistory().events, targets: plan.steps.reduce((sum, step) => sum + step.targets.length, 0), journalCalls, rehearsedMs, cpuMs: (user + system) / 1_000, peakMiB: process.resourceUsage().maxRSS / 1_024 })}\n`,
);
