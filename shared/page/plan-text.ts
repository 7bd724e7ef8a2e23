import { Document, isNode } from "yaml";
import type { DraftedChange, DraftedPlan, DraftedStep } from "./drafted.ts";

/** The drafted plan as YAML, with the page's words as comments where the plan has no place for them. */
export function planText(plan: DraftedPlan): string {
  const comments: { path: (string | number)[]; text: string }[] = [];
  const value = {
    plan: 1,
    window: {
      ...(plan.title === undefined ? {} : { title: `Maintenance of ${plan.title}` }),
      ...(plan.date === undefined ? {} : { date: plan.date }),
      ...(plan.zone === undefined ? {} : { zone: plan.zone }),
      ...(plan.cutoff === undefined ? {} : { cutoff: plan.cutoff }),
      ...(plan.title === undefined ? {} : { page: { title: plan.title, ...(plan.url === undefined ? {} : { url: plan.url }) } }),
      ...(plan.questions.length === 0 ? {} : { questions: plan.questions }),
    },
    phases: plan.phases.map((phase, at) => {
      const waits =
        phase.part !== "before" &&
        phase.part !== "day-of" &&
        phase.part !== "other" &&
        plan.phases.slice(0, at).some(({ changes }) => changes.length > 0) &&
        phase.changes.length > 0;
      if (phase.comments.length > 0) comments.push({ path: ["phases", at], text: phase.comments.join("\n") });
      return {
        id: phase.id,
        title: phase.title,
        ...(waits ? { barrier: true } : {}),
        changes: phase.changes.map((change, index) => {
          comments.push({ path: ["phases", at, "changes", index], text: [`page line ${change.line}`, ...change.comments].join("\n") });
          return changeValue(change);
        }),
      };
    }),
  };
  const document = new Document(value, { aliasDuplicateObjects: false });
  if (plan.comments.length > 0) document.commentBefore = plan.comments.map((line) => ` ${plain(line)}`).join("\n");
  for (const { path, text } of comments) {
    const node = document.getIn(path, true);
    if (isNode(node))
      node.commentBefore = text
        .split("\n")
        .map((line) => ` ${plain(line)}`)
        .join("\n");
  }
  return document.toString({ lineWidth: 0 });
}

function changeValue(change: DraftedChange): object {
  return {
    id: change.id,
    ...(change.keys.length === 0 ? {} : { keys: change.keys }),
    title: change.title,
    ...(change.owner === undefined ? {} : { owner: change.owner }),
    ...(change.inOrder ? { inOrder: true } : {}),
    ...(change.notes.length === 0 ? {} : { notes: change.notes }),
    ...(change.questions.length === 0 ? {} : { questions: change.questions }),
    steps: change.steps.map(stepValue),
  };
}

function stepValue(step: DraftedStep): object {
  return {
    id: step.id,
    ...(step.action === undefined ? {} : { action: step.action }),
    ...(step.sameAs === undefined ? {} : { sameAs: step.sameAs }),
    title: step.title,
    ...(step.at === undefined ? {} : { at: step.at }),
    ...(step.needs.length === 0 ? {} : { needs: step.needs }),
    ...(step.targets === undefined ? {} : { targets: step.targets.length === 1 ? step.targets[0] : step.targets }),
    ...(Object.keys(step.with).length === 0 ? {} : { with: step.with }),
    ...(step.when === undefined ? {} : { when: { value: step.when } }),
    ...(step.irreversible === undefined ? {} : { irreversible: true, approval: true }),
    ...(step.always === undefined ? {} : { always: true }),
    ...(step.owner === undefined ? {} : { owner: step.owner }),
    ...(step.notes.length === 0 ? {} : { notes: step.notes }),
    ...(step.questions.length === 0 ? {} : { questions: step.questions }),
  };
}

function plain(line: string): string {
  return line.replaceAll(/[\r\n\u2028\u2029]+/g, " ").slice(0, 1_500);
}
