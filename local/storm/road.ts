import { destinationOfCall } from "../simulators.ts";
import type { CompiledPlan } from "../../shared/plan/compiled.ts";
import type { Fetch } from "../../shared/ports/transport.ts";
import { noAnswer } from "../vendors-wire.ts";
import type { Weather } from "./weather.ts";

const MINUTE_MS = 60_000;

/** What goes wrong between a connector and its vendor, before the vendor has the request or after it has acted. @param now the world's time. */
export function stormyRoad(weather: Weather, isAway: Outages, direct: Fetch, now: () => number): Fetch {
  return async (input, init) => {
    const { where, addressee } = destinationOfCall(input, init);
    const system = addressee?.system ?? "";
    if (isAway(system, now())) return refusalOf(system, 503);
    if (weather.strikes("lost request", where)) throw noAnswer("ECONNRESET", "read ECONNRESET");
    if (weather.strikes("too many requests", where)) return refusalOf(system, 429, { "retry-after": String(weather.number(5, 90, "patience", where)) });
    if (weather.strikes("server error", where)) return refusalOf(system, 500);
    const answer = await direct(input, init);
    if (weather.strikes("lost answer", where)) throw noAnswer("ECONNRESET", "read ECONNRESET");
    if (weather.strikes("bad gateway", where)) return htmlOf(502, "Bad Gateway");
    if (weather.strikes("malformed answer", where)) return cutOff(answer);
    return answer;
  };
}

/** Whether a system is away at an instant, milliseconds since the epoch. */
export type Outages = (system: string, at: number) => boolean;

/**
 * Vendors that are away for a while, each at an hour of its own: once in a window, whatever process lives then. Not the one by which people
 * are told: that one is only slow and wrong.
 */
export function stormyOutages(weather: Weather, { window: { opensAt, cutoff } }: CompiledPlan): Outages {
  const known = new Map<string, { readonly from: number; readonly to: number } | undefined>();
  const outageOf = (system: string): { readonly from: number; readonly to: number } | undefined => {
    if (system === "" || system === "slack" || !weather.strikes("vendor away", system)) return undefined;
    const from = weather.number(Date.parse(opensAt), Date.parse(cutoff), "vendor away", system);
    return { from, to: from + weather.number(10, 120, "vendor away for", system) * MINUTE_MS };
  };
  return (system, at) => {
    if (!known.has(system)) known.set(system, outageOf(system));
    const outage = known.get(system);
    return outage !== undefined && at >= outage.from && at < outage.to;
  };
}

/** As the vendor says it; of those not named, any body will do. */
function refusalOf(system: string, status: number, headers: Record<string, string> = {}): Response {
  const message = status === 429 ? "Too many requests" : status === 503 ? "Service unavailable" : "Internal server error";
  if (system === "slack")
    return status === 429 ? Response.json({ ok: false, error: "ratelimited" }, { status, headers }) : Response.json({ ok: false, error: "internal_error" }, { status });
  if (system === "jira" || system === "confluence") return Response.json({ errorMessages: [message], errors: {} }, { status, headers });
  return Response.json({ error: { code: status === 429 ? "TooManyRequests" : "InternalServerError", message } }, { status, headers });
}

function htmlOf(status: number, title: string): Response {
  return new Response(`<html><head><title>${status} ${title}</title></head><body><center><h1>${status} ${title}</h1></center></body></html>`, {
    status,
    headers: { "content-type": "text/html" },
  });
}

/** The status arrived, and half of the body. An answer without one arrives as it is. */
async function cutOff(answer: Response): Promise<Response> {
  if (answer.body === null) return answer;
  const body = await answer.text();
  return new Response(body.slice(0, Math.floor(body.length / 2)), { status: answer.status, headers: answer.headers });
}
