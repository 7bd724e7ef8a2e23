import { EVENT, completedId, executionRewound, instantOfWire, schedules } from "./history-events.ts";
import type { HistoryEvent } from "./hub.ts";
import { isFinished } from "./store.ts";
import type { InstanceRow, Store, Timer } from "./store.ts";
import type { TurnResult } from "./turn.ts";

/** A failed instance as it goes on after a rewind. */
export interface Revived {
  readonly row: InstanceRow;
  readonly history: readonly HistoryEvent[];
  readonly timers: readonly Timer[];
  /** What sets it going. */
  readonly wake: HistoryEvent;
}

export type RewindPlan = { readonly ok: true; readonly instances: readonly Revived[] } | { readonly ok: false; readonly why: string };

interface Surroundings {
  readonly store: Store;
  readonly reason: string;
  readonly nowMs: number;
  /** What the orchestrator does on such a history; nothing of it happens. */
  replay(row: InstanceRow, history: readonly HistoryEvent[], batch: readonly HistoryEvent[]): Promise<TurnResult>;
}

/**
 * How a failed instance can go on from before its failed tasks, which are taken out of history and so scheduled
 * again; likewise its failed sub-orchestrations, from within.
 *
 * R1: what succeeded stays in history and is not done again. R2: a plan is made for the whole tree before anything
 * is changed. R3: every plan is proved by a replay: if the orchestrator, on the shortened history, diverges from
 * what is left or fails by itself, the rewind is refused. So an orchestrator that caught a failure and did other
 * things because of it cannot be rewound past them, nor can one whose own code threw.
 */
export async function rewindPlan(row: InstanceRow, surroundings: Surroundings): Promise<RewindPlan> {
  const history = surroundings.store.history(row.instanceId);
  const failures = finalFailures(history);
  let why = "no task of it has failed: its own code threw, and would throw again";
  // First without all failures, as Azure does; then without the last alone, if it went on after the others.
  for (const undone of failures.length > 1 ? [failures, failures.slice(-1)] : [failures]) {
    const plan = await planWithout(undone, row, history, surroundings);
    if (plan.ok) return plan;
    why = plan.why;
  }
  return { ok: false, why: `instance ${row.instanceId} cannot be rewound: ${why}` };
}

async function planWithout(undone: readonly HistoryEvent[], row: InstanceRow, history: readonly HistoryEvent[], surroundings: Surroundings): Promise<RewindPlan> {
  const { store, reason, nowMs } = surroundings;
  const revived: Revived[] = [];
  const removed = new Set<HistoryEvent>(history.filter(({ EventType }) => EventType === EVENT.executionCompleted));
  for (const failure of undone) {
    const id = completedId(failure) as number;
    const scheduled = history.find((event) => schedules(event) && event.EventId === id);
    removed.add(failure);
    for (const event of pauseAfter(failure, history)) removed.add(event);
    if (failure.EventType === EVENT.taskFailed) {
      if (scheduled !== undefined) removed.add(scheduled);
      continue;
    }
    const child = store.instance(String(scheduled?.["InstanceId"]));
    const isOurs = child?.status === "Failed" && child.parent?.OrchestrationInstance.ExecutionId === row.executionId && child.parent.TaskScheduleId === id;
    if (child === undefined || !isOurs) return { ok: false, why: `its sub-orchestration ${String(scheduled?.["InstanceId"])} is no longer there as it failed` };
    const plan = await rewindPlan(child, surroundings);
    if (!plan.ok) return plan;
    revived.push(...plan.instances);
  }

  const completed = new Set(history.filter((event) => !removed.has(event)).map(completedId));
  const open = history.filter((event) => schedules(event) && !removed.has(event) && !completed.has(event.EventId));
  for (const event of open) {
    // Its answer was dropped when the instance failed: it runs again.
    if (event.EventType === EVENT.taskScheduled) removed.add(event);
    const child = event.EventType === EVENT.childCreated ? store.instance(String(event["InstanceId"])) : undefined;
    if (child !== undefined && isFinished(child.status) && !revived.some((each) => each.row.instanceId === child.instanceId)) {
      return { ok: false, why: `its sub-orchestration ${child.instanceId} ended after it had failed, and nobody heard the result` };
    }
  }
  const timers = open
    .filter(({ EventType }) => EventType === EVENT.timerCreated)
    .map((event): Timer => ({ instanceId: row.instanceId, executionId: row.executionId, timerId: event.EventId, fireAtMs: instantOfWire(event["FireAt"]) }));
  const left = history.filter((event) => !removed.has(event));
  const wake = executionRewound(nowMs, reason);
  const trial = await surroundings.replay(row, left, [wake]);
  if (trial.ending?.status === "Failed") return { ok: false, why: `on the shortened history it fails at once: ${trial.ending.result}` };
  const again: InstanceRow = { ...row, status: "Running", output: null, updatedMs: nowMs, actionsSeen: trial.actionsSeen };
  return { ok: true, instances: [{ row: again, history: left, timers, wake }, ...revived] };
}

/** Failures that reached the orchestrator; those that a retry answered with a pause did not. */
function finalFailures(history: readonly HistoryEvent[]): HistoryEvent[] {
  return history.filter((event) => {
    if (event.EventType !== EVENT.taskFailed && event.EventType !== EVENT.childFailed) return false;
    return !timersOfTurn(event, history).some(({ timer, nowMs }) => instantOfWire(timer["FireAt"]) > nowMs);
  });
}

/** The timer, due at once, that stands between a retry's last failure and the orchestrator; and its firing. */
function pauseAfter(failure: HistoryEvent, history: readonly HistoryEvent[]): HistoryEvent[] {
  const pause = timersOfTurn(failure, history).find(({ timer, nowMs }) => instantOfWire(timer["FireAt"]) === nowMs)?.timer;
  return pause === undefined ? [] : history.filter((event) => event === pause || (event.EventType === EVENT.timerFired && event["TimerId"] === pause.EventId));
}

/** Timers that were created in the turn of an event, and that turn's time. */
function timersOfTurn(event: HistoryEvent, history: readonly HistoryEvent[]): { readonly timer: HistoryEvent; readonly nowMs: number }[] {
  const at = history.indexOf(event);
  const begin = history.findLastIndex(({ EventType }, index) => index < at && EventType === EVENT.orchestratorStarted);
  const next = history.findIndex(({ EventType }, index) => index > at && EventType === EVENT.orchestratorStarted);
  const nowMs = instantOfWire(history[begin]?.Timestamp);
  return history
    .slice(begin, next < 0 ? history.length : next)
    .filter(({ EventType }) => EventType === EVENT.timerCreated)
    .map((timer) => ({ timer, nowMs }));
}
