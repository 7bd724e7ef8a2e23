import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as df from "durable-functions";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FAN, STEP, TARGET, WINDOW } from "../functions/app.ts";
import { collectApp } from "../local/app.ts";
import { replayTold, ToldRun } from "../local/told-history.ts";
import { call, Doorbell, inputOf, type Durable } from "../orchestrators/durable.ts";
import { fan } from "../orchestrators/fan.ts";
import { step } from "../orchestrators/step.ts";
import { window } from "../orchestrators/window.ts";
import type { TargetRef } from "../shared/run/facts.ts";
import { stepInstance, windowInstance } from "../shared/run/instances.ts";
import { said } from "../test/support/command-line.ts";
import { hostedApp } from "../test/support/hosted-app.ts";
import { OPENS_AT, planWith } from "../test/support/plan-with.ts";
import { runCommand } from "./run.ts";

const RUN = "2024-12-08";
let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nightshift-history-"));
  file = join(folder, "told.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

const nightshift = (...args: readonly string[]) => said(runCommand, args);

/** A night with waits, rings, looks, a retry and a fan-out, downloaded. */
async function downloaded({ until }: { readonly until?: string } = {}): Promise<string> {
  await using hosted = await hostedApp({ works: { "web.drain": { takesMs: 900_000 }, "app.patch": { takesMs: 120_000 } } });
  await hosted.store(
    planWith({
      "web.drain": { at: OPENS_AT, policy: { pollEveryMs: 60_000, timeoutMs: 7_200_000 } },
      "app.patch": { needs: ["web.drain"], targets: Array.from({ length: 45 }, (_, n) => `IC-App${n}`) },
    }),
  );
  await hosted.call("POST", "runs", { window: RUN });
  if (until === undefined) await hosted.host.waitFor(windowInstance(RUN));
  else await hosted.host.advanceTo(until);
  const { out } = await nightshift("run", "history", RUN, "--out", file, "--server", hosted.served.origin);
  return out;
}

describe("nightshift run history and replay", () => {
  it("download all histories of a run, and today's orchestrators live through every one of them", async () => {
    const said = await downloaded();

    const { out, code } = await nightshift("run", "replay", file);

    const told = ToldRun.parse(JSON.parse(readFileSync(file, "utf8")));
    expect(said).toContain(`${told.instances.length} orchestrations`);
    expect(told.instances.map(({ instance }) => instance)).toEqual(expect.arrayContaining([windowInstance(RUN), stepInstance(RUN, "web.drain")]));
    expect(out).toMatch(/2024-12-08 {2}was answered by muster/);
    expect(out).toContain(`${told.instances.length} of ${told.instances.length} orchestrations replay`);
    expect(code).toBe(0);
  });

  it("also of a run that has not ended", async () => {
    await downloaded({ until: "2024-12-08T01:05:00.000Z" });

    const { out, code } = await nightshift("run", "replay", file, "--no-timeline");

    expect(out).toMatch(/^(\d+) of \1 orchestrations replay/);
    expect(code).toBe(0);
  });

  it("name the orchestration and the event where a history is not what an orchestrator does", async () => {
    await downloaded();
    const told = ToldRun.parse(JSON.parse(readFileSync(file, "utf8")));
    const events = told.instances.find(({ instance }) => instance === stepInstance(RUN, "web.drain"))?.events ?? [];
    events.splice(1, 1);
    writeFileSync(file, JSON.stringify(told));

    const { out, code } = await nightshift("run", "replay", file, "--no-timeline");

    expect(out).toMatch(new RegExp(`step ${stepInstance(RUN, "web.drain")} does not replay, event 2 of ${events.length}: .*it asks for a timer until [^ ]+ there`));
    expect(code).toBe(1);
  });

  it("tell of a changed orchestrator at the first event that it could not have had", async () => {
    await downloaded();
    const { instances } = ToldRun.parse(JSON.parse(readFileSync(file, "utf8")));
    function* twice(ctx: df.OrchestrationContext): Durable<undefined> {
      const ref = inputOf<TargetRef>(ctx);
      yield* call(ctx, "advise", ref);
      yield* call(ctx, "advise", ref);
      yield* new Doorbell(ctx).pause(0);
      return undefined;
    }
    const app = await collectApp(() => {
      for (const [name, orchestrator] of Object.entries({ [WINDOW]: window, [STEP]: step, [TARGET]: twice, [FAN]: fan }))
        df.app.orchestration(name, orchestrator as df.OrchestrationHandler);
    });

    const replays = await Promise.all(instances.map(async (told) => ({ name: told.name, replay: await replayTold(app, told) })));

    expect(new Set(replays.filter(({ replay }) => !replay.fits).map(({ name }) => name))).toEqual(new Set([TARGET]));
    expect(replays.find(({ name }) => name === TARGET)?.replay).toMatchObject({ fits: false, event: 2, why: expect.stringContaining("it asks for activity advise there") });
  });
});
