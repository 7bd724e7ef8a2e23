import { writeFile } from "node:fs/promises";
import { Option } from "commander";
import type { Command } from "commander";
import { loadInventory } from "../shared/inventory/load.ts";
import { draftOf, pageOf } from "../shared/page/draft.ts";
import type { Draft } from "../shared/page/draft.ts";
import { hasErrors, printedFinding } from "../shared/plan/finding.ts";
import { readText } from "./plan-file.ts";

/** Registers `nightshift page`: import. The plan goes to stdout or a file, everything else to stderr. */
export function pageCommand(program: Command): void {
  const page = program.command("page").description("make the page that a team writes into a plan");
  page
    .command("import")
    .description("make a page into a draft of its plan; what it leaves open stands in the plan as a question, which `plan check` calls an error")
    .argument("<file>", "page as plain-text export or in Confluence's storage format")
    .option("--inventory <file>", "inventory file: what the page's names mean; without it every name is a question")
    .addOption(new Option("--format <format>", "yaml: the plan; json: the plan with coverage and questions").choices(["yaml", "json"]).default("yaml"))
    .option("--out <file>", "write it there")
    .option("--coverage", "print where each piece of the page ended, instead of the plan")
    .action(importPage);
}

interface ImportOptions {
  readonly inventory?: string;
  readonly format: "yaml" | "json";
  readonly out?: string;
  readonly coverage?: boolean;
}

async function importPage(file: string, options: ImportOptions): Promise<void> {
  const { inventory, findings } = loadInventory(options.inventory === undefined ? "inventory: 1\n" : readText(options.inventory), options.inventory ?? "no inventory");
  for (const finding of findings) if (finding.severity !== "info") process.stderr.write(`${printedFinding(finding)}\n`);
  if (hasErrors(findings)) {
    process.exitCode = 2;
    return;
  }
  const draft = draftOf(pageOf(readText(file)), inventory);
  const text = options.format === "json" ? `${JSON.stringify(jsonOf(draft), null, 2)}\n` : options.coverage === true ? coverageLines(draft) : draft.text;
  if (options.out === undefined) await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
  else await writeFile(options.out, text);
  const { visible, placed } = draft.counted;
  process.stderr.write(
    `${file}: ${draft.plan.phases.flatMap(({ changes }) => changes).length} changes, ${draft.questions.length} questions; ${placed} of ${visible} letters and digits placed\n`,
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
