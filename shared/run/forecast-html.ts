import type { Expected, Forecast } from "./forecast.ts";
import { forecastPicture } from "./forecast-picture.ts";
import { marginText } from "./forecast-text.ts";
import { html, Html, type HtmlPart } from "./html.ts";
import { REPORT_CSP } from "./report-html.ts";
import { REPORT_STYLE } from "./report-style.ts";
import type { Moment } from "./report-schema.ts";
import { durationText } from "./report-words.ts";

const DURATIONS = { inventory: "inventory", "past step": "measured, this step", "past verb": "measured, such steps", rehearsed: "as rehearsed" } as const;

/** The forecast as one page that needs nothing else, in the report's style and under its policy. */
export function forecastHtml(forecast: Forecast): string {
  const { window, starts, ends, rehearsed, margin, criticalPath, noReturn, obligations, asks } = forecast;
  const well = rehearsed.outcome === "well";
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${REPORT_CSP}">
<meta name="referrer" content="no-referrer">
<title>Expected: ${window.title}</title>
<style>${new Html(REPORT_STYLE)}</style>
</head>
<body>
<a class="skip-link" href="#path">To the critical path</a>
<header>
<h1>${window.title}, as it is expected to go</h1>
<p class="meta">From a rehearsal of plan <code>${window.digest.slice(0, 12)}</code>. Times are those of ${window.zone}.</p>
</header>
<main>
<section class="outcome ${well ? "running" : "badly"}" aria-labelledby="outcome">
<h2 id="outcome"><span class="small">Expected</span> ${well ? `Over by ${ends.local}` : `The rehearsal ended ${rehearsed.outcome === "none" ? "never" : rehearsed.outcome}`}</h2>
<p class="headline">It starts ${starts.local}; the last step that the cutoff counts begins ${margin.lastBegin?.local ?? "never"}, ${lengthText(Math.abs(margin.toCutoffMs))} ${margin.toCutoffMs < 0 ? "after" : "before"} the cutoff of ${window.cutoff.local}.</p>
<ul>${margin.tightest === undefined ? undefined : html`<li>Tightest on the critical path: <code>${margin.tightest.step}</code>, ${marginText(margin.tightest, lengthText)}.</li>`}${rehearsed.lost.map(({ step, as, why }) => html`<li><span class="state ${as}">${as}</span> <code>${step}</code>: ${why}</li>`)}</ul>
</section>
<dl class="facts">${[
    ["Starts", starts.local, `(${starts.utc} UTC)`],
    ["Expected to end", ends.local, `(${ends.utc} UTC)`],
    ["Cutoff", window.cutoff.local, `(${window.cutoff.utc} UTC)`],
    ["Asked of people", String(asks.length), "times"],
    ["Calls to vendors", String(forecast.calls.length), "in the rehearsal"],
  ].map(([name, value, more]) => html`<div><dt>${name}</dt><dd>${value} <span class="small">${more}</span></dd></div>`)}</dl>
<section aria-labelledby="night"><h2 id="night">The night</h2>
<figure>${forecastPicture(forecast, "wide")}${forecastPicture(forecast, "narrow")}
<figcaption><ul class="legend"><li><span class="swatch running"></span>on the critical path</li><li><span class="swatch waiting"></span>has room</li><li><span class="swatch skipped"></span>stands open</li></ul>A dashed line shows how late a step may end before something is lost; a dark stroke is a planned time, a black flag cannot be taken back. Grey columns are hours in which nothing happens. Steps for tickets are left out.</figcaption></figure></section>
<section aria-labelledby="path"><h2 id="path">What determines the end</h2>
${table(
  ["Step", "Begins", "Ends", "Since"],
  criticalPath.map(
    ({ begins, ends: ended, step, target, title, why }) =>
      html`<tr>${cell("", html`${title}<span class="why">${step}${target === undefined ? "" : ` on ${target}`}</span>`)}${time("Begins", begins)}${time("Ends", ended)}${cell("Since", why)}</tr>`,
  ),
)}</section>
<div class="columns">
${list(
  "What people will be asked",
  asks.map(
    ({ kind, title, at, of, until, hasMs }) =>
      html`<li>${at.local}: <strong>${of.join(" or ") || "nobody is named"}</strong> ${{ approval: "approves", work: "does", held: "decides about", lift: "lifts, or not," }[kind]} ${title}${until === undefined ? undefined : html`<span class="why">until ${until.local}: ${lengthText(hasMs ?? 0)}</span>`}</li>`,
  ),
)}
${list(
  "Points of no return",
  noReturn.map(({ at, title, what }) => html`<li>${at.local}: ${title}<span class="why">${what}</span></li>`),
)}
</div>
<section aria-labelledby="opens"><h2 id="opens">What opens and closes</h2>
${table(
  ["What", "Opens", "By", "Closes", "By", "Open for"],
  obligations.map(
    ({ what, opened, openedBy, closed, closedBy, openMs }) =>
      html`<tr>${cell("", what)}${time("Opens", opened)}${cell("By", openedBy)}${closed === undefined ? cell("Closes", html`<span class="state failed">never</span>`) : time("Closes", closed)}${cell("By", closedBy)}${cell("Open for", openMs === undefined ? undefined : lengthText(openMs))}</tr>`,
  ),
)}</section>
<section aria-labelledby="steps"><h2 id="steps">Steps</h2>
${table(["Step", "Begins", "Ends", "Lasts", "May be late by", "Duration from"], forecast.timeline.filter(({ derived }) => !derived).map(stepRow))}</section>
<section aria-labelledby="calls"><h2 id="calls">Calls</h2>
${table(
  ["System", "Calls", "Most for"],
  [...Map.groupBy(forecast.calls, ({ system }) => system)]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([system, calls]) => html`<tr>${cell("", system)}${cell("Calls", calls.length)}${cell("Most for", mostOf(calls))}</tr>`),
)}</section>
</main>
<footer><p>Made by Nightshift from a rehearsal. What was begun, in which order and with which answers is the rehearsal's; how long work takes is what the inventory expects or earlier windows measured. Compiled plan <code>${window.digest}</code>.</p></footer>
</body>
</html>
`.text;
}

function stepRow({ begins, ends, lastsMs, step, title, targets, critical, margin, durations }: Expected): Html {
  return html`<tr id="step-${step}">${cell("", html`${critical ? html`<span class="state running">critical</span> <strong>${title}</strong>` : title}<span class="why">${step}${targets > 1 ? `, ${targets} targets` : ""}</span>`)}${time("Begins", begins)}${time("Ends", ends)}${cell("Lasts", lengthText(lastsMs))}${cell("May be late by", margin === undefined ? "any time" : html`${margin.ms < 0 ? html`<span class="state failed">too late</span>` : lengthText(margin.ms)}${margin.lost === step ? undefined : html`<span class="why">then ${margin.lost} is lost</span>`}`)}${cell("Duration from", DURATIONS[durations])}</tr>`;
}

function mostOf(calls: Forecast["calls"]): string {
  return [...Map.groupBy(calls, ({ step }) => step ?? "no step")]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .slice(0, 5)
    .map(([step, ones]) => `${step} ${ones.length}`)
    .join(", ");
}

function list(title: string, items: readonly Html[]): Html {
  const id = title.toLowerCase().replaceAll(/[^a-z]+/g, "-");
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${items.length === 0 ? html`<p class="muted">Nothing.</p>` : html`<ul class="plain">${items}</ul>`}</section>`;
}

function table(heads: readonly string[], rows: readonly Html[]): Html {
  return rows.length === 0
    ? html`<p class="muted">Nothing.</p>`
    : html`<table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table>`;
}

function cell(label: string, content: HtmlPart): Html {
  return html`<td${label === "" ? undefined : html` data-label="${label}"`}>${content}</td>`;
}

function time(label: string, { local, utc }: Moment): Html {
  return html`<td class="time" data-label="${label}">${local} <span class="utc">${utc}</span></td>`;
}

/** In whole minutes that have passed: nobody is promised more room than there is. Seconds matter for what is short only. */
function lengthText(ms: number): string {
  return durationText(ms < 60_000 ? ms : Math.floor(ms / 60_000) * 60_000);
}
