import type { OrchestrationContext } from "durable-functions";
import type { Outcome } from "../shared/fault/fault.ts";
import { call, callFamily, Doorbell, inputOf, LOOK_AGAIN_MS, sleep, startOver, type Durable } from "./durable.ts";
import type { StepAdvice, TargetAdvice, TargetInput } from "./wire.ts";

const ORDERS_PER_HISTORY = 10;
const OUTAGE_MS = 60_000;

/**
 * Walks one target of one step from its gate to its rest: asks what to do, has it done, asks again.
 *
 * Every decision is made by `nextOrder` inside an activity, from the journal. Whatever an activity answers is in the journal
 * by then, or is not; either way the next advice knows. A fresh history every few orders keeps replay short; rings that are
 * lost in the changeover cost a heartbeat at the most.
 *
 * @returns what its step is to do now, where it was the last of a batch to rest.
 */
export function* target(ctx: OrchestrationContext): Durable<StepAdvice | undefined> {
  const { first, ...ref } = inputOf<TargetInput>(ctx);
  const bell = new Doorbell(ctx);
  let advice: Outcome<TargetAdvice> = first === undefined ? yield* call(ctx, "advise", ref) : { ok: true, value: first };
  for (let orders = 0; orders < ORDERS_PER_HISTORY; orders++) {
    if (!advice.ok) {
      yield* sleep(ctx, OUTAGE_MS);
      advice = yield* call(ctx, "advise", ref);
      continue;
    }
    const { order, seq, by, step } = advice.value;
    if (order.do === "rest" && order.recorded === true) return step;
    if (order.do === "wait") {
      const undisturbed = yield* bell.pause(order.until, order.then === undefined ? undefined : LOOK_AGAIN_MS);
      // Work that goes on is looked at at its pace, without asking whether to; the answer brings the next advice along.
      advice = undisturbed && order.then !== undefined ? yield* callFamily(ctx, by, { ref, order: order.then, seq }) : yield* call(ctx, "advise", ref);
      continue;
    }
    advice = yield* callFamily(ctx, by, { ref, order, seq });
  }
  startOver(ctx, { ...ref, ...carriedOver(advice) });
  return undefined;
}

/** The next history goes on with what is known, unless that is to wait for a ring: one may be lost in the changeover, so it asks. */
function carriedOver(advice: Outcome<TargetAdvice>): Pick<TargetInput, "first"> {
  if (!advice.ok) return {};
  const { order } = advice.value;
  return order.do === "wait" && order.then === undefined ? {} : { first: advice.value };
}
