import { z } from "zod";
import type { CompiledChange, CompiledStep } from "../plan/compiled.ts";
import { isoOf } from "../ports/clock.ts";
import { amendmentsOf, type RunAmended } from "./amendments.ts";
import type { Control } from "./control.ts";
import { controlOf } from "./control.ts";
import { DECISION_STREAM, ENDINGS, WORST_FIRST, RUN_STREAM, stepStream, targetStream, type Decision, type Ending, type Fact } from "./facts.ts";
import type { Entry } from "./journal.ts";
import { liftedBy } from "./lift-word.ts";
import { heldTopic, nextOrder } from "./next-order.ts";
import { nextStep, foldStep } from "./next-step.ts";
import { barrierGroups } from "./next-wave.ts";
import { obligationsOf, type Obligation } from "./obligations.ts";
import type { PlanIndex } from "./plan-index.ts";
import { stepSight, targetSight } from "./sights.ts";
import { walkOf, type Walk } from "./walk.ts";

/** A run as people look at it: API, progress, dashboard and reports all show this. Instants are UTC ISO strings. */
export interface RunState {
  readonly run: string;
  /** When it was looked at, on the run's clock. */
  readonly asOf: string;
  readonly title: string;
  readonly zone: string;
  readonly digest: string;
  readonly cutoff: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly outcome?: "well" | "badly" | "aborted";
  readonly control: Control;
  readonly counts: Readonly<Record<Ending | "running" | "waiting", number>>;
  readonly changes: readonly ChangeState[];
  readonly steps: readonly StepState[];
  readonly obligations: readonly Obligation[];
  /** What people are asked for now. */
  readonly asks: readonly Ask[];
  readonly decisions: readonly Decision[];
  /** How its plan was amended, oldest first; `digest` is that of the plan that came of it. */
  readonly amendments: readonly RunAmended[];
}

export interface ChangeState {
  readonly id: string;
  readonly title: string;
  readonly keys: readonly string[];
  readonly phase: string;
  readonly state: "waiting" | "running" | "ended";
  readonly as?: Ending;
  readonly why?: string;
  readonly notes: readonly string[];
  readonly steps: readonly { readonly id: string; readonly servedBy?: string; readonly title?: string }[];
}

export interface StepState {
  readonly id: string;
  readonly change: string;
  readonly phase: string;
  readonly title: string;
  readonly verb: string;
  readonly at?: string;
  readonly state: "waiting" | "running" | "ended";
  readonly as?: Ending;
  /** How it ended, or what it waits for. */
  readonly why?: string;
  /** Until when it waits at the least, where that is an instant. */
  readonly until?: string;
  readonly begunAt?: string;
  readonly endedAt?: string;
  readonly notes: readonly string[];
  readonly targets: readonly TargetState[];
}

export interface TargetState {
  readonly id: string;
  readonly state: "waiting" | "running" | "ended";
  readonly as?: Ending;
  readonly why?: string;
  readonly note?: string;
  readonly tries: number;
  /** Topics that people were told about, e.g. `late-start#1`, `held#2`. */
  readonly told: readonly string[];
  readonly faults: readonly string[];
  readonly begunAt?: string;
  readonly endedAt?: string;
  readonly evidence: readonly string[];
}

/** Something a person must answer. */
export interface Ask {
  readonly kind: "approval" | "work" | "held" | "lift";
  readonly step: string;
  readonly target?: string;
  readonly title: string;
  readonly text: string;
  readonly of: readonly string[];
  /** Of an approval: digest of the preview that people were shown. An answer that names it is refused once the world has moved. */
  readonly preview?: string;
  /** What that preview says, or what is to be done by hand. */
  readonly lines?: readonly string[];
  /** After this instant the answer comes too late: the step is skipped, or fails. */
  readonly until?: string;
}

/** @param entries all facts of the run, as `Journal.readAll` gives them. @param now milliseconds since the epoch, for reasons to wait. */
export function stateOf(index: PlanIndex, entries: readonly Entry[], now: number): RunState {
  const { plan } = index;
  const read = readerOf(entries);
  const decisions = read(DECISION_STREAM) as readonly Decision[];
  const control = controlOf(read(RUN_STREAM), decisions);
  const steps = plan.steps.map(statesOf(index, read, now));
  const byId = new Map(steps.map((step) => [step.id, step]));
  const counts: Record<Ending | "running" | "waiting", number> = { done: 0, already: 0, dropped: 0, skipped: 0, failed: 0, unknown: 0, running: 0, waiting: 0 };
  for (const step of steps) counts[step.state === "ended" ? (step.as as Ending) : step.state]++;
  return {
    run: plan.window.id,
    asOf: new Date(now).toISOString(),
    title: plan.window.title,
    zone: plan.window.zone,
    digest: plan.digest,
    cutoff: plan.window.cutoff,
    ...(control.started === undefined ? {} : { startedAt: control.started.at }),
    ...(control.ended === undefined ? {} : { endedAt: control.ended.at, outcome: control.ended.outcome }),
    control,
    counts,
    changes: plan.changes.map((change) => changeState(change, byId)),
    steps,
    obligations: obligationsOf(
      entries.map(({ fact }) => fact),
      index,
    ),
    asks: control.ended === undefined ? steps.flatMap((step) => asksOf(index.step(step.id), index.cutoff, read, decisions)) : [],
    decisions,
    amendments: amendmentsOf(read(RUN_STREAM)),
  };
}

/** One change as `stateOf` has it, with its steps and those that serve it; nothing where the plan has no such change. */
export function changeOf(index: PlanIndex, entries: readonly Entry[], now: number, id: string): { readonly change: ChangeState; readonly steps: readonly StepState[] } | undefined {
  const change = index.plan.changes.find((one) => one.id === id);
  if (change === undefined) return undefined;
  const own = new Set(change.steps.map((step) => step.servedBy ?? step.id));
  const steps = index.plan.steps.filter((step) => own.has(step.id)).map(statesOf(index, readerOf(entries), now));
  return { change: changeState(change, new Map(steps.map((step) => [step.id, step]))), steps };
}

type Read = (stream: string) => readonly Fact[];

function readerOf(entries: readonly Entry[]): Read {
  const streams = new Map<string, Fact[]>();
  for (const { stream, fact } of entries) {
    const list = streams.get(stream);
    if (list === undefined) streams.set(stream, [fact]);
    else list.push(fact);
  }
  return (stream) => streams.get(stream) ?? [];
}

function statesOf(index: PlanIndex, read: Read, now: number): (step: CompiledStep) => StepState {
  const behind = phasesBehindBarrier(index, read);
  return (step) => {
    const state = stepState(index, step, read, now);
    // Its own gate knows nothing of barriers: the run starts the steps behind one only once all before it have ended.
    return state.state === "waiting" && behind.has(step.phase) ? behindBarrier(state) : state;
  };
}

/** @param states of its steps at the least, and of those that serve it. */
function changeState({ id, title, keys, phase, notes, steps }: CompiledChange, states: ReadonlyMap<string, StepState>): ChangeState {
  return { id, title, keys, phase, notes, steps, ...changeStanding(steps.flatMap((step) => states.get(step.servedBy ?? step.id) ?? [])) };
}

function behindBarrier(step: StepState): StepState {
  const waiting: { -readonly [Key in keyof StepState]: StepState[Key] } = { ...step, why: "waits for all phases before it to end" };
  delete waiting.until;
  return waiting;
}

function phasesBehindBarrier({ plan }: PlanIndex, read: Read): ReadonlySet<string> {
  const groups = barrierGroups(plan.phases).map((group) => new Set(group.map(({ id }) => id)));
  const current = groups.findIndex((group) => plan.steps.some(({ id, phase }) => group.has(phase) && foldStep(read(stepStream(id))).ended === undefined));
  return new Set(current === -1 ? [] : groups.slice(current + 1).flatMap((group) => [...group]));
}

function stepState(index: PlanIndex, step: CompiledStep, read: Read, now: number): StepState {
  const facts = read(stepStream(step.id));
  const { ended, batches } = foldStep(facts);
  const targets = step.targets.map(({ id }) => targetState(id, read(targetStream(step.id, id)), ended));
  const begunAt = targets.flatMap((target) => target.begunAt ?? []).toSorted()[0];
  const base = {
    id: step.id,
    change: step.change,
    phase: step.phase,
    title: step.title,
    verb: step.verb,
    notes: step.notes,
    targets,
    ...(step.at === undefined ? {} : { at: step.at }),
    // A batch may be let through while each of its targets still waits for its like: it begins with the first that does.
    ...(begunAt === undefined ? {} : { begunAt }),
  };
  if (ended !== undefined) {
    const endedAt = facts.find(({ type }) => type === "step.ended")?.at;
    return { ...base, state: "ended", as: ended.as, why: ended.why, ...(endedAt === undefined ? {} : { endedAt }) };
  }
  if (batches.length > 0) {
    const open = targets.find(({ state }) => state === "running") ?? targets.find(({ state }) => state === "waiting");
    if (begunAt !== undefined || open === undefined) return { ...base, state: "running", ...(open?.note === undefined ? {} : { why: open.note }) };
    const order = nextOrder(targetSight(index, step, open.id, read, now, new Map(), { cancel: false }));
    // The locks of others are not facts of this run: what could begin but for them waits for its turn.
    return order.do === "wait"
      ? { ...base, state: "waiting", why: order.why, until: new Date(order.until).toISOString() }
      : { ...base, state: "waiting", why: "waits for its turn" };
  }
  const order = nextStep(stepSight(index, step, read, now));
  return order.do === "wait" ? { ...base, state: "waiting", why: order.why, until: new Date(order.until).toISOString() } : { ...base, state: "waiting" };
}

function targetState(id: string, facts: readonly Fact[], stepEnded: { as: Ending; why: string } | undefined): TargetState {
  const walk = walkOf(facts);
  const first = facts.find(({ type }) => type === "target.intended")?.at;
  const last = facts.findLast(({ type }) => type === "target.rested")?.at;
  const ending =
    walk.rested ??
    (stepEnded === undefined || walk.everIntended ? undefined : { as: stepEnded.as === "dropped" ? ("dropped" as const) : ("skipped" as const), why: stepEnded.why });
  return {
    id,
    state: ending !== undefined ? "ended" : walk.stage === "fresh" ? "waiting" : "running",
    ...(ending === undefined ? {} : { as: ending.as, why: ending.why }),
    ...noteOf(walk),
    tries: walk.everIntended ? walk.try : 0,
    told: walk.told,
    faults: facts.flatMap((fact) => (fact.type === "target.faulted" ? [`${fact.at} ${fact.deed}: ${fact.fault.message}`] : [])),
    ...(first === undefined ? {} : { begunAt: first }),
    ...(last === undefined ? {} : { endedAt: last }),
    evidence: walk.evidence,
  };
}

function noteOf(walk: Walk): { note?: string } {
  const note = walk.fault?.fault.message ?? walk.note;
  return note === undefined ? {} : { note };
}

function changeStanding(steps: readonly StepState[]): Pick<ChangeState, "state" | "as" | "why"> {
  // What is told about a change (comments, links) does not decide how the change itself stands.
  const own = steps.filter(({ verb }) => !verb.startsWith("jira."));
  const counted = own.length === 0 ? steps : own;
  if (counted.some(({ state }) => state !== "ended")) {
    return { state: counted.every(({ state }) => state === "waiting") ? "waiting" : "running" };
  }
  const as = WORST_FIRST.find((ending) => counted.some((step) => step.as === ending)) ?? "done";
  const why = counted.find((step) => step.as === as && !ENDINGS[as].well)?.why;
  return { state: "ended", as, ...(why === undefined ? {} : { why }) };
}

function asksOf(step: CompiledStep, cutoff: number, read: Read, decisions: readonly Decision[]): readonly Ask[] {
  const { told, ended, preview } = foldStep(read(stepStream(step.id)));
  if (ended !== undefined) return [];
  const asks: Ask[] = [];
  const base = { step: step.id, title: step.title };
  const asked = told.findLast((topic) => topic.startsWith("approval"));
  if (
    asked !== undefined &&
    preview !== undefined &&
    !decisions.some((decision) => decision.decision === "approve" && decision.step === step.id && decision.preview === preview.digest)
  ) {
    asks.push({
      kind: "approval",
      ...base,
      text: [...(step.irreversible ? ["cannot be undone"] : []), ...preview.lines].join("; "),
      of: (step.approval?.by ?? []).map(({ name }) => name),
      preview: preview.digest,
      lines: preview.lines,
      until: isoOf(step.at === undefined || step.graceMs === undefined ? cutoff : Math.min(cutoff, Date.parse(step.at) + step.graceMs)),
    });
  }
  const lift = told.findLast((topic) => topic.startsWith("lift#"));
  if (lift !== undefined && liftedBy(step.id, decisions) === undefined)
    asks.push({ kind: "lift", ...base, text: "it is not done by itself, since the evidence speaks against it", of: step.owners.map(({ name }) => name) });
  for (const { id } of step.targets) {
    const walk = walkOf(read(targetStream(step.id, id)));
    if (walk.rested !== undefined) continue;
    if (step.verb === "person.do" && walk.stage === "begun")
      asks.push({
        kind: "work",
        ...base,
        target: id,
        text: walk.note ?? step.title,
        of: step.owners.map(({ name }) => name),
        ...askedIn(walk),
      });
    const own = decisions.filter((decision) => decision.step === step.id && (decision.target === undefined || decision.target === id));
    if (walk.told.includes(heldTopic(walk, own))) {
      asks.push({ kind: "held", ...base, target: id, text: walk.fault?.fault.message ?? walk.note ?? "it is not done in time", of: step.owners.map(({ name }) => name) });
    }
  }
  return asks;
}

const Asked = z.looseObject({ until: z.iso.datetime(), what: z.string().optional(), evidence: z.string().optional() });

/** What a person is to do and how long they have: `person.do` keeps it in its receipt. */
function askedIn({ receipt }: Walk): Pick<Ask, "until" | "lines"> {
  const asked = Asked.safeParse(receipt).data;
  if (asked === undefined) return {};
  const { until, what, evidence } = asked;
  return { until, ...(what === undefined ? {} : { lines: [what, ...(evidence === undefined ? [] : [`to be shown: ${evidence}`])] }) };
}
