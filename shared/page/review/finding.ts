import type { Severity } from "../../plan/finding.ts";

/**
 * One change to the plan that mends a finding. `step` is `CHANGE.STEP` as the draft calls it, or `window`.
 *
 * `ask` leaves a question in the plan, for what only a person knows. `set` writes a field that is not there yet. `same`
 * makes a step into one that another step does. `add` puts a change into the phase where it belongs.
 */
export type Edit =
  | { readonly do: "ask"; readonly step: string; readonly question: string }
  | { readonly do: "note"; readonly step: string; readonly note: string }
  | { readonly do: "set"; readonly step: string; readonly field: string; readonly value: unknown }
  | { readonly do: "need"; readonly step: string; readonly needs: NeedWritten }
  | { readonly do: "same"; readonly step: string; readonly as: string }
  | { readonly do: "add"; readonly into: "main" | "test" | "after"; readonly change: AddedChange };

/** Of a `need`: the id as the draft calls it; it is translated to what the plan calls it. */
export interface NeedWritten {
  readonly step: string;
  readonly per?: "target";
  readonly as?: "end";
}

export interface AddedChange {
  readonly id: string;
  readonly title: string;
  readonly notes: string;
  readonly step: Readonly<Record<string, unknown>> & { readonly id: string; readonly needs?: readonly NeedWritten[] };
  /** Opened by this step of the draft: `opens` is written there, so that the run knows of it. */
  readonly opens?: { readonly step: string; readonly id: string; readonly what: string };
}

/** What the reviewer has to say about a page. */
export interface ReviewFinding {
  /** Stable, kebab-case; see the table of checks. */
  readonly code: string;
  /** `warning`: the night may go wrong by it. `info`: the import has settled it as told; a person should know. */
  readonly severity: Exclude<Severity, "error">;
  /** Of the page, from 1. */
  readonly line: number;
  /** Other lines that it is about. */
  readonly others: readonly number[];
  /** The page's words. */
  readonly words: string;
  readonly message: string;
  /** In words: what mends it. */
  readonly proposal: string;
  /** `CHANGE.STEP` of the draft, or `window`. */
  readonly step: string;
  /** Tells findings of one code at one step apart. */
  readonly about: string;
  readonly edits: readonly Edit[];
}

/** Whether a plan has taken a finding up. */
export type State =
  /** Nothing in the plan takes it up. */
  | "open"
  /** The plan does not have it any more. */
  | "mended"
  /** A question in the plan waits for an answer. */
  | "asked"
  /** Its question has been answered and taken out. */
  | "answered";

/** More of one kind than this is one mistake, or no page of a window. */
export const MOST_OF_A_KIND = 200;

/** Looks at one after the other, and no further once there is more than anybody reads: pages of megabytes end in time. */
export function collected<Item, Result>(items: readonly Item[], look: (item: Item) => readonly Result[]): readonly Result[] {
  const found: Result[] = [];
  for (const item of items) {
    found.push(...look(item));
    if (found.length >= MOST_OF_A_KIND) break;
  }
  return found;
}
