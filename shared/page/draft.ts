import type { Inventory } from "../inventory/inventory.ts";
import { linkLeftOver, type LeftOver } from "./carried.ts";
import type { DraftedPlan } from "./drafted.ts";
import { Drafting } from "./drafting.ts";
import type { CoverageEntry } from "./ledger.ts";
import { planText } from "./plan-text.ts";
import { pageOfStorage, looksLikeStorage } from "./storage.ts";
import { pageOfText } from "./text.ts";
import type { Page } from "./tree.ts";

/** Something that the page leaves open. It stands in the plan too, where `plan check` calls it an error. */
export interface Question {
  readonly line: number;
  /** The page's words. */
  readonly text: string;
  readonly why: string;
  /** Who is named beside it; the page names nobody: null. */
  readonly owner: string | null;
}

export interface Draft {
  readonly plan: DraftedPlan;
  /** The plan as YAML. */
  readonly text: string;
  readonly coverage: readonly CoverageEntry[];
  readonly questions: readonly Question[];
  readonly repairs: Page["repairs"];
  /** Visible characters (letters and digits) of the page, and how many of them the ledger places. */
  readonly counted: { readonly visible: number; readonly placed: number };
}

/** Reads a page in whichever of its formats it is. @throws Fault `invalid` for a page that is too big or nested too deep. */
export function pageOf(source: string): Page {
  return looksLikeStorage(source) ? pageOfStorage(source) : pageOfText(source);
}

/**
 * Makes a page into a draft of its plan, by the team's inventory. Pure: same page and inventory, same draft.
 *
 * Nothing of the page is dropped: the ledger places every visible word, as a step, a condition, a note, a ticket key, a
 * heading or a question. Nothing is invented: what neither page nor inventory says is asked.
 *
 * @param leftOver by earlier windows: found among the page's changes, or asked about; see carried.ts.
 */
export function draftOf(page: Page, inventory: Inventory, leftOver: readonly LeftOver[] = []): Draft {
  const drafting = new Drafting(page, inventory);
  const { plan, questions: asked } = drafting.run();
  const questions = [...asked, ...linkLeftOver(plan, leftOver)];
  const coverage = drafting.ledger.entries(page.blocks);
  const size = (text: string): number => text.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
  const visible = page.blocks.reduce((sum, { fragments }) => sum + fragments.reduce((all, { text }) => all + size(text), 0), 0);
  const placed = coverage.reduce((sum, { text, id }) => sum + (id === "" ? 0 : size(text)), 0);
  return { plan, text: planText(plan), coverage, questions, repairs: page.repairs, counted: { visible, placed } };
}
