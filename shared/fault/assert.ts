import { Fault } from "./fault.ts";

/**
 * States an invariant of ours. A broken one is a `defect`: it stops the step that met it and nothing else.
 *
 * @throws Fault `defect` with `why` when `condition` does not hold.
 */
export function assert(condition: unknown, why: string): asserts condition {
  if (!condition) throw new Fault("defect", why);
}

/** For the end of an exhaustive `switch`: the compiler proves that it is never reached. */
export function unreachable(value: never): never {
  throw new Fault("defect", `unexpected value ${JSON.stringify(value)}`);
}
