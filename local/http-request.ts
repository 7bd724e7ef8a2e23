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
  const headers: Record<string, string[]> = {};
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    (headers[(request.rawHeaders[at] ?? "").toLowerCase()] ??= []).push(request.rawHeaders[at + 1] ?? "");
  }
  const query: Record<string, string[]> = {};
  for (const [name, value] of url.searchParams) (query[name] ??= []).push(value);
  return {
    url: url.href,
    method: request.method ?? "GET",
    nullableHeaders: nullable(headers),
    nullableQuery: nullable(query),
    nullableParams: nullable(Object.fromEntries(Object.entries(params).map(([name, value]) => [name, [value]]))),
    ...(body.length === 0 ? {} : { body: { bytes: body } }),
  };
}

function nullable(lists: Readonly<Record<string, readonly string[]>>): Record<string, { value: string }> {
  return Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, { value: values.join(",") }]));
}

/** The absolute URL that the caller asked for: by its Host header, so that answers point back to where it came from. */
export function urlOf(request: IncomingMessage): URL | undefined {
  return URL.parse(request.url ?? "/", `http://${request.headers.host ?? "127.0.0.1"}`) ?? undefined;
}
