import { createHash } from "node:crypto";
import type { SimulatedRecord, SimulatedZone } from "../integrations/cloudflare/simulator.ts";
import type { Inventory } from "../shared/inventory/inventory.ts";
import type { DnsRecord, Monitor, PasswordItem, Workspace, Zone } from "../shared/inventory/schema.ts";
import type { CompiledPlan } from "../shared/plan/compiled.ts";
import { isoOf } from "../shared/ports/clock.ts";
import { newWorlds, type Worlds } from "./simulators.ts";

type Saas = Pick<Worlds, "bitwarden" | "cloudflare" | "confluence" | "pingdom" | "terraform">;

const DAY_MS = 24 * 3_600_000;

/**
 * Cloudflare, Confluence, Pingdom, HCP Terraform and Bitwarden as they stand before a window: what the inventory names is there, and stands
 * so that the plan has something to do.
 */
export function saasWorlds(inventory: Inventory, plan: CompiledPlan): Saas {
  const before = (days: number) => isoOf(Date.parse(plan.window.opensAt) - days * DAY_MS);
  const empty = newWorlds();
  const monitors = inventory.entries("monitor") as readonly Monitor[];
  const workspaces = inventory.entries("workspace") as readonly Workspace[];
  const passwords = inventory.entries("passwordItem") as readonly PasswordItem[];
  return {
    cloudflare: { ...empty.cloudflare, zones: zones(inventory, plan, before(900)) },
    confluence: { ...empty.confluence, pages: pages(plan, before(9)) },
    pingdom: {
      ...empty.pingdom,
      checks: monitors.flatMap(({ name, checkIds }) => checkIds.map((id) => ({ id, name: `${name} ${id}`, hostname: "www.example.com", status: "up" as const }))),
    },
    terraform: {
      ...empty.terraform,
      organizations: Object.fromEntries(
        [...new Set(workspaces.map(({ organization }) => organization))].map((organization) => [
          organization,
          {
            workspaces: workspaces
              .filter((one) => one.organization === organization)
              .map(({ workspace }) => {
                const id = hexOf(`${organization}/${workspace}`).slice(0, 16);
                return {
                  id: `ws-${id}`,
                  name: workspace,
                  description: null,
                  locked: false,
                  runs: [{ id: `run-${id}`, status: "applied" as const, endsAt: before(6) }],
                  createdAt: before(700),
                };
              }),
          },
        ]),
      ),
    },
    bitwarden: {
      ...empty.bitwarden,
      items: passwords.map(({ item }) => ({
        id: guidOf(item),
        name: item,
        type: 1,
        username: "nightshift",
        password: `simulated-password-of-${hexOf(item).slice(0, 8)}`,
        notes: null,
        changedAt: before(20),
      })),
    },
  };
}

/** The page that the window was made from: its phases, and what is to be done in each. */
function pages({ window: { page, title }, phases, changes }: CompiledPlan, createdAt: string): Worlds["confluence"]["pages"] {
  const id = /\/pages\/(\d+)/.exec(page?.url ?? "")?.[1];
  if (page === undefined || id === undefined) return [];
  const text = (words: string) => words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const body = phases.map((phase) => {
    const lines = changes.filter((change) => change.phase === phase.id).map((change) => `<li><p>${text([...change.keys, change.title].join(" "))}</p></li>`);
    return `<h2>${text(phase.title)}</h2><ul>${lines.join("")}</ul>`;
  });
  return [
    {
      id,
      title: page.title,
      spaceId: "98308",
      status: "current",
      versions: [{ number: 1, body: `<p>${text(title)}</p>${body.join("")}`, message: "", createdAt, authorId: "dana" }],
      comments: [],
      attachments: [],
    },
  ];
}

/** Every zone of the inventory; a record points where the plan's first swap of it expects it, and is proxied unless the plan is to do that. */
function zones(inventory: Inventory, { steps }: CompiledPlan, createdAt: string): SimulatedZone[] {
  const records = inventory.entries("record") as readonly DnsRecord[];
  const names = [...new Set([...(inventory.entries("zone") as readonly Zone[]), ...records].map(({ zone }) => zone))];
  const paramsOf = (verb: string, host: string) =>
    steps
      .filter((step) => step.verb === verb)
      .flatMap(({ targets }) => targets.map(({ params }) => params as { record: DnsRecord; from?: string; proxied?: boolean }))
      .find(({ record }) => record.host === host);
  return names.map((name): SimulatedZone => {
    const own = records.filter(({ zone }) => zone === name);
    return {
      id: hexOf(`zone ${name}`).slice(0, 32),
      name,
      plan: "pro",
      status: "active",
      cached: own.map(({ host }) => `https://${host}/`),
      records: own.map(({ host }): SimulatedRecord => {
        const target = paramsOf("dns.swap", host)?.from;
        const proxied = !(paramsOf("dns.proxy", host)?.proxied ?? false);
        const place = target === undefined ? { type: "A" as const, content: "192.0.2.10" } : { type: "CNAME" as const, content: target };
        return { id: hexOf(`record ${host}`).slice(0, 32), ...place, name: host, proxied, proxiable: true, ttl: proxied ? 1 : 300, comment: null, tags: [], createdAt };
      }),
    };
  });
}

const hexOf = (text: string) => createHash("sha256").update(text).digest("hex");

function guidOf(text: string): string {
  const hex = hexOf(text);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
