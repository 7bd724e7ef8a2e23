import { describe, expect, it } from "vitest";
import { planWith } from "../../test/support/plan-with.ts";
import type { Ending } from "./facts.ts";
import { barrierGroups, nextWave, outcomeOfRun, wayBack, type RunSight } from "./next-wave.ts";
import type { Obligation } from "./obligations.ts";

const plan = planWith(
  { "a.one": { phase: "prework" }, "a.two": { phase: "prework" }, "b.one": { phase: "primary" }, "c.one": { phase: "post", always: true } },
  { phases: [{ id: "prework" }, { id: "primary", barrier: true }, { id: "post", barrier: true }] },
);
const AT = "2024-12-08T02:00:00.000Z";
const open = (id: string, step: string, target = step): Obligation => ({ id, what: id, openedAt: AT, step, target, certain: true });
const ended = (...steps: (readonly [string, Ending])[]): ReadonlyMap<string, Ending> => new Map(steps);
const ALL_DONE = ended(["a.one", "done"], ["a.two", "already"], ["b.one", "dropped"], ["c.one", "done"]);

function sight(draft: Partial<RunSight> = {}): RunSight {
  return { plan, control: {}, ended: new Map(), open: [], back: [], ...draft };
}

it("starts the steps of the first phase, and none behind a barrier", () => {
  expect(nextWave(sight())).toEqual({ do: "forward", steps: ["a.one", "a.two"] });
});

it("starts what is left of a phase again, so that a step whose orchestration died is not forgotten", () => {
  expect(nextWave(sight({ ended: ended(["a.one", "done"]) }))).toEqual({ do: "forward", steps: ["a.two"] });
});

it("starts again what ended in trouble that nobody was told of, since its orchestration died before that", () => {
  const all = ended(["a.one", "failed"], ["a.two", "unknown"]);

  expect(nextWave(sight({ ended: all, unheard: new Set(["a.one"]) }))).toEqual({ do: "forward", steps: ["a.one"] });
  expect(nextWave(sight({ ended: all, unheard: new Set() }))).toEqual({ do: "forward", steps: ["b.one"] });
});

it("passes a barrier once all before it has ended, however", () => {
  expect(nextWave(sight({ ended: ended(["a.one", "failed"], ["a.two", "skipped"]) }))).toEqual({ do: "forward", steps: ["b.one"] });
});

it("starts the closing phase after an abort too: its steps decide for themselves", () => {
  const control = { aborted: { mode: "close", by: "Ada", at: AT } } as const;

  expect(nextWave(sight({ control, ended: ended(["a.one", "skipped"], ["a.two", "skipped"], ["b.one", "skipped"]) }))).toEqual({ do: "forward", steps: ["c.one"] });
});

it("takes back what is open in reverse order of opening, each target once", () => {
  const obligations = [open("page:www", "a.one"), open("pool:IC-Web1", "a.two", "IC-Web1"), open("pool:IC-Web1-probe", "a.two", "IC-Web1")];

  expect(nextWave(sight({ ended: ALL_DONE, open: obligations, back: obligations }))).toEqual({
    do: "back",
    targets: [
      { step: "a.two", target: "IC-Web1" },
      { step: "a.one", target: "a.one" },
    ],
  });
});

it("takes back last what the plan let begin first, even where a host's clock said otherwise", () => {
  const nights = planWith(
    { "a.up": { phase: "prework" }, "b.one": { phase: "primary" }, "b.two": { phase: "primary", needs: ["b.one"] }, "b.else": { phase: "primary" } },
    { phases: [{ id: "prework" }, { id: "primary", barrier: true }] },
  );
  const obligations = ["b.two", "b.one", "b.else", "a.up"].map((step) => open(step, step));

  expect(wayBack(nights, obligations).map(({ step }) => step)).toEqual(["b.else", "b.two", "b.one", "a.up"]);
});

it("ends badly with what stays open and cannot be taken back", () => {
  expect(nextWave(sight({ ended: ALL_DONE, open: [open("page:www", "a.one")] }))).toEqual({ do: "end", outcome: "badly" });
});

it("ends well when all is well and nothing is open", () => {
  expect(nextWave(sight({ ended: ALL_DONE }))).toEqual({ do: "end", outcome: "well" });
});

it("rests once the run has ended", () => {
  expect(nextWave(sight({ control: { ended: { outcome: "badly", at: AT } } }))).toEqual({ do: "rest", outcome: "badly" });
});

describe("the outcome", () => {
  it.each(["failed", "skipped", "unknown"] as const)("is bad when a step ended %s", (as) => {
    expect(outcomeOfRun({}, ended(["a.one", "done"], ["a.two", as]), [])).toBe("badly");
  });

  it("is aborted when someone aborted it, whatever was done", () => {
    expect(outcomeOfRun({ aborted: { mode: "finish", by: "Ada", at: AT } }, ALL_DONE, [])).toBe("aborted");
  });
});

it("groups phases by barriers", () => {
  const phase = (id: string, barrier: boolean) => ({ id, title: id, barrier });

  const groups = barrierGroups([phase("a", true), phase("b", false), phase("c", true), phase("d", false)]);

  expect(groups.map((group) => group.map(({ id }) => id))).toEqual([
    ["a", "b"],
    ["c", "d"],
  ]);
});
