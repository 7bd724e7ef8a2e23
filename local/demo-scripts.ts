import type { Machine, ScriptModel } from "../integrations/azure-compute/simulated-machine.ts";
import type { CliScriptModel } from "../integrations/azure-scripts/simulator.ts";
import type { Inventory } from "../shared/inventory/inventory.ts";
import type { ResourceGroup, Script, Server } from "../shared/inventory/schema.ts";
import type { CompiledPlan } from "../shared/plan/compiled.ts";
import { isoOf } from "../shared/ports/clock.ts";
import { newWorlds, type Worlds } from "./simulators.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** What the PowerShell of `plans/scripts` does to a server, by the name in its first line. */
export const POWERSHELL: Readonly<Record<string, ScriptModel>> = {
  ...changing("excel-drivers", "excel-drivers-undo", "64-bit Excel driver", ["not installed", "installed"], 5 * MINUTE_MS),
  ...changing("sfp-task-off", "sfp-task-on", "scheduled task SFP", ["enabled", "disabled"], 20_000),
  ...changing("app-cipher-off", "app-cipher-on", "cipher of the app", ["on", "off"], 20_000),
  ...changing("web-ciphers-off", "web-ciphers-on", "ciphers of the web server", ["all", "strong ones"], 30_000),
};

function changing(script: string, undo: string, setting: string, [before, after]: readonly [string, string], takesMs: number): Record<string, ScriptModel> {
  const check = `${script.replace(/-(on|off)$/, "")}-check`;
  return {
    [script]: { takesMs, needs: { [setting]: before }, sets: { [setting]: after }, prints: JSON.stringify({ before, after }) },
    [check]: { takesMs: 10_000, expects: { [setting]: after } },
    [undo]: { takesMs, needs: { [setting]: after }, sets: { [setting]: before }, prints: JSON.stringify({ before: after, after: before }) },
  };
}

const TLS = "storage account {PARAM_ACCOUNT} in {PARAM_GROUP}: lowest TLS";
const FTP = "app {PARAM_APP} in {PARAM_GROUP}: FTP";
const ADDRESS = "public address {PARAM_NAME} in {PARAM_GROUP}";

/** What the Azure CLI scripts of `plans/scripts` do to Azure, by the name in their second line. */
const CLI: Readonly<Record<string, CliScriptModel>> = {
  "plat-1027": {
    takesMs: 25_000,
    needs: { [TLS]: "{PARAM_FROM}" },
    sets: { [TLS]: "{PARAM_TO}" },
    outputs: { account: "{PARAM_ACCOUNT}", before: "{PARAM_FROM}", after: "{PARAM_TO}" },
  },
  "plat-1027-check": { takesMs: 15_000, expects: { [TLS]: "{PARAM_TO}" }, outputs: { account: "{PARAM_ACCOUNT}", lowestTls: "{PARAM_TO}" } },
  "plat-1027-undo": { takesMs: 25_000, needs: { [TLS]: "{PARAM_TO}" }, sets: { [TLS]: "{PARAM_FROM}" } },
  "plat-1028": { takesMs: 25_000, needs: { [FTP]: "{PARAM_FROM}" }, sets: { [FTP]: "{PARAM_TO}" }, outputs: { app: "{PARAM_APP}", before: "{PARAM_FROM}", after: "{PARAM_TO}" } },
  "plat-1028-check": { takesMs: 15_000, expects: { [FTP]: "{PARAM_TO}" }, outputs: { app: "{PARAM_APP}", ftp: "{PARAM_TO}" } },
  "plat-1028-undo": { takesMs: 25_000, needs: { [FTP]: "{PARAM_TO}" }, sets: { [FTP]: "{PARAM_FROM}" } },
  "plat-952": { takesMs: 40_000, needs: { [ADDRESS]: "{PARAM_ADDRESS}" }, sets: { [ADDRESS]: null }, outputs: { name: "{PARAM_NAME}", address: "{PARAM_ADDRESS}" } },
  "plat-952-check": { takesMs: 15_000, expects: { [ADDRESS]: null }, outputs: { name: "{PARAM_NAME}" } },
};

const nameOf = ({ file }: Script) => file.replace(/^.*\//, "").replace(/\.\w+$/, "");

/** Azure as the plan's CLI scripts expect to find it, and the resource groups in which they may run. */
export function cliWorld(inventory: Inventory, { steps }: CompiledPlan): Worlds["azure-scripts"] {
  const runs = steps
    .filter(({ verb }) => verb === "script.run")
    .flatMap(({ targets }) => targets.map(({ params }) => params as { script: Script; parameters?: Readonly<Record<string, string>> }));
  const groups = inventory.entries("resourceGroup") as readonly ResourceGroup[];
  return {
    ...newWorlds()["azure-scripts"],
    groups: [...new Set(groups.map(({ subscription, resourceGroup }) => `${subscription}/${resourceGroup}`.toLowerCase()))],
    scripts: structuredClone(CLI),
    settings: Object.fromEntries(
      runs.flatMap(({ script, parameters = {} }) => {
        const filled = (text: string) => text.replaceAll(/\{PARAM_(\w+)\}/g, (_all, name: string) => parameters[name.toLowerCase()] ?? "");
        return Object.entries(CLI[nameOf(script)]?.needs ?? {}).map(([setting, value]) => [filled(setting), filled(value)] as const);
      }),
    ),
  };
}

/** What of a server the plan's own scripts and removals expect: settings as before, or turned off for so many days. */
export function serverBefore({ steps, window }: CompiledPlan, server: Server, offDaysBeyond = 15): Partial<Machine> {
  const aimed = steps
    .flatMap(({ verb, targets }) => targets.map(({ params }) => ({ verb, ...(params as { server?: Server; script?: Script; offDays?: number }) })))
    .filter((one) => one.server?.name === server.name);
  const needs = aimed.flatMap(({ verb, script }) => (verb === "host.run" && script !== undefined ? Object.entries(POWERSHELL[nameOf(script)]?.needs ?? {}) : []));
  const removal = aimed.find(({ verb }) => verb === "host.decommission");
  const offAt = Date.parse(window.opensAt) - ((removal?.offDays ?? 0) + offDaysBeyond) * DAY_MS;
  return {
    ...(needs.length === 0 ? {} : { settings: Object.fromEntries(needs) }),
    ...(removal === undefined
      ? {}
      : { power: "deallocated", pending: [], history: [{ at: isoOf(offAt), operation: "deallocate", status: "Succeeded", by: "luis.ferreira@invoicecloud.example" }] }),
  };
}
