import { AsyncLocalStorage } from "node:async_hooks";

/** On whose behalf a vendor is being called. Recording and telemetry put it beside every call. */
export interface Scope {
  readonly run: string;
  readonly step: string;
  readonly target: string;
  /** What is being done to the target: a deed of the run, or `preview`. */
  readonly deed: string;
  readonly attempt: number;
}

const scopes = new AsyncLocalStorage<Scope>();

/** Runs `work` with `scope` as the answer of `currentScope` in everything it calls. */
export function inScope<T>(scope: Scope, work: () => T): T {
  return scopes.run(scope, work);
}

/** The scope of the caller, or `undefined` outside of a step (a CLI preview, a test). */
export function currentScope(): Scope | undefined {
  return scopes.getStore();
}
