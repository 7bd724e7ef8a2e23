import { z } from "zod";
import { Fault } from "../shared/fault/fault.ts";
import { DECISION_STREAM, RUN_STREAM } from "../shared/run/facts.ts";
import type { App } from "./app.ts";
import { endpoint } from "./http.ts";
import { startRun } from "./start.ts";

const StartRequest = z.strictObject({
  window: z.string().min(1).describe("Id of a window whose plan is stored"),
  digest: z.string().optional().describe("The plan to run; none for the latest stored for the window"),
});

/** Registers: start runs and look at them. */
export function registerRuns(app: App): void {
  endpoint(app, "startRun", "POST", "runs", async ({ body, client, operator }) => {
    const { window, digest } = await body(StartRequest);
    const stored = (await app.stage.plans.latest()).find(({ plan }) => plan.window.id === window);
    if (stored === undefined) throw new Fault("absent", `no plan is stored for the window ${window}`);
    // Before the first fact is written: a run that follows a plan nobody can find would never end.
    const { window: planned } = digest === undefined ? stored.plan : await app.stage.plans.get(digest);
    if (planned.id !== window) throw new Fault("conflict", `the digest ${digest ?? ""} is a plan of the window ${planned.id}, not of ${window}`);
    const started = await startRun(app, client, window, digest ?? stored.plan.digest, operator, stored.approved?.previews);
    return { status: 202, headers: { location: `/api/v1/runs/${encodeURIComponent(window)}` }, jsonBody: started };
  });

  endpoint(app, "listRuns", "GET", "runs", async () => ({ jsonBody: await app.stage.journal.runs() }));

  endpoint(app, "showRun", "GET", "runs/{run}", async ({ params }) => ({ jsonBody: await app.conductor.state(await digestOfRun(app, params["run"] ?? "")) }));

  endpoint(app, "listFacts", "GET", "runs/{run}/facts", async ({ params, request }) => {
    const run = params["run"] ?? "";
    await digestOfRun(app, run);
    const entries = await app.stage.journal.readAll(run);
    const from = Number(request.query.get("from") ?? "0");
    if (!Number.isSafeInteger(from) || from < 0) throw new Fault("invalid", "from: expected a number of facts to pass over");
    const page = entries.slice(from, from + 500);
    return { jsonBody: { facts: page, next: from + page.length < entries.length ? from + page.length : undefined } };
  });
}

/**
 * The plan that a run follows; before its start, where something has been decided about it already, the latest of its window.
 *
 * @throws Fault `absent` when there is no such run.
 */
export async function digestOfRun(app: App, run: string): Promise<string> {
  const digest = (await startedWith(app, run)) ?? ((await app.stage.journal.read(run, DECISION_STREAM)).length > 0 ? await latestDigest(app, run) : undefined);
  if (digest === undefined) throw new Fault("absent", `there is no run ${run}`);
  return digest;
}

/** The plan that the run was started with; undefined before that. */
export async function startedWith(app: App, run: string): Promise<string | undefined> {
  return (await app.stage.journal.read(run, RUN_STREAM)).find((fact) => fact.type === "run.started")?.digest;
}

/** The latest plan stored for a window. */
export async function latestDigest(app: App, window: string): Promise<string | undefined> {
  return (await app.stage.plans.latest()).find(({ plan }) => plan.window.id === window)?.plan.digest;
}
