/** How something stands, as people are told; `done earlier`: before this run, or by another of its steps. */
export type ResultStanding = "done" | "done earlier" | "dropped" | "skipped" | "failed" | "unknown" | "running" | "waiting";

export interface Result {
  readonly title: string;
  /** What else the plan keeps of the page's words about it; a line of the page is found by these and the title. */
  readonly words: readonly string[];
  readonly standing: ResultStanding;
  /** It has to stand in the next window's plan. */
  readonly carriedOver: boolean;
  /** Why it is not done; empty where it is. */
  readonly why: string;
}

/** One target of a step that fans out. */
export interface TargetResult {
  readonly name: string;
  readonly standing: ResultStanding;
  /** `Sun 05:40` in the window's zone; absent where it has not ended. */
  readonly ended?: string;
  readonly tries: number;
  readonly why: string;
}

/** Families of verbs whose targets are servers. */
export const SERVER_FAMILIES: ReadonlySet<string> = new Set(["patch", "pool", "host"]);

export interface StepResult extends Result {
  readonly id: string;
  readonly verb: string;
  /** Of a step that fans out, one for each target; else none. */
  readonly targets: readonly TargetResult[];
}

export interface ChangeResult extends Result {
  readonly id: string;
  readonly keys: readonly string[];
  readonly steps: readonly StepResult[];
}

/** A file that a run leaves for people. */
export interface StoryFile {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}
