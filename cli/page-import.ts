import { existsSync } from "node:fs";
import { Option } from "commander";
import type { Command } from "commander";
import type { Inventory } from "../shared/inventory/inventory.ts";
import { loadInventory } from "../shared/inventory/load.ts";
import { leftOverIn } from "../shared/page/carried.ts";
import { draftOf } from "../shared/page/draft.ts";
import type { Draft } from "../shared/page/draft.ts";
import { baseFileOf, baseText, isUntouched, readBase } from "../shared/page/merge/base.ts";
import { mergedPage } from "../shared/page/merge/merge.ts";
import type { Merged } from "../shared/page/merge/merge.ts";
import { planTree } from "../shared/page/plan-tree.ts";
import type { PlanNode } from "../shared/page/plan-tree.ts";
import { planPage } from "../shared/page/plan-page.ts";
import { Fault } from "../shared/fault/fault.ts";
import { hasErrors, printedFinding } from "../shared/plan/finding.ts";
import type { ReadPage } from "./page-source.ts";
import { fileToWrite, readText, writeFile } from "./files.ts";

/** Registers `nightshift page import`. The plan goes to stdout or a file, everything else to stderr. */
export function importCommand(page: Command): void {
  page
    .command("import")
    .description("make a page into a draft of its plan; what it leaves open stands in the plan as a question, which `plan check` calls an error")
    .argument("<page>", "a file (plain-text export, or Confluence's storage format), or a page of Confluence Cloud by number or address")
    .option("--inventory <file>", "inventory file: what the page's names mean; without it every name is a question")
    .addOption(new Option("--format <format>", "yaml: the plan; json: the plan with coverage and questions").choices(["yaml", "json"]).default("yaml"))
    .option("--out <file>", "write it there, and beside it, as .base.json, what a later --into begins from", fileToWrite)
    .option("--into <plan>", "merge the page into this plan: what changed on the page is taken over, what people changed stays, and where both did the plan asks")
    .option("--base <page>", "with --into: the page as it was when the plan was made, where the plan's .base.json is lost")
    .option("--dry-run", "with --into: say what would change, and write nothing")
    .option("--coverage", "print where each piece of the page ended, instead of the plan")
    .option("--carry-over <file>", "what the last window has left over, as `run carry-over` wrote it: found on the page by its keys, or asked about")
    .option("--vendors <folder>", "read Confluence pages from the simulated one that `nightshift serve-vendors --data FOLDER` serves")
    .action(importPage);
}

interface ImportOptions {
  readonly inventory?: string;
  readonly format: "yaml" | "json";
  readonly out?: string;
  readonly into?: string;
  readonly base?: string;
  readonly dryRun?: boolean;
  readonly coverage?: boolean;
  readonly vendors?: string;
  readonly carryOver?: string;
}

/** @throws Fault `invalid` for options that mean nothing together: one that is passed over may have been the one that mattered. */
function expectSense({ into, dryRun, base, coverage, format }: ImportOptions): void {
  if (into === undefined && dryRun === true) throw new Fault("invalid", "--dry-run goes with --into; without it nothing is merged: leave out --out, and the plan is printed");
  if (into === undefined && base !== undefined) throw new Fault("invalid", "--base goes with --into: it is the page as it was when that plan was made");
  if (coverage === true && (into !== undefined || format === "json"))
    throw new Fault("invalid", `--coverage is printed in the place of the plan: leave out ${into === undefined ? "--format json, which has it too" : "it or --into"}`);
}

async function importPage(reference: string, options: ImportOptions): Promise<void> {
  expectSense(options);
  const inventory = inventoryOf(options.inventory);
  if (inventory === undefined) return;
  const { readPage } = await import("./page-source.ts");
  const read = await readPage(reference, options.vendors);
  const draft = draftOf(read.page, inventory, options.carryOver === undefined ? [] : leftOverIn(readText(options.carryOver), options.carryOver));
  if (options.into !== undefined) {
    await mergeInto(options.into, reference, draft, options, async () => baseOf(options.into ?? "", options, inventory, read, readPage));
    return;
  }
  const text = options.format === "json" ? `${JSON.stringify(jsonOf(draft), null, 2)}\n` : options.coverage === true ? coverageLines(draft) : draft.text;
  if (options.out === undefined) await print(text);
  else if (text === draft.text) writePlan(options.out, text, planTree(draft.plan));
  else writeFile(options.out, text);
  say(reference, draft);
}

/**
 * What the page made of the plan before: kept beside the plan; or made anew from an earlier page, which is given, or which Confluence
 * still has under the version that the plan names.
 */
async function baseOf(
  planFile: string,
  { base, vendors }: ImportOptions,
  inventory: Inventory,
  read: ReadPage,
  readPage: (reference: string, vendors?: string) => Promise<ReadPage>,
): Promise<PlanNode> {
  if (base !== undefined) return planTree(draftOf((await readPage(base, vendors)).page, inventory).plan);
  const file = baseFileOf(planFile);
  if (existsSync(file)) return readBase(readText(file), file).tree;
  const { id, version } = planPage(readText(planFile)) ?? {};
  if (id !== undefined && version !== undefined && id === read.page.id && read.earlier !== undefined) return planTree(draftOf(await read.earlier(version), inventory).plan);
  throw new Fault(
    "absent",
    `there is no ${file}, so nobody can tell what in ${planFile} people changed and what the page; give the page as it was when the plan was made with --base${id === undefined || version === undefined ? "" : `, or import page ${id} by its number, of which Confluence still has version ${version}`}`,
  );
}

/** The plan first: should we be stopped before the base is written, the same merge does nothing twice. */
function writePlan(file: string, text: string, base: PlanNode): void {
  const baseFile = baseFileOf(file);
  if (existsSync(file) && existsSync(baseFile)) {
    const earlier = readText(file);
    if (earlier !== text && !isUntouched(readBase(readText(baseFile), baseFile), earlier))
      throw new Fault("conflict", `people have worked on ${file} since it was imported; merge the page into it with --into ${file}, or write to another file`);
  }
  writeFile(file, text);
  writeFile(baseFile, baseText(base, text));
}

async function mergeInto(planFile: string, reference: string, draft: Draft, options: ImportOptions, baseOfPlan: () => Promise<PlanNode>): Promise<void> {
  const text = readText(planFile);
  const merged = mergedPage(text, planFile, await baseOfPlan(), draft);
  const target = options.out ?? planFile;
  if (options.dryRun !== true) {
    writeFile(target, merged.text);
    // With the digest of what the page alone makes: people's work is in it, and `--out` must not write over it.
    writeFile(baseFileOf(target), baseText(merged.base, draft.text));
  }
  const { entries, coverage } = merged;
  await print(options.format === "json" ? `${JSON.stringify({ yaml: merged.text, changes: entries, coverage, questions: draft.questions }, null, 2)}\n` : mergeLines(merged));
  const count = (what: string): number => entries.filter((entry) => entry.what === what).length;
  process.stderr.write(
    `${reference} into ${target}: ${merged.text === text ? "nothing to change" : `${count("added")} added, ${count("removed")} removed, ${count("changed")} changed, ${count("moved")} moved`}, ${count("conflict")} to decide${options.dryRun === true ? "; nothing was written" : ""}\n`,
  );
}

/** What became of every change on either side: page line, id in the plan, words, and what exactly. */
function mergeLines({ entries }: Merged): string {
  return entries
    .map(({ what, line, id, title, details }) =>
      [
        `${what.padEnd(8)}  ${line === undefined ? "        " : `line ${String(line).padEnd(3)}`}  ${id}  ${title}`,
        ...details.map((detail) => `                      ${detail}`),
      ].join("\n"),
    )
    .map((text) => `${text}\n`)
    .join("");
}

function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}

/** Undefined when it has errors, which are printed then. */
function inventoryOf(file: string | undefined): Inventory | undefined {
  const { inventory, findings } = loadInventory(file === undefined ? "inventory: 1\n" : readText(file), file ?? "no inventory");
  for (const finding of findings) if (finding.severity !== "info") process.stderr.write(`${printedFinding(finding)}\n`);
  if (!hasErrors(findings)) return inventory;
  process.exitCode = 2;
  return undefined;
}

function say(reference: string, draft: Draft): void {
  const { visible, placed } = draft.counted;
  process.stderr.write(
    `${reference}: ${draft.plan.phases.flatMap(({ changes }) => changes).length} changes, ${draft.questions.length} questions; ${placed} of ${visible} letters and digits placed\n`,
  );
  for (const { line, was, now } of draft.repairs) process.stderr.write(`mended on line ${line}: ${JSON.stringify(was)} is read as ${JSON.stringify(now)}\n`);
}

function jsonOf({ plan, text, coverage, questions, repairs, counted }: Draft): object {
  return { plan, yaml: text, coverage, questions, repairs, counted };
}

function coverageLines({ coverage, questions }: Draft): string {
  const lines = coverage.map(({ line, text, as, id }) => `${String(line).padStart(5)}  ${as.padEnd(10)}  ${id}  ${text}`);
  const asked = questions.map(({ line, text, why, owner }) => `${String(line).padStart(5)}  ${why}${text === "" ? "" : ` «${text}»`}${owner === null ? "" : ` (${owner})`}`);
  return [...lines, "", "Questions", ...asked, ""].join("\n");
}
