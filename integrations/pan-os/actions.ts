import { z } from "zod";
import { type Call, type Evidence, defineAction } from "../../shared/action/action.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { Firewall as InventoryFirewall, named } from "../../shared/inventory/schema.ts";
import { madeBy } from "./commit.ts";
import { committed, expectEnded, expectSettled, underWay } from "./commit-job.ts";
import type { Change, Firewall, LiveGroup } from "./connector.ts";
import { OBJECT_NAME } from "./names.ts";

const ObjectName = z.string().regex(OBJECT_NAME, "a name of at most 63 letters, digits, blanks and _ . -, as firewalls take it");
const Cidr = z
  .union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()], { message: "an IP address or network such as 203.0.113.24 or 203.0.113.0/28" })
  .refine((cidr) => !cidr.endsWith("/0"), { message: "a network that is less than the whole Internet" });
const Wanted = z.strictObject({ name: ObjectName.optional().describe("Name of the address object; made of the address where it is not given"), cidr: Cidr });

const Params = z.strictObject({
  firewall: named("firewall"),
  addresses: z
    .array(z.union([Cidr, Wanted]))
    .min(1)
    .max(20)
    .describe("Addresses or networks, as text or as `{ name, cidr }`"),
  group: ObjectName.describe("Address group that a rule of the firewall lets in"),
});
type Params = z.infer<typeof Params>;

const AddressIn = z.object({ name: z.string(), cidr: z.string() });
type AddressIn = z.infer<typeof AddressIn>;
const Receipt = z.object({
  firewall: InventoryFirewall,
  group: z.string(),
  /** All that the group must let in. */
  wanted: z.array(AddressIn),
  /** Names of address objects that we made and put into the group. */
  made: z.array(z.string()),
  /** A tag that we made for them. */
  tag: z.string().optional(),
  /** The commit; none where there was nothing to commit. */
  job: z.string().optional(),
});
type Receipt = z.infer<typeof Receipt>;

/**
 * Lets addresses through a firewall: makes an address object for each, puts it into an address group, and commits.
 *
 * Nothing is live before the commit, and the commit holds our account's changes alone: what other administrators have
 * pending stays pending. An address that the group lets in already is left as it is. Where the firewall refuses a change
 * or the commit, what we changed in the candidate configuration is put away again.
 *
 * @throws Fault `absent` for a group that is not live, `conflict` for a name that stands for something else, `throttled` while
 *   another commit or a lock stands in the way, `rejected` with the firewall's reason when the commit failed.
 */
export const firewallAllow = defineAction<{ firewall: Firewall }, Params, Receipt>({
  verb: "firewall.allow",
  summary: "Adds addresses to an address group of a firewall, and commits that alone.",
  uses: ["firewall"],
  params: Params,
  over: "firewall",
  receipt: Receipt,
  policy: { timeoutMs: 45 * 60_000, startWithinMs: 10 * 60_000, pollEveryMs: 10_000, attempts: 8, retryDelayMs: 20_000 },
  reversal: "undo",

  // One of ours at a time: an account has one set of pending changes.
  touches: ({ firewall }) => [`firewall:${firewall.name}`],

  async preview({ firewall: port }, { firewall, addresses, group }) {
    const live = await port.liveGroup(firewall, group);
    const there = wantedOf(addresses).map((address) => ({ ...address, as: letInAs(live, address.cidr) }));
    return [
      ...there.map(({ name, cidr, as }) =>
        as === undefined
          ? `add ${cidr} as address object ${name} to address group ${group} of ${firewall.name}`
          : `${cidr} is in address group ${group} of ${firewall.name} already, as ${as}`,
      ),
      ...(there.every(({ as }) => as !== undefined) ? [] : [`commit that and nothing else; the group has ${live.members.length} members now`]),
    ];
  },

  async begin({ firewall: port }, { firewall, addresses, group }, call) {
    const wanted = wantedOf(addresses);
    const live = await port.liveGroup(firewall, group);
    const missing = wanted.filter(({ cidr }) => letInAs(live, cidr) === undefined);
    const by = madeBy(call);
    const earlier = await port.findCommit(firewall, "objects", by);
    // A commit that ended well and is not live any more has been taken back since.
    if (earlier !== undefined && earlier.state !== "failed" && (earlier.state !== "done" || missing.length === 0)) {
      const { made = [], tag } = earlier.memo ?? {};
      return { firewall, group, wanted, made, ...(tag === undefined ? {} : { tag }), job: earlier.job };
    }
    if (missing.length === 0) return { firewall, group, wanted, made: [] };

    for (const { name } of missing) {
      const other = live.addresses.get(name);
      if (other !== undefined)
        throw new Fault(
          "conflict",
          `${firewall.name} has an address object ${name} already, for ${other.value}; give the address another name, or put that object into ${group} by hand`,
          { vendor: "pan-os" },
        );
    }
    const tag = tagOf(call.run);
    const hasTag = await port.hasLiveTag(firewall, tag);
    const changes: Change[] = [
      ...(hasTag ? [] : [{ do: "create tag" as const, tag, comments: "Made by Nightshift in a maintenance window" }]),
      ...missing.map(({ name, cidr }) => ({ do: "create address" as const, address: name, cidr, tag, description: `Nightshift, run ${call.run}, step ${call.step}` })),
      ...missing.map(({ name }) => ({ do: "add member" as const, group, address: name })),
    ];
    const made = missing.map(({ name }) => name);
    const job = await port.apply(firewall, "objects", changes, { by, run: call.run, made, ...(hasTag ? {} : { tag }) });
    return { firewall, group, wanted, made, ...(hasTag ? {} : { tag }), ...(job === undefined ? {} : { job }) };
  },

  poll: ({ firewall: port }, { firewall, job }) => committed<Receipt>(port, firewall, "objects", job),

  async verify({ firewall: port }, { firewall, group, wanted }): Promise<Evidence> {
    const live = await port.liveGroup(firewall, group);
    const missing = wanted.filter(({ cidr }) => letInAs(live, cidr) === undefined);
    if (missing.length > 0)
      throw new Fault("rejected", `address group ${group} in the running configuration of ${firewall.name} lacks ${missing.map(({ cidr }) => cidr).join(", ")}`, {
        vendor: "pan-os",
      });
    return wanted.map(({ cidr }) => `address group ${group} in the running configuration of ${firewall.name} has ${cidr}, as ${letInAs(live, cidr) ?? ""}`);
  },

  already: ({ made, job, group, firewall }) => (made.length === 0 && job === undefined ? `address group ${group} of ${firewall.name} had all of them before` : undefined),

  async undo({ firewall: port }, { firewall, group, wanted, made, tag, job }, call): Promise<Evidence> {
    if (made.length === 0) return [`address group ${group} of ${firewall.name} had all of them before and keeps them`];
    const by = madeBy(call, "undo");
    await expectSettled(port, firewall, "objects", job);
    await expectEnded(port, firewall, "objects", by);
    const live = await port.liveGroup(firewall, group);
    const left = made.filter((name) => live.addresses.has(name) || live.members.includes(name));
    if (left.length === 0) return [`the running configuration of ${firewall.name} has none of ${made.join(", ")} any more, in ${group} or elsewhere`];
    for (const name of left) {
      const value = live.addresses.get(name)?.value;
      const ours = wanted.find((each) => each.name === name)?.cidr;
      if (value === undefined || ours === undefined || canonical(value) !== canonical(ours))
        throw new Fault("conflict", `address object ${name} of ${firewall.name} stands for ${value ?? "nothing"}; expected ${ours ?? "nothing"}, as we made it`, {
          vendor: "pan-os",
        });
    }
    const isTagUsed = [...live.addresses].some(([name, { tags }]) => !left.includes(name) && tags.includes(tag ?? ""));
    const changes: Change[] = [
      ...left.filter((name) => live.members.includes(name)).map((name) => ({ do: "remove member" as const, group, address: name })),
      ...left.map((name) => ({ do: "delete address" as const, address: name })),
      ...(tag === undefined || isTagUsed ? [] : [{ do: "delete tag" as const, tag }]),
    ];
    await port.apply(firewall, "objects", changes, { by, run: call.run });
    throw underWay(firewall);
  },
});

function wantedOf(addresses: Params["addresses"]): AddressIn[] {
  const wanted = addresses.map((each) => (typeof each === "string" ? { name: nameOf(each), cidr: each } : { name: each.name ?? nameOf(each.cidr), cidr: each.cidr }));
  const twice = wanted.find(({ name }, index) => wanted.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) throw new Fault("invalid", `the address ${twice.name} is asked for twice`);
  return wanted;
}

/** `nightshift-203.0.113.24-32`: names hold no slash and no colon. */
function nameOf(cidr: string): string {
  return `nightshift-${canonical(cidr).replaceAll("/", "-").replaceAll(":", "_")}`;
}

/** One spelling for one network: a single address is a network of one. */
function canonical(text: string): string {
  const [address = "", prefix] = text.trim().toLowerCase().split("/");
  if (!address.includes(":")) return `${address}/${prefix ?? "32"}`;
  const url = `http://[${address}]/`;
  return `${URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : address}/${prefix ?? "128"}`;
}

/** The member by which a group lets an address in as such; ranges and wider networks are not looked into. */
function letInAs({ members, addresses }: LiveGroup, cidr: string): string | undefined {
  return members.find((name) => canonical(addresses.get(name)?.value ?? "") === canonical(cidr));
}

function tagOf(run: Call["run"]): string {
  return `nightshift ${run}`.replaceAll(/[^0-9a-zA-Z_. -]/g, "_").slice(0, 63);
}
