import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadPlan } from "../cli/plan-file.ts";
import { loadInventory } from "../shared/inventory/load.ts";
import { demoScene, type Scenario } from "./demo-world.ts";
import { sceneOf } from "./scene.ts";

const INVENTORY = new URL("../plans/inventory.yaml", import.meta.url).pathname;
const { inventory } = loadInventory(readFileSync(INVENTORY, "utf8"), INVENTORY);
const { plan } = loadPlan(new URL("../plans/2024-12-08.yaml", import.meta.url).pathname, INVENTORY);
const scene = (scenario: Scenario = "usual") => demoScene({ inventory, plan, scenario });

describe("the world of the December window", () => {
  it("is plain JSON that a process of its own can take, and the same every time", () => {
    const made = scene();

    expect(sceneOf(JSON.parse(JSON.stringify(made)))).toEqual(made);
    expect(scene()).toEqual(made);
  });

  it("has everything that the plan's steps act on, under the plan's ids", () => {
    const { worlds } = scene();

    for (const { verb, targets } of plan.steps) {
      for (const { params } of targets) {
        const { pipeline, ref, server, cluster, site, channel, key } = params as Record<
          string,
          { id: number; tag?: string; vm: string; subscription: string; resourceGroup: string; cluster: string; url: string } & string
        >;
        if (pipeline !== undefined) {
          const found = worlds["azure-devops"].pipelines.find(({ id }) => id === pipeline.id);
          expect(found?.stages.length, `${verb} ${pipeline.id}`).toBeGreaterThan(0);
          if (ref?.tag !== undefined) expect(found?.refs[`refs/tags/${ref.tag}`]).toMatch(/^[0-9a-f]{40}$/);
        }
        if (server !== undefined)
          expect(worlds["azure-compute"].machines[`${server.subscription}/${server.resourceGroup}/${server.vm}`.toLowerCase()]?.pending.length).toBeGreaterThan(0);
        if (cluster !== undefined) expect(worlds["azure-resources"].clusters[`${cluster.subscription}/${cluster.resourceGroup}/${cluster.cluster}`.toLowerCase()]).toBeDefined();
        if (site !== undefined) expect(worlds.web.sites[new URL(site.url).origin]).toBeDefined();
        if (channel !== undefined) expect(worlds.slack.channels.some(({ id }) => id === String(channel.id))).toBe(true);
        if (key !== undefined) expect(worlds.jira.issues.some((issue) => issue.key === key)).toBe(true);
      }
    }
    expect(worlds.jira.issues.map(({ key }) => key).sort()).toEqual([...new Set(plan.changes.flatMap(({ keys }) => keys))].sort());
  });

  it("has two servers that fail their first attempt at patching, and one refusal that asks for patience", () => {
    const { worlds, faults } = scene();

    const unlucky = Object.values(worlds["azure-compute"].machines).filter(({ misfortunes }) => misfortunes.installFails === 1);

    expect(unlucky.map(({ vm }) => vm)).toEqual(["IC-MCC2", "IC-App5"]);
    expect(faults).toMatchObject([{ system: "jira", times: 1, answer: { status: 429, headers: { "retry-after": "20" } } }]);
  });

  it("upgrades the cluster after the deployment that the plan checks it for, and syncs the certificate after the vault's move", () => {
    const { links, worlds } = scene();

    expect(links).toMatchObject([
      { after: { pipeline: 506, stage: "deploy_prd", ref: "refs/tags/platform-0/2.35.0", parameters: { stack: "kong" } }, then: { version: "1.30.6" } },
      { after: { moved: "kv-xat-env1" }, then: { vault: "kv-xat-env1.vault.azure.net", certificate: "wildcard-invoicecloud-beta-com" } },
    ]);
    expect(Object.values(worlds["azure-resources"].clusters).find(({ cluster }) => cluster === "aks-prd-kong")?.version).not.toBe("1.30.6");
    expect(worlds["key-vault"].vaults["kv-xat-env1.vault.azure.net"]?.certificates).toEqual({});
  });

  it("has no agents before the window's Sunday in the scenario december, and differs in nothing else", () => {
    const { worlds: usual, ...others } = scene("usual");
    const { worlds: december, ...same } = scene("december");

    expect(december["azure-devops"].agentsOfflineUntil).toBe("2024-12-08T05:00:00.000Z");
    expect({ ...december, "azure-devops": { ...december["azure-devops"], agentsOfflineUntil: undefined } }).toEqual({
      ...usual,
      "azure-devops": { ...usual["azure-devops"], agentsOfflineUntil: undefined },
    });
    expect(same).toEqual(others);
  });

  it("knows no other scenario", () => {
    expect(() => scene("perfect" as Scenario)).toThrow(expect.objectContaining({ kind: "invalid", message: expect.stringContaining("december") }));
  });
});

describe("the world of the October window", () => {
  const { plan: october } = loadPlan(new URL("../plans/2024-10-06.yaml", import.meta.url).pathname, INVENTORY);
  const machines = (scenario: Scenario) => Object.values(demoScene({ inventory, plan: october, scenario }).worlds["azure-compute"].machines);
  const offDays = (scenario: Scenario, vm: string) =>
    (Date.parse(october.window.opensAt) - Date.parse(machines(scenario).find((one) => one.vm === vm)?.history[0]?.at ?? "")) / 86_400_000;

  it("has servers that are long turned off, and in the scenario too-young one that is not for long enough", () => {
    expect(["IC-Old-Report1", "IC-Old-Batch1"].map((vm) => offDays("usual", vm))).toEqual([45, 45]);
    expect(["IC-Old-Report1", "IC-Old-Batch1"].map((vm) => offDays("too-young", vm))).toEqual([45, 29]);
  });

  it("fails the script that another team waits for on the fourth server only, in the scenario driver-fails", () => {
    const failing = (scenario: Scenario) =>
      machines(scenario).flatMap(({ vm, misfortunes }) => (misfortunes.scriptFails === undefined ? [] : [`${vm} ${Object.keys(misfortunes.scriptFails).join()}`]));

    expect([failing("usual"), failing("driver-fails")]).toEqual([[], ["IC-App4 excel-drivers"]]);
  });

  it("has a model for every script of the plan, its check and the way back", () => {
    const scripts = inventory.entries("script") as unknown as readonly { file: string; undo?: string; check?: string }[];
    const {
      "azure-compute": { scripts: powershell },
      "azure-scripts": { scripts: cli },
    } = demoScene({ inventory, plan: october }).worlds;

    expect(
      scripts
        .flatMap(({ file, undo, check }) => [file, undo, check])
        .filter((file) => file !== undefined && !Object.hasOwn({ ...powershell, ...cli }, file.replace(/^.*\//, "").replace(/\.\w+$/, ""))),
    ).toEqual([]);
  });
});
