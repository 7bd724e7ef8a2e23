import type { HistoryEvent, InstanceFilter } from "./hub.ts";
import { isFinished } from "./store.ts";
import type { Change, HubMark, InstanceRow, Message, Store, Timer, Work } from "./store.ts";
import { Fault } from "../../shared/fault/fault.ts";

/** Instances of a page when the caller does not say. */
export const PAGE_SIZE = 100;

/**
 * A store that lives as long as this object: a host that was killed or closed can be followed by another on
 * the same object, which finds what was committed.
 */
export function memoryStore(): Store {
  let mark: HubMark | undefined;
  let owned = false;
  const instances = new Map<string, InstanceRow>();
  const histories = new Map<string, HistoryEvent[]>();
  const messages = new Map<number, Message>();
  const work = new Map<number, Work>();
  const timers = new Map<string, Map<string, Timer>>();
  const keyOf = ({ executionId, timerId }: Timer): string => `${executionId} ${timerId}`;

  const apply = (change: Change): void => {
    for (const instanceId of change.purged ?? []) {
      instances.delete(instanceId);
      histories.delete(instanceId);
      for (const [seq, row] of messages) if (row.instanceId === instanceId) messages.delete(seq);
      for (const [seq, row] of work) if (row.instanceId === instanceId) work.delete(seq);
      timers.delete(instanceId);
    }
    for (const row of change.instances ?? []) instances.set(row.instanceId, row);
    for (const { instanceId, replaces, events } of change.history ?? []) {
      const before = replaces ? undefined : histories.get(instanceId);
      // Nobody changes an event: who marks one as played makes another.
      if (before === undefined) histories.set(instanceId, [...events]);
      else before.push(...events);
    }
    for (const seq of change.messagesDone ?? []) messages.delete(seq);
    for (const row of change.messages ?? []) messages.set(row.seq, row);
    for (const seq of change.workDone ?? []) work.delete(seq);
    for (const row of change.work ?? []) work.set(row.seq, row);
    for (const instanceId of change.timersDropped ?? []) timers.delete(instanceId);
    for (const row of change.timersDone ?? []) timers.get(row.instanceId)?.delete(keyOf(row));
    for (const row of change.timers ?? []) {
      const ofInstance = timers.get(row.instanceId) ?? new Map<string, Timer>();
      timers.set(row.instanceId, ofInstance.set(keyOf(row), row));
    }
  };

  return {
    open() {
      if (owned) throw new Fault("conflict", "this memory store is owned by another host; close that one first");
      owned = true;
      const unfinished = [...instances.values()].filter(({ status }) => !isFinished(status));
      return {
        mark,
        instances: unfinished.map((row) => ({ row, history: (histories.get(row.instanceId) ?? []).map(played) })),
        messages: [...messages.values()].sort((a, b) => a.seq - b.seq),
        work: [...work.values()].sort((a, b) => a.seq - b.seq),
        timers: [...timers.values()].flatMap((ofInstance) => [...ofInstance.values()]),
      };
    },
    apply(changes, nextMark) {
      if (!owned) throw new Fault("conflict", "this memory store is not open; its host was closed");
      for (const change of changes) apply(change);
      mark = nextMark;
    },
    instance: (instanceId) => instances.get(instanceId),
    history: (instanceId) => (histories.get(instanceId) ?? []).map(played),
    list: (filter) => page([...instances.values()].filter((row) => matches(row, filter)).sort(byCreation), filter),
    close() {
      owned = false;
    },
  };
}

/** An event of a committed turn; `OrchestratorStarted` alone is never marked (2.9). */
export function played(event: HistoryEvent): HistoryEvent {
  return { ...event, IsPlayed: event.EventType !== 12 };
}

function byCreation(a: InstanceRow, b: InstanceRow): number {
  return a.createdMs - b.createdMs || (a.instanceId < b.instanceId ? -1 : a.instanceId > b.instanceId ? 1 : 0);
}

function matches(row: InstanceRow, { instanceIdPrefix, createdTimeFrom, createdTimeTo, runtimeStatus }: InstanceFilter): boolean {
  if (instanceIdPrefix !== undefined && !row.instanceId.startsWith(instanceIdPrefix)) return false;
  if (createdTimeFrom !== undefined && row.createdMs < Date.parse(createdTimeFrom)) return false;
  if (createdTimeTo !== undefined && row.createdMs > Date.parse(createdTimeTo)) return false;
  return runtimeStatus === undefined || runtimeStatus.length === 0 || runtimeStatus.includes(row.status);
}

function page(rows: readonly InstanceRow[], { top = PAGE_SIZE, continuationToken }: InstanceFilter): ReturnType<Store["list"]> {
  const after = continuationToken === undefined || continuationToken === "" ? undefined : parseToken(continuationToken);
  const from = after === undefined ? rows : rows.filter((row) => row.createdMs > after.createdMs || (row.createdMs === after.createdMs && row.instanceId > after.instanceId));
  const shown = from.slice(0, top);
  const last = shown.at(-1);
  return from.length > shown.length && last !== undefined ? { rows: shown, continuationToken: tokenOf(last) } : { rows: shown };
}

/** Names the last row of a page. */
export function tokenOf({ createdMs, instanceId }: { createdMs: number; instanceId: string }): string {
  return Buffer.from(JSON.stringify([createdMs, instanceId])).toString("base64url");
}

/** @throws Fault `invalid` for a text that no page gave out. */
export function parseToken(token: string): { createdMs: number; instanceId: string } {
  try {
    const [createdMs, instanceId] = JSON.parse(Buffer.from(token, "base64url").toString()) as [unknown, unknown];
    if (typeof createdMs === "number" && typeof instanceId === "string") return { createdMs, instanceId };
  } catch {
    // Falls through to the fault: not JSON is as unknown as JSON of another shape.
  }
  throw new Fault("invalid", `continuation token ${JSON.stringify(token)} was not given out by this host; take it from the previous page`);
}
