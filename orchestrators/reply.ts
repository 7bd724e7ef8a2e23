import type { OrchestrationContext } from "durable-functions";
import { call, inputOf, sleep, type Durable } from "./durable.ts";
import type { ReplyInput } from "./wire.ts";

const TRIES = 5;
const AGAIN_MS = 20_000;

/**
 * Shows people what came of the button they pressed, after Slack has had its answer: Slack waits three seconds, and a vendor may
 * take longer or be away for a minute. What was decided stands, whether or not it can be shown.
 */
export function* reply(ctx: OrchestrationContext): Durable<undefined> {
  const input = inputOf<ReplyInput>(ctx);
  for (let tries = 1; ; tries++) {
    const shown = yield* call(ctx, "show-reply", input);
    if (shown.ok || tries === TRIES) return undefined;
    yield* sleep(ctx, AGAIN_MS);
  }
}
