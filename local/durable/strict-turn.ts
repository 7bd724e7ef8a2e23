import { ACTION, describe, flattened, inputJsonOf, membersOf } from "./actions.ts";
import type { Action } from "./actions.ts";
import type { Answer } from "./answer.ts";
import type { Decision, Refusal, Started } from "./board.ts";
import type { HistoryEvent } from "./hub.ts";
import type { Notice } from "./notice.ts";
import type { Walked } from "./walk.ts";

/** A custom status above this is refused by Azure, which fails the instance; bytes of UTF-16. */
const LARGEST_STATUS_BYTES = 16 * 1024;
const LARGE_STATUS_BYTES = 12 * 1024;

/**
 * A new compound that holds what looks like a task of an earlier action (2.8): refused while that one is open,
 * since it would be scheduled a second time; noticed when it has ended.
 *
 * @param actionsSeen - length of the list in the previous turn: what comes after it is new.
 */
export function reEmission(walked: Walked, actionsSeen: number, instanceId: string, notices: Notice[]): Refusal | undefined {
  for (const [index, compound] of walked.started.entries()) {
    if (index === 0 || index < actionsSeen || compound.members.length === 0) continue;
    const leaves = leavesOf(compound);
    const kinds = new Set(leaves.flatMap(({ action }) => (action.actionType in KEYED ? [action.actionType] : [])));
    if (kinds.size === 0) continue;
    const earlier = new Map<string, Started>();
    for (const before of walked.started.slice(0, index)) {
      for (const leaf of leavesOf(before)) {
        if (!kinds.has(leaf.action.actionType)) continue;
        const key = keyOf(leaf.action);
        const known = key === undefined ? undefined : earlier.get(key);
        if (key !== undefined && (known === undefined || known.future.settled)) earlier.set(key, leaf);
      }
    }
    for (const leaf of leaves) {
      const key = keyOf(leaf.action);
      const twin = key === undefined ? undefined : earlier.get(key);
      if (twin === undefined) continue;
      if (!twin.future.settled) {
        return {
          rule: "task-yielded-twice",
          why: `a Task.any or Task.all contains ${describe(leaf.action)} with the name and input (or the time) of one that is still open: a task that enters a second compound is started a second time. Make a fresh task for every round, and yield each task once`,
        };
      }
      if (twin.action.isCanceled !== true)
        notices.push({
          rule: "task-yielded-twice",
          instanceId,
          text: `${describe(leaf.action)} in a Task.any or Task.all looks like one that has ended; if it is the same task, it is started a second time`,
        });
    }
  }
  return undefined;
}

/** Kinds of which two can be told to look the same; see `keyOf`. */
const KEYED: Readonly<Record<number, true>> = { [ACTION.createTimer]: true, [ACTION.callActivity]: true, [ACTION.callChild]: true };

function leavesOf(started: Started): Started[] {
  return started.members.length === 0 ? [started] : started.members.flatMap(leavesOf);
}

function keyOf(action: Action): string | undefined {
  switch (action.actionType) {
    case ACTION.createTimer:
      return `timer ${action.fireAt}`;
    case ACTION.callActivity:
    case ACTION.callChild:
      return `${action.actionType} ${action.functionName?.toLowerCase()} ${inputJsonOf(action)}`;
    default:
      return undefined;
  }
}

/**
 * The event that won the race right before continueAsNew, if Azure would deliver it again: the cancelled timer
 * took the host past the race before it had looked at the event (3.9).
 */
export function copyOfRaceEvent(walked: Walked, answer: Answer): HistoryEvent | undefined {
  const race = answer.actions.at(-2);
  if (answer.actions.at(-1)?.actionType !== ACTION.continueAsNew || race?.actionType !== ACTION.whenAny) return undefined;
  const members = membersOf(race).flatMap((member) => [...flattened(member)]);
  if (!members.some(({ isCanceled }) => isCanceled === true)) return undefined;
  const names = new Set(members.filter(({ actionType }) => actionType === ACTION.waitForEvent).map(({ externalEventName }) => externalEventName));
  return walked.board.carried.find((event) => names.has(event["Name"] as string));
}

/** Why a custom status is too large to be stored, or undefined; a large one is noticed. */
export function statusNotice(customStatus: string | null, instanceId: string, notices: Notice[]): string | undefined {
  const bytes = (customStatus?.length ?? 0) * 2;
  if (bytes > LARGEST_STATUS_BYTES) return `the custom status takes ${bytes} bytes of UTF-16; the limit is ${LARGEST_STATUS_BYTES}`;
  if (bytes > LARGE_STATUS_BYTES) notices.push({ rule: "large-status", instanceId, text: `the custom status takes ${bytes} of ${LARGEST_STATUS_BYTES} bytes of UTF-16` });
  return undefined;
}

/** What is known to arrive as something else than was sent (1.9, 2.1). */
export function inputNotices(decision: Decision, instanceId: string): Notice[] {
  if (decision.kind === "timer" || decision.input === undefined || decision.input === null) return [];
  const what = `the input of ${decision.kind === "activity" ? "activity" : "sub-orchestration"} "${decision.name}"`;
  return valueNotices(what, decision.input, instanceId, decision.kind === "activity");
}

/** As `inputNotices`, for any JSON text that crosses. `encodedTwice`: a string in it was encoded by the SDK once more. */
export function valueNotices(what: string, json: string, instanceId: string, encodedTwice: boolean): Notice[] {
  const notices: Notice[] = [];
  const add = (text: string): void => void notices.push({ rule: "input-changes", instanceId, text: `${what} ${text}; send an object` });
  if (json === "true" || json === "false") add("is a boolean, which an activity receives as the text True or False");
  if (json.startsWith('"')) {
    const outer = JSON.parse(json) as string;
    const text = encodedTwice && outer.startsWith('"') ? (JSON.parse(outer) as string) : outer;
    if (parses(text)) add("is a string that is itself JSON, which is parsed on the way");
  }
  if (/"Timestamp"\s*:/.test(json)) notices.push({ rule: "input-changes", instanceId, text: `${what} has a key "Timestamp", which the SDK turns into a Date; spell it otherwise` });
  return notices;
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** History above this many events is slow to replay on Azure, turn after turn. */
const LONG_HISTORY = 1_000;

/** Said once, in the turn in which a history becomes long. `bytes` is asked for only then. */
export function longHistoryNotice(before: number, after: number, bytes: () => number, instanceId: string): Notice[] {
  if (before > LONG_HISTORY || after <= LONG_HISTORY) return [];
  return [
    {
      rule: "long-history",
      instanceId,
      text: `history has ${after} events and ${bytes()} characters; every turn replays all of it. Continue as new, or move work into sub-orchestrations`,
    },
  ];
}

/** Said once, when an orchestrator has returned and something it left open keeps its instance running. */
export function cannotEndNotice(before: readonly string[], after: readonly string[], instanceId: string): Notice[] {
  if (after.length === 0 || before.length > 0) return [];
  const text = `the orchestrator has returned, but its instance cannot end before what it left open: ${after.join("; ")}. Cancel timers that lost a race; do not race against long work`;
  return [{ rule: "cannot-end", instanceId, text }];
}

/** A turn that takes longer than this many real milliseconds is worth a notice. */
const SLOW_TURN_MS = 1_000;

export function slowTurnNotice(tookMs: number, instanceId: string): Notice[] {
  if (tookMs <= SLOW_TURN_MS) return [];
  return [{ rule: "slow-turn", instanceId, text: `the orchestrator took ${Math.round(tookMs)} ms for one turn; it must only decide, and never await or compute` }];
}
