import type { AzureDevOpsWorld, SimulatedPipeline, StageFate } from "./simulator.ts";

/** A run as it was queued; how it stands is worked out from these instants and the clock. */
export interface SimulatedRun {
  readonly id: number;
  readonly pipeline: number;
  readonly ref: string;
  readonly commit: string;
  /** UTC ISO. */
  readonly queuedAt: string;
  readonly reason: "manual" | "individualCI" | "schedule";
  readonly variables: Record<string, string>;
  readonly templateParameters: Record<string, string>;
  /** `skipped` also stands for stages that the run was told to leave out. */
  readonly stages: readonly { readonly name: string; readonly durationMs: number; readonly fate: StageFate }[];
  cancelledAt?: string;
  /** When someone gave the approval that a stage waits for. */
  approvedAt?: string;
}

export interface SimulatedStage {
  readonly name: string;
  readonly state: "pending" | "inProgress" | "completed";
  readonly result?: "succeeded" | "succeededWithIssues" | "failed" | "canceled" | "skipped" | "abandoned";
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly awaitsApproval: boolean;
}

/** A run that a push set off earlier, of which every stage was left out: it tells which commit a ref was at. */
export function earlierRun(pipeline: SimulatedPipeline, id: number, ref: string, queuedAt: string): SimulatedRun {
  const stages = pipeline.stages.map(({ name, durationMs }) => ({ name, durationMs, fate: "skipped" as const }));
  return { id, pipeline: pipeline.id, ref, commit: pipeline.refs[ref] ?? "", queuedAt, reason: "individualCI", variables: {}, templateParameters: {}, stages };
}

/** From queueing until an agent takes the run. */
const PICK_UP_MS = 5_000;
/** From the request to cancel until everything has ended. */
const CANCEL_MS = 8_000;

/** When agents can take the run: milliseconds since the epoch. */
export function agentsAt({ agentsOfflineUntil }: AzureDevOpsWorld, { queuedAt }: SimulatedRun): number {
  return Math.max(Date.parse(queuedAt) + PICK_UP_MS, agentsOfflineUntil === undefined ? 0 : Date.parse(agentsOfflineUntil));
}

/** Each stage as its record says it at `now`. */
export function stagesAt(run: SimulatedRun, now: number, agentsFrom: number): SimulatedStage[] {
  const cancelledAt = run.cancelledAt === undefined ? Infinity : Date.parse(run.cancelledAt) + CANCEL_MS;
  /** When the next stage may start; Infinity: never. */
  let next = agentsFrom;
  let stopped = false;
  return run.stages.map(({ name, durationMs, fate }): SimulatedStage => {
    const beginsAt = next;
    const skippedAt = Math.min(beginsAt, cancelledAt);
    // A stage that is left out, or that comes after one that ended badly, has a record that says so once its turn has come.
    if (stopped || fate === "skipped") return skippedAt <= now ? ended(name, "skipped", skippedAt) : pending(name);
    const approvedAt = fate !== "waits for approval" ? beginsAt : run.approvedAt === undefined ? Infinity : Math.max(beginsAt, Date.parse(run.approvedAt));
    const startsAt = fate === "never starts" ? Infinity : approvedAt;
    if (startsAt >= cancelledAt) {
      next = cancelledAt;
      stopped = true;
      return cancelledAt <= now ? ended(name, "canceled", cancelledAt) : { ...pending(name), awaitsApproval: fate === "waits for approval" && beginsAt <= now };
    }
    const [result, takes] = endOf(fate, durationMs);
    const wouldEndAt = startsAt + takes;
    const isCancelled = wouldEndAt > cancelledAt;
    const endsAt = isCancelled ? cancelledAt : wouldEndAt;
    next = endsAt;
    stopped = isCancelled || (result !== "succeeded" && result !== "succeededWithIssues");
    if (startsAt > now) return { ...pending(name), awaitsApproval: fate === "waits for approval" && beginsAt <= now };
    if (endsAt > now) return { name, state: "inProgress", startedAt: iso(startsAt), awaitsApproval: false };
    return { ...ended(name, isCancelled ? "canceled" : result, endsAt), startedAt: iso(startsAt) };
  });
}

/** The run as a whole at `now`. */
export function statusAt(run: SimulatedRun, now: number, agentsFrom: number) {
  const stages = stagesAt(run, now, agentsFrom);
  const startedAt = agentsFrom <= now ? iso(agentsFrom) : undefined;
  if (stages.some(({ state }) => state !== "completed")) {
    const status = run.cancelledAt !== undefined ? "cancelling" : startedAt === undefined ? "notStarted" : "inProgress";
    return { status, startedAt } as const;
  }
  const results = stages.map(({ result }) => result);
  const result =
    results.includes("canceled") || results.includes("abandoned")
      ? "canceled"
      : results.includes("failed")
        ? "failed"
        : results.includes("succeededWithIssues")
          ? "partiallySucceeded"
          : "succeeded";
  const finishedAt = stages
    .map((stage) => stage.finishedAt ?? "")
    .sort()
    .at(-1);
  return { status: "completed", result, startedAt, finishedAt } as const;
}

function endOf(fate: StageFate, durationMs: number): [NonNullable<SimulatedStage["result"]>, number] {
  switch (fate) {
    case "fails":
      return ["failed", durationMs];
    case "canceled":
      return ["canceled", Math.floor(durationMs / 2)];
    case "abandoned":
      return ["abandoned", durationMs];
    case "succeeds with issues":
      return ["succeededWithIssues", durationMs];
    case "hangs":
      return ["succeeded", Infinity];
    default:
      return ["succeeded", durationMs];
  }
}

const iso = (ms: number) => new Date(ms).toISOString();
const pending = (name: string): SimulatedStage => ({ name, state: "pending", awaitsApproval: false });
const ended = (name: string, result: NonNullable<SimulatedStage["result"]>, at: number): SimulatedStage => ({
  name,
  state: "completed",
  result,
  finishedAt: iso(at),
  awaitsApproval: false,
});
