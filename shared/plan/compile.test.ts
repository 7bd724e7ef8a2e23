import { describe, expect, it } from "vitest";
import { compiled, marked, planFrom, planOf } from "../../test/support/plan-text.ts";
import type { CompiledPlan, CompiledStep } from "./compiled.ts";
import { digestOf } from "./compiled.ts";

function stepOf(plan: CompiledPlan, id: string): CompiledStep {
  const step = plan.steps.find((each) => each.id === id);
  if (step === undefined) throw new Error(`no step ${id} among ${plan.steps.map((each) => each.id).join(", ")}`);
  return step;
}

const PATCH = "- { id: patch, at: Sat 20:00, action: patch.install, targets: apps";

describe("a compiled step", () => {
  it("has its instant, its grace, its patience and its line", () => {
    const plan = planFrom(
      planOf(
        "- { id: a, at: Sat 20:00, grace: 45m, action: web.check, targets: www, timeout: 20m, startWithin: 90s, poll: 5s, retry: { attempts: 2, delay: 1m, max: 2m }, expected: 3m }",
      ),
    );

    expect(stepOf(plan, "first.a")).toMatchObject({
      at: "2024-12-08T01:00:00.000Z",
      graceMs: 2_700_000,
      policy: { timeoutMs: 1_200_000, startWithinMs: 90_000, pollEveryMs: 5_000, attempts: 2, retryDelayMs: 60_000, maxRetryDelayMs: 120_000 },
      expectedMs: 180_000,
      line: 18,
    });
    expect(plan.window).toMatchObject({ id: "2024-12-08", opensAt: "2024-12-08T01:00:00.000Z", cutoff: "2024-12-08T17:00:00.000Z", channels: [{ name: "ops", id: "C1" }] });
  });

  it("has the inventory's entries for names, whatever their case, and for aliases", () => {
    const plan = planFrom(planOf("- { id: a, at: Sat 20:00, action: patch.group, targets: [APP1, Second App], with: { group: september } }"));

    expect(stepOf(plan, "first.a").targets).toEqual([
      expect.objectContaining({
        id: "app1",
        touches: ["server:app1"],
        params: expect.objectContaining({ group: expect.objectContaining({ server: expect.objectContaining({ vm: "wsus" }) }) }),
      }),
      expect.objectContaining({ id: "app2" }),
    ]);
  });

  it.each([
    ["apps", ["app1", "app2", "app3"]],
    ["app servers", ["app1", "app2", "app3"]],
    ["all", ["app1", "app2", "app3", "wsus"]],
    ["[app3, app1]", ["app3", "app1"]],
  ])("fans out over %s", (targets, expected) => {
    const plan = planFrom(planOf(`- { id: a, at: Sat 20:00, action: patch.install, targets: ${targets} }`));

    expect(stepOf(plan, "first.a").targets.map(({ id }) => id)).toEqual(expected);
  });

  it("does a target that is named twice once, and says so", () => {
    const text = planOf("- { id: a, at: Sat 20:00, action: patch.install, targets: [app1, ⟦apps] }");

    const { plan, lines } = compiled(text);

    expect(lines).toEqual([`${marked(text)}: warning duplicate-target: app1 is a target twice, here by \`apps\``]);
    expect(plan?.steps[0]?.targets).toHaveLength(3);
  });

  it("takes the fanned-out parameter from `with` as well", () => {
    const plan = planFrom(planOf("- { id: a, at: Sat 20:00, action: slack.notify, with: { channel: [ops, news], text: hello } }"));

    expect(stepOf(plan, "first.a").targets.map(({ id }) => id)).toEqual(["ops", "news"]);
  });

  it("is one target under its own id where it does not fan out", () => {
    const plan = planFrom(planOf("- { id: a, at: Sat 20:00, action: pipeline.run, with: { pipeline: Chores, stages: [Park-Jobs] } }"));

    expect(stepOf(plan, "first.a").targets.map(({ id }) => id)).toEqual(["first.a"]);
  });

  it("takes a team's members, or a first and a second, for owners, and the change's or window's where it has none", () => {
    const plan = planFrom(
      planOf(
        "- { id: a, at: Sat 20:00, action: web.check, targets: www, owner: Ops }\n- { id: b, needs: a, action: web.check, targets: www, owner: { first: Robert } }\n- { id: c, needs: a, action: web.check, targets: www }",
        { change: "owner: { first: Bob, second: Ann }" },
      ),
    );

    expect(["first.a", "first.b", "first.c", "look.www"].map((id) => stepOf(plan, id).owners.map(({ name }) => name))).toEqual([["Bob", "Ann"], ["Bob"], ["Bob", "Ann"], ["Ann"]]);
  });

  it("is approved by its owners or by those named", () => {
    const plan = planFrom(
      planOf("- { id: a, at: Sat 20:00, action: web.check, targets: www, approval: true }\n- { id: b, needs: a, action: web.check, targets: www, approval: [Bob] }"),
    );

    expect([stepOf(plan, "first.a"), stepOf(plan, "first.b")].map(({ approval }) => approval?.by.map(({ name }) => name))).toEqual([["Ann"], ["Bob"]]);
  });

  it("says what `leaves` and `onFailure` are: its own, its change's, or the house's", () => {
    const plan = planFrom(
      planOf(
        `${PATCH} }\n- { id: b, needs: patch, action: patch.install, targets: wsus, leaves: untouched, onFailure: ask }\n- { id: c, needs: b, action: web.check, targets: www }`,
        { change: "leaves: unsafe" },
      ),
    );

    expect(["first.patch", "first.b", "first.c"].map((id) => stepOf(plan, id)).map(({ leaves, onFailure }) => `${leaves} ${onFailure}`)).toEqual([
      "unsafe continue",
      "untouched ask",
      "untouched continue",
    ]);
  });

  it("expects a pipeline to take as long as its chosen stages", () => {
    const plan = planFrom(
      planOf(
        "- { id: a, at: Sat 20:00, action: pipeline.run, with: { pipeline: Web, environment: PRD, stages: [Production] } }\n- { id: b, needs: a, action: pipeline.run, with: { pipeline: Web, environment: PRD } }",
      ),
    );

    expect([stepOf(plan, "first.a").expectedMs, stepOf(plan, "first.b").expectedMs]).toEqual([20 * 60_000, 25 * 60_000]);
  });
});

describe("batches", () => {
  it.each([
    ["batch: 2", { batches: [2], maxFailures: 0, pauseMs: 0 }],
    ["batch: 50%", { batches: [1], maxFailures: 0, pauseMs: 0 }],
    ["batch: 5%", { batches: [1], maxFailures: 0, pauseMs: 0 }],
    ["batch: 100%", { batches: [3], maxFailures: 0, pauseMs: 0 }],
    ["batch: 7", { batches: [3], maxFailures: 0, pauseMs: 0 }],
    ["ramp: true", { batches: [1, 2, 3], maxFailures: 0, pauseMs: 0 }],
    ["ramp: true, batch: 2, maxFailures: 1, pause: 2m", { batches: [1, 2], maxFailures: 1, pauseMs: 120_000 }],
    ["maxFailures: 2", { batches: [3], maxFailures: 2, pauseMs: 0 }],
  ])("%s of three targets", (said, rolling) => {
    expect(stepOf(planFrom(planOf(`${PATCH}, ${said} }`)), "first.patch").rolling).toEqual(rolling);
  });

  it("are none where nothing is said", () => {
    expect(stepOf(planFrom(planOf(`${PATCH} }`)), "first.patch").rolling).toBeUndefined();
  });
});

describe("needs", () => {
  const STEPS = "- { id: a, at: Sat 20:00, action: web.check, targets: www }\n- { id: b, needs: a, action: web.check, targets: www }";

  it("of a step, within the change or with its name", () => {
    expect(stepOf(planFrom(planOf(`${STEPS}\n- { id: c, needs: [first.b, { step: a, as: end }], action: web.check, targets: www }`)), "first.c").needs).toEqual([
      { step: "first.b", per: "step", as: "success" },
      { step: "first.a", per: "step", as: "end" },
    ]);
  });

  it("of a change or a phase are needs of all its steps", () => {
    const text = planOf(STEPS).replace("targets: www\n", "targets: www\n            needs: first\n");

    const needs = stepOf(
      planFrom(planOf(STEPS).replace("            targets: www\n", "            targets: www\n            needs: [{ step: work, as: end }]\n")),
      "look.www",
    ).needs;

    expect(stepOf(planFrom(text), "look.www").needs.map(({ step }) => step)).toEqual(["first.a", "first.b"]);
    expect(needs).toEqual([
      { step: "first.a", per: "step", as: "end" },
      { step: "first.b", per: "step", as: "end" },
    ]);
  });

  it("of a change hold each of its steps, and `inOrder` chains them", () => {
    const plan = planFrom(
      planOf(STEPS).replace(
        "        title: Look at it\n        steps:\n",
        "        title: Look at it\n        needs: first.b\n        inOrder: true\n        steps:\n          - { id: before, action: web.check, targets: www }\n",
      ),
    );

    expect(stepOf(plan, "look.before").needs.map(({ step }) => step)).toEqual(["first.b"]);
    expect(stepOf(plan, "look.www").needs.map(({ step }) => step)).toEqual(["first.b", "look.before"]);
  });

  it("per target wait for the same target only", () => {
    const plan = planFrom(
      planOf(
        "- { id: a, at: Sat 20:00, action: patch.group, targets: apps, with: { group: September } }\n- { id: b, needs: { step: a, per: target }, action: patch.install, targets: [app2] }",
      ),
    );

    expect(stepOf(plan, "first.b").needs).toEqual([{ step: "first.a", per: "target", as: "success" }]);
  });
});

describe("conditions", () => {
  const STEP = (when: string) =>
    `- { id: a, at: Sat 20:00, action: web.check, targets: www, opens: { gate: open } }\n- { id: b, needs: a, action: web.check, targets: www, closes: gate, always: true, when: ${when} }`;

  it.each([
    ["values: { page: true }", "{ value: page }", undefined],
    ["values: { page: false }", "{ value: page }", { never: "page is false" }],
    ["values: { page: false }", "{ value: page, is: false }", undefined],
    ["values: { lane: blue }", "{ value: lane, is: green }", { never: "lane is blue" }],
    ["", "{ opened: gate }", { opened: "gate" }],
    ["", "{ succeeded: a }", { succeeded: "first.a" }],
  ])("%s with %s", (top, when, expected) => {
    expect(stepOf(planFrom(planOf(STEP(when), { top })), "first.b").when).toEqual(expected);
  });
});

describe("obligations", () => {
  it("carry the target's name where they are written with it", () => {
    const plan = planFrom(
      planOf(
        `${PATCH}, opens: { "out:{target}": "{target} is out" } }\n- { id: back, needs: { step: patch, as: end }, action: patch.install, targets: apps, always: true, closes: "out:{target}" }`,
      ),
    );

    expect(stepOf(plan, "first.patch").targets[1]).toMatchObject({ opens: [{ id: "out:app2", what: "app2 is out" }] });
    expect(stepOf(plan, "first.back").targets[1]).toMatchObject({ closes: ["out:app2"] });
  });

  describe("are closed after all that opens them, also where another step stands between", () => {
    const opener = (opens: string, targets = "apps") => `- { id: open, at: Sat 20:00, action: patch.install, targets: ${targets}, opens: { "${opens}": it is open } }`;
    const between = "- { id: work, needs: open, action: patch.install, targets: apps }";
    const closer = (closes: string, { needs = "{ step: work, as: end }", targets = "apps" } = {}) =>
      `- { id: close, needs: ${needs}, action: patch.install, targets: ${targets}, always: true, closes: "${closes}" }`;
    const waits = (...steps: string[]) => stepOf(planFrom(planOf(steps.join("\n"))), "first.close").needs;
    const work = { step: "first.work", per: "step", as: "end" };

    it("target by target where they are the same", () => {
      expect(waits(opener("out:{target}"), between, closer("out:{target}"))).toEqual([work, { step: "first.open", per: "target", as: "end" }]);
    });

    it("the whole step where one target opens what another closes", () => {
      expect(waits(opener("gate", "app1"), between, closer("gate", { targets: "app2" }))).toEqual([work, { step: "first.open", per: "step", as: "end" }]);
    });

    it("once, where the plan says it itself", () => {
      expect(waits(opener("out:{target}"), between, closer("out:{target}", { needs: "[{ step: work, as: end }, { step: open, as: end }]" }))).toHaveLength(2);
    });

    it("and not where it opens something else", () => {
      expect(waits(opener("gate", "app1"), between, closer("door", { targets: "app1" }))).toEqual([work]);
    });
  });

  it("of the action itself are the step's too", () => {
    expect(compiled(planOf("- { id: a, at: Sat 20:00, action: pool.drain, targets: app1, with: { pool: web } }")).lines.join()).toContain("no pool called `web`");
  });
});

describe("the tickets policy", () => {
  const TOP = "tickets: { start: It begins., link: The report, transition: Done, end: It is over. }";
  const text = planOf(`- { id: a, at: Sat 20:00, action: patch.install, targets: apps, needs: [] }\n- { id: b, needs: a, action: patch.install, targets: wsus }`, {
    top: TOP,
    change: "keys: [AB-1, AB-2]",
  });
  const plan = planFrom(text);

  it("makes steps of the change, with its keys as targets, which hold nothing up", () => {
    const made = plan.steps.filter(({ derived }) => derived === "tickets");

    expect(made.map(({ id, verb }) => `${id} ${verb}`).sort()).toEqual([
      "first.jira-end jira.comment",
      "first.jira-link jira.link",
      "first.jira-start jira.comment",
      "first.jira-transition jira.transition",
    ]);
    for (const { targets, onFailure, leaves } of made) expect([targets.map(({ id }) => id), onFailure, leaves]).toEqual([["AB-1", "AB-2"], "continue", "untouched"]);
    expect(plan.steps.filter(({ derived }) => derived === undefined).flatMap(({ needs }) => needs.map(({ step }) => step))).toEqual(["first.a"]);
  });

  it("begins with the change, and ends with the end of all of it", () => {
    expect(stepOf(plan, "first.jira-start")).toMatchObject({ at: "2024-12-08T01:00:00.000Z", needs: [], always: false });
    expect(stepOf(plan, "first.jira-transition").needs).toEqual([
      { step: "first.a", per: "step", as: "success" },
      { step: "first.b", per: "step", as: "success" },
    ]);
    expect(stepOf(plan, "first.jira-end").always).toBe(true);
    expect(stepOf(plan, "first.jira-end").needs.map(({ step, as }) => `${step} ${as}`)).toEqual([
      "first.a end",
      "first.b end",
      "first.jira-start end",
      "first.jira-link end",
      "first.jira-transition end",
    ]);
  });

  it("waits for the whole of a step that the change's first step needs target by target", () => {
    const steps = "- { id: b, needs: { step: first.patch, per: target }, action: patch.install, targets: app1 }";
    const two = planOf(`${PATCH} }`, { top: TOP }).replace("title: Look at it\n        steps:\n", `title: Look at it\n        keys: AB-3\n        steps:\n          ${steps}\n`);

    expect(stepOf(planFrom(two), "look.jira-start").needs).toEqual([{ step: "first.patch", per: "step", as: "end" }]);
  });

  it("says nothing for a change without keys", () => {
    expect(plan.changes.find(({ id }) => id === "look")?.steps).toEqual([{ id: "look.www" }]);
  });
});

it("is the same for the same text, and has the digest of all of it", () => {
  const text = planOf(`${PATCH}, batch: 2 }`);

  const [one, two] = [planFrom(text), planFrom(text)];
  const { digest, ...rest } = one;

  expect(JSON.stringify(one)).toBe(JSON.stringify(two));
  expect(digest).toBe(digestOf(rest));
  expect(planFrom(planOf(`${PATCH}, batch: 3 }`)).digest).not.toBe(digest);
  expect(JSON.parse(JSON.stringify(one))).toEqual(one);
});

it("does not change with comments, blank lines or the order of a step's fields, but for the lines it names", () => {
  const lineless = ({ steps, ...plan }: CompiledPlan) => ({ ...plan, digest: "", steps: steps.map(({ line: _line, ...step }) => step) });

  const plan = planFrom(planOf("- { id: a, at: Sat 20:00, action: web.check, targets: www }"));
  const other = planFrom(`# a comment\n\n${planOf("- { action: web.check, targets: www, at: Sat 20:00, id: a } # another")}`);

  expect(lineless(other)).toEqual(lineless(plan));
});

/** A plan of many steps in a net of needs, in changes of 250. */
function largePlan(count: number): string {
  const id = (n: number) => `change-${Math.floor(n / 250)}.s${n}`;
  const step = (n: number) => {
    const needs = [n - 1, n - 10, n - 100].filter((other) => other >= 0).map(id);
    return `          - { id: s${n}, ${n === 0 ? "at: Sat 20:00, " : ""}needs: [${needs.join(", ")}], action: patch.install, targets: [app${(n % 3) + 1}] }`;
  };
  const changes = Array.from({ length: Math.ceil(count / 250) }, (_, change) => {
    const steps = Array.from({ length: Math.min(250, count - change * 250) }, (_each, n) => step(change * 250 + n));
    return `      - id: change-${change}\n        title: Change ${change}\n        steps:\n${steps.join("\n")}\n`;
  });
  return planOf("- { id: a, at: Sat 20:00, action: web.check, targets: www }").replace("  - id: after\n", `${changes.join("")}  - id: after\n`);
}

it("does work for a thousand steps in proportion to their number", () => {
  const workFor = (count: number): number => {
    let looks = 0;
    const { plan } = compiled(largePlan(count), {
      watch: () => {
        looks++;
      },
    });
    expect(plan?.steps).toHaveLength(count + 2);
    return looks;
  };

  const [half, whole] = [workFor(500), workFor(1_000)];

  expect(whole).toBeLessThan(2.1 * half);
});
