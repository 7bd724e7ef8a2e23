import { styleText } from "node:util";
import type { CompiledPlan, CompiledStep } from "../shared/plan/compiled.ts";
import { localText } from "../shared/plan/local-time.ts";

/**
 * A compiled plan as its page reads: headings, tickets, lines in the page's order with their times and owners, and what stands
 * beside them. What waits for what and until when is `shownPlan`'s business.
 */
export function shownAsPage(plan: CompiledPlan): readonly string[] {
  const { window, phases, changes } = plan;
  const byId = new Map(plan.steps.map((step) => [step.id, step]));
  return [
    styleText("bold", window.title),
    ...(window.page === undefined
      ? []
      : [`${window.page.title}${window.page.version === undefined ? "" : `, version ${window.page.version}`}${window.page.url === undefined ? "" : `: ${window.page.url}`}`]),
    `${window.date}, ${window.zone}, until ${localText(Date.parse(window.cutoff), window.zone)}`,
    ...phases.flatMap((phase) => [
      "",
      styleText("bold", phase.title),
      ...changes
        .filter((change) => change.phase === phase.id)
        .flatMap((change) => {
          const lines = change.steps.flatMap(({ id, servedBy, title }) => {
            if (servedBy !== undefined) return [`    - ${title ?? id} (done by ${servedBy})`];
            const step = byId.get(id);
            return step === undefined || step.derived !== undefined ? [] : stepLines(step, window.zone);
          });
          const written = change.steps.flatMap(({ id, servedBy }) => (servedBy === undefined ? (byId.get(id) ?? []) : []));
          // A change of one line is that line.
          const isOneLine = written.length === 1 && written[0]?.title === change.title && change.keys.length === 0;
          return [...(isOneLine ? [] : [`  ${[change.keys.join(", "), change.title].filter((part) => part !== "").join(" ")}`]), ...notes(change.notes), ...lines];
        }),
    ]),
  ];
}

function stepLines({ title, at, owners, when, notes: beside }: CompiledStep, zone: string): readonly string[] {
  const time = at === undefined ? "" : `${localText(Date.parse(at), zone)} `;
  const who = owners.map(({ name }) => name).join(" or ");
  const condition =
    when === undefined ? "" : "never" in when ? `, left out: ${when.never}` : "opened" in when ? `, only if ${when.opened} was opened` : `, only if ${when.succeeded} ended well`;
  return [`    - ${time}${title}${who === "" ? "" : ` (${who})`}${condition}`, ...notes(beside)];
}

function notes(given: readonly string[]): readonly string[] {
  return given.map((note) => styleText("dim", `      ${note}`));
}
