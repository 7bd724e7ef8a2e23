import type { Deed, Role } from "../shared/access/roles.ts";
import { isTicket } from "../shared/run/carry-over.ts";
import type { Proposed } from "../shared/run/amend.ts";
import type { CompiledPlan } from "../shared/plan/compiled.ts";
import type { Entry } from "../shared/run/journal.ts";
import { outlookOf, type Outlook } from "../shared/run/outlook.ts";
import { indexOf, type PlanIndex } from "../shared/run/plan-index.ts";
import type { Report } from "../shared/run/report-schema.ts";
import { durationText } from "../shared/run/report-words.ts";
import { momentIn, reportOf } from "../shared/run/report.ts";
import { stateOf, type Ask, type RunState, type StepState } from "../shared/run/state.ts";

/** What a board shows, all of it from the run's plan and facts, and for whom. */
export interface BoardView {
  readonly index: PlanIndex;
  readonly state: RunState;
  readonly report: Report;
  readonly outlook: Outlook;
  /** Milliseconds since the epoch, on the run's clock. */
  readonly now: number;
  /** Where decisions are sent: `/api/v1/runs/RUN`. */
  readonly api: string;
  /** Where the list of windows is. */
  readonly boards: string;
  /** What the main part is known by; changes with it. */
  readonly tag: string;
  readonly viewer: Viewer;
  /** Amendments that wait for somebody else's approval, oldest first. */
  readonly proposals: readonly Proposed[];
  /** Of a window that has not started: what the schedule will do about it. */
  readonly start?: string;
}

/** As much of a board as follows from the run's plan and facts alone. */
export function shownOf(plan: CompiledPlan, entries: readonly Entry[], now: number): Pick<BoardView, "index" | "state" | "report" | "outlook" | "now"> {
  const index = indexOf(plan);
  const state = stateOf(index, entries, now);
  return { index, state, report: reportOf(plan, entries, now), outlook: outlookOf(index, state, now), now };
}

/** Whoever looks: what they may not do is not offered to them. */
export interface Viewer {
  readonly name: string;
  readonly role: Role;
  may(deed: Deed): boolean;
}

/** `10 min ago`, `in 3 h 05 min`, `now`; days where hours are many. */
export function fromNow(at: string, now: number): string {
  const ms = Date.parse(at) - now;
  const length = lengthText(Math.abs(ms));
  return Math.abs(ms) < 1_000 ? "now" : ms < 0 ? `${length} ago` : `in ${length}`;
}

const DAY_MS = 24 * 3_600_000;

/** As `durationText`, but of two days and more: days. */
export function lengthText(ms: number): string {
  return ms < 2 * DAY_MS ? durationText(ms) : `${Math.round(ms / DAY_MS)} days`;
}

/** What the run says of a step, for people: titles instead of ids, the window's own time instead of UTC. */
export function inWords({ index, state }: Pick<BoardView, "index" | "state">, text: string): string {
  const moment = momentIn(state.zone);
  return text
    .replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z/g, (at) => moment(at).local)
    .replaceAll(/[\w-]+\.[\w.-]*\w/g, (word) => {
      const title = titlesOf(index).get(word);
      return title === undefined ? word : `«${title}»`;
    });
}

const titles = new WeakMap<PlanIndex, ReadonlyMap<string, string>>();

function titlesOf(index: PlanIndex): ReadonlyMap<string, string> {
  let known = titles.get(index);
  if (known === undefined) titles.set(index, (known = new Map(index.plan.steps.map(({ id, title }) => [id, title]))));
  return known;
}

/** A step as people call it: its change's keys go before a title that does not say them. */
export function nameOf({ index }: Pick<BoardView, "index">, { change, title }: Pick<StepState, "change" | "title">): string {
  const { keys } = index.change(change);
  const unsaid = keys.filter((key) => !title.includes(key));
  return unsaid.length === 0 || unsaid.length > 2 ? title : `${unsaid.join(", ")} ${title}`;
}

/** Comments and links on tickets; people want to hear of them only where they go wrong. */
export function isQuiet({ verb, as }: StepState): boolean {
  return isTicket(verb) && as !== "failed" && as !== "unknown";
}

/** Titles of what cannot be done if this step is not, without what is only said on tickets. */
export function lostWith({ index }: Pick<BoardView, "index">, step: string): readonly string[] {
  const tickets = new Set(index.plan.steps.filter(({ verb }) => isTicket(verb)).map(({ title }) => title));
  return index.cascade(step).filter((title) => !tickets.has(title));
}

/** When an answer is needed: before it comes too late for its step, and before the cutoff, after which nothing that waits for it begins. */
export function neededBy({ until }: Ask, { cutoff }: RunState): string {
  return until === undefined || until > cutoff ? cutoff : until;
}

/** Steps that have not begun and are still expected to, without comments and links on tickets. */
export function stillToCome({ state, outlook }: Pick<BoardView, "state" | "outlook">): readonly StepState[] {
  return state.steps.filter((step) => step.state === "waiting" && outlook.steps.has(step.id) && !isQuiet(step));
}
