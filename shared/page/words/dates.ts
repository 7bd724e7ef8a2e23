export const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const MONTH = "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?";
const SHAPES: readonly RegExp[] = [
  /(?<!\d)(?<y>20\d{2})-(?<m>\d{1,2})-(?<d>\d{1,2})(?!\d)/g,
  new RegExp(String.raw`\b(?<mon>${MONTH})\s+(?<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?<y>20\d{2})\b`, "gi"),
  new RegExp(String.raw`\b(?<d>\d{1,2})(?:st|nd|rd|th)?\.?\s+(?:of )?(?<mon>${MONTH}),?\s+(?<y>20\d{2})\b`, "gi"),
  /(?<![\d.])(?<a>\d{1,2})[/. +_](?<b>\d{1,2})[/. +_](?<y>20\d{2})(?!\d)/g,
];

/** A day of the calendar that a text names, with every reading that is possible: 3/9/2025 may be in March or September. */
export interface DateWord {
  readonly start: number;
  readonly end: number;
  /** ISO dates that exist. */
  readonly readings: readonly string[];
}

export function datesIn(text: string): readonly DateWord[] {
  return SHAPES.flatMap((shape) => [...text.matchAll(shape)])
    .map((match): DateWord => {
      const { y = "", m, d, mon, a, b } = match.groups ?? {};
      const pairs: readonly (readonly [number, number])[] =
        mon !== undefined
          ? [[MONTHS.indexOf(mon.slice(0, 3).toLowerCase()) + 1, Number(d)]]
          : m !== undefined
            ? [[Number(m), Number(d)]]
            : [
                [Number(a), Number(b)],
                [Number(b), Number(a)],
              ];
      const readings = pairs.flatMap(([month, day]) => isoDate(Number(y), month, day) ?? []);
      return { start: match.index, end: match.index + match[0].length, readings: [...new Set(readings)] };
    })
    .filter(({ readings }) => readings.length > 0)
    .toSorted((one, other) => one.start - other.start);
}

/** The Sunday of the weekend that a date belongs to: itself, or of a Saturday the day after; else undefined. */
export function windowSunday(iso: string): string | undefined {
  const day = new Date(`${iso}T00:00:00Z`);
  if (day.getUTCDay() === 6) return new Date(day.getTime() + 86_400_000).toISOString().slice(0, 10);
  return day.getUTCDay() === 0 ? iso : undefined;
}

function isoDate(year: number, month: number, day: number): string | undefined {
  if (month < 1 || month > 12 || day < 1) return undefined;
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 ? date.toISOString().slice(0, 10) : undefined;
}
