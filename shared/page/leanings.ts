import type { DraftedChange, DraftedStep } from "./drafted.ts";
import type { Proposal, Surroundings } from "./proposal.ts";
import { exceptionsIn, leaveOut } from "./exceptions.ts";
import { approversIn } from "./approvals.ts";
import { clausesOf, readClause } from "./sentences.ts";
import type { Told } from "./told.ts";
import type { Block } from "./tree.ts";
import { mannerOf } from "./words/asides.ts";
import type { TimeWord, timesIn } from "./words/clock.ts";
import { clockText, timeBelow } from "./words/clock.ts";
import { numbersIn } from "./words/numbers.ts";
import { RowLines } from "./row-lines.ts";
import { LOOK_BACK } from "./sketch.ts";
import { linksOf } from "./tree.ts";

/** Times, conditions and dependencies: what a step is told by the words around it. */
export abstract class Leanings extends RowLines {
  protected time(step: DraftedStep, times: ReturnType<typeof timesIn>, line: number, text: string): void {
    const [said, until] = times;
    if (said === undefined) return;
    const time = timeBelow(said, this.day);
    if (said.bound === true) {
      this.ask(line, text, `When does it begin? The page says by when it is over: ${time.day ?? ""} ${clockText(time)}.`.replace("  ", " "), step);
      return this.time(step, times.slice(1), line, text);
    }
    step.at = `${time.day === undefined ? "" : `${time.day} `}${clockText(time)}`;
    if (time.day === undefined) this.ask(line, text, "On which day? The page gives a time and no day.", step);
    if (time.doubt !== undefined) this.ask(line, text, `Which time is meant? ${time.doubt}.`, step);
    if (until !== undefined) this.ask(line, text, `What is ${clockText(until)}? The sentence names more than one time.`, step);
    if (time.zone !== undefined && this.plan.zone === undefined) this.plan.zone = time.zone;
    else if (time.zone !== undefined && time.zone !== this.plan.zone) this.ask(line, text, `Which zone is right? Elsewhere the page says ${this.plan.zone ?? "another"}.`, step);
  }

  /** A time that has its line to itself is that of the line below. */
  protected held: { readonly for: Block; readonly times: readonly TimeWord[]; readonly line: number; readonly text: string; step?: DraftedStep } | undefined;

  /** The times of a block whose own words give none; `step` is what they are given to. */
  protected heldFor(block: Block, step?: DraftedStep): readonly TimeWord[] {
    if (this.held?.for !== block) return [];
    if (step !== undefined && this.held.step === undefined) {
      this.held.step = step;
      this.change?.comments.push(`time of line ${this.held.line}: ${this.held.text}`);
    }
    return this.held.times;
  }

  /** Another block begins: a time for which no work has come is asked about. */
  protected letGo(block: Block | undefined): void {
    const { held } = this;
    if (held === undefined || held.for === block) return;
    this.held = undefined;
    if (held.step === undefined) this.ask(held.line, held.text, "What begins then? No line below it says.", this.last ?? this.change ?? this.plan);
  }

  /** What a step hangs on is looked for when all steps are known. */
  protected lean(steps: readonly DraftedStep[], kind: "after" | "before" | "condition", about: string, line: number): void {
    const [step] = steps;
    const numbered = kind === "after" ? this.numberedIn(about) : [];
    if (step !== undefined && numbered.length > 0) {
      for (const other of numbered) if (other !== step) this.needs(step, other);
      return;
    }
    const sentence = step?.sentence;
    const above = this.steps.slice(-LOOK_BACK).findLast((entry) => entry.step.sentence !== sentence)?.step;
    if (step !== undefined) this.dependencies.add({ step, steps, kind, about, line, above });
  }

  protected except(steps: readonly DraftedStep[], said: readonly string[], line: number): void {
    for (const step of steps) for (const why of leaveOut(step, said, this.names)) this.ask(line, said.join(", "), why, step);
  }

  /** «after step 5», «depends on 2 and 3»: lines and rows above by their numbers, all of them or none. */
  protected numberedIn(about: string): readonly DraftedStep[] {
    const found = numbersIn(about).map((label) => this.numbered.get(label) ?? []);
    return found.some((steps) => steps.length === 0) ? [] : found.flat();
  }

  protected isWork(text: string): boolean {
    return this.read(text, { keys: [], title: "", notes: [] }, text, undefined) !== undefined;
  }

  /** Approval, what is left out when, conditions and what comes before: all that a sentence says of its steps besides their time. */
  protected heed(steps: readonly DraftedStep[], { approval, skips, clauses, except }: Told, line: number): void {
    const [first] = steps;
    if (first === undefined) return;
    this.except(steps, except, line);
    if (approval !== undefined) for (const step of steps) step.approval = approval;
    for (const skip of skips) this.ask(line, skip, "When is it left out? Write a value, and let the step hang on it with `when`.", steps.at(-1) ?? first);
    for (const { kind, about } of clauses) this.lean(kind === "condition" ? steps : [first], kind, about, line);
  }

  protected take(proposals: readonly Proposal[], change: DraftedChange, text: string, line: number): readonly DraftedStep[] {
    let previous: DraftedStep | undefined;
    return proposals.map((proposal) => {
      const step = this.newStep(change, proposal.id, text.trim(), line);
      step.action = proposal.action;
      step.with = { ...proposal.with };
      if (proposal.targets !== undefined) step.targets = proposal.targets;
      if (proposal.irreversible) step.irreversible = true;
      if (proposal.always) step.always = true;
      // A record that is swapped back is the maintenance page coming down, whatever the page calls it.
      if (proposal.always && proposal.action === "dns.swap") step.lifts = true;
      if (previous !== undefined && proposal.afterPrevious !== undefined) step.needs.push(proposal.afterPrevious === "target" ? { step: previous.id, per: "target" } : previous.id);
      for (const why of proposal.questions ?? []) this.ask(line, text.trim(), why, step);
      if (proposal.action === "person.do") this.ask(line, text.trim(), "Who does this? The page names nobody.", step);
      if (proposal.action === "dns.swap" && proposal.targets !== undefined && typeof step.with["from"] === "string" && typeof step.with["to"] === "string")
        this.swap = { targets: proposal.targets, from: step.with["from"], to: step.with["to"] };
      if (proposal.action === "monitor.mute" && proposal.targets !== undefined) this.muted = proposal.targets;
      previous = step;
      return step;
    });
  }

  protected sentenceOfStep(step: DraftedStep): readonly DraftedStep[] {
    return this.steps.slice(-LOOK_BACK).flatMap((entry) => (entry.step.sentence === step.sentence ? [entry.step] : []));
  }

  protected read(text: string, change: Pick<DraftedChange, "keys" | "title" | "notes">, raw: string, block: Block | undefined): readonly Proposal[] | undefined {
    const around: Surroundings = {
      names: this.names,
      line: raw,
      keys: change.keys,
      above: `${change.title} ${this.branches?.text ?? ""} ${change.notes.slice(-3).join(" ")}`,
      // «Then they get patched»: those of the step before.
      servers: /\b(?:they|them|these|those)\b/i.test(text) && this.last !== undefined ? this.serversOf(this.last) : (this.row?.servers ?? []),
      swap: this.swap,
      muted: this.muted,
      environments: this.row?.environments ?? [],
      links: block === undefined ? [] : linksOf(block),
    };
    // «remove from the pool, patch»: commas part clauses only where each of them is understood.
    const taken = this.readAll(clausesOf(text, true), around, true) ?? this.readAll(clausesOf(text), around, false);
    return taken ?? readClause(text, around);
  }

  protected serversOf({ action, targets }: DraftedStep): readonly string[] {
    return /^(?:pool|patch|host)\./.test(action ?? "") ? (targets ?? []) : [];
  }

  protected readAll(clauses: readonly string[], surroundings: Surroundings, whole: boolean): readonly Proposal[] | undefined {
    const around = { ...surroundings, servers: surroundings.servers };
    const taken: Proposal[] = [];
    for (const clause of clauses) {
      const found = readClause(clause, around);
      if (found === undefined) {
        if (taken.length === 0 || whole) return undefined;
        taken.push({ id: "do", action: "person.do", with: { what: clause.trim() }, afterPrevious: "step" });
        continue;
      }
      taken.push(
        ...found.map((proposal, at) => (taken.length > 0 && at === 0 && proposal.afterPrevious === undefined ? { ...proposal, afterPrevious: "step" as const } : proposal)),
      );
      const [first] = found;
      if (/^(?:pool|patch|host)\./.test(first?.action ?? "") && first?.targets !== undefined) around.servers = first.targets;
    }
    return taken.length === 0 ? undefined : taken;
  }

  protected aside(block: Block, { start, end, text }: { start: number; end: number; text: string }, made: readonly DraftedStep[], line: number): void {
    const manner = mannerOf(text);
    // «all web servers (not QW3)»
    this.except(made, exceptionsIn(text, this.names).said, line);
    const approvers = made.length > 0 ? approversIn(text, this.names) : undefined;
    if (approvers !== undefined) for (const step of made) step.approval = approvers;
    // A line of its own in parentheses is about the sentence above it.
    const about = made.length > 0 || this.last === undefined ? made : this.sentenceOfStep(this.last);
    const [first] = about;
    if (manner === "condition" && first !== undefined) {
      this.lean(about, "condition", text, line);
      for (const step of about) step.notes.push(text);
      return this.ledger.mark(block, start, end, "condition", this.idOf(first));
    }
    const holder = first ?? this.changeFor(block, text, line, true);
    holder.notes.push(text);
    if (manner === "dependency" && first !== undefined) this.lean([first], /^before/i.test(text) ? "before" : "after", text, line);
    if (manner === "prohibition") this.ask(line, text, "How is this kept? It forbids something, and no step can watch over that.", holder);
    const work = manner === "instruction" && /\b(?:need|have) to\b|\bmust\b/i.test(text) ? this.read(text, this.change ?? this.changeFor(block, text, line), "", block) : undefined;
    const steps = work === undefined || this.change === undefined ? [] : this.take(work, this.change, text, line);
    this.ledger.mark(block, start, end, steps.length > 0 ? "step" : "note", this.idOf(steps[0] ?? holder));
  }
}
