import { array, asyncProperty, assert, constantFrom, integer, record } from "fast-check";
import { expect, it } from "vitest";
import { inOrder } from "../shared/run/journal.ts";
import { journalContract } from "../test/contract/journal.ts";
import { OPENS_AT } from "../test/support/plan-with.ts";
import { memoryJournal } from "./memory-journal.ts";

journalContract("memoryJournal", memoryJournal);

it("gives all facts in the one order of all journals, whatever the clocks of those who wrote them said", async () => {
  await assert(
    asyncProperty(
      array(record({ stream: constantFrom("a", "b", "c"), minutes: array(integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 3 }) }), { maxLength: 12 }),
      async (drawn) => {
        const journal = memoryJournal();
        for (const { stream, minutes } of drawn) {
          const facts = minutes.map(
            (minute) => ({ type: "run.ended", at: new Date(Date.parse(OPENS_AT) + minute * 60_000).toISOString(), outcome: "well", headline: "" }) as const,
          );
          expect(await journal.append("r", stream, (await journal.read("r", stream)).length, facts)).toBe(true);
        }

        expect(await journal.readAll("r")).toEqual(inOrder(await journal.readUnder("r", "")));
      },
    ),
  );
});
