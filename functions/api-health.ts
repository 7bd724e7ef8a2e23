import { app as functions } from "@azure/functions";
import { Fault, faultRecordOf } from "../shared/fault/fault.ts";
import type { App } from "./app.ts";

/** Registers: is it alive, and could it start a window: can it reach its journal, and is it the code that was replayed? Open to anyone, and says nothing else. */
export function registerHealth(app: App): void {
  functions.http("health", { methods: ["GET"], route: "v1/health", authLevel: "anonymous", handler: () => ({ jsonBody: { status: "alive", version: app.version } }) });
  functions.http("ready", {
    methods: ["GET"],
    route: "v1/ready",
    authLevel: "anonymous",
    handler: async () => {
      try {
        await app.stage.journal.runs();
        const { unfit } = await app.code();
        if (unfit !== undefined) throw new Fault("conflict", unfit);
        return { jsonBody: { status: "ready" } };
      } catch (thrown) {
        return { status: 503, jsonBody: { status: "not ready", because: faultRecordOf(thrown).kind } };
      }
    },
  });
}
