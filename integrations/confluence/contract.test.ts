import { describe, expect, it } from "vitest";
import type { Call, Story } from "../../shared/action/action.ts";
import type { StoryFile } from "../../shared/action/results.ts";
import { actionContract } from "../../test/contract/action.ts";
import { apiContract } from "../../test/contract/api.ts";
import { INJECTED, type Injected, localOutside } from "../../test/support/transport.ts";
import { pagePublish } from "./actions.ts";
import { connectConfluence } from "./connector.ts";
import { confluenceSimulator, type ConfluencePage, type ConfluenceWorld } from "./simulator.ts";

const SETTINGS = { site: "https://nightshift.atlassian.net", email: "nightshift@example.com", apiToken: "confluence-api-token" };
const BODY =
  '<h2>Primary Work</h2><ul><li><p>Disable a cipher &ndash; <ac:structured-macro ac:name="jira" ac:schema-version="1" ac:macro-id="a1"><ac:parameter ac:name="key">INFRA-505</ac:parameter></ac:structured-macro></p></li></ul>';
const PARAMS = { page: "/spaces/icinfradoc/pages/3543040022/10+6+2024", title: "Results" };

function page(given: Partial<ConfluencePage> = {}, body = BODY): ConfluencePage {
  return {
    id: "3543040022",
    title: "10 6 2024",
    spaceId: "98308",
    status: "current",
    versions: [
      { number: 1, body: "<p>First thoughts</p>", message: "", createdAt: "2024-09-20T14:00:00.000Z", authorId: "dana" },
      { number: 2, body, message: "", createdAt: "2024-10-03T14:00:00.000Z", authorId: "dana" },
    ],
    comments: [],
    attachments: [],
    ...given,
  };
}

function world(given: Partial<ConfluencePage> = {}, body = BODY): ConfluenceWorld {
  return { ...confluenceSimulator.newWorld(), pages: [page(given, body)] };
}

const pageOf = ({ pages }: ConfluenceWorld) => pages[0] as ConfluencePage;
const bodyOf = (of: ConfluenceWorld) => pageOf(of).versions.at(-1)?.body ?? "";
const connect = (outside: Parameters<typeof connectConfluence>[1]) => ({ pages: connectConfluence(SETTINGS, outside) });
/** Somebody saves the page. */
const saves = (of: ConfluenceWorld, edit: (body: string) => string) => {
  const { versions } = pageOf(of);
  versions.push({ number: versions.length + 1, body: edit(bodyOf(of)), message: "", createdAt: "2024-10-06T08:00:00.000Z", authorId: "dana" });
};
const essence = ({ pages }: ConfluenceWorld) =>
  pages.map(({ id, title, status, versions, comments, attachments }) => ({ id, title, status, body: versions.at(-1)?.body, comments, attachments }));

function callOf(over: Partial<Call> = {}): Call {
  return {
    run: "2024-10-06",
    step: "announce-end.publish",
    target: "announce-end.publish",
    key: "2024-10-06/announce-end.publish/announce-end.publish/1",
    attempt: 1,
    now: 0,
    cutoff: 0,
    answers: [],
    story: {
      windowTitle: "Maintenance of October 6, 2024",
      reportUrl: "https://nightshift.example.com/runs/2024-10-06",
      change: async () => ({ title: "", keys: [], outcome: "", lines: [] }),
      run: async () => ({ headline: "27 of 28 changes done, 1 carried over, nothing left open.", lines: ["Carried over: INFRA-453 <b>INFRA-453</b> (skipped: nobody answered)"] }),
    },
    ...over,
  };
}

function mount(of = world()) {
  const outside = localOutside(confluenceSimulator, of);
  return { world: of, outside, ports: connect(outside) };
}

actionContract({
  action: pagePublish,
  integration: "confluence",
  world,
  simulator: confluenceSimulator,
  connect,
  params: PARAMS,
  effects: ["edited page 10 6 2024"],
  spoil: (of) => saves(of, () => BODY),
  drift: (of) => saves(of, (body) => body.replace("1 of 1 done", "all done, says Dana")),
  driftBefore: (of) => void (pageOf(of).title = "10 6 2024 (old)"),
  essence,
});

/** The same promises where another run's section is there already, and where the account may not edit. */
const EARLIER =
  '<ac:structured-macro ac:name="expand" ac:schema-version="1" ac:macro-id="b2"><ac:parameter ac:name="title">Results</ac:parameter><ac:rich-text-body><p>Rehearsed</p><p>[nightshift 2024-10-05 0123abcd was version 1]</p></ac:rich-text-body></ac:structured-macro>';

actionContract({
  action: pagePublish,
  integration: "confluence, over an earlier section",
  world: () => world({ rivals: ["<p>Dana was here</p>"] }, `${BODY}${EARLIER}<p>The end</p>`),
  simulator: confluenceSimulator,
  connect,
  params: PARAMS,
  effects: ["edited page 10 6 2024"],
  spoil: (of) => saves(of, (body) => body.replaceAll("nightshift 2024-12-08", "nightshift 2024-12-07")),
  drift: (of) => saves(of, (body) => body.replace("1 of 1 done", "all done, says Dana")),
  driftBefore: (of) => saves(of, () => BODY),
  // Dana's save comes while ours is under way, and stays when ours is taken back.
  essence: (of) => essence(of).map((one) => ({ ...one, body: one.body?.replace("<p>Dana was here</p>", "") })),
});

actionContract({
  action: pagePublish,
  integration: "confluence, as a comment",
  world: () => world({ lacks: ["update"] }),
  simulator: confluenceSimulator,
  connect,
  params: PARAMS,
  effects: ["commented page 10 6 2024"],
  spoil: (of) => void pageOf(of).comments.splice(0),
  drift: (of) => {
    const [comment] = pageOf(of).comments;
    if (comment !== undefined) comment.body = "<p>Thanks!</p>";
  },
  driftBefore: (of) => void (pageOf(of).title = "10 6 2024 (old)"),
  essence,
});

/** A night's results, with a workbook: beside the lines, in the section, and as a comment that is there already. */
const NIGHT: Story["results"] = async () => [
  {
    id: "cipher",
    title: "Disable a cipher",
    keys: ["INFRA-505"],
    words: [],
    standing: "failed",
    carriedOver: true,
    why: "IC-App2: «schannel» said </p> no",
    steps: [
      {
        id: "cipher.off",
        verb: "host.run",
        title: "Disable a cipher on the app servers",
        words: [],
        standing: "failed",
        carriedOver: true,
        why: "IC-App2: «schannel» said </p> no",
        targets: [
          { name: "IC-App1", standing: "done", ended: "Sun 06:12", tries: 1, why: "" },
          { name: "IC-App2", standing: "failed", ended: "Sun 06:40", tries: 3, why: "«schannel» said </p> no" },
        ],
      },
    ],
  },
  { id: "jobs", title: "Start the jobs", keys: [], words: [], standing: "done", carriedOver: false, why: "", steps: [] },
];
const WORKBOOK: StoryFile = {
  name: "Update Tracking 2024-10-06.xlsx",
  mediaType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  bytes: new TextEncoder().encode("rows"),
};
const withNight = ({ story }: Call): Partial<Call> => ({ story: { ...story, results: NIGHT, workbook: async () => WORKBOOK } });
/** What has been attached stays: deleting files is a right that Nightshift does not ask for. */
const withoutFiles = (of: ConfluenceWorld) => essence(of).map((one) => ({ ...one, attachments: [] }));
const LOZENGE =
  '<ac:structured-macro ac:name="status" ac:schema-version="1" ac:macro-id="c3"><ac:parameter ac:name="title">Nightshift: waiting</ac:parameter></ac:structured-macro>';

actionContract({
  action: pagePublish,
  integration: "confluence, beside the lines",
  world: () => world({ rivals: ["<p>Dana was here</p>"] }, `${BODY.replace("</p></li>", ` ${LOZENGE}</p></li>`)}${EARLIER}`),
  simulator: confluenceSimulator,
  connect,
  params: PARAMS,
  call: withNight,
  effects: ["attached page 10 6 2024", "edited page 10 6 2024"],
  spoil: (of) => saves(of, (body) => body.replaceAll("Nightshift: failed", "failed")),
  drift: (of) => saves(of, (body) => body.replace("1 of 1 done", "all done, says Dana")),
  driftBefore: (of) => saves(of, (body) => body.replace("INFRA-505", "INFRA-506")),
  essence: (of) => withoutFiles(of).map((one) => ({ ...one, body: one.body?.replace("<p>Dana was here</p>", "") })),
});

actionContract({
  action: pagePublish,
  integration: "confluence, in the comment that is there",
  world: () =>
    world({
      lacks: ["update"],
      comments: [
        { id: "7000001", body: "<p>Rehearsed</p><p>[nightshift 2024-10-05 0123abcd was no comment]</p>", createdAt: "2024-10-05T08:00:00.000Z" },
        { id: "7000002", body: "<p>What is [nightshift 2024-10-05 0123abcd was no comment] about?</p>", createdAt: "2024-10-05T09:00:00.000Z", foreign: true },
      ],
    }),
  simulator: confluenceSimulator,
  connect,
  params: PARAMS,
  call: withNight,
  effects: ["attached page 10 6 2024", "changed comment on page 10 6 2024"],
  spoil: (of) => void pageOf(of).comments.splice(0),
  drift: (of) => {
    const [comment] = pageOf(of).comments;
    if (comment !== undefined) comment.body = "<p>Thanks!</p>";
  },
  driftBefore: (of) => void (pageOf(of).title = "10 6 2024 (old)"),
  essence: (of) => withoutFiles(of).map((one) => ({ ...one, comments: one.comments.map(({ id, body }) => ({ id, body })) })),
});

describe("page.publish, what is special here", () => {
  it("puts each result beside its line, the rest and tables of servers into the section, and the workbook beneath the page", async () => {
    const { world: of, ports } = mount();

    const receipt = await pagePublish.begin(ports, PARAMS, { ...callOf(), ...withNight(callOf()) });

    const body = bodyOf(of);
    expect(body).toMatch(
      /INFRA-505<\/ac:parameter><\/ac:structured-macro> <ac:structured-macro ac:name="status"[^>]*><ac:parameter ac:name="title">Nightshift: failed, carried over<\/ac:parameter>/,
    );
    expect(body).toContain(" [nightshift: IC-App2: «schannel» said &lt;/p&gt; no]</p></li></ul>");
    expect(body).toContain("<p>Without a line of their own on this page:</p><ul><li><p>Start the jobs: done</p></li></ul>");
    expect(body).toContain("<td><p>IC-App2</p></td><td><p>failed</p></td><td><p>Sun 06:40</p></td><td><p>3</p></td><td><p>«schannel» said &lt;/p&gt; no</p></td>");
    expect(body).toContain('<p>Tracking workbook: <ac:link><ri:attachment ri:filename="Update Tracking 2024-10-06.xlsx" /></ac:link></p>');
    expect(pageOf(of).attachments).toMatchObject([{ name: "Update Tracking 2024-10-06.xlsx", version: 1 }]);
    expect(receipt).toMatchObject({ as: "section", was: 2, beside: 1 });
  });

  it("puts results beside the lines that the page has when it is saved, and those of edited lines into the section", async () => {
    const { world: of, ports } = mount();
    const rivalled = { ...callOf(), ...withNight(callOf()) };
    saves(of, (body) => body.replace("INFRA-505", "INFRA-550").replace("Disable a cipher", "Disable two ciphers"));

    await pagePublish.begin(ports, PARAMS, rivalled);

    expect(bodyOf(of)).toContain("INFRA-550</ac:parameter></ac:structured-macro></p></li></ul>");
    expect(bodyOf(of)).toContain("<li><p>INFRA-505 Disable a cipher: failed, carried over (IC-App2: «schannel» said &lt;/p&gt; no)</p></li>");
  });

  it("writes anew what it wrote before: one lozenge a line, one section, one file", async () => {
    const { world: of, ports } = mount();

    for (const step of ["a.publish", "b.publish", "b.publish"]) await pagePublish.begin(ports, PARAMS, { ...callOf({ step, target: step }), ...withNight(callOf()) });

    expect(bodyOf(of).match(/Nightshift: failed/g)).toHaveLength(1);
    expect(bodyOf(of).match(/\[nightshift: /g)).toHaveLength(1);
    expect(bodyOf(of).match(/ac:name="expand"/g)).toHaveLength(1);
    expect(pageOf(of).attachments).toMatchObject([{ version: 2 }]);
  });

  it("has one comment, which says everything, where it may not edit; and goes without the workbook where it may not attach", async () => {
    const { world: of, ports } = mount(world({ lacks: ["update", "attach"] }));

    for (const step of ["a.publish", "b.publish", "b.publish"]) await pagePublish.begin(ports, PARAMS, { ...callOf({ step, target: step }), ...withNight(callOf()) });

    expect(pageOf(of).comments).toHaveLength(1);
    expect(pageOf(of).comments[0]?.body).toContain("<li><p>Start the jobs: done</p></li>");
    expect(pageOf(of).comments[0]?.body).not.toContain("xlsx");
    expect(pageOf(of).attachments).toEqual([]);
  });

  it("says in its preview how many lines it knows again", async () => {
    const { ports } = mount();

    expect(await pagePublish.preview(ports, PARAMS, { ...callOf(), ...withNight(callOf()) })).toContain("put results beside 1 of its lines; what has none stands in the section");
  });

  it("writes the headline, what is left over and the report into one section, as words", async () => {
    const { world: of, ports } = mount();

    await pagePublish.begin(ports, PARAMS, callOf());

    const body = bodyOf(of);
    expect(body.startsWith(BODY)).toBe(true);
    expect(body).toContain("<p><strong>Results: 27 of 28 changes done, 1 carried over, nothing left open.</strong></p>");
    expect(body).toContain("<li><p>Carried over: INFRA-453 &lt;b&gt;INFRA-453&lt;/b&gt; (skipped: nobody answered)</p></li>");
    expect(body).toContain('<p>Maintenance of October 6, 2024: <a href="https://nightshift.example.com/runs/2024-10-06">report</a></p>');
    expect(body).toMatch(/<p>\[nightshift 2024-10-06 [0-9a-f]{8} was version 2\]<\/p>/);
  });

  it("replaces its section when a later step or another run writes, and never has two", async () => {
    const { world: of, ports } = mount();
    await pagePublish.begin(ports, PARAMS, callOf({ step: "announce-start.publish" }));
    saves(of, (body) => `<p>Watch the jobs</p>${body}<p>Thanks all</p>`);

    await pagePublish.begin(ports, PARAMS, callOf());

    expect(bodyOf(of).match(/ac:name="expand"/g)).toHaveLength(1);
    expect(bodyOf(of)).toMatch(/^<p>Watch the jobs<\/p>.*<p>Thanks all<\/p>$/s);
  });

  it("puts the earlier section back, byte for byte, and leaves what people wrote since", async () => {
    const { world: of, ports } = mount(world({}, `${BODY}${EARLIER}<p>The end</p>`));
    const receipt = await pagePublish.begin(ports, PARAMS, callOf());
    saves(of, (body) => `<p>Watch the jobs</p>${body}`);

    const evidence = await pagePublish.undo?.(ports, receipt, callOf());

    expect(bodyOf(of)).toBe(`<p>Watch the jobs</p>${BODY}${EARLIER}<p>The end</p>`);
    expect(evidence).toEqual(["page 3543040022 has the section of run 2024-10-05 again"]);
  });

  it("merges with people who save at the same moment, and gives up while they go on", async () => {
    const calm = mount(world({ rivals: ["<p>1</p>", "<p>2</p>"] }));
    const busy = mount(world({ rivals: ["<p>1</p>", "<p>2</p>", "<p>3</p>", "<p>4</p>", "<p>5</p>"] }));

    await pagePublish.begin(calm.ports, PARAMS, callOf());

    expect(bodyOf(calm.world).startsWith(`<p>2</p><p>1</p>${BODY}<ac:structured-macro`)).toBe(true);
    await expect(pagePublish.begin(busy.ports, PARAMS, callOf())).rejects.toMatchObject({
      kind: "throttled",
      retryAfterMs: 60_000,
      message: expect.stringContaining("people are at work on page 3543040022") as string,
    });
    expect(busy.world.effects).toEqual([]);
  });

  it("says in its preview how it will be done", async () => {
    const preview = async (of: ConfluenceWorld) => await pagePublish.preview(mount(of).ports, PARAMS, callOf());

    expect(await preview(world())).toEqual(["write the run's results, «Results», on page «10 6 2024» (3543040022), in a new section at its end"]);
    expect(await preview(world({}, EARLIER))).toEqual(["write the run's results, «Results», on page «10 6 2024» (3543040022), in the section that run 2024-10-05 has left there"]);
    expect(await preview(world({ lacks: ["update"] }))).toEqual([
      "write the run's results, «Results», on page «10 6 2024» (3543040022), as a comment beneath it, since Nightshift's account may not edit it",
    ]);
  });

  it("finds its comment behind many of other people's", async () => {
    const { world: of, ports } = mount(world({ lacks: ["update"] }));
    await pagePublish.begin(ports, PARAMS, callOf());
    for (let n = 0; n < 250; n++) pageOf(of).comments.push({ id: String(8_000_000 + n), body: `<p>${n}</p>`, createdAt: "2024-10-06T08:00:00.000Z" });

    const again = await pagePublish.begin(ports, PARAMS, callOf());

    expect(again).toMatchObject({ as: "comment", comment: "7000001" });
    expect(of.effects).toHaveLength(1);
  });

  it("is denied, with what is missing, where it may neither edit nor comment", async () => {
    const { ports } = mount(world({ lacks: ["update", "comment"] }));

    await expect(pagePublish.begin(ports, PARAMS, callOf())).rejects.toMatchObject({
      kind: "denied",
      message: expect.stringContaining("POST /wiki/api/v2/footer-comments: not allowed: Current user not permitted to comment") as string,
    });
  });

  it("leaves a page alone that is archived, or has two sections", async () => {
    const two = mount(world({}, `${EARLIER}${EARLIER}`));
    const archived = mount(world({ status: "archived" }));

    await expect(pagePublish.begin(two.ports, PARAMS, callOf())).rejects.toMatchObject({ kind: "conflict", message: expect.stringContaining("2 sections") as string });
    await expect(pagePublish.begin(archived.ports, PARAMS, callOf())).rejects.toMatchObject({ kind: "conflict", message: expect.stringContaining("is archived") as string });
    expect([...two.world.effects, ...archived.world.effects]).toEqual([]);
  });

  it("says absent for a page that may not be seen, which Confluence tells no better", async () => {
    await expect(pagePublish.preview(mount(world({ hidden: true })).ports, PARAMS, callOf())).rejects.toMatchObject({
      kind: "absent",
      message: expect.stringContaining("not there, or not visible to Nightshift's account") as string,
    });
  });

  it.each([
    "3543040022",
    "/spaces/x/pages/3543040022",
    "/wiki/spaces/x/pages/3543040022/10+6+2024",
    "https://nightshift.atlassian.net/wiki/spaces/x/pages/3543040022/10+6+2024?focusedCommentId=1",
  ])("knows the page by %s", async (reference) => {
    expect(pagePublish.params.safeParse({ page: reference }).success).toBe(true);
    expect(mount().ports.pages.idOf(reference)).toBe("3543040022");
    expect(pagePublish.touches({ page: reference, title: "Results" })).toEqual(["page:3543040022"]);
  });

  it.each(["", "10 6 2024", "../1", "1/../2", "/spaces/x/pages/", "1;2", "1'", "1\n2", "https://evil.example.com/wiki/spaces/x/pages/1 2", "%31"])(
    "sends nothing for the page %j",
    async (reference) => {
      const { outside, ports } = mount();

      await expect(pagePublish.preview(ports, { page: reference, title: "x" }, callOf())).rejects.toMatchObject({ kind: "invalid" });
      expect(outside.requests).toEqual([]);
    },
  );

  it("refuses a page of another site", () => {
    expect(() => mount().ports.pages.idOf("https://other.atlassian.net/wiki/spaces/x/pages/1")).toThrow("is not on nightshift.atlassian.net");
  });
});

describe("attachments", () => {
  const FILE = {
    name: "Update Tracking 2024-10-06.xlsx",
    mediaType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    bytes: new TextEncoder().encode("rows"),
    key: "2024-10-06/tracking",
  };

  it("are sent once per key, and as a new version of the file for another key", async () => {
    const { world: of, ports } = mount();

    const ids = [
      await ports.pages.attach("3543040022", FILE),
      await ports.pages.attach("3543040022", FILE),
      await ports.pages.attach("3543040022", { ...FILE, key: "2024-10-06/tracking-2" }),
    ];

    expect(new Set(ids).size).toBe(1);
    expect(pageOf(of).attachments).toMatchObject([{ name: FILE.name, version: 2, size: 4, comment: "Nightshift 2024-10-06/tracking-2" }]);
  });

  it.each(Object.keys(INJECTED) as Injected[])("come to one after «%s» and another try", async (what) => {
    for (const request of [0, 1]) {
      const { world: of, outside, ports } = mount();
      outside.inject(what, request);

      await expect(ports.pages.attach("3543040022", FILE)).rejects.toMatchObject({ name: "Fault" });
      await ports.pages.attach("3543040022", FILE);

      expect(pageOf(of).attachments).toMatchObject([{ version: 1 }]);
    }
  });

  it.each(["../x", "a/b", "a\\b", "", ".htaccess", 'a"b', "a\nb", "a;b"])("are refused under the name %j before anything is sent", async (name) => {
    const { outside, ports } = mount();

    await expect(ports.pages.attach("3543040022", { ...FILE, name })).rejects.toMatchObject({ kind: "invalid" });
    expect(outside.requests).toEqual([]);
  });
});

apiContract("confluence");
