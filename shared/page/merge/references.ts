import type { PlanNode } from "../plan-tree.ts";

/** Rewrites what steps say of other steps: `needs`, `sameAs` and `when`. In a tree each names a step as `CHANGE.STEP`. */
export type Rename = (reference: string) => string;

/** A node's entries with its references renamed. @param around id of the change that the node stands in. */
export function renamed(fields: Readonly<Record<string, unknown>>, rename: Rename): Readonly<Record<string, unknown>> {
  const { needs, sameAs, when } = fields;
  return {
    ...fields,
    ...(needs === undefined ? {} : { needs: Array.isArray(needs) ? needs.map((need) => renamedNeed(need, rename)) : renamedNeed(needs, rename) }),
    ...(typeof sameAs === "string" ? { sameAs: rename(sameAs) } : {}),
    ...(isEntries(when) && typeof when["succeeded"] === "string" ? { when: { ...when, succeeded: rename(when["succeeded"]) } } : {}),
  };
}

function renamedNeed(need: unknown, rename: Rename): unknown {
  if (typeof need === "string") return rename(need);
  return isEntries(need) && typeof need["step"] === "string" ? { ...need, step: rename(need["step"]) } : need;
}

/** Every reference of a node. */
export function referencesOf(fields: Readonly<Record<string, unknown>>): readonly string[] {
  const found: string[] = [];
  renamed(fields, (reference) => {
    found.push(reference);
    return reference;
  });
  return found;
}

/** The tree with every step named in full, as plans may leave the change out within it. */
export function inFull<T extends PlanNode>(window: T): T {
  return mapChanges(window, (change) => {
    const own = new Set(change.children.map(({ id }) => id));
    const full: Rename = (reference) => (own.has(reference) ? `${change.id}.${reference}` : reference);
    return { ...change, fields: renamed(change.fields, full), children: change.children.map((step) => ({ ...step, fields: renamed(step.fields, full) })) };
  });
}

/** As plans write it: without the change, within it. */
export function inShort(fields: Readonly<Record<string, unknown>>, change: string): Readonly<Record<string, unknown>> {
  return renamed(fields, (reference) => (reference.startsWith(`${change}.`) ? reference.slice(change.length + 1) : reference));
}

export function mapChanges<T extends PlanNode>(window: T, map: (change: PlanNode) => PlanNode): T {
  return { ...window, children: window.children.map((phase) => ({ ...phase, children: phase.children.map(map) })) };
}

function isEntries(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
