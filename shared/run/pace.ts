import { startBy } from "./lateness.ts";
import type { TargetSight } from "./next-order.ts";

/** What a late look may cost, as a share of the time that the work usually takes: of hours, minutes are nothing. */
const WORTH = 0.05;
/** Work whose end is far away is looked at so often, or after its `WORTH` where that is more: a failure in its middle is noticed within this time. */
const LONGEST_GAP_MS = 5 * 60_000;
/** Up to this share of the time that it usually takes, work is looked at seldom: it hardly ever ends before. A part of it is less certain. */
const FAR_FROM_ITS_END = { whole: 0.9, part: 0.8 } as const;
/** The longest gap until then, and the shortest one right after the time that it usually takes, as shares of that time. */
const SELDOM = 0.25;
const OFTEN = 0.005;
const SHORTEST_GAP_MS = 5_000;
/** The gap once it is later than the policy's pace could tell, as a share of the time by which it is late. */
const OVERDUE = 0.25;

/**
 * What the next look hangs on. `isSteady`: nobody may ease off, since the looks themselves bring the work on. `aheadMs`: how much of
 * the time that it usually takes comes after the part that is looked at. `quietUntil`: nothing new can be seen before then.
 */
export type PaceSight = Pick<TargetSight, "walk" | "step" | "now" | "cutoff"> & { readonly isSteady?: boolean; readonly aheadMs?: number; readonly quietUntil?: number };

/**
 * When begun work is to be looked at next, milliseconds since the epoch: at the policy's pace, and not later than the next instant
 * that decides something. Work of which it is known how long it usually takes is looked at seldom until it may end, then at the
 * policy's pace or after its `WORTH`, at the very instant at which it usually ends, soon after that, and less and less often the later it gets: each look
 * costs two turns and a call or two, and most of them say nothing new. Work that has not started yet is always looked at at the
 * policy's pace, since a kickoff that did not happen must not go unnoticed.
 */
export function nextLookAt(sight: PaceSight): number {
  const { walk, step, now, cutoff } = sight;
  const instants = [now + gapOf(sight), (walk.intendedAt ?? now) + step.policy.timeoutMs];
  if (walk.progress === "waiting") instants.push((walk.begunAt ?? now) + step.policy.startWithinMs, startBy(step, walk, cutoff));
  return Math.min(...instants.filter((instant) => instant > now));
}

function gapOf({ walk, step, now, isSteady = false, aheadMs = 0, quietUntil = 0 }: PaceSight): number {
  if (quietUntil > now) return quietUntil - now;
  const { isDurationKnown } = step;
  const expectedMs = Math.max(0, step.expectedMs - aheadMs);
  const { pollEveryMs } = step.policy;
  if (isSteady || isDurationKnown !== true || walk.progress === "waiting" || walk.begunAt === undefined) return pollEveryMs;
  const sinceMs = now - walk.begunAt;
  const lateMs = sinceMs - expectedMs;
  if (lateMs >= pollEveryMs) return Math.max(pollEveryMs, Math.min(Math.ceil(lateMs * OVERDUE), LONGEST_GAP_MS));
  if (lateMs >= 0) return Math.min(pollEveryMs, Math.max(lateMs, Math.ceil(expectedMs * OFTEN), SHORTEST_GAP_MS));
  const worthMs = expectedMs * WORTH;
  const farMs = Math.min(expectedMs * SELDOM, expectedMs * FAR_FROM_ITS_END[aheadMs > 0 ? "part" : "whole"] - sinceMs, Math.max(LONGEST_GAP_MS, worthMs));
  return Math.min(Math.max(pollEveryMs, Math.ceil(farMs), Math.ceil(worthMs)), -lateMs);
}
