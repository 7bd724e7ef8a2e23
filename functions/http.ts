import { app as functions, type HttpHandler, type HttpMethod, type HttpRequest, type HttpResponseInit, type InvocationContext } from "@azure/functions";
import * as df from "durable-functions";
import type { DurableClient } from "durable-functions";
import type { z } from "zod";
import { Fault, faultRecordOf, type FaultKind } from "../shared/fault/fault.ts";
import type { App } from "./app.ts";

/** Bodies above this are refused before they are parsed; a plan of a thousand steps has less than half of it. */
const LARGEST_BODY = 2 * 1024 * 1024;

/** Who acts, where a local composition believes whoever says so. */
const LOCAL_OPERATOR = "x-nightshift-operator";

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
export interface ApiCall {
  readonly request: HttpRequest;
  readonly params: Readonly<Record<string, string>>;
  readonly client: DurableClient;
  /** Who calls: the signed-in person, or the name that the composition gives where nobody signs in. */
  readonly operator: string;
  /** The JSON body, parsed by a schema. @throws Fault `invalid` that names every field that does not fit. */
  readonly body: <Schema extends z.ZodType>(schema: Schema) => Promise<z.infer<Schema>>;
}

/** Registers one endpoint below `/api/v1`. What the handler throws becomes a problem+json answer; see RFC 9457. */
export function endpoint(app: App, name: string, method: HttpMethod, route: string, handle: (call: ApiCall) => Promise<HttpResponseInit>): void {
  const handler: HttpHandler = async (request: HttpRequest, context: InvocationContext) => {
    try {
      return await handle({
        request,
        params: request.params,
        client: df.getClient(context),
        operator: operatorOf(app, request),
        body: (schema) => bodyOf(request, schema),
      });
    } catch (thrown) {
      const fault = faultRecordOf(thrown);
      if (fault.kind === "defect") context.error(`${name}: ${fault.message}`);
      return problem(STATUS[fault.kind], fault.kind, fault.kind === "defect" ? "something went wrong on our side; the log has the details" : fault.message, fault.retryAfterMs);
    }
  };
  functions.http(name, { methods: [method], route: `v1/${route}`, authLevel: "function", extraInputs: [df.input.durableClient()], handler });
}

export function problem(status: number, title: string, detail: string, retryAfterMs?: number): HttpResponseInit {
  return {
    status,
    headers: {
      "content-type": "application/problem+json",
      ...(retryAfterMs === undefined ? {} : { "retry-after": String(Math.ceil(retryAfterMs / 1_000)) }),
    },
    body: JSON.stringify({ type: `urn:nightshift:${title}`, title, status, detail }),
  };
}

/**
 * The principal's name comes from a header that App Service sets, and strips from what callers send; it is believed only
 * where a setting says that sign-in is on.
 */
function operatorOf(app: App, request: HttpRequest): string {
  if (!app.signIn) return app.localOperator === undefined ? "function key" : (request.headers.get(LOCAL_OPERATOR) ?? app.localOperator);
  const name = request.headers.get("x-ms-client-principal-name");
  if (name === null || name === "") throw new Fault("denied", "nobody is signed in");
  return name;
}

async function bodyOf<Schema extends z.ZodType>(request: HttpRequest, schema: Schema): Promise<z.infer<Schema>> {
  const bytes = await request.arrayBuffer();
  if (bytes.byteLength > LARGEST_BODY) throw new Fault("invalid", `the body has ${bytes.byteLength} bytes; ${LARGEST_BODY} is the most`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Fault("invalid", "the body is not JSON in UTF-8");
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, 20).map(({ path, message }) => `${path.length === 0 ? "body" : path.join(".")}: ${message}`);
  throw new Fault("invalid", issues.join("; "));
}
