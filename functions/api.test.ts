import { describe, expect, it } from "vitest";
import { stepInstance, targetInstance, windowInstance } from "../shared/run/instances.ts";
import { hostedApp, type Answered, type HostedApp, type HostedOptions } from "../test/support/hosted-app.ts";
import { BEN, OPENS_AT, planWith, type StepDraft } from "../test/support/plan-with.ts";
import { planOf } from "../test/support/plan-text.ts";

const RUN = "2024-12-08";
const WEB_CHECK = "- { id: site, at: Sat 20:00, action: web.check, targets: www }";
const PATIENT = { policy: { timeoutMs: 7_200_000, pollEveryMs: 600_000 } } as const;

/** A problem as RFC 9457 has it. */
function problem(status: number, title: string, detail: unknown): object {
  return { status, type: "application/problem+json", json: { type: `urn:nightshift:${title}`, title, status, detail } };
}

function shown({ status, headers, json }: Answered): object {
  return { status, type: headers.get("content-type"), json };
}

/** The app with a run of these steps under way at an instant. */
async function running(
  steps: Readonly<Record<string, StepDraft>>,
  { until = "2024-12-08T01:10:00.000Z", ...options }: HostedOptions & { until?: string } = {},
): Promise<HostedApp> {
  const hosted = await hostedApp(options);
  await hosted.store(planWith(steps));
  await hosted.call("POST", "runs", { window: RUN });
  await hosted.host.advanceTo(until);
  return hosted;
}

describe("plans", () => {
  it("are checked: digest and findings, and nothing is stored", async () => {
    await using hosted = await hostedApp();

    const good = await hosted.call("POST", "plans/check", { text: planOf(WEB_CHECK) });
    const bad = await hosted.call("POST", "plans/check", { text: planOf("- { id: x, action: web.chek, targets: ww }"), file: "mine.yaml" });

    expect(good).toMatchObject({ status: 200, json: { window: "2024-12-08", digest: expect.stringMatching(/^[0-9a-f]{64}$/) } });
    expect(bad.status).toBe(200);
    expect(bad.json.digest).toBeUndefined();
    expect(bad.json.findings).toEqual(expect.arrayContaining([expect.objectContaining({ severity: "error", file: "mine.yaml" })]));
    expect((await hosted.call("GET", "plans")).json).toEqual([]);
  });

  it("are stored by who sends them, listed, and approved by digest", async () => {
    await using hosted = await hostedApp();

    const stored = await hosted.call("POST", "plans", { text: planOf(WEB_CHECK) }, { "x-nightshift-operator": "Kim" });
    const { window, digest } = stored.json as { window: string; digest: string };
    const approved = await hosted.call("POST", `plans/${window}/approve`, { digest }, { "x-nightshift-operator": "Ben" });
    const listed = await hosted.call("GET", "plans");

    expect(stored.status).toBe(201);
    expect(approved).toMatchObject({ status: 200, json: { window, digest, approvedBy: "Ben" } });
    expect(listed.json).toEqual([expect.objectContaining({ window, digest, title: "A window", by: "Kim", approved: { by: "Ben", at: "2024-12-08T00:40:00.000Z" } })]);
  });

  it("with errors are refused with their findings", async () => {
    await using hosted = await hostedApp();

    const answer = await hosted.call("POST", "plans", { text: "plan: 1\nwindow: {}\n" });

    expect(answer.status).toBe(422);
    expect(answer.json.findings.length).toBeGreaterThan(1);
    expect(await hosted.plans.latest()).toEqual([]);
  });

  it("are not approved by a digest that the window does not have", async () => {
    await using hosted = await hostedApp();
    const { json } = await hosted.call("POST", "plans", { text: planOf(WEB_CHECK) });

    expect(shown(await hosted.call("POST", `plans/${json.window}/approve`, { digest: "0".repeat(64) }))).toEqual(problem(404, "absent", expect.stringContaining("no stored plan")));
    expect(shown(await hosted.call("POST", "plans/2031-01-01/approve", { digest: json.digest }, { "x-nightshift-operator": "Ben" }))).toEqual(
      problem(404, "absent", expect.stringContaining("is of window")),
    );
    expect(shown(await hosted.call("POST", `plans/${json.window}/approve`, { digest: "short" }))).toEqual(problem(400, "invalid", expect.stringContaining("digest:")));
  });
});

describe("runs", () => {
  it("start once, are shown with what waits for what, and end", async () => {
    await using hosted = await hostedApp();
    await hosted.store(planWith({ "web.drain": { at: OPENS_AT, title: "Drain" }, "web.deploy": { needs: ["web.drain"] } }));

    const first = await hosted.call("POST", "runs", { window: RUN });
    const second = await hosted.call("POST", "runs", { window: RUN });
    await hosted.host.idle();
    const before = await hosted.call("GET", `runs/${RUN}`);
    await hosted.host.waitFor(windowInstance(RUN));
    const after = await hosted.call("GET", `runs/${RUN}`);
    const third = await hosted.call("POST", "runs", { window: RUN });

    expect(first).toMatchObject({ status: 202, json: { run: RUN, did: "started" } });
    expect(first.headers.get("location")).toBe(`/api/v1/runs/${RUN}`);
    expect(second.json).toEqual({ run: RUN, did: "running" });
    expect(before.json.steps[0]).toMatchObject({ id: "web.drain", state: "waiting", until: OPENS_AT });
    expect(before.json.steps[1].why).toContain("web.drain");
    expect(after.json).toMatchObject({ outcome: "well", counts: { done: 2 } });
    expect(third.json).toEqual({ run: RUN, did: "ended" });
    expect((await hosted.call("GET", "runs")).json).toEqual([RUN]);
  });

  it("do not start without a stored plan, with a plan that is not stored, nor with another than they have", async () => {
    await using hosted = await hostedApp();
    expect(shown(await hosted.call("POST", "runs", { window: RUN }))).toEqual(problem(404, "absent", "no plan is stored for the window 2024-12-08"));

    await hosted.store(planWith({ "a.b": {} }, { window: { id: "2025-01-12" } }));
    const [other] = await hosted.plans.latest();
    await hosted.store(planWith({ "a.b": {} }));
    expect(shown(await hosted.call("POST", "runs", { window: RUN, digest: "0".repeat(64) }))).toEqual(
      problem(404, "absent", expect.stringContaining("no stored plan has the digest")),
    );
    expect(shown(await hosted.call("POST", "runs", { window: RUN, digest: other?.plan.digest }))).toEqual(
      problem(409, "conflict", expect.stringContaining("is a plan of the window 2025-01-12")),
    );
    expect(await hosted.journal.runs()).toEqual([]);

    await hosted.call("POST", "runs", { window: RUN });
    await hosted.store(planWith({ "a.b": {}, "a.c": {} }));
    expect(shown(await hosted.call("POST", "runs", { window: RUN }))).toEqual(problem(409, "conflict", expect.stringMatching(/was started at .* with plan/)));
  });

  it("that do not exist are not found, whatever is asked of them", async () => {
    await using hosted = await hostedApp();

    for (const [method, path, body] of [
      ["GET", "runs/nope"],
      ["GET", "runs/nope/facts"],
      ["POST", "runs/nope/decisions", { decision: "pause" }],
      ["POST", "runs/nope/abort", {}],
    ] as const) {
      expect(shown(await hosted.call(method, path, body))).toEqual(problem(404, "absent", expect.stringContaining("there is no run nope")));
    }
  });

  it("show their facts page by page", async () => {
    const targets = Array.from({ length: 130 }, (_, n) => `IC-Web${n}`);
    await using hosted = await hostedApp();
    await hosted.store(planWith({ "web.deploy": { targets } }));
    await hosted.call("POST", "runs", { window: RUN });
    await hosted.host.waitFor(windowInstance(RUN));

    const first = await hosted.call("GET", `runs/${RUN}/facts`);
    const second = await hosted.call("GET", `runs/${RUN}/facts?from=${first.json.next}`);

    const all = await hosted.journal.readAll(RUN);
    expect(all.length).toBeGreaterThan(500);
    expect(first.json.facts).toHaveLength(500);
    expect([...first.json.facts, ...second.json.facts]).toEqual(all);
    expect(second.json.next).toBeUndefined();
    expect(shown(await hosted.call("GET", `runs/${RUN}/facts?from=-1`))).toEqual(problem(400, "invalid", expect.stringContaining("from:")));
    expect(shown(await hosted.call("GET", `runs/${RUN}/facts?from=x`))).toEqual(problem(400, "invalid", expect.stringContaining("from:")));
  });
});

describe("decisions", () => {
  it("are a fact first and then a ring: who waits for one goes on at once", async () => {
    await using hosted = await running({ "web.deploy": { approval: { by: [BEN] } } }, { until: "2024-12-08T01:02:03.000Z" });
    expect((await hosted.call("GET", `runs/${RUN}`)).json.asks).toMatchObject([{ kind: "approval", step: "web.deploy" }]);

    const answer = await hosted.call("POST", `runs/${RUN}/decisions`, { decision: "approve", step: "web.deploy", note: "looked at it" }, { "x-nightshift-operator": "Ben" });
    const { output } = await hosted.host.waitFor(windowInstance(RUN));

    expect(answer).toMatchObject({ status: 201, json: { type: "decision.made", decision: "approve", step: "web.deploy", by: "Ben", at: "2024-12-08T01:02:03.000Z" } });
    expect(output).toEqual({ outcome: "well" });
    expect((await hosted.facts(RUN)).find(({ type }) => type === "target.intended")?.at).toBe("2024-12-08T01:02:03.000Z");
  });

  it("sent twice are one", async () => {
    await using hosted = await running({ "web.deploy": { at: "2024-12-08T05:00:00.000Z" } });

    const first = await hosted.call("POST", `runs/${RUN}/decisions`, { decision: "pause", id: "p-1" });
    const second = await hosted.call("POST", `runs/${RUN}/decisions`, { decision: "pause", id: "p-1" });

    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.json).toEqual(first.json);
    expect((await hosted.facts(RUN)).filter(({ type }) => type === "decision.made")).toHaveLength(1);
  });

  it.each([
    [{ decision: "dance" }, 400, "decision:"],
    [{ decision: "approve" }, 400, "approve needs the step that it is about"],
    [{ decision: "approve", step: "web.deploy" }, 400, "needs no approval"],
    [{ decision: "skip", step: "web.depoly" }, 400, "has no step web.depoly"],
    [{ decision: "skip", step: "web.deploy", target: "IC-Nope" }, 400, "has no target IC-Nope; it has web.deploy"],
    [{ decision: "pause", step: "web.deploy" }, 400, "about the whole run"],
    [{ decision: "pause", mode: "close" }, 400, "mode goes with abort"],
    [{ decision: "pause", colour: "red" }, 400, "colour"],
    [{ decision: "skip", step: "web.deploy", note: "x".repeat(2_001) }, 400, "note:"],
  ])("that make no sense are refused: %j", async (body, status, detail) => {
    await using hosted = await running({ "web.deploy": { at: "2024-12-08T05:00:00.000Z" } });

    const answer = await hosted.call("POST", `runs/${RUN}/decisions`, body);

    expect(shown(answer)).toEqual(problem(status, "invalid", expect.stringContaining(detail)));
    expect((await hosted.facts(RUN)).filter(({ type }) => type === "decision.made")).toEqual([]);
  });

  it("come too late once the run has ended", async () => {
    await using hosted = await running({ "web.deploy": {} });
    await hosted.host.waitFor(windowInstance(RUN));

    expect(shown(await hosted.call("POST", `runs/${RUN}/decisions`, { decision: "pause" }))).toEqual(
      problem(409, "conflict", expect.stringMatching(/ended at .*nothing is left to pause/)),
    );
  });
});

describe("an abort", () => {
  const steps: Readonly<Record<string, StepDraft>> = {
    "web.drain": { targets: [{ id: "IC-Web1", opens: [{ id: "out-of-pool:IC-Web1", what: "IC-Web1 is out of pool web" }] }], ...PATIENT },
    "db.move": { verb: "fake.hard", ...PATIENT },
    "app.later": { at: "2024-12-08T05:00:00.000Z" },
  };
  const works = { "IC-Web1": { takesMs: 3_600_000 }, "db.move": { takesMs: 3_600_000 } };

  it("answers at once with what runs, what of it cannot be interrupted and what will be put back", async () => {
    await using hosted = await running(steps, { works });

    const answer = await hosted.call("POST", `runs/${RUN}/abort`, { note: "the storm" }, { "x-nightshift-operator": "Ben" });

    expect(answer.status).toBe(202);
    expect(answer.json).toEqual({
      decision: expect.objectContaining({ decision: "abort", mode: "close", by: "Ben", note: "the storm" }),
      running: [
        { step: "web.drain", title: "web.drain", targets: ["IC-Web1"] },
        { step: "db.move", title: "db.move", targets: ["db.move"] },
      ],
      cannotBeInterrupted: ["db.move"],
      willBePutBack: ["IC-Web1 is out of pool web"],
    });
  });

  it("closes up: nothing new begins, what can be interrupted is, and what was opened is put back", async () => {
    await using hosted = await running(steps, { works });

    await hosted.call("POST", `runs/${RUN}/abort`, {});
    const { output } = await hosted.host.waitFor(windowInstance(RUN));

    expect(output).toEqual({ outcome: "aborted" });
    expect(hosted.vendor.effects).toEqual([
      "begun 2024-12-08/web.drain/IC-Web1/1",
      "begun 2024-12-08/db.move/db.move/1",
      "cancelled 2024-12-08/web.drain/IC-Web1/1",
      "undone 2024-12-08/web.drain/IC-Web1/1",
    ]);
  });

  it("takes a mode that there is", async () => {
    await using hosted = await running(steps, { works });

    expect(shown(await hosted.call("POST", `runs/${RUN}/abort`, { mode: "explode" }))).toEqual(problem(400, "invalid", expect.stringContaining("mode:")));
    expect((await hosted.call("POST", `runs/${RUN}/abort`, { mode: "freeze" })).json.decision).toMatchObject({ mode: "freeze" });
  });
});

describe("a ring", () => {
  it("reaches an orchestration that waits, through the durable client", async () => {
    await using hosted = await running(
      { "web.drain": PATIENT, "web.deploy": { needs: [{ step: "web.drain", per: "target", as: "success" }], targets: ["web.drain"] } },
      { works: { "web.drain/web.drain": { takesMs: 1_800_000 } } },
    );

    await hosted.host.waitFor(windowInstance(RUN));

    const at = (step: string, type: string): string | undefined => facts.find((fact) => fact.type === type && "step" in fact && fact.step === step)?.at;
    const facts = await hosted.facts(RUN);
    expect(at("web.deploy", "target.intended")).toBe(at("web.drain", "target.rested"));
  });

  it("through the host itself, where the app is given one, does the same", async () => {
    const rung: string[] = [];
    await using hosted = await running({ "web.deploy": { approval: { by: [BEN] } } }, { app: { ring: async (instances) => void rung.push(...instances) } });

    await hosted.call("POST", `runs/${RUN}/decisions`, { decision: "approve", step: "web.deploy" });
    await hosted.host.waitFor(windowInstance(RUN));

    expect((await hosted.facts(RUN)).find(({ type }) => type === "run.ended")).toMatchObject({ outcome: "well" });
  });

  it("that finds nobody is no error", async () => {
    await using hosted = await running({ "web.deploy": { at: "2024-12-08T05:00:00.000Z", targets: ["IC-Web1"] } });
    await hosted.host.purge(stepInstance(RUN, "web.deploy"));
    expect(await hosted.host.status(targetInstance(RUN, "web.deploy", "IC-Web1"))).toBeUndefined();

    expect((await hosted.call("POST", `runs/${RUN}/decisions`, { decision: "skip", step: "web.deploy" })).status).toBe(201);
  });
});

describe("what is sent", () => {
  it.each([
    ["no JSON", "{", 400, "the body is not JSON in UTF-8"],
    ["nothing", "", 400, "the body is not JSON in UTF-8"],
    ["bytes that are no UTF-8", new Uint8Array([0x7b, 0xff, 0x7d]), 400, "the body is not JSON in UTF-8"],
    ["JSON of another shape", "[1]", 400, expect.stringContaining("body:")],
    ["a field too many", { text: "x", extra: 1 }, 400, expect.stringContaining("extra")],
    ["an empty plan", { text: "" }, 400, expect.stringContaining("text:")],
    ["a plan that is a number", { text: 7 }, 400, expect.stringContaining("text:")],
  ])("is refused when it is %s", async (_what, body, status, detail) => {
    await using hosted = await hostedApp();

    expect(shown(await hosted.call("POST", "plans", body))).toEqual(problem(status, "invalid", detail));
  });

  it("is refused when it is longer than two megabytes, and taken when it is just not", async () => {
    await using hosted = await hostedApp();
    const limit = 2 * 1024 * 1024;
    const padded = (length: number): string => `{"text":"x"}`.padEnd(length, " ");

    expect(shown(await hosted.call("POST", "plans/check", padded(limit + 1)))).toEqual(problem(413, "invalid", `the body has ${limit + 1} bytes; ${limit} is the most`));
    expect((await hosted.call("POST", "plans/check", padded(limit))).status).toBe(200);
  });

  it("is not found under another method or path", async () => {
    await using hosted = await hostedApp();

    for (const [method, path] of [
      ["GET", "plans/check"],
      ["DELETE", "plans"],
      ["PUT", "runs"],
      ["GET", "nothing"],
      ["GET", "runs/a/decisions"],
    ] as const) {
      const { status } = await hosted.call(method, path);
      expect({ method, path, status }).toEqual({ method, path, status: 404 });
    }
  });

  it("does harm to nothing when it is hostile: names are looked up, never run or walked", async () => {
    await using hosted = await hostedApp();

    for (const name of ["..%2F..%2Fetc%2Fpasswd", "a'%20or%201%20eq%201", "%00", "x%0d%0aset-cookie:%20a=b"]) {
      const { status, headers } = await hosted.call("GET", `runs/${name}`);
      expect({ name, status, cookie: headers.get("set-cookie") }).toEqual({ name, status: 404, cookie: null });
    }
  });

  it("meets a defect of ours without telling the caller about it; the log has it", async () => {
    await using hosted = await hostedApp();
    Object.assign(hosted.plans, { latest: () => Promise.reject(new Error("secret detail of a store")) });

    expect(shown(await hosted.call("GET", "plans"))).toEqual(problem(500, "defect", "something went wrong on our side; the log has the details"));
    expect(hosted.logs.some(({ level, message }) => level === "error" && message.includes("secret detail of a store"))).toBe(true);
  });
});

describe("health", () => {
  it("answers whoever asks, with the version", async () => {
    await using hosted = await hostedApp();

    expect(await hosted.call("GET", "health")).toMatchObject({ status: 200, json: { status: "alive", version: "test" } });
    expect(await hosted.call("GET", "ready")).toMatchObject({ status: 200, json: { status: "ready" } });
  });

  it("is not ready while the journal cannot be reached, and says of what kind that is and no more", async () => {
    await using hosted = await hostedApp();
    Object.assign(hosted.journal, { runs: () => Promise.reject(new Error("AccountKey=abc")) });

    expect(await hosted.call("GET", "ready")).toMatchObject({ status: 503, json: { status: "not ready", because: "defect" } });
    expect(await hosted.call("GET", "health")).toMatchObject({ status: 200 });
  });

  it("asks for no key, and neither do the two addresses that Slack signs its requests to; everything else does", async () => {
    await using hosted = await hostedApp();

    const open = hosted.served.routes.filter(({ fn }) => fn.trigger["authLevel"] === "anonymous").map(({ path }) => path);

    expect(open.toSorted()).toEqual(["/api/v1/health", "/api/v1/ready", "/api/v1/slack/command", "/api/v1/slack/interactivity"]);
  });
});
