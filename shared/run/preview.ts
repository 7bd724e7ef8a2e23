import type { Registry } from "../action/registry.ts";
import { assert } from "../fault/assert.ts";
import { outcomeOf, type FaultKind, type FaultRecord } from "../fault/fault.ts";
import { digestOf, type CompiledStep } from "../plan/compiled.ts";
import { inScope } from "../ports/scope.ts";
import { callOf, portsFor, type Caller } from "./calling.ts";
import type { PlanIndex } from "./plan-index.ts";

/** What a step would do to each of its targets, as the world stands now. */
export interface StepPreview {
  readonly step: string;
  readonly targets: readonly TargetPreview[];
  /** sha-256 over the lines of all targets; what an approval is bound to. Missing when one of them could not be looked at. */
  readonly digest?: string;
}

export interface TargetPreview {
  readonly target: string;
  readonly lines: readonly string[];
  /** As the world stands, the action would refuse this target; the line says why. */
  readonly refused?: true;
  /** It could not be looked at, which says nothing about it. */
  readonly fault?: FaultRecord;
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
  const targets: TargetPreview[] = [];
  for (const { id: target, params } of step.targets) {
    const call = callOf(caller, index, { step: step.id, target, tryNumber: 1, attempt: 1 }, []);
    const answer = await outcomeOf(() =>
      inScope({ run: index.plan.window.id, step: step.id, target, deed: "preview", attempt: 0 }, () => action.preview(portsFor(action, caller.ports), params, call)),
    );
    targets.push(answer.ok ? { target, lines: answer.value } : unpreviewed(target, answer.fault));
  }
  const failed = targets.some(({ fault }) => fault !== undefined);
  return { step: step.id, targets, ...(failed ? {} : { digest: digestOf(targets.map(({ target, lines }) => [target, lines])) }) };
}

/**
 * A refusal is how the world stands, and so is part of what people approve: else one server that may not be removed would keep
 * its step, and all that waits for it, from ever being asked about.
 */
function unpreviewed(target: string, fault: FaultRecord): TargetPreview {
  return REFUSALS.has(fault.kind) ? { target, lines: [`would be refused: ${fault.message}`], refused: true } : { target, lines: [], fault };
}

const REFUSALS: ReadonlySet<FaultKind> = new Set(["invalid", "absent", "conflict", "denied", "rejected"]);

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
