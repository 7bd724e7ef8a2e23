import { createHash } from "node:crypto";
import type { Handler, Simulator } from "../../shared/ports/simulator.ts";
import {
  backendPoolId,
  balancerId,
  gatewayId,
  gatewayKey,
  idOf,
  isUp,
  membersOf,
  type NetworkWorld,
  nicId,
  nicKey,
  poolById,
  rotating,
  settle,
  type SimulatedBalancer,
  type SimulatedGateway,
  type SimulatedNic,
} from "./simulated-pools.ts";

const API_VERSIONS = ["2026-01-01", "2024-01-01"];
const NETWORK = "providers/Microsoft.Network";

/** Microsoft.Network of Azure Resource Manager: pools and their members, the health probes that follow by `now`, etags. */
export const azureNetworkSimulator: Simulator<NetworkWorld> = {
  systems: ["azure-network"],
  systemOf: ({ host, pathname }) =>
    host === "management.azure.com" && /^\/subscriptions\/[^/]+\/(resourceGroups\/[^/]+\/)?providers\/Microsoft\.Network\//i.test(pathname) ? "azure-network" : undefined,
  newWorld: () => ({ effects: [], nics: {}, balancers: {}, gateways: {}, sick: {}, probeMs: 15_000, updateMs: 5_000, gatewayUpdateMs: 120_000, joined: {}, underWay: {} }),
  handler,
};

function handler(world: NetworkWorld): Handler {
  return async (request, now) => {
    const url = new URL(request.url);
    const version = url.searchParams.get("api-version");
    if (!request.headers.get("authorization")?.startsWith("Bearer ")) return refusal(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.");
    if (version === null) return refusal(400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.");
    if (!API_VERSIONS.includes(version))
      return refusal(400, "InvalidApiVersionParameter", `The api-version '${version}' is invalid. The supported versions are '${API_VERSIONS.join(",")}'.`);
    settle(world, now);
    const path = url.pathname.split("/").slice(1).map(decodeURIComponent);
    return (await answer(world, request, path, now)) ?? refusal(404, "InvalidResourceType", `The resource type could not be found for ${request.method} ${url.pathname}`);
  };
}

async function answer(world: NetworkWorld, request: Request, path: readonly string[], now: number): Promise<Response | undefined> {
  const [, subscription = ""] = path;
  const { method } = request;
  if (path[2]?.toLowerCase() === "providers") {
    const [type = "", name = "", what = "", id = ""] = path.slice(4);
    if (type.toLowerCase() === "networkinterfaces" && path.length === 5 && method === "GET") {
      return Response.json({
        value: Object.values(world.nics)
          .filter((nic) => nic.subscription === subscription)
          .map((nic) => nicJson(world, nic)),
      });
    }
    if (type === "locations" && name !== "" && path.length === 8 && method === "GET") return readOperation(world, what, id, now);
    return undefined;
  }
  const group = path[3] ?? "";
  const [type = "", name = "", ...rest] = path.slice(6);
  const key = idOf({ subscription, resourceGroup: group }, type, name).toLowerCase();
  const missing = refusal(404, "ResourceNotFound", `The Resource 'Microsoft.Network/${type}/${name}' under resource group '${group}' was not found.`);
  switch (type.toLowerCase()) {
    case "networkinterfaces": {
      const nic = world.nics[key];
      if (nic === undefined) return missing;
      if (rest.length > 0) return undefined;
      if (method === "GET") return Response.json(nicJson(world, nic));
      return method === "PUT" ? await putNic(world, nic, request, now) : undefined;
    }
    case "loadbalancers": {
      const balancer = world.balancers[key];
      if (balancer === undefined) return missing;
      const [what = "", child = "", action] = rest;
      if (what.toLowerCase() === "backendaddresspools" && rest.length === 2) {
        if (balancer.pools[child] === undefined) return refusal(404, "NotFound", `Resource ${backendPoolId(balancer, child)} not found.`);
        if (method === "GET") return Response.json(poolJson(world, balancer, child));
        return method === "PUT" ? await putPool(world, balancer, child, request, now) : undefined;
      }
      if (what.toLowerCase() === "loadbalancingrules" && action?.toLowerCase() === "health" && rest.length === 3 && method === "POST") {
        if (!balancer.rules.some((rule) => rule.name === child)) return refusal(404, "NotFound", `Resource ${balancerId(balancer)}/loadBalancingRules/${child} not found.`);
        return accepted(subscription, balancer.location, ["rule", key, child]);
      }
      return undefined;
    }
    case "applicationgateways": {
      const gateway = world.gateways[key];
      if (gateway === undefined) return missing;
      if (rest.length === 0 && method === "GET") return Response.json(gatewayJson(world, gateway));
      if (rest.length === 0 && method === "PUT") return await putGateway(world, gateway, request, now);
      if (rest.length === 1 && rest[0]?.toLowerCase() === "backendhealth" && method === "POST") return accepted(subscription, gateway.location, ["gateway", key]);
      return undefined;
    }
    default:
      return undefined;
  }
}

/** The operation's id says what it is about, so that none has to be kept. */
function operationUrl(subscription: string, location: string, what: "operations" | "operationResults", about: readonly string[]): string {
  return `https://management.azure.com/subscriptions/${subscription}/${NETWORK}/locations/${location}/${what}/${Buffer.from(JSON.stringify(about)).toString("base64url")}?api-version=2026-01-01`;
}

function accepted(subscription: string, location: string, about: readonly string[]): Response {
  return new Response(null, { status: 202, headers: { location: operationUrl(subscription, location, "operationResults", about) } });
}

function readOperation(world: NetworkWorld, what: string, id: string, now: number): Response {
  const [kind = "", key = "", child = ""] = JSON.parse(Buffer.from(id, "base64url").toString()) as string[];
  if (what === "operations") return Response.json({ name: id, status: world.underWay[key] === undefined ? "Succeeded" : "InProgress" });
  const balancer = world.balancers[key];
  if (kind === "rule" && balancer !== undefined) {
    const { pool } = balancer.rules.find(({ name }) => name === child) ?? { pool: "" };
    const members = membersOf(world, balancer, pool).map((member) => ({ member, up: isUp(world, member, backendPoolId(balancer, pool), now) }));
    return Response.json({
      up: members.filter(({ up }) => up).length,
      down: members.filter(({ up }) => !up).length,
      loadBalancerBackendAddresses: members.map(({ member: { address, configuration, adminState }, up }) => ({
        ipAddress: address,
        ...(configuration === undefined ? {} : { networkInterfaceIPConfigurationId: configuration }),
        state: up ? "Up" : "Down",
        reason: adminState === "Down" ? "AdminState_Down" : up ? "Up_Probe_Success" : (world.sick[address] ?? "Down_Probe_Pending"),
      })),
    });
  }
  const gateway = world.gateways[key];
  if (kind === "gateway" && gateway !== undefined) {
    return Response.json({
      backendAddressPools: Object.keys(gateway.pools).map((pool) => ({
        backendAddressPool: { id: backendPoolId(gateway, pool) },
        backendHttpSettingsCollection: gateway.settings.map((setting) => ({
          backendHttpSettings: { id: `${gatewayId(gateway)}/backendHttpSettingsCollection/${setting}` },
          servers: membersOf(world, gateway, pool).map((member) => {
            const up = isUp(world, member, backendPoolId(gateway, pool), now);
            return {
              address: member.address,
              health: up ? "Up" : world.sick[member.address] === undefined ? "Unknown" : "Down",
              ...(up ? {} : { healthProbeLog: world.sick[member.address] ?? "The probe has not answered yet." }),
            };
          }),
        })),
      })),
    });
  }
  return refusal(404, "NotFound", `The operation '${id}' was not found.`);
}

/** Told by what is in it, so that a thing that is as it was has the etag that it had. */
function etagOf(of: unknown): string {
  return `W/"${createHash("sha256").update(JSON.stringify(of)).digest("hex").slice(0, 32)}"`;
}

function stateOf(world: NetworkWorld, id: string): "Updating" | "Succeeded" {
  return world.underWay[id.toLowerCase()] === undefined ? "Succeeded" : "Updating";
}

function nicJson(world: NetworkWorld, nic: SimulatedNic): object {
  const id = nicId(nic);
  const provisioningState = stateOf(world, id);
  return {
    id,
    name: nic.nic,
    type: "Microsoft.Network/networkInterfaces",
    location: nic.location,
    etag: etagOf(nic),
    tags: nic.tags,
    properties: {
      provisioningState,
      primary: true,
      enableAcceleratedNetworking: true,
      enableIPForwarding: false,
      ...(nic.machine === undefined ? {} : { virtualMachine: { id: nic.machine } }),
      ipConfigurations: nic.configurations.map(({ name, address, primary, subnet, balancerPools, gatewayPools }) => ({
        id: `${id}/ipConfigurations/${name}`,
        name,
        etag: etagOf(nic),
        type: "Microsoft.Network/networkInterfaces/ipConfigurations",
        properties: {
          provisioningState,
          privateIPAddress: address,
          privateIPAllocationMethod: "Dynamic",
          privateIPAddressVersion: "IPv4",
          primary,
          subnet: { id: subnet },
          ...(balancerPools.length === 0 ? {} : { loadBalancerBackendAddressPools: balancerPools.map((pool) => ({ id: pool })) }),
          ...(gatewayPools.length === 0 ? {} : { applicationGatewayBackendAddressPools: gatewayPools.map((pool) => ({ id: pool })) }),
        },
      })),
    },
  };
}

function poolJson(world: NetworkWorld, balancer: SimulatedBalancer, pool: string): object {
  const id = backendPoolId(balancer, pool);
  const members = membersOf(world, balancer, pool);
  const byNic = members.flatMap(({ configuration }) => configuration ?? []);
  return {
    id,
    name: pool,
    type: "Microsoft.Network/loadBalancers/backendAddressPools",
    etag: etagOf([balancer, members]),
    properties: {
      provisioningState: stateOf(world, id),
      backendIPConfigurations: byNic.map((configuration) => ({ id: configuration })),
      loadBalancerBackendAddresses: [
        ...byNic.map((configuration) => ({ name: configuration.split("/")[8] ?? "", properties: { networkInterfaceIPConfiguration: { id: configuration } } })),
        ...(balancer.pools[pool]?.addresses ?? []).map(({ name, address, network, adminState }) => ({
          name,
          properties: { ipAddress: address, virtualNetwork: { id: network }, ...(adminState === undefined ? {} : { adminState }) },
        })),
      ],
      loadBalancingRules: balancer.rules.filter((rule) => rule.pool === pool).map(({ name }) => ({ id: `${balancerId(balancer)}/loadBalancingRules/${name}` })),
    },
  };
}

function gatewayJson(world: NetworkWorld, gateway: SimulatedGateway): object {
  const id = gatewayId(gateway);
  const provisioningState = stateOf(world, id);
  return {
    id,
    name: gateway.gateway,
    type: "Microsoft.Network/applicationGateways",
    location: gateway.location,
    etag: etagOf(gateway),
    tags: gateway.tags,
    properties: {
      provisioningState,
      operationalState: "Running",
      sku: { name: "Standard_v2", tier: "Standard_v2", capacity: 2 },
      backendAddressPools: Object.entries(gateway.pools).map(([pool, { addresses }]) => {
        const byNic = membersOf(world, gateway, pool).flatMap(({ configuration }) => configuration ?? []);
        return {
          id: backendPoolId(gateway, pool),
          name: pool,
          etag: etagOf(gateway),
          type: "Microsoft.Network/applicationGateways/backendAddressPools",
          properties: {
            provisioningState,
            backendAddresses: addresses.map(({ address, fqdn }) => (fqdn === undefined ? { ipAddress: address } : { fqdn })),
            ...(byNic.length === 0 ? {} : { backendIPConfigurations: byNic.map((configuration) => ({ id: configuration })) }),
          },
        };
      }),
      backendHttpSettingsCollection: gateway.settings.map((setting) => ({
        id: `${id}/backendHttpSettingsCollection/${setting}`,
        name: setting,
        properties: { provisioningState, port: 443, protocol: "Https", cookieBasedAffinity: "Disabled", requestTimeout: 30 },
      })),
    },
  };
}

interface WireNic {
  location?: string;
  tags?: Record<string, string>;
  properties?: {
    ipConfigurations?: {
      name?: string;
      properties?: { privateIPAddress?: string; loadBalancerBackendAddressPools?: { id: string }[]; applicationGatewayBackendAddressPools?: { id: string }[] };
    }[];
  };
}

async function putNic(world: NetworkWorld, nic: SimulatedNic, request: Request, now: number): Promise<Response> {
  const stale = refusedBy(request, etagOf(nic));
  if (stale !== undefined) return stale;
  const body = (await request.json()) as WireNic;
  const sent = body.properties?.ipConfigurations ?? [];
  const changed = nic.configurations.map((configuration) => {
    const wanted = sent.find(({ name }) => name === configuration.name)?.properties;
    return {
      ...configuration,
      balancerPools: (wanted?.loadBalancerBackendAddressPools ?? []).map(({ id }) => id),
      gatewayPools: (wanted?.applicationGatewayBackendAddressPools ?? []).map(({ id }) => id),
    };
  });
  if (body.location !== nic.location || sent.length !== nic.configurations.length)
    return refusal(400, "InvalidRequestFormat", `Network interface ${nic.nic} cannot be moved or lose an IP configuration in use.`);
  const unknown = changed.flatMap(({ balancerPools, gatewayPools }) => [...balancerPools, ...gatewayPools]).find((id) => poolById(world, id) === undefined);
  if (unknown !== undefined) return refusal(400, "InvalidResourceReference", `Resource ${unknown} referenced by resource ${nicId(nic)} was not found.`);
  rotating(world, now, () => {
    nic.tags = body.tags ?? {};
    nic.configurations = changed;
  });
  return updating(world, nicKey(nic), nic, now + world.updateMs, () => nicJson(world, nic));
}

interface WirePool {
  properties?: { loadBalancerBackendAddresses?: { name?: string; properties?: { ipAddress?: string; virtualNetwork?: { id: string }; adminState?: string } }[] };
}

async function putPool(world: NetworkWorld, balancer: SimulatedBalancer, pool: string, request: Request, now: number): Promise<Response> {
  const stale = refusedBy(request, etagOf([balancer, membersOf(world, balancer, pool)]));
  if (stale !== undefined) return stale;
  const { properties } = (await request.json()) as WirePool;
  const addresses = (properties?.loadBalancerBackendAddresses ?? []).flatMap(({ name = "", properties: entry }) =>
    entry?.ipAddress === undefined
      ? []
      : [{ name, address: entry.ipAddress, network: entry.virtualNetwork?.id ?? "", ...(entry.adminState === undefined ? {} : { adminState: entry.adminState }) }],
  );
  rotating(world, now, () => void (balancer.pools[pool] = { addresses }));
  return updating(world, backendPoolId(balancer, pool).toLowerCase(), balancer, now + world.updateMs, () => poolJson(world, balancer, pool));
}

interface WireGateway {
  tags?: Record<string, string>;
  properties?: { backendAddressPools?: { name?: string; properties?: { backendAddresses?: { ipAddress?: string; fqdn?: string }[] } }[] };
}

async function putGateway(world: NetworkWorld, gateway: SimulatedGateway, request: Request, now: number): Promise<Response> {
  if (world.underWay[gatewayKey(gateway)] !== undefined)
    return refusal(409, "AnotherOperationInProgress", `Another operation on application gateway ${gateway.gateway} is in progress.`);
  const stale = refusedBy(request, etagOf(gateway));
  if (stale !== undefined) return stale;
  const { tags, properties } = (await request.json()) as WireGateway;
  const pools = Object.fromEntries(
    (properties?.backendAddressPools ?? []).map(({ name = "", properties: sent }) => [
      name,
      { addresses: (sent?.backendAddresses ?? []).map(({ ipAddress, fqdn }) => (fqdn !== undefined ? { fqdn } : ipAddress !== undefined ? { address: ipAddress } : {})) },
    ]),
  );
  rotating(world, now, () => {
    gateway.tags = tags ?? {};
    gateway.pools = pools;
  });
  return updating(world, gatewayKey(gateway), gateway, now + world.gatewayUpdateMs, () => gatewayJson(world, gateway));
}

function refusedBy(request: Request, etag: string): Response | undefined {
  const wanted = request.headers.get("if-match");
  return wanted === null || wanted === "*" || wanted === etag
    ? undefined
    : refusal(412, "PreconditionFailed", `The precondition '${wanted}' on the If-Match header does not match the current etag '${etag}'.`);
}

function updating(world: NetworkWorld, key: string, { subscription, location }: { subscription: string; location: string }, until: number, json: () => object): Response {
  world.underWay[key] = new Date(until).toISOString();
  return Response.json(json(), { headers: { "azure-asyncoperation": operationUrl(subscription, location, "operations", ["change", key]) } });
}

function refusal(status: number, code: string, message: string): Response {
  return Response.json({ error: { code, message } }, { status });
}
