import { html } from "../shared/run/html.ts";
import { pageOf } from "./page.ts";

/** What somebody sees whose browser asked for what there is not, or what they may not see. */
export interface Trouble {
  readonly status: number;
  readonly detail: string;
  /** Address of the list of windows. */
  readonly boards: string;
}

const WORDS: Readonly<Record<number, string>> = {
  401: "Nobody is recognised",
  403: "This is not yours to see",
  404: "There is no such thing",
  429: "Too often",
  503: "Something needed cannot be reached",
};

/** A problem as a page: what is wrong, and where to go from there. */
export function troublePage({ status, detail, boards }: Trouble): string {
  const word = WORDS[status] ?? (status >= 500 ? "Something went wrong on our side" : "That did not work");
  const body = html`<header class="head"><h1>Nightshift</h1></header>
<main id="main"><section class="verdict badly" aria-labelledby="word"><h2 id="word">${word}</h2><p class="line">${detail.slice(0, 1).toUpperCase()}${detail.slice(1)}${/[.!?]$/.test(detail) ? "" : "."}</p><p class="small">Answer ${status}</p></section>
<p><a href="${boards}">All windows</a>, and what is open right now. On a machine: <code>nightshift run list</code>, <code>nightshift open</code>.</p></main>`;
  return pageOf({ title: `${word} · Nightshift`, body, isLive: false });
}
