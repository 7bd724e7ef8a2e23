import type { CompiledStep, Need } from "./compiled.ts";

/**
 * The steps, with what the plan leaves unsaid: what closes something waits for the end of each step before it that opens it, also where
 * others stand between the two. Those in between may end without the opener having begun (at the cutoff, all of them at once), and
 * another host whose clock is behind may still begin it: then it would be opened after it was closed, and nobody would owe it.
 *
 * @param steps in an order in which each stands behind what it needs.
 */
export function closingLast(steps: readonly CompiledStep[]): readonly CompiledStep[] {
  const before = new Map<string, ReadonlySet<CompiledStep>>();
  const byId = new Map(steps.map((step) => [step.id, step]));
  return steps.map((step) => {
    const direct = step.needs.flatMap(({ step: id }) => byId.get(id) ?? []);
    const all = new Set(direct.flatMap((need) => [need, ...(before.get(need.id) ?? [])]));
    before.set(step.id, all);
    const unsaid = [...all].flatMap((opener) => needOf(step, opener));
    return unsaid.length === 0 ? step : { ...step, needs: [...step.needs, ...unsaid] };
  });
}

/** What `closer` has to wait for with `opener`; none where it closes nothing of it, or waits for it as it is. */
function needOf(closer: CompiledStep, opener: CompiledStep): readonly Need[] {
  const closedBy = new Map(closer.targets.flatMap(({ id, closes }) => closes.map((closed) => [closed, id] as const)));
  const pairs = opener.targets.flatMap(({ id, opens }) => opens.flatMap((opened) => (closedBy.has(opened.id) ? [{ opens: id, closes: closedBy.get(opened.id) }] : [])));
  if (pairs.length === 0) return [];
  const isSame = pairs.every(({ opens, closes }) => opens === closes);
  // An opener that goes on target by target may itself wait for one that is closed: a pool has its floor.
  if (!isSame && opener.targets.length > 1) return [];
  const per = isSame ? "target" : "step";
  const isSaid = closer.needs.some((need) => need.step === opener.id && (need.per === "step" || need.per === per));
  return isSaid ? [] : [{ step: opener.id, per, as: "end" }];
}
