import { describe, expect, it } from "vitest";
import type { AnyAction, Call } from "../../shared/action/action.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { actionContract } from "../../test/contract/action.ts";
import { apiContract } from "../../test/contract/api.ts";
import { localOutside } from "../../test/support/transport.ts";
import { firewallAllow } from "./actions.ts";
import { connectPanOs, PanOsSettings } from "./connector.ts";
import { firewallReader } from "./reader.ts";
import { candidateOf, type Pending, type PanOsWorld, queueCommit, type SimulatedFirewall, simulatedFirewall } from "./simulated-firewall.ts";
import { panOsSimulator } from "./simulator.ts";

const HOST = "palo-prd.example.com";
const PALO = { name: "Palo Prod", aliases: [], url: `https://${HOST}`, vsys: "vsys1" };
const ALLOW = { firewall: PALO, addresses: ["203.0.113.24/32", { name: "Branch office", cidr: "2001:DB8::/48" }], group: "production-allow" };
const person = (name: string) => ({ name, aliases: [], slackId: `U0${name.toUpperCase()}`, email: `${name.toLowerCase()}@example.com`, firewallLogin: name.toLowerCase() });
const READERS = { firewall: PALO, people: [person("Scott"), person("Rama"), person("Mohammad")] };
const SETTINGS = PanOsSettings.parse({});

const superreader = { "role-based": { superreader: "yes" } };
const vsysreader = { "role-based": { vsysreader: { entry: [{ "@name": "localhost.localdomain", vsys: { member: ["vsys1"] } }] } } };

function world(given: Partial<SimulatedFirewall> = {}): PanOsWorld {
  const firewall = simulatedFirewall(
    { [SETTINGS.account]: "canary-value-of-pan-os-api-key", [SETTINGS.readersAccount]: "canary-value-of-pan-os-readers-api-key" },
    {
      tags: { partners: {} },
      addresses: { "Head office": { value: "198.51.100.7", tags: ["partners"] }, Spare: { value: "198.51.100.0/28" } },
      sharedAddresses: { Monitoring: { value: "192.0.2.9/32" } },
      groups: { "production-allow": { members: ["Head office", "Monitoring"] }, "by-tag": { filter: "'partners'" } },
      administrators: { admin: { permissions: { "role-based": { superuser: "yes" } } }, rama: { permissions: vsysreader, profile: "saml" } },
    },
  );
  return { ...panOsSimulator.newWorld(), firewalls: { [HOST]: { ...firewall, ...given } } };
}

const firewallOf = (of: PanOsWorld) => of.firewalls[HOST] as SimulatedFirewall;
const essence = (of: PanOsWorld) => [firewallOf(of).running, firewallOf(of).pending];
const connect = (outside: Outside) => ({ firewall: connectPanOs(SETTINGS, outside) });
/** Somebody else's half-done work: it must never go live by us, and never be lost by us. */
const THEIRS: Pending[] = [
  { id: 1, admin: "colleague", edit: { what: "address", name: "Half done", to: { value: "0.0.0.0/0" } } },
  { id: 2, admin: "colleague", edit: { what: "member", name: "production-allow", member: "Half done", to: "in" } },
];

actionContract({
  action: firewallAllow,
  integration: "pan-os",
  world: () => world({ pending: structuredClone(THEIRS) }),
  simulator: panOsSimulator,
  connect,
  params: ALLOW,
  effects: [`committed firewall ${HOST}`],
  spoil: (of) => void (firewallOf(of).running.groups["production-allow"] = { members: ["Head office"] }),
  drift: (of) => void Object.assign(firewallOf(of).running.addresses["Branch office"] ?? {}, { value: "2001:db8:ffff::/48" }),
  driftBefore: (of) => {
    firewallOf(of).running.addresses["By hand"] = { value: "203.0.113.24" };
    firewallOf(of).running.groups["production-allow"] = { members: ["Head office", "By hand"] };
  },
  essence,
});

actionContract({
  action: firewallReader,
  integration: "pan-os",
  world: () => world({ pending: structuredClone(THEIRS) }),
  simulator: panOsSimulator,
  connect,
  params: READERS,
  effects: [`committed firewall ${HOST}`],
  spoil: (of) => void delete firewallOf(of).running.administrators["mohammad"],
  drift: (of) => void (firewallOf(of).running.administrators["scott"] = { permissions: { "role-based": { superuser: "yes" } } }),
  driftBefore: (of) => void (firewallOf(of).running.administrators["scott"] = { permissions: superreader }),
  essence,
});

describe("pan-os: firewall.allow, what is special here", () => {
  it("makes live what the plan says, tagged with the run, and no colleague's half-done work", async () => {
    const of = world({ pending: structuredClone(THEIRS) });

    const { evidence } = await walking(firewallAllow, of, ALLOW).toTheEnd();

    const { running, pending } = firewallOf(of);
    expect(running.groups["production-allow"]).toEqual({ members: ["Head office", "Monitoring", "nightshift-203.0.113.24-32", "Branch office"] });
    expect(running.addresses["Branch office"]).toEqual({ value: "2001:DB8::/48", description: "Nightshift, run 2024-10-06, step palo.allow", tags: ["nightshift 2024-10-06"] });
    expect(running.addresses["Half done"]).toBeUndefined();
    expect(pending).toEqual(THEIRS);
    expect(evidence).toEqual([
      "address group production-allow in the running configuration of Palo Prod has 203.0.113.24/32, as nightshift-203.0.113.24-32",
      "address group production-allow in the running configuration of Palo Prod has 2001:DB8::/48, as Branch office",
    ]);
  });

  it("leaves alone what the group lets in already, however it is written, and says so", async () => {
    const of = world();
    const { toTheEnd, preview, undo } = walking(firewallAllow, of, { ...ALLOW, addresses: ["198.51.100.7/32", "192.0.2.9"] });
    const before = JSON.stringify(of);

    const lines = await preview();
    const { receipt } = await toTheEnd();
    await undo(receipt);

    expect(lines).toEqual([
      "198.51.100.7/32 is in address group production-allow of Palo Prod already, as Head office",
      "192.0.2.9 is in address group production-allow of Palo Prod already, as Monitoring",
    ]);
    expect(firewallAllow.already?.(receipt as never)).toBe("address group production-allow of Palo Prod had all of them before");
    expect(JSON.stringify(of)).toBe(before);
  });

  it("adds only what is missing, and takes back only what it added", async () => {
    const of = world();
    const before = JSON.stringify(essence(of));
    const { toTheEnd, undo } = walking(firewallAllow, of, { ...ALLOW, addresses: ["198.51.100.7", "203.0.113.24"] });

    const { receipt } = await toTheEnd();
    const evidence = await undo(receipt);

    expect(receipt).toMatchObject({ made: ["nightshift-203.0.113.24-32"], tag: "nightshift 2024-10-06" });
    expect(evidence).toEqual(["the running configuration of Palo Prod has none of nightshift-203.0.113.24-32 any more, in production-allow or elsewhere"]);
    expect(JSON.stringify(essence(of))).toBe(before);
  });

  it("puts what it changed away again when the commit fails, and says why it failed", async () => {
    const of = world({ pending: structuredClone(THEIRS), commitsFail: [["vsys1 -> address-group -> production-allow is invalid", "Commit failed"]] });

    await expect(walking(firewallAllow, of, ALLOW).toTheEnd()).rejects.toMatchObject({
      kind: "rejected",
      message: "commit 4 on Palo Prod failed: vsys1 -> address-group -> production-allow is invalid; Commit failed; what it was to change is put away",
    });
    expect(firewallOf(of).pending).toEqual(THEIRS);
    expect(of.effects).toEqual([]);
  });

  it("puts what it changed away again when the firewall refuses one of the changes", async () => {
    const of = world();
    // A colleague has made, and not committed, an object of the name that ours gets.
    firewallOf(of).pending = [{ id: 1, admin: "colleague", edit: { what: "address", name: "Branch office", to: { value: "192.0.2.77" } } }];

    await expect(walking(firewallAllow, of, ALLOW).begin()).rejects.toMatchObject({ kind: "conflict", message: expect.stringContaining("Branch office already exists") as string });
    expect(firewallOf(of).pending.map(({ admin }) => admin)).toEqual(["colleague"]);
  });

  it("commits nothing that an earlier step of ours left pending", async () => {
    const of = world({ pending: [{ id: 1, admin: SETTINGS.account, edit: { what: "address", name: "Left over", to: { value: "192.0.2.1" } } }] });

    await walking(firewallAllow, of, ALLOW).toTheEnd();

    expect(firewallOf(of).running.addresses["Left over"]).toBeUndefined();
    expect(firewallOf(of).pending).toEqual([]);
  });

  it("waits while another commit or a colleague's lock stands in the way, and leaves nothing pending meanwhile", async () => {
    const of = world();
    const { begin, outside, toTheEnd } = walking(firewallAllow, of, ALLOW);
    firewallOf(of).pending = structuredClone(THEIRS.slice(0, 1));
    queueCommit(firewallOf(of), "colleague", "colleague", undefined, outside.clock.now());

    const busy = await begin().catch((thrown: unknown) => thrown);
    const pendingWhileBusy = firewallOf(of).pending.map(({ admin }) => admin);
    outside.advance(120_000);
    firewallOf(of).lockedBy = "colleague";
    const locked = await begin().catch((thrown: unknown) => thrown);
    delete firewallOf(of).lockedBy;
    await toTheEnd();

    expect(busy).toMatchObject({ kind: "throttled", message: expect.stringContaining("Another commit/validate is in progress") as string });
    expect(pendingWhileBusy).toEqual(["colleague"]);
    expect(locked).toMatchObject({ kind: "throttled", message: expect.stringContaining("locked by colleague") as string });
    expect(of.effects.map(({ with: by }) => by?.["by"])).toEqual(["colleague", SETTINGS.account]);
  });

  it("sees its commit through queue, work and end, and takes a firewall that is away meanwhile for one that could not be asked", async () => {
    const of = world({ awayMs: 15_000 });
    const { begin, poll, outside } = walking(firewallAllow, of, ALLOW);
    const receipt = await begin();
    const seen: string[] = [];

    for (let looks = 0; looks < 10; looks++) {
      const state = await poll(receipt).then(
        ({ state: at }) => at,
        (thrown: { kind: string }) => thrown.kind,
      );
      if (seen.at(-1) !== state) seen.push(state);
      outside.advance(3_000 + looks * 2_000);
    }

    expect(seen).toEqual(["waiting", "unavailable", "running", "done"]);
  });

  it.each([
    ["firewall.allow", firewallAllow, ALLOW],
    ["firewall.reader", firewallReader, READERS],
  ] as const)("%s takes back a commit that is still under way once it has ended, and not before", async (_verb, action, params) => {
    const of = world();
    const before = JSON.stringify(essence(of));
    const { begin, undo } = walking(action, of, params);
    const receipt = await begin();

    await undo(receipt);

    expect(JSON.stringify(essence(of))).toBe(before);
    expect(of.effects.length).toBe(2);
  });

  it("refuses a group whose members a filter tells, and one that is not live", async () => {
    await expect(walking(firewallAllow, world(), { ...ALLOW, group: "by-tag" }).begin()).rejects.toMatchObject({ kind: "conflict" });
    await expect(walking(firewallAllow, world(), { ...ALLOW, group: "nobody" }).begin()).rejects.toMatchObject({ kind: "absent" });
  });

  it("refuses to take for its own an object of the same name, and to delete one that somebody uses", async () => {
    const taken = world();
    const used = world();
    const { toTheEnd, undo } = walking(firewallAllow, used, ALLOW);
    const { receipt } = await toTheEnd();
    firewallOf(used).running.groups["elsewhere"] = { members: ["Branch office"] };
    const before = JSON.stringify(essence(used));

    await expect(walking(firewallAllow, taken, { ...ALLOW, addresses: [{ name: "Spare", cidr: "203.0.113.24" }] }).begin()).rejects.toMatchObject({ kind: "conflict" });
    await expect(undo(receipt)).rejects.toMatchObject({ kind: "conflict", message: expect.stringContaining("references from: elsewhere") as string });
    expect(JSON.stringify(essence(used))).toBe(before);
  });

  it("keeps a tag that others of the same run use", async () => {
    const of = world();
    const first = walking(firewallAllow, of, { ...ALLOW, addresses: ["203.0.113.24"] });
    const { receipt } = await first.toTheEnd();
    await walking(firewallAllow, of, { ...ALLOW, addresses: ["203.0.113.25"] }, first.outside, "palo.more").toTheEnd();

    await first.undo(receipt);

    expect(Object.keys(firewallOf(of).running.tags)).toEqual(["partners", "nightshift 2024-10-06"]);
    expect(firewallOf(of).running.groups["production-allow"]).toEqual({ members: ["Head office", "Monitoring", "nightshift-203.0.113.25-32"] });
  });

  it.each(["x'] | //*[@a='", 'x"y', "x\ny", "<x/>", "x&y", "ü", " x", "x]", "a".repeat(64)])("refuses the name %j of a group or an address", (name) => {
    expect(firewallAllow.params.safeParse({ ...ALLOW, group: name }).success).toBe(false);
    expect(firewallAllow.params.safeParse({ ...ALLOW, addresses: [{ name, cidr: "203.0.113.24" }] }).success).toBe(false);
    expect(firewallReader.params.safeParse({ ...READERS, people: [{ ...person("Scott"), firewallLogin: name }] }).success).toBe(false);
  });

  it.each(["0.0.0.0/0", "::/0", "203.0.113.24/33", "203.0.113", "example.com", "203.0.113.24<x>", "any"])("refuses %j as an address", (cidr) => {
    expect(firewallAllow.params.safeParse({ ...ALLOW, addresses: [cidr] }).success).toBe(false);
  });

  it("does no harm with odd names of a run, a step, a virtual system or an address of a firewall", async () => {
    const of = world();
    const odd = `</description><x/>'"\n]]>&ü`;
    const { outside, toTheEnd } = walking(firewallAllow, of, { ...ALLOW, addresses: ["203.0.113.24"] }, undefined, odd, odd);

    const { receipt } = await toTheEnd();
    const requests = outside.requests.length;

    expect(firewallOf(of).running.addresses["nightshift-203.0.113.24-32"]?.description).toBe(`Nightshift, run ${odd}, step ${odd}`);
    expect(firewallOf(of).jobs[0]?.description).toContain(JSON.stringify(odd));
    expect(receipt).toMatchObject({ made: ["nightshift-203.0.113.24-32"] });
    await expect(walking(firewallAllow, of, { ...ALLOW, firewall: { ...PALO, vsys: "vsys1'] | //*[@name='" } }, outside).begin()).rejects.toMatchObject({ kind: "invalid" });
    await expect(walking(firewallAllow, of, { ...ALLOW, firewall: { ...PALO, url: `http://${HOST}` } }, outside).begin()).rejects.toMatchObject({ kind: "invalid" });
    expect(outside.requests.length).toBe(requests);
  });
});

describe("pan-os: firewall.reader, what is special here", () => {
  it("makes readers who sign in by the profile, changes lesser rights, and brings back just that", async () => {
    const of = world();
    const before = JSON.stringify(essence(of));
    const { preview, toTheEnd, undo } = walking(firewallReader, of, READERS);

    const lines = await preview();
    const { receipt } = await toTheEnd();
    const { administrators } = structuredClone(firewallOf(of).running);
    const evidence = await undo(receipt);

    expect(lines[1]).toBe('change rama on Palo Prod from vsysreader {"entry":[{"@name":"localhost.localdomain","vsys":{"member":["vsys1"]}}]} to superreader');
    expect(administrators["scott"]).toEqual({ permissions: superreader, profile: "saml" });
    expect(administrators["rama"]).toEqual({ permissions: superreader, profile: "saml" });
    expect(evidence.slice(0, 2)).toEqual(["scott is no administrator of Palo Prod any more", "mohammad is no administrator of Palo Prod any more"]);
    expect(JSON.stringify(essence(of))).toBe(before);
  });

  it("takes no rights from somebody who may change things", async () => {
    const of = world();
    firewallOf(of).running.administrators["mohammad"] = { permissions: { "role-based": { superuser: "yes" } } };
    const before = JSON.stringify(of);

    await expect(walking(firewallReader, of, READERS).begin()).rejects.toMatchObject({ kind: "conflict", message: expect.stringContaining("mohammad is superuser") as string });
    expect(JSON.stringify(of)).toBe(before);
  });

  it("gives a custom role where the settings say so", async () => {
    const of = world();
    const custom = (outside: Outside) => ({ firewall: connectPanOs({ ...SETTINGS, readerRole: "Auditors" }, outside) });

    const { evidence } = await walking(firewallReader, of, READERS, undefined, undefined, undefined, custom).toTheEnd();

    expect(firewallOf(of).running.administrators["scott"]?.permissions).toEqual({ "role-based": { custom: { profile: "Auditors" } } });
    expect(evidence[0]).toBe('scott is custom {"profile":"Auditors"} in the running configuration of Palo Prod');
  });

  it("says that they were readers before, and leaves them so", async () => {
    const of = world();
    firewallOf(of).running.administrators = { scott: { permissions: superreader }, rama: { permissions: superreader }, mohammad: { permissions: superreader } };
    const before = JSON.stringify(of);
    const { toTheEnd, undo } = walking(firewallReader, of, READERS);

    const { receipt } = await toTheEnd();

    expect(firewallReader.already?.(receipt as never)).toBe("all of them were readers of Palo Prod before");
    expect(await undo(receipt)).toEqual(["all of them were readers of Palo Prod before and stay so"]);
    expect(JSON.stringify(of)).toBe(before);
  });

  it("wants a login of each", () => {
    const { firewallLogin: _login, ...nobody } = person("Scott");

    expect(firewallReader.params.safeParse({ ...READERS, people: [nobody] }).success).toBe(false);
    expect(firewallReader.params.safeParse({ ...READERS, people: [] }).success).toBe(false);
  });
});

describe("pan-os: the connector", () => {
  it("asks one firewall five things at a time at most", async () => {
    const outside = localOutside(panOsSimulator, world());
    let now = 0;
    let most = 0;
    const firewall = connectPanOs(SETTINGS, {
      ...outside,
      fetch: async (input, init) => {
        most = Math.max(most, (now += 1));
        await new Promise((next) => setImmediate(next));
        now -= 1;
        return outside.fetch(input, init);
      },
    });

    await Promise.all(Array.from({ length: 12 }, () => firewall.liveAdministrators(PALO)));

    expect(most).toBe(5);
  });

  it("uses a firewall's own key where the inventory names one, and sends it in a header only", async () => {
    const of = world();
    const keys = firewallOf(of).keys;
    const outside = localOutside(panOsSimulator, of, { secrets: { "palo-npd-key": "another-canary-key" } });
    Object.assign(keys, simulatedFirewall({ [SETTINGS.account]: "another-canary-key" }).keys);
    const firewall = connectPanOs(SETTINGS, outside);

    await firewall.liveGroup({ ...PALO, apiKey: "palo-npd-key" }, "production-allow");

    expect(outside.requests.join()).not.toContain("canary");
    await expect(firewall.liveGroup({ ...PALO, apiKey: "no-such-key" }, "production-allow")).rejects.toMatchObject({ kind: "denied" });
  });

  it("reads the errors that come with status 200, and refuses documents that declare entities", async () => {
    const outside = localOutside(panOsSimulator, world());
    const answering = (body: string) => connectPanOs(SETTINGS, { ...outside, fetch: async () => new Response(body) }).liveAdministrators(PALO);

    await expect(answering(`<response status="error" code="22"><msg><line><![CDATA[Session timed out]]></line></msg></response>`)).rejects.toMatchObject({
      kind: "denied",
      message: "could not read administrators on Palo Prod: Session timed out",
    });
    await expect(answering(`<response status="unauth"><msg><line>no</line></msg></response>`)).rejects.toMatchObject({ kind: "denied" });
    await expect(answering(`<response status="error" code="21"><msg><line>internal</line></msg></response>`)).rejects.toMatchObject({ kind: "unavailable" });
    await expect(answering(`<!DOCTYPE r [<!ENTITY a "b">]><response status="success"><result>&a;</result></response>`)).rejects.toMatchObject({ kind: "unavailable" });
    await expect(answering("<html>")).rejects.toMatchObject({ kind: "unavailable" });
  });

  it("keeps what is pending apart from what is live", () => {
    const of = firewallOf(world({ pending: structuredClone(THEIRS) }));

    expect(candidateOf(of).groups["production-allow"]).toEqual({ members: ["Head office", "Monitoring", "Half done"] });
    expect(of.running.groups["production-allow"]).toEqual({ members: ["Head office", "Monitoring"] });
  });
});

function walking(
  action: AnyAction,
  of: PanOsWorld,
  params: unknown,
  given?: ReturnType<typeof localOutside>,
  step = "palo.allow",
  run = "2024-10-06",
  connecting: (outside: Outside) => object = connect,
) {
  const outside = given ?? localOutside(panOsSimulator, of);
  const ports = connecting(outside);
  const call = () => ({ run, step, target: "Palo Prod", key: `${run}/${step}/Palo Prod/1`, attempt: 1, now: outside.clock.now() }) as Call;
  const parsed: unknown = action.params.parse(params);
  const poll = async (receipt: unknown) => (await action.poll?.(ports, receipt, call())) ?? { state: "done" as const, note: "" };
  return {
    outside,
    poll,
    preview: () => action.preview(ports, parsed, call()),
    begin: () => action.begin(ports, parsed, call()) as Promise<unknown>,
    toTheEnd: async () => {
      const receipt: unknown = await action.begin(ports, parsed, call());
      for (let looks = 0; looks < 30 && (await poll(receipt)).state !== "done"; looks++) outside.advance(10_000);
      return { receipt, evidence: await action.verify(ports, receipt, call()) };
    },
    undo: async (receipt: unknown): Promise<readonly string[]> => {
      for (let looks = 0; looks < 20; looks++) {
        try {
          return (await action.undo?.(ports, receipt, call())) ?? [];
        } catch (thrown) {
          if ((thrown as { kind?: string }).kind !== "unavailable") throw thrown;
          outside.advance(20_000);
        }
      }
      throw new Error("undo does not end");
    },
  };
}

apiContract("pan-os");
