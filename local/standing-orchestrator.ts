import type { Action } from "./durable/actions.ts";
import { ACTION } from "./durable/actions.ts";
import { jsonOf } from "./durable/answer.ts";
import type { HistoryEvent, Standing, WentOn } from "./durable/hub.ts";

/** What of the SDK's executor is used here; it hangs at the context that the SDK gives an orchestrator. */
interface Executor {
  readonly actions: readonly SdkAction[];
  readonly output: unknown;
  readonly exception: unknown;
  readonly schemaVersion: number;
  readonly context: { readonly customStatus?: unknown };
  processEvent(event: object): void;
  isDoneExecuting(): boolean;
}

type SdkAction = Omit<Action, "fireAt" | "isCanceled" | "compoundActions"> & {
  readonly fireAt?: Date;
  readonly isCanceled?: boolean;
  readonly compoundActions?: readonly SdkAction[];
};

/** The first schema in which compound actions travel as such. */
const COMPOUNDS = 1;

/**
 * The orchestrator that the SDK has just run, standing at its `yield`: the SDK's own executor is told the next events, as at the
 * end of a replay. It makes no difference to a deterministic orchestrator, and turns cost what is new and not what has been.
 *
 * @param df - what the SDK has set as `context.df`.
 * @returns undefined for an SDK that is built otherwise, or an orchestrator that has come to an end.
 */
export function standingOrchestrator(df: unknown, neverYielded: () => readonly string[]): Standing | undefined {
  const executor = (df as { taskOrchestratorExecutor?: Partial<Executor> } | undefined)?.taskOrchestratorExecutor;
  if (!isExecutor(executor) || executor.schemaVersion < COMPOUNDS || executor.isDoneExecuting()) return undefined;
  const wire: Action[] = [];
  const timers: { readonly live: SdkAction; readonly wire: { isCanceled?: boolean } }[] = [];

  const wired = (live: SdkAction): Action => {
    const { fireAt, compoundActions, ...rest } = live;
    const action = {
      ...rest,
      ...(rest.input === undefined ? {} : { inputJson: JSON.stringify(rest.input) }),
      ...(fireAt === undefined ? {} : { fireAt: fireAt.toJSON() }),
      ...(compoundActions === undefined ? {} : { compoundActions: compoundActions.map(wired) }),
    };
    if (live.actionType === ACTION.createTimer) timers.push({ live, wire: action });
    return action;
  };
  const catchUp = (): void => {
    for (const action of executor.actions.slice(wire.length)) wire.push(wired(action));
  };
  catchUp();

  const told = (events: readonly HistoryEvent[]): WentOn | undefined => {
    for (const event of events) {
      executor.processEvent(dated(event));
      if (executor.isDoneExecuting()) break;
    }
    if (executor.exception !== undefined) return undefined;
    let cancelled = false;
    for (const timer of timers) {
      if (timer.live.isCanceled !== true || timer.wire.isCanceled === true) continue;
      timer.wire.isCanceled = cancelled = true;
    }
    catchUp();
    return {
      isDone: executor.isDoneExecuting(),
      actions: wire,
      cancelled,
      output: jsonOf(executor.output),
      // As the SDK does it: no falsy status is ever sent.
      customStatus: jsonOf(executor.context.customStatus || undefined),
      neverYielded: neverYielded(),
    };
  };

  return {
    goOn(events) {
      try {
        return told(events);
      } catch {
        // What the SDK cannot process, or is no JSON, is for the replay to tell.
        return undefined;
      }
    },
  };
}

/** As the SDK reads events: it compares their instants as dates. */
function dated(event: HistoryEvent): object {
  return { ...event, Timestamp: new Date(event.Timestamp) };
}

function isExecutor(given: Partial<Executor> | undefined): given is Executor {
  return (
    typeof given?.processEvent === "function" &&
    typeof given.isDoneExecuting === "function" &&
    Array.isArray(given.actions) &&
    typeof given.schemaVersion === "number" &&
    given.context !== undefined
  );
}
