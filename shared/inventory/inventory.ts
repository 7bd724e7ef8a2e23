import { nearest } from "./nearest.ts";
import { INVENTORY_KINDS } from "./schema.ts";
import type { InventoryKind } from "./schema.ts";

/** What entries of all kinds share. The rest is as their kind's schema says. */
export interface Entry {
  readonly name: string;
  readonly aliases: readonly string[];
}

/** Names of one kind under one name: `app servers` for six servers. */
export interface Group extends Entry {
  readonly kind: InventoryKind;
  /** Names of entries, in the inventory's order. */
  readonly members: readonly string[];
}

/** The team's inventory, loaded: every reference resolved. Names are compared without regard to case and spacing. */
export interface Inventory {
  /** All of a kind, in the file's order. */
  entries(kind: InventoryKind): readonly Entry[];
  /** The entry of that name or alias. */
  find(kind: InventoryKind, name: string): Entry | undefined;
  group(kind: InventoryKind, name: string): Group | undefined;
  /** All groups of a kind, in the file's order. */
  groups(kind: InventoryKind): readonly Group[];
  /** Names, aliases and groups of a kind that look like `name`, best first. */
  near(kind: InventoryKind, name: string): readonly string[];
}

/** Stands for all entries of a kind wherever a group may stand. */
export const ALL = "all";

export function inventoryOf(entries: Readonly<Partial<Record<InventoryKind, readonly Entry[]>>>, groups: readonly Group[]): Inventory {
  const byName = new Map<string, Entry>();
  const groupByName = new Map<string, Group>();
  const names = new Map<InventoryKind, string[]>();
  for (const kind of Object.keys(INVENTORY_KINDS) as InventoryKind[]) {
    const known: string[] = [];
    for (const entry of entries[kind] ?? []) {
      for (const name of [entry.name, ...entry.aliases]) {
        if (!byName.has(keyOf(kind, name))) byName.set(keyOf(kind, name), entry);
        known.push(name);
      }
    }
    names.set(kind, known);
  }
  for (const group of groups) {
    for (const name of [group.name, ...group.aliases]) {
      if (!groupByName.has(keyOf(group.kind, name))) groupByName.set(keyOf(group.kind, name), group);
      names.get(group.kind)?.push(name);
    }
  }
  return {
    entries: (kind) => entries[kind] ?? [],
    find: (kind, name) => byName.get(keyOf(kind, name)),
    group: (kind, name) => groupByName.get(keyOf(kind, name)),
    groups: (kind) => groups.filter((group) => group.kind === kind),
    near: (kind, name) => nearest(name, names.get(kind) ?? []),
  };
}

/** `IC-Web1`, `ic-web1` and ` IC-Web1 ` are one name. */
export function plainName(name: string): string {
  return name.trim().replaceAll(/\s+/g, " ").toLowerCase();
}

function keyOf(kind: InventoryKind, name: string): string {
  return `${kind}\n${plainName(name)}`;
}
