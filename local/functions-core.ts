import { AsyncLocalStorage } from "node:async_hooks";
import Module from "node:module";
import { Fault } from "../shared/fault/fault.ts";

/**
 * The module `@azure/functions-core`, which exists only inside a Functions worker (host contract 1.1).
 *
 * `@azure/functions` asks for it once per process and remembers the answer, so this stands in for it before
 * any app is loaded, and writes every registration to whichever app is current: the one that is loading,
 * else the one whose function runs. One process can so hold several apps, loaded one after the other. Each
 * copy of the library gets a module object of its own, because each has a programming model of its own.
 */
export function installFunctionsCore(): void {
  if (installed) return;
  installed = true;
  const loader = Module as unknown as { _load: ModuleLoad };
  const load = loader._load;
  loader._load = function (request, parent, isMain) {
    if (request !== "@azure/functions-core") return load.call(this, request, parent, isMain);
    const importer = parent?.filename ?? "(unknown)";
    let core = coreByImporter.get(importer);
    if (core === undefined) coreByImporter.set(importer, (core = coreModule()));
    return core;
  };
}

type ModuleLoad = (this: unknown, request: string, parent: { filename?: string } | undefined, isMain: boolean) => unknown;

let installed = false;
const coreByImporter = new Map<string, object>();

export type LogLevel = "trace" | "debug" | "information" | "warning" | "error" | "critical" | "none";
export type LogCategory = "user" | "system" | "customMetric";

/** One end of a function: its trigger, an input, or an output; with the options it was registered with (1.3). */
export interface Binding {
  readonly type: string;
  readonly name: string;
  readonly direction: "in" | "out";
  readonly [option: string]: unknown;
}

/** What `registerFunction` is given (1.3). */
export interface FunctionMetadata {
  readonly name: string;
  readonly functionId?: string;
  readonly bindings: Readonly<Record<string, Binding>>;
  readonly retryOptions?: {
    readonly retryStrategy?: string;
    readonly maxRetryCount?: number;
    readonly delayInterval?: { readonly seconds?: number };
    readonly minimumInterval?: { readonly seconds?: number };
    readonly maximumInterval?: { readonly seconds?: number };
  };
}

export type FunctionCallback = (...inputsAndContext: unknown[]) => unknown;

/** The value of a binding as it crosses between host and worker: one of these fields, or none (1.6). */
export interface TypedData {
  readonly string?: string;
  readonly json?: string;
  readonly bytes?: Uint8Array;
  readonly stream?: Uint8Array;
  readonly int?: number;
  readonly double?: number;
  readonly http?: HttpData;
}

/** An HTTP request or response as a typed value (1.7). */
export interface HttpData {
  readonly url?: string;
  readonly method?: string;
  readonly nullableHeaders?: Readonly<Record<string, { readonly value?: string }>>;
  readonly nullableQuery?: Readonly<Record<string, { readonly value?: string }>>;
  readonly nullableParams?: Readonly<Record<string, { readonly value?: string }>>;
  readonly statusCode?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly HttpCookie[];
  readonly body?: TypedData;
}

export interface HttpCookie {
  readonly name: string;
  readonly value: string;
  readonly domain?: { readonly value: string };
  readonly path?: { readonly value: string };
  readonly expires?: { readonly value: { readonly seconds: number } };
  readonly secure?: { readonly value: boolean };
  readonly httpOnly?: { readonly value: boolean };
  readonly sameSite?: "none" | "lax" | "strict" | "explicitNone";
  readonly maxAge?: { readonly value: number };
}

/** What the host tells the library about one invocation (1.5). */
export interface CoreInvocationContext {
  readonly invocationId: string;
  readonly metadata: FunctionMetadata;
  readonly request: {
    readonly invocationId: string;
    readonly functionId: string;
    readonly inputData: readonly { readonly name: string; readonly data: TypedData }[];
    readonly triggerMetadata?: Readonly<Record<string, TypedData>> | undefined;
    readonly traceContext?: { readonly traceParent?: string; readonly traceState?: string; readonly attributes?: Readonly<Record<string, string>> } | undefined;
    readonly retryContext?: { readonly retryCount: number; readonly maxRetryCount: number; readonly exception?: { readonly message?: string } } | undefined;
  };
  state: "preInvocationHooks" | "invocation" | "postInvocationHooks" | undefined;
  log(level: LogLevel, category: LogCategory, message: string): void;
}

export interface InvocationResponse {
  readonly invocationId: string;
  readonly outputData?: readonly { readonly name: string; readonly data: TypedData }[];
  readonly returnValue?: TypedData | null;
}

/** The library's own way to call a handler; the host drives it step by step (1.5). */
export interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<InvocationResponse>;
}

export interface ProgrammingModel {
  readonly name: string;
  readonly version: string;
  getInvocationModel(core: CoreInvocationContext): InvocationModel;
  getCapabilities(worker: Record<string, string>): Promise<Record<string, string>>;
}

const HOOK_NAMES = ["preInvocation", "postInvocation", "appStart", "appTerminate", "log"] as const;
export type HookName = (typeof HOOK_NAMES)[number];
export type HookCallback = (context: never) => unknown;

export interface RegisteredFunction {
  readonly id: string;
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
  readonly model: ProgrammingModel;
}

/** Everything one app has registered. It takes functions until it is sealed, hooks at any time (1.2). */
export class Registrations {
  readonly functions = new Map<string, RegisteredFunction>();
  /** Models of the library copies that this app uses: one, unless its packages bring several. */
  readonly models = new Set<ProgrammingModel>();
  readonly #hooks = new Map<HookName, HookCallback[]>(HOOK_NAMES.map((name) => [name, []]));
  #sealed = false;
  /** The file that is being loaded, for messages. */
  entryPoint: string | undefined;
  /** Where `log` of the core module goes; set by the loaded app. */
  log: (level: LogLevel, category: LogCategory, message: string) => void = () => {};

  hooks(name: HookName): readonly HookCallback[] {
    return this.#hooks.get(name) ?? [];
  }

  seal(): void {
    this.#sealed = true;
  }

  /** The same functions and hooks, open again: for a second app made of the same files. */
  copy(): Registrations {
    const twin = new Registrations();
    for (const [id, registered] of this.functions) twin.functions.set(id, registered);
    for (const name of HOOK_NAMES) for (const callback of this.hooks(name)) twin.addHook(name, callback);
    return twin;
  }

  /** @throws Fault `conflict` after metadata were read. */
  expectOpen(what: string): void {
    if (this.#sealed) throw new Fault("conflict", `${what} after the app has started; register every function while its files are loaded`);
  }

  addFunction(metadata: FunctionMetadata, callback: FunctionCallback, model: ProgrammingModel): Disposable {
    this.expectOpen(`function "${metadata.name}" is registered`);
    const id = metadata.functionId ?? metadata.name;
    if (this.functions.has(id)) throw new Fault("conflict", `function "${id}" is registered twice${this.entryPoint === undefined ? "" : ` (second time in ${this.entryPoint})`}; names must be unique within an app`);
    this.models.add(model);
    this.functions.set(id, { id, metadata, callback, model });
    return new Disposable(() => {
      this.expectOpen(`function "${id}" is removed`);
      this.functions.delete(id);
    });
  }

  addHook(name: HookName, callback: HookCallback): Disposable {
    const hooks = this.#hooks.get(name) ?? [];
    hooks.push(callback);
    return new Disposable(() => {
      const at = hooks.indexOf(callback);
      if (at >= 0) hooks.splice(at, 1);
    });
  }
}

let loading: Registrations | undefined;
const running = new AsyncLocalStorage<Registrations>();

/**
 * Runs `work` with `app` as the one that registrations go to.
 *
 * @throws Fault `conflict` while another app loads in this process.
 */
export async function collectInto(app: Registrations, work: () => Promise<void> | void): Promise<void> {
  installFunctionsCore();
  if (loading !== undefined) throw new Fault("conflict", "another app is being loaded in this process; await its loadApp or collectApp first");
  loading = app;
  try {
    await running.run(app, work);
  } finally {
    loading = undefined;
  }
}

/** Runs a function of `app`: what the library registers or logs meanwhile belongs to that app. */
export function runIn<T>(app: Registrations, work: () => T): T {
  return running.run(app, work);
}

function current(what: string): Registrations {
  const app = loading ?? running.getStore();
  if (app === undefined) throw new Fault("conflict", `${what} outside of an app; load it with loadApp or collectApp`);
  return app;
}

/** Something that can be taken back, as the library's own class of that name. */
export class Disposable {
  static from(...parts: readonly { dispose(): unknown }[]): Disposable {
    return new Disposable(() => parts.forEach((part) => part.dispose()));
  }
  #undo: (() => unknown) | undefined;
  constructor(undo: () => unknown) {
    this.#undo = undo;
  }
  dispose(): unknown {
    const undo = this.#undo;
    this.#undo = undefined;
    return undo?.();
  }
}

/** The module object of one copy of the library. */
function coreModule(): object {
  let model: ProgrammingModel | undefined;
  return {
    version: "3.12.0",
    hostVersion: "4.1045.200",
    Disposable,
    registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
      const app = current(`function "${metadata.name}" is registered`);
      if (model === undefined) throw new Fault("conflict", `function "${metadata.name}" is registered before a programming model; use app.* of @azure/functions`);
      return app.addFunction(metadata, callback, model);
    },
    registerHook(name: string, callback: HookCallback): Disposable {
      const known = HOOK_NAMES.find((hook) => hook === name);
      if (known === undefined) throw Object.assign(new RangeError(`Unrecognized hook "${name}"`), { isAzureFunctionsSystemError: true });
      return current(`hook "${name}" is registered`).addHook(known, callback);
    },
    setProgrammingModel(next: ProgrammingModel): void {
      current("a programming model is set").expectOpen("a programming model is set");
      model = next;
    },
    getProgrammingModel: (): ProgrammingModel | undefined => model,
    log(level: LogLevel, category: LogCategory, message: string): void {
      (loading ?? running.getStore())?.log(level, category, message);
    },
  };
}
