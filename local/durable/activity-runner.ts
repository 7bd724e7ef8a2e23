import type { HostClock } from "../clock.ts";
import type { Busy } from "./busy.ts";
import { HTTP_ACTIVITY, sendHttp } from "./call-http.ts";
import type { CrashPoint, Faults, Overlap } from "./faults.ts";
import { taskCompleted, taskFailed, wireTime } from "./history-events.ts";
import type { HistoryEvent, Invoker } from "./hub.ts";
import type { Work } from "./store.ts";

/** Milliseconds of the host's clock that an activity takes beyond its own work. */
export type ActivityLatency = number | ((name: string, input: unknown) => number);

/** Real milliseconds for which a round waits for its slowest activity once another has ended. */
const PATIENCE_MS = 2_000;

interface RunnerPorts {
  readonly clock: HostClock;
  readonly invoker: Invoker;
  readonly busy: Busy;
  readonly faults: Faults;
  readonly latencyMs: ActivityLatency | undefined;
  readonly limit: number;
  /** Answers are given in the order in which their activities began, once all of a round have ended. */
  readonly inRounds: boolean;
  /** Hears that an activity begins. */
  readonly begun: () => void;
  /** True: the host has just died, stop here. */
  readonly crashes: (point: CrashPoint) => boolean;
  /** Takes an answer; resolves when it is durable, so that another activity may use the place. */
  readonly answer: (work: Work, event: HistoryEvent, isRepeat: boolean) => Promise<void>;
}

interface Answered {
  readonly work: Work;
  readonly event: HistoryEvent;
  readonly repeat: HistoryEvent | undefined;
  readonly dueMs: number;
}

/** Runs activities, at most `limit` at once, first come first served. */
export class ActivityRunner {
  readonly #ports: RunnerPorts;
  readonly #queue: Work[] = [];
  #running = 0;
  #computing = 0;
  #answered: Answered[] = [];
  #progress: (() => void)[] = [];
  #dead = false;

  constructor(ports: RunnerPorts) {
    this.#ports = ports;
  }

  add(work: Work): void {
    this.#queue.push(work);
    this.#fill();
  }

  kill(): void {
    this.#dead = true;
    this.#queue.length = 0;
  }

  #fill(): void {
    while (!this.#dead && this.#running < this.#ports.limit) {
      const work = this.#queue.shift();
      if (work === undefined) return;
      this.#running++;
      void this.#run(work);
    }
  }

  async #run(work: Work): Promise<void> {
    const { busy, clock, faults, inRounds, crashes } = this.#ports;
    const at = { instanceId: work.instanceId, name: work.name, taskId: work.taskId };
    if (crashes({ at: "activity begun", ...at })) return;
    busy.begin();
    this.#computing++;
    this.#ports.begun();
    const begunMs = clock.now();
    const tookMs = latencyOf(this.#ports.latencyMs, work);
    const first = this.#call(work);
    const overlapping = await this.#overlapping(work, first, faults.overlaps?.(at));
    const event = await first;
    if (this.#dead || crashes({ at: "activity done", ...at })) return;
    const repeat = overlapping ?? (faults.repeats?.(at) === true ? await this.#call(work) : undefined);
    if (this.#dead) return;
    this.#computing--;
    if (inRounds) {
      this.#answered.push({ work, event, repeat, dueMs: begunMs + tookMs });
      if (tookMs === 0) this.#freePlace();
    } else if (tookMs > 0) {
      clock.at(begunMs + tookMs, () => this.#late(work, event, repeat));
    } else {
      void this.#answer(work, event, repeat);
    }
    for (const callback of this.#progress.splice(0)) callback();
    busy.end();
  }

  async #overlapping(work: Work, first: Promise<HistoryEvent>, overlap: Overlap | undefined): Promise<HistoryEvent | undefined> {
    if (overlap === undefined) return undefined;
    // One that has ended without standing still leaves nothing behind that would stop the second.
    await Promise.race([first.then(() => overlap.goOn()), overlap.still]);
    const event = await this.#call(work);
    overlap.goOn();
    return event;
  }

  #late(work: Work, event: HistoryEvent, repeat: HistoryEvent | undefined): void {
    void this.#answer(work, { ...event, Timestamp: wireTime(this.#ports.clock.now()) }, repeat);
  }

  async #answer(work: Work, event: HistoryEvent, repeat: HistoryEvent | undefined): Promise<void> {
    if (this.#dead) return;
    const durable = this.#ports.answer(work, event, false);
    if (repeat !== undefined) void this.#ports.answer(work, repeat, true);
    await durable;
    if (!this.#ports.inRounds) this.#freePlace();
  }

  #freePlace(): void {
    this.#running--;
    this.#fill();
  }

  async #call({ name, input, instanceId, taskId }: Work): Promise<HistoryEvent> {
    const { invoker, clock } = this.#ports;
    if (name === HTTP_ACTIVITY) {
      try {
        return taskCompleted(clock.now(), taskId, await sendHttp(input ?? "{}"));
      } catch (thrown) {
        return failure(clock.now(), taskId, name, thrown instanceof Error ? thrown.message : String(thrown), "");
      }
    }
    const outcome = await invoker.act(name, input ?? undefined, instanceId);
    return outcome.ok ? taskCompleted(clock.now(), taskId, outcome.result) : failure(clock.now(), taskId, name, outcome.message, outcome.stack);
  }

  /**
   * Waits until the activities that were begun have ended, and gives their answers in the order in which they
   * began: now, or when the host's clock has passed their latency. One that takes much longer than the others is
   * not waited for: it may be waiting for them.
   *
   * @returns whether an answer was given.
   */
  async round(): Promise<boolean> {
    const deadline = performance.now() + PATIENCE_MS;
    while (this.#computing > 0 && !this.#dead) {
      const restMs = deadline - performance.now();
      if (this.#answered.length > 0 && restMs <= 0) break;
      await new Promise<void>((done) => {
        const timeout = this.#answered.length > 0 ? setTimeout(done, restMs) : undefined;
        this.#progress.push(() => {
          clearTimeout(timeout);
          done();
        });
      });
    }
    const inOrder = this.#answered.splice(0).sort((a, b) => a.work.seq - b.work.seq);
    const durable: Promise<void>[] = [];
    for (const { work, event, repeat, dueMs } of inOrder) {
      if (dueMs > this.#ports.clock.now()) {
        this.#ports.clock.at(dueMs, () => {
          this.#late(work, event, repeat);
          this.#freePlace();
        });
      } else {
        durable.push(this.#ports.answer(work, event, false));
        if (repeat !== undefined) durable.push(this.#ports.answer(work, repeat, true));
      }
    }
    await Promise.all(durable);
    return inOrder.length > 0;
  }

  /** Whether a function is being run at this moment. */
  get computing(): boolean {
    return this.#computing > 0;
  }
}

/** The failure as the extension words it; `details` is text that stands for .NET's serialized exception (3.6). */
function failure(atMs: number, taskId: number, name: string, message: string, stack: string): HistoryEvent {
  const details = JSON.stringify({ $type: "System.Exception", Message: message, StackTraceString: stack.slice(0, 4_000) });
  return taskFailed(atMs, taskId, `Activity function '${name}' failed: ${message}`, details);
}

function latencyOf(latency: ActivityLatency | undefined, { name, input }: Work): number {
  if (latency === undefined || typeof latency === "number") return latency ?? 0;
  // Most hang on the name alone, and the input costs time to read.
  return latency(name, latency.length < 2 || input === null ? undefined : (JSON.parse(input) as unknown));
}
