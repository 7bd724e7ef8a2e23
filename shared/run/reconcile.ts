import { localText } from "../plan/local-time.ts";
import { controlOf, type Control } from "./control.ts";
import { DECISION_STREAM, GUARD_STREAM, RUN_STREAM, stepStream, targetStream, type Decision, type Fact, type FactOf } from "./facts.ts";
import type { Entry } from "./journal.ts";
import { stepInstance, targetInstance, windowInstance } from "./instances.ts";
import { liftCommand } from "./lift-word.ts";
import { guardsOf, mayTakeBack } from "./lift.ts";
import { nextBack } from "./next-order.ts";
import { foldStep } from "./next-step.ts";
import { wayBack } from "./next-wave.ts";
import { openOf, type Obligation } from "./obligations.ts";
import type { PlanIndex } from "./plan-index.ts";
import { isCurable } from "./retry.ts";
import { walkOf } from "./walk.ts";

/** An orchestration that cannot be found twice, this long apart, is gone: one look may fall into the moment in which it is started. */
export const GONE_AFTER_MS = 3 * 60_000;
/**
 * One that is there and does not do what it has to do is deaf after this long: the answer that it waits for may be minutes late, and its next
 * look as well. The same goes for a step or a target that has not done anything yet.
 */
export const DEAF_AFTER_MS = 15 * 60_000;
/** An older look says nothing about now. */
const MISS_HOLDS_MS = 20 * 60_000;
/** So many new orchestrations without a fact of the run's own: the guard goes on with the run itself. */
const RESUMES_IN_VAIN = 2;
/** After its cutoff a run closes up; one that is not through by then is looked at by people. */
const CLOSING_TAKES_MS = 30 * 60_000;
const UNDO_AGAIN_MS = 30 * 60_000;
/** Then the world has moved on, and only people know what is right. */
const UNDO_GIVEN_UP_MS = 24 * 3_600_000;
export const ALARM_AGAIN_MS = 30 * 60_000;
/** A person's word that they know of it is good for so long; what is open still alarms again then. */
export const ACKNOWLEDGED_FOR_MS = 12 * 3_600_000;

/** What the guard looks at: one run, as its journal and the task hub show it. */
export interface GuardSight {
  readonly index: PlanIndex;
  /** All facts of the run. */
  readonly entries: readonly Entry[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Orchestrations that the run needs and the task hub does not have, and those that may sleep through their hour; see `HubFindings`. */
  readonly gone: readonly string[];
  readonly asleep: readonly string[];
  /** Those that have not ended, parents before their children. */
  readonly alive: readonly string[];
  /** Whether actions of this verb can be taken back. */
  hasUndo(verb: string): boolean;
}

export type GuardOrder =
  | { readonly do: "miss"; readonly why: string; readonly instances: readonly string[] }
  /** End what is left of the run's orchestrations: nobody hears them, or they hear nobody. */
  | { readonly do: "clear"; readonly instances: readonly string[]; readonly why: string }
  /** `orchestration`: start it again. `guard`: go on with the run without one. */
  | { readonly do: "resume"; readonly by: "orchestration" | "guard"; readonly why: string }
  /** A ring may have been lost: these are to look, or whoever waits for anything. */
  | { readonly do: "ring"; readonly instances?: readonly string[] }
  | { readonly do: "undo"; readonly step: string; readonly target: string; readonly try: number; readonly attempt: number; readonly seq: number }
  | {
      readonly do: "alarm";
      readonly about: "open" | "overrun" | "held";
      readonly nth: number;
      readonly text: string;
      readonly lines: readonly string[];
      readonly mention: readonly string[];
    };

/**
 * The guard's brain: what must be done about a run from outside of it? Pure; asked for every started run every five minutes, and
 * asking twice does nothing twice, since every answer follows from what is written down.
 *
 *   G1  not ended, orchestrations of it gone  note it; if they are gone still: end those that are left, start it again, and in vain
 *                                             twice: go on without
 *   G2  aborted, not ended                    ring everybody; else ring whoever has something to do and may not know
 *   G2a frozen or paused                      remind, until someone resumes or aborts
 *   G3  not ended long after the cutoff       alarm
 *   G4  ended, something open                 take it back once more, slowly; alarm until someone acknowledges
 */
export function reconcile(sight: GuardSight): readonly GuardOrder[] {
  const { index, now, gone, asleep } = sight;
  const runFacts = factsOf(sight, RUN_STREAM);
  const control = controlOf(runFacts, factsOf(sight, DECISION_STREAM) as readonly Decision[]);
  if (control.started === undefined) return [];
  const open = openOf(
    sight.entries.map(({ fact }) => fact),
    index,
  );
  if (control.ended !== undefined) {
    if (open.length === 0) return [];
    return [...undosOf(sight, open, Date.parse(control.ended.at)), ...alarmOf(sight, "open", open)];
  }
  const orders: GuardOrder[] = [];
  if (gone.length > 0) orders.push(...ordersForGone(sight));
  else if (control.aborted !== undefined) orders.push({ do: "ring" });
  const isElsewise = orders.some(({ do: what }) => what !== "miss");
  if (asleep.length > 0 && !isElsewise) orders.push({ do: "ring", instances: asleep });
  orders.push(...heldOf(sight, control, open));
  if (now >= index.cutoff + CLOSING_TAKES_MS) orders.push(...alarmOf(sight, "overrun", open));
  return orders;
}

/** Whether a run is in good hands, as far as a few small streams tell: then its facts, which are many, are not read. */
export function isQuiet({ index, now, gone, asleep }: Pick<GuardSight, "index" | "now" | "gone" | "asleep">, runFacts: readonly Fact[], decisions: readonly Decision[]): boolean {
  const control = controlOf(runFacts, decisions);
  return (
    control.ended === undefined &&
    gone.length === 0 &&
    asleep.length === 0 &&
    control.aborted === undefined &&
    control.paused === undefined &&
    now < index.cutoff + CLOSING_TAKES_MS
  );
}

/** Obligations that should be closed by now: those of a run that has ended, or whose cutoff is long over. */
export function overdueOf(sight: Pick<GuardSight, "index" | "entries" | "now">): readonly Obligation[] {
  const ended = sight.entries.some(({ fact }) => fact.type === "run.ended");
  return ended || sight.now >= sight.index.cutoff + CLOSING_TAKES_MS
    ? openOf(
        sight.entries.map(({ fact }) => fact),
        sight.index,
      )
    : [];
}

function ordersForGone(sight: GuardSight): readonly GuardOrder[] {
  const { index, entries, now, gone, alive } = sight;
  const guard = factsOf(sight, GUARD_STREAM);
  const root = windowInstance(index.plan.window.id);
  const missed = guard.findLast((fact) => fact.type === "guard.missed");
  const resumed = guard.findLast(({ type }) => type === "guard.resumed");
  const since = missed === undefined ? undefined : Date.parse(missed.at);
  // What was missed before it was gone on with has been answered.
  const answered = since !== undefined && resumed !== undefined && Date.parse(resumed.at) >= since;
  const heard = since === undefined ? new Set<string>() : heardSince(sight, since);
  const still = gone.filter((instance) => (missed?.instances ?? [root]).includes(instance) && !heard.has(instance));
  if (since === undefined || answered || now - since > MISS_HOLDS_MS || still.length === 0)
    return [{ do: "miss", instances: gone, why: `the run has not ended, and the task hub has no orchestration ${gone.join(", ")} that goes on` }];
  if (now - since < (mayBeLate(sight, still) ? DEAF_AFTER_MS : GONE_AFTER_MS)) return [];
  const why = `${still.join(", ")} was gone at ${missed?.at ?? ""} and is gone still`;
  // A new one that finds another at its work waits for ever for what that one will not tell it.
  if (alive.length > 0) return [{ do: "clear", instances: alive, why }];
  const own = entries.findLast(({ stream }) => stream !== GUARD_STREAM && stream !== DECISION_STREAM)?.fact.at ?? "";
  const inVain = guard.filter((fact) => fact.type === "guard.resumed" && fact.at > own).length;
  return [inVain < RESUMES_IN_VAIN ? { do: "resume", by: "orchestration", why } : { do: "resume", by: "guard", why: `${why}; ${inVain} new ones came to nothing` }];
}

/** Steps and targets that wrote something down since that instant, as those do that the same look rang: what is missed of them now is missed for the first time. */
function heardSince({ index, entries }: GuardSight, since: number): ReadonlySet<string> {
  const run = index.plan.window.id;
  const heard = new Set<string>();
  for (const { stream, fact } of entries) {
    if (!("step" in fact) || fact.step === undefined || Date.parse(fact.at) < since) continue;
    if (stream === stepStream(fact.step)) heard.add(stepInstance(run, fact.step));
    else if ("target" in fact && fact.target !== undefined && stream === targetStream(fact.step, fact.target)) heard.add(targetInstance(run, fact.step, fact.target));
  }
  return heard;
}

/** Whether each of these is there and only does not hear, or is a step or a target that has done nothing yet: the message that starts it may be late. */
function mayBeLate({ index, entries, alive }: GuardSight, missed: readonly string[]): boolean {
  const run = index.plan.window.id;
  const started = new Set([windowInstance(run)]);
  for (const { stream, fact } of entries) {
    if (stream === DECISION_STREAM || !("step" in fact) || fact.step === undefined) continue;
    started.add(stepInstance(run, fact.step));
    if ("target" in fact && fact.target !== undefined) started.add(targetInstance(run, fact.step, fact.target));
  }
  return missed.every((instance) => alive.includes(instance) || !started.has(instance));
}

/** The run gave up taking these back; the guard tries again, slowly, while it may help. */
function undosOf(sight: GuardSight, open: readonly Obligation[], endedAt: number): readonly GuardOrder[] {
  const { index, now } = sight;
  if (now >= endedAt + UNDO_GIVEN_UP_MS) return [];
  const decisions = factsOf(sight, DECISION_STREAM) as readonly Decision[];
  const places = wayBack(
    index.plan,
    open.filter(({ id }) => mayTakeBack(index, id, decisions)),
  );
  return places.flatMap(({ step: id, target }): GuardOrder[] => {
    const step = index.step(id);
    if (!sight.hasUndo(step.verb)) return [];
    const walk = walkOf(factsOf(sight, targetStream(id, target)));
    const place = { step: id, target, seq: walk.seq };
    const order = nextBack({ walk, step, now });
    if (order.do === "undo") return [{ do: "undo", ...place, try: order.try, attempt: order.attempt }];
    const last = walk.wayBack.at(-1);
    const { fault } = walk;
    if (order.do === "wait" || last === undefined || fault?.deed !== "undo" || !isCurable(fault.fault) || now < fault.at + UNDO_AGAIN_MS) return [];
    return [{ do: "undo", ...place, try: last.try, attempt: fault.attempt + 1 }];
  });
}

/** A freeze or a pause waits for one word, and nothing else reminds anyone that it does. An acknowledgement is not that word. */
function heldOf(sight: GuardSight, control: Control, open: readonly Obligation[]): readonly GuardOrder[] {
  const { index, now } = sight;
  const { window } = index.plan;
  const held = control.aborted?.mode === "freeze" ? control.aborted : control.aborted === undefined ? control.paused : undefined;
  if (held === undefined) return [];
  const word = control.aborted === undefined ? "paused" : "frozen";
  const alarms = factsOf(sight, GUARD_STREAM).filter((fact) => fact.type === "guard.alarmed" && fact.about === "held");
  if (now < Math.max(Date.parse(held.at), ...alarms.map(({ at }) => Date.parse(at))) + ALARM_AGAIN_MS) return [];
  const since = localText(Date.parse(held.at), window.zone);
  const cutoff = localText(index.cutoff, window.zone);
  return [
    {
      do: "alarm",
      about: "held",
      nth: alarms.length + 1,
      text: `${window.title} is ${word} by ${held.by} since ${since}: nothing new begins until someone says so.`,
      lines: [
        now < index.cutoff ? `At ${cutoff} what has not begun by then is skipped.` : `The cutoff, ${cutoff}, is over: what has not begun is skipped.`,
        ...open.map((obligation) => lineOf(sight, obligation)),
        `To go on: nightshift decide resume --run ${window.id}. To close up: nightshift decide abort --run ${window.id} --mode close.`,
        `This is said again every ${ALARM_AGAIN_MS / 60_000} minutes.`,
      ],
      mention: window.owners.map(({ slackId }) => slackId),
    },
  ];
}

function alarmOf(sight: GuardSight, about: "open" | "overrun", open: readonly Obligation[]): readonly GuardOrder[] {
  const { index, now } = sight;
  const { plan } = index;
  const alarms = factsOf(sight, GUARD_STREAM).filter((fact): fact is FactOf<"guard.alarmed"> => fact.type === "guard.alarmed" && fact.about === about);
  const last = alarms.at(-1);
  if (last !== undefined) {
    const known = (factsOf(sight, DECISION_STREAM) as readonly Decision[]).findLast(({ decision, at }) => decision === "acknowledge" && at >= (alarms[0]?.at ?? ""));
    const quietUntil = Math.max(Date.parse(last.at) + ALARM_AGAIN_MS, known === undefined ? 0 : Date.parse(known.at) + ACKNOWLEDGED_FOR_MS);
    if (now < quietUntil) return [];
  }
  const nth = alarms.length + 1;
  const owners = open.flatMap(({ step }) => index.step(step).owners);
  const again = nth === 1 ? "" : ` (${nth}. time)`;
  return [
    {
      do: "alarm",
      about,
      nth,
      text:
        about === "open"
          ? `${plan.window.title} has ended, and ${open.length} ${open.length === 1 ? "thing is" : "things are"} open still${again}.`
          : `${plan.window.title} should have ended at ${localText(index.cutoff, plan.window.zone)} and has not${again}.`,
      lines: [
        ...open.map((obligation) => lineOf(sight, obligation)),
        `You know of it: nightshift decide acknowledge --run ${plan.window.id}. Until then this is said again every ${ALARM_AGAIN_MS / 60_000} minutes.`,
      ],
      mention: [...new Set((owners.length > 0 ? owners : plan.window.owners).map(({ slackId }) => slackId))],
    },
  ];
}

/** What is open, since when, why, and how it is closed by hand. */
function lineOf(sight: GuardSight, { what, openedAt, step: id, target, id: obligation }: Obligation): string {
  const { index } = sight;
  const { plan } = index;
  const step = index.step(id);
  const walk = walkOf(factsOf(sight, targetStream(id, target)));
  const closers = plan.steps.filter(({ targets }) => targets.some(({ closes }) => closes.includes(obligation)));
  const ends = closers.flatMap((closer) => {
    const { ended } = foldStep(factsOf(sight, stepStream(closer.id)));
    return ended === undefined ? [`${closer.title} has not ended`] : [`${closer.title} ended ${ended.as}: ${ended.why}`];
  });
  const back =
    walk.fault?.deed === "undo"
      ? `taking it back: ${walk.fault.fault.message}`
      : sight.hasUndo(step.verb)
        ? walk.wayBack.length === 0
          ? "it is not known how it was before"
          : undefined
        : `${step.verb} cannot be taken back`;
  const guards = walk.undone ? [] : guardsOf(index, obligation);
  const lifts = guards.map((guard) => `it stays until it is lifted: ${liftCommand(plan.window.id, guard.id)}`);
  const why = [...ends, ...(guards.length > 0 || back === undefined ? [] : [back]), ...lifts].join("; ");
  return `${what}, since ${localText(Date.parse(openedAt), plan.window.zone)}, opened by ${step.title}${target === id ? "" : ` on ${target}`}${why === "" ? "" : `: ${why}`}`;
}

function factsOf({ entries }: Pick<GuardSight, "entries">, stream: string): readonly Fact[] {
  return entries.flatMap((entry) => (entry.stream === stream ? [entry.fact] : []));
}
