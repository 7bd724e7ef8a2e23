import type { Action } from "./actions.ts";

/**
 * The seam between the two halves of the local host: the engine (this folder) implements `TaskHub` and calls
 * `Invoker`; the Functions half (../functions-core.ts, ../invocation.ts, ../http.ts …) implements `Invoker` and
 * serves the durable client's HTTP API on a `TaskHub`. Section numbers refer to the host contract.
 */

/** Runs the app's own functions, through @azure/functions' invocation model (1.5). */
export interface Invoker {
  /** Names as registered; comparison is case-insensitive. */
  orchestrators(): readonly string[];
  activities(): readonly string[];
  /**
   * One turn. `request` is the object of 2.1; the answer the object of 2.3, or `failed` with the text that the worker's
   * exception carried (2.4; the engine looks for the marker itself). `requestJson` is the same request as text, which
   * the engine builds from what it serialized in earlier turns: sending it spares serializing the whole history again.
   * `neverYielded` names calls that the orchestrator has made and not yielded so far, e.g. `activity "Send"`.
   * `standing`, where it was asked for and can be had, is the orchestrator as this turn left it.
   */
  orchestrate(
    name: string,
    request: OrchestratorRequest,
    requestJson?: string,
    keepsStanding?: boolean,
  ): Promise<{ ok: true; answer: unknown; neverYielded?: readonly string[]; standing?: Standing | undefined } | { ok: false; message: string }>;
  /** One activity. `input` is the JSON text of the action's input, or undefined for none (1.9). `result` is JSON text or null. */
  act(name: string, input: string | undefined, instanceId: string): Promise<{ ok: true; result: string | null } | { ok: false; message: string; stack: string }>;
}

/** An orchestrator that stands at the `yield` where its last turn ended, and can be told what is new without a replay. */
export interface Standing {
  /**
   * Goes on with `events`, which are completions, fired timers and raised events behind an `OrchestratorStarted`.
   *
   * @returns undefined when it threw, or said what is no JSON: a replay tells exactly what comes of that. It cannot be asked
   *   again then.
   */
  goOn(events: readonly HistoryEvent[]): WentOn | undefined;
}

export interface WentOn {
  readonly isDone: boolean;
  /** Every action since the generation began. */
  readonly actions: readonly Action[];
  /** A timer that was emitted in an earlier turn has been cancelled in this one. */
  readonly cancelled: boolean;
  /** JSON text; null for nothing. */
  readonly output: string | null;
  readonly customStatus: string | null;
  readonly neverYielded: readonly string[];
}

export interface OrchestratorRequest {
  readonly history: readonly HistoryEvent[];
  readonly input: unknown;
  readonly instanceId: string;
  readonly isReplaying: boolean;
  readonly parentInstanceId: string | null;
  readonly upperSchemaVersion: number;
  readonly upperSchemaVersionNew: number;
  readonly longRunningTimerIntervalDuration: string;
  readonly maximumShortTimerDuration: string;
  readonly defaultHttpAsyncRequestSleepTimeMillseconds: number;
}

/** An event as the extension writes it: Pascal-case fields, `EventType` a number (3.1). */
export interface HistoryEvent {
  EventType: number;
  EventId: number;
  IsPlayed: boolean;
  Timestamp: string;
  [field: string]: unknown;
}

export type RuntimeStatus = "Pending" | "Running" | "Completed" | "ContinuedAsNew" | "Failed" | "Canceled" | "Terminated" | "Suspended";

/**
 * How loud the host is. `true`: what Azure would lose, double or let hang in silence is refused (section 9). `false`:
 * done as on Azure. `tolerant`: strict, but races that take several ids and tasks yielded twice, which published
 * samples contain and which often do no harm, are run as on Azure and noticed.
 */
export type Strictness = boolean | "tolerant";

/** One instance, as the status API shows it (4.3). Times are ISO with milliseconds; the HTTP door cuts them to seconds. */
export interface InstanceStatus {
  readonly name: string;
  readonly instanceId: string;
  readonly executionId: string;
  readonly runtimeStatus: RuntimeStatus;
  readonly input: unknown;
  readonly customStatus: unknown;
  readonly output: unknown;
  readonly createdTime: string;
  readonly lastUpdatedTime: string;
  /** Only for an orchestrator that has returned but cannot end: what is still open, and since when. Not on Azure's wire. */
  readonly waitsFor?: readonly string[];
}

export interface InstanceFilter {
  readonly instanceIdPrefix?: string;
  readonly createdTimeFrom?: string;
  readonly createdTimeTo?: string;
  readonly runtimeStatus?: readonly RuntimeStatus[];
  readonly top?: number;
  readonly continuationToken?: string;
}

/** What a management call did: `gone` = finished (410), `absent` = unknown instance (404), `refused` with the reason (4.3, 4.4, 9). */
export type HubAnswer =
  | { readonly did: "accepted" }
  | { readonly did: "absent" }
  | { readonly did: "gone" }
  | { readonly did: "refused"; readonly status: 400 | 409 | 500; readonly why: string };

export interface TaskHub {
  readonly name: string;
  start(
    name: string,
    input: unknown,
    instanceId?: string,
    version?: string,
  ): Promise<{ did: "accepted"; instanceId: string } | { did: "refused"; status: 400 | 409 | 500; why: string }>;
  raise(instanceId: string, eventName: string, data: unknown): Promise<HubAnswer>;
  terminate(instanceId: string, reason: string): Promise<HubAnswer>;
  suspend(instanceId: string, reason: string): Promise<HubAnswer>;
  resume(instanceId: string, reason: string): Promise<HubAnswer>;
  rewind(instanceId: string, reason: string): Promise<HubAnswer>;
  restart(instanceId: string, withNewInstanceId: boolean): Promise<{ did: "accepted"; instanceId: string } | { did: "refused"; status: 400 | 409 | 500; why: string }>;
  purge(instanceId: string): Promise<{ instancesDeleted: number } | undefined>;
  purgeBy(filter: InstanceFilter): Promise<{ instancesDeleted: number }>;
  status(instanceId: string): Promise<InstanceStatus | undefined>;
  /** The instances that have one of these states, oldest first, without anything that would have to be read for it. */
  names(runtimeStatus: readonly RuntimeStatus[]): readonly { readonly instanceId: string; readonly name: string }[];
  list(filter: InstanceFilter): Promise<{ instances: readonly InstanceStatus[]; continuationToken?: string }>;
  /** Raw events of the current generation, fields and casing as on the wire; undefined for an unknown instance. */
  history(instanceId: string): Promise<readonly HistoryEvent[] | undefined>;
}
