import { Fault, type FaultKind } from "../../shared/fault/fault.ts";
import { deadlineAfter } from "../../shared/ports/deadline.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { retryAfterMs } from "../../shared/ports/retry-after.ts";
import type { FirewallPlace } from "./connector.ts";
import { xpathName } from "./names.ts";
import { type Element, elementsOf, responseOf, textOf } from "./xml.ts";

/** One firewall's two APIs, as one of our accounts. */
export interface Client {
  /** An XML request. @returns the `response`. */
  xml(what: string, fields: Readonly<Record<string, string>>): Promise<Element>;
  /** A part of the running configuration; empty when there is nothing at that path. */
  show(what: string, xpath: string): Promise<Element>;
  /** In the candidate configuration of a virtual system. */
  create(vsys: string, resource: Resource, name: string, fields: Readonly<Record<string, unknown>>): Promise<void>;
  remove(vsys: string, resource: Resource, name: string): Promise<void>;
}

type Resource = "Addresses" | "Tags";

const DEADLINE_MS = 30_000;
/** The vendor's limit for calls at a time to one management plane. */
const MOST_AT_ONCE = 5;

/** Clients whose calls to one firewall, whoever makes them, are at most five at a time. */
export function clientOf(restVersion: string, { fetch, secrets }: Outside): (place: FirewallPlace, keySecret: string) => Client {
  const lines = new Map<string, ReturnType<typeof atMost>>();

  return (place, keySecret) => {
    const origin = originOf(place);
    const inLine = lines.get(origin) ?? atMost(MOST_AT_ONCE);
    lines.set(origin, inLine);

    /** @returns status and body; throws for what is an error by its status alone. */
    async function call(
      what: string,
      path: string,
      init: { readonly method: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string | URLSearchParams },
    ): Promise<{ status: number; text: string }> {
      const key = await secrets.read(keySecret);
      return await inLine(async () => {
        try {
          const response = await fetch(new URL(path, origin), {
            ...init,
            redirect: "error",
            headers: { ...init.headers, "X-PAN-KEY": key.reveal() },
            signal: deadlineAfter(DEADLINE_MS),
          });
          const text = await response.text();
          const kind = kindOfStatus(response.status);
          if (kind !== undefined)
            throw faultOf(place, what, kind, reasonIn(text) ?? `it answered ${response.status}`, { status: response.status, retryAfterMs: retryAfterMs(response.headers) });
          return { status: response.status, text };
        } catch (thrown) {
          if (thrown instanceof Fault || !(thrown instanceof Error)) throw thrown;
          throw faultOf(place, what, "unavailable", `it did not answer: ${thrown.cause instanceof Error ? thrown.cause.message : thrown.message}`);
        }
      });
    }

    async function xml(what: string, fields: Readonly<Record<string, string>>): Promise<Element> {
      const { text } = await call(what, "/api/", { method: "POST", body: new URLSearchParams(fields) });
      const response = responseOf(text);
      const status = textOf(response?.["@status"]);
      if (response === undefined || status === undefined) throw faultOf(place, what, "unavailable", "its answer cannot be read");
      const code = textOf(response["@code"]) ?? "";
      if (status === "success") return response;
      const why = reasonOf(response);
      throw faultOf(
        place,
        what,
        passes(why) ? "throttled" : status.startsWith("unauth") ? "denied" : (XML_KINDS[code] ?? (/no such node|not found/i.test(why) ? "absent" : "rejected")),
        why,
      );
    }

    async function rest(what: string, method: string, resource: Resource, vsys: string, name: string, fields?: Readonly<Record<string, unknown>>): Promise<void> {
      const query = new URLSearchParams({ location: "vsys", vsys: xpathName("virtual system", vsys), name: xpathName("object", name) });
      const body = fields === undefined ? {} : { body: JSON.stringify({ entry: [{ "@name": name, "@location": "vsys", "@vsys": vsys, ...fields }] }) };
      const { status, text } = await call(what, `/restapi/${restVersion}/Objects/${resource}?${query.toString()}`, {
        method,
        headers: { "content-type": "application/json", accept: "application/json" },
        ...body,
      });
      const answer = jsonOf(text);
      if (answer?.["@status"] === "success") return;
      const code = answer?.["code"];
      if (typeof code !== "number") throw faultOf(place, what, "unavailable", `its answer cannot be read (${status})`);
      const why = reasonIn(text) ?? "it does not say why";
      throw faultOf(place, what, passes(why) ? "throttled" : /referenc/i.test(why) ? "conflict" : (REST_KINDS[code] ?? "rejected"), why);
    }

    return {
      xml,
      async show(what, xpath) {
        try {
          return await xml(what, { type: "config", action: "show", xpath });
        } catch (thrown) {
          if (thrown instanceof Fault && thrown.kind === "absent") return {};
          throw thrown;
        }
      },
      create: (vsys, resource, name, fields) => rest(`create ${name}`, "POST", resource, vsys, name, fields),
      remove: (vsys, resource, name) => rest(`delete ${name}`, "DELETE", resource, vsys, name),
    };
  };
}

/** Codes of the XML API: "PAN-OS XML API Error Codes" of the vendor's API guide. */
const XML_KINDS: Readonly<Record<string, FaultKind>> = {
  "2": "unavailable",
  "3": "unavailable",
  "4": "unavailable",
  "5": "unavailable",
  "7": "absent",
  "10": "conflict",
  "11": "unavailable",
  "13": "absent",
  "15": "denied",
  "16": "denied",
  "21": "unavailable",
  "22": "denied",
  "403": "denied",
};

/** Codes of the REST API: "PAN-OS REST API Error Codes" of the same guide. */
const REST_KINDS: Readonly<Record<number, FaultKind>> = { 4: "unavailable", 5: "absent", 6: "conflict", 7: "denied", 10: "throttled", 14: "unavailable", 16: "denied" };

/** Another commit or validation, or somebody's lock, stands in the way. Nothing was done, and it passes. */
function passes(why: string): boolean {
  return /\bin progress\b|\bother administrators? (is|are) holding\b|\block(ed)? (is )?(held|by|on)\b|\bconfig(uration)? is locked\b/i.test(why);
}

/** Statuses that say all there is to say; the others come with an error inside. */
function kindOfStatus(status: number): FaultKind | undefined {
  if (status === 401) return "denied";
  if (status === 429) return "throttled";
  if (status === 403) return "denied";
  return status === 408 || status >= 500 ? "unavailable" : undefined;
}

const PASSING_WAIT_MS = 30_000;
const AWAY_WAIT_MS = 15_000;

function faultOf(
  { name }: FirewallPlace,
  what: string,
  kind: FaultKind,
  why: string,
  { status, retryAfterMs: wait }: { status?: number; retryAfterMs?: number | undefined } = {},
): Fault {
  const usual = kind === "throttled" ? PASSING_WAIT_MS : status === 503 ? AWAY_WAIT_MS : undefined;
  return new Fault(kind, `could not ${what} on ${name}: ${why}`, { vendor: "pan-os", retryAfterMs: wait ?? usual, cause: { status } });
}

/** What a person needs of an answer in either notation. */
function reasonIn(text: string): string | undefined {
  const json = jsonOf(text);
  const causes = [json?.["details"]].flat().flatMap((detail) => (detail as { causes?: { description?: string }[] } | undefined)?.causes ?? []);
  const told = [typeof json?.["message"] === "string" ? json["message"] : undefined, ...causes.map(({ description }) => description)].filter(
    (part) => part !== undefined && part !== "",
  );
  if (told.length > 0) return plain(told.join(": "));
  const response = json === undefined ? responseOf(text) : undefined;
  return response === undefined ? undefined : reasonOf(response);
}

/** `<msg><line>`, several of them, or `<result><msg>`. */
function reasonOf(response: Element): string {
  const lines = elementsOf(response, "line").flatMap((line) => textOf(line) ?? []);
  const messages = elementsOf(response, "msg").flatMap((message) => textOf(message) ?? []);
  return plain([...lines, ...messages].join("; ")) || `error ${textOf(response["@code"]) ?? "without a code"}`;
}

function plain(text: string): string {
  return text
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim()
    .slice(0, 500);
}

function jsonOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed !== null && typeof parsed === "object" ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** @throws Fault `invalid` for an address to which no key may go. */
function originOf({ name, url }: FirewallPlace): string {
  const { protocol, origin, username, password } = new URL(url);
  if (protocol !== "https:" || username !== "" || password !== "")
    throw new Fault("invalid", `firewall ${name} has the address ${origin}; expected https, without user or password`, { vendor: "pan-os" });
  return origin;
}

/** Runs at most so many at a time; the others wait for their turn, first come, first served. */
function atMost(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= limit) await new Promise<void>((go) => waiting.push(go));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
