import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { stepStream } from "../../shared/run/facts.ts";
import { windowInstance } from "../../shared/run/instances.ts";
import { hostedApp, type HostedApp } from "../support/hosted-app.ts";
import { OPENS_AT, planWith } from "../support/plan-with.ts";
import { barriersOn, launch, NO_CHROMIUM } from "./chromium.ts";

const RUN = "2024-12-08";
const STEP = "kong.destroy";
const PEOPLE = [{ name: "Ada", slackId: "U01", email: "ada@example.com" }];

/** The board as the on-call person has it: in a browser, on a host that runs a window. */
describe.skipIf(NO_CHROMIUM !== undefined)(`the board in a browser${NO_CHROMIUM === undefined ? "" : ` (skipped: ${NO_CHROMIUM})`}`, () => {
  let browser: Browser;
  let hosted: HostedApp | undefined;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await hosted?.[Symbol.asyncDispose]();
  });

  /** A window in which one step waits for its approval, and two servers are under way. */
  async function window(): Promise<HostedApp> {
    hosted = await hostedApp({ startAt: OPENS_AT, works: { "IC-Web1": { takesMs: 3_600_000 }, "IC-Web2": { takesMs: 3_600_000 } } });
    const targets = [{ id: "IC-Web1", opens: [{ id: "out-of-pool:IC-Web1", what: "IC-Web1 is out of pool web" }] }, "IC-Web2"];
    await hosted.store(
      planWith({
        [STEP]: { title: "Destroy the kong stack", irreversible: true, approval: { by: PEOPLE } },
        "kong.deploy": { title: "Deploy kong", needs: [STEP] },
        "web.patch": { title: "Patch the web servers", targets, policy: { timeoutMs: 7_200_000 } },
      }),
    );
    await hosted.tick("saturdayPrework");
    await hosted.host.idle();
    return hosted;
  }

  interface Board {
    readonly page: Page;
    readonly said: readonly string[];
    readonly asked: readonly string[];
    readonly dialog: Locator;
  }

  async function board({ hash = "", ...options }: Parameters<Browser["newPage"]>[0] & { readonly hash?: string } = {}): Promise<Board> {
    const { served } = await window();
    const page = await browser.newPage(options);
    const [said, asked]: [string[], string[]] = [[], []];
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(error.message));
    page.on("request", (request) => asked.push(new URL(request.url()).host));
    await page.goto(`${served.origin}/api/v1/board/${RUN}${hash}`);
    return { page, said, asked, dialog: page.getByRole("dialog") };
  }

  const decisions = async (): Promise<readonly object[]> => ((await hosted?.facts(RUN)) ?? []).filter((fact) => fact.type === "decision.made");

  it("says at once what is asked of whom and what is open, in the tab too, and asks nobody but its own host", async () => {
    const { page, said, asked } = await board({ viewport: { width: 390, height: 844 } });

    expect(await page.title()).toBe("(1) Waits for an answer · Maintenance of 2024-12-08");
    expect(await page.locator("#asked").innerText()).toMatch(/To approve, by Ada[\s\S]*Cannot be undone[\s\S]*Deploy kong/);
    expect(await page.locator("#open").innerText()).toMatch(/IC-Web1 is out of pool web[\s\S]*since Sat 20:00[\s\S]*Owner: Ada or Ben/);
    // Without scrolling, on a phone: how it stands, and the button that answers.
    expect((await page.getByRole("button", { name: "Approve" }).boundingBox())?.y).toBeLessThan(844 - 44);
    expect(said).toEqual([]);
    expect(new Set(asked).size).toBe(1);
  }, 60_000);

  it("takes an approval of just what it shows, and shows by itself that the run went on", async () => {
    const { page, dialog } = await board();
    const shown = (await hosted?.call("GET", `runs/${RUN}`))?.json.asks[0].preview as string;

    await page.getByRole("button", { name: "Approve" }).click();
    await dialog.getByRole("heading", { name: "Approve: Destroy the kong stack" }).waitFor();
    await dialog.getByText("This cannot be undone.").waitFor();
    await dialog.getByRole("textbox").fill("looked at it");
    await dialog.getByRole("button", { name: "Approve" }).click();
    await page.locator("#said", { hasText: "Written down: approve" }).waitFor();
    await hosted?.host.waitFor(windowInstance(RUN));
    await page.locator("h2#outcome", { hasText: "Ended" }).waitFor();

    expect(await decisions()).toMatchObject([{ decision: "approve", step: STEP, note: "looked at it", preview: shown }]);
    expect(await page.getByRole("button", { name: "Approve" }).count()).toBe(0);
  }, 60_000);

  it("does not approve what it did not show: the world moved while the question was open", async () => {
    const { page, dialog } = await board();
    await page.getByRole("button", { name: "Approve" }).click();
    const { length } = await hosted!.journal.read(RUN, stepStream(STEP));
    const at = new Date(hosted!.host.clock.now()).toISOString();
    await hosted!.journal.append(RUN, stepStream(STEP), length, [{ type: "step.previewed", at, step: STEP, digest: "f".repeat(64), lines: ["destroy two stacks"] }]);

    await dialog.getByRole("button", { name: "Approve" }).click();
    await dialog.getByText("Refused: the world has moved").waitFor();

    expect(await decisions()).toEqual([]);
    await page.locator("#asked", { hasText: "destroy two stacks" }).waitFor();
  }, 60_000);

  it("wants to know why before anything is left out, and sends nothing when the question is put away", async () => {
    const { page, dialog } = await board();
    await page.getByRole("button", { name: "Skip" }).click();

    await dialog.getByRole("button", { name: "Skip" }).click();
    await dialog.getByText("Say why").waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });

    expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip");
    expect(await decisions()).toEqual([]);
  }, 60_000);

  it("says of an abort beforehand and afterwards what runs and what will be put back", async () => {
    const { page, dialog } = await board();

    await page.getByText("Hold or abort the window").click();
    await page.getByRole("button", { name: "Abort: finish what runs" }).click();
    await dialog.getByText("One step runs now: Patch the web servers").waitFor();
    await dialog.getByRole("textbox").fill("the vendor is down");
    await dialog.getByRole("button", { name: "Abort: finish what runs" }).click();
    await page.locator("#said", { hasText: "Will be put back: IC-Web1 is out of pool web" }).waitFor();
    await page.locator("h2#outcome", { hasText: "Aborting" }).waitFor();

    expect(await decisions()).toMatchObject([{ decision: "abort", mode: "finish", note: "the vendor is down" }]);
  }, 60_000);

  it("changes in place: what is unfolded, typed and focused stays, and what is looked at does not move", async () => {
    const { page } = await board({ viewport: { width: 390, height: 700 } });
    // As in a browser that does not hold on to what is looked at by itself.
    await page.addStyleTag({ content: "* { overflow-anchor: none !important; }" });
    await page.getByRole("searchbox").fill("ic-web2");
    await page.locator("#step-web\\.patch").scrollIntoViewIfNeeded();
    const seen = (): Promise<unknown> =>
      page.evaluate("[document.querySelector('#change-web').getBoundingClientRect().top, document.activeElement.id, document.querySelector('#find').value]");
    const before = (await seen()) as [number, string, string];

    await hosted!.call("POST", `runs/${RUN}/decisions`, { decision: "pause" });
    await page.locator("h2#outcome", { hasText: "Paused by Ada" }).waitFor();
    const after = (await seen()) as [number, string, string];

    expect(after.slice(1)).toEqual(["find", "ic-web2"]);
    expect(Math.abs(after[0] - before[0])).toBeLessThan(2);
    expect(await page.locator("#change-web").getAttribute("open")).not.toBeNull();
    expect(await page.title()).toContain("Paused");
    expect(await page.locator("#news").innerText()).toBe("Paused by Ada");
  }, 60_000);

  it("finds steps by server and state, and leads to one by its address", async () => {
    const { page } = await board({ hash: `#step-${STEP}` });

    expect(await page.locator(`#step-${STEP.replace(".", "\\.")}`).isVisible()).toBe(true);
    await page.keyboard.press("/");
    await page.keyboard.type("IC-Web1 running");

    expect(await page.locator("#found").innerText()).toBe("1 step");
    expect(await page.locator("#change-kong").isVisible()).toBe(false);
    expect(await page.locator("#step-web\\.patch").isVisible()).toBe(true);
  }, 60_000);

  it("says when nothing new comes any more, and that what is seen may be old", async () => {
    const { page } = await board();

    await page.context().setOffline(true);
    await page.getByRole("alert").getByText("No connection. What you see is from Sat 20:00, and may be old.").waitFor();
    await page.context().setOffline(false);
    await page.locator("#live", { hasText: /^live$/ }).waitFor();

    expect(await page.locator("#lost").isVisible()).toBe(false);
  }, 60_000);

  it("offers to nobody what they may not do", async () => {
    const { page } = await board({ extraHTTPHeaders: { "x-nightshift-role": "viewer" } });

    expect(await page.locator("button[data-decision]").count()).toBe(0);
    expect(await page.locator("main").innerText()).toContain("You look on as viewer");
  }, 60_000);

  it("can be read without JavaScript, and says how to decide then", async () => {
    const { page } = await board({ javaScriptEnabled: false });

    expect(await page.locator("body").innerText()).toContain("Decide with nightshift decide");
    expect(await page.locator("main").innerText()).toContain("Waits for an answer");
    expect(await page.getByRole("button", { name: "Approve" }).isVisible()).toBe(false);
  }, 60_000);

  it.each(["light", "dark"] as const)(
    "can be read by everyone, on a phone too, with everything unfolded and the question asked (%s)",
    async (colorScheme) => {
      const { page } = await board({ viewport: { width: 390, height: 800 }, bypassCSP: true, colorScheme });
      await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })");

      const found = await barriersOn(page);
      const overflow = (await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")) as number;
      await page.getByRole("button", { name: "Approve" }).click();
      const asking = await barriersOn(page);
      const small = await page.evaluate(
        "[...document.querySelectorAll('button, summary, input, .tiles a')].filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 43).map((one) => one.textContent)",
      );

      expect({ found, overflow, asking, small }).toEqual({ found: [], overflow: 0, asking: [], small: [] });
    },
    60_000,
  );

  it("is there before the window starts, and leads from the list of all windows and from an address that is none", async () => {
    hosted = await hostedApp({ startAt: "2024-12-07T12:00:00.000Z" });
    await hosted.store(planWith({ "web.check": { at: OPENS_AT } }));
    const page = await browser.newPage({ bypassCSP: true });

    const nowhere = await page.goto(`${hosted.served.origin}/api/v1/board/2031-01-01`);
    const lost = [nowhere?.status(), await page.locator("h2").innerText(), await barriersOn(page)];
    await page.getByRole("link", { name: "All windows" }).click();
    await page.getByRole("heading", { name: "Nothing is open" }).waitFor();
    const listed = [await page.locator("tbody").innerText(), await barriersOn(page)];
    await page.getByRole("link", { name: "Maintenance of 2024-12-08" }).click();
    await page.getByRole("heading", { name: "Not started" }).waitFor();

    expect(lost).toEqual([404, "There is no such thing", []]);
    expect(listed).toEqual([expect.stringContaining("The schedule starts it Sat 19:50, in 12 h 50 min"), []]);
    expect(await page.locator("#verdict").innerText()).toContain("The schedule starts it Sat 19:50");
  }, 60_000);

  it("shows on the list of windows what is open and asked right now", async () => {
    const { page } = await board();

    await page.getByRole("link", { name: "All windows" }).click();
    await page.getByRole("heading", { name: "1 answer is waited for" }).waitFor();

    expect(await page.locator("main").innerText()).toMatch(/Destroy the kong stack[\s\S]*IC-Web1 is out of pool web[\s\S]*under way/);
  }, 60_000);
});
