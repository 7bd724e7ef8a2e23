import { zoneIn } from "./zones.ts";

/** A time as a page says it. `day` is a plan's day word or an ISO date; without one the page leaves the day to its reader. */
export interface TimeWord {
  readonly start: number;
  readonly end: number;
  readonly hour: number;
  readonly minute: number;
  readonly day?: string;
  readonly zone?: string;
  /** Why a person must say what is meant. */
  readonly doubt?: string;
}

const DAY_NAMES = "(?:thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?|mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?)";
const OFFSET_DAYS =
  "(?:(?:the )?(?:day|evening|night) before|(?:the )?(?:next|following) (?:day|morning)|(?:the )?day after|[dt] ?[-+] ?[0-3](?![\\d:])|(?:the )?(?:day|morning) of)";
const PART = "(?: (early )?(?:morning|afternoon|evening|night))?";
const HALF = "(?:[ap]\\.?m\\b\\.?)";
const CLOCK = new RegExp(
  String.raw`(?<![\d:./-])(?:(?<h1>\d{1,2})[:.](?<m1>[0-5]\d)(?::00)?(?!\.?\d)(?:\s*(?<a1>${HALF}))?(?:\s+(?<b1>${HALF}))?|(?<h2>\d{1,2})\s*(?<a2>${HALF})(?:\s+(?<b2>${HALF}))?|(?<h3>[01]\d|2[0-3])(?<m3>[0-5]\d)\s*(?:h\b|hrs?\b|hours\b)|(?<word>\b(?:noon|midnight|midday)\b))`,
  "gi",
);
const BEFORE = new RegExp(
  String.raw`(?:(?<day>\b${DAY_NAMES}\b|${OFFSET_DAYS})\.?(?<part>${PART}),?\s*)?(?:(?:,\s*)?(?<iso>\d{4}-\d{2}-\d{2})[ T,]*)?(?:(?:at|@|from|by|around|starting(?: at)?|-|:)\s*)?$`,
  "i",
);
const AFTER = new RegExp(
  String.raw`^\s*(?<zone>\(?\b(?:[ECMP][SD]?T|UTC|GMT|CES?T|BST|(?:eastern|central|mountain|pacific)(?: time)?)\b\)?)?(?:\s*(?:,|on)?\s*(?<day>(?:on )?\b${DAY_NAMES}\b)(?<part>${PART}))?`,
  "i",
);
const OFFSETS: Readonly<Record<string, string>> = { "-3": "Thu", "-2": "Fri", "-1": "Sat", "0": "Sun", "1": "Mon" };

/** Every time of day that a text names, in its order, with the day and zone said beside it. */
export function timesIn(text: string): readonly TimeWord[] {
  const found: TimeWord[] = [];
  for (const match of text.matchAll(CLOCK)) {
    const groups = match.groups ?? {};
    const read = clockOf(groups);
    if (read === undefined) continue;
    const from = Math.max(found.at(-1)?.end ?? 0, match.index - 60);
    const before = BEFORE.exec(text.slice(from, match.index));
    const tail = text.slice(match.index + match[0].length, match.index + match[0].length + 60);
    const after = AFTER.exec(tail);
    const saidBefore = before?.groups?.["day"];
    const saidAfter = saidBefore === undefined ? after?.groups?.["day"] : undefined;
    const day = before?.groups?.["iso"] ?? dayOf(saidBefore ?? saidAfter);
    const zone = zoneIn(after?.groups?.["zone"] ?? "");
    const part = `${before?.groups?.["part"] ?? ""} ${saidAfter === undefined ? "" : (after?.groups?.["part"] ?? "")} ${/\b(?:evening|night)\b/i.exec(saidBefore ?? "")?.[0] ?? ""}`;
    const placed = inPart(read, part);
    const afterLength =
      saidAfter === undefined ? (after?.groups?.["zone"] === undefined ? 0 : tail.indexOf(after.groups["zone"]) + after.groups["zone"].length) : (after?.[0].length ?? 0);
    found.push({
      start: from + (before?.index ?? match.index - from),
      end: match.index + match[0].length + afterLength,
      hour: placed.hour,
      minute: placed.minute,
      ...(day === undefined ? {} : { day }),
      ...(zone === undefined ? {} : { zone }),
      ...(placed.doubt === undefined ? {} : { doubt: placed.doubt }),
    });
  }
  return found;
}

/** `20:05` of a time, as plans write it. */
export function clockText({ hour, minute }: Pick<TimeWord, "hour" | "minute">): string {
  return `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}

/** The plan's word for a day that a page names: `Sat` for «Saturday» and for «the evening before». */
export function dayOf(said: string | undefined): string | undefined {
  if (said === undefined) return undefined;
  const plain = said
    .toLowerCase()
    .replace(/^(?:on|the) /, "")
    .replace(/^the /, "");
  const offset = /^[dt] ?([-+]) ?([0-3])$/.exec(plain);
  if (offset !== null) return OFFSETS[`${offset[1] === "-" && offset[2] !== "0" ? "-" : ""}${offset[2] ?? ""}`];
  if (plain.endsWith("before")) return "Sat";
  if (/^(?:next|following)|after$/.test(plain)) return "Mon";
  if (plain.endsWith(" of")) return "Sun";
  return plain.slice(0, 1).toUpperCase() + plain.slice(1, 3);
}

interface Clock {
  readonly hour: number;
  readonly minute: number;
  /** Whether the half of the day is beyond doubt. */
  readonly sure: boolean;
  readonly doubt?: string;
}

function clockOf(groups: Readonly<Record<string, string | undefined>>): Clock | undefined {
  const word = groups["word"]?.toLowerCase();
  if (word !== undefined)
    return word === "midnight" ? { hour: 0, minute: 0, sure: true, doubt: "midnight may be the one before that day or the one after it" } : { hour: 12, minute: 0, sure: true };
  const hour = Number(groups["h1"] ?? groups["h2"] ?? groups["h3"]);
  const minute = Number(groups["m1"] ?? groups["m3"] ?? 0);
  const halves = [groups["a1"] ?? groups["a2"], groups["b1"] ?? groups["b2"]].flatMap((half) => (half === undefined ? [] : half.slice(0, 1).toLowerCase()));
  if (hour > 24 || (hour === 24 && minute > 0)) return undefined;
  if (halves.length === 2 && halves[0] !== halves[1]) return { hour: hour % 24, minute, sure: true, doubt: "it says both AM and PM" };
  const [half] = halves;
  if (half === undefined) return { hour: hour % 24, minute, sure: hour === 0 || hour > 12 || groups["h3"] !== undefined || (groups["h1"] ?? "").startsWith("0") };
  if (hour > 12 || hour === 0) return half === "p" && hour > 12 && hour < 24 ? { hour, minute, sure: true } : { hour: hour % 24, minute, sure: true, doubt: "no clock shows it" };
  return { hour: (hour % 12) + (half === "p" ? 12 : 0), minute, sure: true };
}

/** «8:30 in the evening» is 20:30; «4:45» without a half of the day is read by the 24-hour clock. */
function inPart(clock: Clock, part: string): Clock {
  if (!clock.sure && /afternoon|evening|night/i.test(part) && clock.hour < 12) return { ...clock, hour: clock.hour + 12 };
  const clash = (/morning/i.test(part) && clock.hour >= 12) || (/afternoon|evening/i.test(part) && clock.hour < 12);
  return clash && clock.doubt === undefined && clock.sure ? { ...clock, doubt: `${clockText(clock)} is not in the ${part.trim()}` } : clock;
}
