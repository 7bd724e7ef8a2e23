import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Hosts, ScriptOrder } from "../integrations/azure-compute/connector.ts";
import { connectWsus } from "../integrations/wsus/connector.ts";
import { parsePowerShell } from "./support/powershell.ts";

/** Scripts that Nightshift runs on other people's servers, ours and those of the plans. */
const ROOT = join(import.meta.dirname, "..");
const powershell = globSync(["integrations/*/scripts/*.ps1", "plans/**/*.ps1"], { cwd: ROOT }).sort();
const shell = globSync(["integrations/*/scripts/*.sh", "plans/**/*.sh"], { cwd: ROOT }).sort();
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

const HOSTILE = [
  "x'; Remove-Item C:\\ #",
  'x" -Force "',
  "$(whoami)",
  "`whoami`",
  "x;y",
  "x&y",
  "x|y;z",
  "a\nb",
  "a\r\nb",
  "-Force",
  "(1)",
  "{1}",
  "@x",
  "%x%",
  "x\u0000",
  "x\u2028y",
  "x\u2019y",
  "",
];

describe.each(powershell)("%s", (file) => {
  const text = read(file);
  const script = parsePowerShell(text);

  it("parses as far as can be told without PowerShell", () => {
    expect(script.faults).toEqual([]);
  });

  it("says its name, stops at the first error and ends with an exit code", () => {
    expect(text).toMatch(/^# nightshift-script: [a-z0-9-]+(\/[a-z0-9-]+)*\r?\n/);
    expect(script.code).toMatch(/^\$ErrorActionPreference = ' *'$/m);
    expect(text).toContain("$ErrorActionPreference = 'Stop'");
    expect(script.code).toMatch(/^Set-StrictMode -Version Latest$/m);
    expect(script.code.trimEnd()).toMatch(/exit 1\s*\}$/);
    expect(script.code).toMatch(/\bexit 0\b/);
  });

  it("takes what it is told by typed parameters, in a param block before its first statement", () => {
    expect(script.code).toMatch(/^\s*\[CmdletBinding\(\)\]\s*param\(/);
    for (const { name, type, pattern } of script.parameters) {
      expect(type, `$${name} has a type`).toMatch(/^(string|int|switch|bool)$/);
      if (type === "string") expect(pattern, `$${name} has a ValidatePattern`).toBeDefined();
    }
  });

  it("makes no code out of text", () => {
    expect(script.code).not.toMatch(/\b(Invoke-Expression|iex|Invoke-Command|EncodedCommand)\b|\[scriptblock\]|\.InvokeScript|powershell(\.exe)?\s+-|pwsh\s+-|cmd(\.exe)?\s+\/c/i);
  });

  it("refuses hostile values for every parameter that is text", () => {
    for (const { name, pattern, mandatory } of script.parameters.filter(({ type }) => type === "string")) {
      const accepts = new RegExp(pattern ?? "", "iu");
      for (const value of HOSTILE.filter((one) => mandatory || one !== "")) expect(accepts.test(value), `$${name} takes ${JSON.stringify(value)}`).toBe(false);
    }
  });
});

describe.each(shell)("%s", (file) => {
  it("parses, says its name, and stops at the first error and at unset variables", () => {
    const checked = spawnSync("sh", ["-n", join(ROOT, file)], { encoding: "utf8" });

    expect(checked.stderr).toBe("");
    expect(read(file)).toMatch(/^#!\/bin\/(ba)?sh\n# nightshift-script: \S+\n/);
    expect(read(file)).toMatch(/^set -eu/m);
    expect(read(file)).not.toMatch(/\beval\b|\bsh -c\b/);
  });
});

describe("the parameters that are handed to scripts", () => {
  it("are declared by the script, and none that it needs is missing", async () => {
    const orders = await ordersOf(async (patches, host, id) => {
      await patches.startReading(host, id, ["critical", "service-packs"]);
      await patches.startInstalling(host, id, ["security"]);
      await patches.startMoving(host, id, { computer: "IC-MCC1", groups: ["September 2024", "Ünïcode gröup"], expected: ["Held Back"] });
      await patches.startMoving(host, id, { computer: "IC-MCC1", groups: ["September 2024"] });
      await patches.startFinding(host, id, "IC-MCC1");
    });

    expect(orders).toHaveLength(5);
    for (const { script, parameters } of orders) {
      const declared = parsePowerShell(script).parameters;
      expect(declared.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(parameters)));
      for (const { name, mandatory, pattern } of declared) {
        if (mandatory) expect(parameters[name], `parameter ${name}`).toBeDefined();
        const value = parameters[name];
        if (value !== undefined) expect(new RegExp(pattern ?? "", "iu").test(value), `${name}: ${value}`).toBe(true);
      }
    }
  });

  it("never change the script's text", async () => {
    const [one, other] = await ordersOf(async (patches, host, id) => {
      await patches.startFinding(host, id, "IC-MCC1");
      await patches.startFinding(host, id, "IC-MCC2");
    });

    expect(one?.script).toBe(other?.script);
  });

  it.each(HOSTILE)("are refused before they leave: %j", async (value) => {
    const orders = await ordersOf(async (patches, host, id) => {
      for (const start of [
        () => patches.startFinding(host, id, value),
        () => patches.startMoving(host, id, { computer: value, groups: ["A"] }),
        () => patches.startMoving(host, id, { computer: "A", groups: [value] }),
        () => patches.startMoving(host, id, { computer: "A", groups: ["A"], expected: [value] }),
        () => patches.startReading(host, id, [value as "security"]),
      ]) {
        await expect(start()).rejects.toMatchObject({ name: "Fault", kind: "invalid" });
      }
    });

    expect(orders).toEqual([]);
  });
});

async function ordersOf(
  use: (patches: ReturnType<typeof connectWsus>, host: Parameters<Hosts["look"]>[0], id: Parameters<Hosts["scriptRun"]>[1]) => Promise<void>,
): Promise<ScriptOrder[]> {
  const orders: ScriptOrder[] = [];
  const hosts = { startScript: async (_host: unknown, _id: unknown, order: ScriptOrder) => void orders.push(order) } as unknown as Hosts;
  const host = { subscription: "11111111-1111-4111-8111-111111111111", resourceGroup: "rg", vm: "vm1", os: "windows" } as const;
  await use(connectWsus(hosts), host, { run: "r", key: "k", part: "p" });
  return orders;
}
