import type { RunState } from "./state.ts";

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
