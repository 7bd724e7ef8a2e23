import type * as RestPipeline from "@azure/core-rest-pipeline";
import type { HttpClient, PipelineRequest, PipelineResponse } from "@azure/core-rest-pipeline";
import { Fault } from "../shared/fault/fault.ts";
import { deadlineAfter } from "../shared/ports/deadline.ts";
import type { Fetch } from "../shared/ports/transport.ts";

/** How long one request to Azure may take when the SDK sets no limit of its own. */
export const AZURE_DEADLINE_MS = 60_000;

/**
 * Carries the requests of an Azure SDK through `fetch`, at their real addresses.
 *
 * It sits below every policy of the SDK (authentication, challenge, redirect, logging), so all of them run as in
 * production. Redirects are left to the SDK, which decides what a token may be sent to. Bodies are text or bytes, which
 * is all that Resource Manager and Key Vault send. A request that ends without an answer is a `RestError` without
 * status, as with the SDK's own client; one that its caller called off is an `AbortError`.
 *
 * @throws Fault `defect` for a body or an answer as a stream, and whatever Fault `fetch` throws.
 */
export function azureHttpClient(fetch: Fetch): HttpClient {
  return { sendRequest: (request) => send(fetch, request) };
}

/** What every Azure client of ours is made with: its requests through `fetch`, and one call is one request. */
export function azureClientOptions(fetch: Fetch): { httpClient: HttpClient; retryOptions: { maxRetries: number } } {
  // Retries are the step's business, where they are durable and visible. The SDK would repeat a POST as well.
  return { httpClient: azureHttpClient(fetch), retryOptions: { maxRetries: 0 } };
}

/** Loaded by the first request, and asked for by each: finding a loaded module again costs more than a simulated answer. */
let pipeline: Promise<typeof RestPipeline> | undefined;

async function send(fetch: Fetch, request: PipelineRequest): Promise<PipelineResponse> {
  const { createHttpHeaders, RestError } = await (pipeline ??= import("@azure/core-rest-pipeline"));
  if (request.streamResponseStatusCodes?.size) throw unsupported(request, "an answer as a stream");
  const deadline = deadlineAfter(request.timeout > 0 ? request.timeout : AZURE_DEADLINE_MS);
  const calledOff = new AbortController();
  const callOff = () => calledOff.abort();
  if (request.abortSignal?.aborted) callOff();
  request.abortSignal?.addEventListener("abort", callOff);
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: headersOf(request),
      body: bodyOf(request),
      redirect: "manual",
      signal: request.abortSignal === undefined ? deadline : AbortSignal.any([deadline, calledOff.signal]),
    });
    const headers = createHttpHeaders();
    // Several `set-cookie` headers come one by one; nobody here reads them, and the last one stands.
    for (const [name, value] of response.headers) headers.set(name, value);
    // HEAD answers without a body; reading the empty text is harmless.
    return { request, status: response.status, headers, bodyAsText: await response.text() };
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    const call = `${request.method} ${pathOf(request)}`;
    if (calledOff.signal.aborted) throw new DOMException(`${call} was called off`, "AbortError");
    if (deadline.aborted) throw new RestError(`${call} was not answered in time`, { code: "ETIMEDOUT", request });
    throw new RestError(`${call} was not answered: ${reasonOf(cause)}`, { code: RestError.REQUEST_SEND_ERROR, request });
  } finally {
    request.abortSignal?.removeEventListener("abort", callOff);
  }
}

/** All but what belongs to the connection, which is `fetch`'s own business. */
function headersOf(request: PipelineRequest): Headers {
  const headers = new Headers();
  for (const [name, value] of request.headers) {
    if (!["content-length", "host", "connection", "accept-encoding"].includes(name.toLowerCase())) headers.set(name, value);
  }
  return headers;
}

function bodyOf(request: PipelineRequest): string | ArrayBuffer | Uint8Array<ArrayBuffer> | null {
  const body: unknown = request.body;
  if (body === undefined || body === null) return null;
  if (typeof body === "string" || body instanceof ArrayBuffer) return body;
  if (ArrayBuffer.isView(body)) return new Uint8Array(new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
  throw unsupported(request, "a body that is neither text nor bytes");
}

function unsupported(request: PipelineRequest, what: string): Fault {
  return new Fault("defect", `${request.method} ${pathOf(request)} has ${what}; expected text or bytes`);
}

/** The address without its query, which may hold a signature. */
function pathOf({ url }: PipelineRequest): string {
  const { host, pathname } = new URL(url);
  return host + pathname;
}

/** `fetch failed` alone says nothing; the reason is in its cause. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause instanceof Error ? `${thrown.message}: ${thrown.cause.message}` : thrown.message;
}
