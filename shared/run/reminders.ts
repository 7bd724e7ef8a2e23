import { instantOf, localText } from "../plan/local-time.ts";
import type { Notice } from "../ports/people.ts";
import type { StoredPlan } from "./plans.ts";
import { refusalNotice } from "./replays.ts";

const DAYS = ["Thu", "Fri", "Sat"] as const;
/** A host that was down at noon says it later the same day, and not in the night. */
const SAID_WITHIN_MS = 6 * 3_600_000;
/** From here on a version on which the window would not start is a matter for its owners. */
const UNFIT_BEFORE_MS = 4 * 86_400_000;

/**
 * What the owners of a plan must hear now, before its window: each notice has a key of its own, and whoever tells tells a key once;
 * so this may be asked at every tick.
 *
 * @param unfit why no window would start on the version that is deployed.
 */
export function remindersOf(stored: StoredPlan, now: number, unfit?: string): readonly Notice[] {
  const { plan } = stored;
  const opensAt = Date.parse(plan.window.opensAt);
  if (now >= opensAt) return [];
  return [...unapprovedNotices(stored, now), ...(unfit === undefined || now < opensAt - UNFIT_BEFORE_MS ? [] : [refusalNotice(plan, unfit)])];
}

/** Nobody has approved it: said on Thursday, Friday and Saturday at noon, on the clock of the window. */
function unapprovedNotices({ plan: { window, digest }, approved }: StoredPlan, now: number): readonly Notice[] {
  if (approved !== undefined) return [];
  return DAYS.flatMap((day): Notice[] => {
    const noon = instantOf(`${day} 12:00`, { sunday: window.date, zone: window.zone });
    if (!noon.ok || now < noon.instantMs || now >= noon.instantMs + SAID_WITHIN_MS) return [];
    return [
      {
        key: `${window.id}/unapproved/${day}`,
        channels: window.channels.map(({ id }) => id),
        mention: window.owners.map(({ slackId }) => slackId),
        text: `${window.title} is stored, and nobody has approved it: it will not start.`,
        lines: [`It would open at ${localText(Date.parse(window.opensAt), window.zone)}.`, `To approve it: POST /api/v1/plans/${window.id}/approve with its digest, ${digest}.`],
      },
    ];
  });
}
