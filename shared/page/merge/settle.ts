import type { PlanNode } from "../plan-tree.ts";
import type { OurNode } from "./document.ts";
import type { Pairs } from "./match.ts";
import { renamed } from "./references.ts";
import { same } from "./values.ts";

/** One part of the plan three times: as the page made it before, as the page makes it now, and as people have it. */
export interface Strand {
  readonly kind: PlanNode["kind"];
  /** As it stands, or would stand, in the plan. */
  readonly id: string;
  readonly before: PlanNode | undefined;
  readonly now: PlanNode | undefined;
  readonly ours: OurNode | undefined;
  /** What it holds: in the order of the page as it is now, and behind that what the page no longer has. */
  readonly children: readonly Strand[];
}

export interface Settled {
  readonly window: Strand;
  /** The page's plan as it is now under the ids of the plan: the base of the next merge. */
  readonly next: PlanNode;
  /** Ids of the draft, `CHANGE.STEP`, under those of the plan. */
  readonly idOf: ReadonlyMap<string, string>;
  /** Of the plan's parts, those that the page's plan does not have: people's own. */
  readonly own: ReadonlySet<OurNode>;
}

/**
 * Puts the three side by side, under the ids that the plan has: people refer to these, and so do runs. All trees name steps in
 * full, `CHANGE.STEP`.
 */
export function settled(before: PlanNode, now: PlanNode, ours: OurNode, pairs: Pairs): Settled {
  const mine = ourParts(before, ours);
  // A merge that was broken off after the plan was written is done again: what it added is there already.
  const again = addedBefore(now, ours, pairs, mine);
  movedSteps(before, ours, mine, again);
  const found = { now: new Map<PlanNode, PlanNode>(), ours: mine };
  for (const [node, earlier] of pairs) found.now.set(earlier, node);

  const names = new Map<PlanNode, string>();
  const taken = new Set<string>();
  const scopeOf = (node: PlanNode, change: string): string => (node.kind === "step" ? `step ${change}.` : `${node.kind} `);
  const claim = (node: PlanNode, id: string, change: string): string => {
    names.set(node, id);
    taken.add(`${scopeOf(node, change)}${id}`);
    return id;
  };
  const fresh = (node: PlanNode, change: string): string => {
    let id = node.id;
    for (let count = 2; taken.has(`${scopeOf(node, change)}${id}`); count++) id = `${node.id.slice(0, 42)}-${count}`;
    return claim(node, id, change);
  };
  /** Ids that are given first, then those that are new among them. */
  const nameAll = (tree: PlanNode, ofKnown: (node: PlanNode) => string | undefined): void => {
    const level = (nodes: readonly PlanNode[], change: string): void => {
      for (const node of nodes) {
        const known = ofKnown(node);
        if (known !== undefined) claim(node, known, change);
      }
      for (const node of nodes) if (!names.has(node)) fresh(node, change);
    };
    const changes = tree.children.flatMap((phase) => phase.children);
    level(tree.children, "");
    level(changes, "");
    for (const change of changes) level(change.children, names.get(change) ?? change.id);
  };
  for (const phase of ours.children) claim(phase, phase.id, "");
  for (const change of ours.children.flatMap((phase) => phase.children)) {
    claim(change, change.id, "");
    for (const step of change.children) claim(step, step.id, change.id);
  }
  nameAll(before, (node) => found.ours.get(node)?.id ?? node.id);
  const holder = new Map<PlanNode, PlanNode>(
    [before, now].flatMap((tree) => tree.children.flatMap((phase) => phase.children.flatMap((change) => change.children.map((step) => [step, change] as const)))),
  );
  /** Whose step it was, and in which change of the plan it stands unless people have moved it. */
  const homeOf = (node: PlanNode): OurNode | undefined => found.ours.get(holder.get(pairs.get(node) ?? node) ?? node);
  /** The page has it in another change now, and people have left it where it was. */
  const isMoved = (node: PlanNode): boolean => {
    const earlier = pairs.get(node);
    if (earlier === undefined || node.kind !== "step") return false;
    const change = holder.get(node);
    return change !== undefined && pairs.get(change) !== holder.get(earlier) && found.ours.get(earlier)?.parent === homeOf(node);
  };
  nameAll(now, (node) => {
    const earlier = pairs.get(node);
    if (earlier === undefined) return again.get(node)?.id;
    return isMoved(node) ? undefined : names.get(earlier);
  });

  const placeOf = (node: PlanNode): string | undefined => {
    const own = found.ours.get(pairs.get(node) ?? node);
    return own?.kind === "step" && own.parent !== homeOf(node) ? `${own.parent?.id ?? ""}.${own.id}` : undefined;
  };
  const [beforeUnder] = under(before, names, placeOf);
  const [nowUnder, idOf] = under(now, names, placeOf);
  const strand = (kind: PlanNode["kind"], was: PlanNode | undefined, is: PlanNode | undefined): Strand => {
    const own = was === undefined ? (is === undefined ? undefined : again.get(is)) : found.ours.get(was);
    const children = (is?.children ?? []).map((child) => strand(child.kind, pairs.get(child), child));
    const gone = (was?.children ?? []).filter((child) => !found.now.has(child)).map((child) => strand(child.kind, child, undefined));
    const id = names.get(is ?? was ?? before) ?? "";
    // What was added by a merge that was broken off has the page's own words as its base.
    return {
      kind,
      id,
      before: was === undefined ? (own === undefined || is === undefined ? undefined : nowUnder.get(is)) : beforeUnder.get(was),
      now: is === undefined ? undefined : nowUnder.get(is),
      ours: own,
      children: [...children, ...gone],
    };
  };
  const paired = new Set<OurNode>([...found.ours.values(), ...again.values()]);
  const all = ours.children.flatMap((phase) => [phase, ...phase.children.flatMap((change) => [change, ...change.children])]);
  return { window: strand("window", before, now), next: nowUnder.get(now) ?? now, idOf, own: new Set(all.filter((node) => !paired.has(node))) };
}

/**
 * The tree under its new names, by the parts of the old one, and how its references were renamed.
 *
 * @param placeOf `CHANGE.STEP` of a step that the plan has, wherever people have moved it.
 */
function under(
  tree: PlanNode,
  names: ReadonlyMap<PlanNode, string>,
  placeOf: (node: PlanNode) => string | undefined,
): readonly [ReadonlyMap<PlanNode, PlanNode>, ReadonlyMap<string, string>] {
  const renames = new Map<string, string>();
  const nameOf = (node: PlanNode): string => names.get(node) ?? node.id;
  for (const phase of tree.children) {
    for (const change of phase.children) {
      renames.set(change.id, nameOf(change));
      for (const step of change.children) renames.set(`${change.id}.${step.id}`, placeOf(step) ?? `${nameOf(change)}.${nameOf(step)}`);
    }
  }
  for (const phase of tree.children) if (!renames.has(phase.id)) renames.set(phase.id, nameOf(phase));
  const made = new Map<PlanNode, PlanNode>();
  const make = (node: PlanNode): PlanNode => {
    const result = {
      ...node,
      id: node.kind === "window" ? "" : nameOf(node),
      fields: renamed(node.fields, (reference) => renames.get(reference) ?? reference),
      children: node.children.map(make),
    };
    made.set(node, result);
    return result;
  };
  make(tree);
  return [made, renames];
}

/** The plan's part for each part of the page's plan: by id, and where people gave it another id, by what it does. */
function ourParts(before: PlanNode, ours: OurNode): Map<PlanNode, OurNode> {
  const found = new Map<PlanNode, OurNode>([[before, ours]]);
  const taken = new Set<OurNode>();
  const pair = (nodes: readonly PlanNode[], candidates: readonly OurNode[], isSame: (a: PlanNode, b: OurNode) => boolean): void => {
    for (const node of nodes) {
      if (found.has(node)) continue;
      const own = candidates.find((one) => !taken.has(one) && isSame(node, one));
      if (own === undefined) continue;
      found.set(node, own);
      taken.add(own);
    }
  };
  const byId = (a: PlanNode, b: OurNode): boolean => a.id === b.id;
  const byTickets = (a: PlanNode, b: OurNode): boolean => a.fields["title"] === b.fields["title"] || (a.fields["keys"] !== undefined && same(a.fields["keys"], b.fields["keys"]));
  pair(before.children, ours.children, byId);
  pair(before.children, ours.children, byWork);
  const changes = before.children.flatMap((phase) => phase.children);
  const ourChanges = ours.children.flatMap((phase) => phase.children);
  const byName = new Map(ourChanges.toReversed().map((change) => [change.id, change]));
  for (const change of changes) {
    const own = byName.get(change.id);
    if (own === undefined || found.has(change) || taken.has(own)) continue;
    found.set(change, own);
    taken.add(own);
  }
  pair(
    changes,
    ourChanges.filter((change) => !taken.has(change)),
    byTickets,
  );
  for (const change of changes) pair(change.children, found.get(change)?.children ?? [], byId);
  for (const change of changes) pair(change.children, found.get(change)?.children ?? [], byWork);
  return found;
}

/** People may have moved a step into another change. */
function movedSteps(before: PlanNode, ours: OurNode, mine: Map<PlanNode, OurNode>, again: ReadonlyMap<PlanNode, OurNode>): void {
  const taken = new Set([...mine.values(), ...again.values()]);
  const rest = ours.children.flatMap((phase) => phase.children.flatMap((change) => change.children)).filter((step) => !taken.has(step));
  for (const step of rest.length === 0 ? [] : before.children.flatMap((phase) => phase.children.flatMap((change) => change.children))) {
    const at = mine.has(step) ? -1 : rest.findIndex((own) => byWork(step, own));
    const own = at < 0 ? undefined : rest.splice(at, 1)[0];
    if (own !== undefined) mine.set(step, own);
  }
}

function byWork(a: PlanNode, b: OurNode): boolean {
  return a.fields["title"] === b.fields["title"] && a.fields["action"] === b.fields["action"];
}

function addedBefore(now: PlanNode, ours: OurNode, pairs: Pairs, mine: ReadonlyMap<PlanNode, OurNode>): ReadonlyMap<PlanNode, OurNode> {
  const known = new Set(mine.values());
  const again = new Map<PlanNode, OurNode>();
  const ourOf = (node: PlanNode): OurNode | undefined => {
    const earlier = pairs.get(node);
    return earlier === undefined ? again.get(node) : mine.get(earlier);
  };
  const look = (parent: PlanNode, own: OurNode | undefined): void => {
    const free = (own?.children ?? []).filter((child) => !known.has(child));
    for (const child of parent.children) {
      if (!pairs.has(child) && free.length > 0) {
        const at = free.findIndex(
          (one) =>
            one.fields["title"] === child.fields["title"] &&
            one.fields["action"] === child.fields["action"] &&
            same(one.fields["with"], child.fields["with"]) &&
            same(one.fields["keys"], child.fields["keys"]),
        );
        const twin = at < 0 ? undefined : free.splice(at, 1)[0];
        if (twin !== undefined) {
          again.set(child, twin);
          known.add(twin);
        }
      }
      look(child, ourOf(child));
    }
  };
  look(now, ours);
  return again;
}
