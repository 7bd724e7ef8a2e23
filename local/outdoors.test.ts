import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tableJournal } from "../adapters/table-journal.ts";
import { servedIn, type ServedOutdoors } from "./outdoors.ts";
import { startOutdoors } from "./outdoors-process.ts";
import { sceneOf } from "./scene.ts";
import { socketTransport } from "./transport.ts";

const SCENE = sceneOf({ worlds: { slack: { channels: [{ id: "C1", name: "maintenance", members: ["U01BOT"] }] } } });
const STARTED = { type: "run.started", at: "2024-12-08T01:00:00.000Z", digest: "d", by: "test" } as const;

let folder: string;
const started: ServedOutdoors[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nightshift-outdoors-"));
});
afterEach(async () => {
  for (const served of started.splice(0)) await served.close();
  rmSync(folder, { recursive: true });
});

async function start(): Promise<ServedOutdoors> {
  const served = await startOutdoors({ folder, scene: SCENE });
  started.push(served);
  return served;
}

function post({ simulatorsOrigin }: ServedOutdoors, text: string): Promise<Response> {
  return socketTransport(simulatorsOrigin, { now: () => Date.parse(STARTED.at) }).fetch("https://slack.com/api/chat.postMessage", {
    method: "POST",
    headers: { authorization: "Bearer x", "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ channel: "C1", text }).toString(),
  });
}

describe("what is outside of the app, in a process of its own", { timeout: 60_000 }, () => {
  it("goes on after everything was killed at once, tables and worlds alike", async () => {
    const before = await start();
    await tableJournal({ connection: before.azuriteConnection }).append("2024-12-08", "run", 0, [STARTED]);
    await post(before, "acknowledged");

    process.kill(before.pid, "SIGKILL");
    await before.close();
    const after = await start();

    const effects = (await (await fetch(`${after.simulatorsOrigin}/_nightshift/effects`)).json()) as unknown[];
    expect(await tableJournal({ connection: after.azuriteConnection }).read("2024-12-08", "run")).toEqual([STARTED]);
    expect(effects).toMatchObject([{ system: "slack", did: "posted" }]);
  });

  it("is found through vendors.json, readable by its owner alone, for as long as it is served", async () => {
    const served = await start();
    const { close: _close, ...told } = served;

    const found = servedIn(folder);
    const mode = statSync(join(folder, "vendors.json")).mode & 0o777;
    await served.close();

    expect(found).toEqual(told);
    expect(mode).toBe(0o600);
    expect(existsSync(join(folder, "vendors.json"))).toBe(false);
  });

  it("is served once per folder", async () => {
    const first = await start();

    await expect(startOutdoors({ folder, scene: SCENE })).rejects.toMatchObject({ kind: "unavailable", message: expect.stringContaining(`process ${first.pid} serves`) });
    expect((await post(first, "still there")).status).toBe(200);
  });
});

it("nightshift serve-vendors serves a world from a file until it is interrupted", { timeout: 60_000 }, async () => {
  writeFileSync(join(folder, "world.yaml"), "worlds:\n  slack:\n    channels: [{ id: C1, name: maintenance, members: [U01BOT] }]\n");
  const program = `
    const { Command } = await import("commander");
    const { serveVendorsCommand } = await import(${JSON.stringify(join(import.meta.dirname, "..", "cli", "serve-vendors.ts"))});
    const program = new Command("nightshift");
    serveVendorsCommand(program);
    await program.parseAsync(["serve-vendors", "--data", ${JSON.stringify(folder)}, "--world", ${JSON.stringify(join(folder, "world.yaml"))}], { from: "user" });
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  const served = servedIn(folder);
  const answer = await (await post(served as ServedOutdoors, "hello")).json();

  child.kill("SIGTERM");
  const [code] = (await once(child, "exit")) as [number];

  expect(answer).toMatchObject({ ok: true });
  expect(code).toBe(0);
  expect(servedIn(folder)).toBeUndefined();
});
