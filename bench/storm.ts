import { fileURLToPath } from "node:url";
import { z } from "zod";
import { shown, spreadOf } from "./measure.ts";
import { measured } from "./processes.ts";

const CHILD = fileURLToPath(new URL("storm-child.ts", import.meta.url));
const Windows = z.array(z.object({ cpuMs: z.number(), wallMs: z.number(), struck: z.number(), broken: z.number() })).min(1);
const WINDOWS = process.env["NIGHTSHIFT_BENCH_WINDOWS"] ?? "8";
/** Faulty windows a second and core. */
const GOAL = 5;

/** Windows of both real plans in fair and in rough weather, each held against every promise, one after the other on one core. */
export async function benchStorm(): Promise<string[]> {
  const lines: string[] = [];
  for (const date of ["2024-10-06", "2024-12-08"]) {
    for (const profile of ["fair", "rough"]) {
      const taken = Windows.parse(JSON.parse((await measured([CHILD, date, profile, WINDOWS])).output));
      const cpu = spreadOf(taken.map(({ cpuMs }) => cpuMs));
      const total = (of: (one: (typeof taken)[number]) => number): number => taken.reduce((sum, one) => sum + of(one), 0);
      // What the processor takes besides, such as collecting garbage on other threads, is in it: a core is a core.
      const perCore = (taken.length * 1_000) / total(({ cpuMs }) => cpuMs);
      const [struck, broken] = [total((one) => one.struck), taken.filter((one) => one.broken > 0).length];
      lines.push(
        `-  ${date} in ${profile} weather: ${perCore.toFixed(1)} windows a second and core (goal ${GOAL}), ${((taken.length * 1_000) / total(({ wallMs }) => wallMs)).toFixed(1)} a second on this machine; ${shown(cpu, 0)} ms of the processor a window; ${(struck / taken.length).toFixed(1)} misfortunes a window; ${broken} of ${taken.length} broke a promise`,
      );
    }
  }
  return lines;
}
