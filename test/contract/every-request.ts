import { expect, vi } from "vitest";
import type { FaultRecord } from "../../shared/fault/fault.ts";
import { INJECTED, type Injected, RETRY_AFTER_SECONDS, secretsRead } from "../support/transport.ts";
import type { Walk } from "./walk.ts";

/** A bound, in case an action makes ever more requests. */
const MOST_REQUESTS = 200;

/**
 * Repeats `trial` on a fresh world with the fault at request 0, 1, 2 … until one trial ends before its fault's turn.
 * `armLater`: the trial says itself from when on requests count.
 */
export async function atEveryRequest<Receipt, W>(
  prepare: () => Walk<Receipt, W>,
  what: Injected,
  trial: (walk: Walk<Receipt, W>, arm: () => void) => Promise<void>,
  armLater = false,
): Promise<void> {
  const hangs = what === "answer beyond every deadline";
  if (hangs) pretendTime();
  try {
    for (let index = 0; ; index++) {
      expect(index, "requests of one walk").toBeLessThan(MOST_REQUESTS);
      const walk = prepare();
      const arm = () => walk.outside.inject(what, index);
      if (!armLater) arm();
      try {
        await trial(walk, arm);
      } catch (thrown) {
        if (thrown instanceof Error) thrown.message = `${what} at request ${index} (${walk.outside.hit ?? "not reached"}): ${thrown.message}`;
        throw thrown;
      }
      expect(walk.outside.withoutDeadline, "requests without a deadline").toEqual([]);
      if (walk.outside.hit === undefined) return;
    }
  } finally {
    if (hangs) {
      vi.restoreAllMocks();
      vi.useRealTimers();
    }
  }
}

/** Deadlines come from timers; so time for them passes by hand. Node's own `AbortSignal.timeout` knows no fake timers. */
function pretendTime(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError")), ms);
    return controller.signal;
  });
}

export function expectKind(what: Injected, fault: FaultRecord): void {
  expect(INJECTED[what].kinds, `a fault of the right kind; it was ${fault.kind}: ${fault.message}`).toContain(fault.kind);
  if (what === "429 with Retry-After") expect(fault.retryAfterMs, fault.message).toBe(RETRY_AFTER_SECONDS * 1000);
  expectSafe(fault);
}

/** No message tells a secret. */
export function expectSafe(fault: FaultRecord | undefined): void {
  for (const value of [...secretsRead.values(), "canary-azure-token"]) expect(fault?.message).not.toContain(value);
}
