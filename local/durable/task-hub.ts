import { createHash } from "node:crypto";
import { isoOf } from "../../shared/ports/clock.ts";
import type { Engine } from "./engine.ts";
import { eventRaised, executionResumed, executionStarted, executionSuspended, executionTerminated } from "./history-events.ts";
import type { HistoryEvent, HubAnswer, InstanceFilter, InstanceStatus, TaskHub } from "./hub.ts";
import type { Live } from "./live.ts";
import { eventNameRule, instanceIdRule } from "./names.ts";
import { isFinished } from "./store.ts";
import type { InstanceRow, Message, Store } from "./store.ts";
import { valueNotices } from "./strict-turn.ts";
import { newRow } from "./turn-change.ts";
import { rewindPlan } from "./rewind.ts";

/** Whether a start may replace an instance that is running (4.4). */
export type OverridableStates = "NonRunningStates" | "AnyState";

export interface TaskHubOptions {
  readonly name: string;
  readonly engine: Engine;
  readonly store: Store;
  readonly overridableExistingInstanceStates: OverridableStates;
}

/** Longest start input that Azure is known to take, in characters. */
const LARGEST_INPUT = 10 * 1024 * 1024;
const MOST_PURGED_PER_PAGE = 500;

type Started = Awaited<ReturnType<TaskHub["start"]>>;

/** The management operations of a hub (section 4), on the engine that runs it. */
export function taskHub({ name: hubName, engine, store, overridableExistingInstanceStates }: TaskHubOptions): TaskHub {
  const { clock, strict, notice } = engine.options;
  const rowOf = (instanceId: string): InstanceRow | undefined => engine.lives.get(instanceId)?.row ?? store.instance(instanceId);

  const begin = async (name: string, inputJson: string | null, instanceId: string, version: string): Promise<void> => {
    const nowMs = clock.now();
    const executionId = engine.nextExecutionId(instanceId);
    const row = newRow({ instanceId, executionId, name, version, input: inputJson, parent: null }, nowMs);
    const message: Message = { seq: engine.nextSeq(), instanceId, executionId, event: executionStarted(nowMs, row) };
    // Known from now on, so that a second start of the same breath finds it.
    engine.forget(instanceId);
    engine.lives.set(instanceId, engine.newLive(row));
    await engine.commit({ purged: [instanceId], instances: [row], history: [{ instanceId, replaces: true, events: [] }], messages: [message] });
    engine.deliver(message);
  };

  const start = async (name: string, inputJson: string | null, instanceId: string, version: string): Promise<Started> => {
    const known = engine.knownOrchestrators.get(name.toLowerCase());
    if (known === undefined) return refused(400, `no orchestrator is called "${name}"; the app has ${[...engine.knownOrchestrators.values()].sort().join(", ") || "none"}`);
    const invalid = instanceIdRule(instanceId);
    if (invalid !== undefined) return refused(400, invalid);
    if (strict && (inputJson?.length ?? 0) > LARGEST_INPUT)
      return refused(400, `the input has ${inputJson?.length} characters; Azure refuses more than about ${LARGEST_INPUT}. Store it and send a reference`);
    const existing = rowOf(instanceId);
    if (existing !== undefined && !isFinished(existing.status) && overridableExistingInstanceStates === "NonRunningStates") {
      return refused(strict ? 409 : 500, `an orchestration instance with the id ${instanceId} already exists in status ${existing.status}`);
    }
    if (strict && inputJson !== null) for (const each of valueNotices("the input of the start", inputJson, instanceId, false)) notice(each);
    await begin(known, inputJson, instanceId, version);
    return { did: "accepted", instanceId };
  };

  /** Sends a message to an instance that has not ended. */
  const send = async (instanceId: string, eventOf: (nowMs: number) => HistoryEvent, check?: (live: Live) => HubAnswer | undefined): Promise<HubAnswer> => {
    const live = engine.lives.get(instanceId);
    if (live === undefined) return store.instance(instanceId) === undefined ? { did: "absent" } : { did: "gone" };
    const answer = check?.(live);
    if (answer !== undefined) return answer;
    const message: Message = { seq: engine.nextSeq(), instanceId, executionId: null, event: eventOf(clock.now()) };
    await engine.commit({ messages: [message] });
    engine.deliver(message);
    return { did: "accepted" };
  };

  const purge = async (instanceId: string): Promise<{ instancesDeleted: number } | undefined> => {
    if (rowOf(instanceId) === undefined) return undefined;
    engine.forget(instanceId);
    await engine.commit({ purged: [instanceId] });
    return { instancesDeleted: 1 };
  };

  return {
    name: hubName,

    start: (name, input, instanceId, version = "") => start(name, jsonOf(input), instanceId ?? derivedId(hubName, name, engine.nextSeq(), clock.now()), version),

    raise: (instanceId, eventName, data) =>
      send(
        instanceId,
        (nowMs) => eventRaised(nowMs, eventName, jsonOf(data)),
        ({ row }) => {
          const large =
            (jsonOf(data)?.length ?? 0) > LARGEST_INPUT
              ? `the event's data have more than ${LARGEST_INPUT} characters, which Azure refuses. Store them and send a reference`
              : undefined;
          const wrong = strict ? (large ?? eventNameRule(eventName, row.waits)) : undefined;
          return wrong === undefined ? undefined : refused(400, wrong);
        },
      ),

    terminate: (instanceId, reason) => send(instanceId, (nowMs) => executionTerminated(nowMs, reason)),

    suspend: (instanceId, reason) =>
      send(
        instanceId,
        (nowMs) => executionSuspended(nowMs, reason),
        (live) => (live.statusSoon === "Suspended" ? refused(500, `instance ${instanceId} is suspended already`) : undefined),
      ),

    resume: (instanceId, reason) =>
      send(
        instanceId,
        (nowMs) => executionResumed(nowMs, reason),
        (live) => (live.statusSoon === "Suspended" ? undefined : refused(500, `instance ${instanceId} is not suspended`)),
      ),

    async rewind(instanceId, reason) {
      const row = rowOf(instanceId);
      if (row === undefined) return { did: "absent" };
      if (!isFinished(row.status)) return refused(500, `instance ${instanceId} is ${row.status}; only a failed instance can be rewound`);
      if (row.status !== "Failed") return { did: "gone" };
      const plan = await rewindPlan(row, { store, reason, nowMs: clock.now(), replay: (...given) => engine.replay(...given) });
      if (!plan.ok) return refused(409, plan.why);
      await engine.revive(plan.instances);
      return { did: "accepted" };
    },

    async restart(instanceId, withNewInstanceId) {
      const row = rowOf(instanceId);
      if (row === undefined) return refused(400, `no instance has the id ${instanceId}`);
      if (withNewInstanceId) return start(row.name, row.input, derivedId(hubName, row.name, engine.nextSeq(), clock.now()), row.version);
      if (!isFinished(row.status)) return refused(400, `instance ${instanceId} is ${row.status}; it can be restarted under its own id when it has ended`);
      return start(row.name, row.input, instanceId, row.version);
    },

    purge,

    async purgeBy(filter) {
      let instancesDeleted = 0;
      let continuationToken: string | undefined;
      do {
        const page = store.list({ ...filter, top: MOST_PURGED_PER_PAGE, ...(continuationToken === undefined ? {} : { continuationToken }) });
        const finished = page.rows.filter(({ status }) => isFinished(status)).map(({ instanceId }) => instanceId);
        if (finished.length > 0) await engine.commit({ purged: finished });
        instancesDeleted += finished.length;
        continuationToken = page.continuationToken;
      } while (continuationToken !== undefined);
      return { instancesDeleted };
    },

    async status(instanceId) {
      const row = store.instance(instanceId);
      return row === undefined ? undefined : statusOf(row);
    },

    async list(filter: InstanceFilter) {
      const { rows, continuationToken } = store.list(filter);
      const instances = rows.map(statusOf);
      return continuationToken === undefined ? { instances } : { instances, continuationToken };
    },

    names(runtimeStatus) {
      return store.list({ runtimeStatus, top: Number.MAX_SAFE_INTEGER }).rows.map(({ instanceId, name }) => ({ instanceId, name }));
    },

    async history(instanceId) {
      return store.instance(instanceId) === undefined ? undefined : store.history(instanceId);
    },
  };
}

function refused<S extends 400 | 409 | 500>(status: S, why: string): { did: "refused"; status: S; why: string } {
  return { did: "refused", status, why };
}

function jsonOf(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

/** Looks like a GUID without dashes, as Azure's do, but is the same in every repetition of a run. */
function derivedId(hubName: string, name: string, serial: number, nowMs: number): string {
  return createHash("sha256").update(`instance|${hubName}|${name}|${serial}|${nowMs}`).digest("hex").slice(0, 32);
}

/** A row as the status API shows it. */
export function statusOf(row: InstanceRow): InstanceStatus {
  return {
    name: row.name,
    instanceId: row.instanceId,
    executionId: row.executionId,
    runtimeStatus: row.status,
    input: valueOf(row.input),
    customStatus: valueOf(row.customStatus),
    output: valueOf(row.output),
    createdTime: isoOf(row.createdMs),
    lastUpdatedTime: isoOf(row.updatedMs),
    ...(row.waitsFor.length === 0 ? {} : { waitsFor: row.waitsFor }),
  };
}

function valueOf(json: string | null): unknown {
  return json === null ? null : (JSON.parse(json) as unknown);
}
