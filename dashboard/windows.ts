import { html, type Html } from "../shared/run/html.ts";
import type { Obligation } from "../shared/run/obligations.ts";
import { momentIn } from "../shared/run/report.ts";
import type { Ask } from "../shared/run/state.ts";
import { pageOf } from "./page.ts";
import { fromNow, lengthText } from "./view.ts";

/** A window as the API lists it. Instants are UTC ISO strings. */
export interface WindowRow {
  readonly window: string;
  readonly title: string;
  readonly zone: string;
  readonly opensAt: string;
  readonly cutoff: string;
  readonly approved: boolean;
  readonly start: "later" | "due" | "not" | "begun";
  readonly startsAt?: string | undefined;
  readonly why?: string | undefined;
  readonly run?:
    | { readonly startedAt: string; readonly by: string; readonly endedAt?: string | undefined; readonly outcome?: "well" | "badly" | "aborted" | undefined }
    | undefined;
}

export interface WindowsView {
  readonly windows: readonly WindowRow[];
  /** Runs with something open or asked. */
  readonly open: readonly { readonly run: string; readonly title: string; readonly open: readonly Obligation[]; readonly asks: readonly Ask[] }[];
  readonly now: number;
  /** Address of this page; a window's board is below it. */
  readonly boards: string;
}

/** All windows on one page: for whoever does not know yet which board to open. What is open and asked right now comes first. */
export function windowsPage(view: WindowsView): string {
  const { windows, open, now, boards } = view;
  const counted = open.reduce((sum, run) => sum + run.open.length, 0);
  const asked = open.reduce((sum, run) => sum + run.asks.length, 0);
  const under = windows.filter(({ run }) => run !== undefined && run.endedAt === undefined);
  const word = asked > 0 ? `${asked} ${asked === 1 ? "answer is" : "answers are"} waited for` : counted > 0 ? `${counted} open` : "Nothing is open";
  const line =
    under.length === 0
      ? "No window is under way."
      : html`Under way: ${under.map(({ window, title }, at) => html`${at === 0 ? "" : ", "}<a href="${addressOf(boards, window)}">${title}</a>`)}.${asked > 0 && counted > 0 ? ` ${counted} open.` : ""}`;
  const body = html`<a class="skip-link" href="#main">To how things stand</a>
<header class="head"><h1>Maintenance windows</h1><p class="small">As of ${new Date(now).toISOString().slice(0, 16).replace("T", " ")} UTC. <a href="${boards}">Load anew</a></p></header>
<main id="main">
<section class="verdict ${asked > 0 || counted > 0 ? "wary" : under.length > 0 ? "busy" : "plain"}" aria-labelledby="word"><h2 id="word">${word}</h2><p class="line">${line}</p></section>
${open.map((run) => openCards(run, view))}
<section aria-labelledby="windows-head"><h2 id="windows-head">Windows</h2>${
    windows.length === 0
      ? html`<p class="muted">No plan is stored yet. Each window whose plan is stored stands here, with when it starts and how it went.</p>`
      : html`<table class="windows" role="table"><thead role="rowgroup"><tr role="row">${["Window", "Opens", "Cutoff", "How it stands"].map((head) => html`<th role="columnheader" scope="col">${head}</th>`)}</tr></thead><tbody role="rowgroup">${windows.map((row) => rowOf(row, view))}</tbody></table>`
  }</section>
</main>`;
  return pageOf({ title: `${counted + asked > 0 ? `(${counted + asked}) ${word}` : word} · Nightshift`, body, isLive: false });
}

const MOST_OPEN = 20;

function openCards({ run, title, open, asks }: WindowsView["open"][number], { windows, now, boards }: WindowsView): Html {
  const address = addressOf(boards, run);
  const moment = momentIn(windows.find(({ window }) => window === run)?.zone ?? "UTC");
  return html`<section aria-labelledby="of-${run}"><h2 id="of-${run}"><a href="${address}">${title}</a></h2><div class="asks">${asks.map(({ title: what, text, of }) => html`<div class="card asked"><p class="kind">Asked of <strong>${of.join(" or ") || "whoever is on call"}</strong></p><h3><a href="${address}#asked">${what}</a></h3><p class="why">${text}</p></div>`)}${open.length === 0 ? undefined : html`<div class="card open"><h3><a href="${address}#open">${open.length} open</a></h3><ul class="lines">${open.slice(0, MOST_OPEN).map(({ what, openedAt, certain }) => html`<li>${what} <span class="small">${lengthText(Math.max(0, now - Date.parse(openedAt)))}, since ${moment(openedAt).local}${certain ? "" : "; not certain: look"}</span></li>`)}${open.length > MOST_OPEN ? html`<li>and ${open.length - MOST_OPEN} more</li>` : undefined}</ul></div>`}</div></section>`;
}

function rowOf(row: WindowRow, { now, boards }: WindowsView): Html {
  const { window, title, zone, opensAt, cutoff, run } = row;
  const moment = momentIn(zone);
  const standing =
    run === undefined
      ? html`${startWords(row, now)}`
      : run.endedAt === undefined
        ? html`<span class="state running"><span aria-hidden="true">▸</span> under way</span> since ${moment(run.startedAt).local}`
        : html`<span class="state ${run.outcome === "well" ? "done" : "failed"}"><span aria-hidden="true">${run.outcome === "well" ? "✓" : "✕"}</span> ${run.outcome === "aborted" ? "aborted" : `ended ${run.outcome ?? ""}`}</span> ${moment(run.endedAt).local}, ${fromNow(run.endedAt, now)}`;
  const cell = (label: string, value: Html | string): Html => html`<td role="cell" data-label="${label}">${value}</td>`;
  return html`<tr role="row"><td role="cell" class="title"><a href="${addressOf(boards, window)}">${title}</a><span class="why">${window}, ${zone}</span></td>${cell("Opens", `${moment(opensAt).local}, ${fromNow(opensAt, now)}`)}${cell("Cutoff", moment(cutoff).local)}${cell("", standing)}</tr>`;
}

/** What the schedule will do about a window that has no run. */
export function startText(rows: readonly WindowRow[], window: string, now: number): string {
  const row = rows.find((one) => one.window === window);
  return row === undefined ? "" : startWords(row, now);
}

function startWords({ zone, start, startsAt, why }: WindowRow, now: number): string {
  const at = startsAt === undefined ? "" : `${momentIn(zone)(startsAt).local}, ${fromNow(startsAt, now)}`;
  if (start === "not") return `It will not start by itself: ${why ?? "not said"}.${at === "" ? "" : ` It would be ${at}.`}`;
  return start === "due" ? "It is due: the schedule starts it within a minute." : `The schedule starts it ${at}.`;
}

function addressOf(boards: string, window: string): string {
  return `${boards}/${encodeURIComponent(window)}`;
}
