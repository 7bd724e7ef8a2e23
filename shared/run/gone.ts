import type { PlanIndex } from "./plan-index.ts";
import type { Entry } from "./journal.ts";
import { stepInstance, targetInstance, windowInstance } from "./instances.ts";
import { barrierGroups } from "./next-wave.ts";

/** What is held against each other: what a run has written down about its steps, and what the task hub has of it. */
export interface HubSight {
  readonly index: PlanIndex;
  /** Facts of the steps' own streams. */
  readonly steps: readonly Entry[];
  /** Orchestrations of the run that have not ended. */
  readonly alive: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly now: number;
  hasRested(step: string, target: string): Promise<boolean>;
  /** Whether the step has something to do at this instant. */
  isDue(step: string): Promise<boolean>;
}

/** What is amiss with the orchestrations of a run, by their ids. */
export interface HubFindings {
  /**
   * The run needs them now, and they are not there, or are there and do not hear: whoever waits for one that was deleted, or that it did
   * not start itself, waits for ever. One look may fall between two events; see `GONE_AFTER_MS`.
   */
  readonly gone: readonly string[];
  /** Steps that have something to do and may sleep on, since a ring can be lost. */
  readonly asleep: readonly string[];
}

/** Holds the task hub against the journal of a run that goes on. */
export async function findingsOf({ index, steps, alive, now, hasRested, isDue }: HubSight): Promise<HubFindings> {
  const { plan } = index;
  const run = plan.window.id;
  const root = windowInstance(run);
  if (!alive.has(root)) return { gone: [root], asleep: [] };
  // Looked at every few minutes for as long as the run lasts: of each step no more is read than whether it ended, and its latest batch.
  const ended = new Set<string>();
  const batches = new Map<string, readonly string[]>();
  for (const { fact } of steps) {
    if (fact.type === "step.ended") ended.add(fact.step);
    if (fact.type === "batch.started") batches.set(fact.step, fact.targets);
  }
  const left = barrierGroups(plan.phases)
    .map((group) => plan.steps.filter(({ id, phase }) => group.some((each) => each.id === phase) && !ended.has(id)))
    .find((group) => group.length > 0);
  // Then it takes things back, one after the other, or closes.
  if (left === undefined) return { gone: alive.size > 1 ? [] : [root], asleep: [] };
  const gone: string[] = [];
  const asleep: string[] = [];
  for (const { id, needs } of left) {
    const own = stepInstance(run, id);
    const batch = batches.get(id);
    if (!alive.has(own)) gone.push(own);
    else if (batch === undefined) {
      const mayBeDue = now >= index.earliest(id) && needs.every(({ step, per }) => per !== "step" || ended.has(step));
      if (mayBeDue && (await isDue(id))) asleep.push(own);
    } else {
      const away = batch.filter((target) => !alive.has(targetInstance(run, id, target)));
      const restless: string[] = [];
      for (const target of away) if (!(await hasRested(id, target))) restless.push(targetInstance(run, id, target));
      gone.push(...restless);
      if (away.length === batch.length && restless.length === 0 && (await isDue(id))) {
        gone.push(own);
        asleep.push(own);
      }
    }
  }
  return { gone, asleep };
}
