import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import type { DraftedPlan, DraftedStep } from "../../../shared/page/drafted.ts";

/**
 * What a person read on a page of the corpus: every step in its change and phase, and nothing besides. Written by hand
 * from the page. `called` names a step for the `needs` of others; `asks` are words of every question that it must have.
 */
const Step = z.strictObject({
  do: z.string().optional(),
  sameAs: z.string().optional(),
  called: z.string().optional(),
  at: z.string().optional(),
  targets: z.array(z.string()).optional(),
  with: z.record(z.string(), z.unknown()).default({}),
  needs: z.array(z.string()).default([]),
  when: z.string().optional(),
  approval: z.array(z.string()).optional(),
  owner: z.union([z.string(), z.strictObject({ first: z.string(), second: z.string() })]).optional(),
  irreversible: z.literal(true).optional(),
  always: z.literal(true).optional(),
  asks: z.array(z.string()).default([]),
});
const Change = z.strictObject({
  keys: z.array(z.string()).default([]),
  inOrder: z.boolean().default(false),
  notes: z.array(z.string()).default([]),
  asks: z.array(z.string()).default([]),
  steps: z.array(Step),
});
const Expectation = z.strictObject({
  inventory: z.string().optional(),
  window: z.strictObject({ date: z.string(), zone: z.string().optional(), cutoff: z.string().optional() }),
  /** Questions of the window beside those for owners, channels and what it does not say. */
  asks: z.array(z.string()).default([]),
  phases: z.array(z.strictObject({ title: z.string(), changes: z.array(Change) })),
});
export type Expectation = z.infer<typeof Expectation>;

export function expectationAt(file: URL): Expectation {
  return Expectation.parse(parse(readFileSync(file, "utf8")));
}

type Outline = readonly { title: string; changes: readonly { keys: readonly string[]; inOrder: boolean; steps: readonly object[] }[] }[];

/** The phases that hold work, as the expectation spells them, ids replaced by the expectation's names of steps. */
export function outlineOf(plan: DraftedPlan, expected: Expectation): Outline {
  const names = new Map<string, string>();
  const phases = plan.phases.filter(({ changes }) => changes.length > 0);
  phases.forEach((phase, p) =>
    phase.changes.forEach((change, c) =>
      change.steps.forEach((step, s) => {
        const called = expected.phases[p]?.changes[c]?.steps[s]?.called;
        names.set(`${change.id}.${step.id}`, called ?? `${change.id}.${step.id}`);
      }),
    ),
  );
  return phases.map((phase, p) => ({
    title: phase.title,
    changes: phase.changes.map((change, c) => ({
      keys: change.keys,
      inOrder: change.inOrder,
      ...asked(change.questions, expected.phases[p]?.changes[c]?.asks ?? []),
      steps: change.steps.map((step, s) => {
        const wanted = expected.phases[p]?.changes[c]?.steps[s];
        const name = (id: string): string => names.get(id) ?? names.get(`${change.id}.${id}`) ?? id;
        return {
          ...(step.action === undefined ? {} : { do: step.action }),
          ...(step.sameAs === undefined ? {} : { sameAs: name(step.sameAs) }),
          ...(step.at === undefined ? {} : { at: step.at }),
          targets: step.targets ?? [],
          with: parametersOf(step, wanted?.with ?? {}),
          needs: step.needs.map((need) => (typeof need === "string" ? name(need) : `${name(need.step)}${need.per === undefined ? "" : " per target"}`)).toSorted(),
          ...(step.when === undefined ? {} : { when: step.when }),
          ...(step.owner === undefined ? {} : { owner: step.owner }),
          ...(step.approval === undefined ? {} : { approval: step.approval }),
          ...(step.irreversible === undefined ? {} : { irreversible: true }),
          ...(step.always === undefined ? {} : { always: true }),
          ...asked(step.questions, wanted?.asks ?? []),
        };
      }),
    })),
  }));
}

/** The expectation in the same shape. */
export function outlineWanted({ phases }: Expectation): Outline {
  return phases.map(({ title, changes }) => ({
    title,
    changes: changes.map(({ keys, inOrder, asks, steps }) => ({
      keys,
      inOrder,
      ...asked(asks, asks),
      steps: steps.map(({ called: _called, asks: questions, needs, targets, ...step }) => ({
        ...step,
        targets: targets ?? [],
        needs: needs.toSorted(),
        ...asked(questions, questions),
      })),
    })),
  }));
}

/** What is expected and asked, what is asked and not expected, and what is expected and not asked. */
function asked(questions: readonly string[], wanted: readonly string[]): object {
  const left = [...questions];
  const found = wanted.filter((words) => {
    const at = left.findIndex((question) => question.toLowerCase().includes(words.toLowerCase()));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
  return { asks: found.toSorted(), ...(left.length === 0 ? {} : { asksBesides: left }) };
}

/** The page's words, as `text` and `what` hold them, are compared only where the expectation quotes them. */
function parametersOf(step: DraftedStep, wanted: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(step.with).filter(([key]) => wanted[key] !== undefined || (key !== "text" && key !== "what")));
}
