import { connect as connectTls } from "node:tls";
import { z } from "zod";
import { Fault } from "../../shared/fault/fault.ts";
import { deadlineAfter } from "../../shared/ports/deadline.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { retryAfterMs } from "../../shared/ports/retry-after.ts";
import type { Handshake, ShownCertificate } from "../../shared/ports/transport.ts";

/** Looks at web sites as a visitor does. */
export interface Web {
  /**
   * Opens an address, follows redirects, reads the page.
   * @throws Fault `unavailable` when nobody answers in time, `rejected` for an endless redirect.
   */
  visit(address: string): Promise<Visit>;
  /** The certificate that the address's host shows. @throws Fault `unavailable` when TLS could not be set up. */
  certificate(address: string): Promise<ShownCertificate>;
}

export interface Visit {
  readonly status: number;
  /** Addresses that sent us on, in order; empty when the first one answered. */
  readonly redirects: readonly string[];
  /** The address that answered in the end. */
  readonly address: string;
  /** The first megabyte of it. */
  readonly page: string;
  /** From the first request to the end of the page. */
  readonly latencyMs: number;
  /** What the site asked us to wait, where it did. */
  readonly retryAfterMs?: number;
}

/** Sites need no credentials. */
export const WebSettings = z.strictObject({});
export type WebSettings = z.infer<typeof WebSettings>;

const DEADLINE_MS = 20_000;
const MOST_REDIRECTS = 5;
const MOST_PAGE_BYTES = 1_000_000;

export function connectWeb(_settings: WebSettings, { fetch, clock, handshake = tlsHandshake }: Outside): Web {
  return {
    async visit(address) {
      const startedAt = clock.now();
      const signal = deadlineAfter(DEADLINE_MS);
      const redirects: string[] = [];
      for (let at = address; ;) {
        const response = await translate(at, () => fetch(at, { redirect: "manual", headers: { accept: "text/html,*/*", "user-agent": "nightshift" }, signal }));
        const next = response.headers.get("location");
        if (response.status >= 300 && response.status < 400 && next !== null) {
          redirects.push(at);
          if (redirects.length > MOST_REDIRECTS) throw new Fault("rejected", `${address} was sent on more than ${MOST_REDIRECTS} times, last by ${at}`, { vendor: "web" });
          at = onward(at, next);
          continue;
        }
        const page = await translate(at, () => beginningOf(response));
        const waitMs = retryAfterMs(response.headers, clock.now());
        return {
          status: response.status,
          redirects,
          address: at,
          page,
          latencyMs: clock.now() - startedAt,
          ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
        };
      }
    },

    async certificate(address) {
      const { hostname, port } = new URL(address);
      return translate(address, () => handshake(hostname, port === "" ? 443 : Number(port)));
    },
  };
}

/** Where a redirect leads: to the web, and nowhere else. */
function onward(from: string, location: string): string {
  const to = URL.canParse(location, from) ? new URL(location, from) : undefined;
  if (to === undefined || !["http:", "https:"].includes(to.protocol)) {
    throw new Fault("rejected", `${from} sends visitors to ${JSON.stringify(location)}, which is no web address`, { vendor: "web" });
  }
  return to.href;
}

async function beginningOf(response: Response): Promise<string> {
  if (response.body === null) return "";
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body) {
    parts.push(part);
    bytes += part.byteLength;
    if (bytes >= MOST_PAGE_BYTES) break;
  }
  return new TextDecoder().decode(Buffer.concat(parts).subarray(0, MOST_PAGE_BYTES));
}

const tlsHandshake: Handshake = (host, port) =>
  new Promise((resolve, reject) => {
    // An expired certificate is what we want to read, so it must not end the handshake. Nothing is sent over it.
    const socket = connectTls({ host, port, servername: host, rejectUnauthorized: false, timeout: DEADLINE_MS }, () => {
      const { subject, valid_to } = socket.getPeerCertificate();
      socket.destroy();
      if (valid_to === undefined) reject(new Error(`${host} shows no certificate`));
      else resolve({ subject: [subject.CN].flat().join(", "), validTo: new Date(valid_to).toISOString() });
    });
    socket.once("timeout", () => socket.destroy(new Error(`${host}:${port} did not finish the TLS handshake in ${DEADLINE_MS / 1_000} s`)));
    socket.once("error", reject);
  });

/** No answer from a site is all that can go wrong here; every answer is a result. */
async function translate<T>(address: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (cause instanceof Fault || !(cause instanceof Error)) throw cause;
    const why = cause.cause instanceof Error ? cause.cause.message : cause.message;
    throw new Fault("unavailable", `${address} does not answer: ${why}`, { vendor: "web", cause });
  }
}
