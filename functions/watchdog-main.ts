import { app as functions, type InvocationContext, type Timer } from "@azure/functions";
import { watch } from "../shared/run/watch.ts";
import { composeWatchdog } from "./watchdog-compose.ts";

// The file that Azure loads for the watchdog: an app of its own, so that it does not share the failure of the one it watches.
const kennel = composeWatchdog(process.env);

functions.timer("watchdog", {
  schedule: "0 * * * * *",
  useMonitor: true,
  handler: (_timer: Timer, context: InvocationContext) => watch({ ...kennel, complain: (line) => context.error(line) }),
});
functions.http("health", { methods: ["GET"], route: "health", authLevel: "anonymous", handler: () => ({ jsonBody: { status: "alive" } }) });
