import type { Board, Started } from "./board.ts";

const DAY_MS = 24 * 3600_000;
/** Longest timer that is made in one piece; `maximumShortTimerDuration` on the wire. */
const LONGEST_SHORT_TIMER_MS = 6 * DAY_MS;
/** Length of one piece of a longer one; `longRunningTimerIntervalDuration` on the wire. */
const LONG_TIMER_PIECE_MS = 3 * DAY_MS;

/** Whether a timer is made in several pieces, each of which takes an id. */
export function isLong(fireAtMs: number, nowMs: number): boolean {
  return fireAtMs - nowMs > LONGEST_SHORT_TIMER_MS;
}

/**
 * A durable timer, in pieces of three days if it is more than six days ahead (3.5).
 *
 * One that comes cancelled is created all the same, so that its id is taken, and settles at once.
 */
export function startTimer(board: Board, started: Started, faithful: boolean): void {
  const { action, future } = started;
  const fireAtMs = Date.parse(action.fireAt ?? "");
  const long = isLong(fireAtMs, board.nowMs);
  // As in production: while a long timer is waited for, one that is due already takes no id at all.
  if (faithful && board.openLongTimers > 0 && fireAtMs <= board.nowMs) return future.succeed(undefined);

  const firstMs = long ? board.nowMs + LONG_TIMER_PIECE_MS : fireAtMs;
  const piece = board.decide({ kind: "timer", fireAtMs: firstMs }, started);
  if (action.isCanceled === true) {
    if (long) board.cancelledLongTimers.push(action);
    board.open.delete(started.id as number);
    return future.fail({ reason: "cancelled", nonRetriable: true });
  }
  if (!long) return piece.always(() => future.succeed(undefined));

  board.openLongTimers++;
  future.always(() => board.openLongTimers--);
  const onFired = (): void => {
    const restMs = fireAtMs - board.nowMs;
    if (restMs <= 0) return future.succeed(undefined);
    const nextMs = restMs < LONG_TIMER_PIECE_MS ? fireAtMs : board.nowMs + LONG_TIMER_PIECE_MS;
    board.decide({ kind: "timer", fireAtMs: nextMs }, started).always(onFired);
  };
  piece.always(onFired);
}
