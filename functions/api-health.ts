import { app as functions } from "@azure/functions";
import { faultRecordOf } from "../shared/fault/fault.ts";
import type { App } from "./app.ts";

/** Registers: is it alive, and can it reach its journal? Open to anyone, and says nothing else. */
export function registerHealth(app: App): void {
  functions.http("health", { methods: ["GET"], route: "v1/health", authLevel: "anonymous", handler: () => ({ jsonBody: { status: "alive", version: app.version } }) });
  functions.http("ready", {
    methods: ["GET"],
    route: "v1/ready",
    authLevel: "anonymous",
    handler: async () => {
      try {
        await app.stage.journal.runs();
        return { jsonBody: { status: "ready" } };
      } catch (thrown) {
        return { status: 503, jsonBody: { status: "not ready", because: faultRecordOf(thrown).kind } };
      }
    },
  });
}
