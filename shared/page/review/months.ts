import type { Found } from "./checks.ts";
import type { Night } from "./night.ts";

const NAMES = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
/** As names are written: «may» and «march» are words like others. */
const MONTH = /\b(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b/g;
/** «may», where it begins a sentence, and months that a sentence looks back or ahead to. */
const AHEAD_OR_BACK =
  /\b(?:since|before|after|until|till|from|by|in|during|last|next|previous|through|created|due|expir\w*|as of|(?:moved|postponed|deferred|pushed|shifted|rescheduled|carried over) to|off since|early|late|mid)\s*[-:]?\s*$/i;
const VERB_AFTER_MAY = /^\s+(?:need|be|have|take|require|not|also|cause|we|i|you|it|still|fail|show|see|happen|want|or|only)\b/i;
const PAST = /\b(?:was|were|has been|have been|had|could not|couldn't|did not|didn't|failed|released|created|installed in|departure|departed|left)\b/i;

/** Months on the page that are none of the days around the window. */
export function otherMonths({ date, pieces, steps, inventory }: Night): readonly Found[] {
  if (date === undefined) return [];
  const sunday = new Date(`${date}T00:00:00Z`).getTime();
  const dayAt = (days: number): Date => new Date(sunday + days * 86_400_000);
  const own = new Set([-1, 0, 1].map((days) => dayAt(days).getUTCMonth()));
  // A day of the week before by its date is no mistake.
  const near = new Set([-4, -3, -2, -1, 0, 1].map((days) => `${dayAt(days).getUTCMonth()} ${dayAt(days).getUTCDate()}`));
  return pieces.flatMap(({ line, text, id }) => {
    const found = [...text.matchAll(MONTH)].filter((match) => {
      const before = text.slice(Math.max(0, match.index - 30), match.index);
      const after = text.slice(match.index + match[0].length);
      const month = NAMES.findIndex((name) => name.startsWith(match[0].slice(0, 3)));
      const day = /^\s+(\d{1,2})(?!\d)/.exec(after)?.[1] ?? /(?<!\d)(\d{1,2})(?:st|nd|rd|th)?\.?\s+(?:of )?$/.exec(before)?.[1];
      if (own.has(month) || near.has(`${month} ${Number(day)}`)) return false;
      // «Jun» may be on call.
      if (day === undefined && inventory.find("person", match[0]) !== undefined) return false;
      if (match[0] === "May" && (match.index === 0 || VERB_AFTER_MAY.test(after))) return false;
      if (match[0] === "March" && match.index === 0 && /^\s+[a-z]/.test(after)) return false;
      return !AHEAD_OR_BACK.test(before) && !PAST.test(text) && !/[\w/]$|\.$/.test(before) && !/^[/_\w]/.test(after);
    });
    const [first] = found;
    if (first === undefined) return [];
    const names = [...new Set(found.map(([name]) => name))].join(", ");
    const window = NAMES[new Date(sunday).getUTCMonth()] ?? "";
    const step = steps.find((each) => each.id === id) ?? steps.find((each) => each.change === id);
    return [
      {
        severity: "warning",
        line,
        others: [],
        words: text,
        message: `it says ${names}; the window is in ${window}`,
        proposal: `is ${names} meant, or ${window}?`,
        step: step?.id ?? "window",
        about: names,
        edits: [{ do: "ask", step: step?.id ?? "window", question: `Is ${names} meant? The window is in ${window}, and the line may be left from an earlier page.` }],
      } satisfies Found,
    ];
  });
}
