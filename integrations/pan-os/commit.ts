import { createHash } from "node:crypto";
import { z } from "zod";
import { Fault } from "../../shared/fault/fault.ts";
import { type Element, elementsOf, isElement, textOf } from "./xml.ts";

/**
 * What a commit of ours says of itself, in its description. The firewall keeps it with the job, so that whoever comes back
 * after a crash knows what was done, and how things were before.
 */
export const Memo = z.object({
  /** Whose work it is; see `madeBy`. */
  by: z.string(),
  run: z.string(),
  /** Names of what was made. */
  made: z.array(z.string()).optional(),
  tag: z.string().optional(),
  /** Rights of administrators before they were changed, by login. */
  was: z.record(z.string(), z.unknown()).optional(),
});
export type Memo = z.infer<typeof Memo>;

/** A commit as its job tells it. */
export interface Commit {
  readonly job: string;
  readonly user: string;
  readonly state: "queued" | "running" | "done" | "failed";
  /** Progress, or why it failed. */
  readonly note: string;
  readonly memo: Memo | undefined;
}

/** The field's limit in the product. */
const LONGEST_DESCRIPTION = 512;
const PREFIX = "nightshift ";

/** The same for all tries of one target of a step. */
export function madeBy({ run, step, target }: { readonly run: string; readonly step: string; readonly target: string }, part = ""): string {
  return createHash("sha256")
    .update(JSON.stringify([run, step, target, part]))
    .digest("hex")
    .slice(0, 16);
}

/** @throws Fault `invalid` when it is too long. */
export function commitText(memo: Memo): string {
  const text = `${PREFIX}${JSON.stringify(memo)}`;
  if (text.length > LONGEST_DESCRIPTION)
    throw new Fault("invalid", `what one commit is to change takes ${text.length} characters to write down; a firewall takes ${LONGEST_DESCRIPTION}: make several steps of it`, {
      vendor: "pan-os",
    });
  return text;
}

export function commitOf(job: unknown): Commit {
  const element: Element = isElement(job as Element) ? (job as Element) : {};
  const text = (name: string) => textOf(element[name]) ?? "";
  const lines = elementsOf(element["details"], "line").flatMap((line) => textOf(line) ?? []);
  const status = text("status");
  const state = status === "FIN" ? (text("result") === "OK" ? "done" : "failed") : status === "PEND" ? "queued" : "running";
  return {
    job: text("id"),
    user: text("user"),
    state,
    note: state === "failed" ? lines.join("; ") || "it does not say why" : `${text("progress")}%`,
    memo: memoOf(text("description")),
  };
}

function memoOf(description: string): Memo | undefined {
  if (!description.startsWith(PREFIX)) return undefined;
  try {
    return Memo.parse(JSON.parse(description.slice(PREFIX.length)));
  } catch {
    // Somebody else's words; ours are always JSON.
    return undefined;
  }
}
