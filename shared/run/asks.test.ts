import { describe, expect, it } from "vitest";
import { fakeVendor } from "../../test/support/fake-vendor.ts";
import { ADA, planWith } from "../../test/support/plan-with.ts";
import { play, stageFor } from "../../test/support/play.ts";

const UNTIL = "2024-12-08T03:00:00.000Z";

describe("what people are asked", () => {
  it("says of work by hand what is to be done and how long they have, as the step that asks has it", async () => {
    const vendor = fakeVendor({ "ticket.do": { takesMs: 7_200_000, receipt: { until: UNTIL, what: "do INFRA-453", evidence: "a screenshot" } } });
    const stage = await stageFor(planWith({ "ticket.do": { verb: "person.do", owners: [ADA] } }), { actions: [vendor.action("person.do")] });

    const { asks } = await play(stage, { until: "2024-12-08T01:10:00.000Z" });

    expect(asks).toMatchObject([{ kind: "work", step: "ticket.do", of: ["Ada"], lines: ["do INFRA-453", "to be shown: a screenshot"], until: UNTIL }]);
  });

  it("says of an approval which preview it is of, and that it is late after the cutoff or the step's grace", async () => {
    const approval = { by: [ADA] };
    const stage = await stageFor(planWith({ "a.soon": { approval, at: "2024-12-08T01:00:00.000Z", graceMs: 3_600_000 }, "b.any": { approval } }));

    const { asks } = await play(stage, { until: "2024-12-08T01:10:00.000Z" });

    const until = { "a.soon": "2024-12-08T02:00:00.000Z", "b.any": stage.plan.window.cutoff };
    expect(asks.map(({ step, until: at }) => [step, at])).toEqual(Object.entries(until));
    for (const { preview, lines } of asks) expect([preview, lines]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), [expect.any(String)]]);
  });
});
