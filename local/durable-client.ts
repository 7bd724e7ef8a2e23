import { Hono } from "hono";
import type { Context } from "hono";
import type { HostClock } from "./clock.ts";
import type { HubAnswer, InstanceFilter, InstanceStatus, RuntimeStatus, TaskHub } from "./durable/hub.ts";
import { instanceIdRule } from "./durable/names.ts";
import { historyForPeople, statusBody } from "./durable-status.ts";
import { managementUrls } from "./durable-urls.ts";
import type { DurableAddress } from "./durable-urls.ts";

/**
 * The HTTP API of the durable client (4.2, 4.3), once: the public webhooks and the SDK's loopback calls are the
 * same paths under two prefixes.
 *
 * Where Azure would do harm in silence, section 9 decides: entities and another hub's name are refused.
 */
export function durableApi(hub: TaskHub, clock: HostClock, address: () => DurableAddress): Hono {
  const api = new Hono();

  api.use(async (c, next) => {
    const asked = c.req.query("taskHub");
    if (asked !== undefined && asked.toLowerCase() !== hub.name.toLowerCase())
      return c.text(`This host serves the task hub "${hub.name}" and no other; "${asked}" was asked for.`, 400);
    return next();
  });

  api.post("/orchestrators/*", async (c) => {
    const [name = "", ...rest] = pathAfter(c, "/orchestrators/");
    const instanceId = rest.length === 0 ? undefined : rest.join("/");
    const why = instanceId === undefined ? undefined : instanceIdRule(instanceId);
    if (name === "") return c.text("No orchestrator function is named in the path.", 400);
    if (why !== undefined) return c.text(why, 400);
    const input = await jsonBody(c, null);
    if (input === NOT_JSON) return c.text("The body is not JSON.", 400);
    const started = await hub.start(name, input, instanceId, c.req.query("version"));
    if (started.did === "refused") return c.text(started.why, started.status);
    const timeoutMs = Number(c.req.query("timeout")) * 1_000;
    const intervalMs = Number(c.req.query("pollingInterval") ?? 1) * 1_000;
    if (timeoutMs > 0 && intervalMs > 0) {
      const ended = await waitFor(hub, clock, started.instanceId, timeoutMs, intervalMs);
      if (ended?.runtimeStatus === "Completed") return c.json((ended.output ?? null) as object, 200);
      if (ended !== undefined) return c.json(statusBody(ended, true), ended.runtimeStatus === "Failed" ? 500 : 200);
    }
    return accepted(c, started.instanceId);
  });

  api.get("/instances/:id", async (c) => {
    const id = c.req.param("id");
    const status = await hub.status(id);
    if (status === undefined) return c.text(absent(id), 404);
    const history = flag(c, "showHistory", false) ? await hub.history(id) : undefined;
    const body = statusBody(status, flag(c, "showInput", true), history && historyForPeople(history, flag(c, "showHistoryOutput", false)));
    if (FINISHED.has(status.runtimeStatus)) return c.json(body, status.runtimeStatus === "Failed" && flag(c, "returnInternalServerErrorOnFailure", false) ? 500 : 200);
    return c.json(body, 202, { Location: managementUrls(address(), id)["statusQueryGetUri"] ?? "", "Retry-After": "5" });
  });

  for (const path of ["/instances", "/instances/"]) {
    api.get(path, async (c) => {
      const { instances, continuationToken } = await hub.list(filterOf(c));
      const showInput = flag(c, "showInput", true);
      return c.json(
        instances.map((status) => statusBody(status, showInput)),
        200,
        { "x-ms-continuation-token": continuationToken ?? "" },
      );
    });
    api.delete(path, async (c) => {
      const filter = filterOf(c);
      if (filter.createdTimeFrom === undefined) return c.text("createdTimeFrom is required, an instant such as 2024-12-08T01:00:00Z.", 400);
      const purged = await hub.purgeBy(filter);
      return purged.instancesDeleted === 0 ? c.text("No finished instance matches.", 404) : c.json(purged, 200);
    });
  }

  api.delete("/instances/:id", async (c) => {
    const purged = await hub.purge(c.req.param("id"));
    return purged === undefined ? c.text(absent(c.req.param("id")), 404) : c.json(purged, 200);
  });

  api.post("/instances/:id/raiseEvent/:event", async (c) => {
    if (!/^application\/json\b/i.test(c.req.header("content-type") ?? "")) return c.text("The content type must be application/json.", 400);
    const data = await jsonBody(c, NOT_JSON);
    if (data === NOT_JSON) return c.text("The body is not JSON; an event without data is refused as well.", 400);
    return done(c, await hub.raise(c.req.param("id"), c.req.param("event"), data));
  });

  for (const verb of ["terminate", "suspend", "resume", "rewind"] as const) {
    api.post(`/instances/:id/${verb}`, async (c) => done(c, await hub[verb](c.req.param("id") ?? "", c.req.query("reason") ?? "")));
  }

  api.post("/instances/:id/restart", async (c) => {
    const restarted = await hub.restart(c.req.param("id"), flag(c, "restartWithNewInstanceId", true));
    return restarted.did === "refused" ? c.text(restarted.why, restarted.status) : accepted(c, restarted.instanceId);
  });

  api.all("/entities/*", (c) => c.text("This host runs no durable entities.", 501));

  function accepted(c: Context, instanceId: string): Response {
    const urls = managementUrls(address(), instanceId);
    return c.json(urls, 202, { Location: urls["statusQueryGetUri"] ?? "", "Retry-After": "10" });
  }

  return api;
}

function done(c: Context, answer: HubAnswer): Response {
  switch (answer.did) {
    case "accepted":
      return c.body(null, 202);
    case "absent":
      return c.text(absent(c.req.param("id") ?? ""), 404);
    case "gone":
      return c.text(`The instance "${c.req.param("id") ?? ""}" has ended.`, 410);
    case "refused":
      return c.text(answer.why, answer.status);
  }
}

const FINISHED: ReadonlySet<RuntimeStatus> = new Set<RuntimeStatus>(["Completed", "Failed", "Terminated", "Canceled"]);
const STATUSES: readonly RuntimeStatus[] = ["Pending", "Running", "Completed", "ContinuedAsNew", "Failed", "Canceled", "Terminated", "Suspended"];

function absent(id: string): string {
  return `No instance has the id "${id}".`;
}

/** The percent-decoded segments of the path behind `marker`; what is no escape is left as it is, as the SDK sends it. */
function pathAfter(c: Context, marker: string): string[] {
  const path = new URL(c.req.url).pathname;
  const rest = path.slice(path.indexOf(marker) + marker.length).replace(/\/$/, "");
  return rest.split("/").map((segment) => segment.replaceAll(/(?:%[0-9a-f]{2})+/gi, decoded));
}

function decoded(escapes: string): string {
  try {
    return decodeURIComponent(escapes);
  } catch {
    return escapes;
  }
}

const NOT_JSON = Symbol("not JSON");

async function jsonBody(c: Context, whenEmpty: unknown): Promise<unknown> {
  const text = await c.req.text();
  if (text.trim() === "") return whenEmpty;
  try {
    return JSON.parse(text);
  } catch {
    return NOT_JSON;
  }
}

function flag(c: Context, name: string, fallback: boolean): boolean {
  const value = c.req.query(name)?.toLowerCase();
  return value === "true" ? true : value === "false" ? false : fallback;
}

/** What a list or purge asks for. Unknown states and times that are none are passed over, as production does. */
function filterOf(c: Context): InstanceFilter {
  const time = (name: string): string | undefined => {
    const at = Date.parse(c.req.query(name) ?? "");
    return Number.isNaN(at) ? undefined : new Date(at).toISOString();
  };
  const asked = (c.req.query("runtimeStatus") ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  const runtimeStatus = STATUSES.filter((status) => asked.includes(status.toLowerCase()));
  const top = Number(c.req.query("top"));
  const values = {
    instanceIdPrefix: c.req.query("instanceIdPrefix"),
    createdTimeFrom: time("createdTimeFrom"),
    createdTimeTo: time("createdTimeTo"),
    runtimeStatus: runtimeStatus.length === 0 ? undefined : runtimeStatus,
    top: Number.isInteger(top) && top > 0 ? top : undefined,
    continuationToken: c.req.header("x-ms-continuation-token") || undefined,
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** The status once the instance has ended, or undefined when it has not within the time, on the host's clock. */
async function waitFor(hub: TaskHub, clock: HostClock, instanceId: string, timeoutMs: number, intervalMs: number): Promise<InstanceStatus | undefined> {
  const untilMs = clock.now() + timeoutMs;
  for (;;) {
    const status = await hub.status(instanceId);
    if (status !== undefined && FINISHED.has(status.runtimeStatus)) return status;
    const nowMs = clock.now();
    if (nowMs >= untilMs) return undefined;
    await new Promise<void>((resolve) => void clock.at(Math.min(nowMs + intervalMs, untilMs), resolve));
  }
}
