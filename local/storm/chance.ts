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

/**
 * Chances of many names that begin alike, e.g. with a seed and a kind: `chancesAfter("7\nlost answer\n").of("GET x\n3")` is what
 * `chanceOf(7, "lost answer", "GET x", 3)` is, and what they have in common is hashed once.
 */
export interface Chances {
  of(rest: string): number;
  /** Of those that begin with this besides. */
  after(more: string): Chances;
}

export function chancesAfter(beginning: string): Chances {
  return chancesFrom(mixedIn(OFFSET, beginning));
}

function chancesFrom(begun: number): Chances {
  return {
    of: (rest) => finished(mixedIn(begun, rest)) / 4_294_967_296,
    after: (more) => chancesFrom(mixedIn(begun, more)),
  };
}

const OFFSET = 0x811c9dc5;

/** A 32-bit number from a text: FNV-1a, then the finalizer of MurmurHash3, without which texts that differ in their last letter lie close together. */
export function hashOf(text: string): number {
  return finished(mixedIn(OFFSET, text));
}

function mixedIn(before: number, text: string): number {
  let hash = before;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}

function finished(mixed: number): number {
  let hash = mixed;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
