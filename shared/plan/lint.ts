import type { CompiledPlan, CompiledStep } from "./compiled.ts";
import type { Report } from "./finding.ts";
import type { Draft } from "./outline.ts";
import { timelineOf } from "./timeline.ts";
import type { Span } from "./timeline.ts";
import type { Places } from "./yaml.ts";

export interface Linting {
  readonly plan: Omit<CompiledPlan, "digest">;
  readonly drafts: ReadonlyMap<string, Draft>;
  readonly localText: (instantMs: number) => string;
  readonly places: Places;
  readonly report: Report;
}

/** What is legal but suspicious: each a warning, at the step or the field that a person should look at. */
export function lint(linting: Linting): void {
  const spans = timelineOf(linting.plan);
  const before = reachOf(linting.plan);
  obligations(linting);
  unorderedTouches(linting, before);
  pastTheCutoff(spans, linting);
  for (const step of linting.plan.steps) {
    beforeItsNeeds(step, linting);
    mutableBranch(step, linting);
    ungated(step, linting);
  }
  wholePlan(linting);
}

function obligations({ plan, drafts, places, report }: Linting): void {
  const openers = new Map<string, CompiledStep>();
  const closers = new Map<string, CompiledStep>();
  for (const step of plan.steps) {
    for (const target of step.targets) {
      for (const { id } of target.opens) openers.set(id, openers.get(id) ?? step);
      for (const id of target.closes) closers.set(id, closers.get(id) ?? step);
    }
  }
  const fieldOf = (step: CompiledStep, field: string) => {
    const path = drafts.get(step.id)?.path ?? [];
    return places.ofKey([...path, field]);
  };
  const said = new Set<string>();
  for (const [id, step] of openers) {
    const family = `${step.id}\n${closers.has(id)}`;
    if (closers.has(id) || said.has(family)) continue;
    said.add(family);
    report.warning(
      "never-closed",
      fieldOf(step, "opens"),
      `${step.id} opens \`${id}\`, and nothing in the plan closes it`,
      "add the step that closes it; otherwise it stays open until a person closes it",
    );
  }
  for (const [id, step] of closers) {
    const opener = openers.get(id);
    if (opener === undefined)
      report.warning(
        "closes-nothing",
        fieldOf(step, "closes"),
        `${step.id} closes \`${id}\`, which nothing in the plan opens`,
        `opened are: ${[...openers.keys()].slice(0, 6).join(", ") || "none"}`,
      );
    else if (!step.always)
      report.warning("closing-may-be-skipped", fieldOf(step, "closes"), `${step.id} closes \`${id}\` but would not run after an abort or a failure`, "write `always: true`");
  }
}

/** A user before its prework: it begins, by the clock, before what it needs may. */
function beforeItsNeeds(step: CompiledStep, { plan, drafts, localText, places, report }: Linting): void {
  if (step.at === undefined) return;
  const at = Date.parse(step.at);
  for (const need of step.needs) {
    const other = byId(plan).get(need.step);
    if (other?.at === undefined || Date.parse(other.at) <= at) continue;
    const late = step.graceMs !== undefined && Date.parse(other.at) > at + step.graceMs;
    report.warning(
      "before-its-need",
      places.of([...(drafts.get(step.id)?.path ?? []), "at"]),
      `${step.id} may begin ${localText(at)} but needs ${other.id}, which begins ${localText(Date.parse(other.at))}${late ? ": its grace is over by then" : ""}`,
      "let the clock and the needs agree",
    );
  }
}

/** Said once, at the first step that it happens to: the rest follows from it. */
function pastTheCutoff(spans: ReadonlyMap<string, Span>, { plan, drafts, localText, places, report }: Linting): void {
  const cutoff = Date.parse(plan.window.cutoff);
  const late = plan.steps.filter(({ id, always, derived }) => !always && derived === undefined && (spans.get(id)?.beginMs ?? 0) > cutoff);
  const [first] = [...late].sort((a, b) => (spans.get(a.id)?.beginMs ?? 0) - (spans.get(b.id)?.beginMs ?? 0));
  if (first !== undefined) {
    const others = late.length > 1 ? `, and ${late.length - 1} more after it` : "";
    const begin = localText(spans.get(first.id)?.beginMs ?? 0);
    report.warning(
      "past-cutoff",
      places.of(drafts.get(first.id)?.path ?? []),
      `${first.id} is expected to begin ${begin}, after the cutoff ${localText(cutoff)}${others}`,
      "by then nothing is begun; move it up or leave it out",
    );
  }
  for (const step of plan.steps.filter(({ irreversible }) => irreversible)) {
    const span = spans.get(step.id);
    if (span === undefined || span.beginMs > cutoff || span.endMs <= cutoff) continue;
    report.warning(
      "irreversible-past-cutoff",
      places.of(drafts.get(step.id)?.path ?? []),
      `${step.id} cannot be taken back and is expected to end ${localText(span.endMs)}, after the cutoff ${localText(cutoff)}`,
      "what cannot be finished before the cutoff is not begun",
    );
  }
}

function mutableBranch(step: CompiledStep, { drafts, places, report }: Linting): void {
  if (step.verb !== "pipeline.run") return;
  const { ref } = (step.targets[0]?.params ?? {}) as { ref?: { branch?: string; commit?: string } };
  if (ref?.branch === undefined || ref.commit !== undefined) return;
  report.warning(
    "mutable-branch",
    places.of([...(drafts.get(step.id)?.path ?? []), "with", "ref"]),
    `branch ${ref.branch} may move between the approval and the run`,
    "name a tag, or the commit beside the branch; the preview pins it to a commit all the same",
  );
}

/** Nothing says when it begins: it would begin as the window opens. */
function ungated(step: CompiledStep, { plan, drafts, localText, places, report }: Linting): void {
  const phase = plan.phases.findIndex(({ id }) => id === step.phase);
  if (step.at !== undefined || step.needs.length > 0 || drafts.get(step.id)?.derived !== undefined) return;
  if (phase > 0 && plan.phases[phase]?.barrier === true) return;
  report.warning(
    "nothing-holds-it",
    places.of(drafts.get(step.id)?.path ?? []),
    `nothing says when ${step.id} begins: it would begin as the window opens, ${localText(Date.parse(plan.window.opensAt))}`,
    "give it an `at` or a `needs`, or its phase a barrier",
  );
}

/** Two steps that change one resource in an order that nobody chose. Locks keep them apart all the same. */
function unorderedTouches({ plan, drafts, places, report }: Linting, before: Reach): void {
  const touching = new Map<string, CompiledStep[]>();
  for (const step of plan.steps) {
    if (step.derived !== undefined || step.always) continue;
    for (const resource of new Set(step.targets.flatMap(({ touches }) => touches))) {
      const steps = touching.get(resource) ?? [];
      steps.push(step);
      touching.set(resource, steps);
    }
  }
  const said = new Set<string>();
  for (const [resource, steps] of touching) {
    for (let index = 1; index < steps.length; index++) {
      const [first, second] = [steps[index - 1] as CompiledStep, steps[index] as CompiledStep];
      const pair = `${first.id}\n${second.id}`;
      if (said.has(pair) || (first.at !== undefined && second.at !== undefined && first.at !== second.at) || before(first, second)) continue;
      said.add(pair);
      report.warning(
        "unordered",
        places.of(drafts.get(second.id)?.path ?? []),
        `${first.id} and ${second.id} both change ${resource}, and nothing says which goes first`,
        `let one need the other; while one is at work, the other waits`,
      );
    }
  }
}

function wholePlan({ plan, places, report }: Linting): void {
  const top = places.of(["phases"]);
  if (!plan.steps.some(({ verb }) => verb === "web.check")) report.warning("no-smoke-test", top, "no step looks at the site afterwards", "add a `web.check`");
  const keys = new Map<string, string>();
  for (const change of plan.changes) {
    for (const key of change.keys) {
      const other = keys.get(key);
      if (other !== undefined) report.warning("key-twice", top, `${key} stands at two changes, ${other} and ${change.id}: the ticket hears of both`);
      keys.set(key, change.id);
    }
  }
}

type Reach = (first: CompiledStep, second: CompiledStep) => boolean;

/** How far a look back may go before it gives up: lint must stay linear, and a missed warning harms nobody. */
const LONGEST_LOOK = 5_000;

/** Whether one of two steps must have ended before the other begins: by needs, or by a barrier between their phases. */
function reachOf({ steps, phases }: Pick<CompiledPlan, "steps" | "phases">): Reach {
  const known = new Map(steps.map((step) => [step.id, step]));
  const place = new Map(phases.map(({ id }, index) => [id, index]));
  const apart = (first: CompiledStep, second: CompiledStep): boolean => {
    const later = Math.max(place.get(first.phase) ?? 0, place.get(second.phase) ?? 0);
    return first.phase !== second.phase && phases[later]?.barrier === true;
  };
  const order = new Map(steps.map(({ id }, index) => [id, index]));
  const leadsTo = (from: CompiledStep, to: CompiledStep): boolean => {
    const earliest = order.get(from.id) ?? 0;
    const seen = new Set<string>([to.id]);
    const left = [to];
    while (left.length > 0 && seen.size < LONGEST_LOOK) {
      for (const { step } of left.pop()?.needs ?? []) {
        if (step === from.id) return true;
        const next = known.get(step);
        // What comes before `from` in the order cannot wait for it.
        if (next === undefined || seen.has(step) || (order.get(step) ?? 0) < earliest) continue;
        seen.add(step);
        left.push(next);
      }
    }
    return seen.size >= LONGEST_LOOK;
  };
  return (first, second) => apart(first, second) || leadsTo(first, second) || leadsTo(second, first);
}

const indexes = new WeakMap<object, ReadonlyMap<string, CompiledStep>>();

function byId(plan: { readonly steps: readonly CompiledStep[] }): ReadonlyMap<string, CompiledStep> {
  let index = indexes.get(plan);
  if (index === undefined) {
    index = new Map(plan.steps.map((step) => [step.id, step]));
    indexes.set(plan, index);
  }
  return index;
}
