import { describe, expect, it } from "vitest";
import { memoryTimerStatuses } from "../local/timer-status.ts";
import type { CompiledPlan } from "../shared/plan/compiled.ts";
import type { Fact } from "../shared/run/facts.ts";
import { START_LEAD_MS } from "../shared/run/due.ts";
import { windowInstance } from "../shared/run/instances.ts";
import { hostedApp, type HostedApp } from "../test/support/hosted-app.ts";
import { CUTOFF, OPENS_AT, planWith } from "../test/support/plan-with.ts";

const DUE_AT = new Date(Date.parse(OPENS_AT) - START_LEAD_MS).toISOString();
const RUN = "2024-12-08";

const small = (title = "Maintenance of 2024-12-08"): CompiledPlan =>
  planWith({ "web.drain": { at: OPENS_AT, policy: { timeoutMs: 7_200_000 } }, "web.deploy": { needs: ["web.drain"], targets: ["IC-Web1", "IC-Web2"] } }, { window: { title } });

const problems = ({ logs }: HostedApp): string[] => logs.filter(({ level }) => level === "error").map(({ message }) => message);

async function endOf(hosted: HostedApp): Promise<Fact | undefined> {
  return (await hosted.facts(RUN)).find(({ type }) => type === "run.ended");
}

async function starts(hosted: HostedApp, run = RUN): Promise<number> {
  return (await hosted.facts(run)).filter(({ type }) => type === "run.started").length;
}

describe("a tick", () => {
  it("starts a window that is due, which then runs to its end at its own hours", async () => {
    await using hosted = await hostedApp({ startAt: DUE_AT });
    await hosted.store(small());

    await hosted.tick("saturdayPrework");
    const { output } = await hosted.host.waitFor(windowInstance(RUN));

    expect(output).toEqual({ outcome: "well" });
    const facts = await hosted.facts(RUN);
    expect(facts[0]).toMatchObject({ type: "run.started", at: DUE_AT, by: "timer saturdayPrework" });
    expect(facts.find((fact) => fact.type === "target.intended" && fact.step === "web.drain")).toMatchObject({ at: OPENS_AT });
    expect(hosted.vendor.effects).toHaveLength(3);
    expect(problems(hosted)).toEqual([]);
  });

  it("starts the due one of several windows, and none that is later, unapproved or over", async () => {
    await using hosted = await hostedApp({ startAt: DUE_AT });
    const over = { id: "2024-11-03", opensAt: "2024-11-03T01:00:00.000Z", cutoff: "2024-11-03T17:00:00.000Z" };
    await hosted.store(small());
    await hosted.store(planWith({ "a.b": {} }, { window: { id: "2025-01-12", opensAt: "2025-01-12T01:00:00.000Z", cutoff: "2025-01-12T17:00:00.000Z" } }));
    await hosted.store(planWith({ "a.b": {} }, { window: over }));
    await hosted.store(planWith({ "a.b": {} }, { window: { id: "2024-12-07b" } }), false);

    await hosted.tick("saturdayPrework");
    await hosted.host.idle();

    expect(await hosted.journal.runs()).toEqual([RUN]);
    expect(problems(hosted)).toEqual([]);
  });

  it("that comes twice starts one run", async () => {
    await using hosted = await hostedApp({ startAt: DUE_AT });
    await hosted.store(small());

    await hosted.tick("saturdayPrework");
    await hosted.tick("saturdayPrework");
    await hosted.host.waitFor(windowInstance(RUN));

    expect(await starts(hosted)).toBe(1);
    expect(hosted.vendor.effects).toHaveLength(3);
    expect(problems(hosted)).toEqual([]);
  });

  it("of both timers at the same instant starts one run, and neither says that something is wrong", async () => {
    await using hosted = await hostedApp({ startAt: DUE_AT });
    await hosted.store(small());

    await Promise.all([hosted.tick("saturdayPrework"), hosted.tick("sundayPrework")]);
    await hosted.host.waitFor(windowInstance(RUN));

    expect(await starts(hosted)).toBe(1);
    expect(hosted.vendor.effects).toHaveLength(3);
    expect(problems(hosted)).toEqual([]);
  });

  it("that comes late, after the host was away, starts what it missed and says by how much", async () => {
    const late = "2024-12-08T03:20:00.000Z";
    const timerStatuses = memoryTimerStatuses();
    timerStatuses.write("saturdayPrework", { last: Date.parse(DUE_AT) - 300_000, next: Date.parse(DUE_AT), lastUpdated: Date.parse(DUE_AT) - 300_000 });
    await using hosted = await hostedApp({ startAt: late, timersRun: true, timerStatuses });
    await hosted.store(small());

    await hosted.host.advanceTo(late);
    await hosted.host.waitFor(windowInstance(RUN));

    expect(hosted.events.find(({ name }) => name === "prework.late")).toMatchObject({ fields: { run: RUN, lateMs: Date.parse(late) - Date.parse(OPENS_AT) } });
    expect((await hosted.facts(RUN))[0]).toMatchObject({ type: "run.started", at: late });
    expect(hosted.logs.filter(({ message }) => message.includes("this tick is late"))).toHaveLength(1);
  });

  it("leaves a window alone that has ended", async () => {
    await using hosted = await hostedApp({ startAt: DUE_AT });
    await hosted.store(small());
    await hosted.tick("saturdayPrework");
    await hosted.host.waitFor(windowInstance(RUN));
    await hosted.host.purge(windowInstance(RUN));

    await hosted.tick("sundayPrework");
    await hosted.host.idle();

    expect(await hosted.host.status(windowInstance(RUN))).toBeUndefined();
    expect(hosted.vendor.effects).toHaveLength(3);
  });

  it("does not let one window that cannot be started keep another from starting", async () => {
    await using hosted = await hostedApp({ startAt: DUE_AT });
    await hosted.store(planWith({ "a.b": {} }, { window: { id: "2024-12-08x" } }));
    await hosted.store(small());
    const read = hosted.journal.read.bind(hosted.journal);
    Object.assign(hosted.journal, { read: (run: string, stream: string) => (run === "2024-12-08x" ? Promise.reject(new Error("the row is torn")) : read(run, stream)) });

    await hosted.tick("saturdayPrework");
    await hosted.host.waitFor(windowInstance(RUN));

    expect(problems(hosted)).toEqual([expect.stringContaining("the window 2024-12-08x could not be started: defect: Error: the row is torn")]);
  });
});

describe("the schedules", () => {
  it("look every five minutes from Friday to Monday in UTC, and not on other days", async () => {
    await using hosted = await hostedApp({ startAt: "2024-12-04T00:00:00.000Z", timersRun: true });
    const ticks = (name: string): number => hosted.logs.filter(({ message }) => message.includes(`"${name}" runs`)).length;
    const perDay = (24 * 60) / 5;

    await hosted.host.advanceTo("2024-12-05T23:59:00.000Z");
    const before = ticks("saturdayPrework") + ticks("sundayPrework");
    await hosted.host.advanceTo("2024-12-11T00:00:00.000Z");

    expect(before).toBe(0);
    expect(ticks("saturdayPrework")).toBe(3 * perDay);
    expect(ticks("sundayPrework")).toBe(3 * perDay);
  });

  it("start a stored window by themselves ten minutes before it opens", async () => {
    await using hosted = await hostedApp({ startAt: "2024-12-07T12:00:00.000Z", timersRun: true });
    await hosted.store(small());

    await hosted.host.advanceTo("2024-12-08T06:00:00.000Z");

    expect((await hosted.facts(RUN))[0]).toMatchObject({ type: "run.started", at: DUE_AT });
    expect(await endOf(hosted)).toMatchObject({ outcome: "well" });
  });
});

describe("a run whose orchestrations are lost in mid-window", () => {
  async function lostAt(instant: string, plan = small()): Promise<HostedApp> {
    const hosted = await hostedApp({ startAt: DUE_AT, works: { "web.drain/web.drain": { takesMs: 3_600_000 } } });
    await hosted.store(plan);
    await hosted.tick("saturdayPrework");
    await hosted.host.advanceTo(instant);
    for (const { instanceId } of (await hosted.host.hub.list({})).instances) await hosted.host.purge(instanceId);
    expect((await hosted.host.hub.list({})).instances).toEqual([]);
    return hosted;
  }

  it("is started again at the next tick and goes on where it was, with nothing done twice", async () => {
    await using hosted = await lostAt("2024-12-08T01:30:00.000Z");

    await hosted.tick("sundayPrework");
    const { output } = await hosted.host.waitFor(windowInstance(RUN));

    expect(output).toEqual({ outcome: "well" });
    expect(hosted.vendor.effects).toEqual(["begun 2024-12-08/web.drain/web.drain/1", "begun 2024-12-08/web.deploy/IC-Web1/1", "begun 2024-12-08/web.deploy/IC-Web2/1"]);
    expect(await starts(hosted)).toBe(1);
  });

  it("keeps its plan, though another was stored for the window since that nobody has approved", async () => {
    const plan = small();
    await using hosted = await lostAt("2024-12-08T01:30:00.000Z", plan);
    await hosted.store(small("Another title"), false);

    await hosted.tick("sundayPrework");
    const { output } = await hosted.host.waitFor(windowInstance(RUN));

    expect(output).toEqual({ outcome: "well" });
    expect((await hosted.facts(RUN))[0]).toMatchObject({ type: "run.started", digest: plan.digest });
  });

  it("is started again after the cutoff too: what was opened must be closed", async () => {
    await using hosted = await lostAt("2024-12-08T01:30:00.000Z");
    await hosted.host.advanceTo(new Date(Date.parse(CUTOFF) + 600_000));

    await hosted.tick("sundayPrework");
    await hosted.host.waitFor(windowInstance(RUN));

    expect(await endOf(hosted)).toMatchObject({ outcome: "badly" });
  });

  it("is found alive among more instances than a page of the task hub holds", async () => {
    const many = planWith({ "web.deploy": { policy: { pollEveryMs: 600_000 }, targets: Array.from({ length: 150 }, (_, n) => `IC-Web${n}`) } });
    await using hosted = await hostedApp({ startAt: DUE_AT, works: Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`IC-Web${n}`, { takesMs: 3_600_000 }])) });
    await hosted.store(many);
    await hosted.tick("saturdayPrework");
    await hosted.host.advanceTo("2024-12-08T01:10:00.000Z");

    await hosted.tick("sundayPrework");
    await hosted.host.idle();

    expect(problems(hosted)).toEqual([]);
    expect(hosted.logs.filter(({ message }) => message.includes("resumed"))).toEqual([]);
  });
});
