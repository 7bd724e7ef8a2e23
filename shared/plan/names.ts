import type { z } from "zod";
import type { Inventory } from "../inventory/inventory.ts";
import { resolveName } from "../inventory/resolve.ts";
import type { InventoryKind } from "../inventory/schema.ts";
import type { Path } from "./outline.ts";

/** Says that a name at `path` of the parameters means nothing. */
export type Unknown = (path: Path, message: string, hint: string) => void;

/**
 * `value` with every name replaced by its inventory entry, wherever the schema of an action's parameters was made with
 * `named(kind)`. What is no text there is left for the schema to refuse.
 */
export function withEntries(schema: z.ZodType, value: unknown, inventory: Inventory, unknown: Unknown, path: Path = []): unknown {
  const kinds = kindsOf(schema);
  if (kinds.length > 0 && typeof value === "string") {
    const found = resolveName(inventory, kinds, value);
    if (found.ok) return found.value;
    unknown(path, found.message, found.hint);
    return value;
  }
  const { innerType, in: input, options, shape, element, valueType } = partsOf(schema);
  if (options !== undefined) {
    // The branch that takes the value once its names are known; where none does, it stays for the schema to refuse.
    for (const option of options) {
      let whole = true;
      const tried = withEntries(option, value, inventory, () => (whole = false), path);
      if (whole && option.safeParse(tried).success) return tried;
    }
    return value;
  }
  const inner = innerType ?? input;
  if (inner !== undefined) return withEntries(inner, value, inventory, unknown, path);
  if (Array.isArray(value)) return element === undefined ? value : value.map((item, index) => withEntries(element, item, inventory, unknown, [...path, index]));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const field = shape === undefined ? valueType : Object.hasOwn(shape, key) ? shape[key] : undefined;
      return [key, field === undefined ? item : withEntries(field, item, inventory, unknown, [...path, key])];
    }),
  );
}

/** The reverse of `withEntries`: what a plan would say for parameters as a compiled plan holds them. */
export function withNames(schema: z.ZodType, value: unknown): unknown {
  const name = value !== null && typeof value === "object" && "name" in value ? value.name : undefined;
  if (kindsOf(schema).length > 0 && typeof name === "string") return name;
  const { innerType, in: input, options, shape, element, valueType } = partsOf(schema);
  if (options !== undefined) {
    const taking = options.find((option) => option.safeParse(value).success);
    return taking === undefined ? value : withNames(taking, value);
  }
  const inner = innerType ?? input;
  if (inner !== undefined) return withNames(inner, value);
  if (Array.isArray(value)) return element === undefined ? value : value.map((item) => withNames(element, item));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const field = shape === undefined ? valueType : Object.hasOwn(shape, key) ? shape[key] : undefined;
      return [key, field === undefined ? item : withNames(field, item)];
    }),
  );
}

/** The kinds of inventory entry that a parameter may name: none for plain text, several for a union. */
export function kindsOf(schema: z.ZodType): readonly InventoryKind[] {
  const own = schema.meta()?.["inventory"];
  if (own !== undefined) return [own as InventoryKind];
  const { innerType, in: input, options } = partsOf(schema);
  if (options !== undefined) return options.flatMap(kindsOf);
  const inner = innerType ?? input;
  return inner === undefined ? [] : kindsOf(inner);
}

/** The schema of a field of parameters, which may be wrapped, refined, or one of several shapes. */
export function fieldOf(schema: z.ZodType, field: string): z.ZodType | undefined {
  const { innerType, in: input, options, shape } = partsOf(schema);
  if (shape !== undefined) return Object.hasOwn(shape, field) ? shape[field] : undefined;
  if (options !== undefined) return options.map((option) => fieldOf(option, field)).find((found) => found !== undefined);
  const inner = innerType ?? input;
  return inner === undefined ? undefined : fieldOf(inner, field);
}

interface Parts {
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
}

/** What zod's own schemas are made of; see `z.core.$ZodTypeDef` and its kin. */
function partsOf(schema: z.ZodType): Parts {
  return schema._zod.def as Parts;
}
