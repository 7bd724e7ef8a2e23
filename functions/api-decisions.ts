import type { App } from "./app.ts";
import { makeDecision, whatAbortMeans } from "./decisions.ts";
import { endpoint } from "./http.ts";

/** Registers: decisions about a run, abort among them. */
export function registerDecisions(app: App): void {
  endpoint(app, "decide", async ({ client, principal, params, body }) => {
    const { decision, isNew } = await makeDecision(app, client, principal, params["run"] ?? "", body);
    return { status: isNew ? 201 : 200, jsonBody: decision };
  });

  endpoint(app, "abortRun", async ({ client, principal, params, body: { mode, note } }) => {
    const { decision, state } = await makeDecision(app, client, principal, params["run"] ?? "", { decision: "abort", mode, ...(note === undefined ? {} : { note }) });
    return { status: 202, jsonBody: { decision, ...whatAbortMeans(app, state) } };
  });
}
