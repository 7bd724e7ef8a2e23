import type { Proposed } from "../shared/run/amend.ts";
import { changeText } from "../shared/run/amendments.ts";
import type { DecisionName } from "../shared/run/facts.ts";
import { html, type Html } from "../shared/run/html.ts";
import { momentIn } from "../shared/run/report.ts";
import type { Ask } from "../shared/run/state.ts";
import { fromNow, inWords, lostWith, neededBy, type BoardView } from "./view.ts";

/** A button, and what the page says before it is done. */
interface Choice {
  readonly decision: DecisionName | "amend";
  readonly label: string;
  /** What happens then, in a sentence or two. */
  readonly says: string;
  /** Whether the journal needs the reason, or a note may be left. */
  readonly why: "needed" | "if you like" | "no";
  readonly step?: string;
  readonly target?: string;
  readonly mode?: string;
  /** Of an approval: the preview that the page shows, so that nothing else is approved by it. */
  readonly preview?: string;
  /** Of an amendment: which, and the plan that it leads to, as the page shows it. */
  readonly amendment?: string;
  readonly digest?: string;
  readonly kind?: "main" | "danger";
  /** The element that shows what is decided about; the question shows it again. */
  readonly shows?: string;
}

/** What people are asked now, each with what hangs on it and until when. */
export function asksOf(view: BoardView): Html | undefined {
  const { asks } = view.state;
  if (asks.length + view.proposals.length === 0) return undefined;
  return html`<section id="asked" class="asks" aria-labelledby="asked-head"><h2 id="asked-head">Asked of people</h2>${asks.map((ask) => askOf(ask, view))}${view.proposals.map((proposal) => proposalOf(proposal, view))}</section>`;
}

const KINDS: Readonly<Record<Ask["kind"], string>> = { approval: "To approve", work: "To do by hand", held: "To decide", lift: "To lift, or not" };

function askOf(ask: Ask, view: BoardView): Html {
  const { kind, step, target, title, text, of, lines } = ask;
  const until = neededBy(ask, view.state);
  const id = ["ask", kind, step, target].filter((part) => part !== undefined).join("-");
  const irreversible = view.index.plan.steps.some((one) => one.id === step && one.irreversible);
  const asked = view.report.notices.findLast(({ about, reached }) => reached && (about === step || about === `${step} ${target ?? ""}`));
  const lost = lostWith(view, step);
  const moment = momentIn(view.state.zone);
  return html`<article class="card asked" id="${id}" aria-labelledby="${id}-head">
<p class="kind">${KINDS[kind]}, by <strong>${of.join(" or ") || "whoever is on call"}</strong></p>
<h3 id="${id}-head"><a href="#step-${step}">${title}</a>${target === undefined || target === step ? undefined : html` on ${target}`}</h3>
${irreversible ? html`<p class="warn">Cannot be undone.</p>` : undefined}
<div id="${id}-shown">${lines === undefined ? html`<p>${inWords(view, text)}</p>` : linesOf(lines)}</div>
<p class="why">${asked === undefined ? undefined : `Asked ${fromNow(asked.at.at, view.now)}. `}Answer by <strong>${moment(until).local}</strong>, ${fromNow(until, view.now)}. ${lost.length === 0 ? undefined : html`Without it ${lost.length === 1 ? "this is" : `these ${lost.length} are`} not done: ${lost.slice(0, 4).join("; ")}${lost.length > 4 ? " …" : ""}.`}</p>
${buttonsOf(choicesOf(ask, { shows: `${id}-shown`, lost: lost.length, irreversible }), view)}
</article>`;
}

/** An amendment of the running plan: nothing of it holds before somebody else than its author has approved it. */
function proposalOf({ amendment, at, by, to, changes, warnings }: Proposed, view: BoardView): Html {
  const id = `amendment-${amendment}`;
  const choice: Choice = {
    decision: "amend",
    label: "Approve the amendment",
    says: "From then on the run follows the plan as it is amended here. What has begun meanwhile stays as it was.",
    why: "no",
    kind: "main",
    amendment,
    digest: to,
    shows: `${id}-shown`,
  };
  return html`<article class="card asked" id="${id}" aria-labelledby="${id}-head">
<p class="kind">To approve, by <strong>somebody else than ${by}</strong></p>
<h3 id="${id}-head">Amendment of the running plan</h3>
<div id="${id}-shown">${linesOf([...changes.map(changeText), ...warnings.map((warning) => `Mind: ${warning}`)].map((line) => inWords(view, line)))}</div>
<p class="why">Proposed by ${by} ${fromNow(at, view.now)}. Nothing changes before it is approved. On a machine: <code>nightshift run approve-amendment ${view.state.run} ${amendment} --digest ${to.slice(0, 12)}…</code></p>
${buttonsOf([choice], view)}
</article>`;
}

const MOST_LINES = 12;

function linesOf(lines: readonly string[]): Html {
  const list = (some: readonly string[]): Html => html`<ul class="lines">${some.map((line) => html`<li>${line}</li>`)}</ul>`;
  if (lines.length <= MOST_LINES) return list(lines);
  return html`${list(lines.slice(0, MOST_LINES))}<details><summary>${lines.length - MOST_LINES} more</summary>${list(lines.slice(MOST_LINES))}</details>`;
}

interface Stakes {
  readonly shows: string;
  /** How many steps are not done without it. */
  readonly lost: number;
  readonly irreversible: boolean;
}

function choicesOf({ kind, step, target, preview }: Ask, { shows, lost, irreversible }: Stakes): readonly Choice[] {
  const about = { step, ...(target === undefined ? {} : { target }), shows };
  // An approval and a lift are of the whole step.
  const whole = { step, shows };
  const loses = lost === 0 ? "" : ` ${lost} ${lost === 1 ? "step that needs it is" : "steps that need it are"} not done either, and carried over.`;
  const skip: Choice = { decision: "skip", label: "Skip", says: `It is left out for good.${loses}`, why: "needed", ...(kind === "approval" || kind === "lift" ? whole : about) };
  switch (kind) {
    case "approval":
      return [
        {
          decision: "approve",
          label: "Approve",
          says: `${irreversible ? "This cannot be undone. " : ""}It begins as soon as nothing else holds it, and does what is shown here. If the world has moved since, it stops and asks again.`,
          why: "if you like",
          ...whole,
          ...(preview === undefined ? {} : { preview }),
          kind: "main",
        },
        skip,
      ];
    case "lift":
      return [
        {
          decision: "lift",
          label: "Lift all the same",
          says: "It is done in spite of the evidence: visitors see the platform as it is then.",
          why: "needed",
          ...whole,
          kind: "danger",
        },
        { ...skip, label: "Leave it as it is" },
      ];
    case "work":
      return [{ decision: "done", label: "Done", says: "It counts as done by hand, by your word; what needs it goes on.", why: "needed", ...about, kind: "main" }, skip];
    default:
      return [
        { decision: "retry", label: "Retry", says: "It is tried once more, from the start; it looks first what is there already.", why: "if you like", ...about, kind: "main" },
        { decision: "done", label: "Done by hand", says: "It counts as done by your word; what needs it goes on.", why: "needed", ...about },
        skip,
      ];
  }
}

/** What may be decided about the window as a whole. */
export function controlsOf(view: BoardView): Html | undefined {
  const { state } = view;
  if (state.outcome !== undefined) return undefined;
  const { aborted, paused } = state.control;
  const isClosing = aborted !== undefined && aborted.mode !== "freeze";
  const isHeld = paused !== undefined || aborted?.mode === "freeze";
  const running = state.steps.filter((step) => step.state === "running");
  const open = state.obligations.filter(({ closed }) => closed === undefined);
  const runs =
    running.length === 0 ? "Nothing runs now." : `${running.length === 1 ? "One step runs" : `${running.length} steps run`} now: ${someOf(running.map(({ title }) => title))}.`;
  const back = open.length === 0 ? "Nothing is open that would have to be put back." : `What is open is put back: ${someOf(open.map(({ what }) => what))}.`;
  const abort = (mode: string, label: string, says: string): Choice => ({ decision: "abort", mode, label, says, why: "needed", kind: "danger" });
  const holding: readonly Choice[] = [
    { decision: "pause", label: "Pause", says: `Nothing new begins until somebody resumes; what runs goes on. ${runs}`, why: "needed" },
    { decision: "abort", mode: "freeze", label: "Freeze", says: `As a pause, and everybody is told that somebody must decide how it goes on. ${runs}`, why: "needed" },
  ];
  const choices: Choice[] = [
    ...(isHeld || isClosing ? [] : holding),
    ...(aborted?.mode === "finish" || aborted?.mode === "close"
      ? []
      : [abort("finish", "Abort: finish what runs", `Nothing new begins. What runs is seen through, then the window closes up. ${runs} ${back}`)]),
    ...(aborted?.mode === "close" ? [] : [abort("close", "Abort: close up now", `What runs is stopped where that can be done, then the window closes up. ${runs} ${back}`)]),
  ];
  const resume = html`${buttonsOf([{ decision: "resume", label: "Resume", says: "What was held goes on at once.", why: "if you like", kind: "main" }], view)}`;
  return html`${isHeld && !isClosing ? resume : undefined}${choices.length === 0 || !view.viewer.may("abort") ? undefined : html`<details class="control" id="control"><summary>${isHeld || isClosing ? "Abort" : "Hold or abort"} the window</summary>${buttonsOf(choices, view)}</details>`}${view.viewer.may("steer") ? undefined : html`<p class="small">You look on as ${view.viewer.role}: deciding takes an operator.</p>`}`;
}

const MOST_NAMED = 5;

function someOf(names: readonly string[]): string {
  return names.length <= MOST_NAMED ? names.join("; ") : `${names.slice(0, MOST_NAMED).join("; ")} and ${names.length - MOST_NAMED} more`;
}

/** The buttons of those choices that the viewer may make. */
export function buttonsOf(choices: readonly Choice[], { viewer, state }: BoardView): Html | undefined {
  const mine = choices.filter(({ decision }) => viewer.may(decision === "approve" || decision === "amend" ? "approve" : decision === "abort" ? "abort" : "steer"));
  if (mine.length === 0) return undefined;
  const titled = new Map(state.steps.map(({ id, title }) => [id, title]));
  return html`<div class="buttons">${mine.map(({ decision, label, says, why, step, target, mode, preview, amendment, digest, kind, shows }) => {
    const id = ["b", decision, mode, step, target, amendment].filter((part) => part !== undefined).join("-");
    const about = step === undefined ? "the window" : `${titled.get(step) ?? step}${target === undefined || target === step ? "" : ` on ${target}`}`;
    return html`<button type="button" id="${id}" class="${kind}" aria-haspopup="dialog" data-decision="${decision}" data-about="${about}" data-says="${says}" data-why="${why}"${attribute("step", step)}${attribute("target", target)}${attribute("mode", mode)}${attribute("preview", preview)}${attribute("amendment", amendment)}${attribute("digest", digest)}${attribute("shows", shows)}>${label}</button>`;
  })}</div>`;
}

function attribute(name: string, value: string | undefined): Html | undefined {
  return value === undefined ? undefined : html` data-${name}="${value}"`;
}
