import type { HostClock } from "./clock.ts";
import { heardJournal } from "./heard-journal.ts";
import type { DecisionRequest } from "../shared/run/decide.ts";
import type { Fact } from "../shared/run/facts.ts";
import type { Journal } from "../shared/run/journal.ts";
import type { PlanIndex } from "../shared/run/plan-index.ts";
import type { Ask } from "../shared/run/state.ts";

/**
 * The people of a simulated window. They hear what real ones would hear (an approval is asked for, a piece of work) and
 * answer after a while through the same door. How long they take follows from the step's name, so a run repeats.
 */
export interface Team {
  /** The journal, heard: whatever asks somebody something is answered in time. */
  hearing(journal: Journal): Journal;
  /** Takes up what was asked before this process began, e.g. after a crash. */
  catchUp(asks: readonly Ask[]): void;
}

/** How somebody takes what they were asked. `about` names the question. */
export interface Reply {
  /** Milliseconds of the host's clock until each answer: one after the other. None: never. */
  readonly afterMs: readonly number[];
  /** What they decide in the place of what they were asked for. */
  readonly decision?: DecisionRequest["decision"];
}

/** Given how long it would usually take. */
export type Mood = (about: string, usuallyMs: number) => Reply;

export interface TeamParts {
  /** The host that they live beside; there is none before it was created. */
  readonly host: () => { readonly clock: HostClock } | undefined;
  readonly index: () => PlanIndex;
  /** How they answer: the API of the run. */
  answer(by: string, request: DecisionRequest): Promise<void>;
  /** They answer once, after minutes, what they were asked for, unless told otherwise. */
  readonly mood?: Mood;
  /** What they decide about work that is held; nothing unless told otherwise. */
  readonly whenHeld?: ((about: string) => Held | undefined) | undefined;
}

/** What somebody decides about work that is held, so many milliseconds of the host's clock after they were asked. */
export interface Held {
  readonly decision: "retry" | "skip" | "done";
  readonly afterMs: number;
}

const SOONEST_MS = 3 * 60_000;
const SPREAD_MS = 22 * 60_000;

export function simulatedTeam({ host, index, answer, mood = (_about, usuallyMs) => ({ afterMs: [usuallyMs] }), whenHeld }: TeamParts): Team {
  const asked = new Set<string>();

  function take(by: string, request: DecisionRequest, about = ""): void {
    const key = `${request.decision}/${request.step ?? ""}/${request.target ?? ""}/${about}`;
    if (asked.has(key)) return;
    asked.add(key);
    const { afterMs, decision } = mood(key, SOONEST_MS + (hashOf(key) % SPREAD_MS));
    for (const ms of afterMs) answerAfter(ms, by, decision === undefined || request.step === undefined ? request : { ...request, decision });
  }

  function takeHeld(step: string, target: string, topic: string): void {
    const about = `held/${step}/${target}/${topic}`;
    if (asked.has(about)) return;
    asked.add(about);
    const held = whenHeld?.(about);
    if (held !== undefined) answerAfter(held.afterMs, ownerOf(step), { decision: held.decision, step, target, note: "looked at it" });
  }

  function answerAfter(ms: number, by: string, request: DecisionRequest): void {
    const clock = host()?.clock;
    clock?.at(clock.now() + ms, () => {
      const release = clock.hold();
      void answer(by, request).finally(release);
    });
  }

  /** Who answers for a step, or for the window where no step is named. */
  function ownerOf(step?: string): string {
    const owners = step === undefined ? [] : index().step(step).owners;
    return (owners[0] ?? index().plan.window.owners[0])?.name ?? "the team";
  }

  function hear(fact: Fact): void {
    if (fact.type === "target.told" && fact.topic.startsWith("held")) takeHeld(fact.step, fact.target, fact.topic);
    if (fact.type === "step.told" && fact.topic.startsWith("approval")) {
      const by = index().step(fact.step).approval?.by[0]?.name;
      if (by !== undefined) take(by, { decision: "approve", step: fact.step, note: "looked at the preview" }, fact.topic);
    }
    if (fact.type === "guard.alarmed" && fact.about === "open") take(ownerOf(), { decision: "acknowledge", note: "looks into it" }, `alarm ${fact.nth}`);
    if (fact.type === "target.begun" && index().step(fact.step).verb === "person.do")
      take(ownerOf(fact.step), { decision: "done", step: fact.step, target: fact.target, note: "done, and looked at" });
  }

  return {
    hearing: (journal) => heardJournal(journal, hear),
    catchUp(asks) {
      for (const { kind, step, target, of } of asks) {
        const by = of[0] ?? "the team";
        if (kind === "approval") take(by, { decision: "approve", step, note: "looked at the preview" });
        if (kind === "work" && target !== undefined) take(by, { decision: "done", step, target, note: "done, and looked at" });
      }
    },
  };
}

/** FNV-1a: a small number from a name, the same for ever. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
}
