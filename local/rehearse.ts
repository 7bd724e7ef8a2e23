import { AsyncLocalStorage } from "node:async_hooks";
import { registerActivities } from "../functions/activities.ts";
import { registerOrchestrations } from "../functions/orchestrations.ts";
import { WINDOW, type App } from "../functions/app.ts";
import { guardOf } from "../functions/reconciler.ts";
import { Fault } from "../shared/fault/fault.ts";
import { digestOf, type CompiledPlan } from "../shared/plan/compiled.ts";
import { silentTelemetry, type Telemetry } from "../shared/ports/telemetry.ts";
import type { Effect } from "../shared/ports/simulator.ts";
import type { Fetch } from "../shared/ports/transport.ts";
import { decide, type DecisionRequest } from "../shared/run/decide.ts";
import { START_LEAD_MS } from "../shared/run/due.ts";
import { isoOf } from "../shared/ports/clock.ts";
import { stepInstance, targetInstance, windowInstance } from "../shared/run/instances.ts";
import { RUN_STREAM, type CodeName } from "../shared/run/facts.ts";
import type { Entry, Journal } from "../shared/run/journal.ts";
import { indexOf } from "../shared/run/plan-index.ts";
import type { Plans } from "../shared/run/plans.ts";
import { stateOf, type RunState } from "../shared/run/state.ts";
import { whoWaits } from "../shared/run/who-waits.ts";
import { composeLocal } from "./compose.ts";
import type { ActivityLatency } from "./durable/activity-runner.ts";
import type { ActivityView, Faults, Overlap } from "./durable/faults.ts";
import type { Notice } from "./durable/notice.ts";
import { createHost, type LocalHost } from "./harness.ts";
import type { Store } from "./durable/store.ts";
import { memoryStore } from "./durable/store-memory.ts";
import { memoryJournal } from "./memory-journal.ts";
import { memoryLocks } from "./memory-locks.ts";
import { memoryPlans } from "./memory-plans.ts";
import type { Scene } from "./scene.ts";
import { destinationOfCall } from "./simulators.ts";
import { simulatedTeam, type Mood, type TeamParts } from "./team.ts";
import { directTransport } from "./transport.ts";
import { vendorsOf } from "./vendors.ts";
import { watched } from "./watched.ts";

export interface RehearsalOptions {
  readonly plan: CompiledPlan;
  /** Changed by the rehearsal: how the world is afterwards. */
  readonly scene: Scene;
  /** UTC ISO; default: when the schedule would start the window. */
  readonly startAt?: string;
  readonly telemetry?: Telemetry;
  /** Takes one line of JSON for each exchange with a vendor. */
  readonly record?: (line: string) => void;
  /** In the place of one in memory, e.g. to count what is asked of it. */
  readonly journal?: Journal;
  /** Where orchestrations keep their histories, in the place of one of its own. */
  readonly store?: Store;
  /** In the place of a store in memory, e.g. one that has the plan's text, so that the window can be amended. */
  readonly plans?: Plans;
  /** Misfortunes of the host. */
  readonly faults?: Faults;
  /** Two hosts are at this activity, of which one stands still in the midst of it. */
  readonly overlaps?: (activity: ActivityView) => StandStill | undefined;
  /** Misfortunes on the way to vendors: the fetch that connectors get in the place of the one given. `now` is the world's time. */
  readonly road?: (direct: Fetch, now: () => number) => Fetch;
  /** Misfortunes between the app and its journal. People's decisions and the end of the rehearsal go past it. */
  readonly storage?: (journal: Journal) => Journal;
  /** By how many milliseconds the app's clock is ahead of the world's, in each life of the process, counted from 0. */
  readonly skewMs?: (life: number) => number;
  /** Milliseconds of the world's time that an activity takes. */
  readonly activityLatencyMs?: ActivityLatency;
  /** How each of the simulated people answers. */
  readonly mood?: Mood;
  /** What they decide about work that is held; nothing unless told otherwise. */
  readonly whenHeld?: TeamParts["whenHeld"];
  /** Whether the simulated people answer; they do unless told otherwise. */
  readonly teamAnswers?: boolean;
  /** What people decide besides, each at its instant (UTC ISO) and through the same door as the team. */
  readonly decisions?: readonly ({ readonly at: string; readonly by: string } & DecisionRequest)[];
  /**
   * The guard of the app looks at its hours, and the rehearsal ends when the run has, by its facts: at once with nothing open, or so
   * many milliseconds later. Without it, when the window's orchestration does.
   */
  readonly guardedForMs?: number;
  /** In the place of one that writes the tracking workbook as an `.xlsx` file. */
  readonly workbookFile?: App["workbookFile"];
  /** Called with the running host, in each of its lives, to do things to it at instants of its clock. */
  readonly during?: (host: LocalHost) => void;
  /** True: the process dies at this moment, as by kill -9, and is started again. Asked at every moment. */
  readonly killAt?: (moment: KillMoment) => boolean;
}

/** How a host stands still in the midst of an activity; it may be through before it comes to that. */
export interface StandStill {
  /** After which of its calls and facts, counted from 0. Missing: before its first fact. */
  readonly after?: number;
  /** Milliseconds of the world's time. Missing: until the other host is through. */
  readonly forMs?: number;
}

/** A moment at which a process can die beside those that `Faults` has: around calls to vendors and around facts. */
export interface KillMoment {
  readonly kind: "before a call" | "after a call" | "before a fact" | "after a fact";
  /** The call or the stream, e.g. `POST slack.com/api/chat.update`, `target/newrelic.deploy/newrelic.deploy`. */
  readonly where: string;
  /** Counted from 0 through all lives. */
  readonly n: number;
}

const MOST_LIVES = 500;
/** A window that has not ended so long after its cutoff never will. */
const LONGEST_AFTER_CUTOFF_MS = 36 * 3_600_000;
/** Moments around the calls and facts of a window; the stormiest have forty for each target. Where there are more, something runs in a circle. */
const FEW_MOMENTS = 10_000;
const MOMENTS_PER_TARGET = 200;

export interface Rehearsal {
  readonly state: RunState;
  readonly entries: readonly Entry[];
  readonly effects: readonly (Effect & { readonly system: string })[];
  readonly notices: readonly Notice[];
  /** UTC ISO: the last instant of the host's clock. */
  readonly endedAt: string;
  /** Events of the longest history, and which instance has it. */
  longestHistory(): { readonly instance: string; readonly events: number };
}

/**
 * Runs a window in virtual time: the production orchestrators, activities, connectors and SDKs, against simulated vendors,
 * in this process and without sockets. The same plan, scene and options give the same rehearsal.
 */
export async function rehearse(options: RehearsalOptions): Promise<Rehearsal> {
  const { plan, scene, telemetry = silentTelemetry, record, faults, during, decisions = [], teamAnswers = true, killAt = () => false, road, skewMs, mood } = options;
  const run = plan.window.id;
  const index = indexOf(plan);
  const vendors = vendorsOf(scene);
  const store = options.store ?? memoryStore();
  const facts = options.journal ?? memoryJournal();
  const locks = memoryLocks();
  const plans = options.plans ?? memoryPlans();
  const notices: Notice[] = [];
  const startAt = options.startAt ?? isoOf(Date.parse(plan.window.opensAt) - START_LEAD_MS);
  await plans.put({ plan, by: "rehearsal", at: startAt, approved: { by: "rehearsal", at: startAt } });
  const mostMoments = FEW_MOMENTS + MOMENTS_PER_TARGET * plan.steps.reduce((sum, { targets }) => sum + targets.length, 0);
  let moments = 0;
  let lives = 0;
  let endless: string | undefined;

  /** One life of the process: from its start until the window has ended (then its answer) or it was killed (then nothing). */
  async function live(): Promise<Rehearsal | undefined> {
    let dead = false;
    let host: LocalHost | undefined;
    const world = { now: () => host?.clock.now() ?? Date.parse(startAt) };
    const aheadMs = skewMs?.(lives) ?? 0;
    const clock = aheadMs === 0 ? world : { now: () => world.now() + aheadMs };
    const death = Promise.withResolvers<false>();
    const die = (): void => {
      dead = true;
      host?.kill();
      death.resolve(false);
    };
    const giveUp = (why: string): void => {
      endless ??= why;
      die();
    };
    // What a dead process was about to do is never done, and what it waited for never comes.
    const breath = async (kind: KillMoment["kind"], where: string): Promise<void> => {
      if (!dead && moments > mostMoments) giveUp(`after ${moments} calls and facts it has not ended`);
      if (!dead && killAt({ kind, where, n: moments++ })) die();
      if (dead) await new Promise<never>(() => undefined);
    };
    const ring = async (instances: readonly string[]): Promise<void> => {
      // A host that dies meanwhile never answers.
      for (const instance of new Set(instances)) if (!dead) await Promise.race([host?.hub.raise(instance, "ring", {}), death.promise]);
    };
    /** What nobody can decide any more is not decided. */
    const taken = async (by: string, request: DecisionRequest): Promise<boolean> => {
      try {
        await decide(facts, index, request, by, isoOf(clock.now()));
        return true;
      } catch (refused) {
        if (refused instanceof Fault && refused.kind === "conflict") return false;
        throw refused;
      }
    };
    const team = simulatedTeam({
      host: () => host,
      index: () => index,
      ...(mood === undefined ? {} : { mood }),
      ...(options.whenHeld === undefined ? {} : { whenHeld: options.whenHeld }),
      async answer(by, request) {
        if (dead || !(await taken(by, request))) return;
        if (request.step !== undefined) await ring([stepInstance(run, request.step), ...(request.target === undefined ? [] : [targetInstance(run, request.step, request.target)])]);
      },
    });
    /** As the API does it: the fact first, then the doorbell. */
    const decided = async (by: string, request: DecisionRequest): Promise<void> => {
      if (dead || !(await taken(by, { id: digestOf([by, request]).slice(0, 16), ...request }))) return;
      await ring(whoWaits(stateOf(index, await facts.readAll(run), clock.now()), request));
    };
    /** Time stands still meanwhile. */
    const holding = async (work: () => Promise<void>): Promise<void> => {
      const release = host?.clock.hold();
      await work().finally(() => release?.());
    };
    const stored = options.storage?.(facts) ?? facts;
    const slow = slowHost(() => composed());
    const mortal: Journal = {
      ...stored,
      async append(...given) {
        await slow.beforeFact();
        await breath("before a fact", given[1]);
        const kept = await stored.append(...given);
        await breath("after a fact", given[1]);
        await slow.afterwards();
        return kept;
      },
    };
    const direct = directTransport(vendors, world);
    const travelled = road?.(direct.fetch, world.now) ?? direct.fetch;
    const composed = (): App =>
      composeLocal({
        clock,
        journal: teamAnswers ? team.hearing(mortal) : mortal,
        locks,
        plans,
        telemetry,
        handshake: direct.handshake,
        async fetch(input, init) {
          const { where } = destinationOfCall(input, init);
          await breath("before a call", where);
          const answer = await travelled(input, init);
          await breath("after a call", where);
          await slow.afterwards();
          return answer;
        },
        ring,
        ...(record === undefined ? {} : { record }),
        ...(options.workbookFile === undefined ? {} : { workbookFile: options.workbookFile }),
      });
    const app = slow.sharing(composed());
    host = await createHost({
      app: () => {
        registerOrchestrations();
        registerActivities(app);
      },
      store,
      clock: "virtual",
      startAt,
      // One after the other: work takes no virtual time, so nothing is lost, and the order of effects within one instant does
      // not hang on which SDK was loaded first.
      maxConcurrentActivities: 1,
      extendedSessions: true,
      directActivities: true,
      onNotice: (notice) => notices.push(notice),
      faults: {
        ...faults,
        overlaps(activity) {
          const standStill = options.overlaps?.(activity);
          return standStill === undefined ? undefined : slow.overlap(standStill);
        },
      },
      ...(options.activityLatencyMs === undefined ? {} : { activityLatencyMs: options.activityLatencyMs }),
    });
    void host.crashed.then(die);
    host.clock.at(Date.parse(plan.window.cutoff) + LONGEST_AFTER_CUTOFF_MS, () => giveUp("a day and a half after its cutoff it has not ended"), true);
    try {
      await facts.append(run, RUN_STREAM, 0, [
        { type: "run.started", at: isoOf(clock.now()), digest: plan.digest, by: "rehearsal", ...(options.guardedForMs === undefined ? {} : await codeOf(app)) },
      ]);
      team.catchUp(stateOf(index, await facts.readAll(run), clock.now()).asks);
      for (const { at, by, ...request } of decisions) {
        if (Date.parse(at) < clock.now()) await decided(by, request);
        else host.clock.at(Date.parse(at), () => void holding(() => decided(by, request)));
      }
      during?.(host);
      if ((await host.status(windowInstance(run))) === undefined) await Promise.race([host.start(WINDOW, { run, digest: plan.digest }, windowInstance(run)), death.promise]);
      if (options.guardedForMs === undefined) await host.waitFor(windowInstance(run));
      else if (!(await Promise.race([watched({ host, run, facts, look: guardOf(app), afterMs: options.guardedForMs }), death.promise]))) return undefined;
      const entries = await facts.readAll(run);
      return {
        state: stateOf(index, entries, clock.now()),
        entries,
        effects: vendors.effects(),
        notices,
        endedAt: isoOf(clock.now()),
        longestHistory: () => longestHistory(store),
      };
    } catch (thrown) {
      if (thrown instanceof Fault && thrown.kind === "unavailable") return undefined;
      if (dead) return undefined;
      throw thrown;
    } finally {
      if (!dead) await host.close();
    }
  }

  for (; lives < MOST_LIVES && endless === undefined; lives++) {
    const rehearsal = await live();
    if (rehearsal !== undefined) return rehearsal;
  }
  if (endless !== undefined) throw new Fault("overdue", `the rehearsal was given up: ${endless}`);
  throw new Fault("defect", `the rehearsal was killed ${MOST_LIVES} times without coming to an end`);
}

interface SlowHost {
  /** The app, as whoever asks for it has it: what a host keeps in its memory is not shared with another. */
  sharing(app: App): App;
  overlap(how: StandStill): Overlap;
  beforeFact(): Promise<void>;
  /** After a call or a fact. There is nothing between a call and what keeps it from leaving late; so it is not here that a host stands still before one. */
  afterwards(): Promise<void>;
}

/**
 * Another host, with an app of its own, for activities in the midst of which it stands still. What is its own is known by what it is run in:
 * the other one, the guard and people go on meanwhile.
 */
function slowHost(composed: () => App): SlowHost {
  const standing = new AsyncLocalStorage<Pick<SlowHost, "beforeFact" | "afterwards"> & { readonly app: App }>();
  return {
    sharing(app) {
      const conductor = new Proxy(app.conductor, { get: (own, name) => Reflect.get(standing.getStore()?.app.conductor ?? own, name) });
      return new Proxy(app, { get: (own, name) => (name === "conductor" ? conductor : Reflect.get(standing.getStore()?.app ?? own, name)) });
    },
    overlap({ after, forMs }) {
      const [still, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const standStill = (): Promise<void> => {
        still.resolve();
        return gone.promise;
      };
      let left = after ?? 0;
      const host = {
        app: composed(),
        beforeFact: () => (after === undefined && left-- === 0 ? standStill() : Promise.resolve()),
        afterwards: () => (after !== undefined && left-- === 0 ? standStill() : Promise.resolve()),
      };
      return {
        first: (call) => standing.run(host, call),
        still: still.promise,
        ...(forMs === undefined ? {} : { forMs }),
        goOn: () => gone.resolve(),
      };
    },
    beforeFact: async () => standing.getStore()?.beforeFact(),
    afterwards: async () => standing.getStore()?.afterwards(),
  };
}

/** What the start of a run says of the orchestrators that are deployed: they are under the guard's eyes. */
async function codeOf({ code }: App): Promise<{ code: CodeName }> {
  const { release, digest } = await code();
  return { code: { release, digest } };
}

function longestHistory(store: Store): { instance: string; events: number } {
  let longest = { instance: "", events: 0 };
  for (const { instanceId } of store.list({ top: Number.MAX_SAFE_INTEGER }).rows) {
    const events = store.history(instanceId).length;
    if (events > longest.events) longest = { instance: instanceId, events };
  }
  return longest;
}
