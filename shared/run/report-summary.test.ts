import { beforeAll, describe, expect, it } from "vitest";
import { decemberNight } from "../../test/support/december.ts";
import { planWith } from "../../test/support/plan-with.ts";
import { reportHtml } from "./report-html.ts";
import { reportMarkdown } from "./report-markdown.ts";
import type { Report } from "./report-schema.ts";
import { followUpsOf, plainSummary } from "./report-summary.ts";
import { reportOf } from "./report.ts";

describe("the page for people who were asleep", () => {
  let report: Report;
  beforeAll(async () => {
    const { plan, entries, stage } = await decemberNight({ misfortune: true });
    report = reportOf(plan, entries, stage.clock.now());
  });

  it("says what happened in plain words, most important first", () => {
    expect(plainSummary(report).happened.slice(0, 3)).toEqual([
      "The window ran from Sat 20:00 to Sun 08:19, before its limit at Sun 12:00, and did not end well.",
      "Of 18 changes, 14 are done, 1 was left out on purpose and 3 could not be done and go to the next window.",
      "Run the Reschedule Jobs stage, Pre-Maintenance, of the Preparation Pipeline: planned for Sat 20:00, never started.",
    ]);
  });

  it("has every change once: changed, or open", () => {
    const { changed, open } = plainSummary(report);

    expect([...changed, ...open].map(({ title }) => title).toSorted()).toEqual(report.changes.map(({ title }) => title).toSorted());
    expect(changed).toContainEqual({ change: "mcc-patching", keys: [], title: "Patch the MCC servers", beside: "4 servers" });
    expect(open.find(({ keys }) => keys.includes("PLAT-1406"))).toMatchObject({ state: "skipped", why: expect.stringMatching(/^IC-MCC1, IC-MCC2/) as string });
  });

  it("calls things by their own words, and not by ids of the plan", () => {
    expect(plainSummary(report).open.at(-1)).toMatchObject({ title: "Start the jobs", why: "only if «the Skybot jobs are moved out of the night» was opened, and it was not" });
  });

  it("asks on Monday for the cause, once, of its owners, and for the next plan, with the command", () => {
    expect(plainSummary(report)).toMatchObject({
      when: "on Monday",
      needs: [
        { who: ["Priya", "Tomasz"], what: "Find out why this did not start: Run the Reschedule Jobs stage, Pre-Maintenance, of the Preparation Pipeline" },
        {
          who: ["Dana", "Luis"],
          what: "Put the 3 changes that were left over into the next plan",
          why: "Move the Skybot jobs out of the night, PLAT-1406, PLAT-1405",
          how: "nightshift run carry-over 2024-12-08 --out next.yaml",
        },
      ],
    });
  });

  it("asks whether what was left over twice is still wanted", () => {
    const [, patching] = report.carryOver;

    const followUps = followUpsOf(planWith({ "a.b": {} }), [{ ...(patching as Report["carryOver"][number]), windows: ["2024-10-06", "2024-12-08"] }]);

    expect(followUps).toContainEqual(
      expect.objectContaining({
        who: ["Luis", "Tomasz"],
        what: "Say whether this is still wanted: PLAT-1406 Patch the MCC servers and IC-App-Test1",
        why: expect.stringContaining("left over from 2 windows (2024-10-06, 2024-12-08)") as string,
      }),
    );
  });

  it("comes first in every form that people read, in one order", () => {
    const headings = ["What happened", "What was changed", "What is open", "What needs you on Monday", "Did it start on time?"];
    const inOrder = (text: string): readonly number[] => headings.map((heading) => text.indexOf(heading));

    for (const text of [reportHtml(report), reportMarkdown(report)]) {
      const places = inOrder(text);
      expect(places).not.toContain(-1);
      expect(places).toEqual(places.toSorted((a, b) => a - b));
    }
  });

  it("stays one page however much there is, and everything is said below", () => {
    const carryOver = Array.from({ length: 40 }, (_, index) => ({
      ...(report.carryOver[1] as Report["carryOver"][number]),
      keys: [`BIG-${index}`],
      inWords: `${"word ".repeat(100)} end-${index}`,
    }));
    const needs = Array.from({ length: 30 }, (_, index) => ({ who: ["Ada"], what: `Put back: thing ${index}`, why: "nothing closed it" }));

    const page = reportHtml({ ...report, carryOver, summary: { ...report.summary, needs } });

    const [asleep = "", below = ""] = page.split('<dl class="facts">');
    expect(asleep).not.toContain("end-0");
    expect(asleep).toContain("… and 32 more, below.");
    for (let index = 0; index < 40; index++) expect(below).toContain(`end-${index}<`);
    for (const { what } of needs) expect(below).toContain(what);
  });

  it("needs nobody after a night that went well, and somebody now while it runs", async () => {
    const { plan, entries, stage } = await decemberNight();
    const [well, before] = [reportOf(plan, entries, stage.clock.now()), reportOf(plan, [], Date.parse(plan.window.opensAt))];

    expect(plainSummary(well)).toMatchObject({ needs: [], when: "on Monday" });
    expect(plainSummary(before)).toMatchObject({
      happened: ["The window has not started.", "Of 18 changes, 0 are done and 18 have not ended yet.", expect.anything()],
      when: "now",
    });
  });
});
