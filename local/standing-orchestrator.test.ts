import * as df from "durable-functions";
import { describe, expect, it } from "vitest";
import { activity, hostOf, later } from "./durable/stage.ts";
import type { HostOptions, LocalHost } from "./harness.ts";

/** A little of everything: calls, races that a ring or a timer wins, children, failures, fresh histories. */
function register(seen: string[]): void {
  activity("A", (n: number) => {
    if (n === 7) throw new Error("seven");
    return n + 1;
  });
  df.app.orchestration("child", function* (ctx) {
    const n = ctx.df.getInput<number>();
    yield ctx.df.createTimer(later(ctx, n));
    return ((yield ctx.df.callActivity("A", n)) as number) * 10;
  } as df.OrchestrationHandler);
  df.app.orchestration("main", function* (ctx) {
    const { round } = ctx.df.getInput<{ round: number }>();
    seen.push(`begun ${round}`);
    for (let n = 0; n < 3; n++) {
      const timer = ctx.df.createTimer(later(ctx, 60));
      const ring = ctx.df.waitForExternalEvent("ring");
      yield ctx.df.Task.any([ring, timer]);
      if (!timer.isCompleted) timer.cancel();
      ctx.df.setCustomStatus({ round, n });
      try {
        yield ctx.df.callActivity("A", round * 3 + n);
      } catch (thrown) {
        seen.push((thrown as Error).message.slice(0, 30));
      }
    }
    const children = [1, 2, 3].map((n) => ctx.df.callSubOrchestrator("child", n, `child-${round}-${n}`));
    const sums = yield ctx.df.Task.all(children);
    if (round < 2) {
      ctx.df.continueAsNew({ round: round + 1 });
      return undefined;
    }
    return sums;
  } as df.OrchestrationHandler);
}

async function played(options: Partial<HostOptions>): Promise<{ histories: unknown; notices: unknown; status: unknown; begun: number }> {
  const seen: string[] = [];
  await using host: LocalHost = await hostOf(() => register(seen), options);
  const histories: unknown[] = [];
  await host.start("main", { round: 0 }, "main");
  await host.raise("main", "ring");
  for (const seconds of [30, 45, 100]) {
    await host.advanceTo(host.clock.now() + seconds * 1_000);
    histories.push(await host.history("main"));
    await host.raise("main", "ring");
    await host.raise("main", "ring");
  }
  const status = await host.waitFor("main");
  for (const { instanceId } of (await host.hub.list({})).instances) histories.push(instanceId, await host.history(instanceId));
  return { histories, notices: host.notices, status, begun: seen.filter((line) => line.startsWith("begun")).length };
}

describe("an orchestrator that stays in memory", () => {
  it("has the histories, statuses and notices of one that is replayed at every turn", async () => {
    const { begun, ...replayed } = await played({ extendedSessions: false });
    const { begun: begunStanding, ...standing } = await played({ extendedSessions: true });

    expect(standing).toEqual(replayed);
    expect(begunStanding).toBeLessThan(begun / 2);
  });

  it("is replayed where hooks expect an invocation for each turn", async () => {
    let turns = 0;
    const register = (): void => {
      df.app.orchestration("two", function* (ctx) {
        turns++;
        yield ctx.df.createTimer(later(ctx, 1));
        yield ctx.df.createTimer(later(ctx, 1));
        return null;
      } as df.OrchestrationHandler);
    };
    await using host = await hostOf(register, { extendedSessions: true });
    host.app.registrations.addHook("preInvocation", () => undefined);

    await host.start("two", null, "two");
    await host.waitFor("two");

    expect(turns).toBe(3);
  });

  it("fails like one that is replayed, also with what is no JSON", async () => {
    const register = (): void => {
      df.app.orchestration("circle", function* (ctx) {
        yield ctx.df.createTimer(later(ctx, 1));
        const circle: { self?: unknown } = {};
        circle.self = circle;
        return circle;
      } as df.OrchestrationHandler);
    };
    const outcome = async (extendedSessions: boolean): Promise<unknown> => {
      await using host = await hostOf(register, { extendedSessions });
      await host.start("circle", null, "circle");
      return await host.waitFor("circle");
    };

    expect(await outcome(true)).toEqual(await outcome(false));
  });
});
