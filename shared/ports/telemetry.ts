const WHERE = { run: "text", step: "text", target: "text" } as const;

/** Event names and their fields, once; dashboards and alerts use the same names, and a test compares. Nothing secret is ever a field. */
export const TELEMETRY = {
  "run.started": { run: "text", digest: "text" },
  "run.closed": { run: "text", outcome: "text", doneCount: "number", failedCount: "number", openCount: "number" },
  "step.begun": { ...WHERE, verb: "text", attempt: "number" },
  "step.rested": { ...WHERE, verb: "text", outcome: "text", durationMs: "number" },
  "step.faulted": { ...WHERE, verb: "text", attempt: "number", kind: "text" },
  /** People were asked, and it waits for them. */
  "step.held": { ...WHERE, verb: "text", why: "text" },
  /** `system` is the vendor's host; `status` is 0 where no answer came. */
  "vendor.called": { ...WHERE, system: "text", method: "text", status: "number", durationMs: "number" },
  "prework.late": { run: "text", step: "text", lateMs: "number" },
  /** The guard looked at every run: its absence is an alarm. */
  "guard.beat": { runCount: "number", openCount: "number" },
  /** Something that should be closed by now, at each look of the guard. */
  "obligation.open": { ...WHERE, obligation: "text", ageMs: "number" },
  "alarm.raised": { run: "text", about: "text", nth: "number" },
  /** The watchdog looked at every kickoff: its absence is an alarm. */
  "watchdog.beat": { windowCount: "number", lateCount: "number" },
  "kickoff.late": { ...WHERE, rung: "text", lateMs: "number" },
  /** Someone was turned away at the door; `deed` is the endpoint's name. */
  "access.refused": { run: "text", by: "text", deed: "text", status: "number" },
  "decision.made": { run: "text", decision: "text", by: "text" },
} as const satisfies Record<string, Record<string, "text" | "number">>;

type Declared = typeof TELEMETRY;
export type TelemetryEvents = {
  [Name in keyof Declared]: { -readonly [Field in keyof Declared[Name]]: Declared[Name][Field] extends "number" ? number : string };
};

export type TelemetryLevel = "info" | "warning" | "error";

/** For graphs and alarms; may be lost. Facts are the audit. */
export interface Telemetry {
  event<Name extends keyof TelemetryEvents>(name: Name, fields: TelemetryEvents[Name], level?: TelemetryLevel): void;
  /** Sends what is buffered. */
  flush(): Promise<void>;
}

/** Telemetry into nowhere, for tests and previews. */
export const silentTelemetry: Telemetry = { event: () => undefined, flush: () => Promise.resolve() };
