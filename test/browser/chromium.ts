import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

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
