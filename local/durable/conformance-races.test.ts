import * as df from "durable-functions";
import { describe, expect, it } from "vitest";
import type { LocalHost } from "../harness.ts";
import { activity, at, hostOf, kinds, later, orchestration, START } from "./stage.ts";

const plusOne = (): void => activity("A", (n: number) => n + 1);
const failed = (text: RegExp | string): object => ({ runtimeStatus: "Failed", output: typeof text === "string" ? expect.stringContaining(text) : expect.stringMatching(text) });
const rules = (host: LocalHost): string[] => host.notices.map(({ rule }) => rule);

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
      }),
    );

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
      }),
    );

    await host.start("o", null, "i");
    await host.raise("i", "Go", {});
    await host.raise("i", "Go", {});

    expect(await host.waitFor("i")).toMatchObject({ output: "done" });
  });
});

it("O38: a host that offers version 3 changes nothing else", async () => {
  await using host = await hostOf(
    () => {
      plusOne();
      orchestration("o", function* (ctx) {
        return yield ctx.df.callActivity("A", 1);
      });
    },
    { upperSchemaVersionNew: 3 },
  );

  await host.start("o", null, "i");

  expect(await host.waitFor("i")).toMatchObject({ output: 2 });
});

it("O39: a key Timestamp in an input arrives as a Date, and is noticed", async () => {
  await using host = await hostOf(() =>
    // oxlint-disable-next-line require-yield
    orchestration("o", function* (ctx) {
      return (ctx.df.getInput() as { Timestamp: unknown }).Timestamp instanceof Date;
    }),
  );

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
    activity("Fail", () => {
      throw new Error("plain");
    });
    activity("Flaky", () => {
      throw new Error("flaky");
    });
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
