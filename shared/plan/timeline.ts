import type { CompiledPlan, CompiledStep } from "./compiled.ts";

/** When a step would begin and end if everything took as long as it usually does. Milliseconds since the epoch. */
export interface Span {
  readonly beginMs: number;
  readonly endMs: number;
}

/**
 * The night as expected: each step begins when its time has come, what it needs has ended and no barrier holds it. Steps
 * come in an order in which needs go first; locks and people's answers are not guessed.
 */
export function timelineOf({ steps, phases, window }: Pick<CompiledPlan, "steps" | "phases"> & { readonly window: { readonly opensAt: string } }): ReadonlyMap<string, Span> {
  const opensMs = Date.parse(window.opensAt);
  const place = new Map(phases.map(({ id }, index) => [id, index]));
  const barrierFrom = phases.map(({ barrier }, index) => (barrier ? index : -1));
  const spans = new Map<string, Span>();
  /** Per phase: the end of what has been placed of it so far. Barriers put whole phases before others in the order. */
  const phaseEnds = phases.map(() => opensMs);

  for (const step of steps) {
    const phase = place.get(step.phase) ?? 0;
    const gates = barrierFrom[phase] === phase ? phaseEnds.slice(0, phase) : [];
    const needs = step.needs.map((need) => spans.get(need.step)?.endMs ?? opensMs);
    const beginMs = Math.max(opensMs, step.at === undefined ? opensMs : Date.parse(step.at), ...gates, ...needs);
    const endMs = beginMs + durationOf(step);
    spans.set(step.id, { beginMs, endMs });
    phaseEnds[phase] = Math.max(phaseEnds[phase] ?? opensMs, endMs);
  }
  return spans;
}

/** All batches one after the other; nothing for a step that this plan leaves out. */
export function durationOf({ targets, rolling, expectedMs, when }: CompiledStep): number {
  if (when !== undefined && "never" in when) return 0;
  if (rolling === undefined) return expectedMs;
  let [left, batches] = [targets.length, 0];
  for (; left > 0; batches++) left -= Math.max(1, rolling.batches[Math.min(batches, rolling.batches.length - 1)] ?? 1);
  return batches * expectedMs + Math.max(0, batches - 1) * rolling.pauseMs;
}
