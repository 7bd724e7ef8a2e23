import { z } from "zod";
import { Fault } from "../fault/fault.ts";
import { printedFinding } from "../plan/finding.ts";
import { Carried } from "../plan/schema.ts";
import { readYaml } from "../plan/yaml.ts";
import type { Question } from "./draft.ts";
import type { DraftedChange, DraftedPlan } from "./drafted.ts";

/** A change that an earlier window has left over. */
export interface LeftOver {
  readonly title: string;
  readonly keys: readonly string[];
  readonly owner: string | null;
  readonly carried: Carried;
}

/** As much of a plan file as concerns what is left over; everything else in it is let be. */
const File = z.object({
  phases: z.array(
    z.object({
      changes: z.array(
        z.object({
          title: z.string().min(1),
          keys: z.union([z.string().transform((key) => [key]), z.array(z.string())]).default([]),
          owner: z.union([z.string(), z.object({ first: z.string() }).transform(({ first }) => first)]).optional(),
          carried: Carried.optional(),
        }),
      ),
    }),
  ),
});

/**
 * The changes with a history in a file that `nightshift run carry-over` has written.
 *
 * @param file what the file is called, for messages.
 * @throws Fault `invalid` for a file that is no plan; it names the place.
 */
export function leftOverIn(text: string, file: string): readonly LeftOver[] {
  const { value, findings } = readYaml(text, file);
  const broken = findings.find(({ severity }) => severity === "error");
  if (broken !== undefined) throw new Fault("invalid", printedFinding(broken));
  const parsed = File.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
    throw new Fault("invalid", `${file} is not what \`nightshift run carry-over\` writes: ${issue?.message ?? "unknown"}${place}`);
  }
  return parsed.data.phases
    .flatMap(({ changes }) => changes)
    .flatMap(({ title, keys, owner, carried }) => (carried === undefined ? [] : [{ title, keys, owner: owner ?? null, carried }]));
}

/**
 * Finds what was left over among a page's changes: by a key that both have or, where it has none, by its title. What is found gets
 * its history, and no second change; what is not is asked about, as is what has been left over twice.
 *
 * @returns the questions, which stand in the plan as well.
 */
export function linkLeftOver(plan: DraftedPlan, leftOver: readonly LeftOver[]): readonly Question[] {
  const changes = plan.phases.flatMap((phase) => phase.changes);
  const questions: Question[] = [];
  const ask = (holder: DraftedPlan | DraftedChange, question: Question): void => {
    holder.questions.push(question.text === "" ? question.why : `${question.why} «${question.text}»`.slice(0, 1_900));
    questions.push(question);
  };
  for (const { title, keys, owner, carried } of leftOver) {
    const name = [...keys, title].filter((word, at, all) => all.indexOf(word) === at).join(" ");
    const last = carried.windows.at(-1) ?? "";
    const found = changes.find((change) => (keys.length > 0 ? change.keys.some((key) => keys.includes(key)) : plain(change.title) === plain(title)));
    if (found === undefined) {
      ask(plan, {
        line: 1,
        text: name,
        why: `Carried over but not on the page: is it done, dropped, or to be added? It was ${carried.as} in the window of ${last}: ${carried.why}`.slice(0, 1_500),
        owner,
      });
      continue;
    }
    const before = found.carried;
    found.carried = before === undefined ? carried : { ...carried, windows: [...new Set([...before.windows, ...carried.windows])].sort() };
    if (carried.windows.length >= 2)
      ask(found, {
        line: found.line,
        text: name,
        why: `Is this still wanted, and who clears its way? It has been left over from ${carried.windows.length} windows (${carried.windows.join(", ")}): ${carried.why}`.slice(
          0,
          1_500,
        ),
        owner,
      });
  }
  return questions;
}

/** Letters and digits. */
function plain(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}
