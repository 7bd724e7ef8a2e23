import { describe, expect, it } from "vitest";
import { registry } from "../../integrations/actions.ts";
import { loadPlan } from "../../cli/plan-file.ts";
import { demoScene } from "../../local/demo-world.ts";
import { rehearse } from "../../local/rehearse.ts";
import { compile } from "../../shared/plan/compile.ts";
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

  it("takes a server out before it puts it back, where one host thinks that the cutoff has come and the next does not", async () => {
    const text = `plan: 1
window: { title: At the cutoff, date: 2024-12-08, zone: America/New_York, cutoff: "Sun 12:00", channels: [maintenance], owners: [Dana] }
phases:
  - id: primary
    title: Primary work
    changes:
      - id: web
        title: One web server
        steps:
          - { id: drain, action: pool.drain, at: "Sun 11:59", targets: [IC-Web6], with: { pool: web } }
          - { id: install, action: patch.install, at: "Sun 11:58", needs: { step: drain, per: target }, targets: [IC-Web6] }
          - { id: restore, action: pool.restore, needs: { step: install, per: target, as: end }, targets: [IC-Web6], with: { pool: web }, always: true }
`;
    const { plan: late } = compile({ text, file: "late.yaml", inventory, registry });
    if (late === undefined) throw new Error("the plan does not compile");
    let lives = 0;

    const night = await rehearse({
      plan: late,
      scene: demoScene({ inventory, plan: late }),
      during: () => void lives++,
      // The first host ends `install`, since by its clock the cutoff has come; the second one has two minutes left for `drain`.
      skewMs: (life) => (life === 0 ? 2 : -2) * MINUTE_MS,
      killAt: ({ kind, where, n }) => lives === 1 && kind === "after a fact" && where === "step/web.install" && n > 0,
    });

    expect(lives).toBe(2);
    expect(night.state.steps.map(({ id, as }) => `${id} ${as ?? ""}`)).toEqual(["web.drain done", "web.install skipped", "web.restore done"]);
    expect(night.effects.filter(({ system }) => system === "azure-network").map(({ did }) => did)).toEqual(["drained", "restored"]);
  }, 120_000);
});
