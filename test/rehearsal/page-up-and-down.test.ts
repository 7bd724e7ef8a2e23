import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { registry } from "../../integrations/actions.ts";
import type { CloudflareWorld } from "../../integrations/cloudflare/simulator.ts";
import { demoScene } from "../../local/demo-world.ts";
import { rehearse, type Rehearsal } from "../../local/rehearse.ts";
import type { Scene } from "../../local/scene.ts";
import { loadInventory } from "../../shared/inventory/load.ts";
import { compile } from "../../shared/plan/compile.ts";
import type { CompiledPlan } from "../../shared/plan/compiled.ts";
import { openOf } from "../../shared/run/obligations.ts";

/** October's steps in Cloudflare, Pingdom, HCP Terraform, Bitwarden and Key Vault, as a window of their own: what opens is closed. */

const PLAN = `plan: 1
window: { title: The page goes up and comes down, date: 2024-10-06, zone: America/New_York, cutoff: "Sun 12:00", channels: [maintenance], owners: [Dana] }
phases:
  - id: day-of
    title: Day of
    changes:
      - id: up
        title: The maintenance page goes up
        inOrder: true
        leaves: unsafe
        steps:
          - { id: mute, action: monitor.mute, at: "Sun 05:00", targets: Pingdom }
          - { id: swap, action: dns.swap, targets: [www, my], with: { from: pal.invoicecloud.com, to: icmaintenance.azurewebsites.net } }
  - id: primary
    title: Primary work
    barrier: true
    changes:
      - id: kong
        title: Kong
        inOrder: true
        leaves: unsafe
        steps:
          - { id: workspace, action: workspace.rename, targets: Kong PRD, with: { to: kong-helm-prd } }
          - { id: secret, action: secret.copy, with: { from: Mailgun login, vault: kv-glb-vault1, secret: mailgun-smtp-password } }
          - { id: proxy, action: dns.proxy, targets: invoicecloud.com, with: { proxied: true } }
  - id: post
    title: Post-steps
    barrier: true
    changes:
      - id: down
        title: The maintenance page comes down
        inOrder: true
        steps:
          - { id: swap, action: dns.swap, targets: [www, my], always: true, with: { from: icmaintenance.azurewebsites.net, to: pal.invoicecloud.com } }
          - { id: purge, action: cache.purge, targets: invoicecloud.com, always: true }
          - { id: unmute, action: monitor.unmute, targets: Pingdom, always: true }
`;

const VALUE = 'canary-mailgun-PÄSSWÖRD-"\\/+1';
const FORMS = [VALUE, Buffer.from(VALUE).toString("base64"), encodeURIComponent(VALUE), JSON.stringify(VALUE).slice(1, -1)];

const { inventory } = loadInventory(readFileSync(new URL("../../plans/inventory.yaml", import.meta.url), "utf8"), "inventory.yaml");
const compiled = compile({ text: PLAN, file: "page.yaml", inventory, registry });

/** As the inventory and the plan have it, with a canary for the password. */
function sceneWith(change: (given: Scene["worlds"]) => void = () => undefined): Scene {
  const scene = demoScene({ inventory, plan: planOf() });
  for (const item of scene.worlds.bitwarden.items) item.password = VALUE;
  change(scene.worlds);
  return scene;
}

function planOf(): CompiledPlan {
  if (compiled.plan === undefined) throw new Error(`the plan does not compile: ${JSON.stringify(compiled.findings)}`);
  return compiled.plan;
}

const names = ({ zones }: CloudflareWorld) => JSON.stringify(zones[0]!.records.filter(({ name }) => name !== "invoicecloud.com"));

describe("a window in which the maintenance page goes up and comes down", () => {
  const before = sceneWith();
  const after = sceneWith();
  const recorded: string[] = [];
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    rehearsal = await rehearse({ plan: planOf(), scene: after, record: (line) => void recorded.push(line) });
  });

  it("ends well, with nothing left open", () => {
    expect(
      rehearsal.state.steps.flatMap(({ id, targets }) => targets.map(({ id: target, as }) => `${id} ${target}: ${String(as)}`)).filter((line) => !line.endsWith(": done")),
    ).toEqual([]);
    expect(openOf(rehearsal.entries.map(({ fact }) => fact))).toEqual([]);
    expect(rehearsal.state.outcome).toBe("well");
  });

  it("leaves the world as it should be", () => {
    const { cloudflare, pingdom, terraform, "key-vault": vaults } = after.worlds;
    const endedAt = Date.parse(rehearsal.endedAt) / 1_000;

    expect(names(cloudflare)).toBe(names(before.worlds.cloudflare));
    expect(cloudflare.zones[0]).toMatchObject({ cached: [], records: expect.arrayContaining([expect.objectContaining({ name: "invoicecloud.com", proxied: true })]) });
    expect(pingdom.maintenance.map(({ to }) => to <= endedAt)).toEqual([true]);
    expect(terraform.organizations["invoicecloud"]?.workspaces[0]).toMatchObject({
      id: before.worlds.terraform.organizations["invoicecloud"]?.workspaces[0]?.id,
      name: "kong-helm-prd",
    });
    expect(vaults.vaults["kv-glb-vault1.vault.azure.net"]?.secrets["mailgun-smtp-password"]).toMatchObject([{ value: VALUE, enabled: true }]);
  });

  it("writes the secret's value nowhere: not in the journal, not in the recording", () => {
    const written = [JSON.stringify(rehearsal.entries), JSON.stringify(rehearsal.state), JSON.stringify(rehearsal.notices), recorded.join("\n")].join("\n");

    expect(written).toContain("mailgun-smtp-password");
    for (const form of FORMS) expect(written).not.toContain(form);
  });

  it("takes the page down and unmutes when the work in between fails", async () => {
    const failing = sceneWith(({ bitwarden }) => void (bitwarden.status = "locked"));

    const { state, entries } = await rehearse({ plan: planOf(), scene: failing });

    expect(state.outcome).not.toBe("well");
    expect(names(failing.worlds.cloudflare)).toBe(names(before.worlds.cloudflare));
    expect(openOf(entries.map(({ fact }) => fact))).toEqual([]);
  });
});
