import type { Action } from "./actions.ts";
import { Future } from "./future.ts";
import { instantOfWire } from "./history-events.ts";
import type { HistoryEvent } from "./hub.ts";

/** Something the orchestrator wants done that history does not show yet. */
export type Decision =
  | { readonly kind: "activity"; readonly id: number; readonly name: string; readonly input: string | undefined }
  | { readonly kind: "child"; readonly id: number; readonly name: string; readonly version: string; readonly instanceId: string; readonly input: string | null }
  | { readonly kind: "timer"; readonly id: number; readonly fireAtMs: number };

/** A decision before it has its id. */
export type Wish = Decision extends infer D ? (D extends Decision ? Omit<D, "id"> : never) : never;

/** An action that has been started. */
export interface Started {
  readonly action: Action;
  readonly future: Future;
  readonly members: readonly Started[];
  /** `one`: a success of its id settles it. `several`: it may go on with another id after a success. */
  readonly takes: "none" | "one" | "several" | "compound";
  /** The id it waits for at the moment. */
  id: number | undefined;
}

/** Why an instance must fail, and by which rule of strict mode. */
export interface Refusal {
  readonly rule: string;
  readonly why: string;
}

/** Result of an activity or child as JSON text, or how it failed. */
export interface Failure {
  readonly reason: string;
  readonly nonRetriable: boolean;
}

/** Everything that one walk over a history builds up (2.6). Nothing of it outlives the turn. */
export class Board {
  /** Timestamp of the turn that is being walked through. Read on demand: most turns of a history never need it. */
  now = "";
  nextId = 0;
  /** Decisions that history has not shown yet, in the order of their ids. */
  pending = new Map<number, Decision>();
  readonly open = new Map<number, Future>();
  /** Live waiters and undelivered events, by lower-cased name. */
  readonly waiters = new Map<string, { readonly name: string; readonly future: Future }[]>();
  readonly buffered = new Map<string, HistoryEvent[]>();
  /** Events that the next generation gets. */
  readonly carried: HistoryEvent[] = [];
  continuation: { readonly input: string | null } | undefined;
  refusal: Refusal | undefined;
  /** Timers beyond six days that are being waited for, and those that came cancelled. */
  openLongTimers = 0;
  readonly cancelledLongTimers: Action[] = [];

  get nowMs(): number {
    return instantOfWire(this.now);
  }

  /** Takes the next id for `wish`. `for` hears which id it is. The answer settles with the completion. */
  decide(wish: Wish, started: Started): Future {
    const id = this.nextId++;
    const future = new Future();
    this.pending.set(id, { ...wish, id });
    this.open.set(id, future);
    started.id = id;
    return future;
  }

  /** Gives a buffered event, oldest first, or waits for one. */
  wait(name: string): Future {
    const key = name.toLowerCase();
    const buffer = this.buffered.get(key);
    const kept = buffer?.shift();
    if (buffer?.length === 0) this.buffered.delete(key);
    if (kept !== undefined) return Future.done(kept);
    const future = new Future();
    const waiters = this.waiters.get(key);
    if (waiters === undefined) this.waiters.set(key, [{ name, future }]);
    else waiters.push({ name, future });
    return future;
  }

  /** Gives an event to the newest waiter, or keeps it; after continue-as-new it goes to the next generation. */
  raise(event: HistoryEvent): void {
    if (this.continuation !== undefined) {
      this.carried.push(event);
      return;
    }
    const key = String(event["Name"]).toLowerCase();
    const waiters = this.waiters.get(key);
    const newest = waiters?.pop();
    if (waiters?.length === 0) this.waiters.delete(key);
    if (newest !== undefined) {
      newest.future.succeed(event);
      return;
    }
    const buffer = this.buffered.get(key);
    if (buffer === undefined) this.buffered.set(key, [event]);
    else buffer.push(event);
  }

  /** Names that live waiters wait for, as the orchestrator spells them. */
  waitedNames(): string[] {
    return [...this.waiters.values()].flatMap((waiters) => waiters.map(({ name }) => name));
  }

  refuse(rule: string, why: string): void {
    this.refusal ??= { rule, why };
  }
}
