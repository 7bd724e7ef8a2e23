import { createHash } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "../plan/compiled.ts";

/**
 * A file of records that cannot be changed unnoticed: one JSON line a record, each with the hash of the one before it.
 *
 * E1  A line is canonical JSON: the same record has one text only.
 * E2  `hash` is sha-256 over number, previous hash and record: a line that was altered contradicts itself.
 * E3  `previous` is the hash of the line before: one that was replaced as a whole contradicts the next.
 * E4  `n` counts from 1: a line that is missing, moved or added is seen for what it is.
 * E5  The last record counts all others by kind: what was cut off at the end is missed.
 *
 * Who can write the file can also make all of it anew. Hence its last hash, kept elsewhere, is the proof of the whole.
 */
const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const Line = z.strictObject({ n: z.int(), previous: Hash, record: z.looseObject({ kind: z.string() }), hash: Hash });
const Closing = z.strictObject({ kind: z.literal("closing"), counts: z.record(z.string(), z.int()), head: Hash });

export interface ChainRecord {
  readonly kind: string;
  readonly [field: string]: unknown;
}

/** What the first line follows. */
const BEGINNING = "0".repeat(64);

/** The records as a file, closed by a record that counts them. @returns its text, and its last hash. */
export function chained(records: readonly ChainRecord[]): { readonly text: string; readonly head: string } {
  const counts: Record<string, number> = {};
  const lines: string[] = [];
  let head = BEGINNING;
  const add = (record: ChainRecord): void => {
    const link = { n: lines.length + 1, previous: head, record };
    head = hashOf(link);
    lines.push(canonicalJson({ ...link, hash: head }));
  };
  for (const record of records) {
    counts[record.kind] = (counts[record.kind] ?? 0) + 1;
    add(record);
  }
  add({ kind: "closing", counts, head } satisfies z.infer<typeof Closing>);
  return { text: lines.map((line) => `${line}\n`).join(""), head };
}

/** What is wrong with a file of records, and at which line (from 1). */
export interface Breach {
  readonly line: number;
  readonly why: string;
}

export interface Verified {
  readonly breaches: readonly Breach[];
  /** How many records there are by kind, as they stand in the file. */
  readonly counts: Readonly<Record<string, number>>;
  /** Whether any line at all has the shape of a record: else it is another file. */
  readonly isEvidence: boolean;
  /** The last line's hash; undefined where the last line is none of ours. */
  readonly head?: string;
}

/** Looks at every line of a file that `chained` made. @param head its last hash, where somebody kept it. */
export function verifyChain(text: string, head?: string): Verified {
  const breaches: Breach[] = [];
  const counts: Record<string, number> = {};
  const lines = text.split("\n");
  const breach = (line: number, why: string): void => void breaches.push({ line, why });
  if (lines.pop() !== "") breach(lines.length + 1, "the last line is cut off: it does not end in a line break");

  let number = 1;
  /** Undefined after a line that cannot be read: whatever follows it is not to blame. */
  let previous: string | undefined = BEGINNING;
  let closing: { readonly line: number; readonly counts: Readonly<Record<string, number>>; readonly head: string; readonly previous: string } | undefined;
  let last: string | undefined;
  let isEvidence = false;
  for (const [position, written] of lines.entries()) {
    const line = position + 1;
    const link = linkOf(written);
    last = undefined;
    isEvidence ||= typeof link !== "string" || link.startsWith("record ");
    if (typeof link === "string") {
      breach(line, link);
      number++;
      previous = undefined;
      continue;
    }
    if (closing !== undefined) breach(line, "it stands after the closing record: it was added");
    if (link.n > number) breach(line, `missing before it: ${link.n - number === 1 ? `record ${number}` : `records ${number} to ${link.n - 1}`}`);
    else if (link.n < number) breach(line, `record ${link.n} stands where record ${number} is due: it was moved or added`);
    else if (previous !== undefined && link.previous !== previous)
      breach(line, line === 1 ? "the first record follows another one" : `it does not follow line ${line - 1}: one of the two was replaced`);
    const { kind } = link.record;
    const closes = Closing.safeParse(link.record);
    if (closes.success) closing ??= { line, ...closes.data, previous: link.previous };
    else counts[kind] = (counts[kind] ?? 0) + 1;
    number = link.n + 1;
    previous = last = link.hash;
  }
  if (closing === undefined) breach(lines.length + 1, "there is no closing record: the end is missing");
  else {
    if (canonicalJson(closing.counts) !== canonicalJson(counts)) breach(closing.line, `the closing record counts ${inWords(closing.counts)}; there are ${inWords(counts)}`);
    if (closing.head !== closing.previous) breach(closing.line, "the closing record closes another file");
  }
  if (head !== undefined && head !== last) breach(lines.length, `the last hash is ${last ?? "not readable"}; expected ${head}: the file was made anew, or is another one`);
  return { breaches, counts, isEvidence, ...(last === undefined ? {} : { head: last }) };
}

/** A line's content, or why it has none. */
function linkOf(written: string): z.infer<typeof Line> | string {
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch {
    return written === "" ? "an empty line: it was added" : "it is not JSON: it was altered";
  }
  const parsed = Line.safeParse(value);
  if (!parsed.success) return "it is no record of an evidence file: it was altered or added";
  const { hash, ...rest } = parsed.data;
  if (hashOf(rest) !== hash || canonicalJson(parsed.data) !== written) return `record ${rest.n} was altered: its text and its hash do not agree`;
  return parsed.data;
}

function hashOf(link: { readonly n: number; readonly previous: string; readonly record: ChainRecord }): string {
  return createHash("sha256").update(canonicalJson(link)).digest("hex");
}

function inWords(counts: Readonly<Record<string, number>>): string {
  return (
    Object.entries(counts)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(", ") || "none"
  );
}
