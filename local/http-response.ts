import type { ServerResponse } from "node:http";
import type { HttpCookie, TypedData } from "./worker-protocol.ts";

/** Set by the server itself, and wrong when copied from a handler. */
const OWN_HEADERS = new Set(["connection", "keep-alive", "transfer-encoding", "content-length"]);

/** Writes what an HTTP function returned (1.7): its answer, or 204 for nothing. Returns the status. */
export function writeAnswer(response: ServerResponse, returnValue: TypedData | null | undefined): number {
  const http = returnValue?.http;
  if (http === undefined) return writeEmpty(response, 204);
  const status = Number(http.statusCode ?? 200);
  for (const [name, value] of Object.entries(http.headers ?? {})) {
    if (!OWN_HEADERS.has(name.toLowerCase()) && name.toLowerCase() !== "set-cookie") response.setHeader(name, value);
  }
  const cookies = (http.cookies ?? []).map(cookieText);
  const plain = http.headers?.["set-cookie"];
  if (plain !== undefined) cookies.push(plain);
  if (cookies.length > 0) response.setHeader("set-cookie", cookies);
  const body = bytesOf(http.body);
  if (status === 204 || status === 304 || status < 200) return writeEmpty(response, status);
  response.writeHead(status, { "content-length": body.length });
  response.end(body);
  return status;
}

export function writeEmpty(response: ServerResponse, status: number): number {
  response.writeHead(status, status === 204 || status === 304 ? {} : { "content-length": 0 });
  response.end();
  return status;
}

function bytesOf(body: TypedData | undefined): Buffer {
  if (body?.bytes !== undefined) return Buffer.from(body.bytes);
  return Buffer.from(body?.string ?? body?.json ?? "");
}

/** A `Set-Cookie` value as ASP.NET writes it. */
function cookieText({ name, value, domain, path, expires, secure, httpOnly, sameSite, maxAge }: HttpCookie): string {
  const parts = [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`];
  if (expires !== undefined) parts.push(`expires=${new Date(expires.value.seconds * 1_000).toUTCString()}`);
  if (maxAge !== undefined) parts.push(`max-age=${Math.floor(maxAge.value)}`);
  if (domain !== undefined) parts.push(`domain=${domain.value}`);
  parts.push(`path=${path?.value ?? "/"}`);
  if (secure?.value === true) parts.push("secure");
  // `none` on this wire means «not said»; the attribute of that name is `explicitNone`.
  if (sameSite !== undefined && sameSite !== "none") parts.push(`samesite=${sameSite === "explicitNone" ? "none" : sameSite}`);
  if (httpOnly?.value === true) parts.push("httponly");
  return parts.join("; ");
}
