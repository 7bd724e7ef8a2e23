import { html, type Html } from "./html.ts";
import { isTicket } from "./carry-over.ts";
import type { Moment, Report, Standing, StepReport } from "./report-schema.ts";
import { momentIn } from "./report.ts";
import { wordOf } from "./report-words.ts";

/** How wide the picture is drawn; `narrow` puts each title above its bar. */
export interface PictureSize {
  readonly id: string;
  readonly width: number;
  readonly narrow: boolean;
  /** How what has not ended is expected to go on, and which steps determine the end; milliseconds since the epoch. */
  readonly expected?: { readonly spans: ReadonlyMap<string, ExpectedSpan>; readonly path: ReadonlySet<string> };
  /** Whether the rows name their steps, for a page that leads from there to each. */
  readonly linked?: boolean;
}

interface ExpectedSpan {
  readonly beginMs: number;
  readonly endMs: number;
}

/**
 * The night as a picture: a bar for each step, by phase, from its begin to its end, coloured by how it ended; within it a
 * line for each target. Quiet hours are folded, so that the busy ones have room. What is not done says so in words as well.
 */
export function pictureOf(report: Report, { id, width, narrow, expected, linked = false }: PictureSize): Html {
  const rows = rowsOf(report, narrow);
  const left = narrow ? 8 : 372;
  const axis = axisOf(report, rows, left, width - 14, expected?.spans);
  const height = axis.top + rows.reduce((sum, row) => sum + row.height, 0) + 10;
  let y = axis.top;
  const drawn = rows.map((row) => {
    const part =
      row.step === undefined
        ? phaseRow(row.title, y, width)
        : stepRow(row.step, y, { axis, narrow, left, width, zebra: row.zebra, nowMs: Date.parse(report.madeAt.at), linked, ...ghostFor(row.step, expected) });
    y += row.height;
    return part;
  });
  const marks: Html[] = [markOf(axis, report.summary.cutoff, "cutoff", "cutoff", 12, height), ...noReturnsOf(rows, axis, height, width)];
  if (report.summary.outcome === "running") marks.push(markOf(axis, report.madeAt, "now", "now", 25, height));
  return html`<svg class="picture ${narrow ? "narrow" : "wide"}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-desc" xmlns="http://www.w3.org/2000/svg">
<title id="${id}-title">The night of ${report.window.date} as a timeline</title>
<desc id="${id}-desc">${descriptionOf(report)}</desc>
<g aria-hidden="true">${axis.folds.map(({ from, to }) => foldOf(from, to, axis.top, height))}${axis.ticks.map(({ x, label, isDay, anchor }) => html`<line class="grid${isDay ? " day" : ""}" x1="${r(x)}" x2="${r(x)}" y1="${axis.top - 6}" y2="${height - 8}"/><text class="tick ${anchor}" x="${r(x)}" y="${axis.top - 12}">${label}</text>`)}${drawn}${marks}</g>
</svg>`;
}

/** Room for the hours and the names of marks; one line more while there is a «now» that would stand in another's name. */
const AXIS_HEIGHT = 52;
const NAME_LINE = 14;
const QUARTER_MS = 15 * 60_000;
const PAD_MS = 12 * 60_000;
/** A longer time without anything is folded to `FOLD_PX`. */
const QUIET_MS = 70 * 60_000;
const FOLD_PX = 30;

interface Row {
  readonly title: string;
  readonly height: number;
  readonly step?: StepReport;
  readonly zebra: boolean;
}

function rowsOf(report: Report, narrow: boolean): readonly Row[] {
  const rows: Row[] = [];
  for (const { id, title } of report.phases) {
    const steps = report.changes.filter(({ phase }) => phase === id).flatMap((change) => change.steps.filter((step) => step.servedBy === undefined && !isTicket(step.verb)));
    if (steps.length === 0) continue;
    rows.push({ title, height: 26, zebra: false });
    // In order of time, since that is what a picture of a night is read for.
    const ordered = steps.toSorted((a, b) => instantOf(a.begun ?? a.planned ?? a.ended) - instantOf(b.begun ?? b.planned ?? b.ended));
    for (const [position, step] of ordered.entries()) rows.push({ title: step.title, height: narrow ? 34 : 21, step, zebra: position % 2 === 1 });
  }
  return rows;
}

interface Axis {
  /** Where the rows begin. */
  readonly top: number;
  x(instantMs: number): number;
  readonly ticks: readonly { readonly x: number; readonly label: string; readonly isDay: boolean; readonly anchor: "start" | "middle" }[];
  readonly folds: readonly { readonly from: number; readonly to: number }[];
}

function axisOf(report: Report, rows: readonly Row[], left: number, right: number, expected: ReadonlyMap<string, ExpectedSpan> = new Map()): Axis {
  const { summary } = report;
  const nowMs = Date.parse(report.madeAt.at);
  const spans = rows.flatMap(({ step }) => (step === undefined ? [] : spansOf(step, nowMs)));
  for (const moment of [summary.planned, summary.cutoff, ...(summary.outcome === "running" ? [report.madeAt] : [])]) spans.push([Date.parse(moment.at), Date.parse(moment.at)]);
  for (const { step } of rows) {
    const span = step === undefined ? undefined : expected.get(step.id);
    if (span !== undefined) spans.push([span.beginMs, span.endMs]);
  }
  const busy: [number, number][] = [];
  for (const [from, to] of spans.map(([a, b]) => [a - PAD_MS, b + PAD_MS] as [number, number]).toSorted((a, b) => a[0] - b[0])) {
    const last = busy.at(-1);
    if (last !== undefined && from - last[1] < QUIET_MS) last[1] = Math.max(last[1], to);
    else busy.push([from, to]);
  }
  const busyMs = busy.reduce((sum, [from, to]) => sum + to - from, 0);
  const perMs = (right - left - FOLD_PX * (busy.length - 1)) / Math.max(busyMs, 1);
  const pieces: { from: number; to: number; x: number }[] = [];
  let x = left;
  for (const [from, to] of busy) {
    pieces.push({ from, to, x });
    x += (to - from) * perMs + FOLD_PX;
  }
  const xOf = (instantMs: number): number => {
    const piece = pieces.findLast(({ from }) => instantMs >= from) ?? pieces[0];
    return piece === undefined ? left : piece.x + (Math.min(Math.max(instantMs, piece.from), piece.to) - piece.from) * perMs;
  };
  const top = AXIS_HEIGHT + (summary.outcome === "running" ? NAME_LINE : 0);
  return { top, x: xOf, ticks: ticksOf(pieces, perMs, xOf, report.window.zone), folds: pieces.slice(1).map(({ x: to }) => ({ from: to - FOLD_PX, to })) };
}

function spansOf(step: StepReport, nowMs: number): [number, number][] {
  const from = step.begun ?? step.planned ?? step.ended;
  if (from === undefined) return [];
  const to = step.begun === undefined ? from.at : (step.ended?.at ?? new Date(nowMs).toISOString());
  const planned = step.planned === undefined ? [] : [[Date.parse(step.planned.at), Date.parse(step.planned.at)] as [number, number]];
  return [[Date.parse(from.at), Date.parse(to)], ...planned];
}

function ticksOf(pieces: readonly { from: number; to: number }[], perMs: number, xOf: (instantMs: number) => number, zone: string): Axis["ticks"] {
  const moment = momentIn(zone);
  const everyMinutes = [15, 30, 60, 120, 180, 360].find((minutes) => minutes * 60_000 * perMs >= 48) ?? 720;
  const ticks: Axis["ticks"][number][] = [];
  const left = pieces[0] === undefined ? 0 : xOf(pieces[0].from);
  let day = "";
  for (const { from, to } of pieces) {
    // Quarters of an hour, since there are zones that stand off by one.
    for (let at = Math.ceil(from / QUARTER_MS) * QUARTER_MS; at <= to; at += QUARTER_MS) {
      const [name = "", clock = ""] = moment(new Date(at).toISOString()).local.split(" ");
      const [hour = "", minute = ""] = clock.split(":");
      if ((Number(hour) * 60 + Number(minute)) % everyMinutes !== 0) continue;
      const x = xOf(at);
      const previous = ticks.at(-1);
      const isDay = name !== day;
      // A name of a day needs more room than an hour alone; a day that finds none is said at its next hour.
      if (previous !== undefined && x - previous.x < (previous.anchor === "start" ? 76 : isDay || previous.isDay ? 56 : 40)) continue;
      ticks.push({ x, label: isDay ? `${name} ${clock}` : clock, isDay, anchor: x - left < 26 ? "start" : "middle" });
      day = name;
    }
  }
  return ticks;
}

interface Drawing {
  readonly axis: Axis;
  readonly narrow: boolean;
  readonly left: number;
  readonly width: number;
  readonly zebra: boolean;
  /** Where what has not ended is drawn to. */
  readonly nowMs: number;
  readonly linked: boolean;
  readonly ghost?: Ghost;
}

/** What is expected of a step, and whether the end hangs on it. */
interface Ghost extends ExpectedSpan {
  readonly critical: boolean;
}

function ghostFor({ id }: StepReport, expected: PictureSize["expected"]): { ghost?: Ghost } {
  const span = expected?.spans.get(id);
  return span === undefined ? {} : { ghost: { ...span, critical: expected?.path.has(id) === true } };
}

function stepRow(step: StepReport, y: number, { axis, narrow, left, width, zebra, nowMs, linked, ghost }: Drawing): Html {
  const top = narrow ? y + 17 : y + 4;
  const label = narrow
    ? html`<text class="label" x="${left}" y="${y + 13}">${cut(step.title, 52)}</text>`
    : html`<text class="label" x="${left - 12}" y="${y + 14}" text-anchor="end">${cut(step.title, 56)}</text>`;
  const band = zebra ? html`<rect class="zebra" x="0" y="${y}" width="${width}" height="${narrow ? 34 : 21}"/>` : undefined;
  const link = linked ? html` data-step-link="${step.id}"` : undefined;
  const drawn =
    step.begun !== undefined
      ? html`${ghostOf(ghost, nowMs, top, axis)}${barOf(step, top, axis, width, nowMs, ghost?.endMs)}`
      : step.state === "waiting" && ghost !== undefined
        ? ghostOf(ghost, ghost.beginMs, top, axis)
        : emptyMark(step, top, axis, width);
  return html`<g${link}>${band}<title>${tipOf(step)}</title>${label}${drawn}</g>`;
}

/** A dashed frame for what is expected from an instant on, heavy where the end hangs on it. */
function ghostOf(ghost: Ghost | undefined, fromMs: number, top: number, axis: Axis): Html | undefined {
  if (ghost === undefined || ghost.endMs <= fromMs) return undefined;
  const [x1, x2] = [axis.x(fromMs), axis.x(ghost.endMs)];
  return html`<rect class="ghost${ghost.critical ? " critical" : ""}" x="${r(x1)}" y="${top + 1}" width="${r(Math.max(3, x2 - x1))}" height="${BAR_HEIGHT - 2}" rx="2"/>`;
}

const BAR_HEIGHT = 13;
const MOST_LINES = 6;

function barOf(step: StepReport, top: number, axis: Axis, width: number, nowMs: number, expectedMs = nowMs): Html {
  const x1 = axis.x(instantOf(step.begun));
  const x2 = Math.max(x1 + 3, axis.x(step.ended === undefined ? nowMs : instantOf(step.ended)));
  const lines = step.targets.length > 1 && step.targets.length <= MOST_LINES ? step.targets : [];
  const height = lines.length === 0 ? BAR_HEIGHT : BAR_HEIGHT / lines.length;
  const bars =
    lines.length === 0
      ? html`<rect class="bar ${step.state}" x="${r(x1)}" y="${top}" width="${r(x2 - x1)}" height="${BAR_HEIGHT}" rx="2"/>${hatchOf(step.state, x1, x2, top, BAR_HEIGHT)}`
      : lines.map(({ state, begun, ended }, position) => {
          if (begun === undefined) return undefined;
          const from = axis.x(instantOf(begun));
          const to = Math.max(from + 3, ended === undefined ? x2 : axis.x(instantOf(ended)));
          const y = top + position * height;
          const tall = Math.max(1.4, height - 0.7);
          return html`<rect class="bar ${state}" x="${r(from)}" y="${r(y)}" width="${r(to - from)}" height="${r(tall)}" rx="0.8"/>${hatchOf(state, from, to, y, tall)}`;
        });
  const late =
    step.planned !== undefined && instantOf(step.begun) - instantOf(step.planned) > 60_000
      ? html`<line class="late" x1="${r(axis.x(instantOf(step.planned)))}" x2="${r(x1)}" y1="${top + BAR_HEIGHT / 2}" y2="${top + BAR_HEIGHT / 2}"/>`
      : undefined;
  const mark = step.planned === undefined ? undefined : html`<path class="planned" d="M${r(axis.x(instantOf(step.planned)))} ${top - 2}v${BAR_HEIGHT + 4}"/>`;
  const flag = step.irreversible ? flagAt(x1, top) : undefined;
  return html`${late}${bars}${mark}${flag}${step.state === "done" || step.state === "already" ? undefined : wordBeside(step.state, x1, step.ended === undefined ? Math.max(x2, axis.x(expectedMs)) : x2, top, width)}`;
}

const HATCH_PX = 5;

/**
 * Strokes over a bar whose colour would be lost on paper: one way for what was not done, both ways for what failed or is unknown.
 * They are cut at the bar's ends, as a picture without anything from elsewhere has no pattern to fill with.
 */
export function hatchLines(state: Standing, x1: number, x2: number, top: number, height: number): readonly (readonly [number, number, number, number])[] {
  const ways = state === "failed" || state === "unknown" ? [1, -1] : state === "skipped" || state === "dropped" || state === "running" ? [1] : [];
  const lines: [number, number, number, number][] = [];
  for (const way of ways) {
    for (let from = x1 - height; from < x2; from += HATCH_PX) {
      const [a, b] = [Math.max(from, x1), Math.min(from + height, x2)];
      if (b - a < 1) continue;
      // Upwards to the right; the other way the same, mirrored.
      const [ya, yb] = [top + height - (a - from), top + height - (b - from)];
      lines.push(way === 1 ? [a, ya, b, yb] : [x1 + x2 - a, ya, x1 + x2 - b, yb]);
    }
  }
  return lines;
}

function hatchOf(state: Standing, x1: number, x2: number, top: number, height: number): Html | undefined {
  const lines = hatchLines(state, x1, x2, top, height);
  if (lines.length === 0) return undefined;
  return html`<path class="hatch" d="${lines.map(([ax, ay, bx, by]) => `M${r(ax)} ${r(ay)}L${r(bx)} ${r(by)}`).join("")}"/><rect class="outline" x="${r(x1)}" y="${r(top)}" width="${r(x2 - x1)}" height="${r(height)}"/>`;
}

/** A flag where a step began that cannot be taken back. */
function flagAt(x: number, top: number): Html {
  return html`<g class="no-return"><path d="M${r(x - 0.8)} ${top - 5}h8l-2.4 3l2.4 3h-6.4v${BAR_HEIGHT + 1}h-1.6z"/></g>`;
}

const NAME_PX = 118;

/** Lines through the night at the moments from which there was no way back; those that would stand in each other have one name. */
function noReturnsOf(rows: readonly Row[], axis: Axis, height: number, width: number): readonly Html[] {
  const moments = rows
    .flatMap(({ step }) => (step?.irreversible === true && step.begun !== undefined ? [step.begun] : []))
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
    .filter(({ at }, index, all) => index === 0 || at !== all[index - 1]?.at);
  let named = -NAME_PX;
  return moments.map(({ at, local }) => {
    const x = axis.x(Date.parse(at));
    const hasRoom = x - named >= NAME_PX;
    if (hasRoom) named = x;
    const atStart = x + NAME_PX < width;
    const name = hasRoom
      ? html`<text x="${r(atStart ? x + 3 : x - 3)}" y="${axis.top - 27}" text-anchor="${atStart ? "start" : "end"}">no way back ${local.split(" ").at(-1)}</text>`
      : undefined;
    return html`<g class="no-return"><line x1="${r(x)}" x2="${r(x)}" y1="${axis.top - 23}" y2="${height - 8}"/>${name}</g>`;
  });
}

/** What never began: an empty diamond at the time it was meant to, or at the time it was given up. */
function emptyMark(step: StepReport, top: number, axis: Axis, width: number): Html | undefined {
  const at = step.planned ?? step.ended;
  if (at === undefined) return undefined;
  const x = axis.x(instantOf(at));
  const middle = top + BAR_HEIGHT / 2;
  return html`<path class="empty ${step.state}" d="M${r(x)} ${r(middle - 5)}l5 5l-5 5l-5 -5z"/>${wordBeside(step.state, x - 6, x + 6, top, width)}`;
}

function wordBeside(state: Standing, x1: number, x2: number, top: number, width: number): Html {
  const fits = x2 + 70 < width;
  return html`<text class="word ${state}" x="${r(fits ? x2 + 5 : x1 - 5)}" y="${top + 10.5}" text-anchor="${fits ? "start" : "end"}">${wordOf(state)}</text>`;
}

function phaseRow(title: string, y: number, width: number): Html {
  return html`<line class="phase-line" x1="0" x2="${width}" y1="${y + 22}" y2="${y + 22}"/><text class="phase" x="8" y="${y + 16}">${title}</text>`;
}

function markOf(axis: Axis, { at, local }: Moment, name: string, word: string, y: number, height: number): Html {
  const x = r(axis.x(Date.parse(at)));
  // To the left of its line, unless there is no room.
  const anchor = x < 90 ? "start" : "end";
  return html`<g class="mark ${name}"><line x1="${x}" x2="${x}" y1="${y + 4}" y2="${height - 8}"/><text x="${x}" y="${y}" text-anchor="${anchor}">${word} ${local}</text></g>`;
}

function foldOf(from: number, to: number, top: number, height: number): Html {
  return html`<rect class="fold" x="${r(from + 4)}" y="${top - 6}" width="${r(to - from - 8)}" height="${height - top - 2}"/>`;
}

function descriptionOf(report: Report): string {
  const steps = report.changes.flatMap((change) => change.steps.filter((step) => step.servedBy === undefined && !isTicket(step.verb)));
  const bad = steps.filter(({ state }) => state !== "done" && state !== "already");
  const all = `${steps.length} steps, ${steps.length - bad.length} of them done.`;
  return `${all} ${bad.map((step) => `${tipOf(step)}.`).join(" ")} The tables below say the same in words.`;
}

function tipOf({ title, state, begun, ended, planned, irreversible }: StepReport): string {
  const when = begun === undefined ? (planned === undefined ? "never begun" : `planned ${planned.local}, not begun`) : `${begun.local} to ${ended?.local ?? "now"}`;
  return `${title}: ${wordOf(state)}, ${when}${irreversible && begun !== undefined ? ", no way back from then on" : ""}`;
}

function instantOf(moment: Moment | undefined): number {
  return moment === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(moment.at);
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function r(value: number): number {
  return Math.round(value * 10) / 10;
}
