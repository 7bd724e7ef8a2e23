import type { Story } from "../action/action.ts";
import type { RunState } from "./state.ts";

/** Tells a run in words, for messages and comments; the state is read when the words are asked for. */
export function storyOf(state: () => Promise<RunState>, windowTitle: string, reportUrl: string, change: string): Story {
  return {
    windowTitle,
    reportUrl,
    async change() {
      const current = await state();
      const own = current.changes.find(({ id }) => id === change);
      const ids = new Set(own?.steps.map(({ id, servedBy }) => servedBy ?? id));
      const steps = current.steps.filter(({ id, verb }) => ids.has(id) && !verb.startsWith("jira."));
      return {
        title: own?.title ?? change,
        keys: own?.keys ?? [],
        outcome: own?.as ?? own?.state ?? "waiting",
        lines: steps.map((step) => `${step.title}: ${step.as ?? step.state}${step.why === undefined || step.as === "done" ? "" : ` (${step.why})`}`),
      };
    },
    async run() {
      return headlineOf(await state(), change);
    },
  };
}

/**
 * One sentence of counts, then what went wrong, what is open and what is carried over; a line each.
 *
 * @param telling the change whose step tells this, if one does: it is done by being read.
 */
export function headlineOf(state: RunState, telling?: string): { headline: string; lines: readonly string[] } {
  const told = state.changes
    .filter(({ steps }) => steps.length > 0)
    .map((change) => (change.id === telling && change.state !== "ended" ? { ...change, as: "done" as const } : change));
  const by = (endings: readonly string[]): RunState["changes"] => told.filter(({ as }) => as !== undefined && endings.includes(as));
  const [done, dropped, carried] = [by(["done", "already"]), by(["dropped"]), by(["skipped", "failed", "unknown"])];
  const under = told.length - done.length - dropped.length - carried.length;
  const open = state.obligations.filter(({ closed }) => closed === undefined);
  const counts = [
    `${done.length} of ${told.length} changes done`,
    ...(dropped.length > 0 ? [`${dropped.length} dropped`] : []),
    ...(carried.length > 0 ? [`${carried.length} carried over`] : []),
    ...(under > 0 ? [`${under} under way`] : []),
    ...(open.length > 0 ? [`${open.length} open`] : ["nothing left open"]),
  ];
  return {
    headline: `${counts.join(", ")}.`,
    lines: [
      ...carried.map(({ keys, title, as, why }) => `Carried over: ${[...keys, title].join(" ")} (${as}${why === undefined ? "" : `: ${why}`})`),
      ...dropped.map(({ keys, title, why }) => `Dropped: ${[...keys, title].join(" ")}${why === undefined ? "" : ` (${why})`}`),
      ...open.map(({ what, openedAt }) => `Still open since ${openedAt}: ${what}`),
    ],
  };
}
