import { app as azure } from "@azure/functions";
import * as df from "durable-functions";
import { describe, expect, it } from "vitest";
import { collectApp } from "./app.ts";
import type { LoadedApp, LogLine } from "./app.ts";
import { invokerOf } from "./invocation.ts";

const activity = (name: string, handler: (input: never, context: never) => unknown): void => void df.app.activity(name, { handler: handler as df.ActivityHandler });
const act = (app: LoadedApp, name: string, input?: unknown): ReturnType<ReturnType<typeof invokerOf>["act"]> =>
  invokerOf(app).act(name, input === undefined ? undefined : JSON.stringify(input), "night-1");

describe("L4: two pre- and two post-hooks", () => {
  it("run around the handler in order; hookData is the invocation's, appHookData the app's", async () => {
    const seen: string[] = [];
    const hook =
      (name: string) =>
      ({ hookData, appHookData }: { hookData: Record<string, unknown>; appHookData?: Record<string, unknown> }) => {
        hookData["n"] = Number(hookData["n"] ?? 0) + 1;
        if (appHookData !== undefined) appHookData["n"] = Number(appHookData["n"] ?? 0) + 1;
        seen.push(`${name} ${String(hookData["n"])}`);
      };
    const app = await collectApp(() => {
      azure.hook.preInvocation(hook("pre1"));
      azure.hook.preInvocation(hook("pre2"));
      azure.hook.postInvocation(hook("post1"));
      azure.hook.postInvocation(hook("post2"));
      activity("A", () => void seen.push("handler"));
    });

    await act(app, "A");
    await act(app, "A");

    const once = ["pre1 1", "pre2 2", "handler", "post1 3", "post2 4"];
    expect(seen).toEqual([...once, ...once]);
  });

  it("keeps appHookData from one invocation to the next", async () => {
    const counts: unknown[] = [];
    const app = await collectApp(() => activity("A", () => 1));
    app.registrations.addHook("preInvocation", (context: { appHookData: Record<string, number> }) => {
      context.appHookData["n"] = (context.appHookData["n"] ?? 0) + 1;
      counts.push(context.appHookData["n"]);
    });

    await act(app, "A");
    await act(app, "A");

    expect(counts).toEqual([1, 2]);
  });
});

describe("L5: hooks that replace", () => {
  it("let the handler see another input, and make a failure a success", async () => {
    const seen: unknown[] = [];
    const app = await collectApp(() => {
      azure.hook.preInvocation((context) => void (context.inputs = ["replaced"]));
      azure.hook.postInvocation((context) => {
        context.error = null;
        context.result = 7;
      });
      activity("A", (input) => {
        seen.push(input);
        throw new Error("boom");
      });
    });

    const answer = await act(app, "A", { plan: 1 });

    expect(seen).toEqual(["replaced"]);
    expect(answer).toEqual({ ok: true, result: "7" });
  });

  it("may replace the handler, and turn a success into a failure", async () => {
    const app = await collectApp(() => {
      azure.hook.preInvocation((context) => void (context.functionHandler = () => "other"));
      azure.hook.postInvocation((context) => void (context.error = new Error(`was ${String(context.result)}`)));
      activity("A", () => "mine");
    });

    expect(await act(app, "A")).toMatchObject({ ok: false, message: "was other" });
  });
});

describe("L6: a pre-hook that throws", () => {
  it("fails the invocation; neither handler nor post-hooks are called", async () => {
    const seen: string[] = [];
    const app = await collectApp(() => {
      azure.hook.preInvocation(() => {
        throw new Error("no entry");
      });
      azure.hook.postInvocation(() => void seen.push("post"));
      activity("A", () => void seen.push("handler"));
    });

    expect(await act(app, "A")).toMatchObject({ ok: false, message: "no entry" });
    expect(seen).toEqual([]);
  });
});

describe("L9: activity inputs", () => {
  // Left: the `input` of the action, as the SDK emits it: strings are encoded once more by the SDK.
  it.each([
    ["an object", { a: 1 }, { a: 1 }],
    ["an array", [1, 2], [1, 2]],
    ["a string", '"hello"', "hello"],
    ["a numeral string", '"5"', "5"],
    ["5", 5, 5],
    ["true, which arrives as text", true, "True"],
    ["false likewise", false, "False"],
    ["null", null, undefined],
    ["nothing", undefined, undefined],
    ["a date, which is not encoded again", "2024-12-08T01:00:00.000Z", "2024-12-08T01:00:00.000Z"],
  ])("%s", async (_name, input, received) => {
    const seen: unknown[] = [];
    const app = await collectApp(() => activity("A", (value) => void seen.push(value)));

    await act(app, "A", input);

    expect(seen).toEqual([received]);
  });

  it("carry the instance id and the input in triggerMetadata", async () => {
    let metadata: unknown;
    const app = await collectApp(() => activity("A", (_input, context: { triggerMetadata: unknown }) => void (metadata = context.triggerMetadata)));

    await act(app, "A", { a: 1 });

    expect(metadata).toEqual({ instanceId: "night-1", data: { a: 1 } });
  });
});

describe("L10: activity results", () => {
  it.each([
    ["nothing", undefined, null],
    ["null", null, null],
    ["a string", "x", '"x"'],
    ["an empty string", "", '""'],
    ["a string that is JSON", "5", '"5"'],
    ["bytes", Buffer.from("hi"), '"aGk="'],
    ["an integer", 5, "5"],
    ["a fraction", 1.5, "1.5"],
    ["true", true, "true"],
    ["an object", { a: [1] }, '{"a":[1]}'],
    ["a date", new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ])("%s", async (_name, returned, json) => {
    const app = await collectApp(() => activity("A", () => returned));

    expect(await act(app, "A")).toEqual({ ok: true, result: json });
  });

  it.each([
    ["an error", new Error("boom"), "boom"],
    ["a string", "boom", "boom"],
    ["an object", { code: 5 }, '{"code":5}'],
    ["nothing", undefined, "Unknown error"],
  ])("thrown: %s", async (_name, thrown, message) => {
    const app = await collectApp(() =>
      activity("A", () => {
        throw thrown;
      }),
    );

    expect(await act(app, "A")).toMatchObject({ ok: false, message });
  });
});

describe("L11: two slow activities", () => {
  it("run concurrently", async () => {
    const gate = Promise.withResolvers<void>();
    let inside = 0;
    const app = await collectApp(() =>
      activity("A", async () => {
        if (++inside === 2) gate.resolve();
        await gate.promise;
        return inside;
      }),
    );

    const both = await Promise.all([act(app, "A"), act(app, "A")]);

    expect(both).toEqual([
      { ok: true, result: "2" },
      { ok: true, result: "2" },
    ]);
  });
});

const request = {
  history: [
    { EventType: 12, EventId: -1, IsPlayed: false, Timestamp: "2030-01-05T20:00:00.0000000Z" },
    { EventType: 0, EventId: -1, IsPlayed: false, Timestamp: "2030-01-05T20:00:00.0000000Z", Name: "gate", Version: "", Input: null },
  ],
  input: { a: 1 },
  instanceId: "night-1",
  isReplaying: false,
  parentInstanceId: null,
  upperSchemaVersion: 1,
  upperSchemaVersionNew: 2,
  longRunningTimerIntervalDuration: "3.00:00:00",
  maximumShortTimerDuration: "6.00:00:00",
  defaultHttpAsyncRequestSleepTimeMillseconds: 30000,
};

describe("an orchestrator's turn", () => {
  it("is answered with its actions, and names are compared without case", async () => {
    const app = await collectApp(
      () =>
        void df.app.orchestration("gate", function* (context) {
          return (yield context.df.callActivity("A", context.df.getInput())) as unknown;
        }),
    );

    expect(await invokerOf(app).orchestrate("GATE", request, JSON.stringify(request))).toEqual({
      ok: true,
      answer: { isDone: false, actions: [[{ actionType: 0, functionName: "A", input: { a: 1 } }]], schemaVersion: 2 },
    });
  });

  it("that throws fails with the text that holds the marker", async () => {
    const app = await collectApp(
      () =>
        void df.app.orchestration("gate", function* () {
          throw new Error("boom");
        }),
    );

    expect(await invokerOf(app).orchestrate("gate", request, JSON.stringify(request))).toEqual({
      ok: false,
      message: expect.stringMatching(/^false\n\n\$OutOfProcData\$:\{.*"error":"boom"\}$/),
    });
  });

  it("of an unknown name lists the known ones", async () => {
    const app = await collectApp(() => void df.app.orchestration("gate", function* () {}));

    expect(await invokerOf(app).orchestrate("gaet", request, JSON.stringify(request))).toEqual({
      ok: false,
      message: 'no orchestrator function is called "gaet"; the app has gate',
    });
  });
});

describe("logs", () => {
  it("reach the host with function and invocation, through the log hooks", async () => {
    const lines: LogLine[] = [];
    const app = await collectApp(() => {
      azure.hook.log((context) => void (context.message = `<${context.message}>`));
      activity("A", (_input, context: { warn: (text: string, n: number) => void }) => context.warn("look %d", 5));
    });
    app.surroundings.log = (line) => void lines.push(line);

    await act(app, "A");

    expect(lines).toEqual([{ level: "warning", category: "user", message: "<look 5>", functionName: "A", invocationId: expect.stringMatching(/^[0-9a-f]{8}-/) }]);
  });

  it("tell of an activity that failed, and of an orchestrator that threw or returned", async () => {
    const lines: LogLine[] = [];
    const app = await collectApp(() => {
      activity("A", () => {
        throw new Error("boom");
      });
      df.app.orchestration("gate", function* () {
        throw new Error("bang");
      });
      df.app.orchestration("open", function* () {});
    });
    app.surroundings.log = (line) => void lines.push(line);

    await act(app, "A");
    await invokerOf(app).orchestrate("gate", request);
    await invokerOf(app).orchestrate("open", request);

    expect(lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      'error: activity "A" for instance night-1 failed: boom',
      'error: orchestrator "gate" of instance night-1 threw: bang',
      'information: orchestrator "open" of instance night-1 has returned',
    ]);
  });

  it("of a function that has ended come with a system warning", async () => {
    const lines: LogLine[] = [];
    let late: () => void = () => {};
    const app = await collectApp(() => activity("A", (_input, context: { log: (text: string) => void }) => void (late = () => context.log("late"))));
    app.surroundings.log = (line) => void lines.push(line);
    await act(app, "A");

    late();

    expect(lines.map(({ level, category }) => [level, category])).toEqual([
      ["warning", "system"],
      ["information", "user"],
    ]);
  });
});

describe("a function that wants a durable client", () => {
  it("fails with a sentence when its host serves none", async () => {
    const app = await collectApp(() => void df.app.activity("A", { extraInputs: [df.input.durableClient()], handler: () => 1 }));

    expect(await act(app, "A")).toMatchObject({ ok: false, message: expect.stringContaining("its host serves none") });
  });
});

describe("a function that takes longer than functionTimeout", () => {
  it("is named in an error when it ends", async () => {
    const lines: LogLine[] = [];
    let now = 0;
    const app = await collectApp(() => activity("A", () => void (now += 601_000)));
    Object.assign(app.surroundings, { log: (line: LogLine) => void lines.push(line), limit: { clock: { now: () => now }, functionTimeoutMs: 600_000 } });

    await act(app, "A");

    expect(lines).toMatchObject([{ level: "error", message: expect.stringContaining('function "A" took 601000 ms; functionTimeout in host.json is 600000 ms') }]);
  });
});

describe("an app that streams", () => {
  it("is refused when it is registered by a callback, since its requests would wait for ever", async () => {
    const loading = collectApp(() => {
      azure.setup({ enableHttpStream: true });
      azure.http("web", { handler: () => ({}) });
    });

    await expect(loading).rejects.toThrow(/cannot stream; take app\.setup/);
    // Back to what it was: the switch is the library's, one for the whole process.
    await collectApp(() => {
      azure.setup({ enableHttpStream: false });
      azure.http("web", { handler: () => ({}) });
    });
  });
});
