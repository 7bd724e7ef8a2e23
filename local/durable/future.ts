/**
 * A value that settles later, whose callbacks run at once when it does.
 *
 * Promises would leave the order of continuations to the microtask queue. The ids of an orchestration depend
 * on that order, so everything that a completion sets free must run before the next event is looked at (8.2).
 */
export class Future<T = unknown> {
  #state: "open" | "done" | "failed" = "open";
  #value: T | undefined;
  #failure: unknown;
  #callbacks: (() => void)[] = [];

  static done<T>(value: T): Future<T> {
    const future = new Future<T>();
    future.succeed(value);
    return future;
  }

  get settled(): boolean {
    return this.#state !== "open";
  }

  get failed(): boolean {
    return this.#state === "failed";
  }

  succeed(value: T): void {
    if (this.#state !== "open") return;
    this.#state = "done";
    this.#value = value;
    this.#run();
  }

  fail(failure: unknown): void {
    if (this.#state !== "open") return;
    this.#state = "failed";
    this.#failure = failure;
    this.#run();
  }

  /** Calls one of the two as soon as this has settled: now, if it has. */
  whenSettled(onDone: (value: T) => void, onFailed: (failure: unknown) => void): void {
    const call = (): void => {
      if (this.#state === "done") onDone(this.#value as T);
      else onFailed(this.#failure);
    };
    if (this.settled) call();
    else this.#callbacks.push(call);
  }

  /** Calls `callback` as soon as this has settled, whichever way. */
  always(callback: () => void): void {
    this.whenSettled(callback, callback);
  }

  #run(): void {
    const callbacks = this.#callbacks;
    this.#callbacks = [];
    for (const call of callbacks) call();
  }
}
