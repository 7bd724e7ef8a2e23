import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import type { AppFunction, LoadedApp, LogLine, Surroundings } from "./app.ts";
import type { HostClock } from "./clock.ts";
import { durableApi } from "./durable-client.ts";
import { durableBinding, RPC_PATH, WEBHOOK_PATH } from "./durable-urls.ts";
import type { DurableAddress } from "./durable-urls.ts";
import type { TaskHub } from "./durable/hub.ts";
import type { HostJson } from "./host-json.ts";
import { sameKey } from "./http-keys.ts";
import type { HostKeys } from "./http-keys.ts";
import { urlOf } from "./http-request.ts";
import { writeEmpty } from "./http-response.ts";
import { httpDoor } from "./http-trigger.ts";
import type { HttpRoute } from "./http-trigger.ts";
import { errorOf } from "./invocation.ts";
import { memoryTimerStatuses } from "./timer-status.ts";
import type { TimerStatuses } from "./timer-status.ts";
import { timerTrigger } from "./timer-trigger.ts";
import type { TimerTrigger } from "./timer-trigger.ts";
import { Fault } from "../shared/fault/fault.ts";

/** Longer than any caller keeps a connection that it does not use. */
const KEEP_ALIVE_MS = 10 * 60_000;

export interface ServeOptions {
  readonly app: LoadedApp;
  readonly hub: TaskHub;
  readonly clock: HostClock;
  /** Of 127.0.0.1; 0 or absent takes a free one. */
  readonly port?: number;
  readonly hostJson?: Pick<HostJson, "routePrefix"> & Partial<Pick<HostJson, "functionTimeoutMs">>;
  /** Absent: nobody is asked for a key. */
  readonly keys?: HostKeys;
  /** For `%NAME%` in schedules, and `AzureWebJobs.NAME.Disabled`; the environment unless given. */
  readonly settings?: Readonly<Record<string, string | undefined>>;
  /** Where timer statuses are kept; in memory unless given. */
  readonly timerStatuses?: TimerStatuses;
  /** IANA zone of timer schedules; UTC unless given. */
  readonly timerZone?: string;
  /** False: timers are loaded and shown, and fire only when asked for. */
  readonly timersRun?: boolean;
  /** True: a virtual clock does not move on the timers' account, which recur for ever; they fire when time comes by. */
  readonly timersFollow?: boolean;
  readonly bodyLimitBytes?: number;
  readonly surroundings?: Surroundings;
}

export interface ServedApp {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  readonly routes: readonly HttpRoute[];
  readonly timers: readonly TimerTrigger[];
  /** Functions this host cannot run, each with the reason. */
  readonly refused: readonly { readonly fn: AppFunction; readonly why: string }[];
  /** Takes no more work, waits for what runs, frees the port. The hub and the clock stay open. */
  close(): Promise<void>;
}

/**
 * Serves a loaded app on loopback: its HTTP triggers, its timers on `clock`, and the durable client on `hub`.
 *
 * Sets the environment's WEBSITE_HOSTNAME to its own host and port, without which the SDK rewrites its URLs.
 *
 * @throws Fault `conflict` when the port is taken, `invalid` for a route that ASP.NET would refuse.
 */
export async function serveApp(options: ServeOptions): Promise<ServedApp> {
  const { app, hub, clock, keys, surroundings = app.surroundings } = options;
  const settings = options.settings ?? process.env;
  const isDisabled = ({ name }: AppFunction): boolean => /^(true|1)$/i.test(settings[`AzureWebJobs.${name}.Disabled`] ?? "");
  const door = httpDoor(app, {
    clock,
    isDisabled,
    prefix: options.hostJson?.routePrefix ?? "api",
    keys,
    surroundings,
    ...(options.bodyLimitBytes === undefined ? {} : { bodyLimitBytes: options.bodyLimitBytes }),
  });
  const { timers, refused } = triggersOf(options, settings, isDisabled, surroundings);

  let address: DurableAddress = { origin: "", hub: hub.name, code: keys?.durable ?? "local" };
  const own = new Hono();
  const durable = durableApi(hub, clock, () => address);
  own.use(`${WEBHOOK_PATH}/*`, async (c, next) =>
    keys !== undefined && !sameKey(c.req.query("code") ?? "", keys.durable) && !sameKey(c.req.query("code") ?? "", keys.master) ? c.body(null, 401) : next(),
  );
  own.route(WEBHOOK_PATH, durable);
  own.route(RPC_PATH, durable);
  own.use("/admin/*", async (c, next) => (keys !== undefined && !sameKey(c.req.query("code") ?? c.req.header("x-functions-key") ?? "", keys.master) ? c.body(null, 401) : next()));
  own.get("/admin/host/ping", (c) => c.body(null, 200));
  own.get("/admin/host/status", (c) =>
    c.json({ id: hub.name, state: "Running", version: "4.1045.200", now: new Date(clock.now()).toISOString(), functions: app.functions.length }),
  );
  own.post("/admin/functions/:name", (c) => {
    const timer = timers.find(({ name }) => name.toLowerCase() === c.req.param("name").toLowerCase());
    if (timer === undefined) return c.text(`No timer function is called "${c.req.param("name")}".`, 404);
    void timer.runNow();
    return c.body(null, 202);
  });
  own.onError((error, c) => {
    surroundings.log({ level: "error", category: "system", message: `${c.req.method} ${c.req.path} failed in the host: ${error.message}` });
    return c.text(error.message, 500);
  });
  const ownListener = getRequestListener(own.fetch, { overrideGlobalObjects: false });

  const running = new Set<Promise<unknown>>();
  const server = createServer((request, response) => {
    const url = urlOf(request);
    const work: Promise<unknown> =
      url !== undefined && isOwn(url.pathname)
        ? Promise.resolve(ownListener(request, response))
        : answer(url === undefined ? undefined : door.handle(request, response, url), response, surroundings);
    running.add(work);
    void work.finally(() => running.delete(work));
  });
  // A caller that takes a kept connection up again in the moment in which it is closed here gets a reset. Node closes after five
  // seconds, which a busy machine lets pass between any two requests; whatever is open is closed with the host.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(cause.code === "EADDRINUSE" ? new Fault("conflict", `port ${options.port} is taken; choose another, or 0 for a free one`, { cause }) : cause),
    );
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const hostname = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  address = { ...address, origin: `http://${hostname}` };
  surroundings.durableClient = durableBinding(address);
  const functionTimeoutMs = options.hostJson?.functionTimeoutMs;
  if (functionTimeoutMs !== undefined) surroundings.limit = { clock, functionTimeoutMs };
  const hostnameBefore = process.env["WEBSITE_HOSTNAME"];
  process.env["WEBSITE_HOSTNAME"] = hostname;
  if (options.timersRun !== false) for (const timer of timers) timer.start();

  return {
    origin: address.origin,
    routes: door.routes,
    timers,
    refused,
    async close() {
      await Promise.all(timers.map((timer) => timer.stop()));
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      await Promise.allSettled(running);
      server.closeAllConnections();
      await closed;
      // Another host of this process may have put its own there since.
      if (process.env["WEBSITE_HOSTNAME"] !== hostname) return;
      if (hostnameBefore === undefined) delete process.env["WEBSITE_HOSTNAME"];
      else process.env["WEBSITE_HOSTNAME"] = hostnameBefore;
    },
  };
}

function isOwn(path: string): boolean {
  return ["/admin/", `${WEBHOOK_PATH}/`, `${RPC_PATH}/`].some((prefix) => path.toLowerCase().startsWith(prefix));
}

/** Waits for the door; `undefined` stands for a request whose URL is none. */
async function answer(handled: Promise<void> | undefined, response: ServerResponse, surroundings: Surroundings): Promise<void> {
  try {
    if (handled === undefined) writeEmpty(response, 400);
    else await handled;
  } catch (thrown) {
    // The caller hung up, or the host itself is wrong: one request, never the process.
    const line: LogLine = { level: "error", category: "system", message: `a request failed in the host: ${errorOf(thrown).message}` };
    surroundings.log(line);
    if (response.headersSent) response.destroy();
    else writeEmpty(response, 500);
  }
}

/** The app's timers, and what of the app this host cannot run. */
function triggersOf(
  { app, clock, ...options }: ServeOptions,
  settings: NonNullable<ServeOptions["settings"]>,
  isDisabled: (fn: AppFunction) => boolean,
  surroundings: Surroundings,
): { timers: TimerTrigger[]; refused: { fn: AppFunction; why: string }[] } {
  const statuses = options.timerStatuses ?? memoryTimerStatuses();
  const timers: TimerTrigger[] = [];
  const refused: { fn: AppFunction; why: string }[] = [];
  for (const fn of app.functions) {
    if ((fn.kind === "http" || fn.kind === "timer") && isDisabled(fn)) {
      refused.push({ fn, why: `disabled by the app setting AzureWebJobs.${fn.name}.Disabled` });
      continue;
    }
    if (fn.kind === "entity") refused.push({ fn, why: "durable entities are not run here" });
    if (fn.kind === "unsupported") refused.push({ fn, why: `nothing here fires a ${fn.trigger.type}; HTTP, timer and durable triggers are` });
    if (fn.kind !== "timer") continue;
    try {
      timers.push(
        timerTrigger(app, fn, {
          clock,
          statuses,
          settings,
          follows: options.timersFollow === true,
          surroundings,
          ...(options.timerZone === undefined ? {} : { zone: options.timerZone }),
        }),
      );
    } catch (thrown) {
      refused.push({ fn, why: errorOf(thrown).message });
    }
  }
  return { timers, refused };
}
