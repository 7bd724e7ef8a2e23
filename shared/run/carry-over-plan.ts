import { DEFAULT_POLICY } from "../action/policy.ts";
import type { Registry } from "../action/registry.ts";
import { treeText } from "../page/plan-text.ts";
import type { PlanNode } from "../page/plan-tree.ts";
import type { CompiledChange, CompiledPlan, CompiledPerson, CompiledStep, Need } from "../plan/compiled.ts";
import { durationText } from "../plan/duration.ts";
import { localText } from "../plan/local-time.ts";
import { withNames } from "../plan/names.ts";
import type { Carried } from "../plan/schema.ts";
import { isOverdue, type CarriedChange, type CarriedStep } from "./carry-over.ts";

const FOUR_WEEKS_MS = 28 * 24 * 3_600_000;
/** What a text of a plan may hold; the report has the rest. */
const LONGEST = 1_900;
const MOST_EVIDENCE = 20;

/**
 * What a window has left over, as a plan file for the next one: the same steps, without what is done, with its history. It
 * compiles but for the questions that it asks: which Sunday, and whatever only the old window could answer.
 *
 * @param plan that the run followed. @param carried of the same run.
 */
export function carryOverPlan(plan: CompiledPlan, carried: readonly CarriedChange[], registry: Registry): string {
  const { window } = plan;
  const date = new Date(Date.parse(`${window.date}T00:00:00Z`) + FOUR_WEEKS_MS).toISOString().slice(0, 10);
  const kept = new Set(carried.flatMap(({ steps }) => steps.map(({ id }) => id)));
  return treeText({
    kind: "window",
    id: "",
    line: 1,
    fields: {
      title: cut(`Left over from ${window.title}`),
      date,
      zone: window.zone,
      cutoff: localText(Date.parse(window.cutoff), window.zone),
      channels: window.channels.map(({ name }) => name),
      owners: window.owners.map(({ name }) => name),
      questions: [`On which Sunday is the next window, and until when? ${date} is four weeks after the last one, and the cutoff is that of the last one.`],
    },
    comments: [
      `What the window of ${window.id} has left over, as changes of the next one's plan. Copy them into it, or hand this file to`,
      "`nightshift page import PAGE --carry-over FILE`, which finds them on the next page by their keys.",
    ],
    children: plan.phases.flatMap((phase): PlanNode[] => {
      const own = carried.filter((change) => change.phase === phase.id);
      const children = own.map((change) => changeOf(plan, change, kept, registry));
      return own.length === 0
        ? []
        : [{ kind: "phase", id: phase.id, line: 1, fields: { title: phase.title, ...(phase.barrier ? { barrier: true } : {}) }, comments: [], children }];
    }),
  });
}

/** What a change's history says in the next plan. */
export function historyOf({ windows, as, why, steps }: CarriedChange): Carried {
  const blocker = steps.find((step) => step.blocker !== undefined)?.blocker;
  const evidence = [
    ...(blocker?.evidence ?? []).map((line) => `${blocker?.title ?? ""}: ${line}`),
    ...steps.flatMap(({ id, title, targets }) => targets.flatMap((target) => target.evidence.map((line) => `${title}${target.id === id ? "" : ` on ${target.id}`}: ${line}`))),
  ];
  return {
    windows: windows.slice(-50),
    as: as === "failed" || as === "unknown" ? as : "skipped",
    why: cut(why === "" ? "it was not begun" : why),
    ...(blocker === undefined ? {} : { blocker: cut(`${blocker.title} (${blocker.step}) ${blocker.as}: ${blocker.why}`) }),
    evidence: [...new Set(evidence.map(cut))].slice(-MOST_EVIDENCE),
  };
}

function changeOf(plan: CompiledPlan, change: CarriedChange, kept: ReadonlySet<string>, registry: Registry): PlanNode {
  const compiled = plan.changes.find(({ id }) => id === change.id) as CompiledChange;
  const questions = isOverdue(change)
    ? [cut(`Is this still wanted, and who clears its way? It has been left over from ${change.windows.length} windows (${change.windows.join(", ")}): ${change.why}`)]
    : [];
  return {
    kind: "change",
    id: change.id,
    line: 1,
    fields: {
      ...(change.keys.length === 0 ? {} : { keys: change.keys }),
      title: change.title,
      ...ownerOf(compiled.owners, plan.window.owners),
      ...(compiled.leaves === "degraded" ? {} : { leaves: compiled.leaves }),
      ...(change.notes.length === 0 ? {} : { notes: change.notes }),
      carried: historyOf(change),
      ...(questions.length === 0 ? {} : { questions }),
    },
    comments: change.inWords === "" ? [] : [cut(change.inWords)],
    children: compiled.steps.flatMap(({ id, servedBy, title }): PlanNode[] => {
      const own = change.steps.find((step) => step.id === (servedBy ?? id));
      if (own === undefined) return [];
      const fields = servedBy === undefined ? stepOf(plan, own, compiled, kept, registry) : { sameAs: servedBy, title: title ?? own.title };
      return [{ kind: "step", id: id.slice(id.indexOf(".") + 1), line: 1, fields, comments: [], children: [] }];
    }),
  };
}

function stepOf(plan: CompiledPlan, carried: CarriedStep, change: CompiledChange, kept: ReadonlySet<string>, registry: Registry): Readonly<Record<string, unknown>> {
  const step = plan.steps.find(({ id }) => id === carried.id) as CompiledStep;
  const { zone } = plan.window;
  const action = registry.find(step.verb);
  const left = step.targets.filter(({ id }) => carried.targets.some((target) => target.id === id));
  const [first] = left.length === 0 ? step.targets : left;
  const said = first === undefined ? {} : ((action === undefined ? first.params : withNames(action.params, first.params)) as Record<string, unknown>);
  const fansOut = action?.over !== undefined && step.targets[0]?.id !== step.id;
  const parameters = Object.fromEntries(Object.entries(said).filter(([key, value]) => value !== undefined && !(fansOut && key === action.over)));
  const { when, opens, questions } = openEnds(step, kept, registry);
  const policy = { ...DEFAULT_POLICY, ...action?.policy };
  const differs = (field: keyof typeof policy): boolean => step.policy[field] !== policy[field];
  const retry = {
    ...(differs("attempts") ? { attempts: step.policy.attempts } : {}),
    ...(differs("retryDelayMs") ? { delay: durationText(step.policy.retryDelayMs) } : {}),
    ...(differs("maxRetryDelayMs") ? { max: durationText(step.policy.maxRetryDelayMs) } : {}),
  };
  const needs = step.needs.filter((need) => kept.has(need.step)).map((need) => needText(need, change.id));
  const batches = step.rolling?.batches ?? [];
  const doneNote = carried.doneTargets.length === 0 ? [] : [cut(`Done in the window of ${plan.window.id}, and not repeated: ${carried.doneTargets.join(", ")}`)];
  return {
    action: step.verb,
    title: step.title,
    ...(step.at === undefined ? {} : { at: localText(Date.parse(step.at), zone) }),
    ...(step.at === undefined || step.graceMs === undefined ? {} : { grace: durationText(step.graceMs) }),
    ...(needs.length === 0 ? {} : { needs }),
    ...(fansOut ? { targets: left.map(({ id }) => id) } : {}),
    ...(Object.keys(parameters).length === 0 ? {} : { with: parameters }),
    ...(fansOut && left.length > 1 && batches.length > 0 ? rollingOf(batches, step) : {}),
    ...(differs("timeoutMs") ? { timeout: durationText(step.policy.timeoutMs) } : {}),
    ...(differs("startWithinMs") ? { startWithin: durationText(step.policy.startWithinMs) } : {}),
    ...(differs("pollEveryMs") ? { poll: durationText(step.policy.pollEveryMs) } : {}),
    ...(Object.keys(retry).length === 0 ? {} : { retry }),
    ...(step.onFailure === "continue" ? {} : { onFailure: step.onFailure }),
    ...(step.leaves === change.leaves ? {} : { leaves: step.leaves }),
    ...(step.irreversible ? { irreversible: true } : {}),
    ...(step.approval === undefined ? {} : { approval: step.approval.by.map(({ name }) => name) }),
    ...(step.always ? { always: true } : {}),
    ...when,
    ...opens,
    ...ownerOf(step.owners, change.owners),
    ...(step.notes.length + doneNote.length === 0 ? {} : { notes: [...step.notes, ...doneNote] }),
    expected: durationText(step.expectedMs),
    ...(questions.length === 0 ? {} : { questions }),
  };
}

/** What another step of the old window decided, opened or closed: kept where that step is carried over too, asked where not. */
function openEnds(step: CompiledStep, kept: ReadonlySet<string>, registry: Registry): { when: object; opens: object; questions: readonly string[] } {
  const action = registry.find(step.verb);
  const questions: string[] = [];
  let when: object = {};
  if (step.when !== undefined) {
    if ("succeeded" in step.when && kept.has(step.when.succeeded)) when = { when: step.when };
    else if ("never" in step.when) questions.push(cut(`Is this to run? In the last window it was not, since ${step.when.never}.`));
    else
      questions.push(
        cut(`Is this to run? In the last window it ran only if ${"opened" in step.when ? `«${step.when.opened}» had been opened` : `${step.when.succeeded} had ended well`}.`),
      );
  }
  const own = new Map<string, string>();
  const closes = new Set<string>();
  for (const { id, params, opens, closes: closing } of step.targets) {
    const byItself = new Set((action?.opens?.(params) ?? []).map((opening) => opening.id));
    const closedByItself = new Set(action?.closes?.(params) ?? []);
    const generic = (text: string): string => (step.targets.length > 1 || text.endsWith(`:${id}`) ? text.replaceAll(id, "{target}") : text);
    for (const opening of opens) if (!byItself.has(opening.id)) own.set(generic(opening.id), generic(opening.what));
    for (const closed of closing) if (!closedByItself.has(closed)) closes.add(generic(closed));
  }
  return { when, opens: { ...(own.size === 0 ? {} : { opens: Object.fromEntries(own) }), ...(closes.size === 0 ? {} : { closes: [...closes] }) }, questions };
}

function needText(need: Need, change: string): string | object {
  const step = need.step.startsWith(`${change}.`) ? need.step.slice(change.length + 1) : need.step;
  return need.per === "step" && need.as === "success" ? step : { step, ...(need.per === "target" ? { per: "target" } : {}), ...(need.as === "end" ? { as: "end" } : {}) };
}

function rollingOf(batches: readonly number[], { rolling }: CompiledStep): object {
  const ramps = batches.length > 1 && batches[0] === 1;
  return {
    batch: batches.at(-1) ?? 1,
    ...(ramps ? { ramp: true } : {}),
    ...(rolling === undefined || rolling.maxFailures === 0 ? {} : { maxFailures: rolling.maxFailures }),
    ...(rolling === undefined || rolling.pauseMs === 0 ? {} : { pause: durationText(rolling.pauseMs) }),
  };
}

/** The first two, as a plan names them; those of what holds it go without saying. */
function ownerOf(owners: readonly CompiledPerson[], around: readonly CompiledPerson[]): object {
  const [first, second] = owners;
  if (first === undefined || owners.map(({ name }) => name).join() === around.map(({ name }) => name).join()) return {};
  return { owner: second === undefined ? first.name : { first: first.name, second: second.name } };
}

function cut(text: string): string {
  // What vendors and people said may hold what no plan may.
  const clean = text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim();
  return clean.length <= LONGEST ? clean : `${clean.slice(0, LONGEST - 1)}…`;
}
