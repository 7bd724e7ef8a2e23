import { DEEDS, mayI, type Deed } from "../shared/access/roles.ts";
import { isoOf } from "../shared/ports/clock.ts";
import { RUN_STREAM } from "../shared/run/facts.ts";
import type { Obligation } from "../shared/run/obligations.ts";
import type { RunState } from "../shared/run/state.ts";
import { windowRuns } from "./api-runs.ts";
import type { App } from "./app.ts";
import { endpoint } from "./http.ts";
import { openApiOf } from "./openapi.ts";

/** Registers: what is open right now for all windows, who the caller is, who was refused what, and the API's own description. */
export function registerOpen(app: App): void {
  endpoint(app, "showOpen", async () => ({ jsonBody: { asOf: isoOf(app.stage.clock.now()), runs: await openRuns(app) } }));

  endpoint(app, "showSelf", async ({ principal: { name, kind, role } }) => ({
    jsonBody: { name, kind, role, may: (Object.keys(DEEDS) as Deed[]).filter((deed) => mayI(role, deed)) },
  }));

  endpoint(app, "listRefusals", async ({ query }) => {
    const day = query.day ?? isoOf(app.stage.clock.now()).slice(0, 10);
    const entries = await app.door.refusals.of(day);
    const refusals = entries.map(({ fact }) => fact).toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    return { jsonBody: { day, refusals } };
  });

  endpoint(app, "showDocument", async () => ({ jsonBody: openApiOf(app.version) }));
}

/** A run that has something open, or waits for people. */
export interface OpenRun extends Pick<RunState, "run" | "title" | "outcome" | "asks"> {
  readonly open: readonly Obligation[];
}

export async function openRuns(app: App): Promise<readonly OpenRun[]> {
  const runs: OpenRun[] = [];
  for (const run of await windowRuns(app)) {
    const facts = await app.stage.journal.read(run, RUN_STREAM);
    const started = facts.find((fact) => fact.type === "run.started");
    // What ended well has nothing open: its facts need not be read again for ever.
    if (started === undefined || facts.some((fact) => fact.type === "run.ended" && fact.outcome === "well")) continue;
    const { title, outcome, obligations, asks } = await app.conductor.state(started.digest);
    const open = obligations.filter(({ closed }) => closed === undefined);
    if (open.length > 0 || asks.length > 0) runs.push({ run, title, ...(outcome === undefined ? {} : { outcome }), open, asks });
  }
  return runs;
}
