import { outcomeOf } from "../fault/fault.ts";
import { isoOf } from "../ports/clock.ts";
import { note, type Amended } from "./amend.ts";
import { amendmentsOf, changeText, currentDigest } from "./amendments.ts";
import type { Stage } from "./conductor.ts";
import { AMENDMENT_STREAM, RUN_STREAM, stepStream } from "./facts.ts";
import { windowInstance } from "./instances.ts";
import { indexOf } from "./plan-index.ts";
import { stateOf } from "./state.ts";
import { whoWaits } from "./who-waits.ts";

/** The orchestrations of a run. */
export interface Hub {
  /** Has what an amendment added started, unless that is under way; see hosted-wave.ts. @param digest of the plan that the run was started with. */
  begin(run: string, digest: string, amendment: string): Promise<void>;
  ring(instances: readonly string[]): Promise<void>;
}

/**
 * All that follows from the fact `run.amended`. Every part may be done twice, so whoever died half-way is followed by somebody who does
 * it all: the same request sent again, or the guard.
 *
 *   S1  steps that were changed: whatever was ordered for them before is made stale by a fact in their own streams
 *   S2  the plan becomes the one of its window, so that the watchdog and the timers go by it
 *   S3  people are told
 *   S4  what was added is started, and everybody who waits is rung
 *
 * @returns steps that had begun in that very instant: the amendment came too late for these, and they go on as they were.
 */
export async function settleAmendment(stage: Stage, hub: Hub, run: string, amended: Amended): Promise<readonly string[]> {
  const { journal, plans, clock, people } = stage;
  const tooLate = (await Promise.all(amended.changed.map((step) => markChanged(step)))).flat();
  const runFacts = await journal.read(run, RUN_STREAM);
  const plan = await plans.get(amended.to);
  const started = runFacts.find((fact) => fact.type === "run.started")?.digest ?? amended.from;
  if (currentDigest(runFacts) === amended.to) await makeLatest();
  const { window } = plan;
  await outcomeOf(() =>
    people.tell(run, {
      key: `${run}/amended/${amended.amendment}`,
      channels: window.channels.map(({ id }) => id),
      mention: [],
      text: `${window.title} is amended: proposed by ${amended.by}, approved by ${amended.approvedBy}.`,
      lines: amended.changes.map(changeText),
    }),
  );
  if (amended.added.length > 0) await hub.begin(run, started, amended.amendment);
  const current = await plans.get(currentDigest(runFacts) ?? amended.to);
  await hub.ring([windowInstance(run), ...whoWaits(stateOf(indexOf(current), await journal.readAll(run), clock.now()), {})]);
  await note(stage, run, { type: "amendment.settled", at: isoOf(clock.now()), amendment: amended.amendment });
  return tooLate;

  async function markChanged(step: string): Promise<readonly string[]> {
    for (;;) {
      const facts = await journal.read(run, stepStream(step));
      if (facts.some((fact) => fact.type === "step.amended" && fact.amendment === amended.amendment)) return [];
      const begun = facts.find((fact) => fact.type === "batch.started");
      // By another plan than the one that it is amended to, or a later one: it was faster.
      if (begun !== undefined) return begun.plan === undefined || begun.plan === amended.from ? [step] : [];
      if (facts.some(({ type }) => type === "step.ended")) return [];
      const marked = { type: "step.amended", at: isoOf(clock.now()), step, amendment: amended.amendment, plan: amended.to } as const;
      if (await journal.append(run, stepStream(step), facts.length, [marked])) return [];
    }
  }

  /** Unless somebody has stored another plan for the window meanwhile. */
  async function makeLatest(): Promise<void> {
    const own = new Set([started, ...amendmentsOf(runFacts).map(({ to }) => to)]);
    const latest = (await plans.latest()).find((stored) => stored.plan.window.id === run);
    if (latest === undefined || !own.has(latest.plan.digest)) return;
    await plans.approve(run, amended.to, { by: amended.approvedBy, at: amended.at });
    await plans.put({ plan, by: amended.by, at: amended.at });
  }
}

/** Amendments of a run that nobody has seen through yet. */
export async function unsettled({ journal }: Pick<Stage, "journal">, run: string, runFacts: Parameters<typeof amendmentsOf>[0]): Promise<readonly Amended[]> {
  const amendments = amendmentsOf(runFacts);
  if (amendments.length === 0) return [];
  const settled = new Set((await journal.read(run, AMENDMENT_STREAM)).flatMap((fact) => (fact.type === "amendment.settled" ? [fact.amendment] : [])));
  return amendments.filter(({ amendment }) => !settled.has(amendment));
}
