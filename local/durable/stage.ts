import * as df from "durable-functions";
import type { OrchestrationContext } from "durable-functions";
import { createHost } from "../harness.ts";
import type { HostOptions, LocalHost } from "../harness.ts";
import type { HistoryEvent } from "./hub.ts";

/** What the conformance tests share: a host at a fixed instant, and histories as short texts. For tests only. */
export const START = "2030-01-05T20:00:00.000Z";
export const START_MS = Date.parse(START);

/** The instant that many seconds after the start. */
export const at = (seconds: number): Date => new Date(START_MS + seconds * 1000);

export const DAY = 24 * 3600;

export function orchestration(name: string, body: (ctx: OrchestrationContext) => Generator<df.Task, unknown, never>): void {
  df.app.orchestration(name, body as df.OrchestrationHandler);
}

export function activity(name: string, body: (input: never) => unknown): void {
  df.app.activity(name, { handler: body as unknown as df.ActivityHandler });
}

/** A host with a virtual clock that stands at `START`; `A` returns its input plus one. */
export function hostOf(register: () => void, options: Partial<HostOptions> = {}): Promise<LocalHost> {
  return createHost({ startAt: START, ...options, app: register });
}

/** Deadline `seconds` after the orchestrator's present time. */
export function later(ctx: OrchestrationContext, seconds: number): Date {
  return new Date(ctx.df.currentUtcDateTime.getTime() + seconds * 1000);
}

/** A history as kinds with ids, turns separated by `|`, without 12 and 13: `0 4#0 | 5 1`. */
export function kinds(history: readonly HistoryEvent[] | undefined): string {
  const turns: string[][] = [];
  for (const { EventType, EventId } of history ?? []) {
    if (EventType === 12) turns.push([]);
    else if (EventType !== 13) turns.at(-1)?.push(EventId >= 0 && EventType !== 1 ? `${EventType}#${EventId}` : `${EventType}`);
  }
  return turns.map((turn) => turn.join(" ")).join(" | ");
}

/** Seconds after the start at which the events of one kind were written. */
export function secondsOf(history: readonly HistoryEvent[] | undefined, kind: number): number[] {
  return (history ?? []).filter(({ EventType }) => EventType === kind).map(({ Timestamp }) => (Date.parse(Timestamp) - START_MS) / 1000);
}
