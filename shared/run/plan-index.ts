import { assert } from "../fault/assert.ts";
import type { CompiledChange, CompiledPlan, CompiledStep, CompiledTarget } from "../plan/compiled.ts";
import { precedence } from "./next-wave.ts";

/** Look-ups into a compiled plan, built once per plan, so that no advice ever walks the whole of it. */
export interface PlanIndex {
  readonly plan: CompiledPlan;
  readonly cutoff: number;
  /** @throws Fault `defect` for a step that the plan does not have. */
  step(id: string): CompiledStep;
  /** @throws Fault `defect` for a target that the step does not have. */
  target(step: string, target: string): CompiledTarget;
  change(id: string): CompiledChange;
  /** Whether the step can begin only after the other has ended, or each of its targets after its like: behind a barrier, or since it needs it. */
  follows(step: string, other: string): boolean;
  /** Steps that wait for this one, whole or target by target, or whose condition looks at it. */
  dependents(step: string): readonly CompiledStep[];
  /** Titles of the steps that cannot be done if this one is not: those that need its success, and those that need theirs. */
  cascade(step: string): readonly string[];
  /** Other targets that touch one of the same resources. */
  rivals(step: string, target: string): readonly { readonly step: string; readonly target: string }[];
  /** Before this instant the step cannot begin, whatever happens: its own time and those of all that it needs. */
  earliest(step: string): number;
  /** The targets that open this obligation. */
  openers(obligation: string): readonly { readonly step: string; readonly target: string }[];
}

const indexes = new WeakMap<CompiledPlan, PlanIndex>();

export function indexOf(plan: CompiledPlan): PlanIndex {
  let index = indexes.get(plan);
  if (index === undefined) indexes.set(plan, (index = build(plan)));
  return index;
}

function build(plan: CompiledPlan): PlanIndex {
  const steps = new Map(plan.steps.map((step) => [step.id, step]));
  const changes = new Map(plan.changes.map((change) => [change.id, change]));
  const targets = new Map<string, Map<string, CompiledTarget>>();
  const dependents = new Map<string, Set<CompiledStep>>();
  const touching = new Map<string, { step: string; target: string }[]>();
  const openers = new Map<string, { step: string; target: string }[]>();

  for (const step of plan.steps) {
    targets.set(step.id, new Map(step.targets.map((target) => [target.id, target])));
    for (const target of step.targets) {
      for (const resource of target.touches) push(touching, resource, { step: step.id, target: target.id });
      for (const { id } of target.opens) push(openers, id, { step: step.id, target: target.id });
    }
  }
  const depend = (on: string, step: CompiledStep): void => {
    const known = dependents.get(on);
    if (known === undefined) dependents.set(on, new Set([step]));
    else known.add(step);
  };
  for (const step of plan.steps) {
    for (const need of step.needs) depend(need.step, step);
    // What becomes safe again may let it lift.
    if (step.lift !== undefined) for (const other of plan.steps) if (other.leaves === "unsafe" && other !== step) depend(other.id, step);
    if (step.when !== undefined && "succeeded" in step.when) depend(step.when.succeeded, step);
    if (step.when !== undefined && "opened" in step.when) for (const opener of openers.get(step.when.opened) ?? []) depend(opener.step, step);
  }

  const earliest = new Map<string, number>();
  // Steps stand after what they need, so one pass settles them all.
  for (const step of plan.steps) {
    const own = step.at === undefined ? Date.parse(plan.window.opensAt) : Date.parse(step.at);
    earliest.set(step.id, Math.max(own, ...step.needs.map((need) => earliest.get(need.step) ?? 0)));
  }

  /** Asked for with every piece of advice, and the same for as long as the plan is. */
  const cascades = new Map<string, readonly string[]>();
  let comesAfter: ReturnType<typeof precedence> | undefined;
  const stepOf = (id: string): CompiledStep => {
    const step = steps.get(id);
    assert(step !== undefined, `the plan ${plan.window.id} has no step ${id}`);
    return step;
  };
  return {
    plan,
    cutoff: Date.parse(plan.window.cutoff),
    step: stepOf,
    target(stepId, targetId) {
      const target = targets.get(stepId)?.get(targetId);
      assert(target !== undefined, `step ${stepId} of plan ${plan.window.id} has no target ${targetId}`);
      return target;
    },
    change(id) {
      const change = changes.get(id);
      assert(change !== undefined, `the plan ${plan.window.id} has no change ${id}`);
      return change;
    },
    follows: (id, other) => steps.get(id)?.needs.some((need) => need.step === other) === true || (comesAfter ??= precedence(plan))(id, other),
    dependents: (id) => [...(dependents.get(id) ?? [])],
    cascade(id) {
      let titles = cascades.get(id);
      if (titles === undefined) {
        const lost = new Set([id]);
        for (const step of plan.steps) if (!step.always && step.needs.some((need) => need.as === "success" && lost.has(need.step))) lost.add(step.id);
        cascades.set(id, (titles = [...lost].slice(1).map((step) => stepOf(step).title)));
      }
      return titles;
    },
    rivals(stepId, targetId) {
      const touches = targets.get(stepId)?.get(targetId)?.touches ?? [];
      const all = touches.flatMap((resource) => touching.get(resource) ?? []).filter(({ step, target }) => step !== stepId || target !== targetId);
      return [...new Map(all.map((rival) => [`${rival.step}/${rival.target}`, rival])).values()];
    },
    earliest: (id) => earliest.get(id) ?? 0,
    openers: (obligation) => openers.get(obligation) ?? [],
  };
}

function push<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
