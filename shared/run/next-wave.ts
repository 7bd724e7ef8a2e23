import type { CompiledPhase, CompiledPlan } from "../plan/compiled.ts";
import type { Control } from "./control.ts";
import type { Ending } from "./facts.ts";
import type { Obligation } from "./obligations.ts";

/**
 * The brain, part three: what should the run do next? Forward through the phases, a barrier at a time; then back, where
 * something is still open that only its opener can close; then the end. Pure.
 */
export function nextWave({ plan, control, ended, open, back, elsewhere = new Set() }: RunSight): Wave {
  if (control.ended !== undefined) return { do: "rest", outcome: control.ended.outcome };
  for (const group of barrierGroups(plan.phases)) {
    const phases = new Set(group.map(({ id }) => id));
    const left = plan.steps.filter(({ id, phase }) => phases.has(phase) && !ended.has(id)).map(({ id }) => id);
    const steps = left.filter((id) => !elsewhere.has(id));
    if (steps.length > 0) return { do: "forward", steps };
    if (left.length > 0) return { do: "wait", why: `waits for ${left.join(", ")}` };
  }
  // In reverse order of what really happened.
  if (back.length > 0) return { do: "back", targets: unique(back.toReversed()) };
  return { do: "end", outcome: outcomeOfRun(control, ended, open) };
}

export interface RunSight {
  readonly plan: CompiledPlan;
  readonly control: Control;
  /** How each step that has ended did. */
  readonly ended: ReadonlyMap<string, Ending>;
  /** What is open, in the order of opening. */
  readonly open: readonly Obligation[];
  /** Those of them whose opener can still be taken back: not for ever, since an undo has its own retries and no more. */
  readonly back: readonly Obligation[];
  /** Steps that an amendment added while their wave was under way, and that others walk. */
  readonly elsewhere?: ReadonlySet<string>;
}

export type Wave =
  /** Start these steps, all at once; each waits at its own gate. */
  | { readonly do: "forward"; readonly steps: readonly string[] }
  /** All that is left of the wave is walked by others, who ring when they are through. */
  | { readonly do: "wait"; readonly why: string }
  /** Take these back, one after the other. */
  | { readonly do: "back"; readonly targets: readonly { readonly step: string; readonly target: string }[] }
  | { readonly do: "end"; readonly outcome: RunOutcome }
  | { readonly do: "rest"; readonly outcome: RunOutcome };

export type RunOutcome = "well" | "badly" | "aborted";

/** Phases in groups: one with a barrier begins a new group. */
export function barrierGroups(phases: readonly CompiledPhase[]): readonly (readonly CompiledPhase[])[] {
  const groups: CompiledPhase[][] = [];
  for (const phase of phases) {
    const current = groups.at(-1);
    if (current === undefined || phase.barrier) groups.push([phase]);
    else current.push(phase);
  }
  return groups;
}

/** Well only if every step ended well or was dropped by a decision or a condition of the plan, and nothing is open. */
export function outcomeOfRun(control: Control, ended: ReadonlyMap<string, Ending>, open: readonly Obligation[]): RunOutcome {
  if (control.aborted !== undefined) return "aborted";
  const allWell = [...ended.values()].every((as) => as === "done" || as === "already" || as === "dropped");
  return allWell && open.length === 0 ? "well" : "badly";
}

function unique(obligations: readonly Obligation[]): readonly { step: string; target: string }[] {
  return [...new Map(obligations.map(({ step, target }) => [`${step}/${target}`, { step, target }])).values()];
}
