import { isCurable, retryAt } from "./retry.ts";
import { liftedBy } from "./lift-word.ts";
import type { Order, TargetSight } from "./next-order.ts";

/** People have this long to lift something by their word, after they were told what speaks against it. */
const LIFT_PATIENCE_MS = 30 * 60_000;

/**
 * What stands between a target and the lift that it makes: its step's gate was passed by evidence, but a batch, a pause or somebody
 * else's lock may have come between, and something unsafe may have begun since. Undefined when the evidence, or a person, says that
 * it may.
 *
 * @param until a heartbeat from now: the end of what is under way rings.
 */
export function nextLift({ step, target, lift, walk, decisions, now, cutoff }: TargetSight, until: number): Order | undefined {
  if (lift === undefined || lift.is === "met" || liftedBy(step.id, decisions) !== undefined) return undefined;
  const against = lift.against.join("; ");
  if (lift.is === "open") return { do: "wait", until, why: `waits for evidence: ${against}` };
  const { untold } = walk;
  if (!walk.told.includes(TOPIC)) {
    const again = untold === undefined || !isCurable(untold.fault) ? now : retryAt(step.policy, untold.fault, untold.at, untold.attempt);
    if (now < again) return { do: "wait", until: again, why: `not lifted: ${against}` };
    return {
      do: "tell",
      topic: TOPIC,
      text: `${step.title}: not done for ${target.id}, since ${against}.`,
      lines: ["What protects visitors stays as it is.", `To do it all the same: nightshift decide lift --step ${step.id}`],
    };
  }
  const giveUpAt = Math.max(cutoff, (walk.toldAt ?? 0) + LIFT_PATIENCE_MS);
  return now >= giveUpAt ? { do: "rest", as: "skipped", why: `nobody lifted it: ${against}` } : { do: "wait", until: Math.min(until, giveUpAt), why: `not lifted: ${against}` };
}
const TOPIC = "lift";
