import { describe, expect, it } from "vitest";
import type { World } from "../../shared/ports/simulator.ts";
import { INJECTED, type Injected } from "../support/transport.ts";
import { atEveryRequest, expectKind, expectSafe } from "./every-request.ts";
import { type ActionContract, cancelled, faultOf, settled, walker } from "./walk.ts";

/**
 * Registers the tests of everything that every action promises (shared/action/action.ts), against the slice's own
 * simulator and through its real connector and SDK, with each fault injected at each request.
 *
 * The walker does what the step does in a run: begin, poll at the policy's pace on a clock advanced by hand, verify;
 * after a fault it waits and calls `begin` again with the same key. Receipts and progress go through JSON every time.
 */
export function actionContract<Ports, Params, Receipt, W extends World>(contract: ActionContract<Ports, Params, Receipt, W>): void {
  const { action } = contract;
  const params = action.params.parse(contract.params);
  const essence = contract.essence ?? ((world: W) => ({ ...world, effects: [] }));

  const prepare = () => walker(contract, params);

  describe(`${contract.integration}: ${action.verb} keeps the promises of every action`, () => {
    it("names the same resources every time", () => {
      const first = action.touches(params);

      expect(action.touches(params)).toEqual(first);
      expect(action.opens?.(params)).toEqual(action.opens?.(params));
      expect(action.closes?.(params)).toEqual(action.closes?.(params));
      for (const resource of first) expect(resource, "touches are KIND:NAME").toMatch(/^[a-z-]+:./);
    });

    it("previews without an effect, and the same a day later", async () => {
      const walk = prepare();
      const before = JSON.stringify(essence(walk.world));

      const lines = await walk.preview();
      walk.outside.advance(24 * 3_600_000);
      const later = await walk.preview();

      expect(lines.length, "a preview says something").toBeGreaterThan(0);
      expect(later).toEqual(lines);
      expect(walk.effects()).toEqual([]);
      expect(JSON.stringify(essence(walk.world))).toBe(before);
    });

    it("begins, is followed to its end, and is verified by evidence", async () => {
      const walk = prepare();

      const { evidence } = await walk.toTheEnd();

      expect(evidence.length, "evidence says something").toBeGreaterThan(0);
      expect(walk.effects()).toEqual(contract.effects);
    });

    it("leaves one effect when it begins twice with one key", async () => {
      const walk = prepare();

      await walk.begin();
      await walk.toTheEnd();
      await walk.begin();

      expect(walk.effects()).toEqual(contract.effects);
    });

    it("finds its own work after a crash between begin and its record", async () => {
      const walk = prepare();
      const before = JSON.stringify(essence(walk.world));
      await walk.begin();

      const restarted = walker(contract, params, walk.world, walk.outside);
      const { receipt } = await restarted.toTheEnd();

      expect(walk.effects()).toEqual(contract.effects);
      if (action.undo === undefined) return;
      await restarted.undo(receipt);
      expect(JSON.stringify(essence(walk.world)), "the receipt of the second begin leads back too").toBe(before);
    });

    if (action.find !== undefined) {
      it("finds no work of its own where none was begun, and begins none by looking", async () => {
        const walk = prepare();
        const before = JSON.stringify(essence(walk.world));

        const found = [await walk.find(), await walk.find()];

        expect(found).toEqual([undefined, undefined]);
        expect(walk.effects()).toEqual([]);
        expect(JSON.stringify(essence(walk.world))).toBe(before);
      });

      it.each(["timeout after the vendor acted", "500 after the vendor acted"] as const)(
        "finds, without beginning again, what a begin did whose answer was lost at any request: %s",
        async (what) => {
          const clean = prepare();
          await clean.begin();
          const whole = clean.effects();

          await atEveryRequest(prepare, what, async (walk) => {
            const untouched = { whole: JSON.stringify(walk.world), essence: JSON.stringify(essence(walk.world)) };
            const begun = await settled(walk.begin());
            walk.outside.calm();
            const effects = walk.effects();
            const before = JSON.stringify(essence(walk.world));

            const found = await walk.find();
            const again = await walk.find();

            expect(again, "the same when it looks again").toEqual(found);
            expect(walk.effects(), "looking has no effect").toEqual(effects);
            expect(JSON.stringify(essence(walk.world)), "looking changes nothing").toBe(before);
            if (contract.findsNothing === true) return expect(found).toBeUndefined();
            // Some work shows in the effects only when it has ended.
            const isDone = whole.length > 0 && effects.length >= whole.length;
            if (begun.ok || isDone) expect(found, "all of its work is done, so it is found").toBeDefined();
            if (found === undefined) return;
            expect(JSON.stringify(walk.world), "what is found was done").not.toBe(untouched.whole);
            const followed = await settled(walk.follow(found));
            if (!followed.ok) {
              // Half of it may have been done: then it is told so, and what was done can be taken back.
              expect(isDone, followed.fault.message).toBe(false);
              expect(followed.fault.kind).toBe("rejected");
              await walk.undo(found);
              return expect(JSON.stringify(essence(walk.world))).toBe(untouched.essence);
            }
            expect(followed.value.evidence.length, "it can be followed to its end").toBeGreaterThan(0);
            expect(contract.effects.slice(0, walk.effects().length)).toEqual(walk.effects());
          });
        },
      );

      if (contract.action.cancel !== undefined)
        it("finds work that can then be stopped", async () => {
          const clean = prepare();
          await cancelled(clean, await clean.begin());
          const walk = prepare();
          await walk.begin();

          const found = await walk.find();
          if (found !== undefined) await cancelled(walk, found);

          expect(walk.effects()).toEqual(clean.effects());
        });
    }

    if (contract.spoil !== undefined) {
      it("fails to verify a world that is not as it left it", async () => {
        const walk = prepare();
        const { receipt } = await walk.toTheEnd();
        contract.spoil?.(walk.world);

        const fault = await faultOf(walk.verify(receipt));

        expect(fault?.kind, "verify must throw").toBeDefined();
        expect(fault?.kind).not.toBe("defect");
        expectSafe(fault);
      });
    }

    const move = contract.driftBefore ?? contract.drift;
    if (move !== undefined) {
      it("notices, or shows in its preview, that the world moved between preview and begin", async () => {
        const walk = prepare();
        const lines = await walk.preview();
        move(walk.world);

        const preview = await settled(walk.preview());
        const begun = await settled(walk.begin());

        for (const outcome of [preview, begun]) if (!outcome.ok) expect(outcome.fault).not.toMatchObject({ kind: "defect" });
        const shown = !preview.ok || JSON.stringify(preview.value) !== JSON.stringify(lines);
        expect(shown || !begun.ok, "neither did the preview change nor did begin refuse").toBe(true);
      });
    }

    if (action.undo !== undefined) {
      it("puts the world back, and may do so twice", async () => {
        const walk = prepare();
        const before = JSON.stringify(essence(walk.world));
        const { receipt } = await walk.toTheEnd();

        const evidence = await walk.undo(receipt);
        const effects = walk.effects();
        await walk.undo(receipt);

        expect(evidence.length).toBeGreaterThan(0);
        expect(JSON.stringify(essence(walk.world))).toBe(before);
        expect(walk.effects()).toEqual(effects);
      });

      it("refuses to put back what someone else changed since", async () => {
        expect(contract.drift, "an action with undo needs `drift` in its contract").toBeDefined();
        const walk = prepare();
        const { receipt } = await walk.toTheEnd();
        contract.drift?.(walk.world);
        const before = JSON.stringify(essence(walk.world));
        const effects = walk.effects();

        const fault = await faultOf(walk.undo(receipt));

        expect(fault).toMatchObject({ kind: "conflict" });
        expect(JSON.stringify(essence(walk.world))).toBe(before);
        expect(walk.effects()).toEqual(effects);
      });
    }

    if (action.cancel !== undefined) {
      it("stops work under way, and may do so twice", async () => {
        const walk = prepare();
        const receipt = await walk.begin();

        const evidence = await cancelled(walk, receipt);
        const effects = walk.effects();
        await walk.cancel(receipt);

        expect(evidence.length).toBeGreaterThan(0);
        expect(walk.effects()).toEqual(effects);
        expect((await faultOf(walk.poll(receipt)))?.kind).not.toBe("defect");
      });

      it("leaves what had ended well as it is, to be looked at as ever", async () => {
        const walk = prepare();
        const { receipt } = await walk.follow(await walk.begin());
        const effects = walk.effects();

        await cancelled(walk, receipt);

        expect((await walk.verify(receipt)).length).toBeGreaterThan(0);
        if (action.verb !== "person.do") expect(walk.effects()).toEqual(effects);
      });
    }

    describe.each(Object.keys(INJECTED) as Injected[])("%s, at every request", (what) => {
      it("in preview: a clear fault, or the same lines", async () => {
        const lines = await prepare().preview();

        await atEveryRequest(prepare, what, async (walk) => {
          const outcome = await settled(walk.preview());
          walk.outside.calm();

          if (outcome.ok) expect(outcome.value).toEqual(lines);
          else expectKind(what, outcome.fault);
          if (walk.outside.hit !== undefined) expect(await walk.preview(), "once the fault is over").toEqual(lines);
          expect(walk.effects()).toEqual([]);
        });
      });

      if (action.find !== undefined)
        it("in find: a clear fault, and never «there is none» where there is", async () => {
          await atEveryRequest(
            prepare,
            what,
            async (walk, arm) => {
              await walk.begin();
              const expected = await walk.find();
              arm();

              const outcome = await settled(walk.find());
              walk.outside.calm();

              if (outcome.ok) expect(outcome.value).toEqual(expected);
              else expectKind(what, outcome.fault);
            },
            true,
          );
        });

      it("from begin to verify: one effect in the end, and a clear fault on the way", async () => {
        await atEveryRequest(prepare, what, async (walk) => {
          await walk.toTheEnd((fault) => expectKind(what, fault));

          expect(walk.effects()).toEqual(contract.effects);
        });
      });

      if (action.undo !== undefined)
        it("in undo: the world is put back in the end", async () => {
          const clean = prepare();
          const before = JSON.stringify(essence(clean.world));
          await clean.undo((await clean.toTheEnd()).receipt);
          const effects = clean.effects();

          await atEveryRequest(
            prepare,
            what,
            async (walk, arm) => {
              const { receipt } = await walk.toTheEnd();
              arm();

              const outcome = await settled(walk.undo(receipt));
              walk.outside.calm();
              if (!outcome.ok) {
                expectKind(what, outcome.fault);
                walk.outside.advance(outcome.fault.retryAfterMs ?? 15_000);
                await walk.undo(receipt);
              }

              expect(JSON.stringify(essence(walk.world))).toBe(before);
              expect(walk.effects()).toEqual(effects);
            },
            true,
          );
        });

      if (action.cancel !== undefined)
        it("in cancel: a clear fault, and a second try ends the work", async () => {
          const clean = prepare();
          await cancelled(clean, await clean.begin());
          const effects = clean.effects();

          await atEveryRequest(
            prepare,
            what,
            async (walk, arm) => {
              const receipt = await walk.begin();
              arm();

              const outcome = await settled(cancelled(walk, receipt, (fault) => walk.outside.hit === undefined || expectKind(what, fault)));
              walk.outside.calm();
              if (!outcome.ok) expectKind(what, outcome.fault);
              await cancelled(walk, receipt);

              expect(walk.effects()).toEqual(effects);
            },
            true,
          );
        });
    });
  });
}
