import { membersOf, type NetworkWorld } from "../../../integrations/azure-network/simulated-pools.ts";
import type { Pool, Server } from "../../../shared/inventory/schema.ts";
import type { CompiledPlan } from "../../../shared/plan/compiled.ts";
import { callsOf, owedIn, type Invariant } from "./aftermath.ts";

/** Promise 3: pools, by who is in them and not by who says so. */
export const POOLS: readonly Invariant[] = [
  {
    rule: "pool floor",
    promise: 3,
    says: "no pool is below its floor at the moment a server leaves it",
    check(aftermath) {
      const { plan, before } = aftermath;
      const network = before.worlds["azure-network"];
      const breaches: string[] = [];
      const moves = callsOf(aftermath).flatMap(({ done }) => done.flatMap(({ system, effect }) => (system === "azure-network" ? [effect] : [])));
      for (const { name, backendPool, floor } of poolsOf(plan)) {
        const serving = new Map(membersBefore(network, backendPool).map((server) => [server, 0]));
        for (const { at, did, to, with: details } of moves) {
          if (details?.["pool"] !== backendPool) continue;
          const server = to.replace(/^server /, "");
          // Health probes let traffic to who came back a moment later.
          if (did === "restored") serving.set(server, Date.parse(at) + network.probeMs);
          if (did !== "drained") continue;
          serving.delete(server);
          const count = [...serving.values()].filter((since) => since <= Date.parse(at)).length;
          if (Math.min(count, Number(details?.["inService"])) < floor) breaches.push(`pool ${name} was at ${count} when ${server} left at ${at}; its floor is ${floor}`);
        }
      }
      return breaches;
    },
  },
  {
    rule: "no server left out",
    promise: 3,
    says: "whoever was in a pool before is in it after, or is known to be owed",
    check(aftermath) {
      const { before, after } = aftermath;
      const owed = owedIn(aftermath).flatMap(({ what, closed }) => (closed === undefined ? [what] : []));
      const [was, is] = [before.worlds["azure-network"], after.worlds["azure-network"]];
      return poolNames(was).flatMap((pool) => {
        const now = new Set(membersBefore(is, pool));
        return membersBefore(was, pool).flatMap((server) =>
          now.has(server) || owed.some((what) => what.startsWith(`${server} is out of pool`)) ? [] : [`${server} was left out of pool ${pool}, and nobody owes it`],
        );
      });
    },
  },
];

function poolsOf({ steps }: CompiledPlan): readonly Pool[] {
  const aimed = steps.filter(({ verb }) => verb.startsWith("pool.")).flatMap(({ targets }) => targets.map(({ params }) => params as { server: Server; pool?: Pool }));
  return [...new Map(aimed.flatMap(({ server, pool = server.pool }) => (pool === undefined ? [] : [[pool.backendPool, pool] as const]))).values()];
}

function poolNames({ balancers, gateways }: NetworkWorld): readonly string[] {
  return [...new Set([...Object.values(balancers), ...Object.values(gateways)].flatMap(({ pools }) => Object.keys(pools)))];
}

/** Servers in rotation. */
function membersBefore(world: NetworkWorld, backendPool: string): readonly string[] {
  const owners = [...Object.values(world.balancers), ...Object.values(world.gateways)].filter(({ pools }) => pools[backendPool] !== undefined);
  return owners.flatMap((owner) =>
    membersOf(world, owner, backendPool)
      .filter(({ adminState }) => adminState !== "Down")
      .map(({ server }) => server),
  );
}
