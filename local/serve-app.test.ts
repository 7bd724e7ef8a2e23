import { app as azure } from "@azure/functions";
import * as df from "durable-functions";
import { afterEach, describe, expect, it } from "vitest";
import { collectApp } from "./app.ts";
import type { LogLine } from "./app.ts";
import { createHost } from "./harness.ts";
import type { HostOptions, LocalHost } from "./harness.ts";
import { serveApp } from "./serve-app.ts";
import type { ServedApp, ServeOptions } from "./serve-app.ts";

let host: LocalHost;
let served: ServedApp;
let work: (client: df.DurableClient) => Promise<unknown> = async () => undefined;
const logs: LogLine[] = [];
afterEach(async () => {
  await served.close();
  await host.close();
  logs.length = 0;
});

const EIGHT = "2030-01-05T20:00:00.000Z";

function registerNight(): void {
  df.app.orchestration("night", function* (context) {
    const { end } = context.df.getInput() as { end: string };
    if (end === "fail") throw new Error("boom");
    if (end === "wait") return (yield context.df.waitForExternalEvent("Go")) as unknown;
    return (yield context.df.callActivity("done", { end })) as unknown;
  });
  df.app.activity("done", { handler: ({ end }: { end: string }) => ({ end }) });
  df.app.client.http("use", {
    handler: async (_request, client) => ({
      jsonBody: await work(client).then(
        (value) => ({ value: value ?? null }),
        (error: Error) => ({ error: error.message }),
      ),
    }),
  });
}

async function serve(register: () => void, hostOptions: Partial<HostOptions> = {}, serveOptions: Partial<ServeOptions> = {}): Promise<void> {
  const app = await collectApp(register);
  app.surroundings.log = (line) => void logs.push(line);
  host = await createHost({ app, startAt: EIGHT, ...hostOptions });
  served = await serveApp({ app, hub: host.hub, clock: host.clock, ...serveOptions });
}

/** Runs `calls` with the SDK's own client, inside a function of the served app. */
async function client(calls: (client: df.DurableClient) => Promise<unknown>): Promise<{ value?: unknown; error?: string }> {
  work = calls;
  return (await (await fetch(`${served.origin}/api/use`)).json()) as { value?: unknown };
}

const startCode = async (id: string, end = "wait"): Promise<number> =>
  (await fetch(`${served.origin}/durabletask/orchestrators/night/${id}`, { method: "POST", body: JSON.stringify({ end }) })).status;

/** Brings the instance `id` into a state, with the SDK's client alone. */
async function bring(id: string, state: string): Promise<void> {
  const end = { Completed: "well", Failed: "fail" }[state] ?? "wait";
  await client((c) => c.startNew("night", { instanceId: id, input: { end } }));
  await host.idle();
  if (state === "Terminated") await client((c) => c.terminate(id, "enough"));
  if (state === "Suspended") await client((c) => c.suspend(id, "later"));
  await host.idle();
  expect((await host.status(id))?.runtimeStatus).toBe(state);
}

describe("C1: the SDK's client on the real engine", () => {
  it("starts, looks, raises, suspends, resumes, and gets the output", async () => {
    await serve(registerNight);
    await bring("n1", "Suspended");

    await client((c) => c.resume("n1", "go on"));
    await client((c) => c.raiseEvent("n1", "Go", { by: "kim" }));
    await host.idle();

    expect((await client((c) => c.getStatus("n1"))).value).toMatchObject({
      name: "night",
      runtimeStatus: "Completed",
      input: { end: "wait" },
      output: { by: "kim" },
      createdTime: EIGHT,
    });
  });

  it("terminates with a reason, and purges", async () => {
    await serve(registerNight);
    await bring("n1", "Terminated");

    expect((await client((c) => c.getStatus("n1"))).value).toMatchObject({ runtimeStatus: "Terminated", output: "enough" });
    expect(await client((c) => c.purgeInstanceHistory("n1"))).toEqual({ value: { instancesDeleted: 1 } });
    expect((await client((c) => c.getStatus("n1"))).error).toContain("404");
  });

  it("restarts a failed instance under another id", async () => {
    await serve(registerNight);
    await bring("n1", "Failed");

    const restarted = await fetch(`${served.origin}/runtime/webhooks/durabletask/instances/n1/restart`, { method: "POST" });
    await host.idle();

    const { id } = (await restarted.json()) as { id: string };
    expect(await host.status(id)).toMatchObject({ name: "night", runtimeStatus: "Failed", input: { end: "fail" } });
    expect(id).not.toBe("n1");
  });

  it("lists what it has, page by page, and shows a history to people", async () => {
    await serve(registerNight);
    for (let at = 0; at < 5; at++) await bring(`n${at}`, "Completed");

    const first = await fetch(`${served.origin}/durabletask/instances/?top=3`);
    const rest = await fetch(`${served.origin}/durabletask/instances/?top=3`, { headers: { "x-ms-continuation-token": first.headers.get("x-ms-continuation-token") ?? "" } });
    const told = (await (await fetch(`${served.origin}/durabletask/instances/n0?showHistory=true&showHistoryOutput=true`)).json()) as { historyEvents: object[] };

    const ids = [...((await first.json()) as { instanceId: string }[]), ...((await rest.json()) as { instanceId: string }[])].map(({ instanceId }) => instanceId);
    expect(ids.toSorted()).toEqual(["n0", "n1", "n2", "n3", "n4"]);
    expect(told.historyEvents).toMatchObject([
      { EventType: "ExecutionStarted", FunctionName: "night" },
      { EventType: "TaskCompleted", FunctionName: "done", Result: { end: "well" } },
      { EventType: "ExecutionCompleted" },
    ]);
  });
});

describe("C2: a start with an id that exists", () => {
  it.each(["Running", "Suspended"])("is refused while it is %s", async (state) => {
    await serve(registerNight);
    await bring("n1", state);

    expect(await startCode("n1")).toBe(409);
  });

  it("is refused with 500, as on Azure, by a faithful host", async () => {
    await serve(registerNight, { strict: false });
    await bring("n1", "Running");

    expect(await startCode("n1")).toBe(500);
  });

  it.each(["Completed", "Failed", "Terminated"])("replaces one that is %s: another execution, another history", async (state) => {
    await serve(registerNight);
    await bring("n1", state);
    const before = (await host.status("n1"))?.executionId;

    expect(await startCode("n1")).toBe(202);
    await host.idle();

    expect(await host.status("n1")).toMatchObject({ runtimeStatus: "Running" });
    expect((await host.status("n1"))?.executionId).not.toBe(before);
  });

  it.each(["Running", "Completed"])("replaces one that is %s where host.json says AnyState", async (state) => {
    await serve(registerNight, { overridableExistingInstanceStates: "AnyState" });
    await bring("n1", state);

    expect(await startCode("n1", "well")).toBe(202);
    await host.idle();

    expect(await host.status("n1")).toMatchObject({ runtimeStatus: "Completed", output: { end: "well" } });
  });
});

describe("C3: what the real engine refuses", () => {
  it("is an unknown orchestrator, by its name and those that exist", async () => {
    await serve(registerNight);

    const response = await fetch(`${served.origin}/durabletask/orchestrators/nihgt`, { method: "POST", body: "{}" });

    expect([response.status, await response.text()]).toEqual([400, 'no orchestrator is called "nihgt"; the app has night']);
  });
});

describe("timers on a virtual clock", () => {
  const tick = (runs: string[]) => (): void => {
    azure.timer("tick", { schedule: "0 */5 * * * *", handler: () => void runs.push(new Date(host.clock.now()).toISOString().slice(11, 16)) });
    df.app.orchestration("nap", function* (context) {
      yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 12 * 60_000));
      return context.df.currentUtcDateTime.toISOString();
    });
  };

  it("fire as time is moved, each at its instant", async () => {
    const runs: string[] = [];
    await serve(tick(runs));

    await host.advanceTo("2030-01-05T20:16:00Z");

    expect(runs).toEqual(["20:05", "20:10", "20:15"]);
  });

  it("that follow do not move it, and fire when an orchestration does", async () => {
    const runs: string[] = [];
    await serve(tick(runs), {}, { timersFollow: true });

    const { output } = await host.waitFor(await host.start("nap"));

    expect(output).toBe("2030-01-05T20:12:00.000Z");
    expect(runs).toEqual(["20:05", "20:10"]);
  });

  it("do not run by themselves when told so, and run by hand", async () => {
    const runs: string[] = [];
    await serve(tick(runs), {}, { timersRun: false });
    await host.advanceTo("2030-01-05T20:16:00Z");

    const response = await fetch(`${served.origin}/admin/functions/tick`, { method: "POST", headers: { "content-type": "application/json" }, body: '{"input":""}' });
    await served.close();

    expect([response.status, runs]).toEqual([202, ["20:16"]]);
  });
});

describe("keys", () => {
  it("are asked for by webhooks and admin endpoints, and not by the SDK's own calls", async () => {
    await serve(registerNight, {}, { keys: { master: "m", function: "f", durable: "d" } });
    const code = async (path: string): Promise<number> => (await fetch(served.origin + path)).status;

    expect(await code("/runtime/webhooks/durabletask/instances")).toBe(401);
    expect(await code("/runtime/webhooks/durabletask/instances?code=d")).toBe(200);
    expect(await code("/admin/host/status")).toBe(401);
    expect(await code("/admin/host/status?code=m")).toBe(200);
    expect((await client((c) => c.getStatusAll())).value).toEqual([]);
  });
});

describe("WEBSITE_HOSTNAME", () => {
  it("is the served host's while it serves, and what it was before afterwards", async () => {
    const before = process.env["WEBSITE_HOSTNAME"];
    await serve(registerNight);

    const during = process.env["WEBSITE_HOSTNAME"];
    await served.close();

    expect([during, process.env["WEBSITE_HOSTNAME"]]).toEqual([new URL(served.origin).host, before]);
  });
});
