import { describe, expect, it } from "vitest";
import { appInsights, type InsightsSdk } from "./app-insights.ts";

const BEGUN = { run: "2024-12-08", step: "patch", target: "IC-Web1", verb: "patch.install", attempt: 2 };

/** The SDK as far as it is used, with what was tracked and in which operation. */
function scriptedSdk(): { sdk: InsightsSdk; tracked: object[]; switched: string[] } {
  const tracked: object[] = [];
  const switched: string[] = [];
  let operation: unknown;
  const configuration: object = new Proxy(
    {},
    {
      get:
        (_target, name) =>
        (...values: unknown[]) => (switched.push(`${String(name)} ${String(values[0] ?? "")}`.trim()), configuration),
    },
  );
  const sdk: InsightsSdk = {
    setup: () => configuration as ReturnType<InsightsSdk["setup"]>,
    startOperation: (started) => started,
    wrapWithCorrelationContext: <T>(fn: T, context?: unknown) =>
      ((...values: unknown[]) => {
        operation = context;
        return (fn as (...values: unknown[]) => unknown)(...values);
      }) as T,
    defaultClient: { trackEvent: (event) => void tracked.push({ ...event, operation }), flush: () => Promise.resolve() },
  };
  return { sdk, tracked, switched };
}

describe("telemetry without a connection string", () => {
  it("is a line of JSON per event", async () => {
    const lines: string[] = [];
    const telemetry = appInsights({ write: (line) => lines.push(line) });

    telemetry.event("step.begun", BEGUN);
    telemetry.event("prework.late", { run: "2024-12-08", step: "reschedule", lateMs: 60_000 }, "warning");
    await telemetry.flush();

    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { event: "step.begun", level: "info", ...BEGUN },
      { event: "prework.late", level: "warning", run: "2024-12-08", step: "reschedule", lateMs: 60_000 },
    ]);
  });
});

describe("telemetry with a connection string", () => {
  it("tracks events in order, numbers as measurements, with the run as operation and the step as parent", async () => {
    const { sdk, tracked } = scriptedSdk();
    const telemetry = appInsights({ connectionString: "InstrumentationKey=x", load: () => Promise.resolve(sdk) });

    telemetry.event("step.begun", BEGUN);
    await telemetry.flush();
    telemetry.event("step.begun", { ...BEGUN, step: "reboot" }, "error");

    const [first, second] = tracked as { operation: { traceId: string; spanId: string } }[];
    expect(first).toMatchObject({
      name: "step.begun",
      properties: { level: "info", run: "2024-12-08", step: "patch", target: "IC-Web1", verb: "patch.install" },
      measurements: { attempt: 2 },
    });
    expect(second).toMatchObject({ properties: { level: "error", step: "reboot" } });
    expect(first?.operation.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(first?.operation.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(second?.operation.traceId).toBe(first?.operation.traceId);
    expect(second?.operation.spanId).not.toBe(first?.operation.spanId);
  });

  it("leaves to the Functions host what the Functions host collects", async () => {
    const { sdk, switched } = scriptedSdk();
    const telemetry = appInsights({ connectionString: "InstrumentationKey=x", load: () => Promise.resolve(sdk) });

    telemetry.event("step.begun", BEGUN);
    await telemetry.flush();

    expect(switched).toEqual(expect.arrayContaining(["setAutoCollectRequests false", "setAutoCollectConsole false", "setAutoCollectPerformance false", "start"]));
  });

  it("disturbs nobody when the SDK cannot be loaded", async () => {
    const lines: string[] = [];
    const telemetry = appInsights({ connectionString: "InstrumentationKey=x", write: (line) => lines.push(line), load: () => Promise.reject(new Error("not installed")) });

    telemetry.event("step.begun", BEGUN);
    await telemetry.flush();
    telemetry.event("step.begun", BEGUN);

    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("not installed");
  });
});
