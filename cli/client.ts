import { jsonOrNothing } from "../shared/ports/json-or-nothing.ts";
import { Fault, type FaultKind } from "../shared/fault/fault.ts";

/** The API of a running Nightshift, for the commands that need one. */
export interface Client {
  /** @param has fields that the answer must have for us to read it; none for a list. */
  get<Answer>(path: string, has?: Fields<Answer>): Promise<Answer>;
  post<Answer>(path: string, body: object, has?: Fields<Answer>): Promise<Answer>;
  /** An answer as it comes, for what is no JSON. */
  file(path: string): Promise<Buffer>;
}

type Fields<Answer> = readonly (keyof Answer & string)[];

/** By what a host may know us. */
export interface Credentials {
  /** Who acts, where the host believes it (a local one). */
  readonly as?: string | undefined;
  /** A machine's key, `NAME:VALUE`: says who calls. */
  readonly key?: string | undefined;
  /** Opens the Functions host in Azure; says nothing about who calls. */
  readonly functionKey?: string | undefined;
}

const KIND_OF_STATUS: Readonly<Record<number, FaultKind>> = { 400: "invalid", 401: "denied", 403: "denied", 404: "absent", 409: "conflict", 422: "rejected", 429: "throttled" };

const OPTION_OF: Readonly<Record<string, string>> = { "x-nightshift-operator": "--as", "x-nightshift-key": "--key", "x-functions-key": "--function-key" };

/**
 * @param origin e.g. `http://127.0.0.1:7071`.
 * @throws (each call) Fault of the kind that the answer's status means, with the problem's own words.
 */
export function clientOf(origin: string, { as: operator, key, functionKey }: Credentials): Client {
  const base = baseOf(origin);
  async function send(path: string, init: RequestInit): Promise<Buffer> {
    // An empty part, or dots, would lead to another address than the one that is meant.
    const [place = ""] = path.split("?");
    if (place.split("/").some((part) => /^\.{0,2}$/.test(part))) throw new Fault("invalid", `there is no ${place}: expected the name of a run, a window or an amendment`);
    const headers = {
      "content-type": "application/json",
      ...(operator === undefined ? {} : { "x-nightshift-operator": operator }),
      ...(key === undefined ? {} : { "x-nightshift-key": key }),
      ...(functionKey === undefined ? {} : { "x-functions-key": functionKey }),
    };
    for (const [name, value] of Object.entries(headers))
      if (!/^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value)) throw new Fault("invalid", `${OPTION_OF[name] ?? name}: a letter of it cannot be sent in a header of HTTP`);
    let answer: Response;
    let body: Buffer;
    try {
      answer = await fetch(`${base}/api/v1/${path}`, { ...init, headers, redirect: "error", signal: AbortSignal.timeout(30_000) });
      body = Buffer.from(await answer.arrayBuffer());
    } catch (cause) {
      throw new Fault("unavailable", `no Nightshift answers at ${origin}: ${whyUnanswered(cause)}. Is it running? Set --server or NIGHTSHIFT_SERVER.`, { cause });
    }
    if (answer.ok) return body;
    const text = body.toString("utf8");
    const detail = problemOf(text) ?? `${path} of ${origin} answered with status ${answer.status}, and not as Nightshift does; is --server its address?`;
    throw new Fault(KIND_OF_STATUS[answer.status] ?? "unavailable", detail);
  }
  async function json<Answer>(path: string, init: RequestInit, has: Fields<Answer> | undefined): Promise<Answer> {
    const text = (await send(path, init)).toString("utf8");
    const value = jsonOrNothing(text);
    const isOne = has === undefined ? Array.isArray(value) : typeof value === "object" && value !== null && has.every((field) => Object.hasOwn(value, field));
    if (!isOne)
      throw new Fault(
        "unavailable",
        `${path} of ${origin} did not answer as Nightshift does: expected ${has === undefined ? "a list" : `an object with ${has.join(", ")}`}; is --server its address, and its version ours?`,
      );
    return value as Answer;
  }
  return {
    get: (path, has) => json(path, { method: "GET" }, has),
    post: (path, body, has = []) => json(path, { method: "POST", body: JSON.stringify(body) }, has),
    file: (path) => send(path, { method: "GET" }),
  };
}

/** @throws Fault `invalid` for what is no address. */
function baseOf(origin: string): string {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new Fault("invalid", `--server ${JSON.stringify(origin)}: expected an address such as http://127.0.0.1:7171`);
  return origin.replace(/\/$/, "");
}

/** Undici says «fetch failed», and why only in its cause. */
function whyUnanswered(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return inner instanceof Error ? inner.message : String(inner);
}

function problemOf(text: string): string | undefined {
  const { detail } = (jsonOrNothing(text) ?? {}) as { detail?: unknown };
  return typeof detail === "string" ? detail : undefined;
}
