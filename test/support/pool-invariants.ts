import { membersOf, type NetworkWorld } from "../../integrations/azure-network/simulated-pools.ts";
import type { Pool, Server } from "../../shared/inventory/schema.ts";
import { obligationsOf } from "../../shared/run/obligations.ts";
import type { Aftermath } from "./invariants.ts";

/** No pool is below its floor at the moment a server leaves it, and whoever left one is back, or is known to be owed. */
export function breachesOfPools({ plan, entries, effects, networkBefore }: Aftermath): readonly string[] {
  const breaches: string[] = [];
  const owed = obligationsOf(entries.map(({ fact }) => fact)).flatMap(({ closed, what }) => (closed === undefined ? [what] : []));
  for (const { name, backendPool, floor } of poolsOf(plan)) {
    const moves = effects.filter(({ system, did, with: details }) => system === "azure-network" && ["drained", "restored"].includes(did) && details?.["pool"] === backendPool);
    const out = new Set<string>();
    const serving = networkBefore === undefined ? undefined : servingBefore(networkBefore, backendPool);
    for (const { at, did, to, with: details } of moves) {
      const server = to.replace(/^server /, "");
      if (did === "restored") {
        out.delete(server);
        // Health probes let traffic to it a moment later.
        serving?.set(server, Date.parse(at) + (networkBefore?.probeMs ?? 0));
        continue;
      }
      out.add(server);
      serving?.delete(server);
      const counted = serving === undefined ? [] : [[...serving.values()].filter((since) => since <= Date.parse(at)).length];
      for (const count of [Number(details?.["inService"]), ...counted]) {
        if (!(count >= floor)) breaches.push(`pool ${name} was at ${count} when ${server} left at ${at}; its floor is ${floor}`);
      }
    }
    for (const server of out) if (!owed.some((what) => what.startsWith(`${server} is out of pool`))) breaches.push(`${server} was left out of pool ${name}, and nobody owes it`);
  }
  return breaches;
}

function poolsOf({ steps }: Aftermath["plan"]): readonly Pool[] {
  const aimed = steps.filter(({ verb }) => verb.startsWith("pool.")).flatMap(({ targets }) => targets.map(({ params }) => params as { server: Server; pool?: Pool }));
  return [...new Map(aimed.flatMap(({ server, pool = server.pool }) => (pool === undefined ? [] : [[pool.backendPool, pool] as const]))).values()];
}

/** Servers that a pool has to begin with, each with the instant since when it serves. */
function servingBefore(world: NetworkWorld, backendPool: string): Map<string, number> {
  const owners = [...Object.values(world.balancers), ...Object.values(world.gateways)].filter(({ pools }) => pools[backendPool] !== undefined);
  return new Map(owners.flatMap((owner) => membersOf(world, owner, backendPool).map(({ server }) => [server, 0] as const)));
}
