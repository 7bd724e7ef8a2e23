import type { Draft } from "../draft.ts";
import { textOf } from "../tree.ts";
import type { Page } from "../tree.ts";
import { CHECKS } from "./checks.ts";
import { MOST_OF_A_KIND } from "./finding.ts";
import type { ReviewFinding } from "./finding.ts";
import { nightOf, outlineOfDraft } from "./night.ts";
import type { Night, Piece, Reading } from "./night.ts";

export interface Review {
  /** In the order of the page's lines. */
  readonly findings: readonly ReviewFinding[];
  /** The night as the page says it. */
  readonly night: Night;
}

/**
 * What is wrong with a page: every check over its draft, in the order of its lines. Pure.
 *
 * Nothing here knows a page: what is opened follows from what verbs promise and from what sentences say, and the names
 * from the inventory.
 */
export function reviewOf(page: Page, draft: Draft, reading: Reading): Review {
  const night = nightOf(outlineOfDraft(draft.plan), reading, { lineOf: linesOf(draft), pieces: piecesOf(page, draft) });
  return { findings: findingsOf(night).toSorted((a, b) => a.line - b.line), night };
}

/** What the checks find, kind by kind. */
export function findingsOf(night: Night): readonly ReviewFinding[] {
  return CHECKS.flatMap(({ code, find }) =>
    find(night)
      .slice(0, MOST_OF_A_KIND)
      .map((found): ReviewFinding => ({ code, ...found })),
  );
}

function linesOf({ plan }: Draft): (id: string) => number {
  const lines = new Map<string, number>();
  for (const phase of plan.phases) {
    lines.set(phase.id, phase.line);
    for (const change of phase.changes) for (const step of change.steps) lines.set(`${change.id}.${step.id}`, step.line);
  }
  return (id) => lines.get(id) ?? 1;
}

function piecesOf({ blocks }: Page, { coverage }: Draft): readonly Piece[] {
  const holders = new Map<number, string>();
  for (const { line, id } of coverage) if (!holders.has(line)) holders.set(line, id);
  return blocks.flatMap((block) => {
    const line = block.fragments[0]?.line;
    // Nobody does what is crossed out.
    const fragments = block.fragments.filter(({ struck }) => struck !== true);
    return line === undefined || fragments.length === 0
      ? []
      : [
          {
            line,
            text: textOf(fragments.length === block.fragments.length ? block : { ...block, fragments }).text,
            id: holders.get(line) ?? "window",
            isHeading: block.kind === "heading" || (block.row !== undefined && block.column === undefined),
          },
        ];
  });
}
