import { isTicket } from "./carry-over.ts";
import { changeText } from "./amendments.ts";
import { ENDINGS, type Ending, type Fact } from "./facts.ts";
import type { Entry } from "./journal.ts";
import { obligationsOf } from "./obligations.ts";
import type { PlanIndex } from "./plan-index.ts";
import type { EventReport, Moment } from "./report-schema.ts";

type Event = Omit<EventReport, "at"> & { readonly at: string };

/**
 * The night as a list of what happened, one line each, oldest first. What happened to a step's only target is told of the
 * step; comments and links on tickets appear only where they went wrong.
 *
 * @param moment how an instant is shown.
 */
export function timelineOf(index: PlanIndex, entries: readonly Entry[], moment: (at: string) => Moment): readonly EventReport[] {
  const facts = entries.map(({ fact }) => fact);
  const events = [...facts.flatMap((fact) => eventsOf(index, fact)), ...obligationEvents(index, facts)];
  // The sort is stable: what happened in one instant keeps the order of the journal, but the run's end comes last.
  const ended = facts.find(({ type }) => type === "run.ended")?.at;
  const isEnd = ({ kind, at }: Event): number => (kind === "run" && at === ended ? 1 : 0);
  return events.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : isEnd(a) - isEnd(b))).map((event) => ({ ...event, at: moment(event.at) }));
}

function eventsOf(index: PlanIndex, fact: Fact): readonly Event[] {
  switch (fact.type) {
    case "run.started":
      return [
        {
          at: fact.at,
          kind: "run",
          tone: "plain",
          text: `The run was started by ${fact.by}${fact.unapproved === undefined ? "" : `, although nobody had approved the plan: ${fact.unapproved}`}`,
        },
      ];
    case "run.stopped":
      return [{ at: fact.at, kind: "run", tone: "badly", text: `The run was stopped: ${titleOf(index, fact.step)} ${fact.why}`, step: fact.step }];
    case "run.closing":
      return [{ at: fact.at, kind: "run", tone: "plain", text: `Closing up: ${fact.why}` }];
    case "run.ended":
      return [{ at: fact.at, kind: "run", tone: fact.outcome === "well" ? "well" : "badly", text: `The run ended ${fact.outcome}: ${fact.headline}` }];
    case "run.amended":
      return fact.changes.map((change) => ({
        at: fact.at,
        kind: "decision",
        tone: "plain",
        text: `${fact.approvedBy} approved what ${fact.by} had proposed: ${changeText(change)}`,
        step: change.step,
      }));
    case "decision.made":
      return [
        {
          at: fact.at,
          kind: "decision",
          tone: "plain",
          text: decisionText(index, fact),
          ...(fact.step === undefined ? {} : { step: fact.step }),
          ...(fact.target === undefined ? {} : { target: fact.target }),
        },
      ];
    case "batch.started":
      return isTicket(index.step(fact.step).verb)
        ? []
        : [{ at: fact.at, kind: "begun", tone: "plain", text: `${titleOf(index, fact.step)}: begun${batchText(index, fact)}`, step: fact.step }];
    case "step.told":
      return fact.topic === "ended" ? [] : [{ at: fact.at, kind: "notice", tone: "plain", text: `People were told: ${fact.text}`, step: fact.step }];
    case "step.untold":
      return [{ at: fact.at, kind: "notice", tone: "badly", text: `People could not be told about ${titleOf(index, fact.step)}: ${fact.why}`, step: fact.step }];
    case "step.ended":
      return isTicket(index.step(fact.step).verb) && fact.as !== "failed" && fact.as !== "unknown"
        ? []
        : [
            {
              at: fact.at,
              kind: "ended",
              tone: toneOf(fact.as),
              text: `${titleOf(index, fact.step)}: ${fact.as}${ENDINGS[fact.as].well ? "" : ` (${fact.why})`}`,
              step: fact.step,
            },
          ];
    case "target.faulted":
      return [{ ...of(fact), kind: "fault", tone: "badly", text: `${nameOf(index, fact)}: try ${fact.try}, ${fact.deed} ${fact.attempt}: ${fact.fault.message}` }];
    case "target.told":
      return [{ ...of(fact), kind: "notice", tone: "plain", text: `People were told: ${fact.text}` }];
    case "target.cancelled":
      return [
        {
          ...of(fact),
          kind: "cancelled",
          tone: "plain",
          text: `${nameOf(index, fact)}: ${fact.hadEnded === true ? "had ended before it could be stopped" : "stopped"}. ${fact.evidence.join("; ")}`,
        },
      ];
    case "target.undone":
      return [{ ...of(fact), kind: "undone", tone: "plain", text: `${nameOf(index, fact)}: taken back. ${fact.evidence.join("; ")}` }];
    case "target.rested":
      return hasFanOut(index, fact.step) && !ENDINGS[fact.as].well
        ? [{ ...of(fact), kind: "ended", tone: toneOf(fact.as), text: `${nameOf(index, fact)}: ${fact.as} (${fact.why})` }]
        : [];
    default:
      return [];
  }
}

function obligationEvents(index: PlanIndex, facts: readonly Fact[]): readonly Event[] {
  return obligationsOf(facts, index).flatMap(({ what, openedAt, step, target, closed }): Event[] => [
    { at: openedAt, kind: "opened", tone: "plain", text: `Open from now on: ${what}`, step, target },
    ...(closed === undefined
      ? []
      : [{ at: closed.at, kind: "closed" as const, tone: "well" as const, text: `${closed.never === true ? "Was never opened" : "Closed"}: ${what}`, step, target }]),
  ]);
}

export function decisionText(index: PlanIndex, { decision, by, step, target, mode, note }: Extract<Fact, { type: "decision.made" }>): string {
  const about = step === undefined ? "the run" : `${titleOf(index, step)}${target === undefined ? "" : ` on ${target}`}`;
  return `${by} decided ${decision}${mode === undefined ? "" : ` (${mode})`}: ${about}${note === undefined ? "" : `: ${note}`}`;
}

/** A step's title, also for one that only an amended plan would know. */
function titleOf(index: PlanIndex, step: string): string {
  return index.plan.steps.find(({ id }) => id === step)?.title ?? step;
}

function nameOf(index: PlanIndex, { step, target }: { step: string; target: string }): string {
  return hasFanOut(index, step) ? `${titleOf(index, step)} on ${target}` : titleOf(index, step);
}

function hasFanOut(index: PlanIndex, step: string): boolean {
  const { targets } = index.step(step);
  return targets.length > 1 || targets[0]?.id !== step;
}

function batchText(index: PlanIndex, { step, targets }: { step: string; targets: readonly string[] }): string {
  return hasFanOut(index, step) ? ` on ${targets.join(", ")}` : "";
}

function of({ at, step, target }: { at: string; step: string; target: string }): { at: string; step: string; target: string } {
  return { at, step, target };
}

function toneOf(as: Ending): "well" | "badly" | "plain" {
  return as === "dropped" ? "plain" : ENDINGS[as].well ? "well" : "badly";
}
