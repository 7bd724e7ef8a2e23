/**
 * How HTTP leaves the house: the shape of the global `fetch`. Every connector takes one, and gives it to its
 * SDK; Azure's composition passes the global `fetch`, the local one carries requests to simulators and records
 * them. Connectors always speak to the vendor's real addresses, so that what is recorded is what would be sent.
 */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
