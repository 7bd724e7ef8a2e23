import { Option, type Command } from "commander";
import type { Ask } from "../shared/run/state.ts";
import type { Obligation } from "../shared/run/obligations.ts";
import { print } from "./lines.ts";
import { clientFor, withServer, type ServerOptions } from "./server-options.ts";

interface Open {
  readonly asOf: string;
  readonly runs: readonly { readonly run: string; readonly title: string; readonly outcome?: string; readonly open: readonly Obligation[]; readonly asks: readonly Ask[] }[];
}

/** Registers `nightshift open`: what is open right now, of all windows. Exit code 0: nothing that a run has left behind; 1: something. */
export function openCommand(program: Command): void {
  withServer(program.command("open").description("show what is open right now, and what people are asked, of all windows; exit code 1: a run has ended and left something open"))
    .addOption(new Option("--format <format>", "how to print it").choices(["text", "json"]).default("text"))
    .action(async (options: ServerOptions & { format: string }) => {
      const open = await clientFor(options).get<Open>("open", ["asOf", "runs"]);
      if (options.format === "json") process.stdout.write(`${JSON.stringify(open, null, 2)}\n`);
      else for (const line of linesOf(open)) print(line);
      if (open.runs.some(({ outcome, open: left }) => outcome !== undefined && left.length > 0)) process.exitCode = 1;
    });
}

function linesOf({ asOf, runs }: Open): readonly string[] {
  if (runs.length === 0) return [`${asOf}: nothing is open`];
  return runs.flatMap(({ run, title, outcome, open, asks }) => [
    `${run} ${title}: ${outcome ?? "under way"}`,
    ...open.map(({ what, openedAt, step, certain }) => `  Open since ${openedAt}: ${what} (${step})${certain ? "" : "; it is not known whether it was opened: look"}`),
    ...asks.map(
      ({ kind, step, target, title: about, of }) =>
        `  Asked: ${about} (${kind}, step ${step}${target === undefined || target === step ? "" : ` on ${target}`}) of ${of.join(" or ")}`,
    ),
  ]);
}
