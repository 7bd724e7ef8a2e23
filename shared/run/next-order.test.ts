import { describe, expect, it } from "vitest";
import type { FaultKind } from "../fault/fault.ts";
import { decided, factsOf, ms } from "../../test/support/facts-of.ts";
import { CUTOFF, OPENS_AT, stepOf, type StepDraft } from "../../test/support/plan-with.ts";
import type { Control } from "./control.ts";
import type { Fact } from "./facts.ts";
import { HEARTBEAT_MS, nextBack, nextOrder, waitForNeeds, type Order, type TargetSight } from "./next-order.ts";
import { CALL_LOST_MS } from "./retry.ts";
import { walkOf } from "./walk.ts";

const OPENS = Date.parse(OPENS_AT);
const CUT = Date.parse(CUTOFF);

interface SightDraft extends Partial<Omit<TargetSight, "step" | "walk" | "target">> {
  readonly step?: StepDraft;
}

/** What the brain sees of `a.b` after these facts, at the instant of the last one unless another is said. */
function sight(told: { readonly facts: readonly Fact[]; readonly now: number }, { step, ...rest }: SightDraft = {}): TargetSight {
  const compiled = stepOf("a.b", step);
  const [target] = compiled.targets;
  if (target === undefined) throw new Error("a step of a test has a target");
  return {
    step: compiled,
    target,
    now: told.now,
    cutoff: CUT,
    earliest: 0,
    control: {},
    walk: walkOf(told.facts),
    needs: [],
    taken: new Map(),
    decisions: [],
    offers: { cancel: true },
    ...rest,
  };
}

const fresh = (): ReturnType<typeof factsOf> => factsOf("a.b");
const begun = (): ReturnType<typeof factsOf> => fresh().intended().begun();
const ABORT: Record<"freeze" | "finish" | "close", Control> = {
  freeze: { aborted: { mode: "freeze", by: "Ada", at: OPENS_AT } },
  finish: { aborted: { mode: "finish", by: "Ada", at: OPENS_AT } },
  close: { aborted: { mode: "close", by: "Ada", at: OPENS_AT } },
};
const ON_HOLD: readonly Control[] = [ABORT.freeze, { paused: { by: "Ada", at: OPENS_AT } }];

describe("B1 rested", () => {
  it("rests as it rested, whatever else holds", () => {
    const order = nextOrder(sight(begun().rested("failed", "it broke"), { control: ABORT.close, now: CUT + 1 }));

    expect(order).toEqual({ do: "rest", as: "failed", why: "it broke", recorded: true });
  });
});

describe("B2 an announced call has not answered", () => {
  it("waits for it", () => {
    const told = fresh().intended();

    expect(nextOrder(sight(told))).toMatchObject({ do: "wait", until: told.now + CALL_LOST_MS });
  });

  it("does it again under the same key once it must be lost, since the action looks first", () => {
    const told = fresh().intended();

    expect(nextOrder(sight(told, { now: told.now + CALL_LOST_MS }))).toEqual({ do: "begin", try: 1, attempt: 2 });
  });

  it.each([
    ["frozen", { control: ABORT.freeze }, "frozen by Ada"],
    ["paused", { control: { paused: { by: "Ben", at: OPENS_AT } } }, "paused by Ben"],
  ])("does not begin it again while the run is %s, but for what always runs", (_how, held, why) => {
    const told = fresh().intended();
    const now = told.now + CALL_LOST_MS;

    expect(nextOrder(sight(told, { now, ...held }))).toEqual({ do: "wait", until: now + HEARTBEAT_MS, why });
    expect(nextOrder(sight(told, { now, ...held, step: { always: true } }))).toMatchObject({ do: "begin", attempt: 2 });
  });

  it("does a lost cancel again, as a cancel", () => {
    const told = begun().intended({ deed: "cancel" });

    expect(nextOrder(sight(told, { now: told.now + CALL_LOST_MS }))).toMatchObject({ do: "cancel", try: 1 });
  });

  it.each([
    ["an abort", { control: ABORT.finish }, {}],
    ["the cutoff", { cutoff: OPENS }, {}],
    ["the cutoff of something irreversible", { cutoff: OPENS }, { irreversible: true }],
  ])("looks for its work instead of beginning it again after %s, where the action knows how", (_what, closed, step) => {
    const told = fresh().intended();
    const at = { step, now: told.now + CALL_LOST_MS, offers: { cancel: true, find: true }, ...closed };

    expect(nextOrder(sight(told, { ...at, now: told.now }))).toMatchObject({ do: "wait" });
    expect(nextOrder(sight(told, at))).toEqual({ do: "find", try: 1, attempt: 1 });
    expect(nextOrder(sight(told.after("2m").sought(true), { ...at, now: told.now }))).toMatchObject({
      do: "rest",
      as: "skipped",
      why: expect.stringContaining("no work of it was found"),
    });
  });

  it("begins again as long as it may, though it could look", () => {
    const told = fresh().intended();

    expect(nextOrder(sight(told, { now: told.now + CALL_LOST_MS, offers: { cancel: true, find: true } }))).toMatchObject({ do: "begin", try: 1, attempt: 2 });
  });

  it.each([{ irreversible: true }, {}])("does not repeat a begin that may not begin any more, where nobody can look for its work: it rests unknown (%j)", (step) => {
    const told = fresh().intended();
    const lost = { step, now: told.now + CALL_LOST_MS };

    expect(nextOrder(sight(told, { ...lost, control: ABORT.close }))).toMatchObject({ do: "rest", as: "unknown", why: expect.stringContaining("not known whether it began") });
    expect(nextOrder(sight(told, { ...lost, step: { ...step, always: true }, control: ABORT.close }))).toMatchObject({ do: "begin", attempt: 2 });
  });
});

describe("B3 people must hear something", () => {
  const policy = { startWithinMs: ms("1m") };

  it("says within its bound that accepted work did not start, once for each try", () => {
    const told = begun().progressed("waiting", "no stage has started").after("1m");

    const order = nextOrder(sight(told, { step: { policy } }));
    const after = nextOrder(sight(told.told("late-start#1"), { step: { policy } }));

    expect(order).toMatchObject({ do: "tell", topic: "late-start#1", lines: ["no stage has started", expect.any(String)] });
    expect(after.do).toBe("poll");
  });

  it("does not say that work has not started which a look has found ended, though it says so of work that cannot be looked at", () => {
    const ended = begun().progressed("waiting", "queued").faulted("rejected", "poll", { message: "its stage was skipped" }).told("held#1").after("5m");
    const unseen = begun().progressed("waiting", "queued").faulted("unavailable", "poll").after("5m");

    expect(nextOrder(sight(ended, { step: { policy, onFailure: "ask" } }))).toMatchObject({ do: "wait", why: "held until someone decides: its stage was skipped" });
    expect(nextOrder(sight(unseen, { step: { policy, onFailure: "ask" } }))).toMatchObject({ do: "tell", topic: "late-start#1" });
  });

  it("says nothing of work that started", () => {
    expect(nextOrder(sight(begun().progressed("running").after("5m"), { step: { policy } })).do).toBe("poll");
  });

  it("asks people about a failure where the plan says so, once", () => {
    const told = begun().faulted("rejected", "poll", { message: "stage failed" });

    const order = nextOrder(sight(told, { step: { onFailure: "ask" } }));
    const after = nextOrder(sight(told.told("held#1"), { step: { onFailure: "ask" } }));

    expect(order).toMatchObject({ do: "tell", topic: "held#1", lines: ["stage failed", expect.stringContaining("nightshift decide")] });
    expect(after).toMatchObject({ do: "wait", why: "held until someone decides: stage failed" });
  });

  it("asks people about a begin that has attempts left and no time for them", () => {
    const told = fresh().intended().faulted("unavailable", "begin", { attempt: 1, message: "away" });
    const held = { step: { onFailure: "ask", policy: { attempts: 5, timeoutMs: ms("10m") } } } as const;

    expect(nextOrder(sight(told, held))).toMatchObject({ do: "wait", why: "attempt 1 of 5: away" });
    expect(nextOrder(sight(told.after("595s").intended().faulted("unavailable", "begin", { attempt: 2, message: "away" }), held))).toMatchObject({
      do: "tell",
      topic: "held#1",
    });
  });

  it("asks people about work that is overdue or never started, though nothing faulted", () => {
    const overdue = begun().progressed("running").after("31m");
    const neverStarted = begun().progressed("waiting", "queued").told("late-start#1").after("31m");

    expect(nextOrder(sight(overdue, { step: { onFailure: "ask" } }))).toMatchObject({
      do: "tell",
      topic: "held#1",
      lines: [expect.stringContaining("not finished within 30 min"), expect.any(String)],
    });
    expect(nextOrder(sight(neverStarted, { step: { onFailure: "ask" } }))).toMatchObject({
      do: "tell",
      topic: "held#1",
      lines: [expect.stringContaining("never started"), expect.any(String)],
    });
  });

  it("does not ask while the run can still cure it by itself", () => {
    const told = begun().finished().faulted("unavailable", "verify", { attempt: 5 });

    expect(nextOrder(sight(told, { step: { onFailure: "ask" } }))).toMatchObject({ do: "wait", why: expect.stringContaining("could not look again") });
  });

  it.each([
    ["aborted", { control: ABORT.close }],
    ["past the cutoff", { now: CUT }],
  ])("asks nobody about a failure when it is %s, since no answer would be awaited", (_when, rest) => {
    const told = fresh().intended().faulted("rejected");

    expect(nextOrder(sight(told, { step: { onFailure: "ask" }, ...rest }))).toMatchObject({ do: "rest", as: "failed" });
  });

  it("goes on with its work while people cannot be told, and tells them later", () => {
    const told = begun().progressed("waiting").after("1m").faulted("unavailable", "tell");

    const soon = nextOrder(sight(told, { step: { policy } }));
    const later = nextOrder(sight(told.after("15s"), { step: { policy } }));

    expect(soon.do).toBe("poll");
    expect(later).toMatchObject({ do: "tell", topic: "late-start#1" });
  });
});

describe("B4 verified", () => {
  it("is done, with what was looked at", () => {
    expect(nextOrder(sight(begun().finished().verified("the record says so")))).toEqual({ do: "rest", as: "done", why: "the record says so" });
  });

  it("is already so where it was so before", () => {
    expect(nextOrder(sight(begun().finished().verified("it is", { already: "it was" })))).toEqual({ do: "rest", as: "already", why: "it was" });
  });
});

describe("B5 finished, not verified", () => {
  it("verifies", () => {
    expect(nextOrder(sight(begun().finished()))).toEqual({ do: "verify", attempt: 1 });
  });

  it("verifies even when aborted or past the cutoff: what was begun is seen through", () => {
    expect(nextOrder(sight(begun().finished(), { control: ABORT.close, now: CUT + 1 })).do).toBe("verify");
  });

  it("repeats a look that could not be made, at the policy's delay", () => {
    const told = begun().finished().faulted("unavailable", "verify");

    expect(nextOrder(sight(told))).toMatchObject({ do: "wait", until: told.now + ms("15s") });
    expect(nextOrder(sight(told.after("15s")))).toEqual({ do: "verify", attempt: 2 });
  });

  it("is unknown when it could never look", () => {
    const told = begun().finished().faulted("unavailable", "verify", { attempt: 8 });

    expect(nextOrder(sight(told))).toMatchObject({ do: "rest", as: "unknown" });
  });

  it("is unknown when looking is denied, and failed when what it saw is not as it should be", () => {
    expect(nextOrder(sight(begun().finished().faulted("denied", "verify")))).toMatchObject({ do: "rest", as: "unknown" });
    expect(nextOrder(sight(begun().finished().faulted("rejected", "verify")))).toMatchObject({ do: "rest", as: "failed" });
    expect(nextOrder(sight(begun().finished().faulted("conflict", "verify")))).toMatchObject({ do: "rest", as: "failed" });
  });

  it("tries afresh what verification shows to have failed curably", () => {
    const told = begun().finished().faulted("failed", "verify").after("15s");

    expect(nextOrder(sight(told))).toEqual({ do: "begin", try: 2, attempt: 1 });
  });
});

describe("B6 begun, and the run is being closed up", () => {
  it("stops the work and then rests", () => {
    const told = begun();

    const order = nextOrder(sight(told, { control: ABORT.close }));
    const after = nextOrder(sight(told.intended({ deed: "cancel" }).cancelled(), { control: ABORT.close }));

    expect(order).toEqual({ do: "cancel", try: 1, attempt: 1 });
    expect(after).toEqual({ do: "rest", as: "failed", why: "cancelled: aborted by Ada" });
  });

  it("tries again to stop it, and is unknown when it cannot", () => {
    const told = begun().intended({ deed: "cancel" }).faulted("unavailable", "cancel", { attempt: 1 });

    expect(nextOrder(sight(told, { control: ABORT.close }))).toMatchObject({ do: "wait", until: told.now + ms("15s") });
    expect(nextOrder(sight(told.after("15s"), { control: ABORT.close }))).toEqual({ do: "cancel", try: 1, attempt: 2 });
    expect(nextOrder(sight(begun().faulted("denied", "cancel", { attempt: 1 }), { control: ABORT.close }))).toMatchObject({
      do: "rest",
      as: "unknown",
      why: expect.stringContaining("could not be stopped"),
    });
  });

  it("looks at what had ended before it could be stopped, until the looks are used up", () => {
    const ended = () => begun().faulted("unavailable", "poll", { attempt: 9 }).intended({ deed: "cancel" }).cancelled("it had succeeded", { hadEnded: true });
    const unseen = () => ended().faulted("unavailable", "poll", { attempt: 1 }).after("1m");
    const closing = { control: ABORT.close, step: { policy: { attempts: 1 } } };

    expect(nextOrder(sight(ended(), closing))).toEqual({ do: "poll", attempt: 1 });
    expect(nextOrder(sight(ended().finished(), closing))).toEqual({ do: "verify", attempt: 1 });
    expect(nextOrder(sight(unseen(), closing))).toEqual({ do: "poll", attempt: 2 });
    expect(nextOrder(sight(unseen().faulted("unavailable", "poll", { attempt: 2 }), closing))).toMatchObject({ do: "rest", as: "unknown" });
    expect(nextOrder(sight(ended().faulted("rejected", "poll"), closing))).toMatchObject({ do: "rest", as: "failed" });
    // Nor are people asked about it, overdue as it is, before the looks are used up.
    const asking = { step: { onFailure: "ask", policy: { attempts: 1 } } } as const;
    expect(nextOrder(sight(ended().after("31m"), asking))).toEqual({ do: "poll", attempt: 1 });
    expect(nextOrder(sight(unseen().faulted("unavailable", "poll", { attempt: 2 }), asking))).toMatchObject({ do: "tell", topic: "held#1" });
    // It says now that it is under way: then it was stopped, as it was to be.
    expect(nextOrder(sight(ended().progressed("running"), closing))).toEqual({ do: "rest", as: "failed", why: "cancelled: aborted by Ada" });
  });

  it("rests at once where nothing can be stopped", () => {
    expect(nextOrder(sight(begun(), { control: ABORT.close, offers: { cancel: false } }))).toMatchObject({ do: "rest", as: "failed" });
  });

  it("sees it through when the abort lets work finish, freezes, or the step is one that closes", () => {
    expect(nextOrder(sight(begun(), { control: ABORT.finish })).do).toBe("poll");
    expect(nextOrder(sight(begun(), { control: ABORT.freeze })).do).toBe("poll");
    expect(nextOrder(sight(begun(), { control: ABORT.close, step: { always: true } })).do).toBe("poll");
  });
});

describe("B7 begun, too late to start or to finish", () => {
  it("gives up work that did not start within its grace, and stops it so that it does not start later", () => {
    const told = begun().progressed("waiting", "no stage has started").told("late-start#1").after("20m");
    const step = { at: OPENS_AT, graceMs: ms("20m") };

    const order = nextOrder(sight(told, { step }));
    const after = nextOrder(sight(told.intended({ deed: "cancel" }).cancelled(), { step }));

    expect(order).toMatchObject({ do: "cancel" });
    expect(after).toEqual({ do: "rest", as: "failed", why: "never started: no stage has started; stopped" });
  });

  it("gives what closes the time to start after the cutoff, which it is late for through no fault of its own", () => {
    const told = factsOf("a.b", "a.b", new Date(CUT + ms("1h")).toISOString())
      .intended()
      .begun()
      .progressed("waiting", "queued");

    expect(nextOrder(sight(told, { step: { always: true } })).do).toBe("poll");
    expect(nextOrder(sight(told.told("late-start#1").after("31m"), { step: { always: true } }))).toMatchObject({ do: "cancel" });
  });

  it("does not give it up a moment before", () => {
    const told = begun().progressed("waiting").told("late-start#1").after("19m");

    expect(nextOrder(sight(told, { step: { at: OPENS_AT, graceMs: ms("20m") } })).do).toBe("poll");
  });

  it("is unknown when it is overdue and cannot be stopped, and failed once it is known to have been", () => {
    const told = begun().progressed("running", "installing").after("30m");

    expect(nextOrder(sight(told, { offers: { cancel: false } }))).toMatchObject({ do: "rest", as: "unknown", why: "not finished within 30 min: installing" });
    expect(nextOrder(sight(told.intended({ deed: "cancel" }).cancelled()))).toMatchObject({ do: "rest", as: "failed", why: "not finished within 30 min: installing; stopped" });
  });

  it("stops what is overdue or not started before a fresh try that a person asked for", () => {
    const told = begun().progressed("waiting").told("late-start#1").told("held#1").after("31m");
    const decisions = [decided("retry", { at: told.at, step: "a.b" })];

    const order = nextOrder(sight(told, { step: { onFailure: "ask" }, decisions }));
    const after = nextOrder(sight(told.intended({ deed: "cancel" }).after("1m").cancelled(), { step: { onFailure: "ask" }, decisions }));

    expect(order).toMatchObject({ do: "cancel", try: 1 });
    expect(after).toEqual({ do: "begin", try: 2, attempt: 1, follows: decisions[0]?.id });
  });

  it("stops what nobody could look at before a fresh try that a person asked for", () => {
    const held = () => begun().faulted("denied", "poll").told("held#1");
    const ended = held().intended({ deed: "cancel" }).cancelled("it had succeeded", { hadEnded: true });
    const decisions = [decided("retry", { at: held().at, step: "a.b" })];
    const asked = { step: { onFailure: "ask" }, decisions } as const;

    expect(nextOrder(sight(held(), asked))).toMatchObject({ do: "cancel", try: 1 });
    expect(nextOrder(sight(held().intended({ deed: "cancel" }).cancelled(), asked))).toMatchObject({ do: "begin", try: 2 });
    expect(nextOrder(sight(ended, asked))).toEqual({ do: "poll", attempt: 1 });
    expect(nextOrder(sight(held(), { ...asked, offers: { cancel: false } }))).toMatchObject({ do: "begin", try: 2 });
  });
});

describe("what somebody lets go of", () => {
  it("is stopped where nobody could look at it, or it took too long", () => {
    const skip = [decided("skip", { at: begun().after("31m").at, step: "a.b" })];
    const unseen = () => begun().faulted("denied", "poll").told("held#1").after("31m");
    const asked = { step: { onFailure: "ask" }, decisions: skip } as const;

    expect(nextOrder(sight(unseen(), asked))).toMatchObject({ do: "cancel", try: 1 });
    expect(nextOrder(sight(unseen().intended({ deed: "cancel" }).cancelled(), asked))).toMatchObject({ do: "rest", as: "dropped" });
    expect(nextOrder(sight(unseen(), { ...asked, offers: { cancel: false } }))).toMatchObject({ do: "rest", as: "dropped" });
  });

  it("is not known to be left out where it may have begun unseen", () => {
    const lost = factsOf("a.b", "IC-MCC1").intended().faulted("unavailable", "begin", { attempt: 4 }).told("held#1");
    const decisions = [decided("skip", { at: lost.at, step: "a.b" })];

    expect(nextOrder(sight(lost, { step: { onFailure: "ask" }, decisions }))).toMatchObject({ do: "rest", as: "unknown", why: expect.stringContaining("skipped by") });
  });
});

describe("B8 begun, and it ended badly", () => {
  it("tries afresh, under a new key, what a fresh try may cure", () => {
    const told = begun().faulted("failed", "poll");

    expect(nextOrder(sight(told))).toMatchObject({ do: "wait", until: told.now + ms("15s"), why: expect.stringContaining("try 1 of 4") });
    expect(nextOrder(sight(told.after("15s")))).toEqual({ do: "begin", try: 2, attempt: 1 });
  });

  it("fails when all tries are used up", () => {
    const told = begun().intended({ try: 2 }).begun().faulted("failed", "poll").after("5m");

    expect(nextOrder(sight(told, { step: { policy: { attempts: 2 } }, offers: { cancel: false } }))).toMatchObject({ do: "rest", as: "failed" });
  });

  it("fails at once when it was refused", () => {
    expect(nextOrder(sight(begun().faulted("rejected", "poll", { message: "stage failed" }), { offers: { cancel: false } }))).toEqual({
      do: "rest",
      as: "failed",
      why: "stage failed",
    });
  });

  it("is unknown when it may not look at all", () => {
    expect(nextOrder(sight(begun().faulted("denied", "poll"), { offers: { cancel: false } }))).toMatchObject({ do: "rest", as: "unknown" });
  });

  it.each([
    ["retry", { do: "begin", try: 2, attempt: 1, follows: expect.any(String) }],
    ["skip", { do: "rest", as: "dropped", why: "skipped by Ada: no time; before: stage failed" }],
    ["done", { do: "rest", as: "done", why: "done by hand, says Ada: no time" }],
  ] as const)("follows the answer %s", (decision, expected) => {
    const told = begun().faulted("rejected", "poll", { message: "stage failed" }).told("held#1").after("5m");
    const decisions = [decided(decision, { at: told.at, step: "a.b", note: "no time" })];

    expect(nextOrder(sight(told, { step: { onFailure: "ask" }, decisions, offers: { cancel: false } }))).toEqual(expected);
  });

  it("begins again under the same key, on a person's word, what may have begun unseen", () => {
    const told = fresh().intended().faulted("unavailable", "begin", { attempt: 4 }).told("held#1").after("5m");
    const step = { onFailure: "ask" } as const;
    const decisions = [decided("retry", { at: told.at, step: "a.b" })];

    expect(nextOrder(sight(told, { step, decisions }))).toMatchObject({ do: "begin", try: 1 });
    expect(nextOrder(sight(told.after("1m").intended().faulted("unavailable", "begin", { attempt: 5 }), { step, decisions }))).toMatchObject({ do: "tell", topic: "held#1.1" });
  });

  it("follows a decision once, though the try fails at its very instant", () => {
    const told = begun().faulted("rejected", "poll").told("held#1");
    const decisions = [decided("retry", { at: told.at, step: "a.b" })];
    const step = { onFailure: "ask" } as const;
    const offers = { cancel: false };

    const again = told.intended({ try: 2, follows: decisions[0]?.id }).faulted("rejected", "begin", { attempt: 1 });

    expect(nextOrder(sight(again, { step, decisions, offers }))).toMatchObject({ do: "tell", topic: "held#2" });
    expect(nextOrder(sight(again.told("held#2"), { step, decisions, offers }))).toMatchObject({ do: "wait" });
  });

  it("does not take an answer to an earlier failure for one to this", () => {
    const decisions = [decided("retry", { at: OPENS_AT, step: "a.b" })];
    const told = begun().faulted("rejected", "poll").intended({ try: 2 }).begun().after("5m").faulted("rejected", "poll").told("held#2.1");

    expect(nextOrder(sight(told, { step: { onFailure: "ask" }, decisions, offers: { cancel: false } }))).toMatchObject({
      do: "wait",
      why: expect.stringContaining("held until someone decides"),
    });
  });

  it("waits with a fresh try while the run is held", () => {
    for (const control of ON_HOLD)
      expect(nextOrder(sight(begun().faulted("failed", "poll").after("15s"), { control }))).toMatchObject({ do: "wait", why: expect.stringMatching(/^(frozen|paused) by Ada/) });
  });
});

describe("B9 begun", () => {
  it("polls", () => {
    expect(nextOrder(sight(begun()))).toEqual({ do: "poll", attempt: 1 });
  });

  it("polls again after a look that could not be made, at the policy's delay, for as long as the work may take", () => {
    const told = begun().faulted("unavailable", "poll", { attempt: 7 });

    expect(nextOrder(sight(told))).toMatchObject({ do: "wait", why: expect.stringContaining("could not look") });
    expect(nextOrder(sight(told.after("5m")))).toEqual({ do: "poll", attempt: 8 });
  });
});

describe("B10 a begin faulted", () => {
  it("begins again with the same key after the policy's delay", () => {
    const told = fresh().intended().faulted("unavailable");

    expect(nextOrder(sight(told))).toMatchObject({ do: "wait", until: told.now + ms("15s"), why: expect.stringContaining("attempt 1 of 4") });
    expect(nextOrder(sight(told.after("15s")))).toEqual({ do: "begin", try: 1, attempt: 2 });
  });

  it("does not begin again what somebody has decided to skip, unless it may have begun unseen", () => {
    const decisions = [decided("skip", { step: "a.b", note: "not tonight" })];
    const orderAfter = (kind: FaultKind): Order => nextOrder(sight(fresh().intended().faulted(kind).after("15s"), { decisions }));

    expect(orderAfter("throttled")).toMatchObject({ do: "rest", as: "dropped", why: expect.stringContaining("skipped by Ada: not tonight; before: ") });
    expect(orderAfter("unavailable")).toEqual({ do: "begin", try: 1, attempt: 2 });
  });

  it("is unknown where the effect is, and failed where there was none", () => {
    expect(nextOrder(sight(fresh().intended().faulted("unavailable", "begin", { attempt: 4 })))).toMatchObject({ do: "rest", as: "unknown" });
    expect(nextOrder(sight(fresh().intended().faulted("throttled", "begin", { attempt: 4 })))).toMatchObject({ do: "rest", as: "failed" });
    expect(nextOrder(sight(fresh().intended().faulted("rejected")))).toMatchObject({ do: "rest", as: "failed" });
  });

  it("is unknown when the last answer was a refusal to look, and an earlier one was lost", () => {
    const told = fresh().intended().faulted("unavailable").intended().faulted("throttled", "begin", { attempt: 4 });

    expect(nextOrder(sight(told))).toMatchObject({ do: "rest", as: "unknown" });
    expect(nextOrder(sight(fresh().intended().faulted("unavailable").intended().faulted("rejected")))).toMatchObject({ do: "rest", as: "failed" });
  });

  describe("and its answer was lost, where the action can look for its work", () => {
    const offers = { cancel: true, find: true };
    const lost = (): ReturnType<typeof factsOf> => fresh().intended().faulted("unavailable");

    it.each([
      ["after an abort", { control: ABORT.close }],
      ["after a softer one", { control: ABORT.finish }],
      ["after the cutoff", { cutoff: OPENS }],
    ])("looks at once %s, and once more when the call can no longer arrive", (_when, closed) => {
      const told = lost();

      expect(nextOrder(sight(told, { offers, ...closed }))).toEqual({ do: "find", try: 1, attempt: 1 });
      expect(nextOrder(sight(told.after("1m").sought(false), { offers, ...closed }))).toMatchObject({ do: "wait", until: OPENS + CALL_LOST_MS });
      expect(nextOrder(sight(told, { offers, ...closed, now: OPENS + CALL_LOST_MS }))).toEqual({ do: "find", try: 1, attempt: 1 });
      expect(nextOrder(sight(told.after("1m").sought(true), { offers, ...closed }))).toMatchObject({
        do: "rest",
        as: "skipped",
        why: expect.stringContaining("no work of it was found"),
      });
    });

    it("stops what it found after an abort, and follows it to its end after a softer one", () => {
      const found = lost().after("1m").begun();

      expect(nextOrder(sight(found, { offers, control: ABORT.close }))).toMatchObject({ do: "cancel" });
      expect(nextOrder(sight(found, { offers, control: ABORT.finish }))).toMatchObject({ do: "poll" });
    });

    it("does not look while it will begin again anyway, which looks too", () => {
      expect(nextOrder(sight(lost(), { offers }))).toMatchObject({ do: "wait" });
      expect(nextOrder(sight(lost().after("15s"), { offers }))).toMatchObject({ do: "begin", attempt: 2 });
    });

    it("looks when its attempts are used up, before people are asked, and then it has failed or goes on", () => {
      const used = (): ReturnType<typeof factsOf> => fresh().intended().faulted("unavailable", "begin", { attempt: 4 });
      const step = { onFailure: "ask" } as const;

      expect(nextOrder(sight(used(), { offers, step }))).toMatchObject({ do: "find" });
      expect(nextOrder(sight(used().after("2m").sought(true), { offers, step }))).toMatchObject({ do: "tell", topic: "held#1" });
      expect(nextOrder(sight(used().after("2m").sought(true), { offers }))).toMatchObject({ do: "rest", as: "failed" });
      expect(nextOrder(sight(used().after("2m").begun(), { offers, step }))).toMatchObject({ do: "poll" });
    });

    it("looks again when it could not look, and rests unknown when it cannot find out", () => {
      const blind = (attempt: number, kind: "unavailable" | "denied" = "unavailable"): ReturnType<typeof factsOf> => lost().faulted(kind, "find", { attempt });
      const closed = { offers, control: ABORT.close };

      expect(nextOrder(sight(blind(1), closed))).toMatchObject({ do: "wait", until: OPENS + ms("15s") });
      expect(nextOrder(sight(blind(1).after("15s"), closed))).toEqual({ do: "find", try: 1, attempt: 2 });
      expect(nextOrder(sight(blind(8), closed))).toMatchObject({ do: "rest", as: "unknown" });
      expect(nextOrder(sight(blind(1, "denied"), closed))).toMatchObject({ do: "rest", as: "unknown", why: "begin unavailable; its work could not be looked for: find denied" });
    });

    it("has no need to look where the begin had no effect", () => {
      expect(nextOrder(sight(fresh().intended().faulted("throttled"), { offers, control: ABORT.close }))).toMatchObject({ do: "rest", as: "failed" });
    });
  });

  it("takes a fresh try where the begin found its own work failed", () => {
    expect(nextOrder(sight(fresh().intended().faulted("failed").after("15s")))).toEqual({ do: "begin", try: 2, attempt: 1 });
  });

  it("does not begin again when aborted, past the cutoff, or past its timeout", () => {
    const told = fresh().intended().faulted("throttled").after("15s");

    expect(nextOrder(sight(told, { control: ABORT.finish }))).toMatchObject({ do: "rest", as: "failed" });
    expect(nextOrder(sight(told, { now: CUT - 1, cutoff: told.now }))).toMatchObject({ do: "rest", as: "failed" });
    expect(nextOrder(sight(told, { step: { policy: { timeoutMs: ms("10s") } } }))).toMatchObject({ do: "rest", as: "failed" });
  });

  it("waits with it while the run is held", () => {
    for (const control of ON_HOLD) expect(nextOrder(sight(fresh().intended().faulted("throttled").after("15s"), { control })).do).toBe("wait");
  });
});

describe("B11 not begun, and it may not begin any more", () => {
  it.each([
    ["aborted to close", { control: ABORT.close }, "skipped", "aborted by Ada before it began"],
    ["aborted to finish", { control: ABORT.finish }, "skipped", "aborted by Ada before it began"],
    ["stopped", { control: { stopped: { step: "x.y", why: "failed" } } }, "skipped", "the run was stopped: x.y failed"],
    ["past the cutoff", { now: CUT }, "skipped", "the window's cutoff had come before it could begin"],
    [
      "irreversible and too close to it",
      { now: CUT - ms("9m"), step: { irreversible: true } },
      "skipped",
      "irreversible, and it could not be finished and verified before the cutoff",
    ],
    ["without what it needs", { needs: [{ is: "failed", why: "a.a on x ended failed" }] }, "skipped", "a.a on x ended failed"],
    ["skipped by someone", { decisions: [decided("skip", { step: "a.b", note: "not tonight" })] }, "dropped", "skipped by Ada: not tonight"],
  ] as const)("rests when %s", (_name, draft, as, why) => {
    expect(nextOrder(sight(fresh(), draft as SightDraft))).toEqual({ do: "rest", as, why });
  });

  it("lets what closes begin in spite of them", () => {
    const step = { always: true };

    for (const draft of [
      { control: ABORT.close },
      { now: CUT + 1 },
      { control: { stopped: { step: "x.y", why: "failed" } } },
      { needs: [{ is: "failed", why: "" }] },
      { control: { paused: { by: "Ada", at: OPENS_AT } } },
    ] as SightDraft[]) {
      expect(nextOrder(sight(fresh(), { ...draft, step }))).toMatchObject({ do: "begin" });
    }
  });
});

describe("B12 not begun, and it may not begin yet", () => {
  it.each([
    ["frozen", { control: ABORT.freeze }, "frozen by Ada", OPENS + HEARTBEAT_MS],
    ["paused", { control: { paused: { by: "Ben", at: OPENS_AT } } }, "paused by Ben", OPENS + HEARTBEAT_MS],
    ["waiting for its like", { needs: [{ is: "open", why: "a.a on x" }] }, "waits for a.a on x", waitForNeeds(OPENS, 0)],
    ["without its lock", { taken: new Map([["server:IC-Web1", { run: "r", step: "c.d", target: "IC-Web1" }]]) }, "server:IC-Web1 is in use by c.d IC-Web1", OPENS + HEARTBEAT_MS],
  ] as const)("waits when %s", (_name, draft, why, until) => {
    expect(nextOrder(sight(fresh(), draft as SightDraft))).toEqual({ do: "wait", until, why });
  });

  it("wakes at the cutoff at the latest", () => {
    const now = CUT - ms("1m");

    expect(nextOrder(sight(fresh(), { control: ABORT.freeze, now }))).toMatchObject({ do: "wait", until: CUT });
  });
});

describe("B13 otherwise", () => {
  it("begins", () => {
    expect(nextOrder(sight(fresh(), { needs: [{ is: "met", why: "a.a" }] }))).toEqual({ do: "begin", try: 1, attempt: 1 });
  });
});

describe("on the way back", () => {
  const done = (): ReturnType<typeof factsOf> => begun().finished().verified().rested("done", "seen");

  it("undoes what was done, once", () => {
    const told = done();

    expect(nextBack(sight(told))).toEqual({ do: "undo", try: 1, attempt: 1 });
    expect(nextBack(sight(told.intended({ deed: "undo" }).undone()))).toEqual({ do: "rest", as: "done", why: "seen", recorded: true });
  });

  it("undoes every try, the latest first, since each knows how things were before it", () => {
    const told = fresh().intended().begun({ before: "A" }).faulted("failed", "poll").intended({ try: 2 }).begun({ before: "B" }).rested("failed");

    expect(nextBack(sight(told))).toMatchObject({ do: "undo", try: 2 });
    expect(nextBack(sight(told.intended({ deed: "undo", try: 2 }).undone()))).toMatchObject({ do: "undo", try: 1 });
    expect(nextBack(sight(told.intended({ deed: "undo", try: 1 }).undone()))).toMatchObject({ do: "rest" });
  });

  it("undoes an earlier try where the latest never began", () => {
    const told = fresh().intended().begun().faulted("failed", "poll").intended({ try: 2 }).faulted("rejected").rested("failed");

    expect(nextBack(sight(told))).toMatchObject({ do: "undo", try: 1 });
  });

  it("has nothing to undo without a receipt", () => {
    expect(nextBack(sight(fresh().rested("skipped", "aborted")))).toEqual({ do: "rest", as: "skipped", why: "aborted", recorded: true });
  });

  it("waits for an undo that has not answered, and does it again when it must be lost", () => {
    const told = done().intended({ deed: "undo" });

    expect(nextBack(sight(told))).toMatchObject({ do: "wait", until: told.now + CALL_LOST_MS });
    expect(nextBack(sight(told, { now: told.now + CALL_LOST_MS }))).toMatchObject({ do: "undo" });
  });

  it("tries again what may be cured, and gives up what may not", () => {
    const told = done().intended({ deed: "undo" }).faulted("unavailable", "undo", { attempt: 1 });

    expect(nextBack(sight(told))).toMatchObject({ do: "wait", until: told.now + ms("15s") });
    expect(nextBack(sight(told.after("15s")))).toEqual({ do: "undo", try: 1, attempt: 2 });
    expect(nextBack(sight(done().faulted("conflict", "undo")))).toMatchObject({ do: "rest" });
    expect(nextBack(sight(done().faulted("unavailable", "undo", { attempt: 4 })))).toMatchObject({ do: "rest" });
  });
});

describe("B12 what lifts by evidence", () => {
  const LIFT = { step: { lift: { tests: ["test.www"] }, always: true } } as const;
  const UNSAFE = { is: "failed", against: ["Kong is left unsafe: failed: stage Deploy failed"] } as const;
  const HALF_AN_HOUR = 30 * 60_000;

  it("waits where something unsafe has begun since its step was let through", () => {
    expect(nextOrder(sight(fresh(), { ...LIFT, lift: { is: "open", against: ["Kong is under way"] } }))).toMatchObject({
      do: "wait",
      why: "waits for evidence: Kong is under way",
    });
  });

  it("begins when nothing speaks against it, and by a person's word", () => {
    expect(nextOrder(sight(fresh(), { ...LIFT, lift: { is: "met", against: [] } })).do).toBe("begin");
    expect(nextOrder(sight(fresh(), { ...LIFT, lift: UNSAFE, decisions: [decided("lift", { step: "a.b" })] })).do).toBe("begin");
  });

  it("tells people what speaks against it, waits for their word, and is given up at the cutoff, though not before they had half an hour", () => {
    const told = fresh().told("lift");
    const late = Math.max(CUT, told.now + HALF_AN_HOUR);

    expect(nextOrder(sight(fresh(), { ...LIFT, lift: UNSAFE }))).toMatchObject({ do: "tell", topic: "lift", text: expect.stringContaining("Kong is left unsafe") });
    expect(nextOrder(sight(told, { ...LIFT, lift: UNSAFE })).do).toBe("wait");
    expect(nextOrder(sight(told, { ...LIFT, lift: UNSAFE, now: late - 1 }))).toMatchObject({ do: "wait", until: late });
    expect(nextOrder(sight(told, { ...LIFT, lift: UNSAFE, now: late }))).toMatchObject({ do: "rest", as: "skipped" });
  });
});
