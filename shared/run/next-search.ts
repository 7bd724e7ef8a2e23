import type { Order, TargetSight } from "./next-order.ts";
import { CALL_LOST_MS, isCurable, looksOf, retryAt } from "./retry.ts";

/**
 * Looks at once, since what runs is to be stopped soon; and where nothing is there, once more when the call can no longer arrive.
 *
 * @param calledAt when the call was last known to be on its way; milliseconds since the epoch.
 */
export function nextSearch({ walk, step, now }: TargetSight, calledAt: number): Order | undefined {
  const { unsought, soughtAt } = walk;
  if (unsought !== undefined) {
    const { fault, at, attempt } = unsought;
    if (!isCurable(fault) || attempt >= looksOf(step.policy)) return undefined;
    const lookAt = retryAt(step.policy, fault, at, attempt);
    return now < lookAt ? { do: "wait", until: lookAt, why: `could not look for its work: ${fault.message}` } : { do: "find", try: walk.try, attempt: attempt + 1 };
  }
  const lostAt = calledAt + CALL_LOST_MS;
  if (soughtAt !== undefined && soughtAt >= calledAt && now < lostAt)
    return { do: "wait", until: lostAt, why: "its begin got no answer; no work of it was found yet, and it is looked for once more" };
  return { do: "find", try: walk.try, attempt: 1 };
}
