import type { CompiledStep } from "../../../shared/plan/compiled.ts";
import { isoOf } from "../../../shared/ports/clock.ts";
import { ENDINGS, type Ending } from "../../../shared/run/facts.ts";
import { callsFor, factsOf, placeIn, skewOf, stepNamed, type Aftermath, type Invariant } from "./aftermath.ts";
import { ORACLES, type Rested } from "./oracles.ts";

/** Whether somebody said that they have done it themselves; what they were asked to do is looked at all the same. */
function isByHand(aftermath: Aftermath, { id, verb }: CompiledStep, target: string): boolean {
  return verb !== "person.do" && factsOf(aftermath, "decision.made").some((one) => one.decision === "done" && one.step === id && (one.target ?? target) === target);
}

function rested(aftermath: Aftermath, as: Ending): readonly Rested[] {
  return aftermath.happenings.flatMap((one) => {
    if (one.what !== "fact" || one.entry.fact.type !== "target.rested" || one.entry.fact.as !== as) return [];
    const place = placeIn(aftermath.plan, one.entry.fact);
    return place === undefined || isByHand(aftermath, place.step, place.target.id) ? [] : [{ aftermath, ...place, at: one.at }];
  });
}

/** Whether it was taken back since, or another step has done the same kind of thing to the same: the worlds are looked at when all is over. */
function isDoneAnew({ aftermath, step, target }: Rested): boolean {
  if (factsOf(aftermath, "target.undone").some((undone) => undone.step === step.id && undone.target === target.id)) return true;
  return aftermath.plan.steps.some(
    (other) =>
      other.verb === step.verb &&
      other.id !== step.id &&
      other.targets.some(({ touches, params }) => touches.some((resource) => target.touches.includes(resource)) && scriptOf(params) === scriptOf(target.params)) &&
      factsOf(aftermath, "target.begun").some((begun) => begun.step === other.id),
  );
}

/** Other scripts on the same server are other things. */
function scriptOf(params: unknown): string {
  return JSON.stringify((params as { readonly script?: unknown }).script ?? "");
}

/** Verbs whose own record tells for certain whether it was done, whatever came later. */
const TOLD_APART: ReadonlySet<string> = new Set(["pipeline.run", "dns.swap"]);

/** Verbs whose begin does one thing, or nothing. */
const AT_ONE_STROKE: ReadonlySet<string> = new Set(["pipeline.run", "dns.swap", "monitor.mute", "secret.copy", "workspace.rename", "pool.drain"]);

/** Promise 8: green means evidence. */
export const EVIDENCE: readonly Invariant[] = [
  {
    rule: "green is true",
    promise: 8,
    says: "what is said to be done is done, in the vendors' own worlds",
    check: (aftermath) =>
      rested(aftermath, "done").flatMap((done) =>
        isDoneAnew(done) ? [] : (ORACLES[done.step.verb]?.(done) ?? []).map((line) => `${done.step.id} ${done.target.id} is said to be done at ${isoOf(done.at)}: ${line}`),
      ),
  },
  {
    rule: "looked at again",
    promise: 8,
    says: "nothing is done before a look at it was answered, after the last change to it, and left evidence",
    check(aftermath) {
      return rested(aftermath, "done").flatMap(({ step, target, at }) => {
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
    rule: "not done is not done",
    promise: 4,
    says: "what is said to have come to nothing before it began has done nothing, by the vendors' own lists",
    check(aftermath) {
      const begun = new Set(factsOf(aftermath, "target.begun").map(({ step, target }) => `${step}/${target}`));
      const doubtful = factsOf(aftermath, "target.rested").filter(
        ({ as, step, target }) => (as === "failed" || as === "skipped" || as === "dropped") && !begun.has(`${step}/${target}`),
      );
      return doubtful.flatMap(({ step, target, as, at }) => {
        if (!AT_ONE_STROKE.has(stepNamed(aftermath.plan, step)?.verb ?? "")) return [];
        // The messages of start and finish are those of whoever came first, and each keeps what another has done.
        const done = callsFor(aftermath, step, target).flatMap((call) => (call.scope?.deed === "begin" && call.at <= Date.parse(at) + skewOf(aftermath) ? call.done : []));
        const changed = done.filter(({ effect }) => ["queued", "changed", "muted", "set", "renamed", "drained"].includes(effect.did));
        return changed.length === 0 ? [] : [`${step} on ${target} rested ${as} at ${at}, and ${changed.map(({ effect }) => `${effect.did} ${effect.to}`).join(", ")}`];
      });
    },
  },
  {
    rule: "red is true",
    promise: 8,
    says: "where nothing went wrong in the vendors' usual worlds, what is said to have failed is not done there",
    check: (aftermath) =>
      aftermath.struck.length > 0 || aftermath.isUsual !== true
        ? []
        : rested(aftermath, "failed").flatMap((failed) =>
            TOLD_APART.has(failed.step.verb) && ORACLES[failed.step.verb]?.(failed).length === 0 ? [`${failed.step.id} on ${failed.target.id} rested failed, and it is done`] : [],
          ),
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
