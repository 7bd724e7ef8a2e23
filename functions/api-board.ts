import type { HttpResponseInit } from "@azure/functions";
import { boardMain, boardPage } from "../dashboard/board.ts";
import { PAGE_HEADERS } from "../dashboard/page.ts";
import { shownOf, type BoardView } from "../dashboard/view.ts";
import { startText, windowsPage } from "../dashboard/windows.ts";
import type { Principal } from "../shared/access/principal.ts";
import { mayI } from "../shared/access/roles.ts";
import { proposalsOf } from "../shared/run/amendments.ts";
import { AMENDMENT_STREAM, RUN_STREAM } from "../shared/run/facts.ts";
import { streamOf } from "../shared/run/journal.ts";
import { openRuns } from "./api-open.ts";
import { digestOfRun, latestDigest, startedWith } from "./api-runs.ts";
import { windowLines } from "./api-windows.ts";
import type { App } from "./app.ts";
import { BOARDS } from "./endpoints.ts";
import { endpoint } from "./http.ts";

/** Registers the list of all windows, and the board: a page per run that keeps itself up to date. It shows what the API tells and decides by the API. */
export function registerBoard(app: App): void {
  endpoint(app, "boards", async () => {
    const windows = await windowLines(app);
    return { headers: PAGE_HEADERS, body: windowsPage({ windows, open: await openRuns(app), now: app.stage.clock.now(), boards: BOARDS }) };
  });

  endpoint(app, "board", async ({ params, principal }) => {
    const view = await viewOf(app, params["run"] ?? "", principal);
    return { headers: PAGE_HEADERS, body: boardPage(view) };
  });

  endpoint(app, "boardMain", async ({ params, request, principal }): Promise<HttpResponseInit> => {
    const view = await viewOf(app, params["run"] ?? "", principal);
    const etag = `"${view.tag}"`;
    if (request.headers.get("if-none-match") === etag) return { status: 304, headers: { etag } };
    return { headers: { ...PAGE_HEADERS, etag }, body: boardMain(view).text };
  });
}

const MINUTE_MS = 60_000;

async function viewOf(app: App, run: string, { name, role }: Principal): Promise<BoardView> {
  // A window has a board before it has a run.
  const plan = await app.stage.plans.get((await startedWith(app, run)) ?? (await latestDigest(app, run)) ?? (await digestOfRun(app, run)));
  const entries = await app.stage.journal.readAll(run);
  const now = app.stage.clock.now();
  const shown = shownOf(plan, entries, now);
  const { outcome, startedAt } = shown.state;
  return {
    ...shown,
    api: `/api/v1/runs/${encodeURIComponent(run)}`,
    boards: BOARDS,
    // A new fact changes the board, and so do a minute that has passed and an amended plan.
    tag: `${plan.digest.slice(0, 8)}-${entries.length}-${Math.floor(now / MINUTE_MS)}-${role}`,
    proposals: outcome === undefined ? proposalsOf(streamOf(entries, RUN_STREAM), streamOf(entries, AMENDMENT_STREAM)) : [],
    ...(startedAt === undefined ? { start: startText(await windowLines(app), run, now) } : {}),
    viewer: { name, role, may: (deed) => mayI(role, deed) },
  };
}
