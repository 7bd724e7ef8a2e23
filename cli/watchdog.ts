import { createInterface } from "node:readline";
import { join, resolve } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { startAzurite } from "../local/azurite.ts";
import { servedIn } from "../local/outdoors.ts";
import { realClock } from "../local/real-clock.ts";
import { localKennel } from "../local/watchdog.ts";
import { Fault } from "../shared/fault/fault.ts";
import { watch } from "../shared/run/watch.ts";

const LOOK_EVERY_MS = 60_000;

interface WatchdogOptions {
  readonly app: string;
  readonly vendors: string;
  readonly appPrefix: string;
  readonly data: string;
  readonly tables?: string;
  readonly prefix: string;
  readonly pager?: string;
  readonly clock: "real" | "stdin";
}

/** Registers `nightshift watchdog`: the watchdog as a process of its own, beside the app it watches. */
export function watchdogCommand(program: Command): void {
  program
    .command("watchdog")
    .description("look every minute whether each kickoff really happened: tell, start, page; a process of its own, with tables of its own")
    .requiredOption("--app <origin>", "where the app answers, e.g. http://127.0.0.1:7171", address)
    .option("--vendors <folder>", "vendors.json there says where the simulated vendors and the app's tables are", ".nightshift/vendors")
    .option("--app-prefix <prefix>", "what the names of the app's tables begin with", "nightshift")
    .option("--data <folder>", "where its own tables are kept, in an Azurite of its own", ".nightshift/watchdog")
    .option("--tables <connection>", "connection string of its own tables, instead of an Azurite of its own")
    .option("--prefix <prefix>", "what the names of its own tables begin with", "watchdog")
    .option("--pager <url>", "webhook that pages go to; without it they are only printed", address)
    .addOption(
      new Option("--clock <kind>", "real: looks every minute; stdin: at each instant that it is given, one line each (UTC ISO)").choices(["real", "stdin"]).default("real"),
    )
    .addHelpText("after", "\nKeys of the app's door, if it asks for them, are read from NIGHTSHIFT_FUNCTION_KEY and NIGHTSHIFT_WATCHDOG_KEY.")
    .action(run);
}

function address(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) throw new InvalidArgumentError("Expected an address such as http://127.0.0.1:7171.");
  return text;
}

async function run(options: WatchdogOptions): Promise<void> {
  const outdoors = servedIn(resolve(options.vendors));
  if (outdoors === undefined)
    throw new Fault("absent", `nobody serves vendors from ${options.vendors}: start them with nightshift serve-vendors, or name their folder with --vendors`);
  const own = options.tables === undefined ? await startAzurite({ folder: join(resolve(options.data), "tables"), port: 0 }) : undefined;
  let now = 0;
  const real = realClock();
  const { NIGHTSHIFT_FUNCTION_KEY: functionKey, NIGHTSHIFT_WATCHDOG_KEY: machineKey } = process.env;
  const kennel = localKennel({
    clock: options.clock === "real" ? real : { now: () => now },
    app: options.app,
    vendors: outdoors.simulatorsOrigin,
    tables: { connection: options.tables ?? own?.connectionString ?? "", prefix: options.prefix },
    appTables: { connection: outdoors.azuriteConnection, prefix: options.appPrefix },
    say: (line) => print(line),
    ...(options.pager === undefined ? {} : { pager: options.pager }),
    ...(functionKey === undefined ? {} : { functionKey }),
    ...(machineKey === undefined ? {} : { machineKey }),
  });
  try {
    if (options.clock === "real") await everyMinute(() => watch(kennel));
    else {
      print("ready");
      for await (const line of createInterface({ input: process.stdin })) {
        now = instantOf(line);
        await watch(kennel);
        print(`looked at ${line.trim()}`);
      }
    }
  } finally {
    real.close();
    await own?.close();
  }
}

/** Looks until someone interrupts; a look that takes longer than a minute delays the next. */
async function everyMinute(look: () => Promise<void>): Promise<void> {
  const stopped = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopped.abort());
  while (!stopped.signal.aborted) {
    await look();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LOOK_EVERY_MS);
      stopped.signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
    });
  }
}

function instantOf(line: string): number {
  const at = Date.parse(line.trim());
  if (Number.isNaN(at)) throw new Fault("invalid", `${JSON.stringify(line.slice(0, 100))} is no instant; expected UTC ISO, such as 2024-12-08T01:00:00.000Z`);
  return at;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
