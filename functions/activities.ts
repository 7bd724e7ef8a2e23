import type { InvocationContext } from "@azure/functions";
import * as df from "durable-functions";
import type { Activities, Child, FamilyActivity, StepAdvice, StepInput, TargetAdvice, TargetInput } from "../orchestrators/wire.ts";
import { familyOf } from "../shared/action/registry.ts";
import { outcomeOf } from "../shared/fault/fault.ts";
import { leavingSoonAfter } from "../shared/ports/leaving.ts";
import type { Advice } from "../shared/run/conductor.ts";
import type { StepRef, TargetRef } from "../shared/run/facts.ts";
import { THE_WINDOW } from "../shared/run/hosted-wave.ts";
import { stepInstance, targetInstance, windowInstance } from "../shared/run/instances.ts";
import { HEARTBEAT_MS, type Order } from "../shared/run/next-order.ts";
import type { StepOrder } from "../shared/run/next-step.ts";
import type { App } from "./app.ts";
import { ringThrough } from "./ring.ts";

/** Targets of a batch, and steps of a wave, that are given their first advice along: an answer must stay small. */
const MOST_ADVISED = 40;
const MOST_STEPS_ADVISED = 100;

/**
 * Registers the activities: muster, advise-step, act-step, advise, close, show-reply, and one `act-FAMILY` per family of verbs, made from
 * the registry, so that pipelines, patching and DNS are functions of their own in Azure's dashboards and scaling. Each
 * answers with an `Outcome` and never throws.
 */
export function registerActivities(app: App): void {
  const { conductor, registry } = app;

  activity("muster", async ({ run, digest, amendment }) => {
    const wave = await conductor.muster(run, digest, amendment ?? THE_WINDOW);
    switch (wave.do) {
      case "forward":
        return { value: { do: "forward", steps: await stepChildren(app, { run, digest }, wave.steps) }, ring: [] };
      case "back": {
        const now = await conductor.planNow(run, digest);
        return { value: { do: "back", targets: wave.targets.map(({ step, target }) => targetChild({ run, digest: now, step, target, back: true })) }, ring: [] };
      }
      case "wait":
        return { value: { do: "wait", until: app.stage.clock.now() + HEARTBEAT_MS }, ring: [] };
      default:
        // The window may wait for nothing but what the amendment added.
        return { value: wave, ring: amendment === undefined ? [] : [windowInstance(run)] };
    }
  });

  activity("close", async ({ run, digest, outcome }) => {
    await conductor.end(run, digest, outcome);
    return { value: { outcome }, ring: [] };
  });

  activity("show-reply", async ({ place, settle, whisper }) => {
    const replies = app.slack?.replies;
    if (settle !== undefined) await replies?.settle(place, settle.text, settle.decided);
    if (whisper !== undefined) await replies?.whisper(place, whisper.user, whisper.text);
    return { value: { shown: replies !== undefined }, ring: [] };
  });

  activity("advise-step", async (ref) => stepAnswer(app, ref, await conductor.adviseStep(ref)));
  activity("act-step", async ({ ref, order, seq }) => stepAnswer(app, ref, await conductor.actStep(ref, order, seq)));
  activity("advise", async (ref) => targetAnswer(app, ref, await conductor.adviseTarget(ref)));
  for (const family of registry.families()) {
    register(`act-${family}`, async ({ ref, order, seq }: FamilyActivity["takes"]) => actAnswer(app, ref, await conductor.act(ref, order, seq)));
  }

  function activity<Name extends keyof Activities>(name: Name, work: (input: Activities[Name]["takes"]) => Promise<Answer<ValueOf<Activities[Name]["gives"]>>>): void {
    register(name, work);
  }

  function register<Input, Value>(name: string, work: (input: Input) => Promise<Answer<Value>>): void {
    const { ring } = app;
    df.app.activity(name, {
      ...(ring === undefined ? { extraInputs: [df.input.durableClient()] } : {}),
      handler: (input: Input, context: InvocationContext) =>
        outcomeOf(async () => {
          const answer = await leavingSoonAfter(app.stage.clock.now(), () => work(input));
          if (answer.ring.length > 0) await (ring === undefined ? ringThrough(df.getClient(context), answer.ring) : ring(answer.ring));
          return answer.value;
        }),
    });
  }
}

type ValueOf<Gives> = Gives extends { ok: true; value: infer Value } | { ok: false } ? Value : never;

interface Answer<Value> {
  readonly value: Value;
  /** Orchestrations to ring once the value is in the journal. */
  readonly ring: readonly string[];
}

async function stepAnswer(app: App, ref: StepRef, { order, seq, ring: instances, digest }: Advice<StepOrder>): Promise<Answer<StepAdvice>> {
  const batch = order.do === "run" ? order.targets : [];
  const targets = batch.map((target): TargetRef => ({ run: ref.run, digest, step: ref.step, target }));
  const children = targets.length > MOST_ADVISED ? targets.map((target) => targetChild(target)) : await Promise.all(targets.map((target) => advisedChild(app, target)));
  return { value: { order, seq, children }, ring: instances };
}

/**
 * A target to start, with its first advice where there is something to do: it need not ask for it. One that is to wait asks again, since
 * what it waits for may come before it can be rung. So does one whose advice cannot be had now.
 */
async function advisedChild(app: App, ref: TargetRef): Promise<Child<TargetInput>> {
  const advice = await outcomeOf(async () => (await targetAnswer(app, ref, await app.conductor.adviseTarget(ref))).value);
  return targetChild(advice.ok && advice.value.order.do !== "wait" ? { ...ref, first: advice.value } : ref);
}

/** What came of acting on a target. The last of a batch to rest brings along what its step is to do now, which then need not ask. */
async function actAnswer(app: App, ref: TargetRef, advice: Advice<Order>): Promise<Answer<TargetAdvice>> {
  const own = await targetAnswer(app, ref, advice);
  const { order } = advice;
  if (order.do !== "rest" || order.recorded !== true || ref.back === true) return own;
  // What was done is answered, and rung for, whether or not its step can be looked at now.
  const next = await outcomeOf(async () => {
    const after = await app.conductor.adviseAfter(ref);
    return after === undefined ? undefined : stepAnswer(app, ref, after);
  });
  return next.ok && next.value !== undefined ? { value: { ...own.value, step: next.value.value }, ring: [...own.ring, ...next.value.ring] } : own;
}

async function targetAnswer(app: App, ref: TargetRef, { order, seq, ring: instances }: Advice<Order>): Promise<Answer<TargetAdvice>> {
  return { value: { order, seq, by: `act-${familyOf(await app.conductor.verbOf(ref))}` }, ring: instances };
}

/**
 * The steps of a wave, most of which are to wait: those are told so along, and need not ask. What they wait for begins only after all of
 * them were started; a ring that finds one not listening yet is rung again by the guard.
 */
async function stepChildren({ conductor }: App, where: Omit<StepRef, "step">, steps: readonly string[]): Promise<readonly Child<StepInput>[]> {
  const refs = steps.map((step): StepRef => ({ ...where, step }));
  if (refs.length > MOST_STEPS_ADVISED) return refs.map((ref) => stepChild(ref));
  return Promise.all(
    refs.map(async (ref) => {
      const advice = await outcomeOf(() => conductor.foreseeStep(ref));
      if (!advice.ok || advice.value.order.do !== "wait") return stepChild(ref);
      const { order, seq } = advice.value;
      return stepChild({ ...ref, first: { order, seq, children: [] } });
    }),
  );
}

function stepChild(input: StepInput): Child<StepInput> {
  return { instance: stepInstance(input.run, input.step), input };
}

function targetChild(input: TargetInput): Child<TargetInput> {
  return { instance: targetInstance(input.run, input.step, input.target), input };
}
