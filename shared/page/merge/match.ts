import type { PlanNode } from "../plan-tree.ts";
import { itemKey, listed, shapeOf } from "./values.ts";

/** Which part of the page as it was a part of the page as it is now goes on; a part without an entry is new. */
export type Pairs = ReadonlyMap<PlanNode, PlanNode>;

/** So many unmatched neighbours are compared by their words; a page that was written anew is not worth more. */
const MOST_CANDIDATES = 40;

/**
 * Finds, for every part of the page as it is now, what it was before: by what it says, by its tickets, by its title, and then by
 * how many words are the same. Ids are no help, as they follow the words and their order.
 */
export function pairsOf(before: PlanNode, now: PlanNode): Pairs {
  const pairs = new Map<PlanNode, PlanNode>([[now, before]]);
  const changesOf = (window: PlanNode): readonly PlanNode[] => window.children.flatMap((phase) => phase.children);
  match(changesOf(before), changesOf(now), CHANGE_KEYS, changeLikeness, 0.5, pairs);
  for (const change of changesOf(now)) {
    const earlier = pairs.get(change);
    if (earlier !== undefined) matchSteps(earlier.children, change.children, pairs);
  }
  // A ticket or heading put between lines makes other changes of them: the same line is the same step all the same.
  const taken = new Set(pairs.values());
  const rest = (window: PlanNode, isFree: (step: PlanNode) => boolean): readonly PlanNode[] => changesOf(window).flatMap((change) => change.children.filter(isFree));
  match(
    rest(before, (step) => !taken.has(step)),
    rest(now, (step) => !pairs.has(step)),
    STEP_KEYS,
    () => 0,
    1,
    pairs,
  );
  matchPhases(before.children, now.children, pairs);
  return pairs;
}

type Key = (node: PlanNode) => string | undefined;

const titleOf: Key = ({ fields }) => String(fields["title"] ?? "").toLowerCase();
const ticketsOf: Key = ({ fields }) => (fields["keys"] === undefined ? undefined : shapeOf(fields["keys"]));
const wholeStep: Key = ({ fields }) => shapeOf([fields["title"], fields["action"], fields["sameAs"], fields["with"], fields["targets"], fields["at"]]);
const CHANGE_KEYS: readonly Key[] = [
  (change) => `${shapeOf(change.fields)} ${change.children.map(wholeStep).join("\n")}`,
  (change) => (ticketsOf(change) === undefined ? undefined : `${ticketsOf(change) ?? ""} ${titleOf(change) ?? ""}`),
  ticketsOf,
  titleOf,
  ({ fields }) => (fields["keys"] === undefined ? undefined : itemKey(listed(fields["keys"])[0])),
];
const STEP_KEYS: readonly Key[] = [wholeStep, (step) => `${shapeOf([step.fields["action"], step.fields["sameAs"]])} ${titleOf(step) ?? ""}`];

function matchSteps(before: readonly PlanNode[], now: readonly PlanNode[], pairs: Map<PlanNode, PlanNode>): void {
  match(before, now, STEP_KEYS, stepLikeness, 0.5, pairs);
  const taken = new Set(now.map((step) => pairs.get(step)));
  const [gone, fresh] = [before.filter((step) => !taken.has(step)), now.filter((step) => !pairs.has(step))];
  const [was, is] = [gone[0], fresh[0]];
  // One line of a change was written anew: it is the same step if it is the same kind of work.
  if (gone.length === 1 && fresh.length === 1 && was !== undefined && is !== undefined && was.fields["action"] === is.fields["action"] && is.fields["action"] !== "person.do")
    pairs.set(is, was);
}

/** A heading that was written anew is known by what stands below it. */
function matchPhases(before: readonly PlanNode[], now: readonly PlanNode[], pairs: Map<PlanNode, PlanNode>): void {
  match(before, now, [titleOf], () => 0, 1, pairs);
  const taken = new Set(pairs.values());
  for (const phase of now) {
    if (pairs.has(phase)) continue;
    const below = phase.children.flatMap((change) => before.filter((earlier) => !taken.has(earlier) && earlier.children.some((one) => one === pairs.get(change))));
    const [first] = below.toSorted((a, b) => below.filter((one) => one === b).length - below.filter((one) => one === a).length);
    if (first === undefined) continue;
    pairs.set(phase, first);
    taken.add(first);
  }
}

function match(
  before: readonly PlanNode[],
  now: readonly PlanNode[],
  keys: readonly Key[],
  likeness: (a: PlanNode, b: PlanNode) => number,
  enough: number,
  pairs: Map<PlanNode, PlanNode>,
): void {
  const free = new Set(before);
  const take = (node: PlanNode, earlier: PlanNode): void => {
    pairs.set(node, earlier);
    free.delete(earlier);
  };
  for (const key of keys) {
    const known = new Map<string, PlanNode[]>();
    for (const earlier of free) {
      const text = key(earlier);
      if (text !== undefined && text !== "") known.set(text, [...(known.get(text) ?? []), earlier]);
    }
    for (const node of now) {
      const found = pairs.has(node) ? undefined : known.get(key(node) ?? "\u0000")?.shift();
      if (found !== undefined) take(node, found);
    }
  }
  const place = new Map(before.map((node, at) => [node, at]));
  let above = -1;
  for (const node of now) {
    const paired = pairs.get(node);
    if (paired !== undefined) {
      above = place.get(paired) ?? above;
      continue;
    }
    // What was written anew mostly stays where it was.
    const [best] = nearest(before, above + 1, free)
      .map((earlier) => ({ earlier, score: likeness(earlier, node) }))
      .toSorted((a, b) => b.score - a.score);
    if (best === undefined || best.score < enough) continue;
    take(node, best.earlier);
    above = place.get(best.earlier) ?? above;
  }
}

/** Free parts on both sides of a place, nearest first. */
function nearest(before: readonly PlanNode[], at: number, free: ReadonlySet<PlanNode>): readonly PlanNode[] {
  const near: PlanNode[] = [];
  if (free.size === 0) return near;
  for (let [up, down] = [at - 1, at]; near.length < MOST_CANDIDATES && (up >= 0 || down < before.length); up--, down++)
    for (const node of [before[down], before[up]]) if (node !== undefined && free.has(node)) near.push(node);
  return near;
}

function changeLikeness(a: PlanNode, b: PlanNode): number {
  // With tickets on both sides and none in common they are two things, however alike their words.
  const [keysA, keysB] = [listed(a.fields["keys"]), listed(b.fields["keys"])];
  if (keysA.length > 0 && keysB.length > 0 && !keysA.some((key) => keysB.includes(key))) return 0;
  const words = (change: PlanNode): string => [change, ...change.children].map(titleOf).join(" ");
  return share(words(a), words(b));
}

function stepLikeness(a: PlanNode, b: PlanNode): number {
  const own = a.fields["action"] === b.fields["action"] ? 0.1 : -0.2;
  const [withA, withB] = [a.fields["with"] ?? {}, b.fields["with"] ?? {}] as Record<string, unknown>[];
  const names = Object.keys({ ...withA, ...withB }).filter((name) => name !== "what");
  const equal = names.filter((name) => shapeOf(withA?.[name]) === shapeOf(withB?.[name])).length;
  return share(titleOf(a) ?? "", titleOf(b) ?? "") + own + (names.length === 0 ? 0 : (equal / names.length) * 0.2);
}

/** How many words two texts have in common, from 0 to 1. */
function share(a: string, b: string): number {
  const [left, right] = [wordsOf(a), wordsOf(b)];
  if (left.size === 0 || right.size === 0) return 0;
  return (2 * [...left].filter((word) => right.has(word)).length) / (left.size + right.size);
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}._/-]*/gu) ?? []);
}
