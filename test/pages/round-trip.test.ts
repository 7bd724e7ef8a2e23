import { existsSync, readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { isMap, isSeq, parseDocument } from "yaml";
import type { YAMLMap } from "yaml";
import { shownPlan } from "../../cli/plan-lines.ts";
import { shownAsPage } from "../../cli/plan-page-lines.ts";
import type { Inventory } from "../../shared/inventory/inventory.ts";
import { loadInventory } from "../../shared/inventory/load.ts";
import { draftOf, pageOf } from "../../shared/page/draft.ts";
import type { DraftedStep } from "../../shared/page/drafted.ts";
import { compile } from "../../shared/plan/compile.ts";
import type { CompiledPlan } from "../../shared/plan/compiled.ts";
import { sketchedRegistry } from "../support/plan-registry.ts";

/**
 * A page becomes a draft, somebody answers what it leaves open, the plan compiles, and `plan show --by page` reads like the page:
 * its headings and lines in its order, with their words, times and owners.
 */
const HERE = new URL("./", import.meta.url);
const SEEDS = new URL("../../../shared/seeds/", import.meta.url);
const inventoryAt = (file: string): Inventory => loadInventory(readFileSync(new URL(file, HERE), "utf8"), file).inventory;
const harbor = inventoryAt("samples/inventory.yaml");
const meridian = inventoryAt("corpus/meridian.yaml");
const PAGES = [
  ["samples/harbor.txt", harbor],
  ["samples/harbor.html", harbor],
  ["corpus/retail.txt", meridian],
  ["corpus/databases.txt", meridian],
  ["corpus/payments.html", meridian],
] as const;
const REAL = existsSync(SEEDS)
  ? (["2024-10-06", "2024-12-08"] as const).map((name) => [new URL(`${name}.txt`, SEEDS).pathname, inventoryAt("../../plans/inventory.yaml")] as const)
  : [];

/**
 * What a person who answers all questions in the shortest way would write: what the window needs, and where a step cannot be
 * compiled with what the page says, that somebody does it by hand, in the page's words. Titles, times, owners and order are
 * the draft's.
 */
function answered(text: string, inventory: Inventory): CompiledPlan {
  const someone = inventory.entries("person")[0]?.name ?? "";
  const registry = sketchedRegistry();
  const document = parseDocument(text);
  const window = document.get("window") as YAMLMap;
  const missing = { title: "The window", date: "2025-03-16", zone: "America/Chicago", cutoff: "Sun 14:00", owners: [someone], channels: [inventory.entries("channel")[0]?.name] };
  for (const [key, value] of Object.entries(missing)) if (!window.has(key)) window.set(key, document.createNode(value));
  window.delete("questions");
  const phases = document.get("phases");
  const below = (holder: unknown, key: string): YAMLMap[] => {
    const list = isMap(holder) ? holder.get(key) : undefined;
    return isSeq(list) ? list.items.filter((item) => isMap(item)) : [];
  };
  const changes = (isSeq(phases) ? phases.items : []).flatMap((phase) => below(phase, "changes"));
  const values: Record<string, boolean> = {};
  for (const change of changes) {
    change.delete("questions");
    for (const step of below(change, "steps")) {
      step.delete("questions");
      const condition = step.getIn(["when", "value"]);
      if (typeof condition === "string") values[condition] = true;
    }
  }
  document.set("values", document.createNode(values));
  let left = "";
  for (let tries = 0; tries < 12; tries++) {
    const written = document.toString({ lineWidth: 0 });
    const { plan, findings } = compile({ text: written, file: "plan.yaml", inventory, registry, allowMissing: true });
    if (plan !== undefined) return plan;
    left = findings.flatMap(({ line, severity, code, message }) => (severity === "error" ? [`${line}: ${code}: ${message}`] : [])).join("\n");
    const fresh = parseDocument(written);
    const lineOf = (offset: number): number => written.slice(0, offset).split("\n").length;
    const places = (fresh.get("phases") as { items: YAMLMap[] }).items
      .flatMap((phase) => below(phase, "changes"))
      .flatMap((change) => below(change, "steps").map((step) => ({ from: lineOf(step.range?.[0] ?? 0), to: lineOf((step.range?.[1] ?? 1) - 1) })));
    const steps = changes.flatMap((change) => below(change, "steps"));
    for (const { line, severity, code, message } of findings) {
      if (severity !== "error") continue;
      const at = places.findIndex(({ from, to }) => from <= line && line <= to);
      const step = steps[at];
      if (step === undefined) throw new Error(`${line}: ${code}: ${message}`);
      // A line after the page's own cutoff: it is the cutoff that is answered.
      if (code === "after-cutoff") window.set("cutoff", "Sun 23:00");
      else byHand(step, someone, code);
    }
  }
  throw new Error(`the draft does not compile, however its questions are answered:\n${left}`);
}

function byHand(step: YAMLMap, someone: string, code: string): void {
  for (const key of ["with", "targets", "when", "sameAs", "irreversible", "approval", "always", "opens", "closes"]) step.delete(key);
  if (/need|cycle|reference/.test(code)) step.delete("needs");
  if (/owner|person/.test(code)) step.delete("owner");
  if (/time/.test(code)) step.delete("at");
  step.set("action", "person.do");
  step.set("with", { who: someone, what: step.get("title") });
}

const flat = (lines: readonly string[]): string => stripVTControlCharacters(lines.join(" ")).replaceAll(/\s+/g, " ");
const words = (text: string): string => text.replaceAll(/\s+/g, " ").trim();

describe.each([...PAGES, ...REAL])("%s", (file, inventory) => {
  const source = readFileSync(file.startsWith("/") ? file : new URL(file, HERE), "utf8");
  const draft = draftOf(pageOf(source), inventory);
  const plan = answered(draft.text, inventory);
  const shown = flat(shownAsPage(plan));
  const steps: readonly DraftedStep[] = draft.plan.phases.flatMap(({ changes }) => changes.flatMap((change) => change.steps));

  it("shows every line of the page in its order, in its words", () => {
    let at = 0;
    const lost: string[] = [];
    for (const step of steps) {
      const found = shown.indexOf(words(step.title), at);
      if (found < 0) lost.push(`line ${step.line}: ${step.title}`);
      else at = found;
    }

    expect(lost).toEqual([]);
    const lines = draft.plan.phases.flatMap(({ changes }) => changes.map(({ line }) => line));
    expect(lines).toEqual(lines.toSorted((a, b) => a - b));
  });

  it("shows its headings in its order, and every ticket", () => {
    const headings = draft.plan.phases.map(({ title }) => words(title));

    const lines = shownAsPage(plan)
      .slice(1)
      .map((line) => words(stripVTControlCharacters(line)));

    expect(lines.filter((line) => headings.includes(line))).toEqual(headings);
    for (const key of draft.plan.phases.flatMap(({ changes }) => changes.flatMap((change) => change.keys))) expect(shown).toContain(key);
  });

  it("shows times and owners beside their lines", () => {
    const lines = shownAsPage(plan).map((line) => words(stripVTControlCharacters(line)));
    const lost = steps.flatMap((step) => {
      const line = lines.find((each) => each.includes(words(step.title)) && each.startsWith("- "));
      const own = typeof step.owner === "string" ? [step.owner] : step.owner === undefined ? [] : [step.owner.first, step.owner.second];
      const known = own.filter((name) => inventory.find("person", name) !== undefined || inventory.find("team", name) !== undefined);
      const isThere =
        line !== undefined && (step.at === undefined || !/^(?:Thu|Fri|Sat|Sun|Mon) /.test(step.at) || lines.some((each) => each.startsWith(`- ${step.at} ${words(step.title)}`)));
      const isOwned = known.every((name) => lines.some((each) => each.includes(words(step.title)) && each.includes(name)));
      return isThere && isOwned ? [] : [`line ${step.line}: ${step.at ?? ""} ${step.title} ${own.join(" or ")}`];
    });

    expect(lost).toEqual([]);
  });

  it("has each of its lines in the timeline too", () => {
    const timeline = flat(shownPlan(plan));
    const served = new Set(plan.changes.flatMap((change) => change.steps.flatMap(({ servedBy, title }) => (servedBy === undefined || title === undefined ? [] : [words(title)]))));

    expect(steps.map(({ title }) => words(title)).filter((title) => !timeline.includes(title) && !served.has(title))).toEqual([]);
  });
});

describe("the two real pages", () => {
  it("are read, where they are at hand", ({ skip }) => {
    if (REAL.length === 0) skip(`${SEEDS.pathname} is not here, so only invented pages were shown`);

    expect(REAL).toHaveLength(2);
  });
});
