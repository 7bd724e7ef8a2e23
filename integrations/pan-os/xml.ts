import { XMLBuilder, XMLParser } from "fast-xml-parser";

/** XML as JSON: attributes begin with `@`, everything is text, and what may come several times is always a list. */
export interface Element {
  readonly [name: string]: Node;
}
type Node = string | Element | readonly Node[] | undefined;

const LISTS: ReadonlySet<string> = new Set(["entry", "member", "line", "job"]);
const NOTATION = { ignoreAttributes: false, attributeNamePrefix: "@", textNodeName: "#text" } as const;

const builder = new XMLBuilder({ ...NOTATION, processEntities: true, suppressEmptyNode: true });
// Numbers stay text (007 is no 7); the five predefined entities are read, and a document that declares others is refused.
const parser = new XMLParser({ ...NOTATION, parseTagValue: false, parseAttributeValue: false, processEntities: true, isArray: (name) => LISTS.has(name) });

/** Text, names and all, as the library escapes it. */
export function xmlOf(element: Element): string {
  return builder.build(element);
}

/** The `response` of an answer, or undefined for what is none. */
export function responseOf(text: string): Element | undefined {
  if (/<!DOCTYPE/i.test(text)) return undefined;
  try {
    const { response } = parser.parse(text, true) as { response?: Node };
    return isElement(response) ? response : undefined;
  } catch {
    return undefined;
  }
}

export function isElement(node: Node): node is Element {
  return typeof node === "object" && !Array.isArray(node);
}

export function textOf(node: Node): string | undefined {
  if (typeof node === "string") return node;
  const text = isElement(node) ? node["#text"] : undefined;
  return typeof text === "string" ? text : undefined;
}

/** `<member>` texts below a node. */
export function membersOf(node: Node): readonly string[] {
  return isElement(node) ? listOf(node["member"]).flatMap((each) => textOf(each) ?? []) : [];
}

/** Everything of that name, however deep. */
export function elementsOf(node: Node, name: string): readonly Node[] {
  if (Array.isArray(node)) return (node as readonly Node[]).flatMap((each) => elementsOf(each, name));
  if (!isElement(node)) return [];
  return Object.entries(node).flatMap(([key, child]) => (key === name ? listOf(child) : elementsOf(child, name)));
}

/** The outermost `<entry name="…">` below a node. */
export function entriesOf(node: Node): readonly { readonly name: string; readonly content: Element }[] {
  return elementsOf(node, "entry").flatMap((each) => {
    if (!isElement(each)) return [];
    const { "@name": name, ...content } = each;
    return typeof name === "string" ? [{ name, content }] : [];
  });
}

function listOf(node: Node): readonly Node[] {
  return node === undefined ? [] : Array.isArray(node) ? (node as readonly Node[]) : [node];
}
