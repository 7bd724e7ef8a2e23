/** A piece of a line, and what it means; colours follow from that, and are left out where there are none. */
export interface Span {
  readonly text: string;
  readonly tone?: Tone;
}
export type Tone = "title" | "quiet" | "well" | "badly" | "wary" | "busy";
export type Line = readonly Span[];

export function textOf(line: Line): string {
  return line.map(({ text }) => text).join("");
}

export function spans(...parts: readonly (string | Span)[]): Line {
  return parts.map((part) => (typeof part === "string" ? { text: part } : part));
}

/** Control characters end where they come in: a vendor's answer must not move the cursor. */
export function clean(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are just what must not come through
  return text.replaceAll(/\u001B\[[0-9;?]*[ -/]*[@-~]/g, "").replaceAll(/[\u0000-\u001F\u007F-\u009F]+/g, " ");
}

/** As much of the line as fits into `columns`, with `…` where something is cut. */
export function fitted(line: Line, columns: number): Line {
  let left = columns;
  const kept: Span[] = [];
  for (const span of line) {
    // By code point: good enough for what plans and vendors say, and never in the middle of one.
    const chars = Array.from(clean(span.text));
    if (chars.length <= left) {
      kept.push({ ...span, text: chars.join("") });
      left -= chars.length;
      continue;
    }
    kept.push({ ...span, text: `${chars.slice(0, Math.max(left - 1, 0)).join("")}${left > 0 ? "…" : ""}` });
    break;
  }
  return kept;
}
