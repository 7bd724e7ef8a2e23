import type { Policy } from "../action/policy.ts";
import { FAULT_KINDS, type FaultRecord } from "../fault/fault.ts";

/** Whether waiting, and then trying again, may help. */
export function isCurable(fault: FaultRecord): boolean {
  return FAULT_KINDS[fault.kind].retry;
}

/**
 * When to try again after the `failures`-th failure in a row at `failedAt`: the policy's delay, doubled with each failure
 * up to its bound; never before the vendor's Retry-After. No jitter: a seed must reproduce a run, and a team's windows
 * do not come in herds.
 *
 * @returns milliseconds since the epoch.
 */
export function retryAt(policy: Policy, fault: FaultRecord, failedAt: number, failures: number): number {
  const doubled = policy.retryDelayMs * 2 ** Math.min(Math.max(failures - 1, 0), 20);
  return failedAt + Math.max(Math.min(doubled, policy.maxRetryDelayMs), fault.retryAfterMs ?? 0);
}

/** After so long without an answer, a call is taken to have died with its process, and may be made by another. */
export const CALL_LOST_MS = 90_000;

/** How often a look at finished work may fail: more often than a call, since it costs nothing and decides everything. */
export function looksOf(policy: Policy): number {
  return policy.attempts * 2;
}
