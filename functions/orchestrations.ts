import * as df from "durable-functions";
import { fan } from "../orchestrators/fan.ts";
import { reply } from "../orchestrators/reply.ts";
import { step } from "../orchestrators/step.ts";
import { target } from "../orchestrators/target.ts";
import { window } from "../orchestrators/window.ts";
import { FAN, REPLY, STEP, TARGET, WINDOW } from "./app.ts";

/** Binds the orchestrators to durable-functions. */
export function registerOrchestrations(): void {
  df.app.orchestration(WINDOW, window as df.OrchestrationHandler);
  df.app.orchestration(STEP, step as df.OrchestrationHandler);
  df.app.orchestration(TARGET, target as df.OrchestrationHandler);
  df.app.orchestration(FAN, fan as df.OrchestrationHandler);
  df.app.orchestration(REPLY, reply as df.OrchestrationHandler);
}
