import type { ParentInstance } from "./history-events.ts";
import type { HistoryEvent, InstanceFilter, RuntimeStatus } from "./hub.ts";

/** One instance as it is stored. Texts are JSON unless said otherwise. */
export interface InstanceRow {
  readonly instanceId: string;
  readonly executionId: string;
  readonly name: string;
  readonly version: string;
  readonly status: RuntimeStatus;
  readonly input: string | null;
  readonly output: string | null;
  readonly customStatus: string | null;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly parent: ParentInstance | null;
  /** Length of the action list in the last turn. */
  readonly actionsSeen: number;
  /** Event names that are waited for, as the orchestrator spells them. */
  readonly waits: readonly string[];
  /** What keeps an orchestrator that has returned from ending. */
  readonly waitsFor: readonly string[];
}

/** Something that has arrived for an instance and is not in its history yet. */
export interface Message {
  /** Unique within the hub; the order of arrival. */
  readonly seq: number;
  readonly instanceId: string;
  /** The execution it is meant for; null for whichever is current. */
  readonly executionId: string | null;
  readonly event: HistoryEvent;
}

/** An activity to run, or running: it stays until its answer is stored. */
export interface Work {
  readonly seq: number;
  readonly instanceId: string;
  readonly executionId: string;
  readonly taskId: number;
  readonly name: string;
  /** JSON text; null for none. */
  readonly input: string | null;
}

export interface Timer {
  readonly instanceId: string;
  readonly executionId: string;
  readonly timerId: number;
  readonly fireAtMs: number;
}

/** What one step of the host changes. It becomes visible and durable as a whole or not at all. */
export interface Change {
  readonly instances?: readonly InstanceRow[];
  /** Instances to forget with all that belongs to them. */
  readonly purged?: readonly string[];
  /** Events to append; `replaces` drops the history that was there. */
  readonly history?: readonly { readonly instanceId: string; readonly replaces: boolean; readonly events: readonly HistoryEvent[] }[];
  readonly messages?: readonly Message[];
  readonly messagesDone?: readonly number[];
  readonly work?: readonly Work[];
  readonly workDone?: readonly number[];
  readonly timers?: readonly Timer[];
  readonly timersDone?: readonly Timer[];
  /** Instances whose timers are all dropped, before `timers` are added. */
  readonly timersDropped?: readonly string[];
}

/** Where the hub is: written with every change. */
export interface HubMark {
  /** Source of sequence numbers and execution ids. */
  readonly serial: number;
  /** The host's clock, so that a virtual one goes on from here after a restart. */
  readonly nowMs: number;
}

/** Everything that a host needs in memory to go on. */
export interface Snapshot {
  readonly mark: HubMark | undefined;
  /** Instances that have not ended, with their history. */
  readonly instances: readonly { readonly row: InstanceRow; readonly history: readonly HistoryEvent[] }[];
  readonly messages: readonly Message[];
  readonly work: readonly Work[];
  readonly timers: readonly Timer[];
}

/** A place where a hub's state is kept. One host at a time owns it. */
export interface Store {
  /**
   * Takes possession and reads what is there.
   *
   * @throws Fault `conflict` when another host owns it.
   */
  open(): Snapshot;
  /** Applies the changes in order, as one transaction; they are durable when this returns. */
  apply(changes: readonly Change[], mark: HubMark): void;
  instance(instanceId: string): InstanceRow | undefined;
  history(instanceId: string): readonly HistoryEvent[];
  /** Ordered by creation, then id. The token names the last row of the page. */
  list(filter: InstanceFilter): { readonly rows: readonly InstanceRow[]; readonly continuationToken?: string };
  close(): void;
}

const FINISHED: ReadonlySet<RuntimeStatus> = new Set(["Completed", "Failed", "Terminated", "Canceled"]);

/** Whether an instance in this status will never run again by itself. */
export function isFinished(status: RuntimeStatus): boolean {
  return FINISHED.has(status);
}
