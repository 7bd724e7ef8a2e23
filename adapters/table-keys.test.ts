import fc from "fast-check";
import { expect, it } from "vitest";
import { endOf, keyOf, nameOf } from "./table-keys.ts";

const Name = fc.string({ unit: "grapheme", maxLength: 30 }).map((text) => text.toWellFormed());

it("makes keys that can be turned back into their names (K1)", () => {
  fc.assert(fc.property(Name, (name) => nameOf(keyOf(name)) === name));
});

it("makes keys of signs that Azure allows and no filter or address changes, and none of its own separators (K2)", () => {
  fc.assert(fc.property(Name, (name) => /^[A-Za-z0-9._ |=-]*$/.test(keyOf(name))));
});

it("makes a range of a prefix (K3)", () => {
  fc.assert(
    fc.property(Name, Name, (prefix, other) => {
      const key = keyOf(other);
      const isInRange = key >= keyOf(prefix) && key < endOf(keyOf(prefix));

      return isInRange === other.startsWith(prefix) && keyOf(prefix + other) < endOf(keyOf(prefix));
    }),
  );
});

it("stays readable for the names that streams have", () => {
  expect(keyOf("target/patch-web/IC-Web1")).toBe("target|patch-web|IC-Web1");
});

it("refuses a name that would not fit", () => {
  expect(() => keyOf("x".repeat(481))).toThrow(expect.objectContaining({ kind: "invalid" }));
});
