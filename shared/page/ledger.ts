import { textOf } from "./tree.ts";
import type { Block } from "./tree.ts";

/** Where a piece of the page ended. */
export type Destination = "step" | "condition" | "note" | "ticket key" | "heading" | "question";

export interface CoverageEntry {
  readonly line: number;
  readonly text: string;
  readonly as: Destination;
  /** Of the plan: a phase, a change, `CHANGE.STEP`, or `window`. */
  readonly id: string;
}

interface Mark {
  readonly start: number;
  readonly end: number;
  readonly as: Destination;
  readonly id: () => string;
}

/** Every visible word of a page and the one place where it ended. Ids are asked for at the end, when they are settled. */
export class Ledger {
  readonly #marks = new Map<Block, Mark[]>();

  /** Later marks yield to earlier ones: what is said first about a word holds. */
  mark(block: Block, start: number, end: number, as: Destination, id: () => string): void {
    const marks = this.#marks.get(block) ?? [];
    marks.push({ start, end, as, id });
    this.#marks.set(block, marks);
  }

  entries(blocks: readonly Block[]): readonly CoverageEntry[] {
    return blocks.flatMap((block) => this.#entriesOf(block));
  }

  #entriesOf(block: Block): readonly CoverageEntry[] {
    const { text, starts } = textOf(block);
    const marks = this.#marks.get(block) ?? [];
    const owner: (Mark | undefined)[] = Array.from({ length: text.length });
    for (const mark of marks) for (let at = mark.start; at < Math.min(mark.end, text.length); at++) owner[at] ??= mark;
    const entries: CoverageEntry[] = [];
    block.fragments.forEach((fragment, index) => {
      const end = starts[index + 1] ?? text.length;
      let from = starts[index] ?? 0;
      for (let at = from; at <= end; at++) {
        // A stray comma or space between two pieces goes with the piece before it.
        if (at < end && (owner[at] === owner[from] || !/[\p{L}\p{N}]/u.test(text.slice(at, end).match(/^[^\p{L}\p{N}]*[\p{L}\p{N}]?/u)?.[0] ?? ""))) continue;
        const mark = owner[from];
        const words = text.slice(from, at).trim();
        // Words without a mark are a defect of ours; the proof of coverage finds them by this id.
        if (words !== "") entries.push({ line: fragment.line, text: words, as: mark?.as ?? "question", id: mark?.id() ?? "" });
        from = at;
      }
    });
    return entries;
  }
}
