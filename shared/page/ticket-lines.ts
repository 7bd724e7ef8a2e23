import type { DraftedChange } from "./drafted.ts";
import type { Block, Fragment } from "./tree.ts";
import { ticketsIn } from "./words/tickets.ts";
import { Sketch } from "./sketch.ts";
import { LOOK_BACK } from "./sketch.ts";

/** No work has more tickets: looking for one again stays cheap. */
const MOST_KEYS = 100;

/** Tickets of a page: which change they belong to, and what their macros left behind. */
export abstract class TicketLines extends Sketch {
  /** Takes the block's tickets out of its words, and gives them to their change. */
  protected tickets(block: Block, text: string, starts: readonly number[], line: number): string {
    let masked = text;
    const hide = (start: number, end: number): void => {
      masked = masked.slice(0, start) + " ".repeat(end - start) + masked.slice(end);
    };
    const spanOf = (index: number): { start: number; end: number } => ({
      start: starts[index] ?? 0,
      end: (starts[index] ?? 0) + (block.fragments[index]?.text.replaceAll(/\s+/g, " ").trim().length ?? 0),
    });
    const marked: (() => void)[] = [];
    block.fragments.forEach((fragment, index) => {
      if (fragment.kind === "remains") {
        const { start, end } = spanOf(index);
        hide(start, end);
        marked.push(() => this.ledger.mark(block, start, end, "ticket key", this.idOf(this.change ?? this.plan)));
      }
    });
    const found = ticketsIn(masked, this.names.knows).filter(({ isReference }) => !isReference);
    for (const { start, end } of found) hide(start, end);
    const wordless = !/[\p{L}\p{N}]/u.test(masked);
    const hasRemains = block.fragments.some(({ kind }) => kind === "remains");
    if (found.length > 0 || !hasRemains) this.remains(found.length > 0 && wordless ? line : undefined);
    for (const fragment of block.fragments) if (fragment.kind === "remains") this.seen(fragment);
    if (found.length > 0) {
      if (found.every(({ inAddress }) => inAddress) && wordless && this.change !== undefined && this.last !== undefined)
        this.addressOf(
          found.map(({ key }) => key),
          line,
        );
      else
        this.keys(
          block,
          found.map(({ key }) => key),
          line,
          wordless,
        );
      if (found.some(({ inAddress }) => inAddress)) this.change?.comments.push(`line ${line}: ${text}`);
      const change = this.change;
      for (const { start, end } of found) this.ledger.mark(block, start, end, "ticket key", () => change?.id ?? "window");
    }
    for (const mark of marked) mark();
    return masked;
  }

  protected keys(block: Block, keys: readonly string[], line: number, wordless: boolean): void {
    this.settleHead();
    const current = this.change;
    const idle =
      current !== undefined && current.steps.length === 0 && !this.closed && (this.ticketsAbove || current.notes.length === 0 || (current.titled && current.keys.length === 0));
    const near = block.gap <= 1 || (current?.titled === true && current.keys.length === 0) || this.sameRow(block, current ?? ({ line: -1 } as DraftedChange));
    const sameRow = current !== undefined && this.sameRow(block, current);
    // Right under a title, no blank line between, and its parenthesis may have given it work already.
    const underTitle =
      current !== undefined && wordless && ((block.gap === 0 && this.titleAt >= 0 && this.page.blocks[this.titleAt + 1] === block) || (this.ticketsAbove && block.gap <= 1));
    // The same ticket once more is no other work.
    const holds = current !== undefined && current.keys.length < MOST_KEYS;
    const again = current !== undefined && holds && current.keys.length > 0 && keys.every((key) => current.keys.includes(key)) && (block.row === undefined || sameRow);
    const joins = again || (holds && ((idle && near && (wordless || current.keys.length === 0)) || sameRow || underTitle));
    if (!joins) {
      this.change = this.newChange(keys.join(" and "), line, block.depth, block.kind === "item");
      this.branches = undefined;
      this.stagesOf = undefined;
    }
    this.ticketsAbove = true;
    if (again) current.comments.push(`line ${line}: ${keys.join(" and ")} once more`);
    if (!wordless) this.changeOf = block;
    for (const key of keys) if (this.change !== undefined && !this.change.keys.includes(key)) this.change.keys.push(key);
    if (this.change !== undefined && !joins) this.change.inline = !wordless;
  }

  /** An address that ends in a ticket belongs to the sentence above: its change, or a change of its own out of it. */
  protected addressOf(keys: readonly string[], line: number): void {
    const change = this.change;
    const last = this.last;
    if (change === undefined || last === undefined) return;
    const moved = change.steps.filter(({ sentence }) => sentence === last.sentence);
    if (moved.length < change.steps.length) {
      change.steps = change.steps.filter((step) => !moved.includes(step));
      this.change = this.newChange(last.title, line, change.depth);
      this.change.steps = moved;
      for (const entry of this.steps.slice(-LOOK_BACK)) if (moved.includes(entry.step)) entry.change = this.change;
    }
    for (const key of keys) if (!this.change?.keys.includes(key)) this.change?.keys.push(key);
    this.closed = true;
    this.last = last;
  }

  protected jira: string | undefined;

  protected seen({ text, line }: Fragment): void {
    const what = text === "System Jira" ? "System Jira" : "id";
    // All tickets of a page come from one Jira, and its id stands beside each.
    if (what === "id") this.jira ??= text;
    if (what === "id" && text !== this.jira)
      this.ask(line, text, "Is the ticket above from another Jira? The id beside it is another one than beside the tickets before it.", this.change ?? this.plan);
    const [next, ...rest] = this.expected;
    if (next === what) this.expected = rest;
    else {
      this.ask(line, text, "Is the ticket above right? A Jira macro left only a part of itself behind.", this.change ?? this.plan);
      this.expected = what === "id" ? ["System Jira"] : [];
    }
  }

  /** The next ticket, or other words, come: a macro whose remains have begun should be through. */
  protected remains(ticketLine: number | undefined): void {
    const begun = this.expected.length === 1;
    if (begun)
      this.ask(this.change?.line ?? 1, this.change?.keys.join(" and ") ?? "", "Is the ticket right? A Jira macro left only a part of itself behind.", this.change ?? this.plan);
    this.expected = ticketLine === undefined ? [] : ["id", "System Jira"];
  }
}
