import type { AppFunction, LoadedApp, Surroundings } from "./app.ts";
import type { Cancel, HostClock } from "./clock.ts";
import { scheduleOf, withSettings } from "./cron.ts";
import type { Schedule } from "./cron.ts";
import { errorOf, invoke } from "./invocation.ts";
import { retryDelayMs } from "./timer-retry.ts";
import { onWire } from "./timer-status.ts";
import type { TimerStatus, TimerStatuses } from "./timer-status.ts";

export interface TimerSettings {
  readonly clock: HostClock;
  readonly statuses: TimerStatuses;
  /** For `%NAME%` in schedules. */
  readonly settings: Readonly<Record<string, string | undefined>>;
  /** IANA zone in which schedules are read. Ours is UTC, as on the plans that know no other. */
  readonly zone?: string;
  /** True: a virtual clock does not move on a timer's account; it fires when time comes by. */
  readonly follows?: boolean;
  readonly surroundings?: Surroundings;
}

export interface TimerTrigger {
  readonly name: string;
  readonly expression: string;
  readonly monitored: boolean;
  readonly notes: readonly string[];
  /** The instant of the next run, once started. */
  next(): number;
  /** Looks whether a run was missed, and waits for the next one. */
  start(): void;
  /** One run now, outside of the schedule, as an administrator may ask for; its failure is logged. */
  runNow(): Promise<void>;
  /** No further runs; resolves when the one in flight has ended. */
  stop(): Promise<void>;
}

/**
 * One timer function on the host's clock, with the monitor of 1.8: at most one run in flight, however many
 * occurrences were missed one run for them, at least once over a crash. A run's status is stored after it.
 *
 * @throws Fault `invalid` for a schedule that Azure would refuse.
 */
export function timerTrigger(app: LoadedApp, fn: AppFunction, { clock, statuses, settings, zone, follows = false, surroundings = app.surroundings }: TimerSettings): TimerTrigger {
  const expression = withSettings(typeof fn.trigger["schedule"] === "string" ? fn.trigger["schedule"] : "", settings);
  const schedule = scheduleOf(expression, zone);
  const monitored = fn.trigger["useMonitor"] !== false && !firesWithinAMinute(schedule, clock.now());
  let status: TimerStatus | undefined;
  let nextMs = schedule.nextAfter(clock.now());
  let waiting: Cancel = () => {};
  let inFlight: Promise<void> = Promise.resolve();
  let stopped = false;
  /** Ends the delay before a retry. */
  let wake: () => void = () => {};

  function wait(): void {
    if (!stopped) waiting = clock.at(nextMs, () => fire("due"), follows);
  }

  function fire(why: "due" | "pastDue" | "startup"): void {
    if (stopped) return;
    inFlight = inFlight.then(() => run(why)).then(wait);
  }

  async function run(why: "due" | "pastDue" | "startup"): Promise<void> {
    const begunMs = clock.now();
    await callWithRetries(why === "pastDue");
    // A machine's timer may call a little early; the occurrence it was meant for must not come again.
    const lastMs = why === "due" ? Math.max(begunMs, nextMs) : begunMs;
    nextMs = schedule.nextAfter(lastMs);
    store({ last: lastMs, next: nextMs, lastUpdated: lastMs });
  }

  async function callWithRetries(isPastDue: boolean): Promise<void> {
    surroundings.log({
      level: "information",
      category: "system",
      functionName: fn.name,
      message: `timer function "${fn.name}" runs${isPastDue ? ": a run was missed, this one is past due" : ""}`,
    });
    const data = { json: JSON.stringify({ Schedule: { AdjustForDST: true }, ScheduleStatus: monitored && status !== undefined ? onWire(status) : null, IsPastDue: isPastDue }) };
    for (let retryCount = 0; ; retryCount++) {
      const release = clock.hold();
      let failure: Error;
      try {
        const retryContext = retryCount === 0 ? undefined : { retryCount, maxRetryCount: fn.metadata.retryOptions?.maxRetryCount ?? 0 };
        await invoke(app, fn, { trigger: data, retryContext }, surroundings);
        return;
      } catch (thrown) {
        failure = errorOf(thrown);
      } finally {
        release();
      }
      const delayMs = retryDelayMs(fn.metadata.retryOptions, retryCount + 1);
      const then = delayMs === undefined ? `next run at ${new Date(schedule.nextAfter(clock.now())).toISOString()}` : `retry ${retryCount + 1} in ${delayMs} ms`;
      surroundings.log({ level: "error", category: "system", functionName: fn.name, message: `timer function "${fn.name}" failed: ${failure.message}; ${then}` });
      if (delayMs === undefined || stopped) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting = clock.at(clock.now() + delayMs, resolve);
      wake = resolve;
      await promise;
      if (stopped) return;
    }
  }

  function store(next: TimerStatus): void {
    status = next;
    if (!monitored) return;
    try {
      statuses.write(fn.name, next);
    } catch (thrown) {
      surroundings.log({
        level: "critical",
        category: "system",
        functionName: fn.name,
        message: `the status of timer function "${fn.name}" could not be stored, so a restart will run it again: ${errorOf(thrown).message}`,
      });
    }
  }

  return {
    name: fn.name,
    expression,
    monitored,
    notes: schedule.notes,
    next: () => nextMs,
    start() {
      const nowMs = clock.now();
      status = monitored ? statuses.read(fn.name) : undefined;
      nextMs = schedule.nextAfter(nowMs);
      let pastDue = false;
      if (monitored && status === undefined) store({ last: undefined, next: nextMs, lastUpdated: nowMs });
      else if (status !== undefined) {
        const expectedMs = schedule.nextAfter(status.last ?? status.lastUpdated);
        if (status.next === expectedMs) nextMs = expectedMs;
        // The schedule was edited while the host was away: what the new one would have missed is no debt.
        else store({ last: undefined, next: expectedMs < nowMs ? nextMs : (nextMs = expectedMs), lastUpdated: nowMs });
        pastDue = nowMs > nextMs;
      }
      if (pastDue || fn.trigger["runOnStartup"] === true) waiting = clock.at(nowMs, () => fire(pastDue ? "pastDue" : "startup"));
      else wait();
    },
    async runNow() {
      inFlight = inFlight.then(() => callWithRetries(false));
      await inFlight;
    },
    async stop() {
      stopped = true;
      waiting();
      wake();
      await inFlight;
    },
  };
}

/** Azure switches the monitor off for schedules that fire more than once a minute. */
function firesWithinAMinute(schedule: Schedule, nowMs: number): boolean {
  let at = schedule.nextAfter(nowMs);
  for (let look = 0; look < 5; look++) {
    const next = schedule.nextAfter(at);
    if (next - at < 60_000) return true;
    at = next;
  }
  return false;
}
