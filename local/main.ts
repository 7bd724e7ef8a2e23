import { join, relative, resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { fileInFolderToWrite, folderToWrite } from "../cli/files.ts";
import { wholeNumber } from "../cli/numbers.ts";
import { loadPlan } from "../cli/plan-file.ts";
import { exitCodeOf, outliveReaders } from "../cli/program.ts";
import { demoScene, SCENARIOS, type Scenario } from "./demo-world.ts";
import { writeOutput } from "./output.ts";
import { progressOn } from "./progress.ts";
import { runWindow } from "./run-window.ts";
import { PROJECT } from "./settings.ts";

/** Gaps of the night pass this many times as fast: with the work itself, fifteen hours take about a minute. */
const USUAL_SPEED = 2_400;

interface StartOptions {
  readonly plan: string;
  readonly inventory: string;
  readonly scenario: Scenario;
  readonly speed: number;
  readonly port: number;
  readonly data: string;
  readonly out: string;
  readonly stay?: boolean;
  readonly fresh?: boolean;
  readonly record?: string;
}

/**
 * `npm start`: runs a window on this machine, from start to report. Exit code 0 if it ended well, 1 if not, 2 if the plan has
 * errors. Killed at any moment and started again, it goes on where it was.
 */
async function main(argv: readonly string[]): Promise<number> {
  const options = optionsOf(argv);
  const planFile = resolve(options.plan);
  const { plan, text, inventory } = loadPlan(planFile, resolve(options.inventory));
  const scene = demoScene({ inventory, plan, scenario: options.scenario });
  const progress = progressOn(process.stdout);
  // What is said while a picture is shown stands above the next one.
  const say = (line: string): void => {
    progress.close();
    process.stdout.write(`${line}\n`);
  };

  const { promise: interrupted, resolve: interrupt } = Promise.withResolvers<void>();
  process.once("SIGINT", () => interrupt());
  process.once("SIGTERM", () => interrupt());
  const state = await runWindow({
    plan,
    text,
    file: options.plan,
    scene,
    scenario: options.scenario,
    speed: options.speed,
    port: options.port,
    folder: resolve(options.data),
    resume: options.fresh !== true,
    interrupted,
    ...(options.record === undefined ? {} : { record: resolve(options.record) }),
    say,
    look: (current, now) => progress.show(current, now),
    async ended(_state, entries, now) {
      progress.close();
      for (const file of await writeOutput(resolve(options.out), plan, entries, now)) say(`report: ${relative(process.cwd(), file)}`);
      if (options.stay === true) {
        say("still serving; Ctrl-C ends it");
        await interrupted;
      }
    },
  });
  return state.outcome === "well" ? 0 : 1;
}

function optionsOf(argv: readonly string[]): StartOptions {
  return new Command("npm start --")
    .exitOverride()
    .description("Runs a maintenance window on this machine against simulated vendors, from its first kickoff to its report.")
    .option("--plan <file>", "the plan", join(PROJECT, "plans/2024-12-08.yaml"))
    .option("--inventory <file>", "the team's inventory", join(PROJECT, "plans/inventory.yaml"))
    .addOption(
      new Option(
        "--scenario <name>",
        Object.entries(SCENARIOS)
          .map(([name, what]) => `${name}: ${what}`)
          .join("; "),
      )
        .choices(Object.keys(SCENARIOS))
        .default("usual"),
    )
    .option("--speed <factor>", "how many times as fast time passes while nothing runs", positive, USUAL_SPEED)
    .option("--port <number>", "port of the API on 127.0.0.1; another is taken if it is in use", wholeNumber(0, 65_535), 7171)
    .option("--data <folder>", "where tables, worlds and the task hub are kept", folderToWrite, join(PROJECT, ".nightshift"))
    .option("--out <folder>", "where reports are written", folderToWrite, join(PROJECT, "out"))
    .option("--record <file>", "write every exchange with a vendor there, one JSON line each", fileInFolderToWrite)
    .option("--fresh", "begin anew, even if a window was begun here and has not ended")
    .option("--stay", "keep serving the API after the window has ended")
    .parse(argv, { from: "user" })
    .opts<StartOptions>();
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError("Expected a number above 0, such as 2400.");
  return value;
}

outliveReaders();
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (thrown) {
  process.exitCode = exitCodeOf(thrown);
}
