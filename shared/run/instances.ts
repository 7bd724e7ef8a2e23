import { createHash } from "node:crypto";
import { remembered } from "../ports/remembered.ts";

/** The Durable Task Scheduler takes ids of 100 printable characters; the extension refuses `/ \ # ?` and a leading `@`. */
const LONGEST = 100;

/** Asked for each step of a run at each look of the guard. */
const safe = remembered((...parts: readonly string[]) => {
  const plain = parts.map(plainly).join(".");
  if (plain.length <= LONGEST) return plain;
  const digest = createHash("sha256").update(plain).digest("hex").slice(0, 16);
  return `${plain.slice(0, LONGEST - 17)}~${digest}`;
});

/** Instance ids of orchestrations: derived, so that whoever knows the step can ring it, and a second start is noticed. */
export const windowInstance = (run: string): string => safe(run);
/** What starts the steps that an amendment added to a wave under way. No step is called like that: its id has a dot. */
export const amendmentInstance = (run: string, amendment: string): string => safe(run, "amended", amendment);
export const stepInstance = (run: string, step: string): string => safe(run, step);
export const targetInstance = (run: string, step: string, target: string): string => safe(run, step, target);

function plainly(part: string): string {
  return PLAIN.test(part) ? part : part.replaceAll(/[^A-Za-z0-9_-]/g, (char) => `~${char.codePointAt(0)?.toString(16) ?? ""}`);
}

const PLAIN = /^[A-Za-z0-9_-]*$/;
