import { outcomeOf } from "../fault/fault.ts";
import { digestOf } from "../plan/compiled.ts";
import { isoOf } from "../ports/clock.ts";
import { amendmentOf, amendmentsOf } from "./amendments.ts";
import { buttonsFor } from "./buttons.ts";
import type { Performer } from "./carry-out.ts";
import { ENDINGS, RUN_STREAM, stepStream, targetStream, type Fact, type StepRef } from "./facts.ts";
import { stepInstance, targetInstance } from "./instances.ts";
import type { Journal } from "./journal.ts";
import { foldStep, summaryOf, type StepOrder } from "./next-step.ts";
import type { PlanIndex } from "./plan-index.ts";
import { previewLines, previewStep } from "./preview.ts";
import { isHeldByOthers, streamsOfStep, View } from "./sights.ts";

/**
 * Carries out one order on a step and writes down what came of it. An order that the step's stream has outgrown writes nothing.
 *
 * `view` holds the streams that advice about the step reads; what is written here is in it afterwards.
 */
export async function carryOutStep(performer: Performer, index: PlanIndex, ref: StepRef, order: StepOrder, seq: number, view: View): Promise<void> {
  const { journal, people, telemetry, clock } = performer;
  const step = index.step(ref.step);
  const stream = stepStream(ref.step);
  const amendment = amendmentsOf(view.streams(RUN_STREAM)).at(-1)?.amendment;
  const amended = amendmentOf(view.streams(RUN_STREAM), ref.step);
  const at = isoOf(clock.now());
  const append = async (fact: Fact): Promise<boolean> => {
    const kept = await journal.append(ref.run, stream, seq, [fact]);
    if (kept) view.add(stream, [fact]);
    return kept;
  };
  switch (order.do) {
    case "tell": {
      const mention = (order.topic.startsWith("approval") ? (step.approval?.by ?? []) : step.owners.length > 0 ? step.owners : index.plan.window.owners).map(
        ({ slackId }) => slackId,
      );
      const notice = {
        key: `${ref.run}/${ref.step}/${order.topic}`,
        channels: index.plan.window.channels.map(({ id }) => id),
        mention,
        text: order.text,
        lines: order.lines,
        ...buttonsFor({ run: ref.run, step: ref.step, topic: order.topic, title: step.title, ...(order.preview === undefined ? {} : { preview: order.preview }) }),
      };
      const answer = await outcomeOf(() => people.tell(ref.run, notice));
      const about = { at, step: ref.step, topic: order.topic };
      if (order.topic.startsWith("approval")) telemetry.event("step.held", { run: ref.run, step: ref.step, target: "", verb: step.verb, why: "approval" }, "warning");
      // A night on which Slack is away goes on: that people could not be told is written down instead.
      await append(answer.ok ? { type: "step.told", ...about, text: order.text } : { type: "step.untold", ...about, why: answer.fault.message });
      break;
    }
    case "preview": {
      const answer = await outcomeOf(() => previewStep(performer, index, step));
      const fault = answer.ok ? answer.value.targets.find((target) => target.fault !== undefined)?.fault : answer.fault;
      if (!answer.ok || answer.value.digest === undefined) await append({ type: "step.unpreviewed", at, step: ref.step, why: fault?.message ?? "unknown" });
      else
        await append({
          type: "step.previewed",
          at,
          step: ref.step,
          digest: amended === undefined ? answer.value.digest : digestOf([answer.value.digest, amended.id]),
          lines: [...previewLines(answer.value)],
          ...(amendment === undefined ? {} : { amendment }),
        });
      break;
    }
    case "run":
      if (foldStep(view.streams(stream)).batches.length === order.batch) {
        await append({
          type: "batch.started",
          at,
          step: ref.step,
          targets: [...order.targets],
          failuresBefore: order.failuresBefore,
          ...(index.plan.digest === ref.digest ? {} : { plan: index.plan.digest }),
        });
      }
      break;
    case "end": {
      const { as, why } =
        order.as === undefined
          ? await summary(
              journal,
              ref,
              step.targets.map(({ id }) => id),
              order.why,
            )
          : { as: order.as, why: order.why ?? "" };
      // The run is stopped before the end is written: once that is known, nobody comes by here again.
      if (step.onFailure === "stop" && !ENDINGS[as].well && as !== "dropped") await stop(performer, ref.run, ref.step, `${as}: ${why}`);
      const kept = await append({ type: "step.ended", at, step: ref.step, as, why });
      if (kept) telemetry.event("step.rested", { run: ref.run, step: ref.step, target: "", verb: step.verb, outcome: as, durationMs: 0 });
      break;
    }
    default:
      break;
  }
}

/**
 * The orchestrations that wait for a step that has ended, and may have to wait no longer. A step that waits for others besides is
 * left alone: the last of them rings. Of two that end at once each has written its end before it looks here, so one of them sees both.
 */
export async function thoseFreedBy(journal: Journal, index: PlanIndex, { run, step }: StepRef): Promise<readonly string[]> {
  const dependents = index.dependents(step);
  const { streams } = await View.of(
    journal,
    run,
    dependents.flatMap((dependent) => streamsOfStep(index, dependent)),
  );
  return dependents.flatMap((dependent) => {
    const targets = dependent.lift !== undefined || dependent.needs.some((need) => need.step === step && need.per === "target") ? dependent.targets : [];
    const isLeft = isHeldByOthers(index, dependent, streams);
    return [...(isLeft ? [] : [stepInstance(run, dependent.id)]), ...targets.map(({ id }) => targetInstance(run, dependent.id, id))];
  });
}

async function summary(journal: Journal, ref: StepRef, targets: readonly string[], why: string | undefined): Promise<ReturnType<typeof summaryOf>> {
  const entries = await journal.readUnder(ref.run, targetStream(ref.step, ""));
  const endings = entries.flatMap(({ fact }) => (fact.type === "target.rested" ? [{ target: fact.target, as: fact.as, why: fact.why }] : []));
  return summaryOf(targets, endings, why ?? "it was not begun");
}

async function stop({ journal, clock }: Performer, run: string, step: string, why: string): Promise<void> {
  for (;;) {
    const facts = await journal.read(run, RUN_STREAM);
    if (facts.some((fact) => fact.type === "run.stopped" || fact.type === "run.ended")) return;
    const stopped: Fact = { type: "run.stopped", at: isoOf(clock.now()), step, why };
    if (await journal.append(run, RUN_STREAM, facts.length, [stopped])) return;
  }
}
