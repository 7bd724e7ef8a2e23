import { describe, expect, it } from "vitest";
import { Secret } from "../shared/ports/secrets.ts";
import type { Kickoff } from "../shared/run/watchdog.ts";
import type { Page } from "../shared/run/watch.ts";
import { pipelineRecords, type PipelineLooks } from "./pipeline-records.ts";
import { watchedApp } from "./watched-app.ts";
import { webhookPager } from "./webhook-pager.ts";

const HOOK = "https://pager.example.com/hooks/s3cret-token";
const secrets = { read: (name: string) => Promise.resolve(new Secret(name, name === "pager-url" ? HOOK : `value-of-${name}`)) };
const page: Page = {
  source: "nightshift-watchdog",
  severity: "critical",
  dedupKey: "r/watch/s/t/page",
  at: "",
  run: "r",
  step: "s",
  target: "t",
  plannedAt: "",
  lastSafeAt: "",
  title: "",
  lines: [],
};

describe("the pager", () => {
  it("posts the page as JSON, under its key", async () => {
    const sent: { url: unknown; init: RequestInit | undefined }[] = [];
    const pager = webhookPager({ urlSecret: "pager-url", secrets, fetch: (url, init) => (sent.push({ url, init }), Promise.resolve(new Response(null, { status: 202 }))) });

    await pager.page(page);

    expect(sent).toMatchObject([{ url: HOOK, init: { method: "POST", headers: { "idempotency-key": page.dedupKey }, body: JSON.stringify(page) } }]);
  });

  it.each([
    ["does not answer", () => Promise.reject(new TypeError(`fetch failed: ${HOOK}`)), "unavailable"],
    ["refuses", () => Promise.resolve(new Response(null, { status: 401 })), "rejected"],
    ["has trouble", () => Promise.resolve(new Response(null, { status: 503 })), "unavailable"],
  ])("that %s is a fault which does not tell the address", async (_what, fetch, kind) => {
    const thrown: unknown = await webhookPager({ urlSecret: "pager-url", secrets, fetch })
      .page(page)
      .catch((fault: unknown) => fault);

    expect(thrown).toMatchObject({ name: "Fault", kind });
    expect(`${String(thrown)} ${JSON.stringify(thrown)}`).not.toContain("s3cret");
  });
});

describe("the watched app", () => {
  it("is called with the host's key and with the watchdog's own", async () => {
    const sent: unknown[] = [];
    const app = watchedApp({
      origin: "https://app.example.com",
      keySecret: "host",
      machineSecret: "machine",
      secrets,
      fetch: (url, init) => (sent.push([url instanceof URL ? url.href : url, init?.headers]), Promise.resolve(Response.json({ did: "started" }, { status: 202 }))),
    });

    await app.start("2024-12-08", "d".repeat(64));

    expect(sent).toEqual([
      ["https://app.example.com/api/v1/runs", { "content-type": "application/json", "x-functions-key": "value-of-host", "x-nightshift-key": "watchdog:value-of-machine" }],
    ]);
  });

  it("has no run where it says so, and is away where it says anything else", async () => {
    const answering = (status: number) => watchedApp({ origin: "https://app.example.com", secrets, fetch: () => Promise.resolve(new Response(null, { status })) });

    await expect(answering(404).state("r")).resolves.toBeUndefined();
    await expect(answering(500).state("r")).rejects.toMatchObject({ kind: "unavailable" });
    await expect(answering(403).start("r", "d")).rejects.toMatchObject({ kind: "denied" });
    await expect(answering(503).ready()).rejects.toMatchObject({ kind: "unavailable" });
  });
});

describe("a pipeline's own record", () => {
  const kickoff = { pipeline: { name: "P", organization: "o", project: "p", id: 1 }, keys: "r/s/t/" } as Kickoff;
  const looks = (stages: Awaited<ReturnType<PipelineLooks["stages"]>>, runs = [{ id: 9 }]): PipelineLooks => ({
    findTries: () => Promise.resolve(runs),
    stages: () => Promise.resolve(stages),
    link: (_pipeline, id) => `run ${id}`,
  });

  it.each([
    ["no run of ours", looks([], []), "no"],
    ["a run whose stages all wait", looks([{ name: "A", state: "pending" }]), "no"],
    ["a run that skipped every stage", looks([{ name: "A", state: "completed", result: "skipped" }]), "no"],
    [
      "a run with a stage under way",
      looks([
        { name: "A", state: "completed", result: "skipped" },
        { name: "B", state: "inProgress", startedAt: "2024-12-08T01:00:05Z" },
      ]),
      "yes",
    ],
  ])("with %s", async (_what, pipelines, started) => {
    expect(await pipelineRecords(pipelines).look(kickoff, 0)).toMatchObject({ started });
  });
});
