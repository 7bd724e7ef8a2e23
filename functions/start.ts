import { OrchestrationRuntimeStatus, type DurableClient } from "durable-functions";
import { Fault } from "../shared/fault/fault.ts";
import { RUN_STREAM } from "../shared/run/facts.ts";
import { windowInstance } from "../shared/run/instances.ts";
import { type App, WINDOW } from "./app.ts";

/** States in which an instance will go on by itself. */
const ALIVE: readonly OrchestrationRuntimeStatus[] = [
  OrchestrationRuntimeStatus.Pending,
  OrchestrationRuntimeStatus.Running,
  OrchestrationRuntimeStatus.ContinuedAsNew,
  OrchestrationRuntimeStatus.Suspended,
];

export interface Started {
  readonly run: string;
  /** `started` by this call, `resumed` after its orchestration was lost, or `running` already. */
  readonly did: "started" | "resumed" | "running" | "ended";
}

/**
 * Starts the run of a window, or sees to it that a started one goes on. One run per window: the run's first fact is the
 * guard, the orchestration's instance id the second line of defence, so that two callers at once start one run.
 *
 * @param approved previews that were approved with the plan, by step.
 * @throws Fault `conflict` when the window was started with another plan.
 */
export async function startRun(app: App, client: DurableClient, run: string, digest: string, by: string, approved?: Readonly<Record<string, string>>): Promise<Started> {
  const { journal } = app.stage;
  const known = await journal.read(run, RUN_STREAM);
  const begun = known.length === 0 && (await app.conductor.begin(run, digest, by, approved));
  const facts = known.length > 0 ? known : await journal.read(run, RUN_STREAM);
  const started = facts.find((fact) => fact.type === "run.started");
  if (started !== undefined && started.digest !== digest) {
    throw new Fault("conflict", `the window ${run} was started at ${started.at} with plan ${started.digest.slice(0, 12)}, not ${digest.slice(0, 12)}`);
  }
  if (facts.some(({ type }) => type === "run.ended")) return { run, did: "ended" };
  if (!begun && (await isAlive(client, run))) return { run, did: "running" };
  try {
    await client.startNew(WINDOW, { instanceId: windowInstance(run), input: { run, digest } });
  } catch (refused) {
    // Two that come at once see nobody alive, and the task hub takes one of them: it is read back, not guessed.
    if (await isAlive(client, run)) return { run, did: begun ? "started" : "running" };
    throw refused;
  }
  return { run, did: begun ? "started" : "resumed" };
}

/** Whether the task hub has an orchestration of the run that goes on by itself. */
export async function isAlive(client: DurableClient, run: string): Promise<boolean> {
  const page = await client.getStatusBy({ runtimeStatus: [...ALIVE] });
  return page.some(({ instanceId, name }) => name === WINDOW && instanceId === windowInstance(run));
}
