import type { CompiledStep } from "../plan/compiled.ts";
import { isoOf } from "../ports/clock.ts";
import { holds, type Control } from "./control.ts";
import { liftCommand, liftedBy } from "./lift-word.ts";
import type { LiftEvidence } from "./lift.ts";
import { WORST_FIRST, type Decision, type Ending, type Fact } from "./facts.ts";
import { foldedOnce } from "./folded-once.ts";
import { leftOut, mayBegin, type Standing } from "./next-order.ts";

/** A step's wait whose end is not an instant ends after this long. A ring that was lost costs less: the guard rings whoever sleeps through its hour. */
export const STEP_HEARTBEAT_MS = 2 * 3_600_000;

/**
 * The brain, part two: what should this step do now? It keeps the gate in front of all its targets (time, needs, condition,
 * approval, abort, cutoff, grace) and lets them through batch by batch. Pure, like `nextOrder`; the first rule wins.
 *
 *   S1  ended                                      tell if it ended badly (a run does not wait for people who cannot be reached), rest
 *   S2  a batch is under way                       run it (again: those that have rested answer at once)
 *   S3  a batch is over, too many failed           end
 *   S4  a batch is over, targets are left          pause, run the next
 *   S5  all targets rested                         end, with what they came to
 *   S6  its condition will not come true, or someone skipped it              end: dropped
 *   S7  it may not begin any more, or a need failed, or it is past its grace end: skipped
 *   S8  it may not begin yet                       wait, with the reason
 *   S9  its approval is missing                    ask once, wait; at the cutoff, even what always runs ends: skipped
 *   S10 it lifts by evidence, and that speaks against it: ask again and again, wait; some time after the cutoff end: skipped
 *   S11 otherwise                                  run the first batch
 */
export function nextStep(sight: StepSight): StepOrder {
  const { step, ended, batches, cascade } = sight;
  if (ended !== undefined) {
    if (!isUnheard(sight)) return { do: "rest", as: ended.as };
    return {
      do: "tell",
      topic: ENDED,
      text: `${step.title}: ${ended.as}.`,
      lines: [ended.why, ...(cascade.length === 0 ? [] : [`What needs it is skipped and carried over: ${cascade.join("; ")}.`])],
    };
  }
  return batches.length === 0 ? gate(sight) : nextBatch(sight);
}

const ENDED = "ended";

/** Whether a step has ended in trouble, and people have neither been told nor been found out of reach. One that was skipped is told of with what it was skipped for, and in the end. */
export function isUnheard({ ended, told, untold }: Pick<StepSight, "ended" | "told" | "untold">): boolean {
  return (ended?.as === "failed" || ended?.as === "unknown") && !told.includes(ENDED) && untold?.topic !== ENDED;
}

export interface StepSight {
  readonly run: string;
  readonly step: CompiledStep;
  readonly now: number;
  readonly cutoff: number;
  /** Before this instant the step cannot begin, whatever happens. */
  readonly earliest: number;
  /** Titles of the steps that cannot be done if this one is not. */
  readonly cascade: readonly string[];
  readonly control: Control;
  /** How the needs that go for the whole step stand. */
  readonly needs: readonly Standing[];
  /** How its condition stands: `met` also where it has none; `failed`: it will not come true. */
  readonly condition: Standing;
  /** Decisions about this step, oldest first. */
  readonly decisions: readonly Decision[];
  readonly told: readonly string[];
  /** What speaks against lifting what it lifts; none where it lifts nothing. */
  readonly lift?: LiftEvidence;
  /** When people were first and last told what speaks against it; milliseconds since the epoch. */
  readonly liftAsked?: { readonly first: number; readonly last: number; readonly count: number };
  /** The latest notice that did not reach people; milliseconds since the epoch. */
  readonly untold?: { readonly topic: string; readonly at: number };
  /** The latest preview of what it would do, and the one before it if that was another. */
  readonly preview?: Preview;
  /** The latest preview that could not be made, and the first since the last one that could; milliseconds since the epoch. */
  readonly unpreviewed?: { readonly at: number; readonly since: number; readonly why: string };
  /** Digests of previews that were approved with the plan. */
  readonly approvedBefore: readonly string[];
  readonly ended?: { readonly as: Ending; readonly why: string };
  /** Batches begun so far, with the failures counted before each. */
  readonly batches: readonly { readonly targets: readonly string[]; readonly failuresBefore: number; readonly at: number }[];
  /** How the targets of the latest batch rested; those that have not are absent. */
  readonly rested: ReadonlyMap<string, { readonly as: Ending; readonly why: string; readonly at: number }>;
}

/** What a step would do, as the world stood at `at` (milliseconds since the epoch). */
export interface Preview {
  readonly digest: string;
  readonly lines: readonly string[];
  readonly at: number;
  /** The latest amendment that the run had taken then. */
  readonly amendment?: string;
}

export type StepOrder =
  | { readonly do: "wait"; readonly until: number; readonly why: string }
  /** Look at what it would do, and write that down. */
  | { readonly do: "preview" }
  /** `preview`: what the message asks to be approved. */
  | { readonly do: "tell"; readonly topic: string; readonly text: string; readonly lines: readonly string[]; readonly preview?: string }
  /** `batch` is the batch's number, from 0: one that has been recorded already is run again, not recorded again. */
  | { readonly do: "run"; readonly batch: number; readonly targets: readonly string[]; readonly failuresBefore: number }
  /** `as` is missing where the targets decide; see `summaryOf`. */
  | { readonly do: "end"; readonly as?: Ending; readonly why?: string }
  | { readonly do: "rest"; readonly as: Ending };

function gate(sight: StepSight): StepOrder {
  const { step, now, cutoff, earliest, control, needs, condition, decisions } = sight;
  if (step.when !== undefined && "never" in step.when) return { do: "end", as: "dropped", why: step.when.never };
  if (condition.is === "failed") return { do: "end", as: "dropped", why: condition.why };
  const skipped = leftOut({ decisions: decisions.filter(({ target }) => target === undefined) });
  if (skipped !== undefined) return { do: "end", as: "dropped", why: skipped };
  const forbidden = mayBegin(sight, now);
  if (forbidden !== undefined) return { do: "end", as: "skipped", why: forbidden };
  const failed = needs.find(({ is }) => is === "failed");
  if (failed !== undefined && !step.always) return { do: "end", as: "skipped", why: failed.why };

  const waiting = reasonToWait(sight);
  const at = step.at === undefined ? now : Date.parse(step.at);
  const lateAt = step.at === undefined || step.graceMs === undefined || step.always ? Number.POSITIVE_INFINITY : at + step.graceMs + 1;
  if (now >= lateAt) {
    const reason = waiting === undefined ? "" : `; ${waiting}`;
    return { do: "end", as: "skipped", why: `it was to begin at ${step.at} and could not within its grace of ${Math.round((step.graceMs ?? 0) / 60_000)} min${reason}` };
  }

  const bound = step.always ? Number.POSITIVE_INFINITY : Math.max(Math.min(cutoff, lateAt), now + 1);
  // An abort that closes up does not wait for the hour at which closing was planned; a freeze waits with everything.
  const closesUp = control.aborted !== undefined && control.aborted.mode !== "freeze";
  if (now < at && !closesUp) return { do: "wait", until: Math.min(at, bound), why: `not before ${step.at}` };
  const heartbeat = Math.min(now + STEP_HEARTBEAT_MS, bound);
  // What it needs rings when it ends, and cannot end before the step could begin at all: Sunday's steps sleep through Saturday night.
  if (waiting !== undefined) return { do: "wait", until: Math.min(Math.max(now, earliest) + STEP_HEARTBEAT_MS, bound), why: waiting };
  if (step.approval !== undefined) {
    const asked = approvalOf(sight, heartbeat);
    if (asked !== undefined) return asked;
  }
  const against = liftOrder(sight, heartbeat);
  if (against !== undefined) return against;
  return { do: "run", batch: 0, targets: batchOf(step, 0, 0), failuresBefore: 0 };
}

/** Between two times that people are told what speaks against a lift. */
const LIFT_TOLD_AGAIN_MS = 30 * 60_000;

/** What stands between a step and the lift that it makes; undefined when the evidence, or a person, says that it may. */
function liftOrder({ step, run, lift, liftAsked, untold, decisions, now, cutoff }: StepSight, heartbeat: number): StepOrder | undefined {
  if (lift === undefined || lift.is === "met" || liftedBy(step.id, decisions) !== undefined) return undefined;
  const against = lift.against.join("; ");
  if (lift.is === "open") return { do: "wait", until: heartbeat, why: `waits for evidence: ${against}` };
  const topic = `lift#${(liftAsked?.count ?? 0) + 1}`;
  const again = liftAsked === undefined ? 0 : liftAsked.last + LIFT_TOLD_AGAIN_MS;
  const giveUpAt = Math.max(cutoff, (liftAsked?.first ?? now) + LIFT_TOLD_AGAIN_MS);
  if (now >= giveUpAt) return { do: "end", as: "skipped", why: `nobody lifted it: ${against}` };
  const untoldUntil = untold?.topic === topic ? untold.at + TELL_AGAIN_MS : 0;
  if (now < Math.max(again, untoldUntil))
    return { do: "wait", until: Math.min(Math.max(again, untoldUntil), giveUpAt, Math.max(heartbeat, now + TELL_AGAIN_MS)), why: `not lifted: ${against}` };
  return {
    do: "tell",
    topic,
    text: `${step.title}: not done, since ${against}.`,
    lines: ["What protects visitors stays as it is.", `To do it all the same: ${liftCommand(run, step.id)}`],
  };
}

/** Why it may not begin yet, apart from its time and its approval. */
function reasonToWait(sight: StepSight): string | undefined {
  const { control, needs, condition } = sight;
  if (isHeld(sight)) return holds(control);
  const open = needs.find(({ is }) => is === "open") ?? (condition.is === "open" ? condition : undefined);
  return open === undefined ? undefined : `waits for ${open.why}`;
}

/** A pause or a freeze holds whatever does not close. */
function isHeld({ step, control }: StepSight): boolean {
  return !step.always && holds(control) !== undefined;
}

/** Between two attempts to reach people who could not be reached. */
const TELL_AGAIN_MS = 60_000;

/** Between two notices that a preview cannot be made. */
const REMIND_EVERY_MS = 30 * 60_000;
/** A preview is of this moment if it is no older; then nothing can have moved unnoticed since it was compared. */
const PREVIEW_FRESH_MS = 60_000;

/**
 * What stands between a step and its approval; undefined when it has it. An approval is bound to a preview: right before the
 * step begins the world is looked at again, and if it moved, people are shown the difference and asked anew.
 */
function approvalOf(sight: StepSight, heartbeat: number): StepOrder | undefined {
  const { step, now, cutoff, preview, unpreviewed, approvedBefore, decisions } = sight;
  const names = step.approval?.by.map(({ name }) => name).join(" or ") ?? "someone";
  if (now >= cutoff) return { do: "end", as: "skipped", why: `${names} did not approve it before the cutoff` };
  const approved = decisions.findLast(({ decision }) => decision === "approve");
  const bound = approved?.preview ?? (approvedBefore.includes(preview?.digest ?? "") ? preview?.digest : undefined);
  const since = approved === undefined ? 0 : Date.parse(approved.at);
  // An approval from a clock ahead is of a time that no look of ours has reached yet: to look until one does would be to look without end.
  const isFresh = preview !== undefined && (preview.at >= since || since > now) && preview.at >= now - PREVIEW_FRESH_MS;

  if (preview === undefined || ((bound !== undefined || approved !== undefined) && !isFresh)) {
    const again = (unpreviewed?.at ?? 0) + TELL_AGAIN_MS;
    if (unpreviewed !== undefined && now < again && unpreviewed.at >= (preview?.at ?? 0)) return sayUnpreviewed(sight, unpreviewed, Math.min(again, cutoff));
    return { do: "preview" };
  }
  if (bound === preview.digest) return undefined;
  return askApproval(sight, preview, names, heartbeat, approved !== undefined);
}

/** Nobody can approve what nobody can look at: that is told at once, and again at intervals, since the step waits until it is skipped at the cutoff. */
function sayUnpreviewed({ step, told, untold, cutoff }: StepSight, { since, at, why }: NonNullable<StepSight["unpreviewed"]>, until: number): StepOrder {
  const nth = Math.floor((at - since) / REMIND_EVERY_MS) + 1;
  const topic = `unpreviewed#${isoOf(since)}/${nth}`;
  const wait: StepOrder = { do: "wait", until, why: `it could not be previewed: ${why}` };
  // A notice that did not reach people is tried again with the next preview.
  if (told.includes(topic) || (untold?.topic === topic && untold.at >= at)) return wait;
  return {
    do: "tell",
    topic,
    text: `${step.title} cannot be previewed, so nobody can approve it${nth === 1 ? "" : ` (since ${isoOf(since)})`}.`,
    lines: [why, `It is looked at again every minute, and skipped at ${isoOf(cutoff)} if that goes on.`, `To leave it out: nightshift decide skip --step ${step.id}`],
  };
}

function askApproval({ step, told, untold, now, cutoff }: StepSight, { digest, lines }: Preview, names: string, heartbeat: number, moved: boolean): StepOrder {
  const topic = `approval#${digest.slice(0, 12)}`;
  const until = Math.min(heartbeat, cutoff);
  const why = `waits for the approval of ${names}`;
  if (told.includes(topic)) return { do: "wait", until, why };
  if (untold?.topic === topic && now < untold.at + TELL_AGAIN_MS)
    return { do: "wait", until: Math.min(until, untold.at + TELL_AGAIN_MS), why: `${why}, who could not be told yet` };
  return {
    do: "tell",
    topic,
    text: `${step.title} needs the approval of ${names}${step.irreversible ? "; it cannot be undone" : ""}.${moved ? " It was approved, and the world has moved since: what it would do now is this." : ""}`,
    lines: [...lines, ...step.notes, `Answer: nightshift decide approve --step ${step.id}`],
    preview: digest,
  };
}

function nextBatch(sight: StepSight): StepOrder {
  const { step, batches, rested, now, control } = sight;
  const latest = batches.at(-1);
  if (latest === undefined) return gate(sight);
  if (latest.targets.some((target) => !rested.has(target))) {
    return { do: "run", batch: batches.length - 1, targets: latest.targets, failuresBefore: latest.failuresBefore };
  }
  const begunCount = batches.reduce((sum, { targets }) => sum + targets.length, 0);
  if (begunCount >= step.targets.length) return { do: "end" };

  const failures = latest.failuresBefore + [...rested.values()].filter(({ as }) => as === "failed" || as === "unknown").length;
  const rolling = step.rolling;
  if (rolling !== undefined && failures > rolling.maxFailures) {
    return { do: "end", why: `${failures} failed, and no more than ${rolling.maxFailures} may: the rest was not begun` };
  }
  const forbidden = mayBegin(sight, now);
  if (forbidden !== undefined) return { do: "end", why: forbidden };
  const held = step.always ? undefined : holds(control);
  if (held !== undefined) return { do: "wait", until: now + STEP_HEARTBEAT_MS, why: held };
  const overAt = Math.max(...[...rested.values()].map(({ at }) => at));
  const resumeAt = overAt + (rolling?.pauseMs ?? 0);
  if (now < resumeAt) return { do: "wait", until: resumeAt, why: "pause between two batches" };
  // Something unsafe may have begun since the batch before.
  const against = liftOrder(sight, now + STEP_HEARTBEAT_MS);
  if (against !== undefined) return against.do === "end" && against.why !== undefined ? { do: "end", why: against.why } : against;
  return { do: "run", batch: batches.length, targets: batchOf(step, batches.length, begunCount), failuresBefore: failures };
}

function batchOf(step: CompiledStep, batch: number, begunCount: number): readonly string[] {
  const sizes = step.rolling?.batches ?? [step.targets.length];
  const size = Math.max(1, sizes[Math.min(batch, sizes.length - 1)] ?? step.targets.length);
  return step.targets.slice(begunCount, begunCount + size).map(({ id }) => id);
}

/**
 * What a step came to, from what its targets came to: the worst of them, with counts and the first reason. Targets that
 * never began are `skipped`.
 */
export function summaryOf(
  targetIds: readonly string[],
  endings: readonly { readonly target: string; readonly as: Ending; readonly why: string }[],
  whyNotBegun: string,
): { as: Ending; why: string } {
  const byTarget = new Map(endings.map((ending) => [ending.target, ending]));
  const all = targetIds.map((target) => byTarget.get(target) ?? { target, as: "skipped" as const, why: whyNotBegun });
  const worst = WORST_FIRST.find((as) => all.some((ending) => ending.as === as)) ?? "done";
  const those = all.filter(({ as }) => as === worst);
  const first = those[0];
  if (all.length <= 1 || first === undefined) return { as: worst, why: first?.why ?? "" };
  const names = those.length > 4 ? `${those.length} targets` : those.map(({ target }) => target).join(", ");
  return { as: worst, why: those.length === all.length ? `all ${all.length}: ${first.why}` : `${those.length} of ${all.length} (${names}): ${first.why}` };
}

type FoldedStep = Pick<StepSight, "told" | "liftAsked" | "untold" | "ended" | "batches" | "preview" | "unpreviewed">;

/** The facts of a step's stream as `StepSight` wants them. */
export const foldStep = foldedOnce(folded);

function folded(facts: readonly Fact[]): FoldedStep {
  const told: string[] = [];
  const batches: StepSight["batches"][number][] = [];
  let liftAsked: StepSight["liftAsked"];
  let untold: StepSight["untold"];
  let ended: StepSight["ended"];
  let preview: StepSight["preview"];
  let unpreviewed: StepSight["unpreviewed"];
  for (const fact of facts) {
    if (fact.type === "step.told") {
      told.push(fact.topic);
      if (fact.topic.startsWith("lift#")) liftAsked = { first: liftAsked?.first ?? Date.parse(fact.at), last: Date.parse(fact.at), count: (liftAsked?.count ?? 0) + 1 };
    }
    if (fact.type === "step.untold") untold = { topic: fact.topic, at: Date.parse(fact.at) };
    if (fact.type === "step.previewed")
      preview = { digest: fact.digest, lines: fact.lines, at: Date.parse(fact.at), ...(fact.amendment === undefined ? {} : { amendment: fact.amendment }) };
    // What it would do was looked at before it was changed.
    if (fact.type === "step.amended") preview = undefined;
    if (fact.type === "step.unpreviewed") {
      const at = Date.parse(fact.at);
      const goesOn = unpreviewed !== undefined && unpreviewed.at >= (preview?.at ?? 0);
      unpreviewed = { why: fact.why, at, since: goesOn ? (unpreviewed?.since ?? at) : at };
    }
    if (fact.type === "batch.started") batches.push({ targets: fact.targets, failuresBefore: fact.failuresBefore, at: Date.parse(fact.at) });
    if (fact.type === "step.ended") ended = { as: fact.as, why: fact.why };
  }
  return {
    told,
    batches,
    ...(liftAsked === undefined ? {} : { liftAsked }),
    ...(preview === undefined ? {} : { preview }),
    ...(unpreviewed === undefined ? {} : { unpreviewed }),
    ...(untold === undefined ? {} : { untold }),
    ...(ended === undefined ? {} : { ended }),
  };
}
