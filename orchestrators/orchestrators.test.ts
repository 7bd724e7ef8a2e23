import * as df from "durable-functions";
import { describe, expect, it } from "vitest";
import { activity, at, hostOf, START_MS } from "../local/durable/stage.ts";
import type { HostOptions, LocalHost } from "../local/harness.ts";
import type { Outcome } from "../shared/fault/fault.ts";
import { recordingStore, type RecordedGeneration } from "../test/support/recording-store.ts";
import { fan } from "./fan.ts";
import { step } from "./step.ts";
import { target } from "./target.ts";
import { window } from "./window.ts";
import type { Child, StepAdvice, TargetAdvice, WaveAnswer } from "./wire.ts";

/** The real orchestrators on the local host, told by scripted activities what the brain would say. */
interface Script {
  readonly muster?: () => Outcome<WaveAnswer>;
  readonly adviseStep?: (step: string) => Outcome<StepAdvice>;
  readonly actStep?: (step: string) => Outcome<StepAdvice>;
  readonly advise?: (target: string) => Outcome<TargetAdvice>;
  readonly act?: (target: string, order: string) => Outcome<TargetAdvice>;
}

interface Driven {
  readonly host: LocalHost;
  /** Activities as they were called, with the second at which they were. */
  readonly calls: string[];
  readonly generations: () => readonly RecordedGeneration[];
}

async function driven(script: Script, options: Partial<HostOptions> = {}): Promise<Driven> {
  const calls: string[] = [];
  const store = recordingStore();
  let host: LocalHost | undefined;
  const heard = (line: string): void => void calls.push(`${((host?.clock.now() ?? START_MS) - START_MS) / 1_000} ${line}`);
  host = await hostOf(
    () => {
      for (const [name, orchestrator] of Object.entries({ window, step, target, fan })) df.app.orchestration(name, orchestrator as df.OrchestrationHandler);
      activity("muster", () => (heard("muster"), script.muster?.() ?? rested));
      activity("close", ({ outcome }: { outcome: string }) => (heard(`close ${outcome}`), { ok: true, value: { outcome } }));
      activity("advise-step", ({ step: id }: { step: string }) => (heard(`advise ${id}`), script.adviseStep?.(id) ?? REST));
      activity("act-step", ({ ref, order }: { ref: { step: string }; order: { do: string } }) => (heard(`${order.do} ${ref.step}`), script.actStep?.(ref.step) ?? REST));
      activity("advise", ({ target: id }: { target: string }) => (heard(`advise ${id}`), script.advise?.(id) ?? AT_REST));
      activity(
        "act-fake",
        ({ ref, order }: { ref: { target: string }; order: { do: string } }) => (heard(`${order.do} ${ref.target}`), script.act?.(ref.target, order.do) ?? AT_REST),
      );
    },
    { store, ...options },
  );
  return { host, calls, generations: () => store.generations() };
}

const rested: Outcome<WaveAnswer> = { ok: true, value: { do: "rest", outcome: "well" } };
const away: Outcome<never> = { ok: false, fault: { kind: "unavailable", message: "the tables are away" } };
const REST: Outcome<StepAdvice> = { ok: true, value: { order: { do: "rest" } as StepAdvice["order"], seq: 1, children: [] } };
const AT_REST: Outcome<TargetAdvice> = { ok: true, value: { order: { do: "rest", as: "done", why: "", recorded: true }, seq: 1, by: "act-fake" } };
const ref = { run: "r", digest: "d" };

const stepOrder = (order: object, children: readonly Child<never>[] = []): Outcome<StepAdvice> => ({ ok: true, value: { order: order as StepAdvice["order"], seq: 1, children } });
const targetOrder = (order: object): Outcome<TargetAdvice> => ({ ok: true, value: { order: order as TargetAdvice["order"], seq: 1, by: "act-fake" } });
/** Wait, and then look without asking whether to. */
// oxlint-disable-next-line unicorn/no-thenable -- an order, not a function
const underWay = (until: number): Outcome<TargetAdvice> => targetOrder({ do: "wait", until, why: "under way", then: { do: "poll", attempt: 1 } });
const wave = (answer: object): Outcome<WaveAnswer> => ({ ok: true, value: answer as WaveAnswer });
const stepsOf = (...ids: string[]): Outcome<WaveAnswer> => wave({ do: "forward", steps: ids.map((id) => ({ instance: `r.${id}`, input: { ...ref, step: id } })) });

/** One answer after the other, the last one again and again. */
function told<Answer>(...answers: Answer[]): () => Answer {
  let next = 0;
  return () => answers[Math.min(next++, answers.length - 1)] as Answer;
}

async function run({ host }: Driven, orchestrator: string, input: object): Promise<unknown> {
  await host.start(orchestrator, input, "i");
  const { runtimeStatus, output } = await host.waitFor("i");
  // A child that is started anew looks like one that is started twice; nothing else may be amiss.
  const amiss = host.notices.filter(({ text }) => !text.includes("looks like one that has ended"));
  expect({ runtimeStatus, amiss }).toEqual({ runtimeStatus: "Completed", amiss: [] });
  return output;
}

describe("a target", () => {
  const input = { ...ref, step: "s", target: "t" };

  it("has each order carried out in turn, each answer bringing the next, until it rests", async () => {
    const one = await driven({
      advise: told(targetOrder({ do: "begin", try: 1, attempt: 1 })),
      act: told(targetOrder({ do: "poll", attempt: 1 }), targetOrder({ do: "verify", attempt: 1 }), AT_REST),
    });

    await run(one, "target", input);

    expect(one.calls).toEqual(["0 advise t", "0 begin t", "0 poll t", "0 verify t"]);
  });

  it("does not ask for its first advice where it was started with it, nor for what it knows already when it starts over", async () => {
    const first = { order: { do: "begin", try: 1, attempt: 1 }, seq: 0, by: "act-fake" };
    let acts = 0;
    const one = await driven({ act: () => (++acts > 12 ? AT_REST : targetOrder({ do: "verify", attempt: 1 })) });

    await run(one, "target", { ...input, first });

    expect(one.calls).toEqual(["0 begin t", ...Array.from({ length: 12 }, () => "0 verify t")]);
  });

  it.each([
    ["is to wait for somebody", targetOrder({ do: "wait", until: START_MS + 60_000, why: "held" })],
    ["could not be told what to do", away],
  ])("asks when it starts over and %s, since a ring may be lost in the changeover", async (_name, tenth) => {
    let acts = 0;
    const one = await driven({ act: () => (++acts < 10 ? targetOrder({ do: "verify", attempt: 1 }) : tenth), advise: told(targetOrder({ do: "verify", attempt: 1 }), AT_REST) });

    await run(one, "target", input);

    expect(one.calls.filter((call) => call.includes("advise"))).toHaveLength(2);
  });

  it("rests at once where its first advice says that it has rested", async () => {
    const one = await driven({});

    await run(one, "target", { ...input, first: AT_REST.ok ? AT_REST.value : undefined });

    expect(one.calls).toEqual([]);
  });

  it("waits until the instant, then asks again; a look that goes on is taken without asking", async () => {
    const one = await driven({
      advise: told(targetOrder({ do: "wait", until: START_MS + 3_600_000, why: "too early" }), targetOrder({ do: "begin", try: 1, attempt: 1 })),
      act: told(underWay(START_MS + 3_630_000), AT_REST),
    });

    await run(one, "target", input);

    expect(one.calls).toEqual(["0 advise t", "3600 advise t", "3600 begin t", "3630 poll t"]);
  });

  it("asks at once when someone rings, and does not take the look that it was about to", async () => {
    const one = await driven({ advise: told(underWay(START_MS + 3_600_000), AT_REST) });
    await one.host.start("target", input, "i");
    await one.host.advanceTo(at(100));

    await one.host.raise("i", "ring", {});
    await one.host.waitFor("i");

    expect(one.calls).toEqual(["0 advise t", "100 advise t"]);
  });

  it("waits a minute while the journal cannot be reached, and goes on when it can", async () => {
    const one = await driven({
      advise: told<Outcome<TargetAdvice>>(away, away, targetOrder({ do: "begin", try: 1, attempt: 1 })),
      act: told<Outcome<TargetAdvice>>(away, AT_REST),
    });

    await run(one, "target", input);

    // After a deed whose answer was lost it asks what became of it, and never assumes.
    expect(one.calls).toEqual(["0 advise t", "60 advise t", "120 advise t", "120 begin t", "180 advise t", "180 begin t"]);
  });

  it("goes on for a night of looks in short histories, each of which ends after a call", async () => {
    let looks = 0;
    const one = await driven({
      advise: () => targetOrder({ do: "poll", attempt: 1 }),
      act: () => (++looks > 200 ? AT_REST : underWay(START_MS + looks * 300_000)),
    });

    await run(one, "target", input);

    expect(looks).toBe(201);
    expect(shapeOf(one)).toEqual({
      continued: expect.toSatisfy((count: number) => count > 15),
      endedBy: ["act-fake"],
      longest: expect.toSatisfy((events: number) => events < 100),
    });
  });
});

describe("a step", () => {
  const input = { ...ref, step: "s" };
  const children = (count: number): readonly Child<never>[] => Array.from({ length: count }, (_, n) => ({ instance: `r.s.${n}`, input: { ...input, target: `t${n}` } as never }));

  it("waits at its gate, lets its batch through, and asks again when all of it has ended", async () => {
    const one = await driven({
      adviseStep: told(
        stepOrder({ do: "wait", until: START_MS + 600_000, why: "too early" }),
        stepOrder({ do: "run", batch: 0, targets: ["t0", "t1"] }),
        stepOrder({ do: "end", as: "done" }),
      ),
      actStep: told(stepOrder({ do: "run", batch: 0, targets: ["t0", "t1"] }, children(2)), REST),
    });

    await run(one, "step", input);

    expect(one.calls).toEqual(["0 advise s", "600 advise s", "600 run s", "600 advise t0", "600 advise t1", "600 advise s", "600 end s"]);
  });

  it("does not ask where it was told along to wait; a ring ends that wait as any other", async () => {
    const first = { order: { do: "wait", until: START_MS + 600_000, why: "waits for a.b" }, seq: 0, children: [] };
    const slept = await driven({});
    await run(slept, "step", { ...input, first });
    const rung = await driven({});
    await rung.host.start("step", { ...input, first }, "i");
    await rung.host.advanceTo(at(100));
    await rung.host.raise("i", "ring", {});
    await rung.host.waitFor("i");

    expect([slept.calls, rung.calls]).toEqual([["600 advise s"], ["100 advise s"]]);
  });

  it("lets a batch through that the advice brings along, without carrying anything out", async () => {
    const one = await driven({ adviseStep: told(stepOrder({ do: "run", batch: 0, targets: ["t0", "t1"] }, children(2)), REST) });

    await run(one, "step", input);

    expect(one.calls).toEqual(["0 advise s", "0 advise t0", "0 advise t1", "0 advise s"]);
  });

  it("does not ask where the last of a batch brings along what to do now", async () => {
    const last = (then: Outcome<StepAdvice>): Outcome<TargetAdvice> => (AT_REST.ok && then.ok ? { ok: true, value: { ...AT_REST.value, step: then.value } } : AT_REST);
    const one = await driven({
      adviseStep: told(stepOrder({ do: "run", batch: 0, targets: ["t0", "t1"] }, children(2))),
      advise: (target) => (target === "t0" ? AT_REST : targetOrder({ do: "rest", as: "done", why: "" })),
      act: told(last(stepOrder({ do: "run", batch: 1, targets: ["t2"] }, children(3).slice(2))), last(stepOrder({ do: "tell", topic: "ended" }))),
    });

    await run(one, "step", input);

    expect(one.calls).toEqual(["0 advise s", "0 advise t0", "0 advise t1", "0 rest t1", "0 advise t2", "0 rest t2", "0 tell s"]);
  });

  it("goes on through batches that bring the next one along in short histories, each of which ends after a call", async () => {
    let batches = 0;
    const batch = (): Outcome<StepAdvice> => (++batches > 40 ? REST : stepOrder({ do: "run", batch: batches, targets: ["t0"] }, children(1)));
    const one = await driven({
      adviseStep: batch,
      advise: () => targetOrder({ do: "rest", as: "done", why: "" }),
      act: () => {
        const next = batch();
        return AT_REST.ok && next.ok ? { ok: true, value: { ...AT_REST.value, step: next.value } } : AT_REST;
      },
    });

    await run(one, "step", input);

    expect(shapeOf(one)).toEqual({
      continued: expect.toSatisfy((times: number) => times >= 3),
      endedBy: ["advise-step"],
      longest: expect.toSatisfy((events: number) => events < 150),
    });
  });

  it("waits a minute while the journal cannot be reached, and starts no batch that was not written down", async () => {
    const one = await driven({
      adviseStep: told<Outcome<StepAdvice>>(away, stepOrder({ do: "run", batch: 0, targets: ["t0"] }), stepOrder({ do: "run", batch: 0, targets: ["t0"] }), REST),
      actStep: told<Outcome<StepAdvice>>(away, stepOrder({ do: "run", batch: 0, targets: ["t0"] }, children(1))),
    });

    await run(one, "step", input);

    expect(one.calls).toEqual(["0 advise s", "60 advise s", "60 run s", "60 advise s", "60 run s", "60 advise t0", "60 advise s"]);
  });

  it("of 2,000 targets keeps every history below 1,000 events, and its own to a page", async () => {
    const one = await driven({
      adviseStep: told(stepOrder({ do: "run", batch: 0, targets: [] }), REST),
      actStep: told(stepOrder({ do: "run", batch: 0, targets: [] }, children(2_000))),
    });

    await run(one, "step", input);

    expect(one.calls.filter((line) => line.includes("advise t"))).toHaveLength(2_000);
    expect(Math.max(...one.generations().map(({ events }) => events.length))).toBeLessThan(300);
  });

  it("goes on through many batches in short histories, each of which ends after a call", async () => {
    let batches = 0;
    const one = await driven({
      adviseStep: () => (++batches > 40 ? REST : stepOrder({ do: "run", batch: batches, targets: ["t0"] })),
      actStep: () => stepOrder({ do: "run", batch: batches, targets: ["t0"] }, children(1)),
    });

    await run(one, "step", input);

    expect(shapeOf(one)).toEqual({ continued: 3, endedBy: ["advise-step"], longest: expect.toSatisfy((events: number) => events < 150) });
  });
});

describe("a window", () => {
  it("goes forward wave by wave, back target by target, closes, and rests with its outcome", async () => {
    const back = wave({ do: "back", targets: ["t1", "t0"].map((id) => ({ instance: `r.s.${id}`, input: { ...ref, step: "s", target: id, back: true } })) });
    const one = await driven({ muster: told(stepsOf("a", "b"), stepsOf("c"), back, wave({ do: "end", outcome: "badly" }), wave({ do: "rest", outcome: "badly" })) });

    const output = await run(one, "window", ref);

    expect(output).toEqual({ outcome: "badly" });
    expect(one.calls.map((line) => line.slice(2))).toEqual([
      "muster",
      "advise a",
      "advise b",
      "muster",
      "advise c",
      "muster",
      "advise t1",
      "advise t0",
      "muster",
      "close badly",
      "muster",
    ]);
  });

  it("waits a minute while the journal cannot be reached, and goes on when it can", async () => {
    const one = await driven({ muster: told<Outcome<WaveAnswer>>(away, away, stepsOf("a"), rested) });

    await run(one, "window", ref);

    expect(one.calls).toEqual(["0 muster", "60 muster", "120 muster", "120 advise a", "120 muster"]);
  });

  it("starts a child anew that has died, not before a minute has passed", async () => {
    const dead = { ok: true, value: null } as unknown as Outcome<StepAdvice>;
    const one = await driven({ muster: told(stepsOf("a"), stepsOf("a"), stepsOf("a"), rested), adviseStep: told(dead, REST) });

    await run(one, "window", ref);

    expect(one.calls).toEqual(["0 muster", "0 advise a", "0 muster", "60 muster", "60 advise a", "60 muster"]);
    expect((await one.host.status("r.a"))?.runtimeStatus).toBe("Completed");
  });

  it("knows a wave that it has started although its steps are told something else along", async () => {
    let until = START_MS;
    const again = (): Outcome<WaveAnswer> => {
      until += 1_000;
      const first = { order: { do: "wait", until, why: "waits" }, seq: 0, children: [] };
      return wave({ do: "forward", steps: [{ instance: "r.a", input: { ...ref, step: "a", first } }] });
    };
    const waves = told(again, again, () => rested);
    const one = await driven({ muster: () => waves()() });

    await run(one, "window", ref);

    expect(one.calls).toEqual(["0 muster", "1 advise a", "1 muster", "61 muster"]);
  });

  it("goes on however many waves there are, in short histories, each of which ends after a call", async () => {
    let waves = 0;
    const one = await driven({ muster: () => (++waves > 60 ? rested : stepsOf(`s${waves}`)) });

    await run(one, "window", ref);

    expect(shapeOf(one)).toEqual({ continued: 4, endedBy: ["muster"], longest: expect.toSatisfy((events: number) => events < 150) });
  });
});

/** D4: the last thing that each generation waited for, before it continued as new, is an activity; and the longest history. */
function shapeOf({ generations }: Driven): { continued: number; endedBy: string[]; longest: number } {
  const continued = generations().filter((generation) => generation.continued);
  const lastOpen = ({ events }: RecordedGeneration): string => {
    const done = new Set(events.map((event) => event["TaskScheduledId"]));
    return events
      .filter(({ EventType, EventId }) => (EventType === 4 || EventType === 7) && !done.has(EventId))
      .map((event) => String(event["Name"]))
      .join();
  };
  return { continued: continued.length, endedBy: [...new Set(continued.map(lastOpen))], longest: Math.max(...generations().map(({ events }) => events.length)) };
}
