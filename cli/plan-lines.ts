import { styleText } from "node:util";
import type { CompiledPlan, CompiledStep, Need } from "../shared/plan/compiled.ts";
import { durationText } from "../shared/plan/duration.ts";
import { localText, offsetAt, utcText } from "../shared/plan/local-time.ts";
import { timelineOf } from "../shared/plan/timeline.ts";
import type { Span } from "../shared/plan/timeline.ts";

/** Columns of a line; longer text is wrapped below itself. */
const WIDTH = 100;
const INDENT = 32;

/**
 * A compiled plan as lines for people: per phase a timeline in local time and UTC, and under each step what it waits for,
 * whom it acts on, what it opens and closes. Times without a clock on the page are expected, from how long steps usually take.
 */
export function shownPlan(plan: CompiledPlan): readonly string[] {
  const { window, phases } = plan;
  const spans = timelineOf(plan);
  const zoned = (instant: string) => `${localText(Date.parse(instant), window.zone)} (${utcText(Date.parse(instant))} UTC)`;
  const end = Math.max(...[...spans.values()].map(({ endMs }) => endMs));
  const written = plan.steps.filter(({ derived }) => derived === undefined);
  return [
    styleText("bold", window.title),
    ...wrapped(
      `${window.date}, ${window.zone} (UTC${offsetAt(Date.parse(window.cutoff), window.zone)} at the cutoff). Owners: ${names(window.owners)}. Channels: ${names(window.channels)}.`,
      0,
    ),
    `opens ${zoned(window.opensAt)}, expected to end ${zoned(new Date(end).toISOString())}, cutoff ${zoned(window.cutoff)}`,
    `${plan.changes.length} changes, ${written.length} steps, ${plan.steps.length - written.length} more for their tickets; digest ${plan.digest.slice(0, 12)}`,
    "",
    styleText("dim", "local            UTC     lasts  step (=: by the clock, ~: expected)"),
    ...phases.flatMap((phase) => phaseLines(plan, phase, spans)),
    ...obligationLines(plan),
  ];
}

function phaseLines(plan: CompiledPlan, phase: CompiledPlan["phases"][number], spans: ReadonlyMap<string, Span>): readonly string[] {
  const steps = plan.steps.filter((step) => step.phase === phase.id && step.derived === undefined);
  const order = [...steps].sort((a, b) => beginOf(a, spans) - beginOf(b, spans));
  const heading = `${phase.title}${phase.barrier ? " (waits until everything above has ended)" : ""}`;
  const served = plan.changes
    .filter((change) => change.phase === phase.id)
    .flatMap((change) => change.steps.flatMap(({ id, servedBy }) => (servedBy === undefined ? [] : [`${id} is done by ${servedBy}`])));
  const shared = sharedNeeds(steps);
  return [
    "",
    styleText("bold", heading),
    ...(shared.length === 0 ? [] : wrapped(`all of it waits for ${shared.map((need) => needText(need, plan)).join(", ")}`, 2)),
    ...order.flatMap((step) => stepLines(plan, step, spans, shared)),
    ...served.flatMap((line) => wrapped(line, INDENT)),
  ];
}

/** What every step of a phase waits for is said once. */
function sharedNeeds(steps: readonly CompiledStep[]): readonly Need[] {
  const [first, ...rest] = steps;
  if (first === undefined || rest.length === 0) return [];
  return first.needs.filter((need) => rest.every((step) => step.needs.some((other) => same(other, need))));
}

function same(a: Need, b: Need): boolean {
  return a.step === b.step && a.per === b.per && a.as === b.as;
}

function stepLines(plan: CompiledPlan, step: CompiledStep, spans: ReadonlyMap<string, Span>, shared: readonly Need[]): readonly string[] {
  const { zone } = plan.window;
  const span = spans.get(step.id) ?? { beginMs: 0, endMs: 0 };
  const change = plan.changes.find(({ id }) => id === step.change);
  const clock = step.at !== undefined && Date.parse(step.at) === span.beginMs ? "=" : "~";
  const time = `${clock} ${localText(span.beginMs, zone).padEnd(15)}${utcText(span.beginMs).padEnd(7)}${durationText(roundedToMinute(span.endMs - span.beginMs)).padStart(6)}`;
  const targets = step.targets.length === 1 && step.targets[0]?.id === step.id ? "" : ` on ${step.targets.map(({ id }) => id).join(", ")}`;
  const keys = change === undefined || change.keys.length === 0 ? "" : ` [${change.keys.join(", ")}]`;
  const firstOfChange =
    change?.steps.find(({ id, servedBy }) => servedBy === undefined && !plan.steps.some((other) => other.id === id && other.derived !== undefined))?.id === step.id;
  const needs = step.needs.filter((need) => !shared.some((other) => same(other, need)));
  const details = [
    ...(step.at === undefined || clock === "=" ? [] : [`not before ${localText(Date.parse(step.at), zone)}`]),
    ...(step.graceMs === undefined ? [] : [`may begin up to ${durationText(step.graceMs)} late`]),
    ...(step.rolling === undefined
      ? []
      : [`${batchText(step.rolling.batches)}${step.rolling.maxFailures > 0 ? `, up to ${step.rolling.maxFailures} may fail` : ", none may fail"}`]),
    ...(step.when === undefined ? [] : [whenText(step.when)]),
    ...(step.irreversible ? ["cannot be taken back"] : []),
    ...(step.approval === undefined ? [] : [`must be approved by ${names(step.approval.by)}`]),
    ...openText(step),
    ...(step.onFailure === "continue" ? [] : [step.onFailure === "ask" ? "on failure: asks" : "on failure: stops the window"]),
    ...(step.always ? ["runs in any case"] : []),
    ...(step.leaves === "unsafe" ? ["unsafe until it has ended well"] : []),
    `owner ${names(step.owners)}`,
  ];
  const [first = "", ...rest] = wrapped(step.title, INDENT);
  return [
    `${time}  ${styleText("cyan", first.trim())}`,
    ...rest.map((line) => styleText("cyan", line)),
    ...wrapped(`${step.id}: ${step.verb}${targets}${keys}`, INDENT + 2),
    ...(needs.length === 0 ? [] : wrapped(`waits for ${needs.map((need) => needText(need, plan)).join(", ")}`, INDENT + 2)),
    ...wrapped(details.join("; "), INDENT + 2).map((line) => styleText("dim", line)),
    ...[...(firstOfChange ? (change?.notes ?? []) : []), ...step.notes].flatMap((note) => wrapped(`note: ${note}`, INDENT + 2)),
  ];
}

function obligationLines({ steps }: CompiledPlan): readonly string[] {
  const closers = new Map(steps.flatMap((step) => step.targets.flatMap(({ closes }) => closes.map((id) => [id, step.id] as const))));
  const opened = steps.flatMap((step) =>
    step.targets.flatMap(({ opens }) => opens.map(({ id, what }) => `${id} (${what}): opened by ${step.id}, closed by ${closers.get(id) ?? "nobody"}`)),
  );
  return opened.length === 0 ? [] : ["", styleText("bold", "What has to be put back"), ...opened.flatMap((line) => wrapped(line, 2))];
}

function needText({ step, per, as }: Need, plan: CompiledPlan): string {
  const served = plan.changes.flatMap((change) => change.steps).find(({ id }) => id === step);
  return `${served?.id ?? step}${per === "target" ? " (same target)" : ""}${as === "end" ? " (its end, however)" : ""}`;
}

function whenText(when: NonNullable<CompiledStep["when"]>): string {
  if ("opened" in when) return `only if ${when.opened} was opened`;
  return "succeeded" in when ? `only if ${when.succeeded} ended well` : `left out: ${when.never}`;
}

/** `1, then 2 at a time`. */
function batchText(batches: readonly number[]): string {
  return `${batches.join(", then ")} at a time`;
}

function openText({ targets }: CompiledStep): readonly string[] {
  const opens = targets.flatMap((target) => target.opens.map(({ id }) => id));
  const closes = targets.flatMap((target) => target.closes);
  return [...(opens.length === 0 ? [] : [`opens ${opens.join(", ")}`]), ...(closes.length === 0 ? [] : [`closes ${closes.join(", ")}`])];
}

function names(entries: readonly { readonly name: string; readonly title?: string }[]): string {
  return entries.map(({ name, title }) => title ?? name).join(", then ") || "nobody";
}

function beginOf(step: CompiledStep, spans: ReadonlyMap<string, Span>): number {
  return spans.get(step.id)?.beginMs ?? 0;
}

/** Seconds matter for short steps only. */
function roundedToMinute(ms: number): number {
  return ms < 60_000 ? ms : Math.round(ms / 60_000) * 60_000;
}

/** Text broken into lines of at most `WIDTH` columns, each indented. */
function wrapped(text: string, indent: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(" ".repeat(indent) + line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, " ".repeat(indent) + line];
}
