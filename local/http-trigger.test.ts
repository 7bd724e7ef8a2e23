import { request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { Readable } from "node:stream";
import { app as azure } from "@azure/functions";
import type { HttpFunctionOptions, HttpHandler, HttpRequest } from "@azure/functions";
import { afterEach, describe, expect, it } from "vitest";
import { collectApp } from "./app.ts";
import type { LogLine } from "./app.ts";
import { handClock } from "../test/support/hand-clock.ts";
import { scriptedHub } from "../test/support/scripted-hub.ts";
import { serveApp } from "./serve-app.ts";
import type { ServedApp, ServeOptions } from "./serve-app.ts";

let served: ServedApp | undefined;
const logs: LogLine[] = [];
afterEach(async () => {
  await served?.close();
  served = undefined;
  logs.length = 0;
});

/** Serves an app made of these HTTP functions and returns its origin. */
async function serve(
  functions: Record<string, Omit<HttpFunctionOptions, "handler"> & { handler: HttpHandler | ((request: HttpRequest) => unknown) }>,
  options: Partial<ServeOptions> = {},
): Promise<string> {
  const app = await collectApp(() => Object.entries(functions).forEach(([name, entry]) => azure.http(name, entry as HttpFunctionOptions)));
  app.surroundings.log = (line) => void logs.push(line);
  served = await serveApp({ app, hub: scriptedHub("Test", []), clock: handClock(0), ...options });
  return served.origin;
}

/** One request with everything under control, which fetch does not give. */
function send(
  url: string,
  { method = "GET", headers = {}, body }: { method?: string; headers?: Record<string, string | string[]>; body?: string | Buffer } = {},
): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response
        .on("data", (chunk: Buffer) => chunks.push(chunk))
        .on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }));
    });
    sent.on("error", reject).end(body);
  });
}

describe("L7: a request", () => {
  const show = async (got: HttpRequest): Promise<object> => ({
    jsonBody: {
      url: got.url,
      method: got.method,
      headers: Object.fromEntries(got.headers),
      query: [...got.query],
      params: got.params,
      body: Buffer.from(await got.arrayBuffer()).toString("latin1"),
    },
  });

  it("POST with JSON arrives with url, headers, query, params and body", async () => {
    const origin = await serve({ x: { route: "x/{id}", handler: show } });

    const { body } = await send(`${origin}/api/x/a%20b?a=1`, { method: "POST", headers: { "Content-Type": "application/json" }, body: '{"n":1}' });

    expect(JSON.parse(body.toString())).toMatchObject({
      url: `${origin}/api/x/a%20b?a=1`,
      method: "POST",
      headers: { "content-type": "application/json" },
      query: [["a", "1"]],
      params: { id: "a b" },
      body: '{"n":1}',
    });
  });

  it("POST with bytes keeps every byte", async () => {
    const origin = await serve({ x: { handler: async (got: HttpRequest) => ({ body: Buffer.from(await got.arrayBuffer()) }) } });
    const bytes = Buffer.from(Array.from({ length: 256 }, (_value, at) => at));

    const { body } = await send(`${origin}/api/x`, { method: "POST", body: bytes });

    expect(body.equals(bytes)).toBe(true);
  });

  it("GET with a body arrives without it", async () => {
    const origin = await serve({ x: { handler: show } });

    const { status, body } = await send(`${origin}/api/x`, { method: "GET", headers: { "content-length": "2" }, body: "hi" });

    expect([status, JSON.parse(body.toString())]).toMatchObject([200, { body: "" }]);
  });

  it("with a repeated header has its values joined by a comma; empty headers and query values are kept", async () => {
    const origin = await serve({ x: { handler: show } });

    const { body } = await send(`${origin}/api/x?empty=&a=1&a=2`, { headers: { "X-Many": ["a", "b"], "X-Empty": "" } });

    expect(JSON.parse(body.toString())).toMatchObject({
      headers: { "x-many": "a,b", "x-empty": "" },
      query: [
        ["empty", ""],
        ["a", "1,2"],
      ],
    });
  });

  it("points to where the caller sent it", async () => {
    const origin = await serve({ x: { handler: show } });

    const { body } = await send(`${origin}/api/x`, { headers: { Host: "night.example.org" } });

    expect(JSON.parse(body.toString())).toMatchObject({ url: "http://night.example.org/api/x" });
  });

  it("with too long a body is refused with 413, whether it says so or not", async () => {
    const origin = await serve({ x: { handler: show } }, { bodyLimitBytes: 10 });

    const declared = await send(`${origin}/api/x`, { method: "POST", body: "x".repeat(11) });
    const chunked = await send(`${origin}/api/x`, { method: "POST", headers: { "transfer-encoding": "chunked" }, body: "x".repeat(11) });

    expect([declared.status, chunked.status]).toEqual([413, 413]);
  });
});

describe("L8: what a handler gives", () => {
  it.each<[string, () => unknown, number, string | undefined, string]>([
    ["jsonBody", () => ({ jsonBody: { a: 1 } }), 200, "application/json", '{"a":1}'],
    ["text", () => ({ body: "text" }), 200, "text/plain;charset=UTF-8", "text"],
    ["bytes", () => ({ body: Buffer.from("bytes") }), 200, undefined, "bytes"],
    ["a stream", () => ({ body: Readable.from(["one", "two"]) }), 200, undefined, "onetwo"],
    ["a status alone", () => ({ status: 204 }), 204, undefined, ""],
    ["another status with headers", () => ({ status: 201, headers: { "content-type": "text/x" }, body: "made" }), 201, "text/x", "made"],
    ["undefined", () => undefined, 204, undefined, ""],
    ["null", () => null, 204, undefined, ""],
    ["a string", () => "text", 500, undefined, ""],
    [
      "an error",
      () => {
        throw new Error("boom");
      },
      500,
      undefined,
      "",
    ],
  ])("%s", async (_name, handler, status, type, text) => {
    const origin = await serve({ x: { handler } });

    const answer = await send(`${origin}/api/x`);

    expect([answer.status, answer.headers["content-type"], answer.body.toString()]).toEqual([status, type, text]);
  });

  it("cookies become Set-Cookie headers", async () => {
    const origin = await serve({
      x: {
        handler: () => ({
          cookies: [
            { name: "a", value: "b c", maxAge: 3, path: "/x", secure: true, httpOnly: true, sameSite: "Lax", expires: new Date("2030-01-05T20:00:00Z"), domain: "example.org" },
            { name: "d", value: "e" },
          ],
        }),
      },
    });

    const { headers } = await send(`${origin}/api/x`);

    expect(headers["set-cookie"]).toEqual([
      "a=b%20c; expires=Sat, 05 Jan 2030 20:00:00 GMT; max-age=3; domain=example.org; path=/x; secure; samesite=lax; httponly",
      "d=e; path=/",
    ]);
  });

  it("a failure is logged with its message", async () => {
    const origin = await serve({
      x: {
        handler: () => {
          throw new Error("boom");
        },
      },
    });

    await send(`${origin}/api/x`);

    expect(logs.map(({ level, message }) => `${level} ${message}`)).toEqual(['error function "x" failed: boom', "error GET /api/x 500"]);
  });
});

describe("routing", () => {
  const named = (name: string): { handler: () => object } => ({ handler: () => ({ body: name }) });

  it("prefers literals to parameters and catch-alls, and matches without case", async () => {
    const origin = await serve({ all: { route: "{*rest}", ...named("all") }, one: { route: "runs/{id}", ...named("one") }, latest: { route: "runs/latest", ...named("latest") } });

    const answers = await Promise.all(["/api/RUNS/latest", "/api/runs/7", "/api/else/where"].map((path) => send(origin + path)));

    expect(answers.map(({ body }) => body.toString())).toEqual(["latest", "one", "all"]);
  });

  it("keeps functions on one route apart by method; what nobody wants is 404", async () => {
    const origin = await serve({ look: { route: "run", methods: ["GET"], ...named("look") }, change: { route: "run", methods: ["POST", "PUT"], ...named("change") } });

    const answers = await Promise.all(
      [
        ["GET", "run"],
        ["PUT", "run"],
        ["DELETE", "run"],
        ["GET", "rum"],
        ["GET", "../run"],
      ].map(([method, path]) => send(`${origin}/api/${path}`, { method: method! })),
    );

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 404, 404]);
  });

  it("uses the prefix of host.json, none if it is empty", async () => {
    const origin = await serve({ x: named("x") }, { hostJson: { routePrefix: "" } });

    expect([(await send(`${origin}/x`)).status, (await send(`${origin}/api/x`)).status]).toEqual([200, 404]);
  });

  it("does not know a function that an app setting has disabled", async () => {
    const origin = await serve({ shut: named("shut"), open: named("open") }, { settings: { "AzureWebJobs.shut.Disabled": "true" } });

    expect([(await send(`${origin}/api/shut`)).status, (await send(`${origin}/api/open`)).status]).toEqual([404, 200]);
    expect(served?.refused.map(({ why }) => why)).toEqual(["disabled by the app setting AzureWebJobs.shut.Disabled"]);
  });

  it("answers malformed escapes with 400", async () => {
    const origin = await serve({ x: { route: "x/{id}", ...named("x") } });

    expect((await send(`${origin}/api/x/%E0%A4%A`)).status).toBe(400);
  });
});

describe("keys", () => {
  const levels = {
    open: { authLevel: "anonymous", handler: () => ({}) },
    shut: { authLevel: "function", handler: () => ({}) },
    own: { authLevel: "admin", handler: () => ({}) },
  } as const;
  const keys = { master: "m-key", function: "f-key", durable: "d-key" };

  it("are not asked for unless the host has some", async () => {
    const origin = await serve(levels);

    expect((await send(`${origin}/api/own`)).status).toBe(200);
  });

  it.each([
    ["open", "", 200],
    ["shut", "", 401],
    ["shut", "wrong", 401],
    ["shut", "f-key", 200],
    ["shut", "m-key", 200],
    ["own", "f-key", 401],
    ["own", "m-key", 200],
  ])("%s with the key «%s» answers %i, by query and by header", async (name, key, status) => {
    const origin = await serve(levels, { keys });

    const byQuery = await send(`${origin}/api/${name}?code=${key}`);
    const byHeader = await send(`${origin}/api/${name}`, { headers: { "x-functions-key": key } });

    expect([byQuery.status, byHeader.status]).toEqual([status, status]);
  });
});

describe("a handler that runs long", () => {
  it("is named in a warning when Azure's front end would have given up", async () => {
    const gate = Promise.withResolvers<object>();
    const clock = handClock(0);
    const origin = await serve({ x: { handler: () => gate.promise } }, { clock });
    const answer = send(`${origin}/api/x`);
    await expect.poll(async () => (await clock.moveTo(clock.now() + 230_000), logs.length)).toBeGreaterThan(0);

    gate.resolve({});

    expect((await answer).status).toBe(200);
    expect(logs[0]).toMatchObject({ level: "warning", message: expect.stringContaining("running for 230 s") });
  });
});

describe("the served app", () => {
  it("tells that it is up, and names what it cannot run", async () => {
    const app = await collectApp(() => {
      azure.storageQueue("q", { queueName: "q", connection: "c", handler: () => {} });
      azure.timer("bad", { schedule: "%NOT_THERE%", handler: () => {} });
      azure.http("web", { handler: () => ({}) });
    });
    served = await serveApp({ app, hub: scriptedHub("Test", []), clock: handClock(0), settings: {} });

    const status = await send(`${served.origin}/admin/host/status`);

    expect(JSON.parse(status.body.toString())).toMatchObject({ state: "Running" });
    expect(served.refused.map(({ fn, why }) => `${fn.name}: ${why}`)).toEqual([
      "q: nothing here fires a queueTrigger; HTTP, timer and durable triggers are",
      'bad: the schedule "%NOT_THERE%" names the app setting NOT_THERE, which is not set; add it to local.settings.json or the environment',
    ]);
  });

  it("says which port is taken", async () => {
    const origin = await serve({ x: { handler: () => ({}) } });
    const port = Number(new URL(origin).port);
    const app = await collectApp(() => azure.http("web", { handler: () => ({}) }));

    await expect(serveApp({ app, hub: scriptedHub("Test", []), clock: handClock(0), port })).rejects.toThrow(`port ${port} is taken`);
  });
});
