import type { Cancel } from "./clock.ts";

interface Waiter {
  readonly instantMs: number;
  callback: (() => void) | undefined;
}

/** Callbacks in the order of their instants; those of one instant in the order in which they came. */
export class Waiters {
  /** Latest first, so that the next one is taken from the end. */
  readonly #latestFirst: Waiter[] = [];

  add(instantMs: number, callback: () => void): Cancel {
    const waiter: Waiter = { instantMs, callback };
    this.#latestFirst.splice(this.#placeFor(instantMs), 0, waiter);
    return () => {
      waiter.callback = undefined;
    };
  }

  /** Instant of the earliest waiter, or undefined when nobody waits. */
  next(): number | undefined {
    for (let last = this.#latestFirst.at(-1); last !== undefined; last = this.#latestFirst.at(-1)) {
      if (last.callback !== undefined) return last.instantMs;
      this.#latestFirst.pop();
    }
    return undefined;
  }

  /** Removes and calls every waiter whose instant is not after `nowMs`. */
  callDue(nowMs: number): void {
    for (let next = this.next(); next !== undefined && next <= nowMs; next = this.next()) this.#latestFirst.pop()?.callback?.();
  }

  clear(): void {
    this.#latestFirst.length = 0;
  }

  /** First index whose waiter is not later than `instantMs`: before it, i.e. called after all of the same instant. */
  #placeFor(instantMs: number): number {
    let low = 0;
    let high = this.#latestFirst.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#latestFirst[middle] as Waiter).instantMs > instantMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
