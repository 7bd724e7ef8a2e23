import type { CompiledStep, CompiledTarget } from "../plan/compiled.ts";
import type { FaultKind, FaultRecord } from "../fault/fault.ts";
import { closedTo, holds, neverOpened, type Control } from "./control.ts";
import type { Decision, Ending } from "./facts.ts";
import type { Holder } from "./locks.ts";
import { tooLate, startBy } from "./lateness.ts";
import type { LiftEvidence } from "./lift.ts";
import { nextLift } from "./next-lift.ts";
import { nextSearch } from "./next-search.ts";
import { CALL_LOST_MS, isCurable, looksOf, retryAt } from "./retry.ts";
import type { Walk } from "./walk.ts";

/**
 * The brain, part one: what should this target do now?
 *
 * A pure function of what can be known: it reads no clock, no journal and no vendor, so every row of the table below is a
 * test and every night can be argued about afterwards. The first rule that applies wins; they are numbered.
 *
 *   B1  rested                                                     rest
 *   B2  an announced call has not answered                         wait for it, then do it again: it looks first. Where nothing
 *                                                                  may begin any more: find; where there is no find: rest, unknown
 *   B3  something people must hear and have not                    tell; where they cannot be reached, go on and tell later
 *   B4  verified                                                   rest
 *   B5  finished, not verified                                     verify; a failed look is repeated
 *   B6  begun, and the run is being closed up                      cancel, rest; what had ended well by then is looked at as ever
 *   B7  begun, too late to start or to finish                      cancel, rest; the same
 *   B8  begun, and it ended badly                                  a fresh try, or what `onFailure` says
 *   B9  begun                                                      poll
 *   B10 a begin faulted                                            rest, if someone skipped it; again later with the same key, or find,
 *                                                                  or what `onFailure` says
 *   B11 not begun, and it may not begin any more                   rest, with the reason
 *   B12 not begun, and it may not begin yet                        wait, with the reason
 *   B13 otherwise                                                  begin
 */
export function nextOrder(sight: TargetSight): Order {
  const { walk, now } = sight;
  if (walk.rested !== undefined) return { do: "rest", as: walk.rested.as, why: walk.rested.why, recorded: true };

  if (walk.inFlight !== undefined) {
    const lostAt = walk.inFlight.since + CALL_LOST_MS;
    if (now < lostAt) return { do: "wait", until: lostAt, why: `the answer to ${walk.inFlight.deed} is not in yet` };
    const forbidden = walk.inFlight.deed === "begin" ? mayBegin(sight, now) : undefined;
    if (forbidden !== undefined && sight.offers.find === true) {
      const search = nextSearch(sight, walk.inFlight.since);
      if (search !== undefined) return search;
    }
    if (forbidden !== undefined) return { do: "rest", as: "unknown", why: `its begin never answered, so it is not known whether it began; not asked again: ${forbidden}` };
    const again: Order = { do: walk.inFlight.deed, try: walk.try, attempt: walk.attempt + 1 };
    return again.do === "begin" ? unlessHeld(sight, again) : again;
  }

  // People are not asked about what can still be found out.
  const search = dueSearch(sight);
  if (search !== undefined) return search;

  const notice = dueNotice(sight);
  if (notice !== undefined) return { do: "tell", ...notice };

  switch (walk.stage) {
    case "verified":
      return walk.already === undefined ? { do: "rest", as: "done", why: walk.evidence[0] ?? "verified" } : { do: "rest", as: "already", why: walk.already };
    case "finished":
      return nextLook(sight, "verify");
    case "begun":
      return nextOfBegun(sight);
    case "intended":
      return nextOfFaultedBegin(sight);
    default:
      return nextOfFresh(sight);
  }
}

/**
 * On the way back: undo what this target did, try by try and the latest first, each once, however often it is asked. The window goes back one target after the
 * other, in reverse order of what really happened, so nothing has to be waited for here.
 */
export function nextBack({ walk, step, now }: Pick<TargetSight, "walk" | "step" | "now">): Order {
  const rest: Order = { do: "rest", as: walk.rested?.as ?? "unknown", why: walk.rested?.why ?? "it never rested", ...(walk.rested === undefined ? {} : { recorded: true }) };
  const last = walk.wayBack.at(-1);
  if (last === undefined) return rest;
  if (walk.inFlight !== undefined && now < walk.inFlight.since + CALL_LOST_MS) {
    return { do: "wait", until: walk.inFlight.since + CALL_LOST_MS, why: `the answer to ${walk.inFlight.deed} is not in yet` };
  }
  if (walk.fault?.deed !== "undo") return { do: "undo", try: last.try, attempt: 1 };
  const { fault, at, attempt } = walk.fault;
  if (!isCurable(fault) || attempt >= step.policy.attempts) return rest;
  const again = retryAt(step.policy, fault, at, attempt);
  return now < again ? { do: "wait", until: again, why: `taking it back: ${fault.message}` } : { do: "undo", try: last.try, attempt: attempt + 1 };
}

/** A target's wait whose end is not an instant ends after this long, in case a doorbell was lost. */
export const HEARTBEAT_MS = 10 * 60_000;

const NEED_HEARTBEAT_MS = 30 * 60_000;

/**
 * Until when a target waits for what it needs. Its end rings, and a ring that was lost costs half an hour at the most; but nobody has
 * to look before the step could begin at all.
 */
export function waitForNeeds(now: number, earliest: number): number {
  return Math.max(now + NEED_HEARTBEAT_MS, earliest);
}

/** All that advice about one target may look at. */
export interface TargetSight {
  readonly step: CompiledStep;
  readonly target: CompiledTarget;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly cutoff: number;
  /** Before this instant the step cannot begin, whatever happens. */
  readonly earliest: number;
  readonly control: Control;
  readonly walk: Walk;
  /** How the needs that go target by target stand; see `Standing`. */
  readonly needs: readonly Standing[];
  /** Resources of this target that others hold. */
  readonly taken: ReadonlyMap<string, Holder>;
  /** What speaks against lifting what it lifts; none where it lifts nothing. */
  readonly lift?: LiftEvidence;
  /** Decisions about this step or this target, oldest first. */
  readonly decisions: readonly Decision[];
  readonly offers: { readonly cancel: boolean; readonly find?: boolean };
}

/** How something that is needed stands: `open` until it has ended, then `met` or `failed`. `why` names it. */
export interface Standing {
  readonly is: "open" | "met" | "failed";
  readonly why: string;
}

/** What a target should do now. `until` is milliseconds since the epoch. */
export type Order =
  /** `then`: what to do if nobody rings meanwhile, without asking again. */
  | { readonly do: "wait"; readonly until: number; readonly why: string; readonly then?: Order }
  /** `follows`: id of the decision that ordered it, if one did. */
  | { readonly do: "begin" | "cancel" | "undo"; readonly try: number; readonly attempt: number; readonly follows?: string }
  /** Look for work of a begin that never answered, without beginning anything. */
  | { readonly do: "find"; readonly try: number; readonly attempt: number }
  | { readonly do: "poll" | "verify"; readonly attempt: number }
  | { readonly do: "tell"; readonly topic: string; readonly text: string; readonly lines: readonly string[] }
  /** `recorded`: the journal has it, and nothing is left to do. */
  | { readonly do: "rest"; readonly as: Ending; readonly why: string; readonly recorded?: true };

function nextOfBegun(sight: TargetSight): Order {
  const { walk, step, control, now } = sight;
  if (walk.hadEnded === true) return nextLook(sight, "poll");
  if (control.aborted?.mode === "close" && !step.always) return endBegun(sight, "failed", `cancelled: aborted by ${control.aborted.by}`);

  const skip = skippedWhileRunning(sight);
  if (skip !== undefined) return endBegun(sight, "dropped", skip);

  const lateness = tooLate(sight);
  if (lateness !== undefined) {
    return stoppedFirst(sight, answered(sight, lateness), lateness) ?? giveUp(sight, lateness);
  }
  if (walk.fault === undefined) return { do: "poll", attempt: 1 };

  const { fault, at, attempt } = walk.fault;
  if (fault.kind === "failed") {
    const again = freshTry(sight, retryAt(step.policy, fault, at, walk.try));
    if (again !== undefined) return again;
  } else if (isCurable(fault)) {
    const lookAt = retryAt(step.policy, fault, at, attempt);
    return lookAgain(now, lookAt, `could not look: ${fault.message}`, { do: "poll", attempt: attempt + 1 });
  }
  const ending = endingOfLook(fault);
  const answer = answered(sight, ending);
  // What ended badly has ended; what nobody could look at has perhaps not.
  return (ending.as === "unknown" ? stoppedFirst(sight, answer, ending) : answer) ?? endBegun(sight, ending.as, ending.why, ending.as);
}

/** What is accepted or under way could go on beside the fresh try that somebody asked for, or although somebody let go of it: it is stopped first. */
function stoppedFirst(sight: TargetSight, answer: Order | undefined, ending: { as: "failed" | "unknown"; why: string }): Order | undefined {
  if (!sight.offers.cancel || sight.walk.cancelled) return answer;
  if (answer?.do === "begin") return giveUp(sight, ending);
  return answer?.do === "rest" && answer.as === "dropped" ? endBegun(sight, "dropped", answer.why) : answer;
}

/** A person's word that work under way is not wanted any more, or not waited for: what was asked of someone, say. */
function skippedWhileRunning({ walk, decisions }: TargetSight): string | undefined {
  if (walk.fault !== undefined) return undefined;
  const skip = decisions.findLast(({ decision, at }) => decision === "skip" && Date.parse(at) >= (walk.intendedAt ?? 0));
  return skip === undefined ? undefined : `skipped by ${skip.by}${skip.note === undefined ? "" : `: ${skip.note}`}`;
}

/** What a look that faulted for good says about the work: that it ended badly, or nothing. */
function endingOfLook({ kind, message }: FaultRecord): { as: "failed" | "unknown"; why: string } {
  return { as: SEEN_BADLY.has(kind) ? "failed" : "unknown", why: message };
}
const SEEN_BADLY: ReadonlySet<FaultKind> = new Set(["rejected", "failed", "conflict", "absent"]);

function nextOfFaultedBegin(sight: TargetSight): Order {
  const { walk, now } = sight;
  const skipped = walk.try === 1 && !walk.doubt && walk.fault !== undefined ? leftOut(sight) : undefined;
  if (skipped !== undefined) return { do: "rest", as: "dropped", why: `${skipped}; before: ${walk.fault?.fault.message ?? ""}` };
  const again = nextBegin(sight);
  if (again !== undefined) return again;
  const { fault } = walk.fault ?? {};
  if (fault === undefined || walk.soughtAt !== undefined) {
    const forbidden = mayBegin(sight, now);
    if (forbidden !== undefined && !walk.doubt) return { do: "rest", as: "skipped", why: `${forbidden}; its begin got no answer, and no work of it was found` };
    if (fault === undefined) return { do: "rest", as: "unknown", why: "its begin never answered, so it is not known whether it began" };
  }
  const unsought = walk.doubt && walk.unsought !== undefined ? `; its work could not be looked for: ${walk.unsought.fault.message}` : "";
  const ending = { as: walk.doubt ? "unknown" : "failed", why: `${fault.message}${unsought}` } as const;
  return answered(sight, ending) ?? { do: "rest", ...ending };
}

/** The begin that faulted, once more, if it may be and there is time; undefined when it is not repeated by itself. */
function nextBegin(sight: TargetSight): Order | undefined {
  const { walk, step, now } = sight;
  if (walk.fault === undefined) return mayBegin(sight, now) === undefined ? { do: "begin", try: walk.try, attempt: walk.attempt + 1 } : undefined;
  const { fault, at, attempt } = walk.fault;
  if (fault.kind === "failed") return freshTry(sight, retryAt(step.policy, fault, at, walk.try));
  const again = retryAt(step.policy, fault, at, attempt);
  const inTime = again < (walk.intendedAt ?? at) + step.policy.timeoutMs && mayBegin(sight, Math.max(now, again)) === undefined;
  if (!isCurable(fault) || attempt >= step.policy.attempts || !inTime) return undefined;
  return now < again
    ? { do: "wait", until: again, why: `attempt ${attempt} of ${step.policy.attempts}: ${fault.message}` }
    : unlessHeld(sight, { do: "begin", try: walk.try, attempt: attempt + 1 });
}

/** A begin whose answer was lost and which is not repeated: its work is looked for, if the action knows how. */
function dueSearch(sight: TargetSight): Order | undefined {
  const { walk, offers } = sight;
  if (walk.stage !== "intended" || !walk.doubt || offers.find !== true || walk.fault === undefined || nextBegin(sight) !== undefined) return undefined;
  return nextSearch(sight, walk.fault.at);
}

/** A look that failed is repeated at its instant, without asking whether to: it changes nothing. */
function lookAgain(now: number, at: number, why: string, look: Order): Order {
  return now < at ? { do: "wait", until: at, why, then: look } : look;
}

function nextLook(sight: TargetSight, deed: "poll" | "verify"): Order {
  const { walk, step, now } = sight;
  if (walk.fault === undefined) return { do: deed, attempt: 1 };
  const { fault, at, attempt } = walk.fault;
  if (fault.kind === "failed") {
    const again = freshTry(sight, retryAt(step.policy, fault, at, walk.try));
    if (again !== undefined) return again;
  } else if (isCurable(fault) && attempt < looksOf(step.policy)) {
    const lookAt = retryAt(step.policy, fault, at, attempt);
    return lookAgain(now, lookAt, `could not look again: ${fault.message}`, { do: deed, attempt: attempt + 1 });
  }
  const ending = endingOfLook(fault);
  return answered(sight, ending) ?? { do: "rest", ...ending };
}

/** Another try from the start, under a new key, if the policy has one left and nothing forbids it. */
function freshTry(sight: TargetSight, at: number): Order | undefined {
  const { walk, step, now } = sight;
  if (walk.try - askedTries(sight) >= step.policy.attempts || mayBegin(sight, Math.max(now, at)) !== undefined) return undefined;
  return now < at
    ? { do: "wait", until: at, why: `try ${walk.try} of ${step.policy.attempts} failed: ${walk.fault?.fault.message ?? ""}` }
    : unlessHeld(sight, { do: "begin", try: walk.try + 1, attempt: 1 });
}

/** A pause or a freeze holds repeated begins as it holds first ones. */
function unlessHeld({ step, control, now }: TargetSight, begin: Order): Order {
  const held = step.always ? undefined : holds(control);
  return held === undefined ? begin : { do: "wait", until: now + HEARTBEAT_MS, why: held };
}

/** Tries that a person asked for; the policy does not count them. */
function askedTries({ decisions }: TargetSight): number {
  return decisions.filter(({ decision }) => decision === "retry").length;
}

/** Where the plan says `ask`: what the latest answer since the failure orders, or to wait for one. */
function answered(sight: TargetSight, ending: { as: Ending; why: string }): Order | undefined {
  const { walk, decisions, now, cutoff } = sight;
  // By its id, not by its instant alone: a try that fails at the very instant of the decision would follow it for ever.
  const answer = decisions.findLast(
    ({ decision, at, id }) => (decision === "retry" || decision === "skip" || decision === "done") && Date.parse(at) >= failedAt(walk) && !walk.followed.includes(id),
  );
  switch (answer?.decision) {
    case "retry": {
      if (mayBegin(sight, now) !== undefined) return undefined;
      // Where it is not known whether it began, the same key makes the begin look first; a new one would do it twice.
      const again = walk.stage === "intended" && walk.doubt ? { try: walk.try, attempt: walk.attempt + 1 } : { try: walk.try + 1, attempt: 1 };
      return unlessHeld(sight, { do: "begin", ...again, follows: answer.id });
    }
    case "skip":
      // Nobody can drop what has perhaps been begun, and is perhaps under way.
      return {
        do: "rest",
        as: walk.stage === "intended" && walk.doubt ? "unknown" : "dropped",
        why: `skipped by ${answer.by}${answer.note === undefined ? "" : `: ${answer.note}`}; before: ${ending.why}`,
      };
    case "done":
      return { do: "rest", as: "done", why: `done by hand, says ${answer.by}${answer.note === undefined ? "" : `: ${answer.note}`}` };
    default:
      if (!isAsked(sight)) return undefined;
      return { do: "wait", until: Math.min(cutoff, now + HEARTBEAT_MS), why: `held until someone decides: ${ending.why}` };
  }
}

/** Whether people decide about what failed: the plan says so, and an answer could still be followed. */
function isAsked({ step, now, cutoff, control }: TargetSight): boolean {
  return step.onFailure === "ask" && now < cutoff && closedTo(control) === undefined;
}

/** Stops begun work if that can be done and was not, then rests. */
function endBegun(sight: TargetSight, as: Ending, why: string, asIfUnstoppable: Ending = "unknown"): Order {
  const { walk, offers, step, now } = sight;
  if (!offers.cancel || walk.cancelled) return { do: "rest", as, why };
  if (walk.unstopped === undefined) return { do: "cancel", try: walk.try, attempt: 1 };
  const { fault, at, attempt } = walk.unstopped;
  if (!isCurable(fault) || attempt >= step.policy.attempts) return { do: "rest", as: asIfUnstoppable, why: `${why}; it could not be stopped: ${fault.message}` };
  const again = retryAt(step.policy, fault, at, attempt);
  return now < again ? { do: "wait", until: again, why: `stopping it: ${fault.message}` } : { do: "cancel", try: walk.try, attempt: attempt + 1 };
}

/** As `endBegun`, for work that is past helping: once it is known to have been stopped, it is known not to be done. */
function giveUp(sight: TargetSight, { as, why }: { as: Ending; why: string }): Order {
  return endBegun(sight, sight.walk.cancelled && as === "unknown" ? "failed" : as, sight.walk.cancelled ? `${why}; stopped` : why);
}

/** Why what has not begun is left out, if somebody decided so. @param decisions about this step or this target, oldest first. */
export function leftOut({ decisions }: Pick<TargetSight, "decisions">): string | undefined {
  const skip = decisions.findLast(({ decision }) => decision === "skip");
  return skip === undefined ? undefined : `skipped by ${skip.by}${skip.note === undefined ? "" : `: ${skip.note}`}`;
}

function nextOfFresh(sight: TargetSight): Order {
  const { step, now, control, needs, taken } = sight;
  const skipped = leftOut(sight);
  if (skipped !== undefined) return { do: "rest", as: "dropped", why: skipped };
  const failed = needs.find(({ is }) => is === "failed");
  if (failed !== undefined && !step.always) return { do: "rest", as: "skipped", why: failed.why };
  const forbidden = mayBegin(sight, now);
  if (forbidden !== undefined) return { do: "rest", as: "skipped", why: forbidden };
  const until = step.always ? now + HEARTBEAT_MS : Math.min(now + HEARTBEAT_MS, Math.max(sight.cutoff, now + 1));
  const held = step.always ? undefined : holds(control);
  if (held !== undefined) return { do: "wait", until, why: held };
  const open = needs.find(({ is }) => is === "open");
  if (open !== undefined)
    return {
      do: "wait",
      until: step.always ? waitForNeeds(now, sight.earliest) : Math.min(waitForNeeds(now, sight.earliest), Math.max(sight.cutoff, now + 1)),
      why: `waits for ${open.why}`,
    };
  const [resource, holder] = [...taken][0] ?? [];
  if (holder !== undefined) return { do: "wait", until, why: `${resource} is in use by ${holder.step} ${holder.target}` };
  const against = nextLift(sight, until);
  if (against !== undefined) return against;
  return { do: "begin", try: 1, attempt: 1 };
}

/** Why nothing may begin at `instant`, if so: an abort, a stop, the cutoff, or not enough time to see an irreversible step through. */
export function mayBegin({ step, cutoff, control }: Pick<TargetSight, "step" | "cutoff" | "control">, instant: number): string | undefined {
  const never = neverOpened(control);
  if (never !== undefined || step.always) return never;
  const closed = closedTo(control);
  if (closed !== undefined) return closed;
  if (instant >= cutoff) return "the window's cutoff had come before it could begin";
  if (step.irreversible && instant + step.expectedMs > cutoff) return "irreversible, and it could not be finished and verified before the cutoff";
  return undefined;
}

/** What people must hear about this target now and have not been told. */
function dueNotice(sight: TargetSight): { topic: string; text: string; lines: readonly string[] } | undefined {
  const { walk, step, target, now, cutoff } = sight;
  // People who cannot be reached now are told later; the work does not wait for that.
  if (walk.untold !== undefined && now < retryAt(step.policy, walk.untold.fault, walk.untold.at, walk.untold.attempt)) return undefined;
  const late = `late-start#${walk.try}`;
  const hasEnded = walk.fault !== undefined && SEEN_BADLY.has(walk.fault.fault.kind);
  if (walk.stage === "begun" && walk.progress === "waiting" && !walk.told.includes(late) && !hasEnded && now >= (walk.begunAt ?? now) + step.policy.startWithinMs) {
    return {
      topic: late,
      text: `${step.title}: accepted, but it has not started.`,
      lines: [walk.note ?? "", `It is watched until ${new Date(startBy(step, walk, cutoff)).toISOString()}; then what depends on it is skipped.`],
    };
  }
  const held = heldTopic(walk, sight.decisions);
  const why = walk.told.includes(held) || !isAsked(sight) ? undefined : failureOf(sight);
  if (why !== undefined) {
    return {
      topic: held,
      text: `${step.title}${target.id === step.id ? "" : ` on ${target.id}`} failed and waits for a decision.`,
      lines: [why, `Answer: nightshift decide retry|skip|done --step ${step.id} --target ${target.id}`],
    };
  }
  return undefined;
}

/** Under which topic people are asked about the present failure: once for each try, and once more after each retry they ordered. */
export function heldTopic(walk: Walk, decisions: readonly Decision[]): string {
  const asked = decisions.filter(({ decision, at }) => decision === "retry" && Date.parse(at) < failedAt(walk)).length;
  return asked === 0 ? `held#${walk.try}` : `held#${walk.try}.${asked}`;
}

/** Since when it waits for an answer: those given before are about something else. */
function failedAt({ fault, begunAt }: Walk): number {
  return fault?.at ?? begunAt ?? 0;
}

/** What is wrong with it that the run does not try to cure by itself. */
function failureOf(sight: TargetSight): string | undefined {
  const { walk, step } = sight;
  const lateness = walk.stage === "begun" && walk.hadEnded !== true ? tooLate(sight) : undefined;
  if (lateness !== undefined || walk.fault === undefined) return lateness?.why;
  const { fault, deed, at, attempt } = walk.fault;
  const recovers =
    deed === "begin"
      ? nextBegin(sight) !== undefined
      : fault.kind === "failed"
        ? freshTry(sight, retryAt(step.policy, fault, at, walk.try)) !== undefined
        : isCurable(fault) && ((deed === "poll" && walk.hadEnded !== true) || attempt < looksOf(step.policy));
  return recovers ? undefined : fault.message;
}
