/** Event names and their fields, once; dashboards and alerts use the same names. Nothing secret is ever a field. */
export interface TelemetryEvents {
  "run.started": { run: string; digest: string };
  "run.closed": { run: string; outcome: string; doneCount: number; failedCount: number; openCount: number };
  "step.begun": { run: string; step: string; target: string; verb: string; attempt: number };
  "step.rested": { run: string; step: string; target: string; verb: string; outcome: string; durationMs: number };
  "step.faulted": { run: string; step: string; target: string; verb: string; attempt: number; kind: string };
  "step.held": { run: string; step: string; target: string; verb: string; why: string };
  "vendor.called": { run: string; step: string; target: string; system: string; method: string; status: number; durationMs: number };
  "prework.late": { run: string; step: string; lateMs: number };
  "access.refused": { run: string; by: string; deed: string; status: number };
  /** The guard looked at every run: its absence is an alarm. */
  "guard.beat": { runCount: number; openCount: number };
  /** Something that should be closed by now, at each look of the guard. */
  "obligation.open": { run: string; step: string; target: string; obligation: string; ageMs: number };
  "alarm.raised": { run: string; about: string; nth: number };
  /** The watchdog looked at every kickoff: its absence is an alarm. */
  "watchdog.beat": { windowCount: number; lateCount: number };
  "kickoff.late": { run: string; step: string; target: string; rung: string; lateMs: number };
  "decision.made": { run: string; decision: string; by: string };
}

export type TelemetryLevel = "info" | "warning" | "error";

/** For graphs and alarms; may be lost. Facts are the audit. */
export interface Telemetry {
  event<Name extends keyof TelemetryEvents>(name: Name, fields: TelemetryEvents[Name], level?: TelemetryLevel): void;
  /** Sends what is buffered. */
  flush(): Promise<void>;
}

/** Telemetry into nowhere, for tests and previews. */
export const silentTelemetry: Telemetry = { event: () => undefined, flush: () => Promise.resolve() };
