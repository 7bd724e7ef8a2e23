import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { app as azure } from "@azure/functions";
import * as df from "durable-functions";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collectApp, loadApp } from "./app.ts";
import { invokerOf } from "./invocation.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "nightshift-app-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Record<string, string>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const CJS = (name: string): string => `const { app } = require("@azure/functions"); app.http("${name}", { handler: async () => ({}) });`;
const ESM = (name: string): string => `import { app } from "@azure/functions"; app.http("${name}", { handler: async () => ({}) });`;

describe("L1: an app with one function of each kind", () => {
  it("is captured as metadata with unique ids, and the client input is on the starters", async () => {
    const loaded = await collectApp(() => {
      azure.http("web", { handler: () => ({}) });
      azure.timer("tick", { schedule: "0 * * * * *", handler: () => {} });
      df.app.orchestration("orchestrate", function* () {});
      df.app.activity("act", { handler: () => 1 });
      df.app.entity("thing", () => {});
      df.app.client.http("start", { handler: async () => ({}) });
      azure.storageQueue("queue", { queueName: "q", connection: "", handler: () => {} });
    });

    expect(loaded.functions.map(({ name, kind }) => [name, kind])).toEqual([
      ["web", "http"],
      ["tick", "timer"],
      ["orchestrate", "orchestration"],
      ["act", "activity"],
      ["thing", "entity"],
      ["start", "http"],
      ["queue", "unsupported"],
    ]);
    expect(new Set(loaded.functions.map(({ id }) => id)).size).toBe(7);
    expect(loaded.functions.filter(({ clientInputs }) => clientInputs.length === 1).map(({ name }) => name)).toEqual(["start"]);
    expect(loaded.functions[0]!.trigger).toMatchObject({
      type: "httpTrigger",
      authLevel: "anonymous",
      methods: ["GET", "POST"],
      direction: "in",
      properties: { supportsDeferredBinding: "false" },
    });
    expect(loaded.functions[0]!.metadata.bindings["$return"]).toMatchObject({ type: "http", direction: "out" });
    expect(loaded.functions[2]!.metadata.bindings).toMatchObject({ orchestrationTrigger56e21d4b3e: { type: "orchestrationTrigger" } });
    expect(loaded.functions[3]!.metadata.bindings).toMatchObject({ activityTrigger7996c743ef: { type: "activityTrigger" } });
  });

  it("refuses two functions of one id", async () => {
    const loading = collectApp(() => {
      azure.http("twice", { handler: () => ({}) });
      azure.http("twice", { handler: () => ({}) });
    });

    await expect(loading).rejects.toMatchObject({ name: "Fault", kind: "conflict", message: expect.stringContaining('"twice" is registered twice') });
  });

  it("keeps the registrations of two apps of one process apart", async () => {
    const first = await collectApp(() => azure.http("first", { handler: () => ({}) }));
    const second = await collectApp(() => azure.http("second", { handler: () => ({}) }));

    expect(first.functions.map(({ name }) => name)).toEqual(["first"]);
    expect(second.functions.map(({ name }) => name)).toEqual(["second"]);
  });
});

describe("L2: main", () => {
  it("may be a CommonJS file", async () => {
    const loaded = await loadApp(write({ "package.json": '{"main":"index.js"}', "index.js": CJS("common") }));

    expect(loaded.functions.map(({ name }) => name)).toEqual(["common"]);
  });

  it("may be an ES module", async () => {
    const loaded = await loadApp(write({ "package.json": '{"main":"index.js","type":"module"}', "index.js": ESM("module") }));

    expect(loaded.functions.map(({ name }) => name)).toEqual(["module"]);
  });

  it("may be a glob of both, in braces, and every match is loaded", async () => {
    const loaded = await loadApp(
      write({ "package.json": '{"main":"src/{index.js,functions/*.{js,mjs}}"}', "src/index.js": CJS("index"), "src/functions/a.js": CJS("a"), "src/functions/b.mjs": ESM("b") }),
    );

    expect(loaded.functions.map(({ name }) => name).toSorted()).toEqual(["a", "b", "index"]);
  });

  it("that matches nothing is an error that says so", async () => {
    await expect(loadApp(write({ "package.json": '{"main":"dist/*.js"}' }))).rejects.toThrow(/"dist\/\*\.js", which matches no file; if the app is compiled, build it first/);
  });

  it("that throws fails the whole app and names the file", async () => {
    await expect(loadApp(write({ "package.json": '{"main":"index.js"}', "index.js": 'throw new Error("no settings");' }))).rejects.toThrow(
      /index\.js failed while it was loaded: no settings/,
    );
  });

  it("may be loaded again in the same process", async () => {
    const directory = write({ "package.json": '{"main":"index.js"}', "index.js": CJS("again") });
    await loadApp(directory);

    const second = await loadApp(directory);

    expect(second.functions.map(({ name }) => name)).toEqual(["again"]);
  });
});

describe("an app in the v3 model", () => {
  it("is refused by name", async () => {
    await expect(loadApp(write({ "package.json": "{}", "hello/function.json": "{}" }))).rejects.toThrow(/is written in the v3 model \(function\.json files\)/);
  });
});

describe("an app by another generation of the library", () => {
  it("is refused with its version", async () => {
    const directory = write({ "package.json": '{"main":"index.js"}', "index.js": CJS("x"), "node_modules/durable-functions/package.json": '{"version":"4.0.1"}' });

    await expect(loadApp(directory)).rejects.toThrow(/uses durable-functions 4\.0\.1; this host speaks to major version 3 only/);
  });
});

describe("L3: registering after the metadata were read", () => {
  it("throws", async () => {
    await collectApp(() => azure.http("early", { handler: () => ({}) }));

    expect(() => azure.http("late", { handler: () => ({}) })).toThrow(/"late" is registered outside of an app/);
  });

  it("throws in a function that runs, and names what it tried", async () => {
    const loaded = await collectApp(() => df.app.activity("early", { handler: () => azure.http("late", { handler: () => ({}) }) }));

    expect(await invokerOf(loaded).act("early", undefined, "night-1")).toMatchObject({
      ok: false,
      message: 'function "late" is registered after the app has started; register every function while its files are loaded',
    });
  });
});

describe("a callback that registers nothing", () => {
  it("is refused: a library in its test mode registers in silence", async () => {
    await expect(collectApp(() => {})).rejects.toThrow(/registered no functions; if app\.\* was called/);
  });
});

describe("app hooks", () => {
  it("run at start in order with shared data and the directory, and at stop once", async () => {
    const seen: unknown[] = [];
    const loaded = await collectApp(() => {
      azure.hook.appStart(({ hookData }) => void (hookData["a"] = 1));
      azure.hook.appStart((context) => void seen.push({ ...context.hookData }));
      azure.hook.appTerminate((context) => void seen.push({ ...context.hookData }));
      azure.http("web", { handler: () => ({}) });
    });

    await loaded.stop();
    await loaded.stop();

    expect(seen).toEqual([{ a: 1 }, { a: 1 }]);
  });
});
