/** Numbers of the actions that the SDK emits (2.5). */
export const ACTION = {
  callActivity: 0,
  callActivityWithRetry: 1,
  callChild: 2,
  callChildWithRetry: 3,
  continueAsNew: 4,
  createTimer: 5,
  waitForEvent: 6,
  callEntity: 7,
  callHttp: 8,
  signalEntity: 9,
  whenAny: 11,
  whenAll: 12,
  lockEntities: 13,
  releaseEntities: 14,
} as const;

/** One action, as the SDK sends it. Fields beyond the number depend on the kind; see the table in 2.5. */
export interface Action {
  readonly actionType: number;
  readonly functionName?: string;
  readonly input?: unknown;
  /** The JSON text of `input`, where it is known already. */
  readonly inputJson?: string | undefined;
  readonly instanceId?: string;
  readonly version?: string;
  readonly retryOptions?: RetryOptions;
  readonly fireAt?: string;
  readonly isCanceled?: boolean;
  readonly externalEventName?: string;
  readonly httpRequest?: HttpRequest;
  readonly compoundActions?: readonly Action[];
}

export interface RetryOptions {
  readonly firstRetryIntervalInMilliseconds: number;
  readonly maxNumberOfAttempts: number;
  readonly backoffCoefficient?: number;
  readonly maxRetryIntervalInMilliseconds?: number;
  readonly retryTimeoutInMilliseconds?: number;
}

export interface HttpRequest {
  readonly method: string;
  readonly uri: string;
  readonly content?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly tokenSource?: unknown;
  readonly asynchronousPatternEnabled?: boolean;
}

/** The JSON text of what is called with; undefined for nothing. */
export function inputJsonOf({ input, inputJson }: Action): string | undefined {
  return inputJson ?? (input === undefined ? undefined : JSON.stringify(input));
}

/** The actions inside a compound, or none. */
export function membersOf(action: Action): readonly Action[] {
  return action.compoundActions ?? [];
}

/** The action and everything inside it, depth first. */
export function* flattened(action: Action): Generator<Action> {
  yield action;
  for (const member of membersOf(action)) yield* flattened(member);
}

/** A few words for messages: `activity "Patch"`, `timer`, `wait for "Go"`. */
export function describe(action: Action): string {
  switch (action.actionType) {
    case ACTION.callActivity:
    case ACTION.callActivityWithRetry:
      return `activity "${action.functionName ?? ""}"`;
    case ACTION.callChild:
    case ACTION.callChildWithRetry:
      return `sub-orchestration "${action.functionName ?? ""}"`;
    case ACTION.createTimer:
      return `timer for ${action.fireAt ?? ""}`;
    case ACTION.waitForEvent:
      return `wait for event "${action.externalEventName ?? ""}"`;
    case ACTION.callHttp:
      return `callHttp ${action.httpRequest?.uri ?? ""}`;
    case ACTION.whenAny:
      return "Task.any";
    case ACTION.whenAll:
      return "Task.all";
    case ACTION.continueAsNew:
      return "continueAsNew";
    default:
      return `action ${action.actionType}`;
  }
}
