import type { AnyAction, Call } from "../action/action.ts";
import { assert } from "../fault/assert.ts";
import type { Clock } from "../ports/clock.ts";
import type { Decision } from "./facts.ts";
import type { PlanIndex } from "./plan-index.ts";
import type { Entry } from "./journal.ts";
import type { Workbook } from "./workbook.ts";
import { storyOf } from "./story.ts";

/** All facts of a run, and the plan that it follows now. */
export interface RunNow {
  readonly index: PlanIndex;
  readonly entries: readonly Entry[];
}

/** What calling an action needs of the stage. */
export interface Caller {
  readonly clock: Clock;
  readonly ports: Readonly<Record<string, unknown>>;
  reportUrl(run: string): string;
  /** How the plan's run stands now, for what is told about it. */
  storyNow(index: PlanIndex): Promise<RunNow>;
  /** A workbook as the bytes of an `.xlsx` file; absent where none is made. */
  workbookFile?(workbook: Workbook): Promise<Uint8Array>;
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
  const { id: run } = index.plan.window;
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
    story: storyOf(caller, index, step),
  };
}
