import { describe, expect, it } from "vitest";
import { factsOf, stepFactsOf } from "../../test/support/facts-of.ts";
import { OPENS_AT, planWith, type StepDraft } from "../../test/support/plan-with.ts";
import type { Fact } from "./facts.ts";
import { indexOf } from "./plan-index.ts";
import { stepSight, streamsOfStep, streamsOfTarget, targetSight, type Streams } from "./sights.ts";

const PAGE = { id: "maintenance-page", what: "the maintenance page is up" };
const NOW = Date.parse(OPENS_AT);

type Told = { readonly stream: string; readonly facts: readonly Fact[] };
const streamsOf =
  (...told: readonly Told[]): Streams =>
  (name) =>
    told.find(({ stream }) => stream === name)?.facts ?? [];

function conditionOf(when: StepDraft["when"], ...told: readonly Told[]) {
  const plan = planWith({ "page.up": { targets: [{ id: "www", opens: [PAGE] }] }, "mute.all": when === undefined ? {} : { when } });
  const index = indexOf(plan);
  return stepSight(index, index.step("mute.all"), streamsOf(...told), NOW).condition;
}

describe("a condition on what was opened", () => {
  const opened = { opened: PAGE.id };
  const opening = (): ReturnType<typeof factsOf> => factsOf("page.up", "www").intended({ opens: [PAGE] });

  it("is open until its opener has answered", () => {
    expect(conditionOf(opened)).toEqual({ is: "open", why: "maintenance-page to be opened" });
    expect(conditionOf(opened, opening()).is).toBe("open");
  });

  it("is met once it was opened, and stays so when it is closed again", () => {
    expect(conditionOf(opened, opening().begun()).is).toBe("met");
    expect(conditionOf(opened, opening().begun().rested("done").undone([PAGE.id])).is).toBe("met");
  });

  it("is met when nobody knows whether it was opened: closing too much does no harm", () => {
    expect(conditionOf(opened, opening().faulted("unavailable").rested("unknown")).is).toBe("met");
  });

  it.each([
    ["it was refused", () => [opening().faulted("rejected").rested("failed")]],
    ["its work never started", () => [opening().begun().rested("failed", "never started: queued; stopped")]],
    ["its target was skipped", () => [factsOf("page.up", "www").rested("skipped")]],
    ["its step ended before", () => [stepFactsOf("page.up").ended("dropped")]],
  ])("fails when %s", (_name, told) => {
    expect(conditionOf(opened, ...told())).toMatchObject({ is: "failed", why: expect.stringContaining("only if maintenance-page was opened") });
  });
});

describe("a condition on what succeeded", () => {
  const succeeded = { succeeded: "page.up" };

  it("stands as the step stands, and says why it fails", () => {
    expect(conditionOf(succeeded).is).toBe("open");
    expect(conditionOf(succeeded, stepFactsOf("page.up").ended("already")).is).toBe("met");
    expect(conditionOf(succeeded, stepFactsOf("page.up").ended("failed", "refused"))).toEqual({ is: "failed", why: "only if page.up succeeds, and page.up ended failed: refused" });
  });
});

it("a step without a condition has none to wait for", () => {
  expect(conditionOf(undefined).is).toBe("met");
});

describe("needs", () => {
  const plan = planWith({
    "patch.group": { targets: ["IC-MCC1", "IC-MCC2"] },
    "patch.install": { targets: ["IC-MCC1", "IC-MCC3"], needs: [{ step: "patch.group", per: "target", as: "success" }] },
    "jobs.start": { needs: [{ step: "patch.install", per: "step", as: "end" }] },
  });
  const index = indexOf(plan);
  const needsOf = (target: string, ...told: readonly Told[]) => targetSight(index, index.step("patch.install"), target, streamsOf(...told), NOW, new Map(), { cancel: true }).needs;

  it("go target by target where the plan says so", () => {
    const told = [factsOf("patch.group", "IC-MCC1").rested("done"), factsOf("patch.group", "IC-MCC2").rested("failed")];

    expect(needsOf("IC-MCC1", ...told)).toMatchObject([{ is: "met" }]);
  });

  it("fail for a target whose like failed, with the reason", () => {
    expect(needsOf("IC-MCC1", factsOf("patch.group", "IC-MCC1").rested("failed", "no such group"))).toEqual([
      { is: "failed", why: "patch.group on IC-MCC1 ended failed: no such group" },
    ]);
  });

  it("are met for a target that the other step does not have", () => {
    expect(needsOf("IC-MCC3")).toMatchObject([{ is: "met" }]);
  });

  it("fail for a target that was never begun because its step ended", () => {
    expect(needsOf("IC-MCC1", stepFactsOf("patch.group").ended("skipped", "the cutoff"))).toMatchObject([{ is: "failed" }]);
  });

  it("are met by any end where only the end is needed", () => {
    const sight = stepSight(index, index.step("jobs.start"), streamsOf(stepFactsOf("patch.install").ended("failed")), NOW);

    expect(sight.needs).toMatchObject([{ is: "met" }]);
  });
});

it("reads the streams it says it reads, and no others", () => {
  const plan = planWith({
    "page.up": { targets: [{ id: "www", opens: [PAGE] }] },
    "a.one": { targets: ["x"] },
    "b.two": { targets: ["x"], when: { opened: PAGE.id }, needs: ["a.one", { step: "a.one", per: "target", as: "end" }] },
  });
  const index = indexOf(plan);
  const step = index.step("b.two");
  const readOf = (look: (streams: Streams) => unknown): ReadonlySet<string> => {
    const seen = new Set<string>();
    look((name) => {
      seen.add(name);
      return [];
    });
    return seen;
  };

  const byStep = readOf((streams) => stepSight(index, step, streams, NOW));
  const byTarget = readOf((streams) => targetSight(index, step, "x", streams, NOW, new Map(), { cancel: true }));

  expect([...byStep].filter((name) => !streamsOfStep(index, step).includes(name))).toEqual([]);
  expect([...byTarget].filter((name) => !streamsOfTarget(index, step, "x").includes(name))).toEqual([]);
});

it("what needs a lift does not stand against it, though it is left unsafe meanwhile", () => {
  const plan = planWith({
    "page.down": { targets: ["www", "my"], lift: { tests: [] }, rolling: { batches: [1], maxFailures: 0, pauseMs: 0 } },
    "next.work": { targets: ["www", "my"], leaves: "unsafe", needs: [{ step: "page.down", per: "target", as: "success" }] },
    "other.work": { leaves: "unsafe" },
  });
  const index = indexOf(plan);
  const liftWith = (...told: readonly Told[]) => stepSight(index, index.step("page.down"), streamsOf(...told), NOW).lift?.is;

  expect(liftWith(factsOf("next.work", "www").intended().begun())).toBe("met");
  expect(liftWith(factsOf("other.work").intended().begun())).toBe("open");
});
