import { durationText } from "../plan/duration.ts";
import type { Asked, Expected, Forecast } from "./forecast.ts";
import type { Margin } from "./forecast-path.ts";

const WIDTH = 118;

/** A forecast as lines for people. @param options `calls`: every call, not their numbers alone. */
export function forecastText(forecast: Forecast, { calls: all }: { readonly calls: boolean }): readonly string[] {
  const { window, starts, ends, timeline, criticalPath, noReturn, obligations, asks, calls } = forecast;
  const tickets = timeline.filter(({ derived }) => derived);
  return [
    `${window.title}: as it is expected to go`,
    `${window.date}, ${window.zone}; starts ${starts.local}, expected to end ${ends.local} (${ends.utc} UTC), cutoff ${window.cutoff.local}; plan ${window.digest.slice(0, 12)}`,
    ...headOf(forecast),
    ...section("Timeline (=: by the clock, ~: when what it waits for has ended; *: on the critical path)", [
      "begins      ends        lasts   margin   step",
      ...timeline.filter(({ derived }) => !derived).map(timelineLine),
      ...(tickets.length === 0 ? [] : [`and ${tickets.length} steps for tickets, which take seconds`]),
    ]),
    ...section(
      "Critical path: what determines the end",
      criticalPath.map(
        ({ step, target, begins, ends: ended, why }) => `${begins.local} - ${ended.local.split(" ").at(-1)}  ${target === undefined ? step : `${step} on ${target}`}: ${why}`,
      ),
    ),
    ...section(
      "Points of no return",
      noReturn.map(({ at, step, title, what }) => `${at.local}  ${step} (${title}): ${what}`),
    ),
    ...section(
      "What opens and closes",
      obligations.map(
        ({ what, opened, openedBy, closed, closedBy, openMs }) =>
          `${opened.local} - ${closed?.local ?? "NEVER CLOSED"}  ${what}: by ${openedBy}${closedBy === undefined ? "" : `, closed by ${closedBy}`}${openMs === undefined ? "" : `, open for ${durationText(openMs)}`}`,
      ),
    ),
    ...section("What people will be asked", asks.map(askLine)),
    ...section(
      `Calls: ${calls.length}`,
      all
        ? calls.map(({ at, method, system, path, status, step }) => `${at}  ${method} ${system} ${path} ${status}${step === undefined ? "" : `  ${step}`}`)
        : [...Map.groupBy(calls, ({ system }) => system)].toSorted(([, a], [, b]) => b.length - a.length).map(([system, ones]) => callsLine(system, ones)),
    ),
  ].map((line) => (line.length <= WIDTH || all ? line : wrapped(line)));
}

function headOf({ rehearsed, margin }: Forecast): readonly string[] {
  return [
    ...(margin.lastBegin === undefined ? [] : [`the last step that the cutoff counts begins ${margin.lastBegin.local}: ${signed(margin.toCutoffMs)} before the cutoff`]),
    ...(margin.tightest === undefined ? [] : [`tightest on the critical path: ${margin.tightest.step}, ${marginText(margin.tightest)}`]),
    ...(rehearsed.outcome === "well"
      ? []
      : [`THE REHEARSAL ENDED ${rehearsed.outcome === "none" ? "NEVER" : rehearsed.outcome.toUpperCase()}: what was lost in it is not in this forecast`]),
    ...rehearsed.lost.map(({ step, as, why }) => `  ${step}: ${as}, ${why}`),
  ];
}

function timelineLine({ step, title, targets, begins, ends, lastsMs, byClock, critical, irreversible, margin }: Expected): string {
  return `${begins.local.padEnd(12)}${ends.local.padEnd(12)}${minutesText(lastsMs).padEnd(8)}${(margin === undefined ? "-" : signed(margin.ms)).padEnd(9)}${byClock ? "=" : "~"}${critical ? "*" : " "} ${step}${targets > 1 ? ` (${targets} targets)` : ""}: ${title}${irreversible ? " (cannot be taken back)" : ""}`;
}

function askLine({ kind, step, title, at, of, until, hasMs }: Asked): string {
  const who = of.length === 0 ? "nobody is named" : of.join(" or ");
  const what = { approval: "approves", work: "does", held: "decides, if it goes as rehearsed, about", lift: "lifts, or not," }[kind];
  return `${at.local}  ${who} ${what} ${step} (${title})${until === undefined ? "" : `: until ${until.local}, ${durationText(hasMs ?? 0)}`}`;
}

function callsLine(system: string, calls: Forecast["calls"]): string {
  const steps = [...Map.groupBy(calls, ({ step }) => step ?? "no step")].toSorted(([, a], [, b]) => b.length - a.length);
  return `${String(calls.length).padStart(6)}  ${system}: ${steps
    .slice(0, 6)
    .map(([step, ones]) => `${step} ${ones.length}`)
    .join(", ")}${steps.length > 6 ? `, and ${steps.length - 6} more steps` : ""}`;
}

/** `45m before X is lost to its grace`. @param inWords how a length of time is said. */
export function marginText({ ms, lost, limit }: Margin, inWords?: (ms: number) => string): string {
  const missed = { cutoff: "the cutoff", grace: "its grace", "time to finish": "the time that it takes before the cutoff" }[limit];
  return ms < 0 ? `${lost} is ${(inWords ?? durationText)(-ms)} too late for ${missed}` : `may be ${(inWords ?? minutesText)(ms)} later before ${lost} is lost to ${missed}`;
}

function signed(ms: number): string {
  return ms < 0 ? `-${minutesText(-ms)}` : minutesText(ms);
}

/** Seconds matter for what is short only. */
export function minutesText(ms: number): string {
  return durationText(ms < 60_000 ? ms : Math.floor(ms / 60_000) * 60_000);
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return ["", title, ...(lines.length === 0 ? ["  none"] : lines.map((line) => `  ${line}`))];
}

function wrapped(line: string): string {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > WIDTH) {
    const at = rest.lastIndexOf(" ", WIDTH);
    if (at <= 20) break;
    lines.push(rest.slice(0, at));
    rest = `                ${rest.slice(at + 1)}`;
  }
  return [...lines, rest].join("\n");
}
