import type { Repair } from "./tree.ts";

/** Bytes of Windows-1252 that are not the code point of the same number: what UTF-8 looks like when it was read as that. */
const WINDOWS_1252: ReadonlyMap<string, number> = new Map(
  [..."€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"].map((character, index) => [character, 0x80 + index] as const),
);
const DAMAGED = /[\u00c2-\u00f4][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{1,3}/g;

/** Characters that look like others and would keep words from being recognised. */
const PLAIN: readonly (readonly [RegExp, string])[] = [
  [/[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g, " "],
  [/[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]/g, ""],
  // oxlint-disable-next-line no-control-regex -- a control character on a page is damage
  [/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, ""],
  [/[\u2018\u2019\u201a\u201b\u2032]/g, "'"],
  [/[\u201c\u201d\u201e\u201f\u2033]/g, '"'],
  [/[\u2010\u2011\u2012\u2013\u2014\u2015\u2212]/g, "-"],
  [/\u2026/g, "..."],
];

/**
 * Text as it was meant: mojibake read again as the UTF-8 it is, typographic quotes, dashes and spaces made plain.
 * What was more than a space or a quote is told to `repairs`, with `line`.
 */
export function repaired(text: string, line: number, repairs: Repair[]): string {
  const decoded = text.replaceAll(DAMAGED, (damaged) => utf8Of(damaged) ?? damaged);
  if (decoded !== text) repairs.push({ line, was: text.trim().slice(0, 200), now: decoded.trim().slice(0, 200) });
  const plain = PLAIN.reduce((all, [from, to]) => all.replaceAll(from, to), decoded);
  const twice = /\b([a-z]{2,})\s+\1\b/i.exec(plain);
  if (twice !== null) repairs.push({ line, was: twice[0], now: twice[1] ?? "" });
  return plain;
}

function utf8Of(damaged: string): string | undefined {
  for (let length = damaged.length; length >= 2; length--) {
    const bytes = Array.from(damaged.slice(0, length), (character) => WINDOWS_1252.get(character) ?? character.charCodeAt(0));
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(bytes)) + damaged.slice(length);
    } catch {
      // A shorter run may be what was damaged.
    }
  }
  return undefined;
}
