import { inOrder, type Entry, type Journal } from "../shared/run/journal.ts";
import type { Fact } from "../shared/run/facts.ts";

/** A journal in memory: for rehearsals, and the reference for the journal's contract test. */
export function memoryJournal(): Journal {
  const runs = new Map<string, Map<string, Fact[]>>();
  /** Of each run what `readAll` gave last, until something is added. */
  const whole = new Map<string, readonly Entry[]>();

  const streamsOf = (run: string): Map<string, Fact[]> => {
    let streams = runs.get(run);
    if (streams === undefined) runs.set(run, (streams = new Map()));
    return streams;
  };
  const entriesOf = (run: string, wanted: (stream: string) => boolean): Entry[] =>
    [...(runs.get(run) ?? [])].flatMap(([stream, facts]) => (wanted(stream) ? facts.map((fact, seq) => ({ stream, seq, fact })) : []));

  return {
    append(run, stream, expected, facts) {
      const streams = streamsOf(run);
      const known = streams.get(stream) ?? [];
      if (known.length !== expected) return Promise.resolve(false);
      whole.delete(run);
      // Through JSON, as every store does it: what is kept is what can be read back.
      streams.set(stream, [...known, ...(JSON.parse(JSON.stringify(facts)) as Fact[])]);
      return Promise.resolve(true);
    },
    read: (run, stream) => Promise.resolve(runs.get(run)?.get(stream) ?? []),
    readUnder: (run, prefix) => Promise.resolve(entriesOf(run, (stream) => stream.startsWith(prefix))),
    readAll(run) {
      const entries = whole.get(run) ?? inOrder(entriesOf(run, () => true));
      whole.set(run, entries);
      return Promise.resolve(entries);
    },
    runs: () => Promise.resolve([...runs.keys()].sort().toReversed()),
  };
}
