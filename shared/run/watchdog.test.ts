import { describe, expect, it } from "vitest";
import { OPENS_AT, planWith } from "../../test/support/plan-with.ts";
import type { Fact } from "./facts.ts";
import type { RunState } from "./state.ts";
import { beatOf, clockText, kickoffsOf, nextWatch, wordsOf, type Kickoff, type Seen } from "./watchdog.ts";

const MINUTE = 60_000;
const OPENS = Date.parse(OPENS_AT);
const pipeline = { name: "Preparation", organization: "o", project: "p", id: 7 };
const plan = planWith({
  "prep.run": { at: OPENS_AT, verb: "pipeline.run", title: "Reschedule the jobs", graceMs: 45 * MINUTE, targets: [{ id: "prep.run", params: { pipeline } }] },
  "patch.apps": { needs: ["prep.run"], title: "Patch the app servers" },
  "tell.end": { at: OPENS_AT, always: true },
  "never.run": { at: OPENS_AT, when: { never: "dropped by Ada" } },
});
const [kickoff] = kickoffsOf(plan) as [Kickoff];
const NO: Seen = { started: "no", note: "Preparation lists no run of ours." };
const climbed = (...rungs: string[]): Fact[] => rungs.map((rung) => ({ type: "watch.climbed", at: OPENS_AT, step: "prep.run", target: "prep.run", rung, note: "" }));
const stateWith = (step: object): RunState => ({ steps: [{ id: "prep.run", targets: [], ...step }] }) as unknown as RunState;
const next = (minutes: number, facts: readonly Fact[] = [], seen = NO, state?: RunState) => nextWatch(kickoff, seen, state, facts, OPENS + minutes * MINUTE);

it("expects the steps with a time of their own, and neither what closes nor what never runs", () => {
  expect(kickoffsOf(plan)).toMatchObject([
    { step: "prep.run", at: OPENS, lastSafe: OPENS + 45 * MINUTE, keys: "2024-12-08/prep.run/prep.run/", pipeline, cascade: ["Patch the app servers"] },
  ]);
});

describe("the ladder", () => {
  it("tries the start after a minute and at every look, tells after five, pages after fifteen, each once", () => {
    expect(next(0.9)).toMatchObject({ do: "nothing" });
    expect(next(1)).toMatchObject({ do: "climb", rungs: ["start"] });
    expect(next(4.9, climbed("start"))).toMatchObject({ rungs: ["start"] });
    expect(next(5, climbed("start"))).toMatchObject({ rungs: ["start", "slack"] });
    expect(next(6, climbed("start", "slack"))).toMatchObject({ rungs: ["start"] });
    expect(next(15, climbed("start", "slack"))).toMatchObject({ rungs: ["start", "page"] });
    expect(next(16, climbed("start", "slack", "page"))).toMatchObject({ rungs: ["start"] });
  });

  it("is caught up with by a watchdog that was away itself", () => {
    expect(next(20)).toMatchObject({ rungs: ["start", "slack", "page"] });
  });

  it("ends past the last safe minute: what is lost is said once, and nothing is started any more", () => {
    expect(next(45, climbed("slack", "page"))).toMatchObject({ rungs: ["lost"] });
    expect(next(46, climbed("slack", "page", "lost"))).toMatchObject({ do: "settle", late: false });
  });

  it("ends when the record shows a start, and says so to those who were told otherwise", () => {
    const yes: Seen = { started: "yes", note: "Stage Pre began." };

    expect(next(2, [], yes)).toMatchObject({ do: "settle", late: false });
    expect(next(7, climbed("slack"), yes)).toMatchObject({ do: "settle", late: true });
    expect(next(60, [{ type: "watch.settled", at: OPENS_AT, step: "prep.run", target: "prep.run", note: "" }])).toMatchObject({ do: "nothing" });
  });

  it("says nothing more of what was said to be lost, unless it started after all", () => {
    const told = climbed("slack", "page", "lost");

    expect(next(50, told, NO, stateWith({ state: "ended", as: "failed", why: "it did not start" }))).toMatchObject({ do: "settle", late: false });
    expect(next(50, told, { started: "yes", note: "Stage Pre began." })).toMatchObject({ do: "settle", late: true });
  });

  it("is not climbed for what the run answers for: skipped, or held on purpose", () => {
    expect(next(6, [], NO, stateWith({ state: "ended", as: "dropped", why: "skipped by Ada" }))).toMatchObject({ do: "settle" });
    expect(next(6, [], NO, stateWith({ state: "waiting", why: "paused by Ada" }))).toMatchObject({ do: "nothing" });
    expect(next(6, [], NO, stateWith({ state: "waiting", why: "not before 20:00" }))).toMatchObject({ do: "climb" });
  });

  it("does not take the run's word that a pipeline started", () => {
    expect(next(6, [], NO, stateWith({ state: "running", targets: [{ id: "prep.run", begunAt: OPENS_AT }] }))).toMatchObject({ do: "climb" });
  });
});

describe("the heartbeat", () => {
  const armed = { ok: true, why: "" };

  it("says in the hours before the window when it starts, once", () => {
    expect(beatOf(plan, armed, [], OPENS - 181 * MINUTE)).toBeUndefined();
    expect(beatOf(plan, armed, [], OPENS - 180 * MINUTE)).toEqual({ armed: true, text: "Maintenance of 2024-12-08: armed, next start 8:00 PM EST." });
    expect(beatOf(plan, armed, [{ type: "watch.beat", at: OPENS_AT, armed: true, text: "" }], OPENS - MINUTE)).toBeUndefined();
  });

  it("says that a window is not armed and why, and that it is once it is", () => {
    const bad: Fact[] = [{ type: "watch.beat", at: OPENS_AT, armed: false, text: "" }];

    expect(beatOf(plan, { ok: false, why: "nobody has approved it" }, [], OPENS - MINUTE)?.text).toContain("NOT armed for its start at 8:00 PM EST: nobody has approved it");
    expect(beatOf(plan, { ok: false, why: "nobody has approved it" }, bad, OPENS - MINUTE)).toBeUndefined();
    expect(beatOf(plan, armed, bad, OPENS - MINUTE)).toMatchObject({ armed: true });
  });
});

it("says what is lost, and what can still be done", () => {
  const { text, lines } = wordsOf(kickoff, "lost", "Preparation lists no run of ours.", "America/New_York", OPENS + 46 * MINUTE);

  expect([text, ...lines].join("\n")).toContain("Lost: this, and what needs it: Patch the app servers.");
  expect(clockText(Date.parse("2024-07-07T00:00:00.000Z"), "America/New_York")).toBe("8:00 PM EDT");
});
