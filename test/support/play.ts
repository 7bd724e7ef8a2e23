import { memoryJournal } from "../../local/memory-journal.ts";
import { memoryLocks } from "../../local/memory-locks.ts";
import { memoryPlans } from "../../local/memory-plans.ts";
import type { AnyAction } from "../../shared/action/action.ts";
import { registryOf } from "../../shared/action/registry.ts";
import type { CompiledPlan } from "../../shared/plan/compiled.ts";
import type { Notice, People } from "../../shared/ports/people.ts";
import { silentTelemetry } from "../../shared/ports/telemetry.ts";
import { conductorOf, type Conductor, type Stage } from "../../shared/run/conductor.ts";
import { decide, type DecisionRequest } from "../../shared/run/decide.ts";
import type { TargetRef } from "../../shared/run/facts.ts";
import { stepInstance, targetInstance } from "../../shared/run/instances.ts";
import type { Journal } from "../../shared/run/journal.ts";
import { indexOf } from "../../shared/run/plan-index.ts";
import { stateOf, type RunState } from "../../shared/run/state.ts";
import { fakeVendor } from "./fake-vendor.ts";

/** A stage in memory, its clock set by hand. */
export interface TestStage extends Stage {
  readonly plan: CompiledPlan;
  readonly conductor: Conductor;
  /** Notices that people got, oldest first; a key that was told before is told again by nobody. */
  readonly told: Notice[];
  /** Sets the clock, milliseconds since the epoch. */
  readonly moveTo: (instantMs: number) => void;
  readonly ref: (step: string, target?: string) => TargetRef;
  readonly state: () => Promise<RunState>;
}

export interface StageParts {
  readonly actions?: readonly AnyAction[];
  readonly journal?: Journal;
  /** Stands in for the people port, e.g. while Slack is away. */
  readonly tell?: People["tell"];
  /** UTC ISO; default: when the window opens. */
  readonly at?: string;
}

/** Everything a run of this plan needs, with the verb `fake.work` unless other actions are given. */
export async function stageFor(
  plan: CompiledPlan,
  { actions = [fakeVendor().action("fake.work")], journal = memoryJournal(), tell, at = plan.window.opensAt }: StageParts = {},
): Promise<TestStage> {
  let now = Date.parse(at);
  const told: Notice[] = [];
  const plans = memoryPlans();
  await plans.put({ plan, by: "Ada", at });
  const stage: Stage = {
    clock: { now: () => now },
    journal,
    locks: memoryLocks(),
    plans,
    registry: registryOf(actions),
    ports: {},
    people: {
      async tell(run, notice) {
        await tell?.(run, notice);
        if (!told.some(({ key }) => key === notice.key)) told.push(notice);
      },
    },
    telemetry: silentTelemetry,
    reportUrl: (run) => `https://nightshift.example/runs/${run}`,
  };
  return {
    ...stage,
    plan,
    told,
    conductor: conductorOf(stage),
    moveTo: (instantMs) => {
      now = instantMs;
    },
    ref: (step, target = step) => ({ run: plan.window.id, digest: plan.digest, step, target }),
    state: async () => stateOf(indexOf(plan), await journal.readAll(plan.window.id), now),
  };
}

export interface PlayOptions {
  /** What people decide on the way, in any order; what is refused then is not decided. */
  readonly decisions?: readonly ({ readonly at: string; readonly by?: string } & DecisionRequest)[];
  /** Called before each order is carried out. */
  readonly onOrder?: (what: { readonly step: string; readonly target?: string; readonly do: string; readonly now: number }) => void | Promise<void>;
  /** UTC ISO: play no further than this. */
  readonly until?: string;
}

/** No run of a window may take longer than this, or as many orders: it would never end. */
const LONGEST_MS = 72 * 3_600_000;
const MOST_ORDERS = 100_000;

class Curtain extends Error {}

/**
 * Plays a whole run as the orchestrators do, in virtual time: asks, acts, waits until the instant or the ring, asks again.
 *
 * @throws Error when the run does not come to its end.
 */
export async function play(stage: TestStage, { decisions = [], onOrder, until }: PlayOptions = {}): Promise<RunState> {
  const { conductor, plan, clock } = stage;
  const [run, digest] = [plan.window.id, plan.digest];
  const lastAt = until === undefined ? clock.now() + LONGEST_MS : Date.parse(until);
  const sleepers = new Map<string, { readonly until: number; readonly wake: (undisturbed: boolean) => void; readonly fail: (error: Error) => void }>();
  let awake = 0;
  let orders = 0;

  /** Called whenever someone falls asleep or leaves: once all sleep, time moves on to the first who wants to wake. */
  const letTimePass = (): void => {
    if (awake > 0) return;
    const [first] = [...sleepers].sort(([, a], [, b]) => a.until - b.until);
    if (first === undefined) return;
    const [name, sleeper] = first;
    if (sleeper.until > lastAt) {
      for (const { fail } of sleepers.values()) fail(new Curtain(`${name} still waits at ${new Date(lastAt).toISOString()}`));
      sleepers.clear();
      return;
    }
    stage.moveTo(Math.max(clock.now(), sleeper.until));
    ring([name], true);
  };
  const ring = (names: readonly string[], undisturbed = false): void => {
    for (const name of names) {
      const sleeper = sleepers.get(name);
      if (sleeper === undefined) continue;
      sleepers.delete(name);
      awake++;
      sleeper.wake(undisturbed);
    }
  };
  /** True when nobody rang. */
  const pause = (name: string, untilMs: number): Promise<boolean> =>
    new Promise((wake, fail) => {
      sleepers.set(name, { until: untilMs, wake, fail });
      awake--;
      queueMicrotask(letTimePass);
    });
  const leave = (): void => {
    awake--;
    queueMicrotask(letTimePass);
  };
  const carryOut = async (step: string, target: string | undefined, what: string): Promise<void> => {
    if (++orders > MOST_ORDERS) throw new Error(`no end after ${orders} orders; the last: ${what} ${step} ${target ?? ""}`);
    await onOrder?.({ step, ...(target === undefined ? {} : { target }), do: what, now: clock.now() });
  };

  const walkTarget = async (ref: TargetRef): Promise<void> => {
    const name = targetInstance(run, ref.step, ref.target);
    let advice = await conductor.adviseTarget(ref);
    for (;;) {
      let { order } = advice;
      if (order.do === "rest" && order.recorded === true) return;
      if (order.do === "wait") {
        const undisturbed = await pause(name, order.until);
        if (!undisturbed || order.then === undefined) {
          advice = await conductor.adviseTarget(ref);
          continue;
        }
        order = order.then;
      }
      await carryOut(ref.step, ref.target, order.do);
      advice = await conductor.act(ref, order, advice.seq);
      ring(advice.ring);
    }
  };
  const walkStep = async (step: string): Promise<void> => {
    const ref = { run, digest, step };
    for (let advice = await conductor.adviseStep(ref); ;) {
      const { order, seq } = advice;
      ring(advice.ring);
      if (order.do === "rest") return;
      if (order.do === "tell" || order.do === "preview" || order.do === "end") {
        await carryOut(step, undefined, order.do);
        advice = await conductor.actStep(ref, order, seq);
        continue;
      }
      if (order.do === "wait") await pause(stepInstance(run, step), order.until);
      else {
        await carryOut(step, undefined, order.do);
        await all(order.targets.map((target) => () => walkTarget({ ...ref, target })));
      }
      advice = await conductor.adviseStep(ref);
    }
  };
  /** Starts them all and waits for all; who waits for children is neither awake nor asleep, and wakes as the last of them leaves. */
  const all = async (walks: readonly (() => Promise<void>)[]): Promise<void> => {
    let left = walks.length;
    awake += left - 1;
    await Promise.all(
      walks.map(async (walk) => {
        await walk();
        if (--left > 0) leave();
      }),
    );
  };

  awake++;
  for (const [number, { at, by = "Ada", ...request }] of decisions.entries()) {
    if (Date.parse(at) > clock.now()) {
      const later = async (): Promise<void> => {
        await pause(`decision ${number}`, Date.parse(at));
        await decide(stage.journal, indexOf(plan), request, by, new Date(clock.now()).toISOString()).catch(() => undefined);
        ring([...sleepers.keys()].filter((name) => !name.startsWith("decision ")));
        leave();
      };
      // One that is due after the curtain fell is never made.
      void later().catch(() => undefined);
      awake++;
    } else await decide(stage.journal, indexOf(plan), request, by, at).catch(() => undefined);
  }
  await conductor.begin(run, digest, "timer saturdayPrework");
  let before = "";
  try {
    for (;;) {
      const wave = await conductor.muster(run, digest);
      const now = JSON.stringify(wave);
      if (now === before) throw new Error(`the same wave twice: ${now}`);
      before = now;
      if (wave.do === "rest") return await stage.state();
      if (wave.do === "end") await conductor.end(run, digest, wave.outcome);
      if (wave.do === "forward") await all(wave.steps.map((step) => () => walkStep(step)));
      if (wave.do === "back") for (const { step, target } of wave.targets) await all([() => walkTarget({ run, digest, step, target, back: true })]);
    }
  } catch (error) {
    if (error instanceof Curtain && until !== undefined) return stage.state();
    throw error;
  }
}
