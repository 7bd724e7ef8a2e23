import { registerActivities } from "./activities.ts";
import { registerAmendments } from "./api-amendments.ts";
import { registerBoard } from "./api-board.ts";
import { registerDecisions } from "./api-decisions.ts";
import { registerHealth } from "./api-health.ts";
import { registerHistory } from "./api-history.ts";
import { registerOpen } from "./api-open.ts";
import { registerPlans } from "./api-plans.ts";
import { registerReports } from "./api-reports.ts";
import { registerRuns } from "./api-runs.ts";
import { registerWindows } from "./api-windows.ts";
import type { App } from "./app.ts";
import { registerNowhere } from "./http.ts";
import { registerOrchestrations } from "./orchestrations.ts";
import { registerGuard } from "./reconciler.ts";
import { registerSlack } from "./slack-actions.ts";
import { registerTimers } from "./timers.ts";

/** Registers every function of the app. Azure and the local host call the same. */
export function register(app: App): void {
  registerOrchestrations();
  registerActivities(app);
  registerTimers(app);
  registerGuard(app);
  registerPlans(app);
  registerWindows(app);
  registerRuns(app);
  registerHistory(app);
  registerDecisions(app);
  registerAmendments(app);
  registerBoard(app);
  registerReports(app);
  registerOpen(app);
  registerSlack(app);
  registerHealth(app);
  registerNowhere(app);
}
