import type { PlanNode } from "../plan-tree.ts";

/** Entries whose items are merged one by one; every other entry is one value. */
export const LISTS: ReadonlySet<string> = new Set(["questions", "notes", "keys", "needs"]);
/** Entries whose own entries are merged one by one. */
export const MAPS: ReadonlySet<string> = new Set(["with", "page"]);

/** What the page says, in a question of ours: `… On the page, line 12: «…»`. */
const QUOTED = / On the page, line \d+: «([\s\S]*)»?$/;

/** Whether two values say the same, whatever the order of their entries; one thing and a list of it do. */
export function same(a: unknown, b: unknown): boolean {
  return shapeOf(a) === shapeOf(b);
}

/** A value as text, by which equal values are known. */
export function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 1 ? shapeOf(value[0]) : `[${value.map(shapeOf).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, each]) => each !== undefined);
    return `{${entries
      .map(([key, each]) => `${JSON.stringify(key)}:${shapeOf(each)}`)
      .toSorted()
      .join(",")}}`;
  }
  return JSON.stringify(value) ?? "";
}

export function listed(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as readonly unknown[]) : [value];
}

/** An item without the numbers of lines that we wrote into it, which every line above would change. */
export function itemKey(item: unknown): string {
  return typeof item === "string" ? item.replaceAll(/\bline \d+\b/g, "line") : shapeOf(item);
}

/** Keys of items, each item its own: the second of two equal ones is `…#2`. */
export function itemKeys(items: readonly unknown[]): readonly string[] {
  const seen = new Map<string, number>();
  return items.map((item) => {
    const key = itemKey(item);
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return count === 1 ? key : `${key}#${count}`;
  });
}

/** An item of a merged list. */
export interface MergedItem {
  readonly value: unknown;
  /** Which of the plan's items it is, as it is; none: it is new, or has other words. */
  readonly own?: number;
}

export interface MergedList {
  readonly items: readonly MergedItem[];
  /** What the page adds, and what goes with it; items of the page's that a person has taken out stay out. */
  readonly added: readonly unknown[];
  readonly gone: readonly unknown[];
  readonly answered: readonly unknown[];
  readonly isChanged: boolean;
}

/**
 * Merges lists item by item: what the page adds is added where the page has it, what it no longer has goes, what people took out
 * stays out, and what they added stays.
 *
 * @param alike pairs items of the page that are the same although their words differ: which it was, by what it is.
 */
export function mergedList(base: unknown, ours: unknown, theirs: unknown, alike: ReadonlyMap<unknown, unknown> = new Map()): MergedList {
  const [before, mine, now] = [listed(base), listed(ours), listed(theirs)];
  // Of each item of the page as it is now, which one it was; of each of the plan's, which one of the page's it is. Equal words
  // come first, then what differs in the number of a line only.
  const was = new Map<number, number>();
  pair(now, before, shapeOf, was);
  pair(now, before, itemKey, was);
  now.forEach((item, at) => alike.has(item) && !was.has(at) && was.set(at, before.indexOf(alike.get(item))));
  const isNow = new Map([...was].map(([at, earlier]) => [earlier, at]));
  const [ofBefore, ofNow] = [new Map<number, number>(), new Map<number, number>()];
  for (const key of [shapeOf, itemKey]) {
    pair(mine, before, key, ofBefore, ofNow, (earlier) => [...ofNow.values()].includes(isNow.get(earlier) ?? -1));
    pair(mine, now, key, ofNow, ofBefore, (at) => [...ofBefore.values()].includes(was.get(at) ?? -1));
  }

  const placeOf = (at: number): number | undefined => (ofBefore.has(at) ? isNow.get(ofBefore.get(at) ?? -1) : ofNow.get(at));
  const isAsBefore = (place: number): boolean => was.has(place) && same(before[was.get(place) ?? -1], now[place]);
  const items: (MergedItem & { readonly place: number | undefined })[] = [];
  const gone: unknown[] = [];
  mine.forEach((item, at) => {
    const place = placeOf(at);
    if (place === undefined && ofBefore.has(at)) gone.push(item);
    else items.push(place === undefined || isAsBefore(place) || same(now[place], item) ? { value: item, own: at, place } : { value: now[place], place });
  });
  const isThere = new Set(items.map(({ place }) => place));
  const absent = now.map((_item, at) => at).filter((at) => !isThere.has(at));
  const added = absent.filter((at) => !was.has(at));
  for (const at of added) {
    const above = items.findLastIndex(({ place }) => place !== undefined && place < at);
    items.splice(above < 0 ? 0 : above + 1, 0, { value: now[at], place: at });
  }
  return {
    items: items.map(({ value, own }) => (own === undefined ? { value } : { value, own })),
    added: added.map((at) => now[at]),
    gone,
    answered: absent.filter((at) => was.has(at)).map((at) => now[at]),
    isChanged: gone.length > 0 || items.some(({ own }) => own === undefined),
  };
}

/** Pairs items with those of another list that have no partner yet: the index there, by `key`. */
function pair(
  items: readonly unknown[],
  others: readonly unknown[],
  key: (item: unknown) => string,
  partners: Map<number, number>,
  elsewhere: ReadonlyMap<number, number> = new Map(),
  isTaken: (other: number) => boolean = () => false,
): void {
  const taken = new Set(partners.values());
  const free = new Map<string, number[]>();
  others.forEach((other, at) => {
    if (!taken.has(at) && !(elsewhere.size > 0 && isTaken(at))) free.set(key(other), [...(free.get(key(other)) ?? []), at]);
  });
  items.forEach((item, at) => {
    if (partners.has(at) || elsewhere.has(at)) return;
    const found = free.get(key(item))?.shift();
    if (found !== undefined) partners.set(at, found);
  });
}

/**
 * Questions about a step itself that are asked for the same reason before and now, although the step's words have changed: who
 * answered is not asked again. A question about words that stand beside it is another one when they change.
 */
export function alikeQuestions(base: PlanNode, theirs: PlanNode): ReadonlyMap<unknown, unknown> {
  const before = listed(base.fields["questions"]);
  const now = listed(theirs.fields["questions"]);
  const known = new Set(itemKeys(before));
  const keysNow = itemKeys(now);
  const free = before.filter((_item, at) => !keysNow.includes(itemKeys(before)[at] ?? ""));
  const alike = new Map<unknown, unknown>();
  now.forEach((item, at) => {
    if (known.has(keysNow[at] ?? "") || !isAboutItself(item, theirs)) return;
    const found = free.findIndex((earlier) => reasonOf(earlier) === reasonOf(item) && isAboutItself(earlier, base));
    if (found >= 0) alike.set(item, free.splice(found, 1)[0]);
  });
  return alike;
}

function reasonOf(question: unknown): string {
  return String(question).replace(QUOTED, "");
}

function isAboutItself(question: unknown, { fields }: PlanNode): boolean {
  const quoted = QUOTED.exec(String(question))?.[1]?.replace(/»$/, "");
  const title = String(fields["title"] ?? "");
  return quoted !== undefined && quoted !== "" && title !== "" && (quoted.includes(title) || title.includes(quoted));
}
