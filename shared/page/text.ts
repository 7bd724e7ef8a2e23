import { Fault } from "../fault/fault.ts";
import { PAGE_LIMITS } from "./tree.ts";
import type { Block, BlockKind, Fragment, FragmentKind, Page, Repair } from "./tree.ts";
import { repaired } from "./repair.ts";
import { isDay, isHeading } from "./words/headings.ts";
import { JIRA_KEY } from "./words/tickets.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const FOOTER = /^\s*URL:\s*(\S+)\s*$/;
/** Words that leave a sentence open: what follows a blank line still belongs to it. */
const OPEN_ENDED = /(?:^|\s)(?:with|to|from|by|of|on|in|the|and|using|is|for|at|than|instead of)\s*$/i;
const BULLET = /^(\s*)(?:\*{1,4}|[-•▪◦‣☐☑☒✅✔✓]|\d{1,3}[.)]|\[[ xX]?\])\s+/u;
/** `**` is an item of an item, as wikis write it. */
const LIST_ITEM = /^\s*(?:(?<marks>\*{2,4})\s+|(?:[-*•▪◦‣]|\d{1,3}[.)](?!\d))\s*)(?:\[(?<listed>[ xX]?)\]\s+)?|^\s*\[(?<box>[ xX]?)\]\s+|^\s*(?<sign>[☐☑☒✅✔✓])\ufe0f?\s*/u;
const TICKED = /^[xX☑☒✅✔✓]$/u;

interface Line {
  readonly number: number;
  readonly raw: string;
}

/**
 * Reads the plain-text export of a page. The export puts each inline element (link, bold word, mention) on a line of
 * its own and keeps the spaces around it: a line that ends or begins with a space belongs to its neighbour, and so does
 * one that begins with a comma. A Jira macro leaves its key, a UUID and «System Jira»; a mention leaves nothing.
 *
 * @throws Fault `invalid` for a text bigger than `PAGE_LIMITS`.
 */
export function pageOfText(text: string): Page {
  if (text.length > PAGE_LIMITS.characters) throw new Fault("invalid", `the page has ${text.length} characters; expected ${PAGE_LIMITS.characters} at most`);
  const repairs: Repair[] = [];
  const blocks: Block[] = [];
  let url: string | undefined;
  let open: { lines: Line[]; gap: number; parens: number } | undefined;
  let blank = 0;

  const close = (): void => {
    if (open === undefined) return;
    blocks.push(...blocksOf(open.lines, open.gap));
    open = undefined;
  };
  text.split(/\r\n|\r|\n/).forEach((original, index) => {
    const raw = repaired(original, index + 1, repairs).replaceAll("\t", " ");
    const line: Line = { number: index + 1, raw };
    const footer = FOOTER.exec(raw);
    if (raw.trim() === "") {
      blank++;
    } else if (footer !== null) {
      close();
      url = footer[1];
      blocks.push({ kind: "text", depth: 0, gap: 2, fragments: [{ kind: "link", line: index + 1, text: raw.trim(), target: url ?? "" }] });
      blank = 0;
    } else {
      if (open !== undefined && goesOn(open, line, blank)) {
        open.lines.push(line);
      } else {
        close();
        open = { lines: [line], gap: blank, parens: 0 };
      }
      const length = open.lines.reduce((sum, each) => sum + each.raw.length, 0);
      open.parens += balanceOf(raw);
      if (length > PAGE_LIMITS.block || open.lines.length > 24) close();
      blank = 0;
    }
  });
  close();
  const title = url === undefined ? undefined : titleOf(url);
  return { ...(title === undefined ? {} : { title }), ...(url === undefined ? {} : { url }), blocks, repairs };
}

function goesOn(open: { readonly lines: readonly Line[]; readonly parens: number }, { raw }: Line, blank: number): boolean {
  const last = open.lines.at(-1)?.raw ?? "";
  // «… or …» between two names that the export has lost, in the middle of a sentence.
  if (blank === 0 && /^\s+or\s*$/i.test(raw)) return /\s$/.test(last) && !isAlone(last) && !isHeading(last.trim());
  if (blank === 0 && open.lines.length > 1 && /^\s+or\s*$/i.test(last)) return /^\s+[a-z]/.test(raw);
  if (isAlone(last) || isAlone(raw)) return /^\s*(?:&|and|,)\s*$/i.test(raw) && blank === 0;
  if (open.parens > 0 && blank <= 1) return true;
  if (/^\s*[,;)]/.test(raw) && blank <= 1) return true;
  if (BULLET.test(raw)) return false;
  if (blank === 0) return (/\s$/.test(last) || /^\s/.test(raw)) && !isHeading(last.trim()) && !isDay(raw.trim());
  return blank === 1 && OPEN_ENDED.test(last);
}

/** A line that is a fragment of its own, whatever the spaces around it. */
function isAlone(raw: string): boolean {
  const text = raw.trim();
  return new RegExp(`^${JIRA_KEY.source}$`).test(text) || UUID.test(text) || text === "System Jira" || /^(?:or|\/)$/i.test(text) || /^https?:\/\/\S+$/.test(text);
}

function balanceOf(raw: string): number {
  return (raw.match(/\(/g)?.length ?? 0) - (raw.match(/\)/g)?.length ?? 0);
}

function blocksOf(lines: readonly Line[], gap: number): readonly Block[] {
  const [first] = lines;
  if (first === undefined) return [];
  const item = LIST_ITEM.exec(first.raw);
  const { marks, listed, box, sign } = item?.groups ?? {};
  const done = listed ?? box ?? sign;
  const fragments = lines.flatMap(({ raw, number }) =>
    piecesOf(raw).flatMap((text) => struckIn(text).map(({ said, struck }) => ({ ...fragmentOf(said, number), ...(struck ? { struck } : {}) }))),
  );
  const heading = lines.length === 1 && isHeading(first.raw.trim(), gap > 0);
  const kind: BlockKind = heading ? "heading" : item === null ? "text" : "item";
  const depth = item === null ? 0 : Math.floor((/^\s*/.exec(first.raw)?.[0].length ?? 0) / 2) + (marks?.length ?? 1);
  const ticked = done === undefined || done === "" ? {} : { done: TICKED.test(done) };
  return chunked(fragments).map((part, index) => ({ kind, depth, gap: index === 0 ? gap : 0, fragments: part, ...ticked }));
}

/** «~~pull QW3~~»: what people crossed out where no editor does it for them. */
function struckIn(text: string): readonly { readonly said: string; readonly struck: boolean }[] {
  return text
    .split(/~~(?=\S)([^~]+)~~/)
    .map((said, at) => ({ said: said.trim(), struck: at % 2 === 1 }))
    .filter(({ said }, _, all) => said !== "" || all.length === 1);
}

/** A line longer than a block is cut between words. */
function piecesOf(raw: string): readonly string[] {
  const pieces: string[] = [];
  let rest = raw.trim();
  while (rest.length > PAGE_LIMITS.block) {
    const space = rest.lastIndexOf(" ", PAGE_LIMITS.block);
    const cut = space > 0 ? space : PAGE_LIMITS.block;
    pieces.push(rest.slice(0, cut));
    rest = rest.slice(cut).trimStart();
  }
  return [...pieces, rest];
}

function chunked(fragments: readonly Fragment[]): readonly (readonly Fragment[])[] {
  const chunks: Fragment[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const fragment of fragments) {
    if (length + fragment.text.length > PAGE_LIMITS.block) {
      chunks.push([]);
      length = 0;
    }
    chunks.at(-1)?.push(fragment);
    length += fragment.text.length;
  }
  return chunks;
}

function fragmentOf(text: string, line: number): Fragment {
  const kind: FragmentKind = new RegExp(`^${JIRA_KEY.source}$`).test(text)
    ? "key"
    : UUID.test(text) || text === "System Jira"
      ? "remains"
      : /^https?:\/\/\S+$/.test(text)
        ? "link"
        : "text";
  return kind === "link" ? { kind, line, text, target: text } : { kind, line, text };
}

function titleOf(url: string): string | undefined {
  const last = url.split(/[?#]/)[0]?.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(last.replaceAll("+", " ")).trim() || undefined;
  } catch {
    return undefined;
  }
}
