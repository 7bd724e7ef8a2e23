import { z } from "zod";
import { Fault } from "../../shared/fault/fault.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { pageIdOf } from "./address.ts";
import { Forbidden, type RestClient, restClient } from "./rest-client.ts";
import { readSource, type PageSource } from "./source.ts";

export interface Page {
  readonly id: string;
  readonly title: string;
  /** `current`, `archived`, `trashed` … */
  readonly status: string;
  /** Grows by one with every save. */
  readonly version: number;
  /** Storage format: XHTML with Confluence's own `ac:` and `ri:` elements, as Confluence keeps it. */
  readonly body: string;
  /** Whether the account may edit it, where Confluence says so. */
  readonly mayEdit: boolean | undefined;
}

export interface PageComment {
  readonly id: string;
  /** Grows by one with every save. */
  readonly version: number;
  /** Storage format. */
  readonly body: string;
}

export interface PageFile {
  /** Letters, digits, spaces and . _ ( ) -. A file of that name gets a new version. */
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Stands in the file's comment; a file that carries it already is not sent again. */
  readonly key: string;
}

/** Pages that people write, their comments and attachments. */
export interface Pages {
  /** The id in a page's address, or the id itself. @throws Fault `invalid` for what is neither, or of another site. */
  idOf(reference: string): string;
  /** A page as it is read to become a plan, with the names of the people whom it mentions; see source.ts. */
  source(reference: string, version?: number): Promise<PageSource>;
  /** @param version an earlier one. @throws Fault `absent` when it is not there or may not be seen. */
  read(id: string, version?: number): Promise<Page>;
  /**
   * Changes a page's body and nothing else of it: reads, has it edited, writes. When somebody saves in between, it is read and
   * edited anew.
   * @param edit the new body, or undefined to leave it as it is.
   * @returns false, with nothing changed, when the account may see the page and not edit it.
   * @throws Fault `throttled` when people keep saving it.
   */
  change(id: string, message: string, edit: (page: Page) => string | undefined): Promise<boolean>;
  /** Footer comments, newest first. @throws Fault `rejected` when there are more than may be read. */
  comments(id: string): Promise<readonly PageComment[]>;
  addComment(id: string, body: string): Promise<PageComment>;
  /** @param version an earlier one. @throws Fault `absent` when it is not there. */
  comment(id: string, version?: number): Promise<PageComment>;
  /**
   * Changes a comment, as `change` changes a page.
   * @returns the comment as it is then; undefined, with nothing changed, when the account may not edit it.
   */
  changeComment(id: string, edit: (comment: PageComment) => string | undefined): Promise<PageComment | undefined>;
  /** Nothing there: nothing done. */
  removeComment(id: string): Promise<void>;
  /** Attaches a file once per key. @returns the attachment's id; undefined, with nothing changed, when the account may not attach. */
  attach(id: string, file: PageFile): Promise<string | undefined>;
}

export const ConfluenceSettings = z.strictObject({
  site: z.url({ protocol: /^https$/ }).describe("Address of the Confluence site, e.g. https://example.atlassian.net"),
  email: z.email().describe("E-mail of the account that Nightshift works as"),
  apiToken: z.string().min(1).describe("Name of the secret in the vault that holds that account's API token"),
});
export type ConfluenceSettings = z.infer<typeof ConfluenceSettings>;

const VENDOR = "confluence";
/** Saves by people between our reading and our writing; more in a row than this are somebody at work on the page. */
const MOST_SAVES = 4;
const WAIT_FOR_PEOPLE_MS = 60_000;
const COMMENTS_A_PAGE = 100;
const MOST_PAGES = 10;

/** The answers, as far as we rely on them. */
const Id = z.string().regex(/^\d+$/);
const Storage = z.object({ storage: z.object({ value: z.string() }) });
const APage = z.object({
  id: Id,
  status: z.string(),
  title: z.string(),
  version: z.object({ number: z.int().positive() }),
  body: Storage,
  operations: z.object({ results: z.array(z.object({ operation: z.string(), targetType: z.string() })) }).optional(),
});
const AComment = z.object({ id: Id, version: z.object({ number: z.int().positive() }), body: Storage });
const Comments = z.object({ results: z.array(AComment), _links: z.object({ next: z.string().optional() }).optional() });
const Attachments = z.object({ results: z.array(z.object({ id: z.string(), comment: z.string().nullish() })) });
const Uploaded = z.object({ results: z.array(z.object({ id: z.string() })).min(1) });

/** Confluence Cloud as `Pages`. */
export function connectConfluence(settings: ConfluenceSettings, outside: Outside): Pages {
  const call = restClient(settings, outside);

  async function read(id: string, version?: number): Promise<Page> {
    const query = { "body-format": "storage", ...(version === undefined ? { "include-operations": "true" } : { version: String(version) }) };
    const { status, title, version: found, body, operations } = await call({ path: `/wiki/api/v2/pages/${checked(id)}`, query, answer: APage });
    const mayEdit = operations?.results.some(({ operation, targetType }) => operation === "update" && targetType === "page");
    return { id, status, title, version: found.number, body: body.storage.value, mayEdit };
  }

  async function readComment(id: string, version?: number): Promise<PageComment> {
    const query = { "body-format": "storage", ...(version === undefined ? {} : { version: String(version) }) };
    return commentOf(await call({ path: `/wiki/api/v2/footer-comments/${checked(id)}`, query, answer: AComment }));
  }

  return {
    idOf: (reference) => pageIdOf(reference, settings.site),

    source: async (reference, version) => readSource(call, settings, pageIdOf(reference, settings.site), version),

    read,

    async change(id, message, edit) {
      for (let saves = 0; saves < MOST_SAVES; saves++) {
        const page = await read(id);
        if (page.status !== "current") throw new Fault("conflict", `page «${page.title}» is ${page.status}; expected a current one`, { vendor: VENDOR });
        const body = edit(page);
        if (body === undefined || body === page.body) return true;
        try {
          // Confluence refuses it unless it follows the version that was read.
          await call({
            method: "PUT",
            path: `/wiki/api/v2/pages/${id}`,
            json: { id, status: "current", title: page.title, body: { representation: "storage", value: body }, version: { number: page.version + 1, message } },
            answer: z.object({ id: Id }),
          });
          return true;
        } catch (thrown) {
          if (thrown instanceof Forbidden) return false;
          if (!(thrown instanceof Fault && thrown.kind === "conflict")) throw thrown;
        }
      }
      throw new Fault("throttled", `people are at work on page ${id}: it was saved ${MOST_SAVES} times between reading and writing it`, {
        vendor: VENDOR,
        retryAfterMs: WAIT_FOR_PEOPLE_MS,
      });
    },

    async comments(id) {
      const found: PageComment[] = [];
      let query: Record<string, string> = { "body-format": "storage", sort: "-created-date", limit: String(COMMENTS_A_PAGE) };
      for (let pages = 0; pages < MOST_PAGES; pages++) {
        const { results, _links } = await call({ path: `/wiki/api/v2/pages/${checked(id)}/footer-comments`, query, answer: Comments });
        found.push(...results.map(commentOf));
        const cursor = _links?.next === undefined ? null : new URL(_links.next, settings.site).searchParams.get("cursor");
        if (cursor === null) return found;
        query = { ...query, cursor };
      }
      throw new Fault("rejected", `page ${id} has more than ${MOST_PAGES * COMMENTS_A_PAGE} comments; ours was not found among those`, { vendor: VENDOR });
    },

    async addComment(pageId, body) {
      return commentOf(
        await call({ method: "POST", path: "/wiki/api/v2/footer-comments", json: { pageId: checked(pageId), body: { representation: "storage", value: body } }, answer: AComment }),
      );
    },

    comment: readComment,

    async changeComment(id, edit) {
      for (let saves = 0; saves < MOST_SAVES; saves++) {
        const comment = await readComment(id);
        const body = edit(comment);
        if (body === undefined || body === comment.body) return comment;
        try {
          return commentOf(
            await call({
              method: "PUT",
              path: `/wiki/api/v2/footer-comments/${checked(id)}`,
              json: { version: { number: comment.version + 1 }, body: { representation: "storage", value: body } },
              answer: AComment,
            }),
          );
        } catch (thrown) {
          if (thrown instanceof Forbidden) return undefined;
          if (!(thrown instanceof Fault && thrown.kind === "conflict")) throw thrown;
        }
      }
      throw new Fault("throttled", `comment ${id} was saved ${MOST_SAVES} times between reading and writing it`, { vendor: VENDOR, retryAfterMs: WAIT_FOR_PEOPLE_MS });
    },

    async removeComment(id) {
      try {
        await call({ method: "DELETE", path: `/wiki/api/v2/footer-comments/${checked(id)}` });
      } catch (thrown) {
        if (!(thrown instanceof Fault && thrown.kind === "absent")) throw thrown;
      }
    },

    attach: (id, file) => attach(call, checked(id), file),
  };
}

async function attach(call: RestClient, id: string, { name, mediaType, bytes, key }: PageFile): Promise<string | undefined> {
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._()-]{0,199}$/u.test(name))
    throw new Fault("invalid", `${JSON.stringify(name)} is no name for an attachment; expected letters, digits, spaces and . _ ( ) -`, { vendor: VENDOR });
  const { results: present } = await call({ path: `/wiki/api/v2/pages/${id}/attachments`, query: { filename: name }, answer: Attachments });
  const comment = `Nightshift ${key}`;
  const ours = present.find((each) => each.comment === comment);
  if (ours !== undefined) return ours.id;
  const form = new FormData();
  form.append("file", new Blob([bytes], { type: mediaType }), name);
  form.append("comment", comment);
  form.append("minorEdit", "true");
  // PUT makes a new version of a file that is there; POST would refuse it. Only the older API can upload.
  try {
    const { results } = await call({ method: "PUT", path: `/wiki/rest/api/content/${id}/child/attachment`, form, answer: Uploaded });
    return results[0]?.id;
  } catch (thrown) {
    if (thrown instanceof Forbidden) return undefined;
    throw thrown;
  }
}

function commentOf({ id, version, body }: z.infer<typeof AComment>): PageComment {
  return { id, version: version.number, body: body.storage.value };
}

function checked(id: string): string {
  if (!/^\d{1,19}$/.test(id)) throw new Fault("invalid", `${JSON.stringify(id)} is no id of Confluence's; expected digits`, { vendor: VENDOR });
  return id;
}
