import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadInventory } from "../inventory/load.ts";
import { leftOverIn } from "./carried.ts";
import { draftOf, pageOf } from "./draft.ts";

const inventory = loadInventory(readFileSync(new URL("../../plans/inventory.yaml", import.meta.url), "utf8"), "inventory.yaml").inventory;

const PAGE = `Scheduled Changes January 5, 2025
Primary Work
PLAT-1405
Patch the app servers, at 5 AM
INFRA-900
Rotate the keys of the gateway
Post-Steps
Start the jobs
`;

function fileOf(...changes: readonly object[]): string {
  return JSON.stringify({ plan: 1, window: { title: "x" }, phases: [{ id: "primary", title: "Primary", changes }] });
}

const carried = (...windows: readonly string[]) => ({ windows, as: "skipped", why: "the Saturday stage never started", evidence: ["run 1019 is queued"] });
const change = (over: object): object => ({ id: "x", title: "Patch the app servers", steps: [], carried: carried("2024-12-08"), ...over });
const drafted = (file: string) => {
  const draft = draftOf(pageOf(PAGE), inventory, leftOverIn(file, "next.yaml"));
  return { ...draft, file: parse(draft.text) as { window: { questions: string[] }; phases: { changes: { keys?: string[]; carried?: object; questions?: string[] }[] }[] } };
};

describe("what earlier windows have left over", () => {
  it("is found on the page by its key, and gives the change its history instead of a second change", () => {
    const plain = draftOf(pageOf(PAGE), inventory);

    const { plan, file, questions } = drafted(fileOf(change({ keys: ["PLAT-1405"] })));

    const changes = file.phases.flatMap((phase) => phase.changes);
    expect(changes).toHaveLength(plain.plan.phases.flatMap((phase) => phase.changes).length);
    expect(changes.find(({ keys }) => keys?.includes("PLAT-1405"))?.carried).toEqual(carried("2024-12-08"));
    expect(plan.phases.flatMap((phase) => phase.changes).filter((one) => one.carried !== undefined)).toHaveLength(1);
    expect(questions).toEqual(plain.questions);
  });

  it("is found by its title where it has no key", () => {
    const { file } = drafted(fileOf(change({ title: "Start  the jobs." })));

    expect(file.phases.flatMap((phase) => phase.changes).filter((one) => one.carried !== undefined)).toHaveLength(1);
  });

  it("is asked about where the page does not have it", () => {
    const { file, questions } = drafted(fileOf(change({ keys: ["PLAT-9"], owner: { first: "Tomasz", second: "Luis" } })));

    expect(questions.at(-1)).toEqual({
      line: 1,
      text: "PLAT-9 Patch the app servers",
      why: "Carried over but not on the page: is it done, dropped, or to be added? It was skipped in the window of 2024-12-08: the Saturday stage never started",
      owner: "Tomasz",
    });
    expect(file.window.questions.at(-1)).toContain("Carried over but not on the page");
  });

  it("is asked about where it has been left over twice", () => {
    const { file, questions } = drafted(fileOf(change({ keys: ["PLAT-1405"], carried: carried("2024-10-06", "2024-12-08") })));

    const found = file.phases.flatMap((phase) => phase.changes).find(({ keys }) => keys?.includes("PLAT-1405"));
    expect(found?.questions?.at(-1)).toContain("left over from 2 windows (2024-10-06, 2024-12-08)");
    expect(questions.at(-1)?.line).toBe(3);
  });

  it("is only what has a history: a plan's other changes are let be", () => {
    expect(leftOverIn(fileOf({ title: "New" }, change({ keys: "PLAT-1" })), "next.yaml")).toMatchObject([{ keys: ["PLAT-1"] }]);
  });

  it.each([
    ["no YAML", "a: [", "next.yaml:1:"],
    ["another shape", "plan: 1\nphases: 3\n", "is not what `nightshift run carry-over` writes: Invalid input: expected array, received number at phases"],
    [
      "a bomb of aliases",
      `${"abcdefghij"
        .split("")
        .map((name, at, all) => `${name}: &${name} [${at === 0 ? "1" : Array.from({ length: 10 }, () => `*${all[at - 1] ?? ""}`).join(", ")}]`)
        .join("\n")}\n`,
      "next.yaml:",
    ],
    ["megabytes", " ".repeat(3_000_000), "has 3,000,000 bytes"],
  ])("is refused for %s, with the place", (_what, text, message) => {
    expect(() => leftOverIn(text, "next.yaml")).toThrow(message);
  });
});
