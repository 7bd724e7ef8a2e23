/** As much of an answer's headers as is read here, by whichever library the answer came. */
export interface ReadHeaders {
  get(name: string): string | null | undefined;
}

/**
 * How long an answer asks to be left alone: `Retry-After` in seconds (some send fractions), or as a date (RFC 9110, 10.2.3).
 *
 * @param now milliseconds since the epoch; a date is counted from the answer's own `Date`, and from here only where it has none.
 * @returns whole milliseconds; `undefined` where nothing is said, or nothing that can be read.
 */
export function retryAfterMs(headers: ReadHeaders | undefined, now?: number): number | undefined {
  const said = headers?.get("retry-after")?.trim();
  if (said === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(said)) return Math.ceil(Number(said) * 1_000);
  const sentAt = Date.parse(headers?.get("date") ?? "");
  const waitMs = Date.parse(said) - (Number.isNaN(sentAt) ? (now ?? NaN) : sentAt);
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}
