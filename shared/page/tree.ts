/**
 * A page as what a reader sees, in the order of reading: blocks (a heading, a paragraph, an item of a list, a cell), each
 * made of fragments. `text.ts` and `storage.ts` both make it; everything after them knows no format.
 */

/** `remains`: what a macro left behind in a text export. `macro`: something the page shows that is not in its source. */
export type FragmentKind = "text" | "link" | "mention" | "key" | "code" | "status" | "date" | "remains" | "macro";

/** The smallest visible piece with a line of its own. */
export interface Fragment {
  readonly kind: FragmentKind;
  /** From 1: of a text export the file's line, of other formats the line as rendered. */
  readonly line: number;
  /** As people read it, repaired; see `repair.ts`. */
  readonly text: string;
  /** Where a link leads, or whose account a mention is. */
  readonly target?: string;
  readonly struck?: boolean;
}

export type BlockKind = "heading" | "text" | "item" | "code";

export interface Block {
  readonly kind: BlockKind;
  readonly fragments: readonly Fragment[];
  /** How deep it stands: the level of a heading, the nesting of a list. */
  readonly depth: number;
  /** Blank lines above it; 2 and more set it apart from what stands above. */
  readonly gap: number;
  /** Of a task list: whether it is ticked. */
  readonly done?: boolean;
  /** Of a table: which row, and what the column's head says. */
  readonly row?: number;
  readonly column?: string;
  /** Of a cell that spans rows: the last of them. */
  readonly lastRow?: number;
  /** It follows a line break inside the same paragraph or item. */
  readonly continues?: true;
  /** It stands in a table inside a cell; row and column are those of the outer table. */
  readonly nested?: true;
}

/** Something mended on the way in, so that nobody wonders later. */
export interface Repair {
  readonly line: number;
  readonly was: string;
  readonly now: string;
}

export interface Page {
  readonly title?: string;
  readonly url?: string;
  /** Confluence's number of it, and which of its versions this is; an export knows neither. */
  readonly id?: string;
  readonly version?: number;
  readonly blocks: readonly Block[];
  readonly repairs: readonly Repair[];
}

/** A page bigger than this is no page of a window. */
export const PAGE_LIMITS = { characters: 8_000_000, block: 1_500 } as const;

/** A block's words and where each fragment begins in them. Fragments keep a space between them where the page has one. */
export interface BlockText {
  readonly text: string;
  readonly starts: readonly number[];
}

/** Blocks never change, and are asked for their words often. */
const known = new WeakMap<Block, BlockText>();

export function textOf(block: Block): BlockText {
  const before = known.get(block);
  if (before !== undefined) return before;
  const words = wordsOf(block);
  known.set(block, words);
  return words;
}

function wordsOf(block: Block): BlockText {
  let text = "";
  const starts: number[] = [];
  for (const fragment of block.fragments) {
    const words = fragment.text.replaceAll(/\s+/g, " ").trim();
    if (text !== "" && words !== "" && !/^[,.;:)!?]/.test(words) && !text.endsWith("(")) text += " ";
    starts.push(text.length);
    text += words;
  }
  return { text, starts };
}

/** Where the links of a block lead, as far as its format keeps that. */
export function linksOf({ fragments }: Block): readonly string[] {
  return fragments.flatMap(({ kind, target, text }) => (kind === "link" && target !== undefined && target !== text ? [target] : []));
}

/** What a note says of words of a block: with where their links lead. */
export function withLinks(words: string, { fragments, ...block }: Block): string {
  return [words, ...linksOf({ ...block, fragments: fragments.filter(({ text }) => words.includes(text.trim())) })].join(" ");
}
