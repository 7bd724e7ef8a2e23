/**
 * How a request for a vendor travels over loopback: to the simulators' address, with the vendor's own in headers, and the
 * caller's clock beside it, which is the only one that simulators go by.
 */
export const PROTO_HEADER = "x-forwarded-proto";
export const HOST_HEADER = "x-forwarded-host";
/** Milliseconds since the epoch. */
export const NOW_HEADER = "x-nightshift-now";
/** In an answer: there is none from the vendor, and `fetch` is to fail with this code, e.g. `ENOTFOUND`. */
export const NO_ANSWER_HEADER = "x-nightshift-no-answer";

/** Addresses below it are for those who run the simulators: worlds, effects, reset, health, handshake. */
export const CONTROL = "/_nightshift/";

/** What belongs to the connection, and not to the request or the answer. */
export const OF_CONNECTION: ReadonlySet<string> = new Set(["connection", "keep-alive", "transfer-encoding", "content-length", "host", "upgrade", "te", "trailer", "expect"]);

/** As `fetch` fails when it gets no answer. */
export function noAnswer(code: string, message: string): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(message), { code }) });
}
