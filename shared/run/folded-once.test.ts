import { expect, it } from "vitest";
import { foldedOnce } from "./folded-once.ts";

const [a, b, c] = [{ n: 1 }, { n: 2 }, { n: 3 }];

function counting() {
  let folds = 0;
  const sum = foldedOnce((items: readonly { n: number }[]) => ({ sum: items.reduce((all, { n }) => all + n, 0), fold: ++folds }));
  return (...items: { n: number }[]) => sum(items);
}

it("folds the same facts in the same order once, in whatever list they are", () => {
  const sum = counting();

  expect([sum(a, b), sum(a, b), sum(), sum()]).toEqual([
    { sum: 3, fold: 1 },
    { sum: 3, fold: 1 },
    { sum: 0, fold: 2 },
    { sum: 0, fold: 2 },
  ]);
});

it("folds anew what has grown, lost something, or has another in its middle", () => {
  const sum = counting();

  expect([sum(a, b), sum(a, b, c), sum(a, c), sum(a, b, c)].map((folded) => folded.sum)).toEqual([3, 6, 4, 6]);
  expect([sum(b, c), sum({ n: 5 }, c)].map((folded) => folded.sum)).toEqual([5, 8]);
});

it("does not take a list that grew after it was folded for the shorter one", () => {
  const folded = foldedOnce((items: readonly { n: number }[]) => items.length);
  const list = [a, b];
  expect(folded(list)).toBe(2);

  list.splice(1, 0, c);

  expect(folded(list)).toBe(3);
  expect(folded([a, b])).toBe(2);
});
