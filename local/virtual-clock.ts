import type { HostClock, Release } from "./clock.ts";
import { Waiters } from "./waiters.ts";
import { Fault } from "../shared/fault/fault.ts";

/** A clock that stands still while anything holds it, and moves in jumps from waiter to waiter. */
export interface VirtualClock extends HostClock {
  /**
   * Lets time pass up to `instantMs`, without pace, and resolves when the clock is there and everything due
   * by then has been worked off.
   *
   * @throws Fault `invalid` for an instant in the past.
   */
  advanceTo(instantMs: number): Promise<void>;
  /** From now on time moves by itself, waiter after waiter, until the answer is called. */
  run(): Release;
  /** Resolves when nothing holds the clock and nobody waits for an instant that it may move to. */
  quiet(): Promise<void>;
  /** Resolves when nothing holds the clock and nothing is due at its present instant. */
  settled(): Promise<void>;
}

export interface VirtualClockOptions {
  readonly startAtMs: number;
  /** Virtual milliseconds per real one; absent: a jump takes no time. */
  readonly speed?: number;
}

/**
 * Makes a virtual clock. It stands at `startAtMs` until `run` or `advanceTo` lets it move.
 *
 * A jump happens on a turn of the event loop of its own, after every callback that was ready, so that whoever
 * releases a hold and takes another in the same breath is not overtaken.
 */
export function virtualClock({ startAtMs, speed }: VirtualClockOptions): VirtualClock {
  if (speed !== undefined && !(speed > 0)) throw new Fault("invalid", `a clock's speed is ${speed}; expected a number above 0`);
  const waiters = new Waiters();
  /** They are called when time comes by, and do not make it move. */
  const followers = new Waiters();
  const nextOfAll = (): number | undefined => {
    const next = Math.min(waiters.next() ?? Number.POSITIVE_INFINITY, followers.next() ?? Number.POSITIVE_INFINITY);
    return Number.isFinite(next) ? next : undefined;
  };
  let nowMs = startAtMs;
  let holds = 0;
  let runners = 0;
  let closed = false;
  let checking: NodeJS.Immediate | undefined;
  let jump: { readonly fromMs: number; readonly toMs: number; readonly begun: number; readonly timeout: NodeJS.Timeout } | undefined;
  const advances: { readonly toMs: number; readonly done: () => void }[] = [];
  const quietCallbacks: (() => void)[] = [];
  const settledCallbacks: (() => void)[] = [];
  const callAll = (callbacks: (() => void)[]): void => callbacks.splice(0).forEach((callback) => callback());

  const now = (): number => {
    if (jump === undefined) return nowMs;
    return Math.min(jump.toMs - 1, jump.fromMs + Math.floor((performance.now() - jump.begun) * (speed ?? 1)));
  };
  const interrupt = (): void => {
    if (jump === undefined) return;
    const reached = Math.max(now(), jump.fromMs);
    clearTimeout(jump.timeout);
    jump = undefined;
    nowMs = reached;
  };
  const limit = (): number => {
    if (runners > 0) return Number.POSITIVE_INFINITY;
    return advances.reduce((latest, { toMs }) => Math.max(latest, toMs), nowMs);
  };
  /** Where time would go next: the earliest waiter within the limit, or the end of an `advanceTo`. */
  const target = (): number | undefined => {
    const next = waiters.next();
    const ends = advances.map(({ toMs }) => toMs).filter((toMs) => toMs > nowMs);
    const earliest = Math.min(next ?? Number.POSITIVE_INFINITY, ...ends);
    if (!Number.isFinite(earliest) || earliest > limit()) return undefined;
    return Math.max(Math.min(earliest, followers.next() ?? earliest), nowMs);
  };

  const schedule = (): void => {
    if (!closed) checking ??= setImmediate(check);
  };
  const check = (): void => {
    checking = undefined;
    if (closed || holds > 0) return;
    if (jump !== undefined) return callAll(settledCallbacks);
    const next = nextOfAll();
    if (next !== undefined && next <= nowMs) {
      waiters.callDue(nowMs);
      followers.callDue(nowMs);
      return schedule();
    }
    callAll(settledCallbacks);
    const arrived = advances.findIndex(({ toMs }) => toMs <= nowMs);
    if (arrived >= 0) {
      advances.splice(arrived, 1)[0]?.done();
      return schedule();
    }
    const to = target();
    if (to === undefined) return callAll(quietCallbacks);
    if (speed === undefined || advances.length > 0) return arrive(to);
    const timeout = setTimeout(() => arrive(to), Math.min((to - nowMs) / speed, 2 ** 31 - 1));
    jump = { fromMs: nowMs, toMs: to, begun: performance.now(), timeout };
  };
  const arrive = (instantMs: number): void => {
    jump = undefined;
    nowMs = instantMs;
    waiters.callDue(nowMs);
    schedule();
  };

  return {
    now,
    at(instantMs, callback, follows = false) {
      const cancel = (follows ? followers : waiters).add(instantMs, callback);
      if (jump !== undefined && instantMs < jump.toMs) interrupt();
      schedule();
      return cancel;
    },
    hold() {
      interrupt();
      holds++;
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        holds--;
        if (holds === 0) schedule();
      };
    },
    advanceTo(instantMs) {
      if (instantMs < now())
        return Promise.reject(new Fault("invalid", `time cannot go back: it is ${new Date(now()).toISOString()}, asked for ${new Date(instantMs).toISOString()}`));
      return new Promise((done) => {
        interrupt();
        advances.push({ toMs: instantMs, done });
        schedule();
      });
    },
    run() {
      runners++;
      schedule();
      let running = true;
      return () => {
        if (!running) return;
        running = false;
        runners--;
        if (runners === 0) interrupt();
        schedule();
      };
    },
    quiet() {
      if (closed) return Promise.resolve();
      return new Promise((done) => {
        quietCallbacks.push(done);
        schedule();
      });
    },
    settled() {
      if (closed) return Promise.resolve();
      return new Promise((done) => {
        settledCallbacks.push(done);
        schedule();
      });
    },
    close() {
      closed = true;
      if (jump !== undefined) clearTimeout(jump.timeout);
      jump = undefined;
      if (checking !== undefined) clearImmediate(checking);
      waiters.clear();
      followers.clear();
      callAll(settledCallbacks);
      callAll(quietCallbacks);
      for (const { done } of advances.splice(0)) done();
    },
  };
}
