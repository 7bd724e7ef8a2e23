import { Fault } from "../shared/fault/fault.ts";
import type { Clock } from "../shared/ports/clock.ts";
import { currentLeaving } from "../shared/ports/leaving.ts";
import type { Fetch } from "../shared/ports/transport.ts";

/** Methods that change nothing, at any vendor. */
const LOOKS: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/**
 * The same fetch, through which nothing that may change something leaves late (see `leavingBefore`).
 *
 * @param clock this host's own: others do not matter here.
 * @throws Fault `unavailable` in the place of a late request: whether earlier ones of the same deed did something is to be looked for.
 */
export function timelyFetch(fetch: Fetch, clock: Clock): Fetch {
  return async (input, init) => {
    const leaving = currentLeaving();
    const method = init?.method ?? (input instanceof Request ? input.method : "GET");
    if (leaving !== undefined && !LOOKS.has(method.toUpperCase())) {
      const lateMs = clock.now() - leaving;
      if (lateMs >= 0) {
        const { host } = new URL(input instanceof Request ? input.url : input);
        throw new Fault(
          "unavailable",
          `${method} to ${host} was not sent, since it is ${Math.ceil(lateMs / 1_000)} s too late: this process stood still, and another one may be at it`,
        );
      }
    }
    return fetch(input, init);
  };
}
