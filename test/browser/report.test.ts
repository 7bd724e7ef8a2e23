import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { reportHtml } from "../../shared/run/report-html.ts";
import { reportOf } from "../../shared/run/report.ts";
import { decemberNight } from "../support/december.ts";
import { launch, NO_CHROMIUM } from "./chromium.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** The report in a real browser: it is opened from a mail or a share, on whatever is at hand, and printed. */
describe.skipIf(NO_CHROMIUM !== undefined)(`the report in a browser${NO_CHROMIUM === undefined ? "" : ` (skipped: ${NO_CHROMIUM})`}`, () => {
  let browser: Browser;
  let html: string;
  beforeAll(async () => {
    const { plan, entries, state } = await decemberNight({ misfortune: true });
    html = reportHtml(reportOf(plan, entries, Date.parse(state.asOf)));
    browser = await launch();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
  });

  async function opened(options: Parameters<Browser["newPage"]>[0] = {}): Promise<{ page: Page; asked: string[]; said: string[] }> {
    // The page has a strict policy of its own; the test's tools need a way past it.
    const page = await browser.newPage({ bypassCSP: true, ...options });
    const [asked, said]: [string[], string[]] = [[], []];
    page.on("request", (request) => asked.push(request.url()));
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(error.message));
    await page.setContent(html, { waitUntil: "load" });
    return { page, asked, said };
  }

  it("asks nobody for anything and has nothing to complain about", async () => {
    const { page, asked, said } = await opened();

    expect({ asked: asked.filter((url) => !url.startsWith("about:") && !url.startsWith("data:")), said }).toEqual({ asked: [], said: [] });
    await page.close();
  });

  it.each(["light", "dark"] as const)("can be read by everyone (%s)", async (colorScheme) => {
    const { page } = await opened({ colorScheme });
    await page.addScriptTag({ path: AXE });

    const found = (await page.evaluate(
      "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.length))",
    )) as string[];

    expect(found).toEqual([]);
    await page.close();
  });

  it("fits a phone without scrolling sideways", async () => {
    const { page } = await opened({ viewport: { width: 380, height: 800 } });

    const overflow = (await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")) as number;

    expect(overflow).toBeLessThanOrEqual(0);
    await page.close();
  });

  it("has all that people who were asleep must know on one sheet of paper, and the picture in full width on the next", async () => {
    // A4 without its margins, at 96 dots an inch.
    const { page } = await opened({ viewport: { width: 703, height: 1_024 } });
    await page.emulateMedia({ media: "print" });

    const seen = (await page.evaluate(`(() => {
      const asleep = document.querySelector(".asleep");
      const picture = document.querySelector(".picture.wide").getBoundingClientRect();
      return { bottom: asleep.getBoundingClientRect().bottom, after: getComputedStyle(asleep).breakAfter, width: picture.width, height: picture.height };
    })()`)) as { bottom: number; after: string; width: number; height: number };

    expect(seen.bottom).toBeLessThanOrEqual(1_024);
    expect(seen.after).toBe("page");
    expect(seen.width).toBeGreaterThan(650);
    expect(seen.height).toBeLessThan(1_000);
    await page.close();
  });

  it("says first how it ended and what is owed", async () => {
    const { page } = await opened({ viewport: { width: 1_200, height: 900 } });

    const seen = await page.evaluate("[...document.querySelectorAll('h1, h2')].filter((e) => e.getBoundingClientRect().top < 900).map((e) => e.textContent.trim()).join('|')");

    expect(seen).toMatch(/^Maintenance of December 8, 2024\|What happened Ended badly\|What was changed\|What is open/);
    await page.close();
  });
});
