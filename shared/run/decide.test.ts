import { describe, expect, it } from "vitest";
import { memoryJournal } from "../../local/memory-journal.ts";
import { ADA, OPENS_AT, planWith } from "../../test/support/plan-with.ts";
import { decide, type DecisionRequest } from "./decide.ts";
import { DECISION_STREAM, RUN_STREAM } from "./facts.ts";
import type { Journal } from "./journal.ts";
import { indexOf } from "./plan-index.ts";

const plan = planWith({ "a.b": { targets: ["x", "y"] }, "c.d": { approval: { by: [ADA] } } });
const index = indexOf(plan);
const run = plan.window.id;

const by = (journal: Journal, request: DecisionRequest, who = "Ada"): ReturnType<typeof decide> => decide(journal, index, request, who, OPENS_AT);

it("writes a decision down", async () => {
  const journal = memoryJournal();

  const { decision, isNew } = await by(journal, { decision: "skip", step: "a.b", target: "x", note: "broken" });

  expect(isNew).toBe(true);
  expect(await journal.read(run, DECISION_STREAM)).toEqual([decision]);
  expect(decision).toMatchObject({ decision: "skip", by: "Ada", step: "a.b", target: "x", note: "broken", at: OPENS_AT });
});

it("takes the same id twice for one decision", async () => {
  const journal = memoryJournal();
  await by(journal, { decision: "retry", step: "a.b", id: "press-1" });

  const { isNew } = await by(journal, { decision: "retry", step: "a.b", id: "press-1" });

  expect(isNew).toBe(false);
  expect(await journal.read(run, DECISION_STREAM)).toHaveLength(1);
});

it("takes the same decision twice in a row for one, and after another one for a new one", async () => {
  const journal = memoryJournal();
  const pause = { decision: "pause" } as const;

  const isNew = [await by(journal, pause), await by(journal, pause), await by(journal, { decision: "resume" }), await by(journal, pause)].map((made) => made.isNew);

  expect(isNew).toEqual([true, false, true, true]);
});

it("takes each retry without an id for a wish of its own", async () => {
  const journal = memoryJournal();
  await by(journal, { decision: "retry", step: "a.b" });

  expect((await by(journal, { decision: "retry", step: "a.b" })).isNew).toBe(true);
});

it("strengthens an abort by a second decision", async () => {
  const journal = memoryJournal();

  const made = [await by(journal, { decision: "abort", mode: "freeze" }), await by(journal, { decision: "abort" }), await by(journal, { decision: "abort", mode: "close" })];

  expect(made.map(({ isNew, decision }) => [isNew, decision.mode])).toEqual([
    [true, "freeze"],
    [true, "close"],
    [false, "close"],
  ]);
});

it("keeps both of two decisions that are made at the same time", async () => {
  const journal = memoryJournal();

  const made = await Promise.all([by(journal, { decision: "pause" }), by(journal, { decision: "skip", step: "a.b" }, "Ben")]);

  expect(made.map(({ isNew }) => isNew)).toEqual([true, true]);
  expect(await journal.read(run, DECISION_STREAM)).toHaveLength(2);
});

describe("refuses", () => {
  it.each([
    ["a step that is not in the plan", { decision: "skip", step: "no.such" }, "has no step no.such"],
    ["a step that is nearly in the plan", { decision: "skip", step: "ab" }, "has no step ab; did you mean a.b?"],
    ["a target that the step does not have", { decision: "skip", step: "a.b", target: "z" }, "it has x, y"],
    ["a skip without a step", { decision: "skip" }, "needs the step"],
    ["an abort of a single step", { decision: "abort", step: "a.b" }, "about the whole run"],
    ["a mode without an abort", { decision: "pause", mode: "close" }, "mode goes with abort"],
    ["an approval where none is asked", { decision: "approve", step: "a.b" }, "needs no approval"],
  ] as const)("%s", async (_name, request, message) => {
    await expect(by(memoryJournal(), request)).rejects.toMatchObject({ kind: "invalid", message: expect.stringContaining(message) });
  });

  it("whatever comes after the end, but for an acknowledgement", async () => {
    const journal = memoryJournal();
    await journal.append(run, RUN_STREAM, 0, [{ type: "run.ended", at: OPENS_AT, outcome: "badly", headline: "" }]);

    await expect(by(journal, { decision: "abort" })).rejects.toMatchObject({ kind: "conflict" });
    expect((await by(journal, { decision: "acknowledge" })).isNew).toBe(true);
  });
});

it("takes an acknowledgement that is repeated for a new one: the first is good for some hours only", async () => {
  const journal = memoryJournal();

  const isNew = [await by(journal, { decision: "acknowledge" }), await by(journal, { decision: "acknowledge" })].map((answer) => answer.isNew);

  expect(isNew).toEqual([true, true]);
});
