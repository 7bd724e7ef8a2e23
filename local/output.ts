import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { workbookFile } from "../adapters/workbook-file.ts";
import { unwritten, writeFile } from "../cli/files.ts";
import type { CompiledPlan } from "../shared/plan/compiled.ts";
import type { Entry } from "../shared/run/journal.ts";
import { reportOf } from "../shared/run/report.ts";
import { reportHtml } from "../shared/run/report-html.ts";
import { reportJson } from "../shared/run/report-json.ts";
import { reportMarkdown } from "../shared/run/report-markdown.ts";
import { workbookOf } from "../shared/run/workbook.ts";

/**
 * Writes what a run leaves for people: `report.md`, `report.html`, `report.json` and `tracking.xlsx`, and the compiled plan that it
 * followed as `plan.json`, in a folder named after the run.
 *
 * @param now milliseconds since the epoch, on the run's clock.
 * @returns the paths of the files for people.
 */
export async function writeOutput(folder: string, plan: CompiledPlan, entries: readonly Entry[], now: number): Promise<readonly string[]> {
  const own = join(folder, plan.window.id);
  try {
    mkdirSync(own, { recursive: true });
  } catch (cause) {
    throw unwritten(own, cause);
  }
  const report = reportOf(plan, entries, now);
  const texts = { "report.md": reportMarkdown(report), "report.html": reportHtml(report), "report.json": reportJson(report), "plan.json": `${JSON.stringify(plan)}\n` };
  for (const [name, text] of Object.entries(texts)) writeFile(join(own, name), text);
  const workbook = join(own, "tracking.xlsx");
  writeFile(workbook, await workbookFile(workbookOf(plan, entries, report)));
  return [...Object.keys(texts).flatMap((name) => (name === "plan.json" ? [] : [join(own, name)])), workbook];
}
