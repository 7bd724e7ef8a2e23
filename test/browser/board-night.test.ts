import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { boardPage } from "../../dashboard/board.ts";
import type { BoardView } from "../../dashboard/view.ts";
import { boardOf, decemberBoard } from "../support/board.ts";
import { planWith } from "../support/plan-with.ts";
import { stageFor } from "../support/play.ts";
import { barriersOn, launch, NO_CHROMIUM, opened } from "./chromium.ts";

const MOMENTS = {
  "while much runs and much is asked": () => decemberBoard({ until: "2024-12-08T10:10:00.000Z", decisions: [] }),
  "after it ended badly": () => decemberBoard({ misfortune: true }),
  "with names that know no end": longNames,
} as const;

/** Names without a place to break them, as vendors make them. */
async function longNames(): Promise<BoardView> {
  const name = "Microsoft.ClassicNetwork/virtualNetworks/vnet-classic-eastus2-production-shared-services-0001".repeat(2);
  const plan = planWith(
    { "web.patch": { title: name, notes: [name], targets: [{ id: name, opens: [{ id: "o", what: name }] }, `${name}2`] }, "web.more": { title: name, needs: ["web.patch"] } },
    { window: { title: name }, changes: [{ id: "web", title: name, keys: [name], notes: [name] }] },
  );
  return boardOf(plan, [], (await stageFor(plan)).clock.now());
}

/** The boards of real nights, as they look: the live one is seen in board.test.ts. */
describe.skipIf(NO_CHROMIUM !== undefined)(`boards of a night in a browser${NO_CHROMIUM === undefined ? "" : ` (skipped: ${NO_CHROMIUM})`}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
  });

  describe.each(Object.entries(MOMENTS))("%s", (_name, board) => {
    it("fits every screen, from the smallest phone to a wall", async () => {
      const { page } = await opened(browser, boardPage(await board()));

      const overflows: (readonly [number, number])[] = [];
      for (const width of [320, 390, 768, 1_280, 1_920]) {
        await page.setViewportSize({ width, height: 844 });
        const folded = (await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")) as number;
        await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
        const unfolded = (await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")) as number;
        overflows.push([width, Math.max(folded, unfolded)]);
      }

      expect(overflows.filter(([, overflow]) => overflow > 0)).toEqual([]);
      await page.close();
    }, 60_000);

    it.each(["light", "dark"] as const)(
      "can be read by everyone (%s)",
      async (colorScheme) => {
        const { page } = await opened(browser, boardPage(await board()), { colorScheme, viewport: { width: 1_280, height: 800 } });

        expect(await barriersOn(page)).toEqual([]);
        await page.close();
      },
      60_000,
    );
  });

  it("draws what is expected within the picture, after now and as tall as the rest", async () => {
    const { page } = await opened(browser, boardPage(await MOMENTS["while much runs and much is asked"]()), { viewport: { width: 1_280, height: 800 } });

    const seen = (await page.evaluate(`(() => {
      const box = (one) => one.getBoundingClientRect();
      const picture = box(document.querySelector(".picture.wide"));
      const now = box(document.querySelector(".picture.wide .mark.now line")).left;
      const ghosts = [...document.querySelectorAll(".picture.wide .ghost")].map(box);
      const bars = [...document.querySelectorAll(".picture.wide .bar")].map(box);
      return { ghosts: ghosts.length, outside: ghosts.filter(({ left, right }) => left < now - 2 || right > picture.right).length, tallest: Math.max(...bars.map(({ height }) => height)) };
    })()`)) as { ghosts: number; outside: number; tallest: number };

    expect(seen.ghosts).toBeGreaterThan(15);
    expect(seen.outside).toBe(0);
    expect(seen.tallest).toBeGreaterThan(12);
    await page.close();
  }, 60_000);
});
