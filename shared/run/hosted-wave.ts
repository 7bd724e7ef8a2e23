import type { Clock } from "../ports/clock.ts";
import { isoOf } from "../ports/clock.ts";
import { stepStream } from "./facts.ts";
import type { Journal } from "./journal.ts";
import { barrierGroups, nextWave, type RunSight, type Wave } from "./next-wave.ts";

/** Who starts the waves of a run; an amendment is known by its id. */
export const THE_WINDOW = "window";

/**
 * As `nextWave`, for one of those who start steps: the window itself, which waits for the whole of a wave before it looks again,
 * or the orchestration of an amendment, which starts what it added to a wave that is under way.
 *
 * A step that was added is walked by one orchestration only: whoever is first to write so down. That the window begins a wave
 * in the very instant in which an amendment adds to it is thus no more than a question of who of the two writes first.
 */
export async function hostedWave(
  { journal, clock }: { readonly journal: Journal; readonly clock: Clock },
  sight: RunSight,
  added: ReadonlyMap<string, string>,
  run: string,
  by: string,
): Promise<Wave> {
  const elsewhere = new Set<string>();
  const own: string[] = [];
  for (const id of inHand(sight).filter((step) => added.has(step))) {
    const mine = by === THE_WINDOW || added.get(id) === by;
    const host = await hostOf(id, mine);
    if (host === by) own.push(id);
    else elsewhere.add(id);
  }
  if (by === THE_WINDOW) return nextWave({ ...sight, elsewhere });
  if (own.length > 0) return { do: "forward", steps: own };
  const left = [...added].filter(([id, amendment]) => amendment === by && !sight.ended.has(id)).map(([id]) => id);
  // What it added to a later wave is the window's to start, or its own if the window was faster than the amendment.
  const waiting = sight.control.ended === undefined && left.some((id) => !elsewhere.has(id));
  return waiting ? { do: "wait", why: `waits for the wave of ${left.join(", ")}` } : { do: "rest", outcome: "well" };

  /** @returns who walks the step; the first who asks for it, if `mine` says that they may. */
  async function hostOf(step: string, mine: boolean): Promise<string | undefined> {
    for (;;) {
      const facts = await journal.read(run, stepStream(step));
      const hosted = facts.find((fact) => fact.type === "step.hosted");
      if (hosted !== undefined || !mine) return hosted?.by;
      if (await journal.append(run, stepStream(step), facts.length, [{ type: "step.hosted", at: isoOf(clock.now()), step, by }])) return by;
    }
  }
}

/** Steps of the wave that is under way, or due, that have not ended. */
function inHand({ plan, ended, control }: RunSight): readonly string[] {
  if (control.ended !== undefined) return [];
  for (const group of barrierGroups(plan.phases)) {
    const phases = new Set(group.map(({ id }) => id));
    const left = plan.steps.filter(({ id, phase }) => phases.has(phase) && !ended.has(id)).map(({ id }) => id);
    if (left.length > 0) return left;
  }
  return [];
}
