import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, fdatasyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { OrchestrationContext } from "durable-functions";
import * as df from "durable-functions";
import { createHost } from "../local/harness.ts";
import type { HostOptions } from "../local/harness.ts";
import { shown, spreadOf, timeMs } from "./measure.ts";
import { rawWork, registerWork } from "./work.ts";
import type { Work } from "./work.ts";

const IN_FLIGHT = 50;
const ROUNDS = 5;

/** Goals 1, 3, 4, 5, 7 and 8 of the local host, each beside its floor in the same run. One line of text per figure. */
export async function benchHost(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "bench-host-"));
  const stub = spawn(process.execPath, [fileOf("stub.ts")], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const url = `http://127.0.0.1:${await firstLine(stub)}/`;
    return [
      durableWrite(folder),
      ...(await throughput(url, folder)),
      ...(await makespan(url, folder)),
      ...(await recovery(url, folder)),
      ...(await replayCost()),
      ...(await readiness(url, folder)),
      ...(await timers(folder)),
    ];
  } finally {
    stub.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The floor under every durable step: one small append that reaches the disk. Shared machines differ by far. */
function durableWrite(folder: string): string {
  const file = openSync(join(folder, "write"), "w");
  const times = Array.from({ length: 100 }, () => {
    const begun = performance.now();
    writeSync(file, "x".repeat(4096));
    fdatasyncSync(file);
    return performance.now() - begun;
  });
  closeSync(file);
  return `0  one durable write of 4 KiB: ${shown(spreadOf(times), 2)} ms; each step in sequence needs one`;
}

interface Size extends Work {
  readonly name: string;
  readonly inFlight: number;
  readonly goal: number;
  readonly rounds: number;
}

const ALL_AT_ONCE = 1_000;

/** Goal 1: wall time on a durable store, as a multiple of a plain loop. */
async function throughput(url: string, folder: string): Promise<string[]> {
  const sizes: Size[] = [
    { name: "W(100,0)", sequence: 100, parallel: 0, stepMs: 0, inFlight: ALL_AT_ONCE, goal: 2.2, rounds: ROUNDS },
    { name: "W(50,200)", sequence: 50, parallel: 200, stepMs: 0, inFlight: ALL_AT_ONCE, goal: 2.1, rounds: ROUNDS },
    { name: "W(0,1000)", sequence: 0, parallel: 1000, stepMs: 0, inFlight: ALL_AT_ONCE, goal: 1.9, rounds: ROUNDS },
    { name: "F(2000)", sequence: 0, parallel: 2000, stepMs: 0, inFlight: IN_FLIGHT, goal: 1.75, rounds: ROUNDS },
  ];
  return compared("1 ", sizes, url, folder);
}

/** Goal 3: the same with steps of 100 ms; and exactly the critical path in virtual time. */
async function makespan(url: string, folder: string): Promise<string[]> {
  const sizes: Size[] = [
    { name: "M(50,200)", sequence: 50, parallel: 200, stepMs: 100, inFlight: ALL_AT_ONCE, goal: 1.15, rounds: 1 },
    { name: "MF(500)", sequence: 0, parallel: 500, stepMs: 100, inFlight: IN_FLIGHT, goal: 1.4, rounds: 1 },
  ];
  const pathMs: Readonly<Record<string, number>> = { "M(50,200)": 51 * 100, "MF(500)": 10 * 100 };
  const lines: string[] = [];
  for (const size of sizes) {
    const virtualMs = await virtualMakespan(size);
    await withHost({ url, folder, limit: size.inFlight }, async (run) => {
      const realMs = await timeMs(() => run(size));
      const path = pathMs[size.name] ?? Number.NaN;
      lines.push(`3  ${size.name}: virtual ${(virtualMs / path).toFixed(2)} of the critical path (goal 1.00), real ${(realMs / path).toFixed(2)} (goal ${size.goal})`);
    });
  }
  return lines;
}

async function virtualMakespan(size: Size): Promise<number> {
  await using host = await createHost({ app: () => registerWork("", () => null), clock: "virtual", maxConcurrentActivities: size.inFlight, activityLatencyMs: size.stepMs });
  const begunMs = host.clock.now();
  await host.start("work", { ...size }, "work");
  await host.waitFor("work");
  return host.clock.now() - begunMs;
}

async function compared(goal: string, sizes: readonly Size[], url: string, folder: string): Promise<string[]> {
  const lines: string[] = [];
  for (const size of sizes) {
    await withHost({ url, folder, limit: size.inFlight }, async (run) => {
      const raw: number[] = [];
      const host: number[] = [];
      // One of each to warm up, then turn about.
      for (let round = -1; round < size.rounds; round++) {
        const rawMs = await timeMs(() => rawWork(url, size, size.inFlight));
        const hostMs = await timeMs(() => run(size));
        if (round >= 0) raw.push(rawMs);
        if (round >= 0) host.push(hostMs);
      }
      const ratio = spreadOf(host).median / spreadOf(raw).median;
      lines.push(`${goal} ${size.name}: ${ratio.toFixed(2)}x raw (goal ${size.goal}); host ${shown(spreadOf(host))} ms, raw ${shown(spreadOf(raw))} ms`);
    });
  }
  return lines;
}

let files = 0;

/** A host on a file of its own, and a way to run work on it. */
async function withHost(
  given: { url: string; folder: string; limit: number; options?: Partial<HostOptions> },
  use: (run: (work: Work) => Promise<void>) => Promise<void>,
): Promise<void> {
  await using host = await createHost({
    app: () => registerWork(given.url),
    store: { file: join(given.folder, `${++files}.db`) },
    clock: "real",
    maxConcurrentActivities: given.limit,
    // As `npm start` makes its host.
    extendedSessions: true,
    directActivities: true,
    ...given.options,
  });
  await use(async ({ sequence, parallel, stepMs }) => {
    const id = await host.start("work", { sequence, parallel, stepMs });
    const { runtimeStatus, output } = await host.waitFor(id);
    if (runtimeStatus !== "Completed" || output !== sequence + parallel) throw new Error(`the measured work ended as ${runtimeStatus} with ${JSON.stringify(output)}`);
  });
}

/** Goal 4: kill -9 in the middle; how soon the next new call is made, and how many calls are repeated. */
async function recovery(url: string, folder: string): Promise<string[]> {
  const lines: string[] = [];
  for (const [name, sequence, parallel, goal] of [
    ["sequence", 100, 0, 1],
    ["F", 0, 1000, 50],
  ] as const) {
    const file = join(folder, `kill-${name}.db`);
    const log = join(folder, `kill-${name}.log`);
    const start = (): ChildProcess =>
      spawn(process.execPath, [fileOf("host-child.ts"), file, log, url, String(sequence), String(parallel)], { stdio: ["ignore", "pipe", "inherit"] });
    const first = start();
    while (callsIn(log).length < (sequence + parallel) / 2) await new Promise((done) => setTimeout(done, 2));
    first.kill("SIGKILL");
    await once(first, "exit");
    const before = new Set(callsIn(log).map(({ n }) => n));
    const restartedAt = performance.timeOrigin + performance.now();
    await once(start(), "exit");
    const calls = callsIn(log);
    const next = calls.find(({ n, at }) => at > restartedAt && !before.has(n));
    const repeated = calls.length - new Set(calls.map(({ n }) => n)).size;
    lines.push(
      `4  kill -9 in ${name}: first new call after ${Math.round((next?.at ?? Number.NaN) - restartedAt)} ms (goal 700), ${repeated} repeated (goal ${goal}), ${sequence + parallel - new Set(calls.map(({ n }) => n)).size} lost (goal 0)`,
    );
  }
  return lines;
}

function callsIn(log: string): { n: number; at: number }[] {
  if (!existsSync(log)) return [];
  return readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => /^\d/.test(line))
    .map((line) => {
      const [n, at] = line.split(" ").map(Number);
      return { n: n ?? Number.NaN, at: at ?? Number.NaN };
    });
}

/** Goal 5: processor time of a fan-out of 2,000 whose activities end one by one, as one Task.all and as children. */
async function replayCost(): Promise<string[]> {
  const lines: string[] = [];
  for (const [name, perChild] of [
    ["40 children of 50", 50],
    ["one Task.all", undefined],
  ] as const) {
    let ended = 0;
    // Each ends at an instant of its own, so that none shares a turn with another.
    await using host = await createHost({ app: () => registerWork("", () => null), clock: "virtual", maxConcurrentActivities: 5_000, activityLatencyMs: () => ++ended });
    await host.start("work", { sequence: 0, parallel: 2000, stepMs: 0, ...(perChild === undefined ? {} : { perChild }) }, "work");
    const before = process.cpuUsage();
    await host.waitFor("work");
    const { user, system } = process.cpuUsage(before);
    lines.push(`5  fan-out of 2,000, one completion per turn, ${name}: ${((user + system) / 1e6).toFixed(2)} s of processor time in all (goal 0.6 s of replay)`);
  }
  return lines;
}

/** Goal 7: from the start of the process to a host that takes work, and what it takes when idle. */
async function readiness(url: string, folder: string): Promise<string[]> {
  const times: number[] = [];
  const sizes: number[] = [];
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, [fileOf("host-child.ts"), join(folder, `ready-${round}.db`), join(folder, "ready.log"), url], { stdio: ["ignore", "pipe", "inherit"] });
    const begun = performance.now();
    const line = await firstLine(child);
    times.push(performance.now() - begun);
    sizes.push(Number(line.split(" ")[1]));
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  return [`7  ready in ${shown(spreadOf(times), 0)} ms (goal 500), ${shown(spreadOf(sizes), 0)} MiB (goal 150, with simulators)`];
}

/** Goal 8: how late durable timers fire on the real clock. */
async function timers(folder: string): Promise<string[]> {
  const app = (): void => {
    df.app.orchestration("timers", function* (ctx: OrchestrationContext) {
      for (let n = 0; n < 40; n++) yield ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + 25));
    } as df.OrchestrationHandler);
  };
  await using host = await createHost({ app, store: { file: join(folder, "timers.db") }, clock: "real" });
  await host.start("timers", null, "timers");
  await host.waitFor("timers");
  const fired = ((await host.history("timers")) ?? []).filter(({ EventType }) => EventType === 11);
  const late = fired.map((event) => Date.parse(event.Timestamp) - Date.parse(String(event["FireAt"])));
  return [`8  timers late by ${shown(spreadOf(late))} ms (goal 2)`];
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  return String(chunk).trim();
}

function fileOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
