import type { CompiledStep } from "../plan/compiled.ts";
import { closedTo } from "./control.ts";
import { barrierGroups } from "./next-wave.ts";
import type { PlanIndex } from "./plan-index.ts";
import type { RunState, StepState } from "./state.ts";

/**
 * How what is left of a run is expected to go, if it goes on now and everybody answers at once: from what has happened and from how long
 * steps usually take. It knows no locks and no second tries, so it says the soonest and not the certain. Pure; milliseconds since the epoch.
 */
export interface Outlook {
  /** Steps that have not ended and are still expected to run, each with its span. */
  readonly steps: ReadonlyMap<string, Span>;
  /** When the last of them is expected to have ended; undefined where nothing is left. */
  readonly endsMs?: number;
  /** The last begin that the cutoff counts; undefined where none is left. */
  readonly lastBeginMs?: number;
  /** What determines the end, first to last: each begins when the one before it has ended. */
  readonly path: readonly string[];
}

export interface Span {
  readonly beginMs: number;
  readonly endMs: number;
}

interface Placed extends Span {
  /** The end of its first target, which is what a need per target waits for. */
  readonly firstEndMs: number;
  /** The step that it begins after. */
  readonly after?: string;
}

export function outlookOf({ plan }: PlanIndex, state: RunState, now: number): Outlook {
  const states = new Map(state.steps.map((step) => [step.id, step]));
  const isClosed = closedTo(state.control) !== undefined || state.control.ended !== undefined;
  const placed = new Map<string, Placed>();
  const left = new Set<string>();
  let behind: { readonly ms: number; readonly after?: string } = { ms: now };
  for (const group of barrierGroups(plan.phases)) {
    const phases = new Set(group.map(({ id }) => id));
    for (const step of plan.steps.filter(({ phase }) => phases.has(phase))) {
      const known = states.get(step.id);
      if (known === undefined || (known.state === "waiting" && isClosed && !step.always)) continue;
      placed.set(step.id, known.state === "waiting" ? placedLater(step, placed, behind, now) : placedSo(step, known, now, isClosed && !step.always));
      if (known.state !== "ended") left.add(step.id);
    }
    for (const [id, { endMs }] of placed) if (left.has(id) && endMs > behind.ms) behind = { ms: endMs, after: id };
  }
  const spans = [...placed].filter(([id]) => left.has(id));
  const counted = plan.steps.filter(({ id, always }) => !always && states.get(id)?.state === "waiting").flatMap(({ id }) => placed.get(id)?.beginMs ?? []);
  return {
    steps: new Map(spans.map(([id, { beginMs, endMs }]) => [id, { beginMs, endMs }])),
    ...(spans.length === 0 ? {} : { endsMs: spans.reduce((latest, [, { endMs }]) => Math.max(latest, endMs), now) }),
    ...(counted.length === 0 ? {} : { lastBeginMs: counted.reduce((latest, ms) => Math.max(latest, ms), 0) }),
    path: pathTo(placed, left),
  };
}

/** What has not begun: after its time, all that it needs, and the phases before its own. */
function placedLater(step: CompiledStep, placed: ReadonlyMap<string, Placed>, behind: { readonly ms: number; readonly after?: string }, now: number): Placed {
  let begin: { ms: number; after?: string } = { ms: Math.max(now, behind.ms), ...(behind.after === undefined ? {} : { after: behind.after }) };
  let notBeforeMs = 0;
  for (const need of step.needs) {
    const other = placed.get(need.step);
    if (other === undefined) continue;
    const ms = need.per === "target" ? other.firstEndMs : other.endMs;
    if (need.per === "target") notBeforeMs = Math.max(notBeforeMs, other.endMs + step.expectedMs);
    if (ms > begin.ms) begin = { ms, after: need.step };
  }
  if (step.at !== undefined && Date.parse(step.at) > begin.ms) begin = { ms: Date.parse(step.at) };
  const endMs = Math.max(begin.ms + lastsMs(step, step.targets.length, 0), notBeforeMs);
  return { beginMs: begin.ms, endMs, firstEndMs: begin.ms + step.expectedMs, ...(begin.after === undefined ? {} : { after: begin.after }) };
}

/** What has begun, or is over. @param isClosed none of its targets begins any more. */
function placedSo(step: CompiledStep, { begunAt, endedAt, state, targets }: StepState, now: number, isClosed: boolean): Placed {
  const beginMs = begunAt === undefined ? now : Date.parse(begunAt);
  if (state === "ended") {
    const endMs = endedAt === undefined ? now : Date.parse(endedAt);
    return { beginMs, endMs, firstEndMs: endMs };
  }
  const running = targets.filter((target) => target.state === "running");
  const waiting = isClosed ? 0 : targets.filter((target) => target.state === "waiting").length;
  const runsUntilMs = running.reduce((latest, target) => Math.max(latest, Date.parse(target.begunAt ?? "") + step.expectedMs || now), now);
  return { beginMs, endMs: runsUntilMs + lastsMs(step, waiting, targets.length - waiting), firstEndMs: runsUntilMs };
}

/** How long this many targets take, batch after batch, when so many have begun already. */
function lastsMs({ rolling, targets, expectedMs }: CompiledStep, waiting: number, begun: number): number {
  if (rolling === undefined) return waiting === 0 ? 0 : expectedMs;
  let [ms, left, before] = [0, waiting, 0];
  for (let batch = 0; left > 0 && batch < targets.length; batch++) {
    const size = Math.max(1, rolling.batches[Math.min(batch, rolling.batches.length - 1)] ?? targets.length);
    before += size;
    // Batches that are under way or over count for those that have begun.
    if (before <= begun) continue;
    left -= size;
    ms += expectedMs + (left > 0 ? rolling.pauseMs : 0);
  }
  return ms;
}

function pathTo(placed: ReadonlyMap<string, Placed>, left: ReadonlySet<string>): readonly string[] {
  const path: string[] = [];
  let last: string | undefined;
  for (const id of left) if (last === undefined || (placed.get(id)?.endMs ?? 0) > (placed.get(last)?.endMs ?? 0)) last = id;
  while (last !== undefined && left.has(last) && !path.includes(last)) {
    path.unshift(last);
    last = placed.get(last)?.after;
  }
  return path;
}
