import * as df from "durable-functions";
import { describe, expect, it } from "vitest";
import type { HostOptions, LocalHost } from "../harness.ts";
import { memoryStore } from "./store-memory.ts";
import { activity, at, hostOf, kinds, later, orchestration, START } from "./stage.ts";

const plusOne = (): void => activity("A", (n: number) => n + 1);
const failed = (text: RegExp | string): object => ({ runtimeStatus: "Failed", output: typeof text === "string" ? expect.stringContaining(text) : expect.stringMatching(text) });
const rules = (host: LocalHost): string[] => host.notices.map(({ rule }) => rule);

describe("O31: custom status", () => {
  const app = (status: unknown) => (): void =>
    orchestration("status", function* (ctx) {
      ctx.df.setCustomStatus(status);
      yield ctx.df.waitForExternalEvent("Go");
    });

  it("is shown", async () => {
    await using host = await hostOf(app({ step: 1 }));

    await host.start("status", null, "i");
    await host.idle();

    expect(await host.status("i")).toMatchObject({ customStatus: { step: 1 }, runtimeStatus: "Running" });
  });

  it("is null when set to an empty text", async () => {
    await using host = await hostOf(app(""));

    await host.start("status", null, "i");
    await host.idle();

    expect(await host.status("i")).toMatchObject({ customStatus: null });
  });

  it("fails the instance above 16 KB of UTF-16, and is noticed above 12", async () => {
    await using host = await hostOf(() => {
      app("x".repeat(8192))();
      orchestration("large", function* (ctx) { ctx.df.setCustomStatus("x".repeat(7000)); yield ctx.df.waitForExternalEvent("Go"); });
    });

    await host.start("status", null, "i");
    await host.start("large", null, "j");
    await host.idle();

    expect(await host.status("i")).toMatchObject(failed("custom status"));
    expect(await host.status("j")).toMatchObject({ runtimeStatus: "Running" });
    expect(rules(host)).toContain("large-status");
  });
});

describe("O32: what is thrown", () => {
  const app = (thrown: unknown) => (): void =>
    // oxlint-disable-next-line require-yield
    orchestration("throws", function* () { throw thrown; });

  it("an Error with text fails the instance", async () => {
    await using host = await hostOf(app(new Error("boom")));

    await host.start("throws", null, "i");

    expect(await host.waitFor("i")).toMatchObject({ runtimeStatus: "Failed", output: "Orchestrator function 'throws' failed: boom" });
  });

  it.each([["a string", "boom"], ["an Error without text", new Error("")]])("%s leaves it running for ever in production; strict: Failed", async (_what, thrown) => {
    await using faithful = await hostOf(app(thrown), { strict: false });
    await using strict = await hostOf(app(thrown));

    await faithful.start("throws", null, "i");
    await strict.start("throws", null, "i");

    await expect(faithful.waitFor("i")).rejects.toMatchObject({ kind: "conflict" });
    expect(await faithful.status("i")).toMatchObject({ runtimeStatus: "Running" });
    expect(await strict.waitFor("i")).toMatchObject(failed("failure-without-text"));
  });
});

type Body = Parameters<typeof orchestration>[1];

/** Runs `before` until its first pause, then goes on with `after` on the same store. */
async function changed(before: Body, after: Body, options: Partial<HostOptions> = {}): Promise<LocalHost> {
  const store = memoryStore();
  const app = (body: Body) => (): void => {
    plusOne();
    activity("B", (n: number) => n + 1);
    orchestration("o", body);
  };
  const first = await hostOf(app(before), { store, ...options });
  await first.start("o", null, "i");
  await first.idle();
  await first.close();
  const second = await hostOf(app(after), { store, ...options });
  await second.raise("i", "Go", {});
  return second;
}

const before: Body = function* (ctx) {
  yield ctx.df.callActivity("A", 1);
  yield ctx.df.callActivity("A", 2);
  yield ctx.df.waitForExternalEvent("Go");
};

describe("O33: the code changed between turns", () => {
  it.each<[string, Body, RegExp]>([
    ["another name", function* (ctx) {
      yield ctx.df.callActivity("A", 1);
      yield ctx.df.callActivity("B", 2);
      yield ctx.df.waitForExternalEvent("Go");
    }, /^Non-Deterministic.*an activity "A" with id 1.*an activity "B"/],
    ["a call removed", function* (ctx) {
      yield ctx.df.callActivity("A", 1);
      yield ctx.df.waitForExternalEvent("Go");
    }, /^Non-Deterministic.*an activity "A" with id 1.*nothing/],
    ["a timer inserted", function* (ctx) {
      yield ctx.df.callActivity("A", 1);
      yield ctx.df.createTimer(later(ctx, 1));
      yield ctx.df.callActivity("A", 2);
    }, /^Non-Deterministic.*an activity "A" with id 1.*a timer/],
  ])("%s", async (_what, after, message) => {
    await using host = await changed(before, after);

    expect(await host.waitFor("i")).toMatchObject(failed(message));
  });
});

it("O34: code that changed behind the frontier, or the input of a finished call, does no harm", async () => {
  await using host = await changed(before, function* (ctx) {
    yield ctx.df.callActivity("A", 100);
    yield ctx.df.callActivity("A", 2);
    yield ctx.df.waitForExternalEvent("Go");
    return yield ctx.df.callActivity("B", 3);
  });

  expect(await host.waitFor("i")).toMatchObject({ runtimeStatus: "Completed", output: 4 });
});

describe("O35: calls that lead nowhere", () => {
  it.each<[string, Body, RegExp]>([
    ["an unknown activity", function* (ctx) { yield ctx.df.callActivity("Aa", 1); }, /unknown-activity.*"Aa"; the app has A/],
    ["an unknown sub-orchestrator", function* (ctx) { yield ctx.df.callSubOrchestrator("x", {}); }, /unknown-orchestrator.*"x"; the app has o/],
    ["its own id for a child", function* (ctx) { yield ctx.df.callSubOrchestrator("o", {}, "i"); }, /child-id.*"i"/],
  ])("%s: production hangs, strict fails at once", async (_what, body, message) => {
    const app = (): void => {
      plusOne();
      orchestration("o", body);
    };
    await using faithful = await hostOf(app, { strict: false });
    await using strict = await hostOf(app);

    await faithful.start("o", null, "i");
    await strict.start("o", null, "i");

    await expect(faithful.waitFor("i")).rejects.toMatchObject({ kind: "conflict" });
    expect(kinds(await faithful.history("i"))).toBe("0");
    expect(await strict.waitFor("i")).toMatchObject(failed(message));
  });

  it("the id of an instance that is running, for a child", async () => {
    const app = (): void => {
      orchestration("waits", function* (ctx) { yield ctx.df.waitForExternalEvent("Go"); });
      orchestration("o", function* (ctx) { yield ctx.df.callSubOrchestrator("waits", {}, "busy"); });
    };
    await using faithful = await hostOf(app, { strict: false });
    await using strict = await hostOf(app);
    for (const host of [faithful, strict]) {
      await host.start("waits", null, "busy");
      await host.start("o", null, "i");
    }

    await faithful.raise("busy", "Go", {});
    await faithful.waitFor("busy");

    await expect(faithful.waitFor("i")).rejects.toMatchObject({ kind: "conflict" });
    expect(await strict.waitFor("i")).toMatchObject(failed(/child-id.*"busy"/));
  });
});

it("O36: isReplaying is false exactly once per point; times and ids are equal in all replays", async () => {
  const seen: { point: number; replaying: boolean; time: string; guid: string }[] = [];
  await using host = await hostOf(() => {
    plusOne();
    orchestration("o", function* (ctx) {
      for (let point = 0; point < 4; point++) {
        seen.push({ point, replaying: ctx.df.isReplaying, time: ctx.df.currentUtcDateTime.toISOString(), guid: ctx.df.newGuid("x") });
        if (point < 3) yield ctx.df.callActivity("A", point);
      }
    });
  }, { activityLatencyMs: 1000 });

  await host.start("o", null, "i");
  await host.waitFor("i");

  for (let point = 0; point < 4; point++) {
    const visits = seen.filter((visit) => visit.point === point);
    expect(visits).toHaveLength(4 - point);
    expect(visits.map(({ replaying }) => replaying)).toEqual([false, ...visits.slice(1).map(() => true)]);
    expect(new Set(visits.map(({ time }) => time))).toEqual(new Set([at(point).toISOString()]));
    expect(new Set(visits.map(({ guid }) => guid)).size).toBe(1);
  }
});

describe("O37: two tasks raced, then joined", () => {
  const calls = { n: 0 };
  const app = (): void => {
    activity("Count", () => ++calls.n);
    orchestration("o", function* (ctx) {
      const a = ctx.df.callActivity("Count", { of: "a", s: 1 });
      const b = ctx.df.callActivity("Count", { of: "b", s: 2 });
      yield ctx.df.Task.any([a, b]);
      yield ctx.df.Task.all([a, b]);
    });
  };
  const latency = { activityLatencyMs: (_name: string, input: unknown) => (input as { s: number }).s * 1000 };

  it("production: both run twice", async () => {
    calls.n = 0;
    await using host = await hostOf(app, { strict: false, ...latency });

    await host.start("o", null, "i");
    await host.waitFor("i");

    expect(calls.n).toBe(4);
  });

  it("strict: refused, and neither runs again", async () => {
    calls.n = 0;
    await using host = await hostOf(app, latency);

    await host.start("o", null, "i");

    expect(await host.waitFor("i")).toMatchObject(failed(/task-yielded-twice.*"Count"/));
    expect(calls.n).toBe(2);
  });

  it("one timer raced in every round is refused as well", async () => {
    await using host = await hostOf(() =>
      orchestration("o", function* (ctx) {
        const limit = ctx.df.createTimer(later(ctx, 3600));
        for (let i = 0; i < 2; i++) yield ctx.df.Task.any([ctx.df.waitForExternalEvent("Go"), limit]);
      }));

    await host.start("o", null, "i");
    await host.raise("i", "Go", {});

    expect(await host.waitFor("i")).toMatchObject(failed(/task-yielded-twice.*timer for 2030/));
  });

  it("a fresh race with a fresh timer is not", async () => {
    await using host = await hostOf(() =>
      orchestration("o", function* (ctx) {
        for (let i = 0; i < 3; i++) {
          const timer = ctx.df.createTimer(later(ctx, 3600));
          if (((yield ctx.df.Task.any([ctx.df.waitForExternalEvent("Go"), timer])) as unknown) !== timer) timer.cancel();
        }
        return "done";
      }));

    await host.start("o", null, "i");
    await host.raise("i", "Go", {});
    await host.raise("i", "Go", {});

    expect(await host.waitFor("i")).toMatchObject({ output: "done" });
  });
});

it("O38: a host that offers version 3 changes nothing else", async () => {
  await using host = await hostOf(() => {
    plusOne();
    orchestration("o", function* (ctx) { return yield ctx.df.callActivity("A", 1); });
  }, { upperSchemaVersionNew: 3 });

  await host.start("o", null, "i");

  expect(await host.waitFor("i")).toMatchObject({ output: 2 });
});

it("O39: a key Timestamp in an input arrives as a Date, and is noticed", async () => {
  await using host = await hostOf(() =>
    // oxlint-disable-next-line require-yield
    orchestration("o", function* (ctx) { return (ctx.df.getInput() as { Timestamp: unknown }).Timestamp instanceof Date; }));

  await host.start("o", { Timestamp: START }, "i");

  expect(await host.waitFor("i")).toMatchObject({ output: true });
  expect(rules(host)).toEqual(["input-changes"]);
});

describe("O40: rounds of a race between an event and 60 s, with 5 s of work between", () => {
  const app = (): void => {
    plusOne();
    orchestration("rounds", function* (ctx) {
      const seen: string[] = [];
      for (let round = 0; round < 2; round++) {
        const timer = ctx.df.createTimer(later(ctx, 60));
        const won = ((yield ctx.df.Task.any([ctx.df.waitForExternalEvent("Ring"), timer])) as unknown) !== timer;
        if (won) timer.cancel();
        seen.push(won ? "event" : "timer");
        yield ctx.df.callActivity("A", round);
      }
      return seen;
    });
  };

  it("an event in the work after a timed-out round is lost", async () => {
    await using host = await hostOf(app, { activityLatencyMs: 5000 });

    await host.start("rounds", null, "i");
    await host.advanceTo(at(62));
    await host.raise("i", "Ring", {});

    expect(await host.waitFor("i")).toMatchObject({ output: ["timer", "timer"] });
  });

  it("an event in the work after a won round is kept", async () => {
    await using host = await hostOf(app, { activityLatencyMs: 5000 });

    await host.start("rounds", null, "i");
    await host.advanceTo(at(30));
    await host.raise("i", "Ring", {});
    await host.advanceTo(at(32));
    await host.raise("i", "Ring", {});

    expect(await host.waitFor("i")).toMatchObject({ output: ["event", "event"] });
  });
});

describe("O41: a caught failure of a join with a retry in it, then two calls", () => {
  const app = (): void => {
    activity("Fail", () => { throw new Error("plain"); });
    activity("Flaky", () => { throw new Error("flaky"); });
    activity("Echo", (input: unknown) => input);
    orchestration("o", function* (ctx) {
      try {
        yield ctx.df.Task.all([ctx.df.callActivityWithRetry("Flaky", new df.RetryOptions(5000, 2), {}), ctx.df.callActivity("Fail", {})]);
      } catch {
        // Goes on: this is what the test is about.
      }
      const first = yield ctx.df.callActivity("Echo", { n: 1 });
      const second = yield ctx.df.callActivity("Echo", { n: 2 });
      return [first ?? null, second ?? null];
    });
  };

  it("production: results land in the wrong tasks", async () => {
    await using host = await hostOf(app, { strict: false });

    await host.start("o", null, "i");
    const { output } = await host.waitFor("i").catch(async () => (await host.status("i")) as { output: unknown });

    expect(output).not.toEqual([{ n: 1 }, { n: 2 }]);
  });

  it("strict: refused at the first action behind the join", async () => {
    await using host = await hostOf(app);

    await host.start("o", null, "i");

    expect(await host.waitFor("i")).toMatchObject(failed(/join-failed-early.*"Flaky"/));
  });
});

describe("O42: a failing orchestrator with text that looks like a secret in an input", () => {
  const app = (): void => {
    activity("Get", () => 1);
    orchestration("o", function* (ctx) {
      yield ctx.df.callActivity("Get", "https://x.example/?code=abc");
      throw new Error("boom");
    });
  };

  it("production: the answer is broken, and with it the failure", async () => {
    await using host = await hostOf(app, { strict: false });

    await host.start("o", null, "i");

    expect(await host.waitFor("i")).toMatchObject(failed(/^Non-Deterministic/));
  });

  it("strict: a plain failure with a notice", async () => {
    await using host = await hostOf(app);

    await host.start("o", null, "i");

    expect(await host.waitFor("i")).toMatchObject({ output: "Orchestrator function 'o' failed: boom" });
    expect(rules(host)).toContain("secret-in-failure");
  });
});

describe("O43: a race won by an event, its timer cancelled, then continueAsNew", () => {
  const app = (callBetween: boolean) => (): void => {
    plusOne();
    orchestration("o", function* (ctx) {
      const { n } = ctx.df.getInput() as { n: number };
      const timer = ctx.df.createTimer(later(ctx, 60));
      const won = ((yield ctx.df.Task.any([ctx.df.waitForExternalEvent("Ring"), timer])) as unknown) !== timer;
      if (n === 1) {
        if (won) timer.cancel();
        return won ? "came back" : "gone";
      }
      timer.cancel();
      if (callBetween) yield ctx.df.callActivity("A", 1);
      ctx.df.continueAsNew({ n: 1 });
      return undefined;
    });
  };
  const outcome = async (callBetween: boolean, strict: boolean): Promise<unknown> => {
    await using host = await hostOf(app(callBetween), { strict });
    await host.start("o", { n: 0 }, "i");
    await host.advanceTo(at(1));
    await host.raise("i", "Ring", {});
    return (await host.waitFor("i")).output;
  };

  it("production: the event is there again in the next generation", async () => {
    expect(await outcome(false, false)).toBe("came back");
  });

  it("with a call before it, it is not", async () => {
    expect(await outcome(true, false)).toBe("gone");
  });

  it("strict: the copy is dropped", async () => {
    expect(await outcome(false, true)).toBe("gone");
  });
});

describe("O44: a retry raced against a timer, won at its second attempt, then a call", () => {
  const app = (): void => {
    let attempts = 0;
    plusOne();
    activity("Flaky", () => {
      if (++attempts === 1) throw new Error("first");
      return "ok";
    });
    orchestration("o", function* (ctx) {
      const timer = ctx.df.createTimer(later(ctx, 3600));
      yield ctx.df.Task.any([ctx.df.callActivityWithRetry("Flaky", new df.RetryOptions(5000, 3), {}), timer]);
      timer.cancel();
      const n = yield ctx.df.callActivity("A", 1);
      return yield ctx.df.callActivity("A", n);
    });
  };

  it("production: Non-Deterministic", async () => {
    await using host = await hostOf(app, { strict: false });

    await host.start("o", null, "i");

    expect(await host.waitFor("i")).toMatchObject(failed(/^Non-Deterministic/));
  });

  it("strict: refused when the retry enters the race", async () => {
    await using host = await hostOf(app);

    await host.start("o", null, "i");

    expect(await host.waitFor("i")).toMatchObject(failed(/race-of-several-ids.*a retry/));
    expect(kinds(await host.history("i"))).toBe("0 1");
  });
});
