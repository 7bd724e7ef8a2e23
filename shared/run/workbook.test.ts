import { beforeAll, expect, it } from "vitest";
import { decemberNight } from "../../test/support/december.ts";
import { reportOf } from "./report.ts";
import { cellText, workbookOf, type Sheet, type Workbook } from "./workbook.ts";

let workbook: Workbook;
let changes: number;
beforeAll(async () => {
  const { plan, entries, stage } = await decemberNight({ misfortune: true });
  changes = plan.changes.length;
  workbook = workbookOf(plan, entries, reportOf(plan, entries, stage.clock.now()));
});

const sheet = (name: string): Sheet => workbook.sheets.find((candidate) => candidate.name === name) as Sheet;
const column = (name: string, title: string): readonly (string | number | undefined)[] =>
  sheet(name).rows.map((row) => cellText(row[sheet(name).columns.findIndex((candidate) => candidate.title === title)]));
const row = (name: string, first: string): Record<string, string | number | undefined> => {
  const found = sheet(name).rows.find(([cell]) => cell === first) ?? [];
  return Object.fromEntries(sheet(name).columns.map(({ title }, at) => [title, cellText(found[at])]));
};

it("has a row for each server, and only for servers", () => {
  expect(column("Servers", "Server")).toEqual(["IC-MCC1", "IC-MCC2", "IC-MCC3", "IC-MCC4", "IC-App-Test1", "IC-App1", "IC-App2", "IC-App3", "IC-App4", "IC-App5", "IC-App6"]);
});

it("tells of a server its groups, tries, updates and evidence", () => {
  expect(row("Servers", "IC-MCC2")).toMatchObject({
    Keys: "PLAT-1406",
    Planned: "Sun 04:50",
    "WSUS group before": "Servers August",
    "WSUS group after": "Servers September",
    Patching: "done",
    Tries: 2,
    "Pending before": "KB5048661, KB5046859",
    Installed: "KB5048661, KB5046859",
    Result: "done",
    Reason: expect.stringContaining("0x80240022"),
    Evidence: expect.stringContaining("no restart pending"),
  });
});

it("tells of a server that was not patched why not", () => {
  expect(row("Servers", "IC-App1")).toMatchObject({ Keys: "PLAT-1405", Patching: "skipped", Tries: 0, Result: "skipped", Reason: expect.stringContaining("never started") });
});

it("has a row for each change, with what is carried over in words", () => {
  expect(sheet("Changes").rows).toHaveLength(changes);
  expect(row("Changes", "PLAT-1406")).toMatchObject({ Result: "skipped", "Carried over as": expect.stringContaining("IC-App-Test1 could not be done") });
});

it("lists what was opened, and how it was closed", () => {
  expect(row("Opened and owed", "the Skybot jobs are moved out of the night")).toMatchObject({
    Since: "Sat 20:00",
    Closed: "Sat 20:45",
    How: expect.stringContaining("never opened"),
  });
});

it("has as many cells in each row as columns", () => {
  for (const { columns, rows } of workbook.sheets) for (const cells of rows) expect(cells).toHaveLength(columns.length);
});
