import { beforeAll, describe, expect, it } from "vitest";
import { decemberNight, type Night } from "../../test/support/december.ts";
import type { ChangeResult } from "../action/results.ts";
import { resultsOf } from "./results.ts";

describe("the results of December's misfortune, as they are written beside the page's lines", () => {
  let night: Night;
  let results: readonly ChangeResult[];
  beforeAll(async () => {
    night = await decemberNight({ misfortune: true });
    results = resultsOf(await night.stage.state());
  });
  const change = (id: string): ChangeResult | undefined => results.find((one) => one.id === id);

  it("tell every change of the plan once, in its order, and none of its tickets", () => {
    expect(results.map(({ id }) => id)).toEqual(night.plan.changes.map(({ id }) => id));
    expect(results.flatMap(({ steps }) => steps).filter(({ verb }) => verb.startsWith("jira."))).toEqual([]);
  });

  it("say done earlier of what another step has done for a change, in the words of its own line", () => {
    expect(change("classic-web")?.steps.slice(0, 2)).toMatchObject([
      { title: "Hub_Infrastructure in PRD, as above", standing: "done earlier", why: "" },
      { title: "AVD_Infrastructure, stages network and persistence, as above", standing: "done earlier" },
    ]);
  });

  it("say why something was skipped, for each server, and that it is carried over", () => {
    const patching = change("app-patching");

    expect(patching).toMatchObject({ standing: "skipped", carriedOver: true, why: expect.stringContaining("never started") as string });
    expect(patching?.steps[0]?.targets[0]).toMatchObject({ name: "IC-App1", standing: "skipped", tries: 0, why: expect.stringContaining("never started") as string });
  });

  it("count the step that tells them as done, and its change with it", async () => {
    const state = await night.stage.state();
    const publish = state.steps.find(({ id }) => id === "announce-end.publish");
    const steps = state.steps.map((step) => (step === publish ? { ...step, state: "running" as const, as: undefined } : step));
    const changes = state.changes.map((one) => (one.id === "announce-end" ? { ...one, state: "running" as const, as: undefined } : one));
    // oxlint-disable-next-line typescript/no-explicit-any -- as it was a moment before the end
    const before = { ...state, steps, changes } as any;

    expect(resultsOf(before, "announce-end.publish").at(-1)).toMatchObject({ id: "announce-end", standing: "done" });
    expect(resultsOf(before).at(-1)).toMatchObject({ id: "announce-end", standing: "running" });
  });
});
