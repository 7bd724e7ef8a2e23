import { OrchestrationRuntimeStatus } from "durable-functions";
import { ACCESS_RUN } from "../shared/access/refusals.ts";
import { Fault, outcomeOf } from "../shared/fault/fault.ts";
import { amendmentsOf } from "../shared/run/amendments.ts";
import { certificateText } from "../shared/run/certificate.ts";
import type { Beginning } from "../shared/run/conductor.ts";
import { GUARD_STREAM, RUN_STREAM, type CodeName } from "../shared/run/facts.ts";
import { windowInstance } from "../shared/run/instances.ts";
import type { StoredPlan } from "../shared/run/plans.ts";
import { codesOf, codeText, refusalNotice, type Code } from "../shared/run/replays.ts";
import { type App, WINDOW } from "./app.ts";

/** States in which an instance will go on by itself. */
const ALIVE: readonly OrchestrationRuntimeStatus[] = [
  OrchestrationRuntimeStatus.Pending,
  OrchestrationRuntimeStatus.Running,
  OrchestrationRuntimeStatus.ContinuedAsNew,
  OrchestrationRuntimeStatus.Suspended,
];

/** What is asked of the task hub here and by the guard: the durable client of a trigger, or in a rehearsal the hub itself. */
export interface RunHub {
  getStatusBy(filter: { readonly runtimeStatus: OrchestrationRuntimeStatus[] }): Promise<readonly { readonly instanceId: string; readonly name: string }[]>;
  startNew(orchestrator: string, options: { readonly instanceId: string; readonly input: unknown }): Promise<string>;
  raiseEvent(instanceId: string, eventName: string, eventData: unknown): Promise<void>;
  terminate(instanceId: string, reason: string): Promise<void>;
}

export interface Started {
  readonly run: string;
  /** `started` by this call, `resumed` after its orchestration was lost, or `running` already. */
  readonly did: "started" | "resumed" | "running" | "ended";
}

/**
 * Starts the run of a window, or sees to it that a started one goes on. One run per window: the run's first fact is the
 * guard, the orchestration's instance id the second line of defence, so that two callers at once start one run.
 *
 * @param how what was approved with the plan, or why it is started although nobody has approved it.
 * @throws Fault `conflict` when the window was started with another plan, or the version that is deployed must start none.
 */
export async function startRun(app: App, client: RunHub, run: string, digest: string, by: string, how: Omit<Beginning, "code"> = {}): Promise<Started> {
  const { journal } = app.stage;
  const known = await journal.read(run, RUN_STREAM);
  const begun = known.length === 0 && (await app.conductor.begin(run, digest, by, { ...how, code: await codeToStartOn(app, run, digest) }));
  const facts = known.length > 0 ? known : await journal.read(run, RUN_STREAM);
  const started = facts.find((fact) => fact.type === "run.started");
  // Whoever knows the run by a plan that it was amended to means the same run, which is known to its orchestrations by its first one.
  const first = started?.digest ?? digest;
  if (first !== digest && !amendmentsOf(facts).some(({ to }) => to === digest)) {
    throw new Fault("conflict", `the window ${run} was started at ${started?.at ?? ""} with plan ${first.slice(0, 12)}, not ${digest.slice(0, 12)}`);
  }
  if (facts.some(({ type }) => type === "run.ended")) return { run, did: "ended" };
  if (!begun && (await isAlive(client, run))) return { run, did: "running" };
  try {
    await client.startNew(WINDOW, { instanceId: windowInstance(run), input: { run, digest: first } });
  } catch (refused) {
    // Two that come at once see nobody alive, and the task hub takes one of them: it is read back, not guessed.
    if (await isAlive(client, run)) return { run, did: begun ? "started" : "running" };
    throw refused;
  }
  return { run, did: begun ? "started" : "resumed" };
}

/** What the start of a stored plan says of its approval. */
export function approvalOf({ approved }: StoredPlan): Pick<Beginning, "approved" | "rehearsed"> {
  return {
    ...(approved?.previews === undefined ? {} : { approved: approved.previews }),
    ...(approved?.certificate === undefined ? {} : { rehearsed: certificateText(approved.certificate) }),
  };
}

/**
 * The deployed orchestrators, if a window may start on them: recorded histories were replayed on these very files, and whatever is
 * under way was begun by orchestrators that they can go on with. Those whom the window belongs to are told if it may not.
 */
async function codeToStartOn(app: App, run: string, digest: string): Promise<CodeName> {
  const code = await app.code();
  const why = code.unfit ?? (await strandedBy(app, code));
  if (why === undefined) return { release: code.release, digest: code.digest };
  const { plans, people } = app.stage;
  // The refusal holds whether or not people can be reached; the same reason is told them once.
  await outcomeOf(async () => people.tell(run, refusalNotice(await plans.get(digest), why)));
  throw new Fault("conflict", `the window ${run} is not started on the version that is deployed: ${why}`);
}

/** Why what is under way would be stranded by these orchestrators; undefined when it would not. */
async function strandedBy({ stage }: App, code: Code): Promise<string | undefined> {
  for (const run of await stage.journal.runs()) {
    if (run === ACCESS_RUN) continue;
    const facts = await stage.journal.read(run, RUN_STREAM);
    if (facts.some(({ type }) => type === "run.ended")) continue;
    const strangers = codesOf(facts, await stage.journal.read(run, GUARD_STREAM)).filter((begunBy) => !code.goesOnWith(begunBy));
    if (strangers.length > 0) return `the run ${run} has not ended, and ${codeText(code)} cannot go on with what ${strangers.map(codeText).join(", ")} began`;
  }
  return undefined;
}

/** Whether the task hub has an orchestration of the run that goes on by itself. @param instance another one than the window's own. */
export async function isAlive(client: Pick<RunHub, "getStatusBy">, run: string, instance = windowInstance(run)): Promise<boolean> {
  const page = await client.getStatusBy({ runtimeStatus: [...ALIVE] });
  return page.some(({ instanceId, name }) => name === WINDOW && instanceId === instance);
}

/** Orchestrations of the run that have not ended, parents before their children; without those in between that large fan-outs go through. */
export async function aliveOf(client: Pick<RunHub, "getStatusBy">, run: string): Promise<readonly string[]> {
  const root = windowInstance(run);
  const page = await client.getStatusBy({ runtimeStatus: [...ALIVE] });
  return page.flatMap(({ instanceId }) => (instanceId === root || instanceId.startsWith(`${root}.`) ? [instanceId] : [])).toSorted();
}
