import { HttpRequest } from "@azure/functions";
import * as df from "durable-functions";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collectApp } from "./app.ts";
import { handClock } from "../test/support/hand-clock.ts";
import { scriptedHub } from "../test/support/scripted-hub.ts";
import type { ScriptedHub } from "../test/support/scripted-hub.ts";
import { serveApp } from "./serve-app.ts";
import type { ServedApp } from "./serve-app.ts";
import type { RuntimeStatus } from "./durable/hub.ts";

let served: ServedApp;
let hub: ScriptedHub;
let work: (client: df.DurableClient) => Promise<unknown>;

beforeEach(async () => {
  hub = scriptedHub("Nightshift", ["night"]);
  const app = await collectApp(() =>
    df.app.client.http("use", {
      handler: async (_request, client) => {
        const did = await work(client).then(
          (value) => ({ value: value ?? null }),
          (error: Error) => ({ error: error.message }),
        );
        return { jsonBody: did };
      },
    }),
  );
  served = await serveApp({ app, hub, clock: handClock(Date.parse("2030-01-05T20:00:00Z")) });
});
afterEach(() => served.close());

/** Runs `calls` with the SDK's own client, inside a function. */
async function client(calls: (client: df.DurableClient) => Promise<unknown>): Promise<{ value?: unknown; error?: string }> {
  work = calls;
  const response = await fetch(`${served.origin}/api/use`);
  return (await response.json()) as { value?: unknown };
}

const webhook = (path: string, init?: RequestInit): Promise<Response> => fetch(`${served.origin}/runtime/webhooks/durabletask${path}`, init);
const OPEN: RuntimeStatus[] = ["Pending", "Running", "Suspended", "ContinuedAsNew"];
const ENDED: RuntimeStatus[] = ["Completed", "Failed", "Terminated", "Canceled"];

describe("C1: the SDK's client against instances in every state", () => {
  it.each([...OPEN, ...ENDED])("reads the status of a %s instance", async (state) => {
    hub.put("n1", state, { input: { a: 1 }, output: "done", customStatus: { phase: 2 } });

    const { value } = await client((c) => c.getStatus("n1"));

    expect(value).toMatchObject({
      name: "night",
      instanceId: "n1",
      runtimeStatus: state,
      input: { a: 1 },
      output: "done",
      customStatus: { phase: 2 },
      createdTime: "2030-01-05T20:00:00.000Z",
    });
  });

  it("is told 404 for an unknown instance, by every call", async () => {
    const calls: ((c: df.DurableClient) => Promise<unknown>)[] = [
      (c) => c.getStatus("no"),
      (c) => c.raiseEvent("no", "Go", {}),
      (c) => c.terminate("no", "r"),
      (c) => c.suspend("no", "r"),
      (c) => c.resume("no", "r"),
      (c) => c.rewind("no", "r"),
    ];

    for (const call of calls) expect((await client(call)).error).toMatch(/404|No instance (has the id|with ID) .no./);
    expect(await client((c) => c.purgeInstanceHistory("no"))).toEqual({ value: { instancesDeleted: 0 } });
  });

  it.each(OPEN)("changes a %s instance", async (state) => {
    hub.put("n1", state);

    for (const call of [
      (c: df.DurableClient) => c.raiseEvent("n1", "Go", { by: "kim" }),
      (c: df.DurableClient) => c.terminate("n1", "enough"),
      (c: df.DurableClient) => c.suspend("n1", "wait"),
      (c: df.DurableClient) => c.resume("n1", "go on"),
    ]) {
      expect(await client(call)).toEqual({ value: null });
    }

    expect(hub.calls).toEqual(['raise n1 Go {"by":"kim"}', "terminate n1 enough", "suspend n1 wait", "resume n1 go on"]);
  });

  it.each(ENDED)("is told 410 by a %s instance, which the SDK takes for success", async (state) => {
    hub.put("n1", state);

    expect(await client((c) => c.raiseEvent("n1", "Go", {}))).toEqual({ value: null });
    expect((await webhook("/instances/n1/raiseEvent/Go", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" })).status).toBe(410);
    expect((await webhook("/instances/n1/terminate?reason=x", { method: "POST" })).status).toBe(410);
    expect(hub.calls).toEqual([]);
  });

  it.each<[RuntimeStatus, number]>([
    ["Completed", 410],
    ["Running", 500],
    ["Failed", 202],
  ])("rewind of a %s instance answers %i", async (state, status) => {
    hub.put("n1", state);

    expect((await webhook("/instances/n1/rewind?reason=x", { method: "POST" })).status).toBe(status);
  });

  it("starts: with an input, with null, and without one, which arrives as the empty string", async () => {
    expect(await client((c) => c.startNew("night", { instanceId: "n1", input: { a: 1 }, version: "2" }))).toEqual({ value: "n1" });
    expect(await client((c) => c.startNew("night", { instanceId: "n2", input: null }))).toEqual({ value: "n2" });
    expect(await client((c) => c.startNew("night"))).toEqual({ value: "0123456789abcdef0123456789abcdef" });

    expect(hub.calls).toEqual(['start night n1 {"a":1} 2', "start night n2 null", 'start night 0123456789abcdef0123456789abcdef ""']);
  });

  it.each(["night:0", "a b", "50%", "ä~'()"])("starts and finds an instance called «%s»", async (id) => {
    expect(await client((c) => c.startNew("night", { instanceId: id, input: {} }))).toEqual({ value: id });
    expect((await client((c) => c.getStatus(id))).value).toMatchObject({ instanceId: id });
  });

  it("waits for completion and answers with the output, or with the status of a failure", async () => {
    hub.put("good", "Completed", { output: { counted: 3 } });
    hub.put("bad", "Failed", { output: "boom" });
    const wait = (id: string): Promise<unknown> =>
      client(async (c) => {
        const answer = await c.waitForCompletionOrCreateCheckStatusResponse(new HttpRequest({ url: served.origin, method: "GET" }), id, {
          timeoutInMilliseconds: 1,
          retryIntervalInMilliseconds: 1,
        });
        return { status: answer.status, body: await (answer as unknown as Response).json() };
      });

    expect(await wait("good")).toEqual({ value: { status: 200, body: { counted: 3 } } });
    expect(await wait("bad")).toMatchObject({ value: { status: 500, body: { runtimeStatus: "Failed", output: "boom" } } });
  });
});

describe("the status endpoint", () => {
  it.each<[RuntimeStatus, number]>([
    ["Pending", 202],
    ["Running", 202],
    ["ContinuedAsNew", 202],
    ["Suspended", 202],
    ["Completed", 200],
    ["Terminated", 200],
    ["Canceled", 200],
    ["Failed", 200],
  ])("answers %s with %i; open ones say where and when to look again", async (state, status) => {
    hub.put("n1", state);

    const response = await webhook("/instances/n1");

    expect(response.status).toBe(status);
    expect(response.headers.get("retry-after")).toBe(status === 202 ? "5" : null);
    expect(response.headers.get("location")).toBe(
      status === 202 ? `${served.origin}/runtime/webhooks/durabletask/instances/n1?taskHub=Nightshift&connection=Storage&code=local` : null,
    );
  });

  it("has these keys in this order, with times of whole seconds", async () => {
    hub.put("n1", "Running", { input: "plain text", customStatus: undefined });

    expect(await (await webhook("/instances/n1")).text()).toBe(
      '{"name":"night","instanceId":"n1","runtimeStatus":"Running","input":"plain text","customStatus":null,"output":null,"createdTime":"2030-01-05T20:00:00Z","lastUpdatedTime":"2030-01-05T20:10:00Z"}',
    );
  });

  it("leaves out the input when asked, and answers a failure with 500 when asked", async () => {
    hub.put("n1", "Failed", { input: { a: 1 } });

    const response = await webhook("/instances/n1?showInput=false&returnInternalServerErrorOnFailure=true");

    expect([response.status, (await response.json()) as object]).toMatchObject([500, { input: null }]);
  });

  it("tells the history to people: names, no turns, schedules folded into their ends; values only when asked for", async () => {
    const stamp = (second: number): string => `2030-01-05T20:00:0${second}.0000000Z`;
    hub.put("n1", "Completed");
    hub.histories.set("n1", [
      { EventType: 12, EventId: -1, IsPlayed: true, Timestamp: stamp(0) },
      {
        EventType: 0,
        EventId: -1,
        IsPlayed: true,
        Timestamp: stamp(0),
        Name: "night",
        Version: "",
        Input: '{"a":1}',
        OrchestrationInstance: { InstanceId: "n1", ExecutionId: "e1" },
        ParentInstance: null,
        Tags: null,
      },
      { EventType: 4, EventId: 0, IsPlayed: true, Timestamp: stamp(1), Name: "A" },
      { EventType: 13, EventId: -1, IsPlayed: true, Timestamp: stamp(1) },
      { EventType: 5, EventId: -1, IsPlayed: true, Timestamp: stamp(2), TaskScheduledId: 0, Result: '"x"' },
      { EventType: 1, EventId: 1, IsPlayed: true, Timestamp: stamp(3), OrchestrationStatus: "Completed", Result: '"y"' },
    ]);

    const told = async (query: string): Promise<unknown> => ((await (await webhook(`/instances/n1?${query}`)).json()) as { historyEvents?: unknown }).historyEvents;

    expect(await told("")).toBeUndefined();
    expect(await told("showHistory=true")).toEqual([
      { EventType: "ExecutionStarted", Timestamp: stamp(0), FunctionName: "night" },
      { EventType: "TaskCompleted", Timestamp: stamp(2), ScheduledTime: stamp(1), FunctionName: "A" },
      { EventType: "ExecutionCompleted", Timestamp: stamp(3), OrchestrationStatus: "Completed" },
    ]);
    expect(await told("showHistory=true&showHistoryOutput=true")).toMatchObject([{ Input: { a: 1 } }, { Result: "x" }, { Result: "y" }]);
  });
});

describe("the start endpoint", () => {
  it("answers 202 with the id, the eight URLs, Location and Retry-After", async () => {
    const response = await webhook("/orchestrators/night/n1", { method: "POST", body: "" });

    const body = (await response.json()) as Record<string, string>;
    expect([response.status, response.headers.get("retry-after"), response.headers.get("location")]).toEqual([202, "10", body["statusQueryGetUri"]]);
    expect(Object.keys(body)).toEqual([
      "id",
      "statusQueryGetUri",
      "sendEventPostUri",
      "terminatePostUri",
      "rewindPostUri",
      "purgeHistoryDeleteUri",
      "restartPostUri",
      "suspendPostUri",
      "resumePostUri",
    ]);
    expect(hub.calls).toEqual(["start night n1 null"]);
  });

  it("waits with a timeout, and answers with the output when the instance has ended by then", async () => {
    const starting = hub.start.bind(hub);
    hub.start = async (...values) => {
      const started = await starting(...values);
      hub.put("n1", "Completed", { output: { counted: 3 } });
      return started;
    };

    const response = await webhook("/orchestrators/night/n1?timeout=5&pollingInterval=1", { method: "POST" });

    expect([response.status, await response.json()]).toEqual([200, { counted: 3 }]);
  });
});

describe("C3: what cannot be started", () => {
  it.each(["a%2Fb", "a%5Cb", "a%23b", "a%3Fb", "a%0Ab", "%40entity", "x".repeat(257)])("the id %s is refused with 400", async (id) => {
    expect((await webhook(`/orchestrators/night/${id}`, { method: "POST", body: "{}" })).status).toBe(400);
    expect(hub.calls).toEqual([]);
  });

  it("is an unknown function, and a body that is not JSON", async () => {
    expect((await webhook("/orchestrators/nihgt", { method: "POST", body: "{}" })).status).toBe(400);
    expect((await webhook("/orchestrators/night", { method: "POST", body: "{" })).status).toBe(400);
    expect((await client((c) => c.startNew("nihgt"))).error).toContain("400. Details: ");
  });
});

describe("C4: an event", () => {
  it("with an empty body is refused, also when the SDK sends it without data", async () => {
    hub.put("n1", "Running");

    expect((await client((c) => c.raiseEvent("n1", "Go", undefined))).error).toContain("an event without data is refused");
    expect(hub.calls).toEqual([]);
  });

  it("that is not JSON, or of another type, is refused with 400", async () => {
    hub.put("n1", "Running");
    const post = async (type: string, body: string): Promise<number> =>
      (await webhook("/instances/n1/raiseEvent/Go", { method: "POST", headers: { "content-type": type }, body })).status;

    expect(await post("application/json", "{")).toBe(400);
    expect(await post("text/plain", "{}")).toBe(400);
    expect(await post("application/json; charset=utf-8", "null")).toBe(202);
  });
});

describe("C5: a list", () => {
  it("longer than a page arrives whole, each instance once", async () => {
    for (let at = 0; at < 250; at++) hub.put(`n${String(at).padStart(3, "0")}`, at % 2 === 0 ? "Running" : "Completed");

    const { value } = await client((c) => c.getStatusAll());

    expect(new Set((value as { instanceId: string }[]).map(({ instanceId }) => instanceId)).size).toBe(250);
    expect(value).toHaveLength(250);
  });

  it("is filtered by state, time and prefix; unknown states are passed over; top is the page's size", async () => {
    hub.put("a1", "Running");
    hub.put("a2", "Completed", { createdTime: "2030-01-06T00:00:00.000Z" });
    hub.put("b1", "Failed");
    const ids = async (query: string): Promise<string[]> =>
      ((await (await webhook(`/instances/?${query}`)).json()) as { instanceId: string }[]).map(({ instanceId }) => instanceId);

    expect(await ids("runtimeStatus=Running,Failed,Sleeping")).toEqual(["a1", "b1"]);
    expect(await ids("runtimeStatus=Sleeping")).toEqual(["a1", "a2", "b1"]);
    expect(await ids("createdTimeFrom=2030-01-05T23:00:00Z")).toEqual(["a2"]);
    expect(await ids("instanceIdPrefix=a&top=1")).toEqual(["a1"]);
    expect((await client((c) => c.getStatusBy({ runtimeStatus: [df.OrchestrationRuntimeStatus.Failed] }))).value).toMatchObject([{ instanceId: "b1" }]);
  });

  it("is purged by a filter that says from when; only finished instances go", async () => {
    hub.put("a1", "Running");
    hub.put("a2", "Completed");

    expect((await webhook("/instances/", { method: "DELETE" })).status).toBe(400);
    expect(await client((c) => c.purgeInstanceHistoryBy({ createdTimeFrom: new Date(0) }))).toEqual({ value: { instancesDeleted: 1 } });
    expect((await webhook("/instances/?createdTimeFrom=2000-01-01T00:00:00Z", { method: "DELETE" })).status).toBe(404);
    expect(await client((c) => c.purgeInstanceHistory("a1"))).toEqual({ value: { instancesDeleted: 1 } });
  });
});

describe("C6: management URLs", () => {
  it("point to WEBSITE_HOSTNAME, which is the host's own, or to the origin of the request", async () => {
    const { value: payload } = await client(async (c) => c.createHttpManagementPayload("n1"));
    const { value: location } = await client(async (c) =>
      c.createCheckStatusResponse(new HttpRequest({ url: "https://night.example.org/api/use", method: "GET" }), "n1").headers.get("location"),
    );

    expect(process.env["WEBSITE_HOSTNAME"]).toBe(new URL(served.origin).host);
    expect(payload).toMatchObject({
      id: "n1",
      terminatePostUri: `${served.origin}/runtime/webhooks/durabletask/instances/n1/terminate?reason={text}&taskHub=Nightshift&connection=Storage&code=local`,
    });
    expect(location).toBe("https://night.example.org/runtime/webhooks/durabletask/instances/n1?taskHub=Nightshift&connection=Storage&code=local");
  });
});

describe("what this host does not do", () => {
  it("is said: entities, and another task hub", async () => {
    expect((await webhook("/entities/counter/one")).status).toBe(501);
    expect((await webhook("/instances/n1?taskHub=Other")).status).toBe(400);
  });

  it("restart of an unknown instance is 400; of a known one 202 with a new id unless told otherwise", async () => {
    hub.put("n1", "Completed");
    const restart = async (path: string): Promise<[number, unknown]> => {
      const response = await webhook(path, { method: "POST" });
      return [response.status, response.status === 202 ? ((await response.json()) as { id: string }).id : await response.text()];
    };

    expect(await restart("/instances/no/restart")).toEqual([400, 'no instance has the id "no"']);
    expect(await restart("/instances/n1/restart")).toEqual([202, "n1-again"]);
    expect(await restart("/instances/n1/restart?restartWithNewInstanceId=false")).toEqual([202, "n1"]);
  });
});
