import { isoOf } from "../shared/ports/clock.ts";
import { dueOf, type Due } from "../shared/run/due.ts";
import { RUN_STREAM, type Fact } from "../shared/run/facts.ts";
import type { WindowLine } from "./api-schemas.ts";
import type { App } from "./app.ts";
import { endpoint } from "./http.ts";

/** Registers: which windows there are, and whether the schedule will start them. */
export function registerWindows(app: App): void {
  endpoint(app, "listWindows", async () => ({ jsonBody: await windowLines(app) }));
}

/** The windows whose plan is stored, newest first. */
export async function windowLines(app: App): Promise<readonly WindowLine[]> {
  const { plans, journal, clock } = app.stage;
  const { unfit } = await app.code();
  const lines: WindowLine[] = [];
  for (const stored of await plans.latest()) {
    const { id, title, zone, opensAt, cutoff } = stored.plan.window;
    const facts = await journal.read(id, RUN_STREAM);
    lines.push({
      window: id,
      title,
      zone,
      opensAt,
      cutoff,
      digest: stored.plan.digest,
      approved: stored.approved !== undefined,
      ...(facts.length > 0 ? begun(facts) : scheduled(dueOf(stored, clock.now()), stored.approved === undefined ? "nobody has approved it" : unfit)),
    });
  }
  return lines;
}

type HowItStarts = Pick<WindowLine, "start" | "startsAt" | "why" | "run">;

function begun(facts: readonly Fact[]): HowItStarts {
  const started = facts.find((fact) => fact.type === "run.started");
  const ended = facts.find((fact) => fact.type === "run.ended");
  return {
    start: "begun",
    run: { startedAt: started?.at ?? "", by: started?.by ?? "", ...(ended === undefined ? {} : { endedAt: ended.at, outcome: ended.outcome }) },
  };
}

function scheduled(due: Due, why: string | undefined): HowItStarts {
  if (due.is === "not") return { start: "not", why: due.why };
  const at = due.is === "later" ? { startsAt: isoOf(due.at) } : {};
  return why === undefined ? { start: due.is, ...at } : { start: "not", why, ...at };
}
