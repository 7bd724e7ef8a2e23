import { Worker } from "node:worker_threads";
import { Fault } from "../../shared/fault/fault.ts";
import type { ProfileName } from "./misfortunes.ts";
import type { NightSources } from "./nights.ts";
import { shrunk } from "./shrink.ts";
import type { Verdict } from "./window.ts";

export interface StormOptions {
  readonly sources: NightSources;
  readonly profile: ProfileName;
  /** The first seed; the others follow it. */
  readonly seed: number;
  readonly runs: number;
  /** Threads that run windows. */
  readonly workers: number;
  /** Ids of misfortunes: these strike and no others. */
  readonly only?: readonly string[];
  /** At most so many broken windows are shrunk; shrinking takes dozens of windows for each. */
  readonly shrink: number;
  /** Hears of each window as it is over, in no order. */
  readonly onVerdict?: (verdict: Verdict) => void;
}

/** A window that broke something. */
export interface Broken {
  readonly verdict: Verdict;
  /** The fewest misfortunes with which it still breaks; missing where it was not shrunk. */
  readonly fewest?: Verdict;
}

export interface StormResult {
  /** By seed. */
  readonly verdicts: readonly Verdict[];
  readonly broken: readonly Broken[];
}

/** What a worker is asked for, one at a time. */
export interface WindowOrder {
  readonly seed: number;
  readonly only?: readonly string[];
}

/** What a worker answers. */
export type WindowAnswer = { readonly verdict: Verdict } | { readonly failed: string };

/**
 * Runs windows in bad weather, many at once. What comes of a seed hangs on the seed alone, not on the workers.
 *
 * @throws Fault `invalid` when the plan cannot be run, `defect` when a worker dies.
 */
export async function storm(options: StormOptions): Promise<StormResult> {
  const { seed, runs, only, shrink, onVerdict } = options;
  const seeds = Array.from({ length: runs }, (_, nth) => seed + nth);
  const crew = Array.from({ length: Math.max(1, Math.min(options.workers, runs)) }, () => windowWorker(options));
  try {
    const verdicts: Verdict[] = [];
    let next = 0;
    await Promise.all(
      crew.map(async (worker) => {
        for (let one = seeds[next++]; one !== undefined; one = seeds[next++]) {
          const verdict = await worker.run({ seed: one, ...(only === undefined ? {} : { only }) });
          verdicts.push(verdict);
          onVerdict?.(verdict);
        }
      }),
    );
    verdicts.sort((a, b) => a.seed - b.seed);
    const broken: Broken[] = verdicts.filter(({ breaches }) => breaches.length > 0).map((verdict) => ({ verdict }));
    // One of each kind first: ten windows that break the same rule tell no more than one.
    const worth = [...Map.groupBy(broken, ({ verdict }) => verdict.breaches[0]?.rule).values()].map(([first]) => first as Broken).slice(0, shrink);
    await Promise.all(
      crew.map(async (worker, nth) => {
        for (const one of worth.filter((_, at) => at % crew.length === nth)) broken[broken.indexOf(one)] = { ...one, fewest: await fewestOf(one.verdict, worker) };
      }),
    );
    return { verdicts, broken };
  } finally {
    await Promise.all(crew.map((worker) => worker.close()));
  }
}

/** Shrunk to the rule that it broke first, since a window with less weather may break another. */
async function fewestOf(verdict: Verdict, worker: WindowWorker): Promise<Verdict> {
  const { seed, struck, breaches } = verdict;
  let fewest = verdict;
  await shrunk(
    struck.map(({ id }) => id),
    async (only) => {
      const tried = await worker.run({ seed, only });
      const breaks = tried.breaches.some(({ rule }) => rule === breaches[0]?.rule);
      if (breaks && tried.struck.length < fewest.struck.length) fewest = tried;
      return breaks;
    },
  );
  return fewest;
}

interface WindowWorker {
  run(order: WindowOrder): Promise<Verdict>;
  close(): Promise<unknown>;
}

/** A window makes some 200 MB of garbage, and little of it lives long: with room for a third of that it is hardly ever copied. */
const YOUNG_MB = 192;

function windowWorker({ sources, profile }: StormOptions): WindowWorker {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: { sources, profile }, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
  return {
    run: (order) =>
      new Promise((resolve, reject) => {
        const died = (cause: unknown): void => reject(new Fault("defect", `a worker of the storm died in the window of seed ${order.seed}: ${String(cause)}`, { cause }));
        worker.once("error", died);
        worker.once("message", (answer: WindowAnswer) => {
          worker.off("error", died);
          if ("failed" in answer) reject(new Fault("invalid", answer.failed));
          else resolve(answer.verdict);
        });
        worker.postMessage(order);
      }),
    close: () => worker.terminate(),
  };
}
