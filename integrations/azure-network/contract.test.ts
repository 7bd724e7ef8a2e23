import { describe, expect, it } from "vitest";
import type { Call } from "../../shared/action/action.ts";
import { actionContract } from "../../test/contract/action.ts";
import { apiContract } from "../../test/contract/api.ts";
import { type LocalOutside, localOutside } from "../../test/support/transport.ts";
import { poolDrain, poolRestore } from "./actions.ts";
import { connectAzureNetwork } from "./connector.ts";
import { markedBy, tagOf } from "./mark.ts";
import {
  backendPoolId,
  balancerKey,
  gatewayKey,
  type NetworkWorld,
  nicKey,
  serversInService,
  type SimulatedBalancer,
  type SimulatedGateway,
  simulatedNic,
  type SimulatedNic,
} from "./simulated-pools.ts";
import { azureNetworkSimulator } from "./simulator.ts";

const PROD = "11111111-1111-4111-8111-111111111111";
const NETWORK = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/vnet";
const WEB = ["IC-Web1", "IC-Web2", "IC-Web3", "IC-Web4"];
const addressOf = (server: string) => `10.1.0.${10 + WEB.indexOf(server)}`;

/** Orders in which two drains are tried out against each other. */
const ORDERS = 48;

type Way = "network interface" | "address" | "gateway address" | "gateway network interface";
const WAYS: readonly Way[] = ["network interface", "address", "gateway address", "gateway network interface"];

const poolIn = (way: Way, floor = 2) => ({
  name: "web",
  aliases: [],
  subscription: PROD,
  resourceGroup: "rg-net",
  kind: way.startsWith("gateway") ? "application-gateway" : "load-balancer",
  resource: way.startsWith("gateway") ? "agw-web" : "lb-web",
  backendPool: "ic-web",
  floor,
  drain: "60s",
});
const serverIn = (server: string, way: Way, floor = 2) => ({
  name: server,
  aliases: [],
  subscription: PROD,
  resourceGroup: "rg-web",
  vm: server,
  os: "windows",
  pool: poolIn(way, floor),
});

/** Four web servers in one pool; another pool before it on their network interfaces, so that order matters. */
function world(way: Way = "network interface"): NetworkWorld {
  const balancer: SimulatedBalancer = {
    subscription: PROD,
    resourceGroup: "rg-net",
    balancer: "lb-web",
    location: "eastus2",
    rules: [
      { name: "https", pool: "ic-web" },
      { name: "admin", pool: "other" },
    ],
    pools: {
      other: { addresses: [] },
      "ic-web": {
        addresses:
          way === "address" ? WEB.map((server) => ({ name: server, address: addressOf(server), network: NETWORK, ...(server === "IC-Web1" ? {} : { adminState: "None" }) })) : [],
      },
    },
  };
  const gateway: SimulatedGateway = {
    subscription: PROD,
    resourceGroup: "rg-net",
    gateway: "agw-web",
    location: "eastus2",
    tags: { team: "infrastructure" },
    settings: ["https"],
    pools: { "ic-web": { addresses: way === "gateway address" ? [...WEB.map((server) => ({ address: addressOf(server) })), { fqdn: "spare.example.com" }] : [] } },
  };
  const nics = WEB.map((vm) =>
    simulatedNic({ subscription: PROD, resourceGroup: "rg-web", vm }, addressOf(vm), {
      balancerPools: way === "network interface" ? [backendPoolId(balancer, "other"), backendPoolId(balancer, "ic-web")] : [],
      gatewayPools: way === "gateway network interface" ? [backendPoolId(gateway, "ic-web")] : [],
    }),
  );
  return {
    ...azureNetworkSimulator.newWorld(),
    nics: Object.fromEntries(nics.map((nic) => [nicKey(nic), nic])),
    balancers: { [balancerKey(balancer)]: balancer },
    gateways: { [gatewayKey(gateway)]: gateway },
    // Quick, since the suite walks it a few hundred times.
    gatewayUpdateMs: 20_000,
  };
}

const nicOf = (of: NetworkWorld, server: string) => Object.values(of.nics).find(({ machine }) => machine?.endsWith(`/${server}`)) as SimulatedNic;
const balancerOf = (of: NetworkWorld) => Object.values(of.balancers)[0] as SimulatedBalancer;
const gatewayOf = (of: NetworkWorld) => Object.values(of.gateways)[0] as SimulatedGateway;
const essence = ({ nics, balancers, gateways }: NetworkWorld) => ({ nics, balancers, gateways });
const connect = (outside: Parameters<typeof connectAzureNetwork>[1]) => ({ pools: connectAzureNetwork({}, outside) });
/** Somebody else takes a server out, or puts it back without the mark. */
const moveByHand = (way: Way, inside: boolean) => (of: NetworkWorld) => {
  const nic = nicOf(of, "IC-Web1");
  nic.tags = { team: "somebody else" };
  const [configuration] = nic.configurations;
  if (configuration === undefined) throw new Error("no configuration");
  if (way === "network interface") configuration.balancerPools = [backendPoolId(balancerOf(of), "other"), ...(inside ? [backendPoolId(balancerOf(of), "ic-web")] : [])];
  if (way === "gateway network interface") configuration.gatewayPools = inside ? [backendPoolId(gatewayOf(of), "ic-web")] : [];
  if (way === "address") Object.assign(balancerOf(of).pools["ic-web"]?.addresses[0] ?? {}, { adminState: inside ? "None" : "Down" });
  if (way === "gateway address") {
    const others = gatewayOf(of).pools["ic-web"]?.addresses.filter(({ address }) => address !== addressOf("IC-Web1")) ?? [];
    gatewayOf(of).pools["ic-web"] = { addresses: inside ? [{ address: addressOf("IC-Web1") }, ...others] : others };
  }
};

// By a gateway and network interfaces is as by a load balancer and network interfaces, but for two names.
for (const way of WAYS.slice(0, 3)) {
  actionContract({
    action: poolDrain,
    integration: `azure-network, by ${way}`,
    world: () => world(way),
    simulator: azureNetworkSimulator,
    connect,
    params: { server: serverIn("IC-Web1", way) },
    effects: ["drained server IC-Web1"],
    spoil: moveByHand(way, true),
    drift: moveByHand(way, false),
    essence,
  });

  actionContract({
    action: poolRestore,
    integration: `azure-network, by ${way}`,
    world: () => {
      const of = world(way);
      moveByHand(way, false)(of);
      return of;
    },
    simulator: azureNetworkSimulator,
    connect,
    params: { server: serverIn("IC-Web1", way) },
    effects: ["restored server IC-Web1"],
    spoil: moveByHand(way, false),
    essence,
  });
}

describe("azure-network: what is special here", () => {
  it.each(WAYS)("restores by %s exactly what a drain took out, with nothing but what it finds there", async (way) => {
    const of = world(way);
    const before = JSON.stringify(essence(of));
    const { drain, restore, outside } = team(of, way);
    await drain("IC-Web1");
    const away = JSON.stringify(essence(of));

    outside.advance(24 * 3_600_000);
    const { receipt, evidence } = await restore("IC-Web1");

    expect(away).not.toBe(before);
    expect(JSON.stringify(essence(of))).toBe(before);
    expect(poolRestore.already?.(receipt)).toBeUndefined();
    expect(evidence[1]).toBe(`its health probes send IC-Web1 traffic, beside ${way === "gateway address" ? 4 : 3} others`);
    expect(of.effects.map(({ did, to }) => `${did} ${to}`)).toEqual(["drained server IC-Web1", "restored server IC-Web1"]);
  });

  it.each(WAYS)("lets a server wait by %s while its pool is at its floor, without doing anything, and go on afterwards", async (way) => {
    const of = world(way);
    // The gateway's spare host counts as one more.
    const floor = way === "gateway address" ? 4 : 3;
    const { begin, drain, restore, outside } = team(of, way, floor);
    await drain("IC-Web1");
    const before = JSON.stringify(essence(of));

    const refused = await begin("IC-Web2").catch((thrown: unknown) => thrown);
    const after = JSON.stringify(essence(of));
    await restore("IC-Web1");
    outside.advance(60_000);
    await drain("IC-Web2");

    expect(refused).toMatchObject({
      kind: "throttled",
      message: `IC-Web2 waits: without it, ic-web would have ${floor - 1} servers in service, and ${floor} is its floor`,
      retryAfterMs: 45_000,
    });
    expect(after).toBe(before);
    expect(of.effects.map(({ did, to }) => `${did} ${to}`)).toEqual(["drained server IC-Web1", "restored server IC-Web1", "drained server IC-Web2"]);
  });

  it.each(WAYS)(
    "never goes below the floor by %s, in whatever order the requests of two drains come",
    async (way) => {
      const floor = way === "gateway address" ? 4 : 3;
      // Interleavings of two begins, told by a bit for each request: whose turn it is. The bits are those of multiples of the golden
      // ratio, which lie evenly; in the first two one server runs as far as it can before the other.
      for (let index = 0; index < ORDERS; index++) {
        const turns = index === 0 ? 0 : index === 1 ? 0xffffffff : Math.imul(index, 0x9e3779b1) >>> 0;
        const of = world(way);
        let lowest = Number.POSITIVE_INFINITY;
        const gates = new Map<string, (() => void)[]>([
          ["IC-Web1", []],
          ["IC-Web2", []],
        ]);
        const { outside } = team(of, way, floor);
        const begun = ["IC-Web1", "IC-Web2"].map((server) => {
          const gated: LocalOutside = {
            ...outside,
            fetch: async (input, init) => {
              await new Promise<void>((go) => gates.get(server)?.push(go));
              const answer = await outside.fetch(input, init);
              lowest = Math.min(lowest, serversInService(of, way.startsWith("gateway") ? gatewayOf(of) : balancerOf(of), "ic-web", outside.clock.now()).length);
              return answer;
            },
          };
          return team(of, way, floor, gated)
            .begin(server)
            .then(
              () => "out",
              (thrown: { kind?: string }) => thrown.kind,
            );
        });
        const over: boolean[] = [];
        void Promise.all(begun).then(() => over.push(true));
        for (let turn = 0; over.length === 0; turn++) {
          const first = ((turns >>> (turn % 32)) & 1) === 0 ? "IC-Web1" : "IC-Web2";
          const go = gates.get(first)?.shift() ?? [...gates.values()].find((waiting) => waiting.length > 0)?.shift();
          go?.();
          await new Promise((next) => setImmediate(next));
        }

        const ends = await Promise.all(begun);
        expect(lowest, `turns ${turns.toString(2)}: ${ends.join(", ")}`).toBeGreaterThanOrEqual(floor);
        expect(ends.filter((end) => end === "out").length, `turns ${turns.toString(2)}`).toBeLessThanOrEqual(1);
        expect(
          ends.filter((end) => end !== "out" && end !== "throttled"),
          `turns ${turns.toString(2)}`,
        ).toEqual([]);
      }
    },
    120_000,
  );

  it("gives way to another that leaves at the same time, and waits longer than it", async () => {
    const of = world();
    const { begin, call } = team(of, "network interface", 3);
    const before = structuredClone(nicOf(of, "IC-Web2"));
    for (const server of ["IC-Web1", "IC-Web2"]) {
      nicOf(of, server).tags[tagOf(backendPoolId(balancerOf(of), "ic-web"))] = JSON.stringify({
        run: "2024-10-06",
        by: markedBy(call(server)),
        since: "2024-10-06T01:30:00.000Z",
        seats: [{ by: "nic", ip: "ipconfig1", at: 1 }],
      });
    }

    await expect(begin("IC-Web2")).rejects.toMatchObject({ kind: "throttled", retryAfterMs: 65_000 });
    await expect(begin("IC-Web1")).resolves.toMatchObject({ out: "by us" });
    await expect(begin("IC-Web2")).rejects.toMatchObject({ kind: "throttled", retryAfterMs: 45_000 });

    expect(nicOf(of, "IC-Web2")).toEqual(before);
  });

  it("counts only servers that are well, and lets nobody leave a pool that is at its floor through illness", async () => {
    const of = world();
    of.sick[addressOf("IC-Web3")] = "Down_Probe_Timeout";

    await expect(team(of, "network interface", 3).begin("IC-Web1")).rejects.toMatchObject({
      kind: "throttled",
      message: expect.stringContaining("would have 2 servers in service") as string,
    });
    expect(of.effects).toEqual([]);
  });

  it("takes for well what every rule of the load balancer sends traffic to, and no less", async () => {
    const of = world();
    balancerOf(of).rules.push({ name: "http", pool: "ic-web" });
    const { outside, ports, drain } = team(of, "network interface");
    const seen = await ports.pools.look(poolIn("network interface") as never, serverIn("IC-Web1", "network interface"));

    await drain("IC-Web1");

    expect(seen).toMatchObject({ state: "in", healthy: true, others: ["IC-Web2", "IC-Web3", "IC-Web4"] });
    expect(outside.requests.filter((request) => /loadBalancingRules\/https?\/health/.test(request)).length).toBeGreaterThanOrEqual(4);
    expect(outside.requests.filter((request) => request.includes("loadBalancingRules/admin"))).toEqual([]);
  });

  it("waits until connections had their time, by instants", async () => {
    const of = world();
    const { ports, call, begin, outside } = team(of, "network interface");
    let receipt = await begin("IC-Web1");
    const notes: string[] = [];

    for (let looks = 0; looks < 20; looks++) {
      const progress = await poolDrain.poll?.(ports, receipt, call("IC-Web1"));
      notes.push(progress?.note ?? "");
      receipt = progress?.receipt ?? receipt;
      if (progress?.state === "done") break;
      outside.advance(15_000);
    }

    expect(notes).toEqual([
      "Azure is taking IC-Web1 out of web: Updating",
      "IC-Web1 gets no new connections",
      ...Array.from({ length: 3 }, () => "connections to IC-Web1 get until 2024-12-08T01:01:15.000Z to end"),
      "connections to IC-Web1 had 60 s to end",
    ]);
  });

  it("does not count a restored server as well before its health probes say so", async () => {
    const of = world();
    const { drain, restore, outside, ports } = team(of, "network interface");
    await drain("IC-Web1");
    of.sick[addressOf("IC-Web1")] = "Down_Probe_Timeout";

    const receipt = await poolRestore.begin(ports, poolRestore.params.parse({ server: serverIn("IC-Web1", "network interface") }), {
      run: "r",
      step: "s",
      target: "t",
      attempt: 1,
      now: outside.clock.now(),
    } as Call);
    outside.advance(10 * 60_000);
    const progress = await poolRestore.poll?.(ports, receipt, {} as Call);

    expect(progress).toMatchObject({ state: "running", note: "IC-Web1 is in web: in, listed, health probes not good, Succeeded" });
    await expect(poolRestore.verify(ports, receipt, {} as Call)).rejects.toMatchObject({ kind: "rejected" });
    delete of.sick[addressOf("IC-Web1")];
    expect((await restore("IC-Web1")).receipt.was).toBe("in");
  });

  it("says that a server was out before, opens nothing new on the way back, and leaves it out", async () => {
    const of = world();
    moveByHand("network interface", false)(of);
    const { drain, ports, call } = team(of, "network interface");
    const before = JSON.stringify(essence(of));

    const { receipt } = await drain("IC-Web1");
    const evidence = await poolDrain.undo?.(ports, receipt, call("IC-Web1"));

    expect(poolDrain.already?.(receipt)).toBe("IC-Web1 was out of web before");
    expect(evidence).toEqual(["IC-Web1 was out of web before and stays out"]);
    expect(JSON.stringify(essence(of))).toBe(before);
  });

  it("takes away a mark that a drain left which never came further", async () => {
    const of = world();
    const { begin, restore, outside } = team(of, "network interface");
    const before = JSON.stringify(essence(of));
    // Requests of begin: interfaces, pool, health (two), then the mark; the read after it is lost.
    outside.inject("connection reset", 5);
    await expect(begin("IC-Web1")).rejects.toMatchObject({ kind: "unavailable" });
    const marked = JSON.stringify(essence(of));

    const { receipt } = await restore("IC-Web1");

    expect(marked).not.toBe(before);
    expect(JSON.stringify(essence(of))).toBe(before);
    expect(receipt.was).toBe("out");
    expect(of.effects).toEqual([]);
  });

  it("opens and closes the same obligation, and holds the server only", () => {
    const params = poolDrain.params.parse({ server: serverIn("IC-Web1", "address") });

    expect(poolDrain.opens?.(params)).toEqual([{ id: "out-of-pool:IC-Web1", what: "IC-Web1 is out of pool web" }]);
    expect(poolRestore.closes?.(params)).toEqual(["out-of-pool:IC-Web1"]);
    expect([poolDrain.touches(params), poolRestore.touches(params)]).toEqual([["server:IC-Web1"], ["server:IC-Web1"]]);
  });

  it("wants a pool from the inventory or the step, and the same one from both", () => {
    const { pool: _pool, ...alone } = serverIn("IC-Web1", "address");

    expect(poolDrain.params.safeParse({ server: alone }).success).toBe(false);
    expect(poolDrain.params.safeParse({ server: alone, pool: poolIn("address") }).success).toBe(true);
    expect(poolDrain.params.safeParse({ server: serverIn("IC-Web1", "address"), pool: { ...poolIn("address"), name: "api" } }).success).toBe(false);
  });

  it.each(["../lb-web", "lb web", "lb;web", 'lb"web', "lb\nweb", "lb%2fweb", "."])("refuses the name %j before it asks Azure", async (name) => {
    const of = world();
    const { outside, ports, call } = team(of, "network interface");
    const server = serverIn("IC-Web1", "network interface");

    for (const odd of [
      { ...server, vm: name },
      { ...server, resourceGroup: name },
      { ...server, pool: { ...server.pool, resource: name } },
      { ...server, pool: { ...server.pool, backendPool: name } },
    ]) {
      await expect(poolDrain.begin(ports, poolDrain.params.parse({ server: odd }), call("IC-Web1"))).rejects.toMatchObject({ kind: "invalid" });
    }
    expect(outside.requests).toEqual([]);
  });
});

/** Drains and restores of several servers in one world, each as a step of its own. */
function team(of: NetworkWorld, way: Way, floor = 2, given?: LocalOutside) {
  const outside = given ?? localOutside(azureNetworkSimulator, of);
  const ports = connect(outside);
  const call = (server: string) =>
    ({ run: "2024-10-06", step: "web.drain", target: server, key: `2024-10-06/web.drain/${server}/1`, attempt: 1, now: outside.clock.now() }) as Call;
  const params = (server: string) => poolDrain.params.parse({ server: serverIn(server, way, floor) });
  const begin = (server: string) => poolDrain.begin(ports, params(server), call(server));
  return {
    outside,
    ports,
    call,
    begin,
    drain: async (server: string) => {
      let receipt = await begin(server);
      for (let looks = 0; looks < 60; looks++) {
        const progress = await poolDrain.poll?.(ports, receipt, call(server));
        receipt = progress?.receipt ?? receipt;
        if (progress?.state === "done") break;
        outside.advance(15_000);
      }
      return { receipt, evidence: await poolDrain.verify(ports, receipt, call(server)) };
    },
    restore: async (server: string) => {
      const receipt = await poolRestore.begin(ports, params(server), call(server));
      for (let looks = 0; looks < 60; looks++) {
        if ((await poolRestore.poll?.(ports, receipt, call(server)))?.state === "done") break;
        outside.advance(15_000);
      }
      return { receipt, evidence: await poolRestore.verify(ports, receipt, call(server)) };
    },
  };
}

apiContract("azure-network");
