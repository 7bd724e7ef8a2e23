export interface SimulatedCluster {
  subscription: string;
  resourceGroup: string;
  cluster: string;
  location: string;
  version: string;
  provisioning: string;
  power: "Running" | "Stopped";
  pools: { pool: string; version: string; provisioning: string; power: "Running" | "Stopped"; count: number }[];
  /** The node pool that an upgrade leaves behind. */
  lagging?: string;
}

const API_VERSIONS = ["2026-06-01", "2024-02-01"];

/**
 * What Microsoft.ContainerService answers to reads of a cluster.
 *
 * @param clusters by `SUBSCRIPTION/GROUP/CLUSTER` in lower case.
 * @param path the segments of the request's path, decoded.
 */
export function answerAks(clusters: Readonly<Record<string, SimulatedCluster>>, method: string, path: readonly string[], version: string): Response {
  if (!API_VERSIONS.includes(version))
    return refusal(400, "InvalidApiVersionParameter", `The api-version '${version}' is invalid. The supported versions are '${API_VERSIONS.join(",")}'.`);
  const [, subscription = "", , group = "", , , type, name = "", what, sub] = path;
  const cluster = clusters[`${subscription}/${group}/${name}`.toLowerCase()];
  if (type?.toLowerCase() !== "managedclusters" || method !== "GET")
    return refusal(404, "InvalidResourceType", `The resource type could not be found for ${method} /${path.join("/")}`);
  if (cluster === undefined)
    return refusal(404, "ResourceNotFound", `The Resource 'Microsoft.ContainerService/managedClusters/${name}' under resource group '${group}' was not found.`);
  if (what === undefined) return Response.json(managedCluster(cluster));
  if (what === "agentPools" && sub === undefined) return Response.json({ value: cluster.pools.map((pool) => agentPool(cluster, pool)) });
  if (what === "upgradeProfiles" && sub === "default" && path.length === 10) return Response.json(upgradeProfile(cluster));
  return refusal(404, "NotFound", `There is no ${what} of the cluster '${name}'.`);
}

function clusterId({ subscription, resourceGroup, cluster }: SimulatedCluster): string {
  return `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.ContainerService/managedClusters/${cluster}`;
}

function managedCluster(cluster: SimulatedCluster): object {
  return {
    id: clusterId(cluster),
    name: cluster.cluster,
    type: "Microsoft.ContainerService/ManagedClusters",
    location: cluster.location,
    properties: {
      provisioningState: cluster.provisioning,
      powerState: { code: cluster.power },
      kubernetesVersion: cluster.version,
      currentKubernetesVersion: cluster.version,
      dnsPrefix: cluster.cluster,
      agentPoolProfiles: cluster.pools.map((pool) => ({ name: pool.pool, ...poolProperties(pool) })),
    },
  };
}

function poolProperties(pool: SimulatedCluster["pools"][number]): object {
  return {
    count: pool.count,
    vmSize: "Standard_D4s_v5",
    osType: "Linux",
    type: "VirtualMachineScaleSets",
    mode: "System",
    orchestratorVersion: pool.version,
    currentOrchestratorVersion: pool.version,
    provisioningState: pool.provisioning,
    powerState: { code: pool.power },
  };
}

function agentPool(cluster: SimulatedCluster, pool: SimulatedCluster["pools"][number]): object {
  return { id: `${clusterId(cluster)}/agentPools/${pool.pool}`, name: pool.pool, type: "Microsoft.ContainerService/managedClusters/agentPools", properties: poolProperties(pool) };
}

function upgradeProfile(cluster: SimulatedCluster): object {
  return {
    id: `${clusterId(cluster)}/upgradeprofiles/default`,
    name: "default",
    type: "Microsoft.ContainerService/managedClusters/upgradeprofiles",
    properties: {
      controlPlaneProfile: { kubernetesVersion: cluster.version, osType: "Linux", upgrades: [] },
      agentPoolProfiles: cluster.pools.map(({ pool, version }) => ({ name: pool, kubernetesVersion: version, osType: "Linux" })),
    },
  };
}

/** An error as Azure Resource Manager words it. */
export function refusal(status: number, code: string, message: string): Response {
  return Response.json({ error: { code, message } }, { status });
}
