import type { OrchestrationContext, Task } from "durable-functions";
import * as df from "durable-functions";
import { array, assert, asyncProperty, integer } from "fast-check";
import { describe, expect, it } from "vitest";
import { activity, at, hostOf, later, START_MS } from "../local/durable/stage.ts";
import type { LocalHost } from "../local/harness.ts";
import { recordingStore } from "../test/support/recording-store.ts";
import { call, Doorbell, fanOut, type Durable } from "./durable.ts";
import { fan } from "./fan.ts";

function orchestration(name: string, body: (ctx: OrchestrationContext) => Durable<unknown>): void {
  df.app.orchestration(name, body as df.OrchestrationHandler);
}

/** What the orchestrators rest on. The first two are properties of durable-functions 3.5; a new version may change them. */
describe("durable-functions", () => {
  it("issues tasks again that are raced again, so that activities run twice (issue 574): we never do that", async () => {
    const ran: string[] = [];
    await using host = await hostOf(
      () => {
        activity("Swap", ({ of }: { of: string }) => ran.push(of));
        orchestration("naive", function* (ctx) {
          let open: Task[] = ["dns", "pool"].map((of, place) => ctx.df.callActivity("Swap", { of, s: 60 * (place + 1) }));
          while (open.length > 0) {
            const first = yield ctx.df.Task.any(open);
            open = open.filter((task) => task !== first);
          }
        });
      },
      { strict: false, activityLatencyMs: (_name, input) => (input as { s: number }).s * 1_000 },
    );

    await host.start("naive", null, "i");
    await host.waitFor("i");

    expect(ran.toSorted()).toEqual(["dns", "pool", "pool"]);
  });

  it("lets a wait that lost its race swallow an event that comes while nobody waits", async () => {
    const looks = await looksAfter([62], freshWait);

    expect(looks.some((second) => second > 62 && second < 120)).toBe(false);
  });

  it("notes a wait once per race, so that one carried through two races swallows the ring after its own", async () => {
    const looks = await looksAfter([125, 131], carriedWait);

    expect(looks).toContain(130);
    expect(looks.some((second) => second > 131 && second < 190)).toBe(false);
  });
});

/** Rounds of a wait of a minute and a look that takes 5 s, with rings at these seconds; the seconds at which it looked. */
async function looksAfter(rings: readonly number[], wait: (ctx: OrchestrationContext) => () => Durable<void>): Promise<number[]> {
  const looks: number[] = [];
  let host: LocalHost | undefined;
  const second = (): number => ((host?.clock.now() ?? START_MS) - START_MS) / 1_000;
  host = await hostOf(
    () => {
      activity("advise", () => void looks.push(second()));
      orchestration("rounds", function* (ctx) {
        const pause = wait(ctx);
        for (let round = 0; round < 8; round++) {
          yield* pause();
          yield* call(ctx, "advise", { run: "r", digest: "d", step: "s", target: "t" });
        }
      });
    },
    { activityLatencyMs: 5_000 },
  );
  await using running = host;
  await running.start("rounds", null, "i");
  for (const ring of rings.toSorted((a, b) => a - b)) {
    await running.advanceTo(at(ring));
    await running.raise("i", "ring", {}).catch(() => undefined);
  }
  await running.waitFor("i");
  return looks;
}

/** What the orchestrators use. */
function doorbell(ctx: OrchestrationContext): () => Durable<void> {
  const bell = new Doorbell(ctx);
  return function* () {
    yield* bell.pause(ctx.df.currentUtcDateTime.getTime() + 60_000);
  };
}

/** One wait, carried through the rounds and made anew once it was answered: almost right. */
function carriedWait(ctx: OrchestrationContext): () => Durable<void> {
  let wait = ctx.df.waitForExternalEvent("ring");
  return function* () {
    if (!wait.isCompleted) {
      const timer = ctx.df.createTimer(later(ctx, 60));
      yield ctx.df.Task.any([wait, timer]);
      if (wait.isCompleted && !timer.isCompleted) timer.cancel();
    }
    if (wait.isCompleted) wait = ctx.df.waitForExternalEvent("ring");
  };
}

/** The obvious way: a fresh wait for every round. */
function freshWait(ctx: OrchestrationContext): () => Durable<void> {
  return function* () {
    const timer = ctx.df.createTimer(later(ctx, 60));
    const first = yield ctx.df.Task.any([ctx.df.waitForExternalEvent("ring"), timer]);
    if (first !== timer) timer.cancel();
  };
}

describe("the doorbell", () => {
  /** A ring is heard if a look begins after it, no later than the look that was under way allows. */
  const heard = (ring: number, looks: readonly number[]): boolean => looks.some((look) => look >= ring && look <= ring + 5) || ring > (looks.at(-1) ?? 0);

  it.each([[[62]], [[30, 32]], [[30, 33]], [[60]], [[65]], [[63, 64, 126]], [[0]], [[125, 131]], [[385, 391, 397, 402]]])(
    "loses no ring over its rounds (at %j s)",
    async (rings) => {
      const looks = await looksAfter(rings, doorbell);

      expect(looks).toHaveLength(8);
      expect(rings.filter((ring) => !heard(ring, looks))).toEqual([]);
    },
  );

  it("loses no ring, whenever they come", async () => {
    await assert(
      asyncProperty(array(integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 8 }), async (rings) => {
        const looks = await looksAfter(rings, doorbell);

        expect(rings.filter((ring) => !heard(ring, looks))).toEqual([]);
      }),
      { numRuns: 60, seed: 20241208 },
    );
  });

  it("says whether it was disturbed, and pauses for a moment where the instant is over", async () => {
    const answers: boolean[] = [];
    await using host = await hostOf(() =>
      orchestration("o", function* (ctx) {
        const bell = new Doorbell(ctx);
        const until = ctx.df.currentUtcDateTime.getTime() + 60_000;
        const first = yield* bell.pause(until);
        const second = yield* bell.pause(until);
        const past = yield* bell.pause(until);
        answers.splice(0, 3, first, second, past);
      }),
    );
    await host.start("o", null, "i");
    await host.advanceTo(at(10));
    await host.raise("i", "ring", {});

    await host.waitFor("i");

    expect(answers).toEqual([false, true, true]);
    expect(host.clock.now()).toBe(START_MS + 62_000);
  });

  it("waits no longer than a day at once, and does not call that undisturbed to the end", async () => {
    await using host = await hostOf(() =>
      orchestration("o", function* (ctx) {
        return yield* new Doorbell(ctx).pause(ctx.df.currentUtcDateTime.getTime() + 3 * 86_400_000);
      }),
    );
    await host.start("o", null, "i");

    expect(await host.waitFor("i")).toMatchObject({ output: false });
    expect(host.clock.now()).toBe(START_MS + 86_400_000);
  });
});

describe("a call", () => {
  it("of an activity that fails outright is answered as a fault of ours, in few words", async () => {
    await using host = await hostOf(() => {
      activity("muster", () => {
        throw new Error(`the process is ${"very ".repeat(1_000)} ill`);
      });
      orchestration("o", function* (ctx) {
        return yield* call(ctx, "muster", { run: "r", digest: "d" });
      });
    });
    await host.start("o", null, "i");

    const { output } = await host.waitFor("i");

    expect(output).toEqual({ ok: false, fault: { kind: "defect", message: expect.stringContaining("the process is very very") } });
    expect(JSON.stringify(output).length).toBeLessThan(700);
  });
});

describe("a fan-out", () => {
  function app(begun: string[]): void {
    df.app.orchestration("fan", fan as df.OrchestrationHandler);
    activity("note", (name: string) => void begun.push(name));
    orchestration("child", function* (ctx) {
      const { fails, name } = ctx.df.getInput() as { name: string; fails?: boolean };
      yield ctx.df.callActivity("note", name);
      if (fails === true) throw new Error("died");
    });
    orchestration("parent", function* (ctx) {
      const children = (ctx.df.getInput() as { name: string; fails?: boolean }[]).map((input) => ({ instance: `c-${input.name}`, input }));
      yield* fanOut(ctx, "child", children);
      return "together";
    });
  }

  it.each([0, 1, 40, 41, 2_000])("of %i starts each child once under its own id, and keeps every history below 1,000 events", async (count) => {
    const begun: string[] = [];
    const store = recordingStore();
    await using host = await hostOf(() => app(begun), { store });
    await host.start(
      "parent",
      Array.from({ length: count }, (_, n) => ({ name: String(n) })),
      "i",
    );

    const { output } = await host.waitFor("i");

    expect(output).toBe("together");
    expect(new Set(begun).size).toBe(count);
    expect(begun).toHaveLength(count);
    expect(count === 0 ? undefined : (await host.status("c-0"))?.runtimeStatus).toBe(count === 0 ? undefined : "Completed");
    expect(Math.max(...store.generations().map(({ events }) => events.length))).toBeLessThan(1_000);
  });

  it("outlives a child that dies, and waits for the others", async () => {
    const begun: string[] = [];
    await using host = await hostOf(() => app(begun));
    await host.start("parent", [{ name: "a" }, { name: "b", fails: true }, { name: "c" }], "i");

    expect(await host.waitFor("i")).toMatchObject({ runtimeStatus: "Completed", output: "together" });
    expect(begun.toSorted()).toEqual(["a", "b", "c"]);
  });
});
