import { DECISION_STREAM, stepStream, targetStream, type Decision, type Ending, type Fact } from "./facts.ts";
import type { Journal } from "./journal.ts";

/** A question as its message asked it: `about` is the topic under which people were told, or the key of a piece of work. */
export interface Question {
  readonly run: string;
  readonly about: string;
  readonly step?: string;
  readonly target?: string;
}

/** What answers a question about a step; an abort or an acknowledgement does not. */
const ANSWERS: ReadonlySet<Decision["decision"]> = new Set(["approve", "skip", "retry", "done", "lift"]);

/**
 * The decision that answered a question since it was asked, by whatever door it came; the first, if there are several. A message
 * that still shows buttons then asks nothing any more.
 */
export async function answerTo(journal: Pick<Journal, "read">, { run, about, step, target }: Question): Promise<Decision | undefined> {
  if (step === undefined) return undefined;
  const asked = askedIn(await journal.read(run, target === undefined ? stepStream(step) : targetStream(step, target)), about);
  if (asked === undefined) return undefined;
  const decisions = (await journal.read(run, DECISION_STREAM)) as readonly Decision[];
  return decisions.find(
    (made) =>
      ANSWERS.has(made.decision) &&
      made.step === step &&
      (made.target === undefined || target === undefined || made.target === target) &&
      Date.parse(made.at) >= asked.at &&
      !asked.followed.includes(made.id),
  );
}

/** How what the question is about ended, if it did: then nothing is left to decide. */
export async function endedBefore(journal: Pick<Journal, "read">, { run, step, target }: Question): Promise<{ readonly as: Ending; readonly why: string } | undefined> {
  if (step === undefined) return undefined;
  const facts = await journal.read(run, target === undefined ? stepStream(step) : targetStream(step, target));
  return facts.find((fact) => fact.type === "step.ended" || fact.type === "target.rested");
}

/**
 * When it was asked, and which decisions had been followed by then; undefined while the journal does not know of it. Work is
 * asked for by the try that began it.
 */
function askedIn(facts: readonly Fact[], about: string): { at: number; followed: readonly string[] } | undefined {
  const followed: string[] = [];
  for (const fact of facts) {
    if (fact.type === "target.intended" && fact.follows !== undefined) followed.push(fact.follows);
    const isTold = (fact.type === "step.told" || fact.type === "target.told") && fact.topic === about;
    const isWork = fact.type === "target.intended" && fact.deed === "begin" && about.endsWith(`/${fact.step}/${fact.target}/${fact.try}`);
    if (isTold || isWork) return { at: Date.parse(fact.at), followed };
  }
  return undefined;
}
