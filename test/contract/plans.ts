import { beforeEach, describe, expect, it } from "vitest";
import { sealed, type CompiledPlan } from "../../shared/plan/compiled.ts";
import { certificateOf } from "../../shared/run/certificate.ts";
import type { Plans, StoredPlan } from "../../shared/run/plans.ts";

/** The promises every store of plans makes, each against one that `makePlans` has made empty. */
export function plansContract(name: string, makePlans: () => Promise<Plans> | Plans): void {
  describe(`${name} keeps the promises of stored plans`, () => {
    let plans: Plans;
    beforeEach(async () => {
      plans = await makePlans();
    });

    it("gives a plan back by its digest", async () => {
      const stored = storedPlan("2024-12-08");

      await plans.put(stored);

      expect(await plans.get(stored.plan.digest)).toEqual(stored.plan);
      expect(await plans.latest()).toEqual([stored]);
    });

    it("says that a digest or a window has no plan", async () => {
      await plans.put(storedPlan("2024-12-08"));
      const { digest } = storedPlan("2024-12-08").plan;

      await expect(plans.get("0".repeat(64))).rejects.toMatchObject({ name: "Fault", kind: "absent" });
      await expect(plans.approve("2024-10-06", digest, { by: "kim", at: "2024-12-06T12:00:00.000Z" })).rejects.toMatchObject({ kind: "absent" });
      await expect(plans.approve("2024-12-08", "0".repeat(64), { by: "kim", at: "2024-12-06T12:00:00.000Z" })).rejects.toMatchObject({ kind: "absent" });
    });

    it("makes the plan stored last the one of its window, also one that was stored before", async () => {
      const [early, late] = [storedPlan("2024-12-08", "early"), storedPlan("2024-12-08", "late")];
      await plans.put(early);
      await plans.put(late);
      expect((await plans.latest()).map(({ plan }) => plan.window.title)).toEqual(["late"]);

      await plans.put(early);

      expect((await plans.latest()).map(({ plan }) => plan.window.title)).toEqual(["early"]);
      expect(await plans.get(late.plan.digest)).toEqual(late.plan);
    });

    it("changes nothing of a plan that is stored again", async () => {
      const stored = storedPlan("2024-12-08");
      await plans.put(stored);
      await plans.approve("2024-12-08", stored.plan.digest, { by: "kim", at: "2024-12-06T12:00:00.000Z" });

      await plans.put({ ...stored, by: "someone else" });

      expect(await plans.latest()).toEqual([{ ...stored, approved: { by: "kim", at: "2024-12-06T12:00:00.000Z" } }]);
    });

    it("keeps the rehearsal certificate that an approval showed", async () => {
      const stored = storedPlan("2024-12-08");
      await plans.put(stored);
      const verdicts = [{ seed: 1, transcript: "1".repeat(64), breaches: [] }] as const;
      const certificate = certificateOf({
        window: "2024-12-08",
        plan: stored.plan.digest,
        inventory: "2".repeat(64),
        version: "0.2.0",
        code: "3".repeat(64),
        profile: "light",
        madeAt: "2024-12-06T11:00:00.000Z",
        verdicts,
      });

      await plans.approve("2024-12-08", stored.plan.digest, { by: "kim", at: "2024-12-06T12:00:00.000Z", certificate });

      expect((await plans.latest())[0]?.approved).toEqual({ by: "kim", at: "2024-12-06T12:00:00.000Z", certificate });
    });

    it("keeps the previews that were approved with a plan", async () => {
      const stored = storedPlan("2024-12-08");
      await plans.put(stored);
      const approval = { by: "kim", at: "2024-12-06T12:00:00.000Z", previews: { "a.b": "f".repeat(64) } };

      await plans.approve("2024-12-08", stored.plan.digest, approval);

      expect((await plans.latest())[0]?.approved).toEqual(approval);
    });

    it("keeps a plan without making it the one of its window", async () => {
      const [running, next] = [storedPlan("2024-12-08", "running"), storedPlan("2024-12-08", "next")];
      await plans.put(running);

      await plans.keep(next);

      expect(await plans.get(next.plan.digest)).toEqual(next.plan);
      expect((await plans.latest()).map(({ plan }) => plan.window.title)).toEqual(["running"]);
    });

    it("keeps the text of a plan, also of one that was stored without it before", async () => {
      const stored = storedPlan("2024-12-08");
      const source = { text: `plan: 1 # «${"ä".repeat(70_000)}»\n`, file: "plan.yaml" };
      await plans.put(stored);
      expect(await plans.source(stored.plan.digest)).toBeUndefined();

      await plans.put({ ...stored, source });

      expect(await plans.source(stored.plan.digest)).toEqual(source);
      expect(await plans.latest()).toEqual([stored]);
    });

    it("keeps the first approval", async () => {
      const stored = storedPlan("2024-12-08");
      await plans.put(stored);

      await plans.approve("2024-12-08", stored.plan.digest, { by: "kim", at: "2024-12-06T12:00:00.000Z" });
      await plans.approve("2024-12-08", stored.plan.digest, { by: "lee", at: "2024-12-06T13:00:00.000Z" });

      expect((await plans.latest())[0]?.approved).toEqual({ by: "kim", at: "2024-12-06T12:00:00.000Z" });
    });

    it("lists the windows newest first", async () => {
      for (const window of ["2024-10-06", "2024-12-08", "2024-11-03"]) await plans.put(storedPlan(window));

      expect((await plans.latest()).map(({ plan }) => plan.window.id)).toEqual(["2024-12-08", "2024-11-03", "2024-10-06"]);
    });

    it("keeps a plan of two thousand targets", async () => {
      const stored = storedPlan("2024-12-08", "large", 2_000);

      await plans.put(stored);

      expect(await plans.get(stored.plan.digest)).toEqual(stored.plan);
    });
  });
}

function storedPlan(window: string, title = "a window", targets = 0): StoredPlan {
  const plan: CompiledPlan = sealed({
    format: 1,
    window: { id: window, title, date: window, zone: "America/New_York", opensAt: `${window}T01:00:00.000Z`, cutoff: `${window}T17:00:00.000Z`, channels: [], owners: [] },
    phases: [{ id: "prework", title: "Prework «Saturday»", barrier: false }],
    changes: [],
    steps: [
      {
        id: "patch",
        change: "patching",
        phase: "prework",
        verb: "patch.install",
        title: "Patch",
        needs: [],
        targets: Array.from({ length: targets }, (_none, index) => ({
          id: `IC-Web${index}`,
          params: { server: `IC-Web${index}`, resource: `/subscriptions/0/vm${index}` },
          touches: [`vm:IC-Web${index}`],
          opens: [],
          closes: [],
        })),
        policy: {} as CompiledPlan["steps"][number]["policy"],
        onFailure: "continue",
        leaves: "untouched",
        irreversible: false,
        always: false,
        owners: [],
        notes: [],
        expectedMs: 60_000,
        line: 1,
      },
    ],
  });
  return { plan, by: "lee", at: "2024-12-05T12:00:00.000Z" };
}
