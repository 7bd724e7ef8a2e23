import { z } from "zod";
import { registry } from "../integrations/actions.ts";
import { FAN, REPLY, STEP, TARGET, WINDOW } from "../functions/app.ts";
import { registerOrchestrations } from "../functions/orchestrations.ts";
import { readAnswer } from "./durable/answer.ts";
import type { Decision } from "./durable/board.ts";
import {
  childCompleted,
  childFailed,
  eventRaised,
  executionStarted,
  instantOfWire,
  orchestratorCompleted,
  orchestratorStarted,
  taskCompleted,
  taskFailed,
  timerFired,
} from "./durable/history-events.ts";
import type { HistoryEvent } from "./durable/hub.ts";
import { scheduledEvent } from "./durable/turn.ts";
import { walk } from "./durable/walk.ts";
import { collectApp, type LoadedApp } from "./app.ts";
import { invokerOf } from "./invocation.ts";

/** An event as the extension tells it: by name, with what began it folded into what ended it, and without its numbers. */
export const ToldEvent = z.looseObject({
  EventType: z.string(),
  Timestamp: z.string(),
  ScheduledTime: z.string().optional(),
  FunctionName: z.string().optional(),
});
export type ToldEvent = z.infer<typeof ToldEvent>;

/** An orchestration with the history of its latest generation. */
export const ToldInstance = z.object({ instance: z.string(), name: z.string(), status: z.string(), createdAt: z.string(), updatedAt: z.string(), events: z.array(ToldEvent) });
export type ToldInstance = z.infer<typeof ToldInstance>;

/** What `nightshift run history` writes. */
export const ToldRun = z.object({ run: z.string(), instances: z.array(ToldInstance) });
export type ToldRun = z.infer<typeof ToldRun>;

export type Replay =
  | { readonly fits: true; readonly events: number }
  /** `event`: which of the told ones, counted from 1, is none that the orchestrator could have had. */
  | { readonly fits: false; readonly event: number; readonly why: string };

/**
 * Lets today's orchestrator live through a history that was told, event by event: it is given what was answered then and must ask for
 * it in time. What it asked for beyond that, and nobody answered, cannot be seen in a told history.
 *
 * @param app registers the orchestrators.
 */
export async function replayTold(app: LoadedApp, { instance, name, events }: ToldInstance): Promise<Replay> {
  const invoker = invokerOf(app);
  const named = events.flatMap(({ FunctionName }) => FunctionName ?? []);
  const activities = [...ACTIVITIES, ...registry.families().map((family) => `act-${family}`), ...named];
  const orchestrators = [WINDOW, STEP, TARGET, FAN, REPLY];
  const known = (names: readonly string[]): ReadonlyMap<string, string> => new Map(names.map((each) => [each.toLowerCase(), each]));
  const setting = { strict: true, instanceId: instance, executionId: "told", parent: null, activities: known(activities), orchestrators: known(orchestrators) } as const;
  const history: HistoryEvent[] = [];
  /** Asked for and not answered yet. */
  let asked: Decision[] = [];
  let isDone = false;
  let input: string | null = null;

  for (const [position, told] of events.entries()) {
    const misfit = (why: string): Replay => ({
      fits: false,
      event: position + 1,
      why: `${told.EventType}${told.FunctionName !== undefined ? ` of ${told.FunctionName}` : ""} at ${told.Timestamp}: ${why}`,
    });
    const at = instantOfWire(told.Timestamp);
    if (ENDS.has(told.EventType)) {
      if (told.EventType === "ExecutionCompleted" && (told["OrchestrationStatus"] ?? "Completed") === "Completed" && !isDone)
        return misfit(`it ended then and goes on now, asking for ${wordsOf(asked)}`);
      break;
    }
    if (isDone) return misfit("it has ended by now, and had not then");
    let event: HistoryEvent;
    if (told.EventType === "ExecutionStarted") {
      input = told["Input"] === undefined ? null : JSON.stringify(told["Input"]);
      event = executionStarted(at, { instanceId: instance, executionId: "told", name, version: "", input, parent: null });
    } else if (told.EventType === "EventRaised") event = eventRaised(at, String(told["Name"]), textOf(told["Input"]));
    else if (told.EventType in KINDS) {
      const answered = matching(asked, told);
      if (answered === undefined) return misfit(asked.length === 0 ? "it asks for nothing there" : `it asks for ${wordsOf(asked)} there`);
      asked = asked.filter((each) => each !== answered);
      event = answerTo(answered, told, at);
    } else continue;

    history.push(orchestratorStarted(at), event);
    const answer = readAnswer(
      await invoker.orchestrate(name, {
        history,
        input: input === null ? null : (JSON.parse(input) as unknown),
        instanceId: instance,
        isReplaying: true,
        parentInstanceId: null,
        upperSchemaVersion: 1,
        upperSchemaVersionNew: 2,
        longRunningTimerIntervalDuration: "3.00:00:00",
        maximumShortTimerDuration: "6.00:00:00",
        defaultHttpAsyncRequestSleepTimeMillseconds: 30_000,
      }),
    );
    const { diverged, refusal, board } = walk(history, answer, setting);
    const wrong = answer.crashed ?? answer.error ?? diverged ?? refusal?.why;
    if (wrong !== undefined) return misfit(wrong);
    const fresh = [...board.pending.values()];
    history.push(...fresh.map((decision) => scheduledEvent(decision, at)), orchestratorCompleted(at));
    asked.push(...fresh);
    ({ isDone } = answer);
  }
  return { fits: true, events: events.length };
}

/** Replays each on the orchestrators of this installation. @returns a line for each that does not fit. */
export async function misfitsToday(instances: readonly ToldInstance[]): Promise<readonly string[]> {
  const app = await collectApp(registerOrchestrations);
  const lines: string[] = [];
  for (const told of instances) {
    const replay = await replayTold(app, told);
    if (!replay.fits) lines.push(`${told.name} ${told.instance} does not replay, event ${replay.event} of ${told.events.length}: ${replay.why}`);
  }
  return lines;
}

const ACTIVITIES = ["muster", "advise-step", "act-step", "advise", "close", "show-reply"];
const ENDS: ReadonlySet<string> = new Set(["ExecutionCompleted", "ExecutionFailed", "ExecutionTerminated", "ContinueAsNew"]);
const KINDS: Readonly<Record<string, Decision["kind"]>> = {
  TaskCompleted: "activity",
  TaskFailed: "activity",
  SubOrchestrationInstanceCompleted: "child",
  SubOrchestrationInstanceFailed: "child",
  TimerFired: "timer",
};

/** Of timers the nearest; of children, who all answer the same, the first. */
function matching(asked: readonly Decision[], told: ToldEvent): Decision | undefined {
  const kind = KINDS[told.EventType];
  if (kind !== "timer") return asked.find((each) => each.kind !== "timer" && each.kind === kind && each.name.toLowerCase() === told.FunctionName?.toLowerCase());
  const due = instantOfWire(told["FireAt"] ?? told.Timestamp);
  const off = (each: Decision): number => (each.kind === "timer" ? Math.abs(each.fireAtMs - due) : Infinity);
  return asked.filter((each) => each.kind === "timer").toSorted((a, b) => off(a) - off(b))[0];
}

function answerTo(decision: Decision, told: ToldEvent, at: number): HistoryEvent {
  const { id } = decision;
  switch (told.EventType) {
    case "TaskCompleted":
      return taskCompleted(at, id, textOf(told["Result"]));
    case "TaskFailed":
      return taskFailed(at, id, String(told["Reason"] ?? ""), String(told["Details"] ?? ""));
    case "SubOrchestrationInstanceCompleted":
      return childCompleted(at, id, textOf(told["Result"]));
    case "SubOrchestrationInstanceFailed":
      return childFailed(at, id, String(told["Reason"] ?? ""), told["Details"] === null ? null : String(told["Details"] ?? ""));
    default:
      return timerFired(at, id, decision.kind === "timer" ? decision.fireAtMs : at);
  }
}

function textOf(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}

function wordsOf(asked: readonly Decision[]): string {
  return asked.length === 0
    ? "nothing"
    : asked.map((each) => (each.kind === "timer" ? `a timer until ${new Date(each.fireAtMs).toISOString()}` : `${each.kind} ${each.name}`)).join(", ");
}
