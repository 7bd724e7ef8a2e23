import { createHash } from "node:crypto";
import { z } from "zod";
import { Fault } from "../../fault/fault.ts";
import type { PlanNode } from "../plan-tree.ts";

/**
 * What the page alone made of a plan, kept beside the plan: the next merge tells by it what people changed and what the page.
 *
 * @see docs/adr for why it is a file of its own.
 */
export interface Base {
  readonly tree: PlanNode;
  /** sha-256 of the plan file as the page alone makes it: any other has people's work in it. */
  readonly plan: string;
}

const Node: z.ZodType<PlanNode> = z.lazy(() =>
  z.strictObject({
    kind: z.enum(["window", "phase", "change", "step"]),
    id: z.string().max(120),
    line: z.int().min(0),
    fields: z.record(z.string(), z.unknown()),
    comments: z.array(z.string()),
    children: z.array(Node),
  }),
);
const BaseFile = z.strictObject({ base: z.literal(1), about: z.string(), plan: z.string(), tree: Node });

const ABOUT = "What the page alone made of the plan beside this. Written by `nightshift page import`, read by `--into`; keep it with the plan, and do not edit it.";

/** `2025-03-16.base.json` for `2025-03-16.yaml`. */
export function baseFileOf(planFile: string): string {
  return `${planFile.replace(/\.ya?ml$/i, "")}.base.json`;
}

/** @param planText the plan file as the page alone makes it. */
export function baseText(tree: PlanNode, planText: string): string {
  return `${JSON.stringify({ base: 1, about: ABOUT, plan: digestOf(planText), tree }, null, 1)}\n`;
}

/** @throws Fault `invalid` for a text that is no base. */
export function readBase(text: string, file: string): Base {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    given = undefined;
  }
  const parsed = BaseFile.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Fault(
    "invalid",
    `${file} is not what \`nightshift page import\` wrote (${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}); take it out of version control again, or give the earlier page with --base`,
  );
}

/** Whether a plan is just as the page made it. */
export function isUntouched({ plan }: Base, planText: string): boolean {
  return plan === digestOf(planText);
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
