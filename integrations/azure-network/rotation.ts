import { Fault } from "../../shared/fault/fault.ts";
import { armGroupId, armName } from "../azure-names.ts";
import type { PoolPlace, Pools, Rotation, ServerPlace } from "./connector.ts";
import { type Mark, markOf, markText, type Seat, tagOf } from "./mark.ts";
import { type Backend, type Health, type Network, type Nic, poolId, same, VENDOR } from "./network.ts";

/**
 * Taking servers out of rotation and back, so that a pool never falls below its floor, whoever takes servers out at the
 * same time. What keeps it so:
 *
 * N1  A server is marked (a tag on its network interface) before it leaves, and until it is back.
 * N2  Whoever marks counts again after the mark is written, and counts marked servers as gone. Of two who leave at once, at
 *     least one sees the other's mark: network interfaces are written one by one, so no etag of one guards the other.
 * N3  Who then finds too few others takes the mark away again and waits, so that two who saw each other both stay; they
 *     come back after waits of different length.
 * N4  Every write says which state of the thing it changes (If-Match). After a refusal everything is counted anew.
 */
export function rotationOf(network: Network): Pools {
  async function read(pool: PoolPlace, server: ServerPlace): Promise<Reading> {
    // Names are checked before anything is asked for.
    machineId(server);
    poolId(pool);
    const nics = await network.interfaces(server.subscription, pool.kind);
    return readingOf(pool, server, nics, await network.backend(pool));
  }

  async function readWithHealth(pool: PoolPlace, server: ServerPlace): Promise<Reading> {
    const first = await read(pool, server);
    return { ...first, health: await network.health(pool, first.backend), isProbed: true };
  }

  return {
    look: async (pool, server) => rotationOfReading(await readWithHealth(pool, server)),

    async leave(pool, server, floor, by) {
      let reading = await readWithHealth(pool, server);
      const { health } = reading;
      for (let round = 1; round <= MOST_ROUNDS; round++) {
        const { self } = reading;
        if (self.seats.length === 0) return self.mark;
        const isMarked = self.mark?.by === by.by;
        const others = othersInService(reading);
        if (others.length < floor) {
          if (isMarked) await network.putInterface(pool.kind, self.nic, { tags: untagged(reading) });
          throw new Fault("throttled", `${server.vm} waits: without it, ${pool.backendPool} would have ${others.length} servers in service, and ${floor} is its floor`, {
            vendor: VENDOR,
            retryAfterMs: waitOf(reading),
          });
        }
        const mark: Mark = isMarked ? self.mark : { run: by.run, by: by.by, since: by.since, seats: self.seats.map(({ seat }) => seat) };
        if (!isMarked) await network.putInterface(pool.kind, self.nic, { tags: { ...self.nic.tags, [reading.tag]: markText(mark) } });
        else if (await takeOut(network, pool, reading)) return mark;
        reading = { ...(await read(pool, server)), health, isProbed: true };
      }
      throw new Fault("throttled", `others keep changing ${pool.backendPool} or the network interface of ${server.vm}`, { vendor: VENDOR, retryAfterMs: 20_000 });
    },

    async join(pool, server) {
      for (let round = 1; round <= MOST_ROUNDS; round++) {
        const reading = await read(pool, server);
        const { self } = reading;
        if (self.seats.length > 0 && self.mark === undefined) return round > 1;
        if (await putBack(network, pool, reading)) return true;
      }
      throw new Fault("throttled", `others keep changing ${pool.backendPool} or the network interface of ${server.vm}`, { vendor: VENDOR, retryAfterMs: 20_000 });
    },
  };
}

/** A mark, the leaving, and a few of somebody else's changes in between. */
const MOST_ROUNDS = 6;
const WAIT_MS = 45_000;
const WAIT_STEP_MS = 20_000;

interface Member {
  readonly name: string;
  readonly nic: Nic;
  readonly seats: readonly { readonly seat: Seat; readonly address: string | undefined; readonly words: string }[];
  readonly mark: Mark | undefined;
}

/** Everything at one moment, or as near to it as several requests come. */
interface Reading {
  readonly tag: string;
  readonly self: Member;
  readonly all: readonly Member[];
  readonly backend: Backend;
  readonly health: Health;
  readonly isProbed: boolean;
}

function readingOf(pool: PoolPlace, server: ServerPlace, nics: readonly Nic[], backend: Backend): Reading {
  const tag = tagOf(backend.id);
  const machine = machineId(server);
  const all = nics.map((nic): Member => ({ name: nic.server, nic, seats: seatsOf(nic, backend, pool.kind), mark: markOf(nic.tags, tag) }));
  const own = all.filter(({ nic }) => nic.machine === machine);
  const seated = own.filter(({ seats }) => seats.length > 0);
  if (seated.length > 1)
    throw new Fault("invalid", `${server.vm} is in ${pool.backendPool} by ${seated.map(({ nic }) => nic.name).join(" and ")}; expected one network interface`, { vendor: VENDOR });
  const self = seated[0] ?? own.find(({ mark }) => mark !== undefined) ?? own.find(({ nic }) => nic.isPrimary) ?? own[0];
  if (self === undefined) throw new Fault("absent", `virtual machine ${server.vm} in ${server.resourceGroup} has no network interface`, { vendor: VENDOR });
  return { tag, self, all, backend, health: undefined, isProbed: false };
}

function seatsOf(nic: Nic, backend: Backend, kind: PoolPlace["kind"]): Member["seats"] {
  return nic.configurations.flatMap(({ name, address, pools }): Member["seats"] => {
    const at = pools.findIndex((id) => same(id, backend.id));
    if (at >= 0) return [{ seat: { by: "nic", ip: name, at }, address, words: `network interface ${nic.name}, ${name}` }];
    const index = address === undefined ? -1 : backend.entries.findIndex((entry) => entry.address === address);
    const entry = backend.entries[index];
    if (entry === undefined || entry.state === OUT) return [];
    if (kind === "application-gateway") return [{ seat: { by: "gw", address: entry.address, at: index }, address, words: `address ${entry.address}` }];
    const { state } = entry;
    return [
      {
        seat: { by: "lb", address: entry.address, ...(state === undefined ? {} : { state }) },
        address,
        words: `address ${entry.address}, administrative state ${state ?? "None"}`,
      },
    ];
  });
}

/** The administrative state in which a load balancer sends an address no new connections. */
const OUT = "Down";

function isServing({ seats }: Member, { health, isProbed }: Reading): boolean {
  if (seats.length === 0 || !isProbed) return false;
  // Nothing sends this pool traffic, so nothing probes it: who is in it is all there is to count.
  return health === undefined || seats.some(({ address }) => health.get(address ?? "") === true);
}

/** In the pool, not marked, healthy; without the server itself. Network interfaces that could not be read are not counted. */
function othersInService(reading: Reading): readonly string[] {
  const { self, all, backend, health } = reading;
  const servers = all.filter((member) => member.nic.machine !== self.nic.machine && member.mark === undefined && isServing(member, reading)).map(({ name }) => name);
  const known = new Set(all.flatMap(({ nic }) => nic.configurations.map(({ address }) => address)));
  const foreign = backend.entries
    .filter(({ address, state }) => !known.has(address) && state !== OUT && (health === undefined || health.get(address) === true))
    .map(({ address }) => address);
  return [...new Set([...servers, ...foreign])].sort();
}

function rotationOfReading(reading: Reading): Rotation {
  const { self, backend } = reading;
  const { mark, seats, nic } = self;
  const states = [nic.provisioning, backend.provisioning];
  return {
    state: seats.length === 0 ? "out" : mark === undefined ? "in" : "leaving",
    ...(mark === undefined ? {} : { mark }),
    seats: seats.map(({ words }) => words),
    listed:
      backend.listed.some((id) => id.startsWith(`${nic.id.toLowerCase()}/`)) ||
      backend.entries.some(({ address, state }) => state !== OUT && nic.configurations.some((each) => each.address === address)),
    healthy: isServing(self, reading),
    provisioning: states.find((state) => state !== "Succeeded") ?? "Succeeded",
    others: othersInService(reading),
  };
}

function untagged({ self, tag }: Reading): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(self.nic.tags).filter(([name]) => !same(name, tag)));
}

async function takeOut(network: Network, pool: PoolPlace, { self, backend }: Reading): Promise<boolean> {
  const seats = self.seats.map(({ seat }) => seat);
  if (seats.some(({ by }) => by === "nic")) {
    const pools = new Map(self.nic.configurations.map((each) => [each.name, each.pools.filter((id) => !same(id, backend.id))]));
    return await network.putInterface(pool.kind, self.nic, { tags: self.nic.tags, pools });
  }
  const mine = new Set(seats.flatMap((seat) => (seat.by === "nic" ? [] : [seat.address])));
  const entries =
    pool.kind === "load-balancer"
      ? backend.entries.map((entry) => (mine.has(entry.address) ? { ...entry, state: OUT } : entry))
      : backend.entries.filter(({ address }) => !mine.has(address));
  return await network.putEntries(pool, backend, entries);
}

/** Puts back what is out, then takes the mark away; both in one write where the mark's own network interface holds both. */
async function putBack(network: Network, pool: PoolPlace, reading: Reading): Promise<boolean> {
  const { self, backend } = reading;
  const unmarked = { tags: untagged(reading) };
  if (self.seats.length > 0) return await network.putInterface(pool.kind, self.nic, unmarked);
  const seats = self.mark?.seats ?? [usualSeat(pool, reading)];
  const pools = new Map(
    seats.flatMap((seat) => {
      const configuration = seat.by === "nic" ? self.nic.configurations.find(({ name }) => name === seat.ip) : undefined;
      return seat.by === "nic" && configuration !== undefined ? [[seat.ip, configuration.pools.toSpliced(seat.at, 0, backend.id)] as const] : [];
    }),
  );
  const missing = seats.find((seat) => seat.by === "nic" && !pools.has(seat.ip));
  if (missing !== undefined) throw new Fault("conflict", `${self.nic.name} has no IP configuration as its mark says: ${JSON.stringify(missing)}`, { vendor: VENDOR });
  if (pools.size > 0) return await network.putInterface(pool.kind, self.nic, { ...unmarked, pools });
  const back = seats.reduce<Backend["entries"]>((entries, seat) => {
    if (seat.by === "gw") return entries.toSpliced(seat.at, 0, { address: seat.address });
    if (seat.by === "lb")
      return entries.map((entry) => (entry.address === seat.address ? { address: entry.address, ...(seat.state === undefined ? {} : { state: seat.state }) } : entry));
    return entries;
  }, backend.entries);
  if (!(await network.putEntries(pool, backend, back))) return false;
  return self.mark === undefined || (await network.putInterface(pool.kind, self.nic, unmarked));
}

/** Where a server that nobody marked belongs: its primary configuration, in the way in which others are in that pool. */
function usualSeat(pool: PoolPlace, { self, backend }: Reading): Seat {
  const primary = self.nic.configurations.find(({ isPrimary }) => isPrimary) ?? self.nic.configurations[0];
  if (primary === undefined) throw new Fault("conflict", `${self.nic.name} has no IP configuration`, { vendor: VENDOR });
  const { address } = primary;
  if (address !== undefined && pool.kind === "load-balancer" && backend.entries.some((entry) => entry.address === address)) return { by: "lb", address, state: "None" };
  if (address !== undefined && pool.kind === "application-gateway" && backend.entries.length > 0) return { by: "gw", address, at: backend.entries.length };
  if (backend.entries.length > 0 && backend.listed.length === 0)
    throw new Fault("conflict", `${pool.backendPool} lists addresses, and ${address ?? "none"} of ${self.nic.name} is not among them: add it by hand`, { vendor: VENDOR });
  return { by: "nic", ip: primary.name, at: primary.pools.length };
}

/** In order of their names, so that those who gave way to each other come back one after the other. */
function waitOf({ all, self }: Reading): number {
  const leaving = all.filter(({ seats, mark }) => seats.length > 0 && mark !== undefined).map(({ name }) => name);
  return WAIT_MS + WAIT_STEP_MS * [...new Set([...leaving, self.name])].sort().indexOf(self.name);
}

/** Lower case, as ids are compared. @throws Fault `invalid` for names that Azure does not know. */
function machineId(server: ServerPlace): string {
  return `${armGroupId(server)}/providers/Microsoft.Compute/virtualMachines/${armName("virtual machine", server.vm)}`.toLowerCase();
}
