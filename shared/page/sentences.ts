import { readCaches, readFirewalls, readMonitors, readRecords, readWorkspaces } from "./readers/network.ts";
import { readChecks, readClusters, readMoves, readNotices, readSecrets } from "./readers/people.ts";
import { readPipeline } from "./readers/pipelines.ts";
import { readPatching, readPools, readRemovals, readScripts } from "./readers/servers.ts";
import type { Proposal, SentenceReader, Surroundings } from "./proposal.ts";

/** Who may understand a clause, in the order of how plainly each one's words say what they mean. */
const READERS: readonly SentenceReader[] = [
  readNotices,
  readMonitors,
  readCaches,
  readRecords,
  readSecrets,
  readWorkspaces,
  readMoves,
  readFirewalls,
  readPools,
  readRemovals,
  readScripts,
  readPatching,
  readClusters,
  readChecks,
  readPipeline,
];

const VERBS =
  "run|kick|install|apply|patch|purge|start|restart|deploy|notify|tell|remove|delete|disable|enable|put|add|restore|verify|check|mute|unmute|update|pull|take|move|point|swap|then|drain|return|reboot|stop|clear|flush|trigger|execute";

export interface Sentence {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** The sentences of a block's words, with their places in them. */
export function sentencesOf(text: string): readonly Sentence[] {
  const sentences: Sentence[] = [];
  let from = 0;
  const push = (end: number): void => {
    const raw = text.slice(from, end);
    const words = raw
      .trim()
      .replaceAll(/\s+/g, " ")
      .replace(/[-;\s]+$/, "");
    const start = from + (raw.length - raw.trimStart().length);
    if (/[\p{L}\p{N}]/u.test(words)) sentences.push({ text: words, start: sentences.length === 0 ? 0 : start, end });
    from = end;
  };
  for (const match of text.matchAll(/[.;!?]\s+(?=[A-Z])|\s-\s+(?=(?:Refer|See|Note|Only|If|After|Details|Instructions)\b)/g)) push(match.index + match[0].length);
  push(text.length);
  return sentences;
}

/** «pull X out and kick off updates» is two. */
export function clausesOf(text: string, byCommas = false): readonly string[] {
  return text
    .replace(/\b(scripts?)\s+and\s+/i, "$1 to ")
    .split(new RegExp(String.raw`${byCommas ? String.raw`,\s+(?=(?:${VERBS})\b)|` : ""},?\s+(?:and|then|and then|&|afterwards|and afterwards)\s+(?=(?:${VERBS})\b)|;\s+`, "i"))
    .map((clause) => clause.replace(/^then\s+/i, ""))
    .filter((clause) => /\w/.test(clause));
}

export function readClause(text: string, around: Surroundings): readonly Proposal[] | undefined {
  const words = text.trim().replaceAll(/\s+/g, " ");
  for (const read of READERS) {
    const found = read(words, around);
    if (found !== undefined) return found;
  }
  return undefined;
}
