import { z } from "zod";
import { type Evidence, defineAction } from "../../shared/action/action.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { Firewall as InventoryFirewall, named } from "../../shared/inventory/schema.ts";
import { madeBy } from "./commit.ts";
import { committed, expectEnded, expectSettled, underWay } from "./commit-job.ts";
import type { Change, Firewall, Permissions } from "./connector.ts";
import { OBJECT_NAME } from "./names.ts";

const Reader = named("person").refine(({ firewallLogin }) => firewallLogin !== undefined && OBJECT_NAME.test(firewallLogin), {
  message: "the inventory gives this person no `firewallLogin`, or one that no firewall takes",
});
const Params = z.strictObject({
  firewall: named("firewall"),
  people: z.array(Reader).min(1).max(10).describe("People who get to read; their `firewallLogin` in the inventory is their login"),
});
type Params = z.infer<typeof Params>;

const Rights = z.record(z.string(), z.unknown());
const Receipt = z.object({
  firewall: InventoryFirewall,
  logins: z.array(z.string()),
  rights: Rights,
  /** Administrators that we made. */
  made: z.array(z.string()),
  /** Rights of those who were there with others, by login. */
  was: z.record(z.string(), Rights),
  job: z.string().optional(),
});
type Receipt = z.infer<typeof Receipt>;

/** Roles that may change something: whoever has one of these would lose it by becoming a reader. */
const WRITERS: readonly string[] = ["superuser", "deviceadmin", "vsysadmin", "panorama-admin"];

/**
 * Makes people read-only administrators of a firewall, and commits.
 *
 * Who has no account gets one, without a password: people sign in by the authentication profile of the settings. Who has
 * one with other reading rights gets those of a reader. The account that does this is apart from that of
 * `firewall.allow`, as only device-wide roles may create administrators; the commit holds its changes alone.
 *
 * @throws Fault `conflict` for a person who may change things on that firewall already, and further as `firewall.allow`.
 */
export const firewallReader = defineAction<{ firewall: Firewall }, Params, Receipt>({
  verb: "firewall.reader",
  summary: "Makes people read-only administrators of a firewall, and commits that alone.",
  uses: ["firewall"],
  params: Params,
  over: "firewall",
  receipt: Receipt,
  policy: { timeoutMs: 45 * 60_000, startWithinMs: 10 * 60_000, pollEveryMs: 10_000, attempts: 8, retryDelayMs: 20_000 },
  reversal: "undo",

  touches: ({ firewall }) => [`firewall:${firewall.name}`],

  async preview({ firewall: port }, { firewall, people }) {
    const live = await port.liveAdministrators(firewall);
    const wanted = said(port.readerPermissions);
    return loginsOf(people).map((login) => {
      if (!live.has(login)) return `make ${login} an administrator of ${firewall.name}: ${wanted}`;
      const rights = expectReader(live, login, firewall.name);
      return same(rights, port.readerPermissions) ? `${login} is ${wanted} of ${firewall.name} already` : `change ${login} on ${firewall.name} from ${said(rights)} to ${wanted}`;
    });
  },

  async begin({ firewall: port }, { firewall, people }, call) {
    const logins = loginsOf(people);
    const rights = port.readerPermissions;
    const live = await port.liveAdministrators(firewall);
    const by = madeBy(call);
    const earlier = await port.findCommit(firewall, "readers", by);
    const isLive = logins.every((login) => same(live.get(login), rights));
    // A commit that ended well and is not live any more has been taken back since.
    if (earlier !== undefined && earlier.state !== "failed" && (earlier.state !== "done" || isLive)) {
      const { made = [], was = {} } = earlier.memo ?? {};
      return { firewall, logins, rights, made, was: z.record(z.string(), Rights).parse(was), job: earlier.job };
    }
    if (isLive) return { firewall, logins, rights, made: [], was: {} };

    const made = logins.filter((login) => !live.has(login));
    const was = Object.fromEntries(logins.filter((login) => live.has(login) && !same(live.get(login), rights)).map((login) => [login, expectReader(live, login, firewall.name)]));
    const changes: Change[] = [
      ...made.map((login) => ({ do: "create reader" as const, login })),
      ...Object.keys(was).map((login) => ({ do: "set permissions" as const, login, permissions: rights })),
    ];
    const job = await port.apply(firewall, "readers", changes, { by, run: call.run, made, was });
    return { firewall, logins, rights, made, was, ...(job === undefined ? {} : { job }) };
  },

  poll: ({ firewall: port }, { firewall, job }) => committed<Receipt>(port, firewall, "readers", job),

  async verify({ firewall: port }, { firewall, logins, rights }): Promise<Evidence> {
    const live = await port.liveAdministrators(firewall);
    const wrong = logins.filter((login) => !same(live.get(login), rights));
    if (wrong.length > 0) {
      const list = wrong.map((login) => `${login} is ${live.has(login) ? said(live.get(login)) : "no administrator"}`).join("; ");
      throw new Fault("rejected", `in the running configuration of ${firewall.name}, ${list}; expected ${said(rights)}`, { vendor: "pan-os" });
    }
    return logins.map((login) => `${login} is ${said(live.get(login))} in the running configuration of ${firewall.name}`);
  },

  already: ({ made, was, job, firewall }) =>
    made.length === 0 && Object.keys(was).length === 0 && job === undefined ? `all of them were readers of ${firewall.name} before` : undefined,

  async undo({ firewall: port }, { firewall, rights, made, was, job }, call): Promise<Evidence> {
    if (made.length === 0 && Object.keys(was).length === 0) return [`all of them were readers of ${firewall.name} before and stay so`];
    const by = madeBy(call, "undo");
    await expectSettled(port, firewall, "readers", job);
    await expectEnded(port, firewall, "readers", by);
    const live = await port.liveAdministrators(firewall);
    const ours = made.filter((login) => live.has(login));
    const changed = Object.entries(was).filter(([login, before]) => !same(live.get(login), before));
    for (const login of [...ours, ...changed.map(([each]) => each)]) {
      if (!same(live.get(login), rights))
        throw new Fault(
          "conflict",
          `${login} is ${live.has(login) ? said(live.get(login)) : "no administrator"} of ${firewall.name} now; expected ${said(rights)}, as we left it`,
          { vendor: "pan-os" },
        );
    }
    if (ours.length === 0 && changed.length === 0)
      return [
        ...made.map((login) => `${login} is no administrator of ${firewall.name} any more`),
        ...Object.entries(was).map(([login, before]) => `${login} is ${said(before)} of ${firewall.name} again`),
      ];
    const changes: Change[] = [
      ...ours.map((login) => ({ do: "delete administrator" as const, login })),
      ...changed.map(([login, before]) => ({ do: "set permissions" as const, login, permissions: before as Permissions })),
    ];
    await port.apply(firewall, "readers", changes, { by, run: call.run });
    throw underWay(firewall);
  },
});

function loginsOf(people: Params["people"]): string[] {
  const logins = people.flatMap(({ firewallLogin }) => firewallLogin ?? []);
  const twice = logins.find((login, index) => logins.indexOf(login) !== index);
  if (twice !== undefined) throw new Fault("invalid", `two of the people have the login ${twice}`);
  return logins;
}

/** Rights that becoming a reader takes nothing from. */
function expectReader(live: ReadonlyMap<string, Permissions>, login: string, firewall: string): Permissions {
  const rights = live.get(login) ?? {};
  const role = rolesOf(rights).find((each) => WRITERS.includes(each));
  if (role !== undefined)
    throw new Fault("conflict", `${login} is ${role} of ${firewall} and would lose that by becoming a reader; leave the person out, or change it by hand`, { vendor: "pan-os" });
  return rights;
}

function rolesOf(rights: unknown): readonly string[] {
  const based = (rights as { "role-based"?: object } | undefined)?.["role-based"];
  return based === undefined ? [] : Object.keys(based);
}

/** `superreader`, or `custom {"profile":"auditor"}`. */
function said(rights: unknown): string {
  const based = (rights as { "role-based"?: Record<string, unknown> } | undefined)?.["role-based"] ?? {};
  const roles = Object.entries(based).map(([role, value]) => (value === "yes" ? role : `${role} ${ordered(value)}`));
  return roles.length === 0 ? "an administrator without rights" : roles.join(" and ");
}

/** Two rights are the same when they say the same, in whatever order. */
function same(one: unknown, other: unknown): boolean {
  return ordered(one) === ordered(other);
}

function ordered(value: unknown): string {
  return (
    JSON.stringify(value, (_key, each: unknown) =>
      each !== null && typeof each === "object" && !Array.isArray(each) ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1))) : each,
    ) ?? ""
  );
}
