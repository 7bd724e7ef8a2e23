import type { StoredPlan } from "./plans.ts";

/** A run is started this long before its first step, so that the durable timers inside it hit the exact instants. */
export const START_LEAD_MS = 10 * 60_000;

/** How a stored window stands at an instant. */
export type Due = { readonly is: "due" } | { readonly is: "later"; readonly at: number } | { readonly is: "not"; readonly why: string };

/**
 * Whether a window should be started now. Asked at every tick with what is stored, never «it is 20:00 now»: a host that was
 * down at the hour finds out at its next tick, and a tick that comes twice changes nothing.
 */
export function dueOf({ plan, approved }: StoredPlan, now: number): Due {
  const startAt = Date.parse(plan.window.opensAt) - START_LEAD_MS;
  if (now >= Date.parse(plan.window.cutoff)) return { is: "not", why: "its cutoff is over" };
  if (now < startAt) return { is: "later", at: startAt };
  if (approved === undefined) return { is: "not", why: "nobody has approved it" };
  return { is: "due" };
}
