import { describe, expect, it } from "vitest";
import { loadInventory } from "../../shared/inventory/load.ts";
import { draftOf } from "../../shared/page/draft.ts";
import { pageOfSource } from "../../shared/page/source.ts";
import { apiContract } from "../../test/contract/api.ts";
import { INJECTED, type Injected, localOutside } from "../../test/support/transport.ts";
import { pageIdOf } from "./address.ts";
import { connectConfluence } from "./connector.ts";
import { confluenceSimulator, type ConfluencePage, type ConfluenceWorld } from "./simulator.ts";

const SITE = "https://nightshift.atlassian.net";
const SETTINGS = { site: SITE, email: "nightshift@example.com", apiToken: "confluence-api-token" };
const BODY =
  "<h2>Changes</h2><ul><li><p>Restart the beacon relay " +
  '<ac:link><ri:user ri:account-id="557058:mina"/></ac:link> or <ac:link><ri:user ri:account-id="557058:gone" /></ac:link> ' +
  '<ac:structured-macro ac:name="jira" ac:schema-version="1" ac:macro-id="a1"><ac:parameter ac:name="key">HAR-7</ac:parameter></ac:structured-macro> ' +
  '<a href="https://dev.example.com/runbook?a=1&amp;b=2">by this runbook</a></p></li></ul>';
const RESULTS =
  '<ac:structured-macro ac:name="expand" ac:schema-version="1" ac:macro-id="b2"><ac:parameter ac:name="title">Results</ac:parameter><ac:rich-text-body><p>Relay restarted</p><p>[nightshift 2025-03-16 0123abcd was version 1]</p></ac:rich-text-body></ac:structured-macro>';

function mount(given: Partial<ConfluencePage> = {}, body = BODY) {
  const version = (number: number, value: string) => ({ number, body: value, message: "", createdAt: "2025-03-01T14:00:00.000Z", authorId: "dana" });
  const world: ConfluenceWorld = {
    ...confluenceSimulator.newWorld(),
    people: { "557058:mina": "Mina O'Neil & Co" },
    pages: [
      {
        id: "3543040022",
        title: "Harbor, March 16, 2025",
        spaceId: "9",
        status: "current",
        versions: [version(1, "<p>First thoughts</p>"), version(2, body)],
        comments: [],
        attachments: [],
        ...given,
      },
    ],
  };
  const outside = localOutside(confluenceSimulator, world);
  return { outside, pages: connectConfluence(SETTINGS, outside) };
}

describe("a page's address", () => {
  it.each([
    "3543040022",
    `${SITE}/wiki/spaces/OPS/pages/3543040022/Harbor+March+16`,
    `${SITE}/wiki/spaces/OPS/pages/3543040022`,
    `${SITE}/wiki/spaces/~557058abc/pages/3543040022/Mine?focusedCommentId=7#heading`,
    `${SITE}/wiki/spaces/OPS/pages/edit-v2/3543040022?draftShareId=1-2-3`,
    `${SITE}/wiki/spaces/OPS/pages/edit/3543040022`,
    `${SITE}/wiki/spaces/OPS/history/3543040022`,
    `${SITE}/wiki/pages/viewpage.action?pageId=3543040022`,
    `${SITE}/wiki/pages/editpage.action?spaceKey=OPS&pageId=3543040022`,
    `${SITE}/wiki/x/FoAu0w`,
    "/spaces/icinfradoc/pages/3543040022/10+6+2024",
  ])("%s has the id in it", (reference) => {
    expect(pageIdOf(reference, SITE)).toBe("3543040022");
  });

  it.each([
    ["/wiki/x/AQ", "1"],
    ["/wiki/x/-v--", "16777214"],
    ["/wiki/x/_AozKw", "724765432"],
    ["/wiki/x/LQB4Iw", "595066925"],
  ])("short link %s is page %s", (reference, id) => {
    expect(pageIdOf(reference, SITE)).toBe(id);
  });

  it.each([
    ["https://elsewhere.atlassian.net/wiki/spaces/OPS/pages/1/T", /is not on nightshift\.atlassian\.net.*NIGHTSHIFT_CONFLUENCE_SITE/],
    ["//elsewhere.example/wiki/spaces/OPS/pages/1/T", /is not on nightshift/],
    [`${SITE}/wiki/display/OPS/Harbor+March`, /names the page by its title.*copy the address that has \/pages\//],
    [`${SITE}/wiki/spaces/OPS/blog/2025/03/16/123/News`, /blog post/],
    [`${SITE}/wiki/spaces/OPS/whiteboard/123`, /whiteboard, and not a page/],
    [`${SITE}/wiki/spaces/OPS/overview`, /overview, and not a page/],
    [`${SITE}/wiki/pages/resumedraft.action?draftId=123`, /draft that nobody has published/],
    [`${SITE}/wiki/x/tooLongForAnId`, /has no page's id/],
    [`${SITE}/wiki/pages/viewpage.action?pageId=1;2`, /has no page's id/],
    ["http://nightshift.atlassian.net/wiki/spaces/OPS/pages/1/T", /neither a page's id nor its address/],
    ["../../etc/passwd", /neither/],
  ])("%s is refused, and says what to do", (reference, words) => {
    expect(() => pageIdOf(reference, SITE)).toThrow(expect.objectContaining({ kind: "invalid", message: expect.stringMatching(words) as string }) as Error);
  });
});

describe("a page that is read for its plan", () => {
  it("comes with its title, version, address and the names of people who are still there", async () => {
    const { pages } = mount();

    const source = await pages.source(`${SITE}/wiki/x/FoAu0w`);

    expect(source).toMatchObject({ id: "3543040022", title: "Harbor, March 16, 2025", version: 2, url: `${SITE}/wiki/spaces/OPS/pages/3543040022/Harbor%2C+March+16%2C+2025` });
    expect([...source.names]).toEqual([["557058:mina", "Mina O'Neil & Co"]]);
  });

  it("keeps mentions, tickets and where links lead, and says in the plan which page it was", async () => {
    const { pages } = mount();
    const { inventory } = loadInventory('inventory: 1\nperson:\n  Mina: { slackId: U1, email: mina@example.com, aliases: ["Mina O\'Neil & Co"] }\n', "inventory.yaml");

    const draft = draftOf(pageOfSource(await pages.source("3543040022")), inventory);

    expect(draft.plan).toMatchObject({ title: "Harbor, March 16, 2025", date: "2025-03-16", pageId: "3543040022", version: 2 });
    expect(draft.text).toMatch(/ {4}id: "3543040022"\n {4}version: 2\n/);
    expect(draft.text).toContain("first: Mina\n");
    expect(draft.text).toContain("second: 557058:gone\n");
    expect(draft.text).toContain("HAR-7");
    expect(draft.text).toContain("https://dev.example.com/runbook?a=1&b=2");
    expect(draft.questions.map(({ why }) => why)).toContain("Who is 557058:gone? The inventory does not know them.");
    expect(draft.counted.placed).toBe(draft.counted.visible);
  });

  it("does not take the results that Nightshift wrote for lines of the page", async () => {
    const { pages } = mount({}, `${BODY}${RESULTS}<p>The end</p>`);

    const source = await pages.source("3543040022");

    expect(source.body).toBe(`${BODY}<p>The end</p>`);
  });

  it("is read once where it mentions nobody, and as it was where an earlier version is asked for", async () => {
    const { outside, pages } = mount({}, "<p>Paint the mast</p>");

    const source = await pages.source("3543040022");
    const earlier = await pages.source("3543040022", 1);

    expect([source.body, earlier.body, earlier.version]).toEqual(["<p>Paint the mast</p>", "<p>First thoughts</p>", 1]);
    expect(outside.requests).toHaveLength(2);
  });

  it.each([
    ["is not there", { id: "7" }, BODY, "absent", /Is 3543040022 the page's number on nightshift\.atlassian\.net, and may nightshift@example\.com view it\?/],
    ["may not be seen", { hidden: true }, BODY, "absent", /may nightshift@example\.com view it\?/],
    ["is archived", { status: "archived" }, BODY, "conflict", /is archived; restore it in Confluence, or import an export/],
    ["has no body", {}, " ", "invalid", /has no body in storage format.*Publish it/],
  ] as const)("that %s is refused, and the fault says what to do", async (_, given, body, kind, words) => {
    const { pages } = mount(given, body);

    await expect(pages.source("3543040022")).rejects.toMatchObject({ name: "Fault", kind, message: expect.stringMatching(words) as string });
  });

  it.each([
    [
      "a refused token",
      async () => new Response(null, { status: 401 }),
      "denied",
      /an account of nightshift\.atlassian\.net, and the secret confluence-api-token in the vault an API token/,
    ],
    ["a forbidden page", async () => Response.json({ errors: [{ title: "no" }] }, { status: 403 }), "denied", /Let the account nightshift@example\.com view the page/],
    [
      "a sign-in page",
      async () => new Response("<html>Sign in</html>", { headers: { "content-type": "text/html" } }),
      "unavailable",
      /the answer is not Confluence's.*does nothing stand in between/,
    ],
    ["a redirect", async () => new Response(null, { status: 302, headers: { location: "https://id.example.com" } }), "unavailable", /HTTP 302.*such as a sign-in page/],
    ["half an answer", async () => new Response('{"id": "35430', { headers: { "content-type": "application/json" } }), "unavailable", /the answer is not Confluence's/],
    [
      "an answer without a body",
      async () => Response.json({ id: "3543040022", status: "current", title: "T", version: { number: 1 } }),
      "invalid",
      /has no body in storage format/,
    ],
  ])("is a clear fault after %s", async (_, fetch, kind, words) => {
    const { outside } = mount();

    const reading = connectConfluence(SETTINGS, { ...outside, fetch }).source("3543040022");

    await expect(reading).rejects.toMatchObject({ name: "Fault", kind, message: expect.stringMatching(words) as string });
  });

  it.each(Object.keys(INJECTED) as Injected[])("is a fault of a stated kind after «%s», at either of its two calls", async (what) => {
    for (const request of [0, 1]) {
      const { outside, pages } = mount();
      outside.inject(what, request);

      const reading = pages.source("3543040022");

      await expect(reading).rejects.toMatchObject({
        name: "Fault",
        kind: expect.toSatisfy((kind: string) => (INJECTED[what].kinds as readonly string[]).includes(kind)) as string,
      });
    }
  });

  it.each(["1/../2", "1?x=1", "%2e%2e", "1\n2", "'; drop"])("is not asked for under the hostile id %j", async (reference) => {
    const { outside, pages } = mount();

    await expect(pages.source(reference)).rejects.toMatchObject({ kind: "invalid" });
    expect(outside.requests).toEqual([]);
  });
});

apiContract("confluence");
