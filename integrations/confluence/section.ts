import { type Mark, marksIn } from "../../shared/action/mark.ts";
import { Fault } from "../../shared/fault/fault.ts";

/*
 * The one section of a page that is ours, in storage format: an expand macro, which both of Confluence's editors keep, with our
 * mark as visible text in it. It is found by its mark and not by its attributes, which Confluence adds to and reorders.
 *
 * N1: everything outside of the section is handed back byte for byte. N2: no words of ours can become markup.
 */

export interface Section {
  /** Where it stands in the body. */
  readonly start: number;
  readonly end: number;
  /** Its markup, macro included. */
  readonly markup: string;
  /** Whose it is; the last one, should it quote others. */
  readonly mark: Mark;
}

export interface SectionWords {
  readonly title: string;
  readonly lines: readonly string[];
  readonly link: { readonly before: string; readonly words: string; readonly url: string };
  readonly mark: Mark;
}

/** So that a page stays a page, and is taken by Confluence. The only place that knows. */
export const PAGE_LIMITS = { title: 200, line: 500, lines: 100 } as const;

/** @throws Fault `conflict` when a page has two: people copied it, and nobody can tell which is meant. */
export function sectionIn(body: string): Section | undefined {
  // The innermost macros with a mark: a page layout or an expand of people's around ours is theirs.
  const marked = macrosIn(body).flatMap(({ start, end }): Section[] => {
    const markup = body.slice(start, end);
    const mark = marksIn(wordsOf(markup)).at(-1);
    return mark === undefined ? [] : [{ start, end, markup, mark }];
  });
  const own = marked.filter((one) => !marked.some((other) => other !== one && other.start >= one.start && other.end <= one.end));
  if (own.length > 1)
    throw new Fault("conflict", `the page has ${own.length} sections of Nightshift's (${own.map(({ mark }) => mark.text).join(", ")}); expected one: delete what was copied`, {
      vendor: "confluence",
    });
  return own[0];
}

/** The body with this as its section: in the place of the one that is there, or at the end. */
export function withSection(body: string, markup: string): string {
  const found = sectionIn(body);
  return found === undefined ? `${body}${markup}` : `${body.slice(0, found.start)}${markup}${body.slice(found.end)}`;
}

export function sectionOf(words: SectionWords): string {
  const title = escaped(cut(words.title, PAGE_LIMITS.title));
  return `<ac:structured-macro ac:name="expand"><ac:parameter ac:name="title">${title}</ac:parameter><ac:rich-text-body>${contentOf(words)}</ac:rich-text-body></ac:structured-macro>`;
}

/** What stands in the section, or in a comment where the page may not be edited. */
export function contentOf({ title, lines, link, mark }: SectionWords): string {
  const kept = lines.slice(0, PAGE_LIMITS.lines).map((line) => `<li><p>${escaped(cut(line, PAGE_LIMITS.line))}</p></li>`);
  const left = lines.length - kept.length;
  if (left > 0) kept.push(`<li><p>… and ${left} more, in the report.</p></li>`);
  return [
    `<p><strong>${escaped(cut(title, PAGE_LIMITS.title))}</strong></p>`,
    ...(kept.length === 0 ? [] : [`<ul>${kept.join("")}</ul>`]),
    `<p>${escaped(cut(link.before, PAGE_LIMITS.line))} <a href="${escaped(link.url)}">${escaped(link.words)}</a></p>`,
    `<p>${escaped(mark.text)}</p>`,
  ].join("");
}

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
  return `${words}${markup.slice(after)}`
    .replaceAll(/&(#x[0-9a-f]{1,6}|#\d{1,7}|\w{2,8});/gi, (whole, name: string) => decoded(name) ?? whole)
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** CDATA, comments and tags, each once and in their order; what does not close ends it, as nothing after it can be told. */
function* tokensIn(body: string): Generator<{ readonly start: number; readonly end: number; readonly token: string }> {
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

/** Macros with their places, outer and inner ones; an element that does not close is none. */
function macrosIn(body: string): readonly { readonly start: number; readonly end: number }[] {
  const open: number[] = [];
  const found: { start: number; end: number }[] = [];
  for (const { start, end, token } of tokensIn(body)) {
    if (/^<ac:structured-macro[\s>]/.test(token) && !token.endsWith("/>")) open.push(start);
    else if (/^<\/ac:structured-macro[\s>]/.test(token)) {
      const from = open.pop();
      if (from !== undefined) found.push({ start: from, end });
    }
  }
  return found;
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

function decoded(name: string): string | undefined {
  if (!name.startsWith("#")) return ENTITIES[name];
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
  return code > 0x10_ff_ff ? undefined : String.fromCodePoint(code);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}

/** On one line, without what XML cannot hold or what turns writing around, and no longer than it may be. */
function cut(text: string, most: number): string {
  const clean = text
    .replaceAll(/[\p{Cc}\p{Cs}\p{Cn}\u202a-\u202e\u2066-\u2069]/gu, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  const letters = [...clean];
  return letters.length <= most ? clean : `${letters.slice(0, most - 1).join("")}…`;
}
