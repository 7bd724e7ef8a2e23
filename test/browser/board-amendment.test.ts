import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AMENDABLE } from "../support/amendable.ts";
import { hostedApp } from "../support/hosted-app.ts";
import { barriersOn, launch, NO_CHROMIUM } from "./chromium.ts";

const RUN = "2024-12-08";
const ADA = { "x-nightshift-operator": "Ada" };
const BEN = { "x-nightshift-operator": "Ben" };
const MOVE_SECOND = `{"amend":[{"move":"web.second","at":"Sat 21:30","because":"the vendor asks for it"}]}`;

describe.skipIf(NO_CHROMIUM !== undefined)(`an amendment on the board in a browser${NO_CHROMIUM === undefined ? "" : ` (skipped: ${NO_CHROMIUM})`}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it("is shown to be approved, not by who proposed it, and the board goes by it then", async () => {
    await using hosted = await hostedApp();
    const { json: stored } = await hosted.call("POST", "plans", { text: AMENDABLE }, ADA);
    await hosted.call("POST", `plans/${RUN}/approve`, { digest: stored.digest }, BEN);
    await hosted.call("POST", "runs", { window: RUN }, ADA);
    await hosted.host.advanceTo("2024-12-08T01:05:00.000Z");
    const { json: proposed } = await hosted.call("POST", `runs/${RUN}/amendments`, { text: MOVE_SECOND }, ADA);
    const approveAs = async (headers: Record<string, string>): Promise<{ page: Awaited<ReturnType<Browser["newPage"]>>; shown: string }> => {
      const page = await browser.newPage({ extraHTTPHeaders: headers, bypassCSP: true });
      await page.goto(`${hosted.served.origin}/api/v1/board/${RUN}`);
      const shown = await page.locator("main").innerText();
      await page.getByRole("button", { name: "Approve the amendment" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Approve the amendment" }).click();
      return { page, shown };
    };

    const own = await approveAs(ADA);
    await own.page.getByRole("dialog").getByText("Refused: Ada proposed this amendment").waitFor();
    const barriers = await barriersOn(own.page);
    const other = await approveAs(BEN);
    await other.page.locator("#said", { hasText: "Written down" }).waitFor();
    await other.page.locator("#next", { hasText: "Sat 21:30" }).waitFor();

    expect(own.shown).toMatch(/An amendment waits for its approval[\s\S]*somebody else than Ada[\s\S]*Sat 21:00[^\n]* -> Sat 21:30[^\n]*, because the vendor asks for it/);
    expect(barriers).toEqual([]);
    expect((await hosted.call("GET", `runs/${RUN}`)).json).toMatchObject({ digest: proposed.to, amendments: [{ by: "Ada", approvedBy: "Ben" }] });
    expect(await other.page.getByRole("button", { name: "Approve the amendment" }).count()).toBe(0);
    for (const context of browser.contexts()) await context.close();
  }, 60_000);
});
