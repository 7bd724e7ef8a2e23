import { ABORT_MODES, type AbortMode, type Decision, type Fact } from "./facts.ts";

/** What holds for the run as a whole: folded from its own stream and from the decisions. */
export interface Control {
  readonly started?: { readonly at: string; readonly digest: string; readonly approved: Readonly<Record<string, string>>; readonly abortedBy?: string };
  /** The strongest abort so far; `by` and `at` are those of the decision that made it so. */
  readonly aborted?: { readonly mode: AbortMode; readonly by: string; readonly at: string };
  readonly paused?: { readonly by: string; readonly at: string };
  readonly stopped?: { readonly step: string; readonly why: string };
  readonly ended?: { readonly outcome: "well" | "badly" | "aborted"; readonly at: string };
}

/** @param runFacts stream `run`, in order. @param decisions stream `decisions`, in order. */
export function controlOf(runFacts: readonly Fact[], decisions: readonly Decision[]): Control {
  const control: { -readonly [Key in keyof Control]: Control[Key] } = {};
  for (const fact of runFacts) {
    if (fact.type === "run.started")
      control.started = { at: fact.at, digest: fact.digest, approved: fact.approved ?? {}, ...(fact.abortedBy === undefined ? {} : { abortedBy: fact.abortedBy }) };
    if (fact.type === "run.stopped" && control.stopped === undefined) control.stopped = { step: fact.step, why: fact.why };
    if (fact.type === "run.ended") control.ended = { outcome: fact.outcome, at: fact.at };
  }
  for (const { decision, mode = "close", by, at } of decisions) {
    if (decision === "abort" && strengthOf(mode) > strengthOf(control.aborted?.mode)) control.aborted = { mode, by, at };
    if (decision === "pause") control.paused = { by, at };
    if (decision === "resume") {
      delete control.paused;
      // A freeze waits for someone, and this is the word it waits for; a stronger abort is not taken back.
      if (control.aborted?.mode === "freeze") delete control.aborted;
    }
  }
  return control;
}

function strengthOf(mode: AbortMode | undefined): number {
  return mode === undefined ? -1 : ABORT_MODES.indexOf(mode);
}

/** Whether, and why, nothing at all may begin: it was aborted before it started, so there is nothing to close either. */
export function neverOpened({ started }: Control): string | undefined {
  return started?.abortedBy === undefined ? undefined : `aborted by ${started.abortedBy} before the window started`;
}

/** Whether, and why, nothing new may begin any more (closing excepted). A freeze only holds, so it is not one. */
export function closedTo(control: Control): string | undefined {
  if (control.aborted !== undefined && control.aborted.mode !== "freeze") return `aborted by ${control.aborted.by} before it began`;
  if (control.stopped !== undefined) return `the run was stopped: ${control.stopped.step} ${control.stopped.why}`;
  return undefined;
}

/** Whether, and why, what has not begun must wait. */
export function holds(control: Control): string | undefined {
  if (control.aborted?.mode === "freeze") return `frozen by ${control.aborted.by}`;
  if (control.paused !== undefined) return `paused by ${control.paused.by}`;
  return undefined;
}
