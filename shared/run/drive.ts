import type { Conductor } from "./conductor.ts";
import type { StepRef, TargetRef } from "./facts.ts";

/** Orders in one go: a look of the guard must end before the next one. */
const MOST_ORDERS = 400;

/**
 * Goes on with a run without an orchestration, as far as it gets without waiting: for the guard, where the task hub cannot be used. The
 * orders are the brain's and are carried out as ever: journaled, with a look before every act, and stale ones do nothing; so
 * an orchestration that lives after all is in nobody's way.
 *
 * @returns `ended`, or `waits`: there is nothing to do before some instant, or before the next look.
 */
export async function drive(conductor: Conductor, run: string, digest: string): Promise<"ended" | "waits"> {
  let left = MOST_ORDERS;
  let before = "";
  while (left > 0) {
    const wave = await conductor.muster(run, digest);
    const now = JSON.stringify(wave);
    if (wave.do === "rest") return "ended";
    if (now === before) return "waits";
    before = now;
    if (wave.do === "end") await conductor.end(run, digest, wave.outcome);
    if (wave.do === "forward") for (const step of wave.steps) await driveStep({ run, digest, step });
    if (wave.do === "back") {
      const plan = await conductor.planNow(run, digest);
      for (const { step, target } of wave.targets) await driveTarget({ run, digest: plan, step, target, back: true });
    }
  }
  return "waits";

  async function driveStep(ref: StepRef): Promise<void> {
    let advice = await conductor.adviseStep(ref);
    for (; left > 0; left--) {
      const { order, seq } = advice;
      if (order.do === "wait" || order.do === "rest") return;
      if (order.do !== "run") {
        advice = await conductor.actStep(ref, order, seq);
        continue;
      }
      for (const target of order.targets) await driveTarget({ ...ref, digest: advice.digest, target });
      const next = await conductor.adviseStep(ref);
      // A batch whose targets wait is handed out again and again.
      if (next.order.do === "run" && next.seq === advice.seq && JSON.stringify(next.order) === JSON.stringify(order)) return;
      advice = next;
    }
  }

  async function driveTarget(ref: TargetRef): Promise<void> {
    let advice = await conductor.adviseTarget(ref);
    for (; left > 0; left--) {
      const { order, seq } = advice;
      if (order.do === "wait" || (order.do === "rest" && order.recorded === true)) return;
      advice = await conductor.act(ref, order, seq);
    }
  }
}
