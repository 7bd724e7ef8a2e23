import { describe, expect, it } from "vitest";
import { decided, ms, PREVIEW, stepFactsOf } from "../../test/support/facts-of.ts";
import { ADA, BEN, CUTOFF, OPENS_AT, stepOf, type StepDraft } from "../../test/support/plan-with.ts";
import { STEP_HEARTBEAT_MS, foldStep, nextStep, summaryOf, type StepSight } from "./next-step.ts";

const OPENS = Date.parse(OPENS_AT);
const CUT = Date.parse(CUTOFF);
const AT = "2024-12-08T03:00:00.000Z";
const MET = { is: "met", why: "" } as const;

interface SightDraft extends Partial<Omit<StepSight, "step">> {
  readonly step?: StepDraft;
  readonly told?: readonly string[];
}

function sight({ step, ...rest }: SightDraft = {}, facts = stepFactsOf("a.b")): StepSight {
  return {
    run: "2024-12-08",
    step: stepOf("a.b", step),
    now: facts.now,
    cutoff: CUT,
    earliest: 0,
    cascade: [],
    approvedBefore: [],
    control: {},
    needs: [],
    condition: MET,
    decisions: [],
    rested: new Map(),
    ...foldStep(facts.facts),
    ...rest,
  };
}

const rest = (as: "done" | "failed" | "unknown" | "skipped", at = OPENS): { as: typeof as; why: string; at: number } => ({ as, why: as, at });

describe("S1 ended", () => {
  it("rests when it ended well or was dropped", () => {
    for (const as of ["done", "already", "dropped"] as const) expect(nextStep(sight({}, stepFactsOf("a.b").batch().ended(as)))).toEqual({ do: "rest", as });
  });

  it("tells people once when it ended badly", () => {
    const facts = stepFactsOf("a.b").batch().ended("failed", "stage failed");

    const order = nextStep(sight({}, facts));
    const after = nextStep(sight({}, facts.told("ended")));

    expect(order).toEqual({ do: "tell", topic: "ended", text: "a.b: failed.", lines: ["stage failed"] });
    expect(after).toEqual({ do: "rest", as: "failed" });
  });

  it("does not hold up the run where people cannot be told", () => {
    expect(nextStep(sight({}, stepFactsOf("a.b").batch().ended("failed").untold("ended")))).toEqual({ do: "rest", as: "failed" });
  });
});

describe("S2 a batch is under way", () => {
  it("runs it again under its own number, even when aborted: what has rested answers at once", () => {
    const facts = stepFactsOf("a.b").batch(["x", "y"], 1);

    const order = nextStep(
      sight({ step: { targets: ["x", "y", "z"] }, rested: new Map([["x", rest("done")]]), control: { aborted: { mode: "close", by: "Ada", at: OPENS_AT } } }, facts),
    );

    expect(order).toEqual({ do: "run", batch: 0, targets: ["x", "y"], failuresBefore: 1 });
  });
});

describe("S3 a batch is over, too many failed", () => {
  const rolling = { batches: [1, 2], maxFailures: 1, pauseMs: 0 };
  const step = { targets: ["x", "y", "z", "u"], rolling };

  it("ends, counting failures of all batches", () => {
    const facts = stepFactsOf("a.b").batch(["x"]).batch(["y", "z"], 1);

    const order = nextStep(
      sight(
        {
          step,
          rested: new Map([
            ["y", rest("unknown")],
            ["z", rest("done")],
          ]),
        },
        facts,
      ),
    );

    expect(order).toEqual({ do: "end", why: "2 failed, and no more than 1 may: the rest was not begun" });
  });

  it("goes on with as many as may fail; what was skipped did not fail", () => {
    const facts = stepFactsOf("a.b").batch(["x"]).batch(["y", "z"], 1);

    expect(
      nextStep(
        sight(
          {
            step,
            rested: new Map([
              ["y", rest("skipped")],
              ["z", rest("done")],
            ]),
          },
          facts,
        ),
      ),
    ).toEqual({ do: "run", batch: 2, targets: ["u"], failuresBefore: 1 });
  });
});

describe("S4 a batch is over, targets are left", () => {
  const step = { targets: ["x", "y", "z"], rolling: { batches: [1, 2], maxFailures: 0, pauseMs: ms("5m") } };
  const facts = stepFactsOf("a.b").batch(["x"]);
  const rested = new Map([["x", rest("done", OPENS + ms("10m"))]]);

  it("pauses and then runs the next, ramping up", () => {
    expect(nextStep(sight({ step, rested, now: OPENS + ms("12m") }, facts))).toEqual({ do: "wait", until: OPENS + ms("15m"), why: "pause between two batches" });
    expect(nextStep(sight({ step, rested, now: OPENS + ms("15m") }, facts))).toEqual({ do: "run", batch: 1, targets: ["y", "z"], failuresBefore: 0 });
  });

  it("begins no further batch after an abort, a stop or the cutoff, and none while it is held", () => {
    const now = OPENS + ms("15m");

    expect(nextStep(sight({ step, rested, now, control: { aborted: { mode: "finish", by: "Ada", at: OPENS_AT } } }, facts))).toEqual({
      do: "end",
      why: "aborted by Ada before it began",
    });
    expect(nextStep(sight({ step, rested, now: CUT }, facts))).toEqual({ do: "end", why: "the window's cutoff had come before it could begin" });
    expect(nextStep(sight({ step, rested, now, control: { paused: { by: "Ada", at: OPENS_AT } } }, facts))).toMatchObject({ do: "wait", why: "paused by Ada" });
  });
});

describe("S5 all targets rested", () => {
  it("ends with what they came to", () => {
    expect(nextStep(sight({ step: { targets: ["x"] }, rested: new Map([["x", rest("failed")]]) }, stepFactsOf("a.b").batch(["x"])))).toEqual({ do: "end" });
  });
});

describe("S6 its condition will not come true, or someone skipped it", () => {
  it.each([
    ["never", { step: { when: { never: "the maintenance page stays down" } } }, "the maintenance page stays down"],
    ["a condition that failed", { condition: { is: "failed", why: "only if maintenance-page was opened, and it was not" } }, "only if maintenance-page was opened, and it was not"],
    ["a condition that failed beside a need that did", { condition: { is: "failed", why: "condition" }, needs: [{ is: "failed", why: "need" }] }, "condition"],
    ["a skip", { decisions: [decided("skip", { step: "a.b", note: "next month" })] }, "skipped by Ada: next month"],
  ] as const)("is dropped by %s", (_name, draft, why) => {
    expect(nextStep(sight(draft as SightDraft))).toEqual({ do: "end", as: "dropped", why });
  });

  it("is not dropped as a whole when one target is skipped", () => {
    expect(nextStep(sight({ decisions: [decided("skip", { step: "a.b", target: "x" })] })).do).toBe("run");
  });
});

describe("S7 it may not begin any more, or a need failed, or it is past its grace", () => {
  it.each([
    ["aborted", { control: { aborted: { mode: "finish", by: "Ada", at: OPENS_AT } } }, "aborted by Ada before it began"],
    ["stopped", { control: { stopped: { step: "c.d", why: "failed: x" } } }, "the run was stopped: c.d failed: x"],
    ["past the cutoff", { now: CUT }, "the window's cutoff had come before it could begin"],
    ["a need that failed", { needs: [{ is: "failed", why: "Reschedule jobs ended failed: never started" }] }, "Reschedule jobs ended failed: never started"],
    ["past its grace", { step: { at: AT, graceMs: ms("30m") }, now: Date.parse(AT) + ms("30m") + 1 }, `it was to begin at ${AT} and could not within its grace of 30 min`],
    [
      "past its grace while it waits",
      { step: { at: AT, graceMs: ms("30m") }, now: Date.parse(AT) + ms("31m"), needs: [{ is: "open", why: "c.d" }] },
      `it was to begin at ${AT} and could not within its grace of 30 min; waits for c.d`,
    ],
  ] as const)("is skipped when %s", (_name, draft, why) => {
    expect(nextStep(sight(draft as SightDraft))).toEqual({ do: "end", as: "skipped", why });
  });

  it("lets what always runs begin all the same", () => {
    const step = { always: true, at: AT, graceMs: ms("1m") };

    for (const draft of [
      { control: { aborted: { mode: "close", by: "Ada", at: OPENS_AT } } },
      { now: CUT + 1 },
      { now: CUT, needs: [{ is: "failed", why: "" }] },
    ] as SightDraft[]) {
      expect(nextStep(sight({ ...draft, step }))).toMatchObject({ do: "run", batch: 0 });
    }
  });

  it("may begin in the last instant of its grace", () => {
    expect(nextStep(sight({ step: { at: AT, graceMs: ms("30m") }, now: Date.parse(AT) + ms("30m") })).do).toBe("run");
  });
});

describe("S8 it may not begin yet", () => {
  it.each([
    ["too early", { step: { at: AT } }, Date.parse(AT), `not before ${AT}`],
    [
      "too early, though frozen and though it closes",
      { step: { at: AT, always: true }, control: { aborted: { mode: "freeze", by: "Ada", at: OPENS_AT } } },
      Date.parse(AT),
      `not before ${AT}`,
    ],
    ["frozen", { control: { aborted: { mode: "freeze", by: "Ada", at: OPENS_AT } } }, OPENS + STEP_HEARTBEAT_MS, "frozen by Ada"],
    ["paused", { control: { paused: { by: "Ada", at: OPENS_AT } } }, OPENS + STEP_HEARTBEAT_MS, "paused by Ada"],
    ["a need is open", { needs: [MET, { is: "open", why: "c.d" }] }, OPENS + STEP_HEARTBEAT_MS, "waits for c.d"],
    ["a need is open whose time is hours away", { earliest: OPENS + ms("8h"), needs: [{ is: "open", why: "c.d" }] }, OPENS + ms("8h") + STEP_HEARTBEAT_MS, "waits for c.d"],
    ["its condition is open", { condition: { is: "open", why: "maintenance-page to be opened" } }, OPENS + STEP_HEARTBEAT_MS, "waits for maintenance-page to be opened"],
    ["a need is open and its grace is nearly over", { step: { at: OPENS_AT, graceMs: ms("2m") }, needs: [{ is: "open", why: "c.d" }] }, OPENS + ms("2m") + 1, "waits for c.d"],
  ] as const)("waits when %s", (_name, draft, until, why) => {
    expect(nextStep(sight(draft as SightDraft))).toEqual({ do: "wait", until, why });
  });
});

describe("S9 its approval is missing", () => {
  const step = { irreversible: true, approval: { by: [ADA, BEN] } };

  const TOPIC = `approval#${PREVIEW.slice(0, 12)}`;
  const approve = (preview = PREVIEW, at = OPENS_AT) => decided("approve", { step: "a.b", preview, at });

  it("looks at what it would do before it asks", () => {
    expect(nextStep(sight({ step }))).toEqual({ do: "preview" });
  });

  it("asks once, shows what it would do, and waits", () => {
    const previewed = stepFactsOf("a.b").previewed();

    const order = nextStep(sight({ step }, previewed));
    const after = nextStep(sight({ step }, stepFactsOf("a.b").previewed().told(TOPIC)));

    expect(order).toMatchObject({
      do: "tell",
      topic: TOPIC,
      text: "a.b needs the approval of Ada or Ben; it cannot be undone.",
      lines: ["would do it", "Answer: nightshift decide approve --step a.b"],
    });
    expect(after).toMatchObject({ do: "wait", why: "waits for the approval of Ada or Ben" });
  });

  it("asks again in a minute when nobody could be reached", () => {
    const facts = stepFactsOf("a.b").previewed().untold(TOPIC);

    expect(nextStep(sight({ step }, facts))).toMatchObject({ do: "wait", until: OPENS + ms("1m") });
    expect(nextStep(sight({ step }, facts.after("1m"))).do).toBe("tell");
  });

  it("that cannot be previewed is told at once, once, and again every half hour with the next look", () => {
    const facts = stepFactsOf("a.b").unpreviewed("the pipeline's preview answered 500");
    const next = (): ReturnType<typeof nextStep> => nextStep(sight({ step }, facts));
    const first = next();
    const topic = first.do === "tell" ? first.topic : "";

    facts.told(topic);
    const told = next();
    facts.after("1m");
    const aMinuteLater = next();
    facts.unpreviewed("still 500");
    const again = next();
    facts.after("29m").unpreviewed("still 500");
    const reminded = next();
    facts.told(topic.replace(/1$/, "2"));

    expect(first).toMatchObject({
      do: "tell",
      text: "a.b cannot be previewed, so nobody can approve it.",
      lines: ["the pipeline's preview answered 500", expect.stringContaining("skipped at "), "To leave it out: nightshift decide skip --step a.b"],
    });
    expect(told).toMatchObject({ do: "wait", until: OPENS + ms("1m"), why: "it could not be previewed: the pipeline's preview answered 500" });
    expect([aMinuteLater.do, again.do]).toEqual(["preview", "wait"]);
    expect(reminded).toMatchObject({ do: "tell", topic: topic.replace(/1$/, "2") });
    expect(next().do).toBe("wait");
  });

  it("that can be previewed again asks; when that fails anew, it is told anew", () => {
    const facts = stepFactsOf("a.b").unpreviewed("500").told("unpreviewed#x/1").after("2m").previewed();
    const asked = nextStep(sight({ step }, facts));
    facts.told(TOPIC).after("2m").unpreviewed("502");

    expect(asked).toMatchObject({ do: "tell", topic: TOPIC });
    expect(nextStep(sight({ step, decisions: [approve(PREVIEW, new Date(facts.now).toISOString())] }, facts))).toMatchObject({
      do: "tell",
      topic: `unpreviewed#${new Date(facts.now).toISOString()}/1`,
    });
  });

  it("that cannot be previewed does not keep telling people who cannot be reached", () => {
    const failing = stepFactsOf("a.b").unpreviewed("500");
    const order = nextStep(sight({ step }, failing));

    expect(nextStep(sight({ step }, failing.untold(order.do === "tell" ? order.topic : ""))).do).toBe("wait");
  });

  it("looks again after it was approved, and begins if the world has not moved", () => {
    const asked = stepFactsOf("a.b").previewed().told(TOPIC).after("5m");
    const later = new Date(asked.now).toISOString();

    expect(nextStep(sight({ step, decisions: [approve(PREVIEW, later)] }, asked))).toEqual({ do: "preview" });
    expect(nextStep(sight({ step, decisions: [approve(PREVIEW, later)] }, asked.previewed())).do).toBe("run");
  });

  it("does not look again without end where it was approved by a host whose clock is ahead", () => {
    const asked = stepFactsOf("a.b").previewed().told(TOPIC).after("5m").previewed();
    const ahead = new Date(asked.now + ms("2m")).toISOString();

    expect(nextStep(sight({ step, decisions: [approve(PREVIEW, ahead)] }, asked)).do).toBe("run");
  });

  it("asks anew, with what it would do now, when the world has moved since it was approved", () => {
    const moved = stepFactsOf("a.b").previewed().told(TOPIC).previewed("b".repeat(64), ["would do something else"]);

    expect(nextStep(sight({ step, decisions: [approve()] }, moved))).toMatchObject({
      do: "tell",
      topic: `approval#${"b".repeat(12)}`,
      lines: ["would do something else", expect.any(String)],
    });
    expect(nextStep(sight({ step, decisions: [approve(), approve("b".repeat(64))] }, moved)).do).toBe("run");
  });

  it("begins by the approval of the plan, unless the world has moved since", () => {
    expect(nextStep(sight({ step, approvedBefore: [PREVIEW] }, stepFactsOf("a.b").previewed())).do).toBe("run");
    expect(nextStep(sight({ step, approvedBefore: ["c".repeat(64)] }, stepFactsOf("a.b").previewed())).do).toBe("tell");
  });

  it("does not ask before everything else allows it to begin", () => {
    expect(nextStep(sight({ step, needs: [{ is: "open", why: "c.d" }] }))).toMatchObject({ do: "wait", why: "waits for c.d" });
  });

  it("ends at the cutoff what nobody approved, even if it always runs", () => {
    expect(nextStep(sight({ step: { ...step, always: true }, now: CUT }))).toEqual({ do: "end", as: "skipped", why: "Ada or Ben did not approve it before the cutoff" });
  });
});

describe("S10 otherwise", () => {
  it("runs all targets at once, or the first batch where it rolls", () => {
    expect(nextStep(sight({ step: { targets: ["x", "y"] } }))).toEqual({ do: "run", batch: 0, targets: ["x", "y"], failuresBefore: 0 });
    expect(nextStep(sight({ step: { targets: ["x", "y"], rolling: { batches: [1], maxFailures: 0, pauseMs: 0 } } }))).toMatchObject({ targets: ["x"] });
  });
});

describe("what a step came to", () => {
  it("is the worst of its targets, with counts, names and the first reason", () => {
    const endings = [
      { target: "x", as: "done", why: "seen" },
      { target: "y", as: "failed", why: "0x80240022" },
    ] as const;

    expect(summaryOf(["x", "y"], endings, "")).toEqual({ as: "failed", why: "1 of 2 (y): 0x80240022" });
    expect(summaryOf(["x", "y", "z"], [...endings, { target: "z", as: "unknown", why: "no news" }], "")).toEqual({ as: "unknown", why: "1 of 3 (z): no news" });
  });

  it("counts targets that never began as skipped", () => {
    expect(summaryOf(["x", "y"], [{ target: "x", as: "done", why: "seen" }], "aborted by Ada")).toEqual({ as: "skipped", why: "1 of 2 (y): aborted by Ada" });
  });

  it("is done only if all are", () => {
    expect(
      summaryOf(
        ["x", "y"],
        [
          { target: "x", as: "done", why: "seen" },
          { target: "y", as: "already", why: "was so" },
        ],
        "",
      ),
    ).toEqual({ as: "done", why: "1 of 2 (x): seen" });
    expect(summaryOf(["x"], [{ target: "x", as: "already", why: "was so" }], "")).toEqual({ as: "already", why: "was so" });
  });
});

describe("S10 it lifts by evidence", () => {
  const LIFT = { lift: { tests: ["test.www"] }, always: true } as const;
  const AGAINST = { is: "failed", against: ["Kong is left unsafe: failed: stage Deploy failed"] } as const;
  const HALF_AN_HOUR = 30 * 60_000;

  it("begins by itself when nothing speaks against it", () => {
    expect(nextStep(sight({ step: LIFT, lift: { is: "met", against: [] } })).do).toBe("run");
  });

  it("waits for what is under way", () => {
    const order = nextStep(sight({ step: LIFT, lift: { is: "open", against: ["Kong is under way"] } }));

    expect(order).toMatchObject({ do: "wait", why: "waits for evidence: Kong is under way" });
  });

  it("tells people what speaks against it, with the command that lifts it", () => {
    const order = nextStep(sight({ step: LIFT, lift: AGAINST }));

    expect(order).toMatchObject({ do: "tell", topic: "lift#1", text: "a.b: not done, since Kong is left unsafe: failed: stage Deploy failed." });
    expect(order.do === "tell" ? order.lines : []).toContain("To do it all the same: nightshift decide lift --run 2024-12-08 --step a.b");
  });

  it("tells them again every half hour", () => {
    const told = stepFactsOf("a.b").told("lift#1");
    const at = told.now;

    expect(nextStep(sight({ step: LIFT, lift: AGAINST, now: at + HALF_AN_HOUR - 1 }, told)).do).toBe("wait");
    expect(nextStep(sight({ step: LIFT, lift: AGAINST, now: at + HALF_AN_HOUR }, told))).toMatchObject({ do: "tell", topic: "lift#2" });
  });

  it("begins by a person's word", () => {
    const decisions = [decided("lift", { step: "a.b" })];

    expect(nextStep(sight({ step: LIFT, lift: AGAINST, decisions }, stepFactsOf("a.b").told("lift#1"))).do).toBe("run");
  });

  it("is looked at again before each further batch", () => {
    const step = { ...LIFT, targets: ["x", "y"], rolling: { batches: [1], maxFailures: 0, pauseMs: 0 } };
    const first = stepFactsOf("a.b").batch(["x"]);
    const rested = new Map([["x", { as: "done", why: "verified", at: first.now }]]) as StepSight["rested"];

    expect(nextStep(sight({ step, rested, lift: { is: "met", against: [] } }, first)).do).toBe("run");
    expect(nextStep(sight({ step, rested, lift: { is: "open", against: ["Kong is under way"] } }, first))).toMatchObject({
      do: "wait",
      why: "waits for evidence: Kong is under way",
    });
  });

  it("is given up at the cutoff, though never before people had half an hour", () => {
    const late = { step: LIFT, lift: AGAINST } as const;
    const told = stepFactsOf("a.b").told("lift#1");

    expect(nextStep(sight({ ...late, now: CUT + 1 })).do).toBe("tell");
    expect(nextStep(sight({ ...late, now: Math.max(CUT, told.now + HALF_AN_HOUR) }, told))).toMatchObject({ do: "end", as: "skipped" });
  });
});
