import type { HistoryEvent, InstanceStatus } from "./durable/hub.ts";

/** The body of a status answer: these keys, in this order, times of whole seconds (4.3). */
export interface StatusBody {
  readonly name: string;
  readonly instanceId: string;
  readonly runtimeStatus: string;
  readonly input: unknown;
  readonly customStatus: unknown;
  readonly output: unknown;
  readonly createdTime: string;
  readonly lastUpdatedTime: string;
  readonly historyEvents?: readonly Record<string, unknown>[];
  /** Not Azure's: what keeps an orchestrator that has returned from ending (section 9). */
  readonly waitsFor?: readonly string[];
}

export function statusBody(status: InstanceStatus, showInput: boolean, historyEvents?: readonly Record<string, unknown>[]): StatusBody {
  return {
    name: status.name,
    instanceId: status.instanceId,
    runtimeStatus: status.runtimeStatus,
    input: showInput ? (status.input ?? null) : null,
    customStatus: status.customStatus ?? null,
    output: status.output ?? null,
    createdTime: wholeSeconds(status.createdTime),
    lastUpdatedTime: wholeSeconds(status.lastUpdatedTime),
    ...(historyEvents === undefined ? {} : { historyEvents }),
    ...(status.waitsFor === undefined || status.waitsFor.length === 0 ? {} : { waitsFor: status.waitsFor }),
  };
}

function wholeSeconds(time: string): string {
  return time.replace(/\.\d+Z$/, "Z");
}

const EVENT_NAMES = [
  "ExecutionStarted",
  "ExecutionCompleted",
  "ExecutionFailed",
  "ExecutionTerminated",
  "TaskScheduled",
  "TaskCompleted",
  "TaskFailed",
  "SubOrchestrationInstanceCreated",
  "SubOrchestrationInstanceCompleted",
  "SubOrchestrationInstanceFailed",
  "TimerCreated",
  "TimerFired",
  "OrchestratorStarted",
  "OrchestratorCompleted",
  "EventSent",
  "EventRaised",
  "ContinueAsNew",
  "GenericEvent",
  "HistoryState",
  "ExecutionSuspended",
  "ExecutionResumed",
  "ExecutionRewound",
];

const TURNS = new Set(["OrchestratorStarted", "OrchestratorCompleted"]);
const SCHEDULED = new Set(["TaskScheduled", "SubOrchestrationInstanceCreated", "TimerCreated"]);

/**
 * A history for people (4.3): names instead of numbers, turns and scheduled events folded into the events that
 * ended them; what went in and came out only when it was asked for.
 */
export function historyForPeople(history: readonly HistoryEvent[], showOutput: boolean): Record<string, unknown>[] {
  const scheduled = new Map<number, HistoryEvent>();
  const told: Record<string, unknown>[] = [];
  for (const event of history) {
    const name = EVENT_NAMES[event.EventType] ?? `EventType${event.EventType}`;
    if (SCHEDULED.has(name)) scheduled.set(event.EventId, event);
    if (!TURNS.has(name) && !SCHEDULED.has(name)) told.push(toldEvent(name, event, scheduled, showOutput));
  }
  return told;
}

function toldEvent(name: string, event: HistoryEvent, scheduled: ReadonlyMap<number, HistoryEvent>, showOutput: boolean): Record<string, unknown> {
  const { EventType: _type, EventId: _id, IsPlayed: _played, Timestamp, TaskScheduledId, TimerId, Result, Input, ...rest } = event;
  const cause = scheduled.get(Number(TaskScheduledId ?? TimerId ?? -1));
  const told: Record<string, unknown> = { EventType: name, Timestamp };
  if (showOutput && Result !== undefined) told["Result"] = fromJson(Result);
  if (showOutput && Input !== undefined) told["Input"] = fromJson(Input);
  if (cause !== undefined) {
    told["ScheduledTime"] = cause.Timestamp;
    if (cause["Name"] !== undefined) told["FunctionName"] = cause["Name"];
  }
  if (name !== "ExecutionStarted") return { ...told, ...rest };
  const { Name, OrchestrationInstance: _instance, ParentInstance: _parent, Version: _version, Tags: _tags, ...others } = rest;
  return { ...told, ...others, FunctionName: Name };
}

/** Text that is JSON as its value, other text as it is. */
function fromJson(text: unknown): unknown {
  if (typeof text !== "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
