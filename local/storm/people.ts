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

/** What people decide about the whole window, each at its instant. Whoever froze or paused it comes back to it. */
export function stormyDecisions(weather: Weather, { window }: CompiledPlan): NonNullable<RehearsalOptions["decisions"]> {
  const from = Date.parse(window.opensAt) - 5 * MINUTE_MS;
  const to = Date.parse(window.cutoff);
  const decisions: { at: string; by: string; decision: "abort" | "pause" | "resume"; mode?: (typeof ABORT_MODES)[number] }[] = [];
  if (weather.strikes("pause", "window")) {
    const at = weather.number(from, to, "pause");
    decisions.push({ at: isoOf(at), by: "Ada", decision: "pause" }, { at: isoOf(at + weather.number(1, 120, "pause lasts") * MINUTE_MS), by: "Ada", decision: "resume" });
  }
  for (const mode of ABORT_MODES) {
    if (!weather.strikes("abort", mode)) continue;
    const at = weather.number(from, to, "abort", mode);
    decisions.push({ at: isoOf(at), by: "Ben", decision: "abort", mode });
    if (mode === "freeze") decisions.push({ at: isoOf(at + weather.number(1, 3 * 60, "freeze lasts") * MINUTE_MS), by: "Ben", decision: "abort", mode: "close" });
  }
  return decisions.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}
