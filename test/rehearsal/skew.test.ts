import { describe, expect, it } from "vitest";
import { loadPlan } from "../../cli/plan-file.ts";
import { demoScene } from "../../local/demo-world.ts";
import { rehearse } from "../../local/rehearse.ts";
import { breachesOf, repeatedEffects } from "../support/invariants.ts";

/** Activities run on another host than orchestrators, with a clock of its own that is up to two minutes off. */
const { plan, inventory } = loadPlan(new URL("../../plans/2024-12-08.yaml", import.meta.url).pathname, new URL("../../plans/inventory.yaml", import.meta.url).pathname);
const MINUTE_MS = 60_000;

describe("a window on hosts whose clocks differ", () => {
  it.each([-2, 2])(
    "by %i minutes ends well, and is not asked about without end",
    async (minutes) => {
      let activities = 0;

      const night = await rehearse({
        plan,
        scene: demoScene({ inventory, plan }),
        skewMs: () => minutes * MINUTE_MS,
        faults: {
          repeats() {
            activities += 1;
            return false;
          },
        },
      });

      expect(breachesOf({ plan, ...night })).toEqual([]);
      expect(night.state.outcome).toBe("well");
      // Two thousand in a night on clocks that agree.
      expect(activities).toBeLessThan(8_000);
    },
    120_000,
  );

  it("takes over from one another, again and again, with nothing done twice", async () => {
    let facts = 0;

    const night = await rehearse({
      plan,
      scene: demoScene({ inventory, plan }),
      skewMs: (life) => (life % 2 === 0 ? -2 : 2) * MINUTE_MS,
      killAt: ({ kind }) => kind === "after a fact" && ++facts % 90 === 0,
    });

    expect(facts).toBeGreaterThan(500);
    // Instants of facts come from several clocks here, and say nothing about which came first.
    expect(repeatedEffects(night.effects)).toEqual([]);
    expect(night.state.outcome).toBe("well");
  }, 120_000);
});
