import type { Fact } from "./facts.ts";
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
 */
export function obligationsOf(facts: readonly Fact[]): readonly Obligation[] {
  const open = new Map<string, Obligation>();
  const all: string[] = [];
  const doubts = new Set<string>();
  const unanswered = new Set<string>();
  // Within one instant facts stand in the order of their streams' names, so that a closing can stand before the opening that it closed.
  const early = new Map<string, NonNullable<Obligation["closed"]>>();
  const close = (id: string, at: string, by: string, evidence: readonly string[], never?: true): void => {
    const obligation = open.get(id);
    const closed = { at, by, evidence, ...(never === undefined ? {} : { never }) };
    if (obligation !== undefined && obligation.closed === undefined) open.set(id, { ...obligation, closed });
    else if (obligation === undefined && never === undefined) early.set(id, closed);
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
          const closed = early.get(id)?.at === fact.at ? early.get(id) : undefined;
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
        // What found it closed before did not close what was opened at that very instant: it had looked first.
        for (const id of fact.closes) {
          const isLater = fact.already !== undefined && (open.get(id)?.openedAt ?? fact.at) === fact.at;
          if (!isLater) close(id, fact.at, `${fact.step} ${fact.target}`, fact.evidence);
        }
        break;
      case "target.undone":
        for (const id of fact.closes) close(id, fact.at, `undo of ${fact.step} ${fact.target}`, fact.evidence);
        break;
      case "target.rested":
        // A call that was refused opened nothing; work that never started opened nothing either. A lost answer proves neither.
        if (doubts.has(placeOf(fact)) || unanswered.has(placeOf(fact))) break;
        if (fact.as === "failed" || fact.as === "skipped" || fact.as === "dropped") {
          for (const { id, certain } of openedBy(open, fact)) {
            if (!certain || fact.why.startsWith("never started")) close(id, fact.at, `${fact.step} ${fact.target}`, [`never opened: ${fact.why}`], true);
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
export function openOf(facts: readonly Fact[]): readonly Obligation[] {
  return obligationsOf(facts).filter(({ closed }) => closed === undefined);
}
