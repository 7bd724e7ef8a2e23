import { createHash } from "node:crypto";
import type { HostClock } from "../clock.ts";
import { ActivityRunner } from "./activity-runner.ts";
import type { ActivityLatency } from "./activity-runner.ts";
import { Busy } from "./busy.ts";
import { CommitQueue } from "./commit-queue.ts";
import type { CrashPoint, Faults } from "./faults.ts";
import { gatherMs, waitsForCompany } from "./gather.ts";
import { isReadBySdk, timerFired } from "./history-events.ts";
import type { HistoryEvent, Invoker, Strictness } from "./hub.ts";
import { seqsOf, takeBatch } from "./inbox.ts";
import { Live } from "./live.ts";
import type { Delivery } from "./live.ts";
import type { Notice } from "./notice.ts";
import type { Revived } from "./rewind.ts";
import { isFinished, type Change, type InstanceRow, type Message, type Store, type Timer, type Work } from "./store.ts";
import { cannotEndNotice, longHistoryNotice, slowTurnNotice } from "./strict-turn.ts";
import { takeTurn } from "./turn.ts";
import type { TurnPorts, TurnResult } from "./turn.ts";
import { outcomeOfTurn } from "./turn-change.ts";
import type { Outcome } from "./turn-change.ts";

export interface EngineOptions {
  readonly store: Store;
  readonly clock: HostClock;
  readonly invoker: Invoker;
  readonly strict: Strictness;
  /** Work in rounds: every activity that was begun ends before the next turn, so that a run can be repeated. */
  readonly inRounds: boolean;
  /** Several changes share one write to the store. */
  readonly groupCommits: boolean;
  readonly maxConcurrentActivities: number;
  readonly activityLatencyMs?: ActivityLatency | undefined;
  readonly upperSchemaVersionNew: number;
  readonly extendedSessions: boolean;
  readonly faults: Faults;
  readonly hubName: string;
  readonly notice: (notice: Notice) => void;
}

/** A turn that is decided: once `durable`, what it wants is set going by `dispatch`. */
interface Decided {
  readonly durable: Promise<void>;
  readonly dispatch: () => void;
}

/** What a dead host's turns come to. */
const never = (): Decided => ({ durable: new Promise(() => {}), dispatch: () => {} });

/**
 * Moves every instance of a hub on: takes messages in, runs turns and activities, writes what they decide.
 *
 * E1: an instance is in one turn at a time. E2: nothing that a turn decided happens before the turn is durable.
 * E3: the store is changed through the commit queue only. E4: while anything is under way, `busy` holds the clock.
 */
export class Engine {
  readonly options: EngineOptions;
  readonly busy: Busy;
  readonly lives = new Map<string, Live>();
  readonly #commits: CommitQueue;
  readonly #activities: ActivityRunner;
  readonly #ports: TurnPorts;
  /** Those that have messages. */
  readonly #woken = new Set<Live>();
  #serial = 0;
  #dead = false;
  #pumping = false;
  readonly #finished = new Map<string, ((row: InstanceRow) => void)[]>();
  readonly #onCrash: ((point: CrashPoint) => void)[] = [];

  constructor(options: EngineOptions) {
    const { store, clock, invoker, faults } = options;
    this.options = options;
    this.busy = new Busy(clock);
    this.#commits = new CommitQueue(store, () => ({ serial: this.#serial, nowMs: clock.now() }), options.groupCommits);
    this.#activities = new ActivityRunner({
      clock,
      invoker,
      faults,
      busy: this.busy,
      latencyMs: options.activityLatencyMs,
      limit: options.maxConcurrentActivities,
      inRounds: options.inRounds,
      begun: () => this.#roundIsDue(),
      crashes: (point) => this.#crashes(point),
      answer: (work, event, isRepeat) => this.#answer(work, event, isRepeat),
    });
    this.#ports = {
      invoker,
      strict: options.strict,
      upperSchemaVersionNew: options.upperSchemaVersionNew,
      extendedSessions: options.extendedSessions,
      activities: new Map(invoker.activities().map((name) => [name.toLowerCase(), name])),
      orchestrators: new Map(invoker.orchestrators().map((name) => [name.toLowerCase(), name])),
      nextExecutionId: (instanceId) => this.nextExecutionId(instanceId),
      isRunning: (instanceId) => this.lives.has(instanceId),
    };
  }

  get knownOrchestrators(): ReadonlyMap<string, string> {
    return this.#ports.orchestrators;
  }

  /** Goes on where the store left off: overdue timers at once, in the order in which they were due (X7). */
  begin(snapshot: ReturnType<Store["open"]>): void {
    this.#serial = snapshot.mark?.serial ?? 0;
    for (const { row, history } of snapshot.instances) this.lives.set(row.instanceId, this.newLive(row, history));
    for (const timer of [...snapshot.timers].sort((a, b) => a.fireAtMs - b.fireAtMs || a.timerId - b.timerId)) this.#arm(timer);
    for (const message of snapshot.messages) this.deliver(message);
    for (const work of snapshot.work) this.#activities.add(work);
  }

  nextSeq(): number {
    return ++this.#serial;
  }

  /** Derived, not random: the same run gives the same ids. Never given twice in the life of a hub. */
  nextExecutionId(instanceId: string): string {
    return createHash("sha256").update(`${this.options.hubName}|${instanceId}|${this.nextSeq()}`).digest("hex").slice(0, 32);
  }

  /** Writes a change; resolves when it is durable. */
  async commit(change: Change, urgency: "soon" | "lazy" = "soon"): Promise<void> {
    this.busy.begin();
    await this.#commits.commit(change, urgency);
    this.busy.end();
  }

  /** Resolves with the row of the instance when it ends. */
  finished(instanceId: string): Promise<InstanceRow> {
    return new Promise((resolve) => {
      const waiting = this.#finished.get(instanceId) ?? [];
      this.#finished.set(instanceId, [...waiting, resolve]);
    });
  }

  /** Calls back when a fault made the host die. */
  onCrash(callback: (point: CrashPoint) => void): void {
    this.#onCrash.push(callback);
  }

  /** Stops at once, as kill -9 does; what was not durable is lost. */
  kill(): void {
    this.#dead = true;
    this.#commits.kill();
    this.#activities.kill();
    for (const live of this.lives.values()) {
      live.dropTimers();
      clearTimeout(live.gathering);
    }
  }

  /** Writes what is queued, then stops. */
  close(): void {
    this.#commits.flush();
    this.kill();
  }

  /** Hands a message that is in the store to its instance. */
  deliver(message: Delivery): void {
    const { faults, clock } = this.options;
    const view = { instanceId: message.instanceId, event: message.event };
    const lateMs = faults.delayMs?.(view) ?? 0;
    const copies = faults.extraCopies?.(view) ?? 0;
    for (let copy = 0; copy <= copies; copy++) {
      const delivery = copy === 0 ? message : { ...message, event: { ...message.event }, isCopy: true };
      if (lateMs > 0) clock.at(clock.now() + lateMs, () => this.#receive(delivery));
      else this.#receive(delivery);
    }
  }

  #receive(delivery: Delivery): void {
    const live = this.lives.get(delivery.instanceId);
    if (this.#dead) return;
    if (live === undefined) {
      if (delivery.isCopy !== true && delivery.timer === undefined) void this.commit({ messagesDone: [delivery.seq] }, "lazy");
      return;
    }
    live.inbox.push(delivery);
    this.#woken.add(live);
    this.#wake(live);
  }

  #wake(live: Live): void {
    this.#roundIsDue();
    if (this.options.inRounds) return;
    if (live.busy || live.inbox.length === 0) return;
    const delayMs = gatherMs(live);
    if (delayMs > 0) {
      const until = performance.now() + delayMs;
      if (live.gathering !== undefined) {
        if (until >= live.gatherUntil) return;
        clearTimeout(live.gathering);
        live.gatherUntil = until;
        live.gathering = setTimeout(() => this.#gathered(live), delayMs);
        return;
      }
      live.gatherUntil = until;
      this.busy.begin();
      live.gathering = setTimeout(() => this.#gathered(live), delayMs);
    } else if (live.gathering !== undefined) {
      clearTimeout(live.gathering);
      this.#gathered(live);
    } else {
      void this.#turn(live);
    }
  }

  #roundIsDue(): void {
    if (this.options.inRounds && !this.#pumping && !this.#dead) void this.#pump();
  }

  #gathered(live: Live): void {
    live.gathering = undefined;
    if (!this.#dead && !live.busy) void this.#turn(live);
    this.busy.end();
  }

  /** Works in rounds until nothing is left to do at this instant: activities end, then turns run, in a fixed order. */
  async #pump(): Promise<void> {
    this.#pumping = true;
    this.busy.begin();
    // Messages that come in the same breath belong to the same turn.
    await new Promise((done) => setImmediate(done));
    while (!this.#dead) {
      const answered = await this.#activities.round();
      const ready = [...this.#woken]
        .filter((live) => !live.busy && live.inbox.length > 0 && this.lives.get(live.row.instanceId) === live && !waitsForCompany(live))
        .sort((a, b) => (a.inbox[0] as Delivery).seq - (b.inbox[0] as Delivery).seq);
      if (ready.length === 0 && !answered && !this.#activities.computing) break;
      const decided: Decided[] = [];
      for (const live of ready) decided.push(await this.#decide(live));
      for (const { durable, dispatch } of decided) {
        await durable;
        dispatch();
      }
    }
    this.#pumping = false;
    this.busy.end();
  }

  async #turn(live: Live): Promise<void> {
    this.busy.begin();
    const { durable, dispatch } = await this.#decide(live);
    await durable;
    dispatch();
    this.busy.end();
  }

  /**
   * Takes a turn and queues what it decided, so that the turns of a round are decided one by one and written
   * together.
   */
  async #decide(live: Live): Promise<Decided> {
    live.busy = true;
    const { taken, dropped } = takeBatch(live, this.options.faults.order);
    this.#woken.delete(live);
    const settled: Change = { messagesDone: seqsOf([...taken, ...dropped]), timersDone: [...taken, ...dropped].flatMap(({ timer }) => timer ?? []) };
    if (taken.length === 0) {
      live.busy = false;
      return { durable: this.commit(settled, "lazy"), dispatch: () => {} };
    }
    const begun = performance.now();
    const nowMs = this.options.clock.now();
    const result = await takeTurn(
      {
        generation: live.row,
        past: live.past,
        pastJson: () => live.pastJson(),
        session: live.session,
        batch: taken.map(({ event }) => event),
        actionsSeen: live.row.actionsSeen,
        nowMs,
      },
      this.#ports,
    );
    live.lastTurnMs = performance.now() - begun;
    if (this.#crashes({ at: "turn decided", instanceId: live.row.instanceId })) return never();
    // Purged or overwritten in the meantime: there is nobody left to decide for.
    if (this.lives.get(live.row.instanceId) !== live) return { durable: this.commit(settled, "lazy"), dispatch: () => {} };
    const outcome = outcomeOfTurn(live, result, nowMs, this);
    for (const child of outcome.newLives) this.lives.set(child.row.instanceId, child);
    this.#report(live, result, outcome);
    return { durable: this.commit({ ...outcome.change, ...settled }), dispatch: () => this.#dispatch(live, result, outcome) };
  }

  #dispatch(live: Live, result: TurnResult, outcome: Outcome): void {
    if (this.#crashes({ at: "turn committed", instanceId: live.row.instanceId })) return;
    live.append(result.events, result.continued);
    live.row = outcome.row;
    live.waitsOn = outcome.waitsOn;
    live.session = result.session;
    if (outcome.dropsTimers) live.dropTimers();
    live.busy = false;
    if (isFinished(outcome.row.status)) this.#end(live);
    for (const timer of outcome.timers) this.#arm(timer);
    for (const work of outcome.work) this.#activities.add(work);
    for (const message of outcome.messages) this.deliver(message);
    this.#wake(live);
  }

  #end(live: Live): void {
    const { instanceId } = live.row;
    live.dropTimers();
    if (this.lives.get(instanceId) === live) this.lives.delete(instanceId);
    const late = seqsOf(live.inbox);
    if (late.length > 0) void this.commit({ messagesDone: late }, "lazy");
    live.inbox = [];
    this.#woken.delete(live);
    for (const resolve of this.#finished.get(instanceId) ?? []) resolve(live.row);
    this.#finished.delete(instanceId);
  }

  /** An instance in memory. A faithful host sends the SDK all of its history, a strict one what the SDK reads. */
  newLive(row: InstanceRow, history: readonly HistoryEvent[] = []): Live {
    return new Live(row, history, this.options.strict ? isReadBySdk : () => true);
  }

  /** What an orchestrator does on a history; nothing of it happens. */
  replay(row: InstanceRow, history: readonly HistoryEvent[], batch: readonly HistoryEvent[]): Promise<TurnResult> {
    const live = this.newLive(row, history);
    return takeTurn(
      { generation: row, past: live.past, pastJson: () => live.pastJson(), batch, actionsSeen: Number.POSITIVE_INFINITY, nowMs: this.options.clock.now() },
      this.#ports,
    );
  }

  /** Brings ended instances back to life with another history, and lets them run. */
  async revive(instances: readonly Revived[]): Promise<void> {
    const lives = instances.map(({ row, history }) => this.newLive(row, history));
    const messages = instances.map(({ row, wake }): Message => ({ seq: this.nextSeq(), instanceId: row.instanceId, executionId: row.executionId, event: wake }));
    const timers = instances.flatMap((each) => each.timers);
    for (const live of lives) this.lives.set(live.row.instanceId, live);
    await this.commit({
      instances: lives.map(({ row }) => row),
      history: instances.map(({ row, history }) => ({ instanceId: row.instanceId, replaces: true, events: history })),
      messages,
      timers,
    });
    for (const timer of timers) this.#arm(timer);
    for (const message of messages) this.deliver(message);
  }

  /** Removes an instance from memory, whatever it is doing. */
  forget(instanceId: string): void {
    const live = this.lives.get(instanceId);
    if (live === undefined) return;
    live.dropTimers();
    live.inbox = [];
    this.#woken.delete(live);
    this.lives.delete(instanceId);
  }

  #arm(timer: Timer): void {
    const live = this.lives.get(timer.instanceId);
    // Another generation may have taken the id while this turn was being written.
    if (live?.row.executionId !== timer.executionId) return;
    const cancel = this.options.clock.at(timer.fireAtMs, () => {
      live.timers.delete(timer.timerId);
      this.deliver({
        seq: this.nextSeq(),
        instanceId: timer.instanceId,
        executionId: timer.executionId,
        event: timerFired(this.options.clock.now(), timer.timerId, timer.fireAtMs),
        timer,
      });
    });
    live.timers.set(timer.timerId, cancel);
  }

  async #answer(work: Work, event: HistoryEvent, isRepeat: boolean): Promise<void> {
    const message: Message = { seq: this.nextSeq(), instanceId: work.instanceId, executionId: work.executionId, event };
    const durable = this.commit({ workDone: [work.seq], ...(isRepeat ? {} : { messages: [message] }) }, "lazy");
    if (this.options.faults.crashAt !== undefined) {
      await durable;
      if (this.#crashes({ at: "answer committed", instanceId: work.instanceId, name: work.name, taskId: work.taskId })) return new Promise(() => {});
    }
    this.deliver(isRepeat ? { ...message, isCopy: true } : message);
    return durable;
  }

  #crashes(point: CrashPoint): boolean {
    if (this.#dead) return true;
    if (this.options.faults.crashAt?.(point) !== true) return false;
    this.kill();
    for (const callback of this.#onCrash) callback(point);
    return true;
  }

  #report(live: Live, result: TurnResult, { row }: Outcome): void {
    const { notice, strict } = this.options;
    const { instanceId } = live.row;
    result.notices.forEach(notice);
    if (!strict) return;
    const after = (result.continued ? 0 : live.past.length) + result.events.length;
    cannotEndNotice(live.row.waitsFor, row.waitsFor, instanceId).forEach(notice);
    slowTurnNotice(live.lastTurnMs, instanceId).forEach(notice);
    longHistoryNotice(live.past.length, after, () => live.pastJson().length, instanceId).forEach(notice);
  }
}
