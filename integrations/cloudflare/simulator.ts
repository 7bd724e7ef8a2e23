import type { Simulator, World } from "../../shared/ports/simulator.ts";

export interface CloudflareWorld extends World {
  readonly zones: SimulatedZone[];
}

export interface SimulatedZone {
  /** 32 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly plan: "free" | "pro" | "business" | "enterprise";
  status: "initializing" | "pending" | "active" | "moved";
  readonly records: SimulatedRecord[];
  /** Addresses of which Cloudflare keeps a copy. */
  cached: string[];
}

export interface SimulatedRecord {
  /** 32 hex digits. */
  readonly id: string;
  readonly type: "A" | "AAAA" | "CNAME" | "MX" | "TXT";
  readonly name: string;
  content: string;
  proxied: boolean;
  readonly proxiable: boolean;
  /** Seconds; 1 is «automatic». */
  ttl: number;
  comment: string | null;
  tags: string[];
  /** For MX. */
  readonly priority?: number;
  /** UTC ISO. */
  readonly createdAt: string;
}

const HOST = "api.cloudflare.com";
const MOST_PER_PAGE = { zones: 50, records: 5_000_000 };
const ACCOUNT = { id: "0a0b0c0d0e0f01020304050607080900", name: "InvoiceCloud" };
const HOSTNAME = /^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/i;

/**
 * Zones, their records and their caches. A page past the end is empty, a proxied record's TTL is «automatic» and its own
 * forgotten, and a purge of a cache with nothing in it leaves no effect.
 */
export const cloudflareSimulator: Simulator<CloudflareWorld> = {
  systems: ["cloudflare"],

  systemOf: ({ host }) => (host === HOST ? "cloudflare" : undefined),

  newWorld: () => ({ effects: [], zones: [] }),

  handler: (world) => async (request, now) => {
    const url = new URL(request.url);
    if (!/^Bearer \S+$/.test(request.headers.get("authorization") ?? "")) return refusal(401, 10_000, "Authentication error");
    const [client, version, zones, zoneId, part, recordId, ...rest] = url.pathname.slice(1).split("/");
    if (client !== "client" || version !== "v4" || zones !== "zones" || rest.length > 0) return noRoute();
    if (zoneId === undefined) return request.method === "GET" ? zoneList(world, url) : noRoute();
    const zone = world.zones.find(({ id }) => id === zoneId);
    if (zone === undefined) return noRoute();
    if (part === undefined) return request.method === "GET" ? done(zoneOf(zone)) : noRoute();
    if (part === "purge_cache" && recordId === undefined && request.method === "POST") return purge(world, zone, await bodyOf(request), now);
    if (part !== "dns_records") return noRoute();
    if (recordId === undefined) return request.method === "GET" ? recordList(world, zone, url) : noRoute();
    const record = zone.records.find(({ id }) => id === recordId);
    if (record === undefined) return refusal(404, 81_044, "Record does not exist.");
    if (request.method === "GET") return done(recordOf(world, record));
    return request.method === "PATCH" ? patch(world, zone, record, await bodyOf(request), now) : noRoute();
  },
};

function zoneList(world: CloudflareWorld, { searchParams }: URL): Response {
  const name = searchParams.get("name");
  const found = world.zones.filter((zone) => name === null || zone.name === name);
  return page(found.map(zoneOf), searchParams, 20, MOST_PER_PAGE.zones);
}

function recordList(world: CloudflareWorld, { records }: SimulatedZone, { searchParams }: URL): Response {
  const name = searchParams.get("name.exact") ?? searchParams.get("name");
  const type = searchParams.get("type");
  const found = records.filter((record) => (name === null || record.name === name) && (type === null || record.type === type));
  return page(
    found.map((record) => recordOf(world, record)),
    searchParams,
    100,
    MOST_PER_PAGE.records,
  );
}

function page(all: readonly object[], query: URLSearchParams, usual: number, most: number): Response {
  const [number, size] = [Number(query.get("page") ?? 1), Number(query.get("per_page") ?? usual)];
  if (!Number.isInteger(number) || !Number.isInteger(size) || number < 1 || size < 5 || size > most) return refusal(400, 6_003, "Invalid request: page or per_page");
  const result = all.slice((number - 1) * size, number * size);
  return Response.json({
    success: true,
    errors: [],
    messages: [],
    result,
    result_info: { page: number, per_page: size, count: result.length, total_count: all.length, total_pages: Math.ceil(all.length / size) },
  });
}

function patch(world: CloudflareWorld, zone: SimulatedZone, record: SimulatedRecord, body: Readonly<Record<string, unknown>>, now: number): Response {
  const { name, type, content, proxied, ttl, comment, tags, ...unknown } = body;
  if (Object.keys(unknown).length > 0) return refusal(400, 9_207, "Request body is invalid.");
  if (type !== record.type || name !== record.name) return refusal(400, 9_000, "DNS name or type is invalid: this simulator changes neither.");
  if (typeof content !== "string" || (record.type === "CNAME" && !HOSTNAME.test(content))) return refusal(400, 9_007, `Content for ${record.type} record is invalid.`);
  if (typeof proxied !== "boolean" || (proxied && !record.proxiable)) return refusal(400, 9_004, "This record type cannot be proxied.");
  if (typeof ttl !== "number" || (ttl !== 1 && (ttl < 60 || ttl > 86_400))) return refusal(400, 9_021, "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.");
  if (typeof comment !== "string" || comment.length > (zone.plan === "free" ? 100 : 500)) return refusal(400, 9_313, "DNS record has a comment that is too long.");
  if (!Array.isArray(tags) || (tags.length > 0 && zone.plan === "free")) return refusal(400, 9_301, "DNS record has more tags than the plan allows.");
  const before = { content: record.content, proxied: record.proxied };
  const known = JSON.stringify(record);
  Object.assign(record, { content, proxied, ttl: proxied ? 1 : ttl, comment: comment === "" ? null : comment, tags });
  if (JSON.stringify(record) !== known) {
    world.effects.push({ at: new Date(now).toISOString(), did: "changed", to: `record ${record.name}`, with: { id: record.id, before, after: { content, proxied } } });
  }
  return done(recordOf(world, record));
}

function purge(world: CloudflareWorld, zone: SimulatedZone, body: Readonly<Record<string, unknown>>, now: number): Response {
  if (body["purge_everything"] !== true || Object.keys(body).length !== 1)
    return refusal(400, 1_012, 'Request must contain one of "purge_everything", "files", "tags", "hosts" or "prefixes"');
  if (zone.cached.length > 0) world.effects.push({ at: new Date(now).toISOString(), did: "purged", to: `zone ${zone.name}`, with: { copies: zone.cached.length } });
  zone.cached = [];
  return done({ id: zone.id });
}

const zoneOf = ({ id, name, plan, status }: SimulatedZone) => ({
  id,
  name,
  status,
  paused: false,
  type: "full",
  development_mode: 0,
  owner: { id: ACCOUNT.id, type: "organization", name: ACCOUNT.name },
  account: ACCOUNT,
  meta: { cdn_only: false, dns_only: false, foundation_dns: false, page_rule_quota: 3, phishing_detected: false, step: 2 },
  name_servers: ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
  original_name_servers: null,
  original_registrar: null,
  original_dnshost: null,
  created_on: "2019-03-04T10:00:00.000000Z",
  modified_on: "2024-01-15T10:00:00.000000Z",
  activated_on: "2019-03-04T11:00:00.000000Z",
  permissions: ["#dns_records:edit", "#dns_records:read", "#zone:read", "#cache_purge:edit"],
  plan: {
    id: "94f3b7b768b0458b56d2cac4fe5ec0f9",
    name: `${plan} plan`,
    price: 0,
    currency: "USD",
    frequency: "monthly",
    is_subscribed: true,
    can_subscribe: false,
    legacy_id: plan,
    legacy_discount: false,
    externally_managed: false,
  },
});

function recordOf(world: CloudflareWorld, { createdAt, priority, ...record }: SimulatedRecord) {
  const changed = world.effects.findLast(({ did, with: facts }) => did === "changed" && facts?.["id"] === record.id)?.at;
  return { ...record, ...(priority === undefined ? {} : { priority }), meta: {}, created_on: createdAt, modified_on: changed ?? createdAt };
}

const done = (result: object) => Response.json({ success: true, errors: [], messages: [], result });
const noRoute = () => refusal(404, 7_003, "Could not route to that path, perhaps your object identifier is invalid?");

function refusal(status: number, code: number, message: string): Response {
  return Response.json({ success: false, errors: [{ code, message }], messages: [], result: null }, { status });
}

async function bodyOf(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const body: unknown = await request.json().catch(() => undefined);
  return typeof body === "object" && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : {};
}
