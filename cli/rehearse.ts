import { appendFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { demoScene, SCENARIOS, type Scenario } from "../local/demo-world.ts";
import { writeOutput } from "../local/output.ts";
import { rehearse } from "../local/rehearse.ts";
import { sceneOf, type Scene } from "../local/scene.ts";
import { PROJECT } from "../local/settings.ts";
import { Fault } from "../shared/fault/fault.ts";
import { reportOf } from "../shared/run/report.ts";
import { reportHtml } from "../shared/run/report-html.ts";
import { reportJson } from "../shared/run/report-json.ts";
import { reportMarkdown } from "../shared/run/report-markdown.ts";
import { loadPlan, readText } from "./plan-file.ts";

interface RehearseOptions {
  readonly inventory: string;
  readonly scenario: Scenario;
  readonly world?: string;
  readonly record?: string;
  readonly out?: string;
  readonly format: "text" | "json" | "html";
}

const RENDERERS = { text: reportMarkdown, json: reportJson, html: reportHtml } as const;

/** Registers `nightshift rehearse`: the whole window in virtual time, against simulated vendors and people. */
export function rehearseCommand(program: Command): void {
  program
    .command("rehearse")
    .description("run a window in virtual time against simulated vendors; prints its report; exit code 0 only if it ended well")
    .argument("<plan>", "the plan")
    .option("--inventory <file>", "the team's inventory", `${PROJECT}plans/inventory.yaml`)
    .addOption(new Option("--scenario <name>", "what befalls the simulated vendors").choices(Object.keys(SCENARIOS)).default("usual"))
    .option("--world <file>", "the vendors' worlds as JSON, instead of those made from the inventory")
    .option("--record <file>", "write every exchange with a vendor there, one JSON line each")
    .option("--out <folder>", "also write reports, tracking workbook and compiled plan there, in a folder named after the window")
    .addOption(new Option("--format <format>", "how the report is printed").choices(Object.keys(RENDERERS)).default("text"))
    .action(run);
}

async function run(file: string, options: RehearseOptions): Promise<void> {
  const { plan, inventory } = loadPlan(resolve(file), resolve(options.inventory));
  const scene = options.world === undefined ? demoScene({ inventory, plan, scenario: options.scenario }) : readScene(options.world);
  if (options.record !== undefined) writeFileSync(options.record, "");
  const { record } = options;
  const { state, entries, endedAt } = await rehearse({ plan, scene, ...(record === undefined ? {} : { record: (line: string) => appendFileSync(record, `${line}\n`) }) });
  if (options.out !== undefined) await writeOutput(resolve(options.out), plan, entries, Date.parse(endedAt));
  process.stdout.write(`${RENDERERS[options.format](reportOf(plan, entries, Date.parse(endedAt)))}\n`);
  process.exitCode = state.outcome === "well" ? 0 : 1;
}

function readScene(file: string): Scene {
  try {
    return sceneOf(JSON.parse(readText(file)));
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw new Fault("invalid", `the world ${file} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
