import { type Mark, marksIn } from "../../shared/action/mark.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { cut, escaped, tokensIn, wordsOf } from "./markup.ts";

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
  /** What has no line of its own on the page, in words; where there is something, `heading` stands above it. */
  readonly rest?: { readonly heading: string; readonly lines: readonly string[] };
  readonly tables?: readonly SectionTable[];
  /** Name of an attachment of the page, and the words before it. */
  readonly file?: { readonly before: string; readonly name: string };
  readonly link: { readonly before: string; readonly words: string; readonly url: string };
  readonly mark: Mark;
}

export interface SectionTable {
  readonly title: string;
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** So that a page stays a page, and is taken by Confluence. The only place that knows. `rows`: of all tables together. */
export const PAGE_LIMITS = { title: 200, line: 500, lines: 100, rows: 300 } as const;

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
export function contentOf({ title, lines, rest, tables = [], file, link, mark }: SectionWords): string {
  return [
    `<p><strong>${escaped(cut(title, PAGE_LIMITS.title))}</strong></p>`,
    listOf(lines),
    ...(rest === undefined || rest.lines.length === 0 ? [] : [`<p>${escaped(cut(rest.heading, PAGE_LIMITS.line))}</p>`, listOf(rest.lines)]),
    ...tablesOf(tables),
    // Its name has passed the connector's rules for names of attachments.
    ...(file === undefined ? [] : [`<p>${escaped(cut(file.before, PAGE_LIMITS.line))} <ac:link><ri:attachment ri:filename="${escaped(file.name)}" /></ac:link></p>`]),
    `<p>${escaped(cut(link.before, PAGE_LIMITS.line))} <a href="${escaped(link.url)}">${escaped(link.words)}</a></p>`,
    `<p>${escaped(mark.text)}</p>`,
  ].join("");
}

function listOf(lines: readonly string[]): string {
  const kept = lines.slice(0, PAGE_LIMITS.lines).map((line) => `<li><p>${escaped(cut(line, PAGE_LIMITS.line))}</p></li>`);
  const left = lines.length - kept.length;
  if (left > 0) kept.push(`<li><p>… and ${left} more, in the report.</p></li>`);
  return kept.length === 0 ? "" : `<ul>${kept.join("")}</ul>`;
}

function tablesOf(tables: readonly SectionTable[]): readonly string[] {
  let left: number = PAGE_LIMITS.rows;
  const row = (tag: "th" | "td", cells: readonly string[]): string => `<tr>${cells.map((cell) => `<${tag}><p>${escaped(cut(cell, PAGE_LIMITS.line))}</p></${tag}>`).join("")}</tr>`;
  return tables.map(({ title, heads, rows }) => {
    const shown = rows.slice(0, left);
    left -= shown.length;
    const more = rows.length > shown.length ? `<p>… and ${rows.length - shown.length} more, in the tracking workbook.</p>` : "";
    const heading = `<p><strong>${escaped(cut(title, PAGE_LIMITS.title))}</strong></p>`;
    return `${heading}${shown.length === 0 ? "" : `<table><tbody>${row("th", heads)}${shown.map((cells) => row("td", cells)).join("")}</tbody></table>`}${more}`;
  });
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
