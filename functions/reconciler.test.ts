import { describe, expect, it } from "vitest";
import { START_LEAD_MS } from "../shared/run/due.ts";
import { stepInstance, targetInstance, windowInstance } from "../shared/run/instances.ts";
import { openOf } from "../shared/run/obligations.ts";
import type { CompiledPlan } from "../shared/plan/compiled.ts";
import { always } from "../test/support/fake-vendor.ts";
import { hostedApp, type HostedApp } from "../test/support/hosted-app.ts";
import { ADA, CUTOFF, OPENS_AT, planWith } from "../test/support/plan-with.ts";

const RUN = "2024-12-08";
const DUE_AT = new Date(Date.parse(OPENS_AT) - START_LEAD_MS).toISOString();
const OUT = { id: "out-of-pool:IC-Web1", what: "IC-Web1 is out of pool web" };

/** Drains, works for an hour, and puts back: `closes` by a step of its own, or by nobody but the undo of the opener. */
function plan({ closes = true } = {}): CompiledPlan {
  return planWith({
    "web.drain": { at: OPENS_AT, targets: [{ id: "IC-Web1", opens: [OUT] }], owners: [ADA] },
    "web.patch": { needs: ["web.drain"], policy: { timeoutMs: 7_200_000 } },
    ...(closes
      ? { "web.restore": { always: true, needs: [{ step: "web.patch", per: "step" as const, as: "end" as const }], targets: [{ id: "IC-Web1", closes: [OUT.id] }] } }
      : {}),
  });
}

const WORKS = { "web.patch/web.patch": { takesMs: 3_600_000 } };

async function begun(options: Parameters<typeof hostedApp>[0], compiled = plan()): Promise<HostedApp> {
  const hosted = await hostedApp({ startAt: DUE_AT, works: WORKS, ...options });
  await hosted.store(compiled);
  await hosted.tick("saturdayPrework");
  return hosted;
}

async function purgeAll({ host }: HostedApp): Promise<void> {
  for (const { instanceId } of (await host.hub.list({})).instances) await host.purge(instanceId);
}

const open = async (hosted: HostedApp): Promise<string[]> => openOf(await hosted.facts(RUN)).map(({ id }) => id);
const problems = ({ logs }: HostedApp): string[] => logs.filter(({ level }) => level === "error").map(({ message }) => message);

describe("an orchestration that was deleted from storage in mid-window", () => {
  it("is missed, started again, and closes what is owed, with nothing done twice", async () => {
    await using hosted = await begun({});
    await hosted.host.advanceTo("2024-12-08T01:30:00.000Z");
    await purgeAll(hosted);
    expect(await open(hosted)).toEqual([OUT.id]);

    await hosted.tick("reconciler");
    await hosted.host.advanceTo("2024-12-08T01:35:00.000Z");
    await Promise.all([hosted.tick("reconciler"), hosted.tick("reconciler")]);
    await hosted.host.waitFor(windowInstance(RUN));

    expect(await open(hosted)).toEqual([]);
    expect(hosted.vendor.effects.toSorted()).toEqual([`begun ${RUN}/web.drain/IC-Web1/1`, `begun ${RUN}/web.patch/web.patch/1`, `begun ${RUN}/web.restore/IC-Web1/1`]);
    expect((await hosted.facts(RUN)).filter(({ type }) => type === "run.ended")).toMatchObject([{ outcome: "well" }]);
    expect(problems(hosted)).toEqual([]);
  });

  it("has what it owes closed without any orchestration, where the task hub takes none", async () => {
    await using hosted = await begun({}, plan({ closes: false }));
    await hosted.host.advanceTo("2024-12-08T01:30:00.000Z");
    await purgeAll(hosted);
    Object.assign(hosted.host.hub, { start: () => Promise.reject(new Error("the hub is full")) });
    const from = Date.parse(CUTOFF);

    for (let look = 0; look < 8; look++) {
      await hosted.host.advanceTo(from + look * 300_000);
      await Promise.all([hosted.tick("reconciler"), hosted.tick("reconciler")]);
    }

    expect(hosted.vendor.effects.filter((effect) => effect.startsWith("undone"))).toContain(`undone ${RUN}/web.drain/IC-Web1/1`);
    expect(await open(hosted)).toEqual([]);
    expect((await hosted.facts(RUN)).filter(({ type }) => type === "run.ended")).toHaveLength(1);
    expect(new Set(hosted.vendor.effects).size).toBe(hosted.vendor.effects.length);
  });
});

describe("one orchestration of many that was lost in mid-window", () => {
  const ids = { window: windowInstance(RUN), step: stepInstance(RUN, "web.patch"), target: targetInstance(RUN, "web.patch", "web.patch") };

  it.each([
    ["deleted", "window"],
    ["deleted", "step"],
    ["deleted", "target"],
    ["terminated", "window"],
    ["terminated", "step"],
    ["terminated", "target"],
  ] as const)("%s, the one of a %s: those that hear nobody are ended, and new ones bring the run to its end", async (how, which) => {
    await using hosted = await begun({});
    await hosted.host.advanceTo("2024-12-08T01:31:00.000Z");
    if (how === "deleted") await hosted.host.purge(ids[which]);
    else await hosted.host.terminate(ids[which]);

    for (let look = 0; look < 36; look++) {
      await hosted.host.advanceTo(Date.parse("2024-12-08T01:32:00.000Z") + look * 300_000);
      await hosted.tick("reconciler");
    }

    const facts = await hosted.facts(RUN);
    expect(facts.filter(({ type }) => type === "run.ended")).toMatchObject([{ outcome: "well" }]);
    expect(facts.filter(({ type }) => type === "guard.alarmed")).toEqual([]);
    expect(hosted.vendor.effects.toSorted()).toEqual([`begun ${RUN}/web.drain/IC-Web1/1`, `begun ${RUN}/web.patch/web.patch/1`, `begun ${RUN}/web.restore/IC-Web1/1`]);
    expect(problems(hosted).filter((message) => message.startsWith("reconciler"))).toEqual([]);
  });
});

describe("what an ended run left open", () => {
  it("is told to its owner once at a time, again until someone acknowledges, and taken back as soon as that can be done", async () => {
    const pool = { down: true };
    const works = { "web.drain/IC-Web1": { undo: (nth: number) => (pool.down ? always("unavailable", "the pool does not answer")() : void nth) } };
    await using hosted = await begun({ works }, plan({ closes: false }));
    await hosted.host.waitFor(windowInstance(RUN));
    expect(await open(hosted)).toEqual([OUT.id]);
    const from = hosted.host.clock.now();
    const looks = async (first: number, last: number): Promise<void> => {
      for (let look = first; look <= last; look++) {
        await hosted.host.advanceTo(from + look * 300_000);
        await Promise.all([hosted.tick("reconciler"), hosted.tick("reconciler")]);
      }
    };

    await looks(1, 8);
    const before = hosted.told.filter(({ key }) => key.includes("/guard/"));
    await hosted.call("POST", `runs/${RUN}/decisions`, { decision: "acknowledge", note: "Ben is at it" });
    await looks(9, 14);
    const acknowledged = hosted.told.filter(({ key }) => key.includes("/guard/"));
    pool.down = false;
    await looks(15, 22);

    expect(before.map(({ key }) => key)).toEqual([`${RUN}/guard/open/1`, `${RUN}/guard/open/2`]);
    expect(before[0]).toMatchObject({ mention: [ADA.slackId], lines: [expect.stringContaining("the pool does not answer"), expect.stringContaining("acknowledge")] });
    expect(acknowledged).toHaveLength(2);
    expect(await open(hosted)).toEqual([]);
    expect(hosted.vendor.effects.filter((effect) => effect.startsWith("undone") && effect.includes("web.drain"))).toHaveLength(1);
    expect(hosted.events.filter(({ name }) => name === "guard.beat").at(-1)).toMatchObject({ fields: { runCount: 1, openCount: 0 } });
  });
});

it("rings an aborted run whose ring was lost, which then closes up at once", async () => {
  await using hosted = await begun({});
  await hosted.host.advanceTo("2024-12-08T01:15:00.000Z");
  await hosted.journal.append(RUN, "decisions", 0, [{ type: "decision.made", at: "2024-12-08T01:15:00.000Z", id: "lost", decision: "abort", mode: "close", by: "Ada" }]);

  await hosted.tick("reconciler");
  await hosted.host.waitFor(windowInstance(RUN));

  const ended = (await hosted.facts(RUN)).find(({ type }) => type === "run.ended");
  expect(ended).toMatchObject({ at: "2024-12-08T01:15:00.000Z", outcome: "aborted" });
  expect(await open(hosted)).toEqual([]);
});

it("reminds of a freeze every half hour, whether or not the orchestration is there, until someone resumes", async () => {
  const later = planWith({ "web.drain": { at: OPENS_AT, targets: [{ id: "IC-Web1", opens: [OUT] }] }, "web.patch": { at: "2024-12-08T01:20:00.000Z", needs: ["web.drain"] } });
  await using hosted = await begun({ timersRun: true }, later);
  await hosted.host.advanceTo("2024-12-08T01:15:00.000Z");
  await hosted.call("POST", `runs/${RUN}/abort`, { mode: "freeze" });

  await hosted.host.advanceTo("2024-12-08T02:50:00.000Z");
  const reminders = (): string[] => hosted.told.filter(({ key }) => key.includes("/guard/held/")).map(({ key }) => key);
  const frozen = reminders();
  await hosted.call("POST", `runs/${RUN}/decisions`, { decision: "resume" });
  await hosted.host.advanceTo("2024-12-08T05:00:00.000Z");

  expect(frozen).toEqual([1, 2, 3].map((nth) => `${RUN}/guard/held/${nth}`));
  expect(hosted.told.find(({ key }) => key.includes("/guard/held/"))?.lines.join(" ")).toContain(OUT.what);
  expect(reminders()).toEqual(frozen);
});

it("announces an unapproved plan to its owners at the noons before the window, once each", async () => {
  await using hosted = await hostedApp({ startAt: "2024-12-04T00:00:00.000Z", timersRun: true });
  await hosted.store(plan(), false);

  await hosted.host.advanceTo("2024-12-08T06:00:00.000Z");

  expect(hosted.told.map(({ key }) => key)).toEqual([`${RUN}/unapproved/Thu`, `${RUN}/unapproved/Fri`, `${RUN}/unapproved/Sat`]);
  expect(await hosted.journal.runs()).toEqual([]);
});
