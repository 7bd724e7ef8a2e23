import { createHash } from "node:crypto";
import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { Principal } from "../shared/access/principal.ts";
import { Refusal } from "../shared/access/refusal.ts";
import { DEEDS, mayI } from "../shared/access/roles.ts";
import { Fault } from "../shared/fault/fault.ts";
import { currentDigest } from "../shared/run/amendments.ts";
import { DECISION_STREAM, RUN_STREAM } from "../shared/run/facts.ts";
import type { RunState } from "../shared/run/state.ts";
import { ACCESS_RUN } from "../shared/access/refusals.ts";
import type { App } from "./app.ts";
import { pageAfter, seenOf, type FactsPage } from "./facts-cursor.ts";
import { endpoint } from "./http.ts";
import { approvalOf, startRun } from "./start.ts";

const FACTS_A_PAGE = 500;
const STEPS_A_PAGE = 200;

/** How often someone who waits for news is looked after. */
const LOOK_EVERY_MS = 1_000;

/** Registers: start runs and look at them. */
export function registerRuns(app: App): void {
  endpoint(app, "startRun", async ({ body: { window, digest, unapproved }, client, principal }) => {
    const stored = (await app.stage.plans.latest()).find(({ plan }) => plan.window.id === window);
    if (stored === undefined) throw new Fault("absent", `no plan is stored for the window ${window}`);
    // Before the first fact is written: a run that follows a plan nobody can find would never end.
    const { window: planned } = digest === undefined ? stored.plan : await app.stage.plans.get(digest);
    if (planned.id !== window) throw new Fault("conflict", `the digest ${digest ?? ""} is a plan of the window ${planned.id}, not of ${window}`);
    const latest = stored.plan.digest;
    // Of another plan than the latest it is not known whether anybody approved it.
    const isApproved = (digest ?? latest) === latest && stored.approved !== undefined;
    if (!isApproved && (await startedWith(app, window)) === undefined) checkOverride(principal, window, digest ?? latest, unapproved);
    const how = isApproved ? approvalOf(stored) : unapproved === undefined ? {} : { unapproved };
    const started = await startRun(app, client, window, digest ?? latest, principal.name, how);
    return { status: 202, headers: { location: `/api/v1/runs/${encodeURIComponent(window)}` }, jsonBody: started };
  });

  endpoint(app, "listRuns", async ({ query: { state } }) => {
    const runs = await windowRuns(app);
    if (state === undefined) return { jsonBody: runs };
    const standing: string[] = [];
    for (const run of runs) {
      const facts = await app.stage.journal.read(run, RUN_STREAM);
      const ended = facts.some(({ type }) => type === "run.ended");
      // What was decided about a window before its start makes no run yet.
      if (facts.length > 0 && ended === (state === "ended")) standing.push(run);
    }
    return { jsonBody: standing };
  });

  endpoint(app, "showRun", async ({ params, query: { wait = 0 }, request }) => {
    const digest = await digestOfRun(app, params["run"] ?? "");
    const look = async (): Promise<{ state: RunState; etag: string }> => {
      const state = await app.conductor.state(digest);
      return { state, etag: etagOf(JSON.stringify(state, TIMELESS)) };
    };
    const { state, etag } = await newsOf(app, wait, look, ({ etag: current }) => !holds(request, current));
    return unlessKnown(request, etag, { jsonBody: state });
  });

  endpoint(app, "showRunPlan", async ({ params }) => {
    const digest = await digestOfRun(app, params["run"] ?? "");
    const plan = await app.stage.plans.get(digest);
    // Who stored and approved is known of the latest plan of a window; the run may follow an earlier one.
    const stored = (await app.stage.plans.latest()).find((candidate) => candidate.plan.digest === digest);
    return {
      jsonBody: { plan, ...(stored === undefined ? {} : { storedBy: stored.by, storedAt: stored.at, ...(stored.approved === undefined ? {} : { approved: stored.approved }) }) },
    };
  });

  endpoint(app, "listSteps", async ({ params, query: { state: standing, change, from = 0 } }) => {
    const { steps } = await app.conductor.state(await digestOfRun(app, params["run"] ?? ""));
    const wanted = steps.filter((step) => (standing === undefined || step.state === standing) && (change === undefined || step.change === change));
    return { jsonBody: { steps: wanted.slice(from, from + STEPS_A_PAGE), total: wanted.length, ...next(from, STEPS_A_PAGE, wanted.length) } };
  });

  endpoint(app, "showStep", async ({ params }) => {
    const { run = "", step = "" } = params;
    const found = (await app.conductor.state(await digestOfRun(app, run))).steps.find(({ id }) => id === step);
    if (found === undefined) throw new Fault("absent", `the run ${run} has no step ${step}`);
    return { jsonBody: found };
  });

  endpoint(app, "listFacts", async ({ params, query: { from = 0, after = from, cursor, wait = 0 } }) => {
    const run = params["run"] ?? "";
    await digestOfRun(app, run);
    if (cursor !== undefined) {
      const seen = seenOf(cursor);
      const look = async (): Promise<FactsPage & { total: number }> => {
        const all = await app.stage.journal.readAll(run);
        return { ...pageAfter(all, seen, FACTS_A_PAGE), total: all.length };
      };
      return { jsonBody: await newsOf(app, wait, look, ({ facts }) => facts.length > 0) };
    }
    const entries = await newsOf(
      app,
      wait,
      () => app.stage.journal.readAll(run),
      ({ length }) => length > after,
    );
    return { jsonBody: { facts: entries.slice(after, after + FACTS_A_PAGE), total: entries.length, ...next(after, FACTS_A_PAGE, entries.length) } };
  });
}

/** What nobody has approved starts by an admin's word alone, and with a reason that the run's first fact keeps. */
function checkOverride({ name, role }: Principal, window: string, digest: string, because: string | undefined): void {
  if (because === undefined) {
    throw new Fault(
      "conflict",
      `nobody has approved the plan ${digest.slice(0, 12)} of ${window}: have it approved (POST /api/v1/plans/${window}/approve), or an admin starts it with "unapproved": "because ..."`,
    );
  }
  if (!mayI(role, "override")) throw new Refusal(403, `${name} is ${role} here; to start a plan that nobody has approved needs ${DEEDS.override}`);
}

/** Instants that move by themselves: they make no news. */
const TIMELESS = (key: string, value: unknown): unknown => (key === "asOf" || key === "until" ? undefined : value);

function next(from: number, page: number, total: number): { next?: number } {
  return from + page < total ? { next: from + page } : {};
}

/** Looks until there is news or the time is up. */
async function newsOf<Seen>({ pause }: App, waitS: number, look: () => Promise<Seen>, isNews: (seen: Seen) => boolean): Promise<Seen> {
  let seen = await look();
  for (let leftMs = waitS * 1_000; leftMs > 0 && pause !== undefined && !isNews(seen); leftMs -= LOOK_EVERY_MS) {
    await pause(LOOK_EVERY_MS);
    seen = await look();
  }
  return seen;
}

/** A weak one: what it stands for is the same, the bytes need not be. */
export function etagOf(text: string): string {
  return `W/"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
}

/** The answer, or 304 for who has it already. */
export function unlessKnown(request: HttpRequest, etag: string, answer: HttpResponseInit): HttpResponseInit {
  const headers = { ...(answer.headers as Record<string, string> | undefined), etag, "cache-control": "no-cache" };
  return holds(request, etag) ? { status: 304, headers } : { ...answer, headers };
}

function holds(request: HttpRequest, etag: string): boolean {
  const known = (request.headers.get("if-none-match") ?? "").split(",").map((text) => text.trim());
  return known.includes(etag) || known.includes("*");
}

/** Ids of runs of windows, newest first: what the door writes down is none. */
export async function windowRuns(app: App): Promise<readonly string[]> {
  return (await app.stage.journal.runs()).filter((run) => run !== ACCESS_RUN);
}

/**
 * The plan that a run follows; before its start, where something has been decided about it already, the latest of its window.
 *
 * @throws Fault `absent` when there is no such run.
 */
export async function digestOfRun(app: App, run: string): Promise<string> {
  const digest = (await startedWith(app, run)) ?? ((await app.stage.journal.read(run, DECISION_STREAM)).length > 0 ? await latestDigest(app, run) : undefined);
  if (digest === undefined) throw new Fault("absent", `there is no run ${run}`);
  return digest;
}

/** The plan that the run follows now; undefined before its start. */
export async function startedWith(app: App, run: string): Promise<string | undefined> {
  return currentDigest(await app.stage.journal.read(run, RUN_STREAM));
}

/** The latest plan stored for a window. */
export async function latestDigest(app: App, window: string): Promise<string | undefined> {
  return (await app.stage.plans.latest()).find(({ plan }) => plan.window.id === window)?.plan.digest;
}
