import type { CompiledStep } from "../../../shared/plan/compiled.ts";
import { ENDINGS, type Ending, type FactOf } from "../../../shared/run/facts.ts";
import { factsOf, placesOf, restsOf, skewOf, stepNamed, type Aftermath, type Invariant } from "./aftermath.ts";

/** What was never begun, and the place at which it was given up among all that happened. */
interface LeftOut {
  readonly step: CompiledStep;
  /** One target of it; missing for all of them. */
  readonly target?: string;
  readonly at: string;
  readonly place: number;
}

/** Promise 12, the other way round: what is left out has a cause that the facts show, whatever reason was written down. */
export const CAUSES: readonly Invariant[] = [
  {
    rule: "nothing is left out without a cause",
    promise: 12,
    says: "what was never begun was decided against, could not be done in time, or needed what ended badly",
    check(aftermath) {
      const hasCause = causesIn(aftermath);
      return neverBegun(aftermath).flatMap((left) =>
        hasCause(left) ? [] : [`${left.step.id}${left.target === undefined ? "" : ` on ${left.target}`} was left out at ${left.at}, and nothing kept it from beginning`],
      );
    },
  },
];

function neverBegun(aftermath: Aftermath): readonly LeftOut[] {
  const placeOf = placesOf(aftermath);
  const batched = new Set(factsOf(aftermath, "batch.started").map(({ step }) => step));
  const begun = new Set(factsOf(aftermath, "target.intended").map(({ step, target }) => `${step}/${target}`));
  const isLeftOut = (as: Ending): boolean => as === "skipped" || as === "dropped";
  const leftOut = (fact: FactOf<"step.ended"> | FactOf<"target.rested">): LeftOut[] => {
    const step = stepNamed(aftermath.plan, fact.step);
    return step === undefined || !isLeftOut(fact.as) ? [] : [{ step, at: fact.at, place: placeOf(fact), ...(fact.type === "target.rested" ? { target: fact.target } : {}) }];
  };
  return [
    ...factsOf(aftermath, "step.ended").flatMap((fact) => (batched.has(fact.step) ? [] : leftOut(fact))),
    ...factsOf(aftermath, "target.rested").flatMap((fact) => (begun.has(`${fact.step}/${fact.target}`) ? [] : leftOut(fact))),
  ];
}

function causesIn(aftermath: Aftermath): (left: LeftOut) => boolean {
  const placeOf = placesOf(aftermath);
  const cutoff = Date.parse(aftermath.plan.window.cutoff);
  const decisions = factsOf(aftermath, "decision.made");
  const [stopped] = factsOf(aftermath, "run.stopped");
  const neverOpened = factsOf(aftermath, "run.started").some(({ abortedBy }) => abortedBy !== undefined);
  const ended = new Map(factsOf(aftermath, "step.ended").map((fact) => [fact.step, fact]));
  const restOf = restsOf(aftermath);

  const isDecided = ({ step, target, place }: LeftOut): boolean =>
    decisions.some(
      (one) =>
        placeOf(one) < place &&
        ((one.decision === "abort" && one.mode !== "freeze" && !step.always) ||
          (one.decision === "skip" && one.step === step.id && (one.target === undefined || one.target === target))),
    );
  const isTooLate = ({ step, at }: LeftOut): boolean => {
    const latest = Date.parse(at) + skewOf(aftermath);
    const isPastGrace = step.at !== undefined && step.graceMs !== undefined && latest > Date.parse(step.at) + step.graceMs;
    // What needs an approval and has none waits for it until the cutoff, even if it always runs.
    const isPastCutoff = latest >= cutoff && (!step.always || step.approval !== undefined);
    return isPastCutoff || (!step.always && (isPastGrace || (step.irreversible && latest + step.expectedMs > cutoff)));
  };
  const lacks = ({ step, target, place }: LeftOut): boolean => {
    const isBad = (id: string, one?: string): boolean => {
      const end = (one === undefined ? undefined : restOf(id, one)) ?? ended.get(id);
      return end !== undefined && placeOf(end) < place && !ENDINGS[end.as].well;
    };
    const { needs, when } = step;
    if (!step.always && needs.some((need) => need.as === "success" && isBad(need.step, need.per === "target" ? target : undefined))) return true;
    return when !== undefined && (!("succeeded" in when) || isBad(when.succeeded));
  };
  return (left) =>
    neverOpened ||
    isDecided(left) ||
    isTooLate(left) ||
    lacks(left) ||
    left.step.lift !== undefined ||
    (stopped !== undefined && placeOf(stopped) < left.place && !left.step.always);
}
