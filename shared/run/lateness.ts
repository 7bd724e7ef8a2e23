import type { CompiledStep } from "../plan/compiled.ts";
import type { TargetSight } from "./next-order.ts";
import type { Walk } from "./walk.ts";

/** Begun work that is past its start or its end: why it is given up. */
export function tooLate({ walk, step, target, now, cutoff }: TargetSight): { as: "failed" | "unknown"; why: string } | undefined {
  const deadline = (walk.intendedAt ?? now) + step.policy.timeoutMs;
  if (walk.progress === "waiting" && now >= startBy(step, walk, cutoff)) {
    return { as: "failed", why: `never started: ${walk.note ?? `${step.verb} ${target.id} was accepted and did not start`}` };
  }
  return now >= deadline ? { as: "unknown", why: `not finished within ${minutes(step.policy.timeoutMs)}: ${walk.note ?? "no news of it"}` } : undefined;
}

/** Until when accepted work may start: the step's grace after its time or, where it has no time of its own, after its begin. What closes may start after the cutoff too. */
export function startBy(step: CompiledStep, walk: Walk, cutoff: number): number {
  const planned = step.at === undefined ? (walk.begunAt ?? cutoff) : Math.max(Date.parse(step.at), 0);
  const bound = step.always ? Number.POSITIVE_INFINITY : cutoff;
  return Math.min(bound, Math.max(planned + (step.graceMs ?? step.policy.timeoutMs), (walk.begunAt ?? planned) + step.policy.startWithinMs));
}

function minutes(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;
}
