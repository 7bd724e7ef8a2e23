import * as df from "durable-functions";
import type { OrchestrationContext } from "durable-functions";
import * as fc from "fast-check";
import { expect, it, vi } from "vitest";
import { activity, hostOf, later, orchestration } from "./stage.ts";
import type { Faults } from "./faults.ts";

vi.setConfig({ testTimeout: 60_000 });

/**
 * Random programs, run by the real SDK: every leaf gives its own key, so a result in the wrong task, a call made
 * twice or an id out of step shows in the output. fast-check prints the seed and the smallest program that fails.
 */
type Leaf = { readonly kind: "call" | "child" | "timer"; readonly seconds: number } | { readonly kind: "retry"; readonly seconds: number; readonly fails: number };
type Stage = readonly Leaf[];

const leaf: fc.Arbitrary<Leaf> = fc.oneof(
  fc.record({ kind: fc.constantFrom("call", "child", "timer"), seconds: fc.integer({ min: 0, max: 9 }) }),
  fc.record({ kind: fc.constant("retry"), seconds: fc.integer({ min: 0, max: 9 }), fails: fc.integer({ min: 0, max: 3 }) }),
);
const program: fc.Arbitrary<readonly Stage[]> = fc.array(fc.array(leaf, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 5 });

function taskOf(ctx: OrchestrationContext, step: Leaf, key: string): df.Task {
  switch (step.kind) {
    case "call":
      return ctx.df.callActivity("Key", { key, seconds: step.seconds });
    case "child":
      return ctx.df.callSubOrchestrator("child", { key, seconds: step.seconds });
    case "timer":
      return ctx.df.createTimer(later(ctx, step.seconds));
    case "retry":
      return ctx.df.callActivityWithRetry("Flaky", new df.RetryOptions(2000, 5), { key, seconds: step.seconds, fails: step.fails });
    default:
      throw new Error("no such leaf");
  }
}

function app(calls: Map<string, number>): () => void {
  const count = (key: string): number => {
    const n = (calls.get(key) ?? 0) + 1;
    calls.set(key, n);
    return n;
  };
  return () => {
    activity("Key", ({ key }: { key: string }) => {
      count(key);
      return key;
    });
    activity("Flaky", ({ key, fails }: { key: string; fails: number }) => {
      if (count(key) <= fails) throw new Error("not yet");
      return key;
    });
    orchestration("child", function* (ctx) {
      const { key, seconds } = ctx.df.getInput() as { key: string; seconds: number };
      yield ctx.df.createTimer(later(ctx, 1));
      return yield ctx.df.callActivity("Key", { key, seconds });
    });
    orchestration("program", function* (ctx) {
      const results: unknown[] = [];
      for (const [at, stage] of (ctx.df.getInput() as readonly Stage[]).entries()) {
        const tasks = stage.map((step, n) => taskOf(ctx, step, `${at}.${n}`));
        const [only] = tasks;
        const values = tasks.length === 1 && only !== undefined ? [yield only] : ((yield ctx.df.Task.all(tasks)) as unknown as unknown[]);
        results.push(values.map((value) => (value === undefined ? null : value)));
      }
      return results;
    });
  };
}

const expected = (stages: readonly Stage[]): unknown[] => stages.map((stage, at) => stage.map((step, n) => (step.kind === "timer" ? null : `${at}.${n}`)));
const callsOf = (stages: readonly Stage[]): Map<string, number> =>
  new Map(
    stages.flatMap((stage, at) => stage.flatMap((step, n): [string, number][] => (step.kind === "timer" ? [] : [[`${at}.${n}`, step.kind === "retry" ? step.fails + 1 : 1]]))),
  );
const latency = (_name: string, input: unknown): number => (input as { seconds: number }).seconds * 1000;

async function run(stages: readonly Stage[], faults: Faults = {}): Promise<{ output: unknown; history: unknown; calls: Map<string, number>; endMs: number }> {
  const calls = new Map<string, number>();
  await using host = await hostOf(app(calls), { activityLatencyMs: latency, faults });
  await host.start("program", stages, "i");
  const { output } = await host.waitFor("i");
  return { output, history: await host.history("i"), calls, endMs: host.clock.now() };
}

it("any program of calls, children, timers and retries: every result lands in its task, nothing is called once too often", async () => {
  await fc.assert(
    fc.asyncProperty(program, async (stages) => {
      const { output, calls } = await run(stages);

      expect(output).toEqual(expected(stages));
      expect(calls).toEqual(callsOf(stages));
    }),
    { numRuns: 60 },
  );
});

it("the same program twice: the same history, ids and times", async () => {
  await fc.assert(
    fc.asyncProperty(program, async (stages) => {
      expect(await run(stages)).toEqual(await run(stages));
    }),
    { numRuns: 20 },
  );
});

it("doubled, late and shuffled messages change no result and no call", async () => {
  await fc.assert(
    fc.asyncProperty(program, fc.infiniteStream(fc.nat(6)), async (stages, chance) => {
      const next = (): number => chance.next().value as number;
      const faults: Faults = {
        extraCopies: () => (next() === 0 ? 2 : 0),
        delayMs: () => (next() === 0 ? 700 : 0),
        order: (events) => (next() < 3 ? events.toReversed() : events),
      };

      const { output, calls } = await run(stages, faults);

      expect(output).toEqual(expected(stages));
      expect(calls).toEqual(callsOf(stages));
    }),
    { numRuns: 40 },
  );
});
