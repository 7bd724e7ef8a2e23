import { Report } from "./report-schema.ts";

/** The report as `report.json`: indented, checked against its published schema before it leaves. */
export function reportJson(report: Report): string {
  return `${JSON.stringify(Report.parse(report), null, 2)}\n`;
}
