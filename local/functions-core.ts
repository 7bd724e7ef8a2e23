import { AsyncLocalStorage } from "node:async_hooks";
import Module from "node:module";
import type { FunctionCallback, FunctionMetadata, LogCategory, LogLevel, ProgrammingModel } from "./worker-protocol.ts";
import { Fault } from "../shared/fault/fault.ts";

/**
 * The module `@azure/functions-core`, which exists only inside a Functions worker (host contract 1.1).
 *
 * `@azure/functions` asks for it once per process and remembers the answer, so this stands in for it before
 * any app is loaded, and writes every registration to whichever app is current: the one that is loading,
 * else the one whose function runs. One process can so hold several apps, loaded one after the other. Each
 * copy of the library gets a module object of its own, because each has a programming model of its own.
 */
function installFunctionsCore(): void {
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
    if (this.functions.has(id))
      throw new Fault(
        "conflict",
        `function "${id}" is registered twice${this.entryPoint === undefined ? "" : ` (second time in ${this.entryPoint})`}; names must be unique within an app`,
      );
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
export async function collectInto(app: Registrations, work: () => unknown): Promise<void> {
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
