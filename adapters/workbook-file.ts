import { cellText, type Cell, type Sheet, type Workbook } from "../shared/run/workbook.ts";
import type { Standing } from "../shared/run/report-schema.ts";

/**
 * The tracking workbook as the bytes of an `.xlsx` file. Text stays text, whatever it begins with: nothing that a vendor
 * answered becomes a formula.
 */
export async function workbookFile({ sheets }: Workbook): Promise<Buffer> {
  // Loaded when a workbook is written, which is once a night.
  const { default: writeExcelFile } = await import("write-excel-file/node");
  return writeExcelFile(sheets.map(sheetOf)).toBuffer();
}

function sheetOf({ name, columns, rows }: Sheet) {
  return {
    sheet: name,
    columns: columns.map(({ width }) => ({ width })),
    stickyRowsCount: 1,
    stickyColumnsCount: 1,
    data: [
      columns.map(({ title }) => ({ value: title, type: String, fontWeight: "bold" as const, backgroundColor: "#E8EBED", alignVertical: "top" as const })),
      ...rows.map((row) => row.map(cellOf)),
    ],
  };
}

/** Text colours that are read on white; the same that the report uses. */
const COLOURS: Readonly<Record<Standing, string>> = {
  done: "#1F6B49",
  already: "#3C7A69",
  dropped: "#5A626B",
  skipped: "#8A5706",
  failed: "#B3261E",
  unknown: "#6A3FB0",
  running: "#1F5FA8",
  waiting: "#5A626B",
};

/** Excel takes no more characters in a cell. */
const LONGEST = 32_000;

function cellOf(cell: Cell) {
  const value = cellText(cell);
  if (value === undefined || value === "") return null;
  if (typeof value === "number") return { value, type: Number, alignVertical: "top" as const };
  return {
    value: value.slice(0, LONGEST),
    type: String,
    wrap: true,
    alignVertical: "top" as const,
    ...(typeof cell === "object" ? { textColor: COLOURS[cell.standing], fontWeight: "bold" as const } : {}),
  };
}
