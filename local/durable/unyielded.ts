/** What the SDK's task objects show; the rest of them is its own business. */
interface Task {
  /** False until the task was yielded, alone or in a compound. */
  readonly alreadyScheduled?: boolean;
}

const CALLS: Readonly<Record<string, string>> = {
  callActivity: "activity",
  callActivityWithRetry: "activity",
  callSubOrchestrator: "sub-orchestration",
  callSubOrchestratorWithRetry: "sub-orchestration",
  callHttp: "callHttp",
};

/**
 * Watches which calls an orchestrator makes through its context without ever yielding them: such a task is never
 * scheduled, and nobody says so (2.5).
 *
 * @param context - the invocation context, before the handler has run: the SDK is about to set its `df`.
 * @returns names the calls that have not been yielded so far, e.g. `activity "Send"`.
 */
export function watchCalls(context: object): () => string[] {
  const made: { readonly task: Task; readonly what: string }[] = [];
  let df: object | undefined;
  Object.defineProperty(context, "df", {
    configurable: true,
    enumerable: true,
    get: () => df,
    set: (given: object) => {
      df = given;
      const called = given as Record<string, unknown>;
      for (const [name, kind] of Object.entries(CALLS)) {
        const call = called[name];
        if (typeof call !== "function") continue;
        called[name] = (...args: unknown[]): unknown => {
          const task = call.apply(given, args) as Task;
          made.push({ task, what: typeof args[0] === "string" ? `${kind} "${args[0]}"` : kind });
          return task;
        };
      }
    },
  });
  return () => made.filter(({ task }) => task.alreadyScheduled === false).map(({ what }) => what);
}
