import type { RecordEditParams } from "cloudflare/resources/dns/records";
import { z } from "zod";
import { Fault, type FaultKind } from "../../shared/fault/fault.ts";
import { deadlineAfter } from "../../shared/ports/deadline.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { retryAfterMs } from "../../shared/ports/retry-after.ts";

export interface DnsZone {
  readonly id: string;
  readonly name: string;
  /** Only an `active` zone answers for its names. */
  readonly status: string;
  /** Characters that a record's comment may have. */
  readonly longestComment: number;
}

/** A record that says where a name leads. */
export interface DnsRecord {
  readonly id: string;
  /** Id of its zone. */
  readonly zone: string;
  readonly name: string;
  readonly type: "A" | "AAAA" | "CNAME";
  /** An address, or for a CNAME a host name. */
  readonly content: string;
  readonly proxied: boolean;
  /** Whether it could be. */
  readonly proxiable: boolean;
  /** Seconds; 1 is «automatic», which every proxied record has. */
  readonly ttl: number;
  /** Empty when there is none. */
  readonly comment: string;
  readonly tags: readonly string[];
}

/** Names and where they lead. */
export interface Dns {
  /** @throws Fault `absent` when the account has no such zone or may not see it. */
  zone(name: string): Promise<DnsZone>;
  /** Every A, AAAA and CNAME record at exactly this name, as the zone's list has them. */
  leading(zone: string, host: string): Promise<readonly DnsRecord[]>;
  /** The record with this id, whatever has become of it. @throws Fault `absent` */
  record(zone: string, id: string): Promise<DnsRecord>;
  /** Changes these fields and keeps the rest as `record` has it; in one call, so all of it or nothing. */
  change(record: DnsRecord, to: Partial<Pick<DnsRecord, "content" | "proxied" | "ttl" | "comment">>): Promise<DnsRecord>;
}

/** What Cloudflare keeps of a zone's pages. */
export interface Cache {
  /** Drops everything kept for the zone. @returns the id that Cloudflare answered with. */
  purge(zone: string): Promise<string>;
}

export const CloudflareSettings = z.strictObject({
  apiToken: z.string().min(1).describe("Name of the secret in the vault that holds an API token with DNS Edit, Zone Read and Cache Purge on the zones"),
});
export type CloudflareSettings = z.infer<typeof CloudflareSettings>;

const VENDOR = "cloudflare";
const ADDRESS = "https://api.cloudflare.com/client/v4";
/** The SDK would send today's date; this is the version that the slice was written and checked against. */
const API_VERSION = "2026-10-03";
const DEADLINE_MS = 20_000;
const PAGE_SIZE = 100;
/** At one name, or of one name's zones: far more than there ever are. */
const MOST_PAGES = 5;
const LONGEST_COMMENT = { free: 100, paid: 500 };

const AZone = z.object({ id: z.string(), name: z.string(), status: z.string().optional(), plan: z.object({ legacy_id: z.string().optional() }).nullish() });
const ARecord = z.object({
  id: z.string(),
  name: z.string(),
  type: z.enum(["A", "AAAA", "CNAME"]),
  content: z.string(),
  proxied: z.boolean().default(false),
  proxiable: z.boolean().default(true),
  ttl: z.number(),
  comment: z.string().nullish(),
  tags: z.array(z.string()).default([]),
});
const Listed = z.object({ result: z.array(z.unknown()) });

/** Cloudflare as `Dns` and `Cache`, on the SDK with the three resources that are needed: one call is one request. */
export function connectCloudflare({ apiToken }: CloudflareSettings, outside: Outside): { readonly dns: Dns; readonly cache: Cache } {
  let opened: ReturnType<typeof openSdk> | undefined;

  async function call<T>(what: string, request: (client: Awaited<ReturnType<typeof openSdk>>, options: { headers: Record<string, string> }) => Promise<T>): Promise<T> {
    opened ??= openSdk(outside);
    const client = await opened;
    const token = await outside.secrets.read(apiToken);
    try {
      return await request(client, { headers: { Authorization: `Bearer ${token.reveal()}` } });
    } catch (cause) {
      throw faultOf(cause, what);
    }
  }

  /** Pages are asked for one by one: the SDK's own loop ends only at an empty one. */
  async function allPages(what: string, page: (number: number) => Promise<unknown>): Promise<readonly unknown[]> {
    const found: unknown[] = [];
    for (let number = 1; number <= MOST_PAGES; number++) {
      const { result } = relied(Listed, await page(number), what);
      found.push(...result);
      if (result.length < PAGE_SIZE) return found;
    }
    throw new Fault("rejected", `could not ${what}: there are more than ${MOST_PAGES * PAGE_SIZE} of them`, { vendor: VENDOR });
  }

  const recordOf = (zone: string, answer: unknown, what: string): DnsRecord => {
    const { comment, ...rest } = relied(ARecord, answer, what);
    return { ...rest, zone, comment: comment ?? "" };
  };

  const dns: Dns = {
    async zone(name) {
      const what = `look for zone ${name}`;
      const zones = await allPages(what, (page) => call(what, (client, options) => client.zones.list({ name: hostOf(name), page, per_page: PAGE_SIZE / 2 }, options)));
      const [zone, another] = zones.map((each) => relied(AZone, each, what)).filter((each) => each.name === hostOf(name));
      if (zone === undefined) throw new Fault("absent", `Cloudflare shows no zone ${name}; either the account has none, or the API token is not for it`, { vendor: VENDOR });
      if (another !== undefined)
        throw new Fault("conflict", `Cloudflare shows several zones ${name}; restrict the API token to the account whose zone is meant`, { vendor: VENDOR });
      return { id: zone.id, name: zone.name, status: zone.status ?? "unknown", longestComment: zone.plan?.legacy_id === "free" ? LONGEST_COMMENT.free : LONGEST_COMMENT.paid };
    },

    async leading(zone, host) {
      const what = `list the records of ${host}`;
      const name = { exact: hostOf(host) };
      const records = await allPages(what, (page) => call(what, (client, options) => client.dns.records.list({ zone_id: idOf(zone), name, page, per_page: PAGE_SIZE }, options)));
      return relied(z.array(z.object({ type: z.string() }).loose()), records, what)
        .filter(({ type }) => ["A", "AAAA", "CNAME"].includes(type))
        .map((record) => recordOf(zone, record, what))
        .filter((record) => record.name === hostOf(host));
    },

    async record(zone, id) {
      const what = `look at record ${id}`;
      return recordOf(zone, await call(what, (client, options) => client.dns.records.get(idOf(id), { zone_id: idOf(zone) }, options)), what);
    },

    async change(record, to) {
      const { id, zone, name, type, content, proxied, ttl, comment, tags } = { ...record, ...to };
      const what = `change record ${name}`;
      // Which fields a PATCH may have depends on the type, so it goes with it; and all the rest, as the record had it.
      // But for `settings`, of which we read nothing: a PATCH keeps what it does not name.
      const edit: RecordEditParams = { zone_id: idOf(zone), name, type, content, proxied, ttl: proxied ? 1 : ttl, comment, tags: [...tags] };
      return recordOf(zone, await call(what, (client, options) => client.dns.records.edit(idOf(id), edit, options)), what);
    },
  };

  const cache: Cache = {
    async purge(zone) {
      const what = `purge the cache of zone ${zone}`;
      const answer = await call(what, (client, options) => client.cache.purge({ zone_id: idOf(zone), purge_everything: true }, options));
      return relied(z.object({ id: z.string() }), answer, what).id;
    },
  };

  return { dns, cache };
}

async function openSdk(outside: Outside) {
  const [{ createClient }, { BaseRecords }, { BaseZones }, { BaseCache }] = await Promise.all([
    import("cloudflare/tree-shakable"),
    import("cloudflare/resources/dns/records"),
    import("cloudflare/resources/zones/zones"),
    import("cloudflare/resources/cache/cache"),
  ]);
  return createClient({
    resources: [BaseRecords, BaseZones, BaseCache],
    baseURL: ADDRESS,
    apiVersion: API_VERSION,
    // Set one by one: what is left out the SDK reads from the environment. The token itself comes with each request.
    apiToken: "given with each request",
    apiKey: null,
    apiEmail: null,
    userServiceKey: null,
    logLevel: "off",
    // Retries are the step's business, where they are durable and visible. The SDK would repeat a POST as well.
    maxRetries: 0,
    timeout: DEADLINE_MS,
    fetch: async (url, init = {}) => {
      // The SDK's own deadline ends with the headers; this one lasts until the end of the body.
      const deadline = deadlineAfter(DEADLINE_MS);
      const response = await outside.fetch(url, { ...init, signal: init.signal ? AbortSignal.any([init.signal, deadline]) : deadline });
      const text = await response.text();
      return new Response(text === "" ? null : text, { status: response.status, headers: response.headers });
    },
  });
}

/** The fields of the SDK's `APIError` that are read here; the class is not loaded for it. */
interface CloudflareError extends Error {
  readonly status?: number;
  readonly headers?: Headers;
  /** As Cloudflare answered, so that it may be anything. */
  readonly errors?: unknown;
}

const Reasons = z.array(z.object({ code: z.number().optional(), message: z.string().optional() }));

/** The one place where Cloudflare's errors become ours. */
function faultOf(thrown: unknown, what: string): Fault {
  if (thrown instanceof Fault) return thrown;
  const error = (thrown instanceof Error ? thrown : new Error(String(thrown))) as CloudflareError;
  if (error.cause instanceof Fault) return error.cause;
  const { status, headers } = error;
  const reasons = (Reasons.safeParse(error.errors).data ?? []).map(({ code, message }) => [message, code].filter((part) => part !== undefined).join(" ")).join("; ");
  if (status === undefined) {
    const why = error.cause instanceof Error ? `${error.message} ${error.cause.message}` : error.message;
    return new Fault("unavailable", `could not ${what}: Cloudflare gave no answer that can be read: ${why}`, { vendor: VENDOR, cause: error });
  }
  return new Fault(kindOf(status), `could not ${what}: ${reasons === "" ? "no reason given" : reasons.slice(0, 500)} (${status})`, {
    vendor: VENDOR,
    cause: error,
    retryAfterMs: retryAfterMs(headers),
  });
}

function kindOf(status: number): FaultKind {
  if (status === 401 || status === 403) return "denied";
  if (status === 404) return "absent";
  if (status === 409) return "conflict";
  if (status === 429) return "throttled";
  return status >= 500 || status === 408 ? "unavailable" : "rejected";
}

/** The parts of an answer that we rely on. Without them it is unknown what was done. */
function relied<T>(schema: z.ZodType<T>, answer: unknown, what: string): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new Fault("unavailable", `could not ${what}: the answer is not what was expected: ${z.prettifyError(parsed.error)}`, { vendor: VENDOR });
}

/** Ids stand in paths. */
function idOf(id: string): string {
  if (!/^[0-9a-zA-Z]{1,32}$/.test(id)) throw new Fault("invalid", `${JSON.stringify(id)} is no id of Cloudflare's; expected letters and digits`, { vendor: VENDOR });
  return id;
}

/** A name as Cloudflare keeps it. */
function hostOf(name: string): string {
  if (!/^[a-z0-9*_-]+(\.[a-z0-9_-]+)+$/i.test(name))
    throw new Fault("invalid", `${JSON.stringify(name)} is no host name; expected something like www.example.com`, { vendor: VENDOR });
  return name.toLowerCase();
}
