import { createHash } from "node:crypto";
import { isTicket } from "./carry-over.ts";
import { html, Html, type HtmlPart } from "./html.ts";
import { pictureOf } from "./report-picture.ts";
import type { ChangeReport, Moment, Need, Report, Standing, StepReport, TargetReport } from "./report-schema.ts";
import { REPORT_STYLE } from "./report-style.ts";
import { plainSummary, type PlainLine } from "./report-summary.ts";
import { outcomeText, STANDINGS, tookText } from "./report-words.ts";

/**
 * The report as one page that needs nothing else: no script, no font, no picture from elsewhere. Its own policy lets the
 * browser use its one style sheet and nothing more; a server that sends the page sends `REPORT_CSP` too.
 */
export function reportHtml(report: Report): string {
  const { summary, window } = report;
  const plain = plainSummary(report);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${REPORT_CSP}">
<meta name="referrer" content="no-referrer">
<title>${outcomeText(report)}: ${window.title}</title>
<style>${new Html(REPORT_STYLE)}</style>
</head>
<body>
<a class="skip-link" href="#changes">To the changes</a>
<header>
<h1>${window.title}</h1>
<p class="meta">Run ${report.run}. Times are those of ${window.zone}; below the summary UTC stands in brackets. ${pageLink(report)}</p>
</header>
<main>
<div class="asleep">
${happenedOf(report)}
<section aria-labelledby="changed"><h2 id="changed">What was changed</h2>${plainList(plain.changed, "Nothing was changed.", "plain compact", MOST.changed)}</section>
<section aria-labelledby="open"><h2 id="open">What is open</h2>${summary.open.length === 0 ? html`<p class="small">${summary.outcome === "running" ? "Nothing stands open at this moment." : "Everything that was opened or taken out for the night is back as it was."}</p>` : undefined}${plain.open.length === 0 ? undefined : plainList(plain.open, "", "plain", MOST.open)}</section>
<section aria-labelledby="needs"><h2 id="needs">What needs you ${plain.when}</h2>${needsOf(plain.needs)}</section>
</div>
${contentsOf(report)}
${factsOf(report)}
${kickoffsOf(report)}
<section class="proof" aria-labelledby="night">
<h2 id="night">The night</h2>
<figure>
${pictureOf(report, { id: "wide", width: 1080, narrow: false })}
${pictureOf(report, { id: "narrow", width: 380, narrow: true })}
<figcaption><ul class="legend">${legendOf(report)}</ul>A dark stroke is a planned time, a diamond a step that never began, a black flag the moment from which there was no way back; grey columns are hours in which nothing happened. Comments and links on tickets are left out.</figcaption>
</figure>
</section>
<section aria-labelledby="changes">
<h2 id="changes">Changes</h2>
${report.phases.map(({ id, title }) =>
  phaseOf(
    id,
    title,
    report.changes.filter(({ phase }) => phase === id),
  ),
)}
</section>
${leftOverOf(report)}
${plain.needs.length <= MOST.needs ? undefined : html`<section aria-labelledby="all-needs"><h2 id="all-needs">Everything that needs somebody</h2>${needsOf(plain.needs, plain.needs.length)}</section>`}
<section aria-labelledby="opened">
<h2 id="opened">What was opened and closed</h2>
${obligationsOf(report)}
</section>
<div class="columns">
${listOf(
  "Decisions",
  report.decisions.map(
    ({ at, by, decision, about, note }) =>
      html`<li>${time(at)}: ${by} decided <strong>${decision}</strong> about ${about}${note === undefined ? undefined : html`<span class="why">${note}</span>`}</li>`,
  ),
  "Nobody had to decide anything.",
)}
${listOf(
  "What people were told",
  report.notices.map(({ at, text, reached, about }) => html`<li>${time(at)}: ${reached ? text : html`<strong>not reached</strong> about ${about}: ${text}`}</li>`),
  "Nobody had to be told anything.",
)}
</div>
<section aria-labelledby="timeline">
<h2 id="timeline">Timeline</h2>
${timelineTable(report)}
</section>
</main>
<footer>
<p>Made by Nightshift at ${time(report.madeAt)} from the run's facts. Compiled plan <code>${window.digest}</code>.</p>
</footer>
</body>
</html>
`.text;
}

/** Ways into the long part, for who reads on a screen. */
function contentsOf({ phases, changes, summary, carryOver }: Report): Html {
  const wrong = changes.filter(({ state }) => state === "failed" || state === "unknown" || state === "skipped");
  const links = [
    ...(summary.kickoffs.length === 0 ? [] : [["kickoffs", "Did it start on time?"]]),
    ["night", "The night"],
    ...phases.filter(({ id }) => changes.some(({ phase }) => phase === id)).map(({ id, title }) => [`phase-${id}`, title]),
    ...(carryOver.length === 0 ? [] : [["left-over", "Carried over"]]),
    ["opened", "What was opened"],
    ["decisions", "Decisions"],
    ["timeline", "Timeline"],
  ];
  const list = (items: readonly Html[]): Html => html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`;
  return html`<nav class="contents" aria-label="In this report">${list(links.map(([id, word]) => html`<a href="#${id}">${word}</a>`))}${wrong.length === 0 ? undefined : list(wrong.map(({ id, keys, title, state }) => html`${stateOf(state)} <a href="#change-${id}">${titled({ keys, title })}</a>`))}</nav>`;
}

/** What the page may use: its own style sheet, by its hash. */
export const REPORT_CSP = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(REPORT_STYLE).digest("base64")}'; base-uri 'none'; form-action 'none'`;

function pageLink({ window: { page } }: Report): HtmlPart {
  if (page === undefined) return undefined;
  // Only what is plainly a web address becomes a link: a page may say anything.
  return page.url !== undefined && /^https:\/\//i.test(page.url) ? html`Page: <a href="${page.url}" rel="noreferrer">${page.title}</a>.` : html`Page: ${page.title}.`;
}

function factsOf({ summary }: Report): Html {
  const { started, startedBy, rehearsed, ended, planned, cutoff, counts } = summary;
  const facts: [string, HtmlPart, HtmlPart][] = [
    ["First step due", planned.local, `(${planned.utc} UTC)`],
    ["Run started", started?.local ?? "not started", started === undefined ? undefined : `(${started.utc} UTC) by ${startedBy ?? "someone"}`],
    ["Run ended", ended?.local ?? "not yet", ended === undefined ? undefined : `(${ended.utc} UTC)`],
    ["Cutoff", cutoff.local, `(${cutoff.utc} UTC)`],
    ...(rehearsed === undefined ? [] : [["Rehearsed", "before approval", rehearsed] as [string, HtmlPart, HtmlPart]]),
    [
      "Changes",
      `${counts.in} in`,
      `${counts.done} done, ${counts.already} already so, ${counts.dropped} dropped, ${counts.carriedOver} carried over${counts.underWay === 0 ? "" : `, ${counts.underWay} under way`}`,
    ],
  ];
  return html`<dl class="facts">${facts.map(([name, value, more]) => html`<div><dt>${name}</dt><dd>${value} <span class="small">${more}</span></dd></div>`)}</dl>`;
}

function happenedOf(report: Report): Html {
  const [first, ...rest] = plainSummary(report).happened;
  return html`<section class="outcome ${report.summary.outcome}" aria-labelledby="outcome">
<h2 id="outcome"><span class="small">What happened</span> ${outcomeText(report)}</h2>
<p class="headline">${first}</p>
<ul>${rest.map((sentence) => html`<li>${sentence}</li>`)}</ul>
</section>`;
}

/** So that the summary stays one sheet of paper: the changes below have all of it. */
const MOST = { changed: 45, open: 9, needs: 8, words: 240 } as const;

function plainList(lines: readonly PlainLine[], none: string, look: string, most: number): Html {
  if (lines.length === 0) return html`<p class="muted">${none}</p>`;
  const left = lines.length - most;
  return html`<ul class="${look}">${lines
    .slice(0, most)
    .map(
      (line) =>
        html`<li>${line.state === undefined ? undefined : html`${stateOf(line.state)} `}${line.change === undefined ? titled(line) : html`<a href="#change-${line.change}">${titled(line)}</a>`}${line.beside === undefined ? undefined : html` <span class="small">(${line.beside})</span>`}${line.why === undefined || line.why === "" ? undefined : html`<span class="why">${shortened(line.why)}</span>`}</li>`,
    )}${moreOf(left)}</ul>`;
}

function leftOverOf({ carryOver, run }: Report): HtmlPart {
  if (carryOver.length === 0) return undefined;
  return html`<section aria-labelledby="left-over"><h2 id="left-over">Carried over to the next window</h2><ul class="plain">${carryOver.map(
    ({ keys, title, inWords, as, windows, owners }) =>
      html`<li>${stateOf(as)} ${titled({ keys, title })} <span class="small">${owners.join(" or ")}${windows.length < 2 ? undefined : html`; left over from ${windows.length} windows: ${windows.join(", ")}`}</span><span class="why">${inWords}</span></li>`,
  )}</ul><p class="small">As changes of the next plan: <code>nightshift run carry-over ${run} --out next.yaml</code></p></section>`;
}

function moreOf(left: number): HtmlPart {
  return left > 0 ? html`<li class="muted">… and ${left} more, below.</li>` : undefined;
}

function shortened(words: string): string {
  return words.length <= MOST.words ? words : `${words.slice(0, MOST.words - 1)}…`;
}

function needsOf(needs: readonly Need[], most: number = MOST.needs): Html {
  if (needs.length === 0) return html`<p class="muted">Nothing.</p>`;
  return html`<ul class="plain tasks">${needs
    .slice(0, most)
    .map(
      ({ who, what, why, how }) =>
        html`<li><strong>${what}</strong> <span class="small">(${who.length === 0 ? "nobody is named" : who.join(", ")})</span><span class="why">${shortened(why)}${how === undefined ? undefined : html`<br><code>${how}</code>`}</span></li>`,
    )}${moreOf(needs.length - most)}</ul>`;
}

function listOf(title: string, items: readonly Html[], none: string, look = "plain"): Html {
  const id = title.toLowerCase().replaceAll(/[^a-z]+/g, "-");
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${items.length === 0 ? html`<p class="muted">${none}</p>` : html`<ul class="${look}">${items}</ul>`}</section>`;
}

interface Line {
  readonly keys: readonly string[];
  readonly title: string;
}

function titled({ keys, title }: Line): Html {
  return keys.length === 0 || keys.join(" ") === title ? html`${title}` : html`<span class="keys">${keys.join(" ")}</span> ${title}`;
}

function kickoffsOf({ summary: { kickoffs } }: Report): HtmlPart {
  if (kickoffs.length === 0) return undefined;
  return html`<section aria-labelledby="kickoffs"><h2 id="kickoffs">Did it start on time?</h2>
${tableOf(
  ["Step", "Planned", "Ordered", "Seen running", "Verdict"],
  kickoffs.map(
    ({ title, planned, begun, started, verdict, onTime, state }) =>
      html`<tr>${cell("", title)}${timeCell("Planned", planned)}${timeCell("Ordered", begun)}${timeCell("Seen running", started)}${cell("Verdict", html`<span class="state ${onTime ? "done" : "failed"}">${verdict}</span>${onTime && state !== "done" ? html` ${stateOf(state)}` : undefined}`)}</tr>`,
  ),
)}</section>`;
}

function legendOf(report: Report): readonly Html[] {
  const seen = new Set(
    report.changes.flatMap(({ steps }) =>
      steps.filter(({ verb }) => !isTicket(verb)).flatMap((step) => [step.state, ...(step.begun === undefined ? [] : step.targets.map(({ state }) => state))]),
    ),
  );
  return (Object.keys(STANDINGS) as Standing[]).filter((state) => seen.has(state)).map((state) => html`<li><span class="swatch ${state}"></span>${STANDINGS[state].word}</li>`);
}

function phaseOf(id: string, title: string, changes: readonly ChangeReport[]): HtmlPart {
  if (changes.length === 0) return undefined;
  return html`<h3 id="phase-${id}">${title}</h3>${changes.map(changeOf)}`;
}

function changeOf({ id, title, keys, state, why, owners, notes, steps }: ChangeReport): Html {
  const tickets = steps.filter(isQuietTicket);
  const rest = steps.filter((step) => !isQuietTicket(step));
  const isPlanned = rest.some(({ planned }) => planned !== undefined);
  return html`<article class="change" id="change-${id}">
<header><h4>${titled({ keys, title })}</h4><span class="small">${owners.join(" or ")}</span>${stateOf(state)}</header>
${notes.length === 0 ? undefined : html`<div class="notes">${notes.map((note) => html`<p>${note}</p>`)}</div>`}
${why === "" || state === "done" || state === "already" || steps.filter(({ verb }) => !isTicket(verb)).length === 1 ? undefined : html`<p class="small">${why}</p>`}
${
  rest.length === 0
    ? undefined
    : tableOf(
        ["Step", ...(isPlanned ? ["Planned"] : []), "Begun", "Took", "Result and evidence"],
        rest.flatMap((step) => stepRows(step, isPlanned)),
        isPlanned ? "of-steps planned" : "of-steps",
      )
}
${tickets.length === 0 ? undefined : html`<p class="tickets">Tickets ${[...new Set(tickets.flatMap(({ targets }) => targets.map((target) => target.id)))].join(", ")}: ${tickets.map(({ title: what, state: as }) => `${what} ${STANDINGS[as].sign}`).join(", ")}</p>`}
</article>`;
}

/** Comments and links that went as they should are told in one line for all of them. */
function isQuietTicket({ verb, targets }: StepReport): boolean {
  return isTicket(verb) && targets.every(({ faults, state }) => faults.length === 0 && (state === "done" || state === "already" || state === "skipped" || state === "waiting"));
}

function stepRows(step: StepReport, isPlanned: boolean): readonly Html[] {
  const { id, title, verb, servedBy, planned, begun, state, why, notes, approvedBy, irreversible, targets } = step;
  const alone = targets.length === 1 && targets[0]?.id === step.id ? targets[0] : undefined;
  const showTargets = alone === undefined && servedBy === undefined;
  const result = html`${stateOf(state)}${triesOf(alone)}
${state === "done" || state === "already" ? undefined : html`<span class="why">${why}</span>`}
${alone === undefined || servedBy !== undefined ? undefined : proofOf(alone, state)}
${servedBy === undefined ? undefined : html`<span class="why">done above, by ${servedBy}</span>`}
${approvedBy.map(({ by, at }) => html`<span class="why">approved by ${by} at ${time(at)}${irreversible ? "; irreversible" : ""}</span>`)}
${notes.length === 0 ? undefined : html`<span class="why">${notes.join(" ")}</span>`}`;
  return [
    html`<tr${servedBy === undefined ? html` id="step-${id}"` : undefined}>${cell("", html`${title} <span class="verb">${verb}</span>`)}${isPlanned ? timeCell("Planned", planned) : undefined}${timeCell("Begun", begun)}${tookCell(step)}${cell("", result)}</tr>`,
    ...(showTargets ? targetRows(targets, isPlanned) : []),
  ];
}

/** Targets one by one, but those that never began for the same reason in one row: they have nothing else to show. */
function targetRows(targets: readonly TargetReport[], isPlanned: boolean): readonly Html[] {
  const groups = Map.groupBy(targets, ({ id, begun, state, why, evidence, faults }) =>
    begun === undefined && evidence.length === 0 && faults.length === 0 ? JSON.stringify([state, why]) : JSON.stringify([id]),
  );
  return [...groups.values()].flatMap((ones) => ones.slice(0, 1).map((first) => targetRow({ ...first, id: ones.map(({ id }) => id).join(", ") }, isPlanned)));
}

function targetRow(target: TargetReport, isPlanned: boolean): Html {
  const { id, begun, state, why } = target;
  return html`<tr class="target">${cell("", id)}${isPlanned ? cell("", undefined) : undefined}${timeCell("Begun", begun)}${tookCell(target)}${cell("", html`${stateOf(state)}${triesOf(target)}${state === "done" || state === "already" ? undefined : html`<span class="why">${why}</span>`}${proofOf(target, state)}`)}</tr>`;
}

function triesOf(target: TargetReport | undefined): HtmlPart {
  return target === undefined || target.tries <= 1 ? undefined : html` <span class="small">at try ${target.tries}</span>`;
}

function proofOf({ evidence, faults, why }: TargetReport, state: Standing): Html {
  // The reason of what failed is its last fault; it stands there already.
  const shown = state === "done" || state === "already" ? faults : faults.filter(({ message }) => !why.includes(message));
  return html`${evidence.length === 0 ? undefined : html`<ul class="evidence">${evidence.map((line) => html`<li>${line}</li>`)}</ul>`}${shown.length === 0 ? undefined : html`<ul class="faults">${shown.map(({ at, deed, message, try: number }) => html`<li>${at.local}, try ${number}, ${deed}: ${message}</li>`)}</ul>`}`;
}

function obligationsOf({ obligations }: Report): Html {
  if (obligations.length === 0) return html`<p class="muted">Nothing was opened.</p>`;
  return tableOf(
    ["What", "Opened", "By", "Closed", "How"],
    obligations.map(
      ({ what, opened, openedBy, closed, closedBy, evidence, certain }) =>
        html`<tr>${cell("", html`${what}${certain || closed !== undefined ? undefined : html`<span class="why">not certain: look</span>`}`)}${timeCell("Opened", opened)}${cell("By", openedBy)}${closed === undefined ? cell("Closed", html`<span class="state failed">still open</span>`) : timeCell("Closed", closed)}${cell("", html`${closedBy}${evidence.length === 0 ? undefined : html`<ul class="evidence">${evidence.map((line) => html`<li>${line}</li>`)}</ul>`}`)}</tr>`,
    ),
  );
}

function timelineTable({ timeline }: Report): Html {
  let day = "";
  const rows = timeline.flatMap(({ at, text, tone }) => {
    const [name = "", ...clock] = at.local.split(" ");
    const head = name === day ? [] : [html`<tr class="day"><td colspan="3">${name} ${at.at.slice(0, 10)}</td></tr>`];
    day = name;
    return [...head, html`<tr><td class="time">${clock.join(" ")}</td><td class="time utc">${at.utc}</td><td class="${tone}">${text}</td></tr>`];
  });
  return html`<table class="timeline"><thead><tr><th scope="col">Local</th><th scope="col">UTC</th><th scope="col">What happened</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function tableOf(heads: readonly string[], rows: readonly Html[], look = ""): Html {
  return html`<table role="table" class="${look}"><thead role="rowgroup"><tr role="row">${heads.map((head) => html`<th role="columnheader" scope="col">${head}</th>`)}</tr></thead><tbody role="rowgroup">${rows}</tbody></table>`;
}

/** A cell; `label` says what it is where a narrow screen shows it without its column's head. */
function cell(label: string, value: HtmlPart): Html {
  return html`<td role="cell"${label === "" ? undefined : html` data-label="${label}"`}>${value}</td>`;
}

function timeCell(label: string, moment: Moment | undefined): Html {
  return html`<td role="cell" class="time" data-label="${label}">${moment === undefined ? undefined : html`${moment.local} <span class="utc">${moment.utc}</span>`}</td>`;
}

function tookCell(span: StepReport | TargetReport): Html {
  return html`<td role="cell" class="time" data-label="Took">${tookText(span)}</td>`;
}

function time({ local, utc, at }: Moment): Html {
  return html`<time datetime="${at}">${local} (${utc} UTC)</time>`;
}

function stateOf(state: Standing): Html {
  return html`<span class="state ${state}"><span aria-hidden="true">${STANDINGS[state].sign}</span> ${STANDINGS[state].word}</span>`;
}
