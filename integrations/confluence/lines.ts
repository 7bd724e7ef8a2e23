import { tokensIn, unescaped } from "./markup.ts";

/** A line of a page as a reader sees it: a paragraph, an item, a task, a heading, a cell, or the part of one up to a break. */
export interface PageLine {
  /** Where something may be added behind its last word. */
  readonly end: number;
  /** What it says in plain text; Jira macros and statuses are not among it. */
  readonly text: string;
  /** Jira keys that it shows, as a macro or as words, each once. */
  readonly keys: readonly string[];
  /** Whether the first thing that it shows is a Jira key. */
  readonly beginsWithKey: boolean;
}

/** Elements at whose begin and end a line ends. */
const BREAKS =
  /^(?:p|div|li|ul|ol|td|th|tr|table|tbody|thead|blockquote|section|h[1-6]|br|hr|ac:task|ac:task-body|ac:task-list|ac:rich-text-body|ac:layout|ac:layout-section|ac:layout-cell)$/;
/** What a reader does not see, or what must be left as it is: nothing is ever added inside. */
const UNSEEN = /^(?:ac:parameter|ac:plain-text-body|ac:task-id|ac:task-uuid|ac:task-status|ac:placeholder|ac:adf-extension|ac:image|script|style|pre)$/;
/** Macros that stand within a line; all others stand on lines of their own. */
const INLINE_MACRO = /ac:name="(?:jira|status|anchor|emoticon|mention|profile)"/;
const KEY = /\b[A-Z][A-Z0-9_]+-\d+\b/g;

/**
 * The lines of a page's body. One pass, no recursion.
 *
 * @param without a place that is left out: our own section.
 */
export function linesIn(body: string, without?: { readonly start: number; readonly end: number }): readonly PageLine[] {
  const lines: PageLine[] = [];
  const unseen: string[] = [];
  const macros: string[] = [];
  let text = "";
  let keys: string[] = [];
  let beginsWithKey = false;
  let after = 0;
  /** A link without words of its own shows the name of what it leads to. */
  let link = { from: 0, name: "" };

  const say = (words: string): void => {
    const found = words.match(KEY) ?? [];
    if (!/[\p{L}\p{N}]/u.test(text) && keys.length === 0 && /^[\s\p{P}]*[A-Z][A-Z0-9_]+-\d+\b/u.test(words)) beginsWithKey = true;
    text += words;
    for (const key of found) if (!keys.includes(key)) keys.push(key);
  };
  const end = (at: number): void => {
    if (/[\p{L}\p{N}]/u.test(text) || keys.length > 0) {
      const blank = /(?:\s|&nbsp;|&#160;)*$/.exec(body.slice(Math.max(0, at - 60), at))?.[0].length ?? 0;
      lines.push({ end: at - blank, text: text.replaceAll(/\s+/g, " ").trim(), keys, beginsWithKey });
    }
    text = "";
    keys = [];
    beginsWithKey = false;
  };

  for (const { start, end: next, token } of tokensIn(body)) {
    const outside = without === undefined || start < without.start || start >= without.end;
    if (unseen.length === 0 && outside && after < start) say(unescaped(body.slice(after, start)));
    after = next;
    if (unseen.length === 0 && outside) {
      if (token.startsWith("<![CDATA[")) say(token.slice(9, -3));
      else if (token.startsWith("<ac:link")) link = { from: text.length, name: "" };
      else if (token.startsWith("<ri:")) link.name = unescaped(/\bri:(?:content-title|filename|value)="([^"]*)"/.exec(token)?.[1] ?? "");
      else if (token.startsWith("</ac:link>") && text.length === link.from) say(link.name);
      else if (token.startsWith("<time")) say(/\bdatetime="([^"]*)"/.exec(token)?.[1] ?? "");
    }
    const [, closing, name = ""] = /^<(\/?)([A-Za-z][\w:-]*)/.exec(token) ?? [];
    if (name === "" || !outside) continue;
    const isEmpty = token.endsWith("/>");
    const isClosing = closing === "/";
    if (name === "ac:structured-macro") {
      if (!isClosing && !isEmpty) macros.push(token);
      const macro = isClosing ? (macros.pop() ?? "") : token;
      if (unseen.length === 0 && !INLINE_MACRO.test(macro)) end(start);
      continue;
    }
    if (UNSEEN.test(name)) {
      if (isClosing) {
        // A Jira macro shows the key that stands in its parameter.
        if (unseen.length === 1 && unseen[0] === "key" && /ac:name="jira"/.test(macros.at(-1) ?? "")) {
          const key = /([A-Z][A-Z0-9_]+-\d+)\s*$/.exec(body.slice(Math.max(0, start - 60), start))?.[1];
          if (key !== undefined) {
            if (!/[\p{L}\p{N}]/u.test(text) && keys.length === 0) beginsWithKey = true;
            if (!keys.includes(key)) keys.push(key);
          }
        }
        unseen.pop();
      } else if (!isEmpty) unseen.push(/ac:name="key"/.test(token) ? "key" : name);
      continue;
    }
    if (unseen.length === 0 && BREAKS.test(name)) end(start);
  }
  return lines;
}
