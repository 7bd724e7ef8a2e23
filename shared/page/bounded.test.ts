import { describe, expect, it } from "vitest";
import { loadInventory } from "../inventory/load.ts";
import { Dependencies } from "./dependencies.ts";
import { draftOf, pageOf } from "./draft.ts";
import type { DraftedChange, DraftedStep } from "./drafted.ts";
import { namesOf } from "./names.ts";
import type { Drafted } from "./step-index.ts";

/** What a page costs grows with its length and with nothing else: work is counted, no clock is looked at. */
const { inventory } = loadInventory("inventory: 1\n", "inventory.yaml");

function change(id: string): DraftedChange {
  return { id, title: id, line: 1, keys: [], notes: [], questions: [], comments: [], inOrder: false, steps: [], depth: 0, item: false, inline: false, titled: true };
}

function stepsOf(count: number, title: (index: number) => string): Drafted[] {
  return Array.from({ length: count }, (_, sentence): Drafted => {
    const step: DraftedStep = { id: "do", title: title(sentence), line: sentence, needs: [], with: {}, notes: [], questions: [], sentence };
    return { step, change: change(`c${sentence}`), phase: undefined };
  });
}

/** Entries looked at while every step leans on words that all the others have too. */
function lookedAt(count: number): number {
  const drafted = stepsOf(count, (index) => `Restart the switch ${index % 50} after the switch is restarted`);
  const dependencies = new Dependencies(namesOf(inventory));
  drafted.forEach(({ step }, at) =>
    dependencies.add({ step, steps: [step], kind: at % 2 === 0 ? "after" : "before", about: "the switch is restarted", line: at, above: drafted[at - 1]?.step }),
  );
  return dependencies.settle(drafted, () => undefined).looked;
}

describe("finding what dependencies speak of", () => {
  it("costs twice as much for twice as many steps, and no more", { timeout: 60_000 }, () => {
    const [once, twice, fourTimes] = [1_000, 2_000, 4_000].map(lookedAt);

    expect(twice).toBeLessThan((once ?? 0) * 2.3);
    expect(fourTimes).toBeLessThan((twice ?? 0) * 2.3);
  });

  it("never makes a circle", () => {
    const drafted = stepsOf(2, (index) => (index === 0 ? "Paint the mast" : "Polish the bell"));
    const dependencies = new Dependencies(namesOf(inventory));
    const [mast, bell] = drafted.map(({ step }) => step);
    if (mast === undefined || bell === undefined) throw new Error("two steps were drafted");
    for (const [step, about] of [
      [mast, "the bell is polished"],
      [bell, "the mast is painted"],
    ] as const)
      dependencies.add({ step, steps: [step], kind: "after", about, line: 1, above: undefined });
    const asked: string[] = [];

    const { needs } = dependencies.settle(drafted, (_line, _text, why) => asked.push(why));

    expect(needs).toEqual([[mast, bell]]);
    expect(asked).toHaveLength(1);
  });
});

describe("a page that is no page of a window", () => {
  it("is drafted up to what a night can hold, and asked about from there on", { timeout: 120_000 }, () => {
    const page = pageOf("Main work\n\n\n" + "Polish the bell after the mast is painted\n\n\n".repeat(30_000));

    const draft = draftOf(page, inventory);

    const steps = draft.plan.phases.flatMap(({ changes }) => changes.flatMap((each) => each.steps));
    expect(steps.length).toBeLessThanOrEqual(4_000);
    expect(draft.questions.some(({ why }) => why.startsWith("Is this one window?"))).toBe(true);
    expect(draft.counted.placed).toBe(draft.counted.visible);
  });

  it.each([
    ["a hundred thousand attributes", `<p ${Array.from({ length: 100_000 }, (_, at) => `a${at}=b`).join(" ")}>Polish the bell</p>`],
    ["entities without end and without meaning", `<p>Polish the bell ${"&amp;&#x41;&bogus;".repeat(20_000)}</p>`],
    ["sections of CDATA", `<p>Polish the bell</p>${"<![CDATA[<p>x</p>]]>".repeat(20_000)}`],
    ["scripts, styles and frames", `<p>Polish the bell</p>${"<script>x</script><style>x</style><iframe src='x'>x</iframe>".repeat(10_000)}`],
    ["cells that span everything", `<table><tr>${"<td rowspan='99999' colspan='99999'>Polish the bell</td>".repeat(500)}</tr></table>`],
    ["elements that are never closed", `<p>Polish the bell${"<b>x".repeat(1_000)}`],
    ["macros in macros", `<p>Polish the bell</p>${'<ac:structured-macro ac:name="panel"><ac:rich-text-body>'.repeat(900)}`],
  ])("with %s is read, and its words are placed", { timeout: 120_000 }, (_, source) => {
    const draft = draftOf(pageOf(source), inventory);

    expect(draft.text).toContain("Polish the bell");
    expect(draft.counted.placed).toBe(draft.counted.visible);
  });
});
