import { describe, expect, it } from "vitest";
import { rehearse } from "../../local/rehearse.ts";
import { changesOf } from "../support/changes.ts";
import { chance } from "../support/chance.ts";
import { breachesOf } from "../support/invariants.ts";
import { october } from "../support/october.ts";

/**
 * October's window in a process that dies as by kill -9 at moments drawn from a seed (around any call to a vendor and any fact)
 * and is started again. A seed that fails here is replayed by putting it first.
 */
const { plan, scene } = october();

describe("October's window, killed again and again", () => {
  it.each([1, 2, 3])(
    "ends well, with every server in its pool and each thing done once (seed %i)",
    async (seed) => {
      const next = chance(seed);
      const [before, after] = [scene(), scene()];
      let kills = 0;

      const night = await rehearse({
        plan,
        scene: after,
        killAt: () => {
          const dies = next() < 0.003;
          if (dies) kills += 1;
          return dies;
        },
      });

      expect(kills).toBeGreaterThan(5);
      expect(breachesOf({ plan, ...night, networkBefore: before.worlds["azure-network"] })).toEqual([]);
      expect(night.state.steps.filter(({ as }) => as !== "done" && as !== "already").map(({ id, as, why }) => `${id} ${as}: ${why}`)).toEqual([]);
      expect(night.state.outcome).toBe("well");
      const { effects: _before, ...was } = before.worlds["azure-network"];
      const { effects: _after, ...is } = after.worlds["azure-network"];
      expect(changesOf(was, is)).toEqual([]);
      for (const did of ["drained", "restored"]) expect(night.effects.filter((effect) => effect.system === "azure-network" && effect.did === did)).toHaveLength(8);
    },
    240_000,
  );
});
