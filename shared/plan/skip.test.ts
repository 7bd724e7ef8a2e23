import { describe, expect, it } from "vitest";
import { planFrom, planOf } from "../../test/support/plan-text.ts";

const TOP = "tickets: { start: It begins, end: It is over, transition: Done }";

function whens(steps: string): Readonly<Record<string, unknown>> {
  const plan = planFrom(planOf(steps, { top: TOP, change: "keys: [WEB-1]" }));
  return Object.fromEntries(plan.steps.filter(({ change }) => change === "first").map(({ id, when }) => [id, when]));
}

describe("a step that the plan leaves out", () => {
  it("never runs, whatever its condition says, and keeps its change from being moved to «done»", () => {
    const steps = "- { id: a, at: Sat 20:00, action: web.check, targets: www }\n- { id: b, needs: a, action: web.check, targets: www, when: { succeeded: a }, skip: not tonight }";

    expect(whens(steps)).toEqual({
      "first.jira-start": undefined,
      "first.a": undefined,
      "first.b": { never: "not tonight" },
      "first.jira-transition": { never: "first.b is left out: not tonight" },
      "first.jira-end": undefined,
    });
  });

  it("and nothing says that a change begins of which all is left out", () => {
    expect(whens("- { id: a, at: Sat 20:00, action: web.check, targets: www, skip: not tonight }")).toMatchObject({
      "first.jira-start": { never: "first.a is left out: not tonight" },
      "first.a": { never: "not tonight" },
    });
  });
});
