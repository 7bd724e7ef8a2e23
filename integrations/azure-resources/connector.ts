import type { ContainerServiceClient } from "@azure/arm-containerservice";
import { z } from "zod";
import type { Outside } from "../../shared/ports/outside.ts";
import { azureCall } from "../azure-errors.ts";
import { azureClientOptions } from "../azure-http.ts";
import { type ArmPlace, armGroupId, armName } from "../azure-names.ts";
import { type Removal, removalOf } from "./removal.ts";
import { idOf, type Operation, perSubscription, type ResourceManagers, resourceManagers, type ResourcePlace, started, unlessGone } from "./resource-managers.ts";

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

export function connectAzureResources(_settings: AzureResourcesSettings, outside: Outside): { resources: Resources; clusters: Clusters; removal: Removal } {
  const managers = resourceManagers(outside);
  return { resources: resourcesOf(managers), clusters: clustersOf(outside), removal: removalOf(managers) };
}

const VENDOR = "azure-resources";

function resourcesOf({ client: clientOf, apiVersion, look }: ResourceManagers): Resources {
  const moveOf = (place: ResourcePlace, to: ArmPlace) => ({ resources: [idOf(place)], targetResourceGroup: armGroupId(to) });

  return {
    idOf,

    async exists(place) {
      const id = idOf(place);
      const client = await clientOf(place.subscription);
      const version = await apiVersion(place.subscription, place.type);
      // The SDK's path has the leading slash already.
      return (await azureCall(VENDOR, `read ${id}`, () => unlessGone(() => client.resources.getById(id.slice(1), version)))) !== undefined;
    },

    async groupExists(place) {
      const id = armGroupId(place);
      const client = await clientOf(place.subscription);
      return await azureCall(VENDOR, `look for ${id}`, async () => (await client.resourceGroups.checkExistence(place.resourceGroup)).body);
    },

    async startValidation(place, to) {
      const move = moveOf(place, to);
      const client = await clientOf(place.subscription);
      return await azureCall(VENDOR, `have the move of ${place.resource} into ${to.resourceGroup} checked`, () =>
        started(client.resources.validateMoveResources(place.resourceGroup, move)),
      );
    },

    async startMove(place, to) {
      const move = moveOf(place, to);
      const client = await clientOf(place.subscription);
      return await azureCall(VENDOR, `move ${place.resource} into ${to.resourceGroup}`, () => started(client.resources.moveResources(place.resourceGroup, move)));
    },

    look,
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
    profileVersion: (place) =>
      on(
        place,
        "read the upgrade profile of",
        async (client, group, cluster) => (await client.managedClusters.getUpgradeProfile(group, cluster)).controlPlaneProfile.kubernetesVersion,
      ),
  };
}
