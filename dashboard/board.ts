import { createHash } from "node:crypto";
import { html, Html } from "../shared/run/html.ts";
import { momentIn } from "../shared/run/report.ts";
import { pictureOf } from "../shared/run/report-picture.ts";
import type { Report } from "../shared/run/report-schema.ts";
import { durationText, outcomeText, STANDINGS } from "../shared/run/report-words.ts";
import type { Ask, RunState, StepState } from "../shared/run/state.ts";
import { BOARD_SCRIPT } from "./script.ts";
import { BOARD_STYLE } from "./style.ts";

/** What the board may use: styles of its own, its one script by its hash, and its own server. */
export const BOARD_CSP =
  // Bars are as wide as their share, which only a style attribute can say; a hash beside it would forbid that.
  `default-src 'none'; style-src 'unsafe-inline'; script-src ${hashOf(BOARD_SCRIPT)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export interface BoardView {
  readonly state: RunState;
  readonly report: Report;
  /** Milliseconds since the epoch, on the run's clock. */
  readonly now: number;
  /** Where decisions are sent: `/api/v1/runs/RUN`. */
  readonly api: string;
  /** What the main part is known by; changes with it. */
  readonly tag: string;
}

/**
 * The board of one run: for the person who was woken by a message and must see in ten seconds what is going on and what is
 * open now. What a person must do comes first, then what failed, runs and is open, then the night as a picture.
 */
export function boardPage(view: BoardView): string {
  const { state, api, tag } = view;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${state.title}: board</title>
<style>${new Html(BOARD_STYLE)}</style>
</head>
<body>
<header>
<div class="top"><h1>${state.title}</h1><span id="live" class="live" role="status">live</span></div>
<p class="meta">Run ${state.run}. Times are those of ${state.zone}, with UTC in brackets.</p>
</header>
<main data-api="${api}" data-tag="${tag}" aria-live="off">${boardMain(view)}</main>
<footer><p id="said" role="status"></p><p>The same is said by <code>nightshift run show ${state.run}</code>. Compiled plan <code>${state.digest.slice(0, 12)}</code>.</p></footer>
<script>${new Html(BOARD_SCRIPT)}</script>
</body>
</html>
`.text;
}

/** The part that changes. */
export function boardMain({ state, report, now }: BoardView): Html {
  const moment = momentIn(state.zone);
  const clock = moment(new Date(now).toISOString());
  const open = state.obligations.filter(({ closed }) => closed === undefined);
  const running = state.steps.filter((step) => step.state === "running");
  const failed = state.steps.filter(({ as }) => as === "failed" || as === "unknown");
  const next = state.steps.filter((step) => step.state === "waiting" && !step.verb.startsWith("jira.")).slice(0, 8);
  const { counts } = report.summary;
  return html`<section class="outcome ${report.summary.outcome}"${state.outcome === undefined ? "" : new Html(" data-ended")} aria-labelledby="outcome">
<div class="top"><h2 id="outcome">${outcomeText(report)}</h2><span class="clock">${clock.local} <span class="small">(${clock.utc})</span></span></div>
<p class="headline">${report.summary.headline}</p>
${barOf(counts)}
${controlOf(state)}
</section>
<ul class="tiles">
${tile("changes done", `${counts.done + counts.already} of ${counts.in}`, "well")}${tile("running", String(running.length), "busy")}${tile("asked of people", String(state.asks.length), state.asks.length > 0 ? "wary" : "")}${tile("failed or unknown", String(failed.length), failed.length > 0 ? "badly" : "")}${tile("open now", String(open.length), open.length > 0 ? "wary" : "")}${tile("to the cutoff", state.outcome === undefined ? leftOf(state, now) : "over", "")}
</ul>
<div class="board">
<section aria-labelledby="asked"><h2 id="asked">Asked of people</h2>${state.asks.length === 0 ? html`<p class="muted">Nobody has to decide anything now.</p>` : state.asks.map(askOf)}</section>
<section aria-labelledby="failed"><h2 id="failed">Failed or unknown</h2>${failed.length === 0 ? html`<p class="muted">Nothing.</p>` : failed.map((step) => stepCard(step, "failed"))}</section>
<section aria-labelledby="running"><h2 id="running">Runs now</h2>${running.length === 0 ? html`<p class="muted">Nothing.</p>` : running.map((step) => stepCard(step, "running"))}</section>
<section aria-labelledby="open"><h2 id="open">Open now</h2>${open.length === 0 ? html`<p class="muted">Everything that was opened is closed.</p>` : open.map(({ what, openedAt, step }) => html`<div class="card open"><strong>${what}</strong><span class="why">since ${moment(openedAt).local}, by ${step}</span></div>`)}</section>
<section aria-labelledby="next"><h2 id="next">Next</h2>${next.length === 0 ? html`<p class="muted">Nothing is left to begin.</p>` : html`<ul class="plain">${next.map(({ title, at, why }) => html`<li>${at === undefined ? "" : `${moment(at).local}: `}${title}${why === undefined || at !== undefined ? undefined : html`<span class="why">${why}</span>`}</li>`)}</ul>`}</section>
</div>
<section aria-labelledby="night"><h2 id="night">The night</h2><figure>${pictureOf(report, { id: "wide", width: 1040, narrow: false })}${pictureOf(report, { id: "narrow", width: 380, narrow: true })}</figure></section>`;
}

function controlOf(state: RunState): Html | undefined {
  if (state.outcome !== undefined) return undefined;
  const { aborted, paused, stopped } = state.control;
  const said = [
    aborted === undefined ? undefined : `Abort (${aborted.mode}) by ${aborted.by}.`,
    paused === undefined ? undefined : `Paused by ${paused.by}.`,
    stopped === undefined ? undefined : `Stopped: ${stopped.step} ${stopped.why}.`,
  ].filter((line) => line !== undefined);
  return html`${said.map((line) => html`<p><strong>${line}</strong></p>`)}<div class="buttons">${paused === undefined ? button("pause", "Pause", "Hold what has not begun. Why?") : button("resume", "Resume", "Go on. Why?")}${button("abort", "Freeze", "Begin nothing and wait for a person. Why?", { mode: "freeze" })}${button("abort", "Abort: finish what runs", "Begin nothing new, see through what runs, then close up. Why?", { mode: "finish", kind: "danger" })}${button("abort", "Abort: close up now", "Stop what can be stopped, then close up. Why?", { mode: "close", kind: "danger" })}</div>`;
}

function askOf({ kind, step, target, title, text, of }: Ask): Html {
  const about = { step, ...(target === undefined ? {} : { target }) };
  return html`<div class="card asked"><strong>${title}</strong><span class="why">${kind === "approval" ? "approval" : kind === "work" ? "work" : "decision"} of ${of.join(" or ")}</span><p>${text}</p><div class="buttons">${
    kind === "approval"
      ? [button("approve", "Approve", "Approve what is shown. A note, if you like:", { ...about, kind: "main" }), button("skip", "Skip", "Leave it out. Why?", about)]
      : kind === "lift"
        ? [
            button("lift", "Lift all the same", "Do it in spite of the evidence? Why?", { ...about, kind: "danger" }),
            button("skip", "Leave it as it is", "Leave it out. Why?", about),
          ]
        : kind === "work"
          ? [button("done", "Done", "What was done?", { ...about, kind: "main" }), button("skip", "Skip", "Leave it out. Why?", about)]
          : [
              button("retry", "Retry", "Try once more. Why?", { ...about, kind: "main" }),
              button("done", "Done by hand", "What was done by hand?", about),
              button("skip", "Skip", "Leave it out. Why?", about),
            ]
  }</div></div>`;
}

function stepCard({ id, title, why, targets }: StepState, kind: "failed" | "running"): Html {
  const rows = targets.length > 1 ? targets : [];
  return html`<div class="card ${kind}"><strong>${title}</strong>${why === undefined ? undefined : html`<span class="why">${why}</span>`}${
    rows.length === 0
      ? undefined
      : html`<details id="targets-${id}"><summary class="small">${rows.filter(({ state }) => state === "ended").length} of ${rows.length} targets ended</summary><ul class="plain">${rows.map(
          (target) => {
            const standing = target.as ?? target.state;
            return html`<li><span class="state ${standing === "ended" ? "done" : standing}">${standing === "ended" ? "" : `${STANDINGS[standing].sign} ${STANDINGS[standing].word}`}</span> ${target.id}${target.why === undefined && target.note === undefined ? undefined : html`<span class="why">${target.why ?? target.note}</span>`}</li>`;
          },
        )}</ul></details>`
  }</div>`;
}

function tile(what: string, count: string, tone: string): Html {
  return html`<li class="${tone}"><b>${count}</b>${what}</li>`;
}

function barOf({ in: all, done, already, dropped, carriedOver, underWay }: Report["summary"]["counts"]): Html {
  const share = (count: number): string => `${all === 0 ? 0 : Math.round((count / all) * 1_000) / 10}%`;
  return html`<div class="bar" role="img" aria-label="${done + already} of ${all} changes done, ${carriedOver} carried over, ${underWay} not ended">${[
    ["well", done + already],
    ["wary", dropped],
    ["badly", carriedOver],
  ].map(([tone, count]) => html`<i class="${tone}" style="width:${share(Number(count))}"></i>`)}</div>`;
}

function button(decision: string, label: string, ask: string, about: { step?: string; target?: string; mode?: string; kind?: "main" | "danger" } = {}): Html {
  const { step, target, mode, kind } = about;
  const id = ["b", decision, mode, step, target].filter((part) => part !== undefined).join("-");
  return html`<button type="button" id="${id}" class="${kind}" data-decision="${decision}" data-ask="${ask}" data-step="${step}" data-target="${target}" data-mode="${mode}">${label}</button>`;
}

function leftOf({ cutoff }: RunState, now: number): string {
  const left = Date.parse(cutoff) - now;
  return left <= 0 ? "over" : durationText(left);
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
