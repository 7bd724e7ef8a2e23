import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Fact } from "../shared/run/facts.ts";
import { inOrder, type Entry } from "../shared/run/journal.ts";
import { FROM_THE_START, pageAfter, seenOf } from "./facts-cursor.ts";

const told = (at: number): Fact => ({ type: "step.told", at: new Date(at * 1_000).toISOString(), step: "s", topic: "t", text: "" });
const idOf = ({ stream, seq }: Entry): string => `${stream}#${seq}`;

describe("a cursor", () => {
  it("gives every fact exactly once, whatever is written between two pages, by clocks that disagree", () => {
    // Each write: which stream, and at which instant, few enough that many are the same and later ones are earlier.
    const writes = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 6 })), { maxLength: 60 });
    fc.assert(
      fc.property(writes, fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 9 }), (written, size, between) => {
        const entries: Entry[] = [];
        const got: string[] = [];
        let cursor: string = FROM_THE_START;
        const read = (): boolean => {
          const page = pageAfter(inOrder(entries), seenOf(cursor), size);
          got.push(...page.facts.map(idOf));
          cursor = page.cursor;
          return page.more;
        };
        for (const [count, [stream, at]] of written.entries()) {
          entries.push({ stream: `s${stream}`, seq: entries.filter((entry) => entry.stream === `s${stream}`).length, fact: told(at) });
          if (count % between === 0) read();
        }
        while (read());

        expect(got.toSorted()).toEqual(entries.map(idOf).toSorted());
      }),
    );
  });

  it("orders what it gives by instant, and within a stream by position", () => {
    const entries: Entry[] = [
      { stream: "a", seq: 0, fact: told(5) },
      { stream: "a", seq: 1, fact: told(3) },
      { stream: "b", seq: 0, fact: told(4) },
    ];

    expect(pageAfter(inOrder(entries), new Map(), 9).facts.map(idOf)).toEqual(["b#0", "a#0", "a#1"]);
  });

  it("stays short enough for an address in a window of four hundred streams", () => {
    const entries = Array.from({ length: 400 }, (_, n): Entry => ({ stream: `target/patch-web-and-mcc.install-${n % 20}/IC-Web${n}`, seq: 0, fact: told(n) }));

    expect(pageAfter(entries, new Map(), 500).cursor.length).toBeLessThan(4_000);
  });

  it.each(["", "start2", "AAAA", Buffer.from("[1]").toString("base64url"), "q1YqLVayAgA"])("that is none (%j) is refused", (text) => {
    expect(() => seenOf(text)).toThrow("this is no cursor");
  });
});
