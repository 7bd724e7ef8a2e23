import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { registry } from "../../integrations/actions.ts";
import { demoScene } from "../../local/demo-world.ts";
import { rehearse, type Rehearsal } from "../../local/rehearse.ts";
import { loadInventory } from "../../shared/inventory/load.ts";
import { compile } from "../../shared/plan/compile.ts";
import { openOf } from "../../shared/run/obligations.ts";

/** October's web pool and firewalls as a window of their own, with all eight web servers leaving at once from a pool whose floor is six. */

const PLAN = `plan: 1
window: { title: Pools and firewalls, date: 2024-10-06, zone: America/New_York, cutoff: "Sun 12:00", channels: [maintenance], owners: [Dana] }
phases:
  - id: primary
    title: Primary work
    changes:
      - id: web
        title: Every web server out of the pool and back
        leaves: degraded
        steps:
          - { id: drain, action: pool.drain, at: "Sun 05:00", targets: [IC-Web1 - 5, other IC-Web servers], timeout: 6h }
          - { id: restore, action: pool.restore, needs: { step: drain, per: target, as: end }, targets: [IC-Web1 - 5, other IC-Web servers], always: true }
      - id: whitelist
        title: Palo production IP whitelist
        steps: [{ id: allow, action: firewall.allow, at: "Sun 05:00", targets: Palo Prod, with: { addresses: [203.0.113.24/32], group: production-allow } }]
      - id: readers
        title: Readers of the Palo firewalls
        steps: [{ id: add, action: firewall.reader, at: "Sun 05:00", targets: [Palo NonProd, Palo Prod], with: { people: [Scott, Rama, Mohammad] } }]
`;

const { inventory } = loadInventory(readFileSync(new URL("../../plans/inventory.yaml", import.meta.url), "utf8").replace("floor: 3", "floor: 6"), "inventory.yaml");
const { plan, findings } = compile({ text: PLAN, file: "pools.yaml", inventory, registry });

describe("a window in which every web server leaves a pool that may spare two", () => {
  if (plan === undefined) throw new Error(`the plan does not compile: ${JSON.stringify(findings)}`);
  const before = demoScene({ inventory, plan });
  const after = demoScene({ inventory, plan });
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    rehearsal = await rehearse({ plan, scene: after });
  }, 120_000);

  it("ends well, with nothing left open", () => {
    const { state, entries } = rehearsal;

    expect({ outcome: state.outcome, open: openOf(entries.map(({ fact }) => fact)) }).toEqual({ outcome: "well", open: [] });
  });

  it("takes each server out once and puts it back once, and never has fewer than six in service", () => {
    const { effects } = after.worlds["azure-network"];
    const count = (did: string) =>
      effects
        .filter((effect) => effect.did === did)
        .map(({ to }) => to)
        .sort();
    const all = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => `server IC-Web${number}`);

    expect([count("drained"), count("restored")]).toEqual([all, all]);
    expect(Math.min(...effects.map(({ with: more }) => Number(more?.["inService"])))).toBe(6);
  });

  it("leaves every pool and network interface as it was", () => {
    const { nics, balancers } = after.worlds["azure-network"];

    expect(JSON.stringify([nics, balancers])).toBe(JSON.stringify([before.worlds["azure-network"].nics, before.worlds["azure-network"].balancers]));
  });

  it("lets the address in and the three people read, and leaves nothing pending", () => {
    const { "palo-prd.invoicecloud.example": prod, "palo-npd.invoicecloud.example": nonProd } = after.worlds["pan-os"].firewalls;

    expect(prod?.running.groups["production-allow"]).toEqual({ members: ["Head office", "nightshift-203.0.113.24-32"] });
    for (const firewall of [prod, nonProd]) expect(Object.keys(firewall?.running.administrators ?? {})).toEqual(["admin", "scott", "rama", "mohammad"]);
    expect([prod?.pending, nonProd?.pending]).toEqual([[], []]);
  });
});
