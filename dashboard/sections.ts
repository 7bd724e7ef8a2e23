import { html, type Html } from "../shared/run/html.ts";
import { liftCommand } from "../shared/run/lift-word.ts";
import type { Report } from "../shared/run/report-schema.ts";
import { momentIn } from "../shared/run/report.ts";
import { STANDINGS } from "../shared/run/report-words.ts";
import type { StepState, TargetState } from "../shared/run/state.ts";
import { buttonsOf } from "./decisions.ts";
import { fromNow, inWords, isQuiet, lengthText, lostWith, nameOf, stillToCome, type BoardView } from "./view.ts";

/** What went wrong. */
export function failedOf(view: BoardView): Html | undefined {
  const failed = view.state.steps.filter(({ as }) => as === "failed" || as === "unknown");
  if (failed.length === 0) return undefined;
  return html`<section id="failed" aria-labelledby="failed-head"><h2 id="failed-head">Failed or unknown</h2>${failed.map((step) => {
    const lost = lostWith(view, step.id);
    return html`<div class="card ${step.as}" id="failed-${step.id}"><h3>${standingOf(step)} <a href="#step-${step.id}">${nameOf(view, step)}</a></h3><p class="why">${inWords(view, step.why ?? "")}</p><p class="why">${step.endedAt === undefined ? "" : `${fromNow(step.endedAt, view.now)}. `}${lost.length === 0 ? "Nothing else needs it." : `${lost.length} ${lost.length === 1 ? "step needs" : "steps need"} it: ${lost.slice(0, 3).join("; ")}${lost.length > 3 ? " …" : ""}.`}</p></div>`;
  })}</section>`;
}

/** Changes that are not done and go to the next window, with the reason. */
export function carriedOf(view: BoardView): Html | undefined {
  const carried = view.report.summary.carriedOver;
  if (carried.length === 0) return undefined;
  return html`<section id="carried" aria-labelledby="carried-head"><h2 id="carried-head">Goes to the next window</h2><ul class="plain">${carried.map(({ id, keys, title, why }) => html`<li id="carried-${id}"><a href="#change-${id}">${keys.length === 0 ? undefined : html`<span class="keys">${keys.join(" ")}</span> `}${title}</a>${why === undefined ? undefined : html`<span class="why">${inWords(view, why)}</span>`}</li>`)}</ul></section>`;
}

/** What stands open, since when, whose it is, and what will close it. */
export function openOf(view: BoardView): Html {
  const { state, report, viewer } = view;
  const open = report.summary.open;
  const isOver = state.outcome !== undefined;
  const acknowledge =
    isOver && open.length > 0 && viewer.may("steer")
      ? buttonsOf(
          [
            {
              decision: "acknowledge",
              label: "I have it in hand",
              says: "You see to what is open. The alarms about it are quiet for some hours.",
              why: "needed",
              kind: "main",
            },
          ],
          view,
        )
      : undefined;
  return html`<section id="open" aria-labelledby="open-head"><h2 id="open-head">Open now</h2>${
    open.length === 0
      ? html`<p class="muted">${state.obligations.length === 0 ? "Nothing has been opened." : "Everything that was opened is closed."}</p>`
      : [...Map.groupBy(open, (item) => JSON.stringify([item.step, item.since.local, item.certain, item.owners, closingText(view, item.id)])).values()].map((items) =>
          openCard(items, view),
        )
  }${liftsOf(view)}${acknowledge}</section>`;
}

const MOST_OPEN = 12;

/** What one step opened at one time and one step will close: a card for all of it. */
function openCard(items: Report["summary"]["open"], view: BoardView): Html | undefined {
  const [first] = items;
  if (first === undefined) return undefined;
  const { id, what, since, owners, certain, step } = first;
  const list = (some: typeof items): Html => html`<ul class="lines">${some.map((item) => html`<li id="open-${item.id}">${item.what}</li>`)}</ul>`;
  const opened =
    items.length === 1
      ? html`<h3 id="open-${id}">${what}</h3>`
      : html`<h3>${items.length} things</h3>${list(items.slice(0, MOST_OPEN))}${items.length > MOST_OPEN ? html`<details><summary>${items.length - MOST_OPEN} more</summary>${list(items.slice(MOST_OPEN))}</details>` : undefined}`;
  return html`<div class="card open">${opened}<p class="why"><strong>${lengthText(Math.max(0, view.now - Date.parse(since.at)))}</strong>, since ${since.local}${certain ? "" : "; not certain: look"}. ${owners.length === 0 ? "Nobody is named for it." : html`Owner: <strong>${owners.join(" or ")}</strong>.`}</p><p class="why">${closingText(view, id)}</p><p class="small">Opened by <a href="#step-${step}">${view.index.step(step).title}</a></p></div>`;
}

/** After the end, what protects visitors comes down by a person's word alone: a button, and the one command that says the same. */
function liftsOf(view: BoardView): readonly Html[] {
  const { report, state, index } = view;
  if (state.outcome === undefined) return [];
  const open = new Set(report.summary.open.map(({ id }) => id));
  const lifters = index.plan.steps.filter((step) => step.lift !== undefined && step.targets.some(({ closes }) => closes.some((id) => open.has(id))));
  return lifters.map(({ id, title }) => {
    const says = `«${title}» is done in spite of the evidence: visitors see the platform as it is then.`;
    const button = buttonsOf([{ decision: "lift", label: "Lift all the same", says, why: "needed", step: id, kind: "danger" }], view);
    return html`<p class="why">${title}, all the same: <code>${liftCommand(state.run, id)}</code></p>${button}`;
  });
}

/** What closes it: the step of the plan that does, or taking back what opened it. */
function closingText(view: BoardView, obligation: string): string {
  const { index, state, outlook } = view;
  const closers = new Set(index.plan.steps.filter((step) => step.targets.some(({ closes }) => closes.includes(obligation))).map(({ id }) => id));
  const closer = state.steps.find((step) => closers.has(step.id) && step.state !== "ended") ?? state.steps.find((step) => closers.has(step.id));
  if (state.outcome !== undefined) return "The run is over: close it by hand. The guard tries what can still be taken back, every half hour.";
  if (closer === undefined || closer.state === "ended") return "At the end of the run what opened it is taken back.";
  const span = outlook.steps.get(closer.id);
  const moment = momentIn(state.zone);
  const when = closer.state === "running" ? "which runs now" : span === undefined ? "" : `${moment(new Date(span.endMs).toISOString()).local} at the soonest`;
  return `Closed by: ${closer.title}${when === "" ? "" : `, ${when}`}.`;
}

export function runningOf(view: BoardView): Html | undefined {
  const running = view.state.steps.filter((step) => step.state === "running" && !isQuiet(step));
  if (running.length === 0) return undefined;
  return html`<section id="running" aria-labelledby="running-head"><h2 id="running-head">Runs now</h2>${running.map((step) => runningCard(step, view))}</section>`;
}

function runningCard(step: StepState, view: BoardView): Html {
  const { now, outlook, state, index } = view;
  const { id, begunAt, targets, why } = step;
  const span = outlook.steps.get(id);
  const lastsMs = begunAt === undefined ? 0 : now - Date.parse(begunAt);
  const usualMs = span === undefined || begunAt === undefined ? undefined : span.endMs - Date.parse(begunAt);
  const isOverdue = targets.some((target) => target.state === "running" && now - Date.parse(target.begunAt ?? "") > index.step(id).expectedMs * 1.5);
  const ended = targets.filter((target) => target.state === "ended").length;
  const share = targets.length > 1 ? ended / targets.length : usualMs === undefined || usualMs <= 0 ? 0 : Math.min(1, lastsMs / usualMs);
  const moment = momentIn(state.zone);
  return html`<div class="card running" id="running-${id}"><h3><a href="#step-${id}">${nameOf(view, step)}</a></h3>
<p class="why">${targets.length > 1 ? `${ended} of ${targets.length} targets ended. ` : ""}${lengthText(Math.max(0, lastsMs))} so far${span === undefined ? "" : isOverdue ? html`, <strong class="late">longer than usual</strong>` : `, until ${moment(new Date(span.endMs).toISOString()).local} as a rule`}${why === undefined ? "" : html`<br>${inWords(view, why)}`}</p>
<div class="share thin" aria-hidden="true"><i class="busy" style="width:${Math.round(share * 1_000) / 10}%"></i></div>
${targets.length > 1 ? html`<ul class="dots" aria-label="Targets">${targets.slice(0, MOST_DOTS).map(dotOf)}${targets.length > MOST_DOTS ? html`<li>and ${targets.length - MOST_DOTS} more</li>` : undefined}</ul>` : undefined}</div>`;
}

const MOST_DOTS = 24;

function dotOf(target: TargetState): Html {
  const standing = target.as ?? (target.state === "ended" ? "done" : target.state);
  return html`<li class="target ${standing}" title="${STANDINGS[standing].word}${target.why === undefined ? "" : `: ${target.why}`}"><span aria-hidden="true">${STANDINGS[standing].sign}</span> ${target.id}<span class="unseen"> ${STANDINGS[standing].word}</span></li>`;
}

const MOST_NEXT = 8;

/** What begins next, soonest first, and what each waits for. */
export function nextOf(view: BoardView): Html | undefined {
  const { state, outlook, now } = view;
  const asked = new Set(state.asks.map(({ step }) => step));
  const begins = ({ id }: StepState): number => outlook.steps.get(id)?.beginMs ?? 0;
  const waiting = stillToCome(view)
    .filter(({ id }) => !asked.has(id))
    .toSorted((a, b) => begins(a) - begins(b));
  if (waiting.length === 0) return undefined;
  const moment = momentIn(state.zone);
  return html`<section id="next" aria-labelledby="next-head"><h2 id="next-head">Next</h2><ol class="plain next">${waiting.slice(0, MOST_NEXT).map((step) => {
    const span = outlook.steps.get(step.id);
    const at = span === undefined ? undefined : moment(new Date(span.beginMs).toISOString());
    const byClock = step.at !== undefined && span !== undefined && Date.parse(step.at) === span.beginMs;
    return html`<li id="next-${step.id}"><span class="when">${at === undefined ? "" : html`${byClock ? "" : "from "}${at.local}`}</span><a href="#step-${step.id}">${nameOf(view, step)}</a><span class="why">${span === undefined ? "" : byClock ? `its time, ${fromNow(step.at ?? "", now)}` : inWords(view, step.why ?? "")}</span></li>`;
  })}</ol>${waiting.length > MOST_NEXT ? html`<p class="small"><a href="#steps">and ${waiting.length - MOST_NEXT} more</a></p>` : undefined}</section>`;
}

const MOST_EVENTS = 6;

/** What happened last, newest first. */
export function lastlyOf({ state, report, now, api }: BoardView): Html | undefined {
  if (state.startedAt === undefined) return undefined;
  const events = report.timeline.slice(-MOST_EVENTS).toReversed();
  return html`<section id="lately" aria-labelledby="lately-head"><h2 id="lately-head">Happened last</h2>${
    events.length === 0
      ? html`<p class="muted">Nothing yet.</p>`
      : html`<ul class="plain events">${events.map(({ at, text, tone, step }) => html`<li class="${tone}"><time datetime="${at.at}" title="${at.utc} UTC">${at.local}</time> ${step === undefined ? text : html`<a href="#step-${step}">${text}</a>`} <span class="small">${fromNow(at.at, now)}</span></li>`)}</ul>`
  }<p class="small"><a href="${api}/report.html#timeline">All of it, in the report</a></p></section>`;
}

export function standingOf({ state, as }: Pick<StepState, "state" | "as">): Html {
  const standing = as ?? (state === "ended" ? "done" : state);
  return html`<span class="state ${standing}"><span aria-hidden="true">${STANDINGS[standing].sign}</span> ${STANDINGS[standing].word}</span>`;
}
