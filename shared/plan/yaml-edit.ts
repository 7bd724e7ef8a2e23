import { isMap, isNode, isSeq, parseDocument } from "yaml";
import { assert } from "../fault/assert.ts";

/** A text that `readYaml` could read, changed in places; comments and order stay as they were written. */
export interface YamlEdit {
  set(path: readonly PropertyKey[], value: unknown): void;
  /** Puts a value into a list, before the one that stands at `index`; at its end where none does. */
  insert(list: readonly PropertyKey[], index: number, value: unknown): void;
  text(): string;
}

/** Lines are never folded: what was one line stays one, so that two texts differ where they were changed only. */
export function editYaml(text: string): YamlEdit {
  const document = parseDocument(text, { merge: false, uniqueKeys: false, logLevel: "error" });
  const plainNode = (value: unknown): unknown => document.createNode(value, { aliasDuplicateObjects: false });
  return {
    set(path, value) {
      const holder = document.getIn(path.slice(0, -1), true);
      // A block cannot stand inside braces, so what is written in braces gets its new part in braces as well.
      const node = plainNode(value);
      if (isMap(holder) && holder.flow === true && (isMap(node) || isSeq(node))) node.flow = true;
      document.setIn(path, node);
    },
    insert(list, index, value) {
      const found = document.getIn(list, true);
      assert(isSeq(found), `${list.map(String).join(".")} is no list`);
      const node = plainNode(value);
      assert(isNode(node), "a value makes a node");
      found.items.splice(index, 0, node);
    },
    text: () => document.toString({ lineWidth: 0 }),
  };
}
