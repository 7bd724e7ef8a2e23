import type { Problem } from "../plan/amendment.ts";
import type { CompiledPlan, CompiledStep } from "../plan/compiled.ts";
import type { Entry } from "./journal.ts";
import { barrierGroups } from "./next-wave.ts";
import { openOf } from "./obligations.ts";
import { indexOf } from "./plan-index.ts";

export interface ClosingSight {
  readonly plan: CompiledPlan;
  readonly next: CompiledPlan;
  readonly added: ReadonlySet<string>;
  /** Steps that have begun or ended; see check-amendment.ts. */
  readonly stood: ReadonlyMap<string, string>;
  readonly entries: readonly Entry[];
}

/**
 * What would be left open if a run went on by the plan `next`: an obligation that is open, or that a step still to come opens, and
 * that no step still to come closes. What the plan that runs now leaves open too is not the amendment's doing.
 */
export function endangered({ plan, next, added, stood, entries }: ClosingSight): readonly Problem[] {
  const has = (id: string, how: string): boolean => stood.get(id)?.startsWith(how) === true;
  const openNow = new Set(
    openOf(
      entries.map(({ fact }) => fact),
      indexOf(plan),
    ).map(({ id }) => id),
  );
  const before = closersOf(plan);
  const after = closersOf(next);
  const problems: Problem[] = [];
  const seen = new Set<string>();

  for (const opener of next.steps.filter((step) => !isLeftOut(step))) {
    for (const { id } of opener.targets.flatMap(({ opens }) => opens)) {
      const isToCome = !stood.has(opener.id) || has(opener.id, "has begun");
      if (seen.has(`${opener.id}\n${id}`) || !(isToCome || openNow.has(id))) continue;
      seen.add(`${opener.id}\n${id}`);
      const closes = (index: CompiledPlan, closers: ReadonlyMap<string, readonly CompiledStep[]>): CompiledStep | undefined =>
        (closers.get(id) ?? []).find((closer) =>
          isLeftOut(closer) || has(closer.id, "ended") ? false : stood.has(opener.id) || (!stood.has(closer.id) && comesAfter(index, opener, closer, id, !added.has(opener.id))),
        );
      if (closes(next, after) !== undefined) continue;
      if (added.has(opener.id)) {
        problems.push({
          code: "never-closed",
          step: opener.id,
          message: `it opens ${id}, and no step after it closes that`,
          hint: "add the step that closes it in the same amendment, behind this one",
        });
        continue;
      }
      const lost = closes(plan, before);
      if (lost === undefined) continue;
      problems.push({
        code: "never-closed",
        step: lost.id,
        message: isLeftOut(next.steps.find((step) => step.id === lost.id) ?? lost)
          ? `it closes ${id}, which ${openNow.has(id) ? "is open" : `${opener.id} opens`}`
          : `it closes ${id}, and would no longer come after ${opener.id}, which opens it`,
        hint: `leave ${opener.id} out as well if it has not begun, or let the closing stand behind it`,
      });
    }
  }
  // Five servers of one pool are one thing to say.
  return [...new Map(problems.map((problem) => [`${problem.code}\n${problem.step ?? ""}`, problem])).values()];
}

function closersOf(plan: CompiledPlan): ReadonlyMap<string, readonly CompiledStep[]> {
  const closers = new Map<string, CompiledStep[]>();
  for (const step of plan.steps) {
    for (const id of new Set(step.targets.flatMap(({ closes }) => closes))) {
      const known = closers.get(id);
      if (known === undefined) closers.set(id, [step]);
      else known.push(step);
    }
  }
  return closers;
}

/** By its condition, by needs, by a barrier between their phases, or, where that was good enough for the plan, by the clock. */
function comesAfter(plan: CompiledPlan, opener: CompiledStep, closer: CompiledStep, obligation: string, byClock: boolean): boolean {
  if (closer.when !== undefined && "opened" in closer.when && closer.when.opened === obligation) return true;
  const index = indexOf(plan);
  const seen = new Set<string>();
  const left = [closer.id];
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    if (id === opener.id) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    left.push(...index.step(id).needs.map(({ step }) => step));
  }
  const groups = barrierGroups(plan.phases).map((group) => new Set(group.map(({ id }) => id)));
  const groupOf = ({ phase }: CompiledStep): number => groups.findIndex((group) => group.has(phase));
  if (groupOf(closer) !== groupOf(opener)) return groupOf(closer) > groupOf(opener);
  return byClock && closer.at !== undefined && Date.parse(closer.at) > index.earliest(opener.id);
}

/** Whether the plan itself leaves a step out: it ends as dropped. */
export function isLeftOut({ when }: CompiledStep): boolean {
  return when !== undefined && "never" in when;
}
