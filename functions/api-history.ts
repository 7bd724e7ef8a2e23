import { OrchestrationRuntimeStatus, type DurableClient } from "durable-functions";
import { Fault } from "../shared/fault/fault.ts";
import { deadlineAfter } from "../shared/ports/deadline.ts";
import { isoOf } from "../shared/ports/clock.ts";
import { RUN_STREAM } from "../shared/run/facts.ts";
import { windowInstance } from "../shared/run/instances.ts";
import type { App } from "./app.ts";
import { endpoint } from "./http.ts";

const INSTANCES_A_PAGE = 500;
const EVENTS_A_PAGE = 500;
const DEADLINE_MS = 20_000;
/** The task hub's clock and the journal's need not be the same. */
const SKEW_MS = 5 * 60_000;

/** Registers: what the task hub knows of a run's orchestrations, for whoever must find out afterwards what happened. */
export function registerHistory(app: App): void {
  endpoint(app, "showHistory", async ({ params, query: { instance, from = 0 }, client }) => {
    const run = params["run"] ?? "";
    const started = (await app.stage.journal.read(run, RUN_STREAM)).find((fact) => fact.type === "run.started");
    if (started === undefined) throw new Fault("absent", `the run ${run} has not started: it has no orchestrations`);
    return { jsonBody: instance === undefined ? await instancesOf(client, run, Date.parse(started.at), from) : await historyOf(client, run, instance, from) };
  });
}

async function instancesOf(client: DurableClient, run: string, startedAt: number, from: number): Promise<object> {
  const since = new Date(startedAt - SKEW_MS);
  const all = (await client.getStatusBy({ createdTimeFrom: since, runtimeStatus: Object.values(OrchestrationRuntimeStatus) })).filter(({ instanceId }) =>
    belongsTo(run, instanceId),
  );
  const instances = all
    .map(({ instanceId, name, runtimeStatus, createdTime, lastUpdatedTime }) => ({
      instance: instanceId,
      name,
      status: runtimeStatus,
      createdAt: isoOf(new Date(createdTime).getTime()),
      updatedAt: isoOf(new Date(lastUpdatedTime).getTime()),
    }))
    .toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : a.instance < b.instance ? -1 : 1));
  return { run, instances: instances.slice(from, from + INSTANCES_A_PAGE), total: instances.length, ...next(from, INSTANCES_A_PAGE, instances.length) };
}

async function historyOf(client: DurableClient, run: string, instance: string, from: number): Promise<object> {
  if (!belongsTo(run, instance)) throw new Fault("absent", `the run ${run} has no orchestration ${instance}`);
  // The client's own `getStatus` drops what the extension calls `historyEvents`, so the extension is asked directly.
  const address = new URL(client.createHttpManagementPayload(instance).statusQueryGetUri);
  for (const flag of ["showHistory", "showHistoryOutput"]) address.searchParams.set(flag, "true");
  const answer = await fetch(address, { signal: deadlineAfter(DEADLINE_MS) });
  if (answer.status === 404) throw new Fault("absent", `the task hub has no orchestration ${instance} any more: it was purged, or never started`);
  // Of one that failed the extension says so by 500, with the same body.
  const status = (await answer.json().catch(() => undefined)) as { runtimeStatus?: string; historyEvents?: readonly object[] } | undefined;
  if (status?.runtimeStatus === undefined) throw new Fault("unavailable", `the task hub answered ${answer.status} for the history of ${instance}`);
  const events = status.historyEvents ?? [];
  return {
    run,
    instance,
    status: status.runtimeStatus,
    events: events.slice(from, from + EVENTS_A_PAGE),
    total: events.length,
    ...next(from, EVENTS_A_PAGE, events.length),
  };
}

/** Ids of steps, targets and amendments begin with the run's own; see shared/run/instances.ts. */
function belongsTo(run: string, instance: string): boolean {
  const root = windowInstance(run);
  return instance === root || instance.startsWith(`${root}.`);
}

function next(from: number, page: number, total: number): { next?: number } {
  return from + page < total ? { next: from + page } : {};
}
