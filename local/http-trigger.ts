import type { IncomingMessage, ServerResponse } from "node:http";
import type { AppFunction, LoadedApp, LogLine, Surroundings } from "./app.ts";
import type { HostClock } from "./clock.ts";
import { mayCall } from "./http-keys.ts";
import type { HostKeys } from "./http-keys.ts";
import { httpData, readBody } from "./http-request.ts";
import { writeAnswer, writeEmpty } from "./http-response.ts";
import { byPrecedence, routeOf } from "./http-routes.ts";
import type { Route } from "./http-routes.ts";
import { forward, streamMetadata, streamProxyOf } from "./http-stream.ts";
import { errorOf, invoke, nextInvocationId } from "./invocation.ts";

export interface HttpSettings {
  readonly clock: HostClock;
  /** Without slashes; `api` unless host.json says otherwise, `""` for none. */
  readonly prefix: string;
  /** Absent: nobody is asked for a key. */
  readonly keys?: HostKeys | undefined;
  /** Largest request body in bytes; a longer one is answered with 413. */
  readonly bodyLimitBytes?: number;
  /** A disabled function is not there: 404. */
  readonly isDisabled?: (fn: AppFunction) => boolean;
  readonly surroundings?: Surroundings;
}

export interface HttpDoor {
  readonly routes: readonly HttpRoute[];
  /** Answers a request; 404 when no function wants it. Resolves when the answer is written. */
  handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void>;
}

export interface HttpRoute {
  readonly fn: AppFunction;
  /** Upper case. */
  readonly methods: readonly string[];
  /** With the prefix, from the root: `/api/runs/{id}`. */
  readonly path: string;
}

/** Azure's own default. */
const BODY_LIMIT_BYTES = 100 * 1024 * 1024;

/** Azure's front end cuts a request that has been silent for so long. */
const FRONT_END_LIMIT_MS = 230_000;

/**
 * The HTTP triggers of an app (1.7). Virtual time stands still while a handler runs.
 *
 * @throws Fault `invalid` for a route template that ASP.NET would refuse.
 */
export function httpDoor(
  app: LoadedApp,
  { clock, prefix, keys, bodyLimitBytes = BODY_LIMIT_BYTES, isDisabled = () => false, surroundings = app.surroundings }: HttpSettings,
): HttpDoor {
  const entries = app.functions
    .filter((fn) => fn.kind === "http" && !isDisabled(fn))
    .map((fn) => entryOf(fn, prefix))
    .sort((a, b) => byPrecedence(a.route, b.route));
  const log = (level: LogLine["level"], message: string, functionName: string): void => surroundings.log({ level, category: "system", message, functionName });

  async function call(fn: AppFunction, request: IncomingMessage, response: ServerResponse, url: URL, params: Record<string, string>): Promise<number> {
    const body = await readBody(request, bodyLimitBytes);
    if (body === "too-long") {
      log("warning", `${request.method} ${url.pathname} has a body of more than ${bodyLimitBytes} bytes; refused with 413`, fn.name);
      response.setHeader("connection", "close");
      return writeEmpty(response, 413);
    }
    const release = clock.hold();
    const warn = (): void =>
      log(
        "warning",
        `${request.method} ${url.pathname} has been running for ${FRONT_END_LIMIT_MS / 1_000} s; Azure's front end would have given up on it. Start an orchestration and answer 202 instead`,
        fn.name,
      );
    const cancel = clock.at(clock.now() + FRONT_END_LIMIT_MS, warn, true);
    try {
      const proxy = streamProxyOf(fn.model);
      if (proxy !== undefined) return await stream(proxy, fn, request, response, url, params, body);
      const { returnValue } = await invoke(app, fn, { trigger: { http: httpData(request, url, params, body) }, traceContext: traceOf(request) }, surroundings);
      return writeAnswer(response, returnValue);
    } catch (thrown) {
      log("error", `function "${fn.name}" failed: ${errorOf(thrown).message}`, fn.name);
      if (!response.headersSent) return writeEmpty(response, 500);
      response.destroy();
      return 500;
    } finally {
      cancel();
      release();
    }
  }

  async function stream(
    proxy: string,
    fn: AppFunction,
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    params: Record<string, string>,
    body: Uint8Array,
  ): Promise<number> {
    const invocationId = nextInvocationId(fn, surroundings);
    const forwarded = forward(proxy, invocationId, url, request, body, response);
    try {
      const { returnedNothing } = await invoke(
        app,
        fn,
        { invocationId, trigger: {}, triggerMetadata: streamMetadata(request, params), traceContext: traceOf(request) },
        surroundings,
      );
      if (!returnedNothing) return await forwarded.answered;
    } catch (thrown) {
      forwarded.abandon();
      throw thrown;
    }
    forwarded.abandon();
    return writeEmpty(response, 204);
  }

  return {
    routes: entries.map(({ fn, methods, path }) => ({ fn, methods, path })),
    async handle(request, response, url) {
      const method = (request.method ?? "GET").toUpperCase();
      for (const { fn, route, methods } of entries) {
        if (!methods.includes(method)) continue;
        let params: Record<string, string> | undefined;
        try {
          params = route.match(url.pathname);
        } catch {
          // Malformed percent-escapes: no server of Microsoft's would pass them on.
          return void writeEmpty(response, 400);
        }
        if (params === undefined) continue;
        if (!mayCall(typeof fn.trigger["authLevel"] === "string" ? fn.trigger["authLevel"] : "function", keys, request, url)) return void writeEmpty(response, 401);
        const status = await call(fn, request, response, url, params);
        return log(status >= 500 ? "error" : "information", `${method} ${url.pathname} ${status}`, fn.name);
      }
      return void writeEmpty(response, 404);
    },
  };
}

function entryOf(fn: AppFunction, prefix: string): HttpRoute & { readonly route: Route } {
  const template = typeof fn.trigger["route"] === "string" ? fn.trigger["route"] : fn.name;
  const path = `/${[prefix, template.replace(/^\//, "")].filter((part) => part !== "").join("/")}`;
  const methods = Array.isArray(fn.trigger["methods"]) ? fn.trigger["methods"].map((method) => String(method).toUpperCase()) : ["GET", "POST"];
  return { fn, methods, path, route: routeOf(path) };
}

function traceOf(request: IncomingMessage): { traceParent: string; traceState: string } | undefined {
  const { traceparent, tracestate } = request.headers;
  if (typeof traceparent !== "string") return undefined;
  return { traceParent: traceparent, traceState: typeof tracestate === "string" ? tracestate : "" };
}
