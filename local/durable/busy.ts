import type { HostClock, Release } from "../clock.ts";

/** Counts what is under way, and holds the clock while the count is not zero. */
export class Busy {
  readonly #clock: HostClock;
  #count = 0;
  #release: Release | undefined;
  #waiting: (() => void)[] = [];

  constructor(clock: HostClock) {
    this.#clock = clock;
  }

  begin(): void {
    if (this.#count++ === 0) this.#release = this.#clock.hold();
  }

  end(): void {
    if (--this.#count > 0) return;
    this.#release?.();
    this.#release = undefined;
    for (const callback of this.#waiting.splice(0)) callback();
  }

  get count(): number {
    return this.#count;
  }

  /** Resolves when nothing is under way, after every callback that was ready has had its turn. */
  async none(): Promise<void> {
    for (;;) {
      if (this.#count > 0) await new Promise<void>((done) => this.#waiting.push(done));
      await new Promise((done) => setImmediate(done));
      if (this.#count === 0) return;
    }
  }
}
