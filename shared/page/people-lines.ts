import type { DraftedChange, DraftedPlan, DraftedStep } from "./drafted.ts";
import type { Destination } from "./ledger.ts";
import { timesEnd } from "./words/clock.ts";
import { textOf } from "./tree.ts";
import type { Block } from "./tree.ts";
import { TicketLines } from "./ticket-lines.ts";
import type { Owner } from "./sketch.ts";

const LABEL = /\b(?:owners?|assignees?|assigned to|lead|responsible|dri|who)\s*[:=]\s*@?$/i;

/** People, status marks and what is struck through. */
export abstract class PeopleLines extends TicketLines {
  /** How the page names the owners of the line at hand. */
  protected peopleSaid: string | undefined;
  protected marked: { readonly line: number; readonly text: string; readonly why: string }[] = [];

  /** Takes marks, and what is struck through, out of a block's words. What is to be asked of them waits for the step that they are about. */
  protected marks(block: Block, text: string, starts: readonly number[], line: number): string {
    let rest = text;
    const struck: string[] = [];
    block.fragments.forEach((fragment, index) => {
      const start = starts[index] ?? 0;
      const end = start + fragment.text.replaceAll(/\s+/g, " ").trim().length;
      const hide = (as: Destination): void => {
        rest = rest.slice(0, start) + " ".repeat(end - start) + rest.slice(end);
        this.ledger.mark(block, start, end, as, () => this.idOf(this.last ?? this.change ?? this.plan)());
      };
      if (fragment.struck === true) {
        struck.push(fragment.text.trim());
        hide("question");
      } else if (fragment.kind === "status" || fragment.kind === "macro") {
        if (fragment.kind === "macro") this.marked.push({ line, text: fragment.text, why: "What does the page show here? It is not in the page's source." });
        else (this.change?.comments ?? this.plan.comments).push(`status on the page, line ${line}: ${fragment.text}`);
        hide(fragment.kind === "macro" ? "question" : "note");
      }
    });
    if (struck.length > 0) this.marked.push({ line, text: struck.join(" "), why: "Is this dropped? It is struck through on the page." });
    if (block.done === true) this.marked.push({ line, text: rest.trim(), why: "Is this done already? It is ticked off on the page." });
    return rest;
  }

  protected askMarked(holder: DraftedStep | DraftedChange | DraftedPlan): void {
    for (const { line, text, why } of this.marked) this.ask(line, text, why, holder);
    this.marked = [];
  }

  protected people(block: Block, rest: string): { masked: string; owner: Owner | undefined } {
    const { owner, masked: left, spans } = this.ownersOf(block, rest, false);
    if (spans.length > 0) this.peopleSaid = `line ${block.fragments[0]?.line ?? 1}: ${spans.map(({ start, end }) => rest.slice(start, end).trim()).join(" ")}`;
    for (const { start, end } of spans) this.ledger.mark(block, start, end, "note", () => this.idOf(this.last ?? this.change ?? this.plan)());
    if (spans.length > 0 && !/\S/.test(left.replaceAll(/\bor\b|[/&()]/g, "")) && this.last !== undefined && owner !== undefined) this.last.owner = owner;
    return { masked: spans.length > 0 ? left.replace(/^\s*(?:or|\/|&)\s*$/i, (all) => " ".repeat(all.length)) : left, owner };
  }

  /** «01:00 | Ana | Drain …»: columns drawn with bars. One that holds names and nothing else says who does it. */
  protected columns(text: string): { readonly words: string; readonly owner: Owner | undefined } {
    const lead = timesEnd(text);
    const named = /^([\s•*-]*)([^:|]{2,60}?)(?::|\s+-)\s/.exec(text.slice(lead));
    const leader = named === null ? undefined : this.peopleIn(named[2] ?? "");
    if (named !== null && leader !== undefined) {
      this.peopleSaid = `owner: ${(named[2] ?? "").trim()}`;
      return { words: text.slice(0, lead) + " ".repeat(named[0].length) + text.slice(lead + named[0].length), owner: leader };
    }
    if (!/\s\|\s/.test(text)) return { words: text, owner: undefined };
    let owner: Owner | undefined;
    const cells = text.split("|").map((cell) => {
      const found = this.peopleIn(cell);
      if (found === undefined || owner !== undefined) return cell;
      owner = found;
      this.peopleSaid = `column: ${cell.trim()}`;
      return " ".repeat(cell.length);
    });
    return { words: cells.join(" "), owner };
  }

  /** «Chidi tells #noc»: who does it stands where the sentence begins. */
  protected doerIn(text: string): string | undefined {
    const rest = text.slice(timesEnd(text));
    const [first] = [...this.names.in(rest, "person"), ...this.names.in(rest, "team")].toSorted((a, b) => a.start - b.start);
    if (first === undefined || !/^[\s:,-]*$/.test(rest.slice(0, first.start))) return undefined;
    return /^\s*(?:(?:team\s+)?[a-z]{2,}s|will|has to|have to|needs? to|to|must|should|can)\b/.test(rest.slice(first.end)) ? first.name : undefined;
  }

  /** «(Chidi)», «(Lou or Petra)»: names and nothing else. Who is not in the inventory counts where two stand around «or». */
  protected peopleIn(text: string): Owner | undefined {
    const words = text
      .trim()
      .replace(/^(?:owners?|by|lead|who|assignee)\s*[:=]?\s*/i, "")
      .replaceAll("@", "");
    if (words.length > 80) return undefined;
    const parts = words.split(/\s*(?:,|\/|&|\bor\b|\band\b)\s*/i).filter((part) => part !== "");
    const names = parts.map((part) => {
      const [found] = [...this.names.in(part, "person"), ...this.names.in(part, "team")];
      return found !== undefined && found.start === 0 && found.end >= part.length ? found.name : undefined;
    });
    const pair = /^[A-Z][a-z]+(?: [A-Z][a-z]+)?\s+or\s+[A-Z][a-z]+(?: [A-Z][a-z]+)?$/.test(words);
    const all = pair ? parts.map((part, index) => names[index] ?? part) : names;
    const [first, second] = all;
    if (first === undefined || all.includes(undefined)) return undefined;
    return second === undefined || second === first ? first : { first, second };
  }

  /** People named as owners: mentions, «A or B», «Owner: A». */
  protected ownersOf(block: Block, text: string, loose: boolean): { owner: Owner | undefined; masked: string; spans: readonly { start: number; end: number }[] } {
    const { starts } = textOf(block);
    const found: { start: number; end: number; name: string }[] = [];
    block.fragments.forEach((fragment, index) => {
      const start = starts[index] ?? 0;
      if (fragment.kind !== "mention" || text.slice(start, start + fragment.text.trim().length).trim() === "") return;
      const entry = this.names.inventory.find("person", fragment.target ?? "") ?? this.names.inventory.find("person", fragment.text.replace(/^\s*@/, ""));
      found.push({ start, end: start + fragment.text.trim().length, name: entry?.name ?? fragment.text.trim().replace(/^@/, "") });
    });
    const people = [...this.names.in(text, "person"), ...this.names.in(text, "team")].toSorted((a, b) => a.start - b.start);
    const pair = /\bor\b/i.test(text)
      ? people.filter((one, index) =>
          people.some((other, at) => Math.abs(at - index) === 1 && /^\s*or\s*$/i.test(text.slice(Math.min(one.end, other.end), Math.max(one.start, other.start)))),
        )
      : [];
    const owned = people.filter(
      ({ start }) => loose || /(?:\b(?:owners?|assignees?|assigned to|lead|responsible|by|dri|who)\s*[:=]?\s*|@|-\s*|\[\s*)$/i.test(text.slice(Math.max(0, start - 25), start)),
    );
    for (const { start, end, name } of [...pair, ...owned]) if (!found.some((other) => start < other.end && other.start < end)) found.push({ start, end, name });
    found.sort((a, b) => a.start - b.start);
    const [first, second] = found;
    if (first === undefined) return { owner: undefined, masked: text, spans: [] };
    const last = found.at(-1) ?? first;
    const between = text.slice(first.start, last.end);
    const joined =
      found.length > 1 &&
      /^[^A-Za-z]*(?:or|and|then|[^A-Za-z])*[^A-Za-z]*$/i.test(
        found.reduceRight((all, { start, end }) => all.slice(0, start - first.start) + " " + all.slice(end - first.start), between),
      );
    const named = joined ? [{ start: first.start, end: last.end }] : found;
    // «Owner:» goes with the name that it introduces.
    const spans = named.map(({ start, end }) => ({ start: start - (LABEL.exec(text.slice(Math.max(0, start - 25), start))?.[0].length ?? 0), end }));
    const masked = spans.reduceRight((all, { start, end }) => all.slice(0, start) + " ".repeat(end - start) + all.slice(end), text);
    return { owner: second === undefined || second.name === first.name ? first.name : { first: first.name, second: second.name }, masked, spans };
  }
}
