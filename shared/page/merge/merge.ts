import type { CoverageEntry } from "../ledger.ts";
import { planTree } from "../plan-tree.ts";
import type { PlanNode } from "../plan-tree.ts";
import type { Draft } from "../draft.ts";
import { PlanDocument } from "./document.ts";
import type { OurNode } from "./document.ts";
import { pairsOf } from "./match.ts";
import { mergedEntries, QUESTION } from "./entries.ts";
import { idOf, titleOf } from "./places.ts";
import { inFull, referencesOf } from "./references.ts";
import { settled } from "./settle.ts";
import type { Settled, Strand } from "./settle.ts";
import { changesOf, edits, questionsIn, shown } from "./telling.ts";
import { itemKey, listed, same } from "./values.ts";

/** What a merge did with one part of the plan. `conflict`: both sides changed it, and the plan asks. */
export interface MergeEntry {
  readonly what: "added" | "removed" | "changed" | "moved" | "kept" | "conflict";
  /** Of the page as it is now; of what it no longer has, as it was. None: people's own. */
  readonly line: number | undefined;
  /** Of the plan: `window`, a phase, a change, `CHANGE.STEP`. */
  readonly id: string;
  /** What it is called. */
  readonly title: string;
  readonly details: readonly string[];
}

export interface Merged {
  /** The plan file: byte for byte the one that was given where nothing had to be changed. */
  readonly text: string;
  /** What the next merge begins from. */
  readonly base: PlanNode;
  readonly entries: readonly MergeEntry[];
  /** Where each piece of the page is in the merged plan; `dropped`: a person has taken its part out. */
  readonly coverage: readonly (CoverageEntry & { readonly dropped?: true })[];
}

/**
 * Merges an edited page into a plan that people have worked on since it was imported.
 *
 * What changed on the page is taken over, what people changed stays, and where both changed the same the plan stays as people
 * have it and asks, naming both. Nothing goes silently: `entries` says what became of every change on either side. Pure.
 *
 * @param text the plan file as people have it. @param file its name, for messages.
 * @param base what the page made of the plan when it was imported or last merged.
 * @throws Fault `invalid` for a text that is no plan.
 */
export function mergedPage(text: string, file: string, base: PlanNode, draft: Draft): Merged {
  const document = new PlanDocument(text, file);
  const [before, now] = [inFull(base), inFull(planTree(draft.plan))];
  const settling = settled(before, now, document.tree, pairsOf(before, now));
  const merge = new Merge(document, settling);
  merge.run();
  const names = idsOf(document.tree);
  const coverage = draft.coverage.map((entry) => {
    const id = entry.id === "window" ? entry.id : (settling.idOf.get(entry.id) ?? entry.id);
    return names.has(id) ? { ...entry, id } : { ...entry, id, dropped: true as const };
  });
  return { text: document.text(), base: settling.next, entries: merge.entries, coverage };
}

function idsOf(window: PlanNode): ReadonlySet<string> {
  return new Set([
    "window",
    ...window.children.flatMap((phase) => [phase.id, ...phase.children.flatMap((change) => [change.id, ...change.children.map((step) => `${change.id}.${step.id}`)])]),
  ]);
}

class Merge {
  readonly entries: MergeEntry[] = [];
  readonly #document: PlanDocument;
  readonly #settling: Settled;
  /** What is gone from the page is looked at when all that moved out of it has moved. */
  readonly #last: (() => void)[] = [];
  /** Steps that people's own words refer to. */
  readonly #wanted: ReadonlySet<string>;

  constructor(document: PlanDocument, settling: Settled) {
    this.#document = document;
    this.#settling = settling;
    this.#wanted = wantedByPeople(settling.window, settling.own);
  }

  run(): void {
    const { window } = this.#settling;
    this.#node(window, undefined);
    for (const step of this.#last) step();
    for (const own of this.#settling.own) this.#say("kept", own, undefined, idOf(own), ["people's own"]);
  }

  /** Merges a part that the page still has, and the plan too. */
  #node(strand: Strand, change: string | undefined): void {
    const { before, now, ours, children } = strand;
    if (now === undefined || ours === undefined || before === undefined) return;
    const own = strand.kind === "change" ? strand.ours?.id : change;
    this.#entries(strand, before, now, ours);
    let above: OurNode | undefined;
    const inPageOrder: OurNode[] = [];
    for (const child of children) {
      if (child.now === undefined) this.#last.push(() => this.#gone(child, own));
      else {
        above = this.#child(child, ours, above, own) ?? above;
        if (above !== undefined && inPageOrder.at(-1) !== above) inPageOrder.push(above);
      }
    }
    this.#order(strand, ours, inPageOrder);
  }

  /** @returns the part of the plan that stands for it, if there is one. */
  #child(child: Strand, parent: OurNode, above: OurNode | undefined, change: string | undefined): OurNode | undefined {
    const { before, now, ours } = child;
    if (now === undefined) return undefined;
    if (ours !== undefined) {
      // Another heading stands above it now; where people moved it themselves, it stays.
      const was = ours.parent === parent ? undefined : this.#parentBefore(child);
      if (was !== undefined && ours.parent === was && !this.#settling.own.has(parent)) {
        if (child.kind === "step") this.#document.moveStep(ours, parent, above, child.id);
        else this.#document.move(ours, parent, above);
        this.#say("moved", ours, now.line, idOf(ours), [`to ${parent.id}`]);
      }
      this.#node(child, change);
      return ours.parent === parent ? ours : undefined;
    }
    if (before === undefined) {
      const made = this.#insert(child, now, parent, above);
      this.#fill(child, made);
      if (made.kind === "change" && made.children.length === 0) return undefined;
      return made;
    }
    this.#elsewhere(child, change);
    return this.#takenOut(child, now, parent, above, change);
  }

  /** What people have moved out of a part before they took that part out of the plan. */
  #elsewhere({ children }: Strand, change: string | undefined): void {
    for (const each of children) {
      if (each.ours === undefined) this.#elsewhere(each, change);
      else if (each.now === undefined) this.#gone(each, change);
      else this.#node(each, each.ours.parent?.id);
    }
  }

  /** Puts in what is new of it, and says so. */
  #insert({ children }: Strand, now: PlanNode, parent: OurNode, above: OurNode | undefined): OurNode {
    const fresh = newOf(now, children);
    const made = this.#document.insert(parent, above, fresh);
    this.#added(made, fresh);
    return made;
  }

  /** What a new heading or ticket stands above may have been on the page before: it moves there. */
  #fill({ children }: Strand, made: OurNode): void {
    let above: OurNode | undefined;
    for (const each of children) {
      const own = each.before === undefined ? made.children.find(({ id }) => id === each.id) : undefined;
      if (own === undefined) above = this.#child(each, made, above, made.kind === "change" ? made.id : undefined) ?? above;
      else {
        this.#fill(each, own);
        above = made.children.includes(own) ? own : above;
      }
    }
    // People have taken out all that it would hold.
    if (made.kind === "change" && made.children.length === 0) this.#document.remove(made);
  }

  #added(made: OurNode, now: PlanNode): void {
    this.#say("added", made, now.line, idOf(made), [...(now.kind === "step" ? [String(now.fields["action"] ?? now.fields["sameAs"] ?? "")] : []), ...questionsIn(now)]);
    made.children.forEach((child, at) => now.children[at] !== undefined && this.#added(child, now.children[at]));
  }

  /** A person has taken it out of the plan. It stays out; what the page says now and did not say then is not lost with it. */
  #takenOut(child: Strand, now: PlanNode, parent: OurNode, above: OurNode | undefined, change: string | undefined): OurNode | undefined {
    const id = child.kind === "step" ? `${change ?? ""}.${child.id}` : child.id;
    const changed = otherNow(child);
    const told = ["a person has taken it out of the plan"];
    if (child.children.some((each) => each.before === undefined && each.now !== undefined)) {
      const made = this.#insert(child, now, parent, above);
      this.#ask(made, `A person has taken this out of the plan, and the page has more of it now, on line ${now.line}: is it to be done after all?`);
      this.#say("conflict", made, now.line, id, [...told, "the page has more of it now"]);
      for (const each of child.children)
        if (each.before !== undefined && each.now !== undefined && each.ours === undefined)
          this.#takenOut(each, each.now, made, undefined, made.kind === "change" ? made.id : change);
      return made;
    }
    if (changed.length === 0) {
      this.entries.push({ what: "kept", line: now.line, id, title: titleOf(now), details: told });
      return undefined;
    }
    const holder = parent.kind === "change" ? parent : this.#document.tree;
    this.#ask(
      holder,
      `A person has taken ${id} out of the plan, and the page has changed its line since: is it to be done after all? ${changed.join("; ").slice(0, 600)} On the page, line ${now.line}: «${titleOf(now).slice(0, 900)}»`,
    );
    this.entries.push({ what: "conflict", line: now.line, id, title: titleOf(now), details: [...told, ...changed] });
    return undefined;
  }

  /** The page no longer has it: it goes where nobody has touched it, and is asked about elsewhere. */
  #gone(strand: Strand, change: string | undefined): void {
    const { before, ours } = strand;
    if (before === undefined || ours === undefined) return this.#elsewhere(strand, change);
    const within = strand.kind === "change" ? ours.id : change;
    const isTheirs = isTouched(before, ours, this.#wanted) || ours.children.some((child) => this.#settling.own.has(child));
    // What holds something that people have edited stays, and only that of it.
    if (!isTheirs) for (const child of strand.children) this.#gone(child, within);
    if (!isTheirs && ours.children.length === 0) {
      const id = idOf(ours);
      this.#document.remove(ours);
      this.#say("removed", ours, before.line, id, []);
      return;
    }
    if (!isTheirs || strand.kind === "phase") {
      for (const child of isTheirs ? strand.children : []) this.#gone(child, within);
      this.#say("kept", ours, before.line, idOf(ours), ["gone from the page, but there is people's work below it"]);
      return;
    }
    this.#ask(ours, `This is gone from the page, and people have worked on it since: is it still to be done? On the page, line ${before.line}: «${titleOf(before).slice(0, 900)}»`);
    this.#say("conflict", ours, before.line, idOf(ours), ["gone from the page, and edited by a person", ...edits(before, ours.fields)]);
  }

  #parentBefore(child: Strand): OurNode | undefined {
    const find = (strand: Strand): Strand | undefined => {
      if (strand.before?.children.some((each) => each === child.before) === true) return strand;
      for (const each of strand.children) {
        const found = find(each);
        if (found !== undefined) return found;
      }
      return undefined;
    };
    return find(this.#settling.window)?.ours;
  }

  #entries(strand: Strand, before: PlanNode, now: PlanNode, ours: OurNode): void {
    const { changed, kept, clashes, asks } = mergedEntries(this.#document, before, now, ours);
    for (const ask of asks) this.#ask(ours, `${ours.id}: ${ask}`);
    const line = strand.kind === "window" ? undefined : now.line;
    if (changed.length > 0) this.#say("changed", now, line, idOf(ours), changed);
    if (clashes.length > 0) this.#say("conflict", now, line, idOf(ours), clashes);
    if (kept.length > 0) this.#say("kept", ours, line, idOf(ours), kept);
  }

  /** What stands in another order on the page now stands so in the plan, unless people have ordered it themselves. */
  #order({ before, now, children }: Strand, ours: OurNode, inPageOrder: readonly OurNode[]): void {
    const [placeBefore, placeNow, placeOurs] = [before?.children ?? [], children, ours.children].map((all) => new Map<unknown, number>(all.map((one, at) => [one, at])));
    const known = children.filter((child) => child.now !== undefined && child.ours?.parent === ours && placeBefore?.has(child.before) === true);
    const ordered = (place: (child: Strand) => number | undefined): string =>
      known
        .toSorted((a, b) => (place(a) ?? 0) - (place(b) ?? 0))
        .map(({ id }) => id)
        .join(", ");
    const [was, wanted, is] = [ordered((child) => placeBefore?.get(child.before)), ordered((child) => placeNow?.get(child)), ordered((child) => placeOurs?.get(child.ours))];
    if (was === wanted || is === wanted) return;
    if (is === was) {
      this.#document.reorder(ours, inPageOrder);
      this.#say("moved", ours, now?.line, idOf(ours), [`in the page's order: ${wanted}`]);
      return;
    }
    const holder = ours.kind === "change" ? ours : this.#document.tree;
    this.#ask(holder, `In which order? The page now has ${wanted}; the plan has been put into another order: ${is}.`);
    this.#say("conflict", ours, now?.line, idOf(ours), ["both the page and the plan have been put into another order"]);
  }

  #ask(about: OurNode, question: string): void {
    // A phase holds no questions: the window asks for it.
    const holder = about.kind === "phase" ? this.#document.tree : about;
    const present = holder.map.get("questions");
    const items = listed(typeof present === "object" && present !== null && "toJSON" in present ? (present as { toJSON(): unknown }).toJSON() : present);
    const text = question.slice(0, QUESTION);
    if (!items.map(itemKey).includes(itemKey(text)))
      this.#document.setList(
        holder,
        "questions",
        items.map((value, own) => ({ value, own })),
        [text],
        [],
      );
  }

  #say(what: MergeEntry["what"], node: PlanNode, line: number | undefined, id: string, details: readonly string[]): void {
    this.entries.push({ what, line, id, title: titleOf(node), details });
  }
}

/** A part of the page's plan with what is new in it, and nothing else. */
function newOf(now: PlanNode, children: readonly Strand[]): PlanNode {
  return { ...now, children: children.flatMap((each) => (each.before === undefined && each.now !== undefined ? [newOf(each.now, each.children)] : [])) };
}

/** What the page says of it now and did not say before. */
function otherNow({ before, now, children }: Strand): readonly string[] {
  if (now === undefined) return [`gone: ${shown(before?.fields["title"])}`];
  const own = before === undefined ? [`new on line ${now.line}: ${shown(now.fields["title"])}`] : changesOf(before, now);
  return [...own, ...children.flatMap(otherNow)];
}

/** Whether people have worked on a part since the page made it, or on something that waits for it. */
function isTouched(before: PlanNode, ours: OurNode, wanted: ReadonlySet<string>): boolean {
  const names = Object.keys({ ...before.fields, ...ours.fields });
  const comments = new Set(before.comments.map(itemKey));
  return (
    names.some((name) => !same(before.fields[name], ours.fields[name])) ||
    ours.inside.length > 0 ||
    ours.comments.some((line) => !comments.has(itemKey(line))) ||
    wanted.has(idOf(ours))
  );
}

/** Steps and changes that words of people's own wait for, and what these wait for in turn. */
function wantedByPeople(window: Strand, own: ReadonlySet<OurNode>): ReadonlySet<string> {
  const wanted = new Set<string>();
  const gone: { readonly before: PlanNode; readonly ours: OurNode }[] = [];
  const walk = ({ ours, before, now, children }: Strand): void => {
    const theirs = new Set(before === undefined ? [] : referencesOf(before.fields));
    for (const reference of ours === undefined ? [] : referencesOf(ours.fields)) if (!theirs.has(reference)) wanted.add(reference);
    if (ours !== undefined && before !== undefined && now === undefined) gone.push({ before, ours });
    for (const child of children) walk(child);
  };
  walk(window);
  for (const node of own) for (const reference of referencesOf(node.fields)) wanted.add(reference);
  // What is gone from the page and stays because people have worked on it keeps what it waits for.
  for (let size = -1; size !== wanted.size;) {
    size = wanted.size;
    for (const { before, ours } of gone) if (isTouched(before, ours, wanted)) for (const reference of referencesOf(ours.fields)) wanted.add(reference);
  }
  return wanted;
}
