import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FAN, STEP, TARGET, WINDOW } from "../../functions/app.ts";
import { call, Doorbell, fanOut, inputOf, sleep, type Durable } from "../../orchestrators/durable.ts";
import { fan } from "../../orchestrators/fan.ts";
import { step } from "../../orchestrators/step.ts";
import { target } from "../../orchestrators/target.ts";
import { window } from "../../orchestrators/window.ts";
import type { StepRef, TargetRef } from "../../shared/run/facts.ts";
import type { OrchestrationContext } from "durable-functions";
import { amendedHistories } from "./histories.ts";
import { replayed, type Orchestrators } from "./replayed.ts";
import { historiesOf, releases, SOURCES, statementOf } from "./state.ts";

const TODAY: Orchestrators = { [WINDOW]: window, [STEP]: step, [TARGET]: target, [FAN]: fan };

const recorded = releases().map((release) => ({ release, histories: historiesOf(release) }));

const all = recorded.flatMap(({ histories }) => histories);
async function misfitsOf(orchestrators: Orchestrators): Promise<string[]> {
  const found: string[] = [];
  for (const history of all) found.push(...(await replayed(orchestrators, history)));
  return found;
}

describe.each(recorded)("histories of release $release", ({ histories }) => {
  it("are there for every orchestrator, continued ones among them", () => {
    expect(new Set(histories.map(({ name }) => name))).toEqual(new Set(Object.keys(TODAY)));
    expect(histories.some(({ continued }) => continued)).toBe(true);
  });

  it.each(Object.keys(TODAY))("of %s mean the same to today's code", async (name) => {
    const misfits: string[] = [];
    for (const history of histories.filter((one) => one.name === name)) misfits.push(...(await replayed(TODAY, history)));

    expect(misfits).toEqual([]);
  });
});

it("what is written down beside the orchestrators is what a replay says now; else: node test/replay/state.ts", async () => {
  expect(JSON.parse(readFileSync(join(SOURCES, "replays.json"), "utf8"))).toEqual(await statementOf(SOURCES));
});

describe("histories of a window that was amended", () => {
  it("are replayed by what made them, the wait for what was added among them; the next release keeps them", async () => {
    const histories = (await amendedHistories()).filter(({ name }) => name in TODAY);
    const misfits: string[] = [];
    for (const history of histories) misfits.push(...(await replayed(TODAY, history)));

    const windows = histories.filter(({ name }) => name === WINDOW);
    expect(windows.map(({ input }) => (JSON.parse(input ?? "{}") as { amendment?: string }).amendment !== undefined)).toEqual(expect.arrayContaining([true, false]));
    expect(windows.flatMap(({ events }) => events.map((event) => String(event["Result"]))).some((result) => result.includes(`"do":"wait"`))).toBe(true);
    expect(misfits).toEqual([]);
  });
});

/** Changes that look harmless in a review. */
describe("a changed orchestrator does not pass:", () => {
  it("one that asks twice", async () => {
    const changed = function* (ctx: OrchestrationContext): Durable<unknown> {
      yield* call(ctx, "advise", inputOf<TargetRef>(ctx));
      return yield* target(ctx);
    };

    expect(await misfitsOf({ ...TODAY, [TARGET]: changed })).toContainEqual(expect.stringContaining("Non-Deterministic"));
  });

  it("one that calls another activity first", async () => {
    const changed = function* (ctx: OrchestrationContext): Durable<undefined> {
      yield* call(ctx, "advise", { ...inputOf<StepRef>(ctx), target: "" });
      return yield* step(ctx);
    };

    expect(await misfitsOf({ ...TODAY, [STEP]: changed })).not.toEqual([]);
  });

  it("one that sleeps where it listened", async () => {
    const changed = function* (ctx: OrchestrationContext): Durable<undefined> {
      const advice = yield* call(ctx, "advise-step", inputOf<StepRef>(ctx));
      if (advice.ok && advice.value.order.do === "wait") yield* sleep(ctx, 1_000);
      return undefined;
    };

    expect(await misfitsOf({ ...TODAY, [STEP]: changed })).not.toEqual([]);
  });

  it("one that waits once more at its end", async () => {
    const changed = function* (ctx: OrchestrationContext): Durable<unknown> {
      const end = yield* target(ctx);
      yield* new Doorbell(ctx).pause(ctx.df.currentUtcDateTime.getTime() + 1_000);
      return end;
    };

    expect(await misfitsOf({ ...TODAY, [TARGET]: changed })).toContainEqual(expect.stringMatching(/goes on, and did not then|more than it did|Non-Deterministic/));
  });

  it("one that starts its children one by one", async () => {
    const changed = function* (ctx: OrchestrationContext): Durable<undefined> {
      const { orchestrator, children } = inputOf<{ orchestrator: string; children: { instance: string; input: unknown }[] }>(ctx);
      for (const child of children) yield* fanOut(ctx, orchestrator, [child]);
      return undefined;
    };

    expect(await misfitsOf({ ...TODAY, [FAN]: changed })).toContainEqual(expect.stringContaining("Non-Deterministic"));
  });
});
