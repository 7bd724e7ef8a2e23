import type { Aftermath, Breach, Invariant } from "./aftermath.ts";
import { ORDER } from "./order.ts";

/** Everything that must always be true. */
export const INVARIANTS: readonly Invariant[] = [...ORDER];

/** Holds a window against all of it. */
export function breachesOf(aftermath: Aftermath): readonly Breach[] {
  return INVARIANTS.flatMap(({ rule, promise, check }) => check(aftermath).map((what) => ({ rule, promise, what })));
}
