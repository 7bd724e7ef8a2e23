import { Fault } from "../shared/fault/fault.ts";

/**
 * Keys of table rows from names of ours.
 *
 * K1  Reversible, and different for different names.
 * K2  Only ASCII that Azure allows in keys and that needs no escaping in its filters or addresses.
 * K3  A name that begins with another has a key that begins with the other's, so that a prefix is a range of keys.
 *
 * Letters, digits, `-`, `.`, `_` and the space stay; `/`, which stands in every stream's name, becomes `|`; everything else,
 * those two signs included, is `=` and two hex digits for each byte of UTF-8. No key holds `:`, `+` or `~`: they are the
 * separators of those who make keys of several parts, and `~` sorts after everything else.
 */
export function keyOf(name: string): string {
  const key = Array.from(name, (character) => (character === "/" ? "|" : PLAIN.test(character) ? character : escaped(character))).join("");
  if (key.length > LONGEST_KEY) {
    throw new Fault("invalid", `the name ${name.slice(0, 80)} … is too long for a table key: ${key.length} signs; expected at most ${LONGEST_KEY}`);
  }
  return key;
}

/** The name that `keyOf` made the key of. */
export function nameOf(key: string): string {
  return Buffer.from(
    key.replaceAll(/[^=]|=([0-9A-F]{2})/g, (sign, hex: string | undefined) => hex ?? (sign === "|" ? "2F" : sign.charCodeAt(0).toString(16).padStart(2, "0"))),
    "hex",
  ).toString("utf8");
}

/** Sorts after every key that begins with `prefix`, whatever follows. */
export function endOf(prefix: string): string {
  return `${prefix}~`;
}

const PLAIN = /^[A-Za-z0-9._ -]$/;

/** Azure allows 1 KiB of UTF-16; the rest is for what others append. */
const LONGEST_KEY = 480;

function escaped(character: string): string {
  return [...Buffer.from(character.toWellFormed(), "utf8")].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}
