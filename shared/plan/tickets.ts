import type { z } from "zod";
import type { Draft, Outline, OutlineChange } from "./outline.ts";
import { listOf } from "./schema.ts";
import type { NeedEntry, Step } from "./schema.ts";

/** Ids of the steps that the tickets policy makes in each change that has keys. */
export const TICKET_STEPS = { start: "jira-start", link: "jira-link", transition: "jira-transition", end: "jira-end" } as const;

const SHORT = { onFailure: "continue", leaves: "untouched", expected: "5s" } as const satisfies Partial<Step>;

/**
 * The steps by which a change's Jira keys hear of it: when it begins (comment, link to the report), when all of it has
 * ended well (transition), and when it has ended, however (comment). They go through the same contract as every step,
 * and no other step waits for them: an outage of Jira holds nothing up.
 */
export function ticketSteps({ tickets }: Outline, change: OutlineChange, served: ReadonlyMap<string, string>): readonly Draft[] {
  const keys = listOf(change.fields.keys);
  if (tickets === undefined || keys.length === 0) return [];
  const draft = (step: string, fields: Partial<Step>): Draft => ({
    id: `${change.id}.${step}`,
    change: change.id,
    phase: change.phase,
    fields: { id: step, targets: [...keys], ...SHORT, ...fields },
    broken: false,
    path: change.path,
    derived: "tickets",
  });

  // The change begins with the first of its steps that is not done elsewhere, so that its gate is theirs too.
  const first = change.steps.find(({ id }) => !served.has(id)) ?? change.steps[0];
  const gate: Partial<Step> = {
    ...(first?.fields.at === undefined ? {} : { at: first.fields.at }),
    ...(first === undefined ? {} : { needs: served.has(first.id) ? [{ step: first.id, per: "step", as: "end" }] : listOf(first.fields.needs).map(ofWholeStep) }),
    ...(first?.fields.when === undefined ? {} : { when: first.fields.when }),
  };
  // What a change leaves out of this window keeps it from being done, and one that leaves all of it out does not begin.
  const leftOut = change.steps.filter(({ fields }) => fields.skip !== undefined);
  const [left] = leftOut;
  const skip = left === undefined ? {} : { skip: `${left.id} is left out: ${left.fields.skip ?? ""}`.slice(0, 2_000) };
  const steps: Draft[] = [];
  if (tickets.start !== undefined) {
    steps.push(
      draft(TICKET_STEPS.start, {
        ...gate,
        ...(leftOut.length === change.steps.length ? skip : {}),
        action: "jira.comment",
        title: `Tell ${keys.join(", ")} that it begins`,
        with: { text: tickets.start, moment: "start" },
      }),
    );
  }
  if (tickets.link !== undefined) {
    steps.push(draft(TICKET_STEPS.link, { ...gate, action: "jira.link", title: `Link ${keys.join(", ")} to the report`, with: { title: tickets.link } }));
  }
  const all = change.steps.map(({ id }) => id);
  if (tickets.transition !== undefined) {
    steps.push(
      draft(TICKET_STEPS.transition, {
        action: "jira.transition",
        title: `Move ${keys.join(", ")} to ${tickets.transition}`,
        needs: all,
        ...skip,
        with: { to: tickets.transition },
      }),
    );
  }
  if (tickets.end !== undefined) {
    const before = [...all, ...steps.map(({ id }) => id)].map((step) => ({ step, per: "step", as: "end" }) as const);
    steps.push(
      draft(TICKET_STEPS.end, {
        action: "jira.comment",
        title: `Tell ${keys.join(", ")} how it ended`,
        needs: before,
        always: true,
        with: { text: tickets.end, moment: "finish" },
      }),
    );
  }
  return steps;
}

/** Keys are not the targets that a need per target speaks of: the change is taken to begin once that step has ended. */
function ofWholeStep(need: z.infer<typeof NeedEntry>): z.infer<typeof NeedEntry> {
  return typeof need === "string" || need.per === "step" ? need : { step: need.step, per: "step", as: "end" };
}
