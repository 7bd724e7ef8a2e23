import { jsonResponse } from "../../shared/ports/json-response.ts";
import type { Handler, Simulator, World } from "../../shared/ports/simulator.ts";
import { answerAks, refusal, type SimulatedCluster } from "./simulated-clusters.ts";

/** Resource groups and what is in them, and Kubernetes clusters. */
export interface ResourcesWorld extends World {
  /** `SUBSCRIPTION/GROUP` in lower case, to the group's name and region. */
  groups: Record<string, { subscription: string; resourceGroup: string; location: string }>;
  /** By id in lower case. */
  resources: Record<string, SimulatedResource>;
  /** Names of resources that Azure will not move, with its reason. */
  refusals: Record<string, string>;
  /** Names of resources that Azure will not delete, with its reason. */
  locks: Record<string, string>;
  checkMs: number;
  moveMs: number;
  deleteMs: number;
  /** By operation id. */
  operations: Record<string, SimulatedOperation>;
  /** By `SUBSCRIPTION/GROUP/CLUSTER` in lower case. */
  clusters: Record<string, SimulatedCluster>;
}

export interface SimulatedResource {
  subscription: string;
  resourceGroup: string;
  /** `Microsoft.KeyVault/vaults`; of what hangs below another, `Microsoft.Sql/servers/databases`. */
  type: string;
  /** Its name; of what hangs below another, `server1/database1`. */
  resource: string;
  location: string;
  tags?: Record<string, string>;
  /** UTC ISO. */
  createdAt?: string;
  /** Id of the resource that it belongs to. */
  managedBy?: string;
  properties?: Record<string, unknown>;
  deleting?: true;
}

interface SimulatedOperation {
  kind: "check" | "move" | "delete";
  subscription: string;
  /** UTC ISO. */
  until: string;
  /** Ids of resources, lower case, that are still on the move, or still there. */
  resources: string[];
  from: string;
  to: string;
  refusal?: string;
}

const API_VERSIONS = ["2025-04-01", "2024-03-01"];
/** What providers offer for every type here. */
const TYPE_VERSIONS = ["2026-05-01-preview", "2025-05-01", "2024-11-01"];
/** What is left of the old management model has had no newer ones for years. */
const CLASSIC_VERSIONS = ["2017-11-15", "2016-11-01", "2016-04-01-beta"];
/** Types that every subscription knows, whether it has any such resource or not; beside them those in the world. */
const KNOWN_TYPES = [
  "Microsoft.KeyVault/vaults",
  "Microsoft.ClassicCompute/domainNames",
  "Microsoft.ClassicCompute/virtualMachines",
  "Microsoft.ClassicNetwork/virtualNetworks",
  "Microsoft.ClassicStorage/storageAccounts",
];
/** Systems of other simulators at the same host. */
const OTHERS = /\/providers\/Microsoft\.(Compute|Network|ContainerService|Resources\/deploymentScripts|Insights\/eventtypes)\//i;

/** Azure Resource Manager: groups, resources by id and by group, moves and their checks, deletions; and the reading part of Microsoft.ContainerService. */
export const azureResourcesSimulator: Simulator<ResourcesWorld> = {
  systems: ["azure-resources", "azure-aks"],
  systemOf({ host, pathname }) {
    if (host !== "management.azure.com") return undefined;
    if (/\/providers\/Microsoft\.ContainerService\//i.test(pathname)) return "azure-aks";
    return OTHERS.test(pathname) ? undefined : "azure-resources";
  },
  newWorld: () => ({ effects: [], groups: {}, resources: {}, refusals: {}, locks: {}, checkMs: 60_000, moveMs: 6 * 60_000, deleteMs: 2 * 60_000, operations: {}, clusters: {} }),
  handler,
};

export function resourceId({ subscription, resourceGroup, type, resource }: Pick<SimulatedResource, "subscription" | "resourceGroup" | "type" | "resource">): string {
  const [namespace = "", ...types] = type.split("/");
  const names = resource.split("/");
  return `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/${namespace}/${types.map((each, index) => `${each}/${names[index] ?? ""}`).join("/")}`;
}

function handler(world: ResourcesWorld): Handler {
  return async (request, now) => {
    const url = new URL(request.url);
    const version = url.searchParams.get("api-version");
    if (!request.headers.get("authorization")?.startsWith("Bearer ")) return refusal(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.");
    if (version === null) return refusal(400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.");
    const path = url.pathname.split("/").slice(1).map(decodeURIComponent);
    if (/^microsoft\.containerservice$/i.test(path[5] ?? "")) return answerAks(world.clusters, request.method, path, version);
    settle(world, now);
    return (await answer(world, request, path, version, now)) ?? refusal(404, "InvalidResourceType", `The resource type could not be found for ${request.method} ${url.pathname}`);
  };
}

async function answer(world: ResourcesWorld, request: Request, path: readonly string[], version: string, now: number): Promise<Response | undefined> {
  const [subscriptions, subscription = "", what = "", name = "", ...rest] = path;
  if (subscriptions?.toLowerCase() !== "subscriptions") return undefined;
  const { method } = request;
  if (rest[0]?.toLowerCase() === "providers" && rest.length >= 4 && rest.length % 2 === 0) {
    const id = `/subscriptions/${subscription}/resourceGroups/${name}/${rest.join("/")}`;
    const offered = versionsOf(rest[1] ?? "");
    if (!offered.includes(version))
      return refusal(
        400,
        "NoRegisteredProviderFound",
        `No registered resource provider found for API version '${version}'. The supported api-versions are '${offered.join(", ")}'.`,
      );
    if (method === "GET") return readResource(world, id);
    return method === "DELETE" ? startDeletion(world, subscription, id, now) : undefined;
  }
  if (!API_VERSIONS.includes(version))
    return refusal(400, "InvalidApiVersionParameter", `The api-version '${version}' is invalid. The supported versions are '${API_VERSIONS.join(",")}'.`);
  switch (what.toLowerCase()) {
    case "providers":
      return rest.length === 0 && method === "GET" ? jsonResponse(provider(world, subscription, name)) : undefined;
    case "operationresults":
      return rest.length === 0 && method === "GET" ? readOperation(world, subscription, name, now) : undefined;
    case "resourcegroups": {
      const group = world.groups[`${subscription}/${name}`.toLowerCase()];
      if (rest.length === 1 && rest[0] === "resources" && method === "GET") return listResources(world, `${subscription}/${name}`);
      if (rest.length === 0 && method === "HEAD") return new Response(null, { status: group === undefined ? 404 : 204 });
      if (rest.length !== 1 || method !== "POST") return undefined;
      if (group === undefined) return refusal(404, "ResourceGroupNotFound", `Resource group '${name}' could not be found.`);
      if (rest[0] === "validateMoveResources") return await startMove(world, "check", subscription, name, request, now);
      if (rest[0] === "moveResources") return await startMove(world, "move", subscription, name, request, now);
      return undefined;
    }
    default:
      return undefined;
  }
}

function versionsOf(namespace: string): readonly string[] {
  return /^Microsoft\.Classic/i.test(namespace) ? CLASSIC_VERSIONS : TYPE_VERSIONS;
}

function readResource(world: ResourcesWorld, id: string): Response {
  const found = world.resources[id.toLowerCase()];
  if (found !== undefined) return jsonResponse({ ...shown(found), properties: { ...found.properties, provisioningState: found.deleting ? "Deleting" : "Succeeded" } });
  const [, , subscription, , group] = id.split("/");
  if (world.groups[`${subscription}/${group}`.toLowerCase()] === undefined) return refusal(404, "ResourceGroupNotFound", `Resource group '${group}' could not be found.`);
  return refusal(404, "ResourceNotFound", `The Resource '${id.split("/").slice(6).join("/")}' under resource group '${group}' was not found.`);
}

function listResources(world: ResourcesWorld, group: string): Response {
  if (world.groups[group.toLowerCase()] === undefined) return refusal(404, "ResourceGroupNotFound", `Resource group '${group.split("/")[1] ?? ""}' could not be found.`);
  const here = Object.values(world.resources).filter(({ subscription, resourceGroup }) => `${subscription}/${resourceGroup}`.toLowerCase() === group.toLowerCase());
  return jsonResponse({ value: here.map((each) => ({ ...shown(each), ...(each.createdAt === undefined ? {} : { createdTime: each.createdAt }) })) });
}

function shown(found: SimulatedResource): object {
  return {
    id: resourceId(found),
    name: found.resource,
    type: found.type,
    location: found.location,
    tags: found.tags ?? {},
    ...(found.managedBy === undefined ? {} : { managedBy: found.managedBy }),
  };
}

function startDeletion(world: ResourcesWorld, subscription: string, id: string, now: number): Response {
  const found = world.resources[id.toLowerCase()];
  if (found === undefined) return new Response(null, { status: 204 });
  const lock = world.locks[found.resource];
  if (lock !== undefined) return refusal(409, "ScopeLocked", lock);
  if (found.deleting) return refusal(409, "Conflict", `The resource '${found.resource}' is being deleted.`);
  const going = Object.entries(world.resources).filter(([each]) => each === id.toLowerCase() || each.startsWith(`${id.toLowerCase()}/`));
  for (const [, each] of going) each.deleting = true;
  const operation = `delete${Object.keys(world.operations).length + 1}`;
  const group = `${subscription}/${found.resourceGroup}`.toLowerCase();
  world.operations[operation] = {
    kind: "delete",
    subscription,
    until: new Date(now + world.deleteMs).toISOString(),
    resources: going.map(([each]) => each),
    from: group,
    to: group,
  };
  return new Response(null, { status: 202, headers: pollingHeaders(subscription, operation) });
}

function provider(world: ResourcesWorld, subscription: string, namespace: string): object {
  const all = [...KNOWN_TYPES, ...Object.values(world.resources).map(({ type }) => type)].map((type) => type.split("/"));
  const types = new Set(all.flatMap(([space, ...names]) => (space?.toLowerCase() === namespace.toLowerCase() ? [names.join("/")] : [])));
  return {
    id: `/subscriptions/${subscription}/providers/${namespace}`,
    namespace,
    registrationState: "Registered",
    registrationPolicy: "RegistrationRequired",
    resourceTypes: [...types].map((resourceType) => ({
      resourceType,
      locations: ["East US 2"],
      apiVersions: versionsOf(namespace),
      capabilities: "CrossResourceGroupResourceMove, CrossSubscriptionResourceMove",
    })),
  };
}

async function startMove(world: ResourcesWorld, kind: "check" | "move", subscription: string, group: string, request: Request, now: number): Promise<Response> {
  const body = (await request.json()) as { resources?: string[]; targetResourceGroup?: string };
  const ids = (body.resources ?? []).map((id) => id.toLowerCase());
  const from = `${subscription}/${group}`.toLowerCase();
  const [, , targetSubscription = "", , targetGroup = ""] = (body.targetResourceGroup ?? "").split("/");
  const to = `${targetSubscription}/${targetGroup}`.toLowerCase();
  if (ids.length === 0) return refusal(400, "InvalidRequestContent", "The request content was invalid: 'resources' is empty.");
  if (world.groups[to] === undefined) return refusal(404, "ResourceGroupNotFound", `Resource group '${targetGroup}' could not be found.`);
  if (from === to) return refusal(400, "SourceAndTargetResourceGroupAreSame", "The source and target resource groups of a move are the same.");
  const foreign = ids.find((id) => world.resources[id] === undefined || !id.startsWith(`/subscriptions/${subscription}/resourcegroups/${group}/`.toLowerCase()));
  if (foreign !== undefined) return refusal(404, "ResourceNotFound", `The Resource '${foreign}' was not found in resource group '${group}'.`);
  const holder = Object.values(world.operations).find(
    (other) => other.kind === "move" && other.resources.length > 0 && [other.from, other.to].some((held) => held === from || held === to),
  );
  if (holder !== undefined) return refusal(409, "ResourceMoveInProgress", `Resource group '${group}' is locked by a move that is in progress.`);
  const reason = ids.map((id) => world.refusals[world.resources[id]?.resource ?? ""]).find((each) => each !== undefined);
  const id = `${kind}${Object.keys(world.operations).length + 1}`;
  world.operations[id] = {
    kind,
    subscription,
    until: new Date(now + (kind === "check" ? world.checkMs : world.moveMs)).toISOString(),
    resources: kind === "move" && reason === undefined ? ids : [],
    from,
    to,
    ...(reason === undefined ? {} : { refusal: reason }),
  };
  return new Response(null, { status: 202, headers: pollingHeaders(subscription, id) });
}

function readOperation(world: ResourcesWorld, subscription: string, id: string, now: number): Response {
  const operation = world.operations[id];
  if (operation === undefined || operation.subscription.toLowerCase() !== subscription.toLowerCase()) return refusal(404, "NotFound", `The operation '${id}' was not found.`);
  if (now < Date.parse(operation.until)) return new Response(null, { status: 202, headers: pollingHeaders(subscription, id) });
  if (operation.refusal !== undefined) return refusal(409, "ResourceMoveValidationFailed", operation.refusal);
  return new Response(null, { status: 204 });
}

function pollingHeaders(subscription: string, id: string): Record<string, string> {
  return { location: `https://management.azure.com/subscriptions/${subscription}/operationresults/${id}?api-version=2025-04-01`, "retry-after": "15" };
}

/** What takes time has happened when its time is over, in the order in which it ended. */
function settle(world: ResourcesWorld, now: number): void {
  const due = Object.values(world.operations).filter(({ kind, resources, until }) => kind !== "check" && resources.length > 0 && Date.parse(until) <= now);
  for (const operation of due.toSorted((one, other) => one.until.localeCompare(other.until))) {
    if (operation.kind === "move") move(world, operation);
    else remove(world, operation);
    operation.resources = [];
  }
}

function move(world: ResourcesWorld, { resources, from, to, until }: SimulatedOperation): void {
  const target = world.groups[to];
  for (const id of resources) {
    const moved = world.resources[id];
    if (moved === undefined || target === undefined) continue;
    delete world.resources[id];
    const after: SimulatedResource = { ...moved, subscription: target.subscription, resourceGroup: target.resourceGroup };
    world.resources[resourceId(after).toLowerCase()] = after;
    world.effects.push({ at: until, did: "moved", to: `resource ${moved.resource}`, with: { from, into: to } });
  }
}

function remove(world: ResourcesWorld, { resources, until }: SimulatedOperation): void {
  for (const id of resources) {
    const gone = world.resources[id];
    delete world.resources[id];
    if (gone !== undefined) world.effects.push({ at: until, did: "deleted", to: `resource ${gone.resource}`, with: { id: resourceId(gone) } });
  }
}
