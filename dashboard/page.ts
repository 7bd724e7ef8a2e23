import { createHash } from "node:crypto";
import { html, Html } from "../shared/run/html.ts";
import { BOARD_SCRIPT } from "./script.ts";
import { BOARD_STYLE } from "./style.ts";

/** What the pages may use: styles of their own, the one script by its hash, and their own server. */
export const BOARD_CSP =
  // Bars are as wide as their share, which only a style attribute can say; a hash beside it would forbid that.
  `default-src 'none'; style-src 'unsafe-inline'; script-src ${hashOf(BOARD_SCRIPT)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** What goes with each of the pages. */
export const PAGE_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": BOARD_CSP,
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

export interface PageParts {
  readonly title: string;
  readonly body: Html;
  /** Whether the script comes along, and without one the page loads itself anew. */
  readonly isLive: boolean;
}

/** A page that needs nothing else. */
export function pageOf({ title, body, isLive }: PageParts): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
${isLive ? html`<noscript><meta http-equiv="refresh" content="20"></noscript>` : undefined}
<style>${new Html(BOARD_STYLE)}</style>
</head>
<body>
${body}
${isLive ? html`<script>${new Html(BOARD_SCRIPT)}</script>` : undefined}
</body>
</html>
`.text;
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
