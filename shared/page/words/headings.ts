import { dayContextOf, timesIn } from "./clock.ts";

/** What part of a night a heading speaks of; `other` where it is a heading and says nothing about that. */
export type Part = "before" | "day-of" | "main" | "test" | "after" | "other";

const PARTS: readonly (readonly [Part, RegExp])[] = [
  ["before", /^(?:pre|prior|before|ahead|groundwork|preparations?|prep)\b|^(?:evening|day|night) before\b|^pre(?:work|steps?|checks?|requisites?|paration)\b/i],
  ["day-of", /^(?:day|morning|night) of\b|^(?:kick[- ]?off|go[- ]live|opening)\b|^start of (?:maintenance|the window|window)\b/i],
  ["test", /^(?:test|testing|tests|validation|verification|verify|smoke|checks?|qa|sanity)\b/i],
  [
    "after",
    /^(?:post|after|afterwards|finish(?:ing)?|done|back to (?:normal|business)|clean[- ]?up|wrap[- ]?up|close[- ]?out|closing|closure|follow[- ]?up)\b|^post(?:work|steps?|checks?)\b/i,
  ],
  ["main", /^(?:primary|main|core|scheduled|planned)\b|^(?:work|changes|maintenance|deployments?|roll-?out|implementation|execution|change list|during)\b/i],
];
const HEADING_NOUN =
  /\b(?:work|steps?|tasks?|plan|changes|checks?|list|actions?|activities|maintenance|items?|checklist|communications?|notes?|window|tests?|testing|procedures?|validation|verification|of|up|before|after|day|preparation|schedule|section|phase|deployments?|normal|business)$/i;
/** One word alone in its line, under a blank one, that says what part of the night comes. */
const ALONE =
  /^(?:before|after|afterwards|ahead|during|core|main|work|changes|closing|closure|opening|preparations?|prep|groundwork|checks?|tests?|testing|validation|verification|verify|finish|roll-?out|rollback|cut-?over|go-?live|migration|cleanup|communications?|deployments?|tasks|steps)$/i;
/** One word that is hardly anything else, blank line or not. */
const SURELY = /^(?:afterwards|rollback|back-?out|closing|closure|preparations?|groundwork|validation|verification|cut-?over|switch-?over|cleanup|testing)$/i;
/** A line that is a day, a part of it and a date, and nothing else. */
const DAY_WORDS =
  /^(?:on|the|early|late|thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?|mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|morning|afternoon|evening|night|before|of|day|next|after|following|[dt][-+]\d|d-day|\d{1,2}(?:st|nd|rd|th)?|20\d\d|\d{4}-\d\d-\d\d|\d{1,2}[/.]\d{1,2}\.?(?:[/.]?(?:20)?\d\d)?|jan\w*|feb\w*|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug\w*|sep\w*|oct\w*|nov\w*|dec\w*)$/i;

export function partOf(heading: string): Part {
  const plain = plainHeading(heading);
  return PARTS.find(([, pattern]) => pattern.test(plain))?.[0] ?? "other";
}

/** The heading's words alone: without numbering, marks and colon. */
export function plainHeading(text: string): string {
  return text
    .replace(/^(?:#{1,6}|h[1-6]\.|=+)\s*/, "")
    .replace(/^(?:\d{1,2}|[IVX]{1,4}|[A-H])[.)]\s+/, "")
    .replace(/[:\s=#]+$/, "")
    .trim();
}

/** Whether a line of plain text, which has no marks of a heading left, is one all the same. `apart`: blank lines set it apart. */
export function isHeading(text: string, apart = false): boolean {
  if (/^(?:#{1,6}|h[1-6]\.|={1,6})\s+\S/.test(text)) return true;
  const plain = plainHeading(text.replace(/\s*\([\w ,-]{3,30}\)\s*:?\s*$/, ""));
  const words = plain.split(/\s+/);
  if (isDay(plain)) return timesIn(text).length === 0;
  if (plain === "" || plain.length > 60 || words.length > 5 || /[.,;!?()/@]|\d{1,2}:\d{2}|[A-Z]+-\d+/.test(plain)) return false;
  if (/:\s*$/.test(text)) return words.length <= 4 && /^(?:[A-Z][a-z]|\d)/.test(text);
  if (words.length === 1 && /^[A-Z]/.test(plain) && (SURELY.test(plain) || (apart && ALONE.test(plain)))) return true;
  if (partOf(plain) === "other") return false;
  if (words.length === 1) return /^(?:pre|post)/i.test(plain) || HEADING_NOUN.test(plain) || (apart && ALONE.test(plain));
  // «Groundwork before the weekend»: where blank lines set it apart, its first word is enough.
  return words.length <= 4 && (HEADING_NOUN.test(plain) || (apart && ALONE.test(words[0] ?? "") && !/^(?:test|check|patch|work)/i.test(plain)));
}

/** A line that is a day and nothing else: it belongs to no sentence. */
export function isDay(text: string): boolean {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  return words.length > 0 && words.length <= 6 && words.every((word) => DAY_WORDS.test(word.replace(/\.$/, ""))) && dayContextOf(text) !== undefined;
}
