import type { HostClock } from "./clock.ts";
import { Waiters } from "./waiters.ts";

/** Longest delay that Node's `setTimeout` takes; a longer one would fire at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The machine's own time. Waiters are never called early; holds mean nothing to it. */
export function realClock(): HostClock {
  const waiters = new Waiters();
  let timeout: NodeJS.Timeout | undefined;
  let armedFor = Number.POSITIVE_INFINITY;
  const now = (): number => Date.now();

  const arm = (): void => {
    const next = waiters.next();
    if (next === undefined || next >= armedFor) return;
    clearTimeout(timeout);
    armedFor = next;
    timeout = setTimeout(fire, Math.min(Math.max(next - now(), 0), LONGEST_TIMEOUT_MS));
  };
  const fire = (): void => {
    armedFor = Number.POSITIVE_INFINITY;
    waiters.callDue(now());
    arm();
  };

  return {
    now,
    at(instantMs, callback) {
      const cancel = waiters.add(instantMs, callback);
      arm();
      return cancel;
    },
    hold: () => () => {},
    close() {
      clearTimeout(timeout);
      waiters.clear();
      armedFor = Number.NEGATIVE_INFINITY;
    },
  };
}
