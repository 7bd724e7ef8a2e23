import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { said } from "../test/support/command-line.ts";
import { pageCommand } from "./page.ts";

const INVENTORY = new URL("../test/pages/samples/inventory.yaml", import.meta.url).pathname;
const PAGE = "All times in Central Time\n\nChanges\nHAR-102\nRestart the beacon relay by hand\n\nHAR-103\ncrane-api: Tag v3.4.1\n";

/** Runs `nightshift page import …` in this process, as a shell would see it. */
const imported = (...args: readonly string[]) => said(pageCommand, ["page", "import", "--inventory", INVENTORY, ...args]);

describe("nightshift page import", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "nightshift-page-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const file = (name: string, text?: string): string => {
    const path = join(folder, name);
    if (text !== undefined) writeFileSync(path, text);
    return path;
  };
  const read = (name: string): string => readFileSync(file(name), "utf8");

  it("writes the plan and, beside it, what a merge begins from", async () => {
    const { out, err } = await imported(file("page.txt", PAGE), "--out", file("plan.yaml"));

    expect(out).toBe("");
    expect(err).toMatch(/2 changes, \d+ questions; (\d+) of \1 letters and digits placed/);
    expect(read("plan.yaml")).toContain("crane-api");
    expect(readdirSync(folder).toSorted()).toEqual(["page.txt", "plan.base.json", "plan.yaml"]);
  });

  it("merges an edited page into the plan, says what it did, and does nothing the second time", async () => {
    await imported(file("page.txt", PAGE), "--out", file("plan.yaml"));
    writeFileSync(file("plan.yaml"), read("plan.yaml").replace("window:", "window:\n  owners: [Mina] # ours"));
    file("page.txt", PAGE.replace("v3.4.1", "v3.5.0"));

    const first = await imported(file("page.txt"), "--into", file("plan.yaml"));
    const plan = read("plan.yaml");
    const base = read("plan.base.json");
    const second = await imported(file("page.txt"), "--into", file("plan.yaml"));

    expect(first.out).toMatch(/^changed +line 8 +crane-api\.\S+ +crane-api: Tag v3\.5\.0$/m);
    expect(first.out).toContain('with.ref: {"tag":"v3.4.1"} is now {"tag":"v3.5.0"}');
    expect(first.out).toMatch(/^kept .* window/m);
    expect(first.err).toMatch(/0 added, 0 removed, \d changed, 0 moved, 0 to decide/);
    expect(plan).toContain("owners: [Mina] # ours");
    expect(second.err).toContain("nothing to change");
    expect([read("plan.yaml"), read("plan.base.json")]).toEqual([plan, base]);
  });

  it("writes nothing with --dry-run, and all of it as JSON", async () => {
    await imported(file("page.txt", PAGE), "--out", file("plan.yaml"));
    const before = [read("plan.yaml"), read("plan.base.json")];
    file("page.txt", `${PAGE}\nHAR-104\nRestart the winch\n`);

    const { out } = await imported(file("page.txt"), "--into", file("plan.yaml"), "--dry-run", "--format", "json");

    const { yaml, changes, coverage } = JSON.parse(out) as { yaml: string; changes: { what: string; line: number; id: string }[]; coverage: unknown[] };
    expect(yaml).toContain("Restart the winch");
    expect(changes).toContainEqual(expect.objectContaining({ what: "added", line: 11 }));
    expect(coverage.length).toBeGreaterThan(5);
    expect([read("plan.yaml"), read("plan.base.json")]).toEqual(before);
  });

  it("does not write over a plan that people have worked on, before a merge and after it", async () => {
    await imported(file("page.txt", PAGE), "--out", file("plan.yaml"));
    await imported(file("page.txt"), "--out", file("plan.yaml"));
    writeFileSync(file("plan.yaml"), `${read("plan.yaml")}# ours\n`);

    await expect(imported(file("page.txt"), "--out", file("plan.yaml"))).rejects.toMatchObject({
      kind: "conflict",
      message: expect.stringMatching(/people have worked on .*--into/) as string,
    });
    await imported(file("page.txt"), "--into", file("plan.yaml"));
    await expect(imported(file("page.txt"), "--out", file("plan.yaml"))).rejects.toMatchObject({ kind: "conflict" });
    expect(read("plan.yaml")).toMatch(/# ours\n$/);
  });

  it("needs the page as it was where the base is lost, and says so", async () => {
    await imported(file("page.txt", PAGE), "--out", file("plan.yaml"));
    rmSync(file("plan.base.json"));
    file("new.txt", PAGE.replace("v3.4.1", "v3.5.0"));

    await expect(imported(file("new.txt"), "--into", file("plan.yaml"))).rejects.toMatchObject({
      kind: "absent",
      message: expect.stringMatching(/there is no .*plan\.base\.json.*--base/) as string,
    });
    const { err } = await imported(file("new.txt"), "--into", file("plan.yaml"), "--base", file("page.txt"));

    expect(err).toMatch(/[1-9] changed/);
    expect(read("plan.yaml")).toContain("v3.5.0");
    expect(existsSync(file("plan.base.json"))).toBe(true);
  });

  it.each([
    [["--dry-run"], "--dry-run goes with --into"],
    [["--base", "x"], "--base goes with --into"],
    [["--coverage", "--format", "json"], "--coverage is printed in the place of the plan"],
    [["--coverage", "--into", "x"], "--coverage is printed in the place of the plan"],
  ])("passes over no option that means nothing here: %j", async (options, why) => {
    await expect(imported(file("page.txt", PAGE), ...options)).rejects.toMatchObject({ kind: "invalid", message: expect.stringContaining(why) as string });
  });

  it.each(["", " \n\n", "[]"])("takes no page that says nothing, least of all as the base of a merge: %j", async (text) => {
    await imported(file("page.txt", PAGE), "--out", file("plan.yaml"));

    await expect(imported(file("empty.txt", text))).rejects.toMatchObject({ kind: "invalid", message: expect.stringContaining("empty.txt says nothing") as string });
    await expect(imported(file("page.txt"), "--into", file("plan.yaml"), "--base", file("empty.txt"))).rejects.toMatchObject({ kind: "invalid" });
  });

  it("says what is missing where a page's number is given and Confluence is not set up, and where there is no such file", async () => {
    await expect(imported("4711")).rejects.toMatchObject({ kind: "invalid", message: expect.stringContaining("NIGHTSHIFT_CONFLUENCE_SITE: missing") as string });
    await expect(imported(file("no-such.txt"))).rejects.toMatchObject({ kind: "absent" });
    await expect(imported("4711", "--vendors", folder)).rejects.toMatchObject({ kind: "absent", message: expect.stringContaining("serve-vendors") as string });
  });
});
