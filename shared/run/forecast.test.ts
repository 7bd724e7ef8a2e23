import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { fakeVendor } from "../../test/support/fake-vendor.ts";
import { ms } from "../../test/support/facts-of.ts";
import { ADA, BEN, CUTOFF, OPENS_AT, planWith, type PlanDraft, type StepDraft } from "../../test/support/plan-with.ts";
import { play, stageFor } from "../../test/support/play.ts";
import type { CompiledPlan } from "../plan/compiled.ts";
import { forecastHtml } from "./forecast-html.ts";
import { jobsOf } from "./forecast-jobs.ts";
import { criticalPathOf, placedJobs } from "./forecast-path.ts";
import { forecastText } from "./forecast-text.ts";
import { forecastOf, type CallMade, type Forecast } from "./forecast.ts";
import type { Entry } from "./journal.ts";
import { reportOf } from "./report.ts";

vi.setConfig({ testTimeout: 60_000 });

const instant = (afterOpening: Parameters<typeof ms>[0]): string => new Date(Date.parse(OPENS_AT) + ms(afterOpening)).toISOString();

/** A window played to its end against a vendor that takes this long for each target. */
async function rehearsed(
  drafts: Readonly<Record<string, StepDraft>>,
  takes: Readonly<Record<string, Parameters<typeof ms>[0]>> = {},
  rest: PlanDraft & { decisions?: Parameters<typeof play>[1] } = {},
) {
  const plan = planWith(drafts, rest);
  const vendor = fakeVendor(Object.fromEntries(Object.entries(takes).map(([id, time]) => [id, { takesMs: ms(time) }])));
  const stage = await stageFor(plan, { actions: [vendor.action("fake.work")] });
  await play(stage, rest.decisions);
  return { plan, entries: await stage.journal.readAll(plan.window.id) };
}

const chainOf = ({ criticalPath }: Forecast): readonly string[] => criticalPath.map(({ step, target, why }) => `${step}${target === undefined ? "" : `/${target}`}: ${why}`);
const spanOf = ({ timeline }: Forecast, id: string): string => {
  const step = timeline.find((one) => one.step === id);
  return `${step?.begins.local ?? "-"} to ${step?.ends.local ?? "-"}`;
};
const told = (given: { plan: CompiledPlan; entries: readonly Entry[] }, calls: readonly CallMade[] = []): Forecast => forecastOf({ ...given, calls });

describe("the forecast of a window", () => {
  it("takes the order from the rehearsal and the durations from the plan", async () => {
    const window = await rehearsed({ "a.one": { expectedMs: ms("30m") }, "a.two": { needs: ["a.one"], expectedMs: ms("1h") } });

    const forecast = told(window);

    expect([spanOf(forecast, "a.one"), spanOf(forecast, "a.two"), forecast.ends.local]).toEqual(["Sat 20:00 to Sat 20:30", "Sat 20:30 to Sat 21:30", "Sat 21:30"]);
    expect(chainOf(forecast)).toEqual(["a.one: begins with the run", "a.two: needs a.one"]);
  });

  it("says of each link what held it: its time, its batch, a resource, its phase", async () => {
    const window = await rehearsed(
      {
        "a.roll": { at: instant("1h"), targets: ["x", "y"], rolling: { batches: [1], maxFailures: 0, pauseMs: ms("5m") }, expectedMs: ms("20m") },
        "b.lock": { needs: ["a.roll"], targets: [{ id: "x", touches: ["server:x"] }], expectedMs: ms("10m") },
        "b.rival": { needs: ["a.roll"], targets: [{ id: "z", touches: ["server:x"] }], expectedMs: ms("40m") },
        "c.after": { phase: "late" },
      },
      { "b.lock/x": "5m", "b.rival/z": "5m" },
      { phases: [{ id: "main" }, { id: "late", barrier: true }] },
    );

    const forecast = told(window);

    expect(chainOf(forecast)).toEqual([
      "a.roll/x: its time is Sat 21:00",
      "a.roll/y: the batch before it: a.roll on x",
      "b.lock/x: needs a.roll on y",
      "b.rival/z: b.lock on x has what it touches",
      "c.after: its phase waits for all before it, b.rival on z last",
    ]);
    expect(forecast.ends.local).toBe("Sat 22:45");
  });

  it("says how late a step may be before something is lost, and to what", async () => {
    const window = await rehearsed({
      "a.timed": { at: instant("1h"), graceMs: ms("15m"), expectedMs: ms("10m") },
      "b.early": { expectedMs: ms("1h") },
      "b.destroy": { needs: ["b.early"], irreversible: true, expectedMs: ms("2h") },
      "c.always": { always: true, needs: [{ step: "b.destroy", per: "step", as: "end" }] },
    });

    const { timeline, margin } = told(window);

    const margins = Object.fromEntries(timeline.map((step) => [step.step, step.margin]));
    expect(margins).toEqual({
      "a.timed": { ms: ms("15m"), lost: "a.timed", limit: "grace" },
      // Sixteen hours of window, an hour and two hours of work.
      "b.early": { ms: ms("13h"), lost: "b.destroy", limit: "time to finish" },
      "b.destroy": { ms: ms("13h"), lost: "b.destroy", limit: "time to finish" },
      "c.always": undefined,
    });
    expect(margin).toMatchObject({ toCutoffMs: ms("15h"), tightest: { step: "b.early", ms: ms("13h") } });
  });

  it("says so where the plan will not fit", async () => {
    const window = await rehearsed({ "a.long": { expectedMs: ms("17h") }, "b.next": { needs: ["a.long"] } });

    const forecast = told(window);

    expect(forecast.margin.toCutoffMs).toBe(-ms("1h"));
    expect(forecast.timeline.map((step) => step.margin?.ms)).toEqual([-ms("1h"), -ms("1h")]);
    expect(forecastText(forecast, { calls: false }).join("\n")).toContain("b.next is 1h too late for the cutoff");
  });

  it("names who is asked, when, and how long they have", async () => {
    const preview = { decision: "approve" as const, step: "a.destroy" };
    const plan = planWith({ "a.destroy": { irreversible: true, approval: { by: [ADA, BEN] }, expectedMs: ms("1h") } });
    const stage = await stageFor(plan, { actions: [fakeVendor().action("fake.work")] });
    await play(stage, { decisions: [{ at: instant("20m"), ...preview }] });

    const forecast = told({ plan, entries: await stage.journal.readAll(plan.window.id) });

    expect(forecast.asks).toMatchObject([{ kind: "approval", step: "a.destroy", of: ["Ada", "Ben"], at: { local: "Sat 20:00" }, until: { local: "Sun 12:00" }, hasMs: ms("16h") }]);
    expect(spanOf(forecast, "a.destroy")).toBe("Sat 20:20 to Sat 21:20");
    expect(chainOf(forecast)).toEqual(["a.destroy: begins with the run, and the approval of Ada or Ben"]);
    expect(forecast.noReturn).toMatchObject([{ at: { local: "Sat 20:20" }, step: "a.destroy", what: "cannot be taken back" }]);
  });

  it("says how long each thing stands open, in the night and not in the rehearsal", async () => {
    const window = await rehearsed({
      "a.open": { targets: [{ id: "a.open", opens: [{ id: "page", what: "the page is up" }] }], expectedMs: ms("10m") },
      "b.work": { needs: ["a.open"], expectedMs: ms("2h") },
      "c.close": { needs: ["b.work"], always: true, targets: [{ id: "c.close", closes: ["page"] }], expectedMs: ms("5m") },
    });

    const { obligations } = told(window);

    expect(obligations).toMatchObject([
      { what: "the page is up", openedBy: "a.open", closedBy: "c.close", opened: { local: "Sat 20:00" }, closed: { local: "Sat 22:15" }, openMs: ms("135m") },
    ]);
  });

  it("prefers what earlier windows measured, by step and then by verb", async () => {
    const past = await rehearsed({ "a.one": {}, "old.other": {} }, { "a.one/a.one": "25m", "old.other/old.other": "15m" });
    const report = reportOf(past.plan, past.entries, Date.parse(CUTOFF));
    const window = await rehearsed({ "a.one": {}, "b.new": {} });

    const { timeline } = forecastOf({ ...window, calls: [], past: [report] });

    expect(timeline.map(({ step, lastsMs, durations }) => [step, lastsMs, durations])).toEqual([
      ["a.one", ms("25m"), "past step"],
      // The lower of two: 15 and 25 minutes.
      ["b.new", ms("15m"), "past verb"],
    ]);
  });

  it("is the same text for the same rehearsal, and holds no markup of a plan's", async () => {
    const window = await rehearsed({ "a.one": { title: "<img src=x onerror=alert(1)>" } });
    const calls: readonly CallMade[] = [{ at: OPENS_AT, method: "GET", system: "jira", path: "/rest", status: 200, step: "a.one" }];

    const html = forecastHtml(told(window, calls));

    expect(html).toBe(forecastHtml(told(window, calls)));
    expect(html).not.toContain("<img");
    expect(forecastText(told(window, calls), { calls: false }).join("\n")).toContain("1  jira: a.one 1");
    expect(forecastText(told(window, calls), { calls: true }).join("\n")).toContain("GET jira /rest 200  a.one");
  });
});

const IDS = ["a.one", "a.two", "b.one", "b.two", "c.one", "c.two", "d.one"] as const;
const draft = (position: number) =>
  fc
    .record({
      needs: fc.subarray(IDS.slice(0, position), { maxLength: Math.min(2, position) }),
      per: fc.constantFrom("step" as const, "target" as const),
      targets: fc.subarray(["x", "y", "z"], { minLength: 1 }),
      shared: fc.boolean(),
      batch: fc.constantFrom(undefined, [1], [1, 2]),
      pauseMs: fc.constantFrom(0, ms("4m")),
      phase: fc.constant(position < 4 ? "early" : "late"),
    })
    .map(({ needs, per, targets, shared, batch, pauseMs, phase }): StepDraft => ({
      phase,
      needs: needs.map((step) => ({ step, per, as: "success" })),
      targets: targets.map((id) => ({ id, touches: shared ? [`server:${id}`] : [] })),
      ...(batch === undefined ? {} : { rolling: { batches: batch, maxFailures: 0, pauseMs } }),
    }));
const night = fc.record({
  drafts: fc.tuple(...IDS.map((_id, position) => draft(position))),
  barrier: fc.boolean(),
  /** Minutes by step and target. */
  takes: fc.dictionary(fc.constantFrom(...IDS.flatMap((id) => ["x", "y", "z"].map((target) => `${id}/${target}`))), fc.integer({ min: 1, max: 25 }), { maxKeys: 15 }),
});

describe("the critical path of a fault-free window", () => {
  it("is as long as the window, link by link, whatever the plan", async () => {
    await fc.assert(
      fc.asyncProperty(night, async ({ drafts, barrier, takes }) => {
        const { plan, entries } = await rehearsed(
          Object.fromEntries(IDS.map((id, position) => [id, drafts[position] as StepDraft])),
          Object.fromEntries(Object.entries(takes).map(([id, minutes]) => [id, `${minutes}m` as const])),
          { phases: [{ id: "early" }, { id: "late", barrier }] },
        );
        const jobs = jobsOf(plan, entries);
        const startMs = Date.parse(OPENS_AT);

        const placed = placedJobs(plan, jobs, startMs, ({ beginMs, endMs }) => endMs - beginMs);
        const path = criticalPathOf(placed);

        expect(path[0]?.beginMs).toBe(startMs);
        for (const [nth, link] of path.entries())
          if (nth > 0) expect(link.beginMs - (path[nth - 1]?.endMs ?? 0)).toBe(link.because === "batch" ? (link.job.step.rolling?.pauseMs ?? 0) : 0);
        expect(path.at(-1)?.endMs).toBe(Math.max(...jobs.map(({ endMs }) => endMs)));
        expect(placed.map(({ beginMs }) => beginMs)).toEqual(jobs.map(({ beginMs }) => beginMs));
      }),
      { numRuns: 150 },
    );
  });
});
