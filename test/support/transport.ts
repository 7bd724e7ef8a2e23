import { recorder, rememberingSecrets } from "../../local/recorder.ts";
import { Fault } from "../../shared/fault/fault.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { Secret } from "../../shared/ports/secrets.ts";
import type { Simulator, World } from "../../shared/ports/simulator.ts";
import type { Fetch } from "../../shared/ports/transport.ts";

/** What can go wrong between a connector and its vendor. */
export const INJECTED = {
  "timeout before the vendor acted": { kinds: ["unavailable"] },
  "timeout after the vendor acted": { kinds: ["unavailable"] },
  "429 with Retry-After": { kinds: ["throttled"] },
  "500": { kinds: ["unavailable"] },
  "500 after the vendor acted": { kinds: ["unavailable"] },
  "502 with an HTML body": { kinds: ["unavailable"] },
  "connection reset": { kinds: ["unavailable"] },
  "401": { kinds: ["denied"] },
  "malformed answer": { kinds: ["unavailable", "rejected", "failed", "conflict", "invalid"] },
  "answer beyond every deadline": { kinds: ["unavailable"] },
} as const;
export type Injected = keyof typeof INJECTED;

/** Seconds that an injected 429 asks for. */
export const RETRY_AFTER_SECONDS = 7;

/** An `Outside` that ends at a simulator, on a clock that is advanced by hand. */
export interface LocalOutside extends Outside {
  /** Moves the clock of connector and simulator. */
  advance(ms: number): void;
  /** Requests so far, as `METHOD url`; also those that got no answer. */
  readonly requests: readonly string[];
  /** Goes wrong in this way at the request with this index, counted from now. */
  inject(what: Injected, atRequest: number): void;
  /** Nothing goes wrong any more. */
  calm(): void;
  /** The request that went wrong, if it came so far. */
  readonly hit: string | undefined;
  /** Requests that hung and were not called off within three minutes. */
  readonly withoutDeadline: readonly string[];
}

export interface LocalOutsideOptions {
  /** UTC ISO. */
  readonly startAt?: string;
  /** Secrets by name; any other name has the value `canary-value-of-NAME`. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Lets time pass for timers while a request hangs; without it a request that hangs fails at once. */
  readonly passTime?: (ms: number) => Promise<void>;
}

/** Lines of the recording of this test file, oldest first; equal exchanges are kept once. */
export const recording: string[] = [];
/** Every secret that a connector has read in this test file, to search outputs for. */
export const secretsRead = new Map<string, string>();

const kept = new Set<string>();

/**
 * Takes a connector's requests to the handler of a simulator's world, records each exchange that really took place,
 * and makes one of them go wrong when asked to. What is injected lies outside of the recorder: an answer that was lost
 * is in the recording, one that was made up here is not.
 */
export function localOutside<W extends World>(simulator: Simulator<W>, world: W, options: LocalOutsideOptions = {}): LocalOutside {
  let now = Date.parse(options.startAt ?? "2024-12-08T01:00:00.000Z");
  let plan: { what: Injected; left: number } | undefined;
  let hit: string | undefined;
  const requests: string[] = [];
  const withoutDeadline: string[] = [];
  const clock = { now: () => now };
  const secrets = rememberingSecrets({
    async read(name) {
      const value = options.secrets?.[name] ?? `canary-value-of-${name}`;
      secretsRead.set(name, value);
      return new Secret(name, value);
    },
  });
  const handler = simulator.handler(world);
  const delivered = recorder({
    clock,
    systemOf: (url, method) => simulator.systemOf(url, method),
    secretsKnown: secrets.known,
    write: (line) => {
      const { at: _at, run: _run, step: _step, target: _target, ...exchange } = JSON.parse(line) as Record<string, unknown>;
      const same = JSON.stringify(exchange);
      if (!kept.has(same)) recording.push(line);
      kept.add(same);
    },
  }).around((input, init) => {
    const request = new Request(input, init);
    if (simulator.systemOf(new URL(request.url), request.method) === undefined) {
      throw new Fault("defect", `no simulator answers for ${new URL(request.url).host}; the connector calls a host that it should not`);
    }
    return handler(request, now);
  });

  const fetch: Fetch = async (input, init) => {
    const request = new Request(input, init);
    requests.push(`${request.method} ${request.url}`);
    request.signal.throwIfAborted();
    if (plan === undefined || plan.left-- > 0) return delivered(request);
    const { what } = plan;
    plan = undefined;
    hit = `${request.method} ${request.url}`;
    if (what !== "answer beyond every deadline") return wrong(what, request, delivered);
    await delivered(request);
    if (await hungTooLong(request, options.passTime)) withoutDeadline.push(hit);
    throw request.signal.reason ?? new TypeError("the request hung and had no deadline");
  };

  return {
    fetch,
    secrets,
    clock,
    credential: { getToken: () => Promise.resolve({ token: "canary-azure-token", expiresOnTimestamp: now + 3_600_000 }) },
    ...(simulator.handshake === undefined ? {} : { handshake: simulator.handshake(world) }),
    advance: (ms) => void (now += ms),
    requests,
    withoutDeadline,
    inject: (what, atRequest) => {
      plan = { what, left: atRequest };
      hit = undefined;
    },
    calm: () => void (plan = undefined),
    get hit() {
      return hit;
    },
  };
}

/** Longest that a connector may wait for one answer. */
const LONGEST_WAIT_SECONDS = 180;

async function hungTooLong(request: Request, passTime?: (ms: number) => Promise<void>): Promise<boolean> {
  // In small steps, so that time stops as soon as the request is called off and no later deadline runs out by it.
  for (let second = 0; second < LONGEST_WAIT_SECONDS && !request.signal.aborted; second++) await passTime?.(1_000);
  return !request.signal.aborted;
}

async function wrong(what: Exclude<Injected, "answer beyond every deadline">, request: Request, delivered: Fetch): Promise<Response> {
  switch (what) {
    case "timeout before the vendor acted":
      throw new DOMException("The operation was aborted due to timeout", "TimeoutError");
    case "timeout after the vendor acted":
      await delivered(request);
      throw new DOMException("The operation was aborted due to timeout", "TimeoutError");
    case "connection reset":
      throw new TypeError("fetch failed", { cause: Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }) });
    case "429 with Retry-After":
      return made(429, { "retry-after": String(RETRY_AFTER_SECONDS) });
    case "500":
      return made(500);
    case "500 after the vendor acted":
      await delivered(request);
      return made(500);
    case "401":
      return made(401);
    case "502 with an HTML body":
      return new Response("<html><body><h1>502 Bad Gateway</h1></body></html>", { status: 502, headers: { "content-type": "text/html" } });
    case "malformed answer":
      await delivered(request);
      return new Response('{"value": [{"id": 1, ', { status: 200, headers: { "content-type": "application/json" } });
  }
}

/** An answer in the shapes in which most vendors tell errors. */
function made(status: number, headers: Record<string, string> = {}): Response {
  const message = `injected ${status}`;
  return Response.json({ ok: false, success: false, message, error: { code: `Injected${status}`, message }, errors: [{ code: status, message }] }, { status, headers });
}
