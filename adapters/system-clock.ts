import type { Clock } from "../shared/ports/clock.ts";

/** The machine's own time. Outside of the local host's clocks, the one place where it is read. */
export const systemClock: Clock = { now: () => Date.now() };
