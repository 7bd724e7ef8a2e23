import { z } from "zod";
import { FAULT_KINDS, type FaultKind } from "../fault/fault.ts";

/**
 * What happened, in the past tense: the only memory of a run. State, audit, report and workbook are folds over these.
 *
 * Facts live in streams, each with one writer at a time by construction: a fact is added at the position its writer
 * expects, and the first write wins (see journal.ts). So a doubled activity or a stale turn is noticed, not repeated.
 *
 *   run                      the window: started, stopped, waves, ended
 *   decisions                what people decided
 *   step/STEP                batches of the step, and how it ended as a whole
 *   target/STEP/TARGET       one target's walk from begin to rest
 *   amendments               what was proposed to be changed of the running plan, and what of it was refused
 *   guard                    what the reconciler noticed and did
 *   beats, watch/STEP/TARGET the watchdog's own, in its own journal
 */

const Instant = z.iso.datetime();
const FaultShape = z.object({
  kind: z.enum(Object.keys(FAULT_KINDS) as [FaultKind, ...FaultKind[]]),
  message: z.string(),
  vendor: z.string().optional(),
  retryAfterMs: z.number().optional(),
});
const Lines = z.array(z.string());

/** How a target, step or change ended. `dropped`: a person or a condition of the plan decided so. `skipped`: it could not be begun. */
export const ENDINGS = {
  done: { well: true, carriedOver: false },
  already: { well: true, carriedOver: false },
  dropped: { well: false, carriedOver: false },
  skipped: { well: false, carriedOver: true },
  failed: { well: false, carriedOver: true },
  unknown: { well: false, carriedOver: true },
} as const satisfies Record<string, { well: boolean; carriedOver: boolean }>;
export type Ending = keyof typeof ENDINGS;
/** What a whole came to is the worst of what its parts came to. */
export const WORST_FIRST: readonly Ending[] = ["unknown", "failed", "skipped", "dropped", "done", "already"];
const Ending = z.enum(Object.keys(ENDINGS) as [Ending, ...Ending[]]);

/** What an `act` may be ordered to do to a target. */
export const DEEDS = ["begin", "find", "poll", "verify", "cancel", "undo", "tell", "rest"] as const;
export type Deed = (typeof DEEDS)[number];

/** Abort modes, weakest first: a later abort may only strengthen an earlier one. */
export const ABORT_MODES = ["freeze", "finish", "close"] as const;
export type AbortMode = (typeof ABORT_MODES)[number];

export const DECISIONS = ["approve", "done", "skip", "retry", "pause", "resume", "abort", "acknowledge", "lift"] as const;
export type DecisionName = (typeof DECISIONS)[number];

/** One line of an amendment: what becomes of a step, as people read it. */
export const PlanChange = z.object({
  what: z.enum(["skip", "move", "add"]),
  step: z.string(),
  title: z.string(),
  was: z.string().optional(),
  now: z.string().optional(),
  because: z.string(),
});
export type PlanChange = z.infer<typeof PlanChange>;

/** Orchestrators, by the release that they came with and the digest of their sources; see replays.ts. */
const CodeName = z.object({ release: z.string(), digest: z.string() });
export type CodeName = z.infer<typeof CodeName>;

const RunFacts = [
  /**
   * `approved`: previews that were approved with the plan, by step. `abortedBy`: who had aborted it before it started, and wins.
   * `unapproved`: why it was started though nobody had approved the plan. `code`: the orchestrators that began it. `rehearsed`: what rehearsals of the plan came to,
   * as its approval showed.
   */
  z.object({
    type: z.literal("run.started"),
    at: Instant,
    digest: z.string(),
    by: z.string(),
    approved: z.record(z.string(), z.string()).optional(),
    abortedBy: z.string().optional(),
    unapproved: z.string().optional(),
    code: CodeName.optional(),
    rehearsed: z.string().optional(),
  }),
  /** A step with `onFailure: stop` ended badly: nothing new begins but what closes. */
  z.object({ type: z.literal("run.stopped"), at: Instant, step: z.string(), why: z.string() }),
  z.object({ type: z.literal("run.closing"), at: Instant, why: z.string() }),
  /** From here on the run follows the plan `to`; see amendments.ts. `by` proposed it. `added`, `changed`: steps of it. */
  z.object({
    type: z.literal("run.amended"),
    at: Instant,
    amendment: z.string(),
    from: z.string(),
    to: z.string(),
    by: z.string(),
    approvedBy: z.string(),
    changes: z.array(PlanChange),
    added: Lines,
    changed: Lines,
  }),
  z.object({ type: z.literal("run.ended"), at: Instant, outcome: z.enum(["well", "badly", "aborted"]), headline: z.string() }),
] as const;

const DecisionMade = z.object({
  type: z.literal("decision.made"),
  at: Instant,
  /** Given by whoever sends it, or derived from its content: the same decision sent twice is one fact. */
  id: z.string(),
  decision: z.enum(DECISIONS),
  by: z.string(),
  step: z.string().optional(),
  target: z.string().optional(),
  mode: z.enum(ABORT_MODES).optional(),
  /** Of an approval: the digest of the preview that it is bound to. */
  preview: z.string().optional(),
  note: z.string().optional(),
});

const AmendmentFacts = [
  /** `text` is what was sent; `from` is the plan that the run followed then, `to` the one that it would follow. */
  z.object({
    type: z.literal("amendment.proposed"),
    at: Instant,
    amendment: z.string(),
    from: z.string(),
    to: z.string(),
    by: z.string(),
    text: z.string(),
    changes: z.array(PlanChange),
    warnings: Lines,
  }),
  /** It was not taken: as it was proposed (then nothing has its id) or as it was to be approved. */
  z.object({ type: z.literal("amendment.refused"), at: Instant, amendment: z.string(), by: z.string(), why: Lines }),
  /** Whoever waits was rung, and what it adds was started: nothing is left to do for it. */
  z.object({ type: z.literal("amendment.settled"), at: Instant, amendment: z.string() }),
] as const;

/** Someone was turned away at the door; see shared/access/refusals.ts for where these are. */
const AccessRefused = z.object({
  type: z.literal("access.refused"),
  at: Instant,
  /** Who it was, as far as they were recognised. */
  by: z.string(),
  role: z.string().optional(),
  /** The endpoint's name. */
  deed: z.string(),
  method: z.string(),
  path: z.string(),
  status: z.int(),
  why: z.string(),
});

const StepFacts = [
  /** `plan`: the digest of the plan that it is begun by, if that is not the one that the run was started with. */
  z.object({ type: z.literal("batch.started"), at: Instant, step: z.string(), targets: Lines, failuresBefore: z.int(), plan: z.string().optional() }),
  /** Of a step that an amendment added: whose orchestration walks it, `window` or the amendment. */
  z.object({ type: z.literal("step.hosted"), at: Instant, step: z.string(), by: z.string() }),
  /** An amendment changed it before it began; whatever was ordered before that is stale. */
  z.object({ type: z.literal("step.amended"), at: Instant, step: z.string(), amendment: z.string(), plan: z.string() }),
  /** People were told something about the step as a whole: asked to approve it, or how it ended. */
  z.object({ type: z.literal("step.told"), at: Instant, step: z.string(), topic: z.string(), text: z.string() }),
  /** People could not be told it. */
  z.object({ type: z.literal("step.untold"), at: Instant, step: z.string(), topic: z.string(), why: z.string() }),
  /** What the step would do to all its targets, as the world stood then: what an approval is bound to. `amendment`: the latest that the run had taken. */
  z.object({ type: z.literal("step.previewed"), at: Instant, step: z.string(), digest: z.string(), lines: Lines, amendment: z.string().optional() }),
  /** A preview could not be made: nothing is approved or begun on a guess. */
  z.object({ type: z.literal("step.unpreviewed"), at: Instant, step: z.string(), why: z.string() }),
  z.object({ type: z.literal("step.ended"), at: Instant, step: z.string(), as: Ending, why: z.string() }),
] as const;

const Where = { at: Instant, step: z.string(), target: z.string() };
const TargetFacts = [
  /** Written before the vendor is called; `opens` are the obligations that the call may open. */
  z.object({
    type: z.literal("target.intended"),
    ...Where,
    deed: z.enum(["begin", "cancel", "undo"]),
    try: z.int(),
    attempt: z.int(),
    opens: z.array(z.object({ id: z.string(), what: z.string() })).optional(),
    /** Id of the decision that this follows; it is followed once. */
    follows: z.string().optional(),
  }),
  /** Nothing may begin any more, so work of a begin that never answered was looked for, and there was none; where there is some, it is `target.begun`. `settled`: long enough after the call for that to count. */
  z.object({ type: z.literal("target.sought"), ...Where, try: z.int(), settled: z.boolean() }),
  z.object({ type: z.literal("target.begun"), ...Where, try: z.int(), receipt: z.unknown() }),
  /** A poll that learned something: `waiting` or `running` with a new note or receipt. */
  z.object({ type: z.literal("target.progressed"), ...Where, state: z.enum(["waiting", "running"]), note: z.string(), receipt: z.unknown() }),
  z.object({ type: z.literal("target.finished"), ...Where, note: z.string(), receipt: z.unknown() }),
  z.object({ type: z.literal("target.verified"), ...Where, evidence: Lines, already: z.string().optional(), closes: Lines }),
  z.object({ type: z.literal("target.faulted"), ...Where, deed: z.enum(DEEDS), try: z.int(), attempt: z.int(), fault: FaultShape }),
  z.object({ type: z.literal("target.cancelled"), ...Where, evidence: Lines, hadEnded: z.literal(true).optional() }),
  z.object({ type: z.literal("target.undone"), ...Where, evidence: Lines, closes: Lines }),
  z.object({ type: z.literal("target.told"), ...Where, topic: z.string(), text: z.string() }),
  z.object({ type: z.literal("target.rested"), ...Where, as: Ending, why: z.string() }),
] as const;

/** What the guard noticed and did; see reconcile.ts. */
const GuardFacts = [
  /** A run that has not ended did not have orchestrations that it needs at this instant. `instances`: these; none named: the window's own. */
  z.object({ type: z.literal("guard.missed"), at: Instant, why: z.string(), instances: Lines.optional() }),
  /** It was gone on with: by a new orchestration, or by the guard itself. */
  z.object({ type: z.literal("guard.resumed"), at: Instant, by: z.enum(["orchestration", "guard"]), why: z.string() }),
  /** Other orchestrators go on with it than those that began it, or went on with it before. `fits`: histories like its own were replayed on them. */
  z.object({ type: z.literal("guard.adopted"), at: Instant, code: CodeName, fits: z.boolean(), why: z.string() }),
  /** People were alarmed; `nth` counts from 1. */
  z.object({ type: z.literal("guard.alarmed"), at: Instant, about: z.string(), nth: z.int(), lines: Lines }),
] as const;

/** What the watchdog noticed and did about one kickoff, in a journal of its own; see watchdog.ts. */
const WatchFacts = [
  /** People were told how the window stands before it opens. */
  z.object({ type: z.literal("watch.beat"), at: Instant, armed: z.boolean(), text: z.string() }),
  z.object({ type: z.literal("watch.climbed"), at: Instant, step: z.string(), target: z.string(), rung: z.string(), note: z.string() }),
  /** The kickoff is accounted for: nothing more is done about it. */
  z.object({ type: z.literal("watch.settled"), at: Instant, step: z.string(), target: z.string(), note: z.string() }),
] as const;

export const Fact = z.discriminatedUnion("type", [...RunFacts, ...AmendmentFacts, DecisionMade, AccessRefused, ...StepFacts, ...TargetFacts, ...GuardFacts, ...WatchFacts]);
export type Fact = z.infer<typeof Fact>;
export type FactOf<Type extends Fact["type"]> = Extract<Fact, { type: Type }>;
export type Decision = FactOf<"decision.made">;
/** A fact of one target's stream. */
export type TargetFact = Extract<Fact, { target: string; type: `target.${string}` }>;
export type StepFact = Extract<
  Fact,
  { type: "batch.started" | "step.hosted" | "step.amended" | "step.told" | "step.untold" | "step.previewed" | "step.unpreviewed" | "step.ended" }
>;

/** Where a target's facts stand. */
export interface StepRef {
  readonly run: string;
  /** Digest of the compiled plan that the run follows. */
  readonly digest: string;
  readonly step: string;
}
export interface TargetRef extends StepRef {
  readonly target: string;
  /** On the way back: it is to be undone, not done. */
  readonly back?: true;
}

export const RUN_STREAM = "run";
export const DECISION_STREAM = "decisions";
export const AMENDMENT_STREAM = "amendments";
export const GUARD_STREAM = "guard";
export const BEAT_STREAM = "beats";
export const watchStream = (step: string, target: string): string => `watch/${step}/${target}`;
export const stepStream = (step: string): string => `step/${step}`;
export const targetStream = (step: string, target: string): string => `target/${step}/${target}`;
