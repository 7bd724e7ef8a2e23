import { describe, expect, it } from "vitest";
import { windowInstance } from "../shared/run/instances.ts";
import { hostedApp, type HostedApp, type HostedOptions } from "../test/support/hosted-app.ts";
import { ADA, BEN, planWith, type StepDraft } from "../test/support/plan-with.ts";
import { ENDPOINTS, MEDIA_TYPES, type EndpointName, type EndpointSpec } from "./endpoints.ts";
import { planOf } from "../test/support/plan-text.ts";

const RUN = "2024-12-08";
const STEPS: Readonly<Record<string, StepDraft>> = {
  "web.drain": { targets: [{ id: "IC-Web1", opens: [{ id: "out-of-pool:IC-Web1", what: "IC-Web1 is out of pool web" }] }], policy: { timeoutMs: 7_200_000 } },
  "web.deploy": { approval: { by: [ADA, BEN] } },
  "app.later": { at: "2024-12-08T05:00:00.000Z" },
};
const works = { "IC-Web1": { takesMs: 3_600_000 } };

async function running(options: HostedOptions = {}): Promise<HostedApp> {
  const hosted = await hostedApp({ works, ...options });
  await hosted.store(planWith(STEPS));
  await hosted.call("POST", "runs", { window: RUN });
  await hosted.host.advanceTo("2024-12-08T01:10:00.000Z");
  return hosted;
}

async function text(hosted: HostedApp, path: string, headers: Readonly<Record<string, string>> = {}): Promise<{ status: number; type: string; body: Buffer; headers: Headers }> {
  const answer = await fetch(`${hosted.served.origin}/api/v1/${path}`, { headers });
  return { status: answer.status, type: answer.headers.get("content-type") ?? "", body: Buffer.from(await answer.arrayBuffer()), headers: answer.headers };
}

describe("a run", () => {
  it("is not told again to who knows how it stands, until it stands otherwise", async () => {
    await using hosted = await running();

    const first = await hosted.call("GET", `runs/${RUN}`);
    const etag = first.headers.get("etag") ?? "";
    await hosted.host.advanceTo("2024-12-08T01:11:00.000Z");
    const same = await hosted.call("GET", `runs/${RUN}`, undefined, { "if-none-match": `"other", ${etag}` });
    await hosted.call("POST", `runs/${RUN}/decisions`, { decision: "pause" });
    const news = await hosted.call("GET", `runs/${RUN}`, undefined, { "if-none-match": etag });

    expect(etag).toMatch(/^W\/".+"$/);
    expect(same).toMatchObject({ status: 304, json: undefined });
    expect(news).toMatchObject({ status: 200, json: { control: { paused: { by: "Ada" } } } });
  });

  it("is told as soon as there is news, to who waits for it", async () => {
    let waits = 0;
    let act: () => Promise<unknown> = () => Promise.resolve();
    await using hosted = await running({ app: { pause: async (ms) => (expect(ms).toBe(1_000), ++waits === 3 ? void (await act()) : undefined) } });
    const known = await hosted.call("GET", `runs/${RUN}`);
    act = () => hosted.call("POST", `runs/${RUN}/decisions`, { decision: "pause" });

    const news = await hosted.call("GET", `runs/${RUN}?wait=25s`, undefined, { "if-none-match": known.headers.get("etag") ?? "" });

    expect(news).toMatchObject({ status: 200, json: { decisions: [{ decision: "pause" }] } });
    expect(waits).toBe(3);
  });

  it("is told as it was when the time is up, or at once where nobody can wait", async () => {
    let waits = 0;
    await using patient = await running({ app: { pause: async () => void waits++ } });
    await using hasty = await running();

    for (const hosted of [patient, hasty]) {
      const etag = (await hosted.call("GET", `runs/${RUN}`)).headers.get("etag") ?? "";
      expect((await hosted.call("GET", `runs/${RUN}?wait=5`, undefined, { "if-none-match": etag })).status).toBe(304);
    }
    expect(waits).toBe(5);
    expect((await hasty.call("GET", `runs/${RUN}?wait=26`)).status).toBe(400);
    expect((await hasty.call("GET", `runs/${RUN}?wait=-1`)).status).toBe(400);
  });

  it("is followed by its facts, from those that have been seen", async () => {
    let act: () => Promise<unknown> = () => Promise.resolve();
    await using hosted = await running({ app: { pause: async () => void (await act()) } });
    const { total } = (await hosted.call("GET", `runs/${RUN}/facts`)).json;
    act = () => hosted.call("POST", `runs/${RUN}/decisions`, { decision: "pause" });

    const news = await hosted.call("GET", `runs/${RUN}/facts?after=${total}&wait=25s`);

    expect(news.json).toEqual({ facts: [expect.objectContaining({ stream: "decisions", fact: expect.objectContaining({ decision: "pause" }) })], total: total + 1 });
  });

  it("gives each fact once by a cursor, though facts of the same instant and of earlier ones come in between", async () => {
    let act: () => Promise<unknown> = () => Promise.resolve();
    await using hosted = await running({ app: { pause: async () => void (await act()) } });
    const first = await hosted.call("GET", `runs/${RUN}/facts?cursor=start`);
    // Another machine's clock is behind: its fact sorts before what was given already.
    const early = { type: "guard.missed", at: "2024-12-08T00:41:00.000Z", why: "" } as const;
    const same = { type: "guard.missed", at: first.json.facts.at(-1).fact.at as string, why: "" } as const;
    await hosted.journal.append(RUN, "guard", 0, [early, same]);

    const second = await hosted.call("GET", `runs/${RUN}/facts?cursor=${first.json.cursor}`);
    const nothing = await hosted.call("GET", `runs/${RUN}/facts?cursor=${second.json.cursor}`);
    act = () => hosted.call("POST", `runs/${RUN}/decisions`, { decision: "pause" });
    const news = await hosted.call("GET", `runs/${RUN}/facts?cursor=${second.json.cursor}&wait=25s`);

    expect(first.json).toMatchObject({ more: false, total: first.json.facts.length });
    expect(second.json.facts).toMatchObject([
      { stream: "guard", seq: 0 },
      { stream: "guard", seq: 1 },
    ]);
    expect(nothing.json).toMatchObject({ facts: [], more: false, cursor: second.json.cursor });
    expect(news.json.facts).toMatchObject([{ stream: "decisions", seq: 0 }]);
    expect((await hosted.call("GET", `runs/${RUN}/facts?cursor=nonsense`)).json).toMatchObject({ status: 400, detail: expect.stringContaining("no cursor") });
  });

  it("shows its orchestrations and the history of each, and nobody else's", async () => {
    await using hosted = await running();

    const { json } = await hosted.call("GET", `runs/${RUN}/history`);
    const one = await hosted.call("GET", `runs/${RUN}/history?instance=${encodeURIComponent(json.instances[0].instance)}`);
    const rest = await hosted.call("GET", `runs/${RUN}/history?instance=${encodeURIComponent(json.instances[0].instance)}&from=2`);

    expect(json.instances).toEqual(expect.arrayContaining([expect.objectContaining({ instance: windowInstance(RUN), name: "window", status: "Running" })]));
    expect(json.instances.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(["window", "step", "target"]));
    expect(one.json).toMatchObject({
      instance: windowInstance(RUN),
      status: "Running",
      events: expect.arrayContaining([expect.objectContaining({ EventType: "ExecutionStarted" })]),
    });
    expect(rest.json.events).toEqual(one.json.events.slice(2));
    for (const stranger of ["2024-12-09", "2024-12-08x", `${windowInstance(RUN)}.nope`])
      expect((await hosted.call("GET", `runs/${RUN}/history?instance=${stranger}`)).status).toBe(404);
    expect((await hosted.call("GET", "runs/nope/history")).status).toBe(404);
  });

  it("stands among the windows, with those that are still to come", async () => {
    await using hosted = await running();
    const later = { id: "2025-01-12", opensAt: "2025-01-12T01:00:00.000Z", cutoff: "2025-01-12T17:00:00.000Z" };
    await hosted.store(planWith({ "a.b": {} }, { window: later }));
    await hosted.store(planWith({ "a.b": {} }, { window: { ...later, id: "2025-01-12b" } }), false);

    const { json } = await hosted.call("GET", "windows");

    expect(json).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ window: RUN, start: "begun", run: expect.objectContaining({ by: expect.any(String) }) }),
        expect.objectContaining({ window: "2025-01-12", start: "later", startsAt: "2025-01-12T00:50:00.000Z", approved: true }),
        expect.objectContaining({ window: "2025-01-12b", start: "not", why: "nobody has approved it", approved: false }),
      ]),
    );
    expect((await hosted.call("GET", "runs?state=under-way")).json).toEqual([RUN]);
    expect((await hosted.call("GET", "runs?state=ended")).json).toEqual([]);
    expect((await hosted.call("GET", "runs?state=lost")).status).toBe(400);
  });

  it("shows its steps, all or those that stand so, and one of them", async () => {
    await using hosted = await running();

    const all = await hosted.call("GET", `runs/${RUN}/steps`);
    const some = await hosted.call("GET", `runs/${RUN}/steps?state=running`);
    const rest = await hosted.call("GET", `runs/${RUN}/steps?change=web&from=1`);
    const one = await hosted.call("GET", `runs/${RUN}/steps/web.drain`);

    expect(all.json).toMatchObject({ total: 3, steps: [{ id: "web.drain" }, { id: "web.deploy" }, { id: "app.later" }] });
    expect(some.json).toMatchObject({ total: 1, steps: [{ id: "web.drain" }] });
    expect(rest.json).toMatchObject({ total: 2, steps: [{ id: "web.deploy" }] });
    expect(one.json).toEqual(all.json.steps[0]);
    expect((await hosted.call("GET", `runs/${RUN}/steps/web.nope`)).json).toMatchObject({ status: 404, detail: `the run ${RUN} has no step web.nope` });
    expect((await hosted.call("GET", `runs/${RUN}/steps?state=odd`)).status).toBe(400);
  });
});

describe("a report", () => {
  it.each([
    ["report.json", {}, MEDIA_TYPES.json, `{\n  "format": 1`],
    ["report.md", {}, "text/markdown; charset=utf-8", "#"],
    ["report.HTML", {}, "text/html; charset=utf-8", "<!doctype html>"],
    ["report.xlsx", {}, MEDIA_TYPES.xlsx, "PK"],
    ["workbook", {}, MEDIA_TYPES.xlsx, "PK"],
    ["report", {}, MEDIA_TYPES.json, "{"],
    ["report", { accept: "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8" }, "text/html; charset=utf-8", "<!doctype html>"],
    ["report", { accept: "application/json;q=0.1, text/markdown" }, "text/markdown; charset=utf-8", "#"],
    ["report", { accept: "image/png, text/html;q=0" }, MEDIA_TYPES.json, "{"],
    ["report?format=md", { accept: "text/html" }, "text/markdown; charset=utf-8", "#"],
  ])("asked for as %s with %j is %s", async (path, headers, type, begin) => {
    await using hosted = await running();

    const answer = await text(hosted, `runs/${RUN}/${path}`, headers);

    expect(answer).toMatchObject({ status: 200, type });
    expect(answer.body.toString("utf8").toLowerCase().slice(0, begin.length)).toBe(begin.toLowerCase());
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.headers.get("content-security-policy") !== null).toBe(type.startsWith("text/html"));
  });

  it("is not sent again to who has it, in that format", async () => {
    await using hosted = await running();
    const { headers } = await text(hosted, `runs/${RUN}/report.md`);
    const known = { "if-none-match": headers.get("etag") ?? "" };

    expect((await text(hosted, `runs/${RUN}/report.md`, known)).status).toBe(304);
    expect((await text(hosted, `runs/${RUN}/report.html`, known)).status).toBe(200);
    expect((await text(hosted, `runs/${RUN}/report.exe`)).status).toBe(404);
  });
});

describe("what is open", () => {
  it("is told of all windows: what must be closed, and what people are asked", async () => {
    await using hosted = await running();

    const { json } = await hosted.call("GET", "open");

    expect(json).toMatchObject({
      asOf: "2024-12-08T01:10:00.000Z",
      runs: [{ run: RUN, open: [{ what: "IC-Web1 is out of pool web", certain: true }], asks: [{ kind: "approval", step: "web.deploy", of: ["Ada", "Ben"] }] }],
    });
  });

  it("is nothing once a run has ended well", async () => {
    await using hosted = await hostedApp();
    await hosted.store(planWith({ "web.check": {} }));
    await hosted.call("POST", "runs", { window: RUN });
    await hosted.host.waitFor(windowInstance(RUN));

    expect((await hosted.call("GET", "open")).json.runs).toEqual([]);
  });
});

describe("the answers", () => {
  it("are what the table says, each of them", async () => {
    await using hosted = await running();
    await hosted.call("GET", "runs", undefined, { "x-nightshift-role": "emperor" });
    const { json: compiled } = await hosted.call("POST", "plans/check", { text: planOf("- { id: site, at: Sat 20:00, action: web.check, targets: www }") });
    const [stored] = await hosted.plans.latest();
    const calls: readonly (readonly [EndpointName, string, object?])[] = [
      ["checkPlan", "plans/check", { text: "plan: 1" }],
      ["storePlan", "plans", { text: "plan: 1" }],
      ["previewPlan", `plans/${RUN}/preview`, { digest: stored?.plan.digest }],
      ["approvePlan", `plans/${RUN}/approve`, { digest: stored?.plan.digest }],
      ["listPlans", "plans"],
      ["startRun", "runs", { window: RUN }],
      ["listRuns", "runs"],
      ["showRun", `runs/${RUN}`],
      ["listSteps", `runs/${RUN}/steps`],
      ["showStep", `runs/${RUN}/steps/web.drain`],
      ["listFacts", `runs/${RUN}/facts`],
      ["showReport", `runs/${RUN}/report`],
      ["showReportAs", `runs/${RUN}/report.json`],
      ["decide", `runs/${RUN}/decisions`, { decision: "pause" }],
      ["abortRun", `runs/${RUN}/abort`, {}],
      ["showOpen", "open"],
      ["showSelf", "me"],
      ["listRefusals", "access/refusals"],
      ["showDocument", "openapi.json"],
    ];

    const wrong: object[] = [];
    for (const [name, path, body] of calls) {
      const { method, answers }: EndpointSpec = ENDPOINTS[name];
      const { status, json } = await hosted.call(method, path, body, name === "approvePlan" ? { "x-nightshift-operator": "Ben" } : {});
      const parsed = answers[status]?.schema?.safeParse(json);
      if (parsed?.success !== true) wrong.push({ name, status, issues: parsed?.error?.issues.slice(0, 3) ?? json });
    }

    expect(wrong).toEqual([]);
    expect(compiled.digest).toMatch(/^[0-9a-f]{64}$/);
  });
});
