import { ALL } from "./inventory.ts";
import type { Entry, Inventory } from "./inventory.ts";
import type { InventoryKind } from "./schema.ts";

/** What a name means, or why it means nothing. */
export type Resolved<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string; readonly hint: string };

/** The entry that `name` means; of several kinds, the first that knows it. */
export function resolveName(inventory: Inventory, kinds: readonly InventoryKind[], name: string): Resolved<Entry> {
  for (const kind of kinds) {
    const entry = inventory.find(kind, name);
    if (entry !== undefined) return { ok: true, value: entry };
  }
  return unknownName(inventory, kinds, name);
}

/** The entries that `name` means: one, the members of a group, or `all` of a kind. */
export function resolveNames(inventory: Inventory, kinds: readonly InventoryKind[], name: string): Resolved<readonly Entry[]> {
  const one = resolveName(inventory, kinds, name);
  if (one.ok) return { ok: true, value: [one.value] };
  for (const kind of kinds) {
    const group = inventory.group(kind, name);
    if (group !== undefined) return { ok: true, value: group.members.flatMap((member) => inventory.find(kind, member) ?? []) };
  }
  if (name.trim().toLowerCase() === ALL) return { ok: true, value: kinds.flatMap((kind) => inventory.entries(kind)) };
  return one;
}

function unknownName(inventory: Inventory, kinds: readonly InventoryKind[], name: string): Resolved<never> {
  const near = kinds.flatMap((kind) => inventory.near(kind, name)).slice(0, 3);
  const wanted = kinds.join(" or ");
  const known = kinds.flatMap((kind) => inventory.entries(kind)).map((entry) => entry.name);
  return {
    ok: false,
    message: `the inventory has no ${wanted} called \`${name}\``,
    hint:
      near.length > 0
        ? `did you mean ${near.map((other) => `\`${other}\``).join(" or ")}?`
        : known.length === 0
          ? `the inventory has no ${wanted} at all; add it there`
          : `it knows ${known.slice(0, 6).join(", ")}${known.length > 6 ? " …" : ""}; add it there, or use one of these`,
  };
}
