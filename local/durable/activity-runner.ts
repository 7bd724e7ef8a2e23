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

/** What the calls of an activity came to. */
interface Answered {
  readonly work: Work;
  /** Missing: it was answered before. */
  readonly event?: HistoryEvent;
  /** The answer of another call. */
  readonly repeat?: HistoryEvent;
  readonly dueMs: number;
}

/** Runs activities, at most `limit` at once, first come first served. */
export class ActivityRunner {
  readonly #ports: RunnerPorts;
  readonly #queue: (() => Promise<void>)[] = [];
  #running = 0;
  #computing = 0;
  #answered: Answered[] = [];
  #progress: (() => void)[] = [];
  #dead = false;

  constructor(ports: RunnerPorts) {
    this.#ports = ports;
  }

  add(work: Work): void {
    this.#queued(() => this.#run(work));
  }

  kill(): void {
    this.#dead = true;
    this.#queue.length = 0;
  }

  #queued(run: () => Promise<void>): void {
    if (!this.#dead) this.#queue.push(run);
    this.#fill();
  }

  #fill(): void {
    while (!this.#dead && this.#running < this.#ports.limit) {
      const run = this.#queue.shift();
      if (run === undefined) return;
      this.#running++;
      void run();
    }
  }

  async #run(work: Work): Promise<void> {
    const { clock, faults, crashes } = this.#ports;
    const at = { instanceId: work.instanceId, name: work.name, taskId: work.taskId };
    if (crashes({ at: "activity begun", ...at })) return;
    this.#begin();
    const dueMs = clock.now() + latencyOf(this.#ports.latencyMs, work);
    const overlap = faults.overlaps?.(at);
    const first = overlap === undefined ? this.#call(work) : overlap.first(() => this.#call(work));
    const second = overlap === undefined ? undefined : await this.#overlapping(work, first, overlap);
    const isLeftBehind = second !== undefined && overlap?.forMs !== undefined;
    const event = isLeftBehind ? second : await first;
    if (this.#dead || crashes({ at: "activity done", ...at })) return;
    const repeat = isLeftBehind ? undefined : (second ?? (faults.repeats?.(at) === true ? await this.#call(work) : undefined));
    if (this.#dead) return;
    if (isLeftBehind) this.#goOnLater(work, first, overlap);
    this.#end({ work, event, dueMs, ...(repeat === undefined ? {} : { repeat }) });
  }

  #begin(): void {
    this.#ports.busy.begin();
    this.#computing++;
    this.#ports.begun();
  }

  #end(answered: Answered): void {
    const { busy, clock, inRounds } = this.#ports;
    const isDue = answered.dueMs <= clock.now();
    this.#computing--;
    if (inRounds) {
      this.#answered.push(answered);
      if (isDue) this.#freePlace();
    } else if (isDue) {
      void this.#answer(answered);
    } else {
      clock.at(answered.dueMs, () => void this.#answer(this.#late(answered)));
    }
    for (const callback of this.#progress.splice(0)) callback();
    busy.end();
  }

  /** Calls it again if the first call stands still. @returns the answer of the second call, if there was one. */
  async #overlapping(work: Work, first: Promise<HistoryEvent>, overlap: Overlap): Promise<HistoryEvent | undefined> {
    const stands = await Promise.race([first.then(() => false), overlap.still.then(() => true)]);
    const second = stands ? await this.#call(work) : undefined;
    if (second === undefined || overlap.forMs === undefined) overlap.goOn();
    return second;
  }

  /** A call that stood still while everything went on without it. It does not make time move. */
  #goOnLater(work: Work, first: Promise<HistoryEvent>, overlap: Overlap): void {
    const { clock } = this.#ports;
    const goOn = async (): Promise<void> => {
      this.#begin();
      overlap.goOn();
      const repeat = await first;
      if (!this.#dead) this.#end({ work, repeat, dueMs: clock.now() });
    };
    clock.at(clock.now() + (overlap.forMs ?? 0), () => this.#queued(goOn), true);
  }

  #late({ event, ...rest }: Answered): Answered {
    return event === undefined ? rest : { ...rest, event: { ...event, Timestamp: wireTime(this.#ports.clock.now()) } };
  }

  async #answer(answered: Answered): Promise<void> {
    if (this.#dead) return;
    await Promise.all(this.#given(answered));
    if (!this.#ports.inRounds) this.#freePlace();
  }

  #given({ work, event, repeat }: Answered): Promise<void>[] {
    return [...(event === undefined ? [] : [this.#ports.answer(work, event, false)]), ...(repeat === undefined ? [] : [this.#ports.answer(work, repeat, true)])];
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
    for (const answered of inOrder) {
      if (answered.dueMs > this.#ports.clock.now()) {
        this.#ports.clock.at(answered.dueMs, () => {
          void this.#answer(this.#late(answered));
          this.#freePlace();
        });
      } else {
        durable.push(...this.#given(answered));
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
