import type { Change, HubMark, Store } from "./store.ts";

/** Longest time that a change which nobody waits for urgently is kept back, so that it shares a write. */
const LAZY_MS = 2;
/** That many changes are company enough. */
const FULL = 20;

/**
 * Puts changes into the store in the order in which they come, several in one transaction: group commit.
 *
 * C1: a change is durable when its promise resolves. C2: if a change is durable, so are all before it. So a turn
 * may consume an answer whose own change is still queued.
 */
export class CommitQueue {
  readonly #store: Store;
  readonly #mark: () => HubMark;
  readonly #grouped: boolean;
  #queue: { readonly change: Change; readonly done: () => void; readonly fail: (cause: unknown) => void }[] = [];
  #soon: NodeJS.Immediate | undefined;
  #later: NodeJS.Timeout | undefined;
  #dead = false;

  /** @param grouped - false: each change is applied at once, for a store that has nothing to gain. */
  constructor(store: Store, mark: () => HubMark, grouped: boolean) {
    this.#store = store;
    this.#mark = mark;
    this.#grouped = grouped;
  }

  /** Resolves when the change is durable; never, when the host died before. `lazy` changes wait for company. */
  commit(change: Change, urgency: "soon" | "lazy" = "soon"): Promise<void> {
    if (this.#dead) return new Promise(() => {});
    if (!this.#grouped) {
      this.#store.apply([change], this.#mark());
      return Promise.resolve();
    }
    return new Promise((done, fail) => {
      this.#queue.push({ change, done, fail });
      if (urgency === "soon" || this.#queue.length >= FULL) this.#soon ??= setImmediate(() => this.flush());
      else if (this.#soon === undefined) this.#later ??= setTimeout(() => this.flush(), LAZY_MS);
    });
  }

  /** Writes everything that is queued. */
  flush(): void {
    clearImmediate(this.#soon);
    clearTimeout(this.#later);
    this.#soon = undefined;
    this.#later = undefined;
    const batch = this.#queue;
    this.#queue = [];
    if (this.#dead || batch.length === 0) return;
    try {
      this.#store.apply(
        batch.map(({ change }) => change),
        this.#mark(),
      );
    } catch (cause) {
      for (const { fail } of batch) fail(cause);
      return;
    }
    for (const { done } of batch) done();
  }

  /** What is queued is lost, as when the process is killed. */
  kill(): void {
    this.#dead = true;
    this.#queue = [];
    clearImmediate(this.#soon);
    clearTimeout(this.#later);
  }
}
