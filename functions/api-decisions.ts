import { z } from "zod";
import { Fault } from "../shared/fault/fault.ts";
import { isoOf } from "../shared/ports/clock.ts";
import { ABOUT_THE_RUN, decide, DecisionRequest } from "../shared/run/decide.ts";
import { ABORT_MODES } from "../shared/run/facts.ts";
import { indexOf } from "../shared/run/plan-index.ts";
import type { RunState } from "../shared/run/state.ts";
import { whoWaits } from "../shared/run/who-waits.ts";
import { latestDigest, startedWith } from "./api-runs.ts";
import type { App } from "./app.ts";
import { endpoint, type ApiCall } from "./http.ts";
import { ringThrough } from "./ring.ts";

const AbortRequest = z.strictObject({
  mode: z.enum(ABORT_MODES).default("close").describe("freeze: hold and wait; finish: let run what runs, then close up; close: close up now"),
  note: z.string().max(2_000).optional(),
});

/** Registers: decisions about a run, abort among them. A decision is a fact first; then whoever waits for it is rung. */
export function registerDecisions(app: App): void {
  endpoint(app, "decide", "POST", "runs/{run}/decisions", async (call) => {
    const request = await call.body(DecisionRequest);
    const { decision, isNew } = await made(call, request);
    return { status: isNew ? 201 : 200, jsonBody: decision };
  });

  endpoint(app, "abortRun", "POST", "runs/{run}/abort", async (call) => {
    const { mode, note } = await call.body(AbortRequest);
    const { decision, state } = await made(call, { decision: "abort", mode, ...(note === undefined ? {} : { note }) });
    return { status: 202, jsonBody: { decision, ...whatAbortMeans(app, state) } };
  });

  /** A window that has not started can be aborted or held already; for all else there must be a run. */
  async function planToDecideOn(run: string, { decision }: DecisionRequest): Promise<string> {
    const digest = (await startedWith(app, run)) ?? (await latestDigest(app, run));
    if (digest === undefined) throw new Fault("absent", `there is no run ${run}`);
    if (!ABOUT_THE_RUN.has(decision) && (await startedWith(app, run)) === undefined) throw new Fault("conflict", `the run ${run} has not started: nothing is there yet to ${decision}`);
    return digest;
  }

  /** `state` is how the run stood when the decision was made, before whoever waits for it went on. */
  async function made(call: ApiCall, request: DecisionRequest): Promise<{ decision: object; isNew: boolean; state: RunState }> {
    const run = call.params["run"] ?? "";
    const index = indexOf(await app.stage.plans.get(await planToDecideOn(run, request)));
    const answer = await decide(app.stage.journal, index, request, call.operator, isoOf(app.stage.clock.now()));
    if (answer.isNew) app.stage.telemetry.event("decision.made", { run, decision: request.decision, by: call.operator });
    const state = await app.conductor.state(index.plan.digest);
    await ringThrough(call.client, whoWaits(state, request));
    return { ...answer, state };
  }
}

/** The answer that an abort gives at once: what runs, what of it cannot be interrupted, and what will be put back. */
function whatAbortMeans(app: App, state: RunState): { running: object[]; cannotBeInterrupted: string[]; willBePutBack: string[] } {
  const running = state.steps.filter(({ state: standing }) => standing === "running");
  return {
    running: running.map(({ id, title, targets }) => ({ step: id, title, targets: targets.filter((target) => target.state === "running").map((target) => target.id) })),
    cannotBeInterrupted: running.filter(({ verb }) => app.registry.find(verb)?.cancel === undefined).map(({ id }) => id),
    willBePutBack: state.obligations.filter(({ closed }) => closed === undefined).map(({ what }) => what),
  };
}
