import { beforeEach, describe, expect, it } from "vitest";
import type { Holder, Locks } from "../../shared/run/locks.ts";

/** The promises every store of locks makes, each against one that `makeLocks` has made empty. */
export function locksContract(name: string, makeLocks: () => Promise<Locks> | Locks): void {
  describe(`${name} keeps the promises of locks`, () => {
    const first: Holder = { run: "2024-12-08", step: "patch", target: "IC-Web1" };
    const second: Holder = { run: "2024-12-08", step: "reboot", target: "IC-Web1" };
    let locks: Locks;
    beforeEach(async () => {
      locks = await makeLocks();
    });

    it("gives a resource to the first who asks and names the holder to others", async () => {
      expect(await locks.take("vm:IC-Web1", first)).toEqual({ taken: true });

      expect(await locks.take("vm:IC-Web1", second)).toEqual({ taken: false, by: first });
      expect(await locks.holders(["vm:IC-Web1", "vm:IC-Web2"])).toEqual(new Map([["vm:IC-Web1", first]]));
    });

    it("lets its holder take a resource again, as after a crash", async () => {
      await locks.take("vm:IC-Web1", first);

      expect(await locks.take("vm:IC-Web1", { ...first })).toEqual({ taken: true });
    });

    it("gives a resource to exactly one of many who ask at once", async () => {
      const holders = Array.from({ length: 10 }, (_none, index) => ({ ...first, target: `IC-Web${index}` }));

      const taken = await Promise.all(holders.map((holder) => locks.take("dns:www.example.com", holder)));

      const winner = holders[taken.findIndex((answer) => answer.taken)];
      expect(taken.filter((answer) => answer.taken)).toHaveLength(1);
      expect(taken.filter((answer) => !answer.taken)).toEqual(Array.from({ length: 9 }, () => ({ taken: false, by: winner })));
    });

    it("lets others have what was given back", async () => {
      await locks.take("vm:IC-Web1", first);

      await locks.release("vm:IC-Web1", first);

      expect(await locks.holders(["vm:IC-Web1"])).toEqual(new Map());
      expect(await locks.take("vm:IC-Web1", second)).toEqual({ taken: true });
    });

    it("does nothing when someone gives back what another holds, or what nobody does", async () => {
      await locks.take("vm:IC-Web1", first);

      await locks.release("vm:IC-Web1", second);
      await locks.release("vm:IC-Web2", second);

      expect(await locks.take("vm:IC-Web1", second)).toEqual({ taken: false, by: first });
    });

    it("tells resources apart that are long or hold any sign", async () => {
      const path = `azure:/subscriptions/0/resourceGroups/rg-'1'?#\\%/providers/${"Microsoft.Compute/".repeat(40)}`;
      await locks.take(`${path}vm1`, first);
      await locks.take(`${path}vm2`, second);

      expect(await locks.holders([`${path}vm1`, `${path}vm2`, `${path}vm1`])).toEqual(
        new Map([
          [`${path}vm1`, first],
          [`${path}vm2`, second],
        ]),
      );
    });
  });
}
