import type { CompiledStep } from "../../../shared/plan/compiled.ts";
import type { Pool } from "../../../shared/inventory/schema.ts";
import { durationMs } from "../../../shared/plan/duration.ts";
import { isoOf } from "../../../shared/ports/clock.ts";
import type { FactOf } from "../../../shared/run/facts.ts";
import { callsFor, factsOf, isTrouble, patienceOf, placeIn, placesOf, restsOf, skewOf, stepNamed, type Aftermath, type Invariant } from "./aftermath.ts";
import { groupsOf } from "./order.ts";

/** Every first order to begin a target, with the step it is for, in the order in which they were written down. */
function beginsOf(aftermath: Aftermath): readonly { readonly step: CompiledStep; readonly fact: FactOf<"target.intended">; readonly at: number }[] {
  return aftermath.happenings.flatMap((one) => {
    if (one.what !== "fact" || one.entry.fact.type !== "target.intended") return [];
    const { fact } = one.entry;
    const step = stepNamed(aftermath.plan, fact.step);
    return step === undefined || fact.deed !== "begin" || fact.attempt > 1 ? [] : [{ step, fact, at: one.at }];
  });
}

/** What is called off takes a while to end. */
const LETTING_GO_MS = 30 * 60_000;
/** Vendors count in seconds. */
const CLOCK_MS = 1_000;

/** What a plan allows each step: how many at once, how often, how late, and after what no more. */
export const LIMITS: readonly Invariant[] = [
  {
    rule: "no more at once than the plan says",
    promise: 3,
    says: "a batch is no larger than the plan allows, begins after all of the one before it have rested, and holds whatever begins",
    check(aftermath) {
      const placeOf = placesOf(aftermath);
      const restOf = restsOf(aftermath);
      const batchesOf = Map.groupBy(factsOf(aftermath, "batch.started"), ({ step }) => step);
      const begins = Map.groupBy(beginsOf(aftermath), ({ step }) => step.id);
      const lines: string[] = [];
      for (const { id, rolling, targets } of aftermath.plan.steps) {
        const batches = batchesOf.get(id) ?? [];
        for (const [nth, batch] of batches.entries()) {
          const most = rolling?.batches[Math.min(nth, rolling.batches.length - 1)] ?? targets.length;
          if (batch.targets.length > most) lines.push(`batch ${nth + 1} of ${id} has ${batch.targets.length} targets, and ${most} may be under way at once`);
          const before = (batches[nth - 1]?.targets ?? []).map((target) => ({ target, rest: restOf(id, target) }));
          const restless = before.find(({ rest }) => rest === undefined || placeOf(rest) > placeOf(batch))?.target;
          if (restless !== undefined) lines.push(`batch ${nth + 1} of ${id} began before ${restless} had rested`);
          const overAt = Math.max(0, ...before.map(({ rest }) => (rest === undefined ? 0 : Date.parse(rest.at))));
          if (nth > 0 && Date.parse(batch.at) < overAt + (rolling?.pauseMs ?? 0) - skewOf(aftermath))
            lines.push(`batch ${nth + 1} of ${id} began at ${batch.at}, and the one before it had rested at ${isoOf(overAt)}: no pause between them`);
        }
        const heldFrom = new Map(batches.flatMap((batch) => batch.targets.map((target) => [target, placeOf(batch)] as const)));
        for (const { fact } of begins.get(id) ?? [])
          if ((heldFrom.get(fact.target) ?? Infinity) > placeOf(fact)) lines.push(`${id} began on ${fact.target}, which no batch held by then`);
      }
      return lines;
    },
  },
  {
    rule: "not after too many failures",
    promise: 5,
    says: "no further batch begins once more targets have failed than the plan tolerates",
    check(aftermath) {
      const placeOf = placesOf(aftermath);
      const troubles = factsOf(aftermath, "target.rested").filter(({ as }) => isTrouble(as));
      return aftermath.plan.steps.flatMap(({ id, rolling }) => {
        if (rolling === undefined) return [];
        return factsOf(aftermath, "batch.started")
          .filter(({ step }) => step === id)
          .flatMap((batch, nth) => {
            const before = troubles.filter((rest) => rest.step === id && placeOf(rest) < placeOf(batch));
            return before.length > rolling.maxFailures ? [`batch ${nth + 1} of ${id} began after ${before.length} failures, and ${rolling.maxFailures} are tolerated`] : [];
          });
      });
    },
  },
  {
    rule: "not after what stops the run",
    promise: 5,
    says: "nothing begins once a step that stops the run has ended badly, closing and telling excepted",
    check(aftermath) {
      const placeOf = placesOf(aftermath);
      const stops = factsOf(aftermath, "step.ended").filter(({ step, as }) => stepNamed(aftermath.plan, step)?.onFailure === "stop" && isTrouble(as));
      return beginsOf(aftermath).flatMap(({ step, fact, at }) => {
        const stop = step.always ? undefined : stops.find((ended) => placeOf(ended) < placeOf(fact));
        return stop === undefined ? [] : [`${step.id} began on ${fact.target} at ${isoOf(at)} though ${stop.step} had ended ${stop.as}, which stops the run`];
      });
    },
  },
  {
    rule: "no more tries than granted",
    promise: 4,
    says: "work that failed is begun afresh as often as the step's policy says, and once more for each time that somebody asked for it",
    check(aftermath) {
      const asked = factsOf(aftermath, "decision.made").filter(({ decision }) => decision === "retry");
      const latest = new Map(beginsOf(aftermath).map(({ step, fact }) => [`${step.id}\n${fact.target}`, { step, fact }]));
      return [...latest.values()].flatMap(({ step, fact: { target, try: nth } }) => {
        const granted = step.policy.attempts + asked.filter((one) => one.step === step.id && (one.target === undefined || one.target === target)).length;
        return nth > granted ? [`${step.id} was begun ${nth} times on ${target}, and ${granted} were granted`] : [];
      });
    },
  },
  {
    rule: "no more attempts than granted",
    promise: 4,
    says: "one try is refused as often as the step's policy says and no more often, and a vendor that asked for patience is left alone for so long",
    check(aftermath) {
      const lines: string[] = [];
      const refused = new Map<string, number>();
      const retries = factsOf(aftermath, "decision.made").filter(({ decision }) => decision === "retry");
      for (const fact of factsOf(aftermath, "target.faulted")) {
        const { step: id, target, deed, try: nth, at, fault } = fact;
        const step = stepNamed(aftermath.plan, id);
        if (deed === "begin" && step !== undefined) {
          const key = `${id}\n${target}\n${nth}`;
          const count = (refused.get(key) ?? 0) + 1;
          refused.set(key, count);
          const granted = step.policy.attempts + retries.filter((one) => one.step === id && (one.target === undefined || one.target === target)).length;
          if (count === granted + 1) lines.push(`${id} on ${target} was refused ${count} times in its try ${nth}, and ${granted} attempts were granted`);
        }
        if (fault.retryAfterMs === undefined || !["begin", "poll", "verify"].includes(deed)) continue;
        const until = Date.parse(at) + fault.retryAfterMs - skewOf(aftermath) - CLOCK_MS;
        const early = callsFor(aftermath, id, target).find(({ scope, at: when }) => scope?.deed === deed && when > Date.parse(at) + skewOf(aftermath) && when < until);
        const isAsked = retries.some((one) => one.step === id && one.at >= at);
        if (early !== undefined && !isAsked) lines.push(`${id} on ${target} was asked to wait ${fault.retryAfterMs / 1_000} s at ${at}, and called again at ${isoOf(early.at)}`);
      }
      return lines;
    },
  },
  {
    rule: "not too late to be seen through",
    promise: 5,
    says: "an irreversible step does not begin when it could not be finished before the cutoff",
    check(aftermath) {
      const cutoff = Date.parse(aftermath.plan.window.cutoff) + skewOf(aftermath);
      return beginsOf(aftermath).flatMap(({ step, fact, at }) =>
        step.irreversible && !step.always && at + step.expectedMs > cutoff ? [`${step.id} began on ${fact.target} at ${isoOf(at)} and takes ${step.expectedMs / 60_000} min`] : [],
      );
    },
  },
  {
    rule: "an abort reaches what runs",
    promise: 5,
    says: "a pipeline run that is under way when the window is closed up at once is called off, and does not simply go on to its end",
    check(aftermath) {
      const written = aftermath.happenings.filter((one) => one.what === "fact");
      const abort = written.find(({ entry: { fact } }) => fact.type === "decision.made" && fact.decision === "abort" && fact.mode === "close");
      if (abort === undefined) return [];
      const patience = patienceOf(aftermath);
      const calledOff = new Set(factsOf(aftermath, "target.intended").flatMap(({ deed, step, target }) => (deed === "cancel" ? [`${step}/${target}`] : [])));
      return written.flatMap(({ at, entry: { fact } }) => {
        if (fact.type !== "target.finished" || at <= abort.at + patience || calledOff.has(`${fact.step}/${fact.target}`)) return [];
        const step = stepNamed(aftermath.plan, fact.step);
        return step?.verb !== "pipeline.run" || step.always
          ? []
          : [`${fact.step} on ${fact.target} went on to its end at ${isoOf(at)}, and the window was closed up at ${isoOf(abort.at)}`];
      });
    },
  },
  {
    rule: "what runs is left to finish",
    promise: 5,
    says: "what runs when the window is aborted to finish what runs is not called off for that",
    check(aftermath) {
      const aborts = factsOf(aftermath, "decision.made").filter(({ decision }) => decision === "abort");
      if (aborts.length === 0 || aborts.some(({ mode }) => mode === "close" || mode === undefined)) return [];
      return factsOf(aftermath, "target.rested").flatMap(({ step, target, as, why }) =>
        why.startsWith("cancelled: aborted") ? [`${step} on ${target} was called off and rested ${as}: ${why}`] : [],
      );
    },
  },
  {
    rule: "an abort closes up",
    promise: 5,
    says: "once the window is aborted, what could have begun and has not ends, instead of waiting for the cutoff",
    check(aftermath) {
      const { plan, happenings, state } = aftermath;
      if (state === undefined) return [];
      const written = happenings.filter((one) => one.what === "fact");
      const abort = written.find(({ entry: { fact } }) => fact.type === "decision.made" && fact.decision === "abort" && fact.mode !== "freeze");
      if (abort === undefined) return [];
      const groupOf = groupsOf(plan);
      const endOf = new Map(written.flatMap(({ at, entry: { fact } }) => (fact.type === "step.ended" ? [[fact.step, at] as const] : [])));
      const lastOf = new Map<number, number>();
      for (const step of plan.steps) lastOf.set(groupOf(step), Math.max(lastOf.get(groupOf(step)) ?? 0, endOf.get(step.id) ?? Infinity));
      const begun = new Set(factsOf(aftermath, "batch.started").map(({ step }) => step));
      const patience = patienceOf(aftermath);
      return plan.steps.flatMap((step) => {
        // What stands behind a barrier ends once all in front of it has.
        const from = Math.max(abort.at, ...[...lastOf].flatMap(([group, at]) => (group < groupOf(step) ? [at] : [])));
        const endedAt = endOf.get(step.id) ?? Infinity;
        return step.always || begun.has(step.id) || endedAt <= from + patience
          ? []
          : [`${step.id} could have ended at ${isoOf(from)}, after the abort of ${isoOf(abort.at)}, and did at ${Number.isFinite(endedAt) ? isoOf(endedAt) : "no time"}`];
      });
    },
  },
  {
    rule: "connections get their time",
    promise: 3,
    says: "a server counts as drained when its connections have had as long to end as its pool grants",
    check(aftermath) {
      const drained = new Map<string, number>();
      const lines: string[] = [];
      for (const one of aftermath.happenings) {
        if (one.what === "call") {
          for (const { effect } of one.done) if (effect.did === "drained") drained.set(`${one.scope?.step ?? ""}/${one.scope?.target ?? ""}`, Date.parse(effect.at));
          continue;
        }
        const { fact } = one.entry;
        const place = fact.type === "target.finished" ? placeIn(aftermath.plan, fact) : undefined;
        if (fact.type !== "target.finished" || place?.step.verb !== "pool.drain") continue;
        const params = place.target.params as { server: { pool?: Pool }; pool?: Pool };
        const pool = params.pool ?? params.server.pool;
        const since = drained.get(`${fact.step}/${fact.target}`);
        if (since !== undefined && one.at < since + (durationMs(pool?.drain ?? "0s") ?? 0) - skewOf(aftermath))
          lines.push(`${fact.target} left its pool at ${isoOf(since)}, and counted as drained at ${isoOf(one.at)}`);
      }
      return lines;
    },
  },
  {
    rule: "what was skipped is let go",
    promise: 5,
    says: "work that is under way, and not known to have failed, rests once somebody has decided to skip it",
    check(aftermath) {
      const placeOf = placesOf(aftermath);
      const patience = patienceOf(aftermath) + LETTING_GO_MS;
      const restOf = restsOf(aftermath);
      const skips = factsOf(aftermath, "decision.made").filter(({ decision }) => decision === "skip");
      return skips.flatMap((skip) =>
        factsOf(aftermath, "target.begun").flatMap((begun) => {
          if (begun.step !== skip.step || (skip.target !== undefined && skip.target !== begun.target) || placeOf(begun) > placeOf(skip)) return [];
          const rest = restOf(begun.step, begun.target);
          if (rest !== undefined && Date.parse(rest.at) <= Date.parse(skip.at) + patience + skewOf(aftermath)) return [];
          const isOver = factsOf(aftermath, "target.finished").some((fact) => fact.step === begun.step && fact.target === begun.target && placeOf(fact) > placeOf(begun));
          return isOver ? [] : [`${begun.step} on ${begun.target} was under way when ${skip.by} decided to skip it at ${skip.at}, and rested at ${rest?.at ?? "no time"}`];
        }),
      );
    },
  },
  {
    rule: "what was skipped is not begun",
    promise: 12,
    says: "nothing of a step begins that somebody has decided to skip, and it ends as dropped where nothing of it had begun",
    check(aftermath) {
      const placeOf = placesOf(aftermath);
      const skips = factsOf(aftermath, "decision.made").filter(({ decision }) => decision === "skip");
      const lines = beginsOf(aftermath).flatMap(({ step, fact }) => {
        if (fact.try > 1) return [];
        const skip = skips.find((one) => one.step === step.id && (one.target === undefined || one.target === fact.target) && placeOf(one) < placeOf(fact));
        return skip === undefined ? [] : [`${step.id} began on ${fact.target} after ${skip.by} had decided to skip it`];
      });
      for (const skip of skips.filter(({ target }) => target === undefined)) {
        const ended = factsOf(aftermath, "step.ended").find(({ step }) => step === skip.step);
        const begun = factsOf(aftermath, "batch.started").find(({ step }) => step === skip.step);
        const came = placeOf(skip);
        const isInTime = (begun === undefined || placeOf(begun) > came) && ended !== undefined && placeOf(ended) > came;
        if (isInTime && ended.as !== "dropped") lines.push(`${ended.step} ended ${ended.as}, and ${skip.by} had decided to skip it`);
      }
      return lines;
    },
  },
];
