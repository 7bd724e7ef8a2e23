import type { AnyAction, Call, Evidence, Stopped } from "../action/action.ts";
import type { Registry } from "../action/registry.ts";
import { assert } from "../fault/assert.ts";
import { faultRecordOf, Fault } from "../fault/fault.ts";
import type { CompiledStep, CompiledTarget } from "../plan/compiled.ts";
import { isoOf } from "../ports/clock.ts";
import { leavingSoonAfter } from "../ports/leaving.ts";
import type { People } from "../ports/people.ts";
import { inScope } from "../ports/scope.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { buttonsFor } from "./buttons.ts";
import { callOf, portsFor, type Caller } from "./calling.ts";
import { controlOf } from "./control.ts";
import { DECISION_STREAM, RUN_STREAM, targetStream, type Decision, type Deed, type Fact, type TargetRef } from "./facts.ts";
import { stepInstance, targetInstance } from "./instances.ts";
import type { Journal } from "./journal.ts";
import type { Locks } from "./locks.ts";
import { leftOut, mayBegin, type Order } from "./next-order.ts";
import { nextLookAt } from "./pace.ts";
import type { PlanIndex } from "./plan-index.ts";
import { CALL_LOST_MS } from "./retry.ts";
import type { View } from "./sights.ts";
import { walkOf, type Walk } from "./walk.ts";

/** What carrying out an order needs. */
export interface Performer extends Caller {
  readonly journal: Journal;
  readonly locks: Locks;
  readonly registry: Registry;
  readonly people: People;
  readonly telemetry: Telemetry;
}

export interface CarriedOut {
  /** Orchestrations to ring, since what they wait for may have come. */
  readonly instances: readonly string[];
  /** When work under way is to be looked at again, milliseconds since the epoch. */
  readonly lookAgainAt?: number;
  readonly note?: string;
}

const NOTHING: CarriedOut = { instances: [] };

/**
 * Carries out one order on one target and writes down what came of it.
 *
 * `view` holds the streams that advice about the target reads; what is written here is in it afterwards. It may be a moment
 * old: whoever was faster is noticed at the write (C2). `takenUpAt` is when it was read, milliseconds since the epoch.
 *
 * C1  An order is carried out only if the target's stream is as long as when it was given: a doubled or late order does nothing.
 * C2  Before a call that may change the world, the intention and the obligations that it opens are written. Whoever loses that
 *     write does not call.
 * C3  What the vendor answered is written after the call. If that is lost, the next advice sees an intention without an answer
 *     and has the call made again under the same key, and the action looks for its own work first.
 * C4  What was decided is looked at once more after the intention is written: so an abort or a skip either finds the intention, and is
 *     about what runs, or is found by it, and the call is not made.
 * C5  What may change something leaves soon after its order was taken up or not at all: whoever stands still in between may not be the
 *     only one who is at it.
 */
export async function carryOut(
  performer: Performer,
  index: PlanIndex,
  ref: TargetRef,
  order: Order,
  seq: number,
  view: View,
  takenUpAt: number = performer.clock.now(),
): Promise<CarriedOut> {
  const deed = new Deeds(performer, index, ref, view, takenUpAt);
  if (deed.walk.seq !== seq) return NOTHING;
  switch (order.do) {
    case "begin":
      return deed.begin(order.try, order.attempt, order.follows);
    case "find":
      return deed.find(order.attempt);
    case "poll":
      return deed.poll(order.attempt);
    case "verify":
      return deed.verify(order.attempt);
    case "cancel":
    case "undo":
      return deed.takeBack(order.do, order.try, order.attempt);
    case "tell":
      return deed.tell(order);
    case "rest":
      return deed.rest(order);
    default:
      return NOTHING;
  }
}

class Deeds {
  readonly walk: Walk;
  readonly #view: View;
  readonly #performer: Performer;
  readonly #index: PlanIndex;
  readonly #ref: TargetRef;
  readonly #step: CompiledStep;
  readonly #target: CompiledTarget;
  readonly #action: AnyAction;
  readonly #decisions: readonly Decision[];
  readonly #takenUpAt: number;

  constructor(performer: Performer, index: PlanIndex, ref: TargetRef, view: View, takenUpAt: number) {
    this.walk = walkOf(view.streams(targetStream(ref.step, ref.target)));
    this.#view = view;
    this.#performer = performer;
    this.#index = index;
    this.#ref = ref;
    this.#step = index.step(ref.step);
    this.#target = index.target(ref.step, ref.target);
    const action = performer.registry.find(this.#step.verb);
    assert(action !== undefined, `no action for the verb ${this.#step.verb}: was the plan compiled by another version?`);
    this.#action = action;
    this.#decisions = this.#ours(view.streams(DECISION_STREAM) as readonly Decision[]);
    this.#takenUpAt = takenUpAt;
  }

  async begin(tryNumber: number, attempt: number, follows?: string): Promise<CarriedOut> {
    // A call whose answer was lost is made again whatever was decided since: it looks for its own work first.
    const isFirst = this.walk.inFlight === undefined && !this.walk.doubt;
    const known = this.#view.streams(DECISION_STREAM) as readonly Decision[];
    const mayBeSkipped = isFirst && tryNumber === 1;
    if (!(await this.#takeLocks())) return NOTHING;
    const intended: Fact = {
      ...this.#where("target.intended"),
      deed: "begin",
      try: tryNumber,
      attempt,
      ...(this.#target.opens.length === 0 ? {} : { opens: [...this.#target.opens] }),
      ...(follows === undefined ? {} : { follows }),
    };
    if (!(await this.#append(0, [intended]))) return NOTHING;
    const decided = (await this.#performer.journal.read(this.#ref.run, DECISION_STREAM)) as readonly Decision[];
    const isNews = isFirst && decided.length > known.length;
    const skipped = isNews && mayBeSkipped ? leftOut({ decisions: this.#ours(decided) }) : undefined;
    const refused = skipped ?? (isNews ? this.#forbidden(decided) : undefined);
    if (refused !== undefined) {
      const rested: Fact = { ...this.#where("target.rested"), as: skipped === undefined ? "skipped" : "dropped", why: refused };
      await this.#append(1, [this.#faulted("begin", tryNumber, attempt, { kind: "conflict", message: refused }), rested]);
      return NOTHING;
    }
    this.#event("step.begun", attempt);
    const answer = await this.#try("begin", tryNumber, attempt, (call) => this.#action.begin(this.#ports(), this.#target.params, call));
    if (!answer.ok) {
      await this.#append(1, [this.#faulted("begin", tryNumber, attempt, answer.fault)]);
      return NOTHING;
    }
    const facts: Fact[] = [{ ...this.#where("target.begun"), try: tryNumber, receipt: answer.value }];
    if (this.#action.poll === undefined) facts.push({ ...this.#where("target.finished"), note: "", receipt: answer.value });
    await this.#append(1, facts);
    return { instances: this.#awaitOpening() };
  }

  /** Looks for the work of a begin that never answered; begins nothing. */
  async find(attempt: number): Promise<CarriedOut> {
    const { walk } = this;
    const find = this.#action.find;
    assert(find !== undefined, `${this.#step.verb} cannot look for its work`);
    const answer = await this.#try("find", walk.try, attempt, (call) => find(this.#ports(), this.#target.params, call));
    if (!answer.ok) {
      await this.#append(0, [this.#faulted("find", walk.try, attempt, answer.fault)]);
      return NOTHING;
    }
    const calledAt = walk.inFlight?.since ?? walk.fault?.at ?? 0;
    const found: Fact =
      answer.value === undefined
        ? { ...this.#where("target.sought"), try: walk.try, settled: this.#now() >= calledAt + CALL_LOST_MS }
        : { ...this.#where("target.begun"), try: walk.try, receipt: answer.value };
    const isOver = answer.value !== undefined && this.#action.poll === undefined;
    await this.#append(0, [found, ...(isOver ? [{ ...this.#where("target.finished"), note: "", receipt: answer.value }] : [])]);
    return answer.value === undefined ? NOTHING : { instances: this.#awaitOpening() };
  }

  async poll(attempt: number): Promise<CarriedOut> {
    const { walk } = this;
    const poll = this.#action.poll;
    assert(poll !== undefined, `${this.#step.verb} has nothing to poll`);
    const answer = await this.#try("poll", walk.try, attempt, (call) => poll(this.#ports(), this.#receipt(), call));
    if (!answer.ok) {
      await this.#append(0, [this.#faulted("poll", walk.try, attempt, answer.fault)]);
      return NOTHING;
    }
    const { state, note, receipt = walk.receipt } = answer.value;
    const { aheadMs, quietUntil } = state === "running" ? answer.value : {};
    if (state === "done") {
      await this.#append(0, [{ ...this.#where("target.finished"), note, receipt }]);
      return NOTHING;
    }
    const isNews = state !== walk.progress || note !== walk.note || answer.value.receipt !== undefined || walk.fault !== undefined || walk.hadEnded === true;
    if (isNews) await this.#append(0, [{ ...this.#where("target.progressed"), state, note, receipt }]);
    const seen: Walk = { ...walk, progress: state };
    return {
      instances: [],
      note,
      lookAgainAt: nextLookAt({
        walk: seen,
        step: this.#step,
        now: this.#now(),
        cutoff: this.#index.cutoff,
        ...(aheadMs === undefined ? { isSteady: this.#action.isDrivenByPolls === true } : { aheadMs }),
        ...(quietUntil === undefined ? {} : { quietUntil }),
      }),
    };
  }

  async verify(attempt: number): Promise<CarriedOut> {
    const { walk } = this;
    const answer = await this.#try("verify", walk.try, attempt, (call) => this.#action.verify(this.#ports(), this.#receipt(), call));
    if (!answer.ok) {
      await this.#append(0, [this.#faulted("verify", walk.try, attempt, answer.fault)]);
      return NOTHING;
    }
    const already = this.#action.already?.(this.#receipt());
    await this.#append(0, [{ ...this.#where("target.verified"), evidence: [...answer.value], closes: [...this.#target.closes], ...(already === undefined ? {} : { already }) }]);
    return NOTHING;
  }

  async takeBack(deed: "cancel" | "undo", tryNumber: number, attempt: number): Promise<CarriedOut> {
    const { cancel, undo } = this.#action;
    const intended: Fact = { ...this.#where("target.intended"), deed, try: tryNumber, attempt };
    if (!(await this.#append(0, [intended]))) return NOTHING;
    const receipt = deed === "undo" ? this.walk.wayBack.findLast((way) => way.try === tryNumber)?.receipt : this.walk.receipt;
    const answer = await this.#try(deed, tryNumber, attempt, async (call): Promise<Stopped> => {
      const method = deed === "cancel" ? cancel : undo;
      assert(method !== undefined, `${this.#step.verb} has no ${deed}`);
      const came: Stopped | Evidence = await method(this.#ports(), this.#checked(receipt), call);
      return "evidence" in came ? came : { evidence: came };
    });
    if (!answer.ok) await this.#append(1, [this.#faulted(deed, tryNumber, attempt, answer.fault)]);
    else if (deed === "cancel") await this.#append(1, [{ ...this.#where("target.cancelled"), ...answer.value, evidence: [...answer.value.evidence] }]);
    else {
      // What several tries opened is closed once the first of them is taken back, and not while one may have begun unseen.
      const { wayBack, doubt, inFlight } = this.walk;
      const closes = wayBack.length > 1 || doubt || inFlight?.deed === "begin" ? [] : this.#target.opens.map(({ id }) => id);
      await this.#append(1, [{ ...this.#where("target.undone"), evidence: [...answer.value.evidence], closes }]);
    }
    return NOTHING;
  }

  async tell({ topic, text, lines }: { topic: string; text: string; lines: readonly string[] }): Promise<CarriedOut> {
    const { plan } = this.#index;
    const owners = this.#step.owners.length > 0 ? this.#step.owners : plan.window.owners;
    const attempt = (this.walk.untold?.attempt ?? 0) + 1;
    const answer = await this.#try("tell", this.walk.try, attempt, () =>
      this.#performer.people.tell(this.#ref.run, {
        key: `${this.#ref.run}/${this.#ref.step}/${this.#ref.target}/${topic}`,
        channels: plan.window.channels.map(({ id }) => id),
        mention: owners.map(({ slackId }) => slackId),
        text,
        lines,
        ...buttonsFor({ run: this.#ref.run, step: this.#ref.step, target: this.#ref.target, topic, title: this.#step.title }),
      }),
    );
    if (topic.startsWith("held"))
      this.#performer.telemetry.event("step.held", { run: this.#ref.run, step: this.#ref.step, target: this.#ref.target, verb: this.#step.verb, why: "failed" }, "warning");
    // That people could not be reached is a fact too, and nothing waits for them because of it.
    await this.#append(0, [answer.ok ? { ...this.#where("target.told"), topic, text } : this.#faulted("tell", this.walk.try, attempt, answer.fault)]);
    return NOTHING;
  }

  async rest({ as, why }: Extract<Order, { do: "rest" }>): Promise<CarriedOut> {
    const { run, step, target } = this.#ref;
    if (this.walk.rested === undefined) {
      if (!(await this.#append(0, [{ ...this.#where("target.rested"), as, why }]))) return NOTHING;
      const durationMs = this.#now() - (this.walk.intendedAt ?? this.#now());
      this.#performer.telemetry.event("step.rested", { run, step, target, verb: this.#step.verb, outcome: as, durationMs });
    }
    if (this.walk.everIntended) for (const resource of this.#target.touches) await this.#performer.locks.release(resource, { run, step, target });
    const waiting = this.#index.dependents(step).filter((dependent) => dependent.needs.some((need) => need.step === step && need.per === "target"));
    return {
      instances: [
        ...waiting.filter(({ targets }) => targets.some(({ id }) => id === target)).map((dependent) => targetInstance(run, dependent.id, target)),
        ...this.#index
          .dependents(step)
          .filter(({ when }) => when !== undefined)
          .map(({ id }) => stepInstance(run, id)),
        ...this.#index.rivals(step, target).map((rival) => targetInstance(run, rival.step, rival.target)),
      ],
    };
  }

  /** Steps that begin only once something is opened that is, now that this has begun. */
  #awaitOpening(): readonly string[] {
    const opened = new Set(this.#target.opens.map(({ id }) => id));
    if (opened.size === 0) return [];
    const waiting = this.#index.dependents(this.#ref.step).filter(({ when }) => when !== undefined && "opened" in when && opened.has(when.opened));
    return waiting.map(({ id }) => stepInstance(this.#ref.run, id));
  }

  /** Those about this step or this target. */
  #ours(decisions: readonly Decision[]): readonly Decision[] {
    return decisions.filter(({ step, target }) => step === this.#ref.step && (target === undefined || target === this.#ref.target));
  }

  /** Why it may not begin any more, by these decisions. */
  #forbidden(decisions: readonly Decision[]): string | undefined {
    return mayBegin({ step: this.#step, cutoff: this.#index.cutoff, control: controlOf(this.#view.streams(RUN_STREAM), decisions) }, this.#now());
  }

  async #takeLocks(): Promise<boolean> {
    const { run, step, target } = this.#ref;
    const holder = { run, step, target };
    const mine: string[] = [];
    // In one order for all, so that two steps never wait for each other.
    for (const resource of this.#target.touches.toSorted()) {
      const { taken } = await this.#performer.locks.take(resource, holder);
      if (!taken) {
        for (const other of mine) await this.#performer.locks.release(other, holder);
        return false;
      }
      if (!this.walk.everIntended) mine.push(resource);
    }
    return true;
  }

  async #try<Value>(
    deed: Deed,
    tryNumber: number,
    attempt: number,
    work: (call: Call) => Promise<Value>,
  ): Promise<{ ok: true; value: Value } | { ok: false; fault: ReturnType<typeof faultRecordOf> }> {
    const { run, step, target } = this.#ref;
    try {
      const value = await leavingSoonAfter(this.#takenUpAt, () => inScope({ run, step, target, deed, attempt }, () => work(this.#call(tryNumber, attempt))));
      return { ok: true, value };
    } catch (thrown) {
      const fault = faultRecordOf(thrown);
      this.#performer.telemetry.event("step.faulted", { run, step, target, verb: this.#step.verb, attempt, kind: fault.kind }, fault.kind === "defect" ? "error" : "warning");
      return { ok: false, fault };
    }
  }

  #call(tryNumber: number, attempt: number): Call {
    return callOf(this.#performer, this.#index, { step: this.#ref.step, target: this.#ref.target, tryNumber, attempt }, this.#decisions);
  }

  #receipt(): unknown {
    return this.#checked(this.walk.receipt);
  }

  /** A receipt as it came back from JSON: one that an older version wrote may no longer fit. */
  #checked(receipt: unknown): unknown {
    const parsed = this.#action.receipt.safeParse(receipt);
    if (parsed.success) return parsed.data;
    throw new Fault(
      "defect",
      `the receipt of ${this.#step.verb} does not fit its schema: ${parsed.error.issues[0]?.message ?? "unknown"} at ${parsed.error.issues[0]?.path.join(".") ?? ""}`,
    );
  }

  #ports(): Record<string, unknown> {
    return portsFor(this.#action, this.#performer.ports);
  }

  async #append(offset: number, facts: readonly Fact[]): Promise<boolean> {
    const stream = targetStream(this.#ref.step, this.#ref.target);
    const kept = await this.#performer.journal.append(this.#ref.run, stream, this.walk.seq + offset, facts);
    if (kept) this.#view.add(stream, facts);
    return kept;
  }

  #where<Type extends string>(type: Type): { type: Type; at: string; step: string; target: string } {
    return { type, at: isoOf(this.#now()), step: this.#ref.step, target: this.#ref.target };
  }

  #faulted(deed: Deed, tryNumber: number, attempt: number, fault: ReturnType<typeof faultRecordOf>): Fact {
    return { ...this.#where("target.faulted"), deed, try: tryNumber, attempt, fault };
  }

  #event(name: "step.begun", attempt: number): void {
    this.#performer.telemetry.event(name, { run: this.#ref.run, step: this.#ref.step, target: this.#ref.target, verb: this.#step.verb, attempt });
  }

  #now(): number {
    return this.#performer.clock.now();
  }
}
