import { app as functions, type HttpHandler, type HttpMethod, type HttpRequest, type HttpResponseInit, type InvocationContext } from "@azure/functions";
import * as df from "durable-functions";
import type { DurableClient } from "durable-functions";
import type { z } from "zod";
import { PAGE_HEADERS } from "../dashboard/page.ts";
import { troublePage } from "../dashboard/trouble.ts";
import type { Principal } from "../shared/access/principal.ts";
import { Refusal } from "../shared/access/refusal.ts";
import { ACCESS_RUN } from "../shared/access/refusals.ts";
import { remembered } from "../shared/access/remembered.ts";
import { DEEDS, mayI, type Deed } from "../shared/access/roles.ts";
import { checkSlackSignature, formOf } from "../shared/access/slack-request.ts";
import { faultRecordOf, type FaultKind } from "../shared/fault/fault.ts";
import type { App, SlackHand } from "./app.ts";
import { BOARDS, ENDPOINTS, type BodyOf, type EndpointName, type EndpointSpec, type QueryOf, type SlackEndpointName } from "./endpoints.ts";

/** Bodies above this are refused before they are parsed; a plan of a thousand steps has less than half of it. */
const LARGEST_BODY = 2 * 1024 * 1024;
/** Slack's own requests are small; more than this was made by somebody else. */
const LARGEST_FORM = 256 * 1024;

const STATUS: Readonly<Record<FaultKind, number>> = {
  invalid: 400,
  absent: 404,
  conflict: 409,
  denied: 403,
  throttled: 429,
  unavailable: 503,
  rejected: 422,
  failed: 502,
  overdue: 504,
  defect: 500,
};

/** One call of the API, decoded. */
export interface ApiCall<Name extends EndpointName> {
  readonly request: HttpRequest;
  readonly params: Readonly<Record<string, string>>;
  readonly query: QueryOf<Name>;
  readonly body: BodyOf<Name>;
  readonly client: DurableClient;
  readonly principal: Principal;
}

/**
 * Registers one endpoint of the table, below `/api/v1`: whoever calls is recognised, may or may not, and only then is anything
 * parsed. What the handler throws becomes a problem+json answer (RFC 9457), or a page for who opened it in a browser; who is turned away at the door is a fact.
 */
export function endpoint<Name extends EndpointName>(app: App, name: Name, handle: (call: ApiCall<Name>) => Promise<HttpResponseInit>): void {
  const spec: EndpointSpec = ENDPOINTS[name];
  serve(app, name, [spec.method], spec.route, spec.deed, async (request, context, principal) => {
    const query = (spec.query === undefined ? {} : parsed(spec.query, Object.fromEntries(request.query), "query")) as QueryOf<Name>;
    const body = (spec.body === undefined ? undefined : await bodyOf(request, spec.body)) as BodyOf<Name>;
    return handle({ request, params: request.params, query, body, client: df.getClient(context), principal });
  });
}

/** Registers what answers every other path below `/api/v1`. */
export function registerNowhere(app: App): void {
  serve(app, "nowhere", ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"], "{*path}", "look", () => {
    throw new Refusal(404, "there is nothing here by this method");
  });
}

function serve(
  app: App,
  name: string,
  methods: HttpMethod[],
  route: string,
  deed: Deed,
  work: (request: HttpRequest, context: InvocationContext, principal: Principal) => Promise<HttpResponseInit>,
): void {
  const handler = guarded(app, name, async (request, context, recognised) => {
    let principal: Principal;
    try {
      principal = await app.door.enter(request.headers);
    } catch (refused) {
      const way = refused instanceof Refusal && refused.status === 401 && app.door.signsIn ? wayToSignIn(request) : undefined;
      if (way === undefined) throw refused;
      return { status: 302, headers: { location: way, "cache-control": "no-store" } };
    }
    recognised(principal);
    if (!mayI(principal.role, deed)) throw new Refusal(403, `${principal.name} is ${principal.role} here; this needs ${DEEDS[deed]}`);
    return work(request, context, principal);
  });
  // The door recognises everybody by itself. Where only machines come in, the host's own key is one lock more; a person's browser has none.
  functions.http(name, { methods, route: `v1/${route}`, authLevel: app.door.signsIn ? "anonymous" : "function", extraInputs: [df.input.durableClient()], handler });
}

/** Where the browser of somebody who opens a page is sent to sign in, and from there back; undefined for whoever is no such browser. */
function wayToSignIn({ method, headers, url }: HttpRequest): string | undefined {
  if (!wantsPage({ method, headers })) return undefined;
  const { pathname, search } = new URL(url);
  return `/.auth/login/aad?post_login_redirect_uri=${encodeURIComponent(pathname + search)}`;
}

/** Whether a person's browser opens a page, and no machine calls. */
function wantsPage({ method, headers }: Pick<HttpRequest, "method" | "headers">): boolean {
  const isPage = (headers.get("accept") ?? "").split(",").some((type) => type.trim().toLowerCase().startsWith("text/html"));
  return method === "GET" && isPage && !headers.has("x-nightshift-key");
}

/** One call of Slack's: its signature holds. Who acts in it is the handler's to find out. */
export interface SlackCall {
  readonly slack: SlackHand;
  readonly form: URLSearchParams;
  readonly client: DurableClient;
}

/**
 * Registers one of the addresses that Slack calls. Open to everybody at the platform, since Slack has no key of ours: nothing is
 * read before the signature is proved, strangers share one allowance, and who is turned away is a fact, as at the other addresses.
 */
export function slackEndpoint(app: App, name: SlackEndpointName, handle: (call: SlackCall) => Promise<HttpResponseInit>): void {
  const spec: EndpointSpec = ENDPOINTS[name];
  const { slack } = app;
  const secrets = remembered({ read: () => slack?.signingSecret() ?? Promise.reject(new Refusal(404, NO_HAND)) }, app.stage.clock);
  const handler = guarded(app, name, async (request, context) => {
    let form: URLSearchParams;
    try {
      if (slack === undefined) throw new Refusal(404, NO_HAND);
      const body = await bytesOf(request, LARGEST_FORM);
      checkSlackSignature(request.headers, body, (await secrets.read("signing secret")).reveal(), app.stage.clock.now());
      expectType(request, "application/x-www-form-urlencoded", "a form");
      form = formOf(body);
    } catch (refused) {
      if (refused instanceof Refusal) app.door.count(undefined);
      throw refused;
    }
    return handle({ slack, form, client: df.getClient(context) });
  });
  functions.http(name, { methods: [spec.method], route: `v1/${spec.route}`, authLevel: "anonymous", extraInputs: [df.input.durableClient()], handler });
}

const NO_HAND = "Slack is no hand here: no signing secret is set";

/** A handler whose refusals are facts, and which answers whatever is thrown as a problem. */
function guarded(
  app: App,
  name: string,
  work: (request: HttpRequest, context: InvocationContext, recognised: (principal: Principal) => void) => Promise<HttpResponseInit>,
): HttpHandler {
  return async (request, context) => {
    let principal: Principal | undefined;
    try {
      return await work(request, context, (known) => (principal = known));
    } catch (thrown) {
      if (thrown instanceof Refusal) await writeDown(app, name, request, context, thrown, principal);
      const fault = faultRecordOf(thrown);
      if (fault.kind === "defect") context.error(`${name}: ${fault.message}`);
      const status = thrown instanceof Refusal ? thrown.status : STATUS[fault.kind];
      const detail = fault.kind === "defect" ? "something went wrong on our side; the log has the details" : fault.message;
      return wantsPage(request) ? problemAsPage(status, detail, fault.retryAfterMs) : problem(status, fault.kind, detail, fault.retryAfterMs);
    }
  };
}

/** Most that a fact keeps of what a caller wrote. */
const LONGEST_QUOTE = 300;

async function writeDown(app: App, name: string, request: HttpRequest, context: InvocationContext, { status, message }: Refusal, principal: Principal | undefined): Promise<void> {
  const by = principal?.name ?? "nobody";
  app.stage.telemetry.event("access.refused", { run: ACCESS_RUN, by, deed: name, status }, "warning");
  const refused = {
    by,
    deed: name,
    method: request.method,
    path: new URL(request.url).pathname.slice(0, LONGEST_QUOTE),
    status,
    why: message.slice(0, LONGEST_QUOTE),
    ...(principal === undefined ? {} : { role: principal.role }),
  };
  try {
    await app.door.refusals.write(refused, principal !== undefined);
  } catch (unwritten) {
    // A refusal holds whether or not it could be written down.
    context.error(`${name}: a refusal of ${by} could not be written down: ${faultRecordOf(unwritten).message}`);
  }
}

function problem(status: number, title: string, detail: string, retryAfterMs?: number): HttpResponseInit {
  return {
    status,
    headers: {
      "content-type": "application/problem+json",
      ...(retryAfterMs === undefined ? {} : { "retry-after": String(Math.ceil(retryAfterMs / 1_000)) }),
    },
    body: JSON.stringify({ type: `urn:nightshift:${title}`, title, status, detail }),
  };
}

/** The same for somebody who opened it in a browser. */
function problemAsPage(status: number, detail: string, retryAfterMs?: number): HttpResponseInit {
  const retry = retryAfterMs === undefined ? {} : { "retry-after": String(Math.ceil(retryAfterMs / 1_000)) };
  return { status, headers: { ...PAGE_HEADERS, ...retry }, body: troublePage({ status, detail, boards: BOARDS }) };
}

async function bodyOf(request: HttpRequest, schema: z.ZodType): Promise<unknown> {
  // Anything else could be sent by a foreign page from the browser of someone who is signed in.
  expectType(request, "application/json", "JSON");
  const bytes = await bytesOf(request, LARGEST_BODY);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Refusal(400, "the body is not JSON in UTF-8");
  }
  return parsed(schema, value, "body");
}

function expectType(request: HttpRequest, wanted: string, inWords: string): void {
  const [type = ""] = (request.headers.get("content-type") ?? "").split(";");
  if (type.trim().toLowerCase() !== wanted) throw new Refusal(415, `the body is not said to be ${inWords}; expected content-type: ${wanted}`);
}

/** The whole body. One that says itself that it is too large is not read. */
async function bytesOf(request: HttpRequest, most: number): Promise<Uint8Array> {
  const said = Number(request.headers.get("content-length") ?? 0);
  if (said > most) throw new Refusal(413, `the body has ${said} bytes; ${most} is the most`);
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.byteLength > most) throw new Refusal(413, `the body has ${bytes.byteLength} bytes; ${most} is the most`);
  return bytes;
}

function parsed(schema: z.ZodType, value: unknown, whole: string): unknown {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const issues = error.issues.slice(0, 20).map(({ path, message }) => `${path.length === 0 ? whole : path.join(".")}: ${message}`);
  throw new Refusal(400, issues.join("; "));
}
