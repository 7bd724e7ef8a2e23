import { Fault, type FaultKind } from "../shared/fault/fault.ts";

/** The API of a running Nightshift, for the commands that need one. */
export interface Client {
  get<Answer>(path: string): Promise<Answer>;
  post<Answer>(path: string, body: object): Promise<Answer>;
}

const KIND_OF_STATUS: Readonly<Record<number, FaultKind>> = { 400: "invalid", 401: "denied", 403: "denied", 404: "absent", 409: "conflict", 422: "rejected", 429: "throttled" };

/**
 * @param origin e.g. `http://127.0.0.1:7071`. @param key a function key, where the host asks for one.
 * @throws (each call) Fault of the kind that the answer's status means, with the problem's own words.
 */
export function clientOf(origin: string, operator: string | undefined, key: string | undefined): Client {
  async function send<Answer>(path: string, init: RequestInit): Promise<Answer> {
    const headers = {
      "content-type": "application/json",
      ...(operator === undefined ? {} : { "x-nightshift-operator": operator }),
      ...(key === undefined ? {} : { "x-functions-key": key }),
    };
    let answer: Response;
    try {
      answer = await fetch(`${origin.replace(/\/$/, "")}/api/v1/${path}`, { ...init, headers, signal: AbortSignal.timeout(30_000) });
    } catch (cause) {
      throw new Fault("unavailable", `no Nightshift answers at ${origin}: ${cause instanceof Error ? cause.message : String(cause)}. Is it running? Set --server or NIGHTSHIFT_SERVER.`, { cause });
    }
    const text = await answer.text();
    if (answer.ok) return JSON.parse(text) as Answer;
    const detail = problemOf(text) ?? (text.slice(0, 500) || `status ${answer.status}`);
    throw new Fault(KIND_OF_STATUS[answer.status] ?? "unavailable", detail);
  }
  return {
    get: (path) => send(path, { method: "GET" }),
    post: (path, body) => send(path, { method: "POST", body: JSON.stringify(body) }),
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
