import { createHash } from "node:crypto";
import { types } from "node:util";
import type { AppFunction, LoadedApp, Surroundings } from "./app.ts";
import type { Invoker, Standing } from "./durable/hub.ts";
import { watchCalls } from "./durable/unyielded.ts";
import { callDirectly, isPlain } from "./direct-invocation.ts";
import { runIn } from "./functions-core.ts";
import type { HookCallback } from "./functions-core.ts";
import type { Binding, CoreInvocationContext, InvocationResponse, LogCategory, LogLevel, TypedData } from "./worker-protocol.ts";
import { standingOrchestrator } from "./standing-orchestrator.ts";
import { activityInput, plainText, resultJson } from "./typed-data.ts";
import { Fault } from "../shared/fault/fault.ts";

/** What one invocation is given: its trigger's value and what the host knows about it. */
export interface Call {
  /** Derived unless given. */
  readonly invocationId?: string;
  readonly trigger: TypedData;
  readonly triggerMetadata?: Readonly<Record<string, TypedData>>;
  readonly traceContext?: CoreInvocationContext["request"]["traceContext"];
  readonly retryContext?: CoreInvocationContext["request"]["retryContext"];
  /** Sees the invocation context before any hook and the handler do. */
  readonly prepare?: (context: object) => void;
}

/**
 * Invokes one function through @azure/functions' own invocation model: arguments, pre-hooks, handler,
 * post-hooks, response, in the order of 1.5. Invocations may overlap.
 *
 * @throws whatever the handler or a hook threw, made an `Error` if it was none (1.5).
 */
export async function invoke(
  app: LoadedApp,
  fn: AppFunction,
  call: Call,
  surroundings: Surroundings = app.surroundings,
): Promise<InvocationResponse & { readonly returnedNothing: boolean }> {
  return runIn(app.registrations, async () => {
    const begunMs = surroundings.limit?.clock.now();
    try {
      return await walk(app, fn, call, surroundings);
    } catch (thrown) {
      throw errorOf(thrown);
    } finally {
      if (begunMs !== undefined) tellOverrun(fn, surroundings, begunMs);
    }
  });
}

/** Azure would have ended the function and restarted the worker, with everything else that ran in it (G14). */
function tellOverrun(fn: AppFunction, { limit, log }: Surroundings, begunMs: number): void {
  const tookMs = (limit?.clock.now() ?? begunMs) - begunMs;
  if (limit === undefined || tookMs <= limit.functionTimeoutMs) return;
  log({
    level: "error",
    category: "system",
    functionName: fn.name,
    message: `function "${fn.name}" took ${tookMs} ms; functionTimeout in host.json is ${limit.functionTimeoutMs} ms, after which Azure ends it and restarts the worker`,
  });
}

async function walk(app: LoadedApp, fn: AppFunction, call: Call, surroundings: Surroundings): Promise<InvocationResponse & { readonly returnedNothing: boolean }> {
  const hookData: Record<string, unknown> = {};
  let invocationContext: unknown;
  const core = coreContext(fn, call, surroundings, (level, category, message) => {
    log(app, surroundings, core, hookData, invocationContext, { level, category, message });
  });
  const model = fn.model.getInvocationModel(core);
  const args = await model.getArguments();
  call.prepare?.(args.context as object);
  invocationContext = args.context;
  const fixed = { hookData, appHookData: app.appHookData, invocationContext: args.context };
  /** What hooks see; nobody looks at it, and so nothing is guarded, where there are none. */
  const shownTo = <Open extends object>(hooks: readonly HookCallback[], open: Open): Open => (hooks.length === 0 ? open : withFixed(fixed, open));

  core.state = "preInvocationHooks";
  const preHooks = app.registrations.hooks("preInvocation");
  const before = shownTo(preHooks, { inputs: args.inputs, functionCallback: fn.callback });
  for (const hook of preHooks) await hook(before as never);

  core.state = "invocation";
  let result: unknown = null;
  let error: unknown = null;
  try {
    result = await model.invokeFunction(args.context, before.inputs, before.functionCallback);
  } catch (thrown) {
    error = errorOf(thrown);
  }

  core.state = "postInvocationHooks";
  const postHooks = app.registrations.hooks("postInvocation");
  const after = shownTo(postHooks, { inputs: before.inputs, result, error });
  for (const hook of postHooks) await hook(after as never);
  core.state = undefined;
  if (after.error !== null && after.error !== undefined) throw after.error;
  const response = await model.getResponse(args.context, after.result);
  for (const { name } of response.outputData ?? []) {
    const output = fn.metadata.bindings[name];
    if (output === undefined || dropped.has(output)) continue;
    dropped.add(output);
    core.log("warning", "system", `function "${fn.name}" set its output "${name}" (${output.type}); this host has no such outputs, the values are dropped`);
  }
  return { ...response, returnedNothing: after.result === undefined || after.result === null };
}

/** Outputs whose loss has been told: once is enough. */
const dropped = new WeakSet<Binding>();

function coreContext(fn: AppFunction, call: Call, surroundings: Surroundings, write: CoreInvocationContext["log"]): CoreInvocationContext {
  const invocationId = call.invocationId ?? nextInvocationId(fn, surroundings);
  const inputData = [{ name: fn.trigger.name, data: call.trigger }];
  for (const name of fn.clientInputs) {
    if (surroundings.durableClient === undefined)
      throw new Fault("invalid", `function "${fn.name}" wants a durable client, but its host serves none; serve the app with serveApp (or createHost) before calling it`);
    inputData.push({ name, data: { string: surroundings.durableClient } });
  }
  return {
    invocationId,
    metadata: fn.metadata,
    request: { invocationId, functionId: fn.id, inputData, triggerMetadata: call.triggerMetadata, traceContext: call.traceContext, retryContext: call.retryContext },
    state: undefined,
    log: write,
  };
}

interface Counted {
  count: number;
  /** Per function: the part of its ids that stays the same. */
  readonly stems: Map<string, string>;
}
const counted = new WeakMap<Surroundings, Counted>();

/** A GUID derived from the host's seed, the function and the number of the invocation: no chance, so a run can be repeated. */
export function nextInvocationId(fn: AppFunction, surroundings: Surroundings): string {
  let known = counted.get(surroundings);
  if (known === undefined) counted.set(surroundings, (known = { count: 0, stems: new Map() }));
  known.count += 1;
  const source = `${surroundings.seed}|${fn.id}`;
  let stem = known.stems.get(source);
  if (stem === undefined) {
    const hex = createHash("sha256").update(source).digest("hex");
    known.stems.set(source, (stem = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-`));
  }
  return stem + known.count.toString(16).padStart(12, "0");
}

/** An object whose `fixed` properties throw when they are assigned (1.4). */
function withFixed<F extends object, O extends object>(fixed: F, open: O): F & O {
  const target: object = { ...open };
  for (const [name, value] of Object.entries(fixed)) {
    Object.defineProperty(target, name, {
      enumerable: true,
      get: () => value as unknown,
      set: () => {
        throw new TypeError(`Cannot assign to read only property '${name}'`);
      },
    });
  }
  return target as F & O;
}

let inLogHook = false;

/** Sends one line through the `log` hooks, which may change level and message, to the host. */
function log(
  app: LoadedApp,
  surroundings: Surroundings,
  core: CoreInvocationContext,
  hookData: object,
  invocationContext: unknown,
  line: { level: LogLevel; category: LogCategory; message: string },
): void {
  const hooks = app.registrations.hooks("log");
  const shown =
    hooks.length === 0 ? line : withFixed({ hookData, appHookData: app.appHookData, invocationContext, category: line.category }, { level: line.level, message: line.message });
  if (!inLogHook) {
    inLogHook = true;
    try {
      for (const hook of hooks) hook(shown as never);
    } finally {
      inLogHook = false;
    }
  }
  surroundings.log({ level: shown.level, category: line.category, message: shown.message, functionName: core.metadata.name, invocationId: core.invocationId });
}

/** What was thrown, as an error (1.5): text becomes its message, another value its JSON. */
export function errorOf(thrown: unknown): Error {
  if (thrown instanceof Error || types.isNativeError(thrown)) return thrown;
  if (thrown === undefined || thrown === null) return new Error("Unknown error");
  if (typeof thrown === "object") return new Error(JSON.stringify(thrown));
  return new Error(String(thrown));
}

/** The engine's way to the app's orchestrators and activities. */
export function invokerOf(app: LoadedApp, surroundings: Surroundings = app.surroundings, { directActivities = false } = {}): Invoker {
  const named = (kind: AppFunction["kind"]): Map<string, AppFunction> => new Map(app.functions.filter((fn) => fn.kind === kind).map((fn) => [fn.name.toLowerCase(), fn]));
  const orchestrators = named("orchestration");
  const activities = named("activity");
  const tell = (level: LogLevel, { name: functionName }: AppFunction, message: string): void => surroundings.log({ level, category: "system", functionName, message });
  const names = (functions: ReadonlyMap<string, AppFunction>): string[] => [...functions.values()].map(({ name }) => name);
  const tellEnd = (fn: AppFunction, instanceId: string, actions: readonly NumberedAction[] = []): void =>
    tell("information", fn, `orchestrator "${fn.name}" of instance ${instanceId} has ${actions.at(-1)?.actionType === CONTINUE_AS_NEW ? "continued as new" : "returned"}`);

  const isHooked = (): boolean => HOOKS_OF_CALLS.some((name) => app.registrations.hooks(name).length > 0);
  const plain = new Set(directActivities ? [...activities.values()].filter(isPlain) : []);

  /** The orchestrator as its invocation left it. Hooks expect an invocation for each turn: where there are any, nothing stands. */
  const standingFor = (fn: AppFunction, instanceId: string, df: unknown, neverYielded: () => readonly string[]): Standing | undefined => {
    if (isHooked()) return undefined;
    const standing = standingOrchestrator(df, neverYielded);
    return (
      standing && {
        goOn: (events) => {
          // Counted like an invocation, so that all others have the ids that they have where each turn is one.
          nextInvocationId(fn, surroundings);
          const wentOn = runIn(app.registrations, () => standing.goOn(events));
          if (wentOn?.isDone === true) tellEnd(fn, instanceId, wentOn.actions);
          return wentOn;
        },
      }
    );
  };
  return {
    orchestrators: () => names(orchestrators),
    activities: () => names(activities),

    async orchestrate(name, request, requestJson, keepsStanding = false) {
      const fn = orchestrators.get(name.toLowerCase());
      if (fn === undefined) return { ok: false, message: absent("orchestrator", name, names(orchestrators)) };
      try {
        let neverYielded = (): string[] => [];
        let context: { readonly df?: unknown } = {};
        const prepare = (given: object): void => {
          context = given;
          neverYielded = watchCalls(given);
        };
        const { returnValue } = await invoke(
          app,
          fn,
          { trigger: { string: requestJson ?? JSON.stringify(request) }, triggerMetadata: { instanceId: plainText(request.instanceId) }, prepare },
          surroundings,
        );
        const json = resultJson(returnValue);
        const answer: unknown = json === null ? null : JSON.parse(json);
        if ((answer as { isDone?: unknown } | null)?.isDone === true)
          tellEnd(fn, request.instanceId, (answer as { actions?: readonly (readonly NumberedAction[])[] }).actions?.flat());
        const missing = neverYielded();
        const standing = keepsStanding ? standingFor(fn, request.instanceId, context.df, neverYielded) : undefined;
        return { ok: true, answer, ...(missing.length === 0 ? {} : { neverYielded: missing }), ...(standing === undefined ? {} : { standing }) };
      } catch (thrown) {
        const { message } = errorOf(thrown);
        tell("error", fn, `orchestrator "${fn.name}" of instance ${request.instanceId} threw: ${thrownText(message)}`);
        return { ok: false, message };
      }
    },

    async act(name, input, instanceId) {
      const fn = activities.get(name.toLowerCase());
      if (fn === undefined) return { ok: false, message: absent("activity", name, names(activities)), stack: "" };
      try {
        if (input?.startsWith("{") === true && plain.has(fn) && !isHooked()) {
          const invocationId = nextInvocationId(fn, surroundings);
          const log = (level: LogLevel, message: string): void => surroundings.log({ level, category: "user", message, functionName: fn.name, invocationId });
          return { ok: true, result: await runIn(app.registrations, () => callDirectly(fn, input, instanceId, invocationId, log)) };
        }
        const data = activityInput(input);
        const { returnValue } = await invoke(app, fn, { trigger: data, triggerMetadata: { instanceId: plainText(instanceId), data } }, surroundings);
        return { ok: true, result: resultJson(returnValue) };
      } catch (thrown) {
        const error = errorOf(thrown);
        tell("error", fn, `activity "${fn.name}" for instance ${instanceId} failed: ${error.message}`);
        return { ok: false, message: error.message, stack: error.stack ?? "" };
      }
    },
  };
}

/** Number of the action by which an orchestrator continues as new (2.5). */
const CONTINUE_AS_NEW = 4;

interface NumberedAction {
  readonly actionType?: number;
}

const HOOKS_OF_CALLS = ["preInvocation", "postInvocation", "log"] as const;

/** What the orchestrator threw, out of the failure text that carries its whole answer (2.4). */
function thrownText(message: string): string {
  const [, json] = message.split("$OutOfProcData$:");
  if (json === undefined) return message;
  try {
    return (JSON.parse(json) as { error?: string }).error ?? "something without a message";
  } catch {
    // A hook has changed the text; it is shown as it is.
    return message;
  }
}

function absent(kind: string, name: string, known: readonly string[]): string {
  return `no ${kind} function is called "${name}"; the app has ${known.join(", ") || "none"}`;
}
