import { AsyncLocalStorage } from "node:async_hooks";

const instants = new AsyncLocalStorage<number>();

/**
 * Runs `work`, of which nothing that may change something leaves for a vendor at this instant or later: a process can stand still for
 * minutes between what it knows and what it does about it, and may not be the only one who is at it when it goes on.
 *
 * @param instant milliseconds since the epoch, on the clock of this host.
 */
export function leavingBefore<T>(instant: number, work: () => T): T {
  return instants.run(instant, work);
}

/** The instant for whoever asks; `undefined` where nobody else can be at it. */
export function currentLeaving(): number | undefined {
  return instants.getStore();
}
