import { jsonResponse } from "../../shared/ports/json-response.ts";
import type { Effect, Simulator, World } from "../../shared/ports/simulator.ts";

export interface JiraWorld extends World {
  /** Origin, e.g. `https://example.atlassian.net`. */
  readonly site: string;
  readonly account: { readonly accountId: string; readonly displayName: string; readonly email: string };
  readonly issues: JiraIssue[];
}

export interface JiraIssue {
  readonly id: string;
  readonly key: string;
  readonly summary: string;
  /** Name of the status. */
  status: string;
  /** What the workflow offers; ids are the issue's own. */
  readonly workflow: JiraTransition[];
  /** The account may not see it: Jira answers as if it were not there. */
  hidden?: boolean;
  /** Rights that the account lacks, e.g. `ADD_COMMENTS`. */
  lacks?: string[];
  /** Somebody else is moving it at this moment. */
  contended?: boolean;
  readonly comments: JiraComment[];
  readonly properties: Record<string, unknown>;
  readonly links: JiraLink[];
}

export interface JiraTransition {
  readonly id: string;
  readonly name: string;
  /** Statuses from which it is offered; none: from all but its own. */
  readonly from?: readonly string[];
  readonly to: string;
  readonly hasScreen?: boolean;
}

export interface JiraComment {
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** As Jira writes it: `2024-12-08T04:45:00.000+0000`. */
  readonly created: string;
  readonly properties: { readonly key: string; readonly value: unknown }[];
}

export interface JiraLink {
  readonly id: number;
  readonly globalId?: string;
  application?: Readonly<Record<string, unknown>>;
  relationship?: string;
  object: Readonly<Record<string, unknown>>;
}

/** An answer other than 200. */
class Refusal extends Error {
  readonly status: number;
  readonly body: object;

  constructor(status: number, errorMessages: readonly string[], errors: Readonly<Record<string, string>> = {}) {
    super(errorMessages.join("; "));
    this.status = status;
    this.body = { errorMessages, errors };
  }
}

interface Asked {
  readonly world: JiraWorld;
  readonly issue: JiraIssue;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly id: string;
  readonly now: number;
}

/** Jira Cloud's REST API (v3) as far as issues, their comments, moves and links go. */
export const jiraSimulator: Simulator<JiraWorld> = {
  systems: ["jira"],
  systemOf: (url) => (url.hostname.endsWith(".atlassian.net") && url.pathname.startsWith("/rest/api/3/") ? "jira" : undefined),
  newWorld: () => ({
    site: "https://nightshift.atlassian.net",
    account: { accountId: "5b10ac8d82e05b22cc7d4ef5", displayName: "Nightshift", email: "nightshift@example.com" },
    issues: [],
    effects: [],
  }),
  handler: (world) => async (request, now) => {
    const url = new URL(request.url);
    if (!authorized(world, request.headers.get("authorization"))) return new Response(null, { status: 401 });
    const text = await request.text();
    try {
      return route(world, request.method, url, text, now);
    } catch (refused) {
      if (refused instanceof Refusal) return jsonResponse(refused.body, { status: refused.status });
      throw refused;
    }
  },
};

const ROUTES: Readonly<Record<string, (asked: Asked) => Response>> = {
  "GET issue": readIssue,
  "GET transitions": readTransitions,
  "POST transitions": move,
  "GET comment": readComments,
  "POST comment": addComment,
  "GET comment/ID": readComment,
  "GET remotelink": readLinks,
  "POST remotelink": putLink,
  "DELETE remotelink": removeLink,
};

function route(world: JiraWorld, method: string, url: URL, text: string, now: number): Response {
  const path = url.pathname.slice("/rest/api/3/".length).split("/").map(decodeURIComponent);
  const query = url.searchParams;
  if (method === "GET" && path.length === 1 && path[0] === "mypermissions") return readPermissions(world, query);
  const [kind, key = "", part, id = "", ...rest] = path;
  const answer = ROUTES[`${method} ${part === undefined ? "issue" : part}${id === "" ? "" : "/ID"}`];
  if (kind !== "issue" || answer === undefined || rest.length > 0) throw new Refusal(404, ["No such resource."]);
  return answer({ world, issue: seen(world, key), query, body: bodyOf(text), id, now });
}

function authorized({ account }: JiraWorld, header: string | null): boolean {
  const basic = /^Basic ([A-Za-z0-9+/=]+)$/.exec(header ?? "")?.[1];
  return basic !== undefined && Buffer.from(basic, "base64").toString().startsWith(`${account.email}:`);
}

function bodyOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  } catch {
    throw new Refusal(400, ["The request body is no JSON."]);
  }
}

function seen(world: JiraWorld, key: string): JiraIssue {
  const issue = world.issues.find((one) => one.key === key || one.id === key);
  if (issue === undefined || issue.hidden) throw new Refusal(404, ["Issue does not exist or you do not have permission to see it."]);
  return issue;
}

function expectRight(issue: JiraIssue, right: string, words: string): void {
  if (issue.lacks?.includes(right)) throw new Refusal(403, [`You do not have permission to ${words} this issue.`]);
}

function readPermissions(world: JiraWorld, query: URLSearchParams): Response {
  const issue = seen(world, query.get("issueKey") ?? "");
  const asked = (query.get("permissions") ?? "").split(",").filter((key) => key !== "");
  if (asked.length === 0) throw new Refusal(400, ["The 'permissions' query parameter is required."]);
  const permissions = Object.fromEntries(asked.map((key) => [key, { key, type: "PROJECT", havePermission: !issue.lacks?.includes(key) }]));
  return jsonResponse({ permissions });
}

function readIssue({ world, issue, query }: Asked): Response {
  const wanted = listOf(query, "fields");
  const all = { summary: issue.summary, status: statusOf(world, issue.status) };
  const fields = Object.fromEntries(Object.entries(all).filter(([name]) => wanted.length === 0 || wanted.includes(name) || wanted.includes("*all")));
  const names = listOf(query, "properties");
  const properties = Object.fromEntries(Object.entries(issue.properties).filter(([name]) => names.includes(name) || names.includes("*all")));
  return jsonResponse({
    expand: "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
    id: issue.id,
    self: `${world.site}/rest/api/3/issue/${issue.id}`,
    key: issue.key,
    fields,
    ...(names.length === 0 ? {} : { properties }),
  });
}

function readTransitions({ world, issue }: Asked): Response {
  const transitions = offered(issue).map(({ id, name, to, from, hasScreen }) => ({
    id,
    name,
    to: statusOf(world, to),
    hasScreen: hasScreen === true,
    isGlobal: from === undefined,
    isInitial: false,
    isAvailable: true,
    isConditional: false,
    looped: false,
  }));
  return jsonResponse({ expand: "transitions", transitions });
}

function move({ world, issue, body, now }: Asked): Response {
  const { transition, properties = [] } = body as { transition?: { id?: string }; properties?: { key: string; value: unknown }[] };
  if (issue.lacks?.includes("TRANSITION_ISSUES")) throw new Refusal(404, ["Issue does not exist or you do not have permission to move it."]);
  if (issue.contended) throw new Refusal(409, ["The issue is being changed by somebody else."]);
  const way = offered(issue).find(({ id }) => id === transition?.id);
  if (way === undefined) throw new Refusal(400, ["It seems that you have tried to perform an illegal workflow operation."]);
  const from = issue.status;
  issue.status = way.to;
  for (const { key, value } of properties) issue.properties[key] = value;
  world.effects.push(effectOf("moved", issue, now, { from, to: way.to }));
  return new Response(null, { status: 204 });
}

function offered({ workflow, status }: JiraIssue): readonly JiraTransition[] {
  return workflow.filter(({ from, to }) => (from === undefined ? to !== status : from.includes(status)));
}

function readComments({ world, issue, query }: Asked): Response {
  const startAt = Number(query.get("startAt") ?? 0);
  const maxResults = Math.min(Number(query.get("maxResults") ?? 100), 100);
  const sorted = query.get("orderBy") === "-created" ? issue.comments.toReversed() : issue.comments;
  const comments = sorted.slice(startAt, startAt + maxResults).map((one) => shown(world, issue, one, query));
  return jsonResponse({ startAt, maxResults, total: issue.comments.length, comments });
}

function readComment({ world, issue, query, id }: Asked): Response {
  const comment = issue.comments.find((one) => one.id === id);
  if (comment === undefined) throw new Refusal(404, [`Can not find a comment for the id: ${id}.`]);
  return jsonResponse(shown(world, issue, comment, query));
}

function addComment({ world, issue, body, query, now }: Asked): Response {
  expectRight(issue, "ADD_COMMENTS", "comment on");
  const { body: document, properties = [] } = body as { body?: Record<string, unknown>; properties?: JiraComment["properties"] };
  if (!isDocument(document)) throw new Refusal(400, [], { comment: "Comment body is not valid!" });
  const comment: JiraComment = { id: `${issue.id}${issue.comments.length + 1}`, body: document, created: stamp(now), properties };
  issue.comments.push(comment);
  world.effects.push(effectOf("commented", issue, now, { id: comment.id, text: wordsOf(document) }));
  return jsonResponse(shown(world, issue, comment, query), { status: 201 });
}

/** Jira refuses documents of another form, and empty texts. */
function isDocument(document: unknown): document is Record<string, unknown> {
  const { version, type, content } = (document ?? {}) as { version?: unknown; type?: unknown; content?: unknown };
  return version === 1 && type === "doc" && Array.isArray(content) && !JSON.stringify(content).includes('"text":""');
}

function wordsOf(node: Readonly<Record<string, unknown>>): string {
  const { text, content } = node as { text?: string; content?: Record<string, unknown>[] };
  return text ?? (content ?? []).map(wordsOf).join(node.type === "paragraph" ? "" : "\n");
}

function readLinks({ world, issue, query }: Asked): Response {
  const globalId = query.get("globalId");
  const links = issue.links.map((one) => ({ self: linkSelf(world, issue, one), ...one }));
  if (globalId === null) return jsonResponse(links);
  const found = links.find((one) => one.globalId === globalId);
  if (found === undefined) throw new Refusal(404, [`No remote issue link found for the global id '${globalId}'.`]);
  return jsonResponse(found);
}

function putLink({ world, issue, body, now }: Asked): Response {
  expectRight(issue, "LINK_ISSUES", "link");
  const { globalId, application, relationship, object } = body as { globalId?: string; application?: object; relationship?: string; object?: Record<string, unknown> };
  if (object === undefined || typeof object.title !== "string" || typeof object.url !== "string") throw new Refusal(400, [], { title: "'title' and 'url' are required." });
  const earlier = globalId === undefined ? undefined : issue.links.find((one) => one.globalId === globalId);
  const id = earlier?.id ?? Number(issue.id) * 10 + issue.links.length;
  // An update leaves nothing of what was there before.
  const link: JiraLink = {
    id,
    ...(globalId === undefined ? {} : { globalId }),
    ...(application === undefined ? {} : { application: { ...application } }),
    ...(relationship === undefined ? {} : { relationship }),
    object,
  };
  if (earlier === undefined) issue.links.push(link);
  else issue.links.splice(issue.links.indexOf(earlier), 1, link);
  const status = object.status as { resolved?: boolean } | undefined;
  world.effects.push(effectOf(earlier === undefined ? "linked" : "relinked", issue, now, { title: object.title, url: object.url, resolved: status?.resolved === true }));
  return jsonResponse({ id, self: linkSelf(world, issue, link) }, { status: earlier === undefined ? 201 : 200 });
}

function removeLink({ world, issue, query, now }: Asked): Response {
  expectRight(issue, "LINK_ISSUES", "link");
  const index = issue.links.findIndex(({ globalId }) => globalId === query.get("globalId"));
  if (index < 0) throw new Refusal(404, ["No remote issue link found for that global id."]);
  issue.links.splice(index, 1);
  world.effects.push(effectOf("unlinked", issue, now, {}));
  return new Response(null, { status: 204 });
}

function shown(world: JiraWorld, issue: JiraIssue, { id, body, created, properties }: JiraComment, query: URLSearchParams) {
  const { accountId, displayName } = world.account;
  const author = { self: `${world.site}/rest/api/3/user?accountId=${accountId}`, accountId, displayName, accountType: "atlassian", active: true };
  return {
    self: `${world.site}/rest/api/3/issue/${issue.id}/comment/${id}`,
    id,
    author,
    updateAuthor: author,
    body,
    created,
    updated: created,
    jsdPublic: true,
    ...(listOf(query, "expand").includes("properties") ? { properties } : {}),
  };
}

function statusOf({ site }: JiraWorld, name: string) {
  const done = ["done", "closed", "resolved"].includes(name.toLowerCase());
  const [id, key, words] = done ? ([3, "done", "Done"] as const) : name.toLowerCase() === "to do" ? ([2, "new", "To Do"] as const) : ([4, "indeterminate", "In Progress"] as const);
  const number = [...name].reduce((sum, character) => sum + (character.codePointAt(0) ?? 0), 10_000);
  return {
    self: `${site}/rest/api/3/status/${number}`,
    name,
    id: String(number),
    statusCategory: { self: `${site}/rest/api/3/statuscategory/${id}`, id, key, name: words },
  };
}

function listOf(query: URLSearchParams, name: string): string[] {
  return query
    .getAll(name)
    .flatMap((value) => value.split(","))
    .filter((value) => value !== "");
}

function linkSelf({ site }: JiraWorld, { key }: JiraIssue, { id }: JiraLink): string {
  return `${site}/rest/api/3/issue/${key}/remotelink/${id}`;
}

/** Jira writes the offset without a colon. */
function stamp(now: number): string {
  return new Date(now).toISOString().replace("Z", "+0000");
}

function effectOf(did: string, { key }: JiraIssue, now: number, more: Readonly<Record<string, unknown>>): Effect {
  return { at: new Date(now).toISOString(), did, to: `issue ${key}`, with: more };
}
