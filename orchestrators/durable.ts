import type { OrchestrationContext, Task } from "durable-functions";
import type { Outcome } from "../shared/fault/fault.ts";
import type { Activities, Child, FamilyActivity } from "./wire.ts";

/**
 * The only file that touches `context.df`. Its rules, which the local host checks in strict mode:
 *
 *   D1  a task is yielded once, alone or in one compound
 *   D2  only timers and events enter a race; no timer is longer than a day
 *   D3  no member of a `Task.all` may fail: children catch everything
 *   D4  a generation ends right after a call, never right after a race
 */
export type Durable<Result> = Generator<Task, Result, unknown>;

export function inputOf<Input>(ctx: OrchestrationContext): Input {
  return ctx.df.getInput<Input>();
}

/** Calls an activity. One that died with its process, or could not be run, answers like one that met a fault of ours. */
export function* call<Name extends keyof Activities>(ctx: OrchestrationContext, name: Name, input: Activities[Name]["takes"]): Durable<Activities[Name]["gives"]> {
  return (yield* callByName(ctx, name, input)) as Activities[Name]["gives"];
}

/** As `call`, for the activity of a family of verbs, whose name an order brings along. */
export function* callFamily(ctx: OrchestrationContext, name: string, input: FamilyActivity["takes"]): Durable<FamilyActivity["gives"]> {
  return (yield* callByName(ctx, name, input)) as FamilyActivity["gives"];
}

function* callByName(ctx: OrchestrationContext, name: string, input: object): Durable<Outcome<unknown>> {
  try {
    return (yield ctx.df.callActivity(name, input)) as Outcome<unknown>;
  } catch (thrown) {
    return { ok: false, fault: { kind: "defect", message: thrown instanceof Error ? thrown.message.slice(0, 500) : "the activity failed" } };
  }
}

/** More children than this go through orchestrations in between, since a parent re-reads its history at every turn. */
const MOST_CHILDREN = 40;

/**
 * Starts every child at once and waits for all. Children report to the journal: whoever does without what they return loses time only.
 *
 * @returns what each of them did; nothing where one of them died, or where there are so many that others stand in between.
 */
export function* fanOut(ctx: OrchestrationContext, orchestrator: string, children: readonly Child<unknown>[]): Durable<readonly unknown[]> {
  if (children.length === 0) return [];
  const tasks =
    children.length <= MOST_CHILDREN
      ? children.map(({ instance, input }) => ctx.df.callSubOrchestrator(orchestrator, input, instance))
      : groupsOf(children, Math.max(MOST_CHILDREN, Math.ceil(children.length / MOST_CHILDREN))).map((group) =>
          ctx.df.callSubOrchestrator("fan", { orchestrator, children: group }),
        );
  try {
    const returned = (yield ctx.df.Task.all(tasks)) as readonly unknown[];
    return children.length <= MOST_CHILDREN ? returned : [];
  } catch {
    // Children catch what they can. Whatever killed one all the same, the journal says how far it came; whoever
    // started it asks the journal next.
    return [];
  }
}

function groupsOf<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, group) => items.slice(group * size, (group + 1) * size));
}

/** Waits for a while without a doorbell, e.g. while the journal cannot be reached. */
export function* sleep(ctx: OrchestrationContext, ms: number): Durable<void> {
  yield ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + ms));
}

const DAY_MS = 86_400_000;
/** See `Doorbell.pause`: to ask again for what begins at an instant, and to look again at work under way. */
const ASK_AGAIN_MS = 2_000;
export const LOOK_AGAIN_MS = 30_000;

/**
 * Waits that end early when someone rings. Each round has a wait of its own, and one whose round was over before anybody rang
 * stays in hand: a ring that comes while the orchestrator is busy goes to the newest of them, and is found at the next round.
 *
 * Throwing them away would lose that ring. Racing one wait again and again would lose the next one: the SDK notes a wait
 * once per race, and the further notes swallow rings after it has been answered. orchestrators/durable.test.ts has all three.
 */
export class Doorbell {
  readonly #ctx: OrchestrationContext;
  #waits: Task[] = [];

  constructor(ctx: OrchestrationContext) {
    this.#ctx = ctx;
  }

  /**
   * Until `untilMs` (since the epoch) or a ring, and a day at the most; whoever waits asks again anyway.
   *
   * @param shortestMs for which to wait when that instant is over here. Whoever said it has a clock that is behind, and without a
   *   pause the two would ask and answer each other without end until it has caught up.
   * @returns whether it was undisturbed to the end.
   */
  *pause(untilMs: number, shortestMs = ASK_AGAIN_MS): Durable<boolean> {
    const { df } = this.#ctx;
    const now = df.currentUtcDateTime.getTime();
    if (this.#rung()) return false;
    const wait = df.waitForExternalEvent("ring");
    const timer = df.createTimer(new Date(Math.min(untilMs > now ? untilMs : now + shortestMs, now + DAY_MS)));
    this.#waits.push(wait);
    yield df.Task.any([wait, timer]);
    if (!this.#rung()) return untilMs <= now + DAY_MS;
    if (!timer.isCompleted) timer.cancel();
    return false;
  }

  /** Whether somebody has rung; several rings since the last look are one. */
  #rung(): boolean {
    const open = this.#waits.filter(({ isCompleted }) => !isCompleted);
    const rung = open.length < this.#waits.length;
    this.#waits = open;
    return rung;
  }
}

/** Starts a fresh history, with the same input unless told otherwise; to be followed by `return`. */
export function startOver(ctx: OrchestrationContext, input: unknown = ctx.df.getInput()): void {
  ctx.df.continueAsNew(input);
}
