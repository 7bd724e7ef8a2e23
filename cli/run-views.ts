import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { Fault } from "../shared/fault/fault.ts";
import type { StepState } from "../shared/run/state.ts";
import { fileToWrite, writeFile } from "./files.ts";
import { print } from "./lines.ts";
import { clientFor, withServer, type ServerOptions } from "./server-options.ts";

/** Registers `nightshift run steps` and `nightshift run report`. */
export function runViews(run: Command): void {
  withServer(run.command("steps <run>").description("show the steps of a run, one line each, or one step with its targets"))
    .addOption(new Option("--state <state>", "only steps that stand so").choices(["waiting", "running", "ended"]))
    .option("--step <step>", "one step and its targets")
    .addOption(new Option("--format <format>", "how to print it").choices(["text", "json"]).default("text"))
    .action(async (id: string, options: ServerOptions & { state?: string; step?: string; format: string }) => {
      const steps = await stepsOf(id, options);
      for (const step of steps) {
        if (options.format === "json") process.stdout.write(`${JSON.stringify(step)}\n`);
        else for (const line of [lineOf(step), ...(options.step === undefined ? [] : targetLines(step))]) print(line);
      }
    });

  withServer(run.command("report <run>").description("print the report of a run, or write it to a file"))
    .addOption(new Option("--format <format>", "what it should be").choices(["md", "html", "json", "xlsx"]).default("md"))
    .option("--out <file>", "where to write it; a workbook (xlsx) is written to a file only", fileToWrite)
    .action(async (id: string, options: ServerOptions & { format: string; out?: string }) => {
      if (options.format === "xlsx" && options.out === undefined) throw new Fault("invalid", "a workbook is written to a file: say which with --out");
      const report = await clientFor(options).file(`runs/${encodeURIComponent(id)}/report.${options.format}`);
      if (options.out === undefined) process.stdout.write(report.toString("utf8"));
      else writeFile(resolve(options.out), report);
    });
}

async function stepsOf(run: string, options: ServerOptions & { state?: string; step?: string }): Promise<readonly StepState[]> {
  const client = clientFor(options);
  const path = `runs/${encodeURIComponent(run)}/steps`;
  if (options.step !== undefined) return [await client.get<StepState>(`${path}/${encodeURIComponent(options.step)}`, ["id", "targets"])];
  const steps: StepState[] = [];
  for (let from: number | undefined = 0; from !== undefined;) {
    const query = new URLSearchParams({ from: String(from), ...(options.state === undefined ? {} : { state: options.state }) });
    const page: { steps: StepState[]; next?: number } = await client.get(`${path}?${query.toString()}`, ["steps"]);
    steps.push(...page.steps);
    from = page.next;
  }
  return steps;
}

function lineOf({ id, title, state, as, why }: StepState): string {
  return `${as ?? state}  ${id}  ${title}${why === undefined ? "" : `: ${why}`}`;
}

function targetLines({ targets }: StepState): readonly string[] {
  return targets.flatMap(({ id, state, as, why, note, faults, evidence }) => [
    `  ${as ?? state}  ${id}${(why ?? note) === undefined ? "" : `: ${why ?? note}`}`,
    ...faults.map((fault) => `    fault ${fault}`),
    ...evidence.map((line) => `    seen ${line}`),
  ]);
}
