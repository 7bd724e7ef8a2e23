import { z } from "zod";
import { Fault } from "../../shared/fault/fault.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import type { JiraDocument } from "./document.ts";
import { restClient } from "./rest-client.ts";
import type { jiraSdk } from "./sdk.ts";

/** What an issue says of itself, as far as a window needs to know. */
export interface Issue {
  readonly key: string;
  readonly summary: string;
  /** Name of its status. */
  readonly status: string;
  /** What our latest transition left on it, if one did. */
  readonly moved: MoveMark | undefined;
}

/** Left on an issue by the very call that moves it. */
export interface MoveMark {
  readonly key: string;
  readonly from: string;
  readonly to: string;
}

/** A step that the workflow offers for the issue as it is now. Ids differ from issue to issue. */
export interface Transition {
  readonly id: string;
  readonly name: string;
  readonly to: string;
  /** Jira wants a form filled in. */
  readonly hasScreen: boolean;
}

/** Left on a comment by the very call that adds it. */
export interface CommentMark {
  readonly run: string;
  readonly step: string;
  readonly moment: string;
  readonly key: string;
}

export interface IssueComment {
  readonly id: string;
  readonly mark: CommentMark;
}

/** A link from an issue to a page elsewhere. `globalId` names it, and holds the run's id. */
export interface IssueLink {
  readonly globalId: string;
  readonly url: string;
  readonly title: string;
  readonly summary: string;
  /** Shown struck through. */
  readonly resolved: boolean;
  /** For ourselves: who made it so, and how it was. Nobody sees it: it is the title of a status icon that the link does not have. */
  readonly note: string;
}

export type IssueRight = "ADD_COMMENTS" | "TRANSITION_ISSUES" | "LINK_ISSUES";

/** Issues of a tracker. Every method throws Fault `invalid` for what is no issue key, `absent` for what cannot be seen. */
export interface Issues {
  issue(key: string): Promise<Issue>;
  may(key: string, right: IssueRight): Promise<boolean>;
  transitions(key: string): Promise<readonly Transition[]>;
  /** @throws Fault `conflict` when somebody else moved it at the same moment. */
  move(key: string, transition: Transition, mark: MoveMark): Promise<void>;
  /**
   * Our comment of this key from the last three days, or undefined when it was looked for and is not there.
   * @throws Fault `rejected` when there is more to read than may be read.
   */
  findComment(key: string, markKey: string): Promise<IssueComment | undefined>;
  /** Our comment with this id as Jira has it now. @throws Fault `absent` */
  comment(key: string, id: string): Promise<IssueComment | undefined>;
  addComment(key: string, document: JiraDocument, mark: CommentMark): Promise<IssueComment>;
  link(key: string, globalId: string): Promise<IssueLink | undefined>;
  /** Makes the link, or makes the one with this `globalId` so. */
  putLink(key: string, link: IssueLink): Promise<void>;
  removeLink(key: string, globalId: string): Promise<void>;
}

export const JiraSettings = z.strictObject({
  site: z.url({ protocol: /^https$/ }).describe("Address of the Jira site, e.g. https://example.atlassian.net"),
  email: z.email().describe("E-mail of the account that Nightshift works as"),
  apiToken: z.string().min(1).describe("Name of the secret in the vault that holds that account's API token"),
});
export type JiraSettings = z.infer<typeof JiraSettings>;

/** Key of our property on comments and issues. */
const PROPERTY = "nightshift";
const APPLICATION = { type: "com.nightshift", name: "Nightshift" };
const LOOK_BACK_MS = 72 * 3_600_000;
const PAGE_SIZE = 100;
const MOST_PAGES = 20;

/** The answers, as far as we rely on them. */
const AnIssue = z.object({
  key: z.string(),
  fields: z.object({ summary: z.string(), status: z.object({ name: z.string() }) }),
  properties: z.record(z.string(), z.unknown()).optional(),
});
const Transitions = z.object({
  transitions: z.array(
    z.object({ id: z.string(), name: z.string().default(""), to: z.object({ name: z.string() }), hasScreen: z.boolean().default(false), isAvailable: z.boolean().default(true) }),
  ),
});
const AComment = z.object({ id: z.string().regex(/^\d+$/), created: z.coerce.date(), properties: z.array(z.object({ key: z.string(), value: z.unknown() })).optional() });
const Comments = z.object({ comments: z.array(AComment), total: z.number() });
const Links = z.array(
  z.object({
    globalId: z.string().optional(),
    object: z.object({
      url: z.string(),
      title: z.string(),
      summary: z.string().nullish(),
      status: z.object({ resolved: z.boolean().nullish(), icon: z.object({ title: z.string().nullish() }).nullish() }).nullish(),
    }),
  }),
);
const Rights = z.object({ permissions: z.record(z.string(), z.object({ havePermission: z.boolean() })) });
const AMoveMark = z.object({ key: z.string(), from: z.string(), to: z.string() });
const ACommentMark = z.object({ run: z.string(), step: z.string(), moment: z.string(), key: z.string() });

/** Jira Cloud as `Issues`: requests and answers by jira.js, carried by our own client. */
export function connectJira(settings: JiraSettings, outside: Outside): Issues {
  const client = restClient(settings, outside);
  // Building all of jira.js's schemas takes half a second where it is not bundled, so it waits for the first call.
  let loaded: Promise<typeof jiraSdk> | undefined;
  const sdk = () => (loaded ??= import("./sdk.ts").then(({ jiraSdk: calls }) => calls));

  return {
    async issue(key) {
      const { getIssue } = await sdk();
      const answer = await getIssue(client, { issueIdOrKey: checked(key), fields: ["summary", "status"], properties: [PROPERTY] });
      const { fields, properties } = relied(AnIssue, answer, `issue ${key}`);
      return { key, summary: fields.summary, status: fields.status.name, moved: AMoveMark.safeParse(properties?.[PROPERTY]).data };
    },

    async may(key, right) {
      const { getMyPermissions } = await sdk();
      const answer = await getMyPermissions(client, { issueKey: checked(key), permissions: right });
      return relied(Rights, answer, `permissions on ${key}`).permissions[right]?.havePermission === true;
    },

    async transitions(key) {
      const { getTransitions } = await sdk();
      const answer = await getTransitions(client, { issueIdOrKey: checked(key) });
      return relied(Transitions, answer, `transitions of ${key}`)
        .transitions.filter(({ isAvailable }) => isAvailable)
        .map(({ id, name, to, hasScreen }) => ({ id, name, to: to.name, hasScreen }));
    },

    async move(key, { id }, mark) {
      const { doTransition } = await sdk();
      await doTransition(client, { issueIdOrKey: checked(key), transition: { id }, properties: [{ key: PROPERTY, value: mark }] });
    },

    async findComment(key, markKey) {
      const { getComments } = await sdk();
      const oldest = outside.clock.now() - LOOK_BACK_MS;
      for (let page = 0; page < MOST_PAGES; page++) {
        const startAt = page * PAGE_SIZE;
        const answer = await getComments(client, { issueIdOrKey: checked(key), orderBy: "-created", expand: "properties", startAt, maxResults: PAGE_SIZE });
        const { comments, total } = relied(Comments, answer, `comments of ${key}`);
        const found = comments.map(oursOf).find((one) => one?.mark.key === markKey);
        if (found !== undefined) return found;
        const last = comments.at(-1);
        if (last === undefined || startAt + comments.length >= total || last.created.getTime() < oldest) return undefined;
      }
      throw new Fault(
        "rejected",
        `Jira: ${key} has more than ${MOST_PAGES * PAGE_SIZE} comments of the last three days, so it is unknown whether ${markKey} was posted; look for it there, then skip or retry the step`,
        { vendor: "jira" },
      );
    },

    async comment(key, id) {
      const { getComment } = await sdk();
      if (!/^\d+$/.test(id)) throw new Fault("invalid", `${JSON.stringify(id)} is no comment id; expected digits`, { vendor: "jira" });
      return oursOf(relied(AComment, await getComment(client, { issueIdOrKey: checked(key), id, expand: "properties" }), `comment ${id} of ${key}`));
    },

    async addComment(key, document, mark) {
      const { addComment } = await sdk();
      // One call makes comment and mark, so there is no moment at which one is there without the other.
      const answer = await addComment(client, { issueIdOrKey: checked(key), body: document, properties: [{ key: PROPERTY, value: mark }] });
      return { id: relied(AComment, answer, `new comment on ${key}`).id, mark };
    },

    async link(key, globalId) {
      const { getRemoteIssueLinks } = await sdk();
      // Asked for one globalId, Jira answers 404 both for a missing link and for a missing issue; so all are asked for.
      const links = relied(Links, await getRemoteIssueLinks(client, { issueIdOrKey: checked(key) }), `links of ${key}`);
      const found = links.find((one) => one.globalId === globalId)?.object;
      return found === undefined
        ? undefined
        : { globalId, url: found.url, title: found.title, summary: found.summary ?? "", resolved: found.status?.resolved === true, note: found.status?.icon?.title ?? "" };
    },

    async putLink(key, { globalId, url, title, summary, resolved, note }) {
      const { createOrUpdateRemoteIssueLink } = await sdk();
      // What an update leaves out Jira sets to null: the whole link, every time.
      const object = { url, title, summary, status: { resolved, ...(note === "" ? {} : { icon: { title: note } }) } };
      await createOrUpdateRemoteIssueLink(client, { issueIdOrKey: checked(key), globalId, application: APPLICATION, relationship: "maintenance window", object });
    },

    async removeLink(key, globalId) {
      const { deleteRemoteIssueLinkByGlobalId } = await sdk();
      await deleteRemoteIssueLinkByGlobalId(client, { issueIdOrKey: checked(key), globalId });
    },
  };
}

/** jira.js does not escape what it puts into a path, so nothing but a key may get there. */
function checked(key: string): string {
  if (!/^[A-Z][A-Z0-9_]+-\d+$/.test(key)) throw new Fault("invalid", `${JSON.stringify(key)} is no issue key; expected something like PLAT-1086`, { vendor: "jira" });
  return key;
}

/** An answer without what we rely on says nothing about the world; a write that got one is looked for. */
function relied<T>(schema: z.ZodType<T>, answer: unknown, what: string): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const places = parsed.error.issues.map(({ path }) => path.join(".") || "the whole").slice(0, 5);
  throw new Fault("unavailable", `Jira: ${what}: the answer is not as expected at ${places.join(", ")}`, { vendor: "jira" });
}

function oursOf({ id, properties = [] }: z.infer<typeof AComment>): IssueComment | undefined {
  const mark = ACommentMark.safeParse(properties.find(({ key }) => key === PROPERTY)?.value);
  return mark.success ? { id, mark: mark.data } : undefined;
}
