import type { Question } from "./draft.ts";
import { slug } from "./drafted.ts";
import type { DraftedChange, DraftedPlan, DraftedStep } from "./drafted.ts";
import type { Destination } from "./ledger.ts";
import { sentencesOf } from "./sentences.ts";
import type { Sentence } from "./sentences.ts";
import { textOf } from "./tree.ts";
import type { Block } from "./tree.ts";
import { asidesIn, clausesIn, mannerOf } from "./words/asides.ts";
import { timesIn } from "./words/clock.ts";
import { partOf, plainHeading } from "./words/headings.ts";
import { readWindow } from "./window-lines.ts";
import { SpecialLines } from "./special-lines.ts";
import type { Owner } from "./sketch.ts";
import { linksOf } from "./tree.ts";

/** Far beyond what one night holds. */
const MOST_STEPS = 4_000;

/** One pass over a page's blocks; what was said last is what the next line leans on. */
export class Drafting extends SpecialLines {
  run(): { plan: DraftedPlan; questions: readonly Question[] } {
    const { blocks } = this.page;
    blocks.forEach((block, index) => {
      this.enterRow(block, index);
      this.block(block, index);
    });
    this.remains(undefined);
    this.settleHead();
    for (const change of this.plan.phases.flatMap((phase) => phase.changes)) this.finish(change);
    this.missing();
    return { plan: this.plan, questions: this.questions };
  }

  /** What the window needs and the page does not say. */
  protected missing(): void {
    const { date, zone, cutoff } = this.plan;
    if (date === undefined) this.ask(1, "", "On which Sunday is the window? The page does not say, or may be read in two ways.", this.plan);
    if (zone === undefined) this.ask(1, "", "In which time zone are the times? The page does not say.", this.plan);
    if (cutoff === undefined) this.ask(1, "", "When is the cutoff, after which nothing begins? The page does not say.", this.plan);
    this.ask(1, "", "Who owns the window, and which channels hear when something needs people? Write `owners` and `channels`.", this.plan);
  }

  protected enterRow(block: Block, index: number): void {
    if (block.row === undefined || block.kind === "heading") {
      this.row = undefined;
      return;
    }
    if (this.row?.number === block.row) return;
    this.row = { number: block.row };
    for (let at = index; this.page.blocks[at]?.row === block.row; at++) {
      const cell = this.page.blocks[at];
      if (cell === undefined) break;
      if (isTimeColumn(cell.column)) this.row.time = textOf(cell).text;
      if (isOwnerColumn(cell.column)) this.row.owner = this.ownersOf(cell, textOf(cell).text, true).owner ?? this.row.owner!;
    }
  }

  protected block(block: Block, index: number): void {
    const { text, starts } = textOf(block);
    const line = block.fragments[0]?.line ?? 1;
    const all = (as: Destination, id: () => string): void => this.ledger.mark(block, 0, text.length, as, id);
    if (text === "") return;
    if (this.steps.length >= MOST_STEPS) {
      // No window has so many: the rest of the page is one question, and time stays bounded.
      if (!this.full) this.ask(line, text, `Is this one window? The page has more than ${MOST_STEPS} steps; nothing from here on is in the plan.`, this.plan);
      this.full = true;
      return all("question", () => "window");
    }
    if (block.kind === "heading") {
      this.remains(undefined);
      if (block.row !== undefined) {
        this.comments.push(`column of a table, line ${line}: ${text}`);
        return all("heading", () => "window");
      }
      return this.heading(block, text, line, all);
    }
    if (readWindow(text, block, this.plan, (why) => this.ask(line, text, why, this.plan))) {
      this.plan.comments.push(`line ${line}: ${text}`);
      return all("note", () => "window");
    }
    const row = this.row;
    if (row !== undefined && isTimeColumn(block.column) && timesIn(text).length > 0) {
      this.comments.push(`time of a row, line ${line}: ${text}`);
      return all("condition", () => this.nextStepId(row.number));
    }
    if (row?.owner !== undefined && isOwnerColumn(block.column)) {
      this.comments.push(`owner of a row, line ${line}: ${text}`);
      return all("note", () => this.nextStepId(row.number));
    }

    // 1. Tickets, and what their macros left behind.
    const masked = this.tickets(block, text, starts, line);
    // 2. People, marks and what is struck through.
    const people = this.people(block, masked, starts, line);
    const rest = people.masked;
    if (!/[\p{L}\p{N}]/u.test(rest)) {
      const change = this.change;
      if (/\S/.test(rest) && change !== undefined) change.comments.push(`line ${line}: ${rest.trim()}`);
      this.ledger.mark(block, 0, text.length, "note", () => this.change?.id ?? change?.id ?? "window");
      return;
    }
    if (/^[\s&]*(?:or|\/)\s*$/i.test(rest)) {
      const holder = this.last ?? this.change ?? this.plan;
      this.ask(line, text, "Who are the two people? The page joined two names here and the export has lost them.", holder);
      return all("question", this.idOf(holder));
    }
    if (block.kind === "code") {
      const holder = this.last ?? this.changeFor(block, text, line);
      holder.notes.push(`code on the page, line ${line}: ${text}`);
      this.ask(line, text, "Is this what the step runs? Make it a script of the inventory, or say so.", holder);
      return all("note", this.idOf(holder));
    }
    this.statement(block, text, rest, line, people.owner ?? row?.owner, index);
    all("note", this.idOf(this.last ?? this.change ?? this.plan));
  }

  protected heading(block: Block, text: string, line: number, all: (as: Destination, id: () => string) => void): void {
    this.settleHead();
    const plain = plainHeading(text) || text;
    const part = partOf(text);
    const below = this.phase !== undefined && block.depth > this.phase.depth && part === "other";
    this.stagesOf = undefined;
    this.branches = undefined;
    this.last = undefined;
    if (below && this.phase !== undefined) {
      this.change = this.newChange(plain, line, block.depth);
      this.change.titled = true;
      this.change.comments.push(text);
      this.takeTickets(this.change, text);
      return all("heading", this.idOf(this.change));
    }
    this.openPhase(plain, line, block.depth, part, text);
    const phase = this.phase;
    return all("heading", () => phase?.id ?? "window");
  }

  protected statement(block: Block, text: string, masked: string, line: number, owner: Owner | undefined, index: number): void {
    this.sentence++;
    this.ticketsAbove = false;
    const words = masked.replace(/^[\s&]*(?:\[[ xX]?\]|[-*•▪◦‣]|\d{1,3}[.)](?=\s))?\s*/, (lead) => " ".repeat(lead.length));
    const asides = asidesIn(words).filter(({ start, end }) => !timesIn(words).some((time) => time.start < start && end <= time.end));
    const bare = asides.reduce((all, { start, end }) => all.slice(0, start) + " ".repeat(end - start) + all.slice(end), words);
    const before = this.steps.length;
    const beforeChange = this.change;
    const raw = text.trim();

    if (
      this.special(
        block,
        raw,
        bare,
        line,
        owner,
        asides.some((aside) => mannerOf(aside.text) === "done-above"),
      )
    ) {
      // Said by one of the shapes that a deployment has.
    } else for (const sentence of sentencesOf(bare)) this.sentenceOf(block, sentence, raw, line, owner, index);

    const made = this.steps.slice(before).map(({ step }) => step);
    for (const aside of asides) this.aside(block, aside, made, line);
    for (const step of made) if (owner !== undefined && step.owner === undefined) this.own(step, owner, line, raw);
    if (made.length === 0 && owner !== undefined && this.change !== undefined && this.change.owner === undefined) this.own(this.change, owner, line, raw);
    const settled = made[0] ?? this.change ?? beforeChange ?? this.plan;
    this.ledger.mark(block, 0, text.length, made.length > 0 ? "step" : "note", this.idOf(settled));
  }

  protected sentenceOf(block: Block, { text, start, end }: Sentence, raw: string, line: number, owner: Owner | undefined, index: number): void {
    const manner = mannerOf(text);
    const above = this.last ?? (this.change !== undefined && block.gap <= 1 ? this.change : undefined);
    const mark = (as: Destination, holder: DraftedStep | DraftedChange): void => this.ledger.mark(block, start, end, as, this.idOf(holder));
    if (manner === "reference") {
      const holder = this.last ?? this.changeFor(block, raw, line);
      const links = linksOf(block);
      holder.notes.push([text, ...links].join(" "));
      const lost = links.length === 0 && !/\.\w{3,4}$/.test(text);
      if (lost) this.ask(line, text, "Where does this lead? The link has lost its target.", holder);
      return mark(lost ? "question" : "note", holder);
    }
    if (manner === "past" || manner === "remark" || manner === "prohibition" || (manner === "done-above" && above !== undefined)) {
      const holder = manner === "past" ? this.changeFor(block, raw, line, this.change?.keys.length !== 0) : (above ?? this.changeFor(block, raw, line));
      holder.notes.push(text);
      if (manner === "prohibition") this.ask(line, text, "How is this kept? It forbids something, and no step can watch over that.", holder);
      return mark(manner === "prohibition" ? "question" : "note", holder);
    }
    const leaning = /^(?:will |we )?(?:need|have) to\b|^will need\b|^(?:this|that|it|these)\b/i.test(text);
    if ((leaning || ((manner === "condition" || manner === "dependency") && clausesIn(text)[0]?.start !== 0)) && above !== undefined && this.last !== undefined) {
      this.last.notes.push(text);
      for (const clause of clausesIn(` ${text}`)) this.lean(this.last, clause.kind, clause.about, line);
      if (manner === "condition") this.condition([this.last], text, line);
      else if (manner === "dependency") this.lean(this.last, /^before/i.test(text) ? "before" : "after", text, line);
      return mark(manner === "condition" ? "condition" : "note", this.last);
    }
    this.instruction(block, { text, start, end }, raw, line, owner, index);
  }

  protected instruction(block: Block, sentence: Sentence, raw: string, line: number, owner: Owner | undefined, index: number): void {
    // Times first: «the evening before at 9» is no dependency.
    const timeless = timesIn(sentence.text).reduceRight((all, { start, end }) => all.slice(0, start) + " ".repeat(end - start) + all.slice(end), sentence.text);
    const clauses = clausesIn(timeless);
    let core = sentence.text;
    for (const { start, end } of clauses) core = core.slice(0, start) + " ".repeat(end - start) + core.slice(end);
    const rowTime = this.row?.time;
    const times = timesIn(core);
    const timed = times.length > 0 ? times : rowTime === undefined ? [] : timesIn(rowTime);
    const said = times.reduceRight((all, { start, end }) => all.slice(0, start) + " ".repeat(end - start) + all.slice(end), core);
    // A title above tickets opens their change, whatever stands above it.
    if (this.change !== undefined && this.change.steps.length > 0 && this.ticketFollows(index) && this.looksLikeTitle(said)) this.closed = true;
    const change = this.changeFor(block, raw, line);
    const proposals = this.read(said, change, raw, block);
    if (proposals === undefined && this.isTitle(said, change, index) && clauses.length === 0 && timed.length === 0) {
      change.notes.push(raw);
      this.entitle(change, raw);
      this.ledger.mark(block, sentence.start, sentence.end, "note", this.idOf(change));
      return;
    }
    const steps = proposals === undefined ? [this.person(change, sentence.text, line, owner)] : this.take(proposals, change, sentence.text, line);
    const [first] = steps;
    if (first === undefined) return;
    this.entitle(change, raw);
    if (raw !== sentence.text.trim() && first.title !== raw && raw.length < 1_900 && sentence.start === 0) first.notes.push(raw);
    this.time(first, timed, line, rowTime === undefined ? raw : `${rowTime} ${raw}`);
    this.ledger.mark(block, sentence.start, sentence.end, "step", this.idOf(first));
    for (const { kind, about } of clauses) {
      if (kind === "condition") this.condition(steps, about, line);
      else this.lean(first, kind, about, line);
    }
  }

  /** Words without a verb that the next lines are about. */
  protected isTitle(text: string, change: DraftedChange, index: number): boolean {
    const next = this.page.blocks[index + 1];
    if (change.steps.length > 0 || !this.looksLikeTitle(text)) return false;
    return next !== undefined && next.kind !== "heading" && (next.gap <= 1 || (next.kind === "item" && next.depth > change.depth));
  }

  protected looksLikeTitle(text: string): boolean {
    const plain = text.trim();
    return (
      plain.split(/\s+/).length <= 9 && /^[A-Z0-9]/.test(plain) && !/\b(?:needs?|must|should|will|please)\b/i.test(plain) && (!IMPERATIVE.test(plain) || /^\w+ of\b/.test(plain))
    );
  }

  protected ticketFollows(index: number): boolean {
    const next = this.page.blocks[index + 1];
    return (
      next !== undefined &&
      next.gap <= 1 &&
      /^\s*$/.test(
        next.fragments
          .filter(({ kind }) => kind === "text")
          .map(({ text }) => text.replaceAll(/[A-Z][A-Z0-9]+-\d+/g, ""))
          .join(""),
      ) &&
      next.fragments.some(({ kind, text }) => kind === "key" || /^[A-Z][A-Z0-9]+-\d+$/.test(text.trim()))
    );
  }

  /** A change without work is somebody's work; ids are given last, from the words that a change ended up with. */
  protected finish(change: DraftedChange): void {
    change.id = this.changeId(slug(change.titled ? change.title : change.keys.join(" ") || change.title, "change"));
    if (change.steps.length === 0) {
      const words = change.keys.length > 0 ? `Do what ${change.keys.join(" and ")} asks for.` : change.title;
      const step = this.person(change, words, change.line, change.owner);
      this.ask(
        change.line,
        change.keys.join(" and ") || change.title,
        change.keys.length > 0 ? "What does this ticket ask for? The page has its key and no work for it." : "What is to be done? The page has a title and no more.",
        step,
      );
    }
    for (const step of change.steps) this.owners.set(step, change);
    const place = (index: string): string => {
      const entry = this.steps[Number(index.slice(1))];
      return entry === undefined ? index.slice(1) : `${entry.change.id}.${entry.step.id}`;
    };
    for (const step of change.steps) {
      step.needs = step.needs.map((need) => (typeof need === "string" && need.startsWith("\u0000") ? place(need) : need));
      if (step.sameAs?.startsWith("\u0000")) step.sameAs = place(step.sameAs);
    }
  }
}

const IMPERATIVE =
  /^(?:please\s+)?(?:run|pull|move|kick|put|enable|disable|apply|change|add|install|patch|route|delete|remove|notify|start|purge|deploy|restart|reboot|drain|upgrade|verify|check|test|swap|point|mute|silence|rename|copy|rotate|allow|scale|stop|create|update|set|bring|take|send|post|announce|email|confirm|ensure|make|validate|open|close|switch|fail|back|restore|grant|execute|trigger|merge|migrate|import|export|tell|inform|page|call|wait|monitor|review|do|let|turn|roll|clean|clear|flush|sync|replace|configure|whitelist|unmute|log|ask|get|go|keep|hold|join|shut|lock|unlock|renew|failover)\b/i;

function isTimeColumn(column: string | undefined): boolean {
  return /^(?:start(?:s| time)?|time|when|at|begin|scheduled)\b/i.test(column ?? "");
}

function isOwnerColumn(column: string | undefined): boolean {
  return /^(?:owners?|who|assignees?|assigned|responsible|engineers?|lead|person|dri|on ?call)\b/i.test(column ?? "");
}
