import type { CompiledPlan, CompiledStep, CompiledTarget } from "../../shared/plan/compiled.ts";
import { ENDINGS, type Ending } from "../../shared/run/facts.ts";
import type { Happening } from "../../local/storm/tape.ts";

/**
 * A model of its own of how long a window has to take: every step begins at the very instant at which nothing of the plan keeps it
 * any more, every target takes as long as it did take, people answer when they did answer. It knows nothing of orchestrators,
 * doorbells, heartbeats and waits; what the window took longer than this is time in which nobody did anything.
 *
 * From the facts come how long each target took from its begin to its rest, how long each approval was waited for, in which
 * order those who share a resource had it, and how each step ended.
 */
export interface Schedule {
  /** When the last step ends in the model; milliseconds since the epoch. */
  readonly endMs: number;
  readonly startMs: number;
  /** When it did. */
  readonly actualMs: number;
  /** Targets and steps that came later than what they waited for had ended, the latest first: `by` in milliseconds. */
  readonly idle: readonly { readonly what: string; readonly byMs: number; readonly after: string }[];
}

interface Bound {
  readonly at: number;
  /** What it is that ends or comes then. */
  readonly by: string;
}
const latest = (bounds: readonly Bound[]): Bound => bounds.reduce((a, b) => (b.at > a.at ? b : a));
const earliest = (bounds: readonly Bound[]): Bound => bounds.reduce((a, b) => (b.at < a.at ? b : a));

/** When something began and ended. */
interface Ends {
  begin(step: string, target: string): number;
  step(id: string): number;
  target(step: string, target: string): number;
}

/** @param worked how long a target of a step worked, in the place of the time from its begin to its rest. */
export function scheduleOf(plan: CompiledPlan, happenings: readonly Happening[], worked?: (step: string, target: string) => number | undefined): Schedule {
  const seen = observed(plan, happenings);
  const { startMs } = seen;
  const cutoff = Date.parse(plan.window.cutoff);
  const stepOf = new Map(plan.steps.map((step) => [step.id, step]));
  const groups: CompiledStep[][] = [];
  for (const phase of plan.phases) {
    if (groups.length === 0 || phase.barrier) groups.push([]);
    groups.at(-1)?.push(...plan.steps.filter((step) => step.phase === phase.id));
  }
  const groupOf = new Map(groups.flatMap((group, nth) => group.map(({ id }) => [id, nth] as const)));
  const wellEnded = (as: Ending | undefined): boolean => as !== undefined && ENDINGS[as].well;

  /** Everything but its needs, condition and approval. */
  const open = (step: CompiledStep, ends: Ends): readonly Bound[] => [
    { at: startMs, by: "the start" },
    ...groups.slice(0, groupOf.get(step.id) ?? 0).flatMap((group) => group.map(({ id }) => ({ at: ends.step(id), by: `${id} before the barrier` }))),
  ];
  const own = (step: CompiledStep): readonly Bound[] => (step.at === undefined ? [] : [{ at: Date.parse(step.at), by: "its time" }]);
  const endOf = (id: string, ends: Ends): Bound => ({ at: ends.step(id), by: id });

  function conditionBound(step: CompiledStep, ends: Ends): readonly Bound[] {
    if (step.when === undefined || "never" in step.when) return [];
    if ("succeeded" in step.when) return [endOf(step.when.succeeded, ends)];
    const { opened } = step.when;
    // Opened is what was answered to have begun; what never was is known once it is over.
    return plan.steps.flatMap(({ id, targets }) =>
      targets
        .filter((target) => target.opens.some((opening) => opening.id === opened))
        .map((target) => {
          const place = `${id}/${target.id}`;
          const [begun, received] = [seen.begun.get(place), seen.received.get(place)];
          const at = begun === undefined ? ends.step(id) : received === undefined ? ends.target(id, target.id) : ends.begin(id, target.id) + received - begun;
          return { at, by: place };
        }),
    );
  }

  /** What had been begun, and left the platform unsafe until it had ended, before something was lifted. */
  function evidenceBefore(step: CompiledStep, nth: number | undefined, ends: Ends): readonly Bound[] {
    if (step.lift === undefined || nth === undefined) return [];
    const unsafe = plan.steps.filter(({ id, leaves }) => leaves === "unsafe" && id !== step.id && seen.batches.has(id));
    return unsafe.filter(({ id }) => (seen.ended.get(id)?.nth ?? Infinity) < nth).map(({ id }) => endOf(id, ends));
  }

  /** When the gate of a step that let its first batch through could have. */
  function gate(step: CompiledStep, ends: Ends): Bound {
    const needs = step.needs.filter(({ per }) => per === "step").map((need) => endOf(need.step, ends));
    const unsafe = evidenceBefore(step, seen.batches.get(step.id)?.nth, ends);
    const bound = latest([...open(step, ends), ...own(step), ...needs, ...conditionBound(step, ends), ...unsafe]);
    const asked = seen.approvalMs.get(step.id) ?? 0;
    return asked === 0 ? bound : { at: bound.at + asked, by: `${bound.by}, and its approval` };
  }

  /** When a step that let nobody through could have ended. */
  function unbegun(step: CompiledStep, ends: Ends): Bound {
    const from = latest(open(step, ends));
    if (step.when !== undefined && "never" in step.when) return from;
    const { as, at = from.at } = seen.ended.get(step.id) ?? {};
    const condition = as === "dropped" ? conditionBound(step, ends) : [];
    const failed = step.always
      ? []
      : step.needs
          .filter(
            (need) =>
              need.per === "step" &&
              need.as === "success" &&
              !wellEnded(seen.ended.get(need.step)?.as) &&
              (seen.ended.get(need.step)?.nth ?? Infinity) < (seen.ended.get(step.id)?.nth ?? 0),
          )
          .map((need) => endOf(need.step, ends));
    const late = step.at === undefined || step.graceMs === undefined || step.always ? [] : [{ at: Date.parse(step.at) + step.graceMs + 1, by: "the end of its grace" }];
    const ways = [...condition, ...failed, ...late, { at: cutoff, by: "the cutoff" }];
    // What is lifted by nobody is given up some time after the cutoff, by its own rule.
    if (step.lift !== undefined || ways.length === 0) return { at, by: "its own rule" };
    return latest([from, earliest(ways)]);
  }

  function targetStart(step: CompiledStep, target: string, ends: Ends): Bound {
    const needs = step.needs
      .filter(({ per }) => per === "target")
      .flatMap((need) => {
        if (stepOf.get(need.step)?.targets.some(({ id }) => id === target) !== true) return [];
        return [{ at: seen.rested.has(`${need.step}/${target}`) ? ends.target(need.step, target) : ends.step(need.step), by: `${need.step}/${target}` }];
      });
    const before = (seen.holders.get(`${step.id}/${target}`) ?? []).map((holder) => ({
      at: ends.target(holder.step, holder.target),
      by: `${holder.step}/${holder.target}, which had the resource`,
    }));
    return latest([batchStart(step, target, ends), ...needs, ...before, ...evidenceBefore(step, seen.begunNth.get(`${step.id}/${target}`), ends)]);
  }

  function batchStart(step: CompiledStep, target: string, ends: Ends): Bound {
    const sizes = step.rolling?.batches ?? [step.targets.length];
    for (let from = 0, nth = 0; ; nth++) {
      const size = sizes[Math.min(nth, sizes.length - 1)] ?? step.targets.length;
      const batch = step.targets.slice(from, from + size);
      if (!batch.some(({ id }) => id === target)) {
        from += size;
        continue;
      }
      if (from === 0) return gate(step, ends);
      const before = step.targets.slice(0, from).map(({ id }) => ({ at: ends.target(step.id, id) + (step.rolling?.pauseMs ?? 0), by: `${step.id}/${id}` }));
      return latest([gate(step, ends), ...before]);
    }
  }

  /** When a target rests that was never begun. */
  function unbegunTarget(step: CompiledStep, target: string, ends: Ends): Bound {
    const failed = step.always
      ? []
      : step.needs
          .filter((need) => need.per === "target" && need.as === "success")
          .flatMap((need) => {
            const at = seen.rested.get(`${need.step}/${target}`) ?? seen.ended.get(need.step);
            return wellEnded(at?.as) || (at?.nth ?? Infinity) > (seen.rested.get(`${step.id}/${target}`)?.nth ?? 0)
              ? []
              : [{ at: seen.rested.has(`${need.step}/${target}`) ? ends.target(need.step, target) : ends.step(need.step), by: `${need.step}/${target}` }];
          });
    return latest([batchStart(step, target, ends), earliest([...failed, { at: cutoff, by: "the cutoff" }])]);
  }

  const tookMs = (step: string, target: string): number => {
    const place = `${step}/${target}`;
    const whole = (seen.rested.get(place)?.at ?? 0) - (seen.begun.get(place) ?? 0);
    return Math.min(whole, worked?.(step, target) ?? whole);
  };

  function targetEnd(step: CompiledStep, target: string, ends: Ends): Bound {
    if (!seen.begun.has(`${step.id}/${target}`)) return unbegunTarget(step, target, ends);
    return { at: ends.begin(step.id, target) + tookMs(step.id, target), by: `${step.id}/${target}` };
  }

  function stepEnd(step: CompiledStep, ends: Ends): Bound {
    const walked = step.targets.filter(({ id }) => seen.rested.has(`${step.id}/${id}`));
    return walked.length === 0 ? unbegun(step, ends) : latest(walked.map(({ id }) => ({ at: ends.target(step.id, id), by: `${step.id}/${id}` })));
  }

  const known = new Map<string, number>();
  const underWay = new Set<string>();
  const recall = (place: string, make: () => number): number => {
    const found = known.get(place);
    if (found !== undefined) return found;
    if (underWay.has(place)) throw new Error(`${place} waits for itself: ${[...underWay].join(" > ")}`);
    underWay.add(place);
    const made = make();
    underWay.delete(place);
    known.set(place, made);
    return made;
  };
  const ideal: Ends = {
    begin: (id, target) => recall(`begin of ${id}/${target}`, () => targetStart(stepOf.get(id) as CompiledStep, target, ideal).at),
    step: (id) => recall(id, () => stepEnd(stepOf.get(id) as CompiledStep, ideal).at),
    target: (id, target) => recall(`${id}/${target}`, () => targetEnd(stepOf.get(id) as CompiledStep, target, ideal).at),
  };
  const actual: Ends = {
    begin: (id, target) => seen.begun.get(`${id}/${target}`) ?? startMs,
    step: (id) => seen.ended.get(id)?.at ?? startMs,
    target: (id, target) => seen.rested.get(`${id}/${target}`)?.at ?? startMs,
  };

  const idle = plan.steps.flatMap((step) => {
    const end = stepEnd(step, actual);
    const late = [{ what: `end of ${step.id}`, byMs: actual.step(step.id) - end.at, after: end.by }];
    for (const { id } of step.targets) {
      const begun = seen.begun.get(`${step.id}/${id}`);
      if (begun === undefined) continue;
      const start = targetStart(step, id, actual);
      late.push({ what: `begin of ${step.id}/${id}`, byMs: begun - start.at, after: start.by });
    }
    return late;
  });
  return {
    startMs,
    endMs: Math.max(startMs, ...plan.steps.map(({ id }) => ideal.step(id))),
    actualMs: Math.max(startMs, ...plan.steps.map(({ id }) => actual.step(id))),
    idle: idle.filter(({ byMs }) => byMs !== 0).toSorted((a, b) => b.byMs - a.byMs),
  };
}

/** What the facts say of how it went. */
function observed({ steps }: CompiledPlan, happenings: readonly Happening[]) {
  let startMs = Infinity;
  const begun = new Map<string, number>();
  const begunNth = new Map<string, number>();
  const rested = new Map<string, { readonly as: Ending; readonly at: number; readonly nth: number }>();
  /** When the answer to its begin came. */
  const received = new Map<string, number>();
  const ended = new Map<string, { readonly as: Ending; readonly at: number; readonly nth: number }>();
  const batches = new Map<string, { readonly nth: number }>();
  const askedAt = new Map<string, number>();
  const approvalMs = new Map<string, number>();
  const targetsOf = new Map<string, CompiledTarget>(steps.flatMap(({ id, targets }) => targets.map((target) => [`${id}/${target.id}`, target] as const)));
  /** Who had a resource right before whom, and who has it now. */
  const holders = new Map<string, { step: string; target: string }[]>();
  const holds = new Map<string, { step: string; target: string }>();
  for (const [nth, one] of happenings.entries()) {
    if (one.what !== "fact") continue;
    const {
      at,
      entry: { fact },
    } = one;
    startMs = Math.min(startMs, at);
    if (fact.type === "target.intended" && fact.deed === "begin" && !begun.has(`${fact.step}/${fact.target}`)) {
      const place = `${fact.step}/${fact.target}`;
      begun.set(place, at);
      begunNth.set(place, nth);
      const touches = targetsOf.get(place)?.touches ?? [];
      holders.set(
        place,
        touches.flatMap((resource) => holds.get(resource) ?? []),
      );
      for (const resource of touches) holds.set(resource, { step: fact.step, target: fact.target });
    }
    if (fact.type === "target.rested") rested.set(`${fact.step}/${fact.target}`, { as: fact.as, at, nth });
    if (fact.type === "target.begun" && !received.has(`${fact.step}/${fact.target}`)) received.set(`${fact.step}/${fact.target}`, at);
    if (fact.type === "step.ended") ended.set(fact.step, { as: fact.as, at, nth });
    if (fact.type === "batch.started" && !batches.has(fact.step)) batches.set(fact.step, { nth });
    // People are asked anew where the world has moved since they approved: that is waited for, too.
    if (fact.type === "step.told" && fact.topic.startsWith("approval") && !askedAt.has(fact.step)) askedAt.set(fact.step, at);
    if (fact.type === "decision.made" && fact.decision === "approve" && fact.step !== undefined) {
      approvalMs.set(fact.step, (approvalMs.get(fact.step) ?? 0) + at - (askedAt.get(fact.step) ?? at));
      askedAt.delete(fact.step);
    }
  }
  return { startMs, begun, begunNth, received, rested, ended, batches, approvalMs, holders };
}
