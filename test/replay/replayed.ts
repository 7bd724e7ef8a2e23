import * as df from "durable-functions";
import { collectApp } from "../../local/app.ts";
import { readAnswer } from "../../local/durable/answer.ts";
import { EVENT } from "../../local/durable/history-events.ts";
import type { HistoryEvent } from "../../local/durable/hub.ts";
import { walk } from "../../local/durable/walk.ts";
import { invokerOf } from "../../local/invocation.ts";
import { FAN, STEP, TARGET, WINDOW } from "../../functions/app.ts";
import type { RecordedGeneration } from "../support/recording-store.ts";

/** Orchestrators by the names that they are registered under. */
export type Orchestrators = Readonly<Record<string, (ctx: df.OrchestrationContext) => Generator<df.Task, unknown, unknown>>>;

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
