import type { Aftermath, Breach, Invariant } from "./aftermath.ts";
import { ASKED } from "./asked.ts";
import { CAUSES } from "./causes.ts";
import { EFFECTS } from "./effects.ts";
import { ENDS } from "./endings.ts";
import { EVIDENCE } from "./evidence.ts";
import { GUARD } from "./guard.ts";
import { LIMITS } from "./limits.ts";
import { OBLIGATIONS } from "./obligations.ts";
import { ORDER } from "./order.ts";
import { PAGE } from "./page.ts";
import { POOLS } from "./pools.ts";
import { TELLING } from "./telling.ts";
import { WRITTEN } from "./written.ts";

/** Everything that must always be true. */
export const INVARIANTS: readonly Invariant[] = [
  ...OBLIGATIONS,
  ...POOLS,
  ...EFFECTS,
  ...ORDER,
  ...LIMITS,
  ...CAUSES,
  ...EVIDENCE,
  ...ENDS,
  ...GUARD,
  ...ASKED,
  ...TELLING,
  ...PAGE,
  ...WRITTEN,
];

/** Holds a window against all of it. */
export function breachesOf(aftermath: Aftermath): readonly Breach[] {
  return INVARIANTS.flatMap(({ rule, promise, check }) => check(aftermath).map((what) => ({ rule, promise, what })));
}
