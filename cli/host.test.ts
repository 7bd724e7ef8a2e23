import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";

const APPS = join(import.meta.dirname, "../test/fixtures/apps");
const CLI = join(import.meta.dirname, "main.ts");

interface Started {
  readonly process: ChildProcess;
  readonly origin: string;
  /** Everything it has printed so far. */
  readonly lines: string[];
  readonly ended: Promise<number | null>;
}

const started: Started[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const { process, ended } of started.splice(0)) {
    process.kill("SIGKILL");
    await ended;
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function run(app: string, options: readonly string[], env: Record<string, string> = {}): { process: ChildProcess; lines: string[]; ended: Promise<number | null> } {
  const child = spawn(process.execPath, [CLI, "host", "--port", "0", "--app", app, ...options], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  createInterface({ input: child.stderr }).on("line", (line) => lines.push(line));
  return { process: child, lines, ended: new Promise((resolve) => child.on("exit", resolve)) };
}

/** Starts `nightshift host` as a process and waits for the line with its origin. */
async function host(app: string, ...options: string[]): Promise<Started> {
  const child = run(app, options);
  let origin = "";
  await expect.poll(() => (origin = child.lines.find((line) => line.startsWith("listening on "))?.slice(13) ?? ""), { timeout: 20_000, interval: 20 }).not.toBe("");
  const whole = { ...child, origin };
  started.push(whole);
  return whole;
}

interface Management {
  readonly id: string;
  readonly statusQueryGetUri: string;
  readonly sendEventPostUri: string;
}

interface Status {
  readonly runtimeStatus: string;
  readonly output: unknown;
  readonly customStatus: unknown;
  readonly createdTime: string;
  readonly lastUpdatedTime: string;
}

async function post(url: string, body?: unknown): Promise<Response> {
  return fetch(url, { method: "POST", headers: { "content-type": "application/json" }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

/** Starts an orchestration by the app's own HTTP starter. */
async function start(url: string, body?: unknown): Promise<Management> {
  const response = await post(url, body);
  expect(response.status).toBe(202);
  return (await response.json()) as Management;
}

async function statusOf({ statusQueryGetUri }: Management): Promise<Status> {
  return (await (await fetch(statusQueryGetUri)).json()) as Status;
}

async function ended(management: Management): Promise<Status> {
  await expect.poll(async () => (await statusOf(management)).runtimeStatus, { timeout: 15_000, interval: 20 }).toMatch(/Completed|Failed|Terminated/);
  return statusOf(management);
}

describe("nightshift host on apps in the style of the well-known samples", { timeout: 60_000 }, () => {
  it("runs a sequence of a CommonJS app that has no packages of its own, with its local settings", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nightshift-host-"));
    folders.push(folder);
    cpSync(join(APPS, "hello-sequence"), folder, { recursive: true });
    const { origin, lines } = await host(folder);

    const status = await ended(await start(`${origin}/api/orchestrators/helloSequence`));

    expect(status).toMatchObject({
      runtimeStatus: "Completed",
      output: ["Tokyo", "Seattle", "London", "Cairo"].map((city) => `Good night, ${city}!`),
      customStatus: { greeted: 3 },
    });
    expect(lines.join("\n")).toMatch(/information \[startOrchestrator\] Started orchestration with ID = '[0-9a-f]{32}'/);
    expect(lines[0]).toContain("hub HelloHub");
  });

  it("runs a fan-out of an ES module app, without a route prefix, and answers who waits", async () => {
    const { origin } = await host(join(APPS, "fan-out"));

    const status = await ended(await start(`${origin}/orchestrators/backup`, { folder: "docs" }));
    const waited = await post(`${origin}/orchestrators/backup/wait`, { folder: "docs" });

    expect(status.output).toEqual({ files: 20, bytes: 19_000 });
    expect([waited.status, await waited.json()]).toEqual([200, { files: 20, bytes: 19_000 }]);
  });

  it("jumps over the timers of a monitor with a virtual clock", async () => {
    const { origin } = await host(join(APPS, "monitor"), "--clock", "virtual", "--start-at", "2030-01-05T20:00:00Z");

    const clear = await ended(await start(`${origin}/api/monitor`, { city: "Phoenix", everyMinutes: 30, hours: 6 }));
    const never = await ended(await start(`${origin}/api/monitor`, { city: "Seattle", everyMinutes: 30, hours: 6 }));

    expect(clear).toMatchObject({ output: { clear: true, looks: 4 }, createdTime: "2030-01-05T20:00:00Z", lastUpdatedTime: "2030-01-05T21:30:00Z" });
    expect(never).toMatchObject({ output: { clear: false, looks: 12 }, lastUpdatedTime: "2030-01-06T03:30:00Z" });
  });

  it("lets a person answer before the deadline", async () => {
    const { origin } = await host(join(APPS, "approval"));
    const management = await start(`${origin}/api/approval/night-1`, { who: "kim", minutes: 60 });
    await expect.poll(async () => (await statusOf(management)).customStatus).toEqual({ waitingFor: "kim" });

    await post(`${origin}/api/approval/night-1/approve`, { by: "kim" });

    expect(await ended(management)).toMatchObject({ runtimeStatus: "Completed", output: "approved by kim" });
  });

  it("escalates when nobody answers", async () => {
    const { origin } = await host(join(APPS, "approval"), "--clock", "virtual");

    const status = await ended(await start(`${origin}/api/approval/night-1`, { who: "kim", minutes: 60 }));

    expect(status.output).toBe("kim did not answer; told the manager");
  });

  it("keeps an eternal counter over its generations", async () => {
    const { origin } = await host(join(APPS, "eternal-counter"));
    const management = await start(`${origin}/api/counter`);
    const operate = (operation: object): Promise<Response> => post(management.sendEventPostUri.replace("{eventName}", "operation"), operation);
    const shows = async (value: number): Promise<void> => {
      await expect.poll(async () => (await statusOf(management)).customStatus).toEqual({ value });
    };

    await shows(0);
    await operate({ do: "add", by: 5 });
    await shows(5);
    await operate({ do: "add", by: 2 });
    await shows(7);
    await operate({ do: "end" });

    expect(await ended(management)).toMatchObject({ runtimeStatus: "Completed", output: 7 });
  });

  it("runs sub-orchestrations with retries, names what it cannot run, and goes on with the rest", async () => {
    const { origin, lines } = await host(join(APPS, "sub-orchestrations"), "--clock", "virtual", "--start-at", "2030-01-05T20:00:00Z");

    const status = await ended(await start(`${origin}/api/provision`));

    expect(status.output).toEqual(["lock:key-1", "lamp:key-3", "door:key-1"]);
    expect(lines.filter((line) => line.startsWith("  NOT RUN")).map((line) => line.trim().split(/\s+/)[2])).toEqual(["tally", "incoming", "uploaded"]);
    expect(lines.find((line) => line.includes("sweep"))).toContain("0 0 4 * * *, next at 2030-01-06T04:00:00.000Z");
  });
});

describe("a task that is raced in every round, as a published sample does", { timeout: 60_000 }, () => {
  const answerTwice = async (...options: string[]): Promise<{ status: Status; lines: string[] }> => {
    const { origin, lines } = await host(join(APPS, "phone-code"), ...options);
    const management = await start(`${origin}/api/verify`);
    const answer = async (code: number): Promise<Response> => post(management.sendEventPostUri.replace("{eventName}", "Answer"), { code });
    const seen = async (): Promise<string[]> =>
      ((await (await fetch(`${management.statusQueryGetUri}&showHistory=true`)).json()) as { historyEvents: { EventType: string }[] }).historyEvents.map(
        ({ EventType }) => EventType,
      );
    await expect.poll(seen).toContain("TaskCompleted");
    await answer(1);
    await expect.poll(seen).toContain("EventRaised");
    await answer(4711);
    return { status: await ended(management), lines };
  };

  it("runs, and is noticed in a warning", async () => {
    const { status, lines } = await answerTwice();

    expect(status).toMatchObject({ runtimeStatus: "Completed", output: true });
    expect(lines.join("\n")).toMatch(/warning .*\(task-yielded-twice\)/);
  });

  it("is refused with the rule by --strict", async () => {
    const { status } = await answerTwice("--strict");

    expect(status).toMatchObject({ runtimeStatus: "Failed", output: expect.stringContaining("task-yielded-twice") });
  });
});

describe("an app in TypeScript that streams its HTTP", { timeout: 60_000 }, () => {
  it("starts orchestrations, and its answers come through whole", async () => {
    const { origin } = await host(join(APPS, "streaming"));

    const status = await ended(await start(`${origin}/api/start/twice`, { n: 21 }));
    const echo = await fetch(`${origin}/api/echo`, { method: "POST", headers: { "x-asked": "yes" }, body: "x".repeat(100_000) });
    const failed = await fetch(`${origin}/api/fail`);
    const nothing = await fetch(`${origin}/api/nothing`);

    expect(status.output).toBe(42);
    expect([echo.status, echo.headers.get("x-seen"), echo.headers.get("set-cookie"), (await echo.text()).length]).toEqual([201, "yes", "a=b", 100_000]);
    expect([failed.status, nothing.status]).toEqual([500, 204]);
  });
});

describe("nightshift host as a process", { timeout: 60_000 }, () => {
  it("goes on where it was after kill -9 when its store is a file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nightshift-host-"));
    folders.push(folder);
    const store = `file:${join(folder, "hub.sqlite")}`;
    const first = await host(join(APPS, "approval"), "--store", store);
    const management = await start(`${first.origin}/api/approval/night-1`, { who: "kim", minutes: 60 });
    await expect.poll(async () => (await statusOf(management)).customStatus).toEqual({ waitingFor: "kim" });
    first.process.kill("SIGKILL");
    await first.ended;

    const second = await host(join(APPS, "approval"), "--store", store);
    await post(`${second.origin}/api/approval/night-1/approve`, { by: "lee" });

    const later = { ...management, statusQueryGetUri: management.statusQueryGetUri.replace(first.origin, second.origin) };
    expect(await ended(later)).toMatchObject({ output: "approved by lee" });
  });

  it.each(["SIGINT", "SIGTERM"] as const)("ends in order on %s", async (signal) => {
    const { process, ended: exit, lines } = await host(join(APPS, "monitor"));

    process.kill(signal);

    expect(await exit).toBe(0);
    expect(lines.at(-1)).toBe("stopping: taking no more work");
  });

  it("ends with a sentence when its port is taken, even if the app itself holds something open", async () => {
    const { origin } = await host(join(APPS, "streaming"));

    const second = run(join(APPS, "streaming"), ["--port", new URL(origin).port]);

    expect(await second.ended).toBe(1);
    expect(second.lines.join("\n")).toContain(`port ${new URL(origin).port} is taken; choose another, or 0 for a free one`);
  });

  it("refuses options that mean nothing", async () => {
    const child = run(join(APPS, "monitor"), ["--clock", "slow"]);

    expect(await child.ended).toBe(2);
    expect(child.lines.join("\n")).toContain("Expected real, virtual, or a speed above 0 such as 60.");
  });
});
