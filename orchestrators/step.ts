import type { OrchestrationContext } from "durable-functions";
import type { Outcome } from "../shared/fault/fault.ts";
import { call, Doorbell, fanOut, inputOf, sleep, startOver, type Durable } from "./durable.ts";
import type { StepAdvice, StepInput } from "./wire.ts";

const ORDERS_PER_HISTORY = 10;
const OUTAGE_MS = 60_000;

/**
 * Keeps the gate of one step and lets its targets through, batch by batch: asks what to do, does it, asks again.
 *
 * Every decision is made by `nextStep` inside an activity, from the journal. Nothing is decided here, so that a
 * redeployment in the middle of a window cannot change what a replay means.
 */
export function* step(ctx: OrchestrationContext): Durable<undefined> {
  const { first, ...ref } = inputOf<StepInput>(ctx);
  const bell = new Doorbell(ctx);
  let advice: Outcome<StepAdvice> = first === undefined ? yield* call(ctx, "advise-step", ref) : { ok: true, value: first };
  for (let orders = 0; orders < ORDERS_PER_HISTORY; orders++) {
    if (!advice.ok) {
      yield* sleep(ctx, OUTAGE_MS);
      advice = yield* call(ctx, "advise-step", ref);
      continue;
    }
    const { order, seq } = advice.value;
    switch (order.do) {
      case "rest":
        return undefined;
      case "wait":
        yield* bell.pause(order.until);
        advice = yield* call(ctx, "advise-step", ref);
        break;
      case "run": {
        const batch = advice.value.children.length > 0 ? advice : yield* call(ctx, "act-step", { ref, order, seq });
        const [next] = batch.ok ? (yield* fanOut(ctx, "target", batch.value.children)).filter(isAdvice) : [];
        // A generation ends right after a call (D4), so the last of its orders asks.
        const isLast = orders === ORDERS_PER_HISTORY - 1;
        advice = next === undefined || isLast ? yield* call(ctx, "advise-step", ref) : { ok: true, value: next };
        break;
      }
      default:
        advice = yield* call(ctx, "act-step", { ref, order, seq });
    }
  }
  startOver(ctx, ref);
  return undefined;
}

/** What the last target of a batch brings along. Those before it return nothing, and so did all of them in release 0.1.0. */
function isAdvice(returned: unknown): returned is StepAdvice {
  return typeof returned === "object" && returned !== null;
}
