import { PeopleLines } from "./people-lines.ts";
import type { DraftedChange, DraftedStep } from "./drafted.ts";
import { textOf } from "./tree.ts";
import type { Block } from "./tree.ts";
import { mannerOf, saysDropped } from "./words/asides.ts";
import { timesIn } from "./words/clock.ts";
import { columnKindOf, isBlank, strangerIn } from "./words/columns.ts";
import { environmentsIn } from "./words/environments.ts";
import { ticketsIn } from "./words/tickets.ts";
import { zoneIn } from "./words/zones.ts";

/** A cell that speaks of its row's work, which may stand in a later cell. */
interface Remark {
  readonly column: string;
  readonly text: string;
  readonly line: number;
}

/** Rows of tables: what their cells say of one another. */
export abstract class RowLines extends PeopleLines {
  /** By column, the cell above that reaches down into the rows to come. */
  protected readonly spanning = new Map<string, { readonly cell: Block; readonly until: number }>();
  protected remarks: Remark[] = [];
  /** How many steps there were before the row. */
  protected before = 0;

  /** What «after», «only if» and their like say of a step; see Leanings. */
  protected abstract lean(steps: readonly DraftedStep[], kind: "after" | "before" | "condition", about: string, line: number): void;
  /** Whether the words are work that is known; see Leanings. */
  protected abstract isWork(text: string): boolean;

  /** The cells of a row say together when, where and by whom; a cell that spans rows says it for each of them. */
  protected enterRow(block: Block | undefined, index: number): void {
    if (this.row !== undefined && this.row.number !== block?.row) this.leaveRow();
    if (block?.row === undefined || block.kind === "heading") {
      this.row = undefined;
      return;
    }
    if (this.row?.number === block.row) return;
    const { row: number } = block;
    this.before = this.steps.length;
    for (const [column, { until }] of this.spanning) if (until < number) this.spanning.delete(column);
    const above = [...this.spanning.values()].map(({ cell }) => cell);
    const cells: Block[] = [...above];
    for (let at = index; this.page.blocks[at]?.row === number; at++) {
      const cell = this.page.blocks[at];
      if (cell === undefined) break;
      cells.push(cell);
      if (cell.lastRow !== undefined) this.spanning.set(cell.column ?? "", { cell, until: cell.lastRow });
    }
    const keys = above.flatMap((cell) => ticketsIn(textOf(cell).text, this.names.knows).map(({ key }) => key));
    this.row = { number, alone: cells.length === 1, ...(keys.length === 0 ? {} : { keys }) };
    for (const cell of cells) {
      const { text } = textOf(cell);
      const kind = columnKindOf(cell.column);
      if (kind === "time" && timesIn(text).length > 0) this.row.time = text;
      else if (kind === "owner" || kind === "second") {
        const who = this.ownersOf(cell, text, true).owner ?? strangerIn(text);
        if (who !== undefined) this.row[kind] = who;
      } else if (kind === "environment") this.row.environments = environmentsIn(text, this.names.environments);
      else if (kind === "servers" && this.names.servers(text).targets.length > 0) this.row.servers = this.names.servers(text).targets;
      else if (kind === "number" && /^[\w.]{1,5}$/.test(text.trim())) this.row.label = text.trim().replace(/[.)]$/, "");
    }
    const { owner, second } = this.row;
    if (typeof owner === "string" && typeof second === "string" && second !== owner) this.row.owner = { first: owner, second };
  }

  /** A head of a column may say the zone of its times: «Start (UTC)». */
  protected column(text: string, line: number): void {
    this.comments.push(`column of a table, line ${line}: ${text}`);
    const zone = columnKindOf(text) === "time" ? zoneIn(text) : undefined;
    if (zone !== undefined && this.plan.zone === undefined) this.plan.zone = zone;
    else if (zone !== undefined && zone !== this.plan.zone) this.ask(line, text, `Which zone is right? Elsewhere the page says ${this.plan.zone ?? "another"}.`, this.plan);
  }

  /** A cell that says something about its row and asks for no work. True when it was one. */
  protected cell(block: Block, text: string, line: number): boolean {
    const kind = columnKindOf(block.column);
    const row = this.row;
    // A cell that has its row to itself speaks for itself; what is crossed out is asked about as everywhere.
    if (row === undefined || kind === undefined || row.alone || block.fragments.some(({ struck }) => struck === true)) return false;
    const id = (): string => this.stepOfRow(row.number);
    const as = (what: string): void => void (this.change?.row === row.number ? this.change.comments : this.comments).push(`${what} of a row, line ${line}: ${text}`);
    if (kind === "time" && timesIn(text).length > 0) {
      as("time");
      this.ledger.mark(block, 0, text.length, "condition", id);
      return true;
    }
    const owns = (kind === "owner" && row.owner !== undefined) || (kind === "second" && row.second !== undefined);
    if (owns || (kind === "number" && row.label !== undefined)) as(kind === "number" ? "number" : "owner");
    else if (kind === "number" || (kind === "remark" && mannerOf(text) === "instruction" && this.isWork(text))) return false;
    else this.remarks.push({ column: block.column ?? "", text, line });
    this.ledger.mark(block, 0, text.length, kind === "remark" || kind === "time" ? "condition" : "note", id);
    return true;
  }

  /** What was said beside the row's work is told to it once all of its cells are read. */
  protected leaveRow(): void {
    const made = this.steps.slice(this.before).map(({ step }) => step);
    const [first] = made;
    const holder: DraftedStep | DraftedChange | undefined = first ?? (this.change?.row === this.row?.number ? this.change : undefined);
    if (first === undefined && holder !== undefined && holder.owner === undefined && this.row?.owner !== undefined) this.own(holder, this.row.owner, holder.line, holder.title);
    for (const { column, text, line } of this.remarks) {
      if (holder === undefined) {
        this.ask(line, text, "What is this about? Its row asks for no work.", this.plan);
        continue;
      }
      const kind = columnKindOf(column);
      const manner = mannerOf(text);
      holder.notes.push(`${column}: ${text}`);
      if (kind === "remark" || kind === "time") {
        if (/^(?:done|completed?|finished)$/i.test(text.trim())) this.ask(line, text, "Is this done already? The page says so beside it.", holder);
        else if (saysDropped(text)) this.ask(line, text, "Is this dropped? The page says so beside it.", holder);
        else if (manner === "prohibition") this.ask(line, text, "How is this kept? It forbids something, and no step can watch over that.", holder);
        else if (manner === "dependency" && first !== undefined) this.lean([first], /^before/i.test(text) ? "before" : "after", text, line);
        else if (manner === "condition" && made.length > 0) this.lean(made, "condition", text, line);
        else if (kind === "time") this.ask(line, text, "When does it begin? The page gives no time.", holder);
      } else if (kind === "servers" && !isBlank(text)) {
        const { targets, unknown } = this.names.servers(text);
        if (targets.length === 0 || unknown.length > 0) this.ask(line, text, `Which servers are ${unknown.join(", ") || text}? The inventory does not know them.`, holder);
      } else if (kind === "owner" && !isBlank(text)) this.ask(line, text, "Who is this? The column names people, and none that is known.", holder);
    }
    this.remarks = [];
  }
}
