import { Fault } from "../../shared/fault/fault.ts";
import { azureCall } from "../azure-errors.ts";
import { type ArmPlace, armName } from "../azure-names.ts";
import { idOf, type Operation, type ResourceManagers, type ResourcePlace, started, unlessGone } from "./resource-managers.ts";

/** A resource as the list of its group has it. */
export interface ListedResource {
  readonly id: string;
  /** `Microsoft.ClassicStorage/storageAccounts`, or longer for what hangs below another. */
  readonly type: string;
  readonly location: string;
  /** UTC ISO; classic resources have none in places. */
  readonly createdAt: string | undefined;
  /** Id of the resource that it belongs to, e.g. of a disk's virtual machine. */
  readonly managedBy: string | undefined;
}

/** Deleting resources, and knowing before what goes and what would miss it. */
export interface Removal {
  /** @throws Fault `invalid` for names that Azure does not know. */
  idOf(place: ResourcePlace): string;
  /** Whether it is there, by a read of that very id. `deleting`: Azure is at it. */
  find(place: ResourcePlace): Promise<"there" | "deleting" | "gone">;
  /** Every resource of the group, what hangs below others too; empty when there is no such group. */
  listed(group: ArmPlace): Promise<readonly ListedResource[]>;
  /** Whether the record of another resource names this id anywhere. */
  mentions(subscription: string, other: ListedResource, id: string): Promise<boolean>;
  startDeletion(place: ResourcePlace): Promise<Operation>;
  look(subscription: string, operation: Operation): Promise<"running" | "done" | "forgotten">;
}

const VENDOR = "azure-resources";
const MOST_LISTED = 2_000;

export function removalOf({ client: clientOf, apiVersion, look }: ResourceManagers): Removal {
  /** @param path an id without its leading slash, which the SDK puts there. */
  async function record(subscription: string, type: string, path: string): Promise<{ readonly properties?: unknown } | undefined> {
    const version = await apiVersion(subscription, type);
    const client = await clientOf(subscription);
    return await azureCall(VENDOR, `read /${path}`, () => unlessGone(() => client.resources.getById(path, version)));
  }

  return {
    idOf,
    look,

    async find(place) {
      const found = await record(place.subscription, place.type, idOf(place).slice(1));
      if (found === undefined) return "gone";
      return (found.properties as { provisioningState?: unknown } | undefined)?.provisioningState === "Deleting" ? "deleting" : "there";
    },

    async listed(group) {
      const name = armName("resource group", group.resourceGroup);
      const client = await clientOf(group.subscription);
      return await azureCall(VENDOR, `list the resources of ${name}`, async () => {
        const found: ListedResource[] = [];
        await unlessGone(async () => {
          for await (const { id = "", type = "", location = "", createdTime, managedBy } of client.resources.listByResourceGroup(name, { expand: "createdTime" })) {
            found.push({ id, type, location, createdAt: createdTime?.toISOString(), managedBy });
            if (found.length > MOST_LISTED)
              throw new Fault("rejected", `${name} has more than ${MOST_LISTED} resources; nothing is deleted where not all of it can be seen`, { vendor: VENDOR });
          }
        });
        return found;
      });
    },

    async mentions(subscription, { type, id: other }, id) {
      const found = await record(subscription, type, other.slice(1));
      // A whole id: `…/vnet` is not mentioned by `…/vnet2`, and is by `…/vnet/subnets/a`.
      return found !== undefined && new RegExp(`${escaped(id)}(?![\\w.()-])`, "i").test(JSON.stringify(found));
    },

    async startDeletion(place) {
      const id = idOf(place);
      const version = await apiVersion(place.subscription, place.type);
      const client = await clientOf(place.subscription);
      return await azureCall(VENDOR, `delete ${id}`, () => started(client.resources.deleteById(id.slice(1), version)));
    },
  };
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
