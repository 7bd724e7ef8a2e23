import { isoOf } from "../ports/clock.ts";
import type { Expected, Forecast } from "./forecast.ts";
import { html, type Html, type HtmlPart } from "./html.ts";
import { momentIn } from "./report.ts";

const TOP = 44;

/** Pixels; `label`: how many letters of a title there is room for. A narrow one has each title above its bar. */
interface Size {
  readonly narrow: boolean;
  readonly width: number;
  readonly left: number;
  readonly right: number;
  readonly row: number;
  readonly label: number;
}
const SIZES = {
  wide: { narrow: false, width: 1080, left: 330, right: 1064, row: 19, label: 50 },
  narrow: { narrow: true, width: 380, left: 8, right: 372, row: 34, label: 52 },
} as const satisfies Record<string, Size>;
const BAR = 11;
const PAD_MS = 10 * 60_000;
/** A longer time in which nothing begins or ends is folded. */
const QUIET_MS = 100 * 60_000;
const FOLD = 26;
const HOUR_MS = 3_600_000;
const QUARTER_MS = HOUR_MS / 4;

/**
 * The expected night: a bar for each step, dark on the critical path, and behind it a thin line as long as it may be late; below,
 * how long each thing stands open. Quiet hours are folded.
 */
export function forecastPicture(forecast: Forecast, name: keyof typeof SIZES): Html {
  const steps = forecast.timeline.filter(({ derived }) => !derived);
  const { obligations, window } = forecast;
  const size = SIZES[name];
  const x = axisOf(forecast, steps, size);
  const openTop = TOP + steps.length * size.row + 24;
  const height = openTop + obligations.length * size.row + 14;
  const cutoff = r(x.at(Date.parse(window.cutoff.at)));
  return html`<svg class="picture ${name}" viewBox="0 0 ${size.width} ${height}" role="img" aria-labelledby="${name}-title ${name}-desc" xmlns="http://www.w3.org/2000/svg">
<title id="${name}-title">The expected night of ${window.date}</title>
<desc id="${name}-desc">${steps.length} steps from ${forecast.starts.local} to ${forecast.ends.local}; the cutoff is ${window.cutoff.local}. The tables below say the same in words.</desc>
<g aria-hidden="true">${x.folds.map((from) => html`<rect class="fold" x="${r(from)}" y="${TOP - 6}" width="${FOLD}" height="${height - TOP}"/>`)}
${ticksOf(forecast, x, size).map(({ at, label, isFirst }) => html`<line class="grid" x1="${r(at)}" x2="${r(at)}" y1="${TOP - 6}" y2="${height - 8}"/><text class="tick ${isFirst ? "start" : "middle"}" x="${r(at)}" y="${TOP - 12}">${label}</text>`)}
${steps.map((step, nth) => stepRow(step, TOP + nth * size.row, x, size, nth % 2 === 1))}
${obligations.length === 0 ? undefined : html`<text class="phase" x="8" y="${openTop - 6}">Stands open</text>`}
${obligations.map(({ what, opened, closed }, nth) => {
  const y = openTop + nth * size.row;
  const from = x.at(Date.parse(opened.at));
  const to = closed === undefined ? size.right : x.at(Date.parse(closed.at));
  return html`<g><title>${what}: open from ${opened.local} to ${closed?.local ?? "no known end"}</title>${labelOf(what, y, size)}<rect class="bar skipped" x="${r(from)}" y="${barTop(y, size) + 2}" width="${r(Math.max(3, to - from))}" height="7" rx="2"/></g>`;
})}
<g class="mark cutoff"><line x1="${cutoff}" x2="${cutoff}" y1="18" y2="${height - 8}"/><text x="${cutoff}" y="12" text-anchor="end">cutoff ${window.cutoff.local}</text></g></g>
</svg>`;
}

interface Axis {
  at(ms: number): number;
  readonly folds: readonly number[];
  readonly pieces: readonly { readonly from: number; readonly to: number; readonly x: number }[];
  readonly perMs: number;
}

function axisOf({ window }: Forecast, steps: readonly Expected[], { left, right }: Size): Axis {
  const cutoffMs = Date.parse(window.cutoff.at);
  const busy: [number, number][] = [];
  for (const [from, to] of [...steps.map(({ begins, ends }): [number, number] => [Date.parse(begins.at), Date.parse(ends.at)]), [cutoffMs, cutoffMs] as [number, number]]
    .map(([a, b]): [number, number] => [a - PAD_MS, b + PAD_MS])
    .toSorted((a, b) => a[0] - b[0])) {
    const last = busy.at(-1);
    if (last !== undefined && from - last[1] < QUIET_MS) last[1] = Math.max(last[1], to);
    else busy.push([from, to]);
  }
  const perMs =
    (right - left - FOLD * (busy.length - 1)) /
    Math.max(
      1,
      busy.reduce((sum, [from, to]) => sum + to - from, 0),
    );
  let x = left;
  const pieces = busy.map(([from, to]) => {
    const piece = { from, to, x };
    x += (to - from) * perMs + FOLD;
    return piece;
  });
  return {
    perMs,
    pieces,
    folds: pieces.slice(1).map((piece) => piece.x - FOLD),
    at(ms) {
      const piece = pieces.findLast(({ from }) => ms >= from) ?? pieces[0];
      return piece === undefined ? left : piece.x + (Math.min(Math.max(ms, piece.from), piece.to) - piece.from) * perMs;
    },
  };
}

interface Tick {
  readonly at: number;
  readonly label: string;
  /** At the left edge there is no room for half of it. */
  readonly isFirst: boolean;
}

function ticksOf({ window }: Forecast, { pieces, perMs, at }: Axis, { left, right }: Size): readonly Tick[] {
  const moment = momentIn(window.zone);
  const everyHours = [1, 2, 3, 6].find((hours) => hours * HOUR_MS * perMs >= 42) ?? 12;
  const ticks: Tick[] = [];
  let day = "";
  for (const { from, to } of pieces)
    // Quarters of an hour, since there are zones that stand off by one.
    for (let ms = Math.ceil(from / QUARTER_MS) * QUARTER_MS; ms <= to; ms += QUARTER_MS) {
      const [name = "", clock = ""] = moment(isoOf(ms)).local.split(" ");
      if (!clock.endsWith(":00") || Number(clock.slice(0, 2)) % everyHours !== 0) continue;
      const x = at(ms);
      const previous = ticks.at(-1);
      // A name of a day needs more room, most of all where it stands beside its line.
      if ((previous !== undefined && x - previous.at < (previous.isFirst ? 64 : name === day ? 36 : 56)) || x > right - 12) continue;
      ticks.push({ at: x, label: name === day ? clock : `${name} ${clock}`, isFirst: x < left + 24 });
      day = name;
    }
  return ticks;
}

function stepRow({ title, begins, ends, critical, irreversible, margin, byClock }: Expected, rowTop: number, x: Axis, size: Size, zebra: boolean): Html {
  const y = barTop(rowTop, size) - 4;
  const [from, to] = [x.at(Date.parse(begins.at)), x.at(Date.parse(ends.at))];
  const end = Math.max(from + 3, to);
  const latest = margin === undefined || margin.ms <= 0 ? undefined : x.at(Date.parse(ends.at) + margin.ms);
  const middle = y + 4 + BAR / 2;
  const marks: HtmlPart[] = [
    latest === undefined || latest <= end + 1 ? undefined : html`<path class="late" d="M${r(end)} ${middle}H${r(latest)}M${r(latest)} ${middle - 3}v6"/>`,
    html`<rect class="bar ${critical ? "running" : "waiting"}" x="${r(from)}" y="${y + 4}" width="${r(end - from)}" height="${BAR}" rx="2"/>`,
    byClock ? html`<path class="planned" d="M${r(from)} ${y + 2}v${BAR + 4}"/>` : undefined,
    irreversible ? html`<g class="no-return"><path d="M${r(from - 0.8)} ${y}h8l-2.4 3l2.4 3h-6.4v${BAR + 2}h-1.6z"/></g>` : undefined,
  ];
  return html`<g>${zebra ? html`<rect class="zebra" x="0" y="${rowTop}" width="${size.width}" height="${size.row}"/>` : undefined}<title>${title}: ${begins.local} to ${ends.local}${critical ? ", on the critical path" : ""}</title>${labelOf(title, rowTop, size)}${marks}</g>`;
}

function barTop(y: number, { narrow }: Size): number {
  return y + (narrow ? 18 : 4);
}

function labelOf(text: string, y: number, { narrow, left, label }: Size): Html {
  const shown = text.length <= label ? text : `${text.slice(0, label - 1)}…`;
  return narrow ? html`<text class="label" x="${left}" y="${y + 13}">${shown}</text>` : html`<text class="label" x="${left - 10}" y="${y + 13}" text-anchor="end">${shown}</text>`;
}

function r(value: number): number {
  return Math.round(value * 10) / 10;
}
