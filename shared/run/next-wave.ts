import type { CompiledPhase, CompiledPlan } from "../plan/compiled.ts";
import type { Control } from "./control.ts";
import type { Ending } from "./facts.ts";
import type { Obligation } from "./obligations.ts";

/**
 * The brain, part three: what should the run do next? Forward through the phases, a barrier at a time; then back, where
 * something is still open that only its opener can close; then the end. Pure.
 */
export function nextWave({ plan, control, ended, unheard = new Set(), open, back, elsewhere = new Set() }: RunSight): Wave {
  if (control.ended !== undefined) return { do: "rest", outcome: control.ended.outcome };
  for (const group of barrierGroups(plan.phases)) {
    const phases = new Set(group.map(({ id }) => id));
    const left = plan.steps.filter(({ id, phase }) => phases.has(phase) && (!ended.has(id) || unheard.has(id))).map(({ id }) => id);
    const steps = left.filter((id) => !elsewhere.has(id));
    if (steps.length > 0) return { do: "forward", steps };
    if (left.length > 0) return { do: "wait", why: `waits for ${left.join(", ")}` };
  }
  if (back.length > 0) return { do: "back", targets: wayBack(plan, back) };
  return { do: "end", outcome: outcomeOfRun(control, ended, open) };
}

export interface RunSight {
  readonly plan: CompiledPlan;
  readonly control: Control;
  /** How each step that has ended did. */
  readonly ended: ReadonlyMap<string, Ending>;
  /** Those of them that ended in trouble, of which nobody was told, or tried to tell, before their own orchestration was gone. */
  readonly unheard?: ReadonlySet<string>;
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

/**
 * What was opened, in reverse order of what really happened, each target once. Facts of different targets are in order by their instants
 * alone, and clocks of two hosts may be minutes apart; so what the plan lets begin only after another was opened later, whatever they say.
 *
 * @param opened in the order of the instants.
 */
export function wayBack(plan: CompiledPlan, opened: readonly Pick<Obligation, "step" | "target">[]): readonly { readonly step: string; readonly target: string }[] {
  const comesAfter = precedence(plan);
  const left = [...new Map(opened.toReversed().map(({ step, target }) => [`${step}/${target}`, { step, target }])).values()];
  const back: { step: string; target: string }[] = [];
  while (left.length > 0) {
    const latest = left.findIndex((one) => !left.some((other) => comesAfter(other.step, one.step)));
    back.push(...left.splice(Math.max(latest, 0), 1));
  }
  return back;
}

/** Whether the one step can begin only after all of the other has ended: behind a barrier, or since it needs it, itself or by way of others. */
export function precedence(plan: CompiledPlan): (step: string, other: string) => boolean {
  const steps = new Map(plan.steps.map((step) => [step.id, step]));
  const groups = new Map(barrierGroups(plan.phases).flatMap((group, nth) => group.map(({ id }) => [id, nth] as const)));
  const groupOf = (id: string): number => groups.get(steps.get(id)?.phase ?? "") ?? 0;
  const needs = (id: string): string[] => (steps.get(id)?.needs ?? []).flatMap(({ step, per }) => (per === "step" ? [step] : []));
  return (id, other) => {
    if (groupOf(id) !== groupOf(other)) return groupOf(id) > groupOf(other);
    const seen = new Set<string>();
    const open = needs(id);
    for (let step = open.pop(); step !== undefined; step = open.pop()) {
      if (step === other) return true;
      if (seen.has(step)) continue;
      seen.add(step);
      open.push(...needs(step));
    }
    return false;
  };
}
