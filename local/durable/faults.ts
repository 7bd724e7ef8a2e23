import type { HistoryEvent } from "./hub.ts";

/** Where a host can be made to die, told from what is durable by then (X1 to X6). */
export type CrashPoint =
  /** The orchestrator has answered; nothing of the turn is stored. */
  | { readonly at: "turn decided"; readonly instanceId: string }
  /** The turn is stored; none of its activities, timers, children or answers is under way. */
  | { readonly at: "turn committed"; readonly instanceId: string }
  /** The activity's function is about to be called. */
  | { readonly at: "activity begun"; readonly instanceId: string; readonly name: string; readonly taskId: number }
  /** The work is done; its answer is not stored. */
  | { readonly at: "activity done"; readonly instanceId: string; readonly name: string; readonly taskId: number }
  /** The answer is stored; the orchestrator has not seen it. */
  | { readonly at: "answer committed"; readonly instanceId: string; readonly name: string; readonly taskId: number };

/** A message on its way to an instance. */
export interface MessageView {
  readonly instanceId: string;
  readonly event: HistoryEvent;
}

/**
 * Misfortunes to order, all of which Azure knows (5.2, 5.3). Each function is asked every time and decides by
 * what it is told: with a seed of the caller's own, a run can be repeated.
 */
export interface Faults {
  /** True: the host dies at this point, as by kill -9. */
  readonly crashAt?: (point: CrashPoint) => boolean;
  /** How many more times a message is delivered. */
  readonly extraCopies?: (message: MessageView) => number;
  /** Milliseconds of the host's clock by which a message is late. */
  readonly delayMs?: (message: MessageView) => number;
  /** The order in which one turn sees its messages: a permutation of `events`. */
  readonly order?: (events: readonly HistoryEvent[]) => readonly HistoryEvent[];
  /** True: the activity's function is called a second time, and both answers are delivered. */
  readonly repeats?: (activity: ActivityView) => boolean;
  /** An overlap: if the first call stands still, there is a second one, and both answers are delivered. Asked before the first. */
  readonly overlaps?: (activity: ActivityView) => Overlap | undefined;
}

export interface ActivityView {
  readonly instanceId: string;
  readonly name: string;
  readonly taskId: number;
}

/** Two hosts at one activity: one of them stopped in the midst of it, and its message went to the other. */
export interface Overlap {
  /** Makes the first call, for those who have to know it among others. */
  first<Answer>(call: () => Answer): Answer;
  /** Fulfilled when the first call stands still; it may end without. */
  readonly still: Promise<void>;
  /** Milliseconds of the host's clock for which it does so. Missing: until the second one has ended. */
  readonly forMs?: number;
  /** Lets it go on, and does not stop it any more. */
  goOn(): void;
}
