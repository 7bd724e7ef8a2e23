import { describe, expect, it } from "vitest";
import { planWith } from "../../test/support/plan-with.ts";
import { amendmentOf, currentDigest, planFor, planOfStep } from "./amendments.ts";
import { RUN_STREAM, stepStream, type Fact } from "./facts.ts";
import { indexOf } from "./plan-index.ts";
import { stepSight } from "./sights.ts";

const AT = "2024-12-08T01:00:00.000Z";
const started: Fact = { type: "run.started", at: AT, digest: "A", by: "Ada", approved: { "web.one": "shown before", "web.two": "shown before" } };
const amended = (amendment: string, from: string, to: string, changed: string[], added: string[] = []): Fact => ({
  type: "run.amended",
  at: AT,
  amendment,
  from,
  to,
  by: "Ada",
  approvedBy: "Ben",
  changes: [],
  added,
  changed,
});
const begun = (step: string, plan?: string): Fact => ({ type: "batch.started", at: AT, step, targets: [step], failuresBefore: 0, ...(plan === undefined ? {} : { plan }) });

describe("the plan of a run", () => {
  it("is the one that it was started with, until it is amended", () => {
    expect(currentDigest([])).toBeUndefined();
    expect(currentDigest([started])).toBe("A");
    expect(currentDigest([started, amended("1", "A", "B", []), amended("2", "B", "C", [])])).toBe("C");
  });

  it.each([
    ["has not begun", [], "C"],
    ["began by the first plan, and was left as it was", [begun("web.one")], "C"],
    ["began by a later one, and was left as it was since", [begun("web.two", "B")], "C"],
    ["was changed in the very instant in which it began by the first", [begun("web.two")], "A"],
    ["was changed in the very instant in which it began by a later one", [begun("web.three", "B")], "B"],
  ] as const)("is, for a step that %s, the one by which it goes", (_what, facts, plan) => {
    const run = [started, amended("1", "A", "B", ["web.two"]), amended("2", "B", "C", ["web.three"])];
    const [fact] = facts;

    expect(planOfStep(run, facts, fact?.type === "batch.started" ? fact.step : "web.one", "A")).toBe(plan);
  });

  it("is, for the targets of a step, the one that their batch was begun by, or a later one that left the step as it was", () => {
    const run = [started, amended("1", "A", "B", ["web.two"])];

    expect([planFor(run, "web.one", "A"), planFor(run, "web.two", "A"), planFor(run, "web.two", "B")]).toEqual(["B", "A", "B"]);
  });
});

describe("what people approved", () => {
  it("of a step before it was amended is void, and what was looked at before is looked at again", () => {
    const index = indexOf(planWith({ "web.one": { approval: { by: [] } }, "web.two": { approval: { by: [] } } }));
    const previewed = (step: string, amendment?: string): Fact => ({
      type: "step.previewed",
      at: AT,
      step,
      digest: "shown before",
      lines: [],
      ...(amendment === undefined ? {} : { amendment }),
    });
    const run = [started, amended("1", "A", "B", ["web.two"]), amended("2", "B", "C", [])];
    const sightOf = (step: string, amendment?: string): ReturnType<typeof stepSight> =>
      stepSight(index, index.step(step), (stream) => (stream === RUN_STREAM ? run : stream === stepStream(step) ? [previewed(step, amendment)] : []), Date.parse(AT));

    expect([sightOf("web.one").approvedBefore, sightOf("web.one").preview?.digest]).toEqual([["shown before"], "shown before"]);
    expect([sightOf("web.two").approvedBefore, sightOf("web.two").preview]).toEqual([[], undefined]);
    expect(["1", "2"].map((amendment) => sightOf("web.two", amendment).preview?.digest)).toEqual(["shown before", "shown before"]);
    expect(amendmentOf(run, "web.two")?.id).toBe("1");
  });
});
