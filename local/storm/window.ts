import { createHash } from "node:crypto";
import { Fault } from "../../shared/fault/fault.ts";
import type { CompiledPlan } from "../../shared/plan/compiled.ts";
import { isoOf } from "../../shared/ports/clock.ts";
import { START_LEAD_MS } from "../../shared/run/due.ts";
import type { Entry } from "../../shared/run/journal.ts";
import type { Store } from "../durable/store.ts";
import { memoryStore } from "../durable/store-memory.ts";
import { heardJournal } from "../heard-journal.ts";
import { memoryJournal } from "../memory-journal.ts";
import { rehearse, type Rehearsal, type RehearsalOptions } from "../rehearse.ts";
import type { Scene } from "../scene.ts";
import { slowActivities, stormyBackend, stormyClocks, stormyDeaths, stormyHub, stormyOverlaps, stormyStorage } from "./backend.ts";
import { breachesOf } from "./invariants/invariants.ts";
import type { Aftermath, Breach } from "./invariants/aftermath.ts";
import type { Profile } from "./misfortunes.ts";
import { stormyDecisions, stormyMood, stormyPatience } from "./people.ts";
import { stormyOutages, stormyRoad } from "./road.ts";
import { tapeOf, type Happening } from "./tape.ts";
import { transcriptOf } from "./transcript.ts";
import { weatherOf, type Struck } from "./weather.ts";
import { meddlers, strangers, stormyWorlds } from "./worlds.ts";

/** A night that can be had: the plan for a date, and the vendors before it. */
export interface Night {
  readonly plan: CompiledPlan;
  /** What it was compiled from. */
  readonly text?: string;
  /** Whether the vendors stand before it as the plan expects them. */
  readonly isUsual?: boolean;
  /** A fresh scene each time, always the same. */
  scene(): Scene;
}

export interface StormyWindow {
  /** The night that was planned first, then those on which the clocks change, where the plan can be for them. */
  readonly nights: readonly [Night, ...Night[]];
  readonly seed: number;
  readonly profile: Profile;
  /** Ids of misfortunes: these strike and no others. */
  readonly only?: ReadonlySet<string>;
  /** Takes one line of JSON for each exchange with a vendor. */
  readonly record?: (line: string) => void;
  /** In the place of one that writes the tracking workbook as an `.xlsx` file. */
  readonly workbookFile?: RehearsalOptions["workbookFile"];
}

/** What became of one window. */
export interface Verdict {
  readonly seed: number;
  /** The window's Sunday. */
  readonly date: string;
  /** `none`: it did not come to an end. */
  readonly outcome: "well" | "badly" | "aborted" | "none";
  readonly breaches: readonly Breach[];
  readonly struck: readonly Struck[];
  readonly facts: number;
  readonly calls: number;
  readonly effects: number;
  /** sha-256 of the transcript, which has all that happened in its order: two runs of one seed have the same. */
  readonly transcript: string;
}

/** The guard is watched for so long after the end of a run that has left something open. */
const GUARDED_FOR_MS = 3 * 3_600_000;

/** A window, with all that happened in it. */
export interface Weathered {
  readonly verdict: Verdict;
  readonly plan: CompiledPlan;
  readonly entries: readonly Entry[];
  readonly happenings: readonly Happening[];
}

/**
 * Runs one window in the weather of a seed, and holds what happened against what must always be true. The tracking workbook's rows are attached without the
 * format of a spreadsheet, which takes longer than all else that the page is told; nothing that is written down says which of the two it was.
 */
export async function stormyWindow(window: StormyWindow): Promise<Verdict> {
  return (await weathered({ workbookFile: (workbook) => Promise.resolve(Buffer.from(JSON.stringify(workbook))), ...window })).verdict;
}

/** The same, with all that happened. */
export async function weathered({ nights, seed, profile, only, record, workbookFile }: StormyWindow): Promise<Weathered> {
  const weather = weatherOf({ seed, profile, ...(only === undefined ? {} : { only }) });
  const night = nights.slice(1).find(({ plan }) => weather.strikes("clocks change", plan.window.date)) ?? nights[0];
  const { plan } = night;
  const [before, after] = [night.scene(), night.scene()];
  stormyWorlds(weather, plan, before, seed);
  after.worlds = structuredClone(before.worlds);
  const tape = tapeOf(after);
  const [facts, store] = [memoryJournal(), memoryStore()];
  const usualStart = Date.parse(plan.window.opensAt) - START_LEAD_MS;
  const startAt = weather.strikes("late start", "window") ? isoOf(usualStart + weather.number(10, 300, "late start") * 60_000) : isoOf(usualStart);
  const outages = stormyOutages(weather, plan);
  const [othersAt, hubAt] = [strangers(weather, plan, after), stormyHub(weather, plan)];
  let rehearsal: Rehearsal | undefined;
  let why = "";
  try {
    rehearsal = await rehearse({
      plan,
      startAt,
      scene: after,
      journal: heardJournal(tape.hearing(facts), meddlers(weather, plan, after)),
      store,
      telemetry: tape.telemetry,
      road: (direct, now) => stormyRoad(weather, outages, tape.listening(direct, now), now),
      storage: (journal) => stormyStorage(weather, journal),
      faults: stormyBackend(weather),
      overlaps: stormyOverlaps(weather),
      killAt: stormyDeaths(weather),
      skewMs: stormyClocks(weather),
      activityLatencyMs: slowActivities(weather),
      mood: stormyMood(weather),
      whenHeld: stormyPatience(weather),
      decisions: stormyDecisions(weather, plan),
      during(host) {
        othersAt(host);
        hubAt(host);
      },
      ...(workbookFile === undefined ? {} : { workbookFile }),
      ...(record === undefined ? {} : { record }),
      guardedForMs: GUARDED_FOR_MS,
    });
  } catch (thrown) {
    why = thrown instanceof Fault ? thrown.message : thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  }
  const entries = await facts.readAll(plan.window.id);
  const { happenings } = tape;
  const aftermath: Aftermath = {
    plan,
    ...(night.text === undefined ? {} : { text: night.text }),
    isUsual: night.isUsual === true,
    before,
    after,
    happenings,
    entries,
    struck: weather.struck,
    state: rehearsal?.state,
    endedAt: happenings.at(-1)?.at ?? 0,
    said: tape.said,
    histories: historiesIn(store),
  };
  const breaches = breachesOf(aftermath);
  const verdict: Verdict = {
    seed,
    date: plan.window.date,
    outcome: rehearsal?.state.outcome ?? "none",
    breaches: rehearsal === undefined ? [{ rule: "comes to an end", promise: 12, what: why }, ...breaches] : breaches,
    struck: weather.struck,
    facts: entries.length,
    calls: happenings.filter(({ what }) => what === "call").length,
    effects: happenings.reduce((sum, one) => sum + (one.what === "call" ? one.done.length : 0), 0),
    transcript: createHash("sha256").update(transcriptOf(happenings)).digest("hex"),
  };
  return { verdict, plan, entries, happenings };
}

/** What every orchestration was given and gave, as its latest history has it. */
function historiesIn(store: Store): readonly string[] {
  const { rows } = store.list({ top: Number.MAX_SAFE_INTEGER });
  return rows.flatMap(({ instanceId }) => store.history(instanceId).flatMap(({ Input, Result }) => [Input, Result].filter((text) => typeof text === "string")));
}
