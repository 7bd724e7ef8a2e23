import { describe, expect, it } from "vitest";
import { compiled, marked, planOf } from "../../test/support/plan-text.ts";

const PARK = "- { id: park, at: Sat 20:00, action: pipeline.run, with: { pipeline: Chores, stages: [park] }";

describe("what is legal but suspicious is a warning at its place", () => {
  it.each([
    ["an opening without a closing", planOf(`${PARK}, ⟦opens: { parked: the jobs are parked } }`), "never-closed", "opens `parked`, and nothing in the plan closes it"],
    ["a closing without an opening", planOf(`${PARK}, ⟦closes: parked, always: true }`), "closes-nothing", "closes `parked`, which nothing in the plan opens"],
    [
      "a closing that an abort would skip",
      planOf(`${PARK}, opens: { parked: parked } }\n- { id: back, needs: park, action: pipeline.run, with: { pipeline: Chores, stages: [start] }, ⟦closes: parked }`),
      "closing-may-be-skipped",
      "would not run after an abort",
    ],
    [
      "a user before its prework",
      planOf(`${PARK} }\n- { id: use, at: ⟦Sat 19:00, needs: park, action: web.check, targets: www }`),
      "before-its-need",
      "first.use may begin Sat 19:00 but needs first.park, which begins Sat 20:00",
    ],
    [
      "a user whose grace is over before its prework",
      planOf(`${PARK} }\n- { id: use, at: ⟦Sat 19:00, grace: 30m, needs: park, action: web.check, targets: www }`),
      "before-its-need",
      "its grace is over by then",
    ],
    [
      "patching beside the change of group",
      planOf(
        "- { id: group, at: Sat 20:00, action: patch.group, targets: app1, with: { group: September } }\n- ⟦{ id: patch, at: Sat 20:00, action: patch.install, targets: apps }",
      ),
      "unordered",
      "first.group and first.patch both change server:app1",
    ],
    [
      "a branch that may move",
      planOf("- { id: a, at: Sat 20:00, action: pipeline.run, with: { pipeline: Web, ref: ⟦{ branch: fix }, environment: PRD } }"),
      "mutable-branch",
      "branch fix may move",
    ],
    [
      "a step that nothing holds",
      planOf(`${PARK} }\n- ⟦{ id: loose, action: person.do, with: { who: Ann, what: x } }`),
      "nothing-holds-it",
      "it would begin as the window opens, Sat 20:00",
    ],
    [
      "a night that is too long",
      planOf(`${PARK}, expected: 17h }\n- ⟦{ id: late, needs: park, action: web.check, targets: www }`),
      "past-cutoff",
      "first.late is expected to begin Sun 13:00, after the cutoff Sun 12:00, and 1 more after it",
    ],
    [
      "an irreversible step that would end too late",
      planOf("- ⟦{ id: a, at: Sun 11:00, action: host.run, targets: app1, with: { script: forever }, irreversible: true, approval: true, expected: 90m }"),
      "irreversible-past-cutoff",
      "cannot be taken back and is expected to end Sun 12:30",
    ],
    [
      "no look at the site afterwards",
      planOf(`${PARK} }`)
        .replace("phases:\n  - id: work", "phases:\n  ⟦- id: work")
        .replace("action: web.check\n            targets: www", "action: person.do\n            with: { who: Ann, what: look }"),
      "no-smoke-test",
      "no step looks at the site",
    ],
    [
      "a key at two changes",
      planOf(`${PARK} }`, { change: "keys: [AB-1]" })
        .replace("phases:\n  - id: work", "phases:\n  ⟦- id: work")
        .replace("title: Look at it", "title: Look at it\n        keys: AB-1"),
      "key-twice",
      "AB-1 stands at two changes, first and look",
    ],
    ["batches of one target", planOf("- { id: a, at: Sat 20:00, action: patch.install, targets: app1, ⟦batch: 2 }"), "no-batches", "the step has one target"],
    ["a grace that counts from nothing", planOf(`${PARK} }\n- { id: b, needs: park, ⟦grace: 5m, action: web.check, targets: www }`), "grace-without-at", "counts from `at`"],
    ["a value that nobody asks for", planOf(`${PARK} }`, { top: "values: { ⟦page: true }" }), "unused-value", "no step asks for `page`"],
    ["`first` where it says nothing", planOf("- { id: a, at: ⟦Sat 20:00 first, action: web.check, targets: www }"), "time-exists-once", "exists once"],
  ])("%s", (_what, text, code, message) => {
    const { plan, lines } = compiled(text);

    expect(lines.filter((line) => line.includes(` ${code}: `))).toEqual([expect.stringContaining(message)]);
    expect(lines.find((line) => line.includes(` ${code}: `))).toMatch(new RegExp(`^${marked(text).replaceAll(".", "\\.")}: warning `));
    expect(plan).toBeDefined();
  });
});

describe("what is in order is not warned about", () => {
  it.each([
    [
      "an opening that is closed in any case",
      planOf(`${PARK}, opens: { parked: parked } }`).replace("            targets: www\n", "            targets: www\n            closes: parked\n            always: true\n"),
    ],
    [
      "patching after the change of group",
      planOf(
        "- { id: group, at: Sat 20:00, action: patch.group, targets: app1, with: { group: September } }\n- { id: patch, needs: { step: group, per: target }, action: patch.install, targets: app1 }",
      ),
    ],
    [
      "two times of the clock for one server",
      planOf("- { id: a, at: Sat 20:00, action: patch.install, targets: app1 }\n- { id: b, at: Sun 04:00, action: patch.install, targets: app1 }"),
    ],
    ["a branch at a commit", planOf("- { id: a, at: Sat 20:00, action: pipeline.run, with: { pipeline: Web, ref: { branch: fix, commit: abc }, environment: PRD } }")],
  ])("%s", (_what, text) => {
    expect(compiled(text).lines).toEqual([]);
  });
});
