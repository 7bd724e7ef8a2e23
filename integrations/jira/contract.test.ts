import { describe, expect, it } from "vitest";
import type { Call } from "../../shared/action/action.ts";
import { actionContract } from "../../test/contract/action.ts";
import { apiContract } from "../../test/contract/api.ts";
import { localOutside } from "../../test/support/transport.ts";
import { jiraComment, jiraLink, jiraTransition } from "./actions.ts";
import { connectJira } from "./connector.ts";
import { jiraSimulator, type JiraIssue, type JiraWorld } from "./simulator.ts";

const RUN = "2024-12-08";
const SETTINGS = { site: "https://nightshift.atlassian.net", email: "nightshift@example.com", apiToken: "jira-api-token" };

function issue(key: string, overrides: Partial<JiraIssue> = {}): JiraIssue {
  const number = Number(key.split("-")[1]);
  return {
    id: String(10_000 + number),
    key,
    summary: `Summary of ${key}`,
    status: "To Do",
    workflow: [
      { id: `${number}1`, name: "Start work", from: ["To Do"], to: "In Progress" },
      { id: `${number}2`, name: "Finish", from: ["In Progress"], to: "Done" },
      { id: `${number}3`, name: "Back to the pile", from: ["In Progress", "Done"], to: "To Do" },
    ],
    comments: [],
    properties: {},
    links: [],
    ...overrides,
  };
}

function world(...issues: JiraIssue[]): JiraWorld {
  const empty = jiraSimulator.newWorld();
  empty.issues.push(...(issues.length === 0 ? [issue("PLAT-1086"), issue("INFRA-505")] : issues));
  return empty;
}

function mount(given: JiraWorld) {
  const outside = localOutside(jiraSimulator, given);
  return { world: given, outside, ports: { issues: connectJira(SETTINGS, outside) } };
}

function callOf(overrides: Partial<Call> = {}): Call {
  return {
    run: RUN,
    step: "tell",
    target: "PLAT-1086",
    key: `${RUN}/tell/PLAT-1086/1`,
    attempt: 1,
    now: 0,
    cutoff: 0,
    answers: [],
    story: {
      windowTitle: "Maintenance window of 2024-12-08",
      reportUrl: "https://nightshift.example.com/runs/2024-12-08",
      change: async () => ({ title: "Hub platform-0/2.98.0 to PRD", keys: ["PLAT-1086"], outcome: "done", lines: ["deploy hub: done", "check hub: done"] }),
      run: async () => ({ headline: "", lines: [] }),
    },
    ...overrides,
  };
}

const connect = (outside: Parameters<typeof connectJira>[1]) => ({ issues: connectJira(SETTINGS, outside) });
const close = (drifted: JiraWorld) => void (drifted.issues[0]!.status = "Closed");

actionContract({
  action: jiraComment,
  integration: "jira",
  world,
  simulator: jiraSimulator,
  connect,
  params: { issue: "PLAT-1086", text: "Starts now.", moment: "finish" },
  effects: ["commented issue PLAT-1086"],
  spoil: (spoiled) => void spoiled.issues[0]!.comments.splice(0),
  driftBefore: close,
});

actionContract({
  action: jiraTransition,
  integration: "jira",
  world,
  simulator: jiraSimulator,
  connect,
  params: { issue: "PLAT-1086", to: "In Progress" },
  effects: ["moved issue PLAT-1086"],
  spoil: close,
  drift: close,
  // The property is a trace of who moved it, and stays.
  essence: ({ issues }) => issues.map(({ key, status, comments, links }) => ({ key, status, comments, links })),
});

actionContract({
  action: jiraLink,
  integration: "jira",
  world,
  simulator: jiraSimulator,
  connect,
  params: { issue: "PLAT-1086", title: "Report of the window" },
  effects: ["linked issue PLAT-1086"],
  spoil: (spoiled) => void spoiled.issues[0]!.links.splice(0),
  drift: (drifted) => {
    const ours = drifted.issues[0]!.links[0];
    const object = { url: "https://elsewhere.example.com", title: "Changed by hand" };
    if (ours === undefined) drifted.issues[0]!.links.push({ id: 1, globalId: "system=nightshift&id=2024-12-08", object });
    else ours.object = object;
  },
});

/** The same promises where an earlier step of the run has linked the issue: this one changes that link, and goes back to it. */
actionContract({
  action: jiraLink,
  integration: "jira, over an earlier link",
  world: () => {
    const object = { url: "https://nightshift.example.com/runs/2024-12-08", title: "Work under way", summary: "Window of the contract suite", status: { resolved: false } };
    return world(
      issue("PLAT-1086", {
        links: [{ id: 7, globalId: "system=nightshift&id=2024-12-08", application: { type: "com.nightshift", name: "Nightshift" }, relationship: "maintenance window", object }],
      }),
    );
  },
  simulator: jiraSimulator,
  connect,
  params: { issue: "PLAT-1086", title: "Report of the window", resolved: true },
  effects: ["relinked issue PLAT-1086"],
  spoil: (spoiled) => void spoiled.issues[0]!.links.splice(0),
  drift: (drifted) => void (drifted.issues[0]!.links[0]!.object = { url: "https://elsewhere.example.com", title: "Changed by hand" }),
});

describe("jira.comment", () => {
  it("tells how the change came out, step by step, with the report", async () => {
    const { world: jira, ports } = mount(world());

    await jiraComment.begin(ports, { issue: "PLAT-1086", text: "The change has ended.", moment: "finish" }, callOf());

    expect(jira.issues[0]!.comments[0]!.body).toEqual({
      version: 1,
      type: "doc",
      content: [
        { type: "paragraph", content: [{ type: "text", text: "The change has ended." }] },
        { type: "paragraph", content: [{ type: "text", text: "Hub platform-0/2.98.0 to PRD: done" }] },
        {
          type: "bulletList",
          content: [
            { type: "listItem", content: [{ type: "paragraph", content: [{ type: "text", text: "deploy hub: done" }] }] },
            { type: "listItem", content: [{ type: "paragraph", content: [{ type: "text", text: "check hub: done" }] }] },
          ],
        },
        {
          type: "paragraph",
          content: [
            { type: "text", text: "Maintenance window of 2024-12-08: " },
            { type: "text", text: "report", marks: [{ type: "link", attrs: { href: "https://nightshift.example.com/runs/2024-12-08" } }] },
          ],
        },
      ],
    });
    expect(jira.issues[0]!.comments[0]!.properties).toEqual([{ key: "nightshift", value: { run: RUN, step: "tell", moment: "finish", key: `${RUN}/tell/PLAT-1086/finish` } }]);
  });

  it("comments on a state once, however often it is tried", async () => {
    const { world: jira, ports } = mount(world());

    for (const attempt of [1, 2, 3]) {
      for (const moment of ["start", "finish"] as const)
        await jiraComment.begin(ports, { issue: "PLAT-1086", text: "…", moment }, callOf({ key: `${RUN}/tell/PLAT-1086/${attempt}` }));
    }

    expect(jira.issues[0]!.comments).toHaveLength(2);
  });

  it("finds its comment behind many of other people's", async () => {
    const { world: jira, ports } = mount(world());
    const params = { issue: "PLAT-1086", text: "Hello", moment: "note" as const };
    await jiraComment.begin(ports, params, callOf());
    for (let n = 0; n < 250; n++)
      jira.issues[0]!.comments.push({ id: String(90_000 + n), body: { version: 1, type: "doc", content: [] }, created: "2024-12-08T01:00:01.000+0000", properties: [] });

    await jiraComment.begin(ports, params, callOf());

    expect(jira.effects).toHaveLength(1);
  });

  it("sends nothing for what is no issue key, wherever it would lead", async () => {
    const { outside, ports } = mount(world());

    for (const key of ["../../2/user?x=", "plat-1", "PLAT-1/comment", "PLAT-1\n", "PLAT-1'; DROP"]) {
      await expect(ports.issues.issue(key)).rejects.toMatchObject({ kind: "invalid" });
      expect(jiraComment.params.safeParse({ issue: key, text: "x" }).success).toBe(false);
    }

    expect(outside.requests).toEqual([]);
  });

  it("says that an issue is not there, or that it may not be seen", async () => {
    const { ports } = mount(world(issue("PLAT-1086", { hidden: true })));

    const preview = jiraComment.preview(ports, { issue: "PLAT-1086", text: "x", moment: "note" }, callOf());

    await expect(preview).rejects.toMatchObject({
      kind: "absent",
      message: "Jira: GET /rest/api/3/issue/PLAT-1086: not there, or not visible to Nightshift's account: Issue does not exist or you do not have permission to see it.",
    });
  });

  it("says before the window which right is missing", async () => {
    const { ports } = mount(world(issue("PLAT-1086", { lacks: ["ADD_COMMENTS"] })));

    const preview = jiraComment.preview(ports, { issue: "PLAT-1086", text: "x", moment: "note" }, callOf());

    await expect(preview).rejects.toMatchObject({ kind: "denied", message: "Nightshift's account may not comment on PLAT-1086; grant it «ADD_COMMENTS» in that project" });
  });
});

describe("jira.transition", () => {
  const to = { issue: "PLAT-1086", to: "in progress" };

  it("finds the way by the status it leads to, issue by issue", async () => {
    const { world: jira, ports } = mount(world());

    await jiraTransition.begin(ports, to, callOf());
    await jiraTransition.begin(ports, { ...to, issue: "INFRA-505" }, callOf({ target: "INFRA-505" }));

    expect(jira.issues.map(({ status }) => status)).toEqual(["In Progress", "In Progress"]);
  });

  it("calls an issue that somebody else has moved there already so, and leaves it when going back", async () => {
    const { world: jira, ports } = mount(world(issue("PLAT-1086", { status: "In Progress" })));

    const receipt = await jiraTransition.begin(ports, to, callOf());
    const back = await jiraTransition.undo?.(ports, receipt, callOf());

    expect(jiraTransition.already?.(receipt)).toBe("PLAT-1086 was In Progress before");
    expect(back).toEqual(["PLAT-1086 was In Progress before; it is In Progress, and is left so"]);
    expect(jira.effects).toEqual([]);
  });

  it("names where the workflow leads when it does not lead there", async () => {
    const { ports } = mount(world());

    const attempt = jiraTransition.begin(ports, { issue: "PLAT-1086", to: "Done" }, callOf());

    await expect(attempt).rejects.toMatchObject({ kind: "conflict", message: "PLAT-1086 cannot go from To Do to Done; its workflow leads to In Progress" });
  });

  it("reports a conflict when somebody else moves it at the same moment", async () => {
    const { ports } = mount(world(issue("PLAT-1086", { contended: true })));

    const attempt = jiraTransition.begin(ports, to, callOf());

    await expect(attempt).rejects.toMatchObject({
      kind: "conflict",
      message: "Jira: POST /rest/api/3/issue/PLAT-1086/transitions: somebody else changed it at the same moment: The issue is being changed by somebody else.",
    });
  });

  it("prefers a way without a form", async () => {
    const workflow = [
      { id: "1", name: "With a form", to: "In Progress", hasScreen: true },
      { id: "2", name: "Just do it", to: "In Progress" },
    ];
    const { ports } = mount(world(issue("PLAT-1086", { workflow })));

    const lines = await jiraTransition.preview(ports, to, callOf());

    expect(lines).toEqual(["move PLAT-1086 «Summary of PLAT-1086» (To Do) to in progress, by «Just do it»"]);
  });
});

describe("jira.link", () => {
  it("sends the whole link each time, and goes back to the one before", async () => {
    const { world: jira, ports } = mount(world());
    const call = callOf();
    await jiraLink.begin(ports, { issue: "PLAT-1086", title: "Report", resolved: false }, call);

    const receipt = await jiraLink.begin(ports, { issue: "PLAT-1086", title: "Report", resolved: true }, call);
    const resolved = structuredClone(jira.issues[0]!.links);
    await jiraLink.undo?.(ports, receipt, call);

    expect(resolved).toMatchObject([{ globalId: "system=nightshift&id=2024-12-08", relationship: "maintenance window", object: { title: "Report", status: { resolved: true } } }]);
    expect(jira.issues[0]!.links).toMatchObject([{ application: { name: "Nightshift" }, object: { summary: "Maintenance window of 2024-12-08", status: { resolved: false } } }]);
  });
});

describe("jira.link, found as wanted", () => {
  it("is already so when another step has made it, and undo leaves it", async () => {
    const { world: jira, ports } = mount(world());
    const params = { issue: "PLAT-1086", title: "Report", resolved: false };
    await jiraLink.begin(ports, params, callOf({ step: "earlier" }));

    const receipt = await jiraLink.begin(ports, params, callOf());
    const back = await jiraLink.undo?.(ports, receipt, callOf());

    expect(jiraLink.already?.(receipt)).toBe("PLAT-1086 had the link «Report» before");
    expect(back).toEqual(["PLAT-1086 had the link «Report» before, and keeps it"]);
    expect(jira.effects).toHaveLength(1);
  });

  it("says conflict when its note was tampered with", async () => {
    const { world: jira, ports } = mount(world());
    const params = { issue: "PLAT-1086", title: "Report", resolved: false };
    await jiraLink.begin(ports, params, callOf());
    const object = jira.issues[0]!.links[0]!.object as { status: { icon: { title: string } } };
    object.status.icon.title = object.status.icon.title.replace("was none", "was bm90IEpTT04");

    await expect(jiraLink.begin(ports, params, callOf())).rejects.toMatchObject({
      kind: "conflict",
      message: expect.stringContaining("does not tell how the link was before") as string,
    });
  });
});

apiContract("jira");
