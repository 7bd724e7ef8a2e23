import { describe, expect, it } from "vitest";
import type { Call } from "../../shared/action/action.ts";
import { actionContract } from "../../test/contract/action.ts";
import { apiContract } from "../../test/contract/api.ts";
import { localOutside } from "../../test/support/transport.ts";
import { clusterCheck, resourceMove } from "./actions.ts";
import { connectAzureResources } from "./connector.ts";
import { azureResourcesSimulator, resourceId, type ResourcesWorld, type SimulatedResource } from "./simulator.ts";

const NONPROD = "22222222-2222-4222-8222-222222222222";
const PROD = "11111111-1111-4111-8111-111111111111";
const VAULT = { subscription: NONPROD, resourceGroup: "rg-xat", type: "Microsoft.KeyVault/vaults", resource: "kv-xat" };
const MOVE = {
  resource: { name: "XAT Key Vault", aliases: [], ...VAULT },
  to: { name: "Prod network lane", aliases: [], subscription: PROD, resourceGroup: "rg-prod-network" },
};
const KONG = { name: "kong", aliases: [], subscription: PROD, resourceGroup: "rg-kong", cluster: "aks-kong" };

function world(given: Partial<ResourcesWorld> = {}): ResourcesWorld {
  return {
    ...azureResourcesSimulator.newWorld(),
    groups: {
      [`${NONPROD}/rg-xat`]: { subscription: NONPROD, resourceGroup: "rg-xat", location: "eastus2" },
      [`${PROD}/rg-prod-network`]: { subscription: PROD, resourceGroup: "rg-prod-network", location: "eastus2" },
    },
    resources: { [resourceId(VAULT).toLowerCase()]: { ...VAULT, location: "eastus2" } },
    clusters: {
      [`${PROD}/rg-kong/aks-kong`]: {
        subscription: PROD,
        resourceGroup: "rg-kong",
        cluster: "aks-kong",
        location: "eastus2",
        version: "1.29.4",
        provisioning: "Succeeded",
        power: "Running",
        pools: [{ pool: "system", version: "1.29.4", provisioning: "Succeeded", power: "Running", count: 3 }],
      },
    },
    ...given,
  };
}

const clusterOf = ({ clusters }: ResourcesWorld) => clusters[`${PROD}/rg-kong/aks-kong`] as ResourcesWorld["clusters"][string];
/** Someone takes the resource away, to a place that nobody here knows. */
const takeAway = (of: ResourcesWorld) => {
  const [[id, resource]] = Object.entries(of.resources) as [[string, SimulatedResource]];
  delete of.resources[id];
  const elsewhere = { ...resource, resourceGroup: "rg-elsewhere" };
  of.resources[resourceId(elsewhere).toLowerCase()] = elsewhere;
};

actionContract({
  action: resourceMove,
  integration: "azure-resources",
  // Quick, since the suite walks it a few hundred times.
  world: () => world({ checkMs: 20_000, moveMs: 45_000 }),
  simulator: azureResourcesSimulator,
  connect: (outside) => connectAzureResources({}, outside),
  params: MOVE,
  effects: ["moved resource kv-xat"],
  spoil: takeAway,
  drift: takeAway,
  essence: ({ resources, groups }) => ({ resources, groups }),
});

actionContract({
  action: clusterCheck,
  integration: "azure-resources",
  world,
  simulator: azureResourcesSimulator,
  connect: (outside) => connectAzureResources({}, outside),
  params: { cluster: KONG, version: "1.29" },
  effects: [],
  spoil: (of) => void (clusterOf(of).version = "1.28.9"),
  driftBefore: (of) => void (clusterOf(of).version = "1.28.9"),
});

describe("azure-resources: resource.move, what is special here", () => {
  it("tells both ids as evidence", async () => {
    const { evidence } = await moving(world()).toTheEnd();

    expect(evidence).toEqual([`${resourceId({ ...VAULT, subscription: PROD, resourceGroup: "rg-prod-network" })} is there`, `${resourceId(VAULT)} is not found any more`]);
  });

  it("refuses with Azure's reason what may not be moved, and moves nothing", async () => {
    const of = world({ refusals: { "kv-xat": "The vault has a private endpoint, which must be removed before the move." } });

    await expect(moving(of).toTheEnd()).rejects.toMatchObject({ kind: "conflict", message: expect.stringContaining("private endpoint") as string });
    expect(of.effects).toEqual([]);
  });

  it("says «already so» where the resource is there, and its undo leaves it there", async () => {
    const of = world();
    await moving(of).toTheEnd();
    const later = moving(of);
    const { receipt, evidence } = await later.toTheEnd();

    const undone = await resourceMove.undo?.(later.ports, receipt, later.call());

    expect(resourceMove.already?.(receipt)).toContain("kv-xat was in");
    expect(evidence).toHaveLength(2);
    expect(undone).toEqual([`kv-xat was in ${PROD}/rg-prod-network before and stays there`]);
    expect(of.effects).toHaveLength(1);
  });

  it("says absent when the target group is not there", async () => {
    const of = world();
    delete of.groups[`${PROD}/rg-prod-network`];

    await expect(moving(of).preview()).rejects.toMatchObject({ kind: "absent" });
  });

  it("does not take «could not ask» for «not there»", async () => {
    const of = world();
    const walk = moving(of);
    walk.outside.inject("401", 1);

    await expect(walk.preview()).rejects.toMatchObject({ kind: "denied" });
  });

  it.each(["../rg-prod", "rg'x", "rg;x", "rg\nx", "rg x", "..", "rg?x", "rg%2fx"])("refuses the resource group %j before it asks the vendor", async (resourceGroup) => {
    const { preview, outside } = moving(world(), { ...MOVE, to: { ...MOVE.to, resourceGroup } });

    await expect(preview()).rejects.toMatchObject({ kind: "invalid" });
    expect(outside.requests).toEqual([]);
  });

  it("takes both groups and the resource for itself", () => {
    expect(resourceMove.touches(resourceMove.params.parse(MOVE))).toEqual(["resource:XAT Key Vault", `resource-group:${NONPROD}/rg-xat`, `resource-group:${PROD}/rg-prod-network`]);
  });
});

describe("azure-resources: cluster.check, what is special here", () => {
  const checking = (of: ResourcesWorld, version = "1.29") => {
    const outside = localOutside(azureResourcesSimulator, of);
    const ports = connectAzureResources({}, outside);
    const call = () => ({ now: outside.clock.now() }) as Call;
    return { outside, ports, call, begin: () => clusterCheck.begin(ports, clusterCheck.params.parse({ cluster: KONG, version }), call()) };
  };

  it("waits while the cluster is being upgraded", async () => {
    const of = world();
    clusterOf(of).provisioning = "Upgrading";
    const { ports, call, begin } = checking(of);
    const receipt = await begin();

    const during = await clusterCheck.poll?.(ports, receipt, call());
    clusterOf(of).provisioning = "Succeeded";
    const after = await clusterCheck.poll?.(ports, receipt, call());

    expect(during).toMatchObject({ state: "running" });
    expect(after).toMatchObject({ state: "done" });
  });

  it.each([
    ["a node pool that was left behind", (of: ResourcesWorld) => void clusterOf(of).pools.push({ pool: "users", version: "1.28.9", provisioning: "Succeeded", power: "Running", count: 2 }), "users has 1.28.9"],
    ["a node pool that failed", (of: ResourcesWorld) => void clusterOf(of).pools.push({ pool: "users", version: "1.29.4", provisioning: "Failed", power: "Running", count: 2 }), "users has 1.29.4, Failed"],
    ["a stopped cluster", (of: ResourcesWorld) => void (clusterOf(of).power = "Stopped"), "control plane has 1.29.4, Succeeded, Stopped"],
  ])("rejects %s, by name", async (_what, spoil, words) => {
    const of = world();
    spoil(of);
    const { ports, call, begin } = checking(of);

    await expect(clusterCheck.verify(ports, await begin(), call())).rejects.toMatchObject({ kind: "rejected", message: expect.stringContaining(words) as string });
  });

  it("takes 1.2 for another version than 1.29", async () => {
    const { ports, call, begin } = checking(world(), "1.2");

    await expect(clusterCheck.verify(ports, await begin(), call())).rejects.toMatchObject({ kind: "rejected" });
  });
});

function moving(of: ResourcesWorld, params: unknown = MOVE) {
  const outside = localOutside(azureResourcesSimulator, of);
  const ports = connectAzureResources({}, outside);
  const call = () => ({ run: "2024-10-06", key: "2024-10-06/vault/vault/1", attempt: 1, now: outside.clock.now() }) as Call;
  const parsed = resourceMove.params.parse(params);
  return {
    outside,
    ports,
    call,
    preview: () => resourceMove.preview(ports, parsed, call()),
    toTheEnd: async () => {
      let receipt = await resourceMove.begin(ports, parsed, call());
      for (let looks = 0; looks < 60; looks++) {
        const progress = await resourceMove.poll?.(ports, receipt, call());
        receipt = progress?.receipt ?? receipt;
        if (progress?.state === "done") break;
        outside.advance(30_000);
      }
      return { receipt, evidence: await resourceMove.verify(ports, receipt, call()) };
    },
  };
}

apiContract("azure-resources");
