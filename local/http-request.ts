import type { IncomingMessage } from "node:http";
import type { HttpData } from "./worker-protocol.ts";

/** A request's body, or `"too-long"` as soon as it is known to exceed `limitBytes`. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Uint8Array | "too-long"> {
  if (Number(request.headers["content-length"] ?? 0) > limitBytes) return "too-long";
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limitBytes) return "too-long";
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The typed value of a request (1.7): header names in lower case, several values of one name joined by a comma. */
export function httpData(request: IncomingMessage, url: URL, params: Readonly<Record<string, string>>, body: Uint8Array): HttpData {
  // Names are the caller's: `constructor` and `__proto__` are names like any other.
  const headers = new Map<string, string[]>();
  for (let at = 0; at < request.rawHeaders.length; at += 2) add(headers, (request.rawHeaders[at] ?? "").toLowerCase(), request.rawHeaders[at + 1] ?? "");
  const query = new Map<string, string[]>();
  for (const [name, value] of url.searchParams) add(query, name, value);
  return {
    url: url.href,
    method: request.method ?? "GET",
    nullableHeaders: nullable(headers),
    nullableQuery: nullable(query),
    nullableParams: nullable(new Map(Object.entries(params).map(([name, value]) => [name, [value]]))),
    ...(body.length === 0 ? {} : { body: { bytes: body } }),
  };
}

function add(lists: Map<string, string[]>, name: string, value: string): void {
  const known = lists.get(name);
  if (known === undefined) lists.set(name, [value]);
  else known.push(value);
}

function nullable(lists: ReadonlyMap<string, readonly string[]>): Record<string, { value: string }> {
  return Object.fromEntries([...lists].map(([name, values]) => [name, { value: values.join(",") }]));
}

/** The absolute URL that the caller asked for: by its Host header, so that answers point back to where it came from. */
export function urlOf(request: IncomingMessage): URL | undefined {
  return URL.parse(request.url ?? "/", `http://${request.headers.host ?? "127.0.0.1"}`) ?? undefined;
}
