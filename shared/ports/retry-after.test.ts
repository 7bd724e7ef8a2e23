import { describe, expect, it } from "vitest";
import { retryAfterMs } from "./retry-after.ts";

const SENT = "Sun, 08 Dec 2024 11:00:00 GMT";
const NOW = Date.parse("2024-12-08T10:59:30Z");

describe("how long an answer asks to be left alone", () => {
  it.each([
    ["in seconds", { "retry-after": "20" }, 20_000],
    ["in seconds with a fraction", { "retry-after": "0.0005" }, 1],
    ["not at all", { "retry-after": "0" }, 0],
    ["until a date, by the answer's own", { "retry-after": "Sun, 08 Dec 2024 11:01:00 GMT", date: SENT }, 60_000],
    ["until a date, where it has none", { "retry-after": "Sun, 08 Dec 2024 11:01:00 GMT" }, 90_000],
    ["until a date that is past", { "retry-after": "Sun, 08 Dec 2024 10:00:00 GMT", date: SENT }, 0],
  ])("%s", (_how, headers, waitMs) => {
    expect(retryAfterMs(new Headers(headers), NOW)).toBe(waitMs);
  });

  it.each([{}, { "retry-after": "" }, { "retry-after": "soon" }, { "retry-after": "Infinity" }, { date: SENT }])("says nothing: %j", (headers: Record<string, string>) => {
    expect(retryAfterMs(new Headers(headers), NOW)).toBeUndefined();
  });

  it("cannot count to a date from nothing", () => {
    expect(retryAfterMs(new Headers({ "retry-after": SENT }))).toBeUndefined();
  });
});
