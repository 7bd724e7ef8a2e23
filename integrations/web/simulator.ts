import type { Simulator, World } from "../../shared/ports/simulator.ts";

/** A page as its host serves it now. */
export interface SimulatedSite {
  status: number;
  /** HTML. */
  page: string;
  /** Sends visitors on; the status is then a 3xx. */
  redirectTo?: string;
  certificate?: {
    subject: string;
    /** UTC ISO. */
    validTo: string;
  };
  /** Its host answers 503 meanwhile; UTC ISO. */
  awayBetween?: { from: string; to: string }[];
}

export interface WebWorld extends World {
  /** By origin, e.g. `https://www.example.com`. Any other host does not exist. */
  readonly sites: Record<string, SimulatedSite>;
}

/**
 * The web as far as the inventory's sites go. It answers for every host that no vendor's simulator claims, so it is asked
 * last. Looking leaves no effect; sites change because their world is changed.
 */
export const webSimulator: Simulator<WebWorld> = {
  systems: ["web"],

  systemOf: (url) => (/^https?:$/.test(url.protocol) ? "web" : undefined),

  newWorld: () => ({ effects: [], sites: {} }),

  handler: (world) => async (request, now) => {
    const site = world.sites[new URL(request.url).origin];
    if (site === undefined) throw noSuchHost(new URL(request.url).hostname);
    if (request.method !== "GET" && request.method !== "HEAD") return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
    if (site.awayBetween?.some(({ from, to }) => now >= Date.parse(from) && now < Date.parse(to)) === true) return new Response(null, { status: 503 });
    if (site.redirectTo !== undefined) return new Response(null, { status: site.status, headers: { location: site.redirectTo } });
    return new Response(request.method === "HEAD" ? null : site.page, { status: site.status, headers: { "content-type": "text/html; charset=utf-8" } });
  },

  handshake: (world) => async (host, port) => {
    const site = world.sites[new URL(`https://${host}:${port}`).origin];
    if (site?.certificate === undefined) throw noSuchHost(host);
    return site.certificate;
  },
};

/** As `fetch` fails when a name does not resolve. */
function noSuchHost(host: string): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: "ENOTFOUND" }) });
}
