import { createHash } from "node:crypto";
import { z } from "zod";
import { type Call, type Evidence, defineAction } from "../../shared/action/action.ts";
import { type Mark, markOf, marksIn as marksOf, ownMark } from "../../shared/action/mark.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { marksIn, withMarksOf, withResults } from "./beside.ts";
import type { Page, PageComment, Pages } from "./connector.ts";
import { wordsOf } from "./markup.ts";
import { contentOf, sectionIn, sectionOf, type Section, withSection } from "./section.ts";
import { allOf, detailsOf, tellingOf } from "./telling.ts";

const Params = z.strictObject({
  page: z
    .string()
    .regex(/^(\d{1,19}|(https:\/\/[^/\s]+)?\/(wiki\/)?spaces\/[^/\s]+\/pages\/\d{1,19}([/?#][^\s]*)?)$/, "a page's id, or its address with /pages/ and the id in it")
    .describe("The page: its id, or its address"),
  title: z.string().trim().min(1).max(100).default("Results").describe("Title of the section; the headline of the results follows it"),
});
type Params = z.infer<typeof Params>;

const Receipt = z.object({
  page: z.string(),
  /** `comment`: the account may not edit the page. */
  as: z.enum(["section", "comment"]),
  comment: z.string().optional(),
  /** The version of the page, or of the comment, before: it holds the results as they were. */
  was: z.int().positive().optional(),
  /** sha-256 of the words that we left there, as Confluence keeps them. */
  words: z.string(),
  /** How many of the page's lines have a result beside them. */
  beside: z.int().nonnegative().optional(),
});
type Receipt = z.infer<typeof Receipt>;

/**
 * Writes how the run stands on the page that it was made from: each result beside its line, all else (what has no line, tables of
 * servers, the headline, the tracking workbook) in one section of ours. What an earlier writing left is replaced; people's own
 * text stays as it is, byte for byte. Where the account may not edit the page, it is one comment beneath it.
 *
 * The section carries our mark, with run, step and the page's version before; by it a begin that ran but was never recorded
 * finds its own work and the way back. Somebody who saves the page at the same moment loses nothing: it is read anew, and the
 * results are put beside the lines that it has then.
 *
 * @throws Fault `conflict` when the page has two sections of ours, or is archived; when undoing, if somebody has edited inside
 *   of the section.
 */
export const pagePublish = defineAction<{ pages: Pages }, Params, Receipt>({
  verb: "page.publish",
  summary: "Writes the run's results beside the lines of a Confluence page and into one section of it, or a comment beneath it; attaches the tracking workbook.",
  uses: ["pages"],
  params: Params,
  receipt: Receipt,
  policy: { timeoutMs: 60 * 60_000, attempts: 10, retryDelayMs: 5_000 },
  reversal: "undo",

  touches: ({ page }) => [`page:${/(?:^|\/pages\/)(\d+)/.exec(page)?.[1] ?? page}`],

  async preview({ pages }, { page, title }, call) {
    const found = await pages.read(pages.idOf(page));
    const section = sectionIn(found.body);
    const changes = (await call.story.results?.()) ?? [];
    const how =
      found.mayEdit === false
        ? "as a comment beneath it, since Nightshift's account may not edit it"
        : section === undefined
          ? "in a new section at its end"
          : `in the section that run ${section.mark.run} has left there`;
    const { marks } = withResults(found.body, changes);
    const beside = changes.length === 0 || found.mayEdit === false ? [] : [`put results beside ${marks} of its lines; what has none stands in the section`];
    return [`write the run's results, «${title}», on page «${found.title}» (${found.id}), ${how}`, ...beside];
  },

  async begin({ pages }, { page, title }, call) {
    const id = pages.idOf(page);
    const before = await pages.read(id);
    if (before.status !== "current") throw new Fault("conflict", `page «${before.title}» is ${before.status}; expected a current one`, { vendor: "confluence" });
    const earlier = ownSection(before, call);
    if (earlier !== undefined) return receiptOf(before, earlier);

    const telling = await tellingOf(call, title);
    const file = await attached(pages, id, call);
    const edited = await pages.change(id, `Nightshift: results of ${call.run}`, (found) => {
      if (ownSection(found, call) !== undefined) return undefined;
      const { body, found: placed } = withResults(found.body, telling.changes);
      const mark = markOf(call, `version ${found.version}`);
      return withSection(
        body,
        sectionOf({ ...telling, ...detailsOf(telling.changes, placed), ...(file === undefined ? {} : { file: { before: "Tracking workbook:", name: file } }), mark }),
      );
    });
    if (!edited) {
      const lines = [...telling.lines, ...(file === undefined ? [] : [`Tracking workbook, attached to the page: ${file}`])];
      return await asComment(pages, id, (was) => contentOf({ ...telling, lines, ...allOf(telling.changes), mark: markOf(call, was) }), call);
    }
    // As Confluence keeps it, which is not letter for letter what was sent.
    const after = await pages.read(id);
    const section = ownSection(after, call);
    if (section === undefined) throw new Fault("unavailable", `page ${id} does not show its new section yet`, { vendor: "confluence" });
    return receiptOf(after, section);
  },

  async find({ pages }, { page }, call) {
    const found = await pages.read(pages.idOf(page));
    const section = ownSection(found, call);
    if (section !== undefined) return receiptOf(found, section);
    // Whether the account may edit can have changed since.
    const comment = (await pages.comments(found.id)).find(({ body }) => isOf(body, call));
    return comment === undefined ? undefined : receiptOfComment(found.id, comment);
  },

  async verify({ pages }, receipt, call): Promise<Evidence> {
    const { page, as, words, beside } = receipt;
    if (as === "comment") {
      const comment = await commentOf(pages, receipt);
      if (comment === undefined || digestOf(comment) !== words)
        throw new Fault("rejected", `comment ${receipt.comment} of page ${page} ${comment === undefined ? "is not there" : "is not as it was left"}`, { vendor: "confluence" });
      return [`page ${page} has comment ${receipt.comment} with the results`];
    }
    const found = await pages.read(page);
    const section = ownSection(found, call);
    if (section === undefined || digestOf(section.markup) !== words)
      throw new Fault("rejected", `page «${found.title}» ${section === undefined ? "has no section of this step's" : "has another text in its section"}; expected the results`, {
        vendor: "confluence",
      });
    const marks = marksIn(found.body);
    if (beside !== undefined && marks !== beside)
      throw new Fault("rejected", `page «${found.title}» has results beside ${marks} of its lines; expected ${beside}`, { vendor: "confluence" });
    return [
      `page «${found.title}» (${page}), version ${found.version}, has one section with the results: ${section.mark.text}`,
      ...(beside === undefined ? [] : [`${beside} of its lines have their result beside them`]),
    ];
  },

  async undo({ pages }, receipt, call): Promise<Evidence> {
    const { page, as, was, words } = receipt;
    if (as === "comment") return await withoutComment(pages, receipt);
    const earlier = was === undefined ? undefined : (await pages.read(page, was)).body;
    const before = earlier === undefined ? undefined : sectionIn(earlier);
    const edited = await pages.change(page, `Nightshift: results of ${call.run} taken back`, (found) => {
      const section = sectionIn(found.body);
      // Put back by an earlier call, or taken away by hand.
      if (section === undefined ? before === undefined : section.mark.text === before?.mark.text) return undefined;
      if (section === undefined || ownMark(section.mark.text, call) === undefined || digestOf(section.markup) !== words) {
        throw new Fault("conflict", `the section of page «${found.title}» ${section === undefined ? "is gone" : "is not as this step left it"}; somebody changed it since`, {
          vendor: "confluence",
        });
      }
      return withMarksOf(`${found.body.slice(0, section.start)}${before?.markup ?? ""}${found.body.slice(section.end)}`, earlier ?? "");
    });
    if (!edited) throw new Fault("denied", `Nightshift's account may not edit page ${page} any more, so its section stays`, { vendor: "confluence" });
    return [before === undefined ? `page ${page} has no section of Nightshift's any more` : `page ${page} has the section of run ${before.mark.run} again`];
  },
});

function receiptOf(page: Page, section: Section): Receipt {
  return { page: page.id, as: "section", was: versionOf(section.mark), words: digestOf(section.markup), beside: marksIn(page.body) };
}

/** @returns the name of the tracking workbook on the page; undefined where there is none, or the account may not attach it. */
async function attached(pages: Pages, id: string, { run, step, target, story }: Call): Promise<string | undefined> {
  const file = await story.workbook?.();
  // Without the try: the same work, however often it is tried; another step's is a new version of the file.
  return file === undefined || (await pages.attach(id, { ...file, key: `${run}/${step}/${target}` })) === undefined ? undefined : file.name;
}

function ownSection({ body }: Page, call: Call): Section | undefined {
  const section = sectionIn(body);
  return section !== undefined && ownMark(section.mark.text, call) !== undefined ? section : undefined;
}

function versionOf({ was }: Mark): number {
  const version = Number(/^version (\d+)$/.exec(was)?.[1]);
  if (!Number.isInteger(version)) throw new Fault("conflict", `the mark of the results says «${was}»; expected the page's version before`, { vendor: "confluence" });
  return version;
}

/** One comment of ours beneath a page: what is there from another step or run is written anew. */
async function asComment(pages: Pages, page: string, bodyOf: (was: string) => string, call: Call): Promise<Receipt> {
  const earlier = (await pages.comments(page)).find(({ body }) => isOurs(body));
  const changed = earlier === undefined ? undefined : await pages.changeComment(earlier.id, ({ body, version }) => (isOf(body, call) ? undefined : bodyOf(`version ${version}`)));
  return receiptOfComment(page, changed ?? (await pages.addComment(page, bodyOf("no comment"))));
}

function receiptOfComment(page: string, { id, body }: PageComment): Receipt {
  const mark = marksOf(wordsOf(body)).at(-1);
  return { page, as: "comment", comment: id, words: digestOf(body), ...(mark === undefined || mark.was === "no comment" ? {} : { was: versionOf(mark) }) };
}

/** Ours ends with our mark; a comment of people's that quotes it goes on. */
function isOurs(body: string): boolean {
  const words = wordsOf(body);
  const mark = marksOf(words).at(-1);
  return mark !== undefined && words.endsWith(mark.text);
}

function isOf(body: string, call: Call): boolean {
  return isOurs(body) && ownMark(wordsOf(body), call) !== undefined;
}

async function commentOf(pages: Pages, { page, comment }: Receipt): Promise<string | undefined> {
  return (await pages.comments(page)).find(({ id }) => id === comment)?.body;
}

async function withoutComment(pages: Pages, receipt: Receipt): Promise<Evidence> {
  const { page, comment = "", was } = receipt;
  const body = await commentOf(pages, receipt);
  const before = was === undefined || body === undefined ? undefined : (await pages.comment(comment, was)).body;
  if (before !== undefined && body === before) return [`comment ${comment} of page ${page} is as it was before`];
  if (body !== undefined && digestOf(body) !== receipt.words)
    throw new Fault("conflict", `comment ${comment} of page ${page} is not as this step left it; somebody changed it since`, { vendor: "confluence" });
  if (before !== undefined) {
    const changed = await pages.changeComment(comment, () => before);
    if (changed === undefined) throw new Fault("denied", `Nightshift's account may not edit comment ${comment} of page ${page} any more, so it stays`, { vendor: "confluence" });
    return [`comment ${comment} of page ${page} is as it was before`];
  }
  if (body !== undefined) await pages.removeComment(comment);
  return [`page ${page} has no comment ${comment} any more`];
}

function digestOf(markup: string): string {
  return createHash("sha256").update(wordsOf(markup)).digest("hex");
}
