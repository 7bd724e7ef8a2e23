import { describe, expect, it } from "vitest";
import { sketchedRegistry } from "../../test/support/plan-registry.ts";
import { compiled, marked, planOf } from "../../test/support/plan-text.ts";

/** The window of a plan with some of its lines changed. */
function window(changes: Readonly<Record<string, string>>): string {
  const lines = { title: "A window", date: "2024-12-08", zone: "America/New_York", cutoff: "Sun 12:00", channels: "[ops]", owners: "[Ann]", ...changes };
  return Object.entries(lines)
    .map(([key, value]) => `${key}: ${value}`)
    .join("\n");
}

const STEP = "- { id: a, at: Sat 20:00, action: web.check, targets: www }";

/** Each: what is wrong, the plan with a mark where it is, the finding's code, and what the message has to hold. */
const MISTAKES: readonly (readonly [string, string, string, string])[] = [
  // Shape
  ["a field with a typo", planOf("- { id: a, at: Sat 20:00, action: web.check, targets: www, ⟦tmeout: 5m }"), "unknown-field", "`tmeout` is no field of"],
  ["a missing id", planOf("- ⟦{ at: Sat 20:00, action: web.check, targets: www }"), "missing", "lacks `id`"],
  ["a missing action", planOf("- ⟦{ id: a, at: Sat 20:00 }"), "missing", "first.a lacks `action`"],
  ["a number for a duration", planOf("- { id: a, at: Sat 20:00, action: web.check, targets: www, timeout: ⟦45 }"), "wrong-type", "is the number 45; expected text"],
  ["a duration that is none", planOf("- { id: a, at: Sat 20:00, action: web.check, targets: www, grace: ⟦soon }"), "bad-value", 'is "soon"; expected a duration such as 90s'],
  ["a list of steps that is a map", planOf("⟦a: 1"), "wrong-type", "steps is a map; expected a list"],
  ["a change without steps", planOf("").replace("steps:\n", "steps: ⟦[]\n"), "bad-value", "at least one step"],
  ["an empty value", planOf("- { id: a, at: Sat 20:00, action: web.check, targets: ⟦ }".replace("⟦ }", "⟦~ }")), "wrong-type", "is empty"],
  [
    "a word that is none of the choices",
    planOf("- { id: a, at: Sat 20:00, action: web.check, targets: www, onFailure: ⟦panic }"),
    "bad-value",
    "expected `stop` or `continue` or `ask`",
  ],
  ["another version of the language", planOf(STEP).replace("plan: 1", "plan: ⟦2"), "bad-value", "plan is the number 2; expected `1`"],
  ["a bad id", planOf("- { id: ⟦A Step, at: Sat 20:00, action: web.check, targets: www }"), "bad-value", "lower-case letters"],
  ["a Jira key that is none", planOf(STEP, { change: "keys: [⟦infra 655]" }), "bad-value", "a Jira key such as INFRA-655"],
  [
    "a bad field inside of a need",
    planOf("- { id: a, at: Sat 20:00, action: web.check, targets: www, needs: { step: b, ⟦for: success } }"),
    "unknown-field",
    "`for` is no field of",
  ],
  // Ids
  ["a step id twice in a change", planOf(`${STEP}\n- { id: ⟦a, at: Sat 20:00, action: web.check, targets: www }`), "duplicate-id", "is the id of a step in line"],
  ["a change id twice", planOf(STEP).replace("- id: look", "- id: ⟦first"), "duplicate-id", "`first` is the id of a change in line"],
  ["a change called like a phase", planOf(STEP).replace("- id: look", "- id: ⟦work"), "duplicate-id", "`work` is the id of a phase in line"],
  [
    "a step called like one of the tickets policy",
    planOf("- { id: ⟦jira-start, at: Sat 20:00, action: web.check, targets: www }", { top: "tickets: { start: begun }", change: "keys: [AB-1]" }),
    "duplicate-id",
    "the tickets policy makes",
  ],
  // Names
  ["an unknown server", planOf("- { id: a, at: Sat 20:00, action: patch.install, targets: ⟦app9 }"), "unknown-name", "the inventory has no server called `app9`"],
  ["one unknown of several", planOf("- { id: a, at: Sat 20:00, action: patch.install, targets: [app1, ⟦ap2] }"), "unknown-name", "no server called `ap2`"],
  ["an unknown pipeline", planOf("- { id: a, at: Sat 20:00, action: pipeline.run, with: { pipeline: ⟦Wep } }"), "unknown-name", "no pipeline called `Wep`"],
  ["an unknown team or person", planOf("- { id: a, at: Sat 20:00, action: person.do, with: { who: ⟦Cleo, what: x } }"), "bad-value", ""],
  ["an unknown owner", planOf(STEP, { change: "owner: { first: Ann, second: ⟦Bop }" }), "unknown-name", "no person or team called `Bop`"],
  ["an owner of the window who is unknown", planOf(STEP, { window: window({ owners: "[Ann, ⟦Zed]" }) }), "unknown-name", "no person or team called `Zed`"],
  ["a team without members as owner", planOf(STEP, { change: "owner: ⟦Nobody" }), "nobody", "has no members"],
  ["an unknown channel of the window", planOf(STEP, { window: window({ channels: "[⟦opps]" }) }), "unknown-name", "no channel called `opps`"],
  ["an approver who is unknown", planOf("- { id: a, at: Sat 20:00, action: web.check, targets: www, approval: [⟦Zed] }"), "unknown-name", "no person or team called `Zed`"],
  [
    "a stage that the pipeline has not",
    planOf("- { id: a, at: Sat 20:00, action: pipeline.run, with: { pipeline: Web, stages: [prd, ⟦prod] } }"),
    "unknown-stage",
    "Web has no stage `prod`",
  ],
  [
    "an environment that the pipeline has not",
    planOf("- { id: a, at: Sat 20:00, action: pipeline.run, with: { pipeline: Web, environment: ⟦PDR } }"),
    "unknown-environment",
    "no stage of environment `PDR`",
  ],
  // Actions
  ["an unknown action", planOf("- { id: a, at: Sat 20:00, action: ⟦pipline.run }"), "unknown-action", "there is no action `pipline.run`"],
  ["a parameter that the action has not", planOf("- { id: a, at: Sat 20:00, action: web.check, targets: www, with: { ⟦thru: origin } }"), "unknown-field", "`thru` is no field of"],
  ["a parameter that is missing", planOf("- { id: a, at: Sat 20:00, action: slack.notify, targets: ops, with: ⟦{} }"), "missing", "lacks `text`"],
  ["a parameter of another type", planOf("- { id: a, at: Sat 20:00, action: slack.notify, targets: ops, with: { text: ⟦[x] } }"), "wrong-type", "is a list; expected text"],
  [
    "targets of an action that has none",
    planOf("- { id: a, at: Sat 20:00, action: person.do, ⟦targets: ops, with: { who: Ann, what: x } }"),
    "no-fan-out",
    "person.do has no targets",
  ],
  ["targets said twice", planOf("- { id: a, at: Sat 20:00, action: web.check, ⟦targets: www, with: { site: www } }"), "targets-twice", "say the same thing"],
  // Needs
  ["an unknown need", planOf("- { id: a, at: Sat 20:00, action: web.check, targets: www, needs: ⟦lok }"), "unknown-step", "no step, change or phase called `lok`"],
  ["an unknown need among several", planOf("- { id: a, at: Sat 20:00, action: web.check, targets: www, needs: [{ step: ⟦nope }] }"), "unknown-step", "called `nope`"],
  ["a need of itself", planOf("- { id: a, at: Sat 20:00, action: web.check, targets: www, ⟦needs: a }"), "cycle", "first.a → first.a"],
  [
    "a circle",
    planOf(
      "- { id: a, at: Sat 20:00, action: web.check, targets: www, ⟦needs: c }\n- { id: b, action: web.check, targets: www, needs: a }\n- { id: c, action: web.check, targets: www, needs: b }",
    ),
    "cycle",
    "first.a → first.c → first.b → first.a",
  ],
  [
    "a circle through a phase's barrier",
    planOf("- { id: a, at: Sat 20:00, action: web.check, targets: www, ⟦needs: look.www }"),
    "cycle",
    "first.a → look.www → the beginning of phase after → the end of phase work → first.a",
  ],
  ["a change that needs itself", planOf(STEP, { change: "needs: ⟦first" }), "cycle", "first needs `first`, which is a part of itself"],
  [
    "a need per target that has other targets",
    planOf(
      "- { id: a, at: Sat 20:00, action: patch.group, targets: app1, with: { group: September } }\n- { id: b, action: patch.install, targets: apps, needs: ⟦{ step: a, per: target } }".replace(
        "⟦{ step: a",
        "{ step: ⟦a",
      ),
    ),
    "no-such-target",
    "first.a has no target app2, app3",
  ],
  // Times
  [
    "a time that does not exist",
    planOf("- { id: a, at: ⟦Sun 02:30, action: web.check, targets: www }", { window: window({ date: "2025-03-09" }) }),
    "time-gap",
    "02:30 on 2025-03-09 does not exist",
  ],
  [
    "a time that exists twice",
    planOf("- { id: a, at: ⟦Sun 01:30, action: web.check, targets: www }", { window: window({ date: "2024-11-03" }) }),
    "time-overlap",
    "01:30 on 2024-11-03 exists twice",
  ],
  ["a cutoff that exists twice", planOf(STEP, { window: window({ date: "2024-11-03", cutoff: "⟦Sun 01:15" }) }), "time-overlap", "01:15 on 2024-11-03 exists twice"],
  ["a time that is none", planOf("- { id: a, at: ⟦Saturday 8 PM, action: web.check, targets: www }"), "bad-time", "`Saturday 8 PM` is no time"],
  ["an offset that is wrong then", planOf("- { id: a, at: ⟦Sat 20:00 -04:00, action: web.check, targets: www }"), "wrong-offset", "stand at -05:00"],
  ["a step after the cutoff", planOf("- { id: a, at: ⟦Sun 12:01, action: web.check, targets: www }"), "after-cutoff", "it would never begin"],
  ["a step months away", planOf("- { id: a, at: ⟦2024-10-05 20:00, action: web.check, targets: www }"), "far-from-window", "more than 120h from the cutoff Sun 12:00"],
  ["a window on a Saturday", planOf(STEP, { window: window({ date: "⟦2024-12-07" }) }), "bad-date", "2024-12-07 is no Sunday"],
  ["a day that the calendar has not", planOf(STEP, { window: window({ date: "⟦2024-02-30" }) }), "bad-date", "no day of the calendar"],
  ["a zone that is an offset's name", planOf(STEP, { window: window({ zone: "⟦EST" }) }), "bad-zone", "`EST` is no IANA time zone"],
  [
    "no beginning at all",
    planOf("- { id: a, action: web.check, targets: www }").replace("phases:\n  - id", "phases:\n  ⟦- id"),
    "no-beginning",
    "nothing says when the window begins",
  ],
  // Policies
  ["a timeout over the limit", planOf("- { id: a, at: Sat 20:00, action: web.check, targets: www, timeout: ⟦19h }"), "over-limit", "`timeout` is 19h; the limit is 18h"],
  [
    "more attempts than the limit",
    planOf("- { id: a, at: Sat 20:00, action: web.check, targets: www, retry: { attempts: ⟦21 } }"),
    "over-limit",
    "`retry.attempts` is 21; the limit is 20",
  ],
  ["no patience at all", planOf("- { id: a, at: Sat 20:00, action: web.check, targets: www, timeout: ⟦0s }"), "bad-value", "expected more than nothing"],
  ["a batch that is no share", planOf("- { id: a, at: Sat 20:00, action: patch.install, targets: apps, batch: ⟦200% }"), "bad-value", "a percentage such as 25%"],
  // Irreversible
  [
    "a destroy that does not say so",
    planOf("- { id: a, at: Sat 20:00, ⟦action: pipeline.run, targets: one, with: { pipeline: Web, mode: destroy } }"),
    "irreversible-unsaid",
    "cannot be taken back, and the plan does not say so",
  ],
  [
    "an irreversible script that does not say so",
    planOf("- { id: a, at: Sat 20:00, ⟦action: host.run, targets: app1, with: { script: forever } }"),
    "irreversible-unsaid",
    "cannot be taken back",
  ],
  [
    "an irreversible step that nobody approves",
    planOf("- { id: a, at: Sat 20:00, action: host.run, ⟦irreversible: true, targets: app1, with: { script: forever } }"),
    "irreversible-unapproved",
    "nobody has to approve it",
  ],
  // Conditions and obligations
  ["a condition on an unknown value", planOf("- { id: a, at: Sat 20:00, action: web.check, targets: www, when: { value: ⟦moon } }"), "unknown-value", "`values` has no `moon`"],
  [
    "a condition on what nobody opens",
    planOf("- { id: a, at: Sat 20:00, action: web.check, targets: www, when: { opened: ⟦gate } }"),
    "unknown-obligation",
    "no step opens `gate`",
  ],
  [
    "a condition on a step that is none",
    planOf("- { id: a, at: Sat 20:00, action: web.check, targets: www, when: { succeeded: ⟦zero } }"),
    "unknown-step",
    "`zero` is no single step",
  ],
  [
    "one obligation for several targets",
    planOf("- { id: a, at: Sat 20:00, action: patch.install, targets: apps, opens: { ⟦gate: open } }"),
    "obligation-per-target",
    "the same for all 3 targets",
  ],
  // The same work
  ["a same step that is none", planOf(`${STEP}\n- { id: b, sameAs: ⟦c }`), "unknown-step", "no step called `c`"],
  ["a same step that is a change", planOf(`${STEP}\n- { id: b, sameAs: ⟦look }`), "unknown-step", "`look` is no single step"],
  ["a same step with work of its own", planOf(`${STEP}\n- { id: b, sameAs: a, ⟦timeout: 5m }`), "same-as-and-more", "`timeout` says nothing here"],
  [
    "two steps that are each the same as the other",
    planOf(`- { id: a, sameAs: ⟦b }\n- { id: b, sameAs: a }\n- { id: c, at: Sat 20:00, action: web.check, targets: www }`),
    "cycle",
    "nobody does the work",
  ],
];

describe("a mistake is found where it is", () => {
  it.each(MISTAKES.filter(([what]) => what !== "an unknown team or person"))("%s", (_what, text, code, message) => {
    const { plan, lines } = compiled(text);

    expect(lines.filter((line) => line.startsWith(`${marked(text)}: error ${code}: `))).toEqual([expect.stringContaining(message)]);
    expect(plan).toBeUndefined();
  });

  it("a name that may be of two kinds and is of neither", () => {
    const text = planOf("- { id: a, at: Sat 20:00, action: person.do, with: { who: ⟦Cleo, what: x } }");

    expect(compiled(text).lines).toEqual([`${marked(text)}: error unknown-name: the inventory has no team or person called \`Cleo\``]);
  });
});

describe("one mistake", () => {
  // The tests above look for their own finding; these that nothing follows from it that is none.
  const ALONE = MISTAKES.filter(
    ([, , code]) => !["missing", "wrong-type", "unknown-field", "bad-value", "cycle", "unknown-name", "no-beginning", "bad-zone", "bad-date", "time-overlap"].includes(code),
  );

  it.each(ALONE)("hides nothing and makes no others up: %s", (_what, text) => {
    expect(compiled(text).findings.filter(({ severity }) => severity === "error")).toHaveLength(1);
  });
});

describe("hints", () => {
  it.each([
    ["- { id: a, at: Sat 20:00, action: pipline.run }", "did you mean `pipeline.run`?"],
    ["- { id: a, at: Sat 20:00, action: patch.install, targets: apps1 }", "did you mean `app1` or `apps` or `app2`?"],
    ["- { id: a, at: Sat 20:00, action: web.check, targets: www, needz: b }", "did you mean `needs`?"],
    ["- { id: a, at: Sat 20:00, action: web.check, targets: www, needs: lok }", "did you mean `look` or `work`?"],
    ["- { id: a, at: Sat 20:00, action: pipeline.run, with: { pipeline: Web, stages: [produktion] } }", "did you mean `Production`?"],
    ["- { id: a, at: Sat 20:00, action: web.check, targets: www, grace: 1 hour }", "grace: How late it may still begin"],
  ])("of %s", (step, hint) => {
    expect(compiled(planOf(step)).findings.map((finding) => finding.hint ?? "")).toEqual(expect.arrayContaining([expect.stringContaining(hint)]));
  });
});

it("says everything at once, in the order of the text", () => {
  const text = planOf(
    `- { id: a, at: Sun 02:30, action: pipline.run, tmeout: 5m }
- { id: a, action: patch.install, targets: [app9, app8] }
- { id: c, needs: nobody, action: web.check, targets: www, timeout: 99h }`,
    { window: window({ date: "2025-03-09", owners: "[Zed]" }) },
  );

  const { findings } = compiled(text);

  expect(findings.map(({ code }) => code)).toEqual(["unknown-name", "time-gap", "unknown-action", "unknown-field", "duplicate-id", "unknown-step", "over-limit"]);
  const places = findings.map(({ line, column }) => line * 1_000 + column);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});

describe("an action that is not built yet", () => {
  const registry = sketchedRegistry(["patch.install"]);
  const text = planOf("- { id: a, at: Sat 20:00, action: ⟦patch.install, targets: apps }");

  it("is a warning, and no plan comes out", () => {
    const { plan, lines } = compiled(text, { registry });

    expect(lines).toEqual([expect.stringContaining(`${marked(text)}: warning action-not-built: no action does \`patch.install\` yet`)]);
    expect(plan).toBeUndefined();
  });

  it("leaves a plan to look at when asked, with its targets by name", () => {
    const { plan } = compiled(text, { registry, allowMissing: true });

    expect(plan?.steps[0]?.targets.map(({ id }) => id)).toEqual(["app1", "app2", "app3"]);
  });
});

describe("whatever is fed to it", () => {
  it.each([
    "",
    "\n",
    "~",
    "[]",
    "plan",
    "42",
    "plan: 1",
    "phases: {}",
    "plan: 1\nphases: [1, ~, [], {}]\n",
    "plan: 1\nwindow: []\nphases:\n  - changes:\n      - steps: [~, 1, {id: 1}]\n      - 7\n",
    "\u0000",
    "{",
    "- - - -",
    "%YAML 9.9\n---\na",
    "?",
    "plan: &a [*a]",
  ])("%j becomes findings and never a crash", (text) => {
    const { plan, findings } = compiled(text);

    expect(plan).toBeUndefined();
    expect(findings.length).toBeGreaterThan(0);
  });
});
