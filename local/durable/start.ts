import { ACTION, describe, inputJsonOf, membersOf } from "./actions.ts";
import type { Action, RetryOptions } from "./actions.ts";
import { type Board, type Started } from "./board.ts";
import { startHttp } from "./call-http.ts";
import { Future } from "./future.ts";
import type { ParentInstance } from "./history-events.ts";
import type { Strictness } from "./hub.ts";
import { startWithRetry } from "./retry.ts";
import { actionRule, joinRule, raceRule } from "./strict-actions.ts";
import { isLong, startTimer } from "./timers.ts";

/** What the starting of actions depends on besides the board. */
export interface Setting {
  readonly strict: Strictness;
  readonly instanceId: string;
  readonly executionId: string;
  readonly parent: ParentInstance | null;
  /** Lower-cased names of what the app has, and the names as registered, for messages. */
  readonly activities: ReadonlyMap<string, string>;
  readonly orchestrators: ReadonlyMap<string, string>;
}

/** Starts one action of the list; a compound brings its members. Depth first, as the SDK allocates ids (2.7). */
export function startAction(board: Board, setting: Setting, action: Action, isLast: boolean): Started {
  const started: Started & { members: readonly Started[] } = { action, future: new Future(), members: [], takes: idsOf(action, board), id: undefined };
  const { future } = started;
  const complaint = setting.strict === false ? undefined : (actionRule(action, setting) ?? (setting.strict === true ? raceRule(action, board) : undefined));
  if (complaint !== undefined) {
    board.refuse(complaint.rule, complaint.why);
    return started;
  }

  switch (action.actionType) {
    case ACTION.callActivity:
      if (knows(setting.activities, action))
        activity(board, action, started).whenSettled(
          (value) => future.succeed(value),
          (failure) => future.fail(failure),
        );
      else future.fail({ reason: "unknown activity", nonRetriable: true });
      break;
    case ACTION.callActivityWithRetry:
      if (knows(setting.activities, action) && intervalsFit(action.retryOptions))
        startWithRetry(board, action.retryOptions as RetryOptions, started, () => activity(board, action, started));
      else future.fail({ reason: "refused", nonRetriable: true });
      break;
    case ACTION.callChild:
      if (mayCallChild(setting, action))
        child(board, setting, action, started).whenSettled(
          (value) => future.succeed(value),
          (failure) => future.fail(failure),
        );
      else future.fail({ reason: "refused", nonRetriable: true });
      break;
    case ACTION.callChildWithRetry:
      if (mayCallChild(setting, action) && intervalsFit(action.retryOptions))
        startWithRetry(board, action.retryOptions as RetryOptions, started, () => child(board, setting, action, started));
      else future.fail({ reason: "refused", nonRetriable: true });
      break;
    case ACTION.continueAsNew:
      board.continuation = { input: action.input === undefined ? null : JSON.stringify(action.input) };
      future.succeed(undefined);
      break;
    case ACTION.createTimer:
      startTimer(board, started, !setting.strict);
      break;
    case ACTION.waitForEvent:
      board.wait(action.externalEventName ?? "").whenSettled(
        (event) => future.succeed(event),
        () => {},
      );
      break;
    case ACTION.callHttp:
      startHttp(board, started);
      break;
    case ACTION.whenAny:
      started.members = membersOf(action).map((member) => startAction(board, setting, member, true));
      for (const member of started.members) member.future.always(() => future.succeed(undefined));
      break;
    case ACTION.whenAll: {
      started.members = membersOf(action).map((member) => startAction(board, setting, member, true));
      let open = started.members.length;
      for (const member of started.members) {
        member.future.always(() => {
          if (setting.strict && member.future.failed && !isLast) joinRule(board, started);
          if (--open === 0) future.succeed(undefined);
        });
      }
      break;
    }
    default:
      // Entities, locks and whatever is newer: refused in both modes, since nothing would ever answer (3.10).
      board.refuse(
        "unsupported-action",
        `this host has no entities and no locks: the orchestrator emitted ${describe(action)} (callEntity, signalEntity or lock). Keep shared state in a table, or guard it with a lease row`,
      );
  }
  return started;
}

function activity(board: Board, action: Action, started: Started): Future {
  return board.decide({ kind: "activity", name: action.functionName as string, input: inputJsonOf(action) }, started);
}

function child(board: Board, setting: Setting, action: Action, started: Started): Future {
  const instanceId = action.instanceId ?? `${setting.executionId}:${board.nextId}`;
  const input = action.input === null ? null : (inputJsonOf(action) ?? null);
  return board.decide({ kind: "child", name: action.functionName as string, version: action.version ?? "", instanceId, input }, started);
}

function idsOf(action: Action, board: Board): Started["takes"] {
  switch (action.actionType) {
    case ACTION.whenAny:
    case ACTION.whenAll:
      return "compound";
    case ACTION.callHttp:
      return "several";
    case ACTION.createTimer:
      return isLong(Date.parse(action.fireAt ?? ""), board.nowMs) ? "several" : "one";
    case ACTION.callActivity:
    case ACTION.callActivityWithRetry:
    case ACTION.callChild:
    case ACTION.callChildWithRetry:
      return "one";
    default:
      return "none";
  }
}

const knows = (names: ReadonlyMap<string, string>, { functionName = "" }: Action): boolean => names.has(functionName.toLowerCase());

// In production each of these throws inside the started action and is swallowed: no id is taken, nothing happens (2.6).
function mayCallChild(setting: Setting, action: Action): boolean {
  return knows(setting.orchestrators, action) && action.instanceId !== setting.instanceId;
}

const LONGEST_INTERVAL_MS = 6 * 24 * 3600_000;

function intervalsFit(options: RetryOptions | undefined): boolean {
  return options !== undefined && options.firstRetryIntervalInMilliseconds <= LONGEST_INTERVAL_MS && (options.maxRetryIntervalInMilliseconds ?? 0) <= LONGEST_INTERVAL_MS;
}
