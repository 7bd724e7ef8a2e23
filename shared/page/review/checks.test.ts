import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { CHECKS } from "./checks.ts";

const DOCUMENT = new URL("../../../docs/page-review.md", import.meta.url);

function table(): string {
  const rows = CHECKS.map(({ code, title, why, mend }) => `| \`${code}\` | ${title} | ${why} | ${mend} |`);
  return ["| code | finding | why it matters at night | what `--fix` does |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

it("tells in docs/page-review.md every check as it is; UPDATE_DOCS=1 writes the table", () => {
  const text = readFileSync(DOCUMENT, "utf8");
  const written = /\| code \| finding[\s\S]*?(?=\n\n)/.exec(text)?.[0];

  if (process.env["UPDATE_DOCS"] !== undefined) writeFileSync(DOCUMENT, text.replace(written ?? "TABLE", table()));
  else expect(written).toBe(table());
});

it("gives every check a code of its own", () => {
  expect(new Set(CHECKS.map(({ code }) => code)).size).toBe(CHECKS.length);
  for (const { code } of CHECKS) expect(code).toMatch(/^[a-z]+(-[a-z]+)+$/);
});
