import type { HistoryEvent } from "./hub.ts";

/** Kinds of history events as they stand on the wire (3.1). */
export const EVENT = {
  executionStarted: 0,
  executionCompleted: 1,
  executionTerminated: 3,
  taskScheduled: 4,
  taskCompleted: 5,
  taskFailed: 6,
  childCreated: 7,
  childCompleted: 8,
  childFailed: 9,
  timerCreated: 10,
  timerFired: 11,
  orchestratorStarted: 12,
  orchestratorCompleted: 13,
  eventRaised: 15,
  executionSuspended: 19,
  executionResumed: 20,
  executionRewound: 21,
} as const;

/** Number of a status in `ExecutionCompleted.OrchestrationStatus`. */
export const STATUS_NUMBER = { Completed: 1, ContinuedAsNew: 2, Failed: 3, Terminated: 5 } as const;

/** Who started an instance, as its `ExecutionStarted` carries it. */
export interface ParentInstance {
  readonly Name: string;
  readonly OrchestrationInstance: { readonly InstanceId: string; readonly ExecutionId: string };
  readonly TaskScheduleId: number;
  readonly Version: string;
}

/** An instant as .NET writes it: UTC with seven fractional digits. */
export function wireTime(instantMs: number): string {
  // In virtual time hundreds of events share an instant.
  if (instantMs !== last.instantMs) last = { instantMs, text: `${new Date(instantMs).toISOString().slice(0, -1)}0000Z` };
  return last.text;
}

let last = { instantMs: Number.NaN, text: "" };

/** Milliseconds since the epoch of an instant on the wire. */
export function instantOfWire(time: unknown): number {
  return Date.parse(String(time));
}

function event(kind: number, id: number, atMs: number, fields: object = {}): HistoryEvent {
  return { EventType: kind, EventId: id, IsPlayed: false, Timestamp: wireTime(atMs), ...fields };
}

export const orchestratorStarted = (atMs: number): HistoryEvent => event(EVENT.orchestratorStarted, -1, atMs);
export const orchestratorCompleted = (atMs: number): HistoryEvent => event(EVENT.orchestratorCompleted, -1, atMs);

export function executionStarted(
  atMs: number,
  of: { instanceId: string; executionId: string; name: string; version: string; input: string | null; parent: ParentInstance | null },
): HistoryEvent {
  return event(EVENT.executionStarted, -1, atMs, {
    OrchestrationInstance: { InstanceId: of.instanceId, ExecutionId: of.executionId },
    ParentInstance: of.parent,
    Name: of.name,
    Version: of.version,
    Input: of.input,
    Tags: null,
  });
}

export function executionCompleted(atMs: number, id: number, status: keyof typeof STATUS_NUMBER, result: string | null): HistoryEvent {
  return event(EVENT.executionCompleted, id, atMs, { OrchestrationStatus: STATUS_NUMBER[status], Result: result, FailureDetails: null });
}

export const taskScheduled = (atMs: number, id: number, name: string): HistoryEvent => event(EVENT.taskScheduled, id, atMs, { Name: name, Version: "", Input: null, Tags: null });

export const taskCompleted = (atMs: number, taskId: number, result: string | null): HistoryEvent =>
  event(EVENT.taskCompleted, -1, atMs, { TaskScheduledId: taskId, Result: result });

export function taskFailed(atMs: number, taskId: number, reason: string, details: string): HistoryEvent {
  return event(EVENT.taskFailed, -1, atMs, { TaskScheduledId: taskId, Reason: reason, Details: details, FailureDetails: null });
}

export function childCreated(atMs: number, id: number, child: { name: string; version: string; instanceId: string; input: string | null }): HistoryEvent {
  return event(EVENT.childCreated, id, atMs, { Name: child.name, Version: child.version, InstanceId: child.instanceId, Input: child.input });
}

export const childCompleted = (atMs: number, taskId: number, result: string | null): HistoryEvent =>
  event(EVENT.childCompleted, -1, atMs, { TaskScheduledId: taskId, Result: result });

/** `details` is null only when the child was terminated; the SDK cannot digest that (3.6). */
export function childFailed(atMs: number, taskId: number, reason: string, details: string | null): HistoryEvent {
  return event(EVENT.childFailed, -1, atMs, { TaskScheduledId: taskId, Reason: reason, Details: details, FailureDetails: null });
}

export const timerCreated = (atMs: number, id: number, fireAtMs: number): HistoryEvent => event(EVENT.timerCreated, id, atMs, { FireAt: wireTime(fireAtMs) });

export const timerFired = (atMs: number, timerId: number, fireAtMs: number): HistoryEvent => event(EVENT.timerFired, -1, atMs, { TimerId: timerId, FireAt: wireTime(fireAtMs) });

export const eventRaised = (atMs: number, name: string, input: string | null): HistoryEvent => event(EVENT.eventRaised, -1, atMs, { Name: name, Input: input });

export const executionTerminated = (atMs: number, reason: string): HistoryEvent => event(EVENT.executionTerminated, -1, atMs, { Input: reason });
export const executionSuspended = (atMs: number, reason: string): HistoryEvent => event(EVENT.executionSuspended, -1, atMs, { Reason: reason });
export const executionResumed = (atMs: number, reason: string): HistoryEvent => event(EVENT.executionResumed, -1, atMs, { Reason: reason });

export const executionRewound = (atMs: number, reason: string): HistoryEvent => event(EVENT.executionRewound, -1, atMs, { Reason: reason });

/**
 * Id of the task, child or timer that an event completes, or undefined if it completes none.
 */
export function completedId(event: HistoryEvent): number | undefined {
  switch (event.EventType) {
    case EVENT.taskCompleted:
    case EVENT.taskFailed:
    case EVENT.childCompleted:
    case EVENT.childFailed:
      return event["TaskScheduledId"] as number;
    case EVENT.timerFired:
      return event["TimerId"] as number;
    default:
      return undefined;
  }
}

/** Whether an event records that something was scheduled under its `EventId`. */
export function schedules(event: HistoryEvent): boolean {
  return event.EventType === EVENT.taskScheduled || event.EventType === EVENT.childCreated || event.EventType === EVENT.timerCreated;
}

const IGNORED_BY_SDK: ReadonlySet<number> = new Set([
  EVENT.executionCompleted,
  EVENT.executionTerminated,
  EVENT.taskScheduled,
  EVENT.childCreated,
  EVENT.timerCreated,
  EVENT.orchestratorCompleted,
  EVENT.executionSuspended,
  EVENT.executionResumed,
  EVENT.executionRewound,
]);

/** Whether the SDK does anything with an event of this kind (the last column of 3.1). */
export function isReadBySdk({ EventType }: HistoryEvent): boolean {
  return !IGNORED_BY_SDK.has(EventType);
}
