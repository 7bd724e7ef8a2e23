import { AsyncLocalStorage } from "node:async_hooks";

/** As things stood when this module was loaded: on nobody's behalf. */
const onNobodysBehalf = AsyncLocalStorage.snapshot();

/**
 * `AbortSignal.timeout`, on nobody's behalf. A timer keeps all that its maker could ask for by an `AsyncLocalStorage` until it fires, here
 * a minute or two after the call was answered: the scope, the invocation, and with it the whole app. A storm starts a new app for each
 * window, and hundreds of them stood in memory.
 *
 * @param ms milliseconds of real time, since it is about real sockets.
 */
export function deadlineAfter(ms: number): AbortSignal {
  return onNobodysBehalf(() => AbortSignal.timeout(ms));
}
