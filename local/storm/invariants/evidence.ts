import { isoOf } from "../../../shared/ports/clock.ts";
import { ENDINGS } from "../../../shared/run/facts.ts";
import { callsFor, stepNamed, type Aftermath, type Invariant } from "./aftermath.ts";
import { ORACLES, type Green } from "./oracles.ts";

function greens(aftermath: Aftermath): readonly Green[] {
  return aftermath.happenings.flatMap((one) => {
    if (one.what !== "fact" || one.entry.fact.type !== "target.rested" || one.entry.fact.as !== "done") return [];
    const { step: id, target: targetId } = one.entry.fact;
    const step = stepNamed(aftermath.plan, id);
    const target = step?.targets.find((each) => each.id === targetId);
    return step === undefined || target === undefined ? [] : [{ aftermath, step, target, at: one.at }];
  });
}

/** Promise 8: green means evidence. */
export const EVIDENCE: readonly Invariant[] = [
  {
    rule: "green is true",
    promise: 8,
    says: "what is said to be done is done, in the vendors' own worlds",
    check: (aftermath) =>
      greens(aftermath).flatMap((green) =>
        (ORACLES[green.step.verb]?.(green) ?? []).map((line) => `${green.step.id} ${green.target.id} is said to be done at ${isoOf(green.at)}: ${line}`),
      ),
  },
  {
    rule: "looked at again",
    promise: 8,
    says: "nothing is done before a look at it was answered, after the last change to it, and left evidence",
    check(aftermath) {
      return greens(aftermath).flatMap(({ step, target, at }) => {
        // Who said so is looked at by another rule.
        if (step.verb === "person.do") return [];
        const verified = aftermath.entries.findLast(({ fact }) => fact.type === "target.verified" && fact.step === step.id && fact.target === target.id)?.fact;
        if (verified?.type !== "target.verified" || verified.evidence.length === 0) return [`${step.id} ${target.id} is done without evidence`];
        const own = callsFor(aftermath, step.id, target.id).filter(({ at: when }) => when <= at);
        const lastChange = own.findLastIndex(({ scope, method }) => scope?.deed === "begin" && method !== "GET");
        const look = own.findLastIndex(({ scope, status }) => scope?.deed === "verify" && status >= 200 && status < 400);
        return look > lastChange ? [] : [`${step.id} ${target.id} is done, and nobody looked after its last change`];
      });
    },
  },
  {
    rule: "no green over red",
    promise: 8,
    says: "a step is not better than the worst of its targets, and the run not better than its steps",
    check({ state }) {
      if (state === undefined) return [];
      const lines = state.steps.flatMap(({ id, as, targets }) =>
        as !== undefined && ENDINGS[as].well && as !== undefined
          ? targets.flatMap((target) =>
              target.as !== undefined && !ENDINGS[target.as].well && target.as !== "dropped" ? [`step ${id} is ${as}, though ${target.id} is ${target.as}`] : [],
            )
          : [],
      );
      const bad = state.steps.filter(({ as }) => as === "failed" || as === "unknown" || as === "skipped");
      if (state.outcome === "well" && bad.length > 0) lines.push(`the run ended well, though ${bad.map(({ id, as }) => `${id} is ${String(as)}`).join(", ")}`);
      return lines;
    },
  },
];
