import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { decemberNight } from "../../test/support/december.ts";
import { hatchLines, pictureOf } from "./report-picture.ts";
import type { Report, Standing } from "./report-schema.ts";
import { reportOf } from "./report.ts";

describe("the night as a picture", () => {
  let report: Report;
  let picture: string;
  beforeAll(async () => {
    const { plan, entries, stage } = await decemberNight({ misfortune: true });
    report = reportOf(plan, entries, stage.clock.now());
    picture = pictureOf(report, { id: "wide", width: 1080, narrow: false }).text;
  });

  it("marks the cutoff, and the moments from which there was no way back, with a flag at their steps", () => {
    expect(picture).toContain(">cutoff Sun 12:00</text>");
    expect(picture).toMatch(/>no way back \d\d:\d\d<\/text>/);
    expect(picture.match(/<g class="no-return"><path/g)).toHaveLength(
      report.changes.flatMap(({ steps }) => steps).filter(({ irreversible, begun }) => irreversible && begun !== undefined).length,
    );
    expect(picture).toMatch(/Destroy the kong stack in PRD: done, Sun [\d:]+ to Sun [\d:]+, no way back from then on/);
  });

  it("has hours of the window's own zone", () => {
    expect(picture).toContain(">Sat 20:00</text>");
    expect(picture).toContain(">Sun 05:00</text>");
  });

  it("tells on paper without colours what is not done: by strokes and by a word beside it", () => {
    expect(picture.match(/<path class="hatch"/g)?.length).toBeGreaterThan(0);
    for (const word of ["failed", "skipped", "dropped"]) expect(picture).toContain(`>${word}</text>`);
  });

  it("holds no number that is none, and uses nothing from elsewhere", () => {
    expect(picture).not.toMatch(/NaN|Infinity|undefined|url\(|href/);
  });
});

describe("strokes over a bar", () => {
  it("never leave it, however small it is", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Standing>("failed", "unknown", "skipped", "dropped", "running"),
        fc.double({ min: 0, max: 1_000, noNaN: true }),
        fc.double({ min: 0, max: 600, noNaN: true }),
        fc.double({ min: 1, max: 20, noNaN: true }),
        (state, x1, width, height) => {
          for (const [ax, ay, bx, by] of hatchLines(state, x1, x1 + width, 100, height)) {
            for (const x of [ax, bx]) expect(x).toSatisfy((at: number) => at >= x1 - 1e-6 && at <= x1 + width + 1e-6);
            for (const y of [ay, by]) expect(y).toSatisfy((at: number) => at >= 100 - 1e-6 && at <= 100 + height + 1e-6);
          }
        },
      ),
      { seed: 20241208 },
    );
  });

  it("go both ways for what failed, one way for what was not done, and not at all for what is done", () => {
    const slopes = (state: Standing) => new Set(hatchLines(state, 0, 60, 0, 13).map(([ax, ay, bx, by]) => Math.sign((by - ay) / (bx - ax))));

    expect([slopes("failed").size, slopes("skipped").size, slopes("done").size]).toEqual([2, 1, 0]);
  });
});
