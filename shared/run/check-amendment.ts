import { canonicalJson, sealed, type CompiledPlan, type CompiledStep } from "../plan/compiled.ts";
import type { Amendment, Problem } from "../plan/amendment.ts";
import { localText } from "../plan/local-time.ts";
import { closedTo, controlOf } from "./control.ts";
import { DECISION_STREAM, ENDINGS, RUN_STREAM, stepStream, type Decision, type PlanChange } from "./facts.ts";
import { streamOf, type Entry } from "./journal.ts";
import { foldStep } from "./next-step.ts";
import { barrierGroups } from "./next-wave.ts";
import { indexOf } from "./plan-index.ts";
import { endangered, isLeftOut } from "./safe-closing.ts";

/** A run, the plan that it follows, and the one that it would follow. */
export interface AmendmentSight {
  readonly amendment: Amendment;
  readonly plan: CompiledPlan;
  /** As it was compiled anew; see `keepingBegun`. */
  readonly next: CompiledPlan;
  /** All facts of the run. */
  readonly entries: readonly Entry[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Checked {
  readonly problems: readonly Problem[];
  readonly changes: readonly PlanChange[];
  /** Steps that are new, and steps that are not as they were. */
  readonly added: readonly string[];
  readonly changed: readonly string[];
  /** What follows from it, for whoever approves it. */
  readonly consequences: readonly string[];
}

/**
 * May the run go on by this plan, after all that has happened? Pure. Everything that is wrong is said at once, each with the step
 * and what can be done:
 *
 *   A1  the run is under way: started, not ended, nothing that closes it up has been decided, its cutoff not over
 *   A2  the window itself (id, zone, cutoff, channels, phases …) is as it was
 *   A3  every step that was there is there, and there is none that the amendment does not name
 *   A4  a step that the amendment does not name is as it was; it may only need added steps besides
 *   A5  a step that has begun or ended is as it was in everything
 *   A6  nothing is moved or added into the past, or past the cutoff
 *   A7  what a moved or added step needs can still come true, and its phase is not over
 *   A8  whatever is open, or will be opened, is still closed by a step to come (safe-closing.ts)
 */
export function checkAmendment(sight: AmendmentSight): Checked {
  const { amendment, plan, next, entries, now } = sight;
  const { zone } = plan.window;
  const problems: Problem[] = [];
  const add = (code: string, step: string | undefined, message: string, hint: string): void => void problems.push({ code, ...(step === undefined ? {} : { step }), message, hint });
  const stood = standingOf(entries);
  const before = new Map(plan.steps.map((step) => [step.id, step]));
  const after = new Map(next.steps.map((step) => [step.id, step]));
  const local = (at: string): string => localText(Date.parse(at), zone);

  underWay(sight, stood, add);
  if (canonicalJson([plan.window, plan.phases]) !== canonicalJson([next.window, next.phases]))
    add(
      "window-differs",
      undefined,
      "compiled anew, the plan's window is another one: its people, channels or phases",
      "the inventory or the version has changed since; put it back as it was, then propose again",
    );

  const named = namedSteps(amendment);
  const added = [...after.keys()].filter((id) => !before.has(id));
  for (const id of before.keys())
    if (!after.has(id)) add("step-gone", id, "compiled anew, the plan lacks it", "the inventory or the version has changed since; put it back as it was, then propose again");
  for (const id of added)
    if (!named.has(id)) add("step-unasked", id, "the amendment does not name it, and it is not in the plan that runs", "put the inventory back as it was, then propose again");

  const changed: string[] = [];
  for (const [id, was] of before) {
    const becomes = after.get(id);
    if (becomes === undefined || same(was, becomes)) {
      if (named.has(id) && becomes !== undefined) add("changes-nothing", id, "it would be as it is", "take this change out of the amendment");
      continue;
    }
    const begun = stood.get(id);
    if (named.has(id)) changed.push(id);
    else if (!onlyNeedsMore(was, becomes, after, new Set(added))) {
      if (!isDerivedFrom(was, named, becomes)) {
        add(
          "differs-unasked",
          id,
          "compiled anew it is another step, although the amendment does not name it",
          "the inventory or the version has changed since; put it back as it was, then propose again",
        );
        continue;
      }
      changed.push(id);
    }
    if (begun === undefined) continue;
    if (!named.has(id))
      add(
        "would-come-too-late",
        id,
        `it ${begun}, and would have to wait for what is added`,
        "add it behind another step, in a phase or change that nothing that has begun waits for",
      );
    else if (begun.startsWith("ended")) add("has-ended", id, `it ${begun}: there is nothing left to change`, "to do it again, add a step like it");
    else add("has-begun", id, `it ${begun}, and what has begun is never changed`, `to end it now: nightshift decide skip --step ${id}, or abort the window`);
  }

  for (const id of [...named, ...added].filter((one, at, all) => all.indexOf(one) === at)) {
    const step = after.get(id);
    if (step === undefined || stood.has(id) || isLeftOut(step)) continue;
    times(step, before.get(id));
    needs(step, before.get(id));
    phase(step);
  }
  problems.push(...endangered({ plan, next, added: new Set(added), stood, entries }));

  return {
    problems,
    changes: amendment.amend.map((entry): PlanChange => {
      const [what, id] =
        "skip" in entry
          ? (["skip", entry.skip] as const)
          : "move" in entry
            ? (["move", entry.move] as const)
            : (["add", `${entry.after.split(".")[0] ?? ""}.${entry.add.id}`] as const);
      const [was, becomes] = [before.get(id), after.get(id)];
      return {
        what,
        step: id,
        title: (becomes ?? was)?.title ?? id,
        ...(was === undefined ? {} : { was: whenText(was, plan) }),
        ...(becomes === undefined || what === "skip" ? {} : { now: whenText(becomes, next) }),
        because: entry.because,
      };
    }),
    added,
    changed,
    consequences: [...named].flatMap((id) => {
      const step = after.get(id);
      if (step === undefined || !isLeftOut(step)) return [];
      const lost = indexOf(next).cascade(id);
      return lost.length === 0 ? [] : [`${id} is left out, so what needs its success is skipped and carried over: ${lost.join("; ")}`];
    }),
  };

  function times(step: CompiledStep, was: CompiledStep | undefined): void {
    if (step.at === undefined || step.at === was?.at) return;
    const at = Date.parse(step.at);
    if (at < now)
      add(
        "in-the-past",
        step.id,
        `${local(step.at)} is over; it is ${localText(now, zone)}`,
        "write a time to come, or leave `at` out of an added step so that it begins as soon as it may",
      );
    if (at > indexOf(plan).cutoff)
      add("past-the-cutoff", step.id, `${local(step.at)} is after the cutoff, ${local(plan.window.cutoff)}`, "no step begins after it; leave the step out, and it is carried over");
  }

  function needs(step: CompiledStep, was: CompiledStep | undefined): void {
    for (const need of step.needs) {
      if (need.as === "end" || was?.needs.some((known) => canonicalJson(known) === canonicalJson(need)) === true) continue;
      const other = after.get(need.step);
      const { ended } = foldStep(streamOf(entries, stepStream(need.step)));
      if (ended !== undefined && !ENDINGS[ended.as].well)
        add(
          "need-has-failed",
          step.id,
          `it needs ${need.step}, which ended ${ended.as}: ${ended.why}`,
          "put it behind another step, or let it need the end of that one only: {step, as: end}",
        );
      else if (other !== undefined && isLeftOut(other)) add("need-is-left-out", step.id, `it needs ${need.step}, which is left out of this window`, "put it behind another step");
    }
    if (was === undefined && step.when !== undefined && "succeeded" in step.when) {
      const { ended } = foldStep(streamOf(entries, stepStream(step.when.succeeded)));
      if (ended !== undefined && !ENDINGS[ended.as].well)
        add("need-has-failed", step.id, `it goes by the success of ${step.when.succeeded}, which ended ${ended.as}`, "leave the condition out");
    }
  }

  function phase({ id, phase: own, change }: CompiledStep): void {
    const groups = barrierGroups(plan.phases).map((group) => new Set(group.map((one) => one.id)));
    const current = groups.findIndex((group) => plan.steps.some((step) => group.has(step.phase) && stood.get(step.id)?.startsWith("ended") !== true));
    if (groups.findIndex((group) => group.has(own)) < current)
      add("phase-is-over", id, `the phase ${own} is over, and what stands behind its barrier is under way`, "add it behind a step of a phase that is not over");
    const told = plan.steps.find((step) => step.derived !== undefined && step.change === change && (step.always || step.verb === "jira.transition") && stood.has(step.id));
    if (told !== undefined && added.includes(id))
      add("change-is-over", id, `the tickets of ${change} have heard that it is over (${told.id})`, "add it behind a step of another change");
  }
}

/**
 * The plan compiled anew, with what must not move put back: when the window opened, and the compiler's own steps for tickets that have
 * begun, which would follow the step that they announce.
 */
export function keepingBegun(plan: CompiledPlan, compiled: CompiledPlan, entries: readonly Entry[]): CompiledPlan {
  const stood = standingOf(entries);
  const kept = new Map(plan.steps.filter(({ id, derived }) => derived !== undefined && stood.has(id)).map((step) => [step.id, step]));
  const { digest: _, ...next } = compiled;
  return sealed({ ...next, window: { ...next.window, opensAt: plan.window.opensAt }, steps: next.steps.map((step) => kept.get(step.id) ?? step) });
}

/** What has become of each step that has begun, as «has begun at …» or «ended done at …». */
function standingOf(entries: readonly Entry[]): ReadonlyMap<string, string> {
  const stood = new Map<string, string>();
  for (const { fact } of entries) {
    if (fact.type === "batch.started" || fact.type === "target.intended") stood.set(fact.step, stood.get(fact.step) ?? `has begun at ${fact.at}`);
    if (fact.type === "step.ended") stood.set(fact.step, `ended ${fact.as} at ${fact.at}`);
  }
  return stood;
}

function underWay(
  { plan, entries, now }: AmendmentSight,
  stood: ReadonlyMap<string, string>,
  add: (code: string, step: string | undefined, message: string, hint: string) => void,
): void {
  const control = controlOf(streamOf(entries, RUN_STREAM), streamOf(entries, DECISION_STREAM) as readonly Decision[]);
  const carried = "what is not done is carried over to the next window";
  if (control.started === undefined) add("not-started", undefined, "the run has not started", "store the plan anew, and have it approved");
  else if (control.ended !== undefined) add("has-ended", undefined, `the run ended at ${control.ended.at}`, carried);
  else if (closedTo(control) !== undefined)
    add("is-closing", undefined, `nothing new begins in this run: ${control.aborted === undefined ? "it was stopped" : `it was aborted by ${control.aborted.by}`}`, carried);
  else if (now >= indexOf(plan).cutoff) add("past-the-cutoff", undefined, "the cutoff is over: nothing but what closes begins", carried);
  else if (plan.steps.every(({ id }) => stood.get(id)?.startsWith("ended") === true)) add("has-ended", undefined, "every step has ended, and the run is closing up", carried);
}

function namedSteps({ amend }: Amendment): ReadonlySet<string> {
  return new Set(amend.map((entry) => ("skip" in entry ? entry.skip : "move" in entry ? entry.move : `${entry.after.split(".")[0] ?? ""}.${entry.add.id}`)));
}

/** The line in the file says nothing about a step. */
function same(was: CompiledStep, now: CompiledStep): boolean {
  return canonicalJson({ ...was, line: 0 }) === canonicalJson({ ...now, line: 0 });
}

/** Comments on tickets follow the first step of their change: its time and its needs are theirs; and what is left out is not moved to «done». */
function isDerivedFrom(was: CompiledStep, named: ReadonlySet<string>, now: CompiledStep): boolean {
  if (was.derived === undefined || ![...named].some((id) => id.startsWith(`${was.change}.`))) return false;
  const { at: _at, when: _when, ...before } = was;
  const { at: _newAt, when: _newWhen, ...after } = now;
  return same({ ...before, needs: [] }, { ...after, needs: [] });
}

/** It waits for added steps besides; what it no longer names itself, one of these waits for. */
function onlyNeedsMore(was: CompiledStep, now: CompiledStep, after: ReadonlyMap<string, CompiledStep>, added: ReadonlySet<string>): boolean {
  if (!same({ ...was, needs: [] }, { ...now, needs: [] })) return false;
  const known = new Set(was.needs.map(canonicalJson));
  const kept = new Set(now.needs.map(canonicalJson));
  const more = now.needs.filter((need) => !known.has(canonicalJson(need)));
  if (more.some(({ step }) => !added.has(step))) return false;
  const through = (ids: readonly string[]): readonly string[] =>
    ids.flatMap((id) => (added.has(id) ? (after.get(id)?.needs ?? []).flatMap(({ step }) => [step, ...through([step])]) : []));
  const reached = new Set(through(more.map(({ step }) => step)));
  return was.needs.every((need) => kept.has(canonicalJson(need)) || reached.has(need.step));
}

/** When a step begins, for people: `Sun 04:45 after web.drain`. */
function whenText({ at, needs }: CompiledStep, plan: CompiledPlan): string {
  const steps = needs.map(({ step }) => step);
  const listed = steps.length > 3 ? `${steps.slice(0, 3).join(", ")} and ${steps.length - 3} more` : steps.join(", ");
  const parts = [...(at === undefined ? [] : [localText(Date.parse(at), plan.window.zone)]), ...(steps.length === 0 ? [] : [`after ${listed}`])];
  return parts.length === 0 ? "as its phase begins" : parts.join(", ");
}
