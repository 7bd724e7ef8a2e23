import type { Opening } from "../../shared/action/action.ts";
import type { FaultKind } from "../../shared/fault/fault.ts";
import { DECISION_STREAM, RUN_STREAM, stepStream, targetStream } from "../../shared/run/facts.ts";
import type { Decision, DecisionName, Deed, Ending, Fact } from "../../shared/run/facts.ts";
import { inOrder, type Entry } from "../../shared/run/journal.ts";
import { OPENS_AT } from "./plan-with.ts";

/** `90s`, `5m`, `2h` in milliseconds. */
export function ms(duration: `${number}${"s" | "m" | "h"}`): number {
  return Number.parseFloat(duration) * { s: 1_000, m: 60_000, h: 3_600_000 }[duration.at(-1) as "s" | "m" | "h"];
}

/** A stream told fact by fact; time stands still but for `after`. */
class Told {
  readonly stream: string;
  readonly facts: Fact[] = [];
  #at: number;

  constructor(stream: string, at: string) {
    this.stream = stream;
    this.#at = Date.parse(at);
  }

  /** Milliseconds since the epoch. */
  get now(): number {
    return this.#at;
  }

  get at(): string {
    return new Date(this.#at).toISOString();
  }

  after(duration: Parameters<typeof ms>[0]): this {
    this.#at += ms(duration);
    return this;
  }

  protected add(fact: Fact): this {
    this.facts.push(fact);
    return this;
  }
}

/** What happened to one target: `factsOf("a.b", "x").intended().begun().after("3m").finished().verified("seen").rested("done")`. */
export function factsOf(step: string, target = step, at = OPENS_AT): TargetTold {
  return new TargetTold(step, target, at);
}

class TargetTold extends Told {
  readonly #step: string;
  readonly #target: string;
  #try = 1;
  #attempt = 0;

  constructor(step: string, target: string, at: string) {
    super(targetStream(step, target), at);
    this.#step = step;
    this.#target = target;
  }

  intended({
    deed = "begin",
    opens,
    try: nextTry = this.#try,
    follows,
  }: { deed?: "begin" | "cancel" | "undo"; opens?: Opening[]; try?: number; follows?: string | undefined } = {}): this {
    this.#attempt = nextTry === this.#try ? this.#attempt + 1 : 1;
    this.#try = nextTry;
    return this.add({
      type: "target.intended",
      ...this.#where(),
      deed,
      try: nextTry,
      attempt: this.#attempt,
      ...(opens === undefined ? {} : { opens }),
      ...(follows === undefined ? {} : { follows }),
    });
  }

  sought(settled: boolean): this {
    return this.add({ type: "target.sought", ...this.#where(), try: this.#try, settled });
  }

  begun(receipt: unknown = {}): this {
    this.#attempt = 0;
    return this.add({ type: "target.begun", ...this.#where(), try: this.#try, receipt });
  }

  progressed(state: "waiting" | "running" = "running", note: string = state, receipt: unknown = {}): this {
    return this.add({ type: "target.progressed", ...this.#where(), state, note, receipt });
  }

  finished(note = "finished", receipt: unknown = {}): this {
    this.#attempt = 0;
    return this.add({ type: "target.finished", ...this.#where(), note, receipt });
  }

  verified(evidence = "looked at it", { already, closes = [] }: { already?: string; closes?: string[] } = {}): this {
    return this.add({ type: "target.verified", ...this.#where(), evidence: [evidence], closes, ...(already === undefined ? {} : { already }) });
  }

  /** `attempt` counts on by itself for the deed that was announced; other deeds say theirs. */
  faulted(kind: FaultKind, deed: Deed = "begin", { message = `${deed} ${kind}`, attempt = Math.max(this.#attempt, 1) }: { message?: string; attempt?: number } = {}): this {
    return this.add({ type: "target.faulted", ...this.#where(), deed, try: this.#try, attempt, fault: { kind, message } });
  }

  cancelled(evidence = "it was stopped", { hadEnded }: { hadEnded?: true } = {}): this {
    return this.add({ type: "target.cancelled", ...this.#where(), evidence: [evidence], ...(hadEnded === undefined ? {} : { hadEnded }) });
  }

  undone(closes: string[] = [], evidence = "put back"): this {
    return this.add({ type: "target.undone", ...this.#where(), evidence: [evidence], closes });
  }

  told(topic: string): this {
    return this.add({ type: "target.told", ...this.#where(), topic, text: topic });
  }

  rested(as: Ending, why: string = as): this {
    return this.add({ type: "target.rested", ...this.#where(), as, why });
  }

  #where(): { at: string; step: string; target: string } {
    return { at: this.at, step: this.#step, target: this.#target };
  }
}

/** A digest as previews have it; its first twelve digits are in the topic under which people are asked. */
export const PREVIEW = "a".repeat(64);

/** What happened to a step as a whole: `stepFactsOf("a.b").batch(["x"]).ended("done")`. */
export function stepFactsOf(step: string, at = OPENS_AT): StepTold {
  return new StepTold(step, at);
}

class StepTold extends Told {
  readonly #step: string;

  constructor(step: string, at: string) {
    super(stepStream(step), at);
    this.#step = step;
  }

  batch(targets: string[] = [this.#step], failuresBefore = 0): this {
    return this.add({ type: "batch.started", at: this.at, step: this.#step, targets, failuresBefore });
  }

  told(topic: string): this {
    return this.add({ type: "step.told", at: this.at, step: this.#step, topic, text: topic });
  }

  previewed(digest = PREVIEW, lines: string[] = ["would do it"]): this {
    return this.add({ type: "step.previewed", at: this.at, step: this.#step, digest, lines });
  }

  unpreviewed(why: string): this {
    return this.add({ type: "step.unpreviewed", at: this.at, step: this.#step, why });
  }

  untold(topic: string, why = "Slack is away"): this {
    return this.add({ type: "step.untold", at: this.at, step: this.#step, topic, why });
  }

  ended(as: Ending, why: string = as): this {
    return this.add({ type: "step.ended", at: this.at, step: this.#step, as, why });
  }
}

/** What happened to the run: `runFactsOf().started().after("3h").ended("well")`. */
export function runFactsOf(at = OPENS_AT): RunTold {
  return new RunTold(RUN_STREAM, at);
}

class RunTold extends Told {
  started(by = "timer saturdayPrework"): this {
    return this.add({ type: "run.started", at: this.at, digest: "d".repeat(64), by });
  }

  stopped(step: string, why = "failed"): this {
    return this.add({ type: "run.stopped", at: this.at, step, why });
  }

  ended(outcome: "well" | "badly" | "aborted", headline: string = outcome): this {
    return this.add({ type: "run.ended", at: this.at, outcome, headline });
  }
}

/** A decision: `decided("skip", { step: "a.b", by: "Ada" })`. */
export function decided(decision: DecisionName, { at = OPENS_AT, by = "Ada", ...rest }: Partial<Omit<Decision, "type" | "decision">> = {}): Decision {
  return { type: "decision.made", at, id: `${decision}-${at}-${rest.step ?? ""}-${rest.target ?? ""}`, decision, by, ...rest };
}

/** The entries of these streams, in the order of `Journal.readAll`. */
export function entriesOf(streams: readonly { readonly stream: string; readonly facts: readonly Fact[] }[], decisions: readonly Decision[] = []): readonly Entry[] {
  return inOrder([...streams, { stream: DECISION_STREAM, facts: decisions }].flatMap(({ stream, facts }) => facts.map((fact, seq) => ({ stream, seq, fact }))));
}
