import type { Action } from "./actions.ts";
import type { Answer } from "./answer.ts";
import { Board } from "./board.ts";
import type { Decision, Refusal, Started } from "./board.ts";
import { EVENT, completedId } from "./history-events.ts";
import type { HistoryEvent } from "./hub.ts";
import { startAction } from "./start.ts";
import type { Setting } from "./start.ts";

/** How far one walk came. */
export interface Walked {
  readonly board: Board;
  /** The history disagrees with what the orchestrator does now; the text names id, kind and both names. */
  readonly diverged: string | undefined;
  readonly refusal: Refusal | undefined;
  readonly terminated: string | undefined;
  readonly suspended: boolean;
  /** Every action of the list has been started and has settled. */
  readonly interpreted: boolean;
  /** The started actions, in the order of the list. */
  readonly started: readonly Started[];
}

/**
 * Walks over a generation's history, old and new, while it interprets the answer that the orchestrator gave to
 * that very history (2.6). Pure: the same history and answer give the same board.
 *
 * @param history - what earlier turns committed, then this turn's events.
 */
export function walk(history: readonly HistoryEvent[], answer: Answer, setting: Setting): Walked {
  return walker(setting)(history, answer);
}

/** Takes one more step of a walk: events that it has not seen, and an answer whose first actions are those of its last one. */
export type Walker = (events: readonly HistoryEvent[], answer: Pick<Answer, "actions">) => Walked;

/**
 * A walk that can be gone on with. Two steps come to the same as one over the events of both, as long as the first one ended
 * in front of an action that had not settled: else the second would have begun its actions earlier.
 */
export function walker(setting: Setting): Walker {
  const board = new Board();
  const started: Started[] = [];
  let actions: readonly Action[] = [];
  let next = 0;
  let diverged: string | undefined;
  let terminated: string | undefined;
  let aside: Map<number, Decision> | undefined;
  let held: HistoryEvent[] = [];

  /** Starts actions one after another, until one of them has to be waited for. */
  const interpret = (): void => {
    while (next < actions.length && board.refusal === undefined) {
      const index = next++;
      const current = startAction(board, setting, actions[index] as Action, index === actions.length - 1);
      started.push(current);
      if (!current.future.settled) {
        current.future.always(interpret);
        return;
      }
    }
  };

  const expect = (kind: Decision["kind"], event: HistoryEvent): void => {
    const decision = board.pending.get(event.EventId);
    const name = event["Name"] as string | undefined;
    if (decision !== undefined && decision.kind === kind && (kind === "timer" || nameOf(decision).toLowerCase() === String(name).toLowerCase())) {
      board.pending.delete(event.EventId);
      return;
    }
    diverged ??= divergence(event, wordsFor(kind, name), decision);
  };

  const process = (event: HistoryEvent): void => {
    switch (event.EventType) {
      case EVENT.orchestratorStarted:
        board.now = event.Timestamp;
        break;
      case EVENT.executionStarted:
        interpret();
        break;
      case EVENT.taskScheduled:
        expect("activity", event);
        break;
      case EVENT.childCreated:
        expect("child", event);
        break;
      case EVENT.timerCreated:
        expect("timer", event);
        break;
      case EVENT.eventRaised:
        board.raise(event);
        break;
      case EVENT.executionSuspended:
        aside ??= board.pending;
        board.pending = new Map();
        break;
      case EVENT.executionTerminated:
        terminated ??= (event["Input"] as string | null) ?? "";
        break;
      default:
        complete(board, event);
    }
  };

  return (events, answer) => {
    actions = answer.actions;
    for (const event of events) {
      if (diverged !== undefined || terminated !== undefined) break;
      if (aside === undefined) {
        process(event);
      } else if (event.EventType === EVENT.executionTerminated) {
        process(event);
      } else if (event.EventType === EVENT.executionResumed) {
        board.pending = new Map([...aside, ...board.pending]);
        aside = undefined;
        const waiting = held;
        held = [];
        for (const late of waiting) {
          if (aside === undefined) process(late);
          else held.push(late);
        }
      } else {
        held.push(event);
      }
    }

    return {
      board,
      diverged,
      refusal: board.refusal,
      terminated,
      suspended: aside !== undefined,
      interpreted: next >= actions.length && started.every(({ future }) => future.settled),
      started,
    };
  };
}

function complete(board: Board, event: HistoryEvent): void {
  const id = completedId(event);
  const future = id === undefined ? undefined : board.open.get(id);
  // A duplicate, a cancelled timer, or something that ended too late for anyone to care.
  if (id === undefined || future === undefined) return;
  board.open.delete(id);
  if (event.EventType === EVENT.taskFailed || event.EventType === EVENT.childFailed) {
    const details = event["FailureDetails"] as { IsNonRetriable?: boolean } | null | undefined;
    future.fail({ reason: String(event["Reason"]), nonRetriable: details?.IsNonRetriable === true });
  } else {
    future.succeed(event["Result"]);
  }
}

function divergence(event: HistoryEvent, recorded: string, decision: Decision | undefined): string {
  const now = decision === undefined ? "nothing" : wordsFor(decision.kind, decision.kind === "timer" ? undefined : decision.name);
  return `Non-Deterministic workflow detected: history has ${recorded} with id ${event.EventId}, but the orchestrator now schedules ${now} there. Was its code changed while this instance was running?`;
}

const KIND_WORDS = { activity: "an activity", child: "a sub-orchestration", timer: "a timer" } as const;

function wordsFor(kind: Decision["kind"], name: string | undefined): string {
  return name === undefined ? KIND_WORDS[kind] : `${KIND_WORDS[kind]} "${name}"`;
}

function nameOf(decision: Decision): string {
  return decision.kind === "timer" ? "" : decision.name;
}
