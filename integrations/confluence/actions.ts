import { createHash } from "node:crypto";
import { z } from "zod";
import { type Call, type Evidence, defineAction } from "../../shared/action/action.ts";
import { type Mark, markOf, ownMark } from "../../shared/action/mark.ts";
import { Fault } from "../../shared/fault/fault.ts";
import type { Page, Pages } from "./connector.ts";
import { contentOf, sectionIn, sectionOf, type Section, type SectionWords, withSection, wordsOf } from "./section.ts";

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
  /** The page's version before, which holds the section as it was. */
  was: z.int().positive().optional(),
  /** sha-256 of the words that we left there, as Confluence keeps them. */
  words: z.string(),
});
type Receipt = z.infer<typeof Receipt>;

/**
 * Writes how the run stands into one section of a page: the section that is there is replaced, and people's own text around
 * it stays as it is, byte for byte. Where the account may not edit the page, it is a comment beneath it.
 *
 * The section carries our mark, with run, step and the page's version before; by it a begin that ran but was never recorded
 * finds its own work and the way back. Somebody who saves the page at the same moment loses nothing: it is read, merged and
 * written anew.
 *
 * @throws Fault `conflict` when the page has two sections of ours; when undoing, if somebody has edited inside of it.
 */
export const pagePublish = defineAction<{ pages: Pages }, Params, Receipt>({
  verb: "page.publish",
  summary: "Writes the run's results into one section of a Confluence page, or a comment beneath it.",
  uses: ["pages"],
  params: Params,
  receipt: Receipt,
  policy: { timeoutMs: 60 * 60_000, attempts: 10, retryDelayMs: 5_000 },
  reversal: "undo",

  touches: ({ page }) => [`page:${/(?:^|\/pages\/)(\d+)/.exec(page)?.[1] ?? page}`],

  async preview({ pages }, { page, title }) {
    const found = await pages.read(pages.idOf(page));
    const section = sectionIn(found.body);
    const how =
      found.mayEdit === false
        ? "as a comment beneath it, since Nightshift's account may not edit it"
        : section === undefined
          ? "in a new section at its end"
          : `in the section that run ${section.mark.run} has left there`;
    return [`write the run's results, «${title}», on page «${found.title}» (${found.id}), ${how}`];
  },

  async begin({ pages }, { page, title }, call) {
    const id = pages.idOf(page);
    const { headline, lines } = await call.story.run();
    const words = (was: string): SectionWords => ({
      title: `${title}: ${headline}`,
      lines,
      link: { before: `${call.story.windowTitle}:`, words: "report", url: call.story.reportUrl },
      mark: markOf(call, was),
    });
    const edited = await pages.change(id, `Nightshift: results of ${call.run}`, (found) =>
      ownSection(found, call) === undefined ? withSection(found.body, sectionOf(words(`version ${found.version}`))) : undefined,
    );
    if (!edited) return await asComment(pages, id, contentOf(words("no comment")), call);
    // As Confluence keeps it, which is not letter for letter what was sent.
    const section = ownSection(await pages.read(id), call);
    if (section === undefined) throw new Fault("unavailable", `page ${id} does not show its new section yet`, { vendor: "confluence" });
    return { page: id, as: "section", was: versionOf(section.mark), words: digestOf(section.markup) };
  },

  async verify({ pages }, receipt, call): Promise<Evidence> {
    const { page, as, words } = receipt;
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
    return [`page «${found.title}» (${page}), version ${found.version}, has one section with the results: ${section.mark.text}`];
  },

  async undo({ pages }, receipt, call): Promise<Evidence> {
    const { page, as, was, words } = receipt;
    if (as === "comment") return await withoutComment(pages, receipt);
    const before = was === undefined ? undefined : sectionIn((await pages.read(page, was)).body);
    const edited = await pages.change(page, `Nightshift: results of ${call.run} taken back`, (found) => {
      const section = sectionIn(found.body);
      // Put back by an earlier call, or taken away by hand.
      if (section === undefined ? before === undefined : section.mark.text === before?.mark.text) return undefined;
      if (section === undefined || ownMark(section.mark.text, call) === undefined || digestOf(section.markup) !== words) {
        throw new Fault("conflict", `the section of page «${found.title}» ${section === undefined ? "is gone" : "is not as this step left it"}; somebody changed it since`, {
          vendor: "confluence",
        });
      }
      return `${found.body.slice(0, section.start)}${before?.markup ?? ""}${found.body.slice(section.end)}`;
    });
    if (!edited) throw new Fault("denied", `Nightshift's account may not edit page ${page} any more, so its section stays`, { vendor: "confluence" });
    return [before === undefined ? `page ${page} has no section of Nightshift's any more` : `page ${page} has the section of run ${before.mark.run} again`];
  },
});

function ownSection({ body }: Page, call: Call): Section | undefined {
  const section = sectionIn(body);
  return section !== undefined && ownMark(section.mark.text, call) !== undefined ? section : undefined;
}

function versionOf({ was }: Mark): number {
  const version = Number(/^version (\d+)$/.exec(was)?.[1]);
  if (!Number.isInteger(version)) throw new Fault("conflict", `the mark of the section says «${was}»; expected the page's version before`, { vendor: "confluence" });
  return version;
}

async function asComment(pages: Pages, page: string, body: string, call: Call): Promise<Receipt> {
  const ours = (await pages.comments(page)).find((each) => ownMark(wordsOf(each.body), call) !== undefined);
  const comment = ours ?? (await pages.addComment(page, body));
  return { page, as: "comment", comment: comment.id, words: digestOf(comment.body) };
}

async function commentOf(pages: Pages, { page, comment }: Receipt): Promise<string | undefined> {
  return (await pages.comments(page)).find(({ id }) => id === comment)?.body;
}

async function withoutComment(pages: Pages, receipt: Receipt): Promise<Evidence> {
  const { page, comment = "" } = receipt;
  const body = await commentOf(pages, receipt);
  if (body !== undefined && digestOf(body) !== receipt.words)
    throw new Fault("conflict", `comment ${comment} of page ${page} is not as this step left it; somebody changed it since`, { vendor: "confluence" });
  if (body !== undefined) await pages.removeComment(comment);
  return [`page ${page} has no comment ${comment} any more`];
}

function digestOf(markup: string): string {
  return createHash("sha256").update(wordsOf(markup)).digest("hex");
}
