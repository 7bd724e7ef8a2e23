import { createHash } from "node:crypto";
import type { Effect, Simulator, World } from "../../shared/ports/simulator.ts";

export interface ConfluenceWorld extends World {
  /** Origin, e.g. `https://example.atlassian.net`. */
  readonly site: string;
  readonly account: { readonly accountId: string; readonly email: string };
  readonly pages: ConfluencePage[];
  /** What people are called whom pages mention, by account id; who is missing has left. */
  readonly people?: Readonly<Record<string, string>>;
}

export interface ConfluencePage {
  /** Digits. */
  readonly id: string;
  title: string;
  readonly spaceId: string;
  status: "current" | "archived" | "trashed";
  /** Oldest first; the last one is what readers see. */
  readonly versions: ConfluenceVersion[];
  readonly comments: ConfluenceComment[];
  readonly attachments: ConfluenceAttachment[];
  /** The account may not see it: Confluence answers as if it were not there. */
  hidden?: boolean;
  /** What the account may not do: `update` the page, `comment` on it, `attach` files to it. */
  lacks?: ("update" | "comment" | "attach")[];
  /** People who save the page just before somebody else does: what each adds at the top of the body, first to come first. */
  rivals?: string[];
}

export interface ConfluenceVersion {
  readonly number: number;
  /** Storage format. */
  readonly body: string;
  readonly message: string;
  /** UTC ISO. */
  readonly createdAt: string;
  readonly authorId: string;
}

export interface ConfluenceComment {
  readonly id: string;
  body: string;
  readonly createdAt: string;
  /** Bodies before the present one, oldest first. */
  earlier?: string[];
  /** Somebody else wrote it: the account may not edit it. */
  foreign?: boolean;
}

export interface ConfluenceAttachment {
  readonly id: string;
  readonly name: string;
  version: number;
  mediaType: string;
  comment: string;
  size: number;
}

/** An answer other than 200. */
class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, title: string) {
    super(title);
    this.status = status;
    this.code = code;
  }
}

interface Asked {
  readonly world: ConfluenceWorld;
  readonly id: string;
  readonly query: URLSearchParams;
  readonly request: Request;
  readonly now: number;
}

/** Confluence Cloud, REST API v2 and the uploading part of v1, as far as pages, footer comments and attachments go. */
export const confluenceSimulator: Simulator<ConfluenceWorld> = {
  systems: ["confluence"],
  systemOf: ({ hostname, pathname }) => (hostname.endsWith(".atlassian.net") && /^\/wiki\/(api\/v2|rest\/api)\//.test(pathname) ? "confluence" : undefined),
  newWorld: () => ({ site: "https://nightshift.atlassian.net", account: { accountId: "5b10ac8d82e05b22cc7d4ef5", email: "nightshift@example.com" }, pages: [], effects: [] }),
  handler: (world) => async (request, now) => {
    const url = new URL(request.url);
    if (!authorized(world, request.headers.get("authorization"))) return new Response(null, { status: 401 });
    const route = ROUTES.find(({ method, path }) => method === request.method && path.test(url.pathname));
    try {
      if (route === undefined) throw new Refusal(404, "NOT_FOUND", "Not Found");
      const id = route.path.exec(url.pathname)?.[1] ?? "";
      return await route.answer({ world, id, query: url.searchParams, request, now });
    } catch (refused) {
      if (!(refused instanceof Refusal)) throw refused;
      const { status, code, message } = refused;
      const isOld = url.pathname.startsWith("/wiki/rest/api/");
      return Response.json(isOld ? { statusCode: status, message } : { errors: [{ status, code, title: message, detail: null }] }, { status });
    }
  },
};

const ROUTES: readonly { readonly method: string; readonly path: RegExp; readonly answer: (asked: Asked) => Response | Promise<Response> }[] = [
  { method: "GET", path: /^\/wiki\/api\/v2\/pages\/(\d+)$/, answer: readPage },
  { method: "PUT", path: /^\/wiki\/api\/v2\/pages\/(\d+)$/, answer: updatePage },
  { method: "GET", path: /^\/wiki\/api\/v2\/pages\/(\d+)\/footer-comments$/, answer: readComments },
  { method: "POST", path: /^\/wiki\/api\/v2\/footer-comments$/, answer: addComment },
  { method: "GET", path: /^\/wiki\/api\/v2\/footer-comments\/(\d+)$/, answer: readComment },
  { method: "PUT", path: /^\/wiki\/api\/v2\/footer-comments\/(\d+)$/, answer: updateComment },
  { method: "DELETE", path: /^\/wiki\/api\/v2\/footer-comments\/(\d+)$/, answer: removeComment },
  { method: "GET", path: /^\/wiki\/api\/v2\/pages\/(\d+)\/attachments$/, answer: readAttachments },
  { method: "PUT", path: /^\/wiki\/rest\/api\/content\/(\d+)\/child\/attachment$/, answer: upload },
];

function authorized({ account }: ConfluenceWorld, header: string | null): boolean {
  const basic = /^Basic ([A-Za-z0-9+/=]+)$/.exec(header ?? "")?.[1];
  return basic !== undefined && Buffer.from(basic, "base64").toString().startsWith(`${account.email}:`);
}

function seen({ world, id }: Pick<Asked, "world" | "id">): ConfluencePage {
  const page = world.pages.find((one) => one.id === id);
  if (page === undefined || page.hidden) throw new Refusal(404, "NOT_FOUND", "Not Found");
  return page;
}

function readPage({ world, id, query }: Asked): Response {
  const page = seen({ world, id });
  const wanted = query.get("version");
  const version = wanted === null ? page.versions.at(-1) : page.versions.find(({ number }) => String(number) === wanted);
  if (version === undefined) throw new Refusal(404, "NOT_FOUND", "Not Found");
  const operations = ["read", "update"].filter((operation) => operation !== "update" || !page.lacks?.includes("update")).map((operation) => ({ operation, targetType: "page" }));
  const format = query.get("body-format");
  if (format !== null && format !== "storage" && format !== "view")
    throw new Refusal(400, "INVALID_REQUEST_PARAMETER", `Provided value {${format}} for 'body-format' is not served here`);
  return Response.json({
    ...shown(page, version),
    ...(format === "view" ? { body: { view: { representation: "view", value: rendered(world, version.body) } } } : {}),
    ...(format === null ? { body: {} } : {}),
    _links: { webui: `/spaces/OPS/pages/${page.id}/${encodeURIComponent(page.title).replaceAll("%20", "+")}`, base: `${world.site}/wiki` },
    ...(query.get("include-operations") === "true" ? { operations: { results: operations, meta: { hasMore: false }, _links: {} } } : {}),
  });
}

/** Of what a reader's browser gets, as much as concerns people: storage format has their account ids, this their names. */
function rendered({ site, people = {} }: ConfluenceWorld, body: string): string {
  return body.replaceAll(/<ac:link><ri:user ri:account-id="([^"]*)"\s*\/><\/ac:link>/g, (_whole, account: string) => {
    const name = people[account];
    return name === undefined
      ? '<a class="unresolved" href="#" title="This user does not have access to this site">Unlicensed user</a>'
      : `<a class="confluence-userlink user-mention" data-account-id="${account}" href="${site}/wiki/people/${account}?ref=confluence" data-linked-resource-type="userinfo" data-base-url="${site}/wiki">${name.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</a>`;
  });
}

async function updatePage({ world, id, request, now }: Asked): Promise<Response> {
  const page = seen({ world, id });
  const {
    id: inBody,
    status,
    title,
    body,
    version,
  } = (await request.json()) as {
    id?: string;
    status?: string;
    title?: string;
    body?: { representation?: string; value?: string };
    version?: { number?: number; message?: string };
  };
  if (page.lacks?.includes("update")) throw new Refusal(403, "FORBIDDEN", "Current user not permitted to edit this page");
  if (inBody !== id || status !== "current" || title === undefined || body?.representation !== "storage" || body.value === undefined)
    throw new Refusal(400, "INVALID_REQUEST_PARAMETER", "Provided request body is invalid");
  if (!isWellFormed(body.value)) throw new Refusal(400, "INVALID_REQUEST_PARAMETER", "Error parsing xhtml");
  const rival = page.rivals?.shift();
  if (page.rivals?.length === 0) delete page.rivals;
  const last = page.versions.at(-1);
  if (rival !== undefined) save(page, `${rival}${last?.body ?? ""}`, "", "somebody-else", now);
  if (version?.number !== (page.versions.at(-1)?.number ?? 0) + 1) throw new Refusal(409, "CONFLICT", "Version must be incremented when updating a page");
  page.title = title;
  const saved = save(page, kept(body.value, page), version.message ?? "", world.account.accountId, now);
  world.effects.push(effectOf("edited", page, now, { version: saved.number, message: saved.message }));
  return Response.json(shown(page, saved));
}

function save(page: ConfluencePage, body: string, message: string, authorId: string, now: number): ConfluenceVersion {
  const version = { number: (page.versions.at(-1)?.number ?? 0) + 1, body, message, createdAt: new Date(now).toISOString(), authorId };
  page.versions.push(version);
  return version;
}

/** Confluence gives every macro an id and its schema's version, and writes quotes as letters. */
function kept(body: string, { id }: ConfluencePage): string {
  let count = 0;
  return body
    .replaceAll(/<ac:structured-macro ac:name="([^"]+)">/g, (whole, name: string) => {
      const digest = createHash("sha256").update(`${id} ${count++} ${body}`).digest("hex");
      return whole.replace(
        `ac:name="${name}"`,
        `ac:name="${name}" ac:schema-version="1" ac:macro-id="${digest.slice(0, 8)}-${digest.slice(8, 12)}-4${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}"`,
      );
    })
    .replaceAll("&#39;", "'");
}

/** Elements close in the order in which they were opened, and nothing stands bare that should be escaped. */
function isWellFormed(body: string): boolean {
  const open: string[] = [];
  const rest = body.replaceAll(
    /<!\[CDATA\[[\s\S]*?\]\]>|<(\/?)([A-Za-z][\w:-]*)((?:"[^"]*"|[^">])*?)(\/?)>/g,
    (whole, closing: string, name: string, _attributes: string, empty: string) => {
      if (whole.startsWith("<![")) return "";
      if (closing === "/") return open.pop() === name ? "" : "<";
      if (empty === "") open.push(name);
      return "";
    },
  );
  // oxlint-disable-next-line no-control-regex -- what XML cannot hold
  return open.length === 0 && !/[<\u0000-\u0008\u000b\u000c\u000e-\u001f]|&(?!(?:#x?[0-9a-f]+|\w+);)/i.test(rest);
}

function readComments({ world, id, query }: Asked): Response {
  const page = seen({ world, id });
  const limit = Math.min(Number(query.get("limit") ?? 25), 250);
  const start = Number(query.get("cursor") ?? 0);
  const sorted = query.get("sort") === "-created-date" ? page.comments.toReversed() : page.comments;
  const next =
    start + limit < sorted.length
      ? { next: `/wiki/api/v2/pages/${id}/footer-comments?${new URLSearchParams({ ...Object.fromEntries(query), cursor: String(start + limit) }).toString()}` }
      : {};
  return Response.json({ results: sorted.slice(start, start + limit).map((comment) => shownComment(world, page, comment)), _links: { ...next, base: `${world.site}/wiki` } });
}

async function addComment({ world, request, now }: Asked): Promise<Response> {
  const { pageId = "", body } = (await request.json()) as { pageId?: string; body?: { representation?: string; value?: string } };
  const page = seen({ world, id: pageId });
  if (page.lacks?.includes("comment")) throw new Refusal(403, "FORBIDDEN", "Current user not permitted to comment on this page");
  if (body?.representation !== "storage" || body.value === undefined || !isWellFormed(body.value)) throw new Refusal(400, "INVALID_REQUEST_PARAMETER", "Error parsing xhtml");
  const last = Math.max(0, ...world.pages.flatMap(({ comments }) => comments.map((one) => Number(one.id))));
  const comment: ConfluenceComment = { id: String(Math.max(last, 7_000_000) + 1), body: kept(body.value, page), createdAt: new Date(now).toISOString() };
  page.comments.push(comment);
  world.effects.push(effectOf("commented", page, now, { id: comment.id }));
  return Response.json(shownComment(world, page, comment), { status: 201, headers: { location: `/wiki/api/v2/footer-comments/${comment.id}` } });
}

function foundComment({ world, id }: Pick<Asked, "world" | "id">): { readonly page: ConfluencePage; readonly comment: ConfluenceComment } {
  for (const page of world.pages) {
    const comment = page.hidden ? undefined : page.comments.find((each) => each.id === id);
    if (comment !== undefined) return { page, comment };
  }
  throw new Refusal(404, "NOT_FOUND", "Not Found");
}

function readComment({ world, id, query }: Asked): Response {
  const { page, comment } = foundComment({ world, id });
  const wanted = query.get("version");
  const bodies = [...(comment.earlier ?? []), comment.body];
  const number = wanted === null ? bodies.length : Number(wanted);
  const body = bodies[number - 1];
  if (body === undefined) throw new Refusal(404, "NOT_FOUND", "Not Found");
  return Response.json(shownComment(world, page, comment, { number, body }));
}

async function updateComment({ world, id, request, now }: Asked): Promise<Response> {
  const { page, comment } = foundComment({ world, id });
  const { version, body } = (await request.json()) as { version?: { number?: number }; body?: { representation?: string; value?: string } };
  if (comment.foreign === true) throw new Refusal(403, "FORBIDDEN", "Current user not permitted to edit this comment");
  if (body?.representation !== "storage" || body.value === undefined || !isWellFormed(body.value)) throw new Refusal(400, "INVALID_REQUEST_PARAMETER", "Error parsing xhtml");
  if (version?.number !== (comment.earlier ?? []).length + 2) throw new Refusal(409, "CONFLICT", "Version must be incremented when updating a comment");
  comment.earlier = [...(comment.earlier ?? []), comment.body];
  comment.body = kept(body.value, page);
  world.effects.push(effectOf("changed comment on", page, now, { id, version: version.number }));
  return Response.json(shownComment(world, page, comment));
}

function removeComment({ world, id, now }: Asked): Response {
  const { page, comment } = foundComment({ world, id });
  page.comments.splice(page.comments.indexOf(comment), 1);
  world.effects.push(effectOf("uncommented", page, now, { id }));
  return new Response(null, { status: 204 });
}

function readAttachments({ world, id, query }: Asked): Response {
  const page = seen({ world, id });
  const wanted = query.get("filename");
  const found = page.attachments.filter(({ name }) => wanted === null || name === wanted);
  return Response.json({
    results: found.map(({ id: own, name, mediaType, comment, size, version }) => ({
      id: own,
      status: "current",
      title: name,
      pageId: id,
      mediaType,
      comment,
      fileSize: size,
      version: { number: version },
    })),
    _links: { base: `${world.site}/wiki` },
  });
}

async function upload({ world, id, request, now }: Asked): Promise<Response> {
  const page = seen({ world, id });
  if (request.headers.get("x-atlassian-token") !== "nocheck") throw new Refusal(403, "FORBIDDEN", "XSRF check failed");
  if (page.lacks?.includes("attach")) throw new Refusal(403, "FORBIDDEN", "No permission to create attachments");
  const form = await request.formData();
  const file = form.get("file");
  if (file === null || typeof file === "string") throw new Refusal(400, "BAD_REQUEST", "No file attached");
  const earlier = page.attachments.find(({ name }) => name === file.name);
  const given = { mediaType: file.type, comment: typeof form.get("comment") === "string" ? (form.get("comment") as string) : "", size: file.size };
  const attachment = earlier ?? { id: `att${Number(id) * 100 + page.attachments.length}`, name: file.name, version: 0, ...given };
  Object.assign(attachment, given, { version: attachment.version + 1 });
  if (earlier === undefined) page.attachments.push(attachment);
  world.effects.push(effectOf("attached", page, now, { file: attachment.name, version: attachment.version }));
  return Response.json({
    results: [
      {
        id: attachment.id,
        type: "attachment",
        status: "current",
        title: attachment.name,
        version: { when: new Date(now).toISOString(), number: attachment.version, minorEdit: form.get("minorEdit") === "true" },
        _links: {},
      },
    ],
    start: 0,
    limit: 200,
    size: 1,
    _links: { base: `${world.site}/wiki` },
  });
}

function shown({ id, status, title, spaceId }: ConfluencePage, { number, body, message, createdAt, authorId }: ConfluenceVersion): object {
  return {
    id,
    status,
    title,
    spaceId,
    parentId: null,
    version: { number, message, createdAt, minorEdit: false, authorId },
    body: { storage: { representation: "storage", value: body } },
  };
}

function shownComment(
  world: ConfluenceWorld,
  { id: pageId }: ConfluencePage,
  { id, body: last, createdAt, earlier = [] }: ConfluenceComment,
  { number, body }: { readonly number: number; readonly body: string } = { number: earlier.length + 1, body: last },
): object {
  return {
    id,
    status: "current",
    title: "Re: page",
    pageId,
    version: { number, createdAt, minorEdit: false, authorId: world.account.accountId },
    body: { storage: { representation: "storage", value: body } },
  };
}

function effectOf(did: string, { title }: ConfluencePage, now: number, more: Readonly<Record<string, unknown>>): Effect {
  return { at: new Date(now).toISOString(), did, to: `page ${title}`, with: more };
}
