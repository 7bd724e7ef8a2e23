import { describe, expect, it } from "vitest";
import { AMENDABLE, compiledPlan } from "../../test/support/amendable.ts";
import { INVENTORY_TEXT } from "../../test/support/plan-text.ts";
import { amendedText, readAmendment } from "../plan/amendment.ts";
import { checkAmendment, keepingBegun, type Checked } from "./check-amendment.ts";
import { AMENDMENT_STREAM, DECISION_STREAM, RUN_STREAM, stepStream, targetStream, type Fact } from "./facts.ts";
import type { Entry } from "./journal.ts";

const PLAN = compiledPlan(AMENDABLE);
/** Saturday 20:30 in New York. */
const NOW = "2024-12-08T01:30:00.000Z";

/** What has happened, as `started`, `begun STEP`, `ended STEP as`, `opened ID STEP`, `aborted`, `frozen`, `stopped`, `over`. */
function entriesOf(story: readonly string[]): readonly Entry[] {
  const at = "2024-12-08T01:10:00.000Z";
  const facts = ["started", ...story].flatMap((line): readonly [string, Fact][] => {
    const [what = "", step = "", more = "done"] = line.split(" ");
    switch (what) {
      case "started":
        return [[RUN_STREAM, { type: "run.started", at, digest: PLAN.digest, by: "Ada" }]];
      case "begun":
        return [[stepStream(step), { type: "batch.started", at, step, targets: [step], failuresBefore: 0 }]];
      case "opened":
        return [[targetStream(step, step), { type: "target.intended", at, step, target: step, deed: "begin", try: 1, attempt: 1, opens: [{ id: more, what: more }] }]];
      case "ended":
        return [[stepStream(step), { type: "step.ended", at, step, as: more as "done", why: "so it was" }]];
      case "aborted":
        return [[DECISION_STREAM, { type: "decision.made", at, id: "1", decision: "abort", mode: "finish", by: "Ben" }]];
      case "frozen":
        return [[DECISION_STREAM, { type: "decision.made", at, id: "1", decision: "abort", mode: "freeze", by: "Ben" }]];
      case "stopped":
        return [[RUN_STREAM, { type: "run.stopped", at, step: "web.first", why: "failed" }]];
      case "over":
        return [[RUN_STREAM, { type: "run.ended", at, outcome: "well", headline: "" }]];
      default:
        return [[AMENDMENT_STREAM, { type: "amendment.settled", at, amendment: "" }]];
    }
  });
  return facts.map(([stream, fact], seq) => ({ stream, seq, fact }));
}

const PARKED = ["begun web.park", "opened web.park parked", "ended web.park"];

function checked(text: string, { story = PARKED, now = NOW, inventory = INVENTORY_TEXT }: { story?: readonly string[]; now?: string; inventory?: string } = {}): Checked {
  const read = readAmendment(text);
  if ("problems" in read) throw new Error(JSON.stringify(read.problems));
  const amended = amendedText(AMENDABLE, read.amendment, PLAN);
  if ("problems" in amended) return { problems: amended.problems, changes: [], added: [], changed: [], consequences: [] };
  const entries = entriesOf(story);
  const next = keepingBegun(PLAN, compiledPlan(amended.text, inventory), entries);
  return checkAmendment({ amendment: read.amendment, plan: PLAN, next, entries, now: Date.parse(now) });
}

function problems(...given: Parameters<typeof checked>): string[] {
  return checked(...given).problems.map(({ code, step }) => [code, ...(step === undefined ? [] : [step])].join(" "));
}

const skip = (step: string): string => `amend: [{ skip: ${step}, because: not tonight }]`;
const move = (step: string, to: string): string => `amend: [{ move: ${step}, ${to}, because: the vendor asks }]`;
const add = (fields: string, after: string): string => `amend: [{ add: { ${fields} }, after: ${after}, because: one more }]`;

describe("an amendment that fits what has happened is taken:", () => {
  it.each([
    ["a step that waits is left out", skip("web.second"), [], ["web.second"]],
    ["a step that waits is moved to a later time", move("web.second", "at: Sat 21:30"), [], ["web.second"]],
    ["a step is moved to an earlier time that is still to come", move("web.second", "at: Sat 20:31"), [], ["web.second"]],
    ["a step is moved behind another", move("web.third", "after: web.second"), [], ["web.third"]],
    ["a step is added behind one that has ended", add("id: again, action: fake.work", "web.park"), ["web.again"], []],
    ["a step is added behind one that waits", add("id: again, at: Sat 22:30, action: fake.work", "web.second"), ["web.again"], []],
    ["a step is added behind the barrier", add("id: again, action: fake.work", "look.www"), ["look.again"], []],
    [
      "what opens something comes with what closes it",
      `amend:
  - { add: { id: mute, action: fake.work, opens: { muted: the monitor is muted } }, after: web.first, because: noise }
  - { add: { id: unmute, action: fake.work, always: true, closes: muted }, after: web.mute, because: noise }`,
      ["web.mute", "web.unmute"],
      [],
    ],
  ])("%s", (_what, text, added, changed) => {
    expect(checked(text)).toMatchObject({ problems: [], added, changed: expect.arrayContaining(changed) });
  });

  it("also while the run is frozen, which is when people think", () => {
    expect(problems(skip("web.second"), { story: [...PARKED, "frozen"] })).toEqual([]);
  });

  it("the title of a step that stood alone does not change because another one stands beside it now", () => {
    expect(checked(add("id: more, action: fake.work", "alone.only"), { story: [...PARKED, "begun alone.only"] })).toMatchObject({
      problems: [],
      added: ["alone.more"],
      changed: [],
    });
  });

  it("a comment that announced the moved step has been made, and stays as it was made", () => {
    const text = `amend: [{ move: web.park, at: Sat 21:00, because: late }]`;

    expect(checked(text, { story: ["begun web.jira-start", "ended web.jira-start"] })).toMatchObject({ problems: [], changed: ["web.park"] });
    expect(checked(text, { story: [] })).toMatchObject({ problems: [], changed: ["web.park", "web.jira-start"].toSorted() });
  });

  it("and says in the window's own time what changes, and what follows from it", () => {
    expect(checked(move("web.second", "at: Sat 21:30")).changes).toEqual([
      { what: "move", step: "web.second", title: "The web servers: second", was: "Sat 21:00, after web.first", now: "Sat 21:30, after web.first", because: "the vendor asks" },
    ]);
    expect(checked(skip("web.first")).consequences).toEqual([expect.stringMatching(/^web\.first is left out, .*The web servers: second; The web servers: third/)]);
  });
});

describe("an amendment that does not fit is refused, with the step and the reason:", () => {
  it.each([
    ["the run has ended", skip("web.second"), [...PARKED, "over"], ["has-ended"]],
    ["the run was aborted", skip("web.second"), [...PARKED, "aborted"], ["is-closing"]],
    ["the run was stopped", skip("web.second"), [...PARKED, "stopped"], ["is-closing"]],
    ["every step has ended", add("id: again, action: fake.work", "look.www"), PLAN.steps.map(({ id }) => `ended ${id}`), ["has-ended"]],
    ["the step runs", skip("web.first"), [...PARKED, "begun web.first"], ["has-begun web.first"]],
    ["the step has ended", skip("web.first"), [...PARKED, "begun web.first", "ended web.first"], ["has-ended web.first"]],
    ["the moved step runs", move("web.second", "at: Sat 22:00"), [...PARKED, "begun web.second"], ["has-begun web.second"]],
    ["it moves into the past", move("web.second", "at: Sat 20:15"), PARKED, ["in-the-past web.second"]],
    ["it adds into the past", add("id: again, at: Sat 20:15, action: fake.work", "web.first"), PARKED, ["in-the-past web.again"]],
    ["it moves a closing step past the cutoff", move("jobs.start", "at: Sun 13:00"), PARKED, ["past-the-cutoff jobs.start"]],
    ["it moves to where the step is", move("web.second", "at: Sat 21:00"), PARKED, ["changes-nothing web.second"]],
    ["what is added needs what has failed", add("id: again, action: fake.work", "web.first"), [...PARKED, "ended web.first failed"], ["need-has-failed web.again"]],
    ["what is moved would need what has failed", move("web.third", "after: alone.only"), [...PARKED, "ended alone.only failed"], ["need-has-failed web.third"]],
    ["something that has begun would have to wait for it", add("id: again, action: fake.work", "web.second"), [...PARKED, "begun look.tell"], ["would-come-too-late look.tell"]],
    ["the tickets of the change have heard that it is over", add("id: again, action: fake.work", "web.first"), [...PARKED, "begun web.jira-end"], ["change-is-over web.again"]],
    ["it opens what nobody closes", add("id: mute, action: fake.work, opens: { muted: the monitor is muted }", "web.first"), PARKED, ["never-closed web.mute"]],
    ["it leaves out what closes something open", skip("jobs.start"), PARKED, ["never-closed jobs.start"]],
    ["it leaves out what closes something that will be opened", skip("jobs.start"), [], ["never-closed jobs.start"]],
    ["the compiler made the step", skip("web.jira-end"), PARKED, ["derived web.jira-end"]],
    ["there is no such step", skip("web.nothing"), PARKED, ["unknown-step web.nothing"]],
    ["the id is taken", add("id: second, action: fake.work", "web.first"), PARKED, ["id-taken web.second"]],
    [
      "it names a step twice",
      `amend: [{ skip: web.second, because: not }, { move: web.second, at: Sat 22:00, because: not }]`,
      PARKED,
      ["named-twice web.second", "skipped-already web.second"],
    ],
  ])("%s", (_what, text, story, expected) => {
    expect(problems(text, { story })).toEqual(expect.arrayContaining(expected));
  });

  it("the cutoff is over", () => {
    expect(problems(skip("web.second"), { now: "2024-12-08T17:00:00.000Z" })).toContain("past-the-cutoff");
  });

  it("the phase is over, and what stands behind its barrier is under way", () => {
    const story = [...PLAN.steps.filter(({ phase }) => phase === "work").map(({ id }) => `ended ${id}`), "begun look.www"];

    expect(problems(add("id: again, action: fake.work", "alone.only"), { story })).toContain("phase-is-over alone.again");
  });

  it("the inventory is another one since: what the amendment does not name would change with it", () => {
    const inventory = INVENTORY_TEXT.replace("Ann: { slackId: U1,", "Ann: { slackId: U7,");

    expect(problems(skip("web.second"), { inventory })).toEqual(expect.arrayContaining(["window-differs", "differs-unasked alone.only"]));
  });

  it("and all that is wrong with it is said at once, each with what can be done", () => {
    const found = checked(`amend: [{ skip: web.first, because: not }, { move: web.second, at: Sat 20:15, because: not }]`, { story: [...PARKED, "begun web.first"] }).problems;

    expect(found.map(({ code }) => code)).toEqual(expect.arrayContaining(["has-begun", "in-the-past"]));
    expect(found.every(({ hint }) => hint.length > 10)).toBe(true);
  });
});

describe("an amendment", () => {
  it.each([
    ["no YAML", "{", "line 1"],
    ["nothing in it", "amend: []", "change"],
    ["no reason", "amend: [{ skip: web.second }]", "because"],
    ["a step that is no id", "amend: [{ skip: 'web second', because: not tonight }]", "CHANGE.STEP"],
    ["no kind", "amend: [{ drop: web.second, because: not tonight }]", "change 1"],
    ["nowhere to move to", "amend: [{ move: web.second, because: not tonight }]", "expected `at`, `after` or both"],
    ["a field that is none", "amend: [{ move: web.second, to: Sat 21:30, because: not tonight }]", "to"],
  ])("that cannot be read is refused with the place: %s", (_what, text, wanted) => {
    const read = readAmendment(text);

    expect(JSON.stringify("problems" in read ? read.problems : read)).toContain(wanted);
    expect(read).toHaveProperty("problems");
  });

  it("leaves every other line of the plan's text as it was, comments too, but for the spaces within brackets", () => {
    const read = readAmendment(`{"amend":[{"move":"web.second","at":"Sat 21:30","because":"late"}]}`);
    const amended = "amendment" in read ? amendedText(AMENDABLE, read.amendment, PLAN) : read;

    const text = "text" in amended ? amended.text : "";
    const plain = (line: string): string => line.replaceAll(/(?<=\[) | (?=\])/g, "");
    const lines = AMENDABLE.split("\n");
    expect(
      text
        .split("\n")
        .map(plain)
        .filter((line, at) => line !== lines[at]),
    ).toEqual(["          - { id: second, at: Sat 21:30, needs: first, action: fake.work }"]);
  });
});
