import type { Names } from "./names.ts";

/** One step as the page's words propose it. What the words and the inventory leave open is a question, never a guess. */
export interface Proposal {
  readonly id: string;
  readonly action: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly targets?: readonly string[];
  readonly irreversible?: true;
  readonly opens?: Readonly<Record<string, string>>;
  readonly mode?: "destroy";
  readonly questions?: readonly string[];
  /** The step that the one before it in this sentence must end well first. */
  readonly afterPrevious?: "step" | "target";
  readonly always?: true;
}

/** What a sentence may lean on: what was said above it. */
export interface Surroundings {
  readonly names: Names;
  /** The whole line, with what stands in parentheses. */
  readonly line: string;
  /** Keys of the change it stands in. */
  readonly keys: readonly string[];
  /** Words of the change above it, for what they name. */
  readonly above: string;
  /** Servers that the clause before it named: «pull … out of the pool and kick off updates». */
  readonly servers: readonly string[];
  /** The last swap of records above it, which a «remove» takes back. */
  readonly swap: { readonly targets: readonly string[]; readonly from: string; readonly to: string } | undefined;
  /** Monitors that were muted above. */
  readonly muted: readonly string[];
  /** Those that a column of its table names. */
  readonly environments: readonly string[];
  /** Where the sentence's links lead. */
  readonly links: readonly string[];
}

/** Reads a sentence or clause; undefined when it is about something else. */
export type SentenceReader = (text: string, around: Surroundings) => readonly Proposal[] | undefined;

/** `undefined` fields left out, as exact optional properties want it. */
export function given<T extends object>(fields: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

export function asked(...questions: readonly (string | false | undefined)[]): { questions?: readonly string[] } {
  const left = questions.filter((question): question is string => typeof question === "string");
  return left.length === 0 ? {} : { questions: left };
}
