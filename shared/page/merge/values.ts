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

export interface MergedList {
  /** Of the plan's items by index: undefined where it goes, else what stands in its place. */
  readonly kept: readonly unknown[];
  /** What the page adds, in its order. */
  readonly added: readonly unknown[];
  /** Items of the page's that a person has taken out, and that stay out. */
  readonly answered: readonly unknown[];
  readonly isChanged: boolean;
}

/**
 * Merges lists item by item: what the page adds is added, what it no longer has goes, what people took out stays out, and what
 * they added stays.
 *
 * @param alike pairs items of the page that are the same although their words differ: [before, now].
 */
export function mergedList(base: unknown, ours: unknown, theirs: unknown, alike: ReadonlyMap<unknown, unknown> = new Map()): MergedList {
  const [before, mine, now] = [listed(base), listed(ours), listed(theirs)];
  const keysBefore = itemKeys(before);
  const keyOfItem = new Map(before.map((item, at) => [item, keysBefore[at] ?? ""]));
  const keysNow = itemKeys(now).map((key, at) => {
    const earlier = alike.get(now[at]);
    return earlier === undefined ? key : (keyOfItem.get(earlier) ?? key);
  });
  const keysMine = itemKeys(mine);
  const [inBefore, inMine, inNow] = [new Set(keysBefore), new Set(keysMine), new Set(keysNow)];
  const kept = mine.map((item, at) => {
    const key = keysMine[at] ?? "";
    if (!inBefore.has(key)) return item;
    if (!inNow.has(key)) return undefined;
    // As the page has it now: its line may be another one. Words that a person changed are another key, and so theirs.
    return now[keysNow.indexOf(key)];
  });
  const added = now.filter((_item, at) => !inBefore.has(keysNow[at] ?? "") && !inMine.has(keysNow[at] ?? ""));
  const answered = now.filter((_item, at) => inBefore.has(keysNow[at] ?? "") && !inMine.has(keysNow[at] ?? ""));
  return { kept, added, answered, isChanged: added.length > 0 || kept.some((item, at) => item !== mine[at] && !(item !== undefined && same(item, mine[at]))) };
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
