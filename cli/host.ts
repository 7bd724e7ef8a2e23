import { mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import type { Command } from "commander";
import { logText, startLines } from "./host-lines.ts";
import { appDirectory, loadApp } from "../local/app.ts";
import { readLocalSettings } from "../local/app-settings.ts";
import type { Strictness } from "../local/durable/hub.ts";
import { createHost } from "../local/harness.ts";
import type { LocalHost } from "../local/harness.ts";
import { readHostJson } from "../local/host-json.ts";
import type { HostKeys } from "../local/http-keys.ts";
import { realClock } from "../local/real-clock.ts";
import { serveApp } from "../local/serve-app.ts";
import type { ServedApp } from "../local/serve-app.ts";
import { fileTimerStatuses, memoryTimerStatuses } from "../local/timer-status.ts";
import { Fault } from "../shared/fault/fault.ts";
import { wholeNumber } from "./numbers.ts";

interface HostOptions {
  readonly app: string;
  readonly store: "memory" | { readonly file: string | undefined };
  readonly clock: "real" | "virtual" | number;
  readonly port: number;
  readonly strict?: boolean;
  readonly faithful?: boolean;
  readonly startAt?: number;
  readonly timeZone: string;
  readonly timers: boolean;
  readonly requireKeys?: boolean;
}

/** Registers `nightshift host`: runs any Functions v4 app whose triggers are HTTP, timer and durable ones. */
export function hostCommand(program: Command): void {
  program
    .command("host")
    .description("run an Azure Functions app (v4, HTTP, timer and durable triggers) on this machine, without Azure")
    .requiredOption("--app <path>", "the app's directory (its package.json names the files) or one file")
    .option("--store <kind>", "where instances live: memory, or file[:PATH] to resume after a restart", storeOf, "memory")
    .option("--clock <kind>", "real, virtual (jumps when nothing can run), or a speed such as 60", clockOf, "real")
    .option("--port <number>", "port on 127.0.0.1; 0 takes a free one", wholeNumber(0, 65_535), 7071)
    .addOption(
      new Option(
        "--strict",
        "refuse, with an explanation, whatever could hang or get lost in Azure; without it, what published samples do nevertheless is run and noticed",
      ).conflicts("faithful"),
    )
    .addOption(new Option("--faithful", "do as Azure does, in silence, hangs and losses included"))
    .option("--start-at <instant>", "where a virtual clock begins, e.g. 2024-12-07T20:00:00-05:00", instantOf)
    .option("--time-zone <zone>", "IANA zone of timer schedules", zoneOf, "UTC")
    .option("--no-timers", "load timer triggers, but fire them only by POST /admin/functions/NAME")
    .option("--require-keys", "ask callers for keys: NIGHTSHIFT_MASTER_KEY, NIGHTSHIFT_FUNCTION_KEY, NIGHTSHIFT_DURABLE_KEY")
    .action(run);
}

async function run(options: HostOptions): Promise<void> {
  const path = resolve(options.app);
  const directory = appDirectory(path);
  Object.assign(process.env, readLocalSettings(directory, process.env));
  const hostJson = readHostJson(directory, process.env);
  const strict: Strictness = options.faithful === true ? false : options.strict === true ? true : "tolerant";
  const keys = options.requireKeys === true ? keysOf(process.env) : undefined;
  const app = await loadApp(path);
  const file = options.store === "memory" ? undefined : resolve(options.store.file ?? join(app.directory, ".nightshift", `${hostJson.hubName}.sqlite`));
  if (file !== undefined) mkdirSync(dirname(file), { recursive: true });
  const host = await createHost({
    app,
    store: file === undefined ? "memory" : { file },
    clock: options.clock,
    strict,
    hubName: hostJson.hubName,
    overridableExistingInstanceStates: hostJson.overridableExistingInstanceStates,
    startAt: options.startAt ?? realClock().now(),
    onNotice: ({ rule, instanceId, text }) => app.surroundings.log({ level: "warning", category: "system", message: `${instanceId}: ${text} (${rule})` }),
  });
  const { clock } = host;
  app.surroundings.log = (line) => void process.stdout.write(`${logText(line, clock.now())}\n`);
  app.surroundings.seed = String(clock.now());
  const served = await serveApp({
    app,
    hub: host.hub,
    clock,
    hostJson,
    port: options.port,
    timersRun: options.timers,
    timersFollow: options.clock === "virtual",
    timerZone: options.timeZone,
    timerStatuses: file === undefined ? memoryTimerStatuses() : fileTimerStatuses(`${file}.timers.json`),
    ...(keys === undefined ? {} : { keys }),
  }).catch(async (cause: unknown) => {
    await host.close();
    // What the app opened by itself, a streaming proxy for one, must not keep a failed start alive.
    setTimeout(() => process.exit(), 200).unref();
    throw cause;
  });
  const about = [
    `hub ${hostJson.hubName}`,
    `store ${file ?? "memory"}`,
    `clock ${String(options.clock)}`,
    strict === false ? "faithful" : strict === true ? "strict" : "tolerant",
  ].join(", ");
  for (const line of startLines(app, served, about)) process.stdout.write(`${line}\n`);
  const pulse = options.clock === "virtual" ? letTimePass(host, options.timers ? served.timers : []) : undefined;
  await signalled();
  clearInterval(pulse);
  process.stdout.write("stopping: taking no more work\n");
  await served.close();
  await app.stop();
  await host.close();
  process.exit(0);
}

/** Real milliseconds between two runs of the timers when nothing but timers is left to wait for. */
const PULSE_MS = 1_000;

/**
 * Lets virtual time jump whenever nothing can run. While orchestrations wait, from one thing they wait for to the
 * next; with timer triggers alone, which never end, one occurrence a second, so that a person can follow.
 */
function letTimePass(host: LocalHost, timers: ServedApp["timers"]): NodeJS.Timeout {
  host.letTimePass();
  return setInterval(() => {
    const next = Math.min(...timers.map((timer) => timer.next()));
    if (Number.isFinite(next) && next > host.clock.now()) void host.advanceTo(next);
  }, PULSE_MS);
}

/** Resolves at the first SIGINT or SIGTERM; the second ends the process on the spot. */
function signalled(): Promise<void> {
  return new Promise((stop) => {
    let asked = false;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        if (asked) process.exit(130);
        asked = true;
        stop();
      });
    }
  });
}

function keysOf(environment: Readonly<Record<string, string | undefined>>): HostKeys {
  const key = (name: string): string => {
    const value = environment[name];
    if (value === undefined || value === "") throw new Fault("invalid", `--require-keys needs ${name} in the environment`);
    return value;
  };
  return { master: key("NIGHTSHIFT_MASTER_KEY"), function: key("NIGHTSHIFT_FUNCTION_KEY"), durable: key("NIGHTSHIFT_DURABLE_KEY") };
}

function storeOf(text: string): HostOptions["store"] {
  if (text === "memory") return "memory";
  if (text === "file") return { file: undefined };
  if (text.startsWith("file:") && text.length > 5) return { file: text.slice(5) };
  throw new InvalidArgumentError("Expected memory, file or file:PATH.");
}

function clockOf(text: string): HostOptions["clock"] {
  if (text === "real" || text === "virtual") return text;
  const speed = Number(text);
  if (!(speed > 0) || !Number.isFinite(speed)) throw new InvalidArgumentError("Expected real, virtual, or a speed above 0 such as 60.");
  return speed;
}

function zoneOf(text: string): string {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: text }).resolvedOptions().timeZone && text;
  } catch {
    throw new InvalidArgumentError("Expected an IANA zone such as America/New_York.");
  }
}

function instantOf(text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at) || !/(Z|[+-]\d\d:?\d\d)$/.test(text)) throw new InvalidArgumentError("Expected an ISO instant with its offset, such as 2024-12-07T20:00:00-05:00.");
  return at;
}
