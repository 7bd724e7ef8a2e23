import type { Engine } from "./engine.ts";
import type { HistoryEvent } from "./hub.ts";
import type { InstanceRow, Store } from "./store.ts";

/** A failed instance as it goes on after a rewind. */
export interface Revived {
  readonly row: InstanceRow;
  readonly history: readonly HistoryEvent[];
  /** What sets it going. */
  readonly wake: HistoryEvent;
}

export type RewindPlan = { readonly ok: true; readonly instances: readonly Revived[] } | { readonly ok: false; readonly why: string };

export async function rewindPlan(_row: InstanceRow, _reason: string, _at: { engine: Engine; store: Store }): Promise<RewindPlan> {
  return { ok: false, why: "not yet" };
}
