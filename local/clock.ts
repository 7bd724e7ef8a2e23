import type { Clock } from "../shared/ports/clock.ts";

/**
 * The local host's clock. `real` follows the machine; `virtual` stands still while anything is running and
 * then jumps to the next waiter; a speed (number) does the same but spends (gap / speed) of real time on each
 * jump, so that a person can watch. In the last two work takes no time at all, which makes a run repeatable.
 */
export interface HostClock extends Clock {
  /** Calls `callback` once when the clock has reached `instantMs`; at once (never synchronously) if it has already. */
  at(instantMs: number, callback: () => void): Cancel;
  /** While any hold is out, virtual time does not move. The real clock ignores holds. */
  hold(): Release;
  /** Drops every waiter; nothing is called any more. */
  close(): void;
}

export type Cancel = () => void;
export type Release = () => void;
