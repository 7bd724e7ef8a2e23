import { createHash } from "node:crypto";
import type { World } from "../../shared/ports/simulator.ts";

/** Firewalls by the host of their management address. */
export interface PanOsWorld extends World {
  firewalls: Record<string, SimulatedFirewall>;
}

export interface SimulatedFirewall {
  /** What is live. */
  running: Configuration;
  /** What administrators have changed and not committed, in order: the candidate configuration is `running` with all of it. */
  pending: Pending[];
  jobs: Job[];
  /** API keys, as `keyHash` makes them, to the administrator whose they are. */
  keys: Record<string, string>;
  /** From a commit's order to its start, and from there to its end. */
  queueMs: number;
  commitMs: number;
  /** From the start of a commit, for how long the APIs do not answer. */
  awayMs: number;
  /** Who holds a lock on the configuration, so that nobody else may change it. */
  lockedBy?: string;
  /** Reasons for which the next commits fail, one each. */
  commitsFail: string[][];
}

export interface Configuration {
  tags: Record<string, { comments?: string }>;
  addresses: Record<string, { value: string; kind?: "ip-netmask" | "ip-range" | "fqdn"; description?: string; tags?: string[] }>;
  sharedAddresses: Record<string, { value: string }>;
  groups: Record<string, { members: string[] } | { filter: string }>;
  /** By login. `permissions` as the XML has them, attributes with an @. */
  administrators: Record<string, { permissions?: Record<string, unknown>; profile?: string }>;
}

export type Edit =
  | { what: "tag"; name: string; to?: Configuration["tags"][string] }
  | { what: "address"; name: string; to?: Configuration["addresses"][string] }
  | { what: "member"; name: string; member: string; to: "in" | "out" }
  | { what: "administrator"; name: string; to?: Configuration["administrators"][string] }
  | { what: "permissions"; name: string; to: Record<string, unknown> };

export interface Pending {
  id: number;
  admin: string;
  edit: Edit;
}

export interface Job {
  id: number;
  user: string;
  description?: string;
  /** UTC ISO. */
  queuedAt: string;
  startsAt: string;
  endsAt: string;
  /** What it takes over; ids of pending changes. */
  edits: number[];
  /** Set once it has ended. */
  result?: "OK" | "FAIL";
  details: string[];
}

export function keyHash(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/** A firewall with nothing on it but the administrators of our two accounts, whose keys are given as they are. */
export function simulatedFirewall(keys: Readonly<Record<string, string>>, running: Partial<Configuration> = {}): SimulatedFirewall {
  return {
    running: { tags: {}, addresses: {}, sharedAddresses: {}, groups: {}, administrators: { admin: { permissions: { "role-based": { superuser: "yes" } } } }, ...running },
    pending: [],
    jobs: [],
    keys: Object.fromEntries(Object.entries(keys).map(([admin, key]) => [keyHash(key), admin])),
    queueMs: 4_000,
    commitMs: 40_000,
    awayMs: 0,
    commitsFail: [],
  };
}

/** The configuration that everybody edits. */
export function candidateOf({ running, pending }: SimulatedFirewall): Configuration {
  return edited(running, pending);
}

function edited(configuration: Configuration, pending: readonly Pending[]): Configuration {
  const result = structuredClone(configuration);
  for (const { edit } of pending) {
    switch (edit.what) {
      case "tag":
        set(result.tags, edit.name, edit.to);
        break;
      case "address":
        set(result.addresses, edit.name, edit.to);
        break;
      case "administrator":
        set(result.administrators, edit.name, edit.to);
        break;
      case "permissions": {
        const administrator = result.administrators[edit.name];
        if (administrator !== undefined) administrator.permissions = edit.to;
        break;
      }
      case "member": {
        const group = result.groups[edit.name];
        if (group === undefined || "filter" in group) break;
        group.members = [...group.members.filter((member) => member !== edit.member), ...(edit.to === "in" ? [edit.member] : [])];
      }
    }
  }
  return result;
}

function set<T>(record: Record<string, T>, name: string, to: T | undefined): void {
  if (to === undefined) delete record[name];
  else record[name] = structuredClone(to);
}

/** Queues a commit of what one administrator, or (undefined) everybody, has pending; undefined when that is nothing. */
export function queueCommit(firewall: SimulatedFirewall, user: string, of: string | undefined, description: string | undefined, now: number): Job | undefined {
  const edits = firewall.pending.filter(({ admin }) => of === undefined || admin === of).map(({ id }) => id);
  if (edits.length === 0) return undefined;
  const startsAt = now + firewall.queueMs;
  const job: Job = {
    id: Math.max(3, ...firewall.jobs.map(({ id }) => id)) + 1,
    user,
    ...(description === undefined ? {} : { description }),
    queuedAt: iso(now),
    startsAt: iso(startsAt),
    endsAt: iso(startsAt + firewall.commitMs),
    edits,
    details: [],
  };
  firewall.jobs.push(job);
  return job;
}

/** Commits whose time is over have ended: what they hold is live, or they have failed. */
export function settle(world: PanOsWorld, host: string, firewall: SimulatedFirewall, now: number): void {
  for (const job of firewall.jobs) {
    if (job.result !== undefined || now < Date.parse(job.endsAt)) continue;
    const edits = firewall.pending.filter(({ id }) => job.edits.includes(id));
    const after = edited(firewall.running, edits);
    const complaints = firewall.commitsFail.shift() ?? complaintsAbout(after);
    job.result = complaints.length === 0 ? "OK" : "FAIL";
    job.details = complaints.length === 0 ? ["Configuration committed successfully"] : complaints;
    if (complaints.length > 0) continue;
    firewall.running = after;
    firewall.pending = firewall.pending.filter(({ id }) => !job.edits.includes(id));
    world.effects.push({ at: job.endsAt, did: "committed", to: `firewall ${host}`, with: { by: job.user, changes: edits.map(({ edit }) => `${edit.what} ${edit.name}`) } });
  }
}

/** What a commit checks: everything that is referred to is there. */
function complaintsAbout({ tags, addresses, sharedAddresses, groups }: Configuration): string[] {
  return [
    ...Object.entries(addresses).flatMap(([name, { tags: used = [] }]) =>
      used.filter((tag) => tags[tag] === undefined).map((tag) => `address -> ${name} -> tag '${tag}' is not a valid reference`),
    ),
    ...Object.entries(groups).flatMap(([name, group]) =>
      "members" in group
        ? group.members
            .filter((member) => addresses[member] === undefined && sharedAddresses[member] === undefined && groups[member] === undefined)
            .map((member) => `address-group -> ${name} -> static '${member}' is not a valid reference`)
        : [],
    ),
  ];
}

export function jobUnderWay({ jobs }: SimulatedFirewall): Job | undefined {
  return jobs.find(({ result }) => result === undefined);
}

/** Whether the APIs are away: a while from the start of each commit. */
export function isAway({ jobs, awayMs }: SimulatedFirewall, now: number): boolean {
  return jobs.some(({ startsAt }) => now >= Date.parse(startsAt) && now < Date.parse(startsAt) + awayMs);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
