import { describe, expect, it } from "vitest";
import { fakeVendor } from "../../test/support/fake-vendor.ts";
import { ADA, planWith } from "../../test/support/plan-with.ts";
import { play, stageFor, type TestStage } from "../../test/support/play.ts";
import type { AnyAction } from "../action/action.ts";
import { Fault, type FaultKind } from "../fault/fault.ts";

const PLAN = planWith({
  "old.remove": { irreversible: true, approval: { by: [ADA] }, targets: ["one", "two"] },
  "page.down": { always: true, needs: [{ step: "old.remove", per: "step", as: "end" }] },
});

/** An action that will not touch `two`, whether it previews or begins. */
function refusing(kind: FaultKind): AnyAction {
  const refuse = (target: string) => {
    if (target === "two") throw new Fault(kind, "two was turned off 29 days ago; expected at least 30");
  };
  const work = fakeVendor({ "old.remove/two": { beforeBegin: (_nth, { target }) => refuse(target) } }).action("fake.work");
  return {
    ...work,
    preview: async (_ports, _params, { target }) => {
      refuse(target);
      return [`remove ${target}`];
    },
  };
}

const staged = (kind: FaultKind): Promise<TestStage> => stageFor(PLAN, { actions: [refusing(kind)] });

describe("the preview of a step that would be refused on one target", () => {
  it("says so in its lines and has a digest, since that is how it stands", async () => {
    const { conductor } = await staged("rejected");

    const { digest, steps } = await conductor.preview(PLAN.digest);

    expect(steps[0]?.targets).toEqual([
      { target: "one", lines: ["remove one"] },
      { target: "two", lines: ["would be refused: two was turned off 29 days ago; expected at least 30"], refused: true },
    ]);
    expect([typeof digest, typeof steps[0]?.digest]).toEqual(["string", "string"]);
  });

  it("is asked about like any other, so that the rest of the step is done and the night does not wait for the cutoff", async () => {
    const stage = await staged("rejected");

    const state = await play(stage, { decisions: [{ at: "2024-12-08T01:05:00.000Z", decision: "approve", step: "old.remove" }] });

    expect(stage.told[0]?.lines).toContain("two: would be refused: two was turned off 29 days ago; expected at least 30");
    expect(state.steps.map(({ id, targets }) => [id, targets.map(({ as }) => as)])).toEqual([
      ["old.remove", ["done", "failed"]],
      ["page.down", ["done"]],
    ]);
    expect(state.steps[1]?.begunAt?.slice(0, 13)).toBe("2024-12-08T01");
  });

  it("has no digest while it could not look, and nobody is asked on a guess", async () => {
    const { conductor } = await staged("unavailable");

    const { digest, steps } = await conductor.preview(PLAN.digest);

    expect([digest, steps[0]?.digest]).toEqual([undefined, undefined]);
    expect(steps[0]?.targets[1]).toMatchObject({ target: "two", lines: [], fault: { kind: "unavailable" } });
  });
});
