import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sceneStore } from "./scene-store.ts";
import { sceneOf, type Scene } from "./scene.ts";
import { directTransport, socketTransport, type LocalTransport } from "./transport.ts";
import { vendorsOf } from "./vendors.ts";
import { serveVendors } from "./vendors-server.ts";

const NOW = Date.parse("2024-12-08T01:00:00.000Z");

const scene = (): Scene =>
  sceneOf({
    worlds: {
      slack: { channels: [{ id: "C1", name: "maintenance", members: ["U01BOT"] }] },
      web: {
        sites: {
          "https://www.example.com": { status: 200, page: "<h1>Well</h1>", certificate: { subject: "www.example.com", validTo: "2025-03-01T00:00:00.000Z" } },
          "https://moved.example.com": { status: 301, page: "", redirectTo: "https://www.example.com/" },
        },
      },
      "azure-devops": {
        pipelines: [
          {
            organization: "acme",
            project: "ops",
            id: 7,
            name: "Cluster",
            stages: [{ name: "up", durationMs: 600_000 }],
            refs: { "refs/heads/main": "a".repeat(40) },
            parameters: ["stack"],
            misfortunes: [],
          },
        ],
      },
      "azure-resources": {
        clusters: {
          "s/g/k": {
            subscription: "s",
            resourceGroup: "g",
            cluster: "k",
            location: "eastus2",
            version: "1.29.0",
            provisioning: "Succeeded",
            power: "Running",
            pools: [{ pool: "system", version: "1.29.0", provisioning: "Succeeded", power: "Running", count: 3 }],
          },
        },
      },
    },
    faults: [{ system: "slack", path: "chat[.]postMessage", times: 1, answer: { status: 429, headers: { "retry-after": "30" } } }],
    links: [{ after: { pipeline: 7, stage: "up", parameters: { stack: "kong" } }, delayMs: 60_000, then: { cluster: "s/g/k", version: "1.30.6" } }],
  });

const post = (text: string) =>
  [
    "https://slack.com/api/chat.postMessage",
    { method: "POST", headers: { authorization: "Bearer x", "content-type": "application/x-www-form-urlencoded" }, body: new URLSearchParams({ channel: "C1", text }).toString() },
  ] as const;
const read = (path: string) => [`https://management.azure.com${path}`, { headers: { authorization: "Bearer x" } }] as const;
const CLUSTER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/k?api-version=2026-06-01";
const RUN = [
  "https://dev.azure.com/acme/ops/_apis/pipelines/7/runs?api-version=7.1",
  { method: "POST", headers: { authorization: "Bearer x" }, body: JSON.stringify({ templateParameters: { stack: "kong" } }) },
] as const;

describe.each(["directly", "by socket"])("simulated vendors, reached %s", (how) => {
  let now: number;
  let reached: { transport: LocalTransport; effects(): Promise<{ system: string; at: string; did: string; to: string }[]>; close(): Promise<void> };
  let folder: string;

  beforeEach(async () => {
    now = NOW;
    folder = mkdtempSync(join(tmpdir(), "nightshift-vendors-"));
    const clock = { now: () => now };
    if (how === "directly") {
      const vendors = vendorsOf(scene());
      reached = { transport: directTransport(vendors, clock), effects: async () => [...vendors.effects()], close: async () => undefined };
    } else {
      const store = sceneStore(join(folder, "worlds.sqlite"));
      const server = await serveVendors(store, scene());
      reached = {
        transport: socketTransport(server.origin, clock),
        effects: async () => (await (await fetch(`${server.origin}/_nightshift/effects`)).json()) as never,
        close: async () => {
          await server.close();
          store.close();
        },
      };
    }
  });
  afterEach(async () => {
    await reached.close();
    rmSync(folder, { recursive: true });
  });

  it("answer at their own addresses, on the caller's clock", async () => {
    const { fetch } = reached.transport;
    await fetch(...post("befallen by the rule"));

    const answer = await fetch(...post("hello"));

    expect(await answer.json()).toMatchObject({ ok: true, channel: "C1" });
    expect(await reached.effects()).toMatchObject([{ system: "slack", at: "2024-12-08T01:00:00.000Z", did: "posted" }]);
    expect(answer.headers.get("date")).toBeNull();
  });

  it("give the answers of the fault rules so many times, and do nothing then", async () => {
    const befallen = await reached.transport.fetch(...post("first"));
    const effects = await reached.effects();
    const after = await reached.transport.fetch(...post("second"));

    expect([befallen.status, befallen.headers.get("retry-after"), effects.length, after.status]).toEqual([429, "30", 0, 200]);
  });

  it("show redirects as they are, bodies unread, and bytes unchanged", async () => {
    const moved = await reached.transport.fetch("https://moved.example.com/");
    const head = await reached.transport.fetch("https://www.example.com/", { method: "HEAD" });
    const page = await reached.transport.fetch("https://www.example.com/");

    expect([moved.status, moved.headers.get("location")]).toEqual([301, "https://www.example.com/"]);
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect([page.headers.get("content-type"), await page.text()]).toEqual(["text/html; charset=utf-8", "<h1>Well</h1>"]);
  });

  it("fail as fetch does where there is no such host", async () => {
    await expect(reached.transport.fetch("https://nowhere.example.com/")).rejects.toMatchObject({ message: "fetch failed", cause: { code: "ENOTFOUND" } });
    await expect(reached.transport.handshake("nowhere.example.com", 443)).rejects.toMatchObject({ message: "fetch failed", cause: { code: "ENOTFOUND" } });
  });

  it("show certificates", async () => {
    expect(await reached.transport.handshake("www.example.com", 443)).toEqual({ subject: "www.example.com", validTo: "2025-03-01T00:00:00.000Z" });
  });

  it("let one vendor's world follow what was done at another, once its time has come", async () => {
    const { fetch } = reached.transport;
    const versionNow = async () => ((await (await fetch(...read(CLUSTER))).json()) as { properties: { kubernetesVersion: string } }).properties.kubernetesVersion;
    await fetch(...RUN);

    now = NOW + 660_000;
    const early = await versionNow();
    now = NOW + 670_000;
    const late = await versionNow();

    expect([early, late]).toEqual(["1.29.0", "1.30.6"]);
    expect((await reached.effects()).map(({ at, did, to }) => `${at} ${did} ${to}`)).toEqual([
      "2024-12-08T01:00:00.000Z queued pipeline Cluster",
      "2024-12-08T01:11:05.000Z upgraded cluster k",
    ]);
  });
});

describe("the server of simulated vendors", () => {
  let folder: string;
  const closings: (() => Promise<void> | void)[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "nightshift-vendors-"));
  });
  afterEach(async () => {
    for (const close of closings.splice(0).toReversed()) await close();
    rmSync(folder, { recursive: true });
  });
  async function start(first = scene()): Promise<string> {
    const store = sceneStore(join(folder, "worlds.sqlite"));
    closings.push(() => store.close());
    const server = await serveVendors(store, first);
    closings.push(() => server.close());
    return server.origin;
  }

  it("goes on with what was acknowledged, rules used up included, whatever it is started with", async () => {
    const before = socketTransport(await start(), { now: () => NOW });
    await before.fetch(...post("befallen"));
    await before.fetch(...post("kept"));

    const origin = await start(sceneOf({}));

    const effects = (await (await fetch(`${origin}/_nightshift/effects`)).json()) as { with: { text: string } }[];
    const { faults } = (await (await fetch(`${origin}/_nightshift/worlds`)).json()) as Scene;
    expect(effects).toHaveLength(1);
    expect(faults[0]?.times).toBe(0);
  });

  it("takes another scene, goes back to it, and refuses what is none", async () => {
    const origin = await start(sceneOf({}));
    const put = await fetch(`${origin}/_nightshift/worlds`, { method: "PUT", body: JSON.stringify(scene()) });
    const { fetch: ask } = socketTransport(origin, { now: () => NOW });
    await ask(...RUN);
    const done = (await (await fetch(`${origin}/_nightshift/effects`)).json()) as unknown[];

    const reset = await fetch(`${origin}/_nightshift/reset`, { method: "POST" });
    const refused = await fetch(`${origin}/_nightshift/worlds`, { method: "PUT", body: '{"worlds":{"salck":{}}}' });

    expect([put.status, done.length, reset.status, refused.status]).toEqual([204, 1, 204, 400]);
    expect(JSON.stringify(await refused.json())).toContain("salck");
    expect(await (await fetch(`${origin}/_nightshift/effects`)).json()).toEqual([]);
    expect(((await (await fetch(`${origin}/_nightshift/worlds`)).json()) as Scene).worlds["azure-devops"].pipelines).toHaveLength(1);
  });

  it("says that it is well, and what a request must have", async () => {
    const origin = await start();

    expect(await (await fetch(`${origin}/_nightshift/health`)).json()).toEqual({ ok: true, pid: process.pid });
    expect((await fetch(`${origin}/api/chat.postMessage`, { method: "POST" })).status).toBe(400);
    expect((await fetch(`${origin}/_nightshift/elsewhere`)).status).toBe(404);
  });
});
