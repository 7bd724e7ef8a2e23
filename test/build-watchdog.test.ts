import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { loadApp, type LoadedApp, type LogLine } from "../local/app.ts";
import { createHost } from "../local/harness.ts";
import { readHostJson } from "../local/host-json.ts";
import { serveApp } from "../local/serve-app.ts";

/** The watchdog as Azure loads it: built, alone in its folder, with its own settings. */
const ROOT = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "nightshift-watchdog-build-"));
// Nobody listens there, and nobody is signed in.
const ENV = {
  NIGHTSHIFT_WATCHDOG_TABLES_URL: "https://127.0.0.1:9/own",
  NIGHTSHIFT_WATCHDOG_APP_TABLES_URL: "https://127.0.0.1:9/app",
  NIGHTSHIFT_WATCHDOG_APP_ORIGIN: "https://127.0.0.1:9",
  NIGHTSHIFT_WATCHDOG_PAGER_URL: "pager-url",
  NIGHTSHIFT_WATCHDOG_VAULT_URL: "https://vault.example.com",
  NIGHTSHIFT_WATCHDOG_SLACK_BOT_TOKEN: "slack-bot-token",
};
let app: LoadedApp;

beforeAll(async () => {
  const built = spawnSync(process.execPath, [join(ROOT, "scripts/build-watchdog.mjs"), "--out", folder], { cwd: ROOT, encoding: "utf8" });
  if (built.status !== 0) throw new Error(`the build failed:\n${built.stdout}${built.stderr}`);
  for (const [name, value] of Object.entries(ENV)) vi.stubEnv(name, value);
  app = await loadApp(folder);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("starts by plain Node from a folder with nothing around it, telemetry and all", () => {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(ROOT, "test/support/load-alone.mjs"), folder], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, ...ENV },
  });

  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(JSON.parse(stdout)).toEqual({
    names: ["watchdog", "health"],
    telemetry: expect.stringContaining(join(folder, "node_modules/applicationinsights")),
    usable: ["function", "function"],
  });
  expect(JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))).toMatchObject({ main: "main.js", dependencies: { applicationinsights: expect.stringMatching(/^\d/) } });
});

it("looks at a tick, says what it cannot reach, and lives on", async () => {
  const logs: LogLine[] = [];
  const host = await createHost({ app, startAt: "2024-12-08T00:00:00.000Z" });
  const served = await serveApp({ app, hub: host.hub, clock: host.clock, hostJson: readHostJson(folder, {}), timersRun: false, settings: {} });
  app.surroundings.log = (line) => void logs.push(line);

  await served.timers.find(({ name }) => name === "watchdog")?.runNow();
  const health = await fetch(`${served.origin}/api/health`);

  expect(logs.filter(({ level }) => level === "error").map(({ message }) => message)).toContainEqual(expect.stringMatching(/^watchdog: the app's plans: \w+: /));
  expect([health.status, await health.json()]).toEqual([200, { status: "alive" }]);
  await served.close();
  await host.close();
}, 60_000);

it("says everything that is wrong with its settings at once, and starts with none of it", () => {
  const { stderr, status } = spawnSync(process.execPath, [join(ROOT, "test/support/load-alone.mjs"), folder], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, ...ENV, NIGHTSHIFT_WATCHDOG_PAGER_URL: "", NIGHTSHIFT_WATCHDOG_VAULT_URL: "nowhere" },
  });

  expect(status).not.toBe(0);
  expect(stderr).toContain("the watchdog's settings cannot be used");
  expect(stderr).toContain("NIGHTSHIFT_WATCHDOG_PAGER_URL");
  expect(stderr).toContain("NIGHTSHIFT_WATCHDOG_VAULT_URL");
});
