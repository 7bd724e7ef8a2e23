import type { Question } from "./draft.ts";
import type { DraftedChange, DraftedPlan, DraftedStep } from "./drafted.ts";
import type { Destination } from "./ledger.ts";
import { sentencesOf } from "./sentences.ts";
import type { Sentence } from "./sentences.ts";
import { textOf } from "./tree.ts";
import type { Block } from "./tree.ts";
import { asidesIn, clausesIn, mannerOf, saysDropped } from "./words/asides.ts";
import { dayContextOn, timesEnd, timesIn } from "./words/clock.ts";
import type { TimeWord } from "./words/clock.ts";
import { datesIn } from "./words/dates.ts";
import { partOf, plainHeading } from "./words/headings.ts";
import { without } from "./words/spans.ts";
import { toldIn } from "./told.ts";
import { IMPERATIVE, looksLikeTitle } from "./words/verbs.ts";
import { ticketsIn } from "./words/tickets.ts";
import { openOf, readWindow } from "./window-lines.ts";
import { WholeChanges } from "./whole-changes.ts";
import type { Owner } from "./sketch.ts";
import { linksOf, withLinks } from "./tree.ts";

/** Far beyond what one night holds. */
const MOST = { steps: 4_000, questions: 8_000, blocks: 20_000 } as const;
/** How far down the rules of the night may stand, above the first heading. */
const TOP = 12;

/** One pass over a page's blocks; what was said last is what the next line leans on. */
export class Drafting extends WholeChanges {
  /** Of each depth of a list, the number of its last line. */
  protected readonly lastHeading = this.page.blocks.findLastIndex(({ kind }) => kind === "heading");
  protected readonly numbers = new Map<number, number>();

  run(): { plan: DraftedPlan; questions: readonly Question[] } {
    const { blocks } = this.page;
    blocks.forEach((block, index) => {
      this.enterRow(block, index);
      this.block(block, index);
    });
    this.letGo(undefined);
    this.enterRow(undefined, blocks.length);
    this.remains(undefined);
    this.settleHead();
    const changes = this.plan.phases.flatMap((phase) => phase.changes);
    for (const change of changes) this.fill(change);
    this.settleDependencies();
    for (const change of changes) this.finish(change);
    for (const why of openOf(this.plan)) this.ask(1, "", why, this.plan);
    return { plan: this.plan, questions: this.questions };
  }

  protected block(block: Block, index: number): void {
    const { text, starts } = textOf(block);
    const line = block.fragments[0]?.line ?? 1;
    const all = (as: Destination, id: () => string): void => this.ledger.mark(block, 0, text.length, as, id);
    if (text === "") return;
    this.letGo(block);
    if (this.steps.length >= MOST.steps || this.questions.length >= MOST.questions || index >= MOST.blocks) {
      // No window has so many: the rest of the page is one question, and time stays bounded.
      if (!this.full) this.ask(line, text, `Is this one window? No night holds so much; nothing from here on is in the plan.`, this.plan);
      this.full = true;
      return all("question", () => "window");
    }
    if (this.isWindowTitle(block, index, text)) {
      readWindow(text, block, this.plan, (why) => this.ask(line, text, why, this.plan));
      this.plan.comments.push(`line ${line}: ${text}`);
      return all("heading", () => "window");
    }
    if (block.nested === true) return this.nested(block, text, line);
    if (block.kind === "heading") {
      this.remains(undefined);
      if (block.row !== undefined) {
        this.column(text, line);
        return all("heading", () => "window");
      }
      return this.heading(block, text, line, all);
    }
    if (this.windowOwners(block, text, line)) return all("note", () => "window");
    if (readWindow(text, block, this.plan, (why) => this.ask(line, text, why, this.plan), this.day)) {
      this.plan.comments.push(`line ${line}: ${text}`);
      return all("note", () => "window");
    }
    if (this.cell(block, text, line)) return;
    const row = this.row;

    // Another item of the list, or a line of none, ends what the time of an item above holds for.
    if (block.continues !== true) this.timed = this.timed.filter(({ depth }) => block.kind === "item" && depth < block.depth);

    // 1. What is struck through, and other marks. 2. Tickets, and what their macros left behind. 3. People.
    const visible = this.marks(block, text, starts, line);
    const masked = this.tickets(block, visible, starts, line);
    const people = this.people(block, masked);
    const rest = people.masked;
    if (!/[\p{L}\p{N}]/u.test(rest)) {
      // A row whose work is crossed out is a change all the same, with its own ticket and its own question.
      if (row !== undefined && this.marked.length > 0 && this.change?.row !== row.number) this.change = this.newChange(text, line, block.depth);
      const change = this.change;
      if (/[^\s*•▪◦‣]/.test(rest) && change !== undefined) {
        change.comments.push(`line ${line}: ${rest.trim()}`);
        const next = this.page.blocks[index + 1];
        const joins = next !== undefined && ticketsIn(textOf(next).text, this.names.knows)[0]?.start === 0;
        if (/^[\s&/]+$/.test(text) && !joins) this.ask(line, rest.trim(), "What was joined here? One side of it is missing.", change);
      }
      this.ledger.mark(block, 0, text.length, "note", () => this.change?.id ?? change?.id ?? "window");
      return this.askMarked(change ?? this.plan);
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

  /** The line at the top that is the page's name: it has the date, or is the first of all and names the work. */
  protected isWindowTitle(block: Block, index: number, text: string): boolean {
    if (this.phase !== undefined || index > 2 || block.row !== undefined) return false;
    const dated = datesIn(text).length > 0 || (index === 0 && /\b(?:maintenance|window|changes)\b/i.test(text) && block.kind !== "item");
    if (!dated || text.length > 300 || timesIn(text).length > 0 || ticketsIn(text, this.names.knows).length > 0 || (index > 0 && IMPERATIVE.test(text))) return false;
    this.plan.title ??= text.slice(0, 300);
    return true;
  }

  /** «Owner of the night: Chidi», above all work. */
  protected windowOwners(block: Block, text: string, line: number): boolean {
    if (
      this.steps.length > 0 ||
      this.change !== undefined ||
      !/^(?:(?:window|night|maintenance|overall|weekend) )?(?:owners?|leads?|managers?|responsible|contacts?|in charge)\b[^:]{0,40}:/i.test(text)
    )
      return false;
    const { owner } = this.ownersOf(block, text, true);
    if (owner === undefined) return false;
    this.plan.owners = typeof owner === "string" ? [owner] : [owner.first, owner.second];
    this.plan.comments.push(`line ${line}: ${text}`);
    return true;
  }

  /** A table inside a cell tells about the row around it; whether it asks for work nobody can know. */
  protected nested(block: Block, text: string, line: number): void {
    const holder = this.last ?? this.changeFor(block, text, line, true);
    holder.notes.push(text);
    if (this.nestedIn !== holder) this.ask(line, text, "Is this work? It stands in a table inside a table.", holder);
    this.nestedIn = holder;
    this.ledger.mark(block, 0, text.length, "note", this.idOf(holder));
  }
  protected nestedIn: DraftedStep | DraftedChange | undefined;

  protected heading(block: Block, text: string, line: number, all: (as: Destination, id: () => string) => void): void {
    this.settleHead();
    const plain = plainHeading(text) || text;
    const part = partOf(text);
    const below = this.phase !== undefined && block.depth > this.phase.depth && part === "other";
    this.stagesOf = undefined;
    this.branches = undefined;
    this.last = undefined;
    this.numbers.clear();
    this.timed = [];
    this.day = dayContextOn(text, this.plan.date) ?? (block.depth > (this.phase?.depth ?? 0) ? this.day : undefined);
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
    // What is left of «(PAY-3)» and «[Ana]» is nothing.
    const columns = this.columns(masked.replaceAll(/\[\s*\](?!\s*\S.*\[\s*\])|\(\s*\)/g, (empty) => " ".repeat(empty.length)));
    // Bullets, numbers and what joined tickets or names to the words.
    const words = columns.words.replace(/^[\s&]*(?:\[[ xX]?\]|(?:->|=>|→)|\*{1,4}|[-•▪◦‣☐☑☒✅✔✓]\ufe0f?|\d{1,3}[.)](?=\s))?[\s:;,/&+-]*/u, (lead) => " ".repeat(lead.length));
    this.count(block, masked, line, text);
    const times = timesIn(words);
    const asides = asidesIn(words).filter(({ start, end }) => !times.some((time) => time.start < start && end <= time.end));
    // «or will post in …»: the export has lost the names around «or».
    const lost = /(?<=^|[\s,:])or\s+(?=(?:will|has to|have to|needs? to|to|can|should|must|is to|are to)\b)/i.exec(words);
    const bare = without(
      words,
      [...asides, ...(lost === null ? [] : [{ start: lost.index, end: lost.index + lost[0].length }])].toSorted((a, b) => a.start - b.start),
    );
    if (lost !== null) this.marked.push({ line, text: text.trim(), why: "Who are the two people? The page joined two names here and the export has lost them." });
    const before = this.steps.length;
    const beforeChange = this.change;
    const raw = words
      .trim()
      .replaceAll(/\s+/g, " ")
      .replace(/[\s:;,/&-]+$/, "");
    if (
      !this.marked.some(({ why }) => why.startsWith("Is this dropped?")) &&
      [bare, ...asides.map((aside) => aside.text)].map((said) => without(said, timesIn(said))).some((said) => saysDropped(said) && mannerOf(said) === "past")
    )
      this.marked.push({ line, text: text.trim(), why: "Is this dropped? The page says so beside it." });
    const people = asides.flatMap((aside) => this.peopleIn(aside.text) ?? []);
    const owners = owner ?? columns.owner ?? people[0];

    if (
      this.special(
        block,
        raw,
        bare,
        line,
        owners,
        asides.some((aside) => mannerOf(aside.text) === "done-above"),
      )
    ) {
      // Said by one of the shapes that a deployment has.
    } else {
      const sentences = sentencesOf(bare);
      for (const sentence of sentences) {
        this.sentence++;
        this.sentenceOf(block, sentence, sentences.length === 1 ? raw : sentence.text, raw, line, owners, index);
      }
    }

    const made = this.steps.slice(before).map(({ step }) => step);
    if (this.head?.block === block) this.head.asides = asides.filter((aside) => this.peopleIn(aside.text) === undefined);
    // «& XAT and PRD Deployment»: what stood before the «&» is gone.
    const joint = /^\s*([&/])\s/.exec(text)?.[1];
    if (joint !== undefined) this.ask(line, text, `What stood before «${joint}»? The export has lost it.`, made[0] ?? this.change ?? this.plan);
    for (const aside of this.head?.block === block ? [] : asides) {
      if (this.phase === undefined && this.last === undefined && this.inPreamble(index)) {
        this.plan.comments.push(`line ${line}: ${aside.text}`);
        this.ledger.mark(block, aside.start, aside.end, "note", () => "window");
      } else if (this.peopleIn(aside.text) === undefined) this.aside(block, aside, made, line);
      else this.ledger.mark(block, aside.start, aside.end, "note", this.idOf(made[0] ?? this.last ?? this.change ?? this.plan));
    }
    const doer = this.doerIn(words);
    for (const step of made) if (owners === undefined && doer !== undefined && step.action !== "person.do") step.owner = doer;
    for (const step of made) if (owners !== undefined && step.owner === undefined) this.own(step, owners, line, raw);
    if (made.length === 0 && owners !== undefined && this.change !== undefined && this.change.owner === undefined && (this.row === undefined || this.change.steps.length === 0))
      this.own(this.change, owners, line, raw);
    const settled = made[0] ?? this.change ?? beforeChange ?? this.plan;
    this.askMarked(settled);
    if (this.peopleSaid !== undefined) (this.change ?? this.plan).comments.push(this.peopleSaid);
    this.peopleSaid = undefined;
    this.ledger.mark(block, 0, text.length, made.length > 0 ? "step" : "note", this.idOf(settled));
  }

  /** The numbers of a list: one that is missing may be a line that is missing. */
  protected count(block: Block, words: string, line: number, text: string): void {
    const number = /^\s*(\d{1,3})[.)]\s/.exec(words)?.[1];
    if (block.depth <= 1) this.number = number;
    if (number === undefined) return;
    const before = this.numbers.get(block.depth) ?? 0;
    this.numbers.set(block.depth, Number(number));
    if (Number(number) !== before + 1 && Number(number) !== 1) this.marked.push({ line, text: text.trim(), why: `Is a line missing? The list goes from ${before} to ${number}.` });
    else if (Number(number) === 1 && before === 1) this.marked.push({ line, text: text.trim(), why: "Is a line missing? The list has two lines with the number 1." });
  }

  /** @param whole the sentence with what stands in parentheses, for people to read. */
  protected sentenceOf(block: Block, sentence: Sentence, whole: string, raw: string, line: number, owner: Owner | undefined, index: number): void {
    const { text, start, end } = sentence;
    // «after 23:00 patch it» waits for the clock, and for no other line.
    const manner = mannerOf(text.slice(timesEnd(text)).trim() || text);
    const above = this.last ?? (this.change !== undefined && block.gap <= 1 ? this.change : undefined);
    const mark = (as: Destination, holder: DraftedStep | DraftedChange | DraftedPlan): void => this.ledger.mark(block, start, end, as, this.idOf(holder));
    if (this.phase === undefined && this.inPreamble(index) && this.preamble(text, manner, line, mark)) return;
    if (manner === "reference") {
      const holder = this.last ?? this.changeFor(block, raw, line);
      const links = linksOf(block);
      holder.notes.push([text, ...links].join(" "));
      const lost = links.length === 0;
      if (lost) this.ask(line, text, /\.\w{3,4}$/.test(text) ? "Where is this file? The link has lost its target." : "Where does this lead? The link has lost its target.", holder);
      return mark(lost ? "question" : "note", holder);
    }
    if (manner === "past" || manner === "remark" || manner === "prohibition" || (manner === "done-above" && above !== undefined)) {
      const holder = manner === "past" ? this.changeFor(block, raw, line, this.change?.keys.length !== 0) : (above ?? this.changeFor(block, raw, line));
      holder.notes.push(text);
      if (manner === "prohibition") this.ask(line, text, "How is this kept? It forbids something, and no step can watch over that.", holder);
      return mark(manner === "prohibition" ? "question" : "note", holder);
    }
    if (this.last !== undefined && /\b(?:skip|omit|leave out)\b/i.test(text) && /^(?:if|when|in case|unless|should|skip|omit|leave)\b/i.test(text)) {
      this.last.notes.push(text);
      this.ask(line, text, "When is it left out? Write a value, and let the step hang on it with `when`.", this.last);
      return mark("question", this.last);
    }
    const leaning = /^(?:will |we )?(?:need|have) to\b|^will need\b|^(?:this|that|it|these)\b/i.test(text);
    if ((leaning || ((manner === "condition" || manner === "dependency") && clausesIn(text)[0]?.start !== 0)) && above !== undefined && this.last !== undefined) {
      this.last.notes.push(text);
      for (const clause of clausesIn(` ${text}`)) this.lean([this.last], clause.kind, clause.about, line);
      if (manner === "condition") this.lean([this.last], "condition", text, line);
      else if (manner === "dependency" && clausesIn(` ${text}`).length === 0) this.lean([this.last], /^before/i.test(text) ? "before" : "after", text, line);
      return mark(manner === "condition" ? "condition" : "note", this.last);
    }
    this.instruction(block, sentence, whole, raw, line, owner, index);
  }

  protected inPreamble(index: number): boolean {
    return index < this.lastHeading && index < TOP;
  }

  /** Above the first heading stand the rules of the night. What asks for work is work there too. */
  protected preamble(text: string, manner: ReturnType<typeof mannerOf>, line: number, mark: (as: Destination, holder: DraftedPlan) => void): boolean {
    if (manner === "prohibition") this.ask(line, text, "How is this kept? It forbids something, and no step can watch over that.", this.plan);
    else if (manner === "condition" && this.read(text, EMPTY, text, undefined) === undefined)
      this.ask(line, text, "Who decides this, and what is done then? It stands above all headings, and is said of the whole night.", this.plan);
    else if (manner === "instruction" && looksLikeTitle(text) && timesIn(text).length === 0 && this.read(text, EMPTY, text, undefined) === undefined)
      this.ask(line, text, "Is this work? It stands above all headings.", this.plan);
    else if (manner === "past" || manner === "remark" || manner === "reference") this.plan.comments.push(`line ${line}: ${text}`);
    else return false;
    mark(manner === "prohibition" || manner === "instruction" || manner === "condition" ? "question" : "note", this.plan);
    return true;
  }

  protected instruction(block: Block, sentence: Sentence, whole: string, raw: string, line: number, owner: Owner | undefined, index: number): void {
    const told = toldIn(sentence.text, this.names);
    const { plain, times, clauses } = told;
    const rowTime = this.row?.time;
    const held = this.heldFor(block);
    const timed = times.length > 0 ? times : held.length > 0 ? held : rowTime === undefined ? this.timesAbove(block) : timesIn(rowTime);
    if (block.kind === "item") this.timed = [...this.timed.filter(({ depth }) => depth < block.depth), { depth: block.depth, times: timed }];
    const next = this.page.blocks[index + 1];
    if (times.length > 0 && !/[\p{L}\p{N}]/u.test(plain) && next !== undefined && next.kind !== "heading" && this.isTimeOf(block, next)) {
      const waits = { for: next, times, line, text: raw };
      this.held = waits;
      const holder = this.change ?? this.plan;
      this.ledger.mark(block, sentence.start, sentence.end, "condition", () => this.idOf("step" in waits ? (waits.step as DraftedStep) : holder)());
      return;
    }
    // A title above tickets opens their change, whatever stands above it.
    const follows = this.ticketFollows(index) && looksLikeTitle(plain);
    if (this.change !== undefined && (this.change.steps.length > 0 || this.change.titled) && follows) this.closed = true;
    const change = this.changeFor(block, raw, line);
    const proposals = this.read(plain, change, raw, block);
    if (proposals === undefined && owner === undefined && this.isTitle(plain, change, index) && clauses.length === 0 && timed.length === 0) {
      change.notes.push(withLinks(raw, block));
      this.entitle(change, raw);
      this.titleAt = index;
      // A number is how a time or an amount begins, and seldom a title; nor is one line of a list of lines.
      const alike = next !== undefined && next.kind === block.kind && next.gap === 0 && block.row === undefined && next.continues !== true;
      if (/^\d/.test(raw) || (alike && this.read(textOf(next).text, EMPTY, textOf(next).text, undefined) !== undefined))
        this.ask(line, raw, "Is this work, or the title of what stands below it?", change);
      this.ledger.mark(block, sentence.start, sentence.end, "note", this.idOf(change));
      return;
    }
    if (proposals === undefined && owner === undefined && clauses.length + timed.length === 0 && this.isLabel(block, plain, change, index)) {
      this.closed = true;
      const below = this.changeFor(block, raw, line);
      below.notes.push(raw);
      below.titled = true;
      this.ask(line, raw, "Is this work, or the title of what stands below it?", below);
      this.ledger.mark(block, sentence.start, sentence.end, "question", this.idOf(below));
      return;
    }
    const previous = /^(?:and )?(?:then|afterwards|after that|next)\b/i.test(sentence.text) && this.last !== undefined && change.steps.includes(this.last) ? this.last : undefined;
    const steps = proposals === undefined ? [this.person(change, whole, line, owner)] : this.take(proposals, change, sentence.text, line);
    const [first] = steps;
    if (first === undefined) return;
    if (previous !== undefined) first.needs.push(previous.targets !== undefined && first.targets !== undefined ? { step: previous.id, per: "target" } : previous.id);
    this.entitle(change, raw);
    const said = withLinks(sentence.text.trim(), block);
    if (raw !== sentence.text.trim() && first.title !== raw && raw.length < 1_900 && sentence.start === 0) first.notes.push(withLinks(raw, block));
    // A pipeline that a link names is in the step itself.
    else if (said !== sentence.text.trim() && first.action !== "pipeline.run") first.notes.push(said);
    this.heldFor(block, first);
    this.time(first, timed, line, rowTime === undefined ? raw : `${rowTime} ${raw}`);
    this.heed(steps, told, line);
    this.ledger.mark(block, sentence.start, sentence.end, "step", this.idOf(first));
  }

  /** «22:30 hold things», and what that is below it: an item's time is that of its own items. */
  protected timesAbove(block: Block): readonly TimeWord[] {
    return block.kind === "item" ? (this.timed.findLast(({ depth }) => depth < block.depth && depth > 0)?.times ?? []) : [];
  }
  protected timed: readonly { readonly depth: number; readonly times: readonly TimeWord[] }[] = [];

  /** «22:00», and below it what is done then: after a line break, or where neither a ticket nor another time parts them. */
  protected isTimeOf(block: Block, next: Block): boolean {
    const { text } = textOf(block);
    return next.continues === true || (next.gap <= 1 && next.row === block.row && timesIn(textOf(next).text).length === 0 && ticketsIn(text, this.names.knows).length === 0);
  }

  /** Words without a verb that the next lines are about. */
  protected isTitle(text: string, change: DraftedChange, index: number): boolean {
    const next = this.page.blocks[index + 1];
    // «Same as PAY-3 at the other site» is work, and so is a short line above another one of its kind.
    if (change.steps.length > 0 || !looksLikeTitle(text) || ticketsIn(text, this.names.knows).length > 0) return false;
    return next !== undefined && next.kind !== "heading" && (next.gap <= 1 || (next.kind === "item" && next.depth > change.depth));
  }

  /** «Dublin site», right above a line that begins with its ticket, and below other work. */
  protected isLabel(block: Block, text: string, change: DraftedChange, index: number): boolean {
    const next = this.page.blocks[index + 1];
    if (next === undefined || next.gap > 0 || next.kind !== block.kind || block.kind === "item" || block.row !== undefined || change.steps.length === 0) return false;
    return looksLikeTitle(text) && text.trim().split(/\s+/).length <= 3 && /^[A-Z]/.test(text.trim()) && ticketsIn(textOf(next).text, this.names.knows)[0]?.start === 0;
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
}

const EMPTY: Pick<DraftedChange, "keys" | "title" | "notes"> = { keys: [], title: "", notes: [] };
