import { createHash } from "node:crypto";
import { Fault } from "../shared/fault/fault.ts";
import { sameHolder, type Holder, type Locks } from "../shared/run/locks.ts";
import { keyOf } from "./table-keys.ts";
import { tableNamed, type Row, type TablesSettings } from "./tables.ts";

/**
 * Locks in Azure Table Storage: one partition and one row per resource that is held. Adding the row is taking the resource,
 * so of two who try one gets it; deleting it, with its ETag, is giving it back. The usual case costs one call each way.
 */
export function tableLocks(settings: TablesSettings): Locks {
  const table = tableNamed("Locks", settings);

  async function find(resource: string): Promise<{ holder: Holder; etag: string } | undefined> {
    const row = await table.get(`see who holds ${resource}`, partitionOf(resource), LOCK);
    return row === undefined ? undefined : { holder: holderOf(row, resource), etag: row.etag };
  }

  return {
    async take(resource, holder) {
      const row: Row = { partitionKey: partitionOf(resource), rowKey: LOCK, resource, run: holder.run, step: holder.step, target: holder.target };
      for (let look = 0; look < MOST_LOOKS; look++) {
        if (await table.insert(`take ${resource} for ${holder.step}`, [row])) return { taken: true };
        const found = await find(resource);
        // Given back between our two calls: it is there to be taken again.
        if (found === undefined) continue;
        return sameHolder(found.holder, holder) ? { taken: true } : { taken: false, by: found.holder };
      }
      throw new Fault("unavailable", `${resource} was taken and given back ${MOST_LOOKS} times while ${holder.step} wanted it; it will look again`);
    },

    async release(resource, holder) {
      const found = await find(resource);
      if (found === undefined || !sameHolder(found.holder, holder)) return;
      await table.remove(`give back ${resource}`, partitionOf(resource), LOCK, found.etag);
    },

    async holders(resources) {
      const distinct = [...new Set(resources)];
      const found = await Promise.all(distinct.map(async (resource) => [resource, await find(resource)] as const));
      return new Map(found.flatMap(([resource, lock]) => (lock === undefined ? [] : [[resource, lock.holder] as const])));
    },
  };
}

const LOCK = "lock";

/** Looks at a resource that changes hands at every look, before its caller is told to come back later. */
const MOST_LOOKS = 5;

/** Longest resource that is a key as it stands; longer ones, such as paths in Azure, are told apart by their hash. */
const LONGEST_PLAIN = 120;

function partitionOf(resource: string): string {
  return resource.length <= LONGEST_PLAIN ? keyOf(resource) : `${keyOf(resource.slice(0, 40))}~${createHash("sha256").update(resource).digest("hex")}`;
}

function holderOf({ run, step, target }: Row, resource: string): Holder {
  if (typeof run !== "string" || typeof step !== "string" || typeof target !== "string") {
    throw new Fault("defect", `the lock on ${resource} names no holder; expected run, step and target`);
  }
  return { run, step, target };
}
