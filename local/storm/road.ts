import { destinationOfCall } from "../simulators.ts";
import type { CompiledPlan } from "../../shared/plan/compiled.ts";
import { currentScope } from "../../shared/ports/scope.ts";
import type { Fetch } from "../../shared/ports/transport.ts";
import type { MisfortuneKind } from "./misfortunes.ts";
import { noAnswer } from "../vendors-wire.ts";
import { mayChange, weightOf, type Weather } from "./weather.ts";

const MINUTE_MS = 60_000;

/** What goes wrong between a connector and its vendor, before the vendor has the request or after it has acted. @param now the world's time. */
export function stormyRoad(weather: Weather, { isAway, isRefused, goAway }: Outages, direct: Fetch, now: () => number): Fetch {
  return async (input, init) => {
    const { where, addressee } = destinationOfCall(input, init);
    const system = addressee?.system ?? "";
    const weight = weightOf(where);
    const strikes = (kind: MisfortuneKind): boolean => weather.strikes(kind, where, weight);
    if (isAway(system, now()) || (mayChange(where) && isRefused(system, now()))) return refusalOf(system, 503);
    if (strikes("lost request")) throw noAnswer("ECONNRESET", "read ECONNRESET");
    if (strikes("too many requests")) return refusalOf(system, 429, { "retry-after": String(weather.number(5, 90, "patience", where)) });
    if (strikes("server error")) return refusalOf(system, 500);
    const answer = await direct(input, init);
    if (system !== "slack" && strikes("lost answer, then away")) goAway(system, now());
    if (isAway(system, now()) || strikes("lost answer")) throw noAnswer("ECONNRESET", "read ECONNRESET");
    if (strikes("bad gateway")) return htmlOf(502, "Bad Gateway");
    if (strikes("malformed answer")) return cutOff(answer);
    return answer;
  };
}

/** What vendors do not do for a while. Instants are milliseconds since the epoch. */
export interface Outages {
  /** Whether a system is away. */
  isAway(system: string, at: number): boolean;
  /** Whether a system does not do what the calling step wants of it, while it answers every look. */
  isRefused(system: string, at: number): boolean;
  /** A system is away from an instant on. */
  goAway(system: string, at: number): void;
}

interface Outage {
  readonly from: number;
  readonly to: number;
}

/**
 * Vendors that are away, each at an hour of its own, or that do not begin something, from the first time on that they are asked for it: once in a
 * window, whatever process lives then. Not the one by which people are told: that one is only slow and wrong.
 */
export function stormyOutages(weather: Weather, { window: { opensAt, cutoff } }: CompiledPlan): Outages {
  const away = new Map<string, Outage | undefined>();
  const refused = new Map<string, Outage | undefined>();
  const isDuring = (at: number, outage: Outage | undefined): boolean => outage !== undefined && at >= outage.from && at < outage.to;
  const outageOf = (system: string): Outage | undefined => {
    if (system === "" || system === "slack" || !weather.strikes("vendor away", system)) return undefined;
    const from = weather.number(Date.parse(opensAt), Date.parse(cutoff), "vendor away", system);
    return { from, to: from + weather.number(10, 120, "vendor away for", system) * MINUTE_MS };
  };
  return {
    isAway(system, at) {
      if (!away.has(system)) away.set(system, outageOf(system));
      return isDuring(at, away.get(system));
    },
    isRefused(system, at) {
      const scope = currentScope();
      if (scope?.deed !== "begin" || system === "slack") return false;
      const work = `${scope.step} ${scope.target}`;
      if (!refused.has(work))
        refused.set(work, weather.strikes("work refused", work) ? { from: at, to: at + weather.number(1, 240, "work refused for", work) * MINUTE_MS } : undefined);
      return isDuring(at, refused.get(work));
    },
    goAway: (system, at) => void away.set(system, { from: at, to: at + weather.number(20, 300, "away for", system) * MINUTE_MS }),
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
