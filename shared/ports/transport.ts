/**
 * How HTTP leaves the house: the shape of the global `fetch`. Every connector takes one, and gives it to its
 * SDK; Azure's composition passes the global `fetch`, the local one carries requests to simulators and records
 * them. Connectors always speak to the vendor's real addresses, so that what is recorded is what would be sent.
 */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** What a host shows when TLS is set up, as far as it says until when visitors will accept it. */
export interface ShownCertificate {
  readonly subject: string;
  /** UTC ISO. */
  readonly validTo: string;
}

/** Sets up TLS with a host, looks at its certificate, and hangs up. Fails as `fetch` does: by throwing. */
export type Handshake = (host: string, port: number) => Promise<ShownCertificate>;
