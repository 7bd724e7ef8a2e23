import { Parser } from "htmlparser2";
import { Fault } from "../fault/fault.ts";
import { repaired } from "./repair.ts";
import { PAGE_LIMITS } from "./tree.ts";
import type { Block, BlockKind, Fragment, FragmentKind, Page, Repair } from "./tree.ts";

/** Elements whose end is the end of a line for a reader. */
const BLOCKS = new Set(
  "p div li ul ol td th tr table tbody thead blockquote pre section h1 h2 h3 h4 h5 h6 br hr dt dd ac:task ac:task-body ac:task-list ac:rich-text-body ac:layout-section ac:layout-cell".split(
    " ",
  ),
);
/** Elements whose text nobody sees. */
const UNSEEN = new Set([
  "script",
  "style",
  "head",
  "title",
  "template",
  "noscript",
  "iframe",
  "object",
  "ac:task-id",
  "ac:task-uuid",
  "ac:placeholder",
  "ac:adf-attribute",
  "ac:adf-node-attribute",
]);
/** Macros that only help to find one's way, or whose body is all they show. */
const PLAIN_MACROS = new Set("toc anchor children panel info note warning tip expand section column code noformat excerpt details decision ui-expand div span".split(" "));
/** Nobody nests deeper; the parser's own stack grows slow long before memory ends. */
const DEEPEST = 2_000;
/** No table is wider, and no cell reaches down further. */
const MOST_COLUMNS = 500;

interface Table {
  row: number;
  /** Column of the open cell, cells that reach down from rows above counted. */
  cell: number;
  readonly heads: string[];
  isHead: boolean;
  first: boolean;
  /** Where the blocks of the open row begin, and which of its cells are heads. */
  begin: number;
  readonly cells: boolean[];
  /** Its rows are a label and what it stands for: «Window | Sat 21:00 - Sun 05:00». */
  isPairs: boolean;
  /** Of the open cell, the last row that it reaches into. */
  lastRow: number;
  /** By column, the last row that a cell above reaches into. */
  readonly taken: Map<number, number>;
}

interface Macro {
  readonly name: string;
  readonly parameters: Map<string, string>;
  said: boolean;
}

/**
 * Reads Confluence's storage format, or any HTML, as the lines that a reader sees; lines are counted as rendered, since
 * the format has none of its own. One pass, no recursion: time and memory grow with the text and with nothing else.
 *
 * @throws Fault `invalid` for a text bigger than `PAGE_LIMITS`, or nested deeper than anybody nests.
 * @see Confluence storage format; htmlparser2, imported in this file only.
 */
export function pageOfStorage(source: string): Page {
  if (source.length > PAGE_LIMITS.characters) throw new Fault("invalid", `the page has ${source.length} characters; expected ${PAGE_LIMITS.characters} at most`);
  const reader = new Reader();
  const parser = new Parser(
    { onopentag: (name, attributes) => reader.opens(name, attributes), onclosetag: (name) => reader.closes(name), ontext: (text) => reader.says(text) },
    { xmlMode: false, recognizeCDATA: true, recognizeSelfClosing: true, lowerCaseTags: false, decodeEntities: true },
  );
  parser.write(source);
  parser.end();
  return reader.page();
}

/** Whether a text is storage format or HTML, and not the plain export. */
export function looksLikeStorage(text: string): boolean {
  return /^\s*<[a-z!?]/i.test(text) && /<\/?(?:p|h[1-6]|ul|ol|table|div|ac:[a-z-]+|html|body)\b/i.test(text);
}

function spanOf(said: string | undefined): number {
  const span = Number(said ?? 1);
  return Number.isInteger(span) && span > 1 ? Math.min(span, MOST_COLUMNS) : 1;
}

class Reader {
  readonly #blocks: Block[] = [];
  readonly #repairs: Repair[] = [];
  readonly #macros: Macro[] = [];
  #fragments: Fragment[] = [];
  #words = "";
  #line = 1;
  #unseen = 0;
  #struck = 0;
  /** Of each open element, whether it strikes its words through. */
  readonly #strikes: boolean[] = [];
  #lists = 0;
  #heading = 0;
  #item = false;
  #code = 0;
  #gap = 0;
  #continues = false;
  #done: boolean | undefined;
  #taskStatus: string | undefined;
  #parameter: string | undefined;
  #link: { target: string; kind: FragmentKind } | undefined;
  /** Where a reader would see something although the link has no words. */
  #linkSays: string | undefined;
  readonly #tables: Table[] = [];
  #rows = 0;

  opens(name: string, attributes: Readonly<Record<string, string>>): void {
    const tag = name.toLowerCase();
    if (this.#strikes.length >= DEEPEST) throw new Fault("invalid", `the page nests elements deeper than ${DEEPEST}; expected a page that people wrote`);
    const strikes = /^(?:del|s|strike)$/.test(tag) || /line-through/.test(attributes["style"] ?? "");
    this.#strikes.push(strikes);
    if (strikes) {
      this.#endWords();
      this.#struck++;
    }
    if (UNSEEN.has(tag)) this.#unseen++;
    if (BLOCKS.has(tag)) this.#endBlock();
    this.#continues = tag === "br" ? this.#blocks.length > 0 && this.#gap === 0 : BLOCKS.has(tag) ? false : this.#continues;
    if (/^h[1-6]$/.test(tag)) {
      this.#heading = Number(tag[1]);
      this.#gap = 2;
    } else if (tag === "ul" || tag === "ol" || tag === "ac:task-list") this.#lists++;
    else if (tag === "li" || tag === "ac:task") {
      this.#item = true;
      this.#gap = 2;
      this.#done = undefined;
    } else if (tag === "p") this.#gap = Math.max(this.#gap, 1);
    else if (tag === "ac:task-status") this.#taskStatus = "";
    else if (tag === "ac:structured-macro" || tag === "ac:macro") this.#opensMacro(attributes["ac:name"] ?? "");
    else if (tag === "ac:parameter") {
      this.#endWords();
      this.#parameter = attributes["ac:name"] ?? "";
    } else if (tag === "ac:plain-text-body") {
      this.#endBlock();
      this.#code++;
    } else if (tag === "a") this.#opensLink(attributes["href"] ?? "", "link");
    else if (tag === "ac:link") this.#opensLink("", "link");
    else if (tag === "ri:user") this.#linkTo(attributes["ri:account-id"] ?? attributes["ri:userkey"] ?? attributes["ri:username"] ?? "", "mention", undefined);
    else if (tag === "ri:page" || tag === "ri:blog-post") this.#linkTo(attributes["ri:content-title"] ?? "", "link", attributes["ri:content-title"]);
    else if (tag === "ri:attachment") this.#linkTo(attributes["ri:filename"] ?? "", "link", attributes["ri:filename"]);
    else if (tag === "ri:url") this.#linkTo(attributes["ri:value"] ?? "", "link", attributes["ri:value"]);
    else if (tag === "time") this.#adds("date", attributes["datetime"] ?? "");
    else if (tag === "ac:image" || tag === "img") this.#adds("macro", `[image ${attributes["ac:alt"] ?? attributes["alt"] ?? ""}`.trim() + "]");
    else if (tag === "ac:emoticon") this.says(attributes["ac:emoji-fallback"] ?? "");
    else if (tag === "table") this.#tables.push({ row: 0, cell: -1, heads: [], isHead: true, first: true, begin: 0, cells: [], isPairs: true, lastRow: 0, taken: new Map() });
    else if (tag === "tr") this.#opensRow();
    else if (tag === "td" || tag === "th") this.#opensCell(tag === "th", attributes);
  }

  closes(name: string): void {
    const tag = name.toLowerCase();
    if (this.#strikes.pop() === true) {
      this.#endWords();
      this.#struck--;
    }
    if (tag === "ac:parameter") this.#closesParameter();
    else if (tag === "ac:task-status") {
      this.#done = this.#taskStatus?.trim() === "complete";
      this.#taskStatus = undefined;
    } else if (tag === "a" || tag === "ac:link") this.#closesLink();
    else if (tag === "ac:structured-macro" || tag === "ac:macro") this.#closesMacro();
    if (BLOCKS.has(tag) || tag === "ac:plain-text-body") this.#endBlock();
    if (tag === "ac:plain-text-body") this.#code = Math.max(0, this.#code - 1);
    else if (/^h[1-6]$/.test(tag)) this.#heading = 0;
    else if (tag === "ul" || tag === "ol" || tag === "ac:task-list") this.#lists = Math.max(0, this.#lists - 1);
    else if (tag === "li" || tag === "ac:task") {
      this.#item = this.#lists > 1;
      this.#done = undefined;
    } else if (tag === "tr") {
      this.#closesRow();
      this.#gap = 2;
    } else if (tag === "table") this.#tables.pop();
    if (UNSEEN.has(tag)) this.#unseen = Math.max(0, this.#unseen - 1);
  }

  says(text: string): void {
    if (this.#taskStatus !== undefined) this.#taskStatus += text.slice(0, 40);
    else if (this.#unseen > 0) return;
    else if (this.#parameter !== undefined) {
      const macro = this.#macros.at(-1);
      macro?.parameters.set(this.#parameter, ((macro.parameters.get(this.#parameter) ?? "") + text).slice(0, PAGE_LIMITS.block));
    } else if (this.#code > 0) this.#saysCode(text);
    else {
      for (let at = 0; at < text.length; at += PAGE_LIMITS.block) {
        this.#words += text.slice(at, at + PAGE_LIMITS.block);
        if (this.#words.length >= PAGE_LIMITS.block) this.#endBlock();
      }
    }
  }

  page(): Page {
    this.#endBlock();
    return { blocks: this.#blocks, repairs: this.#repairs };
  }

  #saysCode(text: string): void {
    for (const line of text.split(/\r?\n/)) {
      this.#words += line.slice(0, PAGE_LIMITS.block);
      this.#endBlock();
    }
  }

  #opensLink(target: string, kind: FragmentKind): void {
    this.#endWords();
    this.#link = { target, kind };
    this.#linkSays = undefined;
  }

  #linkTo(target: string, kind: FragmentKind, says: string | undefined): void {
    if (this.#link === undefined) {
      // An attachment or address inside an image: the image has been said.
      return;
    }
    this.#link = { target, kind };
    this.#linkSays = says ?? (kind === "mention" ? `@${target}` : undefined);
  }

  #closesLink(): void {
    const said = this.#words.trim() !== "";
    if (!said && this.#linkSays !== undefined) this.#words = this.#linkSays;
    this.#endWords();
    this.#link = undefined;
    this.#linkSays = undefined;
  }

  #opensMacro(name: string): void {
    this.#endWords();
    this.#macros.push({ name: name.toLowerCase(), parameters: new Map(), said: false });
  }

  #closesParameter(): void {
    const macro = this.#macros.at(-1);
    const name = this.#parameter;
    this.#parameter = undefined;
    if (macro === undefined || name === undefined) return;
    const value = (macro.parameters.get(name) ?? "").trim();
    if (value === "") return;
    if (macro.name === "jira" && name === "key") this.#adds("key", value);
    else if (macro.name === "jira" && /jql/i.test(name)) this.#adds("macro", `[Jira query ${value}]`);
    else if (macro.name === "status" && name === "title") this.#adds("status", value);
    else if (/^(?:panel|info|note|warning|tip|expand|code|ui-expand)$/.test(macro.name) && name === "title") {
      this.#endBlock();
      this.#words = value;
      this.#endBlock();
    } else return;
    macro.said = true;
  }

  #closesMacro(): void {
    const macro = this.#macros.pop();
    if (macro === undefined || macro.said || PLAIN_MACROS.has(macro.name)) return;
    this.#adds("macro", `[${macro.name === "" ? "macro" : macro.name}]`);
  }

  #opensRow(): void {
    const table = this.#tables.at(-1);
    if (table === undefined) return;
    table.row = this.#tables.length > 1 ? table.row + 1 : ++this.#rows;
    table.cell = -1;
    table.isHead = table.first;
    table.begin = this.#blocks.length;
    table.cells.length = 0;
    this.#gap = 2;
  }

  /** A label and what it stands for are one line; only where all rows from the first on are such pairs. */
  #closesRow(): void {
    const [table] = this.#tables;
    if (table === undefined || this.#tables.length > 1) return;
    table.first = false;
    if (table.cells.length > 0) table.isPairs &&= table.cells.length === 2 && table.cells[0] === true && table.cells[1] === false;
    const row = this.#blocks.slice(table.begin);
    const [label, said] = row;
    if (!table.isPairs || label === undefined || said === undefined || row.some(({ nested }) => nested === true)) return;
    // «Step | Deploy …»: the label says no more than that work comes.
    if (
      /^(?:steps?|tasks?|actions?|changes?|activit(?:y|ies)|work)\s*#?\d*$/i.test(
        label.fragments
          .map(({ text }) => text)
          .join(" ")
          .trim(),
      )
    )
      return;
    table.heads.length = 0;
    const last = label.fragments.at(-1);
    const joint = /^\d+$/.test(last?.text.trim() ?? "") ? "." : ":";
    const head = label.fragments.map((fragment) => (fragment === last && !/[:.]\s*$/.test(fragment.text) ? { ...fragment, text: `${fragment.text.trimEnd()}${joint}` } : fragment));
    const { row: _row, column: _column, ...first } = said;
    const rest = row.slice(2).map(({ row: _number, column: _head, ...block }) => block);
    this.#blocks.splice(table.begin, row.length, { ...first, kind: "text", depth: 0, fragments: [...head, ...said.fragments] }, ...rest);
  }

  #opensCell(head: boolean, { rowspan, colspan }: Readonly<Record<string, string>>): void {
    const table = this.#tables.at(-1);
    if (table === undefined) return;
    do table.cell++;
    while ((table.taken.get(table.cell) ?? 0) >= table.row && table.cell < MOST_COLUMNS);
    table.lastRow = table.row + spanOf(rowspan) - 1;
    for (let column = table.cell; column < table.cell + spanOf(colspan); column++) if (table.lastRow > table.row) table.taken.set(column, table.lastRow);
    if (!head) table.isHead = false;
    table.cells.push(head);
  }

  #adds(kind: FragmentKind, text: string): void {
    this.#endWords();
    if (this.#unseen > 0 || text.trim() === "") return;
    this.#fragments.push({
      kind,
      line: this.#line,
      text: repaired(text, this.#line, this.#repairs).trim().slice(0, PAGE_LIMITS.block),
      ...(this.#struck > 0 ? { struck: true } : {}),
    });
  }

  #endWords(): void {
    const text = repaired(this.#words, this.#line, this.#repairs).replaceAll(/\s+/g, " ");
    this.#words = "";
    if (text.trim() === "") return;
    const { kind, target } = this.#link ?? { kind: "text" as const, target: "" };
    this.#fragments.push({ kind, line: this.#line, text, ...(target === "" ? {} : { target }), ...(this.#struck > 0 ? { struck: true } : {}) });
  }

  #endBlock(): void {
    this.#endWords();
    if (this.#fragments.length === 0) return;
    // A table inside a cell is part of what that cell says.
    const [table] = this.#tables;
    const nested = this.#tables.length > 1;
    const inCell = table !== undefined && table.cell >= 0;
    const said = this.#fragments.map(({ text }) => text).join(" ");
    if (inCell && table.isHead && !nested) table.heads[table.cell] = `${table.heads[table.cell] ?? ""} ${said}`.trim().slice(0, 80);
    const column = inCell && !table.isHead ? table.heads[table.cell] : undefined;
    const kind: BlockKind = this.#heading > 0 || (inCell && table.isHead) ? "heading" : this.#code > 0 ? "code" : this.#item ? "item" : "text";
    this.#blocks.push({
      kind,
      depth: this.#heading > 0 ? this.#heading : this.#lists,
      gap: this.#gap,
      fragments: this.#fragments,
      ...(this.#done === undefined ? {} : { done: this.#done }),
      ...(inCell ? { row: table.row } : {}),
      ...(column === undefined ? {} : { column }),
      ...(this.#continues ? { continues: true as const } : {}),
      ...(inCell && !nested && table.lastRow > table.row ? { lastRow: table.lastRow } : {}),
      ...(inCell && nested ? { nested: true as const } : {}),
    });
    this.#fragments = [];
    this.#continues = false;
    this.#gap = 0;
    this.#line++;
  }
}
