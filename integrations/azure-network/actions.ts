import { z } from "zod";
import { type Evidence, type Progress, defineAction } from "../../shared/action/action.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { named } from "../../shared/inventory/schema.ts";
import { durationMs } from "../../shared/plan/duration.ts";
import { isoOf } from "../../shared/ports/clock.ts";
import type { Pools, Rotation } from "./connector.ts";
import { Mark, markedBy } from "./mark.ts";

const Params = z
  .strictObject({
    server: named("server"),
    pool: named("pool").optional().describe("The pool; where it is not given, the one that the inventory says the server serves in"),
  })
  .refine(({ server, pool }) => pool !== undefined || server.pool !== undefined, {
    message: "the inventory does not say which pool the server serves in; give it `pool`, or say it here",
    path: ["pool"],
  })
  .refine(({ server, pool }) => pool === undefined || server.pool === undefined || pool.name === server.pool.name, {
    message: "the inventory says that the server serves in another pool",
    path: ["pool"],
  });
type Params = z.infer<typeof Params>;

const ServerIn = z.object({ name: z.string(), subscription: z.string(), resourceGroup: z.string(), vm: z.string() });
type ServerIn = z.infer<typeof ServerIn>;
const PoolIn = z.object({
  name: z.string(),
  subscription: z.string(),
  resourceGroup: z.string(),
  kind: z.enum(["load-balancer", "application-gateway"]),
  resource: z.string(),
  backendPool: z.string(),
  floor: z.int(),
  drainMs: z.int(),
});
type PoolIn = z.infer<typeof PoolIn>;

const DrainReceipt = z.object({
  server: ServerIn,
  pool: PoolIn,
  /** Whether we took it out, or it was out before. */
  out: z.enum(["by us", "before"]),
  /** How it was in the pool, as it stands in the tag on its network interface. */
  mark: Mark.optional(),
  /** UTC ISO: since when no new connections come, as far as was seen. */
  outSince: z.string().optional(),
});
type DrainReceipt = z.infer<typeof DrainReceipt>;

/**
 * Takes a server out of rotation and waits for its connections to end.
 *
 * Never below the pool's floor: servers in service are counted from the pool itself, and two that leave at once cannot
 * both pass (rotation.ts). At the floor `begin` is `throttled`, which says that nothing was done and that waiting helps;
 * the step tries again, with its patience as its policy says. How the server was in the pool is kept in the receipt and
 * in a tag on its network interface, which `pool.restore` reads.
 *
 * @throws Fault `throttled` at the floor, `absent` for a server without network interface, `conflict` when its mark is gone
 *   or not ours on the way back.
 */
export const poolDrain = defineAction<{ pools: Pools }, Params, DrainReceipt>({
  verb: "pool.drain",
  summary: "Takes a server out of its pool, never below the pool's floor, and waits for its connections to end.",
  uses: ["pools"],
  params: Params,
  over: "server",
  receipt: DrainReceipt,
  // At its floor a pool waits for another server to be patched and put back, which takes the better part of an hour.
  policy: { timeoutMs: 3 * 3_600_000, pollEveryMs: 15_000, attempts: 20, retryDelayMs: 30_000, maxRetryDelayMs: 5 * 60_000 },
  reversal: "undo",

  // Not the pool: a server that waits at the floor would keep from coming back the very server that it waits for.
  touches: ({ server }) => [`server:${server.name}`],

  opens: ({ server, pool }) => [{ id: obligationOf(server), what: `${server.name} is out of pool ${(pool ?? server.pool)?.name ?? ""}` }],

  async preview({ pools }, params) {
    const { server, pool } = inPool(params);
    const { state, seats } = await pools.look(pool, server);
    if (state === "out") return [`${server.name} is out of ${said(pool)} already`];
    return [
      `take ${server.name} out of ${said(pool)}, where it is by ${seats.join(" and ")}`,
      `with ${pool.floor} other servers in service or more; connections get ${pool.drainMs / 1_000} s to end`,
    ];
  },

  async begin({ pools }, params, call) {
    const { server, pool } = inPool(params);
    const by = markedBy(call);
    const mark = await pools.leave(pool, server, pool.floor, { run: call.run, by, since: isoOf(call.now) });
    return { server, pool, out: mark?.by === by ? "by us" : "before", ...(mark === undefined ? {} : { mark }) };
  },

  async find({ pools }, params, call) {
    const { server, pool } = inPool(params);
    const { mark } = await pools.look(pool, server);
    return mark?.by === markedBy(call) ? { server, pool, out: "by us", mark } : undefined;
  },

  isDrivenByPolls: true,

  async poll({ pools }, receipt, { now }): Promise<Progress<DrainReceipt>> {
    const { server, pool, out, outSince } = receipt;
    if (out === "before") return { state: "done", note: `${server.name} was out of ${pool.name} before` };
    if (outSince === undefined) {
      const { state, provisioning } = await pools.look(pool, server);
      if (provisioning === "Failed") throw new Fault("rejected", `Azure could not take ${server.name} out of ${said(pool)}: its last change failed`, { vendor: "azure-network" });
      if (state !== "out") throw new Fault("rejected", `${server.name} is in ${said(pool)} again; somebody has put it back`, { vendor: "azure-network" });
      if (provisioning !== "Succeeded") return { state: "running", note: `Azure is taking ${server.name} out of ${pool.name}: ${provisioning}` };
      return { state: "running", note: `${server.name} gets no new connections`, receipt: { ...receipt, outSince: isoOf(now) }, quietUntil: now + pool.drainMs };
    }
    const until = Date.parse(outSince) + pool.drainMs;
    if (now < until) return { state: "running", note: `connections to ${server.name} get until ${isoOf(until)} to end`, quietUntil: until };
    return { state: "done", note: `connections to ${server.name} had ${pool.drainMs / 1_000} s to end` };
  },

  async verify({ pools }, { server, pool }): Promise<Evidence> {
    const found = await pools.look(pool, server);
    if (found.state !== "out" || found.listed || found.healthy)
      throw new Fault("rejected", `${server.name} is still in ${said(pool)}: ${standing(found)}`, { vendor: "azure-network" });
    if (found.others.length < pool.floor)
      throw new Fault("rejected", `${said(pool)} has ${found.others.length} servers in service; expected ${pool.floor} or more`, { vendor: "azure-network" });
    return [
      `${said(pool)} does not list ${server.name}, and its health probes send it no traffic`,
      `${found.others.length} others are in service (floor ${pool.floor}): ${found.others.join(", ")}`,
    ];
  },

  already: ({ out, server, pool }) => (out === "before" ? `${server.name} was out of ${pool.name} before` : undefined),

  async undo({ pools }, { server, pool, out, mark }): Promise<Evidence> {
    if (out === "before") return [`${server.name} was out of ${pool.name} before and stays out`];
    const found = await pools.look(pool, server);
    const isOurs = found.mark !== undefined && found.mark.by === mark?.by;
    if (found.mark !== undefined && !isOurs)
      throw new Fault("conflict", `${server.name} was taken out of ${pool.name} by another step since (run ${found.mark.run})`, { vendor: "azure-network" });
    if (found.state === "out" && !isOurs)
      throw new Fault("conflict", `${server.name} is out of ${pool.name} without the mark that we left: somebody changed it since`, { vendor: "azure-network" });
    if (isOurs) await pools.join(pool, server);
    return await servingAgain(pools, server, pool);
  },
});

const RestoreReceipt = z.object({ server: ServerIn, pool: PoolIn, was: z.enum(["out", "in"]) });
type RestoreReceipt = z.infer<typeof RestoreReceipt>;

/**
 * Puts a server back into rotation as it was before `pool.drain` took it out, and waits until the pool's health probes let
 * traffic to it.
 *
 * How it was is read from the mark that the drain left on the server, so that it works after a crash, from the next
 * window, and by hand. A server that somebody else took out, without a mark, is put in by its primary IP configuration.
 * There is nothing to take back: in its pool is where a server belongs.
 *
 * @throws Fault `rejected` when Azure could not do it; `conflict` when it cannot be told how the server was in the pool.
 */
export const poolRestore = defineAction<{ pools: Pools }, Params, RestoreReceipt>({
  verb: "pool.restore",
  summary: "Puts a server back into its pool and waits until its health probes are good.",
  uses: ["pools"],
  params: Params,
  over: "server",
  receipt: RestoreReceipt,
  policy: { timeoutMs: 30 * 60_000, pollEveryMs: 15_000, attempts: 12, retryDelayMs: 20_000 },
  reversal: "nothing",

  touches: ({ server }) => [`server:${server.name}`],

  closes: ({ server }) => [obligationOf(server)],

  async preview({ pools }, params) {
    const { server, pool } = inPool(params);
    // Read to find out whether both are there; how it stands now says nothing of how it will stand.
    await pools.look(pool, server);
    return [`put ${server.name} back into ${said(pool)} as it was before it left, and wait for its health probes`];
  },

  async begin({ pools }, params, { attempt }) {
    const { server, pool } = inPool(params);
    const hasJoined = await pools.join(pool, server);
    // A further attempt may find what an earlier one has done.
    return { server, pool, was: hasJoined || attempt > 1 ? "out" : "in" };
  },

  async poll({ pools }, { server, pool }): Promise<Progress<RestoreReceipt>> {
    const found = await pools.look(pool, server);
    if (found.provisioning === "Failed") throw new Fault("rejected", `Azure could not put ${server.name} into ${said(pool)}: its last change failed`, { vendor: "azure-network" });
    if (found.state === "out") throw new Fault("rejected", `${server.name} is out of ${said(pool)} again; somebody has taken it out`, { vendor: "azure-network" });
    return isServing(found)
      ? { state: "done", note: `${server.name} serves in ${pool.name}` }
      : { state: "running", note: `${server.name} is in ${pool.name}: ${standing(found)}` };
  },

  async verify({ pools }, { server, pool }): Promise<Evidence> {
    const found = await pools.look(pool, server);
    if (found.state !== "in" || !found.listed || !found.healthy)
      throw new Fault("rejected", `${server.name} does not serve in ${said(pool)}: ${standing(found)}`, { vendor: "azure-network" });
    return [`${said(pool)} lists ${server.name}, by ${found.seats.join(" and ")}`, `its health probes send ${server.name} traffic, beside ${found.others.length} others`];
  },

  already: ({ was, server, pool }) => (was === "in" ? `${server.name} was in ${pool.name} before` : undefined),
});

function obligationOf({ name }: { readonly name: string }): string {
  return `out-of-pool:${name}`;
}

function inPool(params: Params): { server: ServerIn; pool: PoolIn } {
  const { name, subscription, resourceGroup, vm } = params.server;
  const pool = params.pool ?? params.server.pool;
  if (pool === undefined) throw new Fault("invalid", `the inventory does not say which pool ${name} serves in`);
  const { aliases: _aliases, drain, ...where } = pool;
  return { server: { name, subscription, resourceGroup, vm }, pool: { ...where, drainMs: durationMs(drain) ?? 0 } };
}

async function servingAgain(pools: Pools, server: ServerIn, pool: PoolIn): Promise<Evidence> {
  const found = await pools.look(pool, server);
  if (!isServing(found))
    throw new Fault("unavailable", `${server.name} is back in ${pool.name} and does not serve yet: ${standing(found)}`, { vendor: "azure-network", retryAfterMs: 20_000 });
  return [`${server.name} is in ${said(pool)} again, by ${found.seats.join(" and ")}, and its health probes send it traffic`];
}

function isServing({ state, provisioning, healthy }: Rotation): boolean {
  return state === "in" && provisioning === "Succeeded" && healthy;
}

function standing({ state, listed, healthy, provisioning }: Rotation): string {
  return `${state}, ${listed ? "listed" : "not listed"}, health probes ${healthy ? "good" : "not good"}, ${provisioning}`;
}

function said({ name, backendPool, resource }: PoolIn): string {
  return `pool ${name} (${backendPool} of ${resource})`;
}
