import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseDocument } from "yaml";
import { loadInventory } from "../../shared/inventory/load.ts";
import { draftOf, pageOf } from "../../shared/page/draft.ts";
import { baseFileOf, baseText, isUntouched, readBase } from "../../shared/page/merge/base.ts";
import { mergedPage } from "../../shared/page/merge/merge.ts";
import type { MergeEntry } from "../../shared/page/merge/merge.ts";
import { planTree } from "../../shared/page/plan-tree.ts";

/** What becomes of people's work when their page is edited, case by case; merge.property.test.ts asks the same of random edits. */
const { inventory } = loadInventory(readFileSync(new URL("samples/inventory.yaml", import.meta.url), "utf8"), "inventory.yaml");
const PAGE = `All times in Central Time
Maintenance window: Saturday 10 PM - Sunday 8 AM

Preparation
- Notify #harbor-ops channel that maintenance is starting

Changes
HAR-101
Deploy tide-api branch release/2025-03 to UAT

HAR-102
Restart the beacon relay by hand

HAR-103
crane-api: Tag v3.4.1

HAR-104
Paint the mast
`;
const draft = (page: string) => draftOf(pageOf(page), inventory);
const before = draft(PAGE);

interface Step {
  readonly id: string;
  readonly title: string;
  readonly with?: Record<string, unknown>;
  readonly questions?: readonly string[];
  readonly [key: string]: unknown;
}

function stepsOf(text: string): readonly (Step & { readonly key: string; readonly change: string })[] {
  const plan = parseDocument(text).toJS() as { phases: { changes: { id: string; keys?: string[]; steps: Step[] }[] }[] };
  return plan.phases.flatMap(({ changes }) => changes.flatMap(({ id, keys = [], steps }) => steps.map((step) => ({ ...step, key: keys[0] ?? "", change: id }))));
}

const stepOf = (text: string, key: string) => stepsOf(text).find((step) => step.key === key);

/** The plan with one change to the text of the step of a ticket. */
function withStep(text: string, key: string, edit: (step: string) => string): string {
  const at = text.indexOf(`- ${key}`);
  const from = text.indexOf("steps:", at);
  const to = text.indexOf("\n      # page line", from) < 0 ? text.length : text.indexOf("\n      # page line", from);
  return text.slice(0, from) + edit(text.slice(from, to)) + text.slice(to);
}

function merge(plan: string, page: string, base = planTree(before.plan)) {
  return mergedPage(plan, "plan.yaml", base, draft(page));
}

const of = (entries: readonly MergeEntry[], what: MergeEntry["what"]): readonly string[] => entries.filter((entry) => entry.what === what).map(({ id }) => id);

describe("a line that changed on the page", () => {
  const later = PAGE.replace("v3.4.1", "v3.5.0");
  const answered = withStep(before.text, "HAR-103", (step) => step.replace(/\n +- "In which environment\?[^\n]*/, "").replace("with:", "with:\n              environment: PRD"));

  it("changes its parameter, and keeps what a person answered about the same step", () => {
    const { text, entries } = merge(answered, later);

    const step = stepOf(text, "HAR-103");
    expect(step).toMatchObject({ title: "crane-api: Tag v3.5.0", with: { ref: { tag: "v3.5.0" }, environment: "PRD" } });
    expect(step?.questions?.some((question) => question.startsWith("In which environment?"))).not.toBe(true);
    expect(entries.filter(({ what, id }) => what === "kept" && id.startsWith("crane-api")).flatMap(({ details }) => details)).toEqual(
      expect.arrayContaining(["with.environment: «PRD»", expect.stringContaining("answered: In which environment?")]),
    );
    expect(entries).toContainEqual(
      expect.objectContaining({
        what: "changed",
        line: 15,
        id: "crane-api.crane-api",
        details: expect.arrayContaining(['with.ref: {"tag":"v3.4.1"} is now {"tag":"v3.5.0"}']) as string[],
      }),
    );
  });

  it("is asked about, naming both, where a person changed the same parameter", () => {
    const edited = withStep(before.text, "HAR-103", (step) => step.replace("tag: v3.4.1", "tag: v3.4.2"));

    const { text, entries } = merge(edited, later);

    const step = stepOf(text, "HAR-103");
    expect(step?.with).toMatchObject({ ref: { tag: "v3.4.2" } });
    expect(step?.questions).toContain(
      'Which is right for `with.ref`? The page now says {"tag":"v3.5.0"} (line 15), the plan says {"tag":"v3.4.2"}; when it was imported the page said {"tag":"v3.4.1"}.',
    );
    expect(of(entries, "conflict")).toEqual(["crane-api.crane-api"]);
  });

  it("is no conflict where the page caught up with the person", () => {
    const edited = withStep(before.text, "HAR-103", (step) => step.replaceAll("v3.4.1", "v3.5.0"));

    const { text, entries } = merge(edited, later);

    expect(of(entries, "conflict")).toEqual([]);
    expect(stepOf(text, "HAR-103")?.with).toMatchObject({ ref: { tag: "v3.5.0" } });
  });

  it("keeps the step's id, so that people's needs and decisions still name it", () => {
    const own = withStep(before.text, "HAR-104", (step) => step.replace("action:", "needs: restart-beacon-relay-by-hand.do\n            action:"));

    const { text } = merge(own, PAGE.replace("Restart the beacon relay by hand", "Restart both beacon relays by hand"));

    expect(stepOf(text, "HAR-102")).toMatchObject({ change: "restart-beacon-relay-by-hand", id: "do", title: "Restart both beacon relays by hand" });
    expect(stepOf(text, "HAR-104")).toMatchObject({ needs: "restart-beacon-relay-by-hand.do" });
  });

  it("asks whether it comes back where a person had taken its step out", () => {
    const [from, to] = [before.text.indexOf("      # page line 14"), before.text.indexOf("      # page line 17")];
    const without = before.text.slice(0, from) + before.text.slice(to);

    const [changed, unchanged] = [merge(without, later), merge(without, PAGE)];

    expect(stepOf(changed.text, "HAR-103")).toBeUndefined();
    expect(changed.text).toMatch(/A person has taken crane-api out of the plan, and the page has changed its line since: is it to be done after all\? .*v3\.5\.0/);
    expect(unchanged.text).toBe(without);
    expect(unchanged.coverage.filter(({ dropped }) => dropped).map(({ text }) => text)).toEqual(["HAR-103", "crane-api: Tag v3.4.1"]);
    expect(unchanged.entries).toContainEqual(expect.objectContaining({ what: "kept", id: "crane-api", details: ["a person has taken it out of the plan"] }));
  });
});

describe("a new line", () => {
  it("becomes a step with its questions, at its place, and people's steps and order stay", () => {
    const own = withStep(
      before.text,
      "HAR-102",
      (step) => `${step}\n          # ours: twice, to be sure\n          - { id: again, action: person.do, title: Again, with: { who: Mina, what: again } }`,
    );

    const { text, entries } = merge(own, PAGE.replace("HAR-103", "HAR-109\nRestart the winch\n\nHAR-103"));

    expect(stepsOf(text).map(({ key, id }) => `${key} ${id}`)).toEqual(
      stepsOf(own)
        .map(({ key, id }) => `${key} ${id}`)
        .toSpliced(4, 0, "HAR-109 do"),
    );
    expect(stepOf(text, "HAR-109")).toMatchObject({ action: "person.do", title: "Restart the winch", questions: [expect.stringContaining("Who does this?")] });
    expect(text).toContain("          # ours: twice, to be sure\n          - { id: again, action: person.do, title: Again, with: { who: Mina, what: again } }\n");
    expect(entries.find(({ what, id }) => what === "added" && id.endsWith(".do"))).toMatchObject({ line: 15, title: "Restart the winch" });
  });

  it("does not take an id that people have given to a step of their own", () => {
    const own = before.text.replace(
      "      # page line 17",
      "      - { id: restart-winch, title: Ours, steps: [{ id: do, action: person.do, with: { who: Mina, what: ours } }] }\n      # page line 17",
    );

    const { text } = merge(own, `${PAGE}\nHAR-109\nRestart the winch\n`);

    expect(stepOf(text, "HAR-109")?.change).toBe("restart-winch-2");
  });
});

describe("a line that is gone from the page", () => {
  const later = PAGE.replace("HAR-102\nRestart the beacon relay by hand\n\n", "");

  it("takes its step along where nobody has touched it", () => {
    const { text, entries } = merge(before.text, later);

    expect(stepOf(text, "HAR-102")).toBeUndefined();
    expect(of(entries, "removed")).toEqual(["restart-beacon-relay-by-hand.do", "restart-beacon-relay-by-hand"]);
    expect(entries.find(({ what }) => what === "removed")).toMatchObject({ line: 12 });
  });

  it.each([
    ["edited its step", (step: string) => step.replace("with:", "with:\n              who: Mina")],
    ["answered its question", (step: string) => step.replace(/\n +questions:[\s\S]*$/, "")],
    ["written a comment into it", (step: string) => step.replace("with:", "# mind the gulls\n            with:")],
  ])("stays with a question where a person has %s", (_, edit) => {
    const { text, entries } = merge(withStep(before.text, "HAR-102", edit), later);

    expect(stepOf(text, "HAR-102")?.questions).toContainEqual(expect.stringMatching(/gone from the page.*line 12: «Restart the beacon relay by hand»/));
    expect(of(entries, "conflict")).toEqual(["restart-beacon-relay-by-hand.do"]);
  });

  it("stays with a question where a step of a person's own waits for it", () => {
    const own = withStep(before.text, "HAR-104", (step) => step.replace("action:", "needs: restart-beacon-relay-by-hand.do\n            action:"));

    const { text } = merge(own, later);

    expect(stepOf(text, "HAR-102")?.questions).toContainEqual(expect.stringContaining("gone from the page"));
  });
});

describe("the order of a page, and its headings", () => {
  it("is taken over", () => {
    const swapped = PAGE.replace("HAR-103\ncrane-api: Tag v3.4.1\n\n", "").replace("HAR-101", "HAR-103\ncrane-api: Tag v3.4.1\n\nHAR-101");

    const { text, entries } = merge(before.text, swapped);

    expect(stepsOf(text).map(({ key }) => key)).toEqual(["", "HAR-103", "HAR-101", "HAR-102", "HAR-104"]);
    expect(of(entries, "moved")).toEqual(["changes"]);
  });

  it("is taken over with what is new in it", () => {
    const swapped = PAGE.replace("HAR-103\ncrane-api: Tag v3.4.1\n\n", "").replace("HAR-101", "HAR-103\ncrane-api: Tag v3.4.1\n\nHAR-109\nRestart the winch\n\nHAR-101");

    const { text } = merge(before.text, swapped);

    expect(stepsOf(text).map(({ key }) => key)).toEqual(["", "HAR-103", "HAR-109", "HAR-101", "HAR-102", "HAR-104"]);
  });

  it("is asked about where people have put the plan into another one", () => {
    const ours = (() => {
      const [from, to] = [before.text.indexOf("      # page line 17"), before.text.indexOf("      # page line 8")];
      return before.text.slice(0, to) + before.text.slice(from) + before.text.slice(to, from);
    })();
    const swapped = PAGE.replace("HAR-103\ncrane-api: Tag v3.4.1\n\n", "").replace("HAR-101", "HAR-103\ncrane-api: Tag v3.4.1\n\nHAR-101");

    const { text } = merge(ours, swapped);

    expect(stepsOf(text).map(({ key }) => key)).toEqual(["", "HAR-104", "HAR-101", "HAR-102", "HAR-103"]);
    expect(text).toContain("In which order?");
  });

  it("moves changes below a heading that is new, with people's work in them", () => {
    const answered = withStep(before.text, "HAR-104", (step) => step.replace("with:", "with:\n              who: Mina"));

    const { text } = merge(answered, PAGE.replace("HAR-104", "Post steps\nHAR-104"));

    const plan = parseDocument(text).toJS() as { phases: { title: string; changes: { keys?: string[] }[] }[] };
    expect(plan.phases.map(({ title, changes }) => [title, changes.map(({ keys = [] }) => keys[0])])).toEqual([
      ["Preparation", [undefined]],
      ["Changes", ["HAR-101", "HAR-102", "HAR-103"]],
      ["Post steps", ["HAR-104"]],
    ]);
    expect(stepOf(text, "HAR-104")?.with).toMatchObject({ who: "Mina" });
  });

  it("moves a step, with people's work and what waits for it, into the change that a new ticket makes of its line", () => {
    const page = PAGE.replace("Restart the beacon relay by hand\n", "Restart the beacon relay by hand\nRestart the winch\n");
    const old = draft(page);
    const own = withStep(old.text, "HAR-104", (step) => step.replace("action:", "needs: restart-beacon-relay-by-hand.do-2\n            action:")).replace(
      "what: Restart the winch",
      "who: Mina\n              what: Restart the winch",
    );

    const { text, entries } = merge(own, page.replace("Restart the winch", "HAR-109\nRestart the winch"), planTree(old.plan));

    const [moved] = stepsOf(text).filter(({ title }) => title === "Restart the winch");
    expect(moved).toMatchObject({ key: "HAR-109", with: { who: "Mina" } });
    expect(stepOf(text, "HAR-104")).toMatchObject({ needs: `${moved?.change ?? ""}.${moved?.id ?? ""}` });
    expect([of(entries, "moved"), of(entries, "conflict"), of(entries, "removed")]).toEqual([[`${moved?.change ?? ""}.${moved?.id ?? ""}`], [], []]);
  });

  it("has a line once that was moved below a new heading and a new ticket", () => {
    const later = `${PAGE.replace("HAR-104\nPaint the mast\n", "")}\nPost steps\nHAR-109\nPaint the mast\n`;

    const { text, entries } = merge(before.text, later);

    expect(stepsOf(text).filter(({ title }) => title === "Paint the mast")).toMatchObject([{ key: "HAR-109" }]);
    expect(of(entries, "conflict")).toEqual([]);
  });

  it("renames a phase whose heading was written anew", () => {
    const { text } = merge(before.text, PAGE.replace("Changes\n", "Primary work\n"));

    expect((parseDocument(text).toJS() as { phases: { id: string; title: string }[] }).phases.map(({ id, title }) => [id, title])).toEqual([
      ["preparation", "Preparation"],
      ["changes", "Primary work"],
    ]);
  });
});

describe("the file", () => {
  it("keeps people's way of writing wherever nothing changed", () => {
    const own = before.text
      .replace(/\n {2}questions:\n/, '\n  owners: [Mina,   Jorge] # both\n  channels:   [ "harbor-ops" ]\n\n  questions:\n')
      .replace("title: Paint the mast", "title: >-\n          Paint the mast,\n          all of it");

    const { text } = merge(own, PAGE.replace("v3.4.1", "v3.5.0"));

    expect(
      text
        .split("\n")
        .filter((line, at) => line !== own.split("\n")[at])
        .map((line) => line.trim()),
    ).toEqual(own.split("\n").flatMap((line) => (line.includes("v3.4.1") ? [line.replace("v3.4.1", "v3.5.0").trim()] : [])));
  });

  it("is refused where it is no plan", () => {
    expect(() => merge("plan: 1\nwindow: [", PAGE)).toThrow(/plan\.yaml is no YAML: .*plan check/);
    expect(() => merge("- a\n- b\n", PAGE)).toThrow(/plan\.yaml is no plan/);
  });

  it("has a base beside it that is read as it was written, and tells whether people have worked on the plan", () => {
    const base = readBase(baseText(planTree(before.plan), before.text), "plan.base.json");

    expect(base.tree).toEqual(planTree(before.plan));
    expect([isUntouched(base, before.text), isUntouched(base, `${before.text}# ours\n`)]).toEqual([true, false]);
    expect(baseFileOf("plans/2025-03-16.yaml")).toBe("plans/2025-03-16.base.json");
    expect(() => readBase("{}", "plan.base.json")).toThrow(/plan\.base\.json is not what .*--base/);
    expect(() => readBase("<<<<<<< HEAD", "plan.base.json")).toThrow(/is not what/);
  });
});
