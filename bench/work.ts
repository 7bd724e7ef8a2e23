import * as df from "durable-functions";
import type { OrchestrationContext } from "durable-functions";

/** One size of the work that is measured: `sequence` steps one after another, then `parallel` at once, then a join. */
export interface Work {
  readonly sequence: number;
  readonly parallel: number;
  /** Milliseconds that each step takes at the stub. */
  readonly stepMs: number;
  /** Parallel steps are spread over children of this size; absent: one fan-out. */
  readonly perChild?: number;
}

export interface Step {
  readonly n: number;
  readonly stepMs: number;
}

/** One POST to the stub. */
export async function step(url: string, stepMs: number): Promise<unknown> {
  const response = await fetch(stepMs > 0 ? `${url}?ms=${stepMs}` : url, { method: "POST", body: "{}" });
  return response.json();
}

/** Registers the app that every host benchmark runs: orchestrator `work`, activity `step`. */
export function registerWork(url: string, act: (input: Step) => unknown = ({ stepMs }) => step(url, stepMs)): void {
  df.app.activity("step", { handler: act });
  df.app.orchestration("work", function* (ctx: OrchestrationContext) {
    const { sequence, parallel, stepMs, perChild } = ctx.df.getInput<Work>();
    for (let n = 0; n < sequence; n++) yield ctx.df.callActivity("step", { n, stepMs });
    if (parallel === 0) return sequence;
    const tasks =
      perChild === undefined
        ? Array.from({ length: parallel }, (_, n) => ctx.df.callActivity("step", { n: sequence + n, stepMs }))
        : Array.from({ length: parallel / perChild }, () => ctx.df.callSubOrchestrator("work", { sequence: 0, parallel: perChild, stepMs }));
    yield ctx.df.Task.all(tasks);
    return sequence + parallel;
  } as df.OrchestrationHandler);
}

/** The same work without any host: the floor. At most `inFlight` steps at once. */
export async function rawWork(url: string, { sequence, parallel, stepMs }: Work, inFlight: number): Promise<void> {
  for (let n = 0; n < sequence; n++) await step(url, stepMs);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next++ < parallel) await step(url, stepMs);
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, parallel) }, lane));
}
