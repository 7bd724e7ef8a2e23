import { listOf } from "../../../shared/plan/schema.ts";
import { readYaml } from "../../../shared/plan/yaml.ts";
import type { CompiledPlan, CompiledStep } from "../../../shared/plan/compiled.ts";
import type { Invariant } from "./aftermath.ts";

/** A plan as its author wrote it: as much of it as can be held against what was compiled without compiling it. */
interface WrittenPlan {
  readonly window: { readonly zone: string; readonly cutoff: string };
  readonly phases: readonly WrittenPhase[];
}
interface WrittenPhase {
  readonly id: string;
  readonly barrier?: boolean;
  readonly needs?: WrittenNeeds;
  readonly changes?: readonly WrittenChange[];
}
interface WrittenChange {
  readonly id: string;
  readonly keys?: string | readonly string[];
  readonly needs?: WrittenNeeds;
  readonly inOrder?: boolean;
  readonly steps?: readonly WrittenStep[];
}
interface WrittenStep {
  readonly id: string;
  readonly action?: string;
  readonly at?: string;
  readonly grace?: string;
  readonly timeout?: string;
  readonly expected?: string;
  readonly startWithin?: string;
  readonly needs?: WrittenNeeds;
  readonly targets?: string | readonly string[];
  readonly maxFailures?: number;
  readonly pause?: string;
  readonly batch?: number | string;
  readonly ramp?: boolean;
  readonly retry?: { readonly attempts?: number };
  readonly onFailure?: string;
  readonly leaves?: string;
  readonly irreversible?: boolean;
  readonly always?: boolean;
  readonly approval?: unknown;
  readonly lift?: { readonly tests?: readonly string[] };
}
type WrittenNeed = string | { readonly step: string; readonly per?: string; readonly as?: string };
type WrittenNeeds = WrittenNeed | readonly WrittenNeed[];

/** Promise 12, from the very beginning: what was compiled says what the plan says. */
export const WRITTEN: readonly Invariant[] = [
  {
    rule: "what runs is what was written",
    promise: 12,
    says: "the compiled plan has every phase, change and step of the plan's text, at its hours, with its needs and its limits",
    check: ({ plan, text }) => (text === undefined ? [] : unlike(plan, text)),
  },
];

const known = new WeakMap<CompiledPlan, readonly string[]>();

/** Every window of a night has the same plan. */
function unlike(plan: CompiledPlan, text: string): readonly string[] {
  let lines = known.get(plan);
  if (lines === undefined) known.set(plan, (lines = differences(plan, readYaml(text, "plan").value as WrittenPlan)));
  return lines;
}

function differences(plan: CompiledPlan, written: WrittenPlan): readonly string[] {
  const steps = new Map(plan.steps.map((step) => [step.id, step]));
  const served = new Map(plan.changes.flatMap((change) => change.steps.flatMap(({ id, servedBy }) => (servedBy === undefined ? [] : [[id, servedBy] as const]))));
  const lines: string[] = [];
  const expect = (what: string, found: unknown, wanted: unknown): void => {
    if (JSON.stringify(found) !== JSON.stringify(wanted)) lines.push(`${what} is ${JSON.stringify(found)}, and the plan says ${JSON.stringify(wanted)}`);
  };
  expect("the zone", plan.window.zone, written.window.zone);
  const cutoff = wallClock(plan.window.cutoff, written.window.zone);
  expect("the cutoff", cutoff, hourOf(written.window.cutoff) ?? cutoff);
  expect(
    "the phases are",
    plan.phases.map(({ id, barrier }) => [id, barrier]),
    written.phases.map(({ id, barrier = false }) => [id, barrier]),
  );
  const changes = written.phases.flatMap((phase) => (phase.changes ?? []).map((change) => ({ phase, change })));
  expect(
    "the changes are",
    plan.changes.map(({ id, keys }) => [id, ...keys]),
    changes.map(({ change }) => [change.id, ...listOf(change.keys)]),
  );
  /** Steps of each change and each phase, by its id. */
  const partsOf = new Map<string, string[]>();
  for (const { phase, change } of changes)
    for (const part of [change.id, phase.id]) partsOf.set(part, [...(partsOf.get(part) ?? []), ...(change.steps ?? []).map(({ id }) => `${change.id}.${id}`)]);
  for (const { phase, change } of changes) {
    for (const [nth, step] of (change.steps ?? []).entries()) {
      const id = `${change.id}.${step.id}`;
      const compiled = steps.get(id);
      if (compiled === undefined) {
        if (!served.has(id)) lines.push(`step ${id} of the plan is not there`);
        continue;
      }
      lines.push(...stepUnlike(compiled, step, written.window.zone));
      const waitsFor = new Set(compiled.needs.map((need) => need.step));
      const isNeeded = (name: string): boolean => {
        const meant = [`${change.id}.${name}`, name, ...(partsOf.get(name) ?? [])];
        return meant.some((one) => waitsFor.has(served.get(one) ?? one));
      };
      const before = change.inOrder === true ? change.steps?.[nth - 1] : undefined;
      const needs = [...listOf(step.needs), ...listOf(change.needs), ...listOf(phase.needs), ...(before === undefined ? [] : [before.id])].map((need) =>
        typeof need === "string" ? need : need.step,
      );
      for (const name of needs)
        if (!isNeeded(name) && partsOf.get(name)?.includes(id) !== true) lines.push(`step ${id} does not wait for ${name}, and the plan says that it needs it`);
      for (const need of listOf(step.needs)) {
        const { step: name, per = "step", as = "success" } = typeof need === "string" ? { step: need } : need;
        const found = compiled.needs.filter((one) => [`${change.id}.${name}`, name].some((each) => (served.get(each) ?? each) === one.step));
        if (found.length > 0 && !found.some((one) => one.per === per && one.as === as)) lines.push(`step ${id} needs ${name} otherwise than the plan says`);
      }
    }
  }
  return lines;
}

function stepUnlike(compiled: CompiledStep, step: WrittenStep, zone: string): readonly string[] {
  const hour = compiled.at === undefined ? undefined : wallClock(compiled.at, zone);
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ["verb", compiled.verb, step.action],
    ["hour", hour, step.at === undefined ? hour : (hourOf(step.at) ?? hour)],
    ["grace", compiled.graceMs, msOf(step.grace) ?? compiled.graceMs],
    ["timeout", compiled.policy.timeoutMs, msOf(step.timeout) ?? compiled.policy.timeoutMs],
    ["expected duration", compiled.expectedMs, msOf(step.expected) ?? compiled.expectedMs],
    ["start", compiled.policy.startWithinMs, msOf(step.startWithin) ?? compiled.policy.startWithinMs],
    ["attempts", compiled.policy.attempts, step.retry?.attempts ?? compiled.policy.attempts],
    ["tolerated failures", compiled.rolling?.maxFailures, step.maxFailures ?? compiled.rolling?.maxFailures],
    ["pause", compiled.rolling?.pauseMs, msOf(step.pause) ?? compiled.rolling?.pauseMs],
    [
      "first batch",
      compiled.rolling?.batches[0],
      step.ramp === true ? 1 : typeof step.batch === "number" ? Math.min(step.batch, compiled.targets.length) : compiled.rolling?.batches[0],
    ],
    ["word on failure", compiled.onFailure, step.onFailure ?? compiled.onFailure],
    ["state that it leaves", compiled.leaves, step.leaves ?? compiled.leaves],
    ["irreversibility", compiled.irreversible, step.irreversible ?? compiled.irreversible],
    ["«always»", compiled.always, step.always ?? compiled.always],
    ["need of an approval", compiled.approval !== undefined, step.approval === undefined ? compiled.approval !== undefined : step.approval !== false],
    ["lift", compiled.lift?.tests.length, step.lift === undefined ? undefined : (step.lift.tests ?? []).length],
    ["count of targets", compiled.targets.length, countOf(step.targets) ?? compiled.targets.length],
  ];
  return pairs.flatMap(([what, found, wanted]) =>
    JSON.stringify(found) === JSON.stringify(wanted) ? [] : [`the ${what} of ${compiled.id} is ${JSON.stringify(found)}, and the plan says ${JSON.stringify(wanted)}`],
  );
}

/** How many targets a list names, where each is one, or a row such as `IC-Web1 - 5`; undefined where a name may stand for a group. */
function countOf(targets: WrittenStep["targets"]): number | undefined {
  const rows = listOf(targets).map((name) => /(\d+) - (\d+)$/.exec(name));
  return rows.length > 0 && rows.every((row) => row !== null) ? rows.reduce((sum, row) => sum + Number(row?.[2]) - Number(row?.[1]) + 1, 0) : undefined;
}

/** `Sat 20:00`, as a clock in the zone shows an instant. */
function wallClock(iso: string, zone: string): string {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).formatToParts(Date.parse(iso));
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? "";
  return `${part("weekday")} ${part("hour")}:${part("minute")}`;
}

/** The same of a text: its day by three letters, its hour by two digits. Of a date, or of an hour that exists twice, nothing. */
function hourOf(text: string): string | undefined {
  const [, day, hour = "", minute = ""] = /^([A-Za-z]+)[ T](\d{1,2}):(\d{2})$/.exec(text.trim()) ?? [];
  return day === undefined ? undefined : `${day.slice(0, 1).toUpperCase()}${day.slice(1, 3).toLowerCase()} ${hour.padStart(2, "0")}:${minute}`;
}

/** Read apart from `durationMs`, by which plans are compiled: a fault of that one is to be seen here. */
function msOf(text: string | undefined): number | undefined {
  const parts = text === undefined ? null : /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  return parts === null ? undefined : ((Number(parts[1] ?? 0) * 60 + Number(parts[2] ?? 0)) * 60 + Number(parts[3] ?? 0)) * 1_000;
}
