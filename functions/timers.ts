import { app as functions, type InvocationContext, type Timer } from "@azure/functions";
import * as df from "durable-functions";
import { dueOf } from "../shared/run/due.ts";
import { faultRecordOf } from "../shared/fault/fault.ts";
import { RUN_STREAM } from "../shared/run/facts.ts";
import type { App } from "./app.ts";
import { approvalOf, startRun } from "./start.ts";

/**
 * Registers the two timers that start what is due. Both ask the same question («which stored windows should run by now?»)
 * in UTC, every five minutes, on the days on which a window of any zone can open: one serves windows that open on Saturday, the
 * other those that open on Sunday, and whichever comes first starts what the other missed. A tick that comes twice, late
 * or after an outage finds out from the journal what is left to do.
 */
export function registerTimers(app: App): void {
  // Saturday evening anywhere between UTC-12 and UTC+14 is Friday to Sunday in UTC.
  prework("saturdayPrework", "0 */5 * * * 5,6,0");
  prework("sundayPrework", "0 */5 * * * 6,0,1");

  function prework(name: string, schedule: string): void {
    functions.timer(name, {
      schedule,
      useMonitor: true,
      extraInputs: [df.input.durableClient()],
      handler: (timer: Timer, context: InvocationContext) => startWhatIsDue(app, name, timer, context),
    });
  }
}

async function startWhatIsDue(app: App, timer: string, tick: Timer, context: InvocationContext): Promise<void> {
  if (tick.isPastDue) context.warn(`${timer}: this tick is late; whatever was due meanwhile is started now`);
  const now = app.stage.clock.now();
  for (const stored of await app.stage.plans.latest()) {
    const { id, opensAt } = stored.plan.window;
    try {
      // A run that has started keeps its plan and goes on to its end, cutoff or not: what it opened must be closed. A plan
      // stored since is for an amendment to bring in, not for a tick.
      const facts = await app.stage.journal.read(id, RUN_STREAM);
      const begun = facts.find((fact) => fact.type === "run.started");
      if (facts.some(({ type }) => type === "run.ended")) continue;
      if (begun === undefined && dueOf(stored, now).is !== "due") continue;
      const { did } = await startRun(app, df.getClient(context), id, begun?.digest ?? stored.plan.digest, `timer ${timer}`, approvalOf(stored));
      if (did === "started" || did === "resumed") context.log(`${timer}: ${did} the window ${id}`);
      if (did === "started" && now > Date.parse(opensAt)) {
        app.stage.telemetry.event("prework.late", { run: id, step: "window", lateMs: now - Date.parse(opensAt) }, "warning");
      }
    } catch (thrown) {
      const { kind, message } = faultRecordOf(thrown);
      context.error(`${timer}: the window ${id} could not be started: ${kind}: ${message}`);
    }
  }
}
