import type { Inventory } from "../inventory/inventory.ts";
import type { Question } from "./draft.ts";
import { idGiver, slug } from "./drafted.ts";
import type { DraftedChange, DraftedPhase, DraftedPlan, DraftedStep } from "./drafted.ts";
import type { DeploymentHead } from "./deployment-lines.ts";
import { Ledger } from "./ledger.ts";
import type { Destination } from "./ledger.ts";
import { namesOf } from "./names.ts";
import type { Names } from "./names.ts";
import type { Block, Page } from "./tree.ts";
import { ticketsIn } from "./words/tickets.ts";
import { startOfWindow } from "./window-lines.ts";

/** How far back a sentence looks for what it depends on. */
export const LOOK_BACK = 200;

export type Owner = string | { first: string; second: string };

/** What a column of a table says about the rest of its row. */
export interface Row {
  readonly number: number;
  owner?: Owner;
  time?: string;
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
  protected readonly steps: { step: DraftedStep; change: DraftedChange }[] = [];
  protected phase: DraftedPhase | undefined;
  protected change: DraftedChange | undefined;
  protected last: DraftedStep | undefined;
  protected head: (DeploymentHead & { readonly text: string; readonly settle: (id: () => string) => void; readonly owner: Owner | undefined }) | undefined;
  protected branches: { readonly environment: boolean; readonly text: string } | undefined;
  protected stagesOf: readonly DraftedStep[] | undefined;
  protected deployed: readonly DraftedStep[] = [];
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
  protected readonly owners = new Map<DraftedStep, DraftedChange>();

  constructor(page: Page, inventory: Inventory) {
    this.page = page;
    this.names = namesOf(inventory);
    this.plan = { ...startOfWindow(page), comments: [], questions: [], phases: [] };
  }

  protected ask(line: number, text: string, why: string, holder: { questions: string[]; owner?: Owner }): void {
    const owner = holder.owner === undefined ? null : typeof holder.owner === "string" ? holder.owner : holder.owner.first;
    this.questions.push({ line, text, why, owner });
    if (holder.questions.length < 200) holder.questions.push(text === "" ? why.slice(0, 1_900) : `${why} On the page, line ${line}: «${text.slice(0, 900)}»`.slice(0, 1_990));
  }

  protected nextStepId(row: number): string {
    const line = this.page.blocks.find((block) => block.row === row)?.fragments[0]?.line ?? 0;
    const found = this.steps.find(({ step }) => step.line >= line) ?? this.steps.at(-1);
    return found === undefined ? "window" : `${found.change.id}.${found.step.id}`;
  }

  protected openPhase(title: string, line: number, depth: number, part: DraftedPhase["part"], words: string): void {
    const id = this.phaseId(slug(title, "phase"));
    this.phase = { id, title: title.slice(0, 500), line, part, depth, comments: [...this.comments, `line ${line}: ${words}`], changes: [] };
    this.comments = [];
    this.plan.phases.push(this.phase);
    this.change = undefined;
    this.closed = false;
  }

  protected newChange(title: string, line: number, depth: number): DraftedChange {
    if (this.phase === undefined) this.openPhase("Steps", line, 0, "other", "the page has no heading above this");
    const change: DraftedChange = {
      id: "",
      title: title.slice(0, 500),
      line,
      keys: [],
      notes: [],
      questions: [],
      comments: [...this.comments],
      inOrder: false,
      steps: [],
      depth,
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
    const own =
      current === undefined ||
      (!joins &&
        current.steps.length > 0 &&
        (this.closed || current.keys.length === 0 || block.gap >= 2) &&
        !(block.depth > current.depth && block.kind === "item") &&
        !current.inOrder &&
        !this.sameRow(block, current));
    if (!own && !this.closed) return current;
    if (!own && current.steps.length === 0) return current;
    this.settleHead();
    this.change = this.newChange(text, line, block.depth);
    return this.change;
  }

  protected sameRow(block: Block, change: DraftedChange): boolean {
    return block.row !== undefined && this.page.blocks.some((other) => other.row === block.row && other.fragments[0]?.line === change.line);
  }

  protected newStep(change: DraftedChange, wanted: string, title: string, line: number): DraftedStep {
    const taken = new Set(change.steps.slice(-LOOK_BACK).map(({ id }) => id));
    let id = wanted.slice(0, 40);
    for (let count = 2; taken.has(id); count++) id = `${wanted.slice(0, 36)}-${count}`;
    if (change.steps.length >= LOOK_BACK) id = `${wanted.slice(0, 36)}-${change.steps.length + 1}`;
    const step: DraftedStep = { id, title: title.slice(0, 1_900), line, needs: [], with: {}, notes: [], questions: [], sentence: this.sentence };
    change.steps.push(step);
    this.steps.push({ step, change });
    this.last = step;
    return step;
  }

  protected entitle(change: DraftedChange, title: string): void {
    if (!change.titled && /^[A-Z][A-Z0-9]+-\d+( and [A-Z][A-Z0-9]+-\d+)*$/.test(change.title)) change.title = title.slice(0, 500);
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
    const step = this.newStep(change, "do", text.trim(), line);
    step.action = "person.do";
    const named = ticketsIn(text).length > 0 ? undefined : (this.names.in(text, "team")[0] ?? this.names.in(text, "person").find(({ start }) => start < 3));
    const who =
      (typeof owner === "object" ? owner.first : owner) ??
      (named !== undefined && named.start < 20 ? named.name : undefined) ??
      (typeof change.owner === "object" ? change.owner.first : change.owner);
    step.with = { ...(who === undefined ? {} : { who }), what: text.trim().slice(0, 1_900) };
    if (who === undefined) this.ask(line, text.trim(), "Who does this? The page names nobody.", step);
    return step;
  }

  /** Needs are written by place until ids are settled. */
  protected needs(step: DraftedStep, needed: DraftedStep, change: DraftedChange): void {
    const at = this.steps.findIndex((entry) => entry.step === needed && entry.change === change);
    if (at >= 0 && !step.needs.includes(needed.id)) step.needs.push(`\u0000${at}`);
  }

  protected idOf(holder: DraftedStep | DraftedChange | DraftedPlan): () => string {
    return () => {
      if ("steps" in holder) return holder.id;
      if ("phases" in holder) return "window";
      const change = this.owners.get(holder) ?? this.steps.find(({ step }) => step === holder)?.change;
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
