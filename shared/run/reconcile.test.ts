import { describe, expect, it } from "vitest";
import { ADA, CUTOFF, OPENS_AT, planWith } from "../../test/support/plan-with.ts";
import { DECISION_STREAM, GUARD_STREAM, RUN_STREAM, stepStream, targetStream, type Decision, type Fact } from "./facts.ts";
import { indexOf } from "./plan-index.ts";
import { ACKNOWLEDGED_FOR_MS, ALARM_AGAIN_MS, isQuiet, reconcile, type GuardOrder } from "./reconcile.ts";

const OUT = { id: "out-of-pool:IC-Web1", what: "IC-Web1 is out of pool web" };
const plan = planWith({ "web.drain": { owners: [ADA], targets: [{ id: "IC-Web1", opens: [OUT] }] } });
const index = indexOf(plan);
const after = (instant: string, ms: number): string => new Date(Date.parse(instant) + ms).toISOString();
const MINUTE = 60_000;
const RUN = "2024-12-08";
const ENDED_AT = "2024-12-08T12:00:00.000Z";

const started: Fact = { type: "run.started", at: OPENS_AT, digest: plan.digest, by: "Ada" };
const ended: Fact = { type: "run.ended", at: ENDED_AT, outcome: "badly", headline: "" };
const where = { step: "web.drain", target: "IC-Web1" };
const opened: Fact[] = [
  { type: "target.intended", at: OPENS_AT, ...where, deed: "begin", try: 1, attempt: 1, opens: [OUT] },
  { type: "target.begun", at: OPENS_AT, ...where, try: 1, receipt: {} },
];
const undoFaulted = (at: string, attempt: number, kind: "unavailable" | "conflict" = "unavailable"): Fact => ({
  type: "target.faulted",
  at,
  ...where,
  deed: "undo",
  try: 1,
  attempt,
  fault: { kind, message: "the pool does not answer" },
});

interface Sight {
  readonly now: string;
  readonly alive?: boolean;
  /** Orchestrations that have not ended. */
  readonly left?: readonly string[];
  readonly gone?: readonly string[];
  readonly asleep?: readonly string[];
  readonly run?: readonly Fact[];
  readonly step?: readonly Fact[];
  readonly target?: readonly Fact[];
  readonly guard?: readonly Fact[];
  readonly decisions?: readonly Fact[];
  readonly hasUndo?: boolean;
}

function ordersOf({
  now,
  alive = true,
  left = [],
  gone = [RUN],
  asleep = [],
  run = [started],
  step = [],
  target = [],
  guard = [],
  decisions = [],
  hasUndo = true,
}: Sight): readonly GuardOrder[] {
  const streams: [string, readonly Fact[]][] = [
    [RUN_STREAM, run],
    [stepStream("web.drain"), step],
    [targetStream("web.drain", "IC-Web1"), target],
    [GUARD_STREAM, guard],
    [DECISION_STREAM, decisions],
  ];
  const entries = streams.flatMap(([stream, facts]) => facts.map((fact, seq) => ({ stream, seq, fact })));
  return reconcile({ index, entries, now: Date.parse(now), gone: alive ? [] : gone, asleep, alive: left, hasUndo: () => hasUndo });
}

describe("a run without an orchestration", () => {
  const missed: Fact = { type: "guard.missed", at: "2024-12-08T02:00:00.000Z", why: "gone" };
  const resumed = (at: string): Fact => ({ type: "guard.resumed", at, by: "orchestration", why: "" });

  it("is noted first, and gone on with when it is gone still a few minutes later", () => {
    expect(ordersOf({ now: "2024-12-08T02:00:00.000Z", alive: false })).toMatchObject([{ do: "miss" }]);
    expect(ordersOf({ now: "2024-12-08T02:01:00.000Z", alive: false, guard: [missed] })).toEqual([]);
    expect(ordersOf({ now: "2024-12-08T02:05:00.000Z", alive: false, guard: [missed] })).toMatchObject([{ do: "resume", by: "orchestration" }]);
  });

  it("is left alone when it is back, and when it has not been started or has ended", () => {
    expect(ordersOf({ now: "2024-12-08T02:05:00.000Z", guard: [missed] })).toEqual([]);
    expect(ordersOf({ now: "2024-12-08T02:05:00.000Z", alive: false, run: [] })).toEqual([]);
    expect(ordersOf({ now: "2024-12-08T13:00:00.000Z", alive: false, run: [started, ended] })).toEqual([]);
  });

  it("has what is left of its orchestrations ended before it is gone on with", () => {
    const left = [`${RUN}.web~2edrain`];

    expect(ordersOf({ now: "2024-12-08T02:05:00.000Z", alive: false, left, guard: [missed] })).toMatchObject([{ do: "clear", instances: left }]);
  });

  it("is given a quarter of an hour where what is missed is there and only does not hear: its answer may be late", () => {
    const left = [RUN, `${RUN}.web~2edrain`];

    expect(ordersOf({ now: "2024-12-08T02:10:00.000Z", alive: false, left, guard: [missed] })).toEqual([]);
    expect(ordersOf({ now: "2024-12-08T02:15:00.000Z", alive: false, left, guard: [missed] })).toMatchObject([{ do: "clear", instances: left }]);
  });

  it("is given a quarter of an hour where a step of it is missed that has done nothing yet: its start may be late", () => {
    const drain = `${RUN}.web~2edrain`;
    const sight = { alive: false, gone: [drain], left: [RUN], guard: [{ ...missed, instances: [drain] }] };
    const begun: Fact = { type: "target.rested", at: OPENS_AT, ...where, as: "done", why: "" };

    expect(ordersOf({ now: "2024-12-08T02:10:00.000Z", ...sight })).toEqual([]);
    expect(ordersOf({ now: "2024-12-08T02:15:00.000Z", ...sight })).toMatchObject([{ do: "clear", instances: [RUN] }]);
    expect(ordersOf({ now: "2024-12-08T02:05:00.000Z", ...sight, target: [begun] })).toMatchObject([{ do: "clear", instances: [RUN] }]);
  });

  it("is noted anew where what is missed has done something since", () => {
    const drain = `${RUN}.web~2edrain`;
    const sight = { now: "2024-12-08T02:15:00.000Z", alive: false, gone: [drain], left: [RUN, drain], guard: [{ ...missed, instances: [drain] }] };
    const batch = (at: string): Fact => ({ type: "batch.started", at, step: "web.drain", targets: ["IC-Web1"], failuresBefore: 0 });

    expect(ordersOf({ ...sight, step: [batch("2024-12-08T02:01:00.000Z")] })).toMatchObject([{ do: "miss", instances: [drain] }]);
    expect(ordersOf({ ...sight, step: [batch(missed.at)] }), "it was rung by the very look that missed it").toMatchObject([{ do: "miss", instances: [drain] }]);
    expect(ordersOf({ ...sight, step: [batch("2024-12-08T01:59:00.000Z")] })).toMatchObject([{ do: "clear" }]);
  });

  it("is noted anew when others are gone than before", () => {
    const others: Fact = { ...missed, instances: [`${RUN}.web~2edrain`] };

    expect(ordersOf({ now: "2024-12-08T02:05:00.000Z", alive: false, guard: [others] })).toMatchObject([{ do: "miss", instances: [RUN] }]);
  });

  it("is noted anew when what was noted has been answered", () => {
    expect(ordersOf({ now: "2024-12-08T02:09:00.000Z", alive: false, guard: [missed, resumed("2024-12-08T02:05:00.000Z")] })).toMatchObject([{ do: "miss" }]);
  });

  it("is gone on with by the guard itself when two new ones came to nothing", () => {
    const guard = [resumed("2024-12-08T01:40:00.000Z"), resumed("2024-12-08T01:50:00.000Z"), missed];

    expect(ordersOf({ now: "2024-12-08T02:05:00.000Z", alive: false, guard })).toMatchObject([{ do: "resume", by: "guard" }]);
  });
});

describe("a run that is held", () => {
  const held = (decision: "abort" | "pause", at = OPENS_AT): Fact => ({
    type: "decision.made",
    at,
    id: at,
    decision,
    by: "Ada",
    ...(decision === "abort" ? { mode: "freeze" } : {}),
  });
  const alarmed = (at: string, nth: number): Fact => ({ type: "guard.alarmed", at, about: "held", nth, lines: [] });
  const alarms = (sight: Sight): readonly GuardOrder[] => ordersOf(sight).filter((order) => order.do === "alarm");

  it.each([
    ["abort", "frozen"],
    ["pause", "paused"],
  ] as const)("by %s is brought to mind every half hour, with what is open and the two words that end it", (decision, word) => {
    const decisions = [held(decision)];

    expect(alarms({ now: after(OPENS_AT, ALARM_AGAIN_MS - 1), decisions })).toEqual([]);
    expect(alarms({ now: after(OPENS_AT, ALARM_AGAIN_MS), decisions, target: opened })).toMatchObject([
      {
        about: "held",
        nth: 1,
        mention: plan.window.owners.map(({ slackId }) => slackId),
        text: expect.stringContaining(`is ${word} by Ada since `),
        lines: [
          expect.stringContaining("is skipped"),
          expect.stringContaining(OUT.what),
          expect.stringMatching(/decide resume --run .* decide abort --run .* --mode close/),
          expect.any(String),
        ],
      },
    ]);
    expect(alarms({ now: after(OPENS_AT, 59 * MINUTE), decisions, guard: [alarmed(after(OPENS_AT, 30 * MINUTE), 1)] })).toEqual([]);
    expect(alarms({ now: after(OPENS_AT, 60 * MINUTE), decisions, guard: [alarmed(after(OPENS_AT, 30 * MINUTE), 1)] })).toMatchObject([{ nth: 2 }]);
  });

  it("is brought to mind by nobody once it was resumed, aborted for good, or has ended; and anew when it is held again", () => {
    const resumed: Fact = { type: "decision.made", at: after(OPENS_AT, MINUTE), id: "2", decision: "resume", by: "Ben" };
    const aborted: Fact = { type: "decision.made", at: after(OPENS_AT, MINUTE), id: "3", decision: "abort", mode: "close", by: "Ben" };
    const now = after(OPENS_AT, 5 * ALARM_AGAIN_MS);
    const again = held("abort", after(OPENS_AT, 2 * ALARM_AGAIN_MS));

    expect(alarms({ now, decisions: [held("abort"), resumed] })).toEqual([]);
    expect(alarms({ now, decisions: [held("abort"), aborted] })).toEqual([]);
    expect(alarms({ now, decisions: [held("abort")], run: [started, ended] })).toEqual([]);
    expect(alarms({ now: after(again.at, ALARM_AGAIN_MS), decisions: [held("abort"), resumed, again], guard: [alarmed(after(OPENS_AT, 30 * MINUTE), 1)] })).toMatchObject([
      { nth: 2 },
    ]);
  });

  it("is no quiet run, so that the guard looks at it", () => {
    const quiet = (decisions: readonly Fact[]): boolean => isQuiet({ index, now: Date.parse(OPENS_AT), gone: [], asleep: [] }, [started], decisions as readonly Decision[]);

    expect([quiet([]), quiet([held("pause")]), quiet([held("abort")])]).toEqual([true, false, false]);
  });
});

it("rings everybody while an aborted run has not ended", () => {
  const abort: Fact = { type: "decision.made", at: OPENS_AT, id: "1", decision: "abort", mode: "close", by: "Ada" };

  expect(ordersOf({ now: "2024-12-08T02:05:00.000Z", decisions: [abort] })).toEqual([{ do: "ring" }]);
});

it("rings those that may sleep through their hour, whatever else is missed meanwhile", () => {
  const asleep = ["2024-12-08.web~2edrain"];
  const now = "2024-12-08T02:05:00.000Z";
  const ring = { do: "ring", instances: asleep };

  expect(ordersOf({ now, asleep })).toEqual([ring]);
  expect(ordersOf({ now, asleep, alive: false })).toEqual([expect.objectContaining({ do: "miss" }), ring]);
  expect(isQuiet({ index, now: Date.parse(now), gone: [], asleep }, [started], [])).toBe(false);
});

it("alarms when a run has not ended long after its cutoff", () => {
  expect(ordersOf({ now: after(CUTOFF, 29 * MINUTE), target: opened })).toEqual([]);
  expect(ordersOf({ now: after(CUTOFF, 30 * MINUTE), target: opened })).toMatchObject([{ do: "alarm", about: "overrun", nth: 1, mention: [ADA.slackId] }]);
});

describe("what an ended run left open", () => {
  const run = [started, ended];
  const alarmed = (nth: number, at: string): Fact => ({ type: "guard.alarmed", at, about: "open", nth, lines: [] });

  it("is taken back once more, slowly, while that may help", () => {
    const target = [...opened, undoFaulted(ENDED_AT, 4)];
    const undos = (now: string, facts = target): readonly GuardOrder[] => ordersOf({ now, run, target: facts }).filter((order) => order.do === "undo");

    expect(undos(after(ENDED_AT, 29 * MINUTE))).toEqual([]);
    expect(undos(after(ENDED_AT, 30 * MINUTE))).toMatchObject([{ step: "web.drain", target: "IC-Web1", try: 1, attempt: 5, seq: 3 }]);
    expect(undos(after(ENDED_AT, 60 * MINUTE), [...opened, undoFaulted(ENDED_AT, 1, "conflict")])).toEqual([]);
    expect(undos(after(ENDED_AT, 25 * 60 * MINUTE))).toEqual([]);
  });

  it("is told to its owner with what it is and why", () => {
    const [alarm] = ordersOf({ now: after(ENDED_AT, MINUTE), run, target: opened, hasUndo: false });

    expect(alarm).toMatchObject({ do: "alarm", about: "open", nth: 1, mention: [ADA.slackId], text: expect.stringContaining("1 thing is open still") });
    expect(alarm).toMatchObject({
      lines: [expect.stringContaining("IC-Web1 is out of pool web, since Sat 20:00"), expect.stringContaining("nightshift decide acknowledge --run 2024-12-08")],
    });
  });

  it("is said again every half hour until someone acknowledges, and again when that is long ago", () => {
    const first = after(ENDED_AT, MINUTE);
    const ack: Fact = { type: "decision.made", at: after(first, MINUTE), id: "a", decision: "acknowledge", by: "Ada" };
    const alarms = (now: string, decisions: readonly Fact[] = []): readonly GuardOrder[] =>
      ordersOf({ now, run, target: opened, hasUndo: false, guard: [alarmed(1, first)], decisions });

    expect(alarms(after(first, ALARM_AGAIN_MS - 1))).toEqual([]);
    expect(alarms(after(first, ALARM_AGAIN_MS))).toMatchObject([{ do: "alarm", nth: 2 }]);
    expect(alarms(after(first, ALARM_AGAIN_MS), [ack])).toEqual([]);
    expect(alarms(after(ack.at, ACKNOWLEDGED_FOR_MS), [ack])).toMatchObject([{ do: "alarm", nth: 2 }]);
  });
});
