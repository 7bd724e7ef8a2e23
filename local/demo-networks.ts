import { backendPoolId, balancerKey, gatewayKey, nicKey, type SimulatedBalancer, type SimulatedGateway, simulatedNic } from "../integrations/azure-network/simulated-pools.ts";
import { simulatedFirewall } from "../integrations/pan-os/simulated-firewall.ts";
import type { Inventory } from "../shared/inventory/inventory.ts";
import type { Firewall, Pool, Server } from "../shared/inventory/schema.ts";
import type { CompiledPlan } from "../shared/plan/compiled.ts";
import { localSettings, simulatedSecret } from "./settings.ts";
import { newWorlds, type Worlds } from "./simulators.ts";

type Networks = Pick<Worlds, "azure-network" | "pan-os">;

/**
 * Pools and firewalls as they stand before a window: every server of the inventory has a network interface, is in its pool by
 * it, and is well; every firewall has the address groups that the plan adds to, and none of the people whom it makes readers.
 */
export function networkWorlds(inventory: Inventory, plan: CompiledPlan): Networks {
  return { "azure-network": pools(inventory), "pan-os": firewalls(inventory, plan) };
}

function pools(inventory: Inventory): Networks["azure-network"] {
  const all = inventory.entries("pool") as readonly Pool[];
  const balancers = new Map<string, SimulatedBalancer>();
  const gateways = new Map<string, SimulatedGateway>();
  const ids = new Map<string, { readonly kind: Pool["kind"]; readonly id: string }>();
  for (const { name, kind, subscription, resourceGroup, resource, backendPool } of all) {
    const place = { subscription, resourceGroup, location: "eastus2" };
    if (kind === "load-balancer") {
      const fresh: SimulatedBalancer = { ...place, balancer: resource, rules: [], pools: {} };
      const balancer = balancers.get(balancerKey(fresh)) ?? fresh;
      balancer.rules.push({ name: `https-${backendPool}`, pool: backendPool });
      balancer.pools[backendPool] = { addresses: [] };
      balancers.set(balancerKey(balancer), balancer);
      ids.set(name, { kind, id: backendPoolId(balancer, backendPool) });
    } else {
      const fresh: SimulatedGateway = { ...place, gateway: resource, tags: {}, settings: ["https"], pools: {} };
      const gateway = gateways.get(gatewayKey(fresh)) ?? fresh;
      gateway.pools[backendPool] = { addresses: [] };
      gateways.set(gatewayKey(gateway), gateway);
      ids.set(name, { kind, id: backendPoolId(gateway, backendPool) });
    }
  }
  const nics = (inventory.entries("server") as readonly Server[]).map((server, index) => {
    const pool = server.pool === undefined ? undefined : ids.get(server.pool.name);
    const address = `10.20.${Math.floor(index / 200)}.${10 + (index % 200)}`;
    return simulatedNic(server, address, pool === undefined ? {} : pool.kind === "load-balancer" ? { balancerPools: [pool.id] } : { gatewayPools: [pool.id] });
  });
  return {
    ...newWorlds()["azure-network"],
    nics: Object.fromEntries(nics.map((nic) => [nicKey(nic), nic])),
    balancers: Object.fromEntries(balancers),
    gateways: Object.fromEntries(gateways),
  };
}

function firewalls(inventory: Inventory, { steps }: CompiledPlan): Networks["pan-os"] {
  const settings = localSettings()["pan-os"];
  const allowed = steps.filter(({ verb }) => verb === "firewall.allow").flatMap(({ targets }) => targets.map(({ params }) => params as { firewall: Firewall; group: string }));
  const keyOf = (secret: string) => simulatedSecret(secret).reveal();
  const made = (inventory.entries("firewall") as readonly Firewall[]).map(({ name, url, apiKey = settings.apiKey, readersApiKey = settings.readersApiKey }) => {
    const groups = [...new Set(allowed.filter(({ firewall }) => firewall.name === name).map(({ group }) => group))];
    const keys = { [settings.account]: keyOf(apiKey), [settings.readersAccount]: keyOf(readersApiKey) };
    const running = { addresses: { "Head office": { value: "198.51.100.7" } }, groups: Object.fromEntries(groups.map((group) => [group, { members: ["Head office"] }])) };
    return [new URL(url).host, simulatedFirewall(keys, running)] as const;
  });
  return { ...newWorlds()["pan-os"], firewalls: Object.fromEntries(made) };
}
