import { describe, expect, it } from "vitest";
import type { HostOptions, LocalHost } from "../harness.ts";
import { memoryStore } from "./store-memory.ts";
import { activity, at, hostOf, kinds, later, orchestration } from "./stage.ts";

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
      orchestration("large", function* (ctx) {
        ctx.df.setCustomStatus("x".repeat(7000));
        yield ctx.df.waitForExternalEvent("Go");
      });
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
    orchestration("throws", function* () {
      throw thrown;
    });

  it("an Error with text fails the instance", async () => {
    await using host = await hostOf(app(new Error("boom")));

    await host.start("throws", null, "i");

    expect(await host.waitFor("i")).toMatchObject({ runtimeStatus: "Failed", output: "Orchestrator function 'throws' failed: boom" });
  });

  it.each([
    ["a string", "boom"],
    ["an Error without text", new Error("")],
  ])("%s leaves it running for ever in production; strict: Failed", async (_what, thrown) => {
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
    [
      "another name",
      function* (ctx) {
        yield ctx.df.callActivity("A", 1);
        yield ctx.df.callActivity("B", 2);
        yield ctx.df.waitForExternalEvent("Go");
      },
      /^Non-Deterministic.*an activity "A" with id 1.*an activity "B"/,
    ],
    [
      "a call removed",
      function* (ctx) {
        yield ctx.df.callActivity("A", 1);
        yield ctx.df.waitForExternalEvent("Go");
      },
      /^Non-Deterministic.*an activity "A" with id 1.*nothing/,
    ],
    [
      "a timer inserted",
      function* (ctx) {
        yield ctx.df.callActivity("A", 1);
        yield ctx.df.createTimer(later(ctx, 1));
        yield ctx.df.callActivity("A", 2);
      },
      /^Non-Deterministic.*an activity "A" with id 1.*a timer/,
    ],
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
    [
      "an unknown activity",
      function* (ctx) {
        yield ctx.df.callActivity("Aa", 1);
      },
      /unknown-activity.*"Aa"; the app has A/,
    ],
    [
      "an unknown sub-orchestrator",
      function* (ctx) {
        yield ctx.df.callSubOrchestrator("x", {});
      },
      /unknown-orchestrator.*"x"; the app has o/,
    ],
    [
      "its own id for a child",
      function* (ctx) {
        yield ctx.df.callSubOrchestrator("o", {}, "i");
      },
      /child-id.*"i"/,
    ],
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
      orchestration("waits", function* (ctx) {
        yield ctx.df.waitForExternalEvent("Go");
      });
      orchestration("o", function* (ctx) {
        yield ctx.df.callSubOrchestrator("waits", {}, "busy");
      });
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
  await using host = await hostOf(
    () => {
      plusOne();
      orchestration("o", function* (ctx) {
        for (let point = 0; point < 4; point++) {
          seen.push({ point, replaying: ctx.df.isReplaying, time: ctx.df.currentUtcDateTime.toISOString(), guid: ctx.df.newGuid("x") });
          if (point < 3) yield ctx.df.callActivity("A", point);
        }
      });
    },
    { activityLatencyMs: 1000 },
  );

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
