import { array, assert, constantFrom, integer, property, record } from "fast-check";
import { expect, it } from "vitest";
import { OPENS_AT } from "../../test/support/plan-with.ts";
import { inOrder, type Entry } from "./journal.ts";

const entry = (stream: string, seq: number, minute: number): Entry => ({
  stream,
  seq,
  fact: { type: "run.ended", at: new Date(Date.parse(OPENS_AT) + minute * 60_000).toISOString(), outcome: "well", headline: "" },
});
const namesOf = (entries: readonly Entry[]): readonly string[] => entries.map(({ stream, seq }) => `${stream}#${seq}`);

it("orders by instant, then stream, then position", () => {
  expect(namesOf(inOrder([entry("b", 1, 5), entry("b", 0, 2), entry("a", 1, 5), entry("a", 0, 3)]))).toEqual(["b#0", "a#0", "a#1", "b#1"]);
});

it("keeps the order of each stream, also where another host with a clock behind has written on", () => {
  expect(namesOf(inOrder([entry("a", 0, 4), entry("a", 1, 2), entry("b", 0, 3)]))).toEqual(["b#0", "a#0", "a#1"]);
});

it("gives every entry once, each stream in its order, however entries come", () => {
  assert(
    property(array(record({ stream: constantFrom("a", "b", "c"), minute: integer({ min: 0, max: 9 }) }), { maxLength: 20 }), integer({ min: 1, max: 7 }), (drawn, turn) => {
      const counts = new Map<string, number>();
      const entries = drawn.map(({ stream, minute }) => {
        const seq = counts.get(stream) ?? 0;
        counts.set(stream, seq + 1);
        return entry(stream, seq, minute);
      });
      const ordered = inOrder([...entries.slice(turn), ...entries.slice(0, turn)].toReversed());

      expect(ordered.toSorted((one, other) => one.stream.localeCompare(other.stream)).map(({ seq }) => seq)).toEqual(
        [...counts].toSorted(([one], [other]) => one.localeCompare(other)).flatMap(([, count]) => Array.from({ length: count }, (_, seq) => seq)),
      );
    }),
  );
});
