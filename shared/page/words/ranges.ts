/** Names that a text spells short: `IC-Web1 - 5`, `NW-EDGE01 - 04`, `db[1-3]`, `App1/2`, `App1, 2 and App4`, `SQL-A/B`, `SQL-A - C`. */
export interface RangeWord {
  readonly start: number;
  readonly end: number;
  readonly names: readonly string[];
}

/** A range longer than this is a typing mistake, and not a list of servers. */
const LONGEST = 500;
const NAME = String.raw`(?<![\w./-])(?<prefix>[A-Za-z](?:[A-Za-z_-]|\d+(?=[A-Za-z_-])){0,40}?)`;
const BRACKETS = new RegExp(String.raw`${NAME}\[(?<from>\d{1,5})\s*-\s*(?<to>\d{1,5})\]`, "g");
const SPAN = new RegExp(String.raw`${NAME}(?<from>\d{1,5})\s*(?:-|to|thru|through|until|\.{2,3})\s*(?:(?<again>[A-Za-z][\w-]{0,40}?))?(?<to>\d{1,5})(?![\w/]|[.:-]\w)`, "gi");
const LIST = new RegExp(String.raw`${NAME}(?<from>\d{1,5})(?<rest>(?:\s*(?:,\s*and|,|/|&|\band\b)\s*\d{1,5}(?![\w:]|[.-]\w))+)`, "g");
/** Letters count only behind a dash: «CI/CD» and «Plan A/B» are no machines. */
const LETTERS = /(?<![\w./-])(?<prefix>[A-Za-z]\w{0,40}-)(?<from>[A-Z])(?:(?<rest>(?:\s?\/\s?[A-Z](?!\w))+)|\s*(?:-|to|thru|through)\s*(?:\k<prefix>)?(?<to>[A-Z])(?![\w-]))/g;

export function rangesIn(text: string): readonly RangeWord[] {
  const found: RangeWord[] = [];
  const add = (match: RegExpMatchArray, names: readonly string[]): void => {
    const start = match.index ?? 0;
    const end = start + match[0].length;
    if (names.length > 0 && !found.some((other) => start < other.end && other.start < end)) found.push({ start, end, names });
  };
  for (const match of text.matchAll(BRACKETS)) add(match, spanned(match.groups ?? {}));
  for (const match of text.matchAll(SPAN)) {
    const { prefix = "", again, from = "" } = match.groups ?? {};
    const isKey = /^[A-Z][A-Z0-9]*-$/.test(prefix) && !from.startsWith("0");
    if (!isKey && (again === undefined || again.toLowerCase() === prefix.toLowerCase())) add(match, spanned(match.groups ?? {}));
  }
  for (const match of text.matchAll(LIST)) {
    const { prefix = "", from = "", rest = "" } = match.groups ?? {};
    if (!/^[A-Z][A-Z0-9]*-$/.test(prefix))
      add(
        match,
        [from, ...(rest.match(/\d+/g) ?? [])].map((number) => `${prefix}${number.padStart(from.startsWith("0") ? from.length : 0, "0")}`),
      );
  }
  for (const match of text.matchAll(LETTERS)) {
    const { prefix = "", from = "", rest = "", to } = match.groups ?? {};
    const letters = to === undefined ? [from, ...(rest.match(/[A-Z]/g) ?? [])] : lettersBetween(from, to);
    add(
      match,
      letters.map((letter) => `${prefix}${letter}`),
    );
  }
  return found.toSorted((a, b) => a.start - b.start);
}

function lettersBetween(from: string, to: string): readonly string[] {
  const [first, last] = [from.charCodeAt(0), to.charCodeAt(0)];
  return last <= first ? [] : Array.from({ length: last - first + 1 }, (_, index) => String.fromCharCode(first + index));
}

function spanned({ prefix = "", from = "", to = "" }: Readonly<Record<string, string | undefined>>): readonly string[] {
  const [first, last] = [Number(from), Number(to)];
  if (last < first || last - first >= LONGEST) return [];
  const width = from.length === to.length || from.startsWith("0") ? from.length : 0;
  return Array.from({ length: last - first + 1 }, (_, index) => `${prefix}${String(first + index).padStart(width, "0")}`);
}
