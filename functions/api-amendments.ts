import { checkAmendmentApproval } from "../shared/access/separation.ts";
import { Fault } from "../shared/fault/fault.ts";
import { approveAmendment, proposeAmendment, proposedIn, type Proposal } from "../shared/run/amend.ts";
import { addedSteps, amendmentsOf } from "../shared/run/amendments.ts";
import { AMENDMENT_STREAM, RUN_STREAM, stepStream, type Fact } from "../shared/run/facts.ts";
import { amendmentInstance } from "../shared/run/instances.ts";
import { settleAmendment, unsettled, type Hub } from "../shared/run/settle-amendment.ts";
import { digestOfRun } from "./api-runs.ts";
import { WINDOW, type App } from "./app.ts";
import { endpoint } from "./http.ts";
import { ringThrough } from "./ring.ts";
import { isAlive, type RunHub } from "./start.ts";

/** Registers: amendments of a running window. One person proposes, another one approves, as with plans. */
export function registerAmendments(app: App): void {
  const { stage } = app;

  endpoint(app, "proposeAmendment", async ({ params, body: { text, dryRun }, principal }) => {
    const run = params["run"] ?? "";
    await digestOfRun(app, run);
    const { inventory } = await app.inventory();
    const { proposal, isNew } = await proposeAmendment(stage, inventory, { run, text, by: principal.name }, dryRun);
    return { status: isNew ? 201 : 200, jsonBody: told(proposal) };
  });

  endpoint(app, "listAmendments", async ({ params }) => {
    const run = params["run"] ?? "";
    await digestOfRun(app, run);
    const runFacts = await stage.journal.read(run, RUN_STREAM);
    const facts = await stage.journal.read(run, AMENDMENT_STREAM);
    const taken = new Map(amendmentsOf(runFacts).map((amended) => [amended.amendment, amended]));
    const refused = facts.flatMap((fact) => (fact.type === "amendment.refused" ? [{ amendment: fact.amendment, at: fact.at, by: fact.by, why: fact.why }] : []));
    const proposed = facts.flatMap((fact) => {
      if (fact.type !== "amendment.proposed") return [];
      const amended = taken.get(fact.amendment);
      return [{ ...told({ ...fact, run }), at: fact.at, by: fact.by, ...(amended === undefined ? {} : { approvedBy: amended.approvedBy, amendedAt: amended.at }) }];
    });
    return { jsonBody: { proposed, refused } };
  });

  endpoint(app, "approveAmendment", async ({ params, body: { digest }, principal, client }) => {
    const { run = "", amendment = "" } = params;
    const proposed = proposedIn(await stage.journal.readUnder(run, AMENDMENT_STREAM), amendment);
    if (proposed === undefined) throw new Fault("absent", `the run ${run} has no amendment ${amendment}`);
    checkAmendmentApproval(principal, proposed.by, app.door.settings);
    const { amended, isNew } = await approveAmendment(stage, run, amendment, digest, principal.name);
    if (isNew) stage.telemetry.event("decision.made", { run, decision: "amend", by: principal.name });
    const tooLateFor = await settleAmendment(stage, hubOf(app, client), run, amended);
    return { jsonBody: { ...told({ ...proposed, run }), approvedBy: amended.approvedBy, amendedAt: amended.at, tooLateFor } };
  });
}

/** What everybody is told of an amendment. */
function told({ amendment, run, from, to, changes, warnings }: Proposal): Proposal {
  return { amendment, run, from, to, changes, warnings };
}

/**
 * Sees amendments of a run through that somebody died over, and has what they added started again if its orchestration is gone.
 * Asked by the guard.
 */
export async function keepAmendments(app: App, client: RunHub, run: string, runFacts: readonly Fact[]): Promise<void> {
  const { stage } = app;
  const hub = hubOf(app, client);
  for (const amended of await unsettled(stage, run, runFacts)) await settleAmendment(stage, hub, run, amended);
  const started = runFacts.find((fact) => fact.type === "run.started")?.digest;
  const waiting = new Set<string>();
  for (const [step, amendment] of addedSteps(runFacts)) {
    const facts = await stage.journal.read(run, stepStream(step));
    const host = facts.find((fact) => fact.type === "step.hosted")?.by;
    if ((host === undefined || host === amendment) && !facts.some(({ type }) => type === "step.ended")) waiting.add(amendment);
  }
  if (started !== undefined) for (const amendment of waiting) await hub.begin(run, started, amendment);
}

function hubOf(app: App, client: RunHub): Hub {
  return {
    async begin(run, digest, amendment) {
      const instanceId = amendmentInstance(run, amendment);
      if (await isAlive(client, run, instanceId)) return;
      try {
        await client.startNew(WINDOW, { instanceId, input: { run, digest, amendment } });
      } catch (refused) {
        // Of two that come at once the task hub takes one.
        if (!(await isAlive(client, run, instanceId))) throw refused;
      }
    },
    async ring(instances) {
      await (app.ring === undefined ? ringThrough(client, instances) : app.ring(instances));
    },
  };
}
