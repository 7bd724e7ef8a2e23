import type { Decision } from "./board.ts";
import { childCompleted, childFailed, executionStarted } from "./history-events.ts";
import type { HistoryEvent, RuntimeStatus } from "./hub.ts";
import type { Live } from "./live.ts";
import type { Started } from "./board.ts";
import { unreachable } from "../../shared/fault/assert.ts";
import type { Change, InstanceRow, Message, Timer, Work } from "./store.ts";
import type { Ending, TurnResult } from "./turn.ts";

/** What a turn's result means for the store, and for the host once it is stored. */
export interface Outcome {
  readonly change: Change;
  readonly row: InstanceRow;
  readonly work: readonly Work[];
  readonly timers: readonly Timer[];
  readonly messages: readonly Message[];
  /** Sub-orchestrations that begin. */
  readonly newLives: readonly Live[];
  /** The generation is over, and its timers with it. */
  readonly dropsTimers: boolean;
  readonly waitsOn: Started | undefined;
}

interface Surroundings {
  readonly lives: ReadonlyMap<string, Live>;
  newLive(row: InstanceRow): Live;
  nextSeq(): number;
  nextExecutionId(instanceId: string): string;
}

/** Turns the decisions of a turn into rows: one change, to be written as a whole. */
export function outcomeOfTurn(live: Live, result: TurnResult, nowMs: number, surroundings: Surroundings): Outcome {
  const { generation, ending, decisions, continued } = result;
  const { instanceId, executionId } = generation;
  const work: Work[] = [];
  const timers: Timer[] = [];
  const messages: Message[] = [];
  const newLives: Live[] = [];
  for (const decision of decisions) {
    switch (decision.kind) {
      case "activity":
        work.push({ seq: surroundings.nextSeq(), instanceId, executionId, taskId: decision.id, name: decision.name, input: decision.input ?? null });
        break;
      case "timer":
        // A cancelled timer of a generation that is over would fire into the void.
        if (ending === undefined) timers.push({ instanceId, executionId, timerId: decision.id, fireAtMs: decision.fireAtMs });
        break;
      case "child":
        // A second start of a running instance is dropped as a duplicate; strict mode has refused it before.
        if (!surroundings.lives.has(decision.instanceId) && !newLives.some(({ row }) => row.instanceId === decision.instanceId)) {
          newLives.push(childOf(result, decision, nowMs, messages, surroundings));
        }
        break;
    }
  }
  if (ending !== undefined) messages.push(...answerToParent(live, ending, nowMs, surroundings));

  const row = rowAfter(live, result, nowMs);
  const dropsTimers = ending !== undefined || continued;
  const change: Change = {
    instances: [row, ...newLives.map((child) => child.row)],
    history: [{ instanceId, replaces: continued, events: result.events }, ...newLives.map((child) => ({ instanceId: child.row.instanceId, replaces: true, events: [] }))],
    messages,
    work,
    ...(dropsTimers ? { timersDropped: [instanceId] } : {}),
    timers,
  };
  return { change, row, work, timers, messages, newLives, dropsTimers, waitsOn: waitsOn(result) };
}

function childOf(result: TurnResult, decision: Extract<Decision, { kind: "child" }>, nowMs: number, messages: Message[], surroundings: Surroundings): Live {
  const { generation } = result;
  const parent = {
    Name: generation.name,
    OrchestrationInstance: { InstanceId: generation.instanceId, ExecutionId: generation.executionId },
    TaskScheduleId: decision.id,
    Version: generation.version,
  };
  const { instanceId, name, version, input } = decision;
  const executionId = surroundings.nextExecutionId(instanceId);
  const row = newRow({ instanceId, executionId, name, version, input, parent }, nowMs);
  messages.push({ seq: surroundings.nextSeq(), instanceId, executionId, event: executionStarted(nowMs, row) });
  return surroundings.newLive(row);
}

/** The row of an instance that has just been started. */
export function newRow(of: Pick<InstanceRow, "instanceId" | "executionId" | "name" | "version" | "input" | "parent">, nowMs: number): InstanceRow {
  return { ...of, status: "Pending", output: null, customStatus: null, createdMs: nowMs, updatedMs: nowMs, actionsSeen: 0, waits: [], waitsFor: [] };
}

function answerToParent({ row: { parent } }: Live, ending: Ending, nowMs: number, surroundings: Surroundings): Message[] {
  if (parent === null) return [];
  const { InstanceId: instanceId, ExecutionId: executionId } = parent.OrchestrationInstance;
  // Addressed to the parent's execution: one that has ended or continued as new does not hear of it (3.7).
  if (surroundings.lives.get(instanceId)?.row.executionId !== executionId) return [];
  return [{ seq: surroundings.nextSeq(), instanceId, executionId, event: answerEvent(parent.TaskScheduleId, ending, nowMs) }];
}

function answerEvent(taskId: number, ending: Ending, nowMs: number): HistoryEvent {
  switch (ending.status) {
    case "Completed":
      return childCompleted(nowMs, taskId, ending.result);
    case "Failed":
      return childFailed(nowMs, taskId, ending.result, ending.details);
    case "Terminated":
      return childFailed(nowMs, taskId, ending.result, null);
    default:
      return unreachable(ending);
  }
}

function rowAfter(live: Live, result: TurnResult, nowMs: number): InstanceRow {
  const { generation, continued, ending, suspended, lingering } = result;
  const status: RuntimeStatus = ending?.status ?? (suspended === undefined ? "Running" : "Suspended");
  return {
    ...live.row,
    executionId: generation.executionId,
    input: generation.input,
    status,
    output: outputOf(ending, suspended),
    customStatus: result.customStatus,
    // As in production, a continued instance looks as if it had been created just now (3.9).
    createdMs: continued ? nowMs : live.row.createdMs,
    updatedMs: nowMs,
    actionsSeen: result.actionsSeen,
    waits: ending === undefined ? result.waits : [],
    waitsFor: lingering ? openThings(live, result, nowMs) : [],
  };
}

function outputOf(ending: Ending | undefined, suspended: string | undefined): string | null {
  if (ending === undefined) return suspended === undefined ? null : JSON.stringify(suspended);
  return ending.status === "Completed" ? ending.result : JSON.stringify(ending.result);
}

function openThings(live: Live, result: TurnResult, nowMs: number): string[] {
  return [...result.walked.board.open.keys()]
    .sort((a, b) => a - b)
    .map((id) => {
      const decision = result.decisions.find((each) => each.id === id);
      const name = decision === undefined ? live.scheduled.get(id)?.name : decision.kind === "timer" ? "timer" : decision.name;
      const sinceMs = decision === undefined ? live.scheduled.get(id)?.sinceMs : nowMs;
      return `${name ?? "task"} #${id}, open since ${new Date(sinceMs ?? nowMs).toISOString()}`;
    });
}

/** What host and orchestrator both wait for: the last action of the list, when it is the only one that is not settled. */
function waitsOn({ walked, actionsSeen, lingering }: TurnResult): Started | undefined {
  const last = walked.started.at(-1);
  return lingering || walked.started.length < actionsSeen || last?.future.settled === true ? undefined : last;
}
