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
  readonly comments: string[];
  readonly questions: string[];
  readonly phases: DraftedPhase[];
}

/** Ids are the page's words: a plan's reader finds the place again. */
export function slug(words: string, fallback: string): string {
  const parts =
    words
      .toLowerCase()
      .replaceAll("'", "")
      .match(/[a-z0-9]+/g) ?? [];
  const kept = parts.filter((word) => !/^(?:the|a|an|of|to|in|on|for|and|or|at|with)$/.test(word)).slice(0, 6);
  const text = kept
    .join("-")
    .slice(0, 40)
    .replace(/^[^a-z]+/, "")
    .replace(/-+$/, "");
  return text === "" ? fallback : text;
}

/** Gives out ids that are not taken; counting starts where it stopped, so that a thousand like words cost a thousand steps. */
export function idGiver(): (wanted: string) => string {
  const next = new Map<string, number>();
  return (wanted) => {
    const count = next.get(wanted) ?? 0;
    next.set(wanted, count + 1);
    return count === 0 ? wanted : `${wanted}-${count + 1}`;
  };
}
