import { z } from "zod";
import { type Evidence, type Progress, defineAction } from "../../shared/action/action.ts";
import { unreachable } from "../../shared/fault/assert.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { Cluster, named } from "../../shared/inventory/schema.ts";
import type { ClusterView, Clusters, NodePool, Resources } from "./connector.ts";
import type { ResourcePlace } from "./resource-managers.ts";

const MoveParams = z.strictObject({ resource: named("resource"), to: named("resourceGroup") });
type MoveParams = z.infer<typeof MoveParams>;

const Place = z.object({ subscription: z.string(), resourceGroup: z.string(), type: z.string(), resource: z.string() });
const MoveReceipt = z.object({
  from: Place,
  to: Place,
  /** `watch`: a move is under way whose answer was lost; where the resource is tells its end. */
  phase: z.enum(["validate", "move", "watch", "there"]),
  /** The SDK's state of the operation of this phase; none: it ended at once, or was not started yet. */
  operation: z.string().optional(),
});
type MoveReceipt = z.infer<typeof MoveReceipt>;

/**
 * Moves a resource into another resource group, also of another subscription.
 *
 * Azure checks the move first, which changes nothing; then it moves, and both groups are locked until it has. The
 * receipt holds where the resource was. Where the resource is decides in every doubt: there already is done, and a move
 * whose answer was lost is waited for and never asked for twice.
 *
 * @throws Fault `conflict` with Azure's reason when it may not be moved, `absent` when it is in neither place.
 */
export const resourceMove = defineAction<{ resources: Resources }, MoveParams, MoveReceipt>({
  verb: "resource.move",
  summary: "Moves an Azure resource into another resource group, and back.",
  uses: ["resources"],
  params: MoveParams,
  receipt: MoveReceipt,
  policy: { timeoutMs: 4 * 3_600_000, startWithinMs: 30 * 60_000, pollEveryMs: 30_000, attempts: 10 },
  reversal: "undo",

  // Azure locks both groups while it moves.
  touches: ({ resource, to }) => [`resource:${resource.name}`, `resource-group:${groupOf(resource)}`, `resource-group:${groupOf(to)}`],

  async preview({ resources }, params) {
    const { from, to } = placesOf(params);
    const where = await whereIs(resources, from, to);
    if (where === "there") return [`${resources.idOf(to)} is there already`];
    if (!(await resources.groupExists(to))) throw new Fault("absent", `there is no resource group ${groupOf(to)} to move ${from.resource} into`, { vendor: "azure-resources" });
    return [`move ${resources.idOf(from)}`, `to ${resources.idOf(to)}`];
  },

  async begin({ resources }, params, { attempt }) {
    const { from, to } = placesOf(params);
    if ((await whereIs(resources, from, to)) === "there") return { from, to, phase: "there" };
    try {
      return { from, to, phase: "validate", ...operationOf(await resources.startValidation(from, to)) };
    } catch (thrown) {
      // A group that is locked may be so by our own earlier move.
      if (attempt > 1 && thrown instanceof Fault && thrown.kind === "conflict") return { from, to, phase: "watch" };
      throw thrown;
    }
  },

  isDrivenByPolls: true,

  async poll({ resources }, receipt, { attempt }): Promise<Progress<MoveReceipt>> {
    const { from, to, phase, operation } = receipt;
    const done: Progress<MoveReceipt> = { state: "done", note: `${from.resource} is in ${groupOf(to)}` };
    switch (phase) {
      case "there":
        return done;
      case "validate": {
        const validation = await resources.look(from.subscription, operation);
        if (validation === "running") return { state: "running", note: `Azure checks whether ${from.resource} may be moved` };
        // Written down before the move is asked for, so that a repeated look never starts at the check again.
        return { state: "running", note: `Azure would move ${from.resource}`, receipt: { from, to, phase: "move" } };
      }
      case "move": {
        if (operation !== undefined && (await resources.look(from.subscription, operation)) === "running")
          return { state: "running", note: `Azure is moving ${from.resource}`, aheadMs: 0 };
        if ((await whereIs(resources, from, to)) === "there") return done;
        if (operation !== undefined) return { state: "running", note: `Azure says that ${from.resource} is moved, and it is not there yet` };
        try {
          const moving = await resources.startMove(from, to);
          return {
            state: "running",
            note: `Azure is moving ${from.resource}`,
            receipt: { from, to, ...(moving === undefined ? { phase: "watch" } : { phase: "move", operation: moving }) },
          };
        } catch (thrown) {
          if (attempt > 1 && thrown instanceof Fault && thrown.kind === "conflict")
            return { state: "running", note: `a move holds ${groupOf(from)}`, receipt: { from, to, phase: "watch" } };
          throw thrown;
        }
      }
      case "watch":
        return (await whereIs(resources, from, to)) === "there" ? done : { state: "running", note: `waiting for ${from.resource} to be in ${groupOf(to)}` };
      default:
        return unreachable(phase);
    }
  },

  async verify({ resources }, { from, to }): Promise<Evidence> {
    const [old, now] = await Promise.all([resources.exists(from), resources.exists(to)]);
    if (!now || old)
      throw new Fault("rejected", `${from.resource} is ${now ? "in both groups" : old ? `still in ${groupOf(from)}` : "in neither group"}; expected it in ${groupOf(to)} alone`, {
        vendor: "azure-resources",
      });
    return [`${resources.idOf(to)} is there`, `${resources.idOf(from)} is not found any more`];
  },

  already: ({ phase, to }) => (phase === "there" ? `${to.resource} was in ${groupOf(to)} before` : undefined),

  async undo({ resources }, { from, to, phase }): Promise<Evidence> {
    if (phase === "there") return [`${to.resource} was in ${groupOf(to)} before and stays there`];
    const where = await whereIs(resources, from, to, "conflict");
    if (where === "old") return [`${resources.idOf(from)} is there again`];
    const underWay = new Fault("unavailable", `${from.resource} is being moved back into ${groupOf(from)}; its end is not known yet`, {
      vendor: "azure-resources",
      retryAfterMs: 60_000,
    });
    try {
      await resources.startMove(to, from);
    } catch (thrown) {
      // The groups are locked, most likely by the move back that an earlier call has started.
      if (thrown instanceof Fault && thrown.kind === "conflict") throw underWay;
      throw thrown;
    }
    throw underWay;
  },
});

/** @throws Fault `absent` (or `otherwise`) when it is in neither place, `conflict` when in both. */
async function whereIs(resources: Resources, from: ResourcePlace, to: ResourcePlace, otherwise: "absent" | "conflict" = "absent"): Promise<"old" | "there"> {
  // Both names are checked before either is asked for.
  const [fromId, toId] = [resources.idOf(from), resources.idOf(to)];
  const [old, there] = [await resources.exists(from), await resources.exists(to)];
  if (old && there && fromId.toLowerCase() !== toId.toLowerCase()) {
    throw new Fault("conflict", `there is a ${from.resource} in ${groupOf(from)} and another in ${groupOf(to)}`, { vendor: "azure-resources" });
  }
  if (there) return "there";
  if (old) return "old";
  throw new Fault(otherwise, `${from.resource} (${from.type}) is neither in ${groupOf(from)} nor in ${groupOf(to)}`, { vendor: "azure-resources" });
}

function placesOf({ resource: { subscription, resourceGroup, type, resource }, to }: MoveParams): { from: ResourcePlace; to: ResourcePlace } {
  return { from: { subscription, resourceGroup, type, resource }, to: { subscription: to.subscription, resourceGroup: to.resourceGroup, type, resource } };
}

function operationOf(operation: string | undefined): { operation?: string } {
  return operation === undefined ? {} : { operation };
}

function groupOf({ subscription, resourceGroup }: { subscription: string; resourceGroup: string }): string {
  return `${subscription}/${resourceGroup}`.toLowerCase();
}

const CheckParams = z.strictObject({
  cluster: named("cluster"),
  version: z
    .string()
    .regex(/^\d+\.\d+(\.\d+)?$/, "a version such as 1.29 or 1.29.4")
    .describe("Kubernetes version that it must run; 1.29 takes any 1.29.x"),
});
type CheckParams = z.infer<typeof CheckParams>;

const CheckReceipt = z.object({ cluster: Cluster, version: z.string(), provisioning: z.string() });
type CheckReceipt = z.infer<typeof CheckReceipt>;

/** States that end by themselves. */
const UNDER_WAY = /^(Creating|Updating|Upgrading|Scaling|Starting|Stopping|Migrating|Canceling)/i;

/**
 * Checks that a Kubernetes cluster runs the version that it should, and that all of it does.
 *
 * Waits while the cluster is being changed. `verify` reads the control plane's version from the upgrade profile and the
 * node pools one by one: neither is the record that `begin` read.
 *
 * @throws Fault `rejected` naming what has another version, is not up, or did not end well.
 */
export const clusterCheck = defineAction<{ clusters: Clusters }, CheckParams, CheckReceipt>({
  verb: "cluster.check",
  summary: "Checks the Kubernetes version and state of a cluster and its node pools.",
  uses: ["clusters"],
  params: CheckParams,
  over: "cluster",
  receipt: CheckReceipt,
  policy: { timeoutMs: 45 * 60_000, pollEveryMs: 60_000 },
  reversal: "nothing",

  touches: ({ cluster }) => [`cluster:${cluster.name}`],

  async preview({ clusters }, { cluster, version }) {
    const found = await clusters.look(cluster);
    return [`check that ${cluster.name} runs Kubernetes ${version}; ${said(found)}`];
  },

  async begin({ clusters }, { cluster, version }) {
    return { cluster, version, provisioning: (await clusters.look(cluster)).provisioning };
  },

  isDrivenByPolls: true,

  async poll({ clusters }, receipt): Promise<Progress<CheckReceipt>> {
    const found = await clusters.look(receipt.cluster);
    return {
      state: UNDER_WAY.test(found.provisioning) ? "running" : "done",
      note: `${receipt.cluster.name}: ${said(found)}`,
      receipt: { ...receipt, provisioning: found.provisioning },
    };
  },

  async verify({ clusters }, { cluster, version }): Promise<Evidence> {
    const [found, profile, pools] = await Promise.all([clusters.look(cluster), clusters.profileVersion(cluster), clusters.pools(cluster)]);
    const control = { pool: "control plane", version: profile, provisioning: found.provisioning, power: found.power };
    const parts: readonly NodePool[] = [control, ...pools];
    const wrong = parts.filter((part) => !runs(part.version, version) || part.provisioning !== "Succeeded" || part.power !== "Running");
    if (wrong.length > 0) {
      const list = wrong.map((part) => `${part.pool} has ${part.version}, ${part.provisioning}, ${part.power}`).join("; ");
      throw new Fault("rejected", `${cluster.name}: ${list}; expected ${version}, Succeeded, Running`, { vendor: "azure-resources" });
    }
    return [
      `${cluster.name}: the control plane runs Kubernetes ${profile}, ${found.provisioning}, ${found.power}`,
      ...pools.map((part) => `node pool ${part.pool}: ${part.version}, ${part.provisioning}, ${part.power}`),
    ];
  },
});

function said({ version, provisioning, power }: ClusterView): string {
  return `it runs ${version}, ${provisioning}, ${power}`;
}

/** `1.29` takes any `1.29.x`; `1.2` does not. */
function runs(found: string, expected: string): boolean {
  return found === expected || found.startsWith(`${expected}.`);
}
