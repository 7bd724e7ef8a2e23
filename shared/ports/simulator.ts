import type { Handshake } from "./transport.ts";

/**
 * A local stand-in for a vendor's HTTP API. Its world is plain JSON, so that it can be kept, compared and printed;
 * what takes time (a pipeline's stages, a reboot) is worked out from instants in the world and `now`, never from
 * timers, so that a world stands still while nobody asks and a killed process loses nothing.
 */
export interface World {
  /** What was really done to the vendor, oldest first. Reading leaves none; the journal may lie, this list does not. */
  readonly effects: Effect[];
}

export interface Effect {
  /** UTC ISO, on the caller's clock. */
  readonly at: string;
  /** Past tense, one word: `queued`, `posted`, `restarted`, `moved`. */
  readonly did: string;
  /** What it was done to, as operators name it: `pipeline Preparation Pipeline`, `server IC-MCC1`. */
  readonly to: string;
  /** Whatever tells two effects apart or explains them; no secrets. */
  readonly with?: Readonly<Record<string, unknown>>;
}

/**
 * Answers one request for the vendor's real address (`https://slack.com/api/…`): the transport has routed it here.
 * `now` is the caller's clock, milliseconds since the epoch. Faults (lost answers, 429, 5xx) are injected around it by
 * the transport, not by it.
 */
export type Handler = (request: Request, now: number) => Promise<Response>;

export interface Simulator<W extends World> {
  /** The `system` of recordings, as the files of the vendors' API descriptions are named. One request may belong to one of several. */
  readonly systems: readonly string[];
  /** Which system a request belongs to, or undefined when it is not for this simulator. */
  systemOf(url: URL, method: string): string | undefined;
  /** An empty, valid world. */
  newWorld(): W;
  handler(world: W): Handler;
  /** For the one vendor-less simulator: what its hosts show in a TLS handshake. */
  handshake?(world: W): Handshake;
}
