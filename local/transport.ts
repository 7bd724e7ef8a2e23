import type { Clock } from "../shared/ports/clock.ts";
import { Fault } from "../shared/fault/fault.ts";
import type { Fetch, Handshake, ShownCertificate } from "../shared/ports/transport.ts";
import { directRequest } from "./direct-request.ts";
import type { Vendors } from "./vendors.ts";
import { CONTROL, HOST_HEADER, NO_ANSWER_HEADER, noAnswer, NOW_HEADER, OF_CONNECTION, PROTO_HEADER } from "./vendors-wire.ts";

/** How connectors reach simulated vendors, at the vendors' real addresses. A recorder may stand around `fetch`. */
export interface LocalTransport {
  readonly fetch: Fetch;
  readonly handshake: Handshake;
}

/** Straight to the simulators in this process, with no socket between: for rehearsals. */
export function directTransport(vendors: Pick<Vendors, "answer" | "handshake">, clock: Clock): LocalTransport {
  return {
    async fetch(input, init) {
      return vendors.answer(directRequest(input, init), clock.now());
    },
    handshake: vendors.handshake,
  };
}

/**
 * To the simulators of another process (see vendors-server.ts).
 *
 * @param origin e.g. `http://127.0.0.1:40123`.
 */
export function socketTransport(origin: string, clock: Clock): LocalTransport {
  return {
    async fetch(input, init) {
      const request = new Request(input, init);
      const url = new URL(request.url);
      const headers = new Headers([...request.headers].filter(([name]) => !OF_CONNECTION.has(name)));
      headers.set(PROTO_HEADER, url.protocol.slice(0, -1));
      headers.set(HOST_HEADER, url.host);
      headers.set(NOW_HEADER, String(clock.now()));
      const body = request.body === null ? null : await request.arrayBuffer();
      const answer = await globalThis.fetch(`${origin}${url.pathname}${url.search}`, { method: request.method, headers, body, redirect: "manual", signal: request.signal });
      const code = answer.headers.get(NO_ANSWER_HEADER);
      if (code !== null) throw noAnswer(code, await answer.text());
      const shown = new Headers([...answer.headers].filter(([name]) => !OF_CONNECTION.has(name)));
      return new Response(BODYLESS.has(answer.status) || request.method === "HEAD" ? null : await answer.arrayBuffer(), {
        status: answer.status,
        statusText: answer.statusText,
        headers: shown,
      });
    },

    async handshake(host, port) {
      const answer = await globalThis.fetch(`${origin}${CONTROL}handshake?host=${encodeURIComponent(host)}&port=${port}`);
      const code = answer.headers.get(NO_ANSWER_HEADER);
      if (code !== null) throw noAnswer(code, await answer.text());
      if (!answer.ok) throw new Fault("defect", `the simulators at ${origin} answered ${answer.status} to a handshake with ${host}:${port}`);
      return (await answer.json()) as ShownCertificate;
    },
  };
}

const BODYLESS: ReadonlySet<number> = new Set([101, 204, 205, 304]);
