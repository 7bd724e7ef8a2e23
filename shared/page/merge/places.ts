import type { PlanNode } from "../plan-tree.ts";
import type { OurNode } from "./document.ts";
import { renamed } from "./references.ts";

/** A value as the plan writes it: steps of the same change without the change. */
export function short(value: unknown, name: string, node: OurNode): unknown {
  const change = node.kind === "step" ? node.parent : node.kind === "change" ? node : undefined;
  if (change === undefined) return value;
  return renamed({ [name]: value }, (reference) => (reference.startsWith(`${change.id}.`) ? reference.slice(change.id.length + 1) : reference))[name];
}

export function idOf(node: OurNode): string {
  if (node.kind === "window") return "window";
  return node.kind === "step" ? `${node.parent?.id ?? ""}.${node.id}` : node.id;
}

export function titleOf({ fields }: PlanNode): string {
  return String(fields["title"] ?? "");
}
