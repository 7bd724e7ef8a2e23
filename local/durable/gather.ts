import type { Started } from "./board.ts";
import { EVENT, completedId } from "./history-events.ts";
import type { Delivery, Live } from "./live.ts";

/** Completions that arrive within this share a turn, while more are to come. */
const GATHER_MS = 5;
/** Completions that cannot set the orchestrator free may wait this long for the ones that can. */
const IDLE_GATHER_MS = 250;
const LONGEST_GATHER_MS = 50;

/**
 * How many real milliseconds the messages of `live` may wait for company before they are worth a turn.
 *
 * Each turn replays the whole history, so one completion per turn makes a fan-out quadratic. A success inside a
 * Task.all changes nothing until the last member ends; anything else is worth a turn soon.
 */
export function gatherMs(live: Live): number {
  const { waitsOn, inbox } = live;
  const newest = inbox.at(-1);
  if (newest === undefined || !isSuccess(newest) || live.openWork <= inbox.length) return 0;
  // Looking at all of them for each of them would be quadratic as well.
  const nowMs = performance.now();
  if (live.gathering !== undefined && nowMs < live.weighedAt + GATHER_MS) return IDLE_GATHER_MS;
  live.weighedAt = nowMs;
  if (inbox.some((delivery) => !isSuccess(delivery))) return 0;
  const ids = new Set(inbox.map(({ event }) => completedId(event) as number));
  if (live.openWork <= ids.size) return 0;
  if (waitsOn !== undefined && !advances(waitsOn, ids)) return IDLE_GATHER_MS;
  return Math.min(Math.max(GATHER_MS, 2 * live.lastTurnMs), LONGEST_GATHER_MS);
}

/** Messages that one turn of Azure's takes at most; with fewer, a wide fan-out waits for more. */
const COMPANY = 32;
/** Open tasks from which on a fan-out counts as wide. */
const WIDE = 2 * COMPANY;

/**
 * Whether an instance in virtual time may leave its messages for later: they are successes inside a wide fan-out that
 * set nothing free. Below that width every instant has a turn of its own, which is what a test expects to see.
 */
export function waitsForCompany(live: Live): boolean {
  const { waitsOn, inbox } = live;
  if (waitsOn === undefined || inbox.length >= COMPANY || live.openWork - inbox.length < WIDE || !inbox.every(isSuccess)) return false;
  return !advances(waitsOn, new Set(inbox.map(({ event }) => completedId(event) as number)));
}

function isSuccess({ event }: Delivery): boolean {
  return event.EventType === EVENT.taskCompleted || event.EventType === EVENT.childCompleted;
}

/** Whether successes of `ids` settle what is waited for, or make a part of it take another step. */
function advances(started: Started, ids: ReadonlySet<number>): boolean {
  return settles(started, ids) || steps(started, ids);
}

function settles({ future, takes, action, members, id }: Started, ids: ReadonlySet<number>): boolean {
  if (future.settled) return true;
  if (takes !== "compound") return id !== undefined && ids.has(id);
  return action.actionType === 11 ? members.some((member) => settles(member, ids)) : members.every((member) => settles(member, ids));
}

function steps({ future, takes, members, id }: Started, ids: ReadonlySet<number>): boolean {
  if (future.settled) return false;
  return takes === "several" ? id !== undefined && ids.has(id) : members.some((member) => steps(member, ids));
}
