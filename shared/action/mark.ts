import { createHash } from "node:crypto";
import type { Call } from "./action.ts";

/**
 * What a step leaves in a free text of a vendor's record (a comment, a description), in the same call that changes the record,
 * where the vendor has no place for an idempotency key: `[nightshift RUN DIGEST was VALUE]`.
 *
 * By it the step finds its own work after a lost answer, and the way back; people see who changed the record, when, and from
 * what. The digest stands for run, step and target: another try of the same step is the same work.
 */
export interface Mark {
  readonly text: string;
  readonly run: string;
  readonly digest: string;
  /** How the one thing that was changed was before, in few words. */
  readonly was: string;
}

/** @param was without line breaks and `]`; whatever else is cut out, as a mark must be found again. */
export function markOf({ run, step, target }: Pick<Call, "run" | "step" | "target">, was: string): Mark {
  const digest = digestOf({ run, step, target });
  const said = was.replaceAll(/[\]\r\n]/g, "");
  return { text: `[nightshift ${run} ${digest} was ${said}]`, run, digest, was: said };
}

/** The mark that this very step left there, if it did. */
export function ownMark(text: string, call: Pick<Call, "run" | "step" | "target">): Mark | undefined {
  const digest = digestOf(call);
  return marksIn(text).find((mark) => mark.run === call.run && mark.digest === digest);
}

/** Every mark in a text, of whichever run, in its order. */
export function marksIn(text: string): readonly Mark[] {
  return [...text.matchAll(/\[nightshift (\S+) ([0-9a-f]{8}) was ([^\]\r\n]*)\]/g)].map(([whole, run = "", digest = "", was = ""]) => ({ text: whole, run, digest, was }));
}

export function withMark(text: string, mark: Mark): string {
  return text === "" ? mark.text : `${text} ${mark.text}`;
}

/** The text as it was before `withMark`; whatever else stands there by now is kept. */
export function withoutMark(text: string, mark: Mark | undefined): string {
  if (mark === undefined) return text;
  return text === mark.text ? "" : text.replace(text.includes(` ${mark.text}`) ? ` ${mark.text}` : mark.text, "");
}

/** Eight hex digits: enough to tell the steps of one window apart. */
function digestOf({ run, step, target }: Pick<Call, "run" | "step" | "target">): string {
  return createHash("sha256").update(`${run}/${step}/${target}`).digest("hex").slice(0, 8);
}
