import type { Inventory } from "../inventory/inventory.ts";
import type { Question } from "./draft.ts";
import { idGiver, slug } from "./drafted.ts";
import type { DraftedChange, DraftedPhase, DraftedPlan, DraftedStep } from "./drafted.ts";
import { Dependencies } from "./dependencies.ts";
import type { Drafted } from "./step-index.ts";
import type { DeploymentHead } from "./deployment-lines.ts";
import { asidesIn } from "./words/asides.ts";
import type { Aside } from "./words/asides.ts";
import type { DayContext } from "./words/clock.ts";
import { Ledger } from "./ledger.ts";
import type { Destination } from "./ledger.ts";
import { namesOf } from "./names.ts";
import type { Names } from "./names.ts";
import type { Block, Page } from "./tree.ts";
import { timesEnd, timesIn } from "./words/clock.ts";
import { ticketsIn } from "./words/tickets.ts";
import { startOfWindow } from "./window-lines.ts";

/** How far back a sentence looks for what it depends on. */
export const LOOK_BACK = 200;

export type Owner = string | { first: string; second: string };

/** What a column of a table says about the rest of its row. */
export interface Row {
  readonly number: number;
  /** Whether one cell is all of it. */
  readonly alone: boolean;
  owner?: Owner;
  /** Who does it if the owner cannot. */
  second?: Owner;
  time?: string;
  /** Where the row's deployments go. */
  environments?: readonly string[];
  /** The servers that its work is done to. */
  servers?: readonly string[];
  /** Its number, by which other rows name it. */
  label?: string;
  /** Tickets of a cell that reaches down from a row above. */
  keys?: readonly string[];
}

/** The plan as far as it is drafted, and how phases, changes, steps and questions are added to it. */
export abstract class Sketch {
  readonly ledger = new Ledger();
  protected readonly page: Page;
  protected readonly names: Names;
  protected readonly plan: DraftedPlan;
  protected readonly questions: Question[] = [];
  protected readonly phaseId = idGiver();
  protected readonly changeId = idGiver();
  protected readonly steps: Drafted[] = [];
  protected readonly rowSteps = new Map<number, DraftedStep>();
  protected readonly places = new Map<DraftedStep, number>();
  protected readonly dependencies: Dependencies;
  protected phase: DraftedPhase | undefined;
  protected change: DraftedChange | undefined;
  protected last: DraftedStep | undefined;
  protected head:
    | (DeploymentHead & {
        readonly block: Block;
        readonly line: number;
        asides: readonly Aside[];
        readonly text: string;
        readonly settle: (id: () => string) => void;
        readonly owner: Owner | undefined;
      })
    | undefined;
  protected branches: { readonly environment: boolean; readonly text: string } | undefined;
  protected stagesOf: readonly DraftedStep[] | undefined;
  protected deployed: readonly DraftedStep[] = [];
  /** The day that the heading above gives to the times below it. */
  protected day: DayContext | undefined;
  /** The block that is a title and no more; tickets right under it are its own. */
  protected titleAt = -1;
  /** The block that was last given its change. */
  protected changeOf: Block | undefined;
  protected closed = false;
  protected full = false;
  /** Nothing but tickets has been said since the last ticket. */
  protected ticketsAbove = false;
  protected sentence = 0;
  protected expected: readonly string[] = [];
  protected comments: string[] = [];
  protected swap: { targets: readonly string[]; from: string; to: string } | undefined;
  protected muted: readonly string[] = [];
  protected row: Row | undefined;
  /** The number of the list's line at hand. */
  protected number: string | undefined;
  /** Steps by the number of their row, or of their line in a list. */
  protected readonly numbered = new Map<string, readonly DraftedStep[]>();
  protected readonly owners = new Map<DraftedStep, DraftedChange>();

  constructor(page: Page, inventory: Inventory) {
    this.page = page;
    this.names = namesOf(inventory);
    this.dependencies = new Dependencies(this.names);
    this.plan = { ...startOfWindow(page), comments: [], questions: [], phases: [] };
  }

  protected ask(line: number, text: string, why: string, holder: { questions: string[]; owner?: Owner }): void {
    const owner = holder.owner === undefined ? null : typeof holder.owner === "string" ? holder.owner : holder.owner.first;
    this.questions.push({ line, text, why, owner });
    if (holder.questions.length < 200) holder.questions.push(text === "" ? why.slice(0, 1_900) : `${why} On the page, line ${line}: «${text.slice(0, 900)}»`.slice(0, 1_990));
  }

  protected stepOfRow(row: number): string {
    return this.idOf(this.rowSteps.get(row) ?? this.plan)();
  }

  protected openPhase(title: string, line: number, depth: number, part: DraftedPhase["part"], words: string): void {
    const id = this.phaseId(slug(title, "phase"));
    this.phase = { id, title: title.slice(0, 500), line, part, depth, comments: [...this.comments, `line ${line}: ${words}`], changes: [] };
    this.comments = [];
    this.plan.phases.push(this.phase);
    this.change = undefined;
    this.closed = false;
  }

  protected newChange(title: string, line: number, depth: number, item = false): DraftedChange {
    if (this.phase === undefined) this.openPhase("Steps", line, 0, "other", "the page has no heading above this");
    const change: DraftedChange = {
      id: "",
      title: title.slice(0, 500),
      line,
      keys: [...(this.row?.keys ?? [])],
      notes: [],
      questions: [],
      comments: [...this.comments],
      inOrder: false,
      steps: [],
      depth,
      item,
      inline: false,
      ...(this.row === undefined ? {} : { row: this.row.number }),
      titled: false,
    };
    this.comments = [];
    this.phase?.changes.push(change);
    this.closed = false;
    this.last = undefined;
    this.deployed = [];
    return change;
  }

  /** The change that a statement belongs to: the one above it, or one of its own. */
  protected changeFor(block: Block, text: string, line: number, joins = false): DraftedChange {
    const current = this.change;
    // The sentences of one block are of one change.
    if (current !== undefined && (this.changeOf === block || block.continues === true) && !this.closed) return current;
    this.changeOf = block;
    // A line with a time of its own is no part of a ticket whose work has none.
    const timed = current !== undefined && current.keys.length > 0 && (current.inline || current.steps.every(({ at }) => at === undefined)) && timesIn(text)[0]?.start === 0;
    const otherRow = current !== undefined && block.row !== undefined && current.row !== block.row;
    const own =
      current === undefined ||
      (otherRow && current.steps.length + current.questions.length > 0) ||
      (!joins &&
        current.steps.length > 0 &&
        (this.closed ||
          timed ||
          current.keys.length === 0 ||
          (current.inline && block.gap >= 1) ||
          block.gap >= 2 ||
          (block.kind === "item" && current.item && block.depth <= current.depth)) &&
        !(block.depth > current.depth && block.kind === "item") &&
        !current.inOrder &&
        !this.sameRow(block, current));
    if (!own && !this.closed) return current;
    if (!own && current.steps.length === 0) return current;
    this.settleHead();
    this.change = this.newChange(text, line, block.depth, block.kind === "item");
    return this.change;
  }

  protected sameRow(block: Block, change: DraftedChange): boolean {
    return block.row !== undefined && change.row === block.row;
  }

  protected newStep(change: DraftedChange, wanted: string, title: string, line: number): DraftedStep {
    const taken = new Set(change.steps.slice(-LOOK_BACK).map(({ id }) => id));
    let id = wanted.slice(0, 40);
    for (let count = 2; taken.has(id); count++) id = `${wanted.slice(0, 36)}-${count}`;
    if (change.steps.length >= LOOK_BACK) id = `${wanted.slice(0, 36)}-${change.steps.length + 1}`;
    const step: DraftedStep = { id, title: title.slice(0, 1_900), line, needs: [], with: {}, notes: [], questions: [], sentence: this.sentence };
    change.steps.push(step);
    if (this.row !== undefined && !this.rowSteps.has(this.row.number)) this.rowSteps.set(this.row.number, step);
    const label = this.row === undefined ? this.number : this.row.label;
    if (label !== undefined) this.numbered.set(label, [...(this.numbered.get(label) ?? []).filter(({ sentence }) => this.sentence - sentence < 4), step]);
    this.places.set(step, this.steps.length);
    this.steps.push({ step, change, phase: this.phase });
    this.last = step;
    return step;
  }

  protected entitle(change: DraftedChange, title: string): void {
    const bare = asidesIn(title)
      .reduceRight((all, { start, end }) => `${all.slice(0, start).trimEnd()}${all.slice(end)}`, title)
      .trim();
    if (!change.titled && /^[A-Z][A-Z0-9]+-\d+( and [A-Z][A-Z0-9]+-\d+)*$/.test(change.title)) change.title = (bare === "" ? title : bare).slice(0, 500);
    change.titled = true;
  }

  protected own(holder: DraftedStep | DraftedChange, owner: Owner, line: number, text: string): void {
    holder.owner = owner;
    for (const name of typeof owner === "string" ? [owner] : [owner.first, owner.second]) {
      if (this.names.inventory.find("person", name) === undefined && this.names.inventory.find("team", name) === undefined)
        this.ask(line, text, `Who is ${name}? The inventory does not know them.`, holder);
    }
  }

  /** A sentence that is not understood goes to a person, in the page's words. */
  protected person(change: DraftedChange, text: string, line: number, owner: Owner | undefined): DraftedStep {
    const words = text.trim();
    const step = this.newStep(change, "do", words, line);
    step.action = "person.do";
    const lead = timesEnd(words);
    const named =
      ticketsIn(words).length > 0
        ? undefined
        : (this.names.in(words, "team").find(({ start }) => words[start - 1] !== "#") ?? this.names.in(words, "person").find(({ start }) => start < lead + 3));
    const first = (said: Owner | undefined): string | undefined => (typeof said === "object" ? said.first : said);
    // Who is named where the sentence begins is who does it; a time may stand before the name.
    const begins = named !== undefined && named.start - lead < 20 ? named.name : this.driverIn(words);
    const who = first(owner) ?? begins ?? first(change.owner) ?? first(this.row?.owner);
    step.with = { ...(who === undefined ? {} : { who }), what: words.slice(0, 1_900) };
    if (who === undefined) this.ask(line, words, "Who does this? The page names nobody.", step);
    const strangers = this.names.strangers(words).filter((name) => !change.keys.includes(name));
    if (strangers.length > 0) this.ask(line, words, `What is ${strangers.join(", ")}? The inventory has its like and not that.`, step);
    return step;
  }

  /** «…, Oona to drive»: who leads the work may stand where its sentence ends. */
  protected driverIn(words: string): string | undefined {
    return this.names
      .in(words, "person")
      .find(({ start, end }) => /[,;(-]\s*$/.test(words.slice(0, start)) && /^\s+(?:to (?:drive|lead|run|do|handle)|drives|leads|runs|does|handles)\b/i.test(words.slice(end)))
      ?.name;
  }

  /** Needs are written by place until ids are settled. */
  protected needs(step: DraftedStep, needed: DraftedStep): void {
    const need = `\u0000${this.places.get(needed) ?? ""}`;
    if (need.length > 1 && !step.needs.includes(need) && !step.needs.includes(needed.id)) step.needs.push(need);
  }

  /** In the order of the page; places of steps are known when all of it has been read. */
  protected settleDependencies(): void {
    const { needs } = this.dependencies.settle(this.steps, (line, text, why, holder) => this.ask(line, text, why, holder));
    for (const [later, earlier] of needs) this.needs(later, earlier);
  }

  protected idOf(holder: DraftedStep | DraftedChange | DraftedPlan): () => string {
    return () => {
      if ("steps" in holder) return holder.id;
      if ("phases" in holder) return "window";
      const change = this.owners.get(holder);
      return change === undefined ? "window" : `${change.id}.${holder.id}`;
    };
  }

  protected markAll(block: Block, raw: string, as: Destination, holder: DraftedStep | DraftedChange | undefined): void {
    this.ledger.mark(block, 0, raw.length + 2, as, this.idOf(holder ?? this.change ?? this.plan));
  }

  protected takeTickets(change: DraftedChange, text: string): void {
    for (const { key } of ticketsIn(text, this.names.knows)) if (!change.keys.includes(key)) change.keys.push(key);
  }

  protected settleHead(): void {
    const head = this.head;
    if (head === undefined) return;
    this.head = undefined;
    const change = this.change ?? this.newChange(head.text, 1, 0);
    const step = this.person(change, head.text, change.line, head.owner);
    this.ask(change.line, head.text, "What is deployed? The page names an environment and nothing after it.", step);
    head.settle(this.idOf(step));
  }
}
