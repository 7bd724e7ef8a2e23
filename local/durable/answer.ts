import type { Action } from "./actions.ts";
import type { WentOn } from "./hub.ts";

/** What an orchestrator said in one turn (2.3, 2.4). */
export interface Answer {
  readonly isDone: boolean;
  readonly actions: readonly Action[];
  /** JSON text; null for nothing. */
  readonly output: string | null;
  /** JSON text; null for none, which clears it. */
  readonly customStatus: string | null;
  /** Text of the failure; absent also for a failure that has none (trap 1). */
  readonly error?: string;
  /** The orchestrator threw. Without `error` the extension sees neither failure nor end. */
  readonly threw: boolean;
  /** The function failed without an answer (trap 3): nothing is known but this text. */
  readonly crashed?: string;
  /** Calls that were made and not yielded. */
  readonly neverYielded: readonly string[];
}

const MARKER = "$OutOfProcData$:";

/** Reads what the invocation of an orchestrator gave back. Total: an answer that cannot be read is a crash. */
export function readAnswer(given: { ok: true; answer: unknown; neverYielded?: readonly string[] } | { ok: false; message: string }): Answer {
  if (given.ok)
    return (
      answerOf(given.answer, false, given.neverYielded) ??
      crash(`the orchestrator function answered ${JSON.stringify(given.answer)?.slice(0, 200)}, which is not an orchestrator's state`)
    );
  const at = given.message.indexOf(MARKER);
  if (at < 0) return crash(given.message);
  try {
    return answerOf(JSON.parse(given.message.slice(at + MARKER.length)), true) ?? crash(given.message);
  } catch {
    return crash(given.message);
  }
}

/** As `readAnswer`, for an orchestrator that has gone on from where it stood. */
export function answerThatWentOn({ isDone, actions, output, customStatus, neverYielded }: WentOn): Answer {
  return { isDone, actions, output, customStatus, threw: false, neverYielded };
}

/** JSON text of what an orchestrator returned or set, null for nothing. */
export function jsonOf(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}

function crash(message: string): Answer {
  return { isDone: false, actions: [], output: null, customStatus: null, threw: true, crashed: message, neverYielded: [] };
}

function answerOf(state: unknown, threw: boolean, neverYielded: readonly string[] = []): Answer | undefined {
  if (typeof state !== "object" || state === null) return undefined;
  const { isDone, actions, output, customStatus, error } = state as Record<string, unknown>;
  if (typeof isDone !== "boolean" || !Array.isArray(actions)) return undefined;
  return {
    isDone,
    actions: (actions as (readonly Action[])[]).flat(),
    output: jsonOf(output),
    customStatus: jsonOf(customStatus),
    threw,
    neverYielded,
    ...(typeof error === "string" ? { error } : {}),
  };
}
