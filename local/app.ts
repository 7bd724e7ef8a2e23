import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { entryFiles, importEntry } from "./app-files.ts";
import { collectInto, Registrations, runIn } from "./functions-core.ts";
import type { RegisteredFunction } from "./functions-core.ts";
import type { Binding, LogCategory, LogLevel, ProgrammingModel } from "./worker-protocol.ts";
import { setStreamProxy } from "./http-stream.ts";
import { Fault } from "../shared/fault/fault.ts";
import type { Clock } from "../shared/ports/clock.ts";

/** Where an app comes from: its directory, one file of it, or a callback that registers in this process. */
export type AppSource = string | (() => unknown);

export type FunctionKind = "http" | "timer" | "orchestration" | "activity" | "entity" | "unsupported";

export interface AppFunction extends RegisteredFunction {
  readonly name: string;
  readonly kind: FunctionKind;
  /** The binding whose type ends in «trigger». */
  readonly trigger: Binding;
  /** Names of the bindings that want the durable client's JSON. */
  readonly clientInputs: readonly string[];
}

export interface LogLine {
  readonly level: LogLevel;
  readonly category: LogCategory;
  readonly message: string;
  readonly functionName?: string;
  readonly invocationId?: string;
}

/** What a host gives its app. It may be set or changed after the app was loaded: a host has its port only later. */
export interface Surroundings {
  log: (line: LogLine) => void;
  /** JSON text of the durable client's binding (4.1). Absent: functions that want it fail with a sentence. */
  durableClient: string | undefined;
  /** The app's `functionTimeout` in milliseconds, on this clock; a function that took longer is named in an error. */
  limit: { readonly clock: Clock; readonly functionTimeoutMs: number } | undefined;
  /** Part of every invocation id, so that two hosts, or two lives of one, do not share them. */
  seed: string;
}

export interface LoadedApp {
  /** Absolute; for a callback the working directory. */
  readonly directory: string;
  readonly functions: readonly AppFunction[];
  readonly registrations: Registrations;
  /** Shared by all hooks of the app (1.2). */
  readonly appHookData: Record<string, unknown>;
  readonly surroundings: Surroundings;
  /** Runs the `appTerminate` hooks, once. */
  stop(): Promise<void>;
}

/**
 * Loads a Functions app (v4 model), unmodified, and runs its `appStart` hooks. From then on it takes no functions.
 *
 * A directory is loaded as Azure does: every file that `main` of its package.json matches, by `import` or
 * `require`. Module bodies run once per process: the same files loaded again share module state with the first
 * time. A callback registers with `app.*` and `df.app.*` as a module body would, every time it is called.
 *
 * @throws Fault `invalid` when nothing is there to load or a file throws; `conflict` for two functions of one id.
 */
export async function loadApp(source: AppSource): Promise<LoadedApp> {
  if (typeof source === "function") return collectApp(source);
  const path = resolve(source);
  const directory = appDirectory(path);
  const files = directory === path ? entryFiles(directory) : [path];
  const key = files.join("\n");
  const before = loadedBefore.get(key);
  const registrations = before?.copy() ?? new Registrations();
  if (before === undefined) {
    await collectInto(registrations, async () => {
      for (const file of files) {
        registrations.entryPoint = file;
        await importEntry(file, directory);
      }
    });
    registrations.entryPoint = undefined;
    if (registrations.functions.size === 0)
      throw new Fault("invalid", `${files.join(", ")} registered no functions; is "main" of package.json reaching every file that calls app.*?`);
    loadedBefore.set(key, registrations.copy());
    await readCapabilities(registrations);
  }
  return started(registrations, directory);
}

/** The app that `register` registers in this process, by the same calls as a module body. */
export async function collectApp(register: () => unknown): Promise<LoadedApp> {
  const registrations = new Registrations();
  let streams = false;
  registrations.log = (_level, category, message) => (streams ||= category === "system" && message === "HTTP streaming enabled.");
  await collectInto(registrations, register);
  // Capabilities are not read here: that would lock `app.setup` for the next app of this process. Without them
  // the library's proxy never opens, and a request would wait for ever.
  if (streams)
    throw new Fault("invalid", "an app that is registered by a callback cannot stream; take app.setup({ enableHttpStream: true }) away, or load its files by loadApp(directory)");
  // The library asks once for the host's module, and works in silence without it if that was before any app was loaded.
  if (registrations.functions.size === 0)
    throw new Fault(
      "invalid",
      "the callback registered no functions; if app.* was called in this process before an app was loaded, @azure/functions has gone into its test mode for good: load apps first",
    );
  return started(registrations, process.cwd());
}

/** Module bodies run once, so what they registered the first time is kept for the second. */
const loadedBefore = new Map<string, Registrations>();

/** Library copies whose capabilities were read; reading locks their `app.setup`, and opens their stream proxy. */
const asked = new WeakSet<ProgrammingModel>();

async function readCapabilities(registrations: Registrations): Promise<void> {
  for (const model of registrations.models) {
    if (asked.has(model)) continue;
    asked.add(model);
    const capabilities = await model.getCapabilities({ ...WORKER_CAPABILITIES });
    if (capabilities["HttpUri"] !== undefined) setStreamProxy(model, capabilities["HttpUri"]);
  }
}

const WORKER_CAPABILITIES = Object.fromEntries(
  [
    "RawHttpBodyBytes",
    "RpcHttpTriggerMetadataRemoved",
    "RpcHttpBodyOnly",
    "IgnoreEmptyValuedRpcHttpHeaders",
    "UseNullableValueDictionaryForHttp",
    "WorkerStatus",
    "TypedDataCollection",
    "HandlesWorkerTerminateMessage",
  ].map((name) => [name, "true"]),
);

async function started(registrations: Registrations, directory: string): Promise<LoadedApp> {
  const appHookData: Record<string, unknown> = {};
  const hookData: Record<string, unknown> = {};
  const surroundings: Surroundings = { log: () => {}, durableClient: undefined, limit: undefined, seed: "" };
  registrations.log = (level, category, message) => surroundings.log({ level, category, message });
  for (const hook of registrations.hooks("appStart")) await runIn(registrations, async () => hook({ hookData, appHookData, functionAppDirectory: directory } as never));
  registrations.seal();
  let stopped = false;
  return {
    directory,
    functions: [...registrations.functions.values()].map(described),
    registrations,
    appHookData,
    surroundings,
    async stop() {
      if (stopped) return;
      stopped = true;
      for (const hook of registrations.hooks("appTerminate")) await runIn(registrations, async () => hook({ hookData, appHookData } as never));
    },
  };
}

function described(registered: RegisteredFunction): AppFunction {
  const { name, bindings } = registered.metadata;
  const trigger = Object.values(bindings).find(({ type }) => /trigger$/i.test(type));
  if (trigger === undefined) throw new Fault("invalid", `function "${name}" has no trigger; its bindings are ${Object.keys(bindings).join(", ") || "none"}`);
  const clientInputs = Object.entries(bindings)
    .filter(([, { type }]) => CLIENT_TYPES.has(type))
    .map(([key]) => key);
  return { ...registered, name, trigger, kind: KINDS[trigger.type.toLowerCase()] ?? "unsupported", clientInputs };
}

const CLIENT_TYPES = new Set(["durableClient", "orchestrationClient"]);

const KINDS: Readonly<Record<string, FunctionKind>> = {
  httptrigger: "http",
  timertrigger: "timer",
  orchestrationtrigger: "orchestration",
  activitytrigger: "activity",
  entitytrigger: "entity",
};

/**
 * The root of the app at `path`: the directory itself, or the nearest folder above a file that has a host.json or
 * package.json, else the file's own.
 *
 * @throws Fault `absent` when there is nothing.
 */
export function appDirectory(path: string): string {
  if (!existsSync(path)) throw new Fault("absent", `${path} does not exist; name the app's directory or one of its files`);
  if (!statSync(path).isFile()) return path;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "host.json")) || existsSync(join(folder, "package.json"))) return folder;
    if (dirname(folder) === folder) return dirname(path);
  }
}

/** JSON of a file in the app's directory, or undefined where there is none. @throws Fault `invalid` for malformed JSON. */
export function readAppJson(directory: string, name: string): unknown {
  const path = join(directory, name);
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, "utf8").replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw new Fault("invalid", `${path} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
