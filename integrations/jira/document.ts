/*
 * Documents as Jira wants them (Atlassian Document Format), from plain words. Words are text nodes: nothing in them can
 * become a mention, a link or markup.
 */
// Types and not interfaces, so that they fit the open records of jira.js.
// oxlint-disable-next-line typescript/consistent-type-definitions
export type JiraDocument = { version: 1; type: "doc"; content: Node[] };
// oxlint-disable-next-line typescript/consistent-type-definitions
type Node = { type: string; text?: string; content?: Node[]; marks?: { type: string; attrs?: Record<string, string> }[] };

export interface Words {
  readonly paragraphs: readonly string[];
  readonly bullets?: readonly string[];
  /** Last line: words, and a link. */
  readonly link: { readonly before: string; readonly words: string; readonly url: string };
}

/** Jira takes 32,767 characters in a comment; its own markup counts too, so ours stay well below. The only place that knows. */
export const JIRA_LIMITS = { line: 1_000, lines: 100, text: 16_000 } as const;

/** A comment's document: paragraphs, bullets, and a link at the end; cut to Jira's limits with a pointer to that link. */
export function documentOf({ paragraphs, bullets = [], link }: Words): JiraDocument {
  const { kept, left } = fitting(paragraphs.flatMap(linesOf), bullets.flatMap(linesOf));
  const pointer = left === 0 ? [] : [paragraph([text(`… and ${left === 1 ? "1 more line" : `${left} more lines`}, in the report.`)])];
  return {
    version: 1,
    type: "doc",
    content: [
      ...kept.paragraphs.map((line) => paragraph([text(line)])),
      ...(kept.bullets.length === 0 ? [] : [{ type: "bulletList", content: kept.bullets.map((line) => ({ type: "listItem", content: [paragraph([text(line)])] })) }]),
      ...pointer,
      paragraph([text(`${oneLine(link.before)} `), { ...text(oneLine(link.words)), marks: [{ type: "link", attrs: { href: link.url } }] }]),
    ],
  };
}

function fitting(paragraphs: readonly string[], bullets: readonly string[]) {
  const kept = { paragraphs: [] as string[], bullets: [] as string[] };
  const all = [...paragraphs.map((line) => ({ line, to: kept.paragraphs })), ...bullets.map((line) => ({ line, to: kept.bullets }))];
  let length = 0;
  for (const [index, { line, to }] of all.entries()) {
    if (index === JIRA_LIMITS.lines || length + line.length > JIRA_LIMITS.text) return { kept, left: all.length - index };
    to.push(line);
    length += line.length;
  }
  return { kept, left: 0 };
}

function linesOf(words: string): string[] {
  return words
    .split(/\r?\n/)
    .map(oneLine)
    .filter((line) => line !== "");
}

/** Without what does not belong into a line of text, and no longer than one may be. Empty text nodes are refused by Jira. */
function oneLine(words: string): string {
  const clean = words.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, " ").trim();
  const characters = [...clean];
  return characters.length <= JIRA_LIMITS.line ? clean : `${characters.slice(0, JIRA_LIMITS.line - 1).join("")}…`;
}

function paragraph(content: Node[]): Node {
  return { type: "paragraph", content };
}

function text(words: string): Node {
  return { type: "text", text: words };
}
