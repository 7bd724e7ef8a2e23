import { fileURLToPath } from "node:url";
import { z } from "zod";
import { shown, spreadOf, timeMs } from "./measure.ts";
import { compiledFrom, textsOf } from "./plans.ts";
import { interleaved, measured, type Measured } from "./processes.ts";

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const ROUNDS = 5;

/** A plan of a thousand steps, from text to the frozen graph. */
export async function benchCompile(): Promise<string[]> {
  const texts = textsOf({ steps: 1_000, targets: 0 });
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) times.push(await timeMs(async () => compiledFrom(texts)));
  return [`-  a plan of 1,000 steps compiled: the first time ${(times[0] ?? Number.NaN).toFixed(0)} ms, then ${shown(spreadOf(times.slice(1)), 0)} ms (goal well under 1,000)`];
}

const Rehearsed = z.object({
  outcome: z.string(),
  endedAt: z.string(),
  events: z.number(),
  targets: z.number(),
  journalCalls: z.number(),
  rehearsedMs: z.number(),
  cpuMs: z.number(),
  peakMiB: z.number(),
});

function read({ output }: Measured): z.infer<typeof Rehearsed> {
  const said = Rehearsed.parse(JSON.parse(output));
  if (said.outcome !== "well") throw new Error(`the measured window ended ${said.outcome}`);
  return said;
}

const PLANS = ["2024-10-06", "2024-12-08"] as const;
const Again = z.array(z.object({ window: z.number(), fixed: z.number() }));

/** The real windows of 17 hours rehearsed in virtual time: as a whole process, and again and again in one process, as a storm does. */
export async function benchRehearsals(): Promise<string[]> {
  const cold = await interleaved(ROUNDS, {
    "2024-10-06": () => measured([file("rehearse-child.ts"), "2024-10-06"]),
    "2024-12-08": () => measured([file("rehearse-child.ts"), "2024-12-08"]),
  });
  const lines: string[] = [];
  for (const date of PLANS) {
    const said = cold[date].map(read);
    const again = Again.parse(JSON.parse((await measured([file("rehearse-again-child.ts"), date])).output));
    const windows = spreadOf(again.map(({ window }) => window));
    lines.push(
      `2  ${date} rehearsed, whole process: ${shown(spreadOf(cold[date].map(({ wallMs }) => wallMs / 1_000)), 2)} s (goal 2 on 2 calm cores); processor ${shown(spreadOf(said.map(({ cpuMs }) => cpuMs / 1_000)), 2)} s, ${shown(spreadOf(said.map(({ peakMiB }) => peakMiB)), 0)} MiB`,
      `-  ${date} again in the same process: ${shown(windows, 0)} ms of the processor, ${(1_000 / windows.median).toFixed(1)} windows a second and core (goal 5); ${shown(spreadOf(again.map(({ window, fixed }) => window / fixed)))} times a fixed piece of work`,
      `5  the longest history of ${date}: ${Math.max(...said.map(({ events }) => events))} events (goal under 1,000)`,
    );
  }
  return lines;
}

/** Goal 2: a synthetic window of 17 hours, and a thousand steps. */
export async function benchSteps(): Promise<string[]> {
  const found = await interleaved(ROUNDS, { timers: () => measured([file("timers-child.ts")]), steps: () => measured([file("rehearse-child.ts"), "1000", "0"]) });
  found.steps.forEach(read);
  const passed = [...new Set(found.timers.map(({ output }) => Number(output)))].map(clockTime).join(", ");
  return [
    `2  17 hours with 60 timers, whole process: ${shown(spreadOf(found.timers.map(({ wallMs }) => wallMs)), 0)} ms (goal 500), virtual time ${passed} (goal 17:00:00.000)`,
    `2  1,000 steps rehearsed, whole process: ${shown(spreadOf(found.steps.map(({ wallMs }) => wallMs / 1_000)), 2)} s (goal 5)`,
  ];
}

/** Goal 9: what one target costs in a step of 200 and in one of 2,000. */
export async function benchTargets(): Promise<string[]> {
  const sizes = [200, 2_000] as const;
  const found = await interleaved(3, {
    few: () => measured([file("rehearse-child.ts"), "1", String(sizes[0])]),
    many: () => measured([file("rehearse-child.ts"), "1", String(sizes[1])]),
  });
  const per = (size: number, of: readonly Measured[], what: "rehearsedMs" | "journalCalls"): number => spreadOf(of.map((one) => read(one)[what] / size)).median;
  const [few, many] = [per(sizes[0], found.few, "rehearsedMs"), per(sizes[1], found.many, "rehearsedMs")];
  return [
    `9  per target of 2,000 against 200: ${(many / few).toFixed(2)}x (goal 1.3x); ${many.toFixed(2)} ms against ${few.toFixed(2)} ms`,
    `9  journal operations per target: ${per(sizes[1], found.many, "journalCalls").toFixed(1)} of 2,000, ${per(sizes[0], found.few, "journalCalls").toFixed(1)} of 200 (goal flat)`,
  ];
}

function clockTime(ms: number): string {
  return `${Math.floor(ms / 3_600_000)}:${new Date(ms).toISOString().slice(14, 23)}`;
}
