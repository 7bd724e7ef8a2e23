import { spawnSync } from "node:child_process";
import { chmodSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadInventory } from "../shared/inventory/load.ts";
import type { Script } from "../shared/inventory/schema.ts";

/** The Azure CLI scripts of the plans, run by bash against an `az` that answers from a file and notes what it was asked. */
const PLANS = join(import.meta.dirname, "..", "plans");
const SCRIPTS = globSync("scripts/*.sh", { cwd: PLANS }).sort();

/** Answers each call with the next line of `answers`, and appends its arguments to `asked`, one call a line. */
const AZ = `#!/bin/bash
printf '%s\\x1f' "$@" >> "$FOLDER/asked"
printf '\\n' >> "$FOLDER/asked"
case "$*" in *--output\\ tsv*) head -n 1 "$FOLDER/answers"; sed -i 1d "$FOLDER/answers" ;; esac
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nightshift-az-"));
  writeFileSync(join(folder, "az"), AZ);
  chmodSync(join(folder, "az"), 0o755);
  writeFileSync(join(folder, "asked"), "");
});
afterEach(() => rmSync(folder, { recursive: true }));

function bash(script: string, parameters: Readonly<Record<string, string>>, answers: readonly string[] = []) {
  writeFileSync(join(folder, "answers"), answers.map((line) => `${line}\n`).join(""));
  const env = { PATH: `${folder}:${process.env["PATH"] ?? ""}`, FOLDER: folder, AZ_SCRIPTS_OUTPUT_PATH: join(folder, "outputs.json"), ...parameters };
  const { status, stdout, stderr } = spawnSync("bash", [join(PLANS, "scripts", script)], { encoding: "utf8", env });
  const asked = readFileSync(join(folder, "asked"), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\x1f").slice(0, -1));
  return { status, stdout, stderr, asked };
}

const TLS = { PARAM_GROUP: "rg-prd-shared", PARAM_ACCOUNT: "icprdstatements", PARAM_FROM: "TLS1_0", PARAM_TO: "TLS1_2" };
const FTP = { PARAM_GROUP: "rg-prd-shared", PARAM_APP: "ic-prd-intake", PARAM_FROM: "AllAllowed", PARAM_TO: "Disabled" };
const ADDRESS = { PARAM_GROUP: "rg-prd-network", PARAM_NAME: "pip-prd-old-gateway", PARAM_ADDRESS: "203.0.113.9" };
const PARAMETERS: Readonly<Record<string, Readonly<Record<string, string>>>> = { "plat-1027": TLS, "plat-1028": FTP, "plat-952": ADDRESS };
const parametersOf = (script: string) => PARAMETERS[script.replace(/^scripts\//, "").replace(/(-undo|-check)?\.sh$/, "")] ?? {};

describe("scripts of the plans", () => {
  it("are all there that the inventory names, and no others", () => {
    const { inventory, findings } = loadInventory(readFileSync(join(PLANS, "inventory.yaml"), "utf8"), "plans/inventory.yaml");
    const named = (inventory.entries("script") as unknown as readonly Script[]).flatMap(({ file, undo, check }) => [file, undo, check].filter((each) => each !== undefined));

    expect(findings).toEqual([]);
    expect([...new Set(named)].sort()).toEqual(globSync("scripts/*", { cwd: PLANS }).sort());
  });

  it.each([
    ["plat-1027.sh", TLS, ["TLS1_0", "TLS1_2"], "update", { account: "icprdstatements", before: "TLS1_0", after: "TLS1_2" }],
    ["plat-1027-undo.sh", TLS, ["TLS1_2", "TLS1_0"], "update", { account: "icprdstatements", before: "TLS1_2", after: "TLS1_0" }],
    ["plat-1028.sh", FTP, ["AllAllowed", "Disabled"], "set", { app: "ic-prd-intake", before: "AllAllowed", after: "Disabled" }],
    ["plat-1028-undo.sh", FTP, ["Disabled", "AllAllowed"], "set", { app: "ic-prd-intake", before: "Disabled", after: "AllAllowed" }],
    ["plat-952.sh", ADDRESS, ["203.0.113.9", ""], "delete", { name: "pip-prd-old-gateway", address: "203.0.113.9", deleted: true }],
  ])("%s does it, prints JSON and leaves it as its outputs", (script, parameters, answers, write, output) => {
    const { status, stdout, asked } = bash(script, parameters, answers);

    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual(output);
    expect(JSON.parse(readFileSync(join(folder, "outputs.json"), "utf8"))).toEqual(output);
    expect(asked.filter((call) => call.includes(write))).toHaveLength(1);
  });

  it.each([
    ["plat-1027.sh", TLS, ["TLS1_2", "TLS1_2"]],
    ["plat-1027-undo.sh", TLS, ["TLS1_0", "TLS1_0"]],
    ["plat-1028.sh", FTP, ["Disabled", "Disabled"]],
    ["plat-952.sh", ADDRESS, [""]],
  ])("%s changes nothing where it is so already", (script, parameters, answers) => {
    const { status, asked } = bash(script, parameters, answers);

    expect(status).toBe(0);
    expect(asked.filter((call) => ["update", "set", "delete"].some((write) => call.includes(write)))).toEqual([]);
  });

  it.each([
    ["plat-1027.sh", TLS, ["TLS1_1"], "conflict: icprdstatements accepts TLS1_1; expected TLS1_0"],
    ["plat-1027-undo.sh", TLS, ["TLS1_1"], "conflict: icprdstatements accepts TLS1_1; expected TLS1_2"],
    ["plat-1028.sh", FTP, ["FtpsOnly"], "conflict: FTP of ic-prd-intake is FtpsOnly; expected AllAllowed"],
    ["plat-952.sh", ADDRESS, ["203.0.113.77"], "conflict: pip-prd-old-gateway is 203.0.113.77; expected 203.0.113.9"],
    ["plat-952.sh", ADDRESS, ["203.0.113.9", "/subscriptions/x/nic"], "conflict: pip-prd-old-gateway is used by /subscriptions/x/nic; expected it to be unused"],
  ])("%s ends with 3 and changes nothing where somebody else made it otherwise", (script, parameters, answers, words) => {
    const { status, stderr, asked } = bash(script, parameters, answers);

    expect(status).toBe(3);
    expect(stderr.trim()).toBe(words);
    expect(asked.filter((call) => ["update", "set", "delete"].some((write) => call.includes(write)))).toEqual([]);
  });

  it.each([
    ["plat-1027-check.sh", TLS, ["TLS1_2"], 0],
    ["plat-1027-check.sh", TLS, ["TLS1_0"], 1],
    ["plat-1027-check.sh", TLS, [""], 1],
    ["plat-1028-check.sh", FTP, ["Disabled"], 0],
    ["plat-1028-check.sh", FTP, ["FtpsOnly"], 1],
    ["plat-952-check.sh", ADDRESS, ["", ""], 0],
    ["plat-952-check.sh", ADDRESS, ["/subscriptions/x/pip"], 1],
    ["plat-952-check.sh", ADDRESS, ["", "/subscriptions/x/other"], 1],
  ])("%s looks and tells: given %o, finding %o, exit code %i", (script, parameters, answers, code) => {
    const { status, stdout, stderr } = bash(script, parameters, answers);

    expect(status).toBe(code);
    expect(code === 0 ? stdout : stderr).not.toBe("");
  });

  it.each(SCRIPTS)("%s asks for nothing when a parameter is missing or would do harm", (script) => {
    const parameters = parametersOf(script);
    const used = Object.keys(parameters).filter((name) => readFileSync(join(PLANS, script), "utf8").includes(`\${${name}:-}`));

    expect(used.length).toBeGreaterThan(1);
    for (const name of used) {
      for (const value of ["", "-y", "x'; touch harm #", 'x" --yes "', "$(touch harm)", "`touch harm`", "x;y", "x y", "a\nb", "x']|[?name=='y", "é"]) {
        const { status, asked } = bash(script.replace("scripts/", ""), { ...parameters, [name]: value });

        expect({ name, value, status }).toEqual({ name, value, status: 2 });
        expect(asked).toEqual([]);
      }
    }
  });
});
