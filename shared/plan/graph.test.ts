import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ordered } from "./graph.ts";
import type { GraphStep } from "./graph.ts";

const PHASE = [{ id: "p", barrier: false }];

function step(id: string, needs: readonly string[] = [], phase = "p"): GraphStep {
  return { id, phase, needs: needs.map((each) => ({ step: each })) };
}

describe("the order of steps", () => {
  it("is the order written where nothing is needed", () => {
    expect(ordered([step("c"), step("a"), step("b")], PHASE).order).toEqual(["c", "a", "b"]);
  });

  it("puts what is needed first and moves nothing else", () => {
    expect(ordered([step("a", ["d"]), step("b"), step("c", ["b"]), step("d")], PHASE).order).toEqual(["d", "a", "b", "c"]);
  });

  it("puts a phase with a barrier after all phases above it", () => {
    const phases = [
      { id: "p", barrier: false },
      { id: "q", barrier: false },
      { id: "r", barrier: true },
    ];

    expect(ordered([step("last", [], "r"), step("x", [], "q"), step("y", [], "p")], phases).order).toEqual(["y", "x", "last"]);
  });
});

describe("a circle", () => {
  it("is named in full", () => {
    expect(ordered([step("a", ["b"]), step("b", ["c"]), step("c", ["a"]), step("d", ["a"])], PHASE).cycles).toEqual([["a", "b", "c", "a"]]);
  });

  it("through a barrier names the phases", () => {
    const phases = [...PHASE, { id: "q", barrier: true }];

    expect(ordered([step("a", ["b"]), step("b", [], "q")], phases).cycles).toEqual([["a", "b", "the beginning of phase q", "the end of phase p", "a"]]);
  });

  it("is found in each of several places at once", () => {
    expect(ordered([step("a", ["a"]), step("b", ["c"]), step("c", ["b"])], PHASE).cycles).toEqual([
      ["a", "a"],
      ["b", "c", "b"],
    ]);
  });
});

/** Needs only point to steps before, so that there is no circle; then the steps are shuffled. */
const acyclic = fc
  .integer({ min: 1, max: 40 })
  .chain((count) =>
    fc.tuple(
      ...Array.from({ length: count }, (_, index) =>
        fc.subarray(
          Array.from({ length: index }, (_each, other) => `s${other}`),
          { maxLength: Math.min(index, 5) },
        ),
      ),
    ),
  )
  .chain((needs) =>
    fc.shuffledSubarray(
      needs.map((each, index) => step(`s${index}`, each)),
      { minLength: needs.length },
    ),
  );

it("has every step once, after all that it needs", () => {
  fc.assert(
    fc.property(acyclic, (steps) => {
      const { order, cycles } = ordered(steps, PHASE);
      const place = new Map(order.map((id, index) => [id, index]));

      expect(cycles).toEqual([]);
      expect([...order].sort()).toEqual(steps.map(({ id }) => id).sort());
      for (const { id, needs } of steps) for (const need of needs) expect(place.get(need.step)).toBeLessThan(place.get(id) ?? -1);
    }),
  );
});

it("finds a circle whenever there is one", () => {
  fc.assert(
    fc.property(acyclic, fc.nat(), fc.nat(), (steps, from, to) => {
      const [a, b] = [steps[from % steps.length] as GraphStep, steps[to % steps.length] as GraphStep];
      const closed = steps.map((each) => (each === a ? { ...each, needs: [...each.needs, { step: b.id }] } : each));
      const behind = new Set([b.id]);
      for (const id of behind) for (const need of steps.find((each) => each.id === id)?.needs ?? []) behind.add(need.step);
      fc.pre(behind.has(a.id));

      const { cycles } = ordered(closed, PHASE);

      expect(cycles.length).toBeGreaterThan(0);
      for (const cycle of cycles) expect(cycle[0]).toBe(cycle.at(-1));
    }),
  );
});

it("looks at each need once, and at a barrier once per step", () => {
  const count = 2_000;
  const chain = Array.from({ length: count }, (_, index) => step(`s${index}`, index === 0 ? [] : [`s${index - 1}`], index < count / 2 ? "p" : "q"));

  const { edges, order } = ordered(chain.toReversed(), [...PHASE, { id: "q", barrier: true }]);

  expect(order).toHaveLength(count);
  expect(edges).toBeLessThan(3 * count + 10);
});
