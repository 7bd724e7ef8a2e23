import { collectApp, loadApp } from "./app.ts";
import type { AppSource, LoadedApp } from "./app.ts";
import type { HostClock, Release } from "./clock.ts";
import { Engine } from "./durable/engine.ts";
import type { ActivityLatency } from "./durable/activity-runner.ts";
import type { CrashPoint, Faults } from "./durable/faults.ts";
import type { HistoryEvent, HubAnswer, InstanceStatus, Strictness, TaskHub } from "./durable/hub.ts";
import type { Notice } from "./durable/notice.ts";
import { fileStore } from "./durable/store-file.ts";
import { memoryStore } from "./durable/store-memory.ts";
import { isFinished } from "./durable/store.ts";
import type { Store } from "./durable/store.ts";
import { taskHub } from "./durable/task-hub.ts";
import type { OverridableStates } from "./durable/task-hub.ts";
import { invokerOf } from "./invocation.ts";
import { realClock } from "./real-clock.ts";
import { virtualClock } from "./virtual-clock.ts";
import { Fault } from "../shared/fault/fault.ts";

export interface HostOptions {
  /**
   * The app, unmodified: its directory, one file of it, or a callback that registers functions with `df.app.*`
   * and `app.*`. An app that was loaded already may be given as it is.
   */
  readonly app: AppSource | LoadedApp;
  /**
   * Where instances are kept. `memory` (the default) ends with the host; a file outlives it, kill -9 included; a
   * `Store` of your own making can be handed from one host to the next.
   */
  readonly store?: "memory" | { readonly file: string } | Store;
  /**
   * `virtual` (the default): time stands still until `advanceTo`, `waitFor` or `letTimePass` moves it, in jumps.
   * A number: time passes by itself, that many times as fast as the machine's. `real`: the machine's own time.
   */
  readonly clock?: "real" | "virtual" | number;
  /** Where a virtual clock begins: a `Date`, ISO text, or milliseconds since the epoch. A store that is further on wins. */
  readonly startAt?: Instant;
  /** Milliseconds of the host's clock that each activity takes, or a function of its name and input. Default 0. */
  readonly activityLatencyMs?: ActivityLatency;
  /** True (the default): what Azure would lose or let hang in silence is refused aloud. False: as on Azure. See `Strictness`. */
  readonly strict?: Strictness;
  /** Activities at work at the same time. Default 50. */
  readonly maxConcurrentActivities?: number;
  /** Whether a start may replace a running instance of the same id. Default `NonRunningStates`. */
  readonly overridableExistingInstanceStates?: OverridableStates;
  /** Highest protocol version that the host offers the SDK: 2 (the default) or 3. */
  readonly upperSchemaVersionNew?: 2 | 3;
  /**
   * True: an orchestrator stays in memory between its turns and goes on where it stood, as the extension's setting of that name
   * has it. False (the default): every turn is a replay, so that one which is not deterministic is found out at once.
   */
  readonly extendedSessions?: boolean;
  /** True: activities without further inputs and outputs are called past the library's conversions. Default false. */
  readonly directActivities?: boolean;
  readonly hubName?: string;
  /** Misfortunes to inject: crashes, doubled and late messages, activities that run twice. */
  readonly faults?: Faults;
  /** Hears every notice of strict mode; they are also kept in `notices`. */
  readonly onNotice?: (notice: Notice) => void;
}

/** An instant: a `Date`, ISO 8601 text with an offset, or milliseconds since the epoch. */
export type Instant = Date | string | number;

/** A host that runs one app. Every method that changes an instance resolves when the change is durable. */
export interface LocalHost extends AsyncDisposable {
  readonly app: LoadedApp;
  readonly clock: HostClock;
  /** The raw management operations, for a server: they answer, and do not throw. */
  readonly hub: TaskHub;
  /** What strict mode had to say so far. */
  readonly notices: readonly Notice[];
  /** Resolves with the point at which a fault killed the host. */
  readonly crashed: Promise<CrashPoint>;

  /** Starts an orchestration; without an id one is made. @throws Fault `rejected` when it is refused. */
  start(name: string, input?: unknown, instanceId?: string): Promise<string>;
  /** Raises an event. @throws Fault `absent` for an unknown instance, `conflict` for an ended one, `rejected` for a bad name. */
  raise(instanceId: string, eventName: string, data?: unknown): Promise<void>;
  /** Ends an instance where it stands; children and running activities go on. @throws as `raise`. */
  terminate(instanceId: string, reason?: string): Promise<void>;
  /** Lets an instance schedule nothing more until `resume`. @throws as `raise`. */
  suspend(instanceId: string, reason?: string): Promise<void>;
  /** @throws as `raise`. */
  resume(instanceId: string, reason?: string): Promise<void>;
  /** Takes a failed instance back to before its failed tasks, which run again. @throws as `raise`; `rejected` where that cannot be done soundly. */
  rewind(instanceId: string, reason?: string): Promise<void>;
  /** Starts an instance anew with the same input, under a new id unless told otherwise. Resolves with the id. */
  restart(instanceId: string, withNewInstanceId?: boolean): Promise<string>;
  /** Forgets an instance and its history, whatever its state. Resolves with how many there were: 0 or 1. */
  purge(instanceId: string): Promise<number>;

  status(instanceId: string): Promise<InstanceStatus | undefined>;
  /** Raw events of the current generation, as the extension writes them; undefined for an unknown instance. */
  history(instanceId: string): Promise<readonly HistoryEvent[] | undefined>;
  /**
   * Resolves with the status of an instance when it has ended. A virtual clock moves by itself meanwhile.
   *
   * @throws Fault `conflict` when nothing can happen any more until someone acts; `unavailable` when the host dies.
   */
  waitFor(instanceId: string): Promise<InstanceStatus>;

  /** Moves a virtual clock, working off everything due on the way. @throws Fault `invalid` for the past, or for the real clock. */
  advanceTo(instant: Instant): Promise<void>;
  /** Lets a virtual clock move by itself until the answer is called. */
  letTimePass(): Release;
  /** Resolves when nothing can run until someone acts or time moves. */
  idle(): Promise<void>;

  /** Dies as by kill -9: what was not durable is lost. The store can be opened by another host at once. */
  kill(): void;
  /** Ends in order: runs the app's `appTerminate` hooks and lets go of the store. Activities at work are not waited for. */
  close(): Promise<void>;
}

const DEFAULT_START = Date.parse("2030-01-05T20:00:00.000Z");
const DEFAULT_ACTIVITIES = 50;

/**
 * Runs a Durable Functions app in this process, without Azure.
 *
 * The app's own functions are called through its own copy of `@azure/functions` and `durable-functions`; what the
 * host answers is what the Durable extension would. With a virtual clock a run is repeatable: the same app, input
 * and faults give the same histories, ids and times.
 *
 * ```ts
 * await using host = await createHost({ app: "./my-app", clock: "virtual", startAt: "2030-01-05T20:00:00Z" });
 * const id = await host.start("approval", { order: 7 });
 * await host.advanceTo("2030-01-06T20:00:00Z");
 * const status = await host.status(id);
 * ```
 *
 * @throws Fault `invalid` or `absent` when the app cannot be loaded, `conflict` when another host has the store.
 */
export async function createHost(options: HostOptions): Promise<LocalHost> {
  const { clock: kind = "virtual", strict = true, hubName = "LocalHub" } = options;
  const app = await appOf(options.app);
  const store = storeOf(options.store ?? "memory");
  const snapshot = store.open();
  const startAtMs = Math.max(instantMs(options.startAt ?? DEFAULT_START), snapshot.mark?.nowMs ?? 0);
  const virtual = kind === "real" ? undefined : virtualClock({ startAtMs, ...(typeof kind === "number" ? { speed: kind } : {}) });
  const clock: HostClock = virtual ?? realClock();
  const notices: Notice[] = [];
  const engine = new Engine({
    store,
    clock,
    strict,
    hubName,
    invoker: invokerOf(app, app.surroundings, { directActivities: options.directActivities ?? false }),
    inRounds: virtual !== undefined,
    groupCommits: isDurable(options.store),
    maxConcurrentActivities: options.maxConcurrentActivities ?? DEFAULT_ACTIVITIES,
    activityLatencyMs: options.activityLatencyMs,
    upperSchemaVersionNew: options.upperSchemaVersionNew ?? 2,
    extendedSessions: options.extendedSessions ?? false,
    faults: options.faults ?? {},
    notice: (notice) => {
      notices.push(notice);
      options.onNotice?.(notice);
    },
  });
  const hub = taskHub({ name: hubName, engine, store, overridableExistingInstanceStates: options.overridableExistingInstanceStates ?? "NonRunningStates" });

  let ended = false;
  const end = (): void => {
    ended = true;
    clock.close();
    store.close();
  };
  const crashed = new Promise<CrashPoint>((resolve) => {
    engine.onCrash((point) => {
      end();
      resolve(point);
    });
  });
  const death = crashed.then((point) => {
    throw new Fault("unavailable", `the host was killed at its crash point "${point.at}"; create another one on the same store`);
  });
  // Heard only by whoever waits for an instance.
  death.catch(() => {});

  const alive = (): TaskHub => {
    if (ended) throw new Fault("unavailable", "the host has ended; create another one on the same store");
    return hub;
  };

  const survived = <T>(work: Promise<T>): Promise<T> => Promise.race([work, death]);

  engine.begin(snapshot);
  if (typeof kind === "number") virtual?.run();

  return {
    app,
    clock,
    hub,
    notices,
    crashed,

    async start(name, input, instanceId) {
      const answer = await survived(alive().start(name, input, instanceId));
      if (answer.did === "refused") throw new Fault("rejected", answer.why);
      return answer.instanceId;
    },
    raise: async (instanceId, eventName, data) => expectAccepted(await survived(alive().raise(instanceId, eventName, data)), instanceId),
    terminate: async (instanceId, reason = "") => expectAccepted(await survived(alive().terminate(instanceId, reason)), instanceId),
    suspend: async (instanceId, reason = "") => expectAccepted(await survived(alive().suspend(instanceId, reason)), instanceId),
    resume: async (instanceId, reason = "") => expectAccepted(await survived(alive().resume(instanceId, reason)), instanceId),
    rewind: async (instanceId, reason = "") => expectAccepted(await survived(alive().rewind(instanceId, reason)), instanceId),
    async restart(instanceId, withNewInstanceId = true) {
      const answer = await survived(alive().restart(instanceId, withNewInstanceId));
      if (answer.did === "refused") throw new Fault("rejected", answer.why);
      return answer.instanceId;
    },
    purge: async (instanceId) => (await survived(alive().purge(instanceId)))?.instancesDeleted ?? 0,

    status: async (instanceId) => alive().status(instanceId),
    history: async (instanceId) => alive().history(instanceId),

    async waitFor(instanceId) {
      const endedStatus = async (): Promise<InstanceStatus | undefined> => {
        const status = await survived(alive().status(instanceId));
        if (status === undefined && !engine.lives.has(instanceId)) throw new Fault("absent", `no instance has the id ${instanceId}`);
        return status !== undefined && isFinished(status.runtimeStatus) ? status : undefined;
      };
      const before = await endedStatus();
      if (before !== undefined) return before;
      const stop = virtual?.run();
      try {
        await Promise.race([engine.finished(instanceId), death, ...(virtual === undefined ? [] : [virtual.quiet()])]);
      } finally {
        stop?.();
      }
      const status = await endedStatus();
      if (status !== undefined) return status;
      const waits = engine.lives.get(instanceId)?.row.waits ?? [];
      throw new Fault("conflict", `instance ${instanceId} cannot go on: nothing runs and no timer is set${waits.length > 0 ? `; it waits for the event ${waits.join(", ")}` : ""}`);
    },

    async advanceTo(instant) {
      if (virtual === undefined) throw new Fault("invalid", 'the real clock cannot be advanced; create the host with clock: "virtual" or a speed');
      await Promise.race([virtual.advanceTo(instantMs(instant)), death]);
    },
    letTimePass: () => virtual?.run() ?? (() => {}),
    async idle() {
      do {
        await Promise.race([engine.busy.none(), death]);
        await Promise.race([virtual?.settled(), death]);
      } while (engine.busy.count > 0);
    },

    kill() {
      if (ended) return;
      engine.kill();
      end();
    },
    close: async () => close(),
    [Symbol.asyncDispose]: async () => close(),
  };

  async function close(): Promise<void> {
    if (ended) return;
    engine.close();
    end();
    await app.stop();
  }
}

async function appOf(source: HostOptions["app"]): Promise<LoadedApp> {
  if (typeof source === "string") return loadApp(source);
  return typeof source === "function" ? collectApp(source) : source;
}

function storeOf(store: NonNullable<HostOptions["store"]>): Store {
  if (store === "memory") return memoryStore();
  return "file" in store ? fileStore(store.file) : store;
}

function isDurable(store: HostOptions["store"]): boolean {
  return typeof store === "object" && "file" in store;
}

function instantMs(instant: Instant): number {
  const ms = typeof instant === "number" ? instant : instant instanceof Date ? instant.getTime() : Date.parse(instant);
  if (!Number.isFinite(ms))
    throw new Fault("invalid", `${JSON.stringify(instant)} is not an instant; expected a Date, ISO text such as 2030-01-05T20:00:00Z, or milliseconds since the epoch`);
  return ms;
}

function expectAccepted(answer: HubAnswer, instanceId: string): void {
  switch (answer.did) {
    case "accepted":
      return;
    case "absent":
      throw new Fault("absent", `no instance has the id ${instanceId}`);
    case "gone":
      throw new Fault("conflict", `instance ${instanceId} has ended`);
    case "refused":
      throw new Fault("rejected", answer.why);
  }
}
