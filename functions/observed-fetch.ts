import type { Clock } from "../shared/ports/clock.ts";
import { currentScope } from "../shared/ports/scope.ts";
import type { Telemetry } from "../shared/ports/telemetry.ts";
import type { Fetch } from "../shared/ports/transport.ts";

/**
 * The same fetch, with an event for each call that a step makes: whose it was, which vendor, how it was answered and how long it took.
 * Neither path nor query is told, since both can hold what is nobody's business. A call without an answer has the status 0.
 */
export function observedFetch(fetch: Fetch, clock: Clock, telemetry: Telemetry): Fetch {
  return async (input, init) => {
    const scope = currentScope();
    if (scope === undefined) return fetch(input, init);
    const request = input instanceof Request ? input : undefined;
    const system = (input instanceof URL ? input : new URL(input instanceof Request ? input.url : input)).hostname;
    const method = init?.method ?? request?.method ?? "GET";
    const begunAt = clock.now();
    const told = (status: number): void =>
      telemetry.event(
        "vendor.called",
        { run: scope.run, step: scope.step, target: scope.target, system, method, status, durationMs: clock.now() - begunAt },
        status === 0 || status >= 400 ? "warning" : "info",
      );
    try {
      const answer = await fetch(input, init);
      told(answer.status);
      return answer;
    } catch (thrown) {
      told(0);
      throw thrown;
    }
  };
}
