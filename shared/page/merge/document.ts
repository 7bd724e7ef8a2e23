import { isMap, isPair, isScalar, isSeq, parseDocument, visit, YAMLMap, YAMLSeq } from "yaml";
import type { Document, Node, Pair } from "yaml";
import { Fault } from "../../fault/fault.ts";
import { commentText, plainNode } from "../plan-text.ts";
import { HOLDS } from "../plan-tree.ts";
import type { PlanNode } from "../plan-tree.ts";
import { patched } from "./patch.ts";
import { inShort, referencesOf, renamed } from "./references.ts";
import type { Rename } from "./references.ts";
import type { MergedItem } from "./values.ts";

/** A part of a plan as people have it now, and its place in their file. */
export interface OurNode extends PlanNode {
  id: string;
  readonly children: OurNode[];
  parent: OurNode | undefined;
  readonly map: YAMLMap;
  /** As they were read, with steps named in full. */
  fields: Readonly<Record<string, unknown>>;
  /** Comments within it, apart from those above it. */
  readonly inside: readonly string[];
}

const STYLE = { lineWidth: 0 } as const;

/**
 * A plan file that is edited where the page changed it and left alone elsewhere: people's comments, order and way of writing stay.
 *
 * @throws Fault `invalid` for a text that is no plan.
 */
export class PlanDocument {
  readonly tree: OurNode;
  readonly #document: Document;
  readonly #text: string;
  #edits = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#document = parseDocument<Node>(text, { merge: false, logLevel: "error" });
    const [error] = this.#document.errors;
    if (error !== undefined) throw new Fault("invalid", `${file} is no YAML: ${error.message.split("\n")[0] ?? ""}; run \`nightshift plan check\` on it first`);
    const root = this.#document.contents;
    const phases = isMap(root) ? root.get("phases") : undefined;
    if (!isMap(root) || !isSeq(phases)) throw new Fault("invalid", `${file} is no plan: expected \`window\` and a list of \`phases\``);
    if (!isMap(root.get("window"))) root.set("window", new YAMLMap());
    const window = root.get("window") as YAMLMap;
    this.tree = {
      ...this.#entries(window),
      kind: "window",
      id: "",
      line: 0,
      comments: lines(this.#document.commentBefore),
      children: [],
      parent: undefined,
      map: window,
      inside: [],
    };
    this.#read(phases, "phase", this.tree);
  }

  /** Sets an entry; undefined takes it out. A new one stands where the page's plans have it. */
  set(node: OurNode, key: string, value: unknown, order: readonly string[] = []): void {
    this.#edits++;
    if (value === undefined) node.map.delete(key);
    else this.#put(node, node.map, key, value, order);
  }

  /** Sets an entry of one of a node's maps. */
  setWithin(node: OurNode, map: string, key: string, value: unknown, order: readonly string[]): void {
    this.#edits++;
    let inner = node.map.get(map);
    if (!isMap(inner)) {
      if (value === undefined) return;
      this.#put(node, node.map, map, {}, order);
      inner = node.map.get(map);
    }
    if (!isMap(inner)) return;
    if (value === undefined) inner.delete(key);
    else this.#put(node, inner, key, value, []);
    if (inner.items.length === 0) node.map.delete(map);
    else if (inner.items.length === 1) inner.flow = false;
  }

  /** Edits a list item by item: what stays, stays as people wrote it. @param more items that stand at its end. */
  setList(node: OurNode, key: string, wanted: readonly MergedItem[], more: readonly unknown[], order: readonly string[]): void {
    this.#edits++;
    const items = [...wanted, ...more.map((value) => ({ value }))];
    const present = node.map.get(key);
    if (items.length === 0) node.map.delete(key);
    else if (isSeq(present)) present.items = items.map(({ value, own }: MergedItem) => (own === undefined ? this.#made(value) : present.items[own]));
    else
      this.#put(
        node,
        node.map,
        key,
        items.map(({ value }) => value),
        order,
      );
  }

  setComments(node: OurNode, wanted: readonly string[]): void {
    this.#edits++;
    const text = wanted.length === 0 ? null : commentText(wanted);
    if (node.kind === "window") this.#document.commentBefore = text;
    else node.map.commentBefore = text;
  }

  /** Puts a part of the page's plan into the file, behind `above`, or first. */
  insert(parent: OurNode, above: OurNode | undefined, node: PlanNode): OurNode {
    this.#edits++;
    const made = this.#document.createNode(plainNode(shortened(node, parent.kind === "change" ? parent.id : undefined)), { aliasDuplicateObjects: false }) as YAMLMap;
    this.#comment(made, node);
    const seq = this.#seqOf(parent);
    const at = above === undefined ? 0 : seq.items.indexOf(above.map) + 1;
    seq.items.splice(at, 0, made);
    const ours = this.#node(made, node.kind, parent);
    parent.children.splice(above === undefined ? 0 : parent.children.indexOf(above) + 1, 0, ours);
    return ours;
  }

  /** Takes a part out of the file, with all it holds. */
  remove(node: OurNode): void {
    this.#edits++;
    if (node.parent === undefined) return;
    const seq = this.#seqOf(node.parent);
    seq.items.splice(seq.items.indexOf(node.map), 1);
    node.parent.children.splice(node.parent.children.indexOf(node), 1);
    if (seq.items.length === 0) seq.flow = true;
  }

  /** Moves a part behind another one, or to the beginning. */
  move(node: OurNode, parent: OurNode, above: OurNode | undefined): void {
    this.remove(node);
    const seq = this.#seqOf(parent);
    seq.flow = false;
    seq.items.splice(above === undefined ? 0 : seq.items.indexOf(above.map) + 1, 0, node.map);
    parent.children.splice(above === undefined ? 0 : parent.children.indexOf(above) + 1, 0, node);
    node.parent = parent;
  }

  /** Puts some of what a part holds into another order; what else it holds stays where it is. */
  reorder(parent: OurNode, wanted: readonly OurNode[]): void {
    this.#edits++;
    const seq = this.#seqOf(parent);
    const set = new Set<unknown>(wanted.map(({ map }) => map));
    const places = seq.items.flatMap((item, at) => (set.has(item) ? [at] : []));
    const ours = places.map((at) => parent.children.findIndex(({ map }) => map === seq.items[at]));
    places.forEach((at, index) => (seq.items[at] = wanted[index]?.map));
    ours.forEach((at, index) => wanted[index] !== undefined && (parent.children[at] = wanted[index]));
  }

  /** Moves a step into another change, under an id that is free there; what waits for it, and what it waits for, goes on. */
  moveStep(step: OurNode, change: OurNode, above: OurNode | undefined, id: string): void {
    const from = step.parent;
    if (from === undefined) return;
    const siblings = new Set(from.children.map((each) => each.id));
    const [was, is] = [`${from.id}.${step.id}`, `${change.id}.${id}`];
    const fromHere: Rename = (reference) => (siblings.has(reference) ? `${from.id}.${reference}` : reference);
    const toThere = (node: OurNode, fields: Readonly<Record<string, unknown>>, inChange: OurNode): void => {
      const moved = renamed(fields, (reference) => (reference === was ? is : reference));
      for (const key of ["needs", "sameAs", "when"]) {
        const written = inShort(moved, inChange.id)[key];
        if (written !== undefined && JSON.stringify(written) !== JSON.stringify((node.map.toJS(this.#document) as Record<string, unknown>)[key]))
          node.map.set(key, this.#made(written));
      }
    };
    const written = (node: OurNode): Record<string, unknown> => node.map.toJS(this.#document) as Record<string, unknown>;
    toThere(step, renamed(written(step), fromHere), change);
    for (const other of this.tree.children.flatMap((phase) => phase.children)) {
      for (const node of [other, ...other.children]) {
        if (node === step) continue;
        const fields = other === from ? renamed(written(node), fromHere) : written(node);
        if (referencesOf(fields).includes(was)) toThere(node, fields, other);
      }
    }
    this.move(step, change, above);
    if (step.id !== id) {
      step.map.set("id", id);
      step.id = id;
    }
  }

  /** The file: byte for byte what it was where nothing was edited. */
  text(): string {
    if (this.#edits === 0) return this.#text;
    const edited = this.#document.toString(STYLE);
    const plain = parseDocument(this.#text, { merge: false, logLevel: "error" }).toString(STYLE);
    if (plain === this.#text) return edited;
    const kept = patched(this.#text, plain, edited);
    // The patch only keeps people's way of writing; should it ever read otherwise, what was merged holds.
    const [a, b] = [parseDocument(kept, { merge: false, logLevel: "error" }), parseDocument(edited, { merge: false, logLevel: "error" })];
    return a.errors.length === 0 && a.toString(STYLE) === b.toString(STYLE) ? kept : edited;
  }

  #read(seq: YAMLSeq, kind: "phase" | "change" | "step", parent: OurNode): void {
    // What stands above the first item is the list's own comment to the parser, and the item's to people.
    const [first] = seq.items;
    if (isMap(first) && typeof seq.commentBefore === "string") {
      first.commentBefore = first.commentBefore == null ? seq.commentBefore : `${seq.commentBefore}\n${first.commentBefore}`;
      seq.commentBefore = null;
    }
    for (const item of seq.items) if (isMap(item)) parent.children.push(this.#node(item, kind, parent));
  }

  #node(map: YAMLMap, kind: PlanNode["kind"], parent: OurNode): OurNode {
    const node: OurNode = {
      ...this.#entries(map),
      kind,
      id: String(map.get("id") ?? ""),
      line: 0,
      comments: lines(map.commentBefore),
      children: [],
      parent,
      map,
      inside: kind === "step" ? commentsIn(map) : [],
    };
    const holds = HOLDS[kind];
    const below = holds === undefined ? undefined : map.get(holds);
    if (isSeq(below)) this.#read(below, kind === "phase" ? "change" : "step", node);
    if (kind === "change") {
      const own = new Set(node.children.map((step) => step.id));
      for (const each of [node, ...node.children]) each.fields = renamed(each.fields, (reference) => (own.has(reference) ? `${node.id}.${reference}` : reference));
    }
    return node;
  }

  #entries(map: YAMLMap): { fields: Record<string, unknown> } {
    const all = (map.toJS(this.#document) ?? {}) as Record<string, unknown>;
    return { fields: Object.fromEntries(Object.entries(all).filter(([key]) => key !== "id" && key !== "phases" && key !== "changes" && key !== "steps")) };
  }

  #seqOf({ kind, map }: OurNode): YAMLSeq {
    const holder = kind === "window" ? (this.#document.contents as YAMLMap) : map;
    const holds = HOLDS[kind] ?? "steps";
    if (!isSeq(holder.get(holds))) holder.set(holds, new YAMLSeq());
    return holder.get(holds) as YAMLSeq;
  }

  #put(node: OurNode, map: YAMLMap, key: string, value: unknown, order: readonly string[]): void {
    const made = this.#made(value);
    const present = (map.items as Pair<Node, Node | null>[]).find((pair) => isScalar(pair.key) && pair.key.value === key);
    if (present !== undefined) {
      present.value = made;
      return;
    }
    const pair = this.#document.createPair(key, made);
    const above = order.slice(0, Math.max(0, order.indexOf(key)));
    const at = map.items.findLastIndex((one) => isScalar(one.key) && (one.key.value === "id" || above.includes(String(one.key.value)))) + 1;
    const end = map === node.map ? this.#endOf(node) : map.items.length;
    map.items.splice(order.includes(key) ? Math.min(at, end) : end, 0, pair as never);
  }

  /** Entries stand above what a node holds. */
  #endOf({ kind, map }: OurNode): number {
    const at = map.items.findIndex((pair) => isScalar(pair.key) && pair.key.value === HOLDS[kind]);
    return at < 0 ? map.items.length : at;
  }

  #made(value: unknown): Node {
    return this.#document.createNode(value, { aliasDuplicateObjects: false });
  }

  #comment(map: YAMLMap, { comments, children, kind }: PlanNode): void {
    if (comments.length > 0) map.commentBefore = commentText(comments);
    const holds = HOLDS[kind];
    const below = holds === undefined ? undefined : map.get(holds);
    if (isSeq(below)) below.items.forEach((item, at) => isMap(item) && children[at] !== undefined && this.#comment(item, children[at]));
  }
}

function shortened(node: PlanNode, change: string | undefined): PlanNode {
  const own = node.kind === "change" ? node.id : change;
  return { ...node, fields: own === undefined ? node.fields : inShort(node.fields, own), children: node.children.map((child) => shortened(child, own)) };
}

function lines(comment: string | null | undefined): readonly string[] {
  return comment == null || comment === "" ? [] : comment.split("\n").map((line) => line.replace(/^ /, ""));
}

function commentsIn(map: YAMLMap): readonly string[] {
  const found: string[] = [];
  visit(map, (_key, node) => {
    if (isPair(node) || typeof node !== "object" || node === null) return;
    if (node !== map) found.push(...lines((node as Node).commentBefore));
    found.push(...lines((node as Node).comment));
  });
  return found;
}
