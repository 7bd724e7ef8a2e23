import { createHash } from "node:crypto";
import type { Telemetry, TelemetryLevel } from "../shared/ports/telemetry.ts";

/** As much of the `applicationinsights` package as is used here. */
export interface InsightsSdk {
  setup(connectionString: string): InsightsConfiguration;
  wrapWithCorrelationContext<T>(fn: T, context?: unknown): T;
  startOperation(operation: { traceId: string; spanId: string; traceFlags: number }): unknown;
  readonly defaultClient: { trackEvent(event: { name: string; properties: Record<string, string>; measurements: Record<string, number> }): void; flush(): Promise<void> };
}
interface InsightsConfiguration {
  setAutoCollectConsole(on: boolean): InsightsConfiguration;
  setAutoCollectRequests(on: boolean): InsightsConfiguration;
  setAutoCollectPerformance(on: boolean, extended: boolean): InsightsConfiguration;
  setAutoCollectDependencies(on: boolean): InsightsConfiguration;
  setAutoCollectExceptions(on: boolean): InsightsConfiguration;
  setAutoCollectPreAggregatedMetrics(on: boolean): InsightsConfiguration;
  setSendLiveMetrics(on: boolean): InsightsConfiguration;
  start(): unknown;
}

export interface AppInsightsSettings {
  /** Without it every event is a line of JSON on stderr. */
  readonly connectionString?: string;
  /** Takes the lines. */
  readonly write?: (line: string) => void;
  readonly load?: () => Promise<InsightsSdk>;
}

/** Events that wait while the SDK loads; later ones are lost, as telemetry may be. */
const MOST_WAITING = 1_000;

/**
 * Telemetry into Application Insights as custom events: numbers as measurements, everything else as properties. All events of
 * a run are one operation, and those of a step have the step as their parent.
 *
 * The SDK takes up to a second to load and is loaded after the first event, in the background. Requests, console and
 * performance are not collected here: the Functions host does that, and would be doubled.
 */
export function appInsights({ connectionString, write = writeLine, load = loadSdk }: AppInsightsSettings = {}): Telemetry {
  if (connectionString === undefined || connectionString === "") {
    return {
      event: (name, fields, level = "info") => write(JSON.stringify({ event: name, level, ...fields })),
      flush: () => Promise.resolve(),
    };
  }

  let sdk: InsightsSdk | undefined;
  let loading: Promise<void> | undefined;
  let waiting: Event[] = [];

  const start = async (): Promise<void> => {
    try {
      const loaded = await load();
      loaded
        .setup(connectionString)
        .setAutoCollectConsole(false)
        .setAutoCollectRequests(false)
        .setAutoCollectPerformance(false, false)
        .setAutoCollectDependencies(false)
        .setAutoCollectExceptions(false)
        .setAutoCollectPreAggregatedMetrics(false)
        .setSendLiveMetrics(false)
        .start();
      sdk = loaded;
      for (const event of waiting) track(loaded, event);
    } catch (thrown) {
      // The night goes on without graphs; its record is the journal.
      write(JSON.stringify({ event: "telemetry.lost", level: "warning", why: String(thrown) }));
    }
    waiting = [];
  };

  return {
    event(name, fields, level = "info") {
      const event: Event = { name, fields: { ...fields }, level };
      if (sdk !== undefined) return track(sdk, event);
      if (waiting.length < MOST_WAITING) waiting.push(event);
      loading ??= start();
    },
    async flush() {
      await loading;
      await sdk?.defaultClient.flush();
    },
  };
}

interface Event {
  readonly name: string;
  readonly fields: Readonly<Record<string, string | number>>;
  readonly level: TelemetryLevel;
}

function track(sdk: InsightsSdk, { name, fields, level }: Event): void {
  const properties: Record<string, string> = { level };
  const measurements: Record<string, number> = {};
  for (const [field, value] of Object.entries(fields)) {
    if (typeof value === "number") measurements[field] = value;
    else properties[field] = value;
  }
  const { run = "", step = "" } = fields;
  const operation = sdk.startOperation({ traceId: idOf(String(run), 32), spanId: idOf(`${run}/${step}`, 16), traceFlags: 1 });
  sdk.wrapWithCorrelationContext(() => sdk.defaultClient.trackEvent({ name, properties, measurements }), operation)();
}

/** The same for the same words, so that every process of a run names it alike. */
function idOf(words: string, digits: number): string {
  return createHash("sha256").update(words).digest("hex").slice(0, digits);
}

async function loadSdk(): Promise<InsightsSdk> {
  const loaded = (await import("applicationinsights")) as unknown as { readonly default: InsightsSdk };
  return loaded.default;
}

function writeLine(line: string): void {
  process.stderr.write(`${line}\n`);
}
