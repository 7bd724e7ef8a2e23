import type { z } from "zod";
import { assert } from "../fault/assert.ts";
import { localText, utcText } from "../plan/local-time.ts";
import type { CompiledPlan } from "../plan/compiled.ts";
import { isoOf } from "../ports/clock.ts";
import { amendmentsOf, changeText } from "./amendments.ts";
import { carriedOver, isTicket } from "./carry-over.ts";
import { ENDINGS, type Fact } from "./facts.ts";
import type { Entry } from "./journal.ts";
import { indexOf, type PlanIndex } from "./plan-index.ts";
import type { ChangeReport, Kickoff, Moment, Report, Standing, StepReport, Summary, TargetReport } from "./report-schema.ts";
import { followUpsOf } from "./report-summary.ts";
import { timelineOf } from "./report-timeline.ts";
import { stateOf, type ChangeState, type RunState, type StepState, type TargetState } from "./state.ts";
import { headlineOf } from "./headline.ts";

/**
 * What a run came to, told from its plan and its facts alone: the same facts give the same report, whenever it is made.
 *
 * @param now milliseconds since the epoch: when the report is made; for a run that has not ended, as of when.
 * @throws Fault `defect` when a change of the plan would not come out of it: changes in = changes out.
 */
export function reportOf(plan: CompiledPlan, entries: readonly Entry[], now: number): Report {
  const index = indexOf(plan);
  const state = stateOf(index, entries, now);
  const facts = entries.map(({ fact }) => fact);
  const moment = momentIn(plan.window.zone);
  const { page } = plan.window;
  return {
    format: 1,
    run: plan.window.id,
    window: {
      title: plan.window.title,
      date: plan.window.date,
      zone: plan.window.zone,
      digest: plan.digest,
      ...(page === undefined ? {} : { page: { title: page.title, ...(page.url === undefined ? {} : { url: page.url }) } }),
    },
    madeAt: moment(isoOf(now)),
    summary: summaryOf(index, state, facts, moment),
    phases: plan.phases.map(({ id, title }) => ({ id, title })),
    changes: state.changes.map((change) => changeReport(index, change, state, facts, moment)),
    carryOver: [...carriedOver(index, state)],
    obligations: state.obligations.map(({ id, what, openedAt, step, target, certain, closed }) => ({
      id,
      what,
      opened: moment(openedAt),
      openedBy: placeText(step, target),
      certain,
      evidence: [...(closed?.evidence ?? [])],
      ...(closed === undefined ? {} : { closed: moment(closed.at), closedBy: closed.by }),
    })),
    decisions: [
      ...state.decisions.map(({ at, by, decision, mode, step, target, note }) => ({
        at: moment(at),
        by,
        decision: mode === undefined ? decision : `${decision} (${mode})`,
        about: step === undefined ? "the run" : placeText(step, target ?? step),
        ...(note === undefined ? {} : { note }),
      })),
      ...amendmentLines(facts, moment),
    ].toSorted((a, b) => (a.at.at < b.at.at ? -1 : a.at.at > b.at.at ? 1 : 0)),
    notices: facts.flatMap((fact) => noticeOf(fact, moment)),
    timeline: [...timelineOf(index, entries, moment)],
  };
}

/** An amendment is a decision of two people about each step that it names. */
function amendmentLines(facts: readonly Fact[], moment: AsMoment): Report["decisions"] {
  return amendmentsOf(facts).flatMap(({ at, by, approvedBy, changes }) =>
    changes.map((change) => ({ at: moment(at), by: `${approvedBy}, as ${by} proposed`, decision: "amend", about: change.step, note: changeText(change) })),
  );
}

type AsMoment = (at: string) => Moment;

/** How an instant is shown in `zone`. */
export function momentIn(zone: string): AsMoment {
  return (at) => ({ at, local: localText(Date.parse(at), zone), utc: utcText(Date.parse(at)) });
}

function summaryOf(index: PlanIndex, state: RunState, facts: readonly Fact[], moment: AsMoment): z.infer<typeof Summary> {
  const { plan } = index;
  const lines = (wanted: (change: ChangeState) => boolean) =>
    state.changes
      .filter(wanted)
      .map(({ id, title, keys, why, as }) => ({ id, title, keys: [...keys], ...(why === undefined || as === "done" || as === "already" ? {} : { why }) }));
  const done = lines(({ as }) => as === "done");
  const already = lines(({ as }) => as === "already");
  const dropped = lines(({ as }) => as === "dropped");
  const carried = lines(({ as }) => as !== undefined && ENDINGS[as].carriedOver);
  const underWay = lines(({ as }) => as === undefined);
  const counts = { in: plan.changes.length, done: done.length, already: already.length, dropped: dropped.length, carriedOver: carried.length, underWay: underWay.length };
  assert(counts.in === counts.done + counts.already + counts.dropped + counts.carriedOver + counts.underWay, `changes in = changes out: ${JSON.stringify(counts)}`);
  assert(state.outcome === undefined || counts.underWay === 0, `the run has ended with changes under way: ${underWay.map(({ id }) => id).join(", ")}`);

  const started = facts.find((fact) => fact.type === "run.started");
  const kickoffs = state.steps
    .filter(({ at, verb }) => at !== undefined && !isTicket(verb))
    .map((step) => kickoffOf(step, facts, moment))
    .toSorted((a, b) => Date.parse(a.planned.at) - Date.parse(b.planned.at));
  const open = state.obligations
    .filter(({ closed }) => closed === undefined)
    .map(({ id, what, openedAt, step, target, certain }) => ({
      id,
      what,
      since: moment(openedAt),
      step,
      target,
      certain,
      owners: ownersOf(index, step),
      why: certain
        ? state.endedAt === undefined
          ? "its closing step has not run yet"
          : "nothing closed it, and it could not be taken back"
        : "it is not known whether the call that opens it had its effect: look",
    }));
  const outcome = state.outcome ?? "running";
  return {
    outcome,
    headline: headlineOf(state).headline,
    sentences: [...kickoffSentences(kickoffs), ...tellingOf(state, facts)],
    planned: moment(plan.window.opensAt),
    ...(started === undefined ? {} : { started: moment(started.at), startedBy: started.by, ...(started.rehearsed === undefined ? {} : { rehearsed: started.rehearsed }) }),
    ...(state.endedAt === undefined ? {} : { ended: moment(state.endedAt) }),
    cutoff: moment(plan.window.cutoff),
    kickoffs,
    counts,
    done,
    already,
    dropped,
    carriedOver: carried,
    underWay,
    open,
    needs: needsOf(index, state, facts, open),
    followUps: followUpsOf(index.plan, carriedOver(index, state)),
  };
}

const ON_TIME_MS = 60_000;

function kickoffOf({ id, title, at = "", begunAt, state, as, why, targets }: StepState, facts: readonly Fact[], moment: AsMoment): Kickoff {
  const startedAt = facts.find((fact) => ((fact.type === "target.progressed" && fact.state === "running") || fact.type === "target.finished") && fact.step === id)?.at;
  const lateMs = begunAt === undefined ? undefined : Math.max(0, Date.parse(begunAt) - Date.parse(at));
  const neverStarted = startedAt === undefined && targets.some((target) => target.why?.startsWith("never started") === true);
  const verdict =
    lateMs === undefined
      ? state === "ended"
        ? `not begun: ${as}`
        : `due ${moment(at).local}`
      : neverStarted
        ? "never started"
        : lateMs >= ON_TIME_MS
          ? `${Math.round(lateMs / 60_000)} min late`
          : "on time";
  return {
    step: id,
    title,
    planned: moment(at),
    ...(begunAt === undefined ? {} : { begun: moment(begunAt) }),
    ...(startedAt === undefined ? {} : { started: moment(startedAt) }),
    ...(lateMs === undefined ? {} : { lateMs }),
    state: as ?? notEnded(state),
    verdict: verdict === "not begun: dropped" && why !== undefined ? `not begun: ${why}` : verdict,
    onTime: verdict === "on time" || verdict.startsWith("due ") || as === "dropped",
  };
}

function kickoffSentences(kickoffs: readonly Kickoff[]): readonly string[] {
  const bad = kickoffs.filter(({ onTime }) => !onTime);
  if (kickoffs.length === 0) return [];
  const good = kickoffs.length - bad.length;
  if (bad.length === 0) return [kickoffs.length === 1 ? "The one step with a time of its own began on time." : `All ${good} steps with a time of their own began on time.`];
  return bad.map(({ title, planned, verdict, state }) => `${title}: planned for ${planned.local}, ${verdict}${verdict === "never started" ? "" : ` (${state})`}.`);
}

/** What else was out of the ordinary: aborts, stops, second tries, people who could not be reached. */
function tellingOf(state: RunState, facts: readonly Fact[]): readonly string[] {
  const { aborted, stopped } = state.control;
  const retried = state.steps
    .filter(({ verb }) => !isTicket(verb))
    .flatMap(({ title, targets }) => targets.filter(({ tries, as }) => tries > 1 && as === "done").map(({ id, tries }) => `${id} (${title}, try ${tries})`));
  const untold = facts.filter((fact) => fact.type === "step.untold" || (fact.type === "target.faulted" && fact.deed === "tell")).length;
  return [
    ...(aborted === undefined ? [] : [`Aborted by ${aborted.by} (${aborted.mode}).`]),
    ...(stopped === undefined ? [] : [`Stopped after ${stopped.step} ${stopped.why}; nothing new was begun but what closes.`]),
    ...(retried.length === 0 ? [] : [`Done at a later try: ${retried.join(", ")}.`]),
    ...(untold === 0 ? [] : [`People could not be reached ${untold === 1 ? "once" : `${untold} times`}; see the notices.`]),
  ];
}

function needsOf(index: PlanIndex, state: RunState, facts: readonly Fact[], open: z.infer<typeof Summary>["open"]): z.infer<typeof Summary>["needs"] {
  const asks = state.asks.map(({ kind, step, target, title, text, of }) => ({
    who: [...of],
    what: kind === "approval" ? `Approve: ${title}` : kind === "work" ? title : `Decide about: ${title}${target === undefined || target === step ? "" : ` on ${target}`}`,
    why: text,
    how:
      kind === "approval"
        ? `nightshift decide approve --step ${step}`
        : kind === "work"
          ? `nightshift decide done --step ${step}`
          : `nightshift decide retry|skip|done --step ${step}${target === undefined ? "" : ` --target ${target}`}`,
  }));
  const unsure = state.steps.flatMap((step) =>
    step.targets
      .filter(({ as }) => as === "unknown")
      .map(({ id, why = "" }) => ({ who: ownersOf(index, step.id), what: `Look how it stands: ${step.title}${id === step.id ? "" : ` on ${id}`}`, why })),
  );
  const unsafe = state.steps.filter(({ id, as, begunAt }) => begunAt !== undefined && (as === "failed" || as === "unknown") && index.step(id).leaves === "unsafe");
  const told = new Set(facts.flatMap((fact) => (fact.type === "step.told" && fact.topic === "ended" ? [fact.step] : [])));
  const unheard = facts.flatMap((fact) => (fact.type === "step.untold" && fact.topic === "ended" && !told.has(fact.step) ? [fact] : []));
  return [
    ...asks,
    ...unsafe.map(({ id, title, why = "" }) => ({ who: ownersOf(index, id), what: `Make safe: ${title}`, why })),
    ...(state.endedAt === undefined
      ? []
      : open.map(({ owners, what, why, certain }) => ({ who: owners, what: certain ? `Put back: ${what}` : `Look, and put back if need be: ${what}`, why }))),
    ...unsure,
    ...unheard.map(({ step, why }) => ({ who: ownersOf(index, step), what: `Nobody was told how ${index.step(step).title} ended`, why })),
  ];
}

function changeReport(index: PlanIndex, change: ChangeState, state: RunState, facts: readonly Fact[], moment: AsMoment): ChangeReport {
  const steps = new Map(state.steps.map((step) => [step.id, step]));
  return {
    id: change.id,
    title: change.title,
    keys: [...change.keys],
    phase: change.phase,
    state: change.as ?? notEnded(change.state),
    why: change.why ?? "",
    owners: index.change(change.id).owners.map(({ name }) => name),
    notes: [...change.notes],
    steps: change.steps.flatMap(({ id, servedBy }) => {
      const step = steps.get(servedBy ?? id);
      return step === undefined ? [] : [{ ...stepReport(index, step, facts, moment), id, ...(servedBy === undefined ? {} : { servedBy }) }];
    }),
  };
}

function stepReport(index: PlanIndex, step: StepState, facts: readonly Fact[], moment: AsMoment): StepReport {
  return {
    id: step.id,
    title: step.title,
    verb: step.verb,
    phase: step.phase,
    state: step.as ?? notEnded(step.state),
    why: step.why ?? "",
    ...(step.at === undefined ? {} : { planned: moment(step.at) }),
    ...(step.begunAt === undefined ? {} : { begun: moment(step.begunAt) }),
    ...(step.endedAt === undefined ? {} : { ended: moment(step.endedAt) }),
    irreversible: index.step(step.id).irreversible,
    approvedBy: facts.flatMap((fact) => (fact.type === "decision.made" && fact.decision === "approve" && fact.step === step.id ? [{ by: fact.by, at: moment(fact.at) }] : [])),
    notes: [...step.notes],
    targets: step.targets.map((target) => targetReport(step.id, target, facts, moment)),
  };
}

function targetReport(step: string, target: TargetState, facts: readonly Fact[], moment: AsMoment): TargetReport {
  return {
    id: target.id,
    state: target.as ?? notEnded(target.state),
    why: target.why ?? target.note ?? "",
    tries: target.tries,
    ...(target.begunAt === undefined ? {} : { begun: moment(target.begunAt) }),
    ...(target.endedAt === undefined ? {} : { ended: moment(target.endedAt) }),
    evidence: [...target.evidence],
    faults: facts.flatMap((fact) =>
      fact.type === "target.faulted" && fact.step === step && fact.target === target.id
        ? [{ at: moment(fact.at), deed: fact.deed, kind: fact.fault.kind, message: fact.fault.message, try: fact.try, attempt: fact.attempt }]
        : [],
    ),
  };
}

function noticeOf(fact: Fact, moment: AsMoment): Report["notices"] {
  switch (fact.type) {
    case "step.told":
      return [{ at: moment(fact.at), about: fact.step, text: fact.text, reached: true }];
    case "target.told":
      return [{ at: moment(fact.at), about: placeText(fact.step, fact.target), text: fact.text, reached: true }];
    case "step.untold":
      return [{ at: moment(fact.at), about: fact.step, text: fact.why, reached: false }];
    case "target.faulted":
      return fact.deed === "tell" ? [{ at: moment(fact.at), about: placeText(fact.step, fact.target), text: fact.fault.message, reached: false }] : [];
    default:
      return [];
  }
}

function notEnded(state: "waiting" | "running" | "ended"): Standing {
  assert(state !== "ended", "what has ended has an ending");
  return state;
}

function ownersOf(index: PlanIndex, step: string): string[] {
  const { owners } = index.step(step);
  return (owners.length > 0 ? owners : index.plan.window.owners).map(({ name }) => name);
}

function placeText(step: string, target: string): string {
  return step === target ? step : `${step} ${target}`;
}
