import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";
import { tableJournal } from "../../adapters/table-journal.ts";
import { tableLocks } from "../../adapters/table-locks.ts";
import { tablePlans } from "../../adapters/table-plans.ts";
import { watchedApp } from "../../adapters/watched-app.ts";
import { loadPlan } from "../../cli/plan-file.ts";
import { register } from "../../functions/register.ts";
import { composeLocal } from "../../local/compose.ts";
import { demoScene } from "../../local/demo-world.ts";
import { memoryStore } from "../../local/durable/store-memory.ts";
import { createHost, type LocalHost } from "../../local/harness.ts";
import { serveOutdoors } from "../../local/outdoors.ts";
import { serveApp, type ServedApp } from "../../local/serve-app.ts";
import { socketTransport } from "../../local/transport.ts";
import { doorOf } from "../../shared/access/door.ts";
import { Secret } from "../../shared/ports/secrets.ts";
import type { Effect } from "../../shared/ports/simulator.ts";
import { silentTelemetry } from "../../shared/ports/telemetry.ts";
import { emptyTables } from "../support/azurite.ts";
import { azureDoor } from "../support/callers.ts";

/** `nightshift watchdog` in a process of its own beside the app: its own tables, and the app's door with its keys as in Azure. */

const ROOT = new URL("../..", import.meta.url).pathname;
const { plan, inventory } = loadPlan(join(ROOT, "plans/2024-12-08.yaml"), join(ROOT, "plans/inventory.yaml"));
const RUN = plan.window.id;
const KEYS = { master: "master-key", function: "function-key", durable: "durable-key" };
const at = (clock: string): string => `2024-12-08T${clock}:00.000Z`;

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

/** The app in lives of its own, behind a door that asks for both keys, as in Azure. */
async function appBeside(outdoors: { azuriteConnection: string; simulatorsOrigin: string }, signIn = false) {
  const tables = { connection: outdoors.azuriteConnection };
  const [journal, plans, locks, store] = [tableJournal(tables), tablePlans(tables), tableLocks(tables), memoryStore()];
  let life: { host: LocalHost; served: ServedApp } | undefined;
  let port = 0;
  const clock = { now: () => life?.host.clock.now() ?? Date.parse(at("00:30")) };
  const down = async (): Promise<void> => {
    await life?.served.close();
    life?.host.kill();
    life = undefined;
  };
  endings.push(down);
  return {
    journal,
    plans,
    down,
    origin: () => `http://127.0.0.1:${port}`,
    async up(now: string): Promise<void> {
      const app = composeLocal({
        clock,
        journal,
        locks,
        plans,
        telemetry: silentTelemetry,
        ...socketTransport(outdoors.simulatorsOrigin, clock),
        async ring(instances) {
          for (const instance of new Set(instances)) await life?.host.hub.raise(instance, "ring", {});
        },
      });
      const secrets = { read: (name: string) => Promise.resolve(new Secret(name, `value of ${name}`)) };
      const azure = azureDoor({ keys: "watchdog=operator:key-watchdog" });
      const door = doorOf({ settings: app.door.settings, platform: { isAuthenticating: true }, secrets, journal, clock, ...azure, signIn });
      const host = await createHost({ app: () => register({ ...app, door }), store, clock: "virtual", startAt: Date.parse(now) });
      life = { host, served: await serveApp({ app: host.app, hub: host.hub, clock: host.clock, timersRun: false, settings: {}, keys: KEYS, port }) };
      port = Number(new URL(life.served.origin).port);
    },
    async until(now: string): Promise<void> {
      await life?.host.advanceTo(Date.parse(now));
      await life?.host.idle();
    },
  };
}

/** The process, driven by the instants that it is given. */
function watchdogProcess(args: readonly string[], env: Readonly<Record<string, string>>) {
  const child: ChildProcess = spawn(process.execPath, ["cli/main.ts", "watchdog", "--clock", "stdin", ...args], { cwd: ROOT, env: { ...process.env, ...env } });
  const lines: string[] = [];
  let heard = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream! }).on("line", (line) => {
      lines.push(line);
      heard.resolve();
      heard = Promise.withResolvers();
    });
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => (heard.resolve(), resolve(code))));
  endings.push(async () => {
    child.stdin?.end();
    await ended;
  });
  return {
    lines,
    async look(now: string): Promise<void> {
      child.stdin?.write(`${now}\n`);
      while (!lines.includes(`looked at ${now}`)) {
        if (child.exitCode !== null) throw new Error(`the watchdog ended with ${child.exitCode}:\n${lines.join("\n")}`);
        await heard.promise;
      }
    },
  };
}

async function pagerServer(): Promise<{ url: string; pages: { dedupKey: string; run: string }[] }> {
  const pages: { dedupKey: string; run: string }[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      pages.push(JSON.parse(text) as (typeof pages)[number]);
      response.writeHead(202).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endings.push(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, pages };
}

describe("the watchdog's own process, beside an app that goes down before the first kickoff", () => {
  it("says that the window is armed, tells and pages that it is late, and starts it once, through the door, with the window's own id", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nightshift-watchdog-"));
    endings.push(() => rmSync(folder, { recursive: true, force: true }));
    const outdoors = await serveOutdoors({ folder, scene: demoScene({ inventory, plan }), tablePort: 0 });
    endings.push(() => outdoors.close());
    const effects = async () => (await (await fetch(`${outdoors.simulatorsOrigin}/_nightshift/effects`)).json()) as (Effect & { system: string })[];
    const app = await appBeside(outdoors);
    await app.plans.put({ plan, by: "Ada", at: at("00:00") });
    await app.plans.approve(RUN, plan.digest, { by: "Ben", at: at("00:00") });
    await app.up(at("00:30"));
    const pager = await pagerServer();
    const own = await emptyTables();
    const keys = { NIGHTSHIFT_FUNCTION_KEY: KEYS.function, NIGHTSHIFT_WATCHDOG_KEY: "value of key-watchdog" };
    const watchdog = watchdogProcess(["--app", app.origin(), "--vendors", folder, "--tables", own.connection, "--prefix", own.prefix, "--pager", pager.url], keys);

    await watchdog.look(at("00:31"));
    await app.down();
    for (const minute of ["01:00", "01:01", "01:05", "01:15"]) await watchdog.look(at(minute));
    const whileDown = (await effects()).filter(({ did }) => did === "queued").length;
    await app.up(at("01:25"));
    await watchdog.look(at("01:26"));
    await app.until(at("01:28"));
    await watchdog.look(at("01:28"));
    await watchdog.look(at("01:29"));
    await app.until(at("01:30"));

    expect(watchdog.lines.filter((line) => line.startsWith("told:"))).toEqual([
      expect.stringContaining("armed, next start 8:00 PM EST"),
      expect.stringContaining("is 5 minutes late and has not started"),
      expect.stringContaining("is accounted for now"),
    ]);
    expect(pager.pages).toMatchObject([{ run: RUN, dedupKey: expect.stringMatching(/\/page$/) }]);
    expect(whileDown).toBe(0);
    expect((await effects()).filter(({ system, did, to }) => system === "azure-devops" && did === "queued" && to.includes("Preparation Pipeline"))).toHaveLength(1);
    expect((await app.journal.read(RUN, "run")).filter(({ type }) => type === "run.started")).toMatchObject([{ by: "key watchdog" }]);
    expect((await tableJournal(own).readAll(RUN)).map(({ fact }) => fact.type)).toContain("watch.beat");
  }, 120_000);
});

describe("the app's door, as the watchdog comes to it", () => {
  const values: Readonly<Record<string, string>> = { host: KEYS.function, machine: "value of key-watchdog", wrong: "a guess" };
  const secrets = { read: (name: string) => Promise.resolve(new Secret(name, values[name] ?? "")) };

  it("opens for its own key alone where people sign in, who have no function key either", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nightshift-watchdog-"));
    endings.push(() => rmSync(folder, { recursive: true, force: true }));
    const outdoors = await serveOutdoors({ folder, scene: demoScene({ inventory, plan }), tablePort: 0 });
    endings.push(() => outdoors.close());
    const app = await appBeside(outdoors, true);
    await app.up(at("00:50"));
    const as = (keySecret: string | undefined, machineSecret: string | undefined) => watchedApp({ origin: app.origin(), keySecret, machineSecret, fetch, secrets });

    await expect(as(undefined, "machine").state(RUN)).resolves.toBeUndefined();
    await expect(as("host", "machine").state(RUN)).resolves.toBeUndefined();
    await expect(as("host", undefined).state(RUN)).rejects.toMatchObject({ kind: "denied" });
    await expect(as(undefined, "wrong").state(RUN)).rejects.toMatchObject({ kind: "denied" });
  }, 60_000);

  it("opens for its function key and its own key together, and for neither alone, where nobody signs in", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nightshift-watchdog-"));
    endings.push(() => rmSync(folder, { recursive: true, force: true }));
    const outdoors = await serveOutdoors({ folder, scene: demoScene({ inventory, plan }), tablePort: 0 });
    endings.push(() => outdoors.close());
    const app = await appBeside(outdoors);
    await app.plans.put({ plan, by: "Ada", at: at("00:00"), approved: { by: "Ben", at: at("00:00") } });
    await app.plans.approve(RUN, plan.digest, { by: "Ben", at: at("00:00") });
    await app.up(at("00:50"));
    const as = (keySecret: string | undefined, machineSecret: string | undefined) => watchedApp({ origin: app.origin(), keySecret, machineSecret, fetch, secrets });

    await expect(as(undefined, "machine").start(RUN, plan.digest)).rejects.toMatchObject({ kind: "denied" });
    await expect(as("wrong", "machine").start(RUN, plan.digest)).rejects.toMatchObject({ kind: "denied" });
    await expect(as("host", undefined).start(RUN, plan.digest)).rejects.toMatchObject({ kind: "denied" });
    await expect(as("host", "wrong").start(RUN, plan.digest)).rejects.toMatchObject({ kind: "denied" });
    await expect(as("host", "machine").ready()).resolves.toBeUndefined();
    await expect(as("host", "machine").state(RUN)).resolves.toBeUndefined();
    await expect(as("host", "machine").start(RUN, plan.digest)).resolves.toMatchObject({ run: RUN, did: "started" });
    await expect(as("host", "machine").start(RUN, plan.digest)).resolves.toMatchObject({ run: RUN, did: "running" });
    await expect(as("host", "machine").state(RUN)).resolves.toMatchObject({ run: RUN });
  }, 60_000);
});
