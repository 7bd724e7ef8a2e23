import type { AnyAction, Call } from "../action/action.ts";
import { assert } from "../fault/assert.ts";
import type { Clock } from "../ports/clock.ts";
import type { Decision } from "./facts.ts";
import type { PlanIndex } from "./plan-index.ts";
import type { RunState } from "./state.ts";
import { storyOf } from "./story.ts";

/** What calling an action needs of the stage. */
export interface Caller {
  readonly clock: Clock;
  readonly ports: Readonly<Record<string, unknown>>;
  reportUrl(run: string): string;
  storyState(index: PlanIndex): Promise<RunState>;
}

/** The ports that an action declares, and nothing else. @throws Fault `defect` for one that this composition does not offer. */
export function portsFor(action: AnyAction, ports: Caller["ports"]): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const name of action.uses) {
    const port = ports[name];
    assert(port !== undefined, `${action.verb} uses the port ${name}, which this composition does not offer`);
    given[name] = port;
  }
  return given;
}

/** What an action may know beyond its parameters. */
export function callOf(
  caller: Caller,
  index: PlanIndex,
  { step, target, tryNumber, attempt }: { step: string; target: string; tryNumber: number; attempt: number },
  decisions: readonly Decision[],
): Call {
  const { id: run, title } = index.plan.window;
  return {
    run,
    step,
    target,
    key: `${run}/${step}/${target}/${tryNumber}`,
    attempt,
    now: caller.clock.now(),
    cutoff: index.cutoff,
    answers: decisions.flatMap(({ decision, by, at, note }) =>
      decision === "approve" || decision === "done" || decision === "skip" || decision === "retry" ? [{ decision, by, at, ...(note === undefined ? {} : { note }) }] : [],
    ),
    story: storyOf(() => caller.storyState(index), title, caller.reportUrl(run), index.step(step).change),
  };
}
