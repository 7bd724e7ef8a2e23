import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Language, Parser, type Node } from "web-tree-sitter";

/** A Bicep file as our own rules look at it. Nothing is evaluated. */
export interface BicepFile {
  readonly file: string;
  readonly text: string;
  readonly root: Node;
  /** Name to whether it has a default. */
  readonly params: ReadonlyMap<string, { readonly optional: boolean }>;
  readonly declared: ReadonlySet<string>;
  /** Identifiers that are read anywhere: not keys, not declarations, not functions. */
  readonly used: readonly string[];
  readonly functions: readonly string[];
  readonly modules: readonly { readonly name: string; readonly path: string; readonly params: readonly string[]; readonly node: Node }[];
  readonly outputs: readonly { readonly name: string; readonly value: string }[];
}

const DECLARATIONS = new Set(["parameter_declaration", "variable_declaration", "resource_declaration", "module_declaration", "output_declaration"]);

/** Parses Bicep with tree-sitter, as no compiler can be had here. */
export async function bicepReader(): Promise<(file: string) => BicepFile> {
  const require = createRequire(import.meta.url);
  await Parser.init();
  const parser = new Parser();
  parser.setLanguage(await Language.load(join(dirname(require.resolve("tree-sitter-bicep/package.json")), "tree-sitter-bicep.wasm")));
  return (file) => {
    const text = readFileSync(file, "utf8");
    const tree = parser.parse(text);
    if (tree === null) throw new Error(`${file} could not be parsed at all`);
    return fileOf(file, text, tree.rootNode);
  };
}

function fileOf(file: string, text: string, root: Node): BicepFile {
  const all = [...walk(root)];
  const named = (type: string): Node[] => all.filter((node) => node.type === type);
  const nameOf = (node: Node): string => node.namedChildren.find((child) => child?.type === "identifier")?.text ?? "";
  const params = new Map(named("parameter_declaration").map((node) => [nameOf(node), { optional: /^param\s+\S+\s+\S+\s*=/.test(node.text) }]));
  const loops = [
    ...[...named("loop_variable"), ...named("loop_enumerator")].map((node) => node.text),
    // `for x in xs` and `x => …` without brackets: the variable is the first child.
    ...[...named("for_statement"), ...named("lambda_expression")].flatMap(({ namedChildren: [first] }) => (first?.type === "identifier" ? [first.text] : [])),
  ];
  const declared = new Set([...all.filter(({ type }) => DECLARATIONS.has(type)).map(nameOf), ...loops]);
  const functions = named("call_expression").flatMap((node) => (node.namedChildren[0]?.type === "identifier" ? [node.namedChildren[0].text] : []));
  const used = named("identifier")
    .filter(isRead)
    .map((node) => node.text);
  return {
    file,
    text,
    root,
    params,
    declared,
    used,
    functions,
    modules: named("module_declaration").map((node) => ({
      name: nameOf(node),
      path: childOf(node, "string")?.text.slice(1, -1) ?? "",
      params: keysOf(property(node, "params")),
      node,
    })),
    outputs: named("output_declaration").map((node) => ({ name: nameOf(node), value: node.namedChildren.at(-1)?.text ?? "" })),
  };
}

function childOf(node: Node, type: string): Node | undefined {
  return node.namedChildren.find((child) => child?.type === type) ?? undefined;
}

/** The value of the property `key`, the first one found in depth. */
export function property(node: Node, key: string): Node | undefined {
  return [...walk(node)].find(({ type, namedChildren }) => type === "object_property" && namedChildren[0]?.text === key)?.namedChildren.at(-1) ?? undefined;
}

export function keysOf(object: Node | undefined): string[] {
  return (object?.namedChildren ?? []).flatMap((child) => (child?.type === "object_property" ? [child.namedChildren[0]?.text.replaceAll("'", "") ?? ""] : []));
}

export function* walk(node: Node): Generator<Node> {
  yield node;
  for (const child of node.namedChildren) if (child !== null) yield* walk(child);
}

function isRead(node: Node): boolean {
  const { parent } = node;
  if (parent === null || parent.type === "ERROR") return true;
  const isFirst = parent.namedChildren[0]?.id === node.id;
  if (parent.type === "object_property" && isFirst) return false;
  if (parent.type === "call_expression" && isFirst) return false;
  return !DECLARATIONS.has(parent.type) || parent.namedChildren.find((child) => child?.type === "identifier")?.id !== node.id;
}
