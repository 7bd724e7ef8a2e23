import type { Registry } from "../action/registry.ts";
import { assert } from "../fault/assert.ts";
import { outcomeOf, type FaultRecord } from "../fault/fault.ts";
import { digestOf, type CompiledStep } from "../plan/compiled.ts";
import { inScope } from "../ports/scope.ts";
import { callOf, portsFor, type Caller } from "./calling.ts";
import type { PlanIndex } from "./plan-index.ts";

/** What a step would do to each of its targets, as the world stands now. */
export interface StepPreview {
  readonly step: string;
  readonly targets: readonly { readonly target: string; readonly lines: readonly string[]; readonly fault?: FaultRecord }[];
  /** sha-256 over the lines of all targets; what an approval is bound to. Missing when one of them could not be previewed. */
  readonly digest?: string;
}

/** What a whole plan would do. */
export interface PlanPreview {
  readonly window: string;
  readonly plan: string;
  readonly steps: readonly StepPreview[];
  /** sha-256 over plan and all steps; missing when a step could not be previewed. */
  readonly digest?: string;
}

/** Asks the step's action what it would do to each target. Actions read and never write when they preview. */
export async function previewStep(caller: Caller & { readonly registry: Registry }, index: PlanIndex, step: CompiledStep): Promise<StepPreview> {
  const action = caller.registry.find(step.verb);
  assert(action !== undefined, `no action for the verb ${step.verb}`);
  const targets: StepPreview["targets"][number][] = [];
  for (const { id: target, params } of step.targets) {
    const call = callOf(caller, index, { step: step.id, target, tryNumber: 1, attempt: 1 }, []);
    const answer = await outcomeOf(() => inScope({ run: index.plan.window.id, step: step.id, target, attempt: 0 }, () => action.preview(portsFor(action, caller.ports), params, call)));
    targets.push(answer.ok ? { target, lines: answer.value } : { target, lines: [], fault: answer.fault });
  }
  const failed = targets.some(({ fault }) => fault !== undefined);
  return { step: step.id, targets, ...(failed ? {} : { digest: digestOf(targets.map(({ target, lines }) => [target, lines])) }) };
}

/** Previews every step of a plan, in the plan's order. */
export async function previewPlan(caller: Caller & { readonly registry: Registry }, index: PlanIndex): Promise<PlanPreview> {
  const steps: StepPreview[] = [];
  for (const step of index.plan.steps) steps.push(await previewStep(caller, index, step));
  const { digest: plan, window } = index.plan;
  const digests = steps.map(({ digest }) => digest);
  return { window: window.id, plan, steps, ...(digests.includes(undefined) ? {} : { digest: digestOf([plan, digests]) }) };
}

/** A step's preview as lines for people: the target's name only where there is more than one. */
export function previewLines({ targets }: StepPreview): readonly string[] {
  return targets.flatMap(({ target, lines }) => (targets.length === 1 ? lines : lines.map((line) => `${target}: ${line}`)));
}
