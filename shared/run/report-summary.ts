import { SERVER_FAMILIES } from "../action/results.ts";
import { familyOf } from "../action/registry.ts";
import type { CompiledPlan } from "../plan/compiled.ts";
import { isOverdue, type CarriedChange } from "./carry-over.ts";
import type { ChangeReport, Need, Report, Standing } from "./report-schema.ts";

/**
 * The page for people who were asleep: what happened, what was changed, what is open, what needs them, in this order and in
 * plain words. HTML and Markdown show it before everything else; all that follows is the proof of it.
 */
export interface PlainSummary {
  readonly happened: readonly string[];
  readonly changed: readonly PlainLine[];
  readonly open: readonly PlainLine[];
  readonly needs: readonly Need[];
  /** What needs people is for Monday once the window has ended. */
  readonly when: "now" | "on Monday";
}

export interface PlainLine {
  /** The change that it is about, if it is about one. */
  readonly change?: string;
  readonly keys: readonly string[];
  readonly title: string;
  readonly state?: Standing;
  /** Beside the title: `4 servers`, `was so before`. */
  readonly beside?: string;
  readonly why?: string;
}

export function plainSummary({ summary, changes, carryOver, obligations }: Report): PlainSummary {
  const byId = new Map(changes.map((change) => [change.id, change]));
  return {
    happened: [ranFrom(summary), countsText(summary), ...summary.sentences],
    changed: [
      ...summary.done.map(({ id, keys, title }) => ({ change: id, keys, title, ...besideOf(serversOf(byId.get(id))) })),
      ...summary.already.map(({ id, keys, title }) => ({ change: id, keys, title, beside: "was so before" })),
    ],
    open: [
      ...summary.open.map(({ what, since, why, owners }) => ({
        keys: [],
        title: what,
        why: `Since ${since.local}: ${why}.${owners.length === 0 ? "" : ` Owner: ${owners.join(" or ")}.`}`,
      })),
      ...carryOver.map((change) => ({
        change: change.id,
        keys: change.keys,
        title: change.title,
        state: change.as,
        ...besideOf([leavesText(change), isOverdue(change) ? `left over from ${change.windows.length} windows: ${change.windows.join(", ")}` : undefined]),
        why: change.inWords,
      })),
      // An obligation's id is the plan's word for it; people know it by its own.
      ...summary.dropped.map(({ id, keys, title, why = "" }) => ({
        change: id,
        keys,
        title,
        state: "dropped" as const,
        why: obligations.reduce((words, { id, what }) => words.replaceAll(id, `«${what}»`), why),
      })),
      ...summary.underWay.map(({ id, keys, title, why = "" }) => ({ change: id, keys, title, state: byId.get(id)?.state ?? ("waiting" as const), why })),
    ],
    needs: [...summary.needs, ...summary.followUps],
    when: summary.outcome === "running" ? "now" : "on Monday",
  };
}

/** How many causes stand on the page for the sleepers; the rest is told with each change. */
const MOST_CAUSES = 8;

/** What is to be done once people are awake: causes to be found, changes for the next plan, and what has been left over too often. */
export function followUpsOf({ window, steps }: CompiledPlan, carried: readonly CarriedChange[]): Need[] {
  const causes = new Map(
    carried
      .flatMap((change) => change.steps)
      .map(({ id, title, as, why, blocker }) => blocker ?? { step: id, title, as, why })
      .filter(({ as }) => as === "failed" || as === "unknown")
      .map((cause) => [cause.step, cause]),
  );
  const ownersOf = (id: string): string[] => {
    const owners = steps.find((step) => step.id === id)?.owners ?? [];
    return (owners.length > 0 ? owners : window.owners).map(({ name }) => name);
  };
  return [
    ...[...causes.values()].slice(0, MOST_CAUSES).map(({ step, title, as, why }) => ({
      who: ownersOf(step),
      what: why.startsWith("never started")
        ? `Find out why this did not start: ${title}`
        : as === "unknown"
          ? `Find out how this ended: ${title}`
          : `Find out why this failed: ${title}`,
      why,
    })),
    ...carried.filter(isOverdue).map(({ keys, title, windows, owners, why }) => ({
      who: owners,
      what: `Say whether this is still wanted: ${[...keys, title].join(" ")}`,
      why: `It has been left over from ${windows.length} windows (${windows.join(", ")}). ${why}`,
    })),
    ...(carried.length === 0
      ? []
      : [
          {
            who: window.owners.map(({ name }) => name),
            what: carried.length === 1 ? "Put the one change that was left over into the next plan" : `Put the ${carried.length} changes that were left over into the next plan`,
            why: carried.map(({ keys, title }) => keys[0] ?? title).join(", "),
            how: `nightshift run carry-over ${window.id} --out next.yaml`,
          },
        ]),
  ];
}

function ranFrom({ outcome, started, ended, cutoff }: Report["summary"]): string {
  if (started === undefined) return "The window has not started.";
  if (ended === undefined) return `The window began at ${started.local} and is under way; nothing new begins after ${cutoff.local}.`;
  const how = outcome === "aborted" ? "was aborted" : outcome === "well" ? "ended well" : "did not end well";
  return `The window ran from ${started.local} to ${ended.local}${Date.parse(ended.at) <= Date.parse(cutoff.at) ? `, before its limit at ${cutoff.local}` : `, past its limit at ${cutoff.local}`}, and ${how}.`;
}

function countsText({ counts }: Report["summary"]): string {
  const well = counts.done + counts.already;
  if (well === counts.in) return well === 1 ? "The one change is done." : `All ${well} changes are done.`;
  const parts = [
    `${well} ${well === 1 ? "is" : "are"} done`,
    ...(counts.dropped > 0 ? [`${counts.dropped} ${counts.dropped === 1 ? "was" : "were"} left out on purpose`] : []),
    ...(counts.carriedOver > 0 ? [`${counts.carriedOver} could not be done and ${counts.carriedOver === 1 ? "goes" : "go"} to the next window`] : []),
    ...(counts.underWay > 0 ? [`${counts.underWay} ${counts.underWay === 1 ? "has" : "have"} not ended yet`] : []),
  ];
  const all = parts.length === 1 ? parts[0] : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1) ?? ""}`;
  return counts.in === 1 ? `Of one change, ${all}.` : `Of ${counts.in} changes, ${all}.`;
}

function serversOf(change: ChangeReport | undefined): readonly (string | undefined)[] {
  const servers = new Set(
    change?.steps
      .filter(({ verb }) => SERVER_FAMILIES.has(familyOf(verb)))
      .flatMap(({ targets }) => targets.flatMap(({ id, state }) => (state === "done" || state === "already" ? [id] : []))),
  );
  return [servers.size === 0 ? undefined : servers.size === 1 ? "1 server" : `${servers.size} servers`];
}

function leavesText({ leaves }: CarriedChange): string | undefined {
  return leaves === "untouched" ? undefined : leaves === "unsafe" ? "leaves the platform unsafe" : "may have left things half done";
}

function besideOf(words: readonly (string | undefined)[]): { beside?: string } {
  const said = words.filter((word) => word !== undefined);
  return said.length === 0 ? {} : { beside: said.join("; ") };
}
