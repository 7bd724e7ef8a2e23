import type { ContainerServiceClient } from "@azure/arm-containerservice";
import type { ResourceManagementClient } from "@azure/arm-resources";
import { z } from "zod";
import { Fault } from "../../shared/fault/fault.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { azureCall } from "../azure-errors.ts";
import { azureClientOptions } from "../azure-http.ts";
import { type ArmPlace, armGroupId, armName, armSubscription } from "../azure-names.ts";

/** A resource of any type that has no parent resource. */
export interface ResourcePlace extends ArmPlace {
  /** `Microsoft.KeyVault/vaults`. */
  readonly type: string;
  readonly resource: string;
}

/** Azure's work under way: the SDK's own state as text, to go on from in another process. `undefined`: ended at once. */
export type Operation = string | undefined;

/** Azure resources as such, wherever they are. */
export interface Resources {
  /** `/subscriptions/…/providers/TYPE/NAME`. @throws Fault `invalid` for names that Azure does not know. */
  idOf(place: ResourcePlace): string;
  /** Whether it is there, by a read of that very id. */
  exists(place: ResourcePlace): Promise<boolean>;
  groupExists(place: ArmPlace): Promise<boolean>;
  /** Has Azure check whether it may be moved there; changes nothing. @throws Fault `conflict` when it refuses at once. */
  startValidation(place: ResourcePlace, to: ArmPlace): Promise<Operation>;
  /** @throws Fault `conflict` when another operation holds one of the groups. */
  startMove(place: ResourcePlace, to: ArmPlace): Promise<Operation>;
  /** `forgotten`: Azure no longer knows that operation. @throws Fault `conflict` when Azure says why it cannot be. */
  look(subscription: string, operation: Operation): Promise<"running" | "done" | "forgotten">;
}

export interface ClusterPlace extends ArmPlace {
  readonly cluster: string;
}

export interface ClusterView {
  /** Kubernetes version that the control plane runs, `1.29.4`. */
  readonly version: string;
  /** `Succeeded`, `Upgrading`, `Failed` … */
  readonly provisioning: string;
  readonly power: string;
}

export interface NodePool {
  readonly pool: string;
  readonly version: string;
  readonly provisioning: string;
  readonly power: string;
}

/** Kubernetes clusters (AKS). */
export interface Clusters {
  /** @throws Fault `absent` when there is no such cluster. */
  look(place: ClusterPlace): Promise<ClusterView>;
  pools(place: ClusterPlace): Promise<readonly NodePool[]>;
  /** The control plane's version as the upgrade profile has it: another record than the one that `look` reads. */
  profileVersion(place: ClusterPlace): Promise<string>;
}

export const AzureResourcesSettings = z.strictObject({});
export type AzureResourcesSettings = z.infer<typeof AzureResourcesSettings>;

export function connectAzureResources(_settings: AzureResourcesSettings, outside: Outside): { resources: Resources; clusters: Clusters } {
  return { resources: resourcesOf(outside), clusters: clustersOf(outside) };
}

const VENDOR = "azure-resources";

function resourcesOf({ fetch, credential }: Outside): Resources {
  const clients = perSubscription(async (subscription) => {
    const { ResourceManagementClient } = await import("@azure/arm-resources");
    return new ResourceManagementClient(credential, subscription, azureClientOptions(fetch));
  });
  const versions = new Map<string, string>();

  /** The newest api-version of a type that is no preview; by-id calls need one. */
  async function apiVersion(client: ResourceManagementClient, subscription: string, type: string): Promise<string> {
    const known = versions.get(type);
    if (known !== undefined) return known;
    const [namespace = "", name = ""] = type.split("/");
    const provider = await azureCall(VENDOR, `read provider ${namespace} of subscription ${subscription}`, () => client.providers.get(namespace));
    const offered = provider.resourceTypes?.find(({ resourceType }) => resourceType?.toLowerCase() === name.toLowerCase())?.apiVersions ?? [];
    const newest = offered.filter((version) => !version.endsWith("-preview")).sort().at(-1) ?? offered.toSorted().at(-1);
    if (newest === undefined) throw new Fault("absent", `subscription ${subscription} knows no resource type ${type}`, { vendor: VENDOR });
    versions.set(type, newest);
    return newest;
  }

  const moveOf = (place: ResourcePlace, to: ArmPlace) => ({ resources: [idOf(place)], targetResourceGroup: armGroupId(to) });

  return {
    idOf,

    async exists(place) {
      const id = idOf(place);
      const client = await clients(place.subscription);
      const version = await apiVersion(client, place.subscription, place.type);
      return await azureCall(VENDOR, `read ${id}`, async () => {
        try {
          // The SDK's path has the leading slash already.
          await client.resources.getById(id.slice(1), version);
          return true;
        } catch (thrown) {
          if (isGone(thrown)) return false;
          throw thrown;
        }
      });
    },

    async groupExists(place) {
      const id = armGroupId(place);
      const client = await clients(place.subscription);
      return await azureCall(VENDOR, `look for ${id}`, async () => (await client.resourceGroups.checkExistence(place.resourceGroup)).body);
    },

    async startValidation(place, to) {
      const move = moveOf(place, to);
      const client = await clients(place.subscription);
      return await azureCall(VENDOR, `have the move of ${place.resource} into ${to.resourceGroup} checked`, () => started(client.resources.validateMoveResources(place.resourceGroup, move)));
    },

    async startMove(place, to) {
      const move = moveOf(place, to);
      const client = await clients(place.subscription);
      return await azureCall(VENDOR, `move ${place.resource} into ${to.resourceGroup}`, () => started(client.resources.moveResources(place.resourceGroup, move)));
    },

    async look(subscription, operation) {
      if (operation === undefined) return "done";
      const client = await clients(subscription);
      const { restorePoller } = await import("@azure/arm-resources");
      return await azureCall(VENDOR, "look at an operation under way", async () => {
        const poller = restorePoller(client, operation, client.resources.moveResources);
        try {
          // One look; waiting is the step's business.
          await poller.poll();
        } catch (thrown) {
          if (isRefusal(thrown) && thrown.statusCode === 404) return "forgotten";
          throw thrown;
        }
        return poller.isDone ? "done" : "running";
      });
    },
  };
}

function clustersOf({ fetch, credential }: Outside): Clusters {
  const clients = perSubscription(async (subscription) => {
    const { ContainerServiceClient } = await import("@azure/arm-containerservice");
    return new ContainerServiceClient(credential, subscription, azureClientOptions(fetch));
  });

  async function on<T>(place: ClusterPlace, what: string, call: (client: ContainerServiceClient, group: string, cluster: string) => Promise<T>): Promise<T> {
    const group = armName("resource group", place.resourceGroup);
    const cluster = armName("cluster", place.cluster);
    const client = await clients(place.subscription);
    return await azureCall(VENDOR, `${what} cluster ${cluster} in ${group}`, () => call(client, group, cluster));
  }

  return {
    async look(place) {
      const found = await on(place, "look at", (client, group, cluster) => client.managedClusters.get(group, cluster));
      return {
        version: found.currentKubernetesVersion ?? found.kubernetesVersion ?? "unknown",
        provisioning: found.provisioningState ?? "unknown",
        power: found.powerState?.code ?? "unknown",
      };
    },
    pools: (place) =>
      on(place, "list node pools of", async (client, group, cluster) => {
        const pools: NodePool[] = [];
        for await (const pool of client.agentPools.list(group, cluster)) {
          pools.push({
            pool: pool.name ?? "unknown",
            version: pool.currentOrchestratorVersion ?? pool.orchestratorVersion ?? "unknown",
            provisioning: pool.provisioningState ?? "unknown",
            power: pool.powerState?.code ?? "unknown",
          });
        }
        return pools;
      }),
    profileVersion: (place) => on(place, "read the upgrade profile of", async (client, group, cluster) => (await client.managedClusters.getUpgradeProfile(group, cluster)).controlPlaneProfile.kubernetesVersion),
  };
}

function perSubscription<Client>(make: (subscription: string) => Promise<Client>): (subscription: string) => Promise<Client> {
  const clients = new Map<string, Promise<Client>>();
  return async (subscription) => {
    const known = clients.get(subscription) ?? make(armSubscription(subscription));
    clients.set(subscription, known);
    return await known;
  };
}

/** The first answer of a long operation, and its state to go on from. */
async function started(poller: { submitted(): Promise<void>; serialize(): Promise<string>; readonly isDone: boolean }): Promise<Operation> {
  await poller.submitted();
  return poller.isDone ? undefined : await poller.serialize();
}

function idOf(place: ResourcePlace): string {
  if (!/^[A-Za-z][A-Za-z.]*\/[A-Za-z]+$/.test(place.type)) throw new Fault("invalid", `resource type ${JSON.stringify(place.type)} is not like Microsoft.KeyVault/vaults: a resource with a parent goes where its parent goes`, { vendor: VENDOR });
  return `${armGroupId(place)}/providers/${place.type}/${armName("resource", place.resource)}`;
}

interface Refusal extends Error {
  readonly statusCode?: number;
  readonly code?: string;
}

function isRefusal(thrown: unknown): thrown is Refusal {
  return thrown instanceof Error && thrown.name === "RestError";
}

/** Only these say that it is not there; any other 404 says that it could not be asked for. */
function isGone(thrown: unknown): boolean {
  return isRefusal(thrown) && thrown.statusCode === 404 && ["ResourceNotFound", "ResourceGroupNotFound"].includes(thrown.code ?? "");
}
