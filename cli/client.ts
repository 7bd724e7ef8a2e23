import { Fault, type FaultKind } from "../shared/fault/fault.ts";

/** The API of a running Nightshift, for the commands that need one. */
export interface Client {
  get<Answer>(path: string): Promise<Answer>;
  post<Answer>(path: string, body: object): Promise<Answer>;
  /** An answer as it comes, for what is no JSON. */
  file(path: string): Promise<Buffer>;
}

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

/**
 * @param origin e.g. `http://127.0.0.1:7071`.
 * @throws (each call) Fault of the kind that the answer's status means, with the problem's own words.
 */
export function clientOf(origin: string, { as: operator, key, functionKey }: Credentials): Client {
  async function send(path: string, init: RequestInit): Promise<Buffer> {
    const headers = {
      "content-type": "application/json",
      ...(operator === undefined ? {} : { "x-nightshift-operator": operator }),
      ...(key === undefined ? {} : { "x-nightshift-key": key }),
      ...(functionKey === undefined ? {} : { "x-functions-key": functionKey }),
    };
    let answer: Response;
    let body: Buffer;
    try {
      answer = await fetch(`${origin.replace(/\/$/, "")}/api/v1/${path}`, { ...init, headers, redirect: "error", signal: AbortSignal.timeout(30_000) });
      body = Buffer.from(await answer.arrayBuffer());
    } catch (cause) {
      throw new Fault(
        "unavailable",
        `no Nightshift answers at ${origin}: ${cause instanceof Error ? cause.message : String(cause)}. Is it running? Set --server or NIGHTSHIFT_SERVER.`,
        { cause },
      );
    }
    if (answer.ok) return body;
    const text = body.toString("utf8");
    const detail = problemOf(text) ?? (text.slice(0, 500) || `status ${answer.status}`);
    throw new Fault(KIND_OF_STATUS[answer.status] ?? "unavailable", detail);
  }
  async function json<Answer>(path: string, init: RequestInit): Promise<Answer> {
    return JSON.parse((await send(path, init)).toString("utf8")) as Answer;
  }
  return {
    get: (path) => json(path, { method: "GET" }),
    post: (path, body) => json(path, { method: "POST", body: JSON.stringify(body) }),
    file: (path) => send(path, { method: "GET" }),
  };
}

function problemOf(text: string): string | undefined {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown };
    return typeof detail === "string" ? detail : undefined;
  } catch {
    return undefined;
  }
}
