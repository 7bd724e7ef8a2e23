import { deflateRawSync, inflateRawSync } from "node:zlib";
import { Fault } from "../shared/fault/fault.ts";
import type { Entry } from "../shared/run/journal.ts";

/** How many facts of each stream have been seen. Streams only grow at their ends, so this says exactly which. */
export type Seen = ReadonlyMap<string, number>;

/** The cursor of someone who has seen nothing. */
export const FROM_THE_START = "start";

/** Larger than any run's list of streams; what is made larger than this was made by somebody else. */
const MOST_BYTES = 4 * 1024 * 1024;

/** One page of facts. */
export interface FactsPage {
  readonly facts: readonly Entry[];
  /** To be sent for the page after this one; it stays good for as long as the run is kept. */
  readonly cursor: string;
  readonly more: boolean;
}

/**
 * The facts that are not among the seen ones, oldest first, and a cursor for those after them. Every fact comes exactly once, however
 * many have the same instant, and whatever another machine with another clock writes in between: a cursor names no instant and no
 * number of facts, but how far each stream was read.
 */
export function pageAfter(entries: readonly Entry[], seen: Seen, size: number): FactsPage {
  const latest = new Map<string, string>();
  const inStreams = entries.toSorted((a, b) => compare(a.stream, b.stream) || a.seq - b.seq);
  // Within a stream positions come before instants: what is read is always all of its beginning.
  const fresh = inStreams.flatMap((entry) => {
    const before = latest.get(entry.stream) ?? "";
    const at = entry.fact.at > before ? entry.fact.at : before;
    latest.set(entry.stream, at);
    return entry.seq < (seen.get(entry.stream) ?? 0) ? [] : [{ entry, at }];
  });
  const facts = fresh
    .toSorted((a, b) => compare(a.at, b.at) || compare(a.entry.stream, b.entry.stream) || a.entry.seq - b.entry.seq)
    .slice(0, size)
    .map(({ entry }) => entry);
  const now = new Map(seen);
  for (const { stream, seq } of facts) now.set(stream, seq + 1);
  return { facts, cursor: textOf(now), more: fresh.length > facts.length };
}

/** @throws Fault `invalid` for a text that is no cursor of ours. */
export function seenOf(cursor: string): Seen {
  if (cursor === FROM_THE_START) return new Map();
  try {
    const pairs = JSON.parse(inflateRawSync(Buffer.from(cursor, "base64url"), { maxOutputLength: MOST_BYTES }).toString("utf8")) as unknown;
    if (Array.isArray(pairs) && pairs.every(isPair)) return new Map(pairs);
  } catch {
    // What cannot be unpacked is as little a cursor as what unpacks to something else.
  }
  throw new Fault("invalid", `this is no cursor: send one as it was given, or ${FROM_THE_START}`);
}

function textOf(seen: Seen): string {
  const pairs = [...seen].toSorted(([a], [b]) => compare(a, b));
  return deflateRawSync(JSON.stringify(pairs), { level: 9 }).toString("base64url");
}

function isPair(pair: unknown): pair is [string, number] {
  return Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string" && Number.isSafeInteger(pair[1]) && Number(pair[1]) >= 0;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
