import type { Entry, Journal } from "../shared/run/journal.ts";
import type { Fact } from "../shared/run/facts.ts";

/** A journal in memory: for rehearsals, and the reference for the journal's contract test. */
export function memoryJournal(): Journal {
  const runs = new Map<string, Map<string, Fact[]>>();
  const whole = new Map<string, Ordered>();

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
      // Through JSON, as every store does it: what is kept is what can be read back.
      const kept = JSON.parse(JSON.stringify(facts)) as Fact[];
      streams.set(stream, [...known, ...kept]);
      let ordered = whole.get(run);
      if (ordered === undefined) whole.set(run, (ordered = new Ordered()));
      for (const [nth, fact] of kept.entries()) ordered.add({ stream, seq: expected + nth, fact });
      return Promise.resolve(true);
    },
    read: (run, stream) => Promise.resolve(runs.get(run)?.get(stream) ?? []),
    readUnder: (run, prefix) => Promise.resolve(entriesOf(run, (stream) => stream.startsWith(prefix))),
    readAll: (run) => Promise.resolve(whole.get(run)?.entries() ?? []),
    runs: () => Promise.resolve([...runs.keys()].sort().toReversed()),
  };
}

/** The facts of a run as `inOrder` orders them, one by one as they come: nearly all of them come last. */
class Ordered {
  readonly #ordered: { readonly at: string; readonly entry: Entry }[] = [];
  /** The latest instant in each stream, below which nothing is put that was written there later. */
  readonly #latest = new Map<string, string>();
  #entries: readonly Entry[] | undefined;

  add(entry: Entry): void {
    const { stream, fact } = entry;
    const latest = this.#latest.get(stream);
    const at = latest === undefined || fact.at > latest ? fact.at : latest;
    this.#latest.set(stream, at);
    const isBefore = (other: { readonly at: string; readonly entry: Entry }): boolean => at < other.at || (at === other.at && stream < other.entry.stream);
    const place = this.#ordered.findLastIndex((other) => !isBefore(other)) + 1;
    this.#ordered.splice(place, 0, { at, entry });
    this.#entries = undefined;
  }

  entries(): readonly Entry[] {
    return (this.#entries ??= this.#ordered.map(({ entry }) => entry));
  }
}
