/** A piece of a page's source that a reader sees, and that says something: a key, a time, a number, a name. */
export interface SourceFragment {
  readonly start: number;
  readonly text: string;
}

/** Macro parameters that nobody sees. */
const UNSEEN = /<(?:ac:task-id|ac:task-status|ac:parameter ac:name="(?:server|serverId|colour|language|maxLevel|source)")>[^<]*$/;
const OF_TEXT = /\S+/g;
/** Tags and entities are passed over; what stands between them is seen. */
const OF_STORAGE = /<!\[CDATA\[|\]\]>|<[^>]*>|&#?\w+;|[^\s<>&]+/g;

/** Pieces with a capital or a digit: names, keys, times and numbers all have one. */
export function fragmentsOf(source: string, storage: boolean): readonly SourceFragment[] {
  return [...source.matchAll(storage ? OF_STORAGE : OF_TEXT)].flatMap(({ index, 0: text }): SourceFragment[] => {
    if (storage && (/^[<&\]]/.test(text) || UNSEEN.test(source.slice(Math.max(0, index - 200), index)))) return [];
    return /[\p{Lu}\d]/u.test(text) ? [{ start: index, text }] : [];
  });
}

/** The source without the fragment, and with its last letter or digit another one. */
export function mutantsOf(source: string, { start, text }: SourceFragment): readonly { readonly how: string; readonly source: string }[] {
  const altered = text.replace(/[\p{L}\p{N}](?=[^\p{L}\p{N}]*$)/u, (last) => (/\d/.test(last) ? String((Number(last) + 1) % 10) : last === "q" ? "z" : "q"));
  const put = (words: string): string => source.slice(0, start) + words + source.slice(start + text.length);
  // A name with another letter is another name; numbers are where a plan goes wrong unnoticed.
  return [{ how: `without ${text}`, source: put("") }, ...(/\d/.test(text) ? [{ how: `${altered} for ${text}`, source: put(altered) }] : [])];
}
