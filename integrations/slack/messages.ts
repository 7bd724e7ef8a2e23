import type { ChatText } from "./connector.ts";

/** Slack's limits as far as our messages meet them, in characters after escaping; the only place that knows them. */
export const SLACK_LIMITS = {
  /** Slack cuts at 40,000 and asks for 4,000. */
  text: 4_000,
  paragraph: 3_000,
  /** Of the 50 that a message may have; a longer list belongs into the report. */
  paragraphs: 6,
  /** Ours: what a phone shows of one line without scrolling for ever. */
  line: 600,
} as const;

export interface Words {
  /** Shown in bold, first. */
  readonly title?: string;
  readonly lines: readonly string[];
  /** Where the rest stands when it does not fit; shown at the end. */
  readonly reportUrl?: string;
  /** Another place to lead to, shown at the end. */
  readonly link?: { readonly url: string; readonly words: string };
  /** Slack user ids. */
  readonly mention?: readonly string[];
}

/**
 * A message from plain words: escaped, so that nothing in them can mention, link or format as Slack's own, and cut to
 * Slack's limits with a pointer to the report.
 */
export function messageOf({ title, lines, reportUrl, link, mention = [] }: Words): ChatText {
  const report = [...(link === undefined ? [] : [linkOf(link.url, link.words)]), ...(reportUrl === undefined ? [] : [linkOf(reportUrl, "Report")])];
  const head = [...(title === undefined ? [] : [`*${plain(title, SLACK_LIMITS.line)}*`]), ...(mention.length === 0 ? [] : [mention.map((user) => `<@${user}>`).join(" ")])];
  const body = lines
    .flatMap((line) => line.split(/\r?\n/))
    .filter((line) => line.trim() !== "")
    .map((line) => plain(line, SLACK_LIMITS.line));
  return { text: packed(head, body, report, 1, SLACK_LIMITS.text)[0] ?? "", paragraphs: packed(head, body, report, SLACK_LIMITS.paragraphs, SLACK_LIMITS.paragraph) };
}

/** Escaped, instants as Slack's own, which every reader sees in their zone; at most `limit` characters. */
export function plain(text: string, limit: number): string {
  return cut(withoutControls(text), limit).replaceAll(INSTANT, (instant) => {
    const at = new Date(instant);
    return `<!date^${Math.floor(at.getTime() / 1_000)}^{date_short_pretty} {time}|${instant.slice(0, 10)} ${instant.slice(11, 16)} UTC>`;
  });
}

const INSTANT = /\b\d{4}-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,3})?)?Z\b/g;

/** A link that cannot end early, whatever the address holds. */
export function linkOf(url: string, words: string): string {
  const target = url.replaceAll("|", "%7C").replaceAll("<", "%3C").replaceAll(">", "%3E").replaceAll("&", "&amp;");
  return `<${withoutControls(target).replaceAll(" ", "%20")}|${plain(words, SLACK_LIMITS.line)}>`;
}

/** Fills up to `most` paragraphs of `limit` characters with whole lines; `head` comes first and `tail` last, always. */
function packed(head: readonly string[], body: readonly string[], tail: readonly string[], most: number, limit: number): string[] {
  const paragraphs: string[] = [];
  let current = head.join("\n");
  for (const [index, line] of body.entries()) {
    const rest = [more(body.length - index, tail), ...tail].join("\n");
    const lastOne = paragraphs.length === most - 1;
    const fits = (current === "" ? 0 : current.length + 1) + line.length <= limit - (lastOne ? rest.length + 1 : 0);
    if (!fits && lastOne) return [...paragraphs, [current, rest].filter((part) => part !== "").join("\n")];
    if (!fits) {
      paragraphs.push(current);
      current = line;
    } else {
      current = current === "" ? line : `${current}\n${line}`;
    }
  }
  const ending = tail.join("\n");
  if (ending !== "" && current.length + 1 + ending.length > limit) return [...paragraphs, current, ending];
  return [...paragraphs, [current, ending].filter((part) => part !== "").join("\n")].filter((part) => part !== "");
}

function more(count: number, tail: readonly string[]): string {
  const lines = count === 1 ? "1 more line" : `${count} more lines`;
  return tail.length === 0 ? `… and ${lines}.` : `… and ${lines}, in the report:`;
}

/** Escapes and cuts between characters, never within one or within an escape. */
function cut(text: string, limit: number): string {
  let escaped = "";
  for (const character of text) {
    const next = ESCAPES[character] ?? character;
    if (escaped.length + next.length > limit - 1) return `${escaped}…`;
    escaped += next;
  }
  return escaped;
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** Control characters and those that turn the direction of text have no business in a message. */
function withoutControls(text: string): string {
  return text.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, " ");
}
