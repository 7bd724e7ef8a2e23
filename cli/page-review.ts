import { Option } from "commander";
import type { Command } from "commander";
import { registry } from "../integrations/actions.ts";
import { Fault } from "../shared/fault/fault.ts";
import { loadInventory } from "../shared/inventory/load.ts";
import { draftOf, pageOf } from "../shared/page/draft.ts";
import { CHECKS } from "../shared/page/review/checks.ts";
import type { Check } from "../shared/page/review/checks.ts";
import type { ReviewFinding, State } from "../shared/page/review/finding.ts";
import { mended } from "../shared/page/review/mend.ts";
import type { Reading } from "../shared/page/review/night.ts";
import { reviewOf } from "../shared/page/review/review.ts";
import type { Review } from "../shared/page/review/review.ts";
import { statesIn } from "../shared/page/review/states.ts";
import { hasErrors, printedFinding } from "../shared/plan/finding.ts";
import { readYaml } from "../shared/plan/yaml.ts";
import { readText, writeFile } from "./files.ts";
import { printable } from "./lines.ts";
import { withWords } from "./page-file.ts";

/** Registers `nightshift page review`. Findings go to stdout, everything else to stderr. Exit code 1: something is still open. */
export function reviewCommand(page: Command): void {
  page
    .command("review")
    .description("say what is wrong with a page: openings without closings, stale months, order against time and more; exit code 1: a finding is open")
    .argument("<file>", "page as plain-text export or in Confluence's storage format")
    .option("--inventory <file>", "inventory file: what the page's names mean; without it less can be seen")
    .addOption(new Option("--format <format>", "how to print it").choices(["text", "json"]).default("text"))
    .option("--plan <plan>", "look how each finding stands in the plan that was made from the page; writes nothing")
    .addOption(new Option("--fix <plan>", "write the mends into that plan; what only a person knows becomes a question there").conflicts("plan"))
    .action(review);
}

interface ReviewOptions {
  readonly inventory?: string;
  readonly format: "text" | "json";
  readonly plan?: string;
  readonly fix?: string;
}

async function review(file: string, options: ReviewOptions): Promise<void> {
  const { inventory, findings: ofInventory } = loadInventory(options.inventory === undefined ? "inventory: 1\n" : readText(options.inventory), options.inventory ?? "no inventory");
  for (const finding of ofInventory) if (finding.severity !== "info") say(printedFinding(finding));
  if (hasErrors(ofInventory)) {
    process.exitCode = 2;
    return;
  }
  const reading: Reading = { inventory, registry };
  const read = withWords(pageOf(readText(file)), file);
  const found = reviewOf(read, draftOf(read, inventory), reading);

  const planFile = options.fix ?? options.plan;
  let states: ReadonlyMap<ReviewFinding, State> | undefined;
  if (planFile !== undefined) {
    let text = readText(planFile);
    const { value, findings } = readYaml(text, planFile);
    if (value === undefined || hasErrors(findings)) throw new Fault("invalid", `${planFile} cannot be read:\n${findings.map(printedFinding).join("\n")}`);
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, "window"))
      throw new Fault("invalid", `${planFile} has no \`window\`; expected a plan made by \`page import\``);
    if (options.fix !== undefined) {
      const { text: now, written } = mended(text, planFile, found, reading);
      if (now !== text) writeFile(planFile, now);
      text = now;
      say(written.length === 0 ? `${planFile}: nothing to mend` : `${planFile}: ${written.length} finding${written.length === 1 ? "" : "s"} written`);
    }
    states = statesIn(text, planFile, found, reading);
  }

  const lines = options.format === "json" ? [JSON.stringify(jsonOf(file, found, states), null, 2)] : linesOf(file, found, states);
  await new Promise<void>((resolve) => process.stdout.write(`${lines.join("\n")}\n`, () => resolve()));
  const open = found.findings.filter((finding) => (states === undefined ? finding.severity === "warning" : states.get(finding) === "open"));
  say(`${file}: ${count(found, "warning")} to mend, ${count(found, "info")} to know${states === undefined ? "" : `; in the plan ${told(states)}`}`);
  if (open.length > 0) process.exitCode = 1;
}

function checkOf({ code }: ReviewFinding): Check | undefined {
  return CHECKS.find((check) => check.code === code);
}

function jsonOf(file: string, { findings }: Review, states: ReadonlyMap<ReviewFinding, State> | undefined): object {
  return {
    file,
    findings: findings.map((finding) => {
      const { code, severity, line, others, words, message, proposal, step, edits } = finding;
      const state = states?.get(finding);
      return {
        code,
        severity,
        line,
        others,
        words,
        message,
        why: checkOf(finding)?.why ?? "",
        mend: proposal,
        step,
        asks: edits.some((edit) => edit.do === "ask"),
        ...(state === undefined ? {} : { state }),
      };
    }),
  };
}

/** Grouped by line; why it matters once a kind. */
function linesOf(file: string, { findings }: Review, states: ReadonlyMap<ReviewFinding, State> | undefined): readonly string[] {
  if (findings.length === 0) return [`${file}: nothing found`];
  const explained = new Set<string>();
  return findings.flatMap((finding) => {
    const { code, severity, line, others, words, message, proposal } = finding;
    const state = states?.get(finding);
    const also = others.length === 0 ? "" : ` (see line ${others.slice(0, 8).join(", ")})`;
    const why = explained.has(code) ? [] : [`    why: ${plain(checkOf(finding)?.why ?? "")}`];
    explained.add(code);
    return [
      `${file}:${line}: ${severity} ${code}: ${plain(message)}${also}${state === undefined ? "" : ` [${state}]`}`,
      `    page: «${plain(words)}»`,
      ...why,
      `    mend: ${plain(proposal)}`,
    ];
  });
}

/** What a page holds must not fill a terminal either. */
function plain(text: string): string {
  const line = printable(text);
  return line.length <= 400 ? line : `${line.slice(0, 400)} …`;
}

function count({ findings }: Review, severity: ReviewFinding["severity"]): number {
  return findings.filter((finding) => finding.severity === severity).length;
}

function told(states: ReadonlyMap<ReviewFinding, State>): string {
  const counts = Map.groupBy(states.values(), (state) => state);
  return [...counts].map(([state, all]) => `${all.length} ${state}`).join(", ");
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
