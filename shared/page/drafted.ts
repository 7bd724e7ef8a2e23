import type { Carried } from "../plan/schema.ts";
import type { Part } from "./words/headings.ts";

/** The plan while it is being drafted: what `plan-text.ts` writes down. */
export interface DraftedStep {
  id: string;
  title: string;
  readonly line: number;
  action?: string;
  sameAs?: string;
  at?: string;
  needs: (string | { step: string; per?: "target"; as?: "end" })[];
  targets?: readonly string[];
  with: Record<string, unknown>;
  when?: string;
  irreversible?: true;
  always?: true;
  /** It takes down what protects visitors: by evidence, with the tests that stand before it on the page. */
  lifts?: true;
  /** Who must approve it, where the page names them. */
  approval?: readonly string[];
  owner?: string | { first: string; second: string };
  notes: string[];
  questions: string[];
  /** Steps of one sentence share it. */
  readonly sentence: number;
}

export interface DraftedChange {
  id: string;
  title: string;
  readonly line: number;
  keys: string[];
  owner?: string | { first: string; second: string };
  notes: string[];
  questions: string[];
  /** It is left over from earlier windows. */
  carried?: Carried;
  /** Words of the page that only join others: they change nothing and are not lost. */
  comments: string[];
  inOrder: boolean;
  steps: DraftedStep[];
  readonly depth: number;
  /** An item of a list: its siblings are changes of their own. */
  readonly item: boolean;
  /** Its ticket and its work stand in one line. */
  inline: boolean;
  /** The table's row that it stands in. */
  readonly row?: number;
  titled: boolean;
}

export interface DraftedPhase {
  id: string;
  readonly title: string;
  readonly line: number;
  readonly part: Part;
  readonly depth: number;
  readonly comments: string[];
  readonly changes: DraftedChange[];
}

export interface DraftedPlan {
  title?: string;
  url?: string;
  pageId?: string;
  version?: number;
  date?: string;
  zone?: string;
  cutoff?: string;
  /** Who has the night, where the page says so. */
  owners?: readonly string[];
  readonly comments: string[];
  readonly questions: string[];
  readonly phases: DraftedPhase[];
}

/** Ids are the page's words: a plan's reader finds the place again. Whole words only, few of them. */
export function slug(words: string, fallback: string, most = { words: 6, characters: 40 }): string {
  const kept = words
    .toLowerCase()
    .replaceAll("'", "")
    .split(/\s+/)
    .filter((word) => !/^(?:the|a|an|of|to|in|on|for|and|or|at|with)$/.test(word))
    .flatMap((word) => word.match(/[a-z0-9]+/g) ?? [])
    .slice(0, most.words);
  let text = "";
  for (const word of kept) if (text === "" || text.length + word.length < most.characters) text = text === "" ? word : `${text}-${word}`;
  text = text.slice(0, most.characters).replace(/^[^a-z]+/, "");
  return text === "" ? fallback : text;
}

/** Gives out ids that are not taken; counting starts where it stopped, so that a thousand like words cost a thousand steps. */
export function idGiver(): (wanted: string, otherwise?: string) => string {
  const next = new Map<string, number>();
  return (first, otherwise) => {
    const wanted = next.has(first) && otherwise !== undefined && !next.has(otherwise) ? otherwise : first;
    const count = next.get(wanted) ?? 0;
    next.set(wanted, count + 1);
    return count === 0 ? wanted : `${wanted}-${count + 1}`;
  };
}
