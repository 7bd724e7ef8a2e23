import { familyOf } from "../../shared/action/registry.ts";
import type { Call } from "../../shared/action/action.ts";
import { SERVER_FAMILIES, type ChangeResult, type Result, type StepResult } from "../../shared/action/results.ts";
import type { SectionTable, SectionWords } from "./section.ts";

/** What a run has to tell on a page. */
export interface Telling {
  readonly title: string;
  readonly lines: readonly string[];
  readonly changes: readonly ChangeResult[];
  readonly link: SectionWords["link"];
}

export async function tellingOf({ story }: Call, title: string): Promise<Telling> {
  const { headline, lines } = await story.run();
  return {
    title: `${title}: ${headline}`,
    lines,
    changes: (await story.results?.()) ?? [],
    link: { before: `${story.windowTitle}:`, words: "report", url: story.reportUrl },
  };
}

/** What the section says beside the headline. @param found ids of what stands beside a line of the page already. */
export function detailsOf(changes: readonly ChangeResult[], found: ReadonlySet<string>): Pick<SectionWords, "rest" | "tables"> {
  return { rest: { heading: "Without a line of their own on this page:", lines: changes.flatMap((change) => leftOf(change, found)) }, tables: changes.flatMap(tablesOf) };
}

/** The same where the page has no lines of ours: everything in words. */
export function allOf(changes: readonly ChangeResult[]): Pick<SectionWords, "rest" | "tables"> {
  return { rest: { heading: "Every change:", lines: changes.map((change) => `${nameOf(change)}: ${standingText(change)}`) }, tables: changes.flatMap(tablesOf) };
}

/** A change that has no line, and none for any of its steps; and each step without a line that is not done. */
function leftOf(change: ChangeResult, found: ReadonlySet<string>): readonly string[] {
  const isFound = found.has(change.id) || (change.steps.length > 0 && change.steps.some(({ id }) => found.has(id)));
  if (!isFound) return [`${nameOf(change)}: ${standingText(change)}`];
  return change.steps
    .filter(({ id, standing }) => !found.has(id) && standing !== "done" && standing !== "done earlier")
    .filter((step) => !(found.has(change.id) && step.why === change.why))
    .map((step) => `${nameOf(change)}, ${step.title}: ${standingText(step)}`);
}

/** A table for each step on servers, and for others that fan out. */
function tablesOf(change: ChangeResult): readonly SectionTable[] {
  return change.steps
    .filter(({ verb, targets }) => SERVER_FAMILIES.has(familyOf(verb)) || targets.length > 1)
    .filter(({ targets }) => targets.length > 0)
    .map(({ title, targets }: StepResult) => ({
      title: change.keys.length === 0 || title.includes(change.keys[0] ?? "") ? title : `${change.keys.join(" ")} ${title}`,
      heads: ["Name", "Result", "Ended", "Tries", "Why"],
      rows: targets.map(({ name, standing, ended = "", tries, why }) => [name, standing, ended, tries === 0 ? "" : String(tries), why]),
    }));
}

function nameOf({ keys, title }: ChangeResult): string {
  return keys.join(" ") === title ? title : [...keys, title].join(" ");
}

function standingText({ standing, carriedOver, why }: Result): string {
  return `${standing}${carriedOver ? ", carried over" : ""}${why === "" ? "" : ` (${why})`}`;
}
