import { registry } from "../../../integrations/actions.ts";
import { callsOf, factsOf, owedIn, placesOf, restsOf, skewOf, stepNamed, type Aftermath, type Invariant } from "./aftermath.ts";
import { FAULT_KINDS } from "../../../shared/fault/fault.ts";
import { isoOf } from "../../../shared/ports/clock.ts";
import { ENDINGS, type Fact, type FactOf } from "../../../shared/run/facts.ts";
import { obligationsOf } from "../../../shared/run/obligations.ts";
import { indexOf } from "../../../shared/run/plan-index.ts";
import { doneFor } from "./effects.ts";
import { groupsOf } from "./order.ts";

/** Promise 1: what was opened is known, and closed or said to be open. */
export const OBLIGATIONS: readonly Invariant[] = [
  {
    rule: "opened is known",
    promise: 1,
    says: "every effect of a target that opens something is under an obligation",
    check(aftermath) {
      const known = new Set(owedIn(aftermath).map(({ id }) => id));
      return openers(aftermath).flatMap(({ step, target, opens }) =>
        doneFor(aftermath, step, target, ["begin"]).length === 0 ? [] : opens.flatMap((id) => (known.has(id) ? [] : [`${step} ${target} opened ${id}, and nobody owes it`])),
      );
    },
  },
  {
    rule: "closed is closed",
    promise: 1,
    says: "an obligation is closed only by a closing or an undo that had its effect, or by an opening that never had one",
    check(aftermath) {
      return owedIn(aftermath).flatMap(({ id, step, target, closed }) => {
        if (closed === undefined) return [];
        const opened = doneFor(aftermath, step, target, ["begin", "poll"]).length > 0;
        if (closed.never === true) return opened && isPoolOrDns(aftermath, step) ? [`${id} is said never to have been opened, though ${step} ${target} had an effect`] : [];
        return closed.evidence.length === 0 ? [`${id} was closed by ${closed.by} without evidence`] : [];
      });
    },
  },
  {
    rule: "open is said",
    promise: 1,
    says: "with something open no run has ended well, and its headline or a message says so",
    check(aftermath) {
      const { state } = aftermath;
      const open = obligationsOf(untilItsEnd(aftermath), indexOf(aftermath.plan)).filter(({ closed }) => closed === undefined);
      if (open.length === 0 || state === undefined) return [];
      return state.outcome === "well" ? [`the run ended well with ${open.map(({ what }) => what).join(", ")} open`] : [];
    },
  },
  {
    rule: "what was closed is not open",
    promise: 1,
    says: "nothing counts as open whose closing was verified, or whose only opening was taken back, after it was opened",
    check(aftermath) {
      const placeOf = placesOf(aftermath);
      const closersOf = Map.groupBy(
        aftermath.plan.steps.flatMap(({ id: step, targets }) => targets.flatMap(({ id: target, closes }) => closes.map((id) => ({ id, step, target })))),
        ({ id }) => id,
      );
      return owedIn(aftermath).flatMap(({ id, step, target, what, closed }) => {
        if (closed !== undefined) return [];
        const begins = factsOf(aftermath, "target.intended").filter((fact) => fact.deed === "begin" && fact.step === step && fact.target === target);
        const openedAt = Math.max(...begins.map(placeOf));
        const closers = closersOf.get(id) ?? [];
        const verified = factsOf(aftermath, "target.verified").find(
          (fact) => placeOf(fact) > openedAt && closers.some((one) => one.step === fact.step && one.target === fact.target),
        );
        // Of several tries the first is the one that opened it.
        const undone = begins.length > 1 ? undefined : factsOf(aftermath, "target.undone").find((fact) => fact.step === step && fact.target === target && placeOf(fact) > openedAt);
        const by = verified ?? undone;
        return by === undefined ? [] : [`${what} is open, though ${by.step} on ${by.target} ${by === verified ? "closed it" : "was taken back"} at ${by.at}`];
      });
    },
  },
  {
    rule: "nothing is owed for nothing",
    promise: 1,
    says: "what is known never to have been opened is not said to be open, nor is it closed",
    check(aftermath) {
      const restOf = restsOf(aftermath);
      // An answer that was lost says nothing of what the call did.
      const lost = new Set(
        factsOf(aftermath, "target.faulted").flatMap(({ deed, step, target, fault }) =>
          deed === "begin" && FAULT_KINDS[fault.kind].effect === "unknown" ? [`${step}/${target}`] : [],
        ),
      );
      const owed = owedIn(aftermath);
      const lines = owed.flatMap(({ step, target, what, certain, closed }) => {
        const place = `${step}/${target}`;
        const as = restOf(step, target)?.as;
        if (closed !== undefined || certain || lost.has(place) || as === undefined || as === "unknown" || doneFor(aftermath, step, target, ["begin"]).length > 0) return [];
        return intendedOnce(aftermath, step, target) ? [`${what} is said to be open, though ${step} on ${target} rested ${as} and did nothing`] : [];
      });
      for (const { id, when } of aftermath.plan.steps) {
        if (when === undefined || !("opened" in when) || !factsOf(aftermath, "batch.started").some(({ step }) => step === id)) continue;
        if (!owed.some((one) => one.id === when.opened && one.closed?.never !== true)) lines.push(`${id} closed ${when.opened}, which was never opened`);
      }
      return lines;
    },
  },
  {
    rule: "what can be closed is closed",
    promise: 1,
    says: "nothing is left open that a closing step of the plan, or an undo, could have closed and never tried to",
    check(aftermath) {
      const { plan } = aftermath;
      const facts = untilItsEnd(aftermath);
      return obligationsOf(facts, indexOf(plan)).flatMap(({ id, step, target, what, closed }) => {
        if (closed !== undefined) return [];
        const tried = facts.some(
          (fact) =>
            fact.type === "target.intended" &&
            ((fact.step === step && fact.target === target && fact.deed === "undo") ||
              plan.steps.some((each) => each.id === fact.step && each.targets.some((one) => one.id === fact.target && one.closes.includes(id)))),
        );
        const closers = plan.steps.some(({ targets }) => targets.some(({ closes }) => closes.includes(id)));
        const opener = plan.steps.find((each) => each.id === step);
        const mayBeUndone =
          registry.find(opener?.verb ?? "")?.undo !== undefined && facts.some((fact) => fact.type === "target.begun" && fact.step === step && fact.target === target);
        const decided = facts.some((fact) => fact.type === "decision.made" && fact.decision === "skip");
        // What is lifted by evidence only, people were asked about.
        const asked = facts.some((fact) => fact.type === "step.told" && fact.topic.startsWith("lift#"));
        return tried || asked || (!closers && !mayBeUndone) || decided ? [] : [`${what} is open, and nobody tried to close it`];
      });
    },
  },
  {
    rule: "back in reverse order",
    promise: 1,
    says: "what a run takes back it takes back in reverse order of what really happened",
    check(aftermath) {
      const intended = factsOf(aftermath, "target.intended");
      const firstsOf = (deed: string): ReadonlyMap<string, FactOf<"target.intended">> => {
        const firsts = new Map<string, FactOf<"target.intended">>();
        for (const fact of intended) if (fact.deed === deed && !firsts.has(`${fact.step}/${fact.target}`)) firsts.set(`${fact.step}/${fact.target}`, fact);
        return firsts;
      };
      const firstBegins = firstsOf("begin");
      const begun = [...firstBegins.keys()];
      const undone = [...firstsOf("undo").keys()];
      const inReverse = undone.toSorted((a, b) => begun.indexOf(b) - begun.indexOf(a));
      // Nobody can tell which of two came first that began at one instant, or within a few minutes where clocks were off, but for what the plan says.
      const uncertainMs = 2 * skewOf(aftermath);
      const groupOf = groupsOf(aftermath.plan);
      const isTold = (first: string, second: string): boolean => {
        const [one, other] = [firstBegins.get(first), firstBegins.get(second)];
        if (one === undefined || other === undefined) return false;
        const [before, after] = [stepNamed(aftermath.plan, one.step), stepNamed(aftermath.plan, other.step)];
        if (before === undefined || after === undefined) return false;
        return Math.abs(Date.parse(other.at) - Date.parse(one.at)) > uncertainMs || groupOf(before) < groupOf(after) || after.needs.some(({ step }) => step === before.id);
      };
      const wrong = undone.some((first, at) => undone.slice(at + 1).some((second) => begun.indexOf(first) < begun.indexOf(second) && isTold(first, second)));
      return wrong ? [`taken back in the order ${undone.join(", ")}; expected ${inReverse.join(", ")}`] : [];
    },
  },
  {
    rule: "lifted by evidence",
    promise: 2,
    says: "what protects visitors is lifted when nothing that was begun is left unsafe and the tests passed, or by a person's word",
    check(aftermath) {
      const { plan, happenings } = aftermath;
      const begun = new Set<string>();
      const well = new Set<string>();
      const lifted = new Set<string>();
      const breaches: string[] = [];
      for (const one of happenings) {
        if (one.what === "fact") {
          const { fact } = one.entry;
          if (fact.type === "decision.made" && fact.decision === "lift" && fact.step !== undefined) lifted.add(fact.step);
          if (fact.type === "step.ended" && ENDINGS[fact.as].well) well.add(fact.step);
          continue;
        }
        if (one.scope?.deed === "begin" && one.done.length > 0) begun.add(one.scope.step);
        const step = plan.steps.find(({ id, lift }) => lift !== undefined && id === one.scope?.step);
        if (step?.lift === undefined || one.done.length === 0 || one.scope?.deed !== "begin" || lifted.has(step.id)) continue;
        const own = new Set(step.targets.flatMap(({ closes }) => closes));
        // What needs the lift comes after it by the plan.
        const after = new Set([step.id]);
        for (const { id, needs } of plan.steps) if (needs.some((need) => after.has(need.step))) after.add(id);
        const unsafe = plan.steps.filter(
          ({ id, leaves, targets }) =>
            leaves === "unsafe" && !after.has(id) && begun.has(id) && !well.has(id) && !targets.some(({ opens }) => opens.some((opening) => own.has(opening.id))),
        );
        const failed = step.lift.tests.filter((test) => !well.has(test));
        if (unsafe.length + failed.length > 0)
          breaches.push(`${step.id} was lifted at ${isoOf(one.at)} with ${[...unsafe.map(({ id }) => `${id} unsafe`), ...failed.map((test) => `${test} not passed`)].join(", ")}`);
      }
      return breaches;
    },
  },
  {
    rule: "not lifted behind its back",
    promise: 2,
    says: "what is lifted by evidence is not taken back by the step that put it up, unless somebody lifted it",
    check(aftermath) {
      const { plan, entries } = aftermath;
      return callsOf(aftermath).flatMap(({ scope, done, at }) => {
        if (scope?.deed !== "undo" || done.length === 0) return [];
        const opened = new Set(plan.steps.find(({ id }) => id === scope.step)?.targets.flatMap(({ opens }) => opens.map(({ id }) => id)) ?? []);
        const guards = plan.steps.filter(({ lift, targets }) => lift !== undefined && targets.some(({ closes }) => closes.some((id) => opened.has(id))));
        const word = entries.some(({ fact }) => fact.type === "decision.made" && fact.decision === "lift" && guards.some(({ id }) => id === fact.step));
        return guards.length === 0 || word
          ? []
          : [`${scope.step} ${scope.target} was taken back at ${isoOf(at)}, though ${guards.map(({ id }) => id).join(", ")} lifts it by evidence only`];
      });
    },
  },
  {
    rule: "alarms are on again",
    promise: 1,
    says: "no monitor is left muted beyond the run that muted it, unless that is owed",
    check(aftermath) {
      const { plan, after, endedAt } = aftermath;
      const open = owedIn(aftermath).filter(({ closed }) => closed === undefined);
      const ours = new Set(factsOf(aftermath, "target.intended").map(({ step }) => step));
      const muted = plan.steps.filter(({ id, verb }) => verb === "monitor.mute" && ours.has(id));
      return after.worlds.pingdom.maintenance
        .filter(({ from, to, id }) => from * 1_000 <= endedAt && to * 1_000 > endedAt && !aftermath.before.worlds.pingdom.maintenance.some((was) => was.id === id))
        .flatMap(({ id, to }) =>
          open.some(({ step }) => muted.some((one) => one.id === step)) ? [] : [`maintenance ${id} of Pingdom goes on until ${isoOf(to * 1_000)}, and nobody owes it`],
        );
    },
  },
];

/** What was written down until the run had ended: what the guard does afterwards excuses nothing that the run left undone. */
function untilItsEnd({ happenings, entries }: Aftermath): readonly Fact[] {
  const written = new Set<string>();
  for (const one of happenings) {
    if (one.what !== "fact") continue;
    written.add(`${one.entry.stream} ${one.entry.seq}`);
    if (one.entry.fact.type === "run.ended") break;
  }
  return entries.flatMap(({ stream, seq, fact }) => (written.has(`${stream} ${seq}`) ? [fact] : []));
}

/** Whether no call was made again because an answer never came. */
function intendedOnce(aftermath: Aftermath, step: string, target: string): boolean {
  const own = aftermath.happenings.flatMap((one) => (one.what === "fact" && "step" in one.entry.fact && one.entry.fact.step === step ? [one.entry.fact] : []));
  const begins = own.filter((fact) => fact.type === "target.intended" && fact.target === target && fact.deed === "begin").length;
  return begins === own.filter((fact) => fact.type === "target.faulted" && fact.target === target && fact.deed === "begin").length;
}

function openers({ plan }: Aftermath): readonly { readonly step: string; readonly target: string; readonly opens: readonly string[] }[] {
  return plan.steps.flatMap(({ id, targets }) =>
    targets.flatMap((target) => (target.opens.length === 0 ? [] : [{ step: id, target: target.id, opens: target.opens.map((one) => one.id) }])),
  );
}

/** Whose effects are openings each by itself; a pipeline that was queued and never started has opened nothing. */
function isPoolOrDns({ plan }: Aftermath, step: string): boolean {
  const verb = plan.steps.find(({ id }) => id === step)?.verb ?? "";
  return ["pool.drain", "dns.swap", "monitor.mute"].includes(verb);
}
