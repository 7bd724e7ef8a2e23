import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { registry } from "../../integrations/actions.ts";
import { demoScene } from "../../local/demo-world.ts";
import { rehearse, type Rehearsal, type RehearsalOptions } from "../../local/rehearse.ts";
import type { FaultRule, Scene } from "../../local/scene.ts";
import { loadInventory } from "../../shared/inventory/load.ts";
import { compile } from "../../shared/plan/compile.ts";
import { openOf } from "../../shared/run/obligations.ts";
import { indexOf } from "../../shared/run/plan-index.ts";
import { reconcile } from "../../shared/run/reconcile.ts";

/** The maintenance page comes down by evidence: nothing that was begun is left unsafe, and the smoke tests passed at the origin; or by a person's word. */

const PLAN = `plan: 1
window: { title: Lift by evidence, date: 2024-10-06, zone: America/New_York, cutoff: "Sun 12:00", channels: [maintenance], owners: [Dana] }
phases:
  - id: day-of
    title: Day of
    changes:
      - id: up
        title: The maintenance page goes up
        steps:
          - { id: swap, action: dns.swap, at: "Sun 05:00", targets: [www, my], with: { from: pal.invoicecloud.com, to: icmaintenance.azurewebsites.net } }
  - id: primary
    title: Primary work
    barrier: true
    changes:
      - id: kong
        title: Kong
        leaves: unsafe
        steps:
          - { id: workspace, action: workspace.rename, targets: Kong PRD, with: { to: kong-helm-prd } }
          - { id: deploy, action: pipeline.run, needs: workspace, with: { pipeline: Hub_Infrastructure, ref: { branch: main }, environment: PRD } }
  - id: post
    title: Post-steps
    barrier: true
    changes:
      - id: smoke
        title: Smoke tests
        steps:
          - { id: www, action: web.check, targets: www.invoicecloud.com, always: true, with: { through: origin } }
      - id: down
        title: The maintenance page comes down
        steps:
          - { id: swap, action: dns.swap, targets: [www, my], always: true, lift: { tests: [smoke.www] }, with: { from: icmaintenance.azurewebsites.net, to: pal.invoicecloud.com } }
`;

const { inventory } = loadInventory(readFileSync(new URL("../../plans/inventory.yaml", import.meta.url), "utf8"), "inventory.yaml");

function planOf() {
  const { plan, findings } = compile({ text: PLAN, file: "lift.yaml", inventory, registry });
  if (plan === undefined) throw new Error(`the plan does not compile: ${JSON.stringify(findings)}`);
  return plan;
}

/** The deployment of Kong begins and ends badly, however often it is tried. */
const kongFails = ({ worlds }: Scene): void => {
  for (const pipeline of worlds["azure-devops"].pipelines) pipeline.misfortunes.push({ what: "fails" });
};

const rule = (given: FaultRule) => (scene: Scene) => void scene.faults.push(given);

/** It takes minutes until the rename is let through. */
const patience = rule({ system: "terraform-cloud", times: 3, answer: { status: 429, headers: { "retry-after": "60" } } });

async function night(befall: (scene: Scene) => void, decisions: NonNullable<RehearsalOptions["decisions"]> = []): Promise<Rehearsal & { readonly points: readonly string[] }> {
  const plan = planOf();
  const scene = demoScene({ inventory, plan });
  befall(scene);
  const rehearsal = await rehearse({ plan, scene, decisions });
  const points = scene.worlds.cloudflare.zones[0]?.records.filter(({ name }) => /^(www|my)\./.test(name)).map(({ content }) => content) ?? [];
  return { ...rehearsal, points };
}

const DOWN = ["pal.invoicecloud.com", "pal.invoicecloud.com"];
const UP = ["icmaintenance.azurewebsites.net", "icmaintenance.azurewebsites.net"];
const said = ({ effects }: Rehearsal) => effects.flatMap(({ system, with: details }) => (system === "slack" ? [String(details?.["text"])] : []));
const open = ({ entries }: Rehearsal) => openOf(entries.map(({ fact }) => fact)).map(({ what }) => what);

describe("a maintenance page that is lifted by evidence", () => {
  it("comes down by itself when nothing is left unsafe and the smoke tests passed", async () => {
    const rehearsal = await night(() => undefined);

    expect(rehearsal.points).toEqual(DOWN);
    expect(rehearsal.state.outcome).toBe("well");
  });

  it("stays up with something left unsafe, says so again and again with the command that lifts it, and ends open", async () => {
    const rehearsal = await night(kongFails);

    expect(rehearsal.points).toEqual(UP);
    expect(said(rehearsal).filter((text) => text.includes("is left unsafe")).length).toBeGreaterThan(5);
    expect(said(rehearsal).some((text) => text.includes("nightshift decide lift --run 2024-10-06 --step down.swap"))).toBe(true);
    expect(rehearsal.state.steps.find(({ id }) => id === "down.swap")).toMatchObject({ as: "skipped" });
    expect(open(rehearsal)).toHaveLength(2);
    expect(rehearsal.state.outcome).toBe("badly");
  });

  it("comes down by a person's word", async () => {
    const rehearsal = await night(kongFails, [{ at: "2024-10-06T11:00:00.000Z", by: "Dana", decision: "lift", step: "down.swap", note: "Kong is not in use yet" }]);

    expect(rehearsal.points).toEqual(DOWN);
    expect(open(rehearsal)).toEqual([]);
    expect(rehearsal.state.outcome).toBe("badly");
  });

  it("stays up when the smoke tests do not pass", async () => {
    const rehearsal = await night(rule({ system: "web", times: 1_000, answer: { status: 503, headers: {} } }));

    expect(rehearsal.points).toEqual(UP);
    expect(said(rehearsal).some((text) => text.includes("did not pass"))).toBe(true);
  });

  it("comes down after an abort, since the smoke tests are run all the same", async () => {
    const rehearsal = await night(patience, [{ at: "2024-10-06T09:00:30.000Z", by: "Dana", decision: "abort", mode: "close" }]);

    expect(rehearsal.points).toEqual(DOWN);
    expect(rehearsal.state.outcome).toBe("aborted");
  });

  it("is left up by the guard when the run has ended, and taken down by it once somebody lifts it", async () => {
    const { entries, endedAt } = await night(kongFails);
    const now = Date.parse(endedAt) + 60_000;
    const sight = { index: indexOf(planOf()), now, gone: [], asleep: [], alive: [], hasUndo: () => true };
    const lifted = {
      stream: "decisions",
      seq: 0,
      fact: { type: "decision.made", at: endedAt, id: "lift", decision: "lift", by: "Dana", step: "down.swap" },
    } as const;

    const before = reconcile({ ...sight, entries });
    const after = reconcile({ ...sight, entries: [...entries, lifted] });

    expect(before.map((order) => order.do)).toEqual(["alarm"]);
    expect(before.flatMap((order) => (order.do === "alarm" ? order.lines : [])).join()).toContain("nightshift decide lift --run 2024-10-06 --step down.swap");
    expect(after.filter((order) => order.do === "undo")).toHaveLength(2);
  });
});
