import { Document, isNode } from "yaml";
import type { DraftedPlan } from "./drafted.ts";
import { HOLDS, planTree } from "./plan-tree.ts";
import type { PlanNode } from "./plan-tree.ts";

/** The drafted plan as YAML, with the page's words as comments where the plan has no place for them. */
export function planText(plan: DraftedPlan): string {
  return treeText(planTree(plan));
}

/** A plan file of these parts, each with its comments above it. */
export function treeText({ fields, comments, children }: PlanNode): string {
  const document = new Document({ plan: 1, window: fields, phases: children.map(plainNode) }, { aliasDuplicateObjects: false });
  if (comments.length > 0) document.commentBefore = commentText(comments);
  children.forEach((phase, at) => {
    comment(document, ["phases", at], phase);
    phase.children.forEach((change, index) => comment(document, ["phases", at, "changes", index], change));
  });
  return document.toString({ lineWidth: 0 });
}

/** A node as the plan file writes it. */
export function plainNode({ kind, id, fields, children }: PlanNode): object {
  const holds = HOLDS[kind];
  return { id, ...fields, ...(holds === undefined ? {} : { [holds]: children.map(plainNode) }) };
}

export function commentText(lines: readonly string[]): string {
  return lines.map((line) => ` ${line}`).join("\n");
}

function comment(document: Document, path: readonly (string | number)[], { comments }: PlanNode): void {
  const node = document.getIn(path, true);
  if (comments.length > 0 && isNode(node)) node.commentBefore = commentText(comments);
}
