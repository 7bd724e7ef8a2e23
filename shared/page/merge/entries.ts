import type { PlanNode } from "../plan-tree.ts";
import type { OurNode, PlanDocument } from "./document.ts";
import { short } from "./places.ts";
import { difference, ownItems, sameItems, shown } from "./telling.ts";
import { alikeQuestions, itemKey, LISTS, MAPS, mergedList, same } from "./values.ts";

/** Longest question that a plan takes. */
export const QUESTION = 1_990;

/** What a merge did with the entries of one part, in words. */
export interface MergedEntries {
  readonly changed: readonly string[];
  readonly kept: readonly string[];
  readonly clashes: readonly string[];
  /** Questions for which the part itself has no place. */
  readonly asks: readonly string[];
}

interface Telling {
  readonly changed: string[];
  readonly kept: string[];
  clash(name: string, was: unknown, is: unknown, own: unknown): void;
}

/** Merges the entries of one part one by one: maps by key, lists by item, everything else as one value. */
export function mergedEntries(document: PlanDocument, before: PlanNode, now: PlanNode, ours: OurNode): MergedEntries {
  const mine = ours.fields;
  const order = Object.keys(now.fields);
  const [clashes, asks]: [string[], string[]] = [[], []];
  const telling: Telling = {
    changed: [],
    kept: [],
    clash(name, was, is, own) {
      clashes.push(`${name}: page ${shown(is)}, plan ${shown(own)}, before ${shown(was)}`);
      asks.push(
        `Which is right for \`${name}\`? The page now says ${shown(is)} (line ${now.line}), the plan says ${shown(own)}; when it was imported the page said ${shown(was)}.`.slice(
          0,
          QUESTION,
        ),
      );
    },
  };
  const { changed, kept } = telling;
  for (const name of Object.keys({ ...before.fields, ...now.fields, ...mine })) {
    const [was, is, own] = [before.fields[name], now.fields[name], mine[name]];
    if (LISTS.has(name)) continue;
    if (MAPS.has(name) && isEntries(was ?? {}) && isEntries(is ?? {}) && isEntries(own ?? {})) {
      const [a, b, c] = [was ?? {}, is ?? {}, own ?? {}] as Record<string, unknown>[];
      for (const key of Object.keys({ ...a, ...b, ...c }))
        mergeValue(`${name}.${key}`, a?.[key], b?.[key], c?.[key], telling, (value) => document.setWithin(ours, name, key, value, order));
    } else mergeValue(name, was, is, own, telling, (value) => document.set(ours, name, short(value, name, ours), order));
  }
  for (const name of LISTS) {
    if (name === "questions") continue;
    const merged = mergedList(before.fields[name], mine[name], now.fields[name]);
    kept.push(...ownItems(name, before.fields[name], mine[name], now.fields[name]));
    if (!merged.isChanged) continue;
    document.setList(
      ours,
      name,
      merged.items.map((item) => ({ ...item, value: short(item.value, name, ours) })),
      [],
      order,
    );
    if (!sameItems(before.fields[name], now.fields[name])) changed.push(`${name}: ${difference(merged)}`);
  }
  const left = mergeQuestions(document, before, now, ours, asks, telling);
  mergeComments(document, before, now, ours, changed);
  return { changed, kept, clashes, asks: left };
}

function mergeValue(name: string, was: unknown, is: unknown, own: unknown, { changed, kept, clash }: Telling, write: (value: unknown) => void): void {
  if (same(was, is)) {
    if (!same(was, own)) kept.push(`${name}: ${shown(own)}${is === undefined ? "" : `, where the page says ${shown(is)}`}`);
  } else if (same(was, own)) {
    write(is);
    changed.push(`${name}: ${shown(was)} is now ${shown(is)}`);
  } else if (!same(is, own)) clash(name, was, is, own);
}

/** @returns the questions that a phase, which holds none, cannot ask. */
function mergeQuestions(document: PlanDocument, before: PlanNode, now: PlanNode, ours: OurNode, asks: readonly string[], { changed, kept }: Telling): readonly string[] {
  const questions = mergedList(before.fields["questions"], ours.fields["questions"], now.fields["questions"], alikeQuestions(before, now));
  for (const question of questions.added) changed.push(`asks: ${String(question)}`);
  for (const question of questions.gone) changed.push(`asks no more: ${String(question)}`);
  for (const question of questions.answered) kept.push(`answered: ${String(question)}`);
  if (ours.kind === "phase") return asks;
  const open = new Set(questions.items.map(({ value }) => itemKey(value)));
  const more = asks.filter((ask) => !open.has(itemKey(ask)));
  if (questions.isChanged || more.length > 0) document.setList(ours, "questions", questions.items, more, Object.keys(now.fields));
  return [];
}

function mergeComments(document: PlanDocument, before: PlanNode, now: PlanNode, ours: OurNode, changed: string[]): void {
  const merged = mergedList(before.comments, ours.comments, now.comments);
  if (!merged.isChanged) return;
  document.setComments(
    ours,
    merged.items.map(({ value }) => String(value)),
  );
  if (!sameItems(before.comments, now.comments)) changed.push(`comment: ${difference(merged)}`);
}

function isEntries(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
