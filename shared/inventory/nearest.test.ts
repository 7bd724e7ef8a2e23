import * as fc from "fast-check";
import { expect, it } from "vitest";
import { nearest } from "./nearest.ts";

const KNOWN = ["IC-App1", "IC-App2", "IC-App-Test1", "IC-Web1", "Kong_Infrastructure", "Hub_Infrastructure", "dailyops"];

it.each([
  ["ic-app1", "IC-App1"],
  ["IC-Ap1", "IC-App1"],
  ["IC-Wbe1", "IC-Web1"],
  ["KongInfrastructure", "Kong_Infrastructure"],
  ["hub", "Hub_Infrastructure"],
  ["daily-ops", "dailyops"],
])("%s may have meant %s", (wanted, expected) => {
  expect(nearest(wanted, KNOWN)[0]).toBe(expected);
});

it("has nothing to say about a name that is far from all", () => {
  expect(nearest("maintenance", KNOWN)).toEqual([]);
});

const names = fc.array(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 20 });

it("names at most three of the known ones, the same whatever their order, and the name itself first if it is known", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 20 }), names, (wanted, known) => {
      const found = nearest(wanted, known);

      expect(found.length).toBeLessThanOrEqual(3);
      for (const name of found) expect(known).toContain(name);
      expect(new Set(nearest(wanted, known.toReversed()))).toEqual(new Set(found));
    }),
  );
});

it("finds a name after any one slip", () => {
  fc.assert(
    fc.property(fc.constantFrom(...KNOWN), fc.nat(), fc.constantFrom("drop", "double", "swap"), (name, at, slip) => {
      const index = at % (name.length - 1);
      const wanted = {
        drop: name.slice(0, index) + name.slice(index + 1),
        double: name.slice(0, index + 1) + name.slice(index),
        swap: name.slice(0, index) + name.charAt(index + 1) + name.charAt(index) + name.slice(index + 2),
      }[slip];

      expect(nearest(wanted, KNOWN)).toContain(name);
    }),
  );
});
