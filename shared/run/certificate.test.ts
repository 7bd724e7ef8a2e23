import { describe, expect, it } from "vitest";
import { digestOf } from "../plan/compiled.ts";
import { Certificate, certificateOf, certificateText, objectionTo, type CertificateParts, type CertifiedWindow } from "./certificate.ts";

const PLAN = "a".repeat(64);
const WANTED = { window: "2024-12-08", plan: PLAN, version: "0.2.0", code: "c".repeat(64), windows: 3 };
const kept = (seed: number): CertifiedWindow => ({ seed, transcript: digestOf({ seed }), breaches: [] });
const made = (parts: Partial<CertificateParts> = {}): Certificate =>
  certificateOf({
    window: "2024-12-08",
    plan: PLAN,
    inventory: "b".repeat(64),
    version: "0.2.0",
    code: "c".repeat(64),
    profile: "light",
    madeAt: "2024-12-06T15:00:00.000Z",
    verdicts: [kept(7), kept(8), kept(9)],
    ...parts,
  });
/** Whoever forges it reads the source too. */
const resealed = ({ seal: _old, ...rest }: Certificate): Certificate => ({ ...rest, seal: digestOf(rest) });

describe("a rehearsal certificate", () => {
  it("says what was run and what came of it", () => {
    const certificate = made();

    expect(Certificate.parse(JSON.parse(JSON.stringify(certificate)))).toEqual(certificate);
    expect(certificate).toMatchObject({ seeds: { first: 7, last: 9 }, windows: { count: 3 }, result: "kept", broken: [] });
    expect(certificateText(certificate)).toContain("3 windows in light weather, seeds 7 to 9, kept; made 2024-12-06T15:00:00.000Z");
    expect(objectionTo(certificate, WANTED)).toBeUndefined();
  });

  it("has another chain when one window went otherwise", () => {
    const otherwise = made({ verdicts: [kept(7), { ...kept(8), transcript: digestOf("another") }, kept(9)] });

    expect(otherwise.windows.chain).not.toBe(made().windows.chain);
  });

  it.each<[string, Certificate, RegExp]>([
    ["was altered", { ...made(), windows: { ...made().windows, count: 3000 } }, /altered/],
    ["says that it was kept and was not", { ...made({ verdicts: [{ ...kept(1), breaches: [{ rule: "pools" }] }] }), result: "kept", broken: [] }, /altered/],
    ["is of another plan", made({ plan: "d".repeat(64) }), /about the plan dddddddddddd/],
    ["is of another window", made({ window: "2024-10-06" }), /of 2024-10-06/],
    ["was made by another version", made({ version: "0.1.0" }), /version 0\.1\.0/],
    ["was made by other code of the same version", made({ code: "e".repeat(64) }), /eeeeeeeeeeee/],
    ["tells of a window that broke something", made({ verdicts: [kept(7), { ...kept(8), breaches: [{ rule: "pools" }] }, kept(9)] }), /seed 8/],
    ["stands for too few windows", made({ verdicts: [kept(7), kept(8)] }), /2 stormy windows; here 3/],
    ["stands for fair weather", made({ profile: "fair" }), /0 stormy windows/],
    ["counts more windows than it has seeds", resealed({ ...made(), windows: { ...made().windows, count: 300 } }), /contradicts itself/],
    ["is kept with broken seeds", resealed({ ...made(), broken: [8] }), /contradicts itself/],
  ])("does not do when it %s", (_what, certificate, why) => {
    expect(objectionTo(certificate, WANTED)).toMatch(why);
  });
});
