import { z } from "zod";

/**
 * How patient a step is. All in milliseconds once compiled; in a plan they are written as `45m`, `90s`, `2h`.
 * An action brings its defaults, a step of a plan may change them, and `POLICY_LIMITS` bounds both.
 */
export const Policy = z.strictObject({
  /** From `begin` to the end of `verify`; past it the step is `overdue`. */
  timeoutMs: z.int().positive(),
  /** From `begin` until the vendor's own record must show that the work has started; see `Progress`. */
  startWithinMs: z.int().positive(),
  /** Between two looks at work under way. */
  pollEveryMs: z.int().positive(),
  /** Tries in all, the first included, for faults that waiting may cure. */
  attempts: z.int().min(1),
  /** Before the second try; doubles with each further one, up to `maxRetryDelayMs`. A vendor's Retry-After is a lower bound. */
  retryDelayMs: z.int().positive(),
  maxRetryDelayMs: z.int().positive(),
});
export type Policy = z.infer<typeof Policy>;

export const DEFAULT_POLICY: Policy = {
  timeoutMs: 30 * 60_000,
  startWithinMs: 60_000,
  pollEveryMs: 30_000,
  attempts: 4,
  retryDelayMs: 15_000,
  maxRetryDelayMs: 5 * 60_000,
};

/** What no plan may exceed: a window is a night, and a durable timer a day at most. */
export const POLICY_LIMITS: Policy = {
  timeoutMs: 18 * 3_600_000,
  startWithinMs: 60 * 60_000,
  pollEveryMs: 15 * 60_000,
  attempts: 20,
  retryDelayMs: 30 * 60_000,
  maxRetryDelayMs: 60 * 60_000,
};
