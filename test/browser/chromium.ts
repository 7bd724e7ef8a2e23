import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium, type Browser, type Page } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Debian's Chromium, if there is one. */
export const CHROMIUM = PLACES.find((file) => existsSync(file));

/** Why browser tests are skipped, if they are. In CI they must run, so there a missing Chromium fails them. */
export const NO_CHROMIUM = CHROMIUM === undefined && process.env["CI"] === undefined ? "no Chromium on this machine: apt-get install chromium" : undefined;

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-sync"],
  });
}

/** A page of its own, with whom it asked for anything and what it complained about. */
export interface Opened {
  readonly page: Page;
  readonly asked: readonly string[];
  readonly said: readonly string[];
}

/** Shows a document as a file that was opened. It has a strict policy of its own; the test's tools need a way past it. */
export async function opened(browser: Browser, html: string, options: Parameters<Browser["newPage"]>[0] = {}): Promise<Opened> {
  const page = await browser.newPage({ bypassCSP: true, ...options });
  const [asked, said]: [string[], string[]] = [[], []];
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(error.message));
  await page.setContent(html, { waitUntil: "load" });
  return { page, asked, said };
}

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What keeps some people from reading the page, by the rules of WCAG 2 A and AA: each with the number of its places. */
export async function barriersOn(page: Page): Promise<readonly string[]> {
  await page.addScriptTag({ path: AXE });
  return (await page.evaluate(
    "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.length))",
  )) as string[];
}
