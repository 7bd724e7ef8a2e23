import { html, type Html } from "../shared/run/html.ts";
import { momentIn } from "../shared/run/report.ts";
import { pictureOf } from "../shared/run/report-picture.ts";
import { asksOf, controlsOf } from "./decisions.ts";
import { pageOf } from "./page.ts";
import { carriedOf, failedOf, lastlyOf, nextOf, openOf, runningOf } from "./sections.ts";
import { stepsOf } from "./steps.ts";
import { countsOf, expectedText, progressOf, verdictOf } from "./verdict.ts";
import type { BoardView } from "./view.ts";

/**
 * The board of one run: for the person who was woken by a message and must see in ten seconds what is going on and what is
 * open now. How it stands comes first, then what a person must do, then what failed, is open and runs, then the night as a
 * picture and all of its changes.
 */
export function boardPage(view: BoardView): string {
  const { state, api, boards, tag } = view;
  const body = html`<a class="skip-link" href="#main">To how it stands</a>
<header class="head"><nav class="small" aria-label="Elsewhere"><a href="${boards}">All windows</a>${state.startedAt === undefined ? undefined : html` <a href="${api}/report.html">Report</a>`}</nav><h1>${state.title}</h1><p id="live" class="live">live</p></header>
<div id="lost" class="lost" role="alert" hidden></div>
<noscript><p class="lost">Without JavaScript this page loads itself anew every 20 seconds and has no buttons. Decide with <code>nightshift decide</code> or in Slack.</p></noscript>
<main id="main" data-api="${api}" data-tag="${tag}">${boardMain(view)}</main>
<p id="said" role="status"></p>
<p id="news" class="unseen" role="status"></p>
${dialog()}
<footer><p>Run ${state.run}, as ${view.viewer.name} (${view.viewer.role}). Times are those of ${state.zone}. The same is said by <code>nightshift run show ${state.run}</code>.</p></footer>`;
  return pageOf({ title: `${verdictOf(view).tab} · ${state.title}`, body, isLive: true });
}

/** The part that changes. */
export function boardMain(view: BoardView): Html {
  const { state, report, outlook, now } = view;
  const clock = momentIn(state.zone)(new Date(now).toISOString());
  const { tone, word, line, tab } = verdictOf(view);
  const open = state.obligations.some(({ closed }) => closed === undefined);
  const isDone = state.outcome !== undefined && !open;
  const path = new Set(outlook.path);
  const picture = (id: string, width: number, narrow: boolean): Html => pictureOf(report, { id, width, narrow, expected: { spans: outlook.steps, path }, linked: true });
  return html`<section class="verdict ${tone}" id="verdict" data-tab="${tab} · ${state.title}"${isDone ? html` data-ended` : undefined} aria-labelledby="outcome">
<p class="clock"><strong>${clock.local}</strong> <span class="small">${zoneText(state.zone)}, ${clock.utc} UTC</span></p>
<h2 id="outcome">${word}</h2>
<p class="line">${line}</p>
${expectedText(view)}
${progressOf(view)}
${countsOf(view)}
${controlsOf(view)}
</section>
${asksOf(view)}${failedOf(view)}
<div class="board">
<div>${openOf(view)}${carriedOf(view)}${lastlyOf(view)}</div>
${pair(runningOf(view), nextOf(view))}
</div>
<section id="night" aria-labelledby="night-head"><h2 id="night-head">The night</h2><figure>${picture("wide", 1080, false)}${picture("narrow", 380, true)}<figcaption>${captionOf(view)}</figcaption></figure></section>
${stepsOf(view)}
${linksOf(view)}`;
}

/** Side by side where there is room, and no empty place where there is nothing. */
function pair(...parts: readonly (Html | undefined)[]): readonly Html[] {
  return parts.flatMap((part) => (part === undefined ? [] : html`<div>${part}</div>`));
}

/** `New York`, of `America/New_York`. */
function zoneText(zone: string): string {
  return (zone.split("/").at(-1) ?? zone).replaceAll("_", " ");
}

function captionOf({ outlook }: BoardView): string {
  const expected = outlook.steps.size === 0 ? "" : " A dashed frame is expected, at the soonest; a heavy one determines the end.";
  return `A dark stroke is a planned time, a diamond a step that never began, a flag the moment from which there was no way back; grey columns are hours in which nothing happens.${expected}`;
}

function linksOf({ api, state }: BoardView): Html | undefined {
  // Nothing is to be read of what has not begun.
  if (state.startedAt === undefined) return undefined;
  return html`<section id="papers" aria-labelledby="papers-head"><h2 id="papers-head">Papers</h2><ul class="papers"><li><a href="${api}/report.html">Report</a></li><li><a href="${api}/workbook">Tracking workbook</a></li><li><a href="${api}/report.md">Report as text</a></li><li><a href="${api}/report.json">Report as JSON</a></li><li><a href="${api}/facts">All facts</a></li></ul><p class="small">Evidence that shows any change: <code>nightshift run evidence ${state.run}</code>. Compiled plan <code>${state.digest.slice(0, 12)}</code>.</p></section>`;
}

/** The question before a decision; the script fills it in. */
function dialog(): Html {
  return html`<dialog id="decide" aria-labelledby="decide-head"><h2 id="decide-head"></h2><p id="decide-says"></p><div id="decide-shown"></div>
<label for="decide-note" id="decide-label"></label><textarea id="decide-note" rows="3" maxlength="2000"></textarea>
<p id="decide-refused" class="warn" role="alert"></p>
<div class="buttons"><button type="button" id="decide-go" class="main"></button><button type="button" id="decide-not">Not now</button></div></dialog>`;
}
