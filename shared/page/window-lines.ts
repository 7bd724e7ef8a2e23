import type { DraftedPlan } from "./drafted.ts";
import { textOf } from "./tree.ts";
import type { Block, Page } from "./tree.ts";
import { clockText, dayContextOn, timeBelow, timesIn } from "./words/clock.ts";
import type { DayContext } from "./words/clock.ts";
import { datesIn, windowSunday } from "./words/dates.ts";
import { endsInZone, saysZone, zoneIn } from "./words/zones.ts";

/** How far down a page its date may stand. */
const TOP = 12;

/** Title, address and date of the window, from the page's title and first lines. */
export function startOfWindow({ title, url, id, version, blocks }: Page): Pick<DraftedPlan, "title" | "url" | "pageId" | "version" | "date"> {
  const [first] = blocks;
  const heading = title ?? (first?.kind === "heading" ? textOf(first).text : undefined);
  const texts = [title ?? "", ...blocks.slice(0, TOP).map((block) => textOf(block).text)];
  const sundays = new Set<string>();
  for (const text of texts) {
    for (const { readings } of datesIn(text)) {
      const possible = [...new Set(readings.flatMap((reading) => windowSunday(reading) ?? []))];
      // Of two readings, that which is a window's weekend; of two that both are, neither.
      if (possible.length === 1 && possible[0] !== undefined) sundays.add(possible[0]);
      else if (possible.length > 1) sundays.add("two readings");
    }
    if (sundays.size > 0) break;
  }
  const [date] = sundays;
  return {
    ...(heading === undefined ? {} : { title: heading.slice(0, 500) }),
    ...(url === undefined ? {} : { url }),
    ...(id === undefined ? {} : { pageId: id }),
    ...(version === undefined ? {} : { version }),
    ...(sundays.size === 1 && date !== undefined && date !== "two readings" ? { date } : {}),
  };
}

/** A line about the window itself: its zone, its bounds, the page's address. True when it was one. */
export function readWindow(text: string, block: Block, plan: DraftedPlan, ask: (why: string) => void, day?: DayContext): boolean {
  if (/^URL:\s*\S+$/.test(text) && block.fragments[0]?.kind === "link") return true;
  const bounds =
    /\b(?:maintenance )?window\b|^(?:outage|downtime|time ?slot|when)\b[^:]{0,30}:|\b(?:cut[- ]?off|hard stop|must be (?:finished|done|over|complete)d? by)\b/i.test(text) &&
    text.length < 200
      ? timesIn(text)
      : [];
  const said = bounds.at(-1);
  const last = said === undefined ? undefined : timeBelow(said, day);
  const isBounds = last !== undefined && (bounds.length > 1 || /\bcut[- ]?off|hard stop|must be\b/i.test(text));
  if (isBounds && last !== undefined) {
    if (last.day === undefined || last.doubt !== undefined) ask("On which day, and at what time, is the cutoff?");
    else plan.cutoff = `${dayContextOn(last.day, plan.date)?.day ?? last.day} ${clockText(last)}`;
  }
  if (!isBounds && !saysZone(text) && !(datesIn(text).length > 0 && endsInZone(text))) return false;
  const zone = zoneIn(text);
  if (zone === undefined) {
    if (!isBounds) ask("Which time zone is that? Write its IANA name.");
  } else if (plan.zone !== undefined && plan.zone !== zone) ask(`Which zone is right? Elsewhere the page says ${plan.zone}.`);
  else plan.zone = zone;
  return true;
}

/** What a window needs and its page does not say, as questions. */
export function openOf({ date, zone, cutoff, owners }: DraftedPlan): readonly string[] {
  return [
    ...(date === undefined ? ["On which Sunday is the window? The page does not say, or may be read in two ways."] : []),
    ...(zone === undefined ? ["In which time zone are the times? The page does not say."] : []),
    ...(cutoff === undefined ? ["When is the cutoff, after which nothing begins? The page does not say."] : []),
    owners === undefined
      ? "Who owns the window, and which channels hear when something needs people? Write `owners` and `channels`."
      : "Which channels hear when something needs people? Write `channels`.",
  ];
}
