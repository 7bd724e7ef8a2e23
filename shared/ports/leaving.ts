import { AsyncLocalStorage } from "node:async_hooks";

const instants = new AsyncLocalStorage<number>();

/**
 * So long after somebody took up what is to be done, nothing of it that may change something leaves any more. What left in time is answered,
 * or given up by its connector (after a minute at the most), before its call counts as lost (`CALL_LOST_MS`).
 */
export const CALL_LEAVES_MS = 30_000;

/**
 * Runs `work`, of which nothing that may change something leaves for a vendor later than `CALL_LEAVES_MS` after it was taken up.
 *
 * @param takenUpAt when it was read what `work` acts on: milliseconds since the epoch, on the clock of this host.
 */
export function leavingSoonAfter<T>(takenUpAt: number, work: () => T): T {
  return leavingBefore(takenUpAt + CALL_LEAVES_MS, work);
}

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
