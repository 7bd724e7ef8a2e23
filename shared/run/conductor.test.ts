import { describe, expect, it } from "vitest";
import { fakeVendor } from "../../test/support/fake-vendor.ts";
import { planWith } from "../../test/support/plan-with.ts";
import { play, stageFor } from "../../test/support/play.ts";

describe("a whole run", () => {
  it("ends well when everything goes well", async () => {
    const vendor = fakeVendor({ x: { takesMs: 60_000 } });
    const plan = planWith({ "a.one": { targets: ["x", "y"] }, "b.two": { needs: ["a.one"], at: "2024-12-08T02:00:00.000Z" } });
    const stage = await stageFor(plan, { actions: [vendor.action("fake.work")] });

    const state = await play(stage);

    expect(state.outcome).toBe("well");
    expect(vendor.effects).toEqual(["begun 2024-12-08/a.one/x/1", "begun 2024-12-08/a.one/y/1", "begun 2024-12-08/b.two/b.two/1"]);
    expect(state.endedAt).toBe("2024-12-08T02:00:00.000Z");
  });
});
