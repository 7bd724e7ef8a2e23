import { beforeAll, describe, expect, it } from "vitest";
import { decemberNight, type Night } from "../../test/support/december.ts";
import type { Story } from "../action/action.ts";
import { indexOf } from "./plan-index.ts";
import { changeOf, stateOf } from "./state.ts";
import { storyOf } from "./story.ts";

describe("what is told of December's misfortune", () => {
  let night: Night;
  beforeAll(async () => {
    night = await decemberNight({ misfortune: true });
  });
  const story = (step: string, workbookFile?: () => Promise<Uint8Array>): Story => {
    const index = indexOf(night.plan);
    const caller = { clock: night.stage.clock, reportUrl: (run: string) => `https://nightshift.example/runs/${run}`, storyNow: async () => ({ index, entries: night.entries }) };
    return storyOf(workbookFile === undefined ? caller : { ...caller, workbookFile }, index, step);
  };

  it("tells a ticket how its change came out, step by step, and that it is carried over", async () => {
    const { outcome, lines } = await story("app-patching.jira-end").change();

    expect(outcome).toBe("skipped");
    expect(lines).toEqual([expect.stringMatching(/^Install updates on the app servers: skipped \(.*never started/), "It is carried over to the next window."]);
    expect((await story("newrelic.jira-end").change()).lines).toEqual(["Deploy NewRelic_Infrastructure to PRD: done"]);
  });

  it("sees a change as the whole run does, without looking at all the others", () => {
    const index = indexOf(night.plan);
    const now = night.stage.clock.now();
    const { changes, steps } = stateOf(index, night.entries, now);

    for (const change of changes) {
      const own = new Set(change.steps.map(({ id, servedBy }) => servedBy ?? id));
      expect(changeOf(index, night.entries, now, change.id)).toEqual({ change, steps: steps.filter(({ id }) => own.has(id)) });
    }
    expect(changeOf(index, night.entries, now, "no such change")).toBeUndefined();
  });

  it("tells the page every change, and gives it the tracking workbook where one is made", async () => {
    const told = story("announce-end.publish", async () => new TextEncoder().encode("rows"));

    expect(await told.results?.()).toHaveLength(18);
    expect(await told.workbook?.()).toMatchObject({ name: "Update Tracking 2024-12-08.xlsx", mediaType: expect.stringContaining("spreadsheetml") as string });
    expect(await story("announce-end.publish").workbook?.()).toBeUndefined();
  });
});
