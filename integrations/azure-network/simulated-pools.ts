import type { World } from "../../shared/ports/simulator.ts";

/** Network interfaces, load balancers and application gateways, as far as who serves in which backend pool. */
export interface NetworkWorld extends World {
  /** All by id, lower case; see `nicKey`, `balancerKey`, `gatewayKey`. */
  nics: Record<string, SimulatedNic>;
  balancers: Record<string, SimulatedBalancer>;
  gateways: Record<string, SimulatedGateway>;
  /** Addresses whose health probes fail, with the reason that Azure gives. */
  sick: Record<string, string>;
  /** From joining a pool until the health probes have let traffic to it. */
  probeMs: number;
  /** How long a change of a network interface or of a load balancer's pool takes. */
  updateMs: number;
  /** The same of an application gateway, which takes no second change meanwhile. */
  gatewayUpdateMs: number;
  /** Addresses that joined a pool less than `probeMs` ago: `POOL-ID ADDRESS` to UTC ISO. */
  joined: Record<string, string>;
  /** Changes under way: id of what is changed, lower case, to UTC ISO of their end. */
  underWay: Record<string, string>;
}

export interface SimulatedNic {
  subscription: string;
  resourceGroup: string;
  nic: string;
  location: string;
  /** Id of the virtual machine. */
  machine?: string;
  tags: Record<string, string>;
  configurations: { name: string; address: string; primary: boolean; subnet: string; balancerPools: string[]; gatewayPools: string[] }[];
}

export interface SimulatedBalancer {
  subscription: string;
  resourceGroup: string;
  balancer: string;
  location: string;
  /** Load balancing rules, each with the pool that it sends traffic to. */
  rules: { name: string; pool: string }[];
  pools: Record<string, { addresses: { name: string; address: string; network: string; adminState?: string }[] }>;
}

export interface SimulatedGateway {
  subscription: string;
  resourceGroup: string;
  gateway: string;
  location: string;
  tags: Record<string, string>;
  /** Backend settings, each with its own probes. */
  settings: string[];
  pools: Record<string, { addresses: { address?: string; fqdn?: string }[] }>;
}

interface Place {
  readonly subscription: string;
  readonly resourceGroup: string;
}

export function idOf({ subscription, resourceGroup }: Place, type: string, name: string): string {
  return `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.Network/${type}/${name}`;
}

export const nicId = (nic: SimulatedNic): string => idOf(nic, "networkInterfaces", nic.nic);
export const balancerId = (balancer: SimulatedBalancer): string => idOf(balancer, "loadBalancers", balancer.balancer);
export const gatewayId = (gateway: SimulatedGateway): string => idOf(gateway, "applicationGateways", gateway.gateway);

/** Where a thing stands in the world. */
export const nicKey = (nic: SimulatedNic): string => nicId(nic).toLowerCase();
export const balancerKey = (balancer: SimulatedBalancer): string => balancerId(balancer).toLowerCase();
export const gatewayKey = (gateway: SimulatedGateway): string => gatewayId(gateway).toLowerCase();

/** Id of a backend pool of a load balancer or an application gateway. */
export function backendPoolId(of: SimulatedBalancer | SimulatedGateway, pool: string): string {
  return `${"balancer" in of ? balancerId(of) : gatewayId(of)}/backendAddressPools/${pool}`;
}

/** Names of the machines (or addresses, where none is known) that a pool sends traffic to at `now`. */
export function serversInService(world: NetworkWorld, of: SimulatedBalancer | SimulatedGateway, pool: string, now: number): string[] {
  return membersOf(world, of, pool)
    .filter((member) => isUp(world, member, backendPoolId(of, pool), now))
    .map(({ server }) => server)
    .sort();
}

export interface Member {
  readonly address: string;
  /** Name of its machine. */
  readonly server: string;
  /** Id of the IP configuration by which it is in the pool. */
  readonly configuration?: string;
  readonly adminState?: string;
}

export function membersOf(world: NetworkWorld, of: SimulatedBalancer | SimulatedGateway, pool: string): Member[] {
  const id = backendPoolId(of, pool).toLowerCase();
  const nics = Object.values(world.nics);
  const byNic = nics.flatMap((nic) =>
    nic.configurations
      .filter(({ balancerPools, gatewayPools }) => [...balancerPools, ...gatewayPools].some((each) => each.toLowerCase() === id))
      .map(({ name, address }) => ({ address, server: serverOf(nic), configuration: `${nicId(nic)}/ipConfigurations/${name}` })),
  );
  const owner = (address: string) => nics.find(({ configurations }) => configurations.some((each) => each.address === address));
  const nameOf = (address: string) => {
    const nic = owner(address);
    return nic === undefined ? address : serverOf(nic);
  };
  const entries: Member[] =
    "balancer" in of
      ? (of.pools[pool]?.addresses ?? []).map(({ address, adminState }) => ({ address, server: nameOf(address), ...(adminState === undefined ? {} : { adminState }) }))
      : (of.pools[pool]?.addresses ?? []).map(({ address, fqdn }) => ({ address: address ?? fqdn ?? "", server: nameOf(address ?? fqdn ?? "") }));
  return [...byNic, ...entries];
}

function serverOf({ machine, nic }: SimulatedNic): string {
  return machine?.split("/").at(-1) ?? nic;
}

export function isUp(world: NetworkWorld, { address, adminState }: Member, pool: string, now: number): boolean {
  if (adminState === "Down") return false;
  if (adminState === "Up") return true;
  const joinedAt = world.joined[`${pool.toLowerCase()} ${address}`];
  return world.sick[address] === undefined && (joinedAt === undefined || now >= Date.parse(joinedAt) + world.probeMs);
}

/** Makes a change and writes down who left or joined which pool by it. */
export function rotating(world: NetworkWorld, now: number, change: () => void): void {
  const before = membership(world);
  change();
  const after = membership(world);
  const at = new Date(now).toISOString();
  const note = (did: string, { member, of, pool }: Membership) =>
    world.effects.push({ at, did, to: `server ${member.server}`, with: { pool, inService: serversInService(world, of, pool, now).length } });
  for (const [key, left] of before) if (!after.has(key)) note("drained", left);
  for (const [key, came] of after) {
    if (before.has(key)) continue;
    world.joined[key] = at;
    note("restored", came);
  }
}

interface Membership {
  readonly member: Member;
  readonly of: SimulatedBalancer | SimulatedGateway;
  readonly pool: string;
}

/** Who is in rotation, by `POOL-ID ADDRESS`. */
function membership(world: NetworkWorld): Map<string, Membership> {
  const all = new Map<string, Membership>();
  for (const of of [...Object.values(world.balancers), ...Object.values(world.gateways)]) {
    for (const pool of Object.keys(of.pools)) {
      for (const member of membersOf(world, of, pool))
        if (member.adminState !== "Down") all.set(`${backendPoolId(of, pool).toLowerCase()} ${member.address}`, { member, of, pool });
    }
  }
  return all;
}

export function poolById(world: NetworkWorld, id: string): object | undefined {
  const [owner = "", pool = ""] = id.toLowerCase().split("/backendaddresspools/");
  const of = world.balancers[owner] ?? world.gateways[owner];
  return Object.entries(of?.pools ?? {}).find(([name]) => name.toLowerCase() === pool)?.[1];
}

/** What is over leaves no trace. */
export function settle(world: NetworkWorld, now: number): void {
  for (const [id, until] of Object.entries(world.underWay)) if (now >= Date.parse(until)) delete world.underWay[id];
  for (const [member, at] of Object.entries(world.joined)) if (now >= Date.parse(at) + world.probeMs) delete world.joined[member];
}

/** The network interface of a virtual machine, in pools by it (`balancerPools`, `gatewayPools`: ids) or in none. */
export function simulatedNic(
  server: Place & { readonly vm: string },
  address: string,
  pools: { readonly balancerPools?: readonly string[]; readonly gatewayPools?: readonly string[] } = {},
): SimulatedNic {
  const { subscription, resourceGroup, vm } = server;
  return {
    subscription,
    resourceGroup,
    nic: `nic-${vm.toLowerCase()}`,
    location: "eastus2",
    machine: `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.Compute/virtualMachines/${vm}`,
    tags: { team: "infrastructure" },
    configurations: [
      {
        name: "ipconfig1",
        address,
        primary: true,
        subnet: `/subscriptions/${subscription}/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/vnet/subnets/web`,
        balancerPools: [...(pools.balancerPools ?? [])],
        gatewayPools: [...(pools.gatewayPools ?? [])],
      },
    ],
  };
}
