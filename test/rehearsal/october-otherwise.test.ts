import { describe, expect, it } from "vitest";
import { machineKey } from "../../integrations/azure-compute/simulated-machine.ts";
import { rehearse } from "../../local/rehearse.ts";
import type { Server } from "../../shared/inventory/schema.ts";
import { reportOf } from "../../shared/run/report.ts";
import { reportHtml } from "../../shared/run/report-html.ts";
import { reportMarkdown } from "../../shared/run/report-markdown.ts";
import { breachesOf } from "../support/invariants.ts";
import { october } from "../support/october.ts";

/** October's window with a narrower pool, and with names that somebody chose to do harm. */

const LONG_MS = 240_000;

describe("October's window with a pool that may spare one server", () => {
  it(
    "lets the next server leave only when the one before it is patched and serves again",
    async () => {
      const { plan, scene } = october({ inventory: { "floor: 3": "floor: 7", "members: [IC-Web1, IC-Web2, IC-Web3, IC-Web4, IC-Web5]": "members: [IC-Web1]" } });
      const before = scene();

      const night = await rehearse({ plan, scene: scene() });

      const moves = night.effects
        .filter(({ system, did }) => system === "azure-network" && ["drained", "restored"].includes(did))
        .map(({ did, to, with: details }) => `${to} ${did}: ${String(details?.["inService"])}`);
      expect(moves).toEqual([1, 6, 7, 8].flatMap((server) => [`server IC-Web${server} drained: 7`, `server IC-Web${server} restored: 7`]));
      expect(night.state.outcome).toBe("well");
      expect(breachesOf({ plan, ...night, networkBefore: before.worlds["azure-network"] })).toEqual([]);
      const waited = night.entries.flatMap(({ fact }) =>
        fact.type === "target.faulted" && fact.step === "patch-web-and-mcc.drain-others" ? [`${fact.target} ${fact.fault.kind}`] : [],
      );
      expect(new Set(waited)).toEqual(new Set(["IC-Web7 throttled", "IC-Web8 throttled"]));
    },
    LONG_MS,
  );
});

/** Quotes of every kind, separators, expansions, markup, a path upwards, percent signs, and letters that turn the text around. */
const HOSTILE = `a'b"c\`id\`; $(id) & <script>alert(1)</script> <!channel> ../../x %2e%2f é漢 \u202etxt`;
const quoted = JSON.stringify(HOSTILE);

describe("October's window with hostile names", () => {
  it.each([
    ["account: icprdstatements", "account"],
    ["branch: update/plat-848/x-real-ip-header", "branch"],
    ["to: kong-helm-prd", "to"],
    ["vault: kv-glb-vault1", "vault"],
    ["secret: mailgun-smtp-password", "secret"],
    ["addresses: [203.0.113.24/32]", "addresses"],
    ["to: icmaintenance.azurewebsites.net", "to"],
  ])("does not compile where a vendor would read more into it than a name: %s", (line, field) => {
    expect(() => october({ plan: { [line]: `${field}: ${field === "addresses" ? `[${quoted}]` : quoted}` } })).toThrow("does not compile");
  });

  it(
    "does what it does in any other night, to whom it is meant for, and refuses a machine whose name leads elsewhere",
    async () => {
      const { plan, inventory, scene } = october({
        inventory: {
          "IC-App6: {": `${quoted}: {`,
          "IC-App5, IC-App6]": `IC-App5, ${quoted}]`,
          "item: Mailgun login": `item: ${quoted}`,
          "IC-Old-Batch1, role": `"../virtualMachines/IC-App1", role`,
        },
        plan: {
          "title: Delete old classic resources": `title: ${quoted}`,
          "text: Maintenance is finished. These are the results.": `text: ${JSON.stringify(`Maintenance is finished. ${HOSTILE}`)}`,
          "evidence: what was deployed": `evidence: ${quoted}`,
        },
      });
      const after = scene();
      const machines = Object.keys(after.worlds["azure-compute"].machines);

      const night = await rehearse({ plan, scene: after });

      const ended = night.state.steps.flatMap(({ id, targets }) =>
        targets.filter(({ as }) => !id.includes(".jira-") && as !== "done" && as !== "already").map(({ id: target, as, why }) => `${id} ${target} ${as}: ${why}`),
      );
      expect(ended).toEqual([expect.stringMatching(/^obsolete-servers\.remove IC-Old-Batch1 failed: .*virtual machine/s)]);
      expect(breachesOf({ plan, ...night })).toEqual([]);
      const gone = machines.filter((key) => after.worlds["azure-compute"].machines[key] === undefined);
      expect(gone).toEqual([machineKey(inventory.entries("server").find(({ name }) => name === "IC-Old-Report1") as Server)]);
      expect(after.worlds["azure-compute"].machines[machineKey(inventory.entries("server").find(({ name }) => name === HOSTILE) as Server)]?.settings).toEqual({
        "64-bit Excel driver": "installed",
        "scheduled task SFP": "disabled",
        "cipher of the app": "off",
      });
      const said = night.effects
        .filter(({ system }) => system === "slack")
        .map(({ with: details }) => String(details?.["text"]))
        .join("\n");
      expect(said).toContain("&lt;!channel&gt;");
      expect(said).not.toContain("<!channel>");
      const report = reportOf(plan, night.entries, Date.parse(night.endedAt));
      for (const text of [reportHtml(report), reportMarkdown(report)]) expect(text).not.toContain("<script>alert");
    },
    LONG_MS,
  );
});
