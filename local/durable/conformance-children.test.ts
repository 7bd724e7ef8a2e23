import * as df from "durable-functions";
import { describe, expect, it } from "vitest";
import { activity, at, hostOf, kinds, later, orchestration } from "./stage.ts";

describe("O20: a sub-orchestration without an id", () => {
  it("gets one from execution id and event id, knows its parent, and gives its result back", async () => {
    await using host = await hostOf(() => {
      // oxlint-disable-next-line require-yield
      orchestration("child", function* (ctx) {
        return { got: ctx.df.getInput(), parent: ctx.df.parentInstanceId, me: ctx.df.instanceId };
      });
      orchestration("parent", function* (ctx) {
        return yield ctx.df.callSubOrchestrator("child", { n: 1 });
      });
    });

    await host.start("parent", null, "p");
    const { executionId, output } = await host.waitFor("p");

    expect(output).toEqual({ got: { n: 1 }, parent: "p", me: `${executionId}:0` });
    expect(kinds(await host.history("p"))).toBe("0 7#0 | 8 1");
    const [, started] = (await host.history(`${executionId}:0`)) ?? [];
    expect(started).toMatchObject({ EventType: 0, ParentInstance: { Name: "parent", OrchestrationInstance: { InstanceId: "p", ExecutionId: executionId }, TaskScheduleId: 0 } });
  });
});

it("O21: a child throws: the parent catches one Error", async () => {
  await using host = await hostOf(() => {
    // oxlint-disable-next-line require-yield
    orchestration("child", function* () {
      throw new Error("boom");
    });
    orchestration("parent", function* (ctx) {
      try {
        yield ctx.df.callSubOrchestrator("child", {});
      } catch (thrown) {
        return { isError: thrown instanceof Error, message: (thrown as Error).message };
      }
      return undefined;
    });
  });

  await host.start("parent", null, "p");

  const { output } = await host.waitFor("p");
  expect(output).toMatchObject({ isError: true, message: expect.stringMatching(/^Orchestrator function 'child' failed: boom/) });
});

it("O22: a child with a fixed id under retry: the second attempt overwrites the first", async () => {
  let attempts = 0;
  await using host = await hostOf(() => {
    activity("Attempt", () => ++attempts);
    orchestration("child", function* (ctx) {
      const attempt = (yield ctx.df.callActivity("Attempt")) as number;
      if (attempt === 1) throw new Error("not yet");
      return attempt;
    });
    orchestration("parent", function* (ctx) {
      return yield ctx.df.callSubOrchestratorWithRetry("child", new df.RetryOptions(5_000, 3), {}, "the-child");
    });
  });

  await host.start("parent", null, "p");

  expect(await host.waitFor("p")).toMatchObject({ output: 2 });
  expect(await host.status("the-child")).toMatchObject({ runtimeStatus: "Completed", output: 2, createdTime: at(5).toISOString() });
  expect(kinds(await host.history("p"))).toBe("0 7#0 | 9 10#1 | 11 7#2 | 8 1");
});

describe("O23: a child is terminated by a client", () => {
  const app = (): void => {
    orchestration("child", function* (ctx) {
      yield ctx.df.waitForExternalEvent("Never");
    });
    orchestration("parent", function* (ctx) {
      try {
        yield ctx.df.callSubOrchestrator("child", {}, "c");
      } catch {
        return "caught";
      }
      return undefined;
    });
  };

  it("the parent fails as Non-Deterministic in production", async () => {
    await using host = await hostOf(app, { strict: false });

    await host.start("parent", null, "p");
    await host.idle();
    await host.terminate("c", "stop");

    expect(await host.waitFor("p")).toMatchObject({ runtimeStatus: "Failed", output: expect.stringMatching(/^Non-Deterministic/) });
  });

  it("a strict host says what happened", async () => {
    await using host = await hostOf(app);

    await host.start("parent", null, "p");
    await host.idle();
    await host.terminate("c", "stop");

    expect(await host.waitFor("p")).toMatchObject({ runtimeStatus: "Failed", output: expect.stringMatching(/"child" \(c\) was terminated/) });
  });
});

it("O24: continueAsNew five times: one instance, a new execution id each time, the history of the last only", async () => {
  await using host = await hostOf(
    () => {
      activity("A", (n: number) => n + 1);
      orchestration("loop", function* (ctx) {
        const { n } = ctx.df.getInput() as { n: number };
        yield ctx.df.callActivity("A", n);
        if (n < 5) ctx.df.continueAsNew({ n: n + 1 });
        return n;
      });
    },
    { activityLatencyMs: 1000 },
  );

  await host.start("loop", { n: 0 }, "i");
  const seen = [];
  for (let second = 0; second <= 6; second++) {
    await host.advanceTo(at(second));
    seen.push(await host.status("i"));
  }

  expect(new Set(seen.slice(0, 6).map((status) => status?.executionId)).size).toBe(6);
  expect(seen.map((status) => (status?.input as { n: number } | undefined)?.n)).toEqual([0, 1, 2, 3, 4, 5, 5]);
  expect(seen.at(-1)).toMatchObject({ runtimeStatus: "Completed", output: 5, createdTime: at(5).toISOString() });
  expect(kinds(await host.history("i"))).toBe("0 4#0 | 5 1");
  expect((await host.hub.list({})).instances).toHaveLength(1);
});

it("O25: continueAsNew with a string: the next generation sees it in quotes", async () => {
  await using host = await hostOf(() =>
    // oxlint-disable-next-line require-yield
    orchestration("loop", function* (ctx) {
      const input = ctx.df.getInput();
      if (input === "first") ctx.df.continueAsNew("second");
      return input;
    }),
  );

  await host.start("loop", "first", "i");

  expect(await host.waitFor("i")).toMatchObject({ output: '"second"' });
});

it("O26: events of one batch behind the one that ends a generation are carried into the next", async () => {
  await using host = await hostOf(() =>
    orchestration("count", function* (ctx) {
      const { n } = ctx.df.getInput() as { n: number };
      if (n === 3) return n;
      yield ctx.df.waitForExternalEvent("Go");
      ctx.df.continueAsNew({ n: n + 1 });
      return undefined;
    }),
  );

  await host.start("count", { n: 0 }, "i");
  await host.idle();
  await Promise.all([1, 2, 3].map(() => host.raise("i", "Go", {})));
  const end = await host.waitFor("i");

  expect(end).toMatchObject({ output: 3 });
  expect(host.notices.filter(({ rule }) => rule === "lost-event")).toEqual([]);
});

it("O27: events that came during an activity and were not awaited are lost at continueAsNew, and that is said", async () => {
  await using host = await hostOf(
    () => {
      activity("A", (n: number) => n + 1);
      orchestration("loses", function* (ctx) {
        const { n } = ctx.df.getInput() as { n: number };
        if (n === 1) return yield ctx.df.Task.any([ctx.df.waitForExternalEvent("Go"), ctx.df.createTimer(later(ctx, 60))]);
        yield ctx.df.callActivity("A", n);
        ctx.df.continueAsNew({ n: 1 });
        return undefined;
      });
    },
    { activityLatencyMs: 10_000 },
  );

  await host.start("loses", { n: 0 }, "i");
  await host.advanceTo(at(5));
  await host.raise("i", "Go", {});
  await host.waitFor("i");

  expect(host.clock.now()).toBe(at(70).getTime());
  expect(host.notices).toContainEqual({ rule: "lost-event", instanceId: "i", text: expect.stringMatching(/^1 event\(s\) "Go"/) });
});

it("O28: continueAsNew with an open timer: the next generation starts when it has fired", async () => {
  await using host = await hostOf(() =>
    orchestration("lingers", function* (ctx) {
      const { n } = ctx.df.getInput() as { n: number };
      if (n === 1) return ctx.df.currentUtcDateTime.toISOString();
      const go = ctx.df.waitForExternalEvent("Go");
      yield ctx.df.Task.any([go, ctx.df.createTimer(later(ctx, 3600))]);
      ctx.df.continueAsNew({ n: 1 });
      return undefined;
    }),
  );

  await host.start("lingers", { n: 0 }, "i");
  await host.advanceTo(at(60));
  await host.raise("i", "Go", {});

  expect(await host.waitFor("i")).toMatchObject({ output: at(3600).toISOString() });
});

it("O29: suspend, event, timer due, resume: nothing is scheduled meanwhile, and both are processed after it in order", async () => {
  await using host = await hostOf(() => {
    activity("A", (n: number) => n + 1);
    orchestration("both", function* (ctx) {
      const timer = ctx.df.createTimer(later(ctx, 60));
      const go = ctx.df.waitForExternalEvent("Go");
      const first = (yield ctx.df.Task.any([go, timer])) as unknown;
      yield ctx.df.callActivity("A", 1);
      return first === go ? "event" : "timer";
    });
  });

  await host.start("both", null, "i");
  await host.idle();
  await host.suspend("i", "lunch");
  await host.advanceTo(at(30));
  await host.raise("i", "Go", {});
  await host.advanceTo(at(120));

  expect(await host.status("i")).toMatchObject({ runtimeStatus: "Suspended", output: "lunch" });
  expect(kinds(await host.history("i"))).toBe("0 10#0 | 19 | 15 | 11");
  expect(await host.hub.suspend("i", "again")).toMatchObject({ did: "refused" });
  await host.resume("i");
  expect(await host.waitFor("i")).toMatchObject({ output: "event" });
  expect(kinds(await host.history("i"))).toBe("0 10#0 | 19 | 15 | 11 | 20 4#1 | 5 1");
});

it("O30: terminate with an activity in flight and a running child: the answer is dropped, the child runs on", async () => {
  await using host = await hostOf(
    () => {
      activity("A", (n: number) => n + 1);
      orchestration("child", function* (ctx) {
        return yield ctx.df.waitForExternalEvent("Go");
      });
      orchestration("parent", function* (ctx) {
        yield ctx.df.Task.all([ctx.df.callActivity("A", 1), ctx.df.callSubOrchestrator("child", {}, "c")]);
      });
    },
    { activityLatencyMs: 60_000 },
  );

  await host.start("parent", null, "p");
  await host.idle();
  await host.terminate("p", "enough");
  await host.advanceTo(at(120));

  expect(await host.status("p")).toMatchObject({ runtimeStatus: "Terminated", output: "enough" });
  expect(kinds(await host.history("p"))).toBe("0 4#0 7#1 | 3 1");
  expect(await host.status("c")).toMatchObject({ runtimeStatus: "Running" });
  await host.raise("c", "Go", {});
  expect(await host.waitFor("c")).toMatchObject({ runtimeStatus: "Completed" });
});
