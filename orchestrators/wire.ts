import type { Outcome } from "../shared/fault/fault.ts";
import type { MessagePlace } from "../shared/ports/people.ts";
import type { StepRef, TargetRef } from "../shared/run/facts.ts";
import type { Order } from "../shared/run/next-order.ts";
import type { StepOrder } from "../shared/run/next-step.ts";
import type { RunOutcome } from "../shared/run/next-wave.ts";

/** What travels between orchestrators and activities: plain JSON objects, small, without secrets. Types only. */

export interface WindowInput {
  readonly run: string;
  /** Of the plan that the run was started with: activities find out which one it follows now. */
  readonly digest: string;
  /** It starts the steps that this amendment added, and nothing else. */
  readonly amendment?: string;
}

/** A sub-orchestration to start: its instance id is derived by an activity, so that anyone can ring it. */
export interface Child<Input> {
  readonly instance: string;
  readonly input: Input;
}

export type WaveAnswer =
  | { readonly do: "forward"; readonly steps: readonly Child<StepInput>[] }
  | { readonly do: "back"; readonly targets: readonly Child<TargetInput>[] }
  | { readonly do: "wait"; readonly until: number }
  | { readonly do: "end" | "rest"; readonly outcome: RunOutcome };

/** An order and what it is based on; see `Advice` in shared/run/conductor.ts. */
export interface TargetAdvice {
  readonly order: Order;
  readonly seq: number;
  /** The activity that carries the order out: one per family of verbs. */
  readonly by: string;
  /** What its step is to do now, where this was the last of a batch to rest: the step need not ask. */
  readonly step?: StepAdvice;
}
export interface StepAdvice {
  readonly order: StepOrder;
  readonly seq: number;
  /** For `run`: the targets of the batch. None where release 0.1.0 answered: there the batch was begun by carrying out the order. */
  readonly children: readonly Child<TargetInput>[];
}
/** What a step starts with. `first`: what it is to do, where that is to wait: everything else is looked at once more. */
export type StepInput = StepRef & { readonly first?: StepAdvice };
/** What a target starts with. `first`: what it is to do, where that was known when it was started. */
export type TargetInput = TargetRef & { readonly first?: TargetAdvice };

/** What somebody who pressed a button is to be shown: in the message itself, or to them alone. */
export interface ReplyInput {
  readonly place: MessagePlace;
  /** What was decided, and the message's own text as it was sent back. */
  readonly settle?: { readonly text: string; readonly decided: string };
  readonly whisper?: { readonly user: string; readonly text: string };
}

/** Activities by name, with what they take and give. Names of the family activities are `act-FAMILY`. */
export interface Activities {
  muster: { takes: WindowInput; gives: Outcome<WaveAnswer> };
  close: { takes: WindowInput & { readonly outcome: RunOutcome }; gives: Outcome<{ readonly outcome: RunOutcome }> };
  "advise-step": { takes: StepRef; gives: Outcome<StepAdvice> };
  "act-step": { takes: { readonly ref: StepRef; readonly order: StepOrder; readonly seq: number }; gives: Outcome<StepAdvice> };
  advise: { takes: TargetRef; gives: Outcome<TargetAdvice> };
  "show-reply": { takes: ReplyInput; gives: Outcome<{ readonly shown: boolean }> };
}
export type FamilyActivity = { takes: { readonly ref: TargetRef; readonly order: Order; readonly seq: number }; gives: Outcome<TargetAdvice> };

/** Name of the doorbell: an event that says only «look again», and may be lost. */
export type Ring = "ring";
