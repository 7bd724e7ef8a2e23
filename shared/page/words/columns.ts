import { looksLikeTitle } from "./verbs.ts";

/** What the cells of a table's column say about the rest of their row. A column of none of these holds the work. */
export type ColumnKind = "time" | "end" | "owner" | "second" | "number" | "environment" | "servers" | "duration" | "remark";

const KINDS: readonly (readonly [ColumnKind, RegExp])[] = [
  ["time", /^(?:(?:planned |scheduled )?start(?:s| time)?|time|when|at|begins?|scheduled)\b/i],
  ["end", /^(?:(?:planned |scheduled )?(?:end(?:s| time)?|finish(?:es)?)|until|till)\b/i],
  ["second", /^(?:back-?up|second(?:ary)?|deputy|stand-?in|alternate|fallback)(?: (?:owner|person|engineer|contact))?$/i],
  ["owner", /^(?:owners?|who|assignees?|assigned|responsible|engineers?|lead|person|dri|on ?call|team)\b/i],
  ["number", /^(?:#|no\.?|nr\.?|nbr|item|id|seq(?:uence)?|(?:step|line) ?(?:#|no\.?|number)|order)$/i],
  ["environment", /^(?:env|environments?|target env(?:ironment)?)\b/i],
  ["servers", /^(?:(?:target )?(?:servers?|hosts?|machines?|vms?|nodes?)(?: names?)?|targets?)$/i],
  ["duration", /^(?:duration|how long|length|effort|minutes|mins?|est(?:imate|imated)?\b.*)$/i],
  ["remark", /^(?:status|state|result|remarks?|comments?|notes?|depend\w*|prerequisites?|pre-?reqs?|after|condition|risk|impact|downtime|rollback|approv\w*|tested|done)\b/i],
];

export function columnKindOf(column: string | undefined): ColumnKind | undefined {
  const plain = (column ?? "").trim();
  return KINDS.find(([, pattern]) => pattern.test(plain))?.[0];
}

export function isTimeColumn(column: string | undefined): boolean {
  return columnKindOf(column) === "time";
}

/** A cell that only says that nothing is said: «tbd», «n/a», «-». */
export function isBlank(cell: string): boolean {
  return /^(?:tbd|tba|tbc|n\/?a|none|nobody|\?+|-+)?$/i.test(cell.trim());
}

/** Who an owner's cell names though no inventory knows them: «Product», «Vendor (Acme)». */
export function strangerIn(cell: string): string | undefined {
  const words = cell.trim();
  return !isBlank(words) && words.length <= 40 && !/[\d:;.!?]/.test(words) && looksLikeTitle(words) ? words : undefined;
}
