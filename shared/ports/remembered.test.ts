import { expect, it } from "vitest";
import { remembered } from "./remembered.ts";

it("works out each answer once, and tells parts from each other that only look the same in a row", () => {
  const asked: string[][] = [];
  const joined = remembered((...parts: readonly string[]) => {
    asked.push([...parts]);
    return parts.join("|");
  });

  expect([joined("a", "b c"), joined("a b", "c"), joined("a", "b c")]).toEqual(["a|b c", "a b|c", "a|b c"]);
  expect(asked).toEqual([
    ["a", "b c"],
    ["a b", "c"],
  ]);
});
