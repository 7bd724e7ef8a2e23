import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { forecastHtml } from "../../shared/run/forecast-html.ts";
import { forecastOf } from "../../shared/run/forecast.ts";
import { decemberNight } from "../support/december.ts";
import { barriersOn, launch, NO_CHROMIUM, opened } from "./chromium.ts";

describe.skipIf(NO_CHROMIUM !== undefined)(`the forecast in a browser${NO_CHROMIUM === undefined ? "" : ` (skipped: ${NO_CHROMIUM})`}`, () => {
  let browser: Browser;
  let html: string;
  beforeAll(async () => {
    const { plan, entries } = await decemberNight({ misfortune: false });
    html = forecastHtml(forecastOf({ plan, entries, calls: [{ at: plan.window.opensAt, method: "GET", system: "jira", path: "/rest/api/3/issue/PLAT-1", status: 200 }] }));
    browser = await launch();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
  });

  const show = (options?: Parameters<Browser["newPage"]>[0]) => opened(browser, html, options);

  it("asks nobody for anything, and fits a phone", async () => {
    const { page, asked, said } = await show({ viewport: { width: 380, height: 800 } });

    const overflow = (await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")) as number;

    expect({ asked: asked.filter((url) => !url.startsWith("about:") && !url.startsWith("data:")), said, overflow }).toEqual({ asked: [], said: [], overflow: 0 });
    await page.close();
  });

  it.each(["light", "dark"] as const)("can be read by everyone (%s)", async (colorScheme) => {
    const { page } = await show({ colorScheme });

    const found = await barriersOn(page);

    expect(found).toEqual([]);
    await page.close();
  });

  it("draws a bar for each step, inside the picture and before the cutoff", async () => {
    const { page } = await show({ viewport: { width: 1_200, height: 900 } });

    const { bars, outside } = (await page.evaluate(`(() => {
      const picture = document.querySelector(".picture.wide").getBoundingClientRect();
      const bars = [...document.querySelectorAll(".picture.wide .bar")].map((bar) => bar.getBoundingClientRect());
      return { bars: bars.length, outside: bars.filter(({ left, right }) => left < picture.left || right > picture.right).length };
    })()`)) as { bars: number; outside: number };

    expect(bars).toBeGreaterThan(20);
    expect(outside).toBe(0);
    await page.close();
  });
});
