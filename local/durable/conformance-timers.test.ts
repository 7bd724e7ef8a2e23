import * as df from "durable-functions";
import { describe, expect, it } from "vitest";
import { activity, at, DAY, hostOf, kinds, later, orchestration, secondsOf, START_MS } from "./stage.ts";

/** An activity that fails as often as its input says, then gives its name. */
function flaky(): { readonly register: () => void; readonly attempts: Map<string, number> } {
  const attempts = new Map<string, number>();
  return {
    attempts,
    register: () =>
      activity("Flaky", ({ key, fails }: { key: string; fails: number }) => {
        const attempt = (attempts.get(key) ?? 0) + 1;
        attempts.set(key, attempt);
        if (attempt <= fails) throw new Error(`attempt ${attempt} of ${key}`);
        return key;
      }),
  };
}

function retries(attempts: number, firstSeconds = 5, coefficient?: number): df.RetryOptions {
  const options = new df.RetryOptions(firstSeconds * 1000, attempts);
  if (coefficient !== undefined) options.backoffCoefficient = coefficient;
  return options;
}

it("O13: three attempts, all failing: pauses of 5 and 10 s, one more timer, the error of the last", async () => {
  const { register } = flaky();
  await using host = await hostOf(() => {
    register();
    orchestration("retry", function* (ctx) {
      return yield ctx.df.callActivityWithRetry("Flaky", retries(3, 5, 2), { key: "k", fails: 9 });
    });
  });

  await host.start("retry", null, "i");

  expect(await host.waitFor("i")).toMatchObject({ runtimeStatus: "Failed", output: expect.stringContaining("Activity function 'Flaky' failed: attempt 3 of k") });
  const history = await host.history("i");
  expect(kinds(history)).toBe("0 4#0 | 6 10#1 | 11 4#2 | 6 10#3 | 11 4#4 | 6 10#5 | 11 1");
  expect(secondsOf(history, 6)).toEqual([0, 5, 15]);
  expect(host.clock.now()).toBe(START_MS + 15_000);
});

it("O14: the second attempt succeeds: no further timer, the next id is 3", async () => {
  const { register } = flaky();
  await using host = await hostOf(() => {
    register();
    orchestration("retry", function* (ctx) {
      const first = yield ctx.df.callActivityWithRetry("Flaky", retries(3), { key: "k", fails: 1 });
      const second = yield ctx.df.callActivity("Flaky", { key: "plain", fails: 0 });
      return [first, second];
    });
  });

  await host.start("retry", null, "i");

  expect(await host.waitFor("i")).toMatchObject({ output: ["k", "plain"] });
  expect(kinds(await host.history("i"))).toBe("0 4#0 | 6 10#1 | 11 4#2 | 5 4#3 | 5 1");
});

it("O15: one attempt, failing: one immediate timer, then the error", async () => {
  const { register } = flaky();
  await using host = await hostOf(() => {
    register();
    orchestration("retry", function* (ctx) {
      return yield ctx.df.callActivityWithRetry("Flaky", retries(1), { key: "k", fails: 1 });
    });
  });

  await host.start("retry", null, "i");

  expect(await host.waitFor("i")).toMatchObject({ runtimeStatus: "Failed" });
  expect(kinds(await host.history("i"))).toBe("0 4#0 | 6 10#1 | 11 1");
  expect(host.clock.now()).toBe(START_MS);
});

describe("O16: a retry with a total time limit", () => {
  const app = (): void => {
    flaky().register();
    orchestration("retry", function* (ctx) {
      const options = retries(5, 60);
      options.retryTimeoutInMilliseconds = 30_000;
      return yield ctx.df.callActivityWithRetry("Flaky", options, { key: "k", fails: 9 });
    });
  };

  it("hangs in production, when the limit has passed", async () => {
    await using host = await hostOf(app, { strict: false });

    await host.start("retry", null, "i");

    await expect(host.waitFor("i")).rejects.toMatchObject({ name: "Fault", kind: "conflict" });
    expect(kinds(await host.history("i"))).toBe("0 4#0 | 6 10#1 | 11 4#2 | 6");
  });

  it("fails on a strict host with a reason", async () => {
    await using host = await hostOf(app);

    await host.start("retry", null, "i");

    expect(await host.waitFor("i")).toMatchObject({ runtimeStatus: "Failed", output: expect.stringMatching(/retry-options.*"Flaky".*retryTimeoutInMilliseconds: 30000/) });
  });
});

it("O17: two retries in parallel, failing alternately: ids in the order of processing, both results right", async () => {
  const { register } = flaky();
  await using host = await hostOf(() => {
    register();
    orchestration("retry", function* (ctx) {
      return yield ctx.df.Task.all([
        ctx.df.callActivityWithRetry("Flaky", retries(4, 5), { key: "a", fails: 2 }),
        ctx.df.callActivityWithRetry("Flaky", retries(4, 3), { key: "b", fails: 3 }),
      ]);
    });
  });

  await host.start("retry", null, "i");

  expect(await host.waitFor("i")).toMatchObject({ output: ["a", "b"] });
  // Attempts of a at 0, 5, 10 s; of b at 0, 3, 6, 9 s.
  expect(kinds(await host.history("i"))).toBe("0 4#0 4#1 | 6 6 10#2 10#3 | 11 4#4 | 6 10#5 | 11 4#6 | 6 10#7 | 11 4#8 | 6 10#9 | 11 4#10 | 5 | 11 4#11 | 5 1");
});

describe("O18: timers", () => {
  const timerOf = (seconds: number) => (): void =>
    orchestration("timer", function* (ctx) {
      yield ctx.df.createTimer(later(ctx, seconds));
      return ctx.df.currentUtcDateTime.toISOString();
    });

  it.each([
    ["of exactly 6 days is made in one piece", 6 * DAY, [6]],
    ["of 7 days in pieces that end after 3, 6 and 7", 7 * DAY, [3, 6, 7]],
    ["of 10 days in pieces that end after 3, 6, 9 and 10", 10 * DAY, [3, 6, 9, 10]],
    ["in the past fires in the next turn", -60, [0]],
  ])("%s", async (_what, seconds, firedAfterDays) => {
    await using host = await hostOf(timerOf(seconds));

    await host.start("timer", null, "i");

    expect(await host.waitFor("i")).toMatchObject({ output: at(Math.max(seconds, 0)).toISOString() });
    const history = await host.history("i");
    expect(secondsOf(history, 11).map((fired) => fired / DAY)).toEqual(firedAfterDays);
    expect(secondsOf(history, 10)).toHaveLength(firedAfterDays.length);
  });
});

describe("O19: a timer of 7 days is cancelled", () => {
  const app = (): void => {
    activity("A", (n: number) => n + 1);
    orchestration("cancel", function* (ctx) {
      const timer = ctx.df.createTimer(later(ctx, 7 * DAY));
      // Not in a race, which a strict host refuses: the wait is over when the event is.
      const both = ctx.df.Task.all([ctx.df.waitForExternalEvent("Go"), timer]);
      const go = ctx.df.waitForExternalEvent("Stop");
      yield ctx.df.Task.any([go, both]);
      timer.cancel();
      return yield ctx.df.callActivity("A", 1);
    });
  };

  it("on day 1: completes", async () => {
    await using host = await hostOf(app, { strict: false });

    await host.start("cancel", null, "i");
    await host.advanceTo(at(DAY));
    await host.raise("i", "Stop", {});

    expect(await host.waitFor("i")).toMatchObject({ runtimeStatus: "Completed", output: 2 });
  });

  it("on day 4: Non-Deterministic, as in production", async () => {
    await using host = await hostOf(app, { strict: false });

    await host.start("cancel", null, "i");
    await host.advanceTo(at(4 * DAY));
    await host.raise("i", "Stop", {});

    expect(await host.waitFor("i")).toMatchObject({ runtimeStatus: "Failed", output: expect.stringMatching(/^Non-Deterministic workflow detected/) });
  });

  it("is refused by a strict host already when it enters the race", async () => {
    await using host = await hostOf(app);

    await host.start("cancel", null, "i");

    expect(await host.waitFor("i")).toMatchObject({ runtimeStatus: "Failed", output: expect.stringMatching(/race-of-several-ids.*more than six days/) });
  });
});

it("keeps on waiting when a clock goes on after a restart where it was", async () => {
  const { memoryStore } = await import("./store-memory.ts");
  const store = memoryStore();
  const app = (): void =>
    orchestration("timer", function* (ctx) {
      yield ctx.df.createTimer(later(ctx, 3600));
    });
  const first = await hostOf(app, { store });
  await first.start("timer", null, "i");
  await first.advanceTo(at(1800));
  await first.start("timer", null, "marks the time");
  await first.idle();
  first.kill();

  await using second = await hostOf(app, { store });

  expect(second.clock.now()).toBe(START_MS + 1_800_000);
  await second.waitFor("i");
  expect(second.clock.now()).toBe(START_MS + 3_600_000);
});
