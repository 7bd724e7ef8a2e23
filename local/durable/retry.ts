import type { RetryOptions } from "./actions.ts";
import type { Board, Failure, Started } from "./board.ts";
import type { Future } from "./future.ts";

/** Longest delay between two attempts unless the options say otherwise. */
const LONGEST_DELAY_MS = 6 * 24 * 3600_000;

/**
 * Attempts with pauses between them, each of which takes an id (3.4).
 *
 * After the last failure there is one more timer, due at once, before the failure is passed on: the SDK counts
 * on its id.
 */
export function startWithRetry(board: Board, options: RetryOptions, started: Started, attempt: () => Future): void {
  const { future } = started;
  const firstMs = board.nowMs;
  const giveUpMs = options.retryTimeoutInMilliseconds === undefined ? Number.POSITIVE_INFINITY : firstMs + options.retryTimeoutInMilliseconds;
  if (options.maxNumberOfAttempts < 1) return future.fail({ reason: "no attempt was allowed", nonRetriable: true });

  const tryOnce = (failures: number): void => {
    attempt().whenSettled(
      (result) => future.succeed(result),
      (failure) => {
        // Without a timer the SDK waits for ever, as in production.
        if ((failure as Failure).nonRetriable || board.nowMs >= giveUpMs) return future.fail(failure);
        const isLast = failures + 1 >= options.maxNumberOfAttempts;
        const fireAtMs = isLast ? board.nowMs : board.nowMs + delayMs(options, failures);
        board.decide({ kind: "timer", fireAtMs }, started).always(() => {
          if (isLast) future.fail(failure);
          else tryOnce(failures + 1);
        });
      },
    );
  };
  tryOnce(0);
}

/** Milliseconds to wait after failure number `failures`, counted from 0. */
function delayMs({ firstRetryIntervalInMilliseconds, backoffCoefficient = 1, maxRetryIntervalInMilliseconds = LONGEST_DELAY_MS }: RetryOptions, failures: number): number {
  return Math.min(firstRetryIntervalInMilliseconds * backoffCoefficient ** failures, maxRetryIntervalInMilliseconds);
}
