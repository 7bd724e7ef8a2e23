/**
 * A number in [0, 1) from a seed and names: the same for the same, and unrelated for others. Chances hang on what they are
 * about and not on how many were drawn before, so that leaving one misfortune out does not redraw all that come later.
 */
export function chanceOf(seed: number, ...names: readonly (string | number)[]): number {
  return hashOf(`${seed}\n${names.join("\n")}`) / 4_294_967_296;
}

/** A whole number in [from, to], in the same way. */
export function numberOf(from: number, to: number, seed: number, ...names: readonly (string | number)[]): number {
  return from + Math.floor(chanceOf(seed, ...names) * (to - from + 1));
}

/** One of several, in the same way; undefined when there is none. */
export function oneOf<Item>(items: readonly Item[], seed: number, ...names: readonly (string | number)[]): Item | undefined {
  return items[Math.floor(chanceOf(seed, ...names) * items.length)];
}

/** A 32-bit number from a text: FNV-1a, then the finalizer of MurmurHash3, without which texts that differ in their last letter lie close together. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
