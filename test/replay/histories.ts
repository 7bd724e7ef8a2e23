import * as df from "durable-functions";
import { readAnswer } from "../../local/durable/answer.ts";
import type { HistoryEvent } from "../../local/durable/hub.ts";
import { EVENT } from "../../local/durable/history-events.ts";
import { walk } from "../../local/durable/walk.ts";
import { collectApp } from "../../local/app.ts";
import { invokerOf } from "../../local/invocation.ts";
import { STEP, WINDOW, TARGET, FAN } from "../../functions/app.ts";
import { windowInstance } from "../../shared/run/instances.ts";
import { hostedApp } from "../support/hosted-app.ts";
import { ADA, OPENS_AT, planWith } from "../support/plan-with.ts";
import { recordingStore, type RecordedGeneration } from "../support/recording-store.ts";

/** Orchestrators by the names that they are registered under. */
export type Orchestrators = Readonly<Record<string, (ctx: df.OrchestrationContext) => Generator<df.Task, unknown, unknown>>>;

/**
 * Runs a small window that goes through everything orchestrators do (gates, batches, rings, looks, retries, a fan-out in shares, an
 * abort and the way back) and keeps one history of each shape that came about.
 */
export async function recordedHistories(): Promise<readonly RecordedGeneration[]> {
  const store = recordingStore();
  const patient = { timeoutMs: 7_200_000, pollEveryMs: 300_000 };
  const plan = planWith({
    "web.drain": { at: OPENS_AT, policy: patient, targets: [{ id: "IC-Web1", opens: [{ id: "out-of-pool:IC-Web1", what: "IC-Web1 is out of pool web" }] }, "IC-Web2"] },
    "web.deploy": { needs: ["web.drain"], approval: { by: [ADA] }, policy: patient },
    "db.move": { verb: "fake.hard", at: OPENS_AT, policy: { ...patient, attempts: 3, retryDelayMs: 30_000 } },
    "app.patch": { targets: Array.from({ length: 45 }, (_, n) => `IC-App${n}`), needs: [{ step: "web.drain", per: "step", as: "end" }] },
    "later.check": { at: "2024-12-08T08:00:00.000Z" },
  });
  await using hosted = await hostedApp({
    startAt: "2024-12-08T00:50:00.000Z",
    host: { store, maxConcurrentActivities: 1 },
    works: { "IC-Web1": { takesMs: 4_000_000 }, "IC-Web2": { takesMs: 600_000 }, "db.move": { takesMs: 900_000 } },
  });
  await hosted.store(plan);
  await hosted.tick("saturdayPrework");
  const ring = (step: string): Promise<unknown> => hosted.host.hub.raise(step, "ring", {});
  await hosted.host.advanceTo("2024-12-08T02:30:00.000Z");
  await hosted.journal.append(plan.window.id, "decisions", 0, [
    { type: "decision.made", at: "2024-12-08T02:30:00.000Z", id: "a1", decision: "approve", by: "Ada", step: "web.deploy" },
  ]);
  await ring(`${windowInstance(plan.window.id)}.web~2edeploy`);
  await hosted.host.advanceTo("2024-12-08T03:30:00.000Z");
  await hosted.journal.append(plan.window.id, "decisions", 1, [{ type: "decision.made", at: "2024-12-08T03:30:00.000Z", id: "a2", decision: "abort", mode: "close", by: "Ada" }]);
  await ring(`${windowInstance(plan.window.id)}.later~2echeck`);
  await hosted.host.waitFor(windowInstance(plan.window.id));

  const byShape = new Map<string, RecordedGeneration>();
  for (const generation of store.generations()) {
    const shape = [generation.name, ...generation.events.map((event) => `${event.EventType}${typeof event["Name"] === "string" ? event["Name"] : ""}`)].join(" ");
    if (!byShape.has(shape)) byShape.set(shape, generation);
  }
  return [...byShape.values()];
}

/**
 * Gives today's orchestrators a history, turn by turn, as the extension would after a restart, and walks over what they answer.
 *
 * @returns what does not fit: nothing, if whatever was scheduled then is scheduled now, in the same order, and nothing else.
 */
export async function replayed(orchestrators: Orchestrators, { instanceId, executionId, name, input, parent, events }: RecordedGeneration): Promise<readonly string[]> {
  const app = await collectApp(() => {
    for (const [each, orchestrator] of Object.entries(orchestrators)) df.app.orchestration(each, orchestrator as df.OrchestrationHandler);
  });
  const invoker = invokerOf(app);
  const activities = new Map(events.flatMap((event) => (event.EventType === EVENT.taskScheduled ? [[String(event["Name"]).toLowerCase(), String(event["Name"])] as const] : [])));
  const setting = { strict: true, instanceId, executionId, parent, activities, orchestrators: new Map([WINDOW, STEP, TARGET, FAN].map((each) => [each, each])) } as const;
  const misfits: string[] = [];
  for (const [turn, end] of turnEnds(events).entries()) {
    const history = events.slice(0, end);
    const given = await invoker.orchestrate(name, {
      history,
      input: input === null ? null : (JSON.parse(input) as unknown),
      instanceId,
      isReplaying: true,
      parentInstanceId: parent?.OrchestrationInstance.InstanceId ?? null,
      upperSchemaVersion: 1,
      upperSchemaVersionNew: 2,
      longRunningTimerIntervalDuration: "3.00:00:00",
      maximumShortTimerDuration: "6.00:00:00",
      defaultHttpAsyncRequestSleepTimeMillseconds: 30_000,
    });
    const answer = readAnswer(given);
    const { diverged, refusal, board } = walk(history, answer, setting);
    const ended = history.some(({ EventType }) => EventType === EVENT.executionCompleted);
    // An activity that this history never called counts as unknown here, so whatever is refused is a change as well.
    const said =
      diverged ?? refusal?.why ?? answer.crashed ?? answer.error ?? (ended === answer.isDone ? undefined : `it ${answer.isDone ? "ends now" : "goes on"}, and did not then`);
    const more = [...board.pending.values()].map((decision) => decision.kind);
    if (said !== undefined) misfits.push(`${name} ${instanceId}, turn ${turn + 1}: ${said}`);
    else if (more.length > 0) misfits.push(`${name} ${instanceId}, turn ${turn + 1}: it schedules ${more.join(", ")} more than it did`);
  }
  return misfits;
}

/** Where each turn's events end. */
function turnEnds(events: readonly HistoryEvent[]): readonly number[] {
  const starts = events.flatMap(({ EventType }, at) => (EventType === EVENT.orchestratorStarted && at > 0 ? [at] : []));
  return [...starts, events.length];
}
