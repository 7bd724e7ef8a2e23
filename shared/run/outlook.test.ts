import { describe, expect, it } from "vitest";
import { decemberNight } from "../../test/support/december.ts";
import { planWith, type StepDraft } from "../../test/support/plan-with.ts";
import { ms } from "../../test/support/facts-of.ts";
import { stageFor } from "../../test/support/play.ts";
import { outlookOf, type Outlook } from "./outlook.ts";
import { indexOf } from "./plan-index.ts";
import { stateOf } from "./state.ts";

/** How a night that has not begun is expected to go, seen at its first instant; minutes from then. */
async function expected(
  drafts: Readonly<Record<string, StepDraft>>,
  phases: readonly { readonly id: string; readonly barrier?: boolean }[] = [],
): Promise<Outlook & { readonly minutes: object }> {
  const plan = planWith(drafts, { phases });
  const stage = await stageFor(plan);
  const now = stage.clock.now();
  const outlook = outlookOf(indexOf(plan), await stage.state(), now);
  return { ...outlook, minutes: Object.fromEntries([...outlook.steps].map(([id, { beginMs, endMs }]) => [id, [(beginMs - now) / 60_000, (endMs - now) / 60_000]])) };
}

describe("how the rest of a night is expected to go", () => {
  it("lets a step begin after all that it needs, and names what determines the end", async () => {
    const { minutes, path } = await expected({
      "a.long": { expectedMs: ms("40m") },
      "b.short": { expectedMs: ms("5m") },
      "c.last": { needs: ["a.long", "b.short"], expectedMs: ms("10m") },
    });

    expect(minutes).toEqual({ "a.long": [0, 40], "b.short": [0, 5], "c.last": [40, 50] });
    expect(path).toEqual(["a.long", "c.last"]);
  });

  it("waits for a step's own time and for the phases before a barrier", async () => {
    const { minutes } = await expected(
      { "a.early": { phase: "one", at: "2024-12-08T01:30:00.000Z", expectedMs: ms("10m") }, "b.behind": { phase: "two", expectedMs: ms("10m") } },
      [{ id: "one" }, { id: "two", barrier: true }],
    );

    expect(minutes).toEqual({ "a.early": [30, 40], "b.behind": [40, 50] });
  });

  it("counts targets batch after batch, with the pauses between", async () => {
    const { minutes } = await expected({
      "web.patch": { targets: ["A", "B", "C", "D"], rolling: { batches: [1, 2], maxFailures: 0, pauseMs: ms("5m") }, expectedMs: ms("10m") },
      "web.each": { targets: ["A", "B"], needs: [{ step: "web.patch", per: "target", as: "success" }], expectedMs: ms("10m") },
    });

    // A alone, B and C, D: three times ten minutes and two pauses. What follows target by target begins after the first of them.
    expect(minutes).toEqual({ "web.patch": [0, 40], "web.each": [10, 50] });
  });

  it("expects nothing any more of what an abort keeps from beginning, but of what closes", async () => {
    const decisions = [{ at: "2024-12-08T10:00:00.000Z", by: "Ada", decision: "abort" as const, mode: "finish" as const }];
    const { plan, state } = await decemberNight({ until: "2024-12-08T10:05:00.000Z", decisions });

    const { steps } = outlookOf(indexOf(plan), state, Date.parse(state.asOf));

    const waiting = state.steps.filter((step) => step.state === "waiting");
    expect(waiting.length).toBeGreaterThan(0);
    for (const { id } of waiting) expect([id, steps.has(id)]).toEqual([id, indexOf(plan).step(id).always]);
  });

  it("never lies before now, and is nothing once the night is over", async () => {
    const { plan, state, entries } = await decemberNight();
    const index = indexOf(plan);
    const from = Date.parse(plan.window.opensAt);
    const over = Date.parse(state.endedAt ?? "");

    for (let now = from; now < over; now += ms("37m")) {
      const facts = entries.filter(({ fact }) => Date.parse(fact.at) <= now);
      const outlook = outlookOf(index, stateOf(index, facts, now), now);
      for (const { beginMs, endMs } of outlook.steps.values()) expect(endMs).toBeGreaterThanOrEqual(Math.max(now, beginMs));
      expect(outlook.endsMs ?? 0).toBeGreaterThanOrEqual(now);
      // What is said on the way comes true within an hour: vendors here take about as long as they usually do.
      expect(Math.abs((outlook.endsMs ?? 0) - over)).toBeLessThan(ms("1h"));
    }
    expect(outlookOf(index, state, over)).toEqual({ steps: new Map(), path: [] });
  });
});
