import type { Clock } from "../ports/clock.ts";

/** Callers remembered at once; the one heard of longest ago is forgotten first, and then has a full allowance again. */
const MOST_CALLERS = 1_000;

/** What each caller may still ask of this process: a bucket that holds a minute's requests and fills evenly. */
export interface Allowance {
  /** Takes one request. @returns 0 if there was one to take, else milliseconds until there is. */
  take(caller: string): number;
}

export function allowanceOf(clock: Clock, perMinute: number): Allowance {
  const buckets = new Map<string, { left: number; at: number }>();
  const eachMs = 60_000 / perMinute;
  return {
    take(caller) {
      const now = clock.now();
      const known = buckets.get(caller) ?? { left: perMinute, at: now };
      const left = Math.min(perMinute, known.left + Math.max(0, now - known.at) / eachMs);
      buckets.delete(caller);
      buckets.set(caller, { left: left >= 1 ? left - 1 : left, at: now });
      for (const [oldest] of buckets) if (buckets.size > MOST_CALLERS) buckets.delete(oldest);
      return left >= 1 ? 0 : Math.ceil((1 - left) * eachMs);
    },
  };
}
