import type { ParentInstance } from "../../local/durable/history-events.ts";
import type { HistoryEvent } from "../../local/durable/hub.ts";
import { memoryStore } from "../../local/durable/store-memory.ts";
import type { Change, Store } from "../../local/durable/store.ts";

/** The history of one generation of one instance, as far as it was committed. */
export interface RecordedGeneration {
  readonly instanceId: string;
  readonly executionId: string;
  readonly name: string;
  /** JSON text. */
  readonly input: string | null;
  readonly parent: ParentInstance | null;
  /** It ended by continue-as-new: the turn in which it did so is not in `events`, which no store keeps. */
  readonly continued: boolean;
  readonly events: readonly HistoryEvent[];
}

/** A memory store that also keeps what a store forgets: the histories of generations that have continued as new. */
export interface RecordingStore extends Store {
  /** In the order of their beginnings. */
  generations(): readonly RecordedGeneration[];
}

export function recordingStore(): RecordingStore {
  const store = memoryStore();
  const all: (Omit<RecordedGeneration, "events" | "continued"> & { continued: boolean; events: HistoryEvent[] })[] = [];
  const current = new Map<string, (typeof all)[number]>();

  function note({ instances = [], history = [] }: Change): void {
    for (const { instanceId, events, replaces } of history) {
      const row = instances.findLast((one) => one.instanceId === instanceId);
      let generation = current.get(instanceId);
      if (row !== undefined && (generation === undefined || replaces)) {
        // A start over an instance that has ended replaces its history too.
        if (generation !== undefined) generation.continued = !generation.events.some(({ EventType }) => EventType === 1);
        const { executionId, name, input, parent } = row;
        generation = { instanceId, executionId, name, input, parent, continued: false, events: [] };
        all.push(generation);
        current.set(instanceId, generation);
      }
      generation?.events.push(...events.map((event) => ({ ...event })));
    }
  }

  return {
    ...store,
    apply(changes, mark) {
      store.apply(changes, mark);
      for (const change of changes) note(change);
    },
    generations: () => all.filter(({ events }) => events.length > 0),
  };
}
