import type { Simulator, World } from "../../shared/ports/simulator.ts";

export interface PingdomWorld extends World {
  readonly checks: SimulatedCheck[];
  readonly maintenance: SimulatedMaintenance[];
  /** What is left of the two limits; none: as much as anybody wants. */
  limits?: { short: SimulatedLimit; long: SimulatedLimit };
}

export interface SimulatedCheck {
  readonly id: number;
  readonly name: string;
  readonly hostname: string;
  status: "up" | "down" | "unconfirmed_down" | "unknown" | "paused";
}

export interface SimulatedMaintenance {
  readonly id: number;
  description: string;
  /** Unix seconds. */
  readonly from: number;
  to: number;
  checkIds: number[];
}

export interface SimulatedLimit {
  remaining: number;
  resetSeconds: number;
}

const HOST = "api.pingdom.com";
/** What stands in the service's requests for the instant of their arrival. */
const NOW = 1;

/**
 * Uptime checks and maintenance windows. Every answer tells the limits in prose; a window that has begun is ended by moving its end
 * to now, and cannot be deleted.
 */
export const pingdomSimulator: Simulator<PingdomWorld> = {
  systems: ["pingdom"],

  systemOf: ({ host }) => (host === HOST ? "pingdom" : undefined),

  newWorld: () => ({ effects: [], checks: [], maintenance: [] }),

  handler: (world) => async (request, now) => {
    const answer = await answered(world, request, now);
    for (const [name, { remaining, resetSeconds }] of Object.entries(world.limits ?? PLENTY)) {
      answer.headers.set(`req-limit-${name}`, `Remaining: ${remaining} Time until reset: ${resetSeconds}`);
    }
    return answer;
  },
};

const PLENTY = { short: { remaining: 394, resetSeconds: 3_589 }, long: { remaining: 43_194, resetSeconds: 2_591_989 } };

async function answered(world: PingdomWorld, request: Request, now: number): Promise<Response> {
  const url = new URL(request.url);
  if (!/^Bearer \S+$/.test(request.headers.get("authorization") ?? "")) return refusal(401, "Unauthorized", "Invalid token");
  if (Object.values(world.limits ?? PLENTY).some(({ remaining }) => remaining === 0)) return refusal(429, "Too Many Requests", "Request limit exceeded, try again later");
  const [api, version, kind, id, ...rest] = url.pathname.slice(1).split("/");
  if (api !== "api" || version !== "3.1" || rest.length > 0) return notFound();
  if (kind === "checks" && id !== undefined && request.method === "GET") return check(world, id);
  if (kind !== "maintenance") return notFound();
  if (id === undefined) {
    if (request.method === "GET") return list(world, url.searchParams);
    return request.method === "POST" ? begin(world, await bodyOf(request), now) : notFound();
  }
  const found = world.maintenance.find((one) => String(one.id) === id);
  if (found === undefined) return refusal(404, "Not Found", "Maintenance window not found");
  if (request.method === "GET") return Response.json({ maintenance: bodyOfMaintenance(found) });
  if (request.method === "PUT") return change(world, found, await bodyOf(request), now);
  if (request.method !== "DELETE") return notFound();
  if (found.from * 1_000 <= now) return refusal(400, "Bad Request", "Only future maintenance windows can be deleted");
  world.maintenance.splice(world.maintenance.indexOf(found), 1);
  effect(world, now, "deleted", found);
  return Response.json({ message: "Maintenance window successfully deleted!" });
}

function check({ checks }: PingdomWorld, id: string): Response {
  const found = checks.find((one) => String(one.id) === id);
  if (found === undefined) return refusal(404, "Not Found", "Invalid check identifier");
  const { name, hostname, status } = found;
  return Response.json({
    check: { id: found.id, name, hostname, status, resolution: 1, created: 1_500_000_000, ipv6: false, sendnotificationwhendown: 2, notifyagainevery: 0, notifywhenbackup: true },
  });
}

function list({ maintenance }: PingdomWorld, query: URLSearchParams): Response {
  const [limit, offset] = [Number(query.get("limit") ?? maintenance.length), Number(query.get("offset") ?? 0)];
  const ordered = [...maintenance];
  if (query.get("orderby") === "from") ordered.sort((a, b) => a.from - b.from || a.id - b.id);
  if (query.get("order") === "desc") ordered.reverse();
  return Response.json({ maintenance: ordered.slice(offset, offset + limit).map(bodyOfMaintenance) });
}

function begin(world: PingdomWorld, { description, from, to, recurrencetype, uptimeids, ...unknown }: Readonly<Record<string, unknown>>, now: number): Response {
  const at = secondsOf(from, now);
  const until = secondsOf(to, now);
  if (Object.keys(unknown).length > 0 || typeof description !== "string" || description === "" || recurrencetype !== "none")
    return refusal(400, "Bad Request", "Invalid parameter value");
  if (at === undefined || until === undefined || until <= at) return refusal(400, "Bad Request", "Invalid parameter value: from, to");
  const checkIds = idsOf(world, uptimeids);
  if (checkIds === undefined) return refusal(400, "Bad Request", "Invalid parameter value: uptimeids");
  const made = { id: Math.max(60_000, ...world.maintenance.map(({ id }) => id)) + 1, description, from: at, to: until, checkIds };
  world.maintenance.push(made);
  effect(world, now, "muted", made);
  return Response.json({ maintenance: { id: made.id } });
}

function change(world: PingdomWorld, found: SimulatedMaintenance, { to, ...unknown }: Readonly<Record<string, unknown>>, now: number): Response {
  const until = secondsOf(to, now);
  if (Object.keys(unknown).length > 0 || until === undefined) return refusal(400, "Bad Request", "Invalid parameter value: to");
  if (found.to * 1_000 <= now) return refusal(400, "Bad Request", "Maintenance window has ended");
  found.to = until;
  effect(world, now, until * 1_000 <= now ? "unmuted" : "extended", found);
  return Response.json({ message: "Maintenance window successfully modified!" });
}

function effect(world: PingdomWorld, now: number, did: string, { id, description, to, checkIds }: SimulatedMaintenance): void {
  for (const check of checkIds) {
    const name = world.checks.find((one) => one.id === check)?.name ?? String(check);
    world.effects.push({ at: new Date(now).toISOString(), did, to: `check ${name}`, with: { maintenance: id, description, to } });
  }
}

/** Unix seconds of now or of the future; undefined for anything else. */
function secondsOf(value: unknown, now: number): number | undefined {
  if (value === NOW) return Math.floor(now / 1_000);
  return typeof value === "number" && Number.isInteger(value) && value * 1_000 > now ? value : undefined;
}

function idsOf({ checks }: PingdomWorld, ids: unknown): number[] | undefined {
  if (!Array.isArray(ids) || ids.length === 0) return undefined;
  return ids.every((id) => checks.some((one) => one.id === id)) ? (ids as number[]) : undefined;
}

const bodyOfMaintenance = ({ id, description, from, to, checkIds }: SimulatedMaintenance) => ({
  id,
  description,
  from,
  to,
  recurrencetype: "none",
  repeatevery: 0,
  effectiveto: to,
  checks: { uptime: [...checkIds], tms: [] },
});

const notFound = () => refusal(404, "Not Found", "Not Found");

function refusal(statuscode: number, statusdesc: string, errormessage: string): Response {
  return Response.json({ error: { statuscode, statusdesc, errormessage } }, { status: statuscode });
}

async function bodyOf(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const body: unknown = await request.json().catch(() => undefined);
  return typeof body === "object" && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : {};
}
