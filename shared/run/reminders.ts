import { instantOf } from "../plan/local-time.ts";
import type { Notice } from "../ports/people.ts";
import type { StoredPlan } from "./plans.ts";

const DAYS = ["Thu", "Fri", "Sat"] as const;
/** A host that was down at noon says it later the same day, and not in the night. */
const SAID_WITHIN_MS = 6 * 3_600_000;

/**
 * What the owners of a plan must hear now since nobody has approved it: on Thursday, Friday and Saturday at noon, on the clock of the
 * window. Each has a key of its own, and whoever tells tells a key once; so this may be asked at every tick.
 */
export function remindersOf({ plan, approved }: StoredPlan, now: number): readonly Notice[] {
  const { window } = plan;
  if (approved !== undefined || now >= Date.parse(window.opensAt)) return [];
  return DAYS.flatMap((day): Notice[] => {
    const noon = instantOf(`${day} 12:00`, { sunday: window.date, zone: window.zone });
    if (!noon.ok || now < noon.instantMs || now >= noon.instantMs + SAID_WITHIN_MS) return [];
    return [
      {
        key: `${window.id}/unapproved/${day}`,
        channels: window.channels.map(({ id }) => id),
        mention: window.owners.map(({ slackId }) => slackId),
        text: `${window.title} is stored, and nobody has approved it: it will not start.`,
        lines: [`It would open at ${window.opensAt}.`, `To approve it: POST /api/v1/plans/${window.id}/approve with its digest, ${plan.digest}.`],
      },
    ];
  });
}
