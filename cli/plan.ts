import { dirname, join, relative } from "node:path";
import { Argument, Option } from "commander";
import type { Command } from "commander";
import type { Registry } from "../shared/action/registry.ts";
import { loadInventory } from "../shared/inventory/load.ts";
import { compile } from "../shared/plan/compile.ts";
import type { CompiledPlan } from "../shared/plan/compiled.ts";
import { hasErrors, printedFinding, reportOn } from "../shared/plan/finding.ts";
import type { Finding } from "../shared/plan/finding.ts";
import { inventoryJsonSchema, planJsonSchema } from "../shared/plan/json-schema.ts";
import { planReference } from "../shared/plan/reference.ts";
import { triedText } from "./files.ts";
import { shownPlan } from "./plan-lines.ts";
import { shownAsPage } from "./plan-page-lines.ts";
import { approveCommand, previewFile } from "./plan-preview.ts";
import { withCredentials } from "./server-options.ts";

/** Exit code of a plan with errors: told apart from 1, which is a mistake in calling us. */
const EXIT_ERRORS = 2;

/** Registers `nightshift plan`: check, show, preview, approve, schema, reference. Data goes to stdout, everything else to stderr. */
export function planCommand(program: Command): void {
  const plan = program.command("plan").description("check and look at a plan, the YAML of one window");
  const inventory = () => new Option("--inventory <file>", "inventory file; default: inventory.yaml beside the plan");
  const format = () => new Option("--format <format>", "how to print it").choices(["text", "json"]).default("text");

  plan
    .command("check")
    .description("say everything that is wrong with a plan; exit code 0: no errors, 2: errors")
    .argument("<file>", "plan file")
    .addOption(inventory())
    .addOption(format())
    .action(check);
  plan
    .command("show")
    .description("show a plan as a timeline, in local time and UTC, with what waits for what; exit code 2: it has errors")
    .argument("<file>", "plan file")
    .addOption(inventory())
    .addOption(format())
    .addOption(new Option("--by <order>", "time: when each step is expected; page: as the page reads").choices(["time", "page"]).default("time"))
    .action(show);
  withCredentials(plan.command("preview"))
    .description("show what every step would do as the world stands now, and the digests to approve; exit code 1: something would be refused or could not be looked at")
    .argument("<file>", "plan file")
    .addOption(inventory())
    .addOption(format())
    .addOption(new Option("--server <origin>", "address of a running Nightshift; without it, simulated vendors are looked at").env("NIGHTSHIFT_SERVER"))
    .action((file: string, options: Parameters<typeof previewFile>[1]) => previewFile(file, options, write));
  approveCommand(plan);
  plan
    .command("schema")
    .description("print the JSON Schema by which editors complete and check the files")
    .addArgument(new Argument("[of]", "which file's").choices(["plan", "inventory"]).default("plan"))
    .action(async (of: "plan" | "inventory") => write(`${JSON.stringify(of === "plan" ? planJsonSchema(await builtActions()) : inventoryJsonSchema(), null, 2)}\n`));
  plan
    .command("reference")
    .description("print the plan reference, Markdown")
    .action(async () => write(planReference(await builtActions())));
}

interface PlanOptions {
  readonly inventory?: string;
  readonly format: "text" | "json";
}

async function check(file: string, options: PlanOptions): Promise<void> {
  const { plan, findings } = await compiledFrom(file, options);
  const missing = verbsNotBuilt(findings);
  const counts = { errors: countOf(findings, "error"), warnings: countOf(findings, "warning"), infos: countOf(findings, "info") };
  if (options.format === "json") {
    const summary = plan === undefined ? {} : { window: plan.window.id, digest: plan.digest, steps: plan.steps.length };
    await write(`${JSON.stringify({ file, ...counts, compiles: plan !== undefined, runs: plan !== undefined && missing.length === 0, ...summary, findings }, null, 2)}\n`);
  } else {
    await write(findings.map((finding) => `${printedFinding(finding)}\n`).join(""));
    const verdict = plan === undefined ? "does not compile" : `compiles: ${plan.changes.length} changes, ${plan.steps.length} steps, digest ${plan.digest.slice(0, 12)}`;
    say(`${file} ${verdict}; ${plural(counts.errors, "error")}, ${plural(counts.warnings, "warning")}, ${plural(counts.infos, "info")}`);
    if (missing.length > 0) say(`it cannot be run yet: no action does ${missing.join(", ")}`);
  }
  if (plan === undefined) process.exitCode = EXIT_ERRORS;
}

async function show(file: string, options: PlanOptions & { readonly by: "time" | "page" }): Promise<void> {
  const { plan, findings } = await compiledFrom(file, options);
  for (const finding of findings) if (finding.severity !== "info") say(printedFinding(finding));
  if (plan === undefined) {
    say(`${file} does not compile, so there is nothing to show`);
    process.exitCode = EXIT_ERRORS;
    return;
  }
  await write(options.format === "json" ? `${JSON.stringify(plan, null, 2)}\n` : `${(options.by === "page" ? shownAsPage(plan) : shownPlan(plan)).join("\n")}\n`);
}

/** The plan of a file, with the findings of its inventory too; a file that cannot be read is a finding like any other. */
async function compiledFrom(file: string, { inventory: given }: PlanOptions): Promise<{ plan?: CompiledPlan; findings: readonly Finding[] }> {
  const inventoryFile = given ?? relative("", join(dirname(file), "inventory.yaml"));
  const [text, inventoryText, registry] = [textOf(file), textOf(inventoryFile, "name it with --inventory"), await builtActions()];
  const unreadable = [text, inventoryText].flatMap((read) => (typeof read === "string" ? [] : read));
  if (typeof text !== "string") return { findings: unreadable };
  const inventory = loadInventory(typeof inventoryText === "string" ? inventoryText : EMPTY_INVENTORY, inventoryFile);
  if (unreadable.length > 0 || inventory.isLost) return { findings: [...unreadable, ...inventory.findings] };
  const compiled = compile({ text, file, inventory: inventory.inventory, registry, allowMissing: true });
  const findings = [...inventory.findings, ...compiled.findings];
  return compiled.plan === undefined || hasErrors(findings) ? { findings } : { plan: compiled.plan, findings };
}

const EMPTY_INVENTORY = "inventory: 1\n";

function textOf(file: string, hint?: string): string | readonly Finding[] {
  const read = triedText(file);
  if ("text" in read) return read.text;
  const report = reportOn(file);
  report.error("unreadable", { line: read.line ?? 1, column: 1 }, read.why, hint);
  return report.findings();
}

/** Loaded when needed: other commands need not know the actions. */
async function builtActions(): Promise<Registry> {
  const { registry } = await import("../integrations/actions.ts");
  return registry;
}

function verbsNotBuilt(findings: readonly Finding[]): readonly string[] {
  return [...new Set(findings.flatMap(({ code, message }) => (code === "action-not-built" ? (/`([^`]+)`/.exec(message)?.[1] ?? []) : [])))].sort();
}

function countOf(findings: readonly Finding[], severity: Finding["severity"]): number {
  return findings.filter((finding) => finding.severity === severity).length;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Waits until it is out: a pipe takes 64 KB at a time, and the process ends after us. What cannot be written is said by `outliveReaders`. */
function write(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}
