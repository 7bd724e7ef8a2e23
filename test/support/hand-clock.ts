import type { HostClock } from "../../local/clock.ts";
import { Waiters } from "../../local/waiters.ts";

/** A clock that a test sets by hand: unlike the virtual one it moves while work is running, as real time does. */
export interface HandClock extends HostClock {
  /** Sets the time, and calls whoever waited for an instant on the way, each at its own. */
  moveTo(instantMs: number): Promise<void>;
}

/** A hand clock that shows `startAtMs`. */
export function handClock(startAtMs: number): HandClock {
  const waiters = new Waiters();
  let nowMs = startAtMs;
  return {
    now: () => nowMs,
    at: (instantMs, callback) => waiters.add(instantMs, callback),
    hold: () => () => {},
    close: () => waiters.clear(),
    async moveTo(instantMs) {
      await settled();
      for (let next = waiters.next(); next !== undefined && next <= instantMs; next = waiters.next()) {
        nowMs = Math.max(nowMs, next);
        waiters.callDue(nowMs);
        await settled();
      }
      nowMs = instantMs;
    },
  };
}

/** Lets everything that is ready run to where it waits. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
