import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { registry } from "../../../integrations/actions.ts";
import { loadInventory } from "../../inventory/load.ts";
import { compile } from "../../plan/compile.ts";
import { draftOf, pageOf } from "../draft.ts";
import { mended } from "./mend.ts";
import { reviewOf } from "./review.ts";
import type { Review } from "./review.ts";
import { statesIn } from "./states.ts";

const HERE = new URL("../../../test/pages/review/", import.meta.url);
const { inventory } = loadInventory(readFileSync(new URL("inventory.yaml", HERE), "utf8"), "inventory.yaml");
const reading = { inventory, registry };

function imported(text: string): { readonly plan: string; readonly review: Review } {
  const page = pageOf(text);
  const draft = draftOf(page, inventory);
  return { plan: draft.text, review: reviewOf(page, draft, reading) };
}

function errorsIn(text: string): readonly string[] {
  return compile({ text, file: "plan.yaml", inventory, registry, allowMissing: true })
    .findings.filter(({ severity, code }) => severity === "error" && code !== "open-question")
    .map(({ code, message }) => `${code} ${message}`)
    .toSorted();
}

function fixed(text: string, review: Review): string {
  return mended(text, "plan.yaml", review, reading).text;
}

function statesOf(text: string, review: Review): Readonly<Record<string, string>> {
  const states = statesIn(text, "plan.yaml", review, reading);
  return Object.fromEntries([...states].map(([{ line, code }, state]) => [`${line} ${code}`, state]));
}

const SMALL = `Sunday, June 15, 2025
All times in UTC
Cutoff Sunday 12:00

Pre work
- Saturday 21:00 mute Uptime
- Saturday 21:30 pull AU-GATE1 - 3 out of the pool and install updates
- Saturday 22:00 Pause the crane feed. Owner: Noor

Changes
- BAS-1 Move db servers into the March WSUS group
- BAS-2 Deploy booking-api branch release/dawn to PRD
- BAS-3 Restart the beacon relay because the crane feed was not paused last time

Checks
- Run the smoke tests on www.aurora.example
`;

describe.each(["aurora.txt", "quarry.html", "lumen.txt", "orchard.txt", "marina.txt", "piers.html", "delta.txt"])("the plan of %s, mended", (name) => {
  const { plan, review } = imported(readFileSync(new URL(name, HERE), "utf8"));
  const once = fixed(plan, review);

  it("has no open finding left", () => {
    expect(Object.entries(statesOf(once, review)).filter(([, state]) => state === "open")).toEqual([]);
  });

  it("is not mended twice", () => {
    expect(fixed(once, review)).toBe(once);
  });

  it("compiles as far as it did", () => {
    const before = errorsIn(plan);

    expect(errorsIn(once).filter((error) => !before.includes(error))).toEqual([]);
  });
});

describe("mending", () => {
  const { plan, review } = imported(SMALL);

  it("says of each finding how it stands", () => {
    expect(statesOf(plan, review)).toMatchObject({ "6 never-closed": "open", "7 never-closed": "open", "8 never-closed": "open" });
    expect(statesOf(fixed(plan, review), review)).toMatchObject({
      "6 never-closed": "mended",
      "7 never-closed": "mended",
      "8 never-closed": "mended",
      "11 other-month": "asked",
      "12 mutable-branch": "asked",
    });
  });

  it("adds closings that the compiler accepts as such, once the questions are answered", () => {
    const answered = stringify(
      parse(fixed(plan, review), (key, value: unknown) => {
        if (key === "window") return { ...(value as object), questions: undefined, channels: ["status"], owners: ["Noor"] };
        if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
        const { questions: _answered, ...rest } = value as Record<string, unknown>;
        return rest["action"] === "person.do" ? { ...rest, with: { who: "Noor", ...(rest["with"] as object) } } : rest;
      }),
    );
    const { findings, plan: compiled } = compile({ text: answered, file: "plan.yaml", inventory, registry });

    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(findings.filter(({ code }) => code === "never-closed" || code === "closes-nothing" || code === "closing-may-be-skipped")).toEqual([]);
    expect(compiled?.steps.filter(({ always }) => always).map(({ verb }) => verb)).toEqual(expect.arrayContaining(["pool.restore", "monitor.unmute", "person.do"]));
  });

  it("puts servers back only after everything that is done to them", () => {
    const yaml = fixed(plan, review);

    expect(yaml).toMatch(/action: pool\.restore\n(?:.*\n){0,12}? +needs:\n +- step: \S+\.drain\n +as: end\n +- step: \S+\.install\n +as: end/);
  });

  it("keeps people's comments, edits and order", () => {
    const edited = plan
      .replace("phases:", "# Dana has read this twice.\nphases:")
      .replace(/title: (.*crane feed.*)\n/, 'title: "Pause the crane feed, gently" # as agreed with Elif\n')
      .replace("cutoff: Sun 12:00", "cutoff: Sun 11:30 # was noon");

    const yaml = fixed(edited, review);

    for (const words of ["# Dana has read this twice.", "# as agreed with Elif", "Pause the crane feed, gently", "cutoff: Sun 11:30 # was noon"]) expect(yaml).toContain(words);
    const kept = yaml.split("\n");
    let from = 0;
    for (const line of edited.split("\n")) {
      const at = kept.indexOf(line, from);
      expect(at, line).toBeGreaterThanOrEqual(0);
      from = at + 1;
    }
  });

  it("knows a step that people have renamed by the page's words", () => {
    const renamed = plan.replaceAll(/\bid: drain\b/g, "id: take-out").replaceAll("step: drain", "step: take-out");

    expect(fixed(renamed, review)).toMatch(/step: \S+\.take-out/);
  });

  it("leaves alone what people have mended their own way", () => {
    const own = `${plan}
  - id: putting-back
    title: Our own wrap up
    changes:
      - id: back
        title: All gates back
        steps:
          - { id: gates, action: pool.restore, targets: [AU-GATE1, AU-GATE2, AU-GATE3], always: true }
`;

    expect(statesOf(own, review)).toMatchObject({ "7 never-closed": "mended" });
    expect(fixed(own, review).match(/pool\.restore/g)).toHaveLength(1);
  });

  it("does not ask again what has been answered", () => {
    const yaml = fixed(plan, review);
    const answered = yaml.replace(/^.*\(page review, other-month.*\n/m, "");

    expect(answered).not.toBe(yaml);
    expect(statesOf(answered, review)).toMatchObject({ "11 other-month": "answered" });
    expect(fixed(answered, review)).toBe(answered);
  });

  it("asks who closes where nobody is known to", () => {
    const { plan: unowned, review: found } = imported(SMALL.replace(" Owner: Noor", ""));

    const yaml = fixed(unowned, found);

    expect(yaml).toMatch(/Which step takes this back, and who does it\?.*«Resume the crane feed»/);
    expect(statesOf(yaml, found)).toMatchObject({ "8 never-closed": "asked" });
  });

  it("refuses what is no plan", () => {
    expect(() => fixed("- just\n- a list\n", review)).toThrow(/no `window`/);
    expect(() => fixed("plan: [", review)).toThrow(/no YAML that could be mended/);
  });
});

const SEEDS = new URL("../../../../shared/seeds/", import.meta.url);

describe.skipIf(!existsSync(SEEDS))("the plans of the two real pages, mended (skipped where they are not at hand)", () => {
  const team = loadInventory(readFileSync(new URL("../../../plans/inventory.yaml", import.meta.url), "utf8"), "inventory.yaml").inventory;
  const ours = { inventory: team, registry };

  it.each([
    ["2024-10-06", ["pool.restore", "monitor.unmute"]],
    ["2024-12-08", []],
  ])("%s: nothing is open, nothing compiles less, and twice is once", (name, closings) => {
    const page = pageOf(readFileSync(new URL(`${name}.txt`, SEEDS), "utf8"));
    const draft = draftOf(page, team);
    const review = reviewOf(page, draft, ours);
    const errors = (text: string): readonly string[] =>
      compile({ text, file: "plan.yaml", inventory: team, registry, allowMissing: true })
        .findings.filter(({ severity, code }) => severity === "error" && code !== "open-question")
        .map(({ code, message }) => `${code} ${message}`);

    const { text } = mended(draft.text, "plan.yaml", review, ours);

    expect([...statesIn(text, "plan.yaml", review, ours).values()].filter((state) => state === "open")).toEqual([]);
    const before = errors(draft.text);
    expect(errors(text).filter((error) => !before.includes(error))).toEqual([]);
    for (const verb of closings) expect(text).toContain(`action: ${verb}`);
    expect(mended(text, "plan.yaml", review, ours).text).toBe(text);
  });
});
