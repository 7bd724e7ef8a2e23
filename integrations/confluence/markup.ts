/*
 * Confluence's storage format, as far as finding one's way in it goes: what stands between two places is handed back as it
 * was written, so nothing here parses a body into a tree and writes it anew.
 */

/**
 * The words in a piece of storage format, with single spaces: what a reader sees. Equal words are an unedited section, however
 * Confluence has rewritten its markup.
 */
export function wordsOf(markup: string): string {
  let words = "";
  let after = 0;
  for (const { start, end, token } of tokensIn(markup)) {
    words += `${markup.slice(after, start)}${token.startsWith("<![CDATA[") ? token.slice(9, -3) : " "}`;
    after = end;
  }
  return unescaped(`${words}${markup.slice(after)}`)
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** Text between tags with its entities as letters. */
export function unescaped(text: string): string {
  return text.replaceAll(/&(#x[0-9a-f]{1,6}|#\d{1,7}|\w{2,8});/gi, (whole, name: string) => letterOf(name) ?? whole);
}

export interface Token {
  /** Where it stands in the body. */
  readonly start: number;
  readonly end: number;
  /** As it is written there. */
  readonly token: string;
}

/** CDATA, comments and tags, each once and in their order; what does not close ends it, as nothing after it can be told. */
export function* tokensIn(body: string): Generator<Token> {
  for (let start = body.indexOf("<"); start >= 0;) {
    const end = endOfToken(body, start);
    if (end === undefined) return;
    if (end > start + 1) yield { start, end, token: body.slice(start, end) };
    start = body.indexOf("<", end);
  }
}

/** `start + 1` for a `<` that begins nothing. */
function endOfToken(body: string, start: number): number | undefined {
  for (const [opening, closing] of [
    ["<![CDATA[", "]]>"],
    ["<!--", "-->"],
  ] as const) {
    if (!body.startsWith(opening, start)) continue;
    const end = body.indexOf(closing, start + opening.length);
    return end < 0 ? undefined : end + closing.length;
  }
  if (!/[A-Za-z/]/.test(body[start + 1] ?? "")) return start + 1;
  // Quoted attribute values may hold `>`.
  let quote = "";
  for (let at = start + 1; at < body.length; at++) {
    const letter = body[at] ?? "";
    if (quote !== "") quote = letter === quote ? "" : quote;
    else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === ">") return at + 1;
  }
  return undefined;
}

/** Entities that Confluence may put in the place of letters that we sent. */
const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  hellip: "…",
  ndash: "–",
  mdash: "—",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  laquo: "«",
  raquo: "»",
  middot: "·",
  rarr: "→",
};

function letterOf(name: string): string | undefined {
  if (!name.startsWith("#")) return ENTITIES[name];
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
  return code > 0x10_ff_ff ? undefined : String.fromCodePoint(code);
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}

/** On one line, without what XML cannot hold or what turns writing around, and no longer than it may be. */
export function cut(text: string, most: number): string {
  const clean = text
    .replaceAll(/[\p{Cc}\p{Cs}\p{Cn}\u202a-\u202e\u2066-\u2069]/gu, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  const letters = [...clean];
  return letters.length <= most ? clean : `${letters.slice(0, most - 1).join("")}…`;
}
