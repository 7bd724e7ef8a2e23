import type { FunctionMetadata } from "./worker-protocol.ts";

/**
 * Milliseconds before the `retry`-th further attempt (from 1) of a function registered with `retry`, or
 * undefined when there is none left. Azure adds chance to the exponential delay; here it is the exact power.
 */
export function retryDelayMs(options: FunctionMetadata["retryOptions"], retry: number): number | undefined {
  const { retryStrategy, maxRetryCount = 0 } = options ?? {};
  if (options === undefined || (maxRetryCount >= 0 && retry > maxRetryCount)) return undefined;
  if (retryStrategy === "fixedDelay") return secondsOf(options.delayInterval) * 1_000;
  if (retryStrategy !== "exponentialBackoff") return undefined;
  return Math.min(secondsOf(options.maximumInterval), secondsOf(options.minimumInterval) * 2 ** (retry - 1)) * 1_000;
}

function secondsOf(duration: { readonly seconds?: number } | undefined): number {
  return duration?.seconds ?? 0;
}
