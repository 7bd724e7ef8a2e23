import type { PlanNode } from "../plan-tree.ts";
import type { MergedList } from "./values.ts";
import { itemKey, LISTS, listed, same, shapeOf } from "./values.ts";

/** Longest value that a question or a line of the report shows of each side. */
const SHOWN = 300;

export function questionsIn({ fields }: PlanNode): readonly string[] {
  return listed(fields["questions"]).map((question) => `asks: ${String(question)}`);
}

/** What the page changed of a part, without numbers of lines. */
export function changesOf(before: PlanNode, now: PlanNode): readonly string[] {
  return Object.keys({ ...before.fields, ...now.fields }).flatMap((name) => {
    const [was, is] = [before.fields[name], now.fields[name]];
    const isSame = LISTS.has(name) ? sameItems(was, is) : same(was, is);
    return isSame ? [] : [`${name}: ${shown(was)} is now ${shown(is)}`];
  });
}

export function edits(before: PlanNode, fields: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys({ ...before.fields, ...fields }).flatMap((name) => (same(before.fields[name], fields[name]) ? [] : [`${name}: ${shown(fields[name])}`]));
}

export function ownItems(name: string, was: unknown, own: unknown, is: unknown): readonly string[] {
  const [before, now, mine] = [was, is, own].map((items) => new Set(listed(items).map(itemKey)));
  return [
    ...listed(own).flatMap((item) => (before?.has(itemKey(item)) || now?.has(itemKey(item)) ? [] : [`${name}: ${shown(item)}`])),
    ...listed(is).flatMap((item) => (before?.has(itemKey(item)) && !mine?.has(itemKey(item)) ? [`${name} without ${shown(item)}`] : [])),
  ];
}

export function sameItems(a: unknown, b: unknown): boolean {
  return shapeOf(listed(a).map(itemKey)) === shapeOf(listed(b).map(itemKey));
}

export function difference({ gone, added }: MergedList): string {
  return [...gone.map((item) => `without ${shown(item)}`), ...added.map((item) => `and ${shown(item)}`)].join(", ") || "under other numbers of lines";
}

export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "string" ? `«${value}»` : JSON.stringify(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
