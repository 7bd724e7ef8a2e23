import type { Faults } from "./faults.ts";
import { EVENT, completedId } from "./history-events.ts";
import type { Delivery, Live } from "./live.ts";

/** Kind of schedule event that a completion answers. */
const ANSWERS: Readonly<Record<number, number>> = {
  [EVENT.taskCompleted]: EVENT.taskScheduled,
  [EVENT.taskFailed]: EVENT.taskScheduled,
  [EVENT.childCompleted]: EVENT.childCreated,
  [EVENT.childFailed]: EVENT.childCreated,
  [EVENT.timerFired]: EVENT.timerCreated,
};

/**
 * Empties the inbox into what the next turn sees and what is dropped: messages for another execution, second
 * starts, second completions, and completions of what was never scheduled, which the SDK would keep for a later
 * task of that id (5.1, O3).
 */
export function takeBatch(live: Live, order: Faults["order"]): { taken: Delivery[]; dropped: Delivery[] } {
  const taken: Delivery[] = [];
  const dropped: Delivery[] = [];
  const completed = new Set<number>();
  let hasStarted = live.past.some(({ EventType }) => EventType === EVENT.executionStarted);
  const seqs = new Set<number>();

  const wanted = ({ executionId, event, seq, timer }: Delivery): boolean => {
    if (executionId !== null && executionId !== live.row.executionId) return false;
    // The transport knows a message by its number: a copy is the same message again.
    if (timer === undefined && seqs.has(seq)) return false;
    if (event.EventType === EVENT.executionStarted) {
      const isFirst = !hasStarted;
      hasStarted = true;
      return isFirst;
    }
    const id = completedId(event);
    if (id === undefined) return true;
    if (completed.has(id) || live.scheduled.get(id)?.kind !== ANSWERS[event.EventType]) return false;
    completed.add(id);
    return true;
  };

  for (const delivery of live.inbox) {
    if (wanted(delivery)) {
      taken.push(delivery);
      seqs.add(delivery.seq);
    } else {
      dropped.push(delivery);
    }
  }
  live.inbox = [];
  return { taken: order === undefined ? taken : inOrder(taken, order), dropped };
}

/** A start stays first: everything else is about what it began. */
function inOrder(taken: readonly Delivery[], order: NonNullable<Faults["order"]>): Delivery[] {
  const start = taken.filter(({ event }) => event.EventType === EVENT.executionStarted);
  const rest = new Map(taken.filter((delivery) => !start.includes(delivery)).map((delivery) => [delivery.event, delivery]));
  const sorted = order([...rest.keys()]).flatMap((event) => rest.get(event) ?? []);
  return [...start, ...sorted, ...[...rest.values()].filter((delivery) => !sorted.includes(delivery))];
}

/** Numbers of the messages that the store has to forget: a timer has a row of its own, and a copy has none. */
export function seqsOf(deliveries: readonly Delivery[]): number[] {
  return deliveries.filter(({ timer, isCopy }) => timer === undefined && isCopy !== true).map(({ seq }) => seq);
}
