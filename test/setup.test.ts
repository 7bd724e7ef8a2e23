import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

/** A checkout that needs no packages, so that what is installed by mistake is nothing. */
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nightshift-setup-"));
  mkdirSync(join(folder, "borrower/scripts"), { recursive: true });
  mkdirSync(join(folder, "lender/node_modules/a-package"), { recursive: true });
  cpSync(join(import.meta.dirname, "../scripts/setup.mjs"), join(folder, "borrower/scripts/setup.mjs"));
  const own = { name: "borrower", version: "0.0.0" };
  writeFileSync(join(folder, "borrower/package.json"), JSON.stringify(own));
  writeFileSync(join(folder, "borrower/package-lock.json"), JSON.stringify({ ...own, lockfileVersion: 3, packages: { "": own } }));
  symlinkSync(join(folder, "lender/node_modules"), join(folder, "borrower/node_modules"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("setting a checkout up", () => {
  it("installs nothing through a link, where npm would empty the folder of another checkout", () => {
    const PATH = `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`;

    const { status, stderr } = spawnSync(process.execPath, [join(folder, "borrower/scripts/setup.mjs")], { encoding: "utf8", env: { ...process.env, PATH } });

    expect(status).toBe(0);
    expect(stderr).toContain("node_modules is a link");
    expect(existsSync(join(folder, "lender/node_modules/a-package"))).toBe(true);
  });
});
