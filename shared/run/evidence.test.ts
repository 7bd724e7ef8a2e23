import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { decemberNight, type Night } from "../../test/support/december.ts";
import { certificateOf, type CertificateParts } from "./certificate.ts";
import { chained, verifyChain } from "./evidence-chain.ts";
import { evidenceOf, type RecordedExchange } from "./evidence.ts";

const CERTIFIED: Omit<CertificateParts, "plan"> = {
  window: "2024-12-08",
  inventory: "1".repeat(64),
  version: "0.1.0",
  code: "2".repeat(64),
  profile: "light",
  madeAt: "2024-12-06T16:00:00.000Z",
  verdicts: [{ seed: 1, transcript: "3".repeat(64), breaches: [] }],
};

const RECORDS = Array.from({ length: 12 }, (_, n) => ({ kind: n % 3 === 0 ? "work" : "fact", step: `s${n}`, said: `«${n}»` }));

describe("a file of records", () => {
  const { text, head } = chained(RECORDS);
  const lines = text.trimEnd().split("\n");
  const file = (changed: readonly string[]): string => changed.map((line) => `${line}\n`).join("");
  const linesOf = (changed: string): readonly number[] => verifyChain(changed, head).breaches.map(({ line }) => line);

  it("that nobody touched is whole, and counts itself", () => {
    expect(verifyChain(text, head)).toEqual({ breaches: [], counts: { work: 4, fact: 8 }, isEvidence: true, head });
    expect(verifyChain(chained([]).text).breaches).toEqual([]);
  });

  it("names the line in which anything at all was altered", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(lines.length - 1), fc.nat(), fc.string({ minLength: 1, maxLength: 1, unit: "grapheme-ascii" }), async (at, place, character) => {
        const line = lines[at] ?? "";
        const position = place % line.length;
        const altered = line.slice(0, position) + character + line.slice(position + 1);
        fc.pre(altered !== line);

        expect(verifyChain(file(lines.with(at, altered))).breaches.map((breach) => breach.line)).toContain(at + 1);
      }),
      { numRuns: 1_000 },
    );
  });

  it("names the line at which records are missing, but for the end, which is missing as a whole", () => {
    for (let at = 0; at < lines.length - 1; at++) expect({ at, lines: linesOf(file(lines.toSpliced(at, 1))) }).toMatchObject({ at, lines: expect.arrayContaining([at + 1]) });
    for (let kept = 0; kept < lines.length; kept++)
      expect(verifyChain(file(lines.slice(0, kept))).breaches).toContainEqual({ line: kept + 1, why: "there is no closing record: the end is missing" });
    expect(verifyChain(file(lines.toSpliced(3, 2))).breaches[0]).toEqual({ line: 4, why: "missing before it: records 4 to 5" });
  });

  it("names records that were moved, wherever they went", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(lines.length - 1), fc.nat(lines.length - 1), async (from, to) => {
        fc.pre(from !== to);
        const moved = lines.toSpliced(from, 1).toSpliced(to, 0, lines[from] ?? "");

        const { breaches } = verifyChain(file(moved));

        expect(breaches.some(({ line }) => line >= Math.min(from, to) + 1 && line <= Math.max(from, to) + 2)).toBe(true);
      }),
    );
  });

  it("names records that were added: doubled, empty, of another file, or behind the end", () => {
    const other = chained([{ kind: "fact", step: "elsewhere" }, ...RECORDS.slice(1)]).text.split("\n");
    for (let at = 0; at <= lines.length; at++) {
      for (const added of [lines[Math.max(0, at - 1)] ?? "", "", "{}", other[at === 0 ? 1 : at - 1] ?? ""]) {
        const { breaches } = verifyChain(file(lines.toSpliced(at, 0, added)));
        expect({ at, added, found: breaches.some(({ line }) => line === at + 1 || line === at + 2) }).toMatchObject({ at, found: true });
      }
    }
  });

  it("names the line that was replaced by one that agrees with itself", () => {
    const forged = RECORDS.map((record, at) => (at === 5 ? { ...record, said: "something else" } : record));
    const other = chained(forged).text.split("\n");

    expect(verifyChain(file(lines.with(5, other[5] ?? ""))).breaches).toEqual([{ line: 7, why: "it does not follow line 6: one of the two was replaced" }]);
    expect(verifyChain(chained(forged).text).breaches).toEqual([]);
    expect(verifyChain(chained(forged).text, head).breaches[0]?.why).toContain("made anew");
  });

  it("is not whole when its last line break is gone, or line breaks were changed", () => {
    expect(verifyChain(text.slice(0, -1)).breaches.length).toBeGreaterThan(0);
    expect(verifyChain(text.replaceAll("\n", "\r\n")).breaches.length).toBeGreaterThan(lines.length - 1);
  });
});

describe("the evidence of a night", () => {
  let night: Night;
  let records: ReturnType<typeof evidenceOf>;
  const exchange: RecordedExchange = {
    at: "2024-12-08T01:00:00.000Z",
    run: "2024-12-08",
    step: "reschedule-jobs.run",
    target: "reschedule-jobs.run",
    system: "azure-devops",
    request: { method: "POST", url: "https://dev.azure.com/x/_apis/pipelines/1/runs", body: { stagesToSkip: ["B"] } },
    response: { status: 200, body: { id: 7 } },
  };
  beforeAll(async () => {
    night = await decemberNight();
    records = evidenceOf({
      plan: night.plan,
      entries: night.entries,
      storedBy: "Ada",
      approval: { by: "Ben", at: "2024-12-06T17:00:00.000Z", certificate: certificateOf({ ...CERTIFIED, plan: night.plan.digest }) },
      exchanges: [exchange, { ...exchange, run: "2024-10-06" }, { ...exchange, step: null, target: null }],
      now: Date.parse("2024-12-08T20:00:00.000Z"),
    });
  });

  it("holds every fact once, and a record for each change and each target", () => {
    const of = (kind: string) => records.filter((record) => record.kind === kind);

    expect(
      of("fact")
        .map(({ stream, seq, fact }) => JSON.stringify([stream, seq, fact]))
        .toSorted(),
    ).toEqual(night.entries.map(({ stream, seq, fact }) => JSON.stringify([stream, seq, fact])).toSorted());
    expect(of("change").map(({ id }) => id)).toEqual(night.plan.changes.map(({ id }) => id));
    expect(of("work")).toHaveLength(night.plan.steps.flatMap(({ targets }) => targets).length);
    expect(of("exchange")).toHaveLength(2);
  });

  it("says of a target what was planned, sent, answered and seen, by whose word, and when by both clocks", () => {
    const place = records.findIndex(({ kind, step }) => kind === "work" && step === "reschedule-jobs.run");
    const approved = records.find(({ kind, approvals }) => kind === "work" && Array.isArray(approvals) && approvals.length > 0);

    expect(records[0]).toMatchObject({
      kind: "window",
      plan: {
        digest: night.plan.digest,
        storedBy: "Ada",
        approvedBy: "Ben",
        approvedAt: { utc: "2024-12-06T17:00:00.000Z", local: "2024-12-06T12:00:00-05:00" },
        certificate: { profile: "light", result: "kept" },
      },
      outcome: night.state.outcome,
    });
    expect(records[place]).toMatchObject({
      planned: { verb: "pipeline.run", at: { utc: "2024-12-08T01:00:00.000Z", local: "2024-12-07T20:00:00-05:00" }, digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
      intendedAt: { utc: "2024-12-08T01:00:00.000Z" },
      answer: { try: 1, receipt: expect.objectContaining({ key: expect.any(String) }) },
      lookBack: { seen: [expect.stringContaining("timeline")] },
      ended: { as: "done" },
    });
    expect(records[place + 1]).toMatchObject({ kind: "exchange", sent: { method: "POST", body: { stagesToSkip: ["B"] } }, answered: { status: 200, body: { id: 7 } } });
    expect(approved).toMatchObject({ approvals: [{ decision: "approve", by: "Luis Ferreira", preview: expect.stringMatching(/^[0-9a-f]{64}$/) }] });
  });

  it("stands in a file that is whole", () => {
    const { text, head } = chained(records);

    expect(verifyChain(text, head).breaches).toEqual([]);
  });
});
