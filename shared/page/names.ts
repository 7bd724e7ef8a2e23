import type { Inventory } from "../inventory/inventory.ts";
import { INVENTORY_KINDS } from "../inventory/schema.ts";
import type { InventoryKind } from "../inventory/schema.ts";
import { rangesIn } from "./words/ranges.ts";

/** A name of the inventory that a text mentions. */
export interface NameWord {
  readonly start: number;
  readonly end: number;
  readonly kind: InventoryKind;
  /** As plans name it: the entry's or the group's own name. */
  readonly name: string;
  readonly isGroup: boolean;
}

export interface Names {
  /** Names of a kind, the longest where several overlap, in the order of the text. */
  in(text: string, kind: InventoryKind): readonly NameWord[];
  /** Whether a word is an entry's name: a machine may be called like a ticket. */
  knows(word: string): boolean;
  /** Servers named one by one, by range, by group, by role or by what their names begin with; `unknown` are not in the inventory. */
  servers(text: string): { readonly targets: readonly string[]; readonly unknown: readonly string[] };
  readonly environments: readonly string[];
  readonly inventory: Inventory;
}

interface Known {
  readonly words: readonly string[];
  readonly kind: InventoryKind;
  readonly name: string;
  readonly isGroup: boolean;
}

/** What may be called like a ticket, `DC-12`. A script that is called by its ticket is no such thing. */
const MACHINES: ReadonlySet<InventoryKind> = new Set(["server", "stack", "cluster", "firewall"]);

const WORD = /[A-Za-z0-9_.*/@]+/g;

/** Finds the inventory's names in texts: one look-up a word, whatever the inventory's size. */
export function namesOf(inventory: Inventory): Names {
  const index = new Map<string, Known[]>();
  const all = new Set<string>();
  const environments = new Set<string>();
  const add = (kind: InventoryKind, name: string, own: string, isGroup: boolean): void => {
    const words = (name.match(WORD) ?? []).map(plainWord);
    const [first] = words;
    if (first === undefined) return;
    const key = `${kind}\n${first}`;
    index.set(
      key,
      [...(index.get(key) ?? []), { words, kind, name: own, isGroup }].toSorted((a, b) => b.words.length - a.words.length),
    );
  };
  for (const kind of Object.keys(INVENTORY_KINDS) as InventoryKind[]) {
    for (const entry of inventory.entries(kind)) {
      for (const name of [entry.name, ...entry.aliases]) add(kind, name, entry.name, false);
      if (MACHINES.has(kind)) all.add(entry.name.toLowerCase());
      for (const environment of environmentsOf(entry)) environments.add(environment);
    }
    for (const group of inventory.groups(kind)) for (const name of [group.name, ...group.aliases]) add(kind, name, group.name, true);
  }

  const find = (text: string, kind: InventoryKind): readonly NameWord[] => {
    const words = [...text.matchAll(WORD)];
    const plain = words.map(([word]) => plainWord(word));
    const found: NameWord[] = [];
    for (let at = 0; at < words.length; at++) {
      const known = (index.get(`${kind}\n${plain[at] ?? ""}`) ?? []).find((each) => each.words.every((word, offset) => plain[at + offset] === word));
      const [from, to] = [words[at], words[at + (known?.words.length ?? 1) - 1]];
      if (known === undefined || from === undefined || to === undefined) continue;
      found.push({ start: from.index, end: to.index + to[0].replace(/\.$/, "").length, kind, name: known.name, isGroup: known.isGroup });
      at += known.words.length - 1;
    }
    return found;
  };

  return {
    in: find,
    knows: (word) => all.has(word.toLowerCase()),
    servers: (text) => serversIn(text, find(text, "server"), inventory),
    environments: [...environments],
    inventory,
  };
}

function serversIn(text: string, named: readonly NameWord[], inventory: Inventory): { targets: readonly string[]; unknown: readonly string[] } {
  const targets = new Map<number, readonly string[]>();
  const unknown: string[] = [];
  const covered: { start: number; end: number }[] = [];
  for (const word of named)
    if (word.isGroup) {
      targets.set(word.start, [word.name]);
      covered.push(word);
    }
  for (const range of rangesIn(text)) {
    if (covered.some((other) => range.start < other.end && other.start < range.end)) continue;
    const known = range.names.filter((name) => inventory.find("server", name) !== undefined);
    if (known.length === 0 && !/[A-Z]/.test(range.names[0] ?? "")) continue;
    unknown.push(...range.names.filter((name) => !known.includes(name)));
    targets.set(range.start, known);
    covered.push(range);
  }
  for (const word of named)
    if (!word.isGroup && !covered.some((other) => word.start < other.end && other.start < word.end)) {
      targets.set(word.start, [word.name]);
      covered.push(word);
    }
  // What begins several servers' names, or is their role, stands for all of them: «IC-Web and MCC servers».
  for (const match of text.matchAll(/(?<![\w/.-])[A-Za-z][\w-]{1,40}(?![\w/.-])/g)) {
    if (covered.some((other) => match.index < other.end && other.start < match.index + match[0].length)) continue;
    const noun = /^\s*(?:servers?|hosts?|machines?|vms?|nodes?|boxes)\s*:?\s*/i.exec(text.slice(match.index + match[0].length));
    // «web servers IC-Web1 - 5»: the names say which.
    if (noun !== null && covered.some(({ start }) => start === match.index + match[0].length + noun[0].length)) continue;
    if (!/^(?:\s*(?:,|and|&|\/)\s*[\w-]+){0,6}\s*(?:web |app |db )?(?:servers?|hosts?|machines?|vms?|nodes?|boxes)\b/i.test(text.slice(match.index + match[0].length))) continue;
    const word = match[0].toLowerCase();
    const members = inventory.entries("server").filter((entry) => {
      const { role } = entry as { role?: string };
      return role?.toLowerCase() === word || new RegExp(`^${word.replaceAll(/[^\w]/g, "\\$&")}-?\\d`, "i").test(entry.name);
    });
    if (members.length > 0)
      targets.set(
        match.index,
        members.map(({ name }) => name),
      );
  }
  const ordered = [...targets].toSorted(([a], [b]) => a - b).flatMap(([, names]) => names);
  return { targets: [...new Set(ordered)], unknown: [...new Set(unknown)] };
}

function environmentsOf(entry: object): readonly string[] {
  const { environment, stages } = entry as { environment?: string; stages?: readonly { environment?: string }[] };
  return [environment, ...(stages ?? []).map((stage) => stage.environment)].flatMap((each) => each ?? []);
}

/** `Firewalls`, `firewall` and `firewall.` are one word; a number keeps its zeros. */
function plainWord(word: string): string {
  const plain = word.toLowerCase().replace(/^@/, "").replace(/\.+$/, "");
  return /^[a-z]{4,}s$/.test(plain) && !plain.endsWith("ss") ? plain.slice(0, -1) : plain;
}
