import type { Fact } from "../shared/run/facts.ts";
import type { Journal } from "../shared/run/journal.ts";

/** The same journal, of which somebody hears what was kept, right after it was. @param hear `seq` is the fact's own number in its stream. */
export function heardJournal(journal: Journal, hear: (fact: Fact, stream: string, seq: number) => void): Journal {
  return {
    ...journal,
    async append(run, stream, expected, facts) {
      const kept = await journal.append(run, stream, expected, facts);
      if (kept) facts.forEach((fact, nth) => hear(fact, stream, expected + nth));
      return kept;
    },
  };
}
