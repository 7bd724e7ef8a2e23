import * as df from "durable-functions";
import { expect, it } from "vitest";
import { activity, hostOf, kinds, later, orchestration } from "./stage.ts";

/** An activity that does what `mood` says at the time. */
function moody(): { mood: "fails" | "works"; readonly calls: string[]; readonly register: () => void } {
  const state: ReturnType<typeof moody> = {
    mood: "fails",
    calls: [],
    register: () =>
      activity("Do", ({ key, always }: { key: string; always?: boolean }) => {
        state.calls.push(key);
        if (state.mood === "fails" && always !== true) throw new Error("no");
        return key;
      }),
  };
  return state;
}

it("runs failed tasks again, and nothing that succeeded", async () => {
  const state = moody();
  await using host = await hostOf(() => {
    state.register();
    orchestration("o", function* (ctx) {
      const first = yield ctx.df.callActivity("Do", { key: "first", always: true });
      const rest = yield ctx.df.Task.all([ctx.df.callActivity("Do", { key: "a" }), ctx.df.callActivity("Do", { key: "b", always: true })]);
      return [first, rest];
    });
  });
  await host.start("o", null, "i");
  expect(await host.waitFor("i")).toMatchObject({ runtimeStatus: "Failed" });

  state.mood = "works";
  await host.rewind("i", "fixed");

  expect(await host.waitFor("i")).toMatchObject({ runtimeStatus: "Completed", output: ["first", ["a", "b"]] });
  expect(state.calls).toEqual(["first", "a", "b", "a"]);
  expect(kinds(await host.history("i"))).toBe("0 4#0 | 5 4#2 | 5 | 21 4#1 | 5 1");
});

it("goes into failed sub-orchestrations, and keeps what they had done", async () => {
  const state = moody();
  await using host = await hostOf(() => {
    state.register();
    orchestration("child", function* (ctx) {
      yield ctx.df.callActivity("Do", { key: "begin", always: true });
      return yield ctx.df.callActivity("Do", { key: "end" });
    });
    orchestration("parent", function* (ctx) {
      return yield ctx.df.callSubOrchestrator("child", {}, "c");
    });
  });
  await host.start("parent", null, "p");
  await host.waitFor("p");

  state.mood = "works";
  await host.rewind("p");

  expect(await host.waitFor("p")).toMatchObject({ output: "end" });
  expect(state.calls).toEqual(["begin", "end", "end"]);
  expect(await host.status("c")).toMatchObject({ runtimeStatus: "Completed" });
});

it("gives a retry's last attempt another chance", async () => {
  const state = moody();
  await using host = await hostOf(() => {
    state.register();
    orchestration("o", function* (ctx) {
      return yield ctx.df.callActivityWithRetry("Do", new df.RetryOptions(5000, 2), { key: "k" });
    });
  });
  await host.start("o", null, "i");
  await host.waitFor("i");

  state.mood = "works";
  await host.rewind("i");

  expect(await host.waitFor("i")).toMatchObject({ output: "k" });
  expect(kinds(await host.history("i"))).toBe("0 4#0 | 6 10#1 | 11 |  |  | 21 4#2 | 5 1");
});

it("arms timers again that the failure had dropped", async () => {
  const state = moody();
  await using host = await hostOf(() => {
    state.register();
    orchestration("o", function* (ctx) {
      const limit = ctx.df.createTimer(later(ctx, 3600));
      yield ctx.df.Task.any([limit, ctx.df.waitForExternalEvent("Go")]);
      limit.cancel();
      yield ctx.df.callActivity("Do", { key: "k" });
      return "done";
    });
  });
  await host.start("o", null, "i");
  await host.idle();
  await host.raise("i", "Go", {});
  await host.waitFor("i");

  state.mood = "works";
  await host.rewind("i");

  expect(await host.waitFor("i")).toMatchObject({ output: "done" });
});

it("is refused for an orchestrator that did something else because of the failure", async () => {
  const state = moody();
  await using host = await hostOf(() => {
    state.register();
    orchestration("o", function* (ctx) {
      try {
        yield ctx.df.callActivity("Do", { key: "k" });
      } catch {
        yield ctx.df.callActivity("Do", { key: "cleanup", always: true });
        throw new Error("gave up");
      }
    });
  });
  await host.start("o", null, "i");
  await host.waitFor("i");

  const answer = await host.hub.rewind("i", "");

  expect(answer).toMatchObject({ did: "refused", status: 409, why: expect.stringContaining("cannot be rewound") });
  expect(await host.status("i")).toMatchObject({ runtimeStatus: "Failed" });
});

it("is refused for one whose own code threw, answered as gone for one that completed, and as unknown for none", async () => {
  await using host = await hostOf(() => {
    // oxlint-disable-next-line require-yield
    orchestration("throws", function* () {
      throw new Error("boom");
    });
    // oxlint-disable-next-line require-yield
    orchestration("fine", function* () {
      return 1;
    });
  });
  await host.start("throws", null, "t");
  await host.start("fine", null, "f");
  await host.idle();

  expect(await host.hub.rewind("t", "")).toMatchObject({ did: "refused", why: expect.stringContaining("boom") });
  expect(await host.hub.rewind("f", "")).toEqual({ did: "gone" });
  expect(await host.hub.rewind("x", "")).toEqual({ did: "absent" });
});
