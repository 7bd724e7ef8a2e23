import type { Clock } from "../shared/ports/clock.ts";

/**
 * The local host's clock. `real` follows the machine; `virtual` stands still while anything is running and
 * then jumps to the next waiter; a speed (number) does the same but spends (gap / speed) of real time on each
 * jump, so that a person can watch. In the last two work takes no time at all, which makes a run repeatable.
 */
export interface HostClock extends Clock {
  /**
   * Calls `callback` once when the clock has reached `instantMs`; at once (never synchronously) if it has already.
   * With `follows` a virtual clock does not move on this account: the callback comes when something else, or
   * someone, has moved time so far. A timer trigger recurs for ever, and would otherwise never let time rest.
   */
  at(instantMs: number, callback: () => void, follows?: boolean): Cancel;
  /** While any hold is out, virtual time does not move. The real clock ignores holds. */
  hold(): Release;
  /** Drops every waiter; nothing is called any more. */
  close(): void;
}

export type Cancel = () => void;
export type Release = () => void;
