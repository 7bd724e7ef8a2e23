/** The only source of time. Milliseconds since the Unix epoch; instants on a wire are UTC ISO strings. */
export interface Clock {
  now(): number;
}

/** `2024-12-08T01:00:00.000Z`, the one form in which instants are stored and sent. */
export function isoOf(instantMs: number): string {
  return new Date(instantMs).toISOString();
}
