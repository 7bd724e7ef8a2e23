import type { Fact } from "./facts.ts";
import type { PlanIndex } from "./plan-index.ts";
import { doubtAfter } from "./walk.ts";

/** Something opened that must be closed. */
export interface Obligation {
  readonly id: string;
  readonly what: string;
  readonly openedAt: string;
  readonly step: string;
  readonly target: string;
  /** Whether the opening call is known to have had its effect; `false` while that is unknown. */
  readonly certain: boolean;
  /** `never`: it turned out that it was never opened. */
  readonly closed?: { readonly at: string; readonly by: string; readonly evidence: readonly string[]; readonly never?: true };
}

/**
 * Every obligation of a run, in the order of opening. One is written down before the call that opens it; a call that is known
 * to have had no effect closes it again.
 *
 * @param facts of all streams, in the order of `Journal.readAll`.
 * @param plan tells which closing can only have come after which opening: clocks of two hosts are minutes apart at times, and then the
 *   closing stands first. Without a plan, instants alone are believed.
 */
export function obligationsOf(facts: readonly Fact[], plan?: Pick<PlanIndex, "follows">): readonly Obligation[] {
  const open = new Map<string, Obligation>();
  const all: string[] = [];
  const doubts = new Set<string>();
  const unanswered = new Set<string>();
  // Within one instant facts stand in the order of their streams' names, so that a closing can stand before the opening that it closed.
  const early = new Map<string, { readonly closed: NonNullable<Obligation["closed"]>; readonly step: string; readonly foundSo: boolean }>();
  const close = (id: string, closed: NonNullable<Obligation["closed"]>): void => {
    const obligation = open.get(id);
    if (obligation !== undefined && obligation.closed === undefined) open.set(id, { ...obligation, closed });
  };
  const isClosedBefore = (id: string, { step, at }: { readonly step: string; readonly at: string }): boolean => {
    const closing = early.get(id);
    return closing !== undefined && (plan?.follows(closing.step, step) === true || (closing.closed.at === at && !closing.foundSo));
  };
  for (const fact of facts) {
    switch (fact.type) {
      case "target.intended":
        if (fact.deed !== "begin") break;
        if (unanswered.has(placeOf(fact))) doubts.add(placeOf(fact));
        unanswered.add(placeOf(fact));
        for (const { id, what } of fact.opens ?? []) {
          const known = open.get(id);
          if (known !== undefined && known.closed === undefined) continue;
          if (known === undefined) all.push(id);
          const closed = isClosedBefore(id, fact) ? early.get(id)?.closed : undefined;
          open.set(id, { id, what, openedAt: fact.at, step: fact.step, target: fact.target, certain: closed !== undefined, ...(closed === undefined ? {} : { closed }) });
        }
        break;
      case "target.faulted":
        if (fact.deed !== "begin") break;
        unanswered.delete(placeOf(fact));
        if (doubtAfter(fact.fault.kind, doubts.has(placeOf(fact)))) doubts.add(placeOf(fact));
        else doubts.delete(placeOf(fact));
        break;
      case "target.sought":
        // It was looked for where nothing may begin any more, and is not there: its begin opened nothing.
        if (!fact.settled) break;
        unanswered.delete(placeOf(fact));
        doubts.delete(placeOf(fact));
        break;
      case "target.begun":
        unanswered.delete(placeOf(fact));
        doubts.delete(placeOf(fact));
        for (const obligation of openedBy(open, fact)) open.set(obligation.id, { ...obligation, certain: true });
        break;
      case "target.verified":
        for (const id of fact.closes) {
          const known = open.get(id);
          const foundSo = fact.already !== undefined;
          const closed = { at: fact.at, by: `${fact.step} ${fact.target}`, evidence: fact.evidence };
          if (known === undefined) early.set(id, { closed, step: fact.step, foundSo });
          // What found it closed before did not close what was opened at that very instant: it had looked first.
          else if (!foundSo || known.openedAt !== fact.at || plan?.follows(fact.step, known.step) === true) close(id, closed);
        }
        break;
      case "target.undone":
        for (const id of fact.closes) close(id, { at: fact.at, by: `undo of ${fact.step} ${fact.target}`, evidence: fact.evidence });
        break;
      case "target.rested":
        // A call that was refused opened nothing; work that never started opened nothing either. A lost answer proves neither.
        if (doubts.has(placeOf(fact)) || unanswered.has(placeOf(fact))) break;
        if (fact.as === "failed" || fact.as === "skipped" || fact.as === "dropped") {
          for (const { id, certain } of openedBy(open, fact)) {
            if (!certain || fact.why.startsWith("never started"))
              close(id, { at: fact.at, by: `${fact.step} ${fact.target}`, evidence: [`never opened: ${fact.why}`], never: true });
          }
        }
        break;
      default:
        break;
    }
  }
  return all.map((id) => open.get(id) as Obligation);
}

function placeOf({ step, target }: { step: string; target: string }): string {
  return `${step}/${target}`;
}

function openedBy(open: ReadonlyMap<string, Obligation>, { step, target }: { step: string; target: string }): readonly Obligation[] {
  return [...open.values()].filter((obligation) => obligation.step === step && obligation.target === target && obligation.closed === undefined);
}

/** Those that are open still. */
export function openOf(facts: readonly Fact[], plan?: Pick<PlanIndex, "follows">): readonly Obligation[] {
  return obligationsOf(facts, plan).filter(({ closed }) => closed === undefined);
}
