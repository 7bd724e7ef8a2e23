import { Fault } from "../shared/fault/fault.ts";
import type { DecisionRequest } from "../shared/run/decide.ts";
import type { Decision } from "../shared/run/facts.ts";
import type { App } from "./app.ts";
import { makeDecision, whatAbortMeans } from "./decisions.ts";
import { endpoint } from "./http.ts";

/** Registers: decisions about a run, abort among them. */
export function registerDecisions(app: App): void {
  endpoint(app, "decide", async ({ client, principal, params, body }) => {
    const { decision, isNew } = await makeDecision(app, client, principal, params["run"] ?? "", body);
    checkSame(decision, body);
    return { status: isNew ? 201 : 200, jsonBody: decision };
  });

  endpoint(app, "abortRun", async ({ client, principal, params, body: { mode, note, id } }) => {
    const { decision, state } = await makeDecision(app, client, principal, params["run"] ?? "", {
      decision: "abort",
      mode,
      ...(note === undefined ? {} : { note }),
      ...(id === undefined ? {} : { id }),
    });
    checkSame(decision, { decision: "abort", mode, ...(id === undefined ? {} : { id }) });
    return { status: 202, jsonBody: { decision, ...whatAbortMeans(app, state) } };
  });
}

/** An id is for one decision: whoever sends another under it must not believe that it was made. */
function checkSame(made: Decision, { id, decision, step, target, mode }: Partial<Pick<DecisionRequest, "id" | "decision" | "step" | "target" | "mode">>): void {
  if (id === undefined) return;
  const isSame = made.decision === decision && made.step === step && made.target === target && (mode === undefined || made.mode === mode);
  if (!isSame) throw new Fault("conflict", `the id ${id} is that of another decision: ${made.by} decided ${made.decision} at ${made.at}; send this one under an id of its own`);
}
