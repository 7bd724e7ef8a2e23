import { app as functions, type InvocationContext, type Timer } from "@azure/functions";
import * as df from "durable-functions";
import { Fault, faultRecordOf, outcomeOf } from "../shared/fault/fault.ts";
import { isoOf } from "../shared/ports/clock.ts";
import { leavingSoonAfter } from "../shared/ports/leaving.ts";
import { acknowledgeButton } from "../shared/run/buttons.ts";
import { currentDigest } from "../shared/run/amendments.ts";
import { drive } from "../shared/run/drive.ts";
import { DECISION_STREAM, GUARD_STREAM, RUN_STREAM, stepStream, targetStream, type Decision, type Fact, type FactOf } from "../shared/run/facts.ts";
import { findingsOf, type HubFindings } from "../shared/run/gone.ts";
import { windowInstance } from "../shared/run/instances.ts";
import { indexOf, type PlanIndex } from "../shared/run/plan-index.ts";
import { isQuiet, overdueOf, reconcile, type GuardOrder } from "../shared/run/reconcile.ts";
import { remindersOf } from "../shared/run/reminders.ts";
import { codesOf, codeText, strandedNotice } from "../shared/run/replays.ts";
import { stateOf } from "../shared/run/state.ts";
import { whoWaits } from "../shared/run/who-waits.ts";
import { keepAmendments } from "./api-amendments.ts";
import type { App } from "./app.ts";
import { ringThrough } from "./ring.ts";
import { aliveOf, startRun, type RunHub } from "./start.ts";

/** The guard says what it could not do; a trigger's own context does. */
export type GuardLog = Pick<InvocationContext, "warn" | "error">;

/** One look of the guard at everything. @returns how many runs there are, and how many things are open that should not be. */
export type GuardLook = (hub: RunHub, log: GuardLog) => Promise<{ readonly runCount: number; readonly openCount: number }>;

/** Registers the guard: it looks every five minutes of every day. */
export function registerGuard(app: App): void {
  const look = guardOf(app);
  functions.timer("reconciler", {
    schedule: "0 */5 * * * *",
    useMonitor: true,
    extraInputs: [df.input.durableClient()],
    async handler(_timer: Timer, context: InvocationContext) {
      await look(df.getClient(context), context);
    },
  });
}

/**
 * The guard: looks at all runs from outside of them, and has what is owed closed, gone on with or told (see `reconcile`); and it
 * tells the owners of a plan that nobody has approved. What goes wrong with one run keeps it from no other. What it remembers
 * from look to look only spares it work.
 */
export function guardOf(app: App): GuardLook {
  const reminded = new Set<string>();
  const closed = new Set<string>();
  return async (hub, log) => {
    const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
      try {
        await soon(app, work);
      } catch (thrown) {
        const { kind, message } = faultRecordOf(thrown);
        log.error(`reconciler: ${what}: ${kind}: ${message}`);
      }
    };
    await attempt("reminders", () => remind(app, reminded));
    const runs = await app.stage.journal.runs();
    let openCount = 0;
    for (const run of runs) {
      await attempt(`the run ${run}`, async () => {
        openCount += await guard(app, hub, run, closed, log);
      });
    }
    app.stage.telemetry.event("guard.beat", { runCount: runs.length, openCount });
    return { runCount: runs.length, openCount };
  };
}

/** Each for itself, since one may take long: the guard of another host looks in five minutes. */
function soon(app: App, work: () => Promise<void>): Promise<void> {
  return leavingSoonAfter(app.stage.clock.now(), work);
}

/** @returns how many obligations of the run should be closed by now and are not. */
async function guard(app: App, client: RunHub, run: string, closed: Set<string>, log: GuardLog): Promise<number> {
  const { journal, clock, plans, registry, telemetry } = app.stage;
  if (closed.has(run)) return 0;
  const runFacts = await journal.read(run, RUN_STREAM);
  const started = runFacts.find((fact) => fact.type === "run.started");
  if (started === undefined) return 0;
  const ended = runFacts.some(({ type }) => type === "run.ended");
  if (!ended) await keepAmendments(app, client, run, runFacts);
  const index = indexOf(await plans.get(currentDigest(runFacts) ?? started.digest));
  if (!ended) await adopt(app, index, runFacts);
  const alive = ended ? [] : await aliveOf(client, run);
  const { gone, asleep } = ended ? { gone: [], asleep: [] } : await lookAtHub(app, index, started.digest, alive);
  const decisions = (await journal.read(run, DECISION_STREAM)) as readonly Decision[];
  if (isQuiet({ index, now: clock.now(), gone, asleep }, runFacts, decisions)) return 0;
  const sight = { index, entries: await journal.readAll(run), now: clock.now(), gone, asleep, alive, hasUndo: (verb: string) => registry.find(verb)?.undo !== undefined };
  for (const order of reconcile(sight)) await soon(app, () => carryOut(app, client, index, order, log));
  const overdue = overdueOf({ index, entries: await journal.readAll(run), now: clock.now() });
  for (const { id, step, target, openedAt } of overdue)
    telemetry.event("obligation.open", { run, step, target, obligation: id, ageMs: clock.now() - Date.parse(openedAt) }, "warning");
  // Nothing opens after the end: what has ended with nothing open need not be read again for ever.
  if (ended && overdue.length === 0) closed.add(run);
  return overdue.length;
}

/** What is amiss with the run's orchestrations. Reads what its steps wrote down, and little else. */
async function lookAtHub({ stage, conductor }: App, index: PlanIndex, digest: string, alive: readonly string[]): Promise<HubFindings> {
  const run = index.plan.window.id;
  return findingsOf({
    index,
    steps: await stage.journal.readUnder(run, stepStream("")),
    alive: new Set(alive),
    now: stage.clock.now(),
    hasRested: async (step, target) => (await stage.journal.read(run, targetStream(step, target))).some(({ type }) => type === "target.rested"),
    isDue: async (step) => (await conductor.foreseeStep({ run, digest, step })).order.do !== "wait",
  });
}

async function carryOut(app: App, client: RunHub, index: PlanIndex, order: GuardOrder, log: GuardLog): Promise<void> {
  const { stage, conductor } = app;
  const { plan } = index;
  const run = plan.window.id;
  const at = isoOf(stage.clock.now());
  switch (order.do) {
    case "miss":
      await note(app, run, { type: "guard.missed", at, why: order.why, instances: [...order.instances] });
      return;
    case "clear":
      log.warn(`reconciler: orchestrations of the run ${run} are ended, so that new ones can go on: ${order.why}`);
      // Once they have ended, the next look finds the window's own gone, as it is written here.
      await note(app, run, { type: "guard.missed", at, why: `what was left of its orchestrations was ended: ${order.why}`, instances: [windowInstance(run)] });
      for (const instance of order.instances) await outcomeOf(() => client.terminate(instance, "its run is gone on with by new orchestrations"));
      return;
    case "resume": {
      log.warn(`reconciler: the run ${run} is gone on with: ${order.why}`);
      await note(app, run, { type: "guard.resumed", at, by: order.by, why: order.why });
      if (order.by === "guard") await drive(conductor, run, plan.digest);
      else {
        try {
          await startRun(app, client, run, plan.digest, "reconciler");
        } catch (thrown) {
          // Closing does not depend on the task hub.
          log.error(`reconciler: no orchestration of ${run} could be started: ${faultRecordOf(thrown).message}`);
          await drive(conductor, run, plan.digest);
        }
      }
      return;
    }
    case "ring":
      await ringThrough(client, order.instances ?? whoWaits(stateOf(index, await stage.journal.readAll(run), stage.clock.now()), {}));
      return;
    case "undo": {
      const { step, target, seq } = order;
      await conductor.act({ run, digest: plan.digest, step, target, back: true }, { do: "undo", try: order.try, attempt: order.attempt }, seq);
      return;
    }
    case "alarm": {
      const { about, nth, text, lines, mention } = order;
      // Told first: a key is told once, so a guard that dies in between says nothing twice, and one that tells nobody tries again.
      const notice = { key: `${run}/guard/${about}/${nth}`, channels: plan.window.channels.map(({ id }) => id), mention, text, lines: [...lines] };
      // What is held is let go or aborted; to know of it is no answer.
      await stage.people.tell(run, about === "held" ? notice : { ...notice, actions: [acknowledgeButton(run, notice.key)] });
      await note(app, run, { type: "guard.alarmed", at, about, nth, lines: [text, ...lines] });
      stage.telemetry.event("alarm.raised", { run, about, nth }, "warning");
    }
  }
}

/** Two guards at once write one after the other; what the second writes says the same. */
async function note({ stage }: App, run: string, fact: Fact): Promise<void> {
  for (let tries = 0; tries < 5; tries++) {
    const known = await stage.journal.read(run, GUARD_STREAM);
    const same =
      fact.type === "guard.adopted"
        ? isLastAdopted(known, fact)
        : fact.type === "guard.alarmed" && known.some((other) => other.type === "guard.alarmed" && other.about === fact.about && other.nth === fact.nth);
    if (same || (await stage.journal.append(run, GUARD_STREAM, known.length, [fact]))) return;
  }
  throw new Fault("unavailable", `the guard of ${run} could not write ${fact.type} down: others wrote at the same time, again and again`);
}

/** Another version was deployed under a run: that is written down, and said to people if it cannot go on with what it found. */
async function adopt(app: App, { plan }: PlanIndex, runFacts: readonly Fact[]): Promise<void> {
  const code = await app.code();
  const run = plan.window.id;
  const known = codesOf(runFacts, await app.stage.journal.read(run, GUARD_STREAM));
  if (known.at(-1)?.digest === code.digest) return;
  const strangers = known.filter((begunBy) => !code.goesOnWith(begunBy));
  const fits = strangers.length === 0;
  const why = fits ? `histories of ${codeText(known.at(-1))} were replayed on it` : (code.unfit ?? `histories of ${strangers.map(codeText).join(", ")} were not replayed on it`);
  // Told first, as alarms are.
  if (!fits) await app.stage.people.tell(run, strandedNotice(plan, code, why));
  await note(app, run, { type: "guard.adopted", at: isoOf(app.stage.clock.now()), code: { release: code.release, digest: code.digest }, fits, why });
}

function isLastAdopted(known: readonly Fact[], { code }: FactOf<"guard.adopted">): boolean {
  const last = known.findLast((other) => other.type === "guard.adopted");
  return last?.code.digest === code.digest;
}

async function remind(app: App, reminded: Set<string>): Promise<void> {
  const { stage } = app;
  const { unfit } = await app.code();
  for (const stored of await stage.plans.latest()) {
    for (const notice of remindersOf(stored, stage.clock.now(), unfit)) {
      if (reminded.has(notice.key)) continue;
      await stage.people.tell(stored.plan.window.id, notice);
      reminded.add(notice.key);
    }
  }
}
