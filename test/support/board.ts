import type { BoardView } from "../../dashboard/view.ts";
import { mayI } from "../../shared/access/roles.ts";
import type { CompiledPlan } from "../../shared/plan/compiled.ts";
import type { Entry } from "../../shared/run/journal.ts";
import { outlookOf } from "../../shared/run/outlook.ts";
import { indexOf } from "../../shared/run/plan-index.ts";
import { reportOf } from "../../shared/run/report.ts";
import { stateOf } from "../../shared/run/state.ts";
import { decemberNight, type NightOptions } from "./december.ts";

/** The board of a run at an instant, as an admin sees it. */
export function boardOf(plan: CompiledPlan, entries: readonly Entry[], now: number): BoardView {
  const index = indexOf(plan);
  const state = stateOf(index, entries, now);
  return {
    index,
    state,
    report: reportOf(plan, entries, now),
    outlook: outlookOf(index, state, now),
    now,
    api: `/api/v1/runs/${plan.window.id}`,
    boards: "/api/v1/board",
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
