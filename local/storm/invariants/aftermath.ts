import type { CompiledPlan, CompiledStep, CompiledTarget } from "../../../shared/plan/compiled.ts";
import type { Ending, Fact, FactOf } from "../../../shared/run/facts.ts";
import type { Entry } from "../../../shared/run/journal.ts";
import { obligationsOf, type Obligation } from "../../../shared/run/obligations.ts";
import { indexOf } from "../../../shared/run/plan-index.ts";
import type { RunState } from "../../../shared/run/state.ts";
import type { Scene } from "../../scene.ts";
import type { Called, Happening } from "../tape.ts";
import type { Struck } from "../weather.ts";

/** A window that is over, with everything that can be held against it. */
export interface Aftermath {
  readonly plan: CompiledPlan;
  /** What it was compiled from, where that is known. */
  readonly text?: string;
  /** Whether the vendors stood before it as the plan expects them. */
  readonly isUsual?: boolean;
  /** What was written down and what was really done, in the order in which it happened. */
  readonly happenings: readonly Happening[];
  /** The vendors as they stood before and as they stand now. */
  readonly before: Scene;
  readonly after: Scene;
  /** All facts, as `Journal.readAll` gives them. */
  readonly entries: readonly Entry[];
  /** None when the window did not come to an end. */
  readonly state: RunState | undefined;
  /** Milliseconds since the epoch, on the world's clock. */
  readonly endedAt: number;
  /** What went wrong. Where clocks were off, instants of facts may be. */
  readonly struck: readonly Struck[];
  /** What telemetry was told. */
  readonly said: ReadonlySet<string>;
  /** What orchestrations were given and gave, as the task hub keeps it. */
  readonly histories: readonly string[];
}

/** Something that must be true of every window, whatever goes wrong in it. */
export interface Invariant {
  /** Short and unique, e.g. `pool floor`. */
  readonly rule: string;
  /** Which of the twelve promises of mission.md it watches. */
  readonly promise: number;
  readonly says: string;
  /** @returns a line for each breach; none when it holds. */
  check(aftermath: Aftermath): readonly string[];
}

export interface Breach {
  readonly rule: string;
  readonly promise: number;
  /** What happened, with names and instants. */
  readonly what: string;
}

/** Calls, with what they left behind. Worked out once for all rules, and so are those of each target. */
export function callsOf(aftermath: Aftermath): readonly Called[] {
  return sortedOut(aftermath).all;
}

/** Calls on behalf of one target, oldest first. */
export function callsFor(aftermath: Aftermath, step: string, target: string): readonly Called[] {
  return sortedOut(aftermath).byTarget.get(`${step}/${target}`) ?? [];
}

/** Facts of one type, oldest first. */
export function factsOf<Type extends Fact["type"]>(aftermath: Aftermath, type: Type): readonly FactOf<Type>[] {
  return (sortedOut(aftermath).byType.get(type) ?? []) as readonly FactOf<Type>[];
}

/** Where facts stand among all that happened, whatever clocks say. */
export function placesOf(aftermath: Aftermath): (fact: Fact) => number {
  const { places } = sortedOut(aftermath);
  return (fact) => places.get(fact) ?? Infinity;
}

/** What was opened, and what became of it, by all facts there are in the end. */
export function owedIn({ entries, plan }: Aftermath): readonly Obligation[] {
  return obligationsOf(
    entries.map(({ fact }) => fact),
    indexOf(plan),
  );
}

interface SortedOut {
  readonly all: readonly Called[];
  readonly byTarget: ReadonlyMap<string, readonly Called[]>;
  readonly byType: ReadonlyMap<string, readonly Fact[]>;
  readonly places: ReadonlyMap<Fact, number>;
}

const known = new WeakMap<Aftermath, SortedOut>();

function sortedOut(aftermath: Aftermath): SortedOut {
  let sorted = known.get(aftermath);
  if (sorted === undefined) {
    const all = aftermath.happenings.filter((one) => one.what === "call");
    const placed = aftermath.happenings.flatMap((one, at) => (one.what === "fact" ? [[one.entry.fact, at] as const] : []));
    sorted = {
      all,
      byTarget: Map.groupBy(all, ({ scope }) => `${scope?.step ?? ""}/${scope?.target ?? ""}`),
      byType: Map.groupBy(
        placed.map(([fact]) => fact),
        ({ type }) => type,
      ),
      places: new Map(placed),
    };
    known.set(aftermath, sorted);
  }
  return sorted;
}

/** By how much instants of facts may be off: clocks of hosts differ by two minutes at the most. */
export function skewOf({ struck }: Aftermath): number {
  return struck.some(({ kind }) => kind === "clock skew") ? 120_000 : 0;
}

/** Whether somebody took an orchestration away: the guard has to find that out and start new ones. */
export function hasLostOrchestrations({ struck }: Pick<Aftermath, "struck">): boolean {
  return struck.some(({ kind }) => kind === "orchestration lost" || kind === "orchestration terminated");
}

const MINUTE_MS = 60_000;
/** From the moment at which something should be noticed until it is, with nothing in the way. */
export const NOTICED_MS = MINUTE_MS;
/** A ring that was lost with its process is rung again by the guard, whose own look and whose ring may be late as well. */
const RUNG_IN_BAD_WEATHER_MS = 15 * MINUTE_MS;
/** Where orchestrations were lost, the guard waits for what may only be late before it starts new ones. */
const STARTED_ANEW_MS = 45 * MINUTE_MS;

/** How long whoever is to do something may take to notice. */
export function patienceOf({ struck }: Pick<Aftermath, "struck">): number {
  if (struck.length === 0) return NOTICED_MS;
  return hasLostOrchestrations({ struck }) ? STARTED_ANEW_MS : RUNG_IN_BAD_WEATHER_MS;
}

/** A word after which nothing begins until somebody says so. */
export const isHold = ({ decision, mode }: FactOf<"decision.made">): boolean => decision === "pause" || (decision === "abort" && mode === "freeze");

export const isTrouble = (as: Ending | undefined): boolean => as === "failed" || as === "unknown";

/** How targets came to rest: the last fact that says so, of each that did. */
export function restsOf(aftermath: Aftermath): (step: string, target: string) => FactOf<"target.rested"> | undefined {
  const rests = new Map(factsOf(aftermath, "target.rested").map((fact) => [`${fact.step}/${fact.target}`, fact]));
  return (step, target) => rests.get(`${step}/${target}`);
}

/** The step, and the target of it, that a call or a fact is about; undefined where the plan has none of that name. */
export function placeIn(plan: CompiledPlan, about: { readonly step: string; readonly target: string } | undefined): PlaceInPlan | undefined {
  const step = about === undefined ? undefined : stepNamed(plan, about.step);
  const target = step?.targets.find(({ id }) => id === about?.target);
  return step === undefined || target === undefined ? undefined : { step, target };
}

export interface PlaceInPlan {
  readonly step: CompiledStep;
  readonly target: CompiledTarget;
}

export function stepNamed({ steps }: CompiledPlan, id: string): CompiledStep | undefined {
  return steps.find((step) => step.id === id);
}
