import { describe, expect, it } from "vitest";
import type { Call } from "../../shared/action/action.ts";
import { actionContract } from "../../test/contract/action.ts";
import { apiContract } from "../../test/contract/api.ts";
import { localOutside } from "../../test/support/transport.ts";
import type { Scripts } from "../azure-compute/connector.ts";
import { scriptRun } from "./actions.ts";
import { AzureScriptsSettings, connectAzureScripts } from "./connector.ts";
import { azureScriptsSimulator, type CliScriptsWorld } from "./simulator.ts";

const PROD = "11111111-1111-4111-8111-111111111111";
const SETTINGS = AzureScriptsSettings.parse({
  identity: `/subscriptions/${PROD}/resourceGroups/rg-nightshift/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-nightshift-scripts`,
});
const GROUP = { name: "Prod operations", aliases: [], subscription: PROD, resourceGroup: "rg-prd-ops" };
const SCRIPT = { name: "PLAT-1027", aliases: [], kind: "azure-cli", file: "scripts/tls.sh", undo: "scripts/tls-undo.sh", check: "scripts/tls-check.sh" };
const PARAMS = { script: SCRIPT, in: GROUP, parameters: { account: "icprdstatements", from: "TLS1_0", to: "TLS1_2" } };
const ACCOUNT = "icprdstatements: lowest TLS";

/** Files of the team's, by what the simulator knows them by. */
const files = new Map(["tls", "tls-undo", "tls-check", "bare"].map((name) => [`scripts/${name}.sh`, `#!/bin/bash\n# nightshift-script: ${name}\nset -eu\n`]));
const scripts: Scripts = {
  read: async (file) => ({
    content: files.get(file) ?? "",
    hash: Buffer.from(files.get(file) ?? file)
      .toString("hex")
      .padEnd(64, "0"),
  }),
};

function world(given: Partial<CliScriptsWorld> = {}): CliScriptsWorld {
  return {
    ...azureScriptsSimulator.newWorld(),
    groups: [`${PROD}/rg-prd-ops`],
    settings: { [ACCOUNT]: "TLS1_0" },
    scripts: {
      tls: {
        takesMs: 40_000,
        needs: { "{PARAM_ACCOUNT}: lowest TLS": "{PARAM_FROM}" },
        sets: { "{PARAM_ACCOUNT}: lowest TLS": "{PARAM_TO}" },
        outputs: { account: "{PARAM_ACCOUNT}", after: "{PARAM_TO}" },
      },
      "tls-undo": {
        takesMs: 40_000,
        needs: { "{PARAM_ACCOUNT}: lowest TLS": "{PARAM_TO}" },
        sets: { "{PARAM_ACCOUNT}: lowest TLS": "{PARAM_FROM}" },
        outputs: { after: "{PARAM_FROM}" },
      },
      "tls-check": { takesMs: 10_000, expects: { "{PARAM_ACCOUNT}: lowest TLS": "{PARAM_TO}" }, outputs: { lowestTls: "{PARAM_TO}" } },
    },
    ...given,
  };
}

function mount(given = world()) {
  const outside = localOutside(azureScriptsSimulator, given);
  const ports = { cli: connectAzureScripts(SETTINGS, outside), scripts };
  const call = (over: Partial<Call> = {}) => ({ run: "2024-10-06", key: "2024-10-06/plat-1027.run/run/1", attempt: 1, now: outside.clock.now(), ...over }) as Call;
  const run = async (params: unknown = PARAMS, over: Partial<Call> = {}) => {
    let receipt = await scriptRun.begin(ports, scriptRun.params.parse(params), call(over));
    for (let looks = 0; looks < 60; looks++) {
      const progress = await scriptRun.poll?.(ports, receipt, call(over));
      receipt = progress?.receipt ?? receipt;
      if (progress?.state === "done") break;
      outside.advance(20_000);
    }
    return { receipt, evidence: await scriptRun.verify(ports, receipt, call(over)) };
  };
  return { world: given, outside, ports, call, run };
}

const byHand = (of: CliScriptsWorld) => void (of.settings[ACCOUNT] = "TLS1_1");

actionContract({
  action: scriptRun,
  integration: "azure-scripts",
  world,
  simulator: azureScriptsSimulator,
  connect: (outside) => ({ cli: connectAzureScripts(SETTINGS, outside), scripts }),
  params: PARAMS,
  effects: ["ran script tls"],
  drift: byHand,
  // A script that is changed after the preview is another script.
  driftBefore: (of) => void (of.groups = []),
  spoil: (of) => void (of.runs = {}),
  // Azure keeps the records of runs for a day.
  essence: ({ settings }) => settings,
});

describe("azure-scripts: script.run, what is special here", () => {
  it("hands parameters over as environment variables, and leaves the script's text alone", async () => {
    const { world: of, run } = mount();

    await run();

    const [main] = Object.values(of.runs);
    expect(main?.variables).toEqual([
      { name: "PARAM_ACCOUNT", value: "icprdstatements" },
      { name: "PARAM_FROM", value: "TLS1_0" },
      { name: "PARAM_TO", value: "TLS1_2" },
    ]);
    expect(main).toMatchObject({
      azCliVersion: "2.64.0",
      retentionInterval: "PT26H",
      cleanupPreference: "Always",
      timeout: "PT2400S",
      identity: { userAssignedIdentities: { [SETTINGS.identity]: {} } },
    });
  });

  it("keeps outputs and log as evidence, of the script and of its check", async () => {
    const { evidence } = await mount().run();

    expect(evidence).toEqual([
      expect.stringMatching(/^scripts\/tls-check\.sh \(sha256 [0-9a-f]{12}\) succeeded; its record is \/subscriptions\/.*\/deploymentScripts\/nightshift-[0-9a-f]{32}$/),
      'its outputs: {"lowestTls":"TLS1_2"}',
      'it printed: {"lowestTls":"TLS1_2"}',
      'outputs of scripts/tls.sh: {"account":"icprdstatements","after":"TLS1_2"}',
    ]);
  });

  it("waits for its container, and says so until it is up", async () => {
    const { ports, outside, call } = mount();
    const receipt = await scriptRun.begin(ports, scriptRun.params.parse(PARAMS), call());

    const states = [];
    for (const ms of [0, 30_000, 30_000]) {
      outside.advance(ms);
      states.push((await scriptRun.poll?.(ports, receipt, call()))?.state);
    }

    expect(states).toEqual(["waiting", "waiting", "running"]);
  });

  it("names the conflict when the script finds what somebody else made", async () => {
    const { run } = mount(world({ settings: { [ACCOUNT]: "TLS1_1" } }));

    await expect(run()).rejects.toMatchObject({ kind: "conflict", message: "scripts/tls.sh: icprdstatements: lowest TLS is TLS1_1; expected TLS1_0" });
  });

  it("is rejected, with what was printed, when its check finds another state", async () => {
    const of = world();
    of.scripts["tls"] = { takesMs: 1_000 };

    await expect(mount(of).run()).rejects.toMatchObject({ kind: "rejected", message: expect.stringContaining("scripts/tls-check.sh failed: DeploymentScriptError") as string });
  });

  it("may be tried afresh when Azure had no container for it, under another name", async () => {
    const { world: of, run } = mount(world({ containerFails: { tls: 1 } }));

    await expect(run()).rejects.toMatchObject({ kind: "failed", message: expect.stringContaining("ContainerInstancesServiceUnavailable") as string });
    await run(PARAMS, { key: "2024-10-06/plat-1027.run/run/2" });

    expect(of.settings[ACCOUNT]).toBe("TLS1_2");
  });

  it("does not run a check that is another one than when it began", async () => {
    const { ports, outside, call } = mount();
    const receipt = await scriptRun.begin(ports, scriptRun.params.parse(PARAMS), call());
    outside.advance(3 * 60_000);
    const before = files.get("scripts/tls-check.sh") ?? "";
    files.set("scripts/tls-check.sh", `${before}# changed\n`);

    const attempt = scriptRun.poll?.(ports, receipt, call());

    await expect(attempt).rejects.toMatchObject({ kind: "conflict", message: expect.stringContaining("has changed since the step began") as string });
    files.set("scripts/tls-check.sh", before);
  });

  it("cannot be taken back without an undo script, and says so before", async () => {
    const { ports, call, run } = mount();
    const params = { ...PARAMS, script: { name: "PLAT-952", aliases: [], kind: "azure-cli", file: "scripts/bare.sh" } };
    const parsed = scriptRun.params.parse(params);

    const lines = await scriptRun.preview(ports, parsed, call());
    const { receipt } = await run(params);

    expect(scriptRun.reversalFor?.(parsed)).toBe("irreversible");
    expect(scriptRun.reversalFor?.(scriptRun.params.parse(PARAMS))).toBe("undo");
    expect(lines).toContain("cannot be taken back: the script has no undo script");
    await expect(scriptRun.undo?.(ports, receipt, call())).rejects.toMatchObject({ kind: "rejected" });
  });

  it("says absent where the resource group is not there, which is no missing run", async () => {
    const { ports, call } = mount(world({ groups: [] }));

    await expect(scriptRun.begin(ports, scriptRun.params.parse(PARAMS), call())).rejects.toMatchObject({
      kind: "absent",
      message: expect.stringContaining("rg-prd-ops") as string,
    });
  });

  it("refuses scripts for servers", () => {
    expect(scriptRun.params.safeParse({ ...PARAMS, script: { ...SCRIPT, kind: "powershell" } }).success).toBe(false);
  });

  it.each(["x'; az group delete #", 'x" -y "', "$(whoami)", "`whoami`", "x;y", "x&y", "x|y", "a\nb", "-y", "(1)", "{1}", "x\u0000"])("refuses the parameter value %j", (value) => {
    expect(scriptRun.params.safeParse({ ...PARAMS, parameters: { account: value } }).success).toBe(false);
  });

  it.each(["PATH", "LD_PRELOAD", "a b", "a=b", "a-b", "", "1a", "a\n"])("refuses the parameter name %j", (name) => {
    expect(scriptRun.params.safeParse({ ...PARAMS, parameters: { [name]: "x" } }).success).toBe(false);
  });

  it.each(["../rg-prod", "rg'x", "rg;x", "rg\nx", "rg x", "..", "rg?x", "rg%2fx"])("refuses the resource group %j before it asks the vendor", async (resourceGroup) => {
    const { ports, outside, call } = mount();

    const attempt = scriptRun.begin(ports, scriptRun.params.parse({ ...PARAMS, in: { ...GROUP, resourceGroup } }), call());

    await expect(attempt).rejects.toMatchObject({ kind: "invalid" });
    expect(outside.requests).toEqual([]);
  });
});

apiContract("azure-scripts");
