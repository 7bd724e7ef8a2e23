import { ACTION, describe, flattened, membersOf } from "./actions.ts";
import type { Action, RetryOptions } from "./actions.ts";
import type { Board, Refusal, Started } from "./board.ts";
import type { Setting } from "./start.ts";
import { isLong } from "./timers.ts";

const LONGEST_INTERVAL_MS = 6 * 24 * 3600_000;

/** Rules about one action alone: unknown names, own ids, retry options that hang (section 9). */
export function actionRule(action: Action, setting: Setting): Refusal | undefined {
  switch (action.actionType) {
    case ACTION.callActivity:
    case ACTION.callActivityWithRetry:
      return unknownName("activity", action, setting.activities) ?? retryRule(action);
    case ACTION.callChild:
    case ACTION.callChildWithRetry:
      return unknownName("orchestrator", action, setting.orchestrators) ?? childIdRule(action, setting) ?? retryRule(action);
    case ACTION.callHttp:
      if (action.httpRequest?.tokenSource === undefined) return undefined;
      return {
        rule: "http-token",
        why: `${describe(action)} asks for a managed identity's token, and there is no managed identity on this machine; send the request from an activity`,
      };
    default:
      return undefined;
  }
}

function unknownName(kind: string, { functionName = "" }: Action, known: ReadonlyMap<string, string>): Refusal | undefined {
  if (known.has(functionName.toLowerCase())) return undefined;
  const names = [...known.values()].sort().join(", ") || "none";
  return { rule: `unknown-${kind}`, why: `no ${kind} is called "${functionName}"; the app has ${names}. On Azure the instance would wait for ever` };
}

function childIdRule({ instanceId, functionName = "" }: Action, setting: Setting): Refusal | undefined {
  if (instanceId === undefined) return undefined;
  const whose = instanceId === setting.instanceId ? "its own" : instanceId === setting.parent?.OrchestrationInstance.InstanceId ? "its parent's" : undefined;
  if (whose === undefined) return undefined;
  return {
    rule: "child-id",
    why: `sub-orchestration "${functionName}" was given ${whose} instance id "${instanceId}"; give it one of its own, or none. On Azure the instance would wait for ever`,
  };
}

function retryRule(action: Action): Refusal | undefined {
  const options = action.retryOptions;
  if (options === undefined) return undefined;
  const what = faultOfOptions(options);
  return what === undefined
    ? undefined
    : { rule: "retry-options", why: `${describe(action)} is retried with ${what}. On Azure the instance would wait for ever; write the loop in the orchestrator instead` };
}

function faultOfOptions(options: RetryOptions): string | undefined {
  if (options.retryTimeoutInMilliseconds !== undefined)
    return `a total time limit (retryTimeoutInMilliseconds: ${options.retryTimeoutInMilliseconds}), after which the host gives up and the SDK does not hear of it`;
  if (!(options.maxNumberOfAttempts >= 1)) return `maxNumberOfAttempts: ${options.maxNumberOfAttempts}, so that nothing is ever scheduled`;
  if (!Number.isInteger(options.firstRetryIntervalInMilliseconds))
    return `firstRetryIntervalInMilliseconds: ${options.firstRetryIntervalInMilliseconds}, which is not a whole number`;
  for (const key of ["firstRetryIntervalInMilliseconds", "maxRetryIntervalInMilliseconds"] as const) {
    if ((options[key] ?? 0) > LONGEST_INTERVAL_MS) return `${key}: ${options[key]}, which is more than six days`;
  }
  return undefined;
}

/** Only a task that takes one id may enter a race: host and SDK part company over the others (2.8). */
export function raceRule(action: Action, board: Board): Refusal | undefined {
  if (action.actionType !== ACTION.whenAny) return undefined;
  for (const member of membersOf(action).flatMap((each) => [...flattened(each)])) {
    const kind = severalIds(member, board);
    if (kind !== undefined) {
      return {
        rule: "race-of-several-ids",
        why: `${describe(member)} entered a Task.any as ${kind}, which takes more than one task id; the ids of host and SDK would drift apart. Race only plain activities, sub-orchestrations, events and timers up to six days`,
      };
    }
  }
  return undefined;
}

function severalIds(action: Action, board: Board): string | undefined {
  switch (action.actionType) {
    case ACTION.callActivityWithRetry:
    case ACTION.callChildWithRetry:
      return "a retry";
    case ACTION.callHttp:
      return "a callHttp";
    case ACTION.createTimer:
      return isLong(Date.parse(action.fireAt ?? ""), board.nowMs) ? "a timer of more than six days" : undefined;
    default:
      return undefined;
  }
}

/**
 * A member of a Task.all failed and the orchestrator went on: refused while another member may still take ids,
 * because the SDK has moved to the next id and the host has not (O41).
 */
export function joinRule(board: Board, join: Started): void {
  const open = join.members.find((member) => !member.future.settled && mayTakeMore(member));
  if (open === undefined) return;
  board.refuse(
    "join-failed-early",
    `a Task.all failed while ${describe(open.action)} in it was still being retried or had further steps; the SDK goes on at once and results would land in the wrong tasks. Let members return outcomes instead of throwing`,
  );
}

function mayTakeMore({ action, takes, members }: Started): boolean {
  return (
    takes === "several" ||
    action.actionType === ACTION.callActivityWithRetry ||
    action.actionType === ACTION.callChildWithRetry ||
    members.some((member) => !member.future.settled && mayTakeMore(member))
  );
}
