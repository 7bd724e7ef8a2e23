import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import { registry } from "../integrations/actions.ts";
import { Fault } from "../shared/fault/fault.ts";
import { isOverdue } from "../shared/run/carry-over.ts";
import { carryOverPage } from "../shared/run/carry-over-page.ts";
import { carryOverPlan } from "../shared/run/carry-over-plan.ts";
import { leftOversOf, type LeftOvers } from "../shared/run/left-overs.ts";
import { fileToWrite, jsonOf, readText, writeFile } from "./files.ts";
import { clientFor, withServer, type ServerOptions } from "./server-options.ts";

interface CarryOverOptions extends ServerOptions {
  readonly out?: string;
  readonly page?: boolean;
}

/** Registers `nightshift run carry-over`. The plan or the page's lines go to stdout or a file, everything else to stderr. */
export function carryOverCommand(run: Command): void {
  withServer(
    run
      .command("carry-over <run>")
      .description("write what a run has left over as changes of the next window's plan, with reason, blocker, evidence and how often; for `page import --carry-over`"),
  )
    .option("--out <file>", "write it there", fileToWrite)
    .option("--page", "as lines for the next page (HTML that Confluence takes) instead of a plan")
    .addHelpText("after", "\n<run> is a run of a running Nightshift, or a folder that `npm start` or `nightshift rehearse --out` has written, e.g. out/2024-12-08.")
    .action(carryOver);
}

async function carryOver(run: string, options: CarryOverOptions): Promise<void> {
  const { plan, carried } = existsSync(run) ? readOutput(run) : await askServer(run, options);
  const text = options.page === true ? carryOverPage(plan, carried) : carryOverPlan(plan, carried, registry);
  if (options.out === undefined) await new Promise<void>((written) => process.stdout.write(text, () => written()));
  else writeFile(resolve(options.out), text);
  process.stderr.write(`${plan.window.id}: ${carried.length === 0 ? "nothing is left over" : `${carried.length} of ${plan.changes.length} changes are left over`}\n`);
  for (const { keys, title, windows, why } of carried.filter(isOverdue))
    process.stderr.write(`left over from ${windows.length} windows (${windows.join(", ")}): ${[...keys, title].join(" ")}: ${why}\n`);
}

async function askServer(run: string, options: ServerOptions): Promise<LeftOvers> {
  const client = clientFor(options);
  const path = `runs/${encodeURIComponent(run)}`;
  const { plan } = await client.get<{ plan: unknown }>(`${path}/plan`, ["plan"]);
  return leftOversOf(run, plan, await client.get<object>(`${path}/report.json`, []));
}

/** @param place the folder, or a file in it. @throws Fault `absent` or `invalid` for what no window has written. */
function readOutput(place: string): LeftOvers {
  const folder = statSync(place).isDirectory() ? place : dirname(place);
  return leftOversOf(folder, writtenIn(join(folder, "plan.json")), writtenIn(join(folder, "report.json")));
}

function writtenIn(file: string): unknown {
  if (!existsSync(file)) throw new Fault("absent", `there is no ${file}; expected a folder that \`npm start\` or \`nightshift rehearse --out\` has written`);
  return jsonOf(readText(file), file, "what a window has written");
}
