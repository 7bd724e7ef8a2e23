import * as fc from "fast-check";
import { expect, it } from "vitest";
import { durationMs, durationText } from "./duration.ts";

it.each([
  ["90s", 90_000],
  ["45m", 2_700_000],
  ["2h", 7_200_000],
  ["1h30m", 5_400_000],
  ["1h0m5s", 3_605_000],
  ["0s", 0],
])("reads %s", (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

it.each(["", "45", "m", "45 m", "30m1h", "1.5h", "-5m", "5m5m", "2d", "１h", "1h\n"])("refuses %j", (text) => {
  expect(durationMs(text)).toBeUndefined();
});

it("reads back whatever it writes, to the second", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9_999 * 3_600 }), (seconds) => {
      expect(durationMs(durationText(seconds * 1_000))).toBe(seconds * 1_000);
    }),
  );
});
