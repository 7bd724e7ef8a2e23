import { z } from "zod";
import type { CompiledPlan } from "./compiled.ts";
import { outlineOf, type Draft } from "./outline.ts";
import { type NeedEntry, Step, listOf } from "./schema.ts";
import { readYaml } from "./yaml.ts";
import { editYaml } from "./yaml-edit.ts";

/** What is wrong with an amendment: about which step, and what can be done. */
export interface Problem {
  /** Stable, kebab-case. */
  readonly code: string;
  readonly step?: string;
  readonly message: string;
  readonly hint: string;
}

const StepId = z.string().regex(/^[a-z][a-z0-9-]{0,47}\.[a-z][a-z0-9-]{0,47}$/, "a step's id as `CHANGE.STEP`");
const Because = z.string().trim().min(3, "expected a reason").max(500, "expected 500 characters at most").describe("Why, for the record");

export const Entry = z.union([
  z.strictObject({ skip: StepId.describe("A step that has not begun: it is left out of this window"), because: Because }),
  z
    .strictObject({
      move: StepId.describe("A step that has not begun"),
      at: Step.shape.at.describe("Not before this time in the window's zone: `Sun 05:30`"),
      after: StepId.optional().describe("Not before this step has ended well"),
      because: Because,
    })
    .refine(({ at, after }) => at !== undefined || after !== undefined, "expected `at`, `after` or both: where is it moved to?"),
  z.strictObject({
    add: Step.describe("A step, as in a plan"),
    after: StepId.describe("It is put behind this step, into the same change, and needs its success unless it says otherwise itself"),
    because: Because,
  }),
]);
export type Entry = z.infer<typeof Entry>;

/** What is changed of a running window, as a person writes it: YAML, or the same as JSON. */
export const Amendment = z.strictObject({ amend: z.array(Entry).min(1, "expected at least one change").max(20, "expected 20 changes at most") });
export type Amendment = z.infer<typeof Amendment>;

/** @returns the amendment, or what cannot be read of it. */
export function readAmendment(text: string): { readonly amendment: Amendment } | { readonly problems: readonly Problem[] } {
  const { value, findings } = readYaml(text, "amendment");
  const unread = findings.filter(({ severity }) => severity === "error");
  if (value === undefined || unread.length > 0) {
    return {
      problems: unread.map(({ code, line, message, hint }) => ({
        code,
        message: `line ${line}: ${message}`,
        hint: hint ?? "write it as YAML or JSON; docs/amend.md has examples",
      })),
    };
  }
  // An entry says by its key what it is; told by that, its own faults are named and not those of all three kinds.
  const kinds = { skip: Entry.options[0], move: Entry.options[1], add: Entry.options[2] } as const;
  const parsed = Amendment.safeParse(value);
  if (parsed.success) return { amendment: parsed.data };
  const problems = parsed.error.issues.flatMap((issue): readonly Problem[] => {
    const [top, place] = issue.path;
    const raw = top === "amend" && typeof place === "number" ? ((value as { amend: unknown[] }).amend[place] as Record<string, unknown> | null) : undefined;
    const kind = (["skip", "move", "add"] as const).find((key) => raw !== null && typeof raw === "object" && Object.hasOwn(raw, key));
    const own = kind === undefined ? undefined : kinds[kind].safeParse(raw).error?.issues;
    const where = typeof place === "number" ? `change ${place + 1}` : "the amendment";
    return (own ?? [issue]).map(({ path, message }) => ({
      code: "unreadable",
      ...(typeof raw?.[kind ?? ""] === "string" ? { step: String(raw?.[kind ?? ""]) } : {}),
      message: `${where}${path.length === 0 ? "" : `, ${path.map(String).join(".")}`}: ${message}`,
      hint: "each change is `skip: STEP`, `move: STEP` with `at` or `after`, or `add: {…}` with `after: STEP`, and a `because`",
    }));
  });
  return { problems };
}

/**
 * The plan's text with an amendment worked into it, comments and all: `skip` becomes the step's own `skip`, a time or a need
 * is written at the step, an added step stands behind the one it follows.
 *
 * @param plan the plan that the text compiles to. @throws Fault `defect` for a text that does not.
 */
export function amendedText(text: string, { amend }: Amendment, plan: CompiledPlan): { readonly text: string } | { readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const named = new Set<string>();
  let current = text;
  for (const entry of amend) {
    const drafts = new Map(
      outlineOf(readYaml(current, "plan").value).phases.flatMap(({ changes }) => changes.flatMap(({ steps }) => steps.map((step) => [step.id, step] as const))),
    );
    const problem = (code: string, step: string, message: string, hint: string): void => void problems.push({ code, step, message, hint });
    const find = (id: string): Draft | undefined => {
      const draft = drafts.get(id);
      const compiled = plan.steps.find((step) => step.id === id);
      if (draft === undefined && compiled?.derived !== undefined)
        problem("derived", id, "it is made by the tickets policy and stands in no plan", "amend the steps of its change instead; to leave this one out: nightshift decide skip");
      else if (draft === undefined) problem("unknown-step", id, "the plan has no such step", "nightshift run steps RUN lists them");
      else if (draft.fields.sameAs !== undefined) problem("served", id, `it is done by ${draft.fields.sameAs}`, "amend that one");
      return draft?.fields.sameAs === undefined ? draft : undefined;
    };
    const subject = "skip" in entry ? entry.skip : "move" in entry ? entry.move : `${entry.after.split(".")[0] ?? ""}.${entry.add.id}`;
    if (named.has(subject)) problem("named-twice", subject, "the amendment names it twice", "say in one change what becomes of it");
    named.add(subject);
    const edit = editYaml(current);
    if ("skip" in entry) {
      const draft = find(entry.skip);
      if (draft?.fields.skip !== undefined) problem("skipped-already", entry.skip, `it is left out already: ${draft.fields.skip}`, "take this change out of the amendment");
      else if (draft !== undefined) edit.set([...draft.path, "skip"], entry.because);
    } else if ("move" in entry) {
      const draft = find(entry.move);
      if (draft?.fields.skip !== undefined) problem("skipped-already", entry.move, `it is left out of this window: ${draft.fields.skip}`, "add a step like it instead");
      else if (draft !== undefined) {
        if (entry.at !== undefined) edit.set([...draft.path, "at"], entry.at);
        if (entry.after !== undefined && find(entry.after) !== undefined) edit.set([...draft.path, "needs"], [...listOf(draft.fields.needs), entry.after]);
      }
    } else {
      const anchor = find(entry.after);
      if (drafts.has(subject)) problem("id-taken", subject, "the plan has a step of this id", "call the added step something else");
      else if (anchor !== undefined) {
        const siblings = [...drafts.values()].filter(({ change }) => change === anchor.change);
        // A change with one step is told by the change's title; with a second one beside it, it would be called differently from here on.
        const [only] = siblings;
        if (siblings.length === 1 && only !== undefined && only.fields.title === undefined) {
          const title = plan.steps.find(({ id }) => id === only.id)?.title;
          if (title !== undefined) edit.set([...only.path, "title"], title);
        }
        const { steps, index } = listAround(anchor);
        const needs = listOf<z.infer<typeof NeedEntry>>(entry.add.needs);
        const follows = needs.some((need) => [entry.after, entry.after.split(".")[1]].includes(typeof need === "string" ? need : need.step));
        edit.insert(steps, index + 1, { ...entry.add, needs: follows ? needs : [entry.after, ...needs] });
      }
    }
    if (problems.length === 0) current = edit.text();
  }
  return problems.length > 0 ? { problems } : { text: current };
}

/** The step in whose lines something stands; undefined above the first one, and in a text that is no plan. */
export function stepAtLine(text: string, line: number): string | undefined {
  const { value, places } = readYaml(text, "plan");
  const steps = outlineOf(value).phases.flatMap(({ changes }) => changes.flatMap((change) => change.steps));
  return steps.findLast(({ path }) => places.of(path).line <= line)?.id;
}

function listAround({ path }: Draft): { readonly steps: readonly PropertyKey[]; readonly index: number } {
  return { steps: path.slice(0, -1), index: Number(path.at(-1)) };
}
