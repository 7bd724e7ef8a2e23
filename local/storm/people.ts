import type { CompiledPlan } from "../../shared/plan/compiled.ts";
import { isoOf } from "../../shared/ports/clock.ts";
import { ABORT_MODES } from "../../shared/run/facts.ts";
import type { RehearsalOptions } from "../rehearse.ts";
import type { Mood } from "../team.ts";
import type { Weather } from "./weather.ts";

const MINUTE_MS = 60_000;

/** How people answer: in time, hours late, never, twice, or otherwise than they were asked. */
export function stormyMood(weather: Weather): Mood {
  return (about, usuallyMs) => {
    if (weather.strikes("no reply", about)) return { afterMs: [] };
    const first = weather.strikes("late reply", about) ? weather.number(30, 300, "late reply", about) * MINUTE_MS : usuallyMs;
    const afterMs = weather.strikes("reply twice", about) ? [first, first + weather.number(0, 20, "reply twice", about) * MINUTE_MS] : [first];
    return weather.strikes("skip instead", about) ? { afterMs, decision: "skip" } : { afterMs };
  };
}

/** What people decide about work that is held, and after how long; none: nothing. */
export function stormyPatience(weather: Weather): NonNullable<RehearsalOptions["whenHeld"]> {
  return (about) => {
    const decision = weather.strikes("retry ordered", about) ? "retry" : weather.strikes("skipped when held", about) ? "skip" : undefined;
    return decision === undefined ? undefined : { decision, afterMs: weather.number(1, 90, "answer to what is held", about) * MINUTE_MS };
  };
}

/** What people decide about the whole window, each at its instant. Whoever froze or paused it comes back to it. */
export function stormyDecisions(weather: Weather, { window, steps }: CompiledPlan): NonNullable<RehearsalOptions["decisions"]> {
  const from = Date.parse(window.opensAt) - 5 * MINUTE_MS;
  const to = Date.parse(window.cutoff);
  const decisions: { at: string; by: string; decision: "abort" | "pause" | "resume" | "skip"; mode?: (typeof ABORT_MODES)[number]; step?: string; target?: string }[] = [];
  const hours = [...new Set(steps.flatMap(({ at }) => (at === undefined ? [] : [Date.parse(at)])))];
  /** Every other time an hour at which something is to begin. */
  const hourOf = (...names: readonly string[]): number | undefined =>
    weather.number(0, 1, ...names, "by the hour") === 0 ? undefined : hours[weather.number(0, hours.length - 1, ...names, "by which hour")];
  if (weather.strikes("pause", "window")) {
    // There a pause costs more than time.
    const hour = hourOf("pause");
    const at = hour === undefined ? weather.number(from, to, "pause") : hour - weather.number(0, 20 * MINUTE_MS, "pause before the hour");
    decisions.push({ at: isoOf(at), by: "Ada", decision: "pause" }, { at: isoOf(at + weather.number(1, 120, "pause lasts") * MINUTE_MS), by: "Ada", decision: "resume" });
  }
  const left = steps[weather.number(0, steps.length - 1, "which step is skipped")];
  if (left !== undefined && weather.strikes("step skipped", "window")) decisions.push({ at: isoOf(weather.number(from, to, "skip")), by: "Ben", decision: "skip", step: left.id });
  const fanned = steps.filter(({ targets }) => targets.length > 1);
  const some = fanned[weather.number(0, Math.max(0, fanned.length - 1), "which step's target is skipped")];
  const one = some?.targets[weather.number(0, some.targets.length - 1, "which target is skipped")];
  if (some !== undefined && one !== undefined && weather.strikes("target skipped", "window"))
    decisions.push({ at: isoOf(weather.number(from, to, "skip of a target")), by: "Ben", decision: "skip", step: some.id, target: one.id });
  for (const mode of ABORT_MODES) {
    if (!weather.strikes("abort", mode)) continue;
    // There something runs, and more is to come.
    const hour = hourOf("abort", mode);
    const at = hour === undefined ? weather.number(from, to, "abort", mode) : hour + weather.number(-5 * MINUTE_MS, 30 * MINUTE_MS, "abort about the hour", mode);
    decisions.push({ at: isoOf(at), by: "Ben", decision: "abort", mode });
    if (weather.strikes("abort again", mode)) {
      const again = ABORT_MODES[weather.number(0, ABORT_MODES.length - 1, "abort again how", mode)] ?? mode;
      decisions.push({ at: isoOf(at + soonMs(weather, "abort again", mode)), by: "Ada", decision: "abort", mode: again });
    }
    if (weather.strikes("resume after abort", mode)) decisions.push({ at: isoOf(at + soonMs(weather, "resume after abort", mode)), by: "Ada", decision: "resume" });
    // Whoever froze it comes back to it, whatever others have decided.
    if (mode === "freeze") decisions.push({ at: isoOf(at + weather.number(1, 3 * 60, "freeze lasts") * MINUTE_MS), by: "Ben", decision: "abort", mode: "close" });
  }
  return decisions.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** Within a minute every other time, while what was decided first is still being followed, else within an hour. */
function soonMs(weather: Weather, ...names: readonly string[]): number {
  return weather.number(0, 1, "soon", ...names) === 0 ? weather.number(1, 60, ...names) * 1_000 : weather.number(1, 60, ...names) * MINUTE_MS;
}
