import { answerThatWentOn } from "./answer.ts";
import type { Answer } from "./answer.ts";
import { EVENT } from "./history-events.ts";
import type { HistoryEvent, Standing } from "./hub.ts";
import type { Setting } from "./start.ts";
import { walker } from "./walk.ts";
import type { Walked, Walker } from "./walk.ts";

/** An instance between two turns, as the extension's `extendedSessions` keep it: its turns go on where the last one ended. */
export interface Session {
  readonly standing: Standing;
  readonly walk: Walker;
  /** How many events of the history the walk has seen. */
  readonly seen: number;
}

/** What an orchestrator said, and the walk over the history as it said it. */
export interface Told {
  readonly answer: Answer;
  readonly crashText: string | undefined;
  readonly walked: Walked;
  readonly walk: Walker;
  readonly standing: Standing | undefined;
}

/** What a session can be told; everything else (failures, suspension, an end from outside) is replayed. */
const PLAIN: ReadonlySet<number> = new Set([EVENT.orchestratorStarted, EVENT.taskCompleted, EVENT.childCompleted, EVENT.timerFired, EVENT.eventRaised]);

/** The turn without a replay, where the session can be gone on with. */
export function wentOn(session: Session | undefined, history: readonly HistoryEvent[], fresh: readonly HistoryEvent[], setting: Setting): Told | undefined {
  if (session === undefined || !fresh.every(({ EventType }) => PLAIN.has(EventType))) return undefined;
  const { standing } = session;
  const given = standing.goOn(fresh);
  if (given === undefined) return undefined;
  const answer = answerThatWentOn(given);
  // A timer that comes cancelled settles at once: a walk from the start would have gone past it earlier than this one did.
  const walk = given.cancelled ? walker(setting) : session.walk;
  return { answer, crashText: undefined, walk, walked: walk(given.cancelled ? history : history.slice(session.seen), answer), standing };
}

/** Whether the next turn's walk may go on behind this one: see `walker`. */
export function mayGoOn({ suspended, interpreted, started }: Walked, { isDone, threw, actions }: Answer): boolean {
  return !suspended && !interpreted && !isDone && !threw && started.length === actions.length && started.at(-1)?.future.settled === false;
}
