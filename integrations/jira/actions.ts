import { z } from "zod";
import { type Call, defineAction } from "../../shared/action/action.ts";
import { markOf, ownMark } from "../../shared/action/mark.ts";
import { Fault } from "../../shared/fault/fault.ts";
import type { Issue, IssueLink, IssueRight, Issues, Transition } from "./connector.ts";
import { documentOf, type JiraDocument } from "./document.ts";

const IssueKey = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]+-\d+$/, "an issue key such as PLAT-1086")
  .describe("Jira key of the issue");
const POLICY = { timeoutMs: 60 * 60_000, attempts: 10, retryDelayMs: 5_000 };

const Comment = z.strictObject({
  issue: IssueKey,
  text: z.string().trim().min(1).max(3_000).describe("What to say, in plain words"),
  moment: z.enum(["start", "note", "finish"]).default("note").describe("finish: adds how the change came out, step by step"),
});
const CommentReceipt = z.object({ issue: z.string(), id: z.string(), key: z.string() });

/**
 * Comments on an issue, once per step and moment: the comment carries its key as a property, made in the same call, and
 * is looked for by it first.
 */
export const jiraComment = defineAction<{ issues: Issues }, z.infer<typeof Comment>, z.infer<typeof CommentReceipt>>({
  verb: "jira.comment",
  summary: "Comments on a Jira issue as a change starts, ends, or has something to say.",
  uses: ["issues"],
  params: Comment,
  over: "issue",
  receipt: CommentReceipt,
  policy: POLICY,
  reversal: "nothing",

  touches: ({ issue }) => [`issue:${issue}`],

  async preview({ issues }, { issue, text, moment }) {
    const found = await expectRight(issues, issue, "ADD_COMMENTS");
    const outcome = moment === "finish" ? ", with how its change came out" : "";
    return [`comment on ${titled(found)}${outcome}: ${JSON.stringify(text)}`];
  },

  async begin({ issues }, { issue, text, moment }, call) {
    // Without the try: a state is commented on once, however often it is tried.
    const key = commentKey(call, moment);
    const earlier = await issues.findComment(issue, key);
    const { id } = earlier ?? (await issues.addComment(issue, await commentOf(text, moment, call), { run: call.run, step: call.step, moment, key }));
    return { issue, id, key };
  },

  async find({ issues }, { issue, moment }, call) {
    const key = commentKey(call, moment);
    const earlier = await issues.findComment(issue, key);
    return earlier === undefined ? undefined : { issue, id: earlier.id, key };
  },

  async verify({ issues }, { issue, id, key }) {
    const found = await issues.comment(issue, id);
    if (found?.mark.key !== key) throw new Fault("rejected", `comment ${id} of ${issue} does not carry ${key}; somebody may have changed it`, { vendor: "jira" });
    return [`${issue} has comment ${id}`];
  },
});

function commentKey({ run, step, target }: Call, moment: string): string {
  return `${run}/${step}/${target}/${moment}`;
}

async function commentOf(text: string, moment: "start" | "note" | "finish", { story }: Call): Promise<JiraDocument> {
  const link = { before: `${story.windowTitle}:`, words: "report", url: story.reportUrl };
  if (moment !== "finish") return documentOf({ paragraphs: [text], link });
  const { title, outcome, lines } = await story.change();
  return documentOf({ paragraphs: [text, `${title}: ${outcome}`], bullets: lines, link });
}

const Transit = z.strictObject({
  issue: IssueKey,
  to: z.string().trim().min(1).max(255).describe("Name of the status to move it to, e.g. In Progress"),
});
const TransitReceipt = z.object({ issue: z.string(), from: z.string(), to: z.string(), moved: z.boolean() });

/**
 * Moves an issue to a status, by whatever transition its workflow has for that now.
 *
 * The call that moves it leaves a property that says who moved it and from where: a begin that ran but was never
 * recorded finds its own work by it, and the way back.
 *
 * @throws Fault `conflict` when the workflow has no such step, or somebody else moved it at the same moment.
 */
export const jiraTransition = defineAction<{ issues: Issues }, z.infer<typeof Transit>, z.infer<typeof TransitReceipt>>({
  verb: "jira.transition",
  summary: "Moves a Jira issue to a status.",
  uses: ["issues"],
  params: Transit,
  over: "issue",
  receipt: TransitReceipt,
  policy: POLICY,
  reversal: "undo",

  touches: ({ issue }) => [`issue:${issue}`],

  async preview({ issues }, { issue, to }) {
    const found = await expectRight(issues, issue, "TRANSITION_ISSUES");
    if (same(found.status, to)) return [`leave ${titled(found)} as it is`];
    const { name } = await expectWay(issues, found, to);
    return [`move ${titled(found)} to ${to}, by «${name}»`];
  },

  async begin({ issues }, { issue, to }, call) {
    const key = `${call.run}/${call.step}/${call.target}`;
    const found = await issues.issue(issue);
    if (same(found.status, to)) {
      const ours = found.moved?.key === key ? found.moved : undefined;
      return { issue, from: ours?.from ?? found.status, to: found.status, moved: ours !== undefined };
    }
    const way = await expectWay(issues, found, to);
    await issues.move(issue, way, { key, from: found.status, to: way.to });
    return { issue, from: found.status, to: way.to, moved: true };
  },

  async find({ issues }, { issue, to }, call) {
    const { status, moved } = await issues.issue(issue);
    const isOurs = same(status, to) && moved?.key === `${call.run}/${call.step}/${call.target}`;
    return isOurs ? { issue, from: moved.from, to: status, moved: true } : undefined;
  },

  async verify({ issues }, { issue, to }) {
    const { status } = await issues.issue(issue);
    if (!same(status, to)) throw new Fault("rejected", `${issue} is ${status}; expected ${to}`, { vendor: "jira" });
    return [`${issue} is ${status}`];
  },

  already: ({ issue, to, moved }) => (moved ? undefined : `${issue} was ${to} before`),

  async undo({ issues }, { issue, from, to, moved }, call) {
    const found = await issues.issue(issue);
    if (!moved) return [`${issue} was ${to} before; it is ${found.status}, and is left so`];
    if (same(found.status, from)) return [`${issue} is ${from} again`];
    if (!same(found.status, to)) throw new Fault("conflict", `${issue} is ${found.status}; expected ${to}, where this run left it; somebody moved it since`, { vendor: "jira" });
    await issues.move(issue, await expectWay(issues, found, from), { key: `${call.run}/${call.step}/${call.target}/undo`, from: to, to: from });
    return [`${issue} is ${(await issues.issue(issue)).status} again`];
  },
});

const Link = z.strictObject({
  issue: IssueKey,
  title: z.string().trim().min(1).max(255).describe("Words of the link"),
  resolved: z.boolean().default(false).describe("Shows the link struck through: the window is over"),
});
const LinkFields = z.object({ globalId: z.string(), url: z.string(), title: z.string(), summary: z.string(), resolved: z.boolean(), note: z.string() });
/** `before` is null where there was no link; `made`: by this step, and not found as wanted. */
const LinkReceipt = z.object({ issue: z.string(), link: LinkFields, before: LinkFields.nullable(), made: z.boolean() });

/**
 * Links an issue to the run's report: one link per run, made or made so by its global id, and always sent whole.
 *
 * The link carries a note that says which step made it so, and how it was: a begin that ran but was never recorded finds its
 * own work by it, and the way back.
 */
export const jiraLink = defineAction<{ issues: Issues }, z.infer<typeof Link>, z.infer<typeof LinkReceipt>>({
  verb: "jira.link",
  summary: "Links a Jira issue to the run's report.",
  uses: ["issues"],
  params: Link,
  over: "issue",
  receipt: LinkReceipt,
  policy: POLICY,
  reversal: "undo",

  touches: ({ issue }) => [`issue:${issue}`],

  async preview({ issues }, params, call) {
    const found = await expectRight(issues, params.issue, "LINK_ISSUES");
    const link = linkOf(params, call);
    const before = await issues.link(params.issue, link.globalId);
    const doing = before === undefined ? "link" : equal(before, link) ? "leave the link of" : `change the link «${before.title}»${before.resolved ? " (struck through)" : ""} of`;
    return [`${doing} ${titled(found)} to the report: «${link.title}»${link.resolved ? ", struck through" : ""}, ${link.url}`];
  },

  async begin({ issues }, params, call) {
    const { issue } = params;
    const wanted = linkOf(params, call);
    const found = await issues.link(issue, wanted.globalId);
    const ours = found === undefined ? undefined : ownMark(found.note, call);
    if (found !== undefined && equal(found, wanted)) return { issue, link: found, before: ours === undefined ? found : told(ours.was), made: ours !== undefined };
    const link = { ...wanted, note: markOf(call, telling(found)).text };
    await issues.putLink(issue, link);
    return { issue, link, before: found ?? null, made: true };
  },

  async verify({ issues }, { issue, link }) {
    const found = await issues.link(issue, link.globalId);
    if (found === undefined || !equal(found, link)) {
      throw new Fault("rejected", `${issue} ${found === undefined ? "has no link" : `has another link, «${found.title}»`}; expected «${link.title}» to ${link.url}`, {
        vendor: "jira",
      });
    }
    return [`${issue} links to ${found.url}${found.resolved ? ", struck through" : ""}`];
  },

  already: ({ issue, link, made }) => (made ? undefined : `${issue} had the link «${link.title}» before`),

  async undo({ issues }, { issue, link, before, made }) {
    const found = await issues.link(issue, link.globalId);
    if (!made) return [`${issue} had the link «${link.title}» before, and keeps it`];
    if (found === undefined && before === null) return [`${issue} has no link to this run's report`];
    if (found !== undefined && before !== null && equal(found, before)) return [`${issue} has the link «${before.title}» again`];
    if (found === undefined || !equal(found, link)) {
      const how = found === undefined ? `${issue} has no link` : `the link of ${issue} is «${found.title}» to ${found.url}`;
      throw new Fault("conflict", `${how}; expected «${link.title}», as this run left it; somebody changed it since`, { vendor: "jira" });
    }
    if (before === null) await issues.removeLink(issue, link.globalId);
    else await issues.putLink(issue, before);
    return [before === null ? `${issue} has no link to this run's report any more` : `${issue} has the link «${before.title}» again`];
  },
});

/** How a link was, as one word of a note. */
function telling(link: IssueLink | undefined): string {
  return link === undefined ? "none" : Buffer.from(JSON.stringify(link)).toString("base64url");
}

function told(was: string): IssueLink | null {
  if (was === "none") return null;
  try {
    return LinkFields.parse(JSON.parse(Buffer.from(was, "base64url").toString()));
  } catch (cause) {
    throw new Fault("conflict", "the link's note does not tell how the link was before; somebody changed it", { vendor: "jira", cause });
  }
}

function linkOf({ title, resolved }: z.infer<typeof Link>, { run, story }: Call): IssueLink {
  return { globalId: `system=nightshift&id=${run}`, url: story.reportUrl, title, summary: story.windowTitle, resolved, note: "" };
}

function equal(a: IssueLink, b: IssueLink): boolean {
  return a.url === b.url && a.title === b.title && a.summary === b.summary && a.resolved === b.resolved;
}

async function expectRight(issues: Issues, key: string, right: IssueRight): Promise<Issue> {
  const found = await issues.issue(key);
  if (!(await issues.may(key, right)))
    throw new Fault("denied", `Nightshift's account may not ${RIGHT_WORDS[right]} ${key}; grant it «${right}» in that project`, { vendor: "jira" });
  return found;
}

const RIGHT_WORDS: Readonly<Record<IssueRight, string>> = { ADD_COMMENTS: "comment on", TRANSITION_ISSUES: "move", LINK_ISSUES: "link" };

/** The transition that leads there now; one without a form, if there are several. */
async function expectWay(issues: Issues, { key, status }: Issue, to: string): Promise<Transition> {
  const ways = await issues.transitions(key);
  const fitting = ways.filter((way) => same(way.to, to));
  const way = fitting.find(({ hasScreen }) => !hasScreen) ?? fitting[0];
  if (way !== undefined) return way;
  const possible = [...new Set(ways.map((one) => one.to))].sort();
  throw new Fault("conflict", `${key} cannot go from ${status} to ${to}; its workflow leads to ${possible.length === 0 ? "nothing else" : possible.join(", ")}`, {
    vendor: "jira",
  });
}

function titled({ key, summary, status }: Issue): string {
  return `${key} «${summary}» (${status})`;
}

function same(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase();
}
