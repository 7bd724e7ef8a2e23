import { assert, constantFrom, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { factsOf, ms } from "../../test/support/facts-of.ts";
import { CUTOFF, stepOf, type StepDraft } from "../../test/support/plan-with.ts";
import { nextLookAt } from "./pace.ts";
import { walkOf } from "./walk.ts";

const CUT = Date.parse(CUTOFF);
const begun = (): ReturnType<typeof factsOf> => factsOf("a.b").intended().begun();

/** How long after `now`, by default the last of these facts, the work is looked at next. Milliseconds. */
function gapAfter(told: ReturnType<typeof factsOf>, step: StepDraft, now = told.now): number {
  return nextLookAt({ walk: walkOf(told.facts), step: stepOf("a.b", step), now, cutoff: CUT }) - now;
}

/** The instants, counted from its begin, at which running work is looked at until it has ended after `lastsMs`. */
function looksAt(step: StepDraft, lastsMs: number): number[] {
  const told = begun().progressed("running");
  const looks: number[] = [];
  for (let sinceMs = 0; sinceMs < lastsMs && looks.length < 10_000;) {
    sinceMs += gapAfter(told, step, told.now + sinceMs);
    looks.push(sinceMs);
  }
  return looks;
}

describe("the next look at work under way", () => {
  it("comes at the policy's pace, or sooner where something is decided sooner", () => {
    const told = begun().progressed("waiting");
    const look = (policy: NonNullable<StepDraft["policy"]>): number => gapAfter(told, { policy });

    expect(look({ pollEveryMs: ms("30s"), startWithinMs: ms("1m") })).toBe(ms("30s"));
    expect(look({ pollEveryMs: ms("5m"), startWithinMs: ms("1m") })).toBe(ms("1m"));
    expect(look({ pollEveryMs: ms("5m"), startWithinMs: ms("10m"), timeoutMs: ms("2m") })).toBe(ms("2m"));
  });

  it("keeps that pace where nobody said how long it takes", () => {
    expect(looksAt({ policy: { pollEveryMs: ms("1m"), timeoutMs: ms("4h") } }, ms("30m"))).toHaveLength(30);
  });

  it("keeps that pace for work that has not started, however long it usually takes", () => {
    const told = begun().progressed("waiting");

    expect(gapAfter(told, { expectedMs: ms("1h"), isDurationKnown: true, policy: { pollEveryMs: ms("30s"), startWithinMs: ms("1m") } })).toBe(ms("30s"));
  });

  it("keeps that pace where its looks bring the work on", () => {
    const told = begun().progressed("running");
    const step = stepOf("a.b", { expectedMs: ms("1h"), isDurationKnown: true, policy: { pollEveryMs: ms("30s") } });

    expect(nextLookAt({ walk: walkOf(told.facts), step, now: told.now, cutoff: CUT, isSteady: true }) - told.now).toBe(ms("30s"));
  });

  it("is seldom in a part of such work that says what comes after it, and counts that off", () => {
    const told = begun().progressed("running");
    const step = stepOf("a.b", { expectedMs: ms("24m"), isDurationKnown: true, policy: { pollEveryMs: ms("1m"), timeoutMs: ms("4h") } });
    const look = (since: number): number => nextLookAt({ walk: walkOf(told.facts), step, now: told.now + since, cutoff: CUT, aheadMs: ms("4m") }) - told.now;

    expect(look(ms("1m"))).toBe(ms("6m"));
    expect(look(ms("16m"))).toBe(ms("17m"));
    expect(look(ms("19m") + ms("30s"))).toBe(ms("20m"));
  });

  it("is at the instant before which nothing can be seen, if the work says one", () => {
    const told = begun().progressed("running");
    const step = stepOf("a.b", { policy: { pollEveryMs: ms("30s"), timeoutMs: ms("4h") } });
    const sight = { walk: walkOf(told.facts), step, now: told.now, cutoff: CUT, isSteady: true };

    expect(nextLookAt({ ...sight, quietUntil: told.now + ms("90s") }) - told.now).toBe(ms("90s"));
    expect(nextLookAt({ ...sight, quietUntil: told.now - 1 }) - told.now).toBe(ms("30s"));
  });

  it("comes seldom until the end is near, at the instant at which it usually ends, soon after, and then less and less often", () => {
    const looks = looksAt({ expectedMs: ms("20m"), isDurationKnown: true, policy: { pollEveryMs: ms("1m"), timeoutMs: ms("4h") } }, ms("50m")).map((look) => look / 60_000);

    expect(looks.slice(0, 6)).toEqual([5, 10, 15, 18, 19, 20]);
    expect(looks.slice(6, 12)).toEqual([20.1, 20.2, 20.4, 20.8, 21.6, 22.6]);
    expect(looks.length).toBeLessThan(28);
  });

  it("is at the very end of work that takes as long as it usually does, within a hundredth of it or five seconds where that is a little more", () => {
    assert(
      property(integer({ min: 1, max: 6 * 3_600 }), constantFrom(10, 30, 60, 300), integer({ min: 0, max: 100 }), (expectedS, everyS, permille) => {
        const step = { expectedMs: expectedS * 1_000, isDurationKnown: true, policy: { pollEveryMs: everyS * 1_000, timeoutMs: ms("18h") } } as const;
        const lateMs = Math.min((expectedS * permille) / 10, everyS * 1_000);

        expect(looksAt(step, step.expectedMs)).toContain(step.expectedMs);
        expect((looksAt(step, step.expectedMs + lateMs).at(-1) ?? 0) - step.expectedMs - lateMs).toBeLessThanOrEqual(Math.max(5_000, expectedS * 10, lateMs));
      }),
    );
  });

  it("comes seldom in hours of work, by a twentieth of them", () => {
    const looks = looksAt({ expectedMs: ms("4h"), isDurationKnown: true, policy: { pollEveryMs: ms("1m"), timeoutMs: ms("18h") } }, ms("4h")).map((look) => look / 60_000);

    expect(looks).toEqual(Array.from({ length: 20 }, (_, nth) => (nth + 1) * 12));
  });

  it("is never more than five minutes or a twentieth of the work away, and finds an end that comes a little sooner than usual within one pace or that twentieth", () => {
    assert(
      property(integer({ min: 1, max: 6 * 3_600 }), constantFrom(10, 30, 60, 300), integer({ min: 90, max: 100 }), (expectedS, everyS, percent) => {
        const lastsMs = Math.max(1, Math.round((expectedS * 1_000 * percent) / 100));
        const looks = looksAt({ expectedMs: expectedS * 1_000, isDurationKnown: true, policy: { pollEveryMs: everyS * 1_000, timeoutMs: ms("18h") } }, lastsMs);
        const gaps = looks.map((look, place) => look - (looks[place - 1] ?? 0));

        const twentiethMs = expectedS * 50;
        expect(Math.max(...gaps)).toBeLessThanOrEqual(Math.max(300_000, everyS * 1_000, twentiethMs));
        expect((looks.at(-1) ?? 0) - lastsMs).toBeLessThan(Math.max(everyS * 1_000, twentiethMs));
      }),
    );
  });
});
