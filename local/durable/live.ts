import type { Cancel } from "../clock.ts";
import { EVENT, completedId, instantOfWire, schedules } from "./history-events.ts";
import type { HistoryEvent, RuntimeStatus } from "./hub.ts";
import { played } from "./store-memory.ts";
import type { InstanceRow, Message, Timer } from "./store.ts";
import type { Started } from "./board.ts";
import type { Session } from "./session.ts";

/** A message in memory. A fired timer is one too; its row in the store is the timer's. */
export interface Delivery extends Message {
  readonly timer?: Timer;
  /** A copy made by fault injection: there is nothing in the store to remove. */
  readonly isCopy?: boolean;
}

/** An instance that has not ended, as the host holds it in memory. */
export class Live {
  row: InstanceRow;
  readonly #isSent: (event: HistoryEvent) => boolean;
  past: HistoryEvent[] = [];
  /** Where the last turn left the orchestrator, as long as that is kept. */
  session: Session | undefined;
  /** The JSON of the past as far as it has been written, and how many events that are. */
  #written = { json: "", events: 0 };
  /** What history shows as scheduled and not yet completed: id → what and since when. */
  readonly scheduled = new Map<number, { readonly kind: number; readonly name: string; readonly sinceMs: number }>();
  inbox: Delivery[] = [];
  readonly timers = new Map<number, Cancel>();
  /** A turn is being taken or written. */
  busy = false;
  /** A turn is due at a later moment, because its messages are being gathered. */
  gathering: NodeJS.Timeout | undefined;
  /** When that is, on the machine's own counter of milliseconds. */
  gatherUntil = 0;
  /** When the messages were last looked at as a whole. */
  weighedAt = 0;
  /** Activities and sub-orchestrations that history shows as open. */
  openWork = 0;
  /** The one action that everything waits for; undefined when host and orchestrator may see that differently. */
  waitsOn: Started | undefined;
  /** How long the last turn took, in real milliseconds. */
  lastTurnMs = 0;

  /** @param isSent - whether the SDK is sent an event; it replays faster without those that it ignores. */
  constructor(row: InstanceRow, history: readonly HistoryEvent[], isSent: (event: HistoryEvent) => boolean) {
    this.row = row;
    this.#isSent = isSent;
    this.append(history.map(played), false);
  }

  /** Adds committed events, which are played from now on. */
  append(events: readonly HistoryEvent[], replaces: boolean): void {
    if (replaces) {
      this.past = [];
      this.#written = { json: "", events: 0 };
      this.scheduled.clear();
      this.openWork = 0;
    }
    for (const event of events) {
      const done = played(event);
      this.past.push(done);
      if (schedules(done)) this.openWork += weightOf(done.EventType);
      if (schedules(done))
        this.scheduled.set(done.EventId, { kind: done.EventType, name: (done["Name"] as string | undefined) ?? "timer", sinceMs: instantOfWire(done.Timestamp) });
      const completed = completedId(done);
      if (completed === undefined) continue;
      this.openWork -= weightOf(this.scheduled.get(completed)?.kind);
      this.scheduled.delete(completed);
    }
  }

  /** JSON of the past, joined by commas, as far as the SDK is sent it. */
  pastJson(): string {
    let { json } = this.#written;
    for (const event of this.past.slice(this.#written.events)) if (this.#isSent(event)) json += `${json === "" ? "" : ","}${JSON.stringify(event)}`;
    this.#written = { json, events: this.past.length };
    return json;
  }

  /** Its status, as it is or is about to be: whether it has been told to suspend or to resume. */
  get statusSoon(): RuntimeStatus {
    const last = this.inbox.findLast(({ event }) => event.EventType === EVENT.executionSuspended || event.EventType === EVENT.executionResumed);
    if (last === undefined) return this.row.status;
    return last.event.EventType === EVENT.executionSuspended ? "Suspended" : "Running";
  }

  /** Stops every timer, as at the end of a generation. */
  dropTimers(): void {
    for (const cancel of this.timers.values()) cancel();
    this.timers.clear();
  }
}

/** Timers do not count as work: nothing is gained by waiting for one. */
function weightOf(kind: number | undefined): number {
  return kind === undefined || kind === EVENT.timerCreated ? 0 : 1;
}
