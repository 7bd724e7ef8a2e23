import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Keys that callers must show. Their values are never logged. */
export interface HostKeys {
  /** Opens everything, and alone what is `admin`. */
  readonly master: string;
  /** Opens what is `function`. */
  readonly function: string;
  /** Opens the durable client's webhooks; part of the URLs they hand out. */
  readonly durable: string;
}

/** Whether a request may call what has this `authLevel`. Without keys everybody may, as with Core Tools on loopback. */
export function mayCall(authLevel: string, keys: HostKeys | undefined, request: IncomingMessage, url: URL): boolean {
  if (keys === undefined || authLevel.toLowerCase() === "anonymous") return true;
  const header = request.headers["x-functions-key"];
  const shown = url.searchParams.get("code") ?? (typeof header === "string" ? header : "");
  return sameKey(shown, keys.master) || (authLevel.toLowerCase() === "function" && sameKey(shown, keys.function));
}

/** Compares in constant time, whatever the lengths. */
export function sameKey(shown: string, key: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(shown), digest(key));
}
