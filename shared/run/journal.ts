import type { Fact } from "./facts.ts";

/** A fact with its place: `stream` and the position in it, from 0. */
export interface Entry {
  readonly stream: string;
  readonly seq: number;
  readonly fact: Fact;
}

/**
 * The append-only table of facts. One partition per run, many streams in it.
 *
 * J1  `append` is all or nothing.
 * J2  Of two appends at one position the first wins, and the second learns that it lost.
 * J3  What `append` has answered «kept» is never lost, and is seen by every later read.
 */
export interface Journal {
  /**
   * Adds `facts` to `stream` at position `expected` (the number of facts its writer has seen there).
   *
   * @returns false when another writer was first; nothing was added then.
   * @throws Fault `invalid` for a fact above the store's limit; `unavailable`, `throttled` or `denied` when the store says so:
   *   whether the facts were kept is then unknown, and the writer reads again before it goes on.
   */
  append(run: string, stream: string, expected: number, facts: readonly Fact[]): Promise<boolean>;
  /** The facts of one stream, in order; empty for a stream that does not exist. */
  read(run: string, stream: string): Promise<readonly Fact[]>;
  /** The facts of all streams whose name begins with `prefix`, stream by stream, each in order. */
  readUnder(run: string, prefix: string): Promise<readonly Entry[]>;
  /** Every fact of the run, ordered as `inOrder` does it. */
  readAll(run: string): Promise<readonly Entry[]>;
  /** Ids of all runs that have facts, newest window first. */
  runs(): Promise<readonly string[]>;
}

/**
 * Orders entries by instant, then stream, then position; within a stream by position alone. Clocks of two hosts are minutes apart at
 * times: what was written on to a stream later stands behind what is there, whatever its clock said.
 */
export function inOrder(entries: readonly Entry[]): readonly Entry[] {
  let stream: string | undefined;
  let latest = "";
  return entries
    .toSorted((a, b) => compare(a.stream, b.stream) || a.seq - b.seq)
    .map((entry) => {
      if (entry.stream !== stream || entry.fact.at > latest) latest = entry.fact.at;
      stream = entry.stream;
      return { entry, at: latest };
    })
    .sort((a, b) => compare(a.at, b.at))
    .map(({ entry }) => entry);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The facts of one stream, in order. @param entries as `Journal.readAll` gives them. */
export function streamOf(entries: readonly Entry[], stream: string): readonly Fact[] {
  return entries.flatMap((entry) => (entry.stream === stream ? [entry.fact] : []));
}
