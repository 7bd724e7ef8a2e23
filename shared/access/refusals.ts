import { isoOf, type Clock } from "../ports/clock.ts";
import type { Fact, FactOf } from "../run/facts.ts";
import type { Entry, Journal } from "../run/journal.ts";

/**
 * Refusals in the journal, under a run id that no window can have.
 *
 * One stream for each hour and for whether the caller was recognised, so that a flood of strangers hides no colleague. A stream
 * takes so many and no more, and the same refusal within a minute is one fact: the journal of the door is bounded, whoever
 * knocks. What does not fit is still refused, and still counted by telemetry.
 */
export const ACCESS_RUN = "~access";

const MOST_PER_STREAM = 100;
const ONCE_WITHIN_MS = 60_000;
/** Refusals remembered so as not to write them twice. */
const MOST_REMEMBERED = 500;
const TRIES = 5;

export type AccessRefused = FactOf<"access.refused">;

export interface Refusals {
  write(refused: Omit<AccessRefused, "type" | "at">, isKnown: boolean): Promise<void>;
  /** Those of one UTC day, `2024-12-08`. */
  of(day: string): Promise<readonly Entry[]>;
}

export function refusalsOf(journal: Journal, clock: Clock): Refusals {
  const recent = new Map<string, number>();

  function isRepeated(key: string, now: number): boolean {
    const last = recent.get(key);
    if (last !== undefined && now - last < ONCE_WITHIN_MS) return true;
    recent.delete(key);
    recent.set(key, now);
    for (const [oldest] of recent) if (recent.size > MOST_REMEMBERED) recent.delete(oldest);
    return false;
  }

  return {
    async write(refused, isKnown) {
      const now = clock.now();
      if (isRepeated(JSON.stringify(refused), now)) return;
      const at = isoOf(now);
      const stream = `refused/${at.slice(0, 13)}/${isKnown ? "known" : "unknown"}`;
      const fact: Fact = { type: "access.refused", at, ...refused };
      // Instances of the app write to the same stream: who loses looks again, a few times at most.
      for (let tries = 0; tries < TRIES; tries++) {
        const { length } = await journal.read(ACCESS_RUN, stream);
        if (length >= MOST_PER_STREAM || (await journal.append(ACCESS_RUN, stream, length, [fact]))) return;
      }
    },
    of: (day) => journal.readUnder(ACCESS_RUN, `refused/${day}`),
  };
}
