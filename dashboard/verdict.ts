import type { AbortMode } from "../shared/run/facts.ts";
import { html, type Html } from "../shared/run/html.ts";
import { outcomeText } from "../shared/run/report-words.ts";
import { momentIn } from "../shared/run/report.ts";
import type { BoardView } from "./view.ts";
import { fromNow, inWords, lengthText, nameOf, neededBy, stillToCome } from "./view.ts";

/** How the window stands, in the few words that somebody reads who was woken a moment ago. */
export interface Verdict {
  readonly tone: "well" | "badly" | "wary" | "busy" | "plain";
  readonly word: string;
  readonly line: string;
  /** What a tab among twenty says first. */
  readonly tab: string;
}

const ABORTING: Readonly<Record<AbortMode, string>> = {
  freeze: "Frozen",
  finish: "Aborting: what runs is seen through, then it closes up",
  close: "Aborting: it closes up now",
};

/** The first of these that holds: it is over, it has not begun, somebody holds or aborts it, somebody is asked, something is wrong, all is as planned. */
export function verdictOf(view: BoardView): Verdict {
  const { state, report, now } = view;
  const open = state.obligations.filter(({ closed }) => closed === undefined).length;
  const stillOpen = open === 0 ? "" : ` ${open} still open.`;
  if (state.outcome !== undefined) {
    const isWell = state.outcome === "well";
    const word = `${outcomeText(report)}${open === 0 ? "" : `, ${open} still open`}`;
    return { tone: isWell && open === 0 ? "well" : "badly", word, line: report.summary.headline, tab: `${isWell ? "✓" : "✕"} ${word}` };
  }
  const { aborted, paused, stopped } = state.control;
  const ago = (at: string): string => fromNow(at, now);
  if (aborted !== undefined && aborted.mode !== "freeze") {
    return { tone: "badly", word: ABORTING[aborted.mode], line: `${aborted.by} decided so ${ago(aborted.at)}.${runningText(view)}${stillOpen}`, tab: "✕ Aborting" };
  }
  const held = aborted ?? paused;
  if (held !== undefined) {
    const word = aborted === undefined ? "Paused" : "Frozen";
    return {
      tone: "wary",
      word: `${word} by ${held.by}`,
      line: `Since ${ago(held.at).replace(" ago", "")}: nothing new begins until somebody resumes.${runningText(view)}${stillOpen}`,
      tab: `‖ ${word}`,
    };
  }
  if (state.startedAt === undefined) return { tone: "plain", word: "Not started", line: view.start ?? "", tab: "Not started" };
  if (state.asks.length > 0) return askedVerdict(view);
  const [proposal] = view.proposals;
  if (proposal !== undefined) {
    const word = "An amendment waits for its approval";
    return {
      tone: "wary",
      word,
      line: `${proposal.by} proposed it ${ago(proposal.at)}; somebody else approves it.${runningText(view)}`,
      tab: `(${view.proposals.length}) Amendment`,
    };
  }
  if (stopped !== undefined) {
    return { tone: "badly", word: "Stopped, and closing up", line: inWords(view, `${stopped.step} ${stopped.why}.`) + stillOpen, tab: "✕ Stopped" };
  }
  return goesOn(view);
}

function askedVerdict(view: BoardView): Verdict {
  const { asks } = view.state;
  const people = [...new Set(asks.flatMap(({ of }) => of))];
  const names = people.length <= 4 ? people.join(", ") : `${people.slice(0, 3).join(", ")} and ${people.length - 3} more`;
  const first = asks
    .map((ask) => neededBy(ask, view.state))
    .toSorted()
    .at(0);
  const by = first === undefined ? "" : ` ${asks.length === 1 ? "It" : "The first"} is needed by ${momentIn(view.state.zone)(first).local}, ${fromNow(first, view.now)}.`;
  const word = asks.length === 1 ? "Waits for an answer" : `Waits for ${asks.length} answers`;
  return { tone: "wary", word, line: `Asked: ${names === "" ? "nobody is named" : names}.${by}${runningText(view)}`, tab: `(${asks.length}) ${word}` };
}

function goesOn(view: BoardView): Verdict {
  const { state, report, outlook, now } = view;
  const failed = state.steps.filter(({ as }) => as === "failed" || as === "unknown");
  const overMs = (outlook.lastBeginMs ?? 0) - Date.parse(state.cutoff);
  const late = report.summary.kickoffs.filter(({ onTime }) => !onTime).length;
  if (overMs > 0) {
    return { tone: "badly", word: "Too late for the cutoff", line: `If it goes on like this, the last step would begin ${lengthText(overMs)} after it.`, tab: "✕ Too late" };
  }
  const [first] = failed;
  if (first !== undefined) {
    const others = failed.length === 1 ? "" : ` And ${failed.length - 1} more.`;
    const word = `Goes on; ${failed.length} ${failed.length === 1 ? "step" : "steps"} failed`;
    return { tone: "badly", word, line: `${nameOf(view, first)}.${others} ${nextText(view)}`, tab: `✕ ${failed.length} failed` };
  }
  if (late > 0) return { tone: "wary", word: "Goes on, not on time", line: `${late} of its kickoffs ${late === 1 ? "was" : "were"} late. ${nextText(view)}`, tab: "▸ Under way" };
  const rests = state.steps.every((step) => step.state !== "running");
  const next = report.summary.kickoffs.find(({ planned, begun }) => begun === undefined && Date.parse(planned.at) > now);
  const word = rests && next !== undefined ? `As planned; rests until ${next.planned.local}` : "Under way, as planned";
  return { tone: "busy", word, line: nextText(view), tab: "▸ Under way" };
}

function runningText({ state }: BoardView): string {
  const running = state.steps.filter((step) => step.state === "running").length;
  return running === 0 ? " Nothing runs." : ` ${running} ${running === 1 ? "step runs" : "steps run"} meanwhile.`;
}

function nextText({ report, now }: BoardView): string {
  const next = report.summary.kickoffs.find(({ planned, begun }) => begun === undefined && Date.parse(planned.at) > now);
  return next === undefined ? "Nobody has to decide anything now." : `Nobody has to decide anything now. ${next.title}: ${next.planned.local}, ${fromNow(next.planned.at, now)}.`;
}

/** When it will be over, and how that stands to the cutoff; or when it ended, and where the rest is told. */
export function expectedText({ state, report, outlook, now, api }: BoardView): Html {
  const moment = momentIn(state.zone);
  if (state.endedAt !== undefined) {
    const needs = report.summary.needs.length + report.summary.followUps.length;
    const rest = needs === 0 ? "The report" : needs === 1 ? "The report says what needs somebody" : `The report says what needs somebody: ${needs} things`;
    return html`<p class="expected">Ended <strong>${moment(state.endedAt).local}</strong>, ${fromNow(state.endedAt, now)}. <a href="${api}/report.html#needs">${rest}</a>.</p>`;
  }
  const cutoff = html`cutoff <strong>${moment(state.cutoff).local}</strong>, ${fromNow(state.cutoff, now)}`;
  if (outlook.endsMs === undefined) return html`<p class="expected">${cutoff}</p>`;
  const ends = new Date(outlook.endsMs).toISOString();
  return html`<p class="expected">Over <strong>${moment(ends).local}</strong> at the soonest, ${fromNow(ends, now)}; ${cutoff}</p>`;
}

/** The changes as one bar and its key. */
export function progressOf({ report }: BoardView): Html {
  const parts = [
    ["well", "done", report.changes.filter(({ state }) => state === "done" || state === "already").length],
    ["busy", "under way", report.changes.filter(({ state }) => state === "running").length],
    ["badly", "not done", report.changes.filter(({ state }) => state === "failed" || state === "unknown" || state === "skipped").length],
    ["plain", "dropped", report.changes.filter(({ state }) => state === "dropped").length],
    ["left", "waiting", report.changes.filter(({ state }) => state === "waiting").length],
  ] as const;
  const all = Math.max(1, report.changes.length);
  const shown = parts.filter(([, , count]) => count > 0);
  return html`<div class="share" aria-hidden="true">${shown.map(([tone, , count]) => html`<i class="${tone}" style="width:${Math.round((count / all) * 1_000) / 10}%"></i>`)}</div>
<p class="key">${report.changes.length} changes: ${shown.map(([tone, word, count], at) => html`${at === 0 ? "" : ", "}<span class="dot ${tone}"></span>${count} ${word}`)}</p>`;
}

/** The counts that lead to their sections. */
export function countsOf(view: BoardView): Html {
  const { state } = view;
  const failed = state.steps.filter(({ as }) => as === "failed" || as === "unknown").length;
  const open = state.obligations.filter(({ closed }) => closed === undefined).length;
  const running = state.steps.filter((step) => step.state === "running").length;
  const waiting = stillToCome(view).length;
  const counts = [
    ["asked", "asked", state.asks.length + view.proposals.length, "wary"],
    ["failed", "failed", failed, "badly"],
    ["open", "open", open, "wary"],
    ...(state.outcome === undefined
      ? ([
          ["running", "running", running, "busy"],
          ["next", "to come", waiting, ""],
        ] as const)
      : []),
  ] as const;
  return html`<nav aria-label="At a glance"><ul class="tiles">${counts.map(([id, word, count, tone]) => (count === 0 ? html`<li><span class="none"><b>0</b> ${word}</span></li>` : html`<li><a href="#${id}" class="${tone}"><b>${count}</b> ${word}</a></li>`))}</ul></nav>`;
}
