import { describe, expect, it } from "vitest";
import { activity, at, hostOf, kinds, later, orchestration, START, START_MS } from "./stage.ts";

const plusOne = (): void => activity("A", (n: number) => n + 1);

describe("O1: what an orchestrator returns", () => {
  it.each([
    ["undefined", undefined, null],
    ["null", null, null],
    ["a string", "x", "x"],
    ["an object", {}, {}],
  ])("%s", async (_what, returned, output) => {
    // oxlint-disable-next-line require-yield
    await using host = await hostOf(() =>
      orchestration("one", function* () {
        return returned;
      }),
    );

    await host.start("one", null, "i");

    expect(await host.waitFor("i")).toMatchObject({ runtimeStatus: "Completed", output, createdTime: START });
  });
});

it("O2: three calls in a row are three turns", async () => {
  await using host = await hostOf(() => {
    plusOne();
    orchestration("three", function* (ctx) {
      let n = 0;
      for (let i = 0; i < 3; i++) n = yield ctx.df.callActivity("A", n);
      return n;
    });
  });

  await host.start("three", null, "i");

  expect(await host.waitFor("i")).toMatchObject({ output: 3 });
  expect(kinds(await host.history("i"))).toBe("0 4#0 | 5 4#1 | 5 4#2 | 5 1");
});

describe("O3: completions that come twice, or for nobody", () => {
  it("change nothing, call nothing again, and do not reach history", async () => {
    let calls = 0;
    await using host = await hostOf(
      () => {
        activity("A", (n: number) => {
          calls++;
          return n + 1;
        });
        orchestration("three", function* (ctx) {
          let n = 0;
          for (let i = 0; i < 3; i++) n = yield ctx.df.callActivity("A", n);
          yield ctx.df.waitForExternalEvent("Go");
          return n;
        });
      },
      { faults: { extraCopies: ({ event }) => (event.EventType === 5 ? 1 : 0), repeats: ({ taskId }) => taskId === 1 } },
    );

    await host.start("three", null, "i");
    await host.idle();
    await host.raise("i", "Go", {});

    expect(await host.waitFor("i")).toMatchObject({ output: 3 });
    expect(kinds(await host.history("i"))).toBe("0 4#0 | 5 4#1 | 5 4#2 | 5 | 15 1");
    // The second call of task 1 is the one that was ordered.
    expect(calls).toBe(4);
  });

  it("are delivered once where two hosts were at one activity, the first of which stood still until the second was through", async () => {
    const said: string[] = [];
    const [still, onward] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await using host = await hostOf(
      () => {
        activity("A", async () => {
          const nth = said.push("begins");
          if (nth === 1) {
            still.resolve();
            await onward.promise;
          }
          said.push(`${nth} ends`);
          return nth;
        });
        orchestration("one", function* (ctx) {
          return yield ctx.df.callActivity("A", null);
        });
      },
      { faults: { overlaps: () => ({ first: (call) => call(), still: still.promise, goOn: () => onward.resolve() }) } },
    );

    await host.start("one", null, "i");

    expect(await host.waitFor("i")).toMatchObject({ output: 1 });
    expect(said).toEqual(["begins", "begins", "2 ends", "1 ends"]);
    expect(kinds(await host.history("i"))).toBe("0 4#0 | 5 1");
  });
});

describe("an activity on a host that stood still for minutes", () => {
  it("is answered by another host, goes on late, and its own answer changes nothing", async () => {
    const said: string[] = [];
    const [still, onward] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let calls = 0;
    await using host = await hostOf(
      () => {
        activity("A", async (what: string) => {
          if (what === "look") return said.push("looked");
          const nth = ++calls;
          if (nth === 1) {
            still.resolve();
            await onward.promise;
          }
          return said.push(`call ${nth} ends`);
        });
        orchestration("one", function* (ctx) {
          const first = yield ctx.df.callActivity("A", "work");
          for (const minutes of [1, 5]) {
            yield ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + minutes * 60_000));
            yield ctx.df.callActivity("A", "look");
          }
          return first;
        });
      },
      { faults: { overlaps: ({ taskId }) => (taskId === 0 ? { first: (call) => call(), still: still.promise, forMs: 120_000, goOn: () => onward.resolve() } : undefined) } },
    );

    await host.start("one", null, "i");

    expect(await host.waitFor("i")).toMatchObject({ output: 1 });
    expect(said).toEqual(["call 2 ends", "looked", "call 1 ends", "looked"]);
    expect(kinds(await host.history("i"))).toBe("0 4#0 | 5 10#1 | 11 4#2 | 5 10#3 | 11 4#4 | 5 1");
  });

  it("does not keep an orchestration, or time, from ending", async () => {
    await using host = await hostOf(
      () => {
        let calls = 0;
        activity("A", () => (++calls === 1 ? new Promise<never>(() => undefined) : calls));
        orchestration("one", function* (ctx) {
          return yield ctx.df.callActivity("A", null);
        });
      },
      { faults: { overlaps: () => ({ first: (call) => call(), still: Promise.resolve(), forMs: 3_600_000, goOn: () => undefined }) } },
    );
    const began = host.clock.now();

    await host.start("one", null, "i");

    expect(await host.waitFor("i")).toMatchObject({ output: 2 });
    await host.idle();
    expect(host.clock.now()).toBe(began);
  });
});

describe("O4: a fan-out", () => {
  it("is scheduled in one turn and gives results in the order of the calls", async () => {
    await using host = await hostOf(
      () => {
        activity("Wait", (input: { ms: number }) => input.ms);
        orchestration("fan", function* (ctx) {
          return yield ctx.df.Task.all([30, 10, 20].map((ms) => ctx.df.callActivity("Wait", { ms })));
        });
      },
      { activityLatencyMs: (_name, input) => (input as { ms: number }).ms },
    );

    await host.start("fan", null, "i");

    expect(await host.waitFor("i")).toMatchObject({ output: [30, 10, 20] });
    expect(kinds(await host.history("i"))).toBe("0 4#0 4#1 4#2 | 5 | 5 | 5 1");
  });

  it("takes completions of one instant into one turn", async () => {
    await using host = await hostOf(() => {
      plusOne();
      orchestration("fan", function* (ctx) {
        return yield ctx.df.Task.all([1, 2, 3].map((n) => ctx.df.callActivity("A", n)));
      });
    });

    await host.start("fan", null, "i");

    expect(await host.waitFor("i")).toMatchObject({ output: [2, 3, 4] });
    expect(kinds(await host.history("i"))).toBe("0 4#0 4#1 4#2 | 5 5 5 1");
  });
});

describe("O5: one of several fails", () => {
  const app = (caught: boolean) => (): void => {
    activity("Wait", ({ s, fails }: { s: number; fails?: boolean }) => {
      if (fails === true) throw new Error("no");
      return s;
    });
    orchestration("fan", function* (ctx) {
      const all = ctx.df.Task.all([ctx.df.callActivity("Wait", { s: 1, fails: true }), ctx.df.callActivity("Wait", { s: 600 })]);
      if (!caught) return yield all;
      try {
        yield all;
      } catch {
        return yield ctx.df.callActivity("Wait", { s: 0 });
      }
      return "not reached";
    });
  };
  const latency = { activityLatencyMs: (_name: string, input: unknown) => (input as { s: number }).s * 1000 };

  it("uncaught: the instance ends when all have ended", async () => {
    await using host = await hostOf(app(false), latency);

    await host.start("fan", null, "i");
    await host.advanceTo(at(599));

    expect(await host.status("i")).toMatchObject({ runtimeStatus: "Running", waitsFor: [`Wait #1, open since ${START}`] });
    expect(await host.waitFor("i")).toMatchObject({ runtimeStatus: "Failed" });
    expect(host.clock.now()).toBe(START_MS + 600_000);
    expect((await host.status("i"))?.output).toMatch(/^Orchestrator function 'fan' failed: Activity function 'Wait' failed: no/);
  });

  it("caught: the next call starts when all have ended", async () => {
    await using host = await hostOf(app(true), latency);

    await host.start("fan", null, "i");

    expect(await host.waitFor("i")).toMatchObject({ runtimeStatus: "Completed", output: 0 });
    expect(kinds(await host.history("i"))).toBe("0 4#0 4#1 | 6 | 5 4#2 | 5 1");
  });
});

const gate = (cancels: boolean) => (): void =>
  orchestration("gate", function* (ctx) {
    const limit = ctx.df.createTimer(later(ctx, 3600));
    const go = ctx.df.waitForExternalEvent("Go");
    const first = (yield ctx.df.Task.any([go, limit])) as unknown;
    if (first === go && cancels) limit.cancel();
    return first === go ? "event" : "timer";
  });

it("O6: an event beats a timer that is then cancelled: the instance completes in that turn", async () => {
  await using host = await hostOf(gate(true));

  await host.start("gate", null, "i");
  await host.advanceTo(at(600));
  await host.raise("i", "Go", {});
  await host.idle();

  expect(await host.status("i")).toMatchObject({ runtimeStatus: "Completed", output: "event" });
  await host.advanceTo(at(7200));
  expect(kinds(await host.history("i"))).toBe("0 10#0 | 15 1");
});

it("O7: an event beats a timer that is not cancelled: the instance runs until the timer fires", async () => {
  await using host = await hostOf(gate(false));

  await host.start("gate", null, "i");
  await host.advanceTo(at(600));
  await host.raise("i", "Go", {});
  await host.idle();

  expect(await host.status("i")).toMatchObject({ runtimeStatus: "Running", waitsFor: [`timer #0, open since ${START}`] });
  await host.advanceTo(at(3600));
  expect(await host.status("i")).toMatchObject({ runtimeStatus: "Completed", output: "event" });
});

describe("O8: a timer beats an event", () => {
  it("which finds the instance ended", async () => {
    await using host = await hostOf(gate(true));

    await host.start("gate", null, "i");
    await host.advanceTo(at(3600));

    expect(await host.status("i")).toMatchObject({ output: "timer" });
    expect(await host.hub.raise("i", "Go", {})).toEqual({ did: "gone" });
  });

  it("which is swallowed by the abandoned wait while the instance waits for something else", async () => {
    await using host = await hostOf(() =>
      orchestration("late", function* (ctx) {
        yield ctx.df.Task.any([ctx.df.waitForExternalEvent("Go"), ctx.df.createTimer(later(ctx, 60))]);
        yield ctx.df.waitForExternalEvent("Other");
        return yield ctx.df.waitForExternalEvent("Go");
      }),
    );

    await host.start("late", null, "i");
    await host.advanceTo(at(60));
    await host.raise("i", "Go", { n: 1 });
    await host.raise("i", "Other", {});
    await host.idle();

    expect(await host.status("i")).toMatchObject({ runtimeStatus: "Running" });
    await host.raise("i", "Go", { n: 2 });
    expect(await host.waitFor("i")).toMatchObject({ output: { n: 2 } });
  });
});

describe("O9: events that come early", () => {
  it("are kept and given out oldest first", async () => {
    await using host = await hostOf(() =>
      orchestration("two", function* (ctx) {
        yield ctx.df.createTimer(later(ctx, 60));
        const first = yield ctx.df.waitForExternalEvent("Go");
        const second = yield ctx.df.waitForExternalEvent("Go");
        return [first, second];
      }),
    );

    await host.start("two", null, "i");
    await host.raise("i", "Go", { n: 1 });
    await host.raise("i", "Go", { n: 2 });

    expect(await host.waitFor("i")).toMatchObject({ output: [{ n: 1 }, { n: 2 }] });
  });
});

it("O10: of two concurrent waits on one name the newest gets the first event", async () => {
  await using host = await hostOf(() =>
    orchestration("two", function* (ctx) {
      return yield ctx.df.Task.all([ctx.df.waitForExternalEvent("Go"), ctx.df.waitForExternalEvent("Go")]);
    }),
  );

  await host.start("two", null, "i");
  await host.idle();
  await host.raise("i", "Go", "first");
  await host.raise("i", "Go", "second");

  expect(await host.waitFor("i")).toMatchObject({ output: ["second", "first"] });
});

describe("O11: an event that differs in case from the name that is awaited", () => {
  const waits = (): void =>
    orchestration("waits", function* (ctx) {
      return yield ctx.df.waitForExternalEvent("Go");
    });

  it("is refused by a strict host", async () => {
    await using host = await hostOf(waits);

    await host.start("waits", null, "i");
    await host.idle();

    expect(await host.hub.raise("i", "go", {})).toMatchObject({ did: "refused", status: 400, why: expect.stringContaining('"Go"') });
  });

  it("is used up without reaching the orchestrator on a faithful one", async () => {
    await using host = await hostOf(waits, { strict: false });

    await host.start("waits", null, "i");
    await host.idle();
    await host.raise("i", "go", {});
    await host.idle();

    expect(await host.status("i")).toMatchObject({ runtimeStatus: "Running" });
  });
});

describe("O12: an event named like a task id", () => {
  const app = (): void => {
    plusOne();
    orchestration("one", function* (ctx) {
      return yield ctx.df.callActivity("A", 1);
    });
  };

  it("is refused by a strict host", async () => {
    await using host = await hostOf(app, { activityLatencyMs: 1000 });

    await host.start("one", null, "i");
    await host.idle();

    expect(await host.hub.raise("i", "0", "fake")).toMatchObject({ did: "refused", status: 400 });
    expect(await host.waitFor("i")).toMatchObject({ output: 2 });
  });

  it("completes the task on a faithful one", async () => {
    await using host = await hostOf(app, { activityLatencyMs: 1000, strict: false });

    await host.start("one", null, "i");
    await host.idle();
    await host.raise("i", "0", "fake");

    expect(await host.waitFor("i")).toMatchObject({ output: "fake" });
  });
});
