import type { DurableClient } from "durable-functions";
import type { Principal } from "../shared/access/principal.ts";
import { Refusal } from "../shared/access/refusal.ts";
import { mayI } from "../shared/access/roles.ts";
import { checkStepApproval } from "../shared/access/separation.ts";
import { Fault } from "../shared/fault/fault.ts";
import { isoOf } from "../shared/ports/clock.ts";
import { ABOUT_THE_RUN, decide, type DecisionRequest } from "../shared/run/decide.ts";
import type { Decision } from "../shared/run/facts.ts";
import { indexOf, type PlanIndex } from "../shared/run/plan-index.ts";
import type { RunState } from "../shared/run/state.ts";
import { whoWaits } from "../shared/run/who-waits.ts";
import { latestDigest, startedWith } from "./api-runs.ts";
import type { App } from "./app.ts";
import { ringThrough } from "./ring.ts";

export interface Made {
  readonly decision: Decision;
  readonly isNew: boolean;
  /** How the run stood when the decision was made, before whoever waits for it went on. */
  readonly state: RunState;
}

/**
 * Makes a decision, by whatever door it came: a fact first, then whoever waits for it is rung. That the caller may steer or abort
 * at all was looked at before.
 *
 * @throws Refusal 403 for an approval that is not theirs to give; Fault `absent`, `invalid` or `conflict` as `decide`.
 */
export async function makeDecision(app: App, client: DurableClient, principal: Principal, run: string, request: DecisionRequest): Promise<Made> {
  const index = indexOf(await app.stage.plans.get(await planToDecideOn(app, run, request)));
  if (request.decision === "approve") checkApprover(principal, index, request);
  const answer = await decide(app.stage.journal, index, request, principal.name, isoOf(app.stage.clock.now()));
  if (answer.isNew) app.stage.telemetry.event("decision.made", { run, decision: request.decision, by: principal.name });
  const state = await app.conductor.state(index.plan.digest);
  await ringThrough(client, whoWaits(state, request));
  return { ...answer, state };
}

/** A window that has not started can be aborted or held already; for all else there must be a run. */
async function planToDecideOn(app: App, run: string, { decision }: DecisionRequest): Promise<string> {
  const started = await startedWith(app, run);
  const digest = started ?? (await latestDigest(app, run));
  if (digest === undefined) throw new Fault("absent", `there is no run ${run}`);
  if (!ABOUT_THE_RUN.has(decision) && started === undefined) throw new Fault("conflict", `the run ${run} has not started: nothing is there yet to ${decision}`);
  return digest;
}

/** An approval needs more than to steer: the role, and that the step names who gives it. */
function checkApprover(principal: Principal, index: PlanIndex, { step }: DecisionRequest): void {
  if (!mayI(principal.role, "approve")) throw new Refusal(403, `${principal.name} is ${principal.role} here; to approve needs approver`);
  const approval = index.plan.steps.find(({ id }) => id === step)?.approval;
  // A step that needs none, or is none, is what the decision itself is refused for.
  if (approval !== undefined) checkStepApproval(principal, step ?? "", approval.by);
}

/** The answer that an abort gives at once: what runs, what of it cannot be interrupted, and what will be put back. */
export function whatAbortMeans(app: App, state: RunState): { running: object[]; cannotBeInterrupted: string[]; willBePutBack: string[] } {
  const running = state.steps.filter(({ state: standing }) => standing === "running");
  return {
    running: running.map(({ id, title, targets }) => ({ step: id, title, targets: targets.filter((target) => target.state === "running").map((target) => target.id) })),
    cannotBeInterrupted: running.filter(({ verb }) => app.registry.find(verb)?.cancel === undefined).map(({ id }) => id),
    willBePutBack: state.obligations.filter(({ closed }) => closed === undefined).map(({ what }) => what),
  };
}
