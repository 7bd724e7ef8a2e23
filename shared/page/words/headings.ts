/** What part of a night a heading speaks of; `other` where it is a heading and says nothing about that. */
export type Part = "before" | "day-of" | "main" | "test" | "after" | "other";

const PARTS: readonly (readonly [Part, RegExp])[] = [
  ["before", /^(?:pre|prior|before)\b|^(?:preparation|prep)\b|^(?:evening|day|night) before\b|^pre(?:work|steps?|checks?|requisites?|paration)\b/i],
  ["day-of", /^(?:day|morning|night) of\b|^(?:kick ?off|go[- ]live)\b|^start of (?:maintenance|the window|window)\b/i],
  ["test", /^(?:test|testing|tests|validation|verification|smoke|checks?|qa|sanity)\b/i],
  ["after", /^(?:post|after|afterwards|clean ?up|wrap ?up|close ?out|closing|follow[- ]?up)\b|^post(?:work|steps?|checks?)\b/i],
  ["main", /^(?:primary|main|core|scheduled|planned)\b|^(?:work|changes|maintenance|deployments?|implementation|execution|change list|during)\b/i],
];
const HEADING_NOUN =
  /\b(?:work|steps?|tasks?|plan|changes|checks?|list|actions?|activities|maintenance|items?|checklist|communications?|notes?|window|tests?|testing|procedures?|validation|verification|of|up|before|after|day|preparation|schedule|section|phase)$/i;

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

/** Whether a line of plain text, which has no marks of a heading left, is one all the same. */
export function isHeading(text: string): boolean {
  if (/^(?:#{1,6}|h[1-6]\.)\s+\S/.test(text)) return true;
  const plain = plainHeading(text);
  const words = plain.split(/\s+/);
  if (plain === "" || plain.length > 60 || words.length > 5 || /[.,;!?()/@]|\d{1,2}:\d{2}|[A-Z]+-\d+/.test(plain)) return false;
  if (/:\s*$/.test(text)) return words.length <= 4 && /^(?:[A-Z][a-z]|\d)/.test(text);
  return partOf(text) !== "other" && (words.length === 1 ? /^(?:pre|post)/i.test(plain) || HEADING_NOUN.test(plain) : HEADING_NOUN.test(plain)) && words.length <= 4;
}
