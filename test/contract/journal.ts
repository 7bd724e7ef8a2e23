import { beforeEach, describe, expect, it } from "vitest";
import { DECISION_STREAM, RUN_STREAM, stepStream, targetStream, type Fact } from "../../shared/run/facts.ts";
import type { Journal } from "../../shared/run/journal.ts";

const RUN = "2024-12-08";

/** The promises every journal makes (J1 to J3 in shared/run/journal.ts), each against a journal that `makeJournal` has made empty. */
export function journalContract(name: string, makeJournal: () => Promise<Journal> | Journal): void {
  describe(`${name} keeps the promises of a journal`, () => {
    let journal: Journal;
    beforeEach(async () => {
      journal = await makeJournal();
    });

    it("reads a stream that nobody has written to as empty", async () => {
      expect(await journal.read(RUN, RUN_STREAM)).toEqual([]);
      expect(await journal.readUnder(RUN, "target/")).toEqual([]);
      expect(await journal.readAll(RUN)).toEqual([]);
      expect(await journal.runs()).toEqual([]);
    });

    it("reads what was added, in order", async () => {
      const facts = [told(1), told(2), told(3)];

      expect(await journal.append(RUN, "step/a", 0, facts.slice(0, 1))).toBe(true);
      expect(await journal.append(RUN, "step/a", 1, facts.slice(1))).toBe(true);

      expect(await journal.read(RUN, "step/a")).toEqual(facts);
    });

    it("lets the first of two appends at one position win, and tells the second", async () => {
      await journal.append(RUN, "step/a", 0, [told(1)]);

      const second = await journal.append(RUN, "step/a", 0, [told(2)]);

      expect(second).toBe(false);
      expect(await journal.read(RUN, "step/a")).toEqual([told(1)]);
    });

    it("lets exactly one of many writers at once win each position", async () => {
      const writers = Array.from({ length: 12 }, (_none, writer) => [told(writer), told(writer + 100)].slice(0, 1 + (writer % 2)));

      const kept = await Promise.all(writers.map((facts) => journal.append(RUN, "step/a", 0, facts)));

      expect(kept.filter(Boolean)).toHaveLength(1);
      expect(await journal.read(RUN, "step/a")).toEqual(writers[kept.indexOf(true)]);
    });

    it("adds all facts of an append or none", async () => {
      await journal.append(RUN, "step/a", 0, [told(1), told(2)]);

      const late = await journal.append(RUN, "step/a", 1, [told(3), told(4)]);

      expect(late).toBe(false);
      expect(await journal.read(RUN, "step/a")).toEqual([told(1), told(2)]);
    });

    it("keeps streams apart whose names begin alike, and runs whose names do", async () => {
      await journal.append(RUN, "step/a", 0, [told(1)]);
      await journal.append(RUN, "step/a/b", 0, [told(2)]);
      await journal.append(RUN, "step/a-b", 0, [told(3)]);
      await journal.append(RUN, "step/ab", 0, [told(4)]);
      await journal.append(`${RUN}-2`, "step/a", 0, [told(5)]);

      expect(await journal.read(RUN, "step/a")).toEqual([told(1)]);
      expect(await journal.read(RUN, "step/a/b")).toEqual([told(2)]);
      expect(await journal.read(RUN, "step/a-b")).toEqual([told(3)]);
      expect(await journal.read(`${RUN}-2`, "step/a")).toEqual([told(5)]);
    });

    it("reads all streams under a prefix with their places, stream by stream", async () => {
      await journal.append(RUN, targetStream("patch", "IC-Web1"), 0, [told(1), told(2)]);
      await journal.append(RUN, targetStream("patch", "IC-Web10"), 0, [told(3)]);
      await journal.append(RUN, targetStream("patching", "IC-Web1"), 0, [told(4)]);
      await journal.append(RUN, stepStream("patch"), 0, [told(5)]);

      const under = await journal.readUnder(RUN, targetStream("patch", ""));

      expect(under.map(({ stream, seq }) => `${stream} ${seq}`).sort()).toEqual(["target/patch/IC-Web1 0", "target/patch/IC-Web1 1", "target/patch/IC-Web10 0"]);
      expect(under.filter(({ stream }) => stream.endsWith("IC-Web1")).map(({ fact }) => fact)).toEqual([told(1), told(2)]);
      expect(await journal.readUnder(RUN, "target/patch/IC-Web1")).toHaveLength(3);
    });

    it("reads a whole run by instant, then stream, then position", async () => {
      await journal.append(RUN, "step/b", 0, [told(5), told(5, "again")]);
      await journal.append(RUN, "step/a", 0, [told(5, "elsewhere")]);
      await journal.append(RUN, RUN_STREAM, 0, [told(1)]);
      await journal.append(RUN, DECISION_STREAM, 0, [told(9)]);

      const all = await journal.readAll(RUN);

      expect(all.map(({ stream, seq }) => `${stream} ${seq}`)).toEqual(["run 0", "step/a 0", "step/b 0", "step/b 1", "decisions 0"]);
    });

    it("lists runs that have facts, newest window first", async () => {
      await journal.append("2024-10-06", RUN_STREAM, 0, [told(1)]);
      await journal.append("2024-12-08", DECISION_STREAM, 0, [told(1)]);
      await journal.append("2024-11-03", RUN_STREAM, 0, [told(1)]);
      await journal.append("2024-11-03", RUN_STREAM, 1, [told(2)]);

      expect(await journal.runs()).toEqual(["2024-12-08", "2024-11-03", "2024-10-06"]);
    });

    it.each([
      ["signs that stores forbid in keys", "target/a/\\#?%:+~|=!'\"\t\n\u0000\u0085"],
      ["quotes that end a filter", "target/a/' or PartitionKey ne '"],
      ["other scripts", "target/a/Zürich 東京 🌙"],
      ["ways out", "target/../../etc"],
      ["nothing", ""],
    ])("keeps streams whose names hold %s", async (_what, stream) => {
      await journal.append(RUN, stream, 0, [told(1)]);
      await journal.append(RUN, `${stream}2`, 0, [told(2)]);

      expect(await journal.read(RUN, stream)).toEqual([told(1)]);
      expect(await journal.readAll(RUN)).toEqual([
        { stream, seq: 0, fact: told(1) },
        { stream: `${stream}2`, seq: 0, fact: told(2) },
      ]);
    });

    it.each([
      ["one property", 40_000],
      ["one row", 1_200_000],
    ])("keeps a fact that is larger than %s, beside others in one append", async (_what, units) => {
      // Pairs of surrogates at every place where a cut could fall.
      const large = told(2, `x${"🌙".repeat(Math.floor(units / 2))}`.slice(0, units | 1));
      const facts = [told(1), large, told(3)];

      await journal.append(RUN, "step/a", 0, facts);
      const late = await journal.append(RUN, "step/a", 1, [large]);

      expect(late).toBe(false);
      expect(await journal.read(RUN, "step/a")).toEqual(facts);
    });

    it("keeps texts as they are: quotes, line breaks, control signs, halves of pairs", async () => {
      const text = "\"'\\\n\r\t\u0000\u2028\uD83C lone";

      await journal.append(RUN, "step/a", 0, [told(1, text)]);

      expect(await journal.read(RUN, "step/a")).toEqual([told(1, text)]);
    });

    it("reads a stream of more facts than stores return at once", { timeout: 60_000 }, async () => {
      for (let from = 0; from < 1_100; from += 100) {
        await journal.append(
          RUN,
          "step/a",
          from,
          Array.from({ length: 100 }, (_none, offset) => told(from + offset)),
        );
      }

      const facts = await journal.read(RUN, "step/a");

      expect(facts).toHaveLength(1_100);
      expect(facts.at(-1)).toEqual(told(1_099));
    });

    it("does not let readers change what is kept", async () => {
      const fact = told(1);
      await journal.append(RUN, "step/a", 0, [fact]);

      (fact as { text: string }).text = "changed after it was added";

      expect(await journal.read(RUN, "step/a")).toEqual([told(1)]);
    });
  });
}

/** A fact at a second of its own. */
function told(second: number, text = `fact ${second}`): Fact {
  return { type: "step.told", at: new Date(Date.UTC(2024, 11, 8, 1, 0, second)).toISOString(), step: "a", topic: "started", text };
}
