import type { ChangeResult, Result, ResultStanding, StepResult } from "../../shared/action/results.ts";
import { linesIn, type PageLine } from "./lines.ts";
import { cut, escaped, tokensIn, unescaped } from "./markup.ts";
import { sectionIn } from "./section.ts";

/*
 * Results beside the lines of a page: a status lozenge `Nightshift: done` behind the line's last word and, where there is more to
 * say, words in brackets, `[nightshift: …]`. Both are known again by what they say and by nothing else, since Confluence's
 * editors give macros new ids, put text into other elements, and keep what people see.
 *
 * N3: `withoutMarks` takes away what `withMarks` adds, and leaves all else byte for byte.
 * N4: a result stands beside a line only if that line alone says what the plan says, or begins with a key of that change alone.
 */

/** What stands behind one line. */
interface Beside {
  readonly line: PageLine;
  readonly results: readonly Result[];
}

export interface Placed {
  /** The body without marks of an earlier writing, and with these. */
  readonly body: string;
  /** How many lines have a mark. */
  readonly marks: number;
  /** Ids of the changes and steps that have found their line. */
  readonly found: ReadonlySet<string>;
}

/** A note of ours that is longer is cut; the report says the rest. */
const LONGEST_NOTE = 280;
/** No page has so many lines that somebody wrote by hand. */
const MOST_MARKS = 1_000;

/** Writes the results beside their lines; what finds none is left to the section. */
export function withResults(body: string, changes: readonly ChangeResult[]): Placed {
  const clean = withoutMarks(body);
  const besides = besidesOf(linesIn(clean, sectionIn(clean)), changes);
  const marked = insert(
    clean,
    besides.map(({ line, results }) => ({ at: line.end, markup: markOf(results) })),
  );
  return { body: marked, marks: besides.length, found: new Set(besides.flatMap(({ results }) => results.map((result) => (result as ChangeResult | StepResult).id))) };
}

/** The body without any mark of ours beside a line, of whichever run. */
export function withoutMarks(body: string): string {
  let clean = "";
  let after = 0;
  for (const { start, end } of marksBeside(body)) {
    clean += body.slice(after, start);
    after = end;
  }
  return clean + body.slice(after);
}

/**
 * A page without anything that Nightshift wrote there, as it is read to become a plan: people copy last month's page, results and
 * all. Of a plain-text export, too, in which a lozenge is a line of its own.
 *
 * @throws Fault `conflict` when it has two of our sections.
 */
export function withoutOurs(page: string): string {
  const section = sectionIn(page);
  const rest = withoutMarks(section === undefined ? page : page.slice(0, section.start) + page.slice(section.end));
  return /^\s*</.test(rest) ? rest : rest.replaceAll(LOZENGE_LINE, "");
}

/** The marks of `earlier` beside the same lines of `body`, in the place of those that it has: for taking back. */
export function withMarksOf(body: string, earlier: string): string {
  const clean = withoutMarks(body);
  const before = withoutMarks(earlier);
  const nth = counter();
  const kept = new Map<string, string>();
  const marks = marksBeside(earlier);
  // Where a mark stood in the body without marks: it stood behind the line that ends there.
  let shift = 0;
  const at = new Map<number, string>();
  for (const { start, end } of marks) {
    at.set(start - shift, `${at.get(start - shift) ?? ""}${earlier.slice(start, end)}`);
    shift += end - start;
  }
  for (const line of linesIn(before, sectionIn(before))) {
    const key = nth(line);
    const markup = at.get(line.end);
    if (markup !== undefined) kept.set(key, markup);
  }
  const count = counter();
  return insert(
    clean,
    linesIn(clean, sectionIn(clean)).flatMap((line) => {
      const markup = kept.get(count(line));
      return markup === undefined ? [] : [{ at: line.end, markup }];
    }),
  );
}

/** How many lines of the body have a mark of ours. */
export function marksIn(body: string): number {
  return marksBeside(body).filter(({ isStatus }) => isStatus).length;
}

/** Tells equal lines apart by which of them they are. */
function counter(): (line: PageLine) => string {
  const seen = new Map<string, number>();
  return ({ text, keys }) => {
    const words = `${keys.join(" ")} ${wordsIn(text)}`;
    const count = (seen.get(words) ?? 0) + 1;
    seen.set(words, count);
    return `${count} ${words}`;
  };
}

function insert(body: string, pieces: readonly { readonly at: number; readonly markup: string }[]): string {
  let result = "";
  let after = 0;
  for (const { at, markup } of pieces) {
    result += body.slice(after, at) + markup;
    after = at;
  }
  return result + body.slice(after);
}

/** Which line each change and step has, in the order of the page. */
function besidesOf(lines: readonly PageLine[], changes: readonly ChangeResult[]): readonly Beside[] {
  const byWords = Map.groupBy(lines, ({ text }) => wordsIn(text));
  const alone = (words: readonly string[], keys: readonly string[]): PageLine | undefined => {
    for (const each of words) {
      const plain = wordsIn(each);
      const found = plain === "" ? undefined : byWords.get(plain);
      // The same words with another ticket's key are about another change.
      if (found?.length === 1 && found[0]?.keys.every((key) => keys.includes(key)) === true) return found[0];
    }
    return undefined;
  };
  const claims = new Map<PageLine, { readonly owner: string; readonly result: Result; readonly strength: number }[]>();
  const claim = (line: PageLine | undefined, owner: string, result: Result, strength: number): void => {
    if (line === undefined) return;
    const all = claims.get(line);
    if (all === undefined) claims.set(line, [{ owner, result, strength }]);
    else all.push({ owner, result, strength });
  };
  const holders = Map.groupBy(
    changes.flatMap(({ id, keys }) => keys.map((key) => ({ id, key }))),
    ({ key }) => key,
  );
  for (const change of changes) {
    const own = change.keys.filter((key) => holders.get(key)?.length === 1);
    const byKey = own.flatMap((key) => lineOfKey(lines, key, change) ?? []);
    for (const line of new Set(byKey)) claim(line, change.id, change, 2);
    if (byKey.length === 0) claim(alone([change.title], change.keys), change.id, change, 1);
    for (const step of change.steps) claim(alone([step.title, ...step.words], change.keys), change.id, step, 3);
  }
  return lines
    .flatMap((line): Beside[] => {
      const all = claims.get(line) ?? [];
      // Two changes whose words are the same: nobody can tell whose line it is.
      if (all.length === 0 || new Set(all.map(({ owner }) => owner)).size > 1) return [];
      // A line with a change's key is the change's; one that says a step's words is that step's, also where the change is called by them.
      for (const strength of [2, 3, 1]) {
        const results = all.filter((one) => one.strength === strength).map(({ result }) => result);
        if (results.length > 0) return [{ line, results }];
      }
      return [];
    })
    .slice(0, MOST_MARKS);
}

/** The one line that begins with this key, or the one that says nothing else; not a line that tells of other changes, too. */
function lineOfKey(lines: readonly PageLine[], key: string, { keys, title }: ChangeResult): PageLine | undefined {
  const about = lines.filter((line) => line.beginsWithKey && line.keys.includes(key) && line.keys.every((other) => keys.includes(other)));
  if (about.length <= 1) return about[0];
  const bare = about.filter(({ text }) => wordsIn(text) === "" || wordsIn(text) === wordsIn(title));
  return bare.length === 1 ? bare[0] : undefined;
}

/** Letters and digits, without keys, and without what mentions of people leave behind at the end. */
function wordsIn(text: string): string {
  return text
    .replaceAll(/\b[A-Z][A-Z0-9_]+-\d+\b/g, " ")
    .toLowerCase()
    .replaceAll(/@\S+/g, " ")
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim()
    .replace(/(?: (?:or|and))+$/, "");
}

const COLOURS: Readonly<Record<ResultStanding, string>> = {
  done: "Green",
  "done earlier": "Green",
  dropped: "Grey",
  skipped: "Yellow",
  failed: "Red",
  unknown: "Red",
  running: "Blue",
  waiting: "Grey",
};
const WORST_FIRST: readonly ResultStanding[] = ["unknown", "failed", "skipped", "running", "waiting", "dropped", "done", "done earlier"];

function markOf(results: readonly Result[]): string {
  const standing = WORST_FIRST.find((each) => results.some((result) => result.standing === each)) ?? "unknown";
  const note = noteOf(results);
  const title = results.some(({ carriedOver }) => carriedOver) ? `${standing}, carried over` : standing;
  const status = `<ac:structured-macro ac:name="status"><ac:parameter ac:name="title">Nightshift: ${title}</ac:parameter><ac:parameter ac:name="colour">${COLOURS[standing]}</ac:parameter></ac:structured-macro>`;
  return ` ${status}${note === "" ? "" : ` [nightshift: ${escaped(cut(note, LONGEST_NOTE).replaceAll("]", ")"))}]`}`;
}

/** Why, and of a step that fans out how many of its targets are done. */
function noteOf(results: readonly Result[]): string {
  return results
    .flatMap((result) => {
      const targets = "targets" in result ? (result as StepResult).targets : [];
      const done = targets.filter(({ standing }) => isWell(standing));
      const counts = targets.length > 1 && done.length < targets.length ? `${done.length} of ${targets.length} done` : "";
      const parts = "steps" in result ? (result as ChangeResult).steps.filter(({ standing }) => isWell(standing)).length : 0;
      const all = "steps" in result ? (result as ChangeResult).steps.length : 0;
      const steps = all > 1 && parts < all && parts > 0 ? `${parts} of ${all} steps done` : "";
      return [counts, steps, result.why].filter((word) => word !== "");
    })
    .join("; ");
}

function isWell(standing: ResultStanding): boolean {
  return standing === "done" || standing === "done earlier";
}

const LOZENGE_LINE = new RegExp(`^[ \\t]*nightshift: (?:${WORST_FIRST.join("|")})(?:, carried over)?[ \\t]*$`, "gim");
const STATUS = /^<ac:structured-macro\b[^>]*\bac:name="status"/;
const NOTE = /\[nightshift: [^\]]*\]/g;

/** Where our marks stand, each with the one space before it, in their order. */
function marksBeside(body: string): readonly { readonly start: number; readonly end: number; readonly isStatus: boolean }[] {
  const found: { start: number; end: number; isStatus: boolean }[] = [];
  const open: { readonly start: number; readonly isStatus: boolean }[] = [];
  let after = 0;
  let parameter = "";
  let title: string | undefined;
  const add = (start: number, end: number, isStatus: boolean): void => {
    const space = /(?: |\u00a0|&nbsp;|&#160;)$/.exec(body.slice(Math.max(0, start - 6), start))?.[0].length ?? 0;
    found.push({ start: start - space, end, isStatus });
  };
  for (const { start, end, token } of tokensIn(body)) {
    const text = body.slice(after, start);
    if (open.at(-1)?.isStatus === true) {
      if (token.startsWith("</ac:parameter") && parameter === "title") title = unescaped(text).trim();
    } else for (const note of text.matchAll(NOTE)) add(after + note.index, after + note.index + note[0].length, false);
    after = end;
    if (/^<ac:structured-macro[\s>]/.test(token) && !token.endsWith("/>")) {
      open.push({ start, isStatus: STATUS.test(token) });
      title = undefined;
    } else if (token.startsWith("<ac:parameter")) parameter = /\bac:name="([^"]*)"/.exec(token)?.[1] ?? "";
    else if (/^<\/ac:structured-macro[\s>]/.test(token)) {
      const macro = open.pop();
      if (macro?.isStatus === true && /^nightshift: /i.test(title ?? "")) add(macro.start, end, true);
      title = undefined;
    }
  }
  for (const note of body.slice(after).matchAll(NOTE)) add(after + note.index, after + note.index + note[0].length, false);
  return found.toSorted((a, b) => a.start - b.start);
}
