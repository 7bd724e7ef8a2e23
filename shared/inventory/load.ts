import { z } from "zod";
import { complain } from "../plan/complaints.ts";
import { hasErrors, reportOn, sortedFindings } from "../plan/finding.ts";
import type { Finding, Report } from "../plan/finding.ts";
import { readYaml } from "../plan/yaml.ts";
import type { Places } from "../plan/yaml.ts";
import { ALL, inventoryOf, plainName } from "./inventory.ts";
import type { Entry, Group, Inventory } from "./inventory.ts";
import { nearest } from "./nearest.ts";
import { INVENTORY_KINDS } from "./schema.ts";
import type { InventoryKind } from "./schema.ts";

const KINDS = Object.keys(INVENTORY_KINDS) as InventoryKind[];
const Name = z.string().trim().min(1, "expected a name").max(120, "expected a name of 120 characters at most");

/** One kind's entries as the file writes them: without the name, which is the key, and with names where entries are embedded. */
function fileSchemaOf(kind: InventoryKind) {
  const shape: Record<string, z.ZodType> = {};
  for (const [field, schema] of Object.entries<z.ZodType>(INVENTORY_KINDS[kind].shape)) {
    if (field === "name") continue;
    const wanted = embeddedKind(schema);
    const written = wanted === undefined ? schema : schema.safeParse(undefined).success ? Name.optional() : Name;
    const described = field === "subscription" ? Name.describe("Azure subscription: its id, or a name from `subscriptions`") : written;
    shape[field] = wanted === undefined ? described : described.describe(`${schema.description ?? ""} (name of a ${wanted})`.trim());
  }
  return z.strictObject(shape);
}

const GroupFile = z.strictObject({
  kind: z.enum(KINDS as [InventoryKind, ...InventoryKind[]]).describe("What its members are"),
  members: z.array(Name).min(1, "expected at least one member").describe("Names of entries of that kind"),
  aliases: z.array(Name).default([]).describe("Other names under which pages mention it"),
});

const FILE_SCHEMAS = Object.fromEntries(KINDS.map((kind) => [kind, fileSchemaOf(kind)])) as Record<InventoryKind, z.ZodObject>;

/** The inventory file: one map from name to entry per kind, and groups of names. */
export const InventoryFile = z.strictObject({
  inventory: z.literal(1, "1: the version of this file's language").describe("Version of the inventory's language: 1"),
  subscriptions: z.record(Name, z.guid("expected a subscription id, a GUID")).default({}).describe("Names for Azure subscription ids, for the `subscription` fields below"),
  ...(Object.fromEntries(KINDS.map((kind) => [kind, z.record(Name, FILE_SCHEMAS[kind]).optional().describe(`Every ${kind} by its name`)])) as Record<
    InventoryKind,
    z.ZodOptional<z.ZodRecord<typeof Name, z.ZodObject>>
  >),
  groups: z.record(Name, GroupFile).default({}).describe("Several entries of one kind under one name"),
});

/**
 * Reads an inventory: every reference resolved to its entry, and everything that is wrong said at its place, at once.
 * An inventory comes back whatever was found, with what could be read; a compiler that was given one with errors says so.
 */
export function loadInventory(text: string, file: string): LoadedInventory {
  const { value, places, findings: syntax } = readYaml(text, file);
  const report = reportOn(file);
  const top = value !== null && typeof value === "object" ? (value as Record<string, unknown>) : {};
  const parsed = InventoryFile.safeParse(value);
  if (value !== undefined && !parsed.success) complain(report, parsed.error.issues, { schema: InventoryFile, value, places, base: [] });

  const loader = new Loader(top, places, report);
  const entries = Object.fromEntries(KINDS.map((kind) => [kind, loader.all(kind)])) as Record<InventoryKind, Entry[]>;
  for (const kind of KINDS) loader.checkNames(kind);
  const groups = loader.groups();
  loader.checkMembership(groups);
  const findings = sortedFindings([...syntax, ...report.findings()]);
  return { inventory: inventoryOf(entries, groups), findings, isLost: hasErrors(findings) && KINDS.every((kind) => entries[kind].length === 0) };
}

export interface LoadedInventory {
  readonly inventory: Inventory;
  readonly findings: readonly Finding[];
  /** Nothing of it could be read: every name of a plan would be unknown, which says nothing. */
  readonly isLost: boolean;
}

class Loader {
  readonly #top: Readonly<Record<string, unknown>>;
  readonly #places: Places;
  readonly #report: Report;
  readonly #entries = new Map<string, Entry | undefined>();
  /** Per kind: what an entry may be called, to the key under which it stands. */
  readonly #keys = new Map<InventoryKind, Map<string, string>>();

  constructor(top: Readonly<Record<string, unknown>>, places: Places, report: Report) {
    this.#top = top;
    this.#places = places;
    this.#report = report;
    for (const kind of KINDS) {
      const keys = new Map<string, string>();
      for (const [name, raw] of Object.entries(this.#mapOf(kind))) {
        for (const said of [name, ...aliasesOf(raw)]) if (!keys.has(plainName(said))) keys.set(plainName(said), name);
      }
      this.#keys.set(kind, keys);
    }
  }

  all(kind: InventoryKind): Entry[] {
    return Object.keys(this.#mapOf(kind)).flatMap((name) => this.#entry(kind, name) ?? []);
  }

  /** One entry with what it embeds. Kinds embed other kinds only, as their schemas say, so this ends. */
  #entry(kind: InventoryKind, name: string): Entry | undefined {
    const key = `${kind}\n${name}`;
    if (!this.#entries.has(key)) this.#entries.set(key, this.#read(kind, name));
    return this.#entries.get(key);
  }

  #read(kind: InventoryKind, name: string): Entry | undefined {
    const written = FILE_SCHEMAS[kind].safeParse(this.#mapOf(kind)[name]);
    // What is wrong with its shape has been said already.
    if (!written.success) return undefined;
    const fields: Record<string, unknown> = { ...written.data, name };
    let whole = true;
    for (const [field, schema] of Object.entries<z.ZodType>(INVENTORY_KINDS[kind].shape)) {
      const value = fields[field];
      if (value === undefined) continue;
      const path = [kind, name, field];
      const embedded = embeddedKind(schema);
      if (embedded !== undefined) {
        const found = this.#named(embedded, value as string);
        if (found === undefined) this.#dangling(path, embedded, value as string);
        whole &&= found !== undefined;
        fields[field] = found;
      } else if (field === "subscription") {
        const id = this.#subscription(value as string);
        if (id === undefined) {
          const known = Object.keys(this.#objectAt("subscriptions"));
          this.#report.error("unknown-name", this.#places.of(path), `\`${value as string}\` is neither a GUID nor a name in \`subscriptions\``, didYouMean(value as string, known));
        }
        whole &&= id !== undefined;
        fields[field] = id;
      }
    }
    if (!whole) return undefined;
    const entry = INVENTORY_KINDS[kind].safeParse(fields);
    return entry.success ? entry.data : undefined;
  }

  /** References that stay names: a team's members, a server's pool. Names and aliases that mean two things. */
  checkNames(kind: InventoryKind): void {
    const taken = new Map<string, string>();
    for (const [name, raw] of Object.entries(this.#mapOf(kind))) {
      const aliases = aliasesOf(raw);
      [name, ...aliases].forEach((said, index) => {
        const path = index === 0 ? [kind, name] : [kind, name, "aliases", index - 1];
        const other = taken.get(plainName(said));
        if (other !== undefined)
          this.#report.error(
            "duplicate-name",
            this.#places.ofKey(path),
            `\`${said}\` means two things among ${kind} entries: ${other} and ${name}`,
            "names and aliases are unique within a kind, without regard to case",
          );
        else taken.set(plainName(said), name);
        if (plainName(said) === ALL) this.#report.error("reserved-name", this.#places.ofKey(path), "`all` stands for every entry of a kind; call this one something else");
      });
      for (const [field, schema] of Object.entries<z.ZodType>(INVENTORY_KINDS[kind].shape)) {
        const wanted = namesKind(schema);
        const value = raw !== null && typeof raw === "object" ? (raw as Record<string, unknown>)[field] : undefined;
        if (wanted === undefined || value === undefined) continue;
        (Array.isArray(value) ? value : [value]).forEach((said: unknown, index) => {
          if (typeof said !== "string" || this.#named(wanted, said) !== undefined) return;
          this.#dangling(Array.isArray(value) ? [kind, name, field, index] : [kind, name, field], wanted, said);
        });
      }
    }
  }

  groups(): Group[] {
    const taken = new Map<string, string>();
    return Object.entries(this.#objectAt("groups")).flatMap(([name, raw]) => {
      const parsed = GroupFile.safeParse(raw);
      if (!parsed.success) return [];
      const { kind, members, aliases } = parsed.data;
      for (const said of [name, ...aliases]) {
        const key = `${kind}\n${plainName(said)}`;
        const other = this.#named(kind, said)?.name ?? taken.get(key);
        if (other !== undefined)
          this.#report.error("duplicate-name", this.#places.ofKey(["groups", name]), `\`${said}\` means two things among ${kind} entries and groups: ${other} and ${name}`);
        if (plainName(said) === ALL)
          this.#report.error("reserved-name", this.#places.ofKey(["groups", name]), "`all` stands for every entry of a kind; call this group something else");
        taken.set(key, name);
      }
      const seen = new Set<string>();
      const found = members.flatMap((member, index) => {
        const path = ["groups", name, "members", index];
        const entry = this.#named(kind, member);
        if (entry === undefined) this.#dangling(path, kind, member);
        else if (seen.has(entry.name)) this.#report.warning("duplicate-member", this.#places.of(path), `${entry.name} is in the group ${name} twice`);
        if (entry === undefined || seen.has(entry.name)) return [];
        seen.add(entry.name);
        return [entry.name];
      });
      return [{ name, kind, aliases, members: found }];
    });
  }

  /** A server in two groups is patched twice when a plan names both. */
  checkMembership(groups: readonly Group[]): void {
    const first = new Map<string, string>();
    for (const { name, kind, members } of groups) {
      if (kind !== "server") continue;
      for (const member of members) {
        const other = first.get(member);
        if (other === undefined) first.set(member, name);
        else
          this.#report.warning(
            "two-groups",
            this.#places.ofKey(["groups", name]),
            `${member} is in two groups, ${other} and ${name}`,
            "fine if no plan names both for the same work",
          );
      }
    }
  }

  /** The entry that a name or an alias means, wherever in the file it stands. */
  #named(kind: InventoryKind, said: string): Entry | undefined {
    const key = this.#keys.get(kind)?.get(plainName(said));
    return key === undefined ? undefined : this.#entry(kind, key);
  }

  #dangling(path: readonly PropertyKey[], kind: InventoryKind, said: string): void {
    // An entry that is there but could not be read has been complained about at its own place.
    if (this.#keys.get(kind)?.has(plainName(said))) return;
    const known = Object.entries(this.#mapOf(kind)).flatMap(([name, raw]) => [name, ...aliasesOf(raw)]);
    this.#report.error("unknown-name", this.#places.of(path), `there is no ${kind} called \`${said}\``, didYouMean(said, known));
  }

  #subscription(said: string): string | undefined {
    if (z.guid().safeParse(said).success) return said;
    const found = Object.entries(this.#objectAt("subscriptions")).find(([name]) => plainName(name) === plainName(said))?.[1];
    return typeof found === "string" ? found : undefined;
  }

  #mapOf(kind: InventoryKind): Readonly<Record<string, unknown>> {
    return this.#objectAt(kind);
  }

  #objectAt(field: string): Readonly<Record<string, unknown>> {
    const value = this.#top[field];
    return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
  }
}

function aliasesOf(raw: unknown): readonly string[] {
  const aliases = raw !== null && typeof raw === "object" ? (raw as { aliases?: unknown }).aliases : undefined;
  return Array.isArray(aliases) ? aliases.filter((alias) => typeof alias === "string") : [];
}

function didYouMean(said: string, known: readonly string[]): string {
  const near = nearest(said, known);
  return near.length > 0 ? `did you mean ${near.map((name) => `\`${name}\``).join(" or ")}?` : "add it, or take the reference away";
}

/** The kind of entry that a field holds once loaded. */
function embeddedKind(schema: z.ZodType): InventoryKind | undefined {
  return metaOf(schema, "inventory");
}

/** The kind whose names a field holds. */
function namesKind(schema: z.ZodType): InventoryKind | undefined {
  return metaOf(schema, "names");
}

function metaOf(schema: z.ZodType, key: string): InventoryKind | undefined {
  const own = schema.meta()?.[key];
  if (own !== undefined) return own as InventoryKind;
  const { innerType, element } = schema._zod.def as { innerType?: z.ZodType; element?: z.ZodType };
  const inner = innerType ?? element;
  return inner === undefined ? undefined : metaOf(inner, key);
}
