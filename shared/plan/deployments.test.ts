import { describe, expect, it } from "vitest";
import { compiled, marked, planFrom, planOf } from "../../test/support/plan-text.ts";

/** One change that deploys, and a second one with a deployment of its own. */
function twice(first: string, second: string, extra = ""): string {
  return planOf(`- { id: deploy, at: Sat 20:00, action: pipeline.run${first} }`).replace(
    "  - id: after\n",
    `      - id: second\n        title: Second change\n        steps:\n          - { id: deploy, ${extra}⟦action: pipeline.run${second} }\n          - { id: then, needs: deploy, action: web.check, targets: www }\n  - id: after\n`,
  );
}

const SAME = ", with: { pipeline: Web, ref: { tag: v1 }, environment: PRD, stages: [prd, extra] }";

describe("the same deployment in two changes", () => {
  it.each([
    ["word for word", SAME],
    ["with its stages in another order, one by its title", ", with: { pipeline: web, ref: { tag: v1 }, environment: PRD, stages: [extra, Production] }"],
  ])("%s runs once and counts for both", (_how, second) => {
    const text = twice(SAME, second);

    const { plan, lines } = compiled(text);

    expect(lines).toEqual([
      `${marked(text)}: info done-above: done by first.deploy, which deploys Web at tag v1 to PRD (stages extra, prd); it runs once and counts for second too`,
    ]);
    expect(plan?.steps.map(({ id }) => id)).toEqual(["first.deploy", "second.then", "look.www"]);
    expect(plan?.changes.find(({ id }) => id === "second")?.steps).toEqual([{ id: "second.deploy", servedBy: "first.deploy" }, { id: "second.then" }]);
    expect(plan?.steps.find(({ id }) => id === "second.then")?.needs).toEqual([{ step: "first.deploy", per: "step", as: "success" }]);
  });

  it("runs once for the same stacks, however they are named", () => {
    const plan = planFrom(
      twice(", targets: stacks, with: { pipeline: Web, environment: PRD, ref: { tag: v1 } }", ", targets: [two, one], with: { pipeline: Web, ref: { tag: v1 } }"),
    );

    expect(plan.steps.filter(({ verb }) => verb === "pipeline.run")).toHaveLength(1);
  });

  it.each([
    ["another tag", ", with: { pipeline: Web, ref: { tag: v2 }, environment: PRD, stages: [prd, extra] }"],
    ["other stages", ", with: { pipeline: Web, ref: { tag: v1 }, environment: PRD, stages: [prd] }"],
    ["other parameters", ", with: { pipeline: Web, ref: { tag: v1 }, environment: PRD, stages: [prd, extra], parameters: { lane: blue } }"],
    ["a branch of the tag's name", ", with: { pipeline: Web, ref: { commit: v1 }, environment: PRD, stages: [prd, extra] }"],
  ])("with %s is asked about, and both run", (_what, second) => {
    const text = twice(SAME, second);

    const { plan, lines } = compiled(text);

    expect(lines.filter((line) => line.includes("deployment-differs"))).toEqual([
      expect.stringMatching(/^plan\.yaml:\d+:\d+: warning deployment-differs: second\.deploy deploys Web .*, and first\.deploy deploys Web .*: is that meant\?$/),
    ]);
    expect(lines.join()).toContain(marked(text));
    expect(plan?.steps.filter(({ verb }) => verb === "pipeline.run")).toHaveLength(2);
  });

  it.each([
    ["another environment", ", with: { pipeline: Web, ref: { tag: v1 }, environment: XAT }"],
    ["another pipeline", ", with: { pipeline: Chores, ref: { tag: v1 } }"],
  ])("is another deployment with %s", (_what, second) => {
    const { plan, lines } = compiled(twice(SAME, second));

    expect(lines.join()).not.toContain("deployment-differs");
    expect(plan?.steps.filter(({ verb }) => verb === "pipeline.run")).toHaveLength(2);
  });

  it("is an error when the second one has an order of its own, which merging would lose", () => {
    const text = twice(SAME, SAME, "needs: first.deploy, ");

    expect(compiled(text).lines).toEqual([`${marked(text)}: error same-deployment-twice: this is the deployment that first.deploy does, but it has \`needs\` of its own`]);
  });
});

it("takes two runs of one pipeline within a change as meant", () => {
  const { lines } = compiled(
    planOf(
      "- { id: destroy, at: Sat 20:00, action: pipeline.run, targets: one, irreversible: true, approval: true, with: { pipeline: Web, ref: { tag: v1 }, mode: destroy } }\n- { id: deploy, needs: destroy, action: pipeline.run, targets: stacks, with: { pipeline: Web, ref: { tag: v2 } } }",
    ),
  );

  expect(lines).toEqual([]);
});

it("takes the stages of a pipeline without environments as different work", () => {
  expect(compiled(twice(", with: { pipeline: Chores, stages: [park] }", ", with: { pipeline: Chores, stages: [start] }", "needs: first.deploy, ")).lines).toEqual([]);
});

it("follows `sameAs` to the step that does the work", () => {
  const plan = planFrom(
    planOf(
      "- { id: a, at: Sat 20:00, action: web.check, targets: www }\n- { id: b, sameAs: first.a, notes: done above }\n- { id: c, sameAs: b }\n- { id: d, needs: c, action: web.check, targets: www }",
    ),
  );

  expect(plan.changes[0]?.steps).toEqual([{ id: "first.a" }, { id: "first.b", servedBy: "first.a" }, { id: "first.c", servedBy: "first.a" }, { id: "first.d" }]);
  expect(plan.steps.find(({ id }) => id === "first.d")?.needs.map(({ step }) => step)).toEqual(["first.a"]);
});
