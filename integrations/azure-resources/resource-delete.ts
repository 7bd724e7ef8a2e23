import { z } from "zod";
import { type Evidence, type Progress, defineAction } from "../../shared/action/action.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { Resource, named } from "../../shared/inventory/schema.ts";
import type { ListedResource, Removal } from "./removal.ts";

const Params = z.strictObject({ resource: named("resource") });
type Params = z.infer<typeof Params>;

const Receipt = z.object({
  resource: Resource,
  /** Ids that were there when it began and are to be gone, the resource's own first; none where it was gone before. */
  going: z.array(z.string()),
  /** The SDK's state of the deletion; none: it ended at once, or its answer was lost. */
  operation: z.string().optional(),
});
type Receipt = z.infer<typeof Receipt>;

/** More other resources in the group than this are not read one by one for what refers to the one that goes. */
const MOST_READ = 60;

/**
 * Deletes a resource of any type, classic ones too, with all that hangs below it.
 *
 * The preview lists exactly what goes, and which other resources of the group are managed by it or refer to it, as far as
 * their records tell: an approval is bound to that list, and a list that has changed since is another preview. Nothing
 * brings it back.
 *
 * @throws Fault `conflict` with Azure's reason when it may not be deleted: a lock, or something that uses it.
 */
export const resourceDelete = defineAction<{ removal: Removal }, Params, Receipt>({
  verb: "resource.delete",
  summary: "Deletes an Azure resource, classic ones too, after listing exactly what goes.",
  uses: ["removal"],
  params: Params,
  over: "resource",
  receipt: Receipt,
  policy: { timeoutMs: 60 * 60_000, pollEveryMs: 30_000, attempts: 8 },
  reversal: "irreversible",

  // The whole group: what is listed as going must not change meanwhile, and a move locks the group.
  touches: ({ resource }) => [`resource:${resource.name}`, `resource-group:${groupOf(resource)}`],

  async preview({ removal }, { resource }) {
    const id = removal.idOf(resource);
    if ((await removal.find(resource)) === "gone") return [`${id} is not there: nothing to delete`];
    const listed = await removal.listed(resource);
    const { self, below, others } = around(id, listed);
    const born = self?.createdAt === undefined ? "" : `, made on ${self.createdAt.slice(0, 10)}`;
    return [
      `delete ${id}${self === undefined ? "" : ` in ${self.location}${born}`}`,
      ...below.map((each) => `with it goes ${each.id}`),
      ...others.filter((each) => same(each.managedBy, id)).map((each) => `${each.id} is managed by it, and stays`),
      ...(await referring(removal, resource.subscription, id, others)),
      "cannot be taken back",
    ];
  },

  async begin({ removal }, { resource }, { attempt }) {
    const id = removal.idOf(resource);
    const found = await removal.find(resource);
    // Gone after a first call whose answer was lost: that call deleted it.
    if (found === "gone") return { resource, going: attempt > 1 ? [id] : [] };
    const going = [id, ...around(id, await removal.listed(resource)).below.map((each) => each.id)];
    if (found === "deleting") return { resource, going };
    try {
      const operation = await removal.startDeletion(resource);
      return { resource, going, ...(operation === undefined ? {} : { operation }) };
    } catch (thrown) {
      // Azure refuses a second deletion while the first, whose answer was lost, goes on.
      if (attempt > 1 && thrown instanceof Fault && thrown.kind === "conflict" && (await removal.find(resource)) !== "there") return { resource, going };
      throw thrown;
    }
  },

  async poll({ removal }, { resource, operation }): Promise<Progress<Receipt>> {
    const running: Progress<Receipt> = { state: "running", note: `Azure is deleting ${resource.resource}` };
    if (operation !== undefined && (await removal.look(resource.subscription, operation)) === "running") return running;
    return (await removal.find(resource)) === "gone" ? { state: "done", note: `${resource.resource} is gone` } : running;
  },

  async verify({ removal }, { resource, going }): Promise<Evidence> {
    const id = removal.idOf(resource);
    if ((await removal.find(resource)) !== "gone") throw new Fault("rejected", `${id} is still there`, { vendor: "azure-resources" });
    const listed = await removal.listed(resource);
    const left = listed.filter((each) => same(each.id, id) || isBelow(each.id, id) || going.some((gone) => same(gone, each.id)));
    if (left.length > 0) throw new Fault("rejected", `${resource.resourceGroup} still lists ${left.map((each) => each.id).join(", ")}`, { vendor: "azure-resources" });
    return [`${id} is not found any more`, `${resource.resourceGroup} lists ${listed.length} other resources, and none of the ${Math.max(going.length, 1)} that were to go`];
  },

  already: ({ resource, going }) => (going.length === 0 ? `${resource.resource} was gone before` : undefined),
});

/** Lines about what names it, by reading every other resource of the group. */
async function referring(removal: Removal, subscription: string, id: string, others: readonly ListedResource[]): Promise<readonly string[]> {
  if (others.length > MOST_READ) return [`whether any of the ${others.length} other resources of the group refers to it was not looked at: more than ${MOST_READ}`];
  const lines: string[] = [];
  for (const other of others.filter((each) => !same(each.managedBy, id))) {
    if (await removal.mentions(subscription, other, id)) lines.push(`${other.id} refers to it`);
  }
  return lines.length > 0 ? lines : ["nothing else in the group refers to it, as far as the group's records tell"];
}

/** In the order of their ids, so that equal groups give equal lines. */
function around(id: string, listed: readonly ListedResource[]) {
  const sorted = listed.toSorted((a, b) => (a.id.toLowerCase() < b.id.toLowerCase() ? -1 : 1));
  return {
    self: sorted.find((each) => same(each.id, id)),
    below: sorted.filter((each) => isBelow(each.id, id)),
    others: sorted.filter((each) => !same(each.id, id) && !isBelow(each.id, id)),
  };
}

function isBelow(id: string, parent: string): boolean {
  return id.toLowerCase().startsWith(`${parent.toLowerCase()}/`);
}

/** Azure does not tell ids apart by case. */
function same(id: string | undefined, other: string): boolean {
  return id?.toLowerCase() === other.toLowerCase();
}

function groupOf({ subscription, resourceGroup }: Params["resource"]): string {
  return `${subscription}/${resourceGroup}`.toLowerCase();
}
