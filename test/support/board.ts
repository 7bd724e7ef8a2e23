import { shownOf, type BoardView } from "../../dashboard/view.ts";
import { BOARDS } from "../../functions/endpoints.ts";
import { mayI } from "../../shared/access/roles.ts";
import type { CompiledPlan } from "../../shared/plan/compiled.ts";
import type { Entry } from "../../shared/run/journal.ts";
import { decemberNight, type NightOptions } from "./december.ts";

/** The board of a run at an instant, as an admin sees it. */
export function boardOf(plan: CompiledPlan, entries: readonly Entry[], now: number): BoardView {
  return {
    ...shownOf(plan, entries, now),
    api: `/api/v1/runs/${plan.window.id}`,
    boards: BOARDS,
    tag: "1",
    proposals: [],
    viewer: { name: "Ada", role: "admin", may: (deed) => mayI("admin", deed) },
  };
}

/** The board of December at an instant, or at its end. */
export async function decemberBoard({ until, ...options }: NightOptions): Promise<BoardView> {
  const { plan, entries, state } = await decemberNight({ ...(until === undefined ? {} : { until }), ...options });
  return boardOf(plan, entries, Date.parse(until ?? state.asOf));
}
