import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { reportHtml } from "../../shared/run/report-html.ts";
import { reportOf } from "../../shared/run/report.ts";
import { decemberNight } from "../support/december.ts";
import { barriersOn, launch, NO_CHROMIUM, opened } from "./chromium.ts";

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

  const show = (options?: Parameters<Browser["newPage"]>[0]) => opened(browser, html, options);

  it("asks nobody for anything and has nothing to complain about", async () => {
    const { page, asked, said } = await show();

    expect({ asked: asked.filter((url) => !url.startsWith("about:") && !url.startsWith("data:")), said }).toEqual({ asked: [], said: [] });
    await page.close();
  });

  it.each(["light", "dark"] as const)("can be read by everyone (%s)", async (colorScheme) => {
    const { page } = await show({ colorScheme });

    const found = await barriersOn(page);

    expect(found).toEqual([]);
    await page.close();
  });

  it("fits a phone without scrolling sideways", async () => {
    const { page } = await show({ viewport: { width: 380, height: 800 } });

    const overflow = (await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")) as number;

    expect(overflow).toBeLessThanOrEqual(0);
    await page.close();
  });

  it("has all that people who were asleep must know on one sheet of paper, and the picture in full width on the next", async () => {
    // A4 without its margins, at 96 dots an inch.
    const { page } = await show({ viewport: { width: 703, height: 1_024 } });
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
    const { page } = await show({ viewport: { width: 1_200, height: 900 } });

    const seen = await page.evaluate("[...document.querySelectorAll('h1, h2')].filter((e) => e.getBoundingClientRect().top < 900).map((e) => e.textContent.trim()).join('|')");

    expect(seen).toMatch(/^Maintenance of December 8, 2024\|What happened Ended badly\|What was changed\|What is open/);
    await page.close();
  });
});
