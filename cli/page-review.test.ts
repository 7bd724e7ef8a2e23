import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { said } from "../test/support/command-line.ts";
import { pageCommand } from "./page.ts";

const PAGES = new URL("../test/pages/review/", import.meta.url).pathname;
const INVENTORY = ["--inventory", join(PAGES, "inventory.yaml")];

/** Runs `nightshift page …` in this process, as a shell would see it. */
const nightshift = (...args: readonly string[]) => said(pageCommand, ["page", ...args]);

describe("nightshift page review", () => {
  let folder: string;
  let plan: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "nightshift-review-"));
    plan = join(folder, "plan.yaml");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("prints each finding with its line, the page's words, why it matters and the mend; exit code 1", async () => {
    const { out, code } = await nightshift("review", join(PAGES, "aurora.txt"), ...INVENTORY);

    expect(code).toBe(1);
    expect(out).toMatch(
      /aurora\.txt:9: warning never-closed: AU-GATE3 is out of pool gates, and no line puts it back\n {4}page: «.*pull AU-GATE1 - 3 out of the pool.*»\n(?: {4}why: .*\n)? {4}mend: add «Put AU-GATE3 back into the pool»/,
    );
    expect(out.match(/why: What nobody puts back/g)).toHaveLength(1);
  });

  it("finds nothing on a clean page: exit code 0", async () => {
    const { out, code } = await nightshift("review", join(PAGES, "lumen.txt"), ...INVENTORY);

    expect(out).toContain("nothing found");
    expect(code).toBe(0);
  });

  it("gives the same as JSON", async () => {
    const { out } = await nightshift("review", join(PAGES, "aurora.txt"), ...INVENTORY, "--format", "json");

    const { findings } = JSON.parse(out) as { findings: readonly Readonly<Record<string, unknown>>[] };
    expect(findings.find(({ code }) => code === "order-against-time")).toMatchObject({
      line: 13,
      others: [12],
      severity: "warning",
      asks: false,
      why: expect.stringContaining("clock"),
      mend: expect.any(String),
    });
  });

  it("mends a plan once: the second time there is nothing to do, and nothing is open", async () => {
    await nightshift("import", join(PAGES, "aurora.txt"), ...INVENTORY, "--out", plan);

    const first = await nightshift("review", join(PAGES, "aurora.txt"), ...INVENTORY, "--fix", plan);
    const once = readFileSync(plan, "utf8");
    const second = await nightshift("review", join(PAGES, "aurora.txt"), ...INVENTORY, "--fix", plan);

    expect(first.code).toBe(0);
    expect(first.out).not.toContain("[open]");
    expect(second.err).toContain("nothing to mend");
    expect(readFileSync(plan, "utf8")).toBe(once);
  });

  it("only looks with --plan", async () => {
    await nightshift("import", join(PAGES, "aurora.txt"), ...INVENTORY, "--out", plan);
    const before = readFileSync(plan, "utf8");

    const { out, code } = await nightshift("review", join(PAGES, "aurora.txt"), ...INVENTORY, "--plan", plan);

    expect(out).toContain("[open]");
    expect(code).toBe(1);
    expect(readFileSync(plan, "utf8")).toBe(before);
  });

  it("says what is wrong with a plan that cannot be read, and leaves it", async () => {
    writeFileSync(plan, "plan: [");

    await expect(nightshift("review", join(PAGES, "aurora.txt"), ...INVENTORY, "--fix", plan)).rejects.toMatchObject({
      kind: "invalid",
      message: expect.stringContaining("plan.yaml"),
    });
    expect(readFileSync(plan, "utf8")).toBe("plan: [");
  });

  it("sends no control characters of a page to the terminal", async () => {
    const page = join(folder, "page.txt");
    writeFileSync(page, "Sunday, June 15, 2025\nPre work\n- Pause the \u001b[31mred\u009b feed\n");

    const { out } = await nightshift("review", page);

    expect(out).toContain("never-closed");
    // oxlint-disable-next-line no-control-regex -- that is what is looked for
    expect(out).not.toMatch(/[\u001b\u009b]/);
  });
});
