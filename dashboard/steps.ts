import { html, type Html } from "../shared/run/html.ts";
import { durationText, STANDINGS } from "../shared/run/report-words.ts";
import { momentIn } from "../shared/run/report.ts";
import type { ChangeState, StepState, TargetState } from "../shared/run/state.ts";
import { standingOf } from "./sections.ts";
import { inWords, isQuiet, type BoardView } from "./view.ts";

/**
 * All changes with all their steps and targets, folded, each with an address of its own (`#step-ID`), and a field to find some by
 * change, key, step, server or state. Of hundreds of targets those are spelled out that are not done; the report has them all.
 */
export function stepsOf(view: BoardView): Html {
  const { index, state } = view;
  const byId = new Map(state.steps.map((step) => [step.id, step]));
  const asked = new Set(state.asks.map(({ step }) => step));
  return html`<section id="steps" aria-labelledby="steps-head"><h2 id="steps-head">All changes</h2>
<div class="find" role="search"><label for="find">Find by key, change, step, server or state</label><input id="find" type="search" autocomplete="off" spellcheck="false" placeholder="IC-App2, PLAT-952, running, asked …"><output id="found" for="find"></output></div>
${index.plan.phases.map(({ id, title }) => {
  const changes = state.changes.filter(({ phase }) => phase === id);
  return changes.length === 0 ? undefined : html`<div class="phase" id="phase-${id}"><h3>${title}</h3>${changes.map((change) => changeOf(change, byId, asked, view))}</div>`;
})}</section>`;
}

function changeOf(change: ChangeState, byId: ReadonlyMap<string, StepState>, asked: ReadonlySet<string>, view: BoardView): Html {
  const { id, title, keys, notes, steps } = change;
  const own = steps.flatMap((step) => {
    const found = byId.get(step.servedBy ?? step.id);
    return found === undefined ? [] : [{ step: found, servedBy: step.servedBy }];
  });
  const told = own.filter(({ step }) => !isQuiet(step));
  const ended = told.filter(({ step }) => step.state === "ended").length;
  const owners = view.index.change(id).owners.map(({ name }) => name);
  return html`<details class="change" id="change-${id}" data-find="${[id, ...keys, title, ...owners].join(" ").toLowerCase()}"><summary>${standingOf(change)} <span class="keys">${keys.join(" ")}</span> <span class="what">${title}</span> <span class="small">${told.length === 0 ? "" : `${ended} of ${told.length} ${told.length === 1 ? "step" : "steps"}`}${told.some(({ step }) => asked.has(step.id)) ? html` <strong class="late">asked</strong>` : undefined}</span></summary>
${owners.length === 0 ? undefined : html`<p class="small">Owner: ${owners.join(" or ")}</p>`}${notes.map((note) => html`<p class="small">${note}</p>`)}
<ul class="steps">${told.map(({ step, servedBy }) => (servedBy === undefined ? stepOf(step, asked.has(step.id), view) : html`<li data-find="${step.title.toLowerCase()}">${standingOf(step)} <a href="#step-${step.id}">${step.title}</a> <span class="small">done above, for this change too</span></li>`))}</ul></details>`;
}

function stepOf(step: StepState, isAsked: boolean, view: BoardView): Html {
  const { id, title, verb, why, notes, targets, begunAt, endedAt, as, state } = step;
  const span = view.outlook.steps.get(id);
  const moment = momentIn(view.state.zone);
  const timed = (ms: number): string => moment(new Date(ms).toISOString()).local;
  const when =
    begunAt !== undefined
      ? `${moment(begunAt).local} to ${endedAt === undefined ? (span === undefined ? "now" : `about ${timed(span.endMs)}`) : `${moment(endedAt).local}, ${durationText(Date.parse(endedAt) - Date.parse(begunAt))}`}`
      : span === undefined
        ? ""
        : `about ${timed(span.beginMs)} to ${timed(span.endMs)}`;
  const isWell = as === "done" || as === "already";
  const alone = targets.length === 1 && targets[0]?.id === id ? targets[0] : undefined;
  const find = [id, title, verb, as ?? state, ...(isAsked ? ["asked"] : []), ...new Set(targets.flatMap((target) => [target.id, target.as ?? target.state]))]
    .join(" ")
    .toLowerCase();
  return html`<li id="step-${id}" tabindex="-1" data-find="${find}">${standingOf(step)} <strong>${title}</strong>${isAsked ? html` <strong class="late">asked</strong>` : undefined}
<span class="why">${[when, isWell || why === undefined ? "" : inWords(view, why)].filter((part) => part !== "").join(". ")}</span>${notes.map((note) => html`<span class="why">${note}</span>`)}
${alone === undefined ? targetsOf(id, targets) : proofOf(alone)}<span class="verb">${verb} ${id}</span></li>`;
}

const MOST_PROOFS = 6;

function proofOf({ evidence, faults }: TargetState): Html | undefined {
  const lines = [...faults.slice(-2), ...evidence.slice(0, MOST_PROOFS)];
  return lines.length === 0 ? undefined : html`<ul class="evidence">${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}

const MOST_TARGETS = 40;

/** Those that are under way or did not end well, a line each; those that wait and those that are done, in a line for all. */
function targetsOf(step: string, targets: readonly TargetState[]): Html | undefined {
  if (targets.length === 0) return undefined;
  const inGroups = Map.groupBy(targets, (target): Group => (target.as === "done" || target.as === "already" ? "done" : target.state === "waiting" ? "waiting" : "told"));
  const told = inGroups.get("told") ?? [];
  return html`<ul class="targets" id="targets-${step}">${told.slice(0, MOST_TARGETS).map((target) => {
    const why = target.why ?? target.note;
    return html`<li>${standingOf(target)} ${target.id}${target.tries > 1 ? ` (try ${target.tries})` : ""}${why === undefined ? undefined : html`<span class="why">${why}</span>`}</li>`;
  })}${told.length > MOST_TARGETS ? html`<li>and ${told.length - MOST_TARGETS} more, in the report</li>` : undefined}${(["waiting", "done"] as const).map((group) => {
    const ids = (inGroups.get(group) ?? []).map(({ id }) => id);
    return ids.length === 0
      ? undefined
      : html`<li><span class="state ${group}"><span aria-hidden="true">${STANDINGS[group].sign}</span> ${STANDINGS[group].word}</span> ${ids.slice(0, MOST_TARGETS).join(", ")}${ids.length > MOST_TARGETS ? ` and ${ids.length - MOST_TARGETS} more` : ""}</li>`;
  })}</ul>`;
}

type Group = "told" | "waiting" | "done";
