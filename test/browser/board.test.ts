import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { windowInstance } from "../../shared/run/instances.ts";
import { hostedApp, type HostedApp } from "../support/hosted-app.ts";
import { OPENS_AT, planWith } from "../support/plan-with.ts";
import { launch, NO_CHROMIUM } from "./chromium.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const RUN = "2024-12-08";
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
    await hosted?.[Symbol.asyncDispose]();
  });

  /** A window in which one step waits for its approval. */
  async function board(options: Parameters<Browser["newPage"]>[0] = {}): Promise<{ page: Page; said: string[]; asked: string[] }> {
    hosted = await hostedApp({ startAt: OPENS_AT });
    await hosted.store(planWith({ "kong.destroy": { irreversible: true, approval: { by: PEOPLE } }, "web.deploy": {} }));
    await hosted.tick("saturdayPrework");
    await hosted.host.idle();
    const page = await browser.newPage({ bypassCSP: false, ...options });
    const [said, asked]: [string[], string[]] = [[], []];
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(error.message));
    page.on("request", (request) => asked.push(new URL(request.url()).host));
    await page.goto(`${hosted.served.origin}/api/v1/board/${RUN}`);
    return { page, said, asked };
  }

  it("says at once what is asked of whom, and asks nobody but its own host", async () => {
    const { page, said, asked } = await board();

    expect(await page.locator("section[aria-labelledby=asked]").innerText()).toContain("approval of Ada");
    expect(said).toEqual([]);
    expect(new Set(asked).size).toBe(1);
  }, 60_000);

  it("takes an approval, and shows by itself that the run went on", async () => {
    const { page } = await board();
    page.on("dialog", (dialog) => void dialog.accept("looked at it"));

    await page.getByRole("button", { name: "Approve" }).click();
    await page.locator("#said", { hasText: "Written down: approve" }).waitFor();
    await hosted?.host.waitFor(windowInstance(RUN));
    await page.locator("h2#outcome", { hasText: "Ended well" }).waitFor();

    expect((await hosted?.facts(RUN))?.filter((fact) => fact.type === "decision.made")).toMatchObject([{ decision: "approve", step: "kong.destroy", note: "looked at it" }]);
    expect(await page.getByRole("button", { name: "Approve" }).count()).toBe(0);
  }, 60_000);

  it("can be read by everyone, on a phone too", async () => {
    const { page } = await board({ viewport: { width: 390, height: 800 }, bypassCSP: true });
    await page.addScriptTag({ path: AXE });

    const found = (await page.evaluate(
      "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map((n) => n.html).join(' ').slice(0, 200)))",
    )) as string[];
    const overflow = (await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")) as number;

    expect(found).toEqual([]);
    expect(overflow).toBeLessThanOrEqual(0);
  }, 60_000);
});
