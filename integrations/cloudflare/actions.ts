import { z } from "zod";
import { defineAction, type Call } from "../../shared/action/action.ts";
import { markOf, marksIn, ownMark, withMark, withoutMark, type Mark } from "../../shared/action/mark.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { named } from "../../shared/inventory/schema.ts";
import type { Dns, DnsRecord, DnsZone } from "./connector.ts";

const Hostname = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/, "a host name such as www.example.com");

const Swap = z.strictObject({
  record: named("record").describe("The CNAME record"),
  from: Hostname.describe("Where it must point now"),
  to: Hostname.describe("Where it is to point"),
});
type Swap = z.infer<typeof Swap>;
const Comment = z.object({ before: z.string(), after: z.string() });
const SwapReceipt = z.object({
  zone: z.string(),
  id: z.string(),
  host: z.string(),
  from: z.string(),
  to: z.string(),
  comment: Comment,
  /** Whether it was this step that moved it. */
  moved: z.boolean(),
});

const POLICY = { timeoutMs: 10 * 60_000, pollEveryMs: 15_000, attempts: 6 };

/**
 * Points a CNAME somewhere else, e.g. at the maintenance page, and back.
 *
 * Forward and back it acts only on a record that points where the plan or we ourselves left it, so that a change someone
 * made since is noticed and not overwritten. With the target the record's comment gets a mark, by which the step knows its
 * own work; the swap back takes that mark away, and the record is as it was. Whoever the inventory says is the maintenance
 * page makes the obligation: a swap to it opens `maintenance-page:HOST`, a swap from it closes that.
 *
 * @throws Fault `conflict` if the record points anywhere else, `absent` if there is none.
 */
export const dnsSwap = defineAction<{ dns: Dns }, Swap, z.infer<typeof SwapReceipt>>({
  verb: "dns.swap",
  summary: "Points a CNAME record from one host at another, e.g. at the maintenance page, and back.",
  uses: ["dns"],
  params: Swap,
  over: "record",
  receipt: SwapReceipt,
  policy: POLICY,
  reversal: "undo",

  touches: ({ record }) => [`dns:${record.host.toLowerCase()}`],

  opens({ record, to }) {
    return isPageOf(record, to) ? [{ id: `maintenance-page:${record.host}`, what: `maintenance page up at ${record.host}` }] : [];
  },

  closes: ({ record, from }) => (isPageOf(record, from) ? [`maintenance-page:${record.host}`] : []),

  async preview({ dns }, params, call) {
    const { zone, found } = await swappable(dns, params);
    if (found.content === params.to) return [`leave ${found.name} at ${params.to}, where it points already`];
    commented(zone, found, params, call);
    return [`point ${found.name} (CNAME, ${route(found)}) at ${params.to}, now at ${found.content}; visitors follow within ${patience(found)}`];
  },

  async begin({ dns }, params, call) {
    const { zone, found } = await swappable(dns, params);
    const { to } = params;
    const place = { zone: zone.id, id: found.id, host: found.name, to };
    if (found.content === to) {
      const own = ownMark(found.comment, call);
      return { ...place, from: own?.was ?? params.from, comment: { before: withoutMark(found.comment, own), after: found.comment }, moved: own !== undefined };
    }
    const comment = { before: found.comment, after: commented(zone, found, params, call) };
    await dns.change(found, { content: to, comment: comment.after });
    return { ...place, from: found.content, comment, moved: true };
  },

  async find({ dns }, params, call) {
    const { zone, found } = await swappable(dns, params);
    const own = ownMark(found.comment, call);
    if (found.content !== params.to || own === undefined) return undefined;
    const comment = { before: withoutMark(found.comment, own), after: found.comment };
    return { zone: zone.id, id: found.id, host: found.name, to: params.to, from: own.was, comment, moved: true };
  },

  async verify({ dns }, { zone, host, to }) {
    // By name, as resolvers ask: a second record of that name would be answered as well.
    const leading = await dns.leading(zone, host);
    const [only] = leading;
    if (only === undefined || leading.length > 1 || only.content !== to)
      throw new Fault("rejected", `${host} is ${inWords(leading)}; expected one CNAME for ${to}`, { vendor: "cloudflare" });
    return [`${host} is a CNAME for ${to} (${route(only)}), and the zone lists no other record that leads anywhere from that name`];
  },

  already: ({ moved, host, to }) => (moved ? undefined : `${host} pointed at ${to} before the step began`),

  async undo({ dns }, { zone, id, host, from, to, comment, moved }, call) {
    const found = await stillThere(dns, zone, id, host);
    if (!moved) return [`${host} pointed at ${to} before the step began; it points at ${found.content}, and is left so`];
    if (found.content === from) return [`${host} points at ${from} again`];
    if (found.content !== to) throw changedSince(host, `points at ${found.content}`, to);
    const was = found.comment === comment.after ? comment.before : withoutMark(found.comment, ownMark(found.comment, call));
    const now = await dns.change(found, { content: from, comment: was });
    return [`${host} points at ${now.content} again`];
  },
});

const Proxy = z.strictObject({
  record: named("record").describe("The name whose A, AAAA or CNAME records are meant"),
  proxied: z.boolean().describe("true: visitors go through Cloudflare; false: straight to the origin"),
});
type Proxy = z.infer<typeof Proxy>;
const ProxyReceipt = z.object({
  zone: z.string(),
  host: z.string(),
  proxied: z.boolean(),
  records: z.array(z.object({ id: z.string(), content: z.string(), ttl: z.number(), comment: Comment, moved: z.boolean() })),
});

/**
 * Has visitors of a name go through Cloudflare, or straight to the origin: all A, AAAA and CNAME records of that name.
 *
 * A proxied record's TTL is «automatic» and its own is forgotten by Cloudflare; the mark in the comment keeps it.
 *
 * @throws Fault `conflict` when Cloudflare cannot proxy one of them, `absent` when there is none.
 */
export const dnsProxy = defineAction<{ dns: Dns }, Proxy, z.infer<typeof ProxyReceipt>>({
  verb: "dns.proxy",
  summary: "Routes a name through Cloudflare, or past it.",
  uses: ["dns"],
  params: Proxy,
  over: "record",
  receipt: ProxyReceipt,
  policy: POLICY,
  reversal: "undo",

  touches: ({ record }) => [`dns:${record.host.toLowerCase()}`],

  async preview({ dns }, { record, proxied }, call) {
    const { zone, found } = await proxiable(dns, record, proxied);
    return found.map((each) => {
      const what = `${each.name} (${each.type} ${each.content}${each.proxied ? "" : `, TTL ${ttlInWords(each.ttl)}`})`;
      if (each.proxied === proxied) return `leave ${what} as it is: ${route(each)}`;
      marked(zone, each, markOf(call, `ttl ${each.ttl}`));
      return `route ${what} ${proxied ? "through Cloudflare" : "past Cloudflare"}, now ${route(each)}`;
    });
  },

  async begin({ dns }, { record, proxied }, call) {
    const { zone, found } = await proxiable(dns, record, proxied);
    const records: z.infer<typeof ProxyReceipt>["records"] = [];
    for (const each of found) {
      const place = { id: each.id, content: each.content };
      const own = ownMark(each.comment, call);
      if (each.proxied === proxied) {
        records.push({
          ...place,
          ttl: own === undefined ? each.ttl : Number(own.was.replace("ttl ", "")),
          comment: { before: withoutMark(each.comment, own), after: each.comment },
          moved: own !== undefined,
        });
        continue;
      }
      const comment = { before: each.comment, after: marked(zone, each, markOf(call, `ttl ${each.ttl}`)) };
      await dns.change(each, { proxied, comment: comment.after });
      records.push({ ...place, ttl: each.ttl, comment, moved: true });
    }
    return { zone: zone.id, host: record.host.toLowerCase(), proxied, records };
  },

  async verify({ dns }, { zone, host, proxied, records }) {
    const leading = await dns.leading(zone, host);
    const [known, shown] = [records, leading].map((list) =>
      list
        .map(({ id, content }) => `${id} ${content}`)
        .sort()
        .join(", "),
    );
    if (known !== shown)
      throw new Fault("rejected", `${host} is ${inWords(leading)}; expected the ${records.length} record${records.length === 1 ? "" : "s"} that the step found`, {
        vendor: "cloudflare",
      });
    const wrong = leading.find((each) => each.proxied !== proxied);
    if (wrong !== undefined) throw new Fault("rejected", `${host} (${wrong.type} ${wrong.content}) is ${route(wrong)}`, { vendor: "cloudflare" });
    return leading.map((each) => `${host} (${each.type} ${each.content}) is ${route(each)}`);
  },

  already: ({ host, proxied, records }) => (records.some(({ moved }) => moved) ? undefined : `${host} was routed ${proxied ? "through" : "past"} Cloudflare before the step began`),

  async undo({ dns }, { zone, host, proxied, records }, call) {
    const found: DnsRecord[] = [];
    // All are looked at before any is changed, so that a conflict leaves them as they are.
    for (const { id, content } of records) {
      const each = await stillThere(dns, zone, id, host);
      if (each.content !== content) throw changedSince(host, `leads to ${each.content}`, content);
      found.push(each);
    }
    const evidence: string[] = [];
    for (const [index, each] of found.entries()) {
      const { ttl, comment, moved } = records[index] as (typeof records)[number];
      if (!moved || each.proxied !== proxied) {
        evidence.push(`${host} (${each.type} ${each.content}) is ${route(each)}${moved ? " again" : ", as it was before the step began"}`);
        continue;
      }
      const was = each.comment === comment.after ? comment.before : withoutMark(each.comment, ownMark(each.comment, call));
      const now = await dns.change(each, { proxied: !proxied, ttl, comment: was });
      evidence.push(`${host} (${now.type} ${now.content}) is ${route(now)} again`);
    }
    return evidence;
  },
});

function isPageOf({ maintenancePage }: Swap["record"], host: string): boolean {
  return maintenancePage?.toLowerCase() === host;
}

/** The zone, and the one CNAME of that name, pointing where it may be expected to. */
async function swappable(dns: Dns, { record, from, to }: Swap): Promise<{ zone: DnsZone; found: DnsRecord }> {
  if (from === to) throw new Fault("invalid", `${record.host} is to be pointed from ${from} at ${to}, which is the same`);
  const zone = await activeZone(dns, record.zone);
  const leading = await dns.leading(zone.id, record.host);
  const [found] = leading;
  if (found === undefined) throw new Fault("absent", `zone ${zone.name} has no record ${record.host}`, { vendor: "cloudflare" });
  if (leading.length > 1 || found.type !== "CNAME") throw new Fault("conflict", `${record.host} is ${inWords(leading)}; expected one CNAME for ${from}`, { vendor: "cloudflare" });
  if (found.content !== from && found.content !== to) {
    throw new Fault("conflict", `${record.host} points at ${found.content}; expected ${from}, or ${to} if it was swapped already`, { vendor: "cloudflare" });
  }
  return { zone, found };
}

async function proxiable(dns: Dns, { zone: name, host }: Proxy["record"], proxied: boolean): Promise<{ zone: DnsZone; found: readonly DnsRecord[] }> {
  const zone = await activeZone(dns, name);
  const found = await dns.leading(zone.id, host);
  if (found.length === 0) throw new Fault("absent", `zone ${zone.name} has no A, AAAA or CNAME record ${host}`, { vendor: "cloudflare" });
  const not = found.find((each) => proxied && !each.proxied && !each.proxiable);
  if (not !== undefined) throw new Fault("conflict", `Cloudflare cannot proxy ${host} (${not.type} ${not.content})`, { vendor: "cloudflare" });
  return { zone, found: [...found].sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

async function activeZone(dns: Dns, name: string): Promise<DnsZone> {
  const zone = await dns.zone(name);
  if (zone.status !== "active")
    throw new Fault("conflict", `zone ${zone.name} is ${zone.status} in Cloudflare; expected active, as nothing would follow a change otherwise`, { vendor: "cloudflare" });
  return zone;
}

/** The comment with which a swap leaves the record: a swap back takes its run's mark away, any other leaves one. */
function commented(zone: DnsZone, found: DnsRecord, { to }: Swap, call: Call): string {
  const way = marksIn(found.comment).find(({ run, was }) => run === call.run && was === to);
  return way === undefined ? marked(zone, found, markOf(call, found.content)) : withoutMark(found.comment, way);
}

function marked({ longestComment }: DnsZone, { name, comment }: DnsRecord, mark: Mark): string {
  const text = withMark(comment, mark);
  if (text.length > longestComment) {
    throw new Fault(
      "invalid",
      `the comment of ${name} has ${comment.length} characters, and Nightshift's mark needs ${mark.text.length + 1} of the ${longestComment} that there may be; shorten it`,
    );
  }
  return text;
}

async function stillThere(dns: Dns, zone: string, id: string, host: string): Promise<DnsRecord> {
  try {
    return await dns.record(zone, id);
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.kind === "absent") throw changedSince(host, "is gone", `record ${id}`);
    throw thrown;
  }
}

function changedSince(host: string, is: string, expected: string): Fault {
  return new Fault("conflict", `${host} ${is}; expected ${expected}, as this run left it; somebody changed it since`, { vendor: "cloudflare" });
}

const route = ({ proxied }: DnsRecord) => (proxied ? "through Cloudflare" : "straight to the origin");
const ttlInWords = (ttl: number) => (ttl === 1 ? "automatic" : `${ttl} s`);
/** How long resolvers may remember: 300 s for «automatic». */
const patience = ({ proxied, ttl }: DnsRecord) => `${proxied || ttl === 1 ? 300 : ttl} s`;
const inWords = (records: readonly DnsRecord[]) => (records.length === 0 ? "not there" : records.map(({ type, content }) => `${type} ${content}`).join(" and "));
