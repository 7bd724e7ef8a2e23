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
  /** Whether a word is an entry's name, or spells several of them: a machine may be called like a ticket, and so may `QW1-3`. */
  knows(word: string): boolean;
  /**
   * Servers named one by one, by range, by group, by role or by what their names begin with, in the order of the text.
   * `unknown` are among them and not in the inventory.
   */
  servers(text: string): { readonly targets: readonly string[]; readonly unknown: readonly string[] };
  /** Names that look like those of known servers, and are none: `App5` where there are four. */
  strangers(text: string): readonly string[];
  /** What known servers are for, by name or group: «app». */
  rolesOf(servers: readonly string[]): readonly string[];
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
const NOUN = String.raw`(?:servers?|hosts?|machines?|vms?|nodes?|boxes)`;
/** What is called like a machine: letters, then a number. */
const MACHINE_LIKE = /(?<![\w/.@-])[A-Za-z][A-Za-z]*(?:[-_][A-Za-z]+)*[-_]?\d{1,4}(?![\w/.]*\w|-\w)/g;

/** An inventory never changes once it is loaded. */
const built = new WeakMap<Inventory, Names>();

/** Finds the inventory's names in texts: one look-up a word, whatever the inventory's size. */
export function namesOf(inventory: Inventory): Names {
  const names = built.get(inventory) ?? indexed(inventory);
  built.set(inventory, names);
  return names;
}

function indexed(inventory: Inventory): Names {
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

  const fleet = fleetOf(inventory);
  // One sentence is asked for names of many kinds, one after the other.
  let latest = { text: "", ...wordsIn("") };
  const find = (text: string, kind: InventoryKind): readonly NameWord[] => {
    if (latest.text !== text) latest = { text, ...wordsIn(text) };
    const { words, plain } = latest;
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
    knows: (word) => all.has(word.toLowerCase()) || isRangeOf(word, all),
    servers: (text) => serversIn(text, find(text, "server"), fleet),
    strangers: (text) => strangersIn(text, fleet),
    rolesOf: (servers) => [...new Set(servers.flatMap((name) => rolesOf(name, inventory)))],
    environments: [...environments],
    inventory,
  };
}

/** «QW1-3»: from the first to the last, all of them known. */
function isRangeOf(word: string, known: ReadonlySet<string>): boolean {
  const [range] = rangesIn(word);
  return range !== undefined && range.end - range.start === word.length && range.names.every((name) => known.has(name.toLowerCase()));
}

interface Fleet {
  readonly inventory: Inventory;
  /** Servers by what their names begin with, and by role, in lower case. */
  readonly members: ReadonlyMap<string, readonly string[]>;
}

function fleetOf(inventory: Inventory): Fleet {
  const members = new Map<string, string[]>();
  const add = (word: string | undefined, name: string): void => {
    if (word === undefined || word === "") return;
    const known = members.get(word.toLowerCase()) ?? [];
    if (!known.includes(name)) members.set(word.toLowerCase(), [...known, name]);
  };
  for (const entry of inventory.entries("server")) {
    add((entry as { role?: string }).role, entry.name);
    for (const { index } of entry.name.matchAll(/\d+/g)) add(entry.name.slice(0, index).replace(/-$/, ""), entry.name);
  }
  return { inventory, members };
}

function serversIn(text: string, named: readonly NameWord[], { inventory, members }: Fleet): { targets: readonly string[]; unknown: readonly string[] } {
  const targets = new Map<number, readonly string[]>();
  const unknown: string[] = [];
  const covered: { start: number; end: number }[] = [];
  const cover = (start: number, end: number, names: readonly string[]): void => {
    targets.set(start, names);
    covered.push({ start, end });
    unknown.push(...names.filter((name) => inventory.find("server", name) === undefined && inventory.group("server", name) === undefined));
  };
  const isCovered = (start: number, end: number): boolean => covered.some((other) => start < other.end && other.start < end);
  for (const { isGroup, start, end, name } of named) if (isGroup) cover(start, end, [name]);
  for (const range of rangesIn(text)) {
    if (isCovered(range.start, range.end)) continue;
    const known = range.names.filter((name) => inventory.find("server", name) !== undefined);
    if (known.length > 0 || /[A-Z]/.test(range.names[0] ?? "")) cover(range.start, range.end, range.names);
  }
  for (const { isGroup, start, end, name } of named) if (!isGroup && !isCovered(start, end)) cover(start, end, [name]);
  for (const match of text.matchAll(MACHINE_LIKE)) {
    const end = match.index + match[0].length;
    if (/[A-Z]/.test(match[0]) && !/^(?:KB|TLS|SSL|SHA|Stage|Step|Phase|Q|V|H|CVE|AES|RFC|UTF|ISO)[-_]?\d/i.test(match[0]) && !isCovered(match.index, end))
      cover(match.index, end, [match[0]]);
  }
  // What begins several servers' names, or is their role, stands for all of them: «IC-Web and MCC servers».
  const all = new RegExp(String.raw`^(?:\s*(?:,|and|&|/)\s*[\w-]+){0,6}\s*(?:web |app |db )?${NOUN}\b`, "i");
  for (const match of text.matchAll(/(?<![\w/.-])[A-Za-z][\w-]{1,40}(?![\w/.-])/g)) {
    const end = match.index + match[0].length;
    if (isCovered(match.index, end)) continue;
    const rest = text.slice(end);
    const noun = new RegExp(String.raw`^\s*${NOUN}\s*:?\s*`, "i").exec(rest);
    // «web servers IC-Web1 - 5»: the names say which.
    if (noun !== null && covered.some(({ start }) => start === end + noun[0].length)) continue;
    const found = members.get(match[0].toLowerCase());
    if (found !== undefined && all.test(rest)) targets.set(match.index, found);
  }
  if (targets.size === 0) {
    // «the scanner servers»: nobody knows them, and they are what is meant.
    const spoken = new RegExp(String.raw`(?<![\w-])(?!(?:the|all|these|those|both|web|app|on|of)\b)([A-Za-z][\w-]*)\s+(?:${NOUN})\b`, "i").exec(text);
    if (spoken !== null && !/^(?:patch|update|updates?|reboot|restart|drain|pull|remove|delete|run|install|move)$/i.test(spoken[1] ?? ""))
      cover(spoken.index, spoken.index + spoken[0].length, [spoken[0]]);
  }
  const ordered = [...targets].toSorted(([a], [b]) => a - b).flatMap(([, names]) => names);
  return { targets: [...new Set(ordered)], unknown: [...new Set(unknown)] };
}

function strangersIn(text: string, { inventory, members }: Fleet): readonly string[] {
  const spelled = [...[...text.matchAll(MACHINE_LIKE)].map(([name]) => name), ...rangesIn(text).flatMap(({ names }) => names)];
  return [...new Set(spelled)].filter((name) => {
    const known = members.get(name.replace(/[-_]?\d+$/, "").toLowerCase());
    return known !== undefined && inventory.find("server", name) === undefined;
  });
}

function rolesOf(name: string, inventory: Inventory): readonly string[] {
  const { role } = (inventory.find("server", inventory.group("server", name)?.members[0] ?? name) ?? {}) as { role?: string };
  return role === undefined ? [] : [role];
}

function environmentsOf(entry: object): readonly string[] {
  const { environment, stages } = entry as { environment?: string; stages?: readonly { environment?: string }[] };
  return [environment, ...(stages ?? []).map((stage) => stage.environment)].flatMap((each) => each ?? []);
}

function wordsIn(text: string): { readonly words: readonly RegExpExecArray[]; readonly plain: readonly string[] } {
  const words = [...text.matchAll(WORD)];
  return { words, plain: words.map(([word]) => plainWord(hostOf(word))) };
}

/** Of an address, `//www.example.com/start`, the host: that is what has a name. */
function hostOf(word: string): string {
  return word.startsWith("//") ? (word.slice(2).split("/")[0] ?? "") : word;
}

/** `Firewalls`, `firewall` and `firewall.` are one word; a number keeps its zeros. */
function plainWord(word: string): string {
  const plain = word.toLowerCase().replace(/^@/, "").replace(/\.+$/, "");
  return /^[a-z]{4,}s$/.test(plain) && !plain.endsWith("ss") ? plain.slice(0, -1) : plain;
}
