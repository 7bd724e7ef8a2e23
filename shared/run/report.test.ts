import { beforeAll, describe, expect, it } from "vitest";
import { decemberNight, type Night } from "../../test/support/december.ts";
import { always, fakeVendor, type FakeWork } from "../../test/support/fake-vendor.ts";
import { planWith, type StepDraft } from "../../test/support/plan-with.ts";
import { play, stageFor, type PlayOptions } from "../../test/support/play.ts";
import { reportHtml, REPORT_CSP } from "./report-html.ts";
import { reportJson } from "./report-json.ts";
import { reportMarkdown } from "./report-markdown.ts";
import { Report, reportJsonSchema } from "./report-schema.ts";
import { reportOf } from "./report.ts";

async function reported(
  steps: Record<string, StepDraft>,
  works: Record<string, FakeWork> = {},
  options: PlayOptions & { readonly tell?: () => Promise<void> } = {},
): Promise<Report> {
  const plan = planWith(steps);
  const stage = await stageFor(plan, { actions: [fakeVendor(works).action("fake.work")], ...(options.tell === undefined ? {} : { tell: options.tell }) });
  await play(stage, options);
  return reportOf(plan, await stage.journal.readAll(plan.window.id), stage.clock.now());
}

describe("the report of December's misfortune", () => {
  let night: Night;
  let report: Report;
  beforeAll(async () => {
    night = await decemberNight({ misfortune: true });
    report = reportOf(night.plan, night.entries, night.stage.clock.now());
  });

  it("says first that it ended badly, and why", () => {
    expect(report.summary).toMatchObject({ outcome: "badly", headline: "14 of 18 changes done, 1 dropped, 3 carried over, nothing left open." });
    expect(report.summary.sentences[0]).toBe("Run the Reschedule Jobs stage, Pre-Maintenance, of the Preparation Pipeline: planned for Sat 20:00, never started.");
  });

  it("counts every change of the plan once", () => {
    const { counts, done, already, dropped, carriedOver } = report.summary;

    expect(counts).toEqual({ in: 18, done: 14, already: 0, dropped: 1, carriedOver: 3, underWay: 0 });
    expect([...done, ...already, ...dropped, ...carriedOver].map(({ id }) => id).toSorted()).toEqual(night.plan.changes.map(({ id }) => id).toSorted());
  });

  it("says of each kickoff whether it began on time, in order of time", () => {
    expect(report.summary.kickoffs.map(({ planned, verdict, onTime }) => [planned.local, planned.utc, verdict, onTime])).toEqual([
      ["Sat 20:00", "01:00", "never started", false],
      ["Sun 04:45", "09:45", "on time", true],
      ["Sun 04:50", "09:50", "on time", true],
    ]);
  });

  it("carries over what depended on it, with the step in which the trouble began, in words like the page's own", () => {
    const change = report.carryOver.find(({ keys }) => keys.includes("PLAT-1406"));

    expect(change).toMatchObject({
      as: "skipped",
      leaves: "untouched",
      inWords: expect.stringMatching(/^IC-MCC1, IC-MCC2, IC-MCC3, IC-MCC4 done .*Install updates on IC-App-Test1 could not be done: «Run the Reschedule Jobs stage.*never started/),
      steps: [{ id: "test-and-mcc-patching.app-test", blocker: { step: "reschedule-jobs.run", as: "failed" }, targets: [{ id: "IC-App-Test1", as: "skipped" }] }],
    });
  });

  it("tells each server's result with its tries, faults and evidence", () => {
    const step = report.changes.find(({ id }) => id === "mcc-patching")?.steps.find(({ verb }) => verb === "patch.install");

    expect(step?.targets.map(({ id, state, tries }) => [id, state, tries])).toEqual([
      ["IC-MCC1", "done", 1],
      ["IC-MCC2", "done", 2],
      ["IC-MCC3", "done", 1],
      ["IC-MCC4", "done", 1],
    ]);
    expect(step?.targets[1]).toMatchObject({
      evidence: [expect.stringContaining("no restart pending")],
      faults: [{ kind: "failed", deed: "poll", try: 1, message: expect.stringContaining("0x80240022") }],
    });
  });

  it("says who approved what cannot be undone", () => {
    const step = report.changes.flatMap(({ steps }) => steps).find(({ id }) => id === "kong-cluster.destroy");

    expect(step).toMatchObject({ irreversible: true, approvedBy: [{ by: "Luis Ferreira", at: { local: "Sun 05:20" } }] });
  });

  it("says what was opened and that it was never so", () => {
    expect(report.obligations).toMatchObject([{ id: "jobs-parked", closed: { local: "Sat 20:45" }, evidence: [expect.stringContaining("never opened")] }]);
  });

  it("tells what people were told, and when", () => {
    expect(report.notices[0]).toMatchObject({ at: { local: "Sat 20:01" }, reached: true, text: expect.stringContaining("accepted, but it has not started") });
  });

  it("tells the night in order, in local time", () => {
    const at = report.timeline.map((event) => event.at.at);

    expect(at).toEqual(at.toSorted());
    expect(report.timeline[0]).toMatchObject({ kind: "run", at: { local: "Sat 20:00" } });
    expect(report.timeline.at(-1)).toMatchObject({ kind: "run", tone: "badly" });
  });

  it("is the same whenever it is made, but for that very instant", () => {
    const later = reportOf(night.plan, night.entries, night.stage.clock.now() + 86_400_000);

    expect({ ...later, madeAt: report.madeAt }).toEqual(report);
  });

  it("satisfies its published schema", () => {
    expect(Report.parse(JSON.parse(reportJson(report)))).toEqual(report);
    expect(reportJsonSchema()).toMatchObject({ type: "object", description: "Report of one maintenance window" });
  });

  it("needs nothing from elsewhere and may run nothing", () => {
    const page = reportHtml(report);

    expect(page).toContain(`content="${REPORT_CSP.replaceAll("'", "&#39;")}"`);
    expect(page).not.toMatch(/<script|<link|<img|<iframe|\son[a-z]+=|\sstyle=|url\(|@import/i);
    // Addresses lead into the page itself, and each of them somewhere.
    const addresses = [...new Set(page.match(/(?:src|href|xlink:href|action)="[^"]*"/g))];
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(addresses.filter((address) => !ids.some((id) => address === `href="#${id}"`))).toEqual([]);
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  });

  it("says once why targets never began, with all of their names", () => {
    const page = reportHtml(report);

    expect(page).toContain("IC-App1, IC-App2, IC-App3, IC-App4, IC-App5, IC-App6</td>");
  });

  it("shows the night as a picture with a text that says the same", () => {
    const page = reportHtml(report);

    expect(page).toMatch(/<svg[^>]*role="img" aria-labelledby="wide-title wide-desc"/);
    expect(page).toContain("Install updates on the app servers: skipped, never begun.");
    expect(page).toContain("cutoff Sun 12:00");
  });

  it("reads as Markdown, with every change in it", () => {
    const markdown = reportMarkdown(report);

    expect(markdown).toContain("**Ended badly.** The window ran from Sat 20:00 to Sun 08:19");
    expect(markdown).toContain("14 of 18 changes done, 1 dropped, 3 carried over, nothing left open.");
    for (const { title } of night.plan.changes) expect(markdown.replaceAll("\\", "")).toContain(title);
  });
});

describe("what needs a person", () => {
  it("is what is still open at the end, with its owner", async () => {
    const report = await reported(
      { "a.b": { targets: [{ id: "x", opens: [{ id: "page", what: "the page is up" }] }] } },
      { x: { undo: always("conflict", "someone changed it since") } },
    );

    expect(report.summary).toMatchObject({
      outcome: "badly",
      open: [{ id: "page", owners: ["Ada", "Ben"], certain: true }],
      needs: [{ what: "Put back: the page is up", who: ["Ada", "Ben"] }],
    });
  });

  it("is to look where nobody knows whether something was opened", async () => {
    const report = await reported(
      { "a.b": { targets: [{ id: "x", opens: [{ id: "page", what: "the page is up" }] }] } },
      { x: { afterBegin: always("unavailable", "no answer") } },
    );

    expect(report.summary.open).toMatchObject([{ certain: false, why: expect.stringContaining("look") }]);
    expect(report.summary.needs.map(({ what }) => what)).toEqual(["Look, and put back if need be: the page is up", "Look how it stands: a.b on x"]);
  });

  it("is to make safe what was left unsafe", async () => {
    const report = await reported({ "a.b": { leaves: "unsafe" } }, { "a.b": { poll: always("rejected", "half way") } });

    expect(report.summary.needs).toMatchObject([{ what: "Make safe: a.b", why: "half way" }]);
    expect(report.carryOver).toMatchObject([{ leaves: "unsafe" }]);
  });

  it("is a decision that a run waits for, with the one command that answers it", async () => {
    const report = await reported({ "a.b": { onFailure: "ask" } }, { "a.b": { poll: always("rejected", "stage failed") } }, { until: "2024-12-08T02:00:00.000Z" });

    expect(report.summary).toMatchObject({ outcome: "running", needs: [{ why: "stage failed", how: "nightshift decide retry|skip|done --step a.b --target a.b" }] });
  });

  it("is said when nobody could be told how something ended", async () => {
    const report = await reported({ "a.b": {} }, { "a.b": { poll: always("rejected", "stage failed") } }, { tell: async () => Promise.reject(new Error("Slack is away")) });

    expect(report.summary.needs.map(({ what }) => what)).toContain("Nobody was told how a.b ended");
    expect(report.notices).toMatchObject([{ reached: false, text: expect.stringContaining("Slack is away") }]);
  });
});

it("says that nothing was out of the ordinary where nothing was", async () => {
  const { plan, entries, stage } = await decemberNight();

  const { summary } = reportOf(plan, entries, stage.clock.now());

  expect(summary).toMatchObject({
    outcome: "well",
    needs: [],
    open: [],
    carriedOver: [],
    sentences: ["All 3 steps with a time of their own began on time.", expect.stringContaining("Done at a later try: IC-MCC2")],
  });
});

it("can be made before anything happened", () => {
  const plan = planWith({ "a.b": { at: "2024-12-08T02:00:00.000Z" } });

  const report = reportOf(plan, [], Date.parse(plan.window.opensAt));

  expect(report.summary).toMatchObject({ outcome: "running", counts: { in: 1, underWay: 1 }, kickoffs: [{ verdict: "due Sat 21:00", onTime: true }] });
  expect(reportHtml(report)).toContain("Under way");
});

it("takes names, notes and errors for text, whatever they hold", async () => {
  const evil = `"><script>alert(1)</script> & 'x' | \`code\` **bold** [a](javascript:alert(1)) \u0000`;
  const plan = planWith(
    { "a.b": { title: evil, notes: [evil], targets: [evil, "y"] } },
    { changes: [{ id: "a", title: evil, notes: [evil] }], window: { title: evil, page: { title: evil, url: "javascript:alert(1)" } } },
  );
  const stage = await stageFor(plan, { actions: [fakeVendor({ y: { poll: always("rejected", evil) } }).action("fake.work")] });
  await play(stage);

  const report = reportOf(plan, await stage.journal.readAll(plan.window.id), stage.clock.now());
  const page = reportHtml(report);
  const markdown = reportMarkdown(report);

  expect(page).not.toContain("<script");
  expect(page).not.toContain("\u0000");
  expect(page).not.toMatch(/href="javascript/);
  expect(markdown).not.toContain("<script");
  expect(markdown).not.toContain("[a](javascript");
  // Every row of a table has as many cells as its head.
  for (const line of markdown.split("\n").filter((row) => row.startsWith("| ↳"))) expect(line.match(/(?<!\\)\|/g)).toHaveLength(6);
});
