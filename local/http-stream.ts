import { request as send } from "node:http";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { ProgrammingModel, TypedData } from "./worker-protocol.ts";

/**
 * HTTP streaming: after `app.setup({ enableHttpStream: true })` the library serves requests itself, at a proxy
 * whose address is its capability `HttpUri`. The host forwards each request there under the invocation's id, and
 * the handler's answer comes back the same way while the invocation still runs (1.1).
 */
const proxies = new WeakMap<ProgrammingModel, string>();

/** Remembers where the library copy behind `model` takes requests. */
export function setStreamProxy(model: ProgrammingModel, httpUri: string): void {
  proxies.set(model, httpUri);
}

/** The proxy of a library copy, or undefined when its app does not stream. */
export function streamProxyOf(model: ProgrammingModel): string | undefined {
  return proxies.get(model);
}

/** The trigger metadata of a streamed request: its headers as JSON, and each route parameter. */
export function streamMetadata(request: IncomingMessage, params: Readonly<Record<string, string>>): Record<string, TypedData> {
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : (value ?? "")]));
  return { ...Object.fromEntries(Object.entries(params).map(([name, value]) => [name, { string: value }])), Headers: { json: JSON.stringify(headers) } };
}

export interface Forwarded {
  /** Resolves with the status when the whole answer has gone to the caller. */
  readonly answered: Promise<number>;
  /** No answer will come; lets go of the proxy. */
  abandon(): void;
}

/** Sends a request with its body to the library's proxy, and its answer on to the caller as it comes. */
export function forward(httpUri: string, invocationId: string, url: URL, request: IncomingMessage, body: Uint8Array, response: ServerResponse): Forwarded {
  const { "transfer-encoding": _chunked, connection: _connection, ...headers } = request.headers;
  const target = new URL(httpUri);
  const sent = send({
    host: target.hostname,
    port: target.port,
    path: `${url.pathname}${url.search}`,
    method: request.method,
    headers: {
      ...headers,
      "content-length": body.length,
      "x-forwarded-host": url.host,
      "x-forwarded-proto": url.protocol.slice(0, -1),
      "x-ms-invocation-id": invocationId,
    } satisfies OutgoingHttpHeaders,
  });
  const answered = new Promise<number>((resolve, reject) => {
    sent.on("error", reject);
    sent.on("response", (answer) => {
      const { "x-ms-invocation-id": _id, connection: _hop, "keep-alive": _keep, "transfer-encoding": _coding, ...kept } = answer.headers;
      response.writeHead(answer.statusCode ?? 200, kept);
      answer.on("error", reject).pipe(response);
      response.on("close", () => resolve(answer.statusCode ?? 200));
    });
  });
  // Heard by whoever awaits it; an abandoned request ends in an error by design.
  answered.catch(() => {});
  sent.end(body);
  return { answered, abandon: () => void sent.destroy() };
}
