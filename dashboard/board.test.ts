import { describe, expect, it } from "vitest";
import { boardOf, decemberBoard } from "../test/support/board.ts";
import type { NightOptions } from "../test/support/december.ts";
import { planWith, type StepDraft } from "../test/support/plan-with.ts";
import { always, fakeVendor } from "../test/support/fake-vendor.ts";
import { play, stageFor } from "../test/support/play.ts";
import { boardMain, boardPage } from "./board.ts";
import { troublePage } from "./trouble.ts";
import { verdictOf } from "./verdict.ts";
import { fromNow } from "./view.ts";

const decided = (decision: "pause" | "abort", more: object = {}) => [{ at: "2024-12-08T10:00:00.000Z", by: "Ada", decision, ...more }];

describe("how the window stands, in a few words", () => {
  it.each<[string, NightOptions, string, string]>([
    ["rests", { until: "2024-12-08T04:00:00.000Z" }, "busy", "As planned; rests until Sun 04:45"],
    ["somebody is asked", { until: "2024-12-08T10:10:00.000Z", decisions: [] }, "wary", "Waits for 4 answers"],
    ["is paused", { until: "2024-12-08T10:10:00.000Z", decisions: decided("pause") }, "wary", "Paused by Ada"],
    ["is frozen", { until: "2024-12-08T10:10:00.000Z", decisions: decided("abort", { mode: "freeze" }) }, "wary", "Frozen by Ada"],
    ["is aborted", { until: "2024-12-08T10:03:00.000Z", decisions: decided("abort", { mode: "finish" }) }, "badly", "Aborting: what runs is seen through, then it closes up"],
    ["something failed", { until: "2024-12-08T11:30:00.000Z", misfortune: true }, "badly", "Goes on; 1 step failed"],
    ["ended well", {}, "well", "Ended well"],
    ["ended badly", { misfortune: true }, "badly", "Ended badly"],
  ])("%s", async (_name, night, tone, word) => {
    expect(verdictOf(await decemberBoard(night))).toMatchObject({ tone, word });
  });

  it("is what the API says: each board of the night holds its asks, what is open and what runs, and no number that is none", async () => {
    for (const until of ["2024-12-08T01:05:00.000Z", "2024-12-08T09:52:00.000Z", "2024-12-08T10:10:00.000Z", "2024-12-08T11:05:00.000Z", "2024-12-08T13:00:00.000Z"]) {
      const view = await decemberBoard({ until, misfortune: until > "2024-12-08T11" });
      const { text } = boardMain(view);

      expect(text).not.toMatch(/NaN|Infinity|undefined|\[object|\d{4}-\d\d-\d\dT[\d:.]+Z(?!")/);
      for (const { step } of view.state.asks) expect(text).toContain(`data-step="${step}"`);
      for (const { id, closed } of view.state.obligations) expect(text.includes(`id="open-${id}"`)).toBe(closed === undefined);
      for (const { id, state, verb } of view.state.steps) expect(text.includes(`id="running-${id}"`)).toBe(state === "running" && !verb.startsWith("jira."));
    }
  });

  it("names each thing once", async () => {
    const ids = [...boardPage(await decemberBoard({ until: "2024-12-08T10:10:00.000Z", decisions: [] })).matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);

    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  });
});

describe("a board", () => {
  it("shows what anybody wrote as text", async () => {
    const evil = `<img src=x onerror="alert('1')">`;
    const plan = planWith(
      { "web.evil": { title: evil, notes: [evil], targets: [{ id: evil, opens: [{ id: evil, what: evil }] }] } },
      { window: { title: evil, zone: "UTC" }, changes: [{ id: "web", title: evil, keys: [evil], notes: [evil] }] },
    );
    const stage = await stageFor(plan);

    const page = boardPage(boardOf(plan, [], stage.clock.now()));

    expect(page).not.toContain("<img");
    expect(page).toContain("&lt;img");
    expect(troublePage({ status: 404, detail: evil, boards: "/b" })).not.toContain("<img");
  });

  it("stays small with three hundred steps of two hundred targets", async () => {
    const targets = Array.from({ length: 200 }, (_, at) => `IC-Server${at}`);
    const steps: Record<string, StepDraft> = Object.fromEntries(
      Array.from({ length: 300 }, (_, at) => [`change${at}.patch`, { title: `Install all the updates of the month, part ${at}`, targets }]),
    );
    const plan = planWith(steps);
    const stage = await stageFor(plan);

    const { text } = boardMain(boardOf(plan, [], stage.clock.now()));

    expect(text.length).toBeLessThan(1_500_000);
  });

  it("says lengths of time as people do", () => {
    const now = Date.parse("2024-12-08T12:00:00.000Z");

    expect(["2024-12-08T12:00:00.000Z", "2024-12-08T11:59:15.000Z", "2024-12-08T15:05:00.000Z", "2024-12-01T12:00:00.000Z"].map((at) => fromNow(at, now))).toEqual([
      "now",
      "45 s ago",
      "in 3 h 05 min",
      "7 days ago",
    ]);
  });

  it("says after the end what is still open, and offers to take it in hand and the one command that lifts it", async () => {
    const page = { id: "page-up", what: "the maintenance page is up" };
    const plan = planWith({
      "page.up": { targets: [{ id: "www", opens: [page] }] },
      "tests.smoke": { needs: ["page.up"] },
      "page.down": { targets: [{ id: "www", closes: [page.id] }], needs: [{ step: "tests.smoke", per: "step", as: "end" }], lift: { tests: ["tests.smoke"] }, always: true },
    });
    const vendor = fakeVendor({ "tests.smoke": { poll: always("failed", "GET / answered 500") } });
    const stage = await stageFor(plan, { actions: [vendor.action("fake.work", { without: ["undo"], reversal: "nothing" })] });
    const state = await play(stage);

    const { text } = boardMain(boardOf(plan, await stage.journal.readAll(plan.window.id), Date.parse(state.asOf)));

    expect(verdictOf(boardOf(plan, await stage.journal.readAll(plan.window.id), Date.parse(state.asOf)))).toMatchObject({ tone: "badly", word: "Ended badly, 1 still open" });
    expect(text).toContain("nightshift decide lift");
    expect(text).toMatch(/data-decision="lift"[^>]*data-step="page.down"/);
    expect(text).toMatch(/data-decision="acknowledge"/);
    // It goes on being looked at: what is open may still be closed.
    expect(text).not.toContain("data-ended");
  });
});
