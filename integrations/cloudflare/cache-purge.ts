import { z } from "zod";
import { defineAction } from "../../shared/action/action.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { named } from "../../shared/inventory/schema.ts";
import type { Cache, Dns } from "./connector.ts";

const Params = z.strictObject({ zone: named("zone").describe("The zone whose cache is purged") });
const Receipt = z.object({
  zone: z.string(),
  id: z.string(),
  /** UTC ISO: when Cloudflare accepted it. */
  at: z.string(),
});

/**
 * Drops everything that Cloudflare keeps of a zone's pages, so that visitors get them from the origin.
 *
 * Cloudflare has no way to ask whether a purge has come to all its places; its answer is the vendor's word that it will
 * within seconds. Purging twice is the same as purging once, so it is not looked for, and there is nothing to take back:
 * caches fill again by themselves.
 */
export const cachePurge = defineAction<{ dns: Dns; cache: Cache }, z.infer<typeof Params>, z.infer<typeof Receipt>>({
  verb: "cache.purge",
  summary: "Purges everything that Cloudflare keeps of a zone.",
  uses: ["dns", "cache"],
  params: Params,
  over: "zone",
  receipt: Receipt,
  policy: { timeoutMs: 5 * 60_000, attempts: 6 },
  reversal: "nothing",

  touches: ({ zone }) => [`cache:${zone.zone.toLowerCase()}`],

  async preview({ dns }, { zone }) {
    const { name, status } = await dns.zone(zone.zone);
    return [`purge everything that Cloudflare keeps of zone ${name} (${status}); the origin serves every visitor until the cache has filled again`];
  },

  async begin({ dns, cache }, { zone }, { now }) {
    const { id, name } = await dns.zone(zone.zone);
    await cache.purge(id);
    return { zone: name, id, at: new Date(now).toISOString() };
  },

  async verify({ dns }, { zone, id, at }) {
    const found = await dns.zone(zone);
    if (found.id !== id || found.status !== "active") {
      throw new Fault("rejected", `zone ${zone} is now ${found.id} (${found.status}); ${id} was purged, expected it to be the active zone`, { vendor: "cloudflare" });
    }
    return [
      `Cloudflare accepted the purge of everything in zone ${zone} (${id}) at ${at}`,
      `${id} is still the active zone of that name; Cloudflare offers no way to ask whether its places have all dropped their copies`,
    ];
  },
});
