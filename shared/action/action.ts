import type { z } from "zod";
import type { Policy } from "./policy.ts";
import type { ChangeResult, StoryFile } from "./results.ts";

/** What `verify`, `undo` and `cancel` looked at, in words an operator can repeat by hand; one line each. */
export type Evidence = readonly string[];

/** What came of stopping work. */
export interface Stopped {
  readonly evidence: Evidence;
  /** It had ended well before it could be stopped, as far as is known without a look at it: `poll` and `verify` say what it is worth. */
  readonly hadEnded?: true;
}

/**
 * What is known about work under way. A newer `receipt` replaces the one that `begin` returned. `waiting` is work that the
 * vendor has accepted and whose own record does not show that it has started: a kickoff that stays so for longer than the
 * policy's `startWithinMs` is noticed, told to people, and given up when the step's grace is over.
 */
export type Progress<Receipt> =
  | { readonly state: "waiting"; readonly note: string; readonly receipt?: Receipt }
  | {
      readonly state: "running";
      readonly note: string;
      readonly receipt?: Receipt;
      /** Of work in parts: how long what comes after the part that runs takes at the least, milliseconds. Until that part may end, it need not be looked at often. */
      readonly aheadMs?: number;
      /** Nothing new can be seen before this instant, milliseconds since the epoch. */
      readonly quietUntil?: number;
    }
  | { readonly state: "done"; readonly note: string; readonly receipt?: Receipt };

/** Something opened that must be closed. `id` is what a closing step names, e.g. `out-of-pool:IC-Web1`. */
export interface Opening {
  readonly id: string;
  /** For people: `IC-Web1 is out of pool web`. */
  readonly what: string;
}

/** A person's answer to a step, as the journal holds it. */
export interface Answer {
  readonly decision: "approve" | "done" | "skip" | "retry";
  readonly by: string;
  readonly at: string;
  readonly note?: string;
}

/** What an action may know beyond its parameters. The same for a retried call but for `now` and `attempt`. */
export interface Call {
  readonly run: string;
  readonly step: string;
  readonly target: string;
  /**
   * Idempotency key, `run/step/target/try`. It stays the same while it is unknown whether an earlier call had
   * its effect, and changes only once that work is known to have failed or a person asked for another try.
   */
  readonly key: string;
  /** 1 for the first call of this order under this key, then 2, 3 … */
  readonly attempt: number;
  /** Milliseconds since the epoch, on the run's clock. */
  readonly now: number;
  /** The window's cutoff, milliseconds since the epoch. */
  readonly cutoff: number;
  /** What people have answered to this step so far, oldest first. */
  readonly answers: readonly Answer[];
  /** Titles, links and people's names for messages: read from the journal when asked for, so it costs only who uses it. */
  readonly story: Story;
}

/** The run so far, told in words; for messages, comments and pages. Markdown-free plain lines. */
export interface Story {
  readonly windowTitle: string;
  readonly reportUrl: string;
  /** The change that the step belongs to: its title, keys, and how each of its steps stands. */
  change(): Promise<{ readonly title: string; readonly keys: readonly string[]; readonly outcome: string; readonly lines: readonly string[] }>;
  /** Counts, failures, what is still open, what is carried over. */
  run(): Promise<{ readonly headline: string; readonly lines: readonly string[] }>;
  /** How every change and each of its steps stands, in the plan's order; absent where nothing but words is told. */
  results?(): Promise<readonly ChangeResult[]>;
  /** The tracking workbook as it stands now; undefined, or absent, where none is made. */
  workbook?(): Promise<StoryFile | undefined>;
}

/**
 * A typed verb of the plan language: one object, read top to bottom in the order in which things happen.
 *
 * Promises, checked by the contract suite (test/contract/action.ts): `preview` never writes; `begin` may run twice
 * with one key and leaves one effect; a receipt survives JSON and holds all that `poll`, `verify`, `undo` and `cancel`
 * need, with the state found before; `verify` looks again by another way than the answer to `begin`.
 */
export interface Action<Ports, Params, Receipt> {
  /** `noun.verb`. */
  readonly verb: string;
  /** One sentence for the plan reference and `--help`. */
  readonly summary: string;
  /** The ports it is given, and nothing else. */
  readonly uses: readonly (keyof Ports & string)[];
  /** For one target. Fields made with `named(kind)` are names in a plan and inventory entries here. */
  readonly params: z.ZodType<Params>;
  /** The parameter over which a step fans out: a plan may give a list or a group there, one target each. */
  readonly over?: keyof Params & string;
  readonly receipt: z.ZodType<Receipt>;
  readonly policy: Partial<Policy>;
  /**
   * Whether it can be taken back. `undo`: by its own `undo`. `nothing`: it leaves nothing to take back (a check, a message).
   * `irreversible`: a plan must say `irreversible: true` on the step, and have it approved.
   */
  readonly reversal: "undo" | "nothing" | "irreversible";
  /** Where that depends on the parameters, e.g. on whether a script has an undo script: asked instead of `reversal`. */
  reversalFor?(params: Params): "undo" | "nothing" | "irreversible";

  /** Resources that no two steps may touch at once, e.g. `server:IC-Web1`; sorted or not. */
  touches(params: Params): readonly string[];
  /** Obligations that this opens, beyond those that the plan's step names. Recorded before `begin` is called. */
  opens?(params: Params): readonly Opening[];
  /** Ids of obligations that a verified run of this closes, beyond those that the plan's step names. */
  closes?(params: Params): readonly string[];

  /** Reads the world as it is and says what would be done, before and after; never writes. An approval is bound to these lines. */
  preview(ports: Ports, params: Params, call: Call): Promise<readonly string[]>;
  /** Starts (or finds its own earlier start of) the work and returns at once. */
  begin(ports: Ports, params: Params, call: Call): Promise<Receipt>;
  /**
   * Looks for work that an earlier `begin` under `call.key` may have started without our hearing of it, as `begin` itself would,
   * and never writes. Asked where nothing may begin any more (an abort, the cutoff) and `begin` cannot be called again.
   *
   * @returns the receipt by which that work is followed or cancelled; undefined when there is none.
   * @throws Fault when it could not look: that is not «there is none».
   */
  find?(ports: Ports, params: Params, call: Call): Promise<Receipt | undefined>;
  /** Looks at work under way; absent where `begin` does everything. @throws Fault `rejected` when the work failed. */
  poll?(ports: Ports, receipt: Receipt, call: Call): Promise<Progress<Receipt>>;
  /** The work has parts, and `poll` starts the next one when it finds the last one over: it is then called at the policy's pace but where a look says `aheadMs` or `quietUntil`. */
  readonly isDrivenByPolls?: true;
  /** Looks again. @throws Fault `rejected` when the world is not as it should be. */
  verify(ports: Ports, receipt: Receipt, call: Call): Promise<Evidence>;
  /** Says so when `begin` found the world as it should be, by no doing of ours; the step is then «already so». */
  already?(receipt: Receipt): string | undefined;
  /** Puts back what the receipt says was there; may run twice. @throws Fault `conflict` when someone else changed it since. */
  undo?(ports: Ports, receipt: Receipt, call: Call): Promise<Evidence>;
  /** Stops work under way and looks whether it ended; may run twice. */
  cancel?(ports: Ports, receipt: Receipt, call: Call): Promise<Stopped>;
}

/** An action whose types are known to itself only: what the registry, the compiler and the conductor handle. */
// oxlint-disable-next-line typescript/no-explicit-any -- the three types meet again inside each action only
export type AnyAction = Action<any, any, any>;

/** Gives an action its types; adds nothing. */
export function defineAction<Ports, Params, Receipt>(action: Action<Ports, Params, Receipt>): Action<Ports, Params, Receipt> {
  return action;
}
