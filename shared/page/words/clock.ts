import { datesIn, MONTHS } from "./dates.ts";
import { zoneIn } from "./zones.ts";

/** A time as a page says it. `day` is a plan's day word or an ISO date; without one the page leaves the day to its reader. */
export interface TimeWord {
  readonly start: number;
  readonly end: number;
  readonly hour: number;
  readonly minute: number;
  readonly day?: string;
  readonly zone?: string;
  /** «half past nine»: the words leave open which half of the day it is. `clock` is how a clock of 12 hours says it. */
  readonly open?: true;
  /** «by 23:45», «until 03:30»: it says when the work is over, and not when it begins. */
  readonly bound?: true;
  /** Why a person must say what is meant. */
  readonly doubt?: string;
}

/** The day, and the part of it, that a heading gives to the lines below it. */
export interface DayContext {
  readonly day: string;
  readonly part?: "morning" | "evening";
}

const DAY_NAMES = "(?:thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?|mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?)";
const OFFSET_DAYS =
  "(?:(?:the )?(?:day|evening|night) before|(?:the )?(?:next|following) (?:day|morning)|(?:the )?day after|[dt] ?[-+] ?[0-3](?![\\d:])|(?:the )?(?:day|morning) of|d-day)";
/** A date behind a day's name says nothing more than the name. */
const DATE = String.raw`(?:(?:the\s)?(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s\d{1,2}(?:st|nd|rd|th)?|\d{1,2}(?:st|nd|rd|th|\.)?\s(?:of\s)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*|\d{1,2}[/.]\d{1,2}\.?)(?:[,/.]?\s?20\d\d)?)`;
const PART = "(?: (?:early |late )?(?:morning|afternoon|evening|night))?";
const HALF = "(?:[ap]\\.?m\\b\\.?)";
const HOURS = ["twelve", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"];
const HOUR = `(?:${HOURS.join("|")}|1[0-2]|[1-9])`;
const MINUTES: Readonly<Record<string, number>> = { five: 5, ten: 10, quarter: 15, twenty: 20, "twenty-five": 25, half: 30, fifteen: 15, thirty: 30, "forty-five": 45 };
const CLOCKS = [
  String.raw`(?<h1>\d{1,2})(?::|\.(?=[0-5]\d\s*(?:${HALF}|h\b))|(?<=(?:^|\b(?:at|from|by|until|around|@|${DAY_NAMES}),?\s)\d{1,2})\.)(?<m1>[0-5]\d)(?::00)?(?!\.?\d)(?:\s*h\b)?(?:\s*(?<a1>${HALF}))?(?:\s+(?<b1>${HALF}))?`,
  String.raw`(?<h2>\d{1,2})\s*(?<a2>${HALF})(?:\s+(?<b2>${HALF}))?`,
  // «8-9pm»: the half of the day is said once, at the end.
  String.raw`(?<h9>1[0-2]|[1-9])(?=\s*(?:-|to|until|till)\s*(?:1[0-2]|[1-9])(?::[0-5]\d)?\s*${HALF})`,
  String.raw`(?<=(?:\bat|@|\bby|\bfrom)\s?)(?<h10>1[0-2]|[1-9])(?<a10>[ap])\b`,
  String.raw`(?<h3>[01]\d|2[0-3])(?<m3>[0-5]\d)\s*(?:h\b|hrs?\b|hours\b)`,
  String.raw`(?<h4>[01]?\d|2[0-3])\s?h\s?(?<m4>[0-5]\d)\b`,
  String.raw`(?<word>\b(?:(?:12 )?noon|(?:12 )?midnight|midday)\b)`,
  String.raw`\b(?<m5>half|(?:a )?quarter|twenty[- ]five|twenty|ten|five)\s+(?:minutes\s+)?(?<side>past|to|after|before)\s+(?<h5>${HOUR})\b(?:\s*(?<a5>${HALF}))?`,
  String.raw`\b(?<h6>${HOUR})\s+o['’]?clock\b`,
  String.raw`(?<=\b(?:at|by|from|until|till|around|about|@)\s)(?<h7>${HOURS.join("|")})(?:\s+(?<m7>fifteen|thirty|forty[- ]five|ten|twenty))?(?=\s*(?:$|[,.:;)]|${HALF}|in the|on\b))(?:\s*(?<a7>${HALF}))?`,
  // A bare number is a time only behind a part of the day: «Saturday evening ~8», «tonight at 9».
  String.raw`(?<=\b(?:morning|afternoon|evening|night|tonight),?\s(?:at |around |about |by |from |ca\.? )?[~@]?\s?)(?<h8>${HOUR})(?![\w%-]|[:./]\d|\s*(?:days?|hours?|min|servers?|hosts?|nodes?|stages?|people|of)\b)`,
];
// `2001:db8:40::/48` is an address, and in `core-2:30` stands no time; behind «1:30am-» one does.
const CLOCK = new RegExp(String.raw`(?<![\d:./]|(?<!\d\s?[ap])m-|[^\dm]-|[\da-f]:[\da-f]{1,4})(?:${CLOCKS.join("|")})`, "gi");
/** What stands before a time, or before its day. */
const LEAD = String.raw`(?:at|from|by|until|till|to|between|(?:not |no earlier |not earlier )?(?:before|than)|(?:no|not) later than|after|around|about|starting(?: at)?|ca\.?)`;
const BEFORE = new RegExp(
  String.raw`(?:\b(?<first>${LEAD})\s+)?(?:(?<day>\b${DAY_NAMES}\b|${OFFSET_DAYS})\.?(?<part>${PART}),?\s*(?:${DATE},?\s*)?)?(?:(?:,\s*)?(?<iso>\d{4}-\d{2}-\d{2})[ T,]*)?(?<lead>${LEAD}\s*)?[~@:-]?\s*$`,
  "i",
);
const AFTER = new RegExp(
  String.raw`^\s*(?<zone>\(?\b(?:[ECMP][SD]?T|UTC|GMT|CES?T|BST|(?:eastern|central|mountain|pacific)(?: time)?|(?:uk|irish|local|london|dublin|paris|berlin|madrid|rome|oslo|new york|chicago|denver|phoenix|seattle|sydney|tokyo|singapore) (?:local )?time)\b\)?)?(?<post>\s*(?:in the (?:early )?(?:morning|afternoon|evening)|at night))?(?:\s*(?:,|on)?\s*(?<day>(?:on )?\b${DAY_NAMES}\b)(?<part>${PART}))?`,
  "i",
);
const OFFSETS: Readonly<Record<string, string>> = { "-3": "Thu", "-2": "Fri", "-1": "Sat", "0": "Sun", "1": "Mon" };
const NEXT: Readonly<Record<string, string>> = { Thu: "Fri", Fri: "Sat", Sat: "Sun", Sun: "Mon" };
/** No sentence names more; what stands behind them stays in the words. */
const MOST = 24;
const OPEN = "it may be the one of the morning or the one of the evening";

/** Every time of day that a text names, in its order, with the day and zone said beside it. */
export function timesIn(text: string): readonly TimeWord[] {
  const found: TimeWord[] = [];
  for (const match of text.matchAll(CLOCK)) {
    if (found.length >= MOST) break;
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
    const part = [
      before?.groups?.["part"],
      saidAfter === undefined ? undefined : after?.groups?.["part"],
      after?.groups?.["post"],
      /\b(?:evening|night)\b/i.exec(saidBefore ?? "")?.[0],
      groups["h8"] === undefined ? undefined : /\b(?:morning|afternoon|evening|night)\b[^a-z]*(?:\w+\s*)?[~@]?\s*$/i.exec(text.slice(from, match.index))?.[0],
    ].join(" ");
    const placed = inPart(read, part);
    const said = saidAfter === undefined ? `${after?.groups?.["zone"] ?? ""}${after?.groups?.["post"] ?? ""}` : (after?.[0] ?? "");
    const doubt = placed.doubt ?? (placed.open === true ? OPEN : undefined);
    const time: TimeWord = {
      start: from + (before?.index ?? match.index - from),
      end: match.index + match[0].length + (said === "" ? 0 : tail.indexOf(said) + said.length),
      hour: placed.hour,
      minute: placed.minute,
      ...(day === undefined ? {} : { day }),
      ...(zone === undefined ? {} : { zone }),
      ...(placed.open === true ? { open: true as const } : {}),
      ...(BOUND.test(before?.groups?.["first"] ?? before?.groups?.["lead"] ?? "") ? { bound: true as const } : {}),
      ...(doubt === undefined ? {} : { doubt }),
    };
    const begin = found.at(-1);
    const joint = text.slice(begin?.end ?? 0, match.index);
    if (begin === undefined || !(SPAN.test(joint) || (/^between\b/i.test(text.slice(begin.start)) && /^\s*and\s*$/i.test(joint)))) found.push(time);
    else found.splice(-1, 1, ...spanOf(begin, time, text.slice(begin.start, begin.end), match[0]));
  }
  return found;
}

const BOUND = /^(?:by|until|till|before|(?:no|not) later than)\s*$/i;
/** What stands between the begin of a span and its end. */
const SPAN = /^\s*(?:-|to|until|till)\s*(?:sun(?:day)?|mon(?:day)?)?,?\s*$/i;

/** «9:00 - 9:30 PM»: both are in the evening. «Sat 21:00 - 05:00»: the end is on the day after. «1:00 - 2:00 Sunday»: so is the begin. */
function spanOf(begin: TimeWord, end: TimeWord, said: string, saidLast: string): readonly [TimeWord, TimeWord] {
  const minutes = ({ hour, minute }: TimeWord): number => hour * 60 + minute;
  const half = HALF_SAID.test(said) ? undefined : HALF_SAID.exec(saidLast)?.[0].slice(0, 1).toLowerCase();
  const hour = half === "p" && begin.hour < 12 && begin.hour + 12 <= end.hour ? begin.hour + 12 : half === "a" && begin.hour === 12 ? 0 : begin.hour;
  const first = { ...begin, hour };
  const isLater = minutes(end) >= minutes(first);
  const day = end.day ?? (isLater ? first.day : NEXT[first.day ?? ""]);
  const before = first.day ?? (isLater ? end.day : undefined);
  return [before === undefined ? first : { ...first, day: before }, day === undefined ? end : { ...end, day }];
}
const HALF_SAID = /[ap]\.?m\b/i;

/** Where the times end with which a text begins: «9:00 PM - 9:30 PM Ana: …». */
export function timesEnd(text: string): number {
  return timesIn(text).reduce((end, time) => (/^[\s,:|•*-]*$/.test(text.slice(end, time.start)) ? time.end : end), 0);
}

/** A time below a heading that names a day: «Saturday evening», and below it «half past nine», or «00:30», which is the day after. */
export function timeBelow(time: TimeWord, context: DayContext | undefined): TimeWord {
  if (context === undefined || time.day !== undefined) return time;
  const { open, doubt, ...rest } = time;
  if (open === true && context.part !== undefined) return { ...rest, day: context.day, hour: (time.hour % 12) + (context.part === "evening" ? 12 : 0) };
  if (open !== true && context.part === "evening" && time.hour < 12)
    return { ...time, day: NEXT[context.day] ?? context.day, doubt: doubt ?? `the heading says ${context.day} evening, and ${clockText(time)} is taken as the morning after it` };
  return { ...time, day: context.day };
}

/** The day that a heading names, with the part of it: «Saturday night», «Changes (Sunday)», «Night before». */
export function dayContextOf(heading: string): DayContext | undefined {
  const said = new RegExp(String.raw`\b(?<day>${DAY_NAMES})\b\.?(?<part>${PART})|(?<offset>${OFFSET_DAYS})`, "i").exec(heading);
  const day = dayOf(said?.groups?.["day"] ?? said?.groups?.["offset"]);
  if (day === undefined || !/^(?:Thu|Fri|Sat|Sun|Mon)$/.test(day)) return undefined;
  return { day, ...partIn(said?.[0] ?? "") };
}

/** The same for a heading that has a date and no day's name; `sunday` is the window's, ISO. */
export function dayContextOn(heading: string, sunday: string | undefined): DayContext | undefined {
  const named = dayContextOf(heading);
  if (named !== undefined || sunday === undefined) return named;
  const readings = new Set(datesIn(heading).flatMap((date) => date.readings));
  for (const [offset, day] of Object.entries(OFFSETS)) {
    const date = new Date(Date.parse(`${sunday}T00:00:00Z`) + Number(offset) * 86_400_000).toISOString().slice(0, 10);
    const month = MONTHS[Number(date.slice(5, 7)) - 1] ?? "";
    const number = String(Number(date.slice(8)));
    const spoken = new RegExp(String.raw`\b(?:${month}[a-z]*\.?\s+${number}(?:st|nd|rd|th)?|${number}(?:st|nd|rd|th)?\.?\s+(?:of\s+)?${month}[a-z]*)\b`, "i");
    if (readings.has(date) || spoken.test(heading)) return { day, ...partIn(heading) };
  }
  return undefined;
}

function partIn(text: string): { part?: "morning" | "evening" } {
  if (/\b(?:evening|night|afternoon)\b/i.test(text)) return { part: "evening" };
  return /\bmorning\b/i.test(text) ? { part: "morning" } : {};
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
  if (plain.endsWith(" of") || plain === "d-day") return "Sun";
  return plain.slice(0, 1).toUpperCase() + plain.slice(1, 3);
}

interface Clock {
  readonly hour: number;
  readonly minute: number;
  /** Whether the half of the day is beyond doubt. */
  readonly sure: boolean;
  readonly open?: true;
  readonly doubt?: string;
}

function clockOf(groups: Readonly<Record<string, string | undefined>>): Clock | undefined {
  const word = groups["word"]?.toLowerCase();
  if (word !== undefined)
    return word.endsWith("midnight")
      ? { hour: 0, minute: 0, sure: true, doubt: "midnight may be the one before that day or the one after it" }
      : { hour: 12, minute: 0, sure: true };
  const spoken = spokenOf(groups);
  const hour = spoken?.hour ?? Number(groups["h1"] ?? groups["h2"] ?? groups["h3"] ?? groups["h4"] ?? groups["h9"] ?? groups["h10"]);
  const minute = spoken?.minute ?? Number(groups["m1"] ?? groups["m3"] ?? groups["m4"] ?? 0);
  const halves = [groups["a1"] ?? groups["a2"] ?? groups["a5"] ?? groups["a7"] ?? groups["a10"], groups["b1"] ?? groups["b2"]].flatMap((half) =>
    half === undefined ? [] : half.slice(0, 1).toLowerCase(),
  );
  if (hour > 24 || (hour === 24 && minute > 0)) return undefined;
  if (halves.length === 2 && halves[0] !== halves[1]) return { hour: hour % 24, minute, sure: true, doubt: "it says both AM and PM" };
  const [half] = halves;
  if (half === undefined && spoken !== undefined) return { hour, minute, sure: false, open: true };
  if (half === undefined) return { hour: hour % 24, minute, sure: hour === 0 || hour > 12 || (groups["h3"] ?? groups["h4"]) !== undefined || (groups["h1"] ?? "").startsWith("0") };
  if (hour > 12 || hour === 0) return half === "p" && hour > 12 && hour < 24 ? { hour, minute, sure: true } : { hour: hour % 24, minute, sure: true, doubt: "no clock shows it" };
  return { hour: (hour % 12) + (half === "p" ? 12 : 0), minute, sure: true };
}

/** «half past nine», «quarter to ten», «nine o'clock», «at nine thirty»: hours from 1 to 12. */
function spokenOf(groups: Readonly<Record<string, string | undefined>>): { hour: number; minute: number } | undefined {
  const said = (groups["h5"] ?? groups["h6"] ?? groups["h7"] ?? groups["h8"])?.toLowerCase();
  if (said === undefined) return undefined;
  const at = HOURS.indexOf(said);
  const hour = at < 0 ? Number(said) : at === 0 ? 12 : at;
  const minute = MINUTES[(groups["m5"] ?? groups["m7"] ?? "").toLowerCase().replace(/^a /, "").replace(" ", "-")] ?? 0;
  if (!/^(?:to|before)$/i.test(groups["side"] ?? "")) return { hour, minute };
  return { hour: hour === 1 ? 12 : hour - 1, minute: 60 - minute };
}

/** «8:30 in the evening» is 20:30; «4:45» without a half of the day is read by the 24-hour clock. */
function inPart(clock: Clock, part: string): Clock {
  const { open, ...closed } = clock;
  if (!clock.sure && /afternoon|evening|night|tonight/i.test(part) && clock.hour < 12) return { ...closed, hour: clock.hour + 12 };
  if (open === true && /morning/i.test(part)) return { ...closed, hour: clock.hour % 12 };
  const clash = (/morning/i.test(part) && clock.hour >= 12) || (/afternoon|evening/i.test(part) && clock.hour < 12);
  return clash && clock.doubt === undefined && clock.sure ? { ...clock, doubt: `${clockText(clock)} is not in the ${part.trim().split(/\s+/).at(-1) ?? ""}` } : clock;
}
