import type { DraftedChange, DraftedPhase, DraftedPlan, DraftedStep } from "./drafted.ts";

/** A part of the plan as the page makes it, and where on the page it comes from. The window holds phases, these changes, these steps. */
export interface PlanNode {
  readonly kind: "window" | "phase" | "change" | "step";
  /** As it stands in the plan; unique among its like (a step: within its change). The window has none. */
  readonly id: string;
  /** Line of the page, from 1. */
  readonly line: number;
  /** Entries of the plan file in the order in which they are written, without `id` and what it holds. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Words of the page for which the plan has no place: lines of comment above it. */
  readonly comments: readonly string[];
  readonly children: readonly PlanNode[];
}

/** What a node of a plan file calls what it holds. */
export const HOLDS = { window: "phases", phase: "changes", change: "steps", step: undefined } as const satisfies Record<PlanNode["kind"], string | undefined>;

/** The drafted plan as the entries that are written. */
export function planTree(plan: DraftedPlan): PlanNode {
  return {
    kind: "window",
    id: "",
    line: 1,
    fields: {
      ...(plan.title === undefined ? {} : { title: `Maintenance of ${plan.title}` }),
      ...(plan.date === undefined ? {} : { date: plan.date }),
      ...(plan.zone === undefined ? {} : { zone: plan.zone }),
      ...(plan.cutoff === undefined ? {} : { cutoff: plan.cutoff }),
      ...(plan.owners === undefined ? {} : { owners: plan.owners }),
      ...(plan.title === undefined
        ? {}
        : {
            page: {
              title: plan.title,
              ...(plan.url === undefined ? {} : { url: plan.url }),
              ...(plan.pageId === undefined ? {} : { id: plan.pageId }),
              ...(plan.version === undefined ? {} : { version: plan.version }),
            },
          }),
      ...(plan.questions.length === 0 ? {} : { questions: plan.questions }),
    },
    comments: linesOf(plan.comments),
    children: plan.phases.map((phase, at) => phaseNode(phase, plan.phases.slice(0, at))),
  };
}

function phaseNode(phase: DraftedPhase, above: readonly DraftedPhase[]): PlanNode {
  const waits = phase.part !== "before" && phase.part !== "day-of" && phase.part !== "other" && above.some(({ changes }) => changes.length > 0) && phase.changes.length > 0;
  return {
    kind: "phase",
    id: phase.id,
    line: phase.line,
    fields: { title: phase.title, ...(waits ? { barrier: true } : {}) },
    comments: linesOf(phase.comments),
    children: phase.changes.map((change, at) => changeNode(change, testsOf([...above.flatMap(({ changes }) => changes), ...phase.changes.slice(0, at)]))),
  };
}

/** The smoke tests among these changes: what comes after something is lifted cannot speak for lifting it. */
function testsOf(changes: readonly DraftedChange[]): readonly string[] {
  return changes.flatMap(({ id, steps }) => steps.flatMap((step) => (step.action === "web.check" ? [`${id}.${step.id}`] : [])));
}

function changeNode(change: DraftedChange, tests: readonly string[]): PlanNode {
  return {
    kind: "change",
    id: change.id,
    line: change.line,
    fields: {
      ...(change.keys.length === 0 ? {} : { keys: change.keys }),
      title: change.title,
      ...(change.owner === undefined ? {} : { owner: change.owner }),
      ...(change.carried === undefined ? {} : { carried: change.carried }),
      ...(change.inOrder ? { inOrder: true } : {}),
      ...(change.notes.length === 0 ? {} : { notes: change.notes }),
      ...(change.questions.length === 0 ? {} : { questions: change.questions }),
    },
    comments: linesOf([`page line ${change.line}`, ...change.comments]),
    children: change.steps.map((step) => stepNode(step, tests)),
  };
}

function stepNode(step: DraftedStep, tests: readonly string[]): PlanNode {
  return {
    kind: "step",
    id: step.id,
    line: step.line,
    fields: {
      ...(step.action === undefined ? {} : { action: step.action }),
      ...(step.sameAs === undefined ? {} : { sameAs: step.sameAs }),
      title: step.title,
      ...(step.at === undefined ? {} : { at: step.at }),
      ...(step.needs.length === 0 ? {} : { needs: step.needs }),
      ...(step.targets === undefined ? {} : { targets: step.targets.length === 1 ? step.targets[0] : step.targets }),
      ...(Object.keys(step.with).length === 0 ? {} : { with: step.with }),
      ...(step.when === undefined ? {} : { when: { value: step.when } }),
      ...(step.irreversible === undefined ? {} : { irreversible: true }),
      ...(step.irreversible === undefined && step.approval === undefined ? {} : { approval: step.approval ?? true }),
      ...(step.always === undefined ? {} : { always: true }),
      ...(step.lifts === undefined ? {} : { lift: tests.length === 0 ? {} : { tests } }),
      ...(step.owner === undefined ? {} : { owner: step.owner }),
      ...(step.notes.length === 0 ? {} : { notes: step.notes }),
      ...(step.questions.length === 0 ? {} : { questions: step.questions }),
    },
    comments: [],
    children: [],
  };
}

/** As a comment holds them: one line each, of bounded length. */
function linesOf(comments: readonly string[]): readonly string[] {
  return comments.flatMap((text) => text.split("\n")).map((line) => line.replaceAll(/[\r\u2028\u2029]+/g, " ").slice(0, 1_500));
}
