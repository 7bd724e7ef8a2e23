import type { HttpResponseInit } from "@azure/functions";
import { BOARD_CSP, boardMain, boardPage, type BoardView } from "../dashboard/board.ts";
import { reportOf } from "../shared/run/report.ts";
import { indexOf } from "../shared/run/plan-index.ts";
import { stateOf } from "../shared/run/state.ts";
import { digestOfRun } from "./api-runs.ts";
import type { App } from "./app.ts";
import { endpoint } from "./http.ts";

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": BOARD_CSP,
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

/** Registers the board: a page per run that keeps itself up to date. It shows what the API tells and decides by the API. */
export function registerBoard(app: App): void {
  endpoint(app, "board", async ({ params }) => {
    const view = await viewOf(app, params["run"] ?? "");
    return { headers: HEADERS, body: boardPage(view) };
  });

  endpoint(app, "boardMain", async ({ params, request }): Promise<HttpResponseInit> => {
    const view = await viewOf(app, params["run"] ?? "");
    const etag = `"${view.tag}"`;
    if (request.headers.get("if-none-match") === etag) return { status: 304, headers: { etag } };
    return { headers: { ...HEADERS, etag }, body: boardMain(view).text };
  });
}

const MINUTE_MS = 60_000;

async function viewOf(app: App, run: string): Promise<BoardView> {
  const { plan } = indexOf(await app.stage.plans.get(await digestOfRun(app, run)));
  const entries = await app.stage.journal.readAll(run);
  const now = app.stage.clock.now();
  return {
    state: stateOf(indexOf(plan), entries, now),
    report: reportOf(plan, entries, now),
    now,
    api: `/api/v1/runs/${encodeURIComponent(run)}`,
    // A new fact changes the board, and so does a minute that has passed.
    tag: `${entries.length}-${Math.floor(now / MINUTE_MS)}`,
  };
}
