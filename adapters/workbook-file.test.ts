import readExcelFile from "read-excel-file/node";
import { expect, it } from "vitest";
import type { Workbook } from "../shared/run/workbook.ts";
import { workbookFile } from "./workbook-file.ts";

const workbook: Workbook = {
  title: "Update Tracking 2024-12-08",
  sheets: [
    {
      name: "Servers",
      columns: [
        { title: "Server", width: 16 },
        { title: "Tries", width: 7 },
        { title: "Result", width: 12 },
        { title: "Reason", width: 60 },
      ],
      rows: [
        ["IC-MCC1", 2, { standing: "done" }, "try 1: 0x80240022\ntry 2: done"],
        ["IC-App1", 0, { standing: "already" }, undefined],
        ["=1+1", 0, { standing: "unknown" }, `<&"'> \u0001 ${"x".repeat(40_000)}`],
      ],
    },
    { name: "Changes", columns: [{ title: "Keys", width: 20 }], rows: [] },
  ],
};

it("writes sheets that come back as they were given", async () => {
  const sheets = await readExcelFile(await workbookFile(workbook));

  expect(sheets.map(({ sheet }) => sheet)).toEqual(["Servers", "Changes"]);
  expect(sheets[0]?.data.slice(0, 3)).toEqual([
    ["Server", "Tries", "Result", "Reason"],
    ["IC-MCC1", 2, "done", "try 1: 0x80240022\ntry 2: done"],
    ["IC-App1", 0, "already so", null],
  ]);
});

it("keeps text text: no formula, no broken file, no cell that Excel would refuse", async () => {
  const sheets = await readExcelFile(await workbookFile(workbook));
  const [server, , result, reason] = sheets[0]?.data[3] ?? [];

  expect([server, result]).toEqual(["=1+1", "unknown"]);
  expect(String(reason)).toMatch(/^<&"'>  x+$/);
  expect(String(reason).length).toBeLessThan(32_768);
});
