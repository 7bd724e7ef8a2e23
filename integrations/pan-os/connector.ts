import { z } from "zod";
import { Fault } from "../../shared/fault/fault.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { type Commit, commitOf, commitText, type Memo } from "./commit.ts";
import { type Client, clientOf } from "./client.ts";
import { administratorPath, vsysPath, xpathName } from "./names.ts";
import { type Element, elementsOf, entriesOf, isElement, membersOf, textOf, xmlOf } from "./xml.ts";

/** A firewall; the fields of an inventory's firewall that say how to reach it. */
export interface FirewallPlace {
  readonly name: string;
  readonly url: string;
  readonly vsys: string;
  /** Secret that holds its own API key, where it is not the settings' one. */
  readonly apiKey?: string | undefined;
  readonly readersApiKey?: string | undefined;
}

/** The two accounts of ours: what each has pending is its own, and is committed apart. */
export type Account = "objects" | "readers";

/** What is live: the running configuration. */
export interface LiveGroup {
  /** Names of its members, in order. */
  readonly members: readonly string[];
  /** Address objects of the virtual system and shared ones, by name. */
  readonly addresses: ReadonlyMap<string, { readonly value: string; readonly tags: readonly string[] }>;
}

/** An administrator's rights, as the firewall writes them: `{ "role-based": { superreader: "yes" } }`. */
export type Permissions = Element;

/** One change of the candidate configuration. */
export type Change =
  | { readonly do: "create tag"; readonly tag: string; readonly comments: string }
  | { readonly do: "delete tag"; readonly tag: string }
  | { readonly do: "create address"; readonly address: string; readonly cidr: string; readonly tag: string; readonly description: string }
  | { readonly do: "delete address"; readonly address: string }
  | { readonly do: "add member" | "remove member"; readonly group: string; readonly address: string }
  | { readonly do: "create reader"; readonly login: string }
  | { readonly do: "set permissions"; readonly login: string; readonly permissions: Permissions }
  | { readonly do: "delete administrator"; readonly login: string };

/** Palo Alto firewalls: address groups, administrators, and commits of what we changed and of nothing else. */
export interface Firewall {
  /** @throws Fault `absent` when no such group is live, `conflict` when its members are told by a filter. */
  liveGroup(place: FirewallPlace, group: string): Promise<LiveGroup>;
  hasLiveTag(place: FirewallPlace, tag: string): Promise<boolean>;
  /** Administrators by login, with their rights; `{}` for one without any. */
  liveAdministrators(place: FirewallPlace): Promise<ReadonlyMap<string, Permissions>>;
  /** The rights that a reader gets here. */
  readonly readerPermissions: Permissions;
  /** The latest commit of that account whose memo says `by`; undefined when the firewall knows none. */
  findCommit(place: FirewallPlace, account: Account, by: string): Promise<Commit | undefined>;
  /**
   * Puts away what that account left pending, makes the changes in the candidate configuration, and commits them and nothing
   * else. Refused half way: puts away what it did, so that nothing stays pending.
   * @returns the commit's job; undefined when the firewall says that there is nothing to commit.
   * @throws Fault `throttled` while another commit or somebody's lock stands in the way; `unavailable` when an answer was lost.
   */
  apply(place: FirewallPlace, account: Account, changes: readonly Change[], memo: Memo): Promise<string | undefined>;
  /** How a commit's job stands; undefined when the firewall does not know it any more. */
  job(place: FirewallPlace, account: Account, job: string): Promise<Commit | undefined>;
  /** Puts away what that account has pending in the candidate configuration; others' changes stay. */
  revert(place: FirewallPlace, account: Account): Promise<void>;
}

export const PanOsSettings = z.strictObject({
  account: z.string().default("svc-nightshift").describe("Administrator whose changes of address objects and groups are ours, and whose alone we commit"),
  apiKey: z.string().default("pan-os-api-key").describe("Name of the secret in the vault that holds that administrator's API key"),
  readersAccount: z.string().default("svc-nightshift-readers").describe("Administrator who may create administrators; its changes are committed apart"),
  readersApiKey: z.string().default("pan-os-readers-api-key").describe("Name of the secret in the vault that holds that administrator's API key"),
  readerRole: z.string().default("superreader").describe("What readers get: superreader, or the name of a custom admin role"),
  authenticationProfile: z.string().default("saml").describe("Authentication profile by which readers sign in"),
  restVersion: z
    .string()
    .regex(/^v\d+\.\d+$/)
    .default("v11.1")
    .describe("Version in the paths of the firewalls' REST API"),
});
export type PanOsSettings = z.infer<typeof PanOsSettings>;

export function connectPanOs(settings: PanOsSettings, outside: Outside): Firewall {
  const client = clientOf(settings.restVersion, outside);
  const readerPermissions: Permissions = { "role-based": settings.readerRole === "superreader" ? { superreader: "yes" } : { custom: { profile: settings.readerRole } } };
  const accountName = (account: Account) => xpathName("administrator", account === "objects" ? settings.account : settings.readersAccount);
  const at = (place: FirewallPlace, account: Account): Client =>
    client(place, account === "objects" ? (place.apiKey ?? settings.apiKey) : (place.readersApiKey ?? settings.readersApiKey));

  async function revert(place: FirewallPlace, account: Account): Promise<void> {
    await at(place, account).xml(`put away pending changes of ${accountName(account)}`, {
      type: "op",
      cmd: xmlOf({ revert: { config: { partial: { admin: { member: [accountName(account)] } } } } }),
    });
  }

  async function jobs(place: FirewallPlace, account: Account): Promise<Commit[]> {
    const answer = await at(place, account).xml("list jobs", { type: "op", cmd: xmlOf({ show: { jobs: { all: {} } } }) });
    return elementsOf(answer, "job").map(commitOf);
  }

  return {
    readerPermissions,
    revert,

    async liveGroup(place, group) {
      const vsys = vsysPath(place.vsys);
      const path = `${vsys}/address-group/entry[@name='${xpathName("address group", group)}']`;
      const found = await at(place, "objects").show(`read address group ${group}`, path);
      const [entry] = entriesOf(found);
      if (entry === undefined) throw new Fault("absent", `${place.name} has no address group ${group} in its running configuration (${place.vsys})`, { vendor: "pan-os" });
      if (entry.content["static"] === undefined)
        throw new Fault("conflict", `address group ${group} on ${place.name} is told by a filter; expected one with a list of members`, { vendor: "pan-os" });
      const addresses = new Map<string, { value: string; tags: readonly string[] }>();
      for (const list of ["/config/shared/address", `${vsys}/address`]) {
        for (const { name, content } of entriesOf(await at(place, "objects").show("read address objects", list))) {
          const value = ["ip-netmask", "ip-range", "ip-wildcard", "fqdn"].map((kind) => textOf(content[kind])).find((text) => text !== undefined);
          if (value !== undefined) addresses.set(name, { value, tags: membersOf(content["tag"]) });
        }
      }
      return { members: membersOf(entry.content["static"]), addresses };
    },

    async hasLiveTag(place, tag) {
      const path = `${vsysPath(place.vsys)}/tag/entry[@name='${xpathName("tag", tag)}']`;
      return entriesOf(await at(place, "objects").show(`look for tag ${tag}`, path)).length > 0;
    },

    async liveAdministrators(place) {
      const found = entriesOf(await at(place, "readers").show("read administrators", "/config/mgt-config/users"));
      return new Map(found.map(({ name, content }) => [name, isElement(content["permissions"]) ? content["permissions"] : {}]));
    },

    async findCommit(place, account, by) {
      const mine = (await jobs(place, account)).filter(({ user, memo }) => user === accountName(account) && memo?.by === by);
      return mine.sort((one, other) => Number(other.job) - Number(one.job))[0];
    },

    async apply(place, account, changes, memo) {
      const description = commitText(memo);
      await revert(place, account);
      try {
        for (const change of changes) await make(at(place, account), place, change, settings, readerPermissions);
        const cmd = xmlOf({ commit: { description, partial: { admin: { member: [accountName(account)] } } } });
        const answer = await at(place, account).xml(`commit changes of ${accountName(account)}`, { type: "commit", action: "partial", cmd });
        return elementsOf(answer, "job").map(textOf)[0];
      } catch (thrown) {
        // After a lost answer the commit may be under way; who comes back looks for it first, and puts away what is left.
        if (thrown instanceof Fault && thrown.kind !== "unavailable") await revert(place, account);
        throw thrown;
      }
    },

    async job(place, account, job) {
      try {
        const answer = await at(place, account).xml(`look at job ${job}`, { type: "op", cmd: xmlOf({ show: { jobs: { id: job } } }) });
        return elementsOf(answer, "job").map(commitOf)[0];
      } catch (thrown) {
        if (!(thrown instanceof Fault)) throw thrown;
        if (thrown.kind === "absent") return undefined;
        // While it commits, a firewall may refuse a good key for a moment; that says nothing about the job.
        if (thrown.kind === "denied" && (thrown.cause as { status?: number } | undefined)?.status !== 401)
          throw new Fault("unavailable", `${thrown.message} (during a commit)`, { vendor: "pan-os", retryAfterMs: 15_000, cause: thrown });
        throw thrown;
      }
    },
  };
}

/** Objects by the REST API. Members and administrators by the XML API: it adds and removes one thing, and replaces nothing. */
async function make(client: Client, { vsys }: FirewallPlace, change: Change, settings: PanOsSettings, readerPermissions: Permissions): Promise<void> {
  switch (change.do) {
    case "create tag":
      return await client.create(vsys, "Tags", change.tag, { comments: change.comments });
    case "delete tag":
      return await client.remove(vsys, "Tags", change.tag);
    case "create address":
      return await client.create(vsys, "Addresses", change.address, { "ip-netmask": change.cidr, description: change.description, tag: { member: [change.tag] } });
    case "delete address":
      return await client.remove(vsys, "Addresses", change.address);
    case "add member":
    case "remove member": {
      const list = `${vsysPath(vsys)}/address-group/entry[@name='${xpathName("address group", change.group)}']/static`;
      const member = xpathName("address object", change.address);
      if (change.do === "add member") await client.xml(`add ${member} to ${change.group}`, { type: "config", action: "set", xpath: list, element: xmlOf({ member }) });
      else await client.xml(`remove ${member} from ${change.group}`, { type: "config", action: "delete", xpath: `${list}/member[text()='${member}']` });
      return;
    }
    case "create reader": {
      const element = xmlOf({ permissions: readerPermissions, "authentication-profile": settings.authenticationProfile });
      await client.xml(`create administrator ${change.login}`, { type: "config", action: "set", xpath: administratorPath(change.login), element });
      return;
    }
    case "set permissions":
      await client.xml(`change the rights of ${change.login}`, {
        type: "config",
        action: "edit",
        xpath: `${administratorPath(change.login)}/permissions`,
        element: xmlOf({ permissions: change.permissions }),
      });
      return;
    case "delete administrator":
      await client.xml(`delete administrator ${change.login}`, { type: "config", action: "delete", xpath: administratorPath(change.login) });
  }
}
