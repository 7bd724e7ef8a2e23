import type { ApplicationGateway, BackendAddressPool, NetworkInterface, NetworkManagementClient } from "@azure/arm-network";
import { Fault } from "../../shared/fault/fault.ts";
import { deadlineAfter } from "../../shared/ports/deadline.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { azureCall } from "../azure-errors.ts";
import { azureClientOptions } from "../azure-http.ts";
import { armGroupId, armName, armSubscription } from "../azure-names.ts";
import type { PoolPlace } from "./connector.ts";

export const VENDOR = "azure-network";

/** A network interface with what is read of it; `azure` goes back to Azure as it came, but for what is changed. */
export interface Nic {
  readonly id: string;
  readonly name: string;
  /** Id of its virtual machine, lower case. */
  readonly machine: string | undefined;
  /** Name of its virtual machine, or its own where it has none. */
  readonly server: string;
  readonly isPrimary: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly provisioning: string;
  readonly configurations: readonly { readonly name: string; readonly isPrimary: boolean; readonly address: string | undefined; readonly pools: readonly string[] }[];
  readonly azure: NetworkInterface;
}

/** A backend pool as its load balancer or gateway has it. */
export interface Backend {
  readonly id: string;
  /** Ids of IP configurations that are in it by their network interface, lower case. */
  readonly listed: readonly string[];
  /** Those that are in it by an address of its own. `state`: administrative state, on load balancers only. */
  readonly entries: readonly { readonly address: string; readonly state?: string }[];
  readonly provisioning: string;
  /** Load balancing rules that send traffic to it. */
  readonly rules: readonly string[];
  readonly azure: { readonly pool: BackendAddressPool } | { readonly gateway: ApplicationGateway };
}

/** Addresses to whether they are sent traffic; undefined when nothing sends any, so that nothing is probed. */
export type Health = ReadonlyMap<string, boolean> | undefined;

/** Microsoft.Network as far as pools go. Writes are guarded by the etag of what was read. */
export interface Network {
  /** All network interfaces of the subscription, in order of their ids. */
  interfaces(subscription: string, kind: PoolPlace["kind"]): Promise<readonly Nic[]>;
  backend(pool: PoolPlace): Promise<Backend>;
  health(pool: PoolPlace, backend: Backend): Promise<Health>;
  /** @returns false when someone else has changed it since it was read: nothing is done. */
  putInterface(
    kind: PoolPlace["kind"],
    nic: Nic,
    change: { readonly tags: Readonly<Record<string, string>>; readonly pools?: ReadonlyMap<string, readonly string[]> },
  ): Promise<boolean>;
  /** @returns false as above. */
  putEntries(pool: PoolPlace, backend: Backend, entries: Backend["entries"]): Promise<boolean>;
}

/** For one answer to a question about health, which Azure works out while we wait; shorter than what a run waits for a call. */
const HEALTH_DEADLINE_MS = 45_000;
const HEALTH_EVERY_MS = 1_000;

export function networkOf({ fetch, credential }: Outside): Network {
  const clients = new Map<string, Promise<NetworkManagementClient>>();
  const clientFor = async (subscription: string): Promise<NetworkManagementClient> => {
    const known =
      clients.get(subscription) ??
      import("@azure/arm-network").then(({ NetworkManagementClient }) => new NetworkManagementClient(credential, armSubscription(subscription), azureClientOptions(fetch)));
    clients.set(subscription, known);
    return await known;
  };

  async function on<T>(place: PoolPlace, what: string, call: (client: NetworkManagementClient, group: string, resource: string, pool: string) => Promise<T>): Promise<T> {
    const { group, resource, pool } = checked(place);
    const client = await clientFor(place.subscription);
    return await azureCall(VENDOR, `${what} ${place.kind} ${resource} in ${group}`, () => call(client, group, resource, pool));
  }

  return {
    async interfaces(subscription, kind) {
      armSubscription(subscription);
      const client = await clientFor(subscription);
      const nics = await azureCall(VENDOR, `list network interfaces of subscription ${subscription}`, async () => {
        const found: Nic[] = [];
        for await (const nic of client.networkInterfaces.listAll()) found.push(nicOf(nic, kind));
        return found;
      });
      return nics.sort((one, other) => one.id.localeCompare(other.id));
    },

    async backend(place) {
      if (place.kind === "load-balancer") {
        return poolBackend(
          place,
          await on(place, `read pool ${place.backendPool} of`, (client, group, resource, pool) => client.loadBalancerBackendAddressPools.get(group, resource, pool)),
        );
      }
      return gatewayBackend(place, await on(place, "read", (client, group, resource) => client.applicationGateways.get(group, resource)));
    },

    async health(place, backend) {
      if (place.kind === "application-gateway") {
        const found = await on(place, "read the health of", (client, group, resource) =>
          finished(client.applicationGateways.backendHealth(group, resource, { updateIntervalInMs: HEALTH_EVERY_MS })),
        );
        const settings = (found.backendAddressPools ?? [])
          .filter(({ backendAddressPool }) => same(backendAddressPool?.id, backend.id))
          .flatMap(({ backendHttpSettingsCollection = [] }) => backendHttpSettingsCollection);
        return settings.length === 0 ? undefined : inAll(settings.map(({ servers = [] }) => servers.map(({ address, health }) => ({ address, up: health === "Up" }))));
      }
      const perRule: { address: string | undefined; up: boolean }[][] = [];
      for (const rule of backend.rules) {
        const found = await on(place, `read the health of rule ${rule} of`, (client, group, resource) =>
          finished(client.loadBalancerLoadBalancingRules.health(group, resource, rule, { updateIntervalInMs: HEALTH_EVERY_MS })),
        );
        perRule.push((found.loadBalancerBackendAddresses ?? []).map(({ ipAddress, state }) => ({ address: ipAddress, up: state?.toLowerCase() === "up" })));
      }
      return perRule.length === 0 ? undefined : inAll(perRule);
    },

    async putInterface(kind, nic, { tags, pools }) {
      const { subscription, group } = placeOf(nic.id);
      const client = await clientFor(subscription);
      const field = POOLS_OF[kind];
      const ipConfigurations = (nic.azure.ipConfigurations ?? []).map((configuration) => {
        const wanted = pools?.get(configuration.name ?? "");
        return wanted === undefined ? configuration : { ...configuration, [field]: wanted.map((id) => ({ id })) };
      });
      return await unlessChanged(`change network interface ${nic.name} in ${group}`, () =>
        client.networkInterfaces.createOrUpdate(group, nic.name, { ...nic.azure, tags: { ...tags }, ipConfigurations }, guarded(nic.azure.etag)).submitted(),
      );
    },

    async putEntries(place, { azure }, entries) {
      const { group, resource, pool } = checked(place);
      const client = await clientFor(place.subscription);
      const what = `change pool ${pool} of ${place.kind} ${resource} in ${group}`;
      if ("pool" in azure) {
        const states = new Map(entries.map(({ address, state }) => [address, state]));
        const loadBalancerBackendAddresses = (azure.pool.loadBalancerBackendAddresses ?? []).map((entry) => {
          const { adminState: _was, ...rest } = entry;
          const state = states.get(entry.ipAddress ?? "");
          return state === undefined ? rest : { ...rest, adminState: state };
        });
        return await unlessChanged(what, () =>
          client.loadBalancerBackendAddressPools.createOrUpdate(group, resource, pool, { ...azure.pool, loadBalancerBackendAddresses }, guarded(azure.pool.etag)).submitted(),
        );
      }
      const backendAddressPools = (azure.gateway.backendAddressPools ?? []).map((each) =>
        same(each.name, pool) ? { ...each, backendAddresses: entries.map(({ address }) => gatewayEntry(each, address)) } : each,
      );
      return await unlessChanged(what, () =>
        client.applicationGateways.createOrUpdate(group, resource, { ...azure.gateway, backendAddressPools }, guarded(azure.gateway.etag)).submitted(),
      );
    },
  };
}

/** Which list of an IP configuration tells its pools. */
const POOLS_OF = { "load-balancer": "loadBalancerBackendAddressPools", "application-gateway": "applicationGatewayBackendAddressPools" } as const;
const PATH_OF = { "load-balancer": "loadBalancers", "application-gateway": "applicationGateways" } as const;

/** Id of a backend pool, checked. @throws Fault `invalid` for names that Azure does not know. */
export function poolId(place: PoolPlace): string {
  const { resource, pool } = checked(place);
  return `${armGroupId(place)}/providers/Microsoft.Network/${PATH_OF[place.kind]}/${resource}/backendAddressPools/${pool}`;
}

function checked(place: PoolPlace): { group: string; resource: string; pool: string } {
  armSubscription(place.subscription);
  return { group: armName("resource group", place.resourceGroup), resource: armName(place.kind, place.resource), pool: armName("backend pool", place.backendPool) };
}

function nicOf(nic: NetworkInterface, kind: PoolPlace["kind"]): Nic {
  return {
    id: nic.id ?? "",
    name: nic.name ?? "",
    machine: nic.virtualMachine?.id?.toLowerCase(),
    server: nic.virtualMachine?.id?.split("/").at(-1) ?? nic.name ?? "",
    isPrimary: nic.primary ?? true,
    tags: nic.tags ?? {},
    provisioning: nic.provisioningState ?? "Succeeded",
    configurations: (nic.ipConfigurations ?? []).map((configuration) => ({
      name: configuration.name ?? "",
      isPrimary: configuration.primary ?? nic.ipConfigurations?.length === 1,
      address: configuration.privateIPAddress,
      pools: (configuration[POOLS_OF[kind]] ?? []).map(({ id }) => id ?? ""),
    })),
    azure: nic,
  };
}

function poolBackend(place: PoolPlace, pool: BackendAddressPool): Backend {
  return {
    id: poolId(place),
    listed: (pool.backendIPConfigurations ?? []).map(({ id }) => (id ?? "").toLowerCase()),
    // A pool lists those that are in it by their network interface here as well; those are not ours to change here.
    entries: (pool.loadBalancerBackendAddresses ?? []).flatMap(({ ipAddress, adminState, networkInterfaceIPConfiguration }) =>
      ipAddress === undefined || networkInterfaceIPConfiguration !== undefined ? [] : [{ address: ipAddress, ...(adminState === undefined ? {} : { state: adminState }) }],
    ),
    provisioning: pool.provisioningState ?? "Succeeded",
    rules: (pool.loadBalancingRules ?? []).flatMap(({ id }) => id?.split("/").at(-1) ?? []),
    azure: { pool },
  };
}

function gatewayBackend(place: PoolPlace, gateway: ApplicationGateway): Backend {
  const pool = gateway.backendAddressPools?.find(({ name }) => same(name, place.backendPool));
  if (pool === undefined) throw new Fault("absent", `application gateway ${place.resource} in ${place.resourceGroup} has no backend pool ${place.backendPool}`, { vendor: VENDOR });
  return {
    id: poolId(place),
    listed: (pool.backendIPConfigurations ?? []).map(({ id }) => (id ?? "").toLowerCase()),
    entries: (pool.backendAddresses ?? []).map(({ ipAddress, fqdn }) => ({ address: ipAddress ?? fqdn ?? "" })),
    provisioning: gateway.provisioningState ?? "Succeeded",
    rules: [],
    azure: { gateway },
  };
}

/** Those that are there stay as they are, host names among them. */
function gatewayEntry({ backendAddresses }: { backendAddresses?: readonly { fqdn?: string; ipAddress?: string }[] }, address: string): { fqdn?: string; ipAddress?: string } {
  return backendAddresses?.find(({ fqdn, ipAddress }) => (ipAddress ?? fqdn) === address) ?? { ipAddress: address };
}

/** Up only where every rule or setting that probes it says so. */
function inAll(perRule: readonly (readonly { readonly address: string | undefined; readonly up: boolean }[])[]): ReadonlyMap<string, boolean> {
  const health = new Map<string, boolean>();
  for (const { address, up } of perRule.flat()) if (address !== undefined) health.set(address, up && (health.get(address) ?? true));
  return health;
}

export function same(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && one.toLowerCase() === other?.toLowerCase();
}

function placeOf(id: string): { subscription: string; group: string } {
  const [, , subscription = "", , group = ""] = id.split("/");
  return { subscription, group };
}

/** Azure refuses with 412 when the etag is not the one that is there, so nobody's change is overwritten. */
function guarded(etag: string | undefined): { requestOptions: { headers: Record<string, string> } } {
  if (etag === undefined) throw new Fault("unavailable", "Azure gave no etag, without which a change could overwrite somebody else's", { vendor: VENDOR });
  return { requestOptions: { headers: { "If-Match": etag } } };
}

async function unlessChanged(what: string, put: () => Promise<void>): Promise<boolean> {
  try {
    await azureCall(VENDOR, what, put);
    return true;
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.kind === "conflict" && (thrown.cause as { statusCode?: number } | undefined)?.statusCode === 412) return false;
    throw thrown;
  }
}

/** The end of an operation that only looks. @throws Fault `unavailable` when it takes too long or fails: it was not known. */
async function finished<T>(poller: { submitted(): Promise<void>; pollUntilDone(options?: { abortSignal?: AbortSignal }): Promise<T> }): Promise<T> {
  await poller.submitted();
  try {
    return await poller.pollUntilDone({ abortSignal: deadlineAfter(HEALTH_DEADLINE_MS) });
  } catch (thrown) {
    // The SDK tells a failed operation by a plain error.
    if (thrown instanceof Error && thrown.name === "Error") throw new Fault("unavailable", `health could not be read: ${thrown.message}`, { vendor: VENDOR, cause: thrown });
    throw thrown;
  }
}
