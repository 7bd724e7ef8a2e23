import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Document, Node as YamlNode, Pair } from "yaml";
import { reportOn } from "./finding.ts";
import type { Finding, Place, Report } from "./finding.ts";

/** A file as plain JSON, and where in its text each part stands. */
export interface YamlText {
  /** `undefined` when the text is no YAML at all. */
  readonly value: unknown;
  readonly places: Places;
  readonly findings: readonly Finding[];
}

/** Paths are keys and indices from the top, as schema errors give them. What does not exist is placed where it is missing. */
export interface Places {
  /** Where the value stands; of something missing, the nearest thing around it. */
  of(path: readonly PropertyKey[]): Place;
  /** Where the key stands; of an item of a list, the item. */
  ofKey(path: readonly PropertyKey[]): Place;
}

/** Bounds on what is read at all: a plan of 1,000 steps is a third of a megabyte, and a person reads it. */
export const YAML_LIMITS = { bytes: 1_000_000, values: 200_000, aliases: 100, depth: 60, complaints: 50 } as const;

/** Control characters but tabs and line breaks. */
// oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
const STEERING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;
/** What turns the direction of a text around. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/;

const START: Place = { line: 1, column: 1 };

/**
 * Parses YAML 1.2 into plain JSON and remembers the place of every key and value.
 *
 * All complaints come at once, each where it belongs: broken syntax, tabs, a second document, duplicate and merge keys,
 * tags, aliases that grow beyond the limits or contain themselves, numbers that JavaScript would silently change.
 */
export function readYaml(text: string, file: string): YamlText {
  const report = reportOn(file);
  const nowhere: Places = { of: () => START, ofKey: () => START };
  if (Buffer.byteLength(text) > YAML_LIMITS.bytes) {
    report.error(
      "file-too-big",
      START,
      `the file has ${Buffer.byteLength(text).toLocaleString("en")} bytes; expected ${YAML_LIMITS.bytes.toLocaleString("en")} at most`,
      "split the window, or check that this is the right file",
    );
    return { value: undefined, places: nowhere, findings: report.findings() };
  }

  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    intAsBigInt: true,
    merge: false,
    // The library compares every key with every other; `Reader` does it with a map.
    uniqueKeys: false,
    logLevel: "error",
  });
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const syntax = syntaxErrors(document);
  for (const { code, message, offset, hint } of syntax) report.error(code, placeOf(offset), message, hint);
  if (syntax.length > 0) return { value: undefined, places: nowhere, findings: report.findings() };

  const reader = new Reader(document, report, placeOf);
  const root = reader.read(document.contents, 0);
  if (reader.size(root) > YAML_LIMITS.values) {
    report.error(
      reader.aliasesSeen > 0 ? "alias-bomb" : "file-too-big",
      reader.firstAlias === undefined ? START : placeOf(reader.firstAlias),
      `the file holds more than ${YAML_LIMITS.values.toLocaleString("en")} values once its aliases are followed`,
      "write the values out, or take the aliases away",
    );
    return { value: undefined, places: nowhere, findings: report.findings() };
  }
  return { value: root.value, places: placesIn(root, placeOf), findings: report.findings() };
}

/** One value of the text. An alias shares the tree of its anchor. */
interface Tree {
  readonly offset: number;
  value: unknown;
  readonly children: Map<string | number, { readonly keyOffset: number; readonly tree: Tree }>;
  size?: number;
}

class Reader {
  readonly #document: Document;
  readonly #report: Report;
  readonly #placeOf: (offset: number) => Place;
  readonly #done = new Map<YamlNode, Tree>();
  readonly #under = new Set<YamlNode>();
  aliasesSeen = 0;
  firstAlias: number | undefined;

  constructor(document: Document, report: Report, placeOf: (offset: number) => Place) {
    this.#document = document;
    this.#report = report;
    this.#placeOf = placeOf;
  }

  read(node: YamlNode | null, depth: number): Tree {
    const tree: Tree = { offset: node?.range?.[0] ?? 0, value: null, children: new Map() };
    if (node === null) return tree;
    if (depth > YAML_LIMITS.depth) {
      this.#complain("too-deep", tree.offset, `nested more than ${YAML_LIMITS.depth} levels deep`);
      return tree;
    }
    if (isAlias(node)) return this.#alias(node, tree, depth);
    this.#under.add(node);
    if (isMap(node)) this.#map(node.items as Pair<YamlNode, YamlNode | null>[], tree, depth);
    else if (isSeq(node)) this.#seq(node.items as (YamlNode | null)[], tree, depth);
    else if (isScalar(node)) tree.value = this.#scalar(node.value, tree.offset, node.source);
    this.#under.delete(node);
    this.#done.set(node, tree);
    return tree;
  }

  #map(items: Pair<YamlNode, YamlNode | null>[], tree: Tree, depth: number): void {
    const value: Record<string, unknown> = {};
    for (const { key, value: child } of items) {
      const keyOffset = key?.range?.[0] ?? tree.offset;
      if (!isScalar(key) || !["string", "number", "bigint", "boolean"].includes(typeof key.value)) {
        this.#complain("odd-key", keyOffset, "a key must be plain text");
        continue;
      }
      const name = String(key.value);
      this.#plain(name, keyOffset);
      if (name === "<<") {
        this.#complain("merge-key", keyOffset, "merge keys (`<<`) are not part of YAML 1.2", "write the values out");
        continue;
      }
      const earlier = tree.children.get(name);
      if (earlier !== undefined) {
        this.#complain("duplicate-key", keyOffset, `\`${name}\` stands twice, first in line ${this.#placeOf(earlier.keyOffset).line}`, "keep one of them");
        continue;
      }
      const below = this.read(child, depth + 1);
      // A value that is left out stands right behind its key.
      tree.children.set(name, { keyOffset, tree: child === null ? { ...below, offset: keyOffset } : below });
      // `__proto__` is a name like any other, not a way into objects.
      Object.defineProperty(value, name, { value: below.value, enumerable: true, writable: true, configurable: true });
    }
    tree.value = value;
  }

  #seq(items: (YamlNode | null)[], tree: Tree, depth: number): void {
    tree.value = items.map((item, index) => {
      const below = this.read(item, depth + 1);
      tree.children.set(index, { keyOffset: below.offset, tree: below });
      return below.value;
    });
  }

  #alias(node: YamlNode & { source: string }, tree: Tree, depth: number): Tree {
    this.aliasesSeen++;
    this.firstAlias ??= tree.offset;
    if (this.aliasesSeen === YAML_LIMITS.aliases + 1) {
      this.#complain("alias-bomb", tree.offset, `more than ${YAML_LIMITS.aliases} aliases`, "write the values out");
    }
    if (this.aliasesSeen > YAML_LIMITS.aliases) return tree;
    const target = (node as unknown as { resolve(document: Document): YamlNode | undefined }).resolve(this.#document);
    if (target === undefined) {
      this.#complain("unknown-anchor", tree.offset, `nothing above is anchored as \`&${node.source}\``);
      return tree;
    }
    if (this.#under.has(target)) {
      this.#complain("alias-loop", tree.offset, `\`*${node.source}\` stands inside of what it names`);
      return tree;
    }
    return this.#done.get(target) ?? this.read(target, depth + 1);
  }

  #scalar(value: unknown, offset: number, source: string | undefined): unknown {
    if (typeof value === "bigint") {
      if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER) {
        this.#complain("number-too-big", offset, `${source ?? String(value)} would lose digits as a number`, "put it in quotes if it is an id");
        return 0;
      }
      return Number(value);
    }
    if (typeof value === "number" && !Number.isFinite(value)) {
      this.#complain("number-too-big", offset, `${source ?? String(value)} is no number that can be kept`);
      return 0;
    }
    if (typeof value === "string") this.#plain(value, offset);
    return value;
  }

  /** What is written here is shown in terminals, messages and pages: nothing in it may steer them, and what looks like something else is pointed out. */
  #plain(text: string, offset: number): void {
    const [steering] = STEERING.exec(text) ?? [];
    const [turning] = TURNING.exec(text) ?? [];
    if (steering !== undefined) this.#complain("control-character", offset, `it holds the control character ${codeOf(steering)}, which nobody sees`, "take it out");
    else if (turning !== undefined)
      this.#report.warning("turned-text", this.#placeOf(offset), `it holds ${codeOf(turning)}, which nobody sees and which lets text look like another`, "take it out");
  }

  /** How many values a tree stands for with its aliases followed; each tree is counted once. */
  size(tree: Tree): number {
    if (tree.size === undefined) {
      let size = 1;
      for (const { tree: child } of tree.children.values()) size += this.size(child);
      tree.size = size;
    }
    return tree.size;
  }

  #complain(code: string, offset: number, message: string, hint?: string): void {
    this.#report.error(code, this.#placeOf(offset), message, hint);
  }
}

function placesIn(root: Tree, placeOf: (offset: number) => Place): Places {
  const find = (path: readonly PropertyKey[]): { keyOffset: number; tree: Tree; whole: boolean } => {
    let at = { keyOffset: root.offset, tree: root };
    for (const part of path) {
      const next = at.tree.children.get(part as string | number);
      if (next === undefined) return { ...at, whole: false };
      at = next;
    }
    return { ...at, whole: true };
  };
  return {
    of: (path) => placeOf(find(path).tree.offset),
    ofKey: (path) => {
      const { keyOffset, tree, whole } = find(path);
      return placeOf(whole ? keyOffset : tree.offset);
    },
  };
}

/** What the parser itself complains about, in our words where they help. */
function syntaxErrors(document: Document): readonly { code: string; message: string; offset: number; hint?: string }[] {
  // A text nested beyond the stack is reported once per level, innermost first; once is enough.
  const exhausted = document.errors.find(({ code }) => code === "RESOURCE_EXHAUSTION");
  if (exhausted !== undefined) return [{ code: "too-deep", message: "nested far too deep to be a plan", offset: exhausted.pos[0] }];
  // Once the text has fallen apart, each of its tokens is unexpected; the first tells where that was.
  const apart = document.errors.find(({ code }) => code === "UNEXPECTED_TOKEN");
  const told = [...document.errors, ...document.warnings].filter((each) => each === apart || apart === undefined || each.pos[0] < apart.pos[0]);
  return told.slice(0, YAML_LIMITS.complaints).map(({ code, message, pos }) => {
    const offset = pos[0];
    switch (code) {
      case "TAB_AS_INDENT":
        return { code: "tab", message: "a tab indents this line", offset, hint: "YAML is indented with spaces only" };
      case "MULTIPLE_DOCS":
        return { code: "two-documents", message: "a second document begins here; expected one per file", offset, hint: "take the `---` away" };
      case "TAG_RESOLVE_FAILED":
        return { code: "tag", message: `${message}; tags are not part of this file`, offset };
      default:
        return { code: "yaml", message: message.replaceAll(/\s+/g, " "), offset };
    }
  });
}

function codeOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
