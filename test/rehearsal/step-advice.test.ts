import { expect, it } from "vitest";
import { loadPlan } from "../../cli/plan-file.ts";
import { demoScene } from "../../local/demo-world.ts";
import { rehearse, type Rehearsal, type RehearsalOptions } from "../../local/rehearse.ts";
import { Fault } from "../../shared/fault/fault.ts";

const { plan, inventory } = loadPlan(new URL("../../plans/2024-12-08.yaml", import.meta.url).pathname, new URL("../../plans/inventory.yaml", import.meta.url).pathname);

function night(options: Partial<RehearsalOptions>): Promise<Rehearsal> {
  return rehearse({ plan, scene: demoScene({ inventory, plan }), ...options });
}

it("a target whose step cannot be looked at answers all the same: the step asks for itself, and the night ends when it always does", async () => {
  const count = { asked: 0, refused: 0 };
  let activity = "";
  const counted: Partial<RehearsalOptions> = {
    activityLatencyMs(name) {
      activity = name;
      if (name === "advise-step") count.asked++;
      return 0;
    },
  };
  const usual = await night(counted);
  const askedUsually = count.asked;
  count.asked = 0;

  const refused = await night({
    ...counted,
    storage: (journal) => ({
      ...journal,
      async read(run, stream) {
        // Whoever acts on a target reads its own step's stream for this advice alone.
        if (activity === "act-slack" && stream.startsWith("step/announce-start")) {
          count.refused++;
          throw new Fault("throttled", "the tables are busy", { vendor: "tables" });
        }
        return journal.read(run, stream);
      },
    }),
  });

  expect(count.refused).toBeGreaterThan(0);
  expect(count.asked).toBeGreaterThan(askedUsually);
  expect([refused.state.outcome, refused.endedAt]).toEqual(["well", usual.endedAt]);
}, 60_000);
