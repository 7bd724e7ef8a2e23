import { Fault, outcomeOf } from "../fault/fault.ts";
import type { Inventory } from "../inventory/inventory.ts";
import { amendedText, readAmendment, stepAtLine, type Amendment, type Problem } from "../plan/amendment.ts";
import { compile } from "../plan/compile.ts";
import { digestOf, type CompiledPlan } from "../plan/compiled.ts";
import type { Finding } from "../plan/finding.ts";
import { isoOf } from "../ports/clock.ts";
import { amendmentsOf, changeText, currentDigest } from "./amendments.ts";
import { checkAmendment, keepingBegun, type Checked } from "./check-amendment.ts";
import type { Stage } from "./conductor.ts";
import { AMENDMENT_STREAM, RUN_STREAM, type Fact, type FactOf } from "./facts.ts";
import { streamOf, type Entry } from "./journal.ts";

export type Proposed = FactOf<"amendment.proposed">;
export type Amended = FactOf<"run.amended">;

/** An amendment as it would be, whether or not it was written down. */
export interface Proposal {
  readonly amendment: string;
  readonly run: string;
  readonly from: string;
  readonly to: string;
  readonly changes: Checked["changes"];
  /** What follows from it, and what the compiler has to say of it that it did not say of the plan before. */
  readonly warnings: readonly string[];
}

export interface ProposalRequest {
  readonly run: string;
  /** As a person wrote it; see plan/amendment.ts. */
  readonly text: string;
  readonly by: string;
}

/** An amendment that cannot be taken, with all that is wrong with it. */
export class AmendmentRefused extends Fault {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super("rejected", problems.map(problemText).join("\n"));
    this.problems = problems;
  }
}

function problemText({ step, message, hint }: Problem): string {
  return `${step === undefined ? "" : `${step}: `}${sentence(message)} ${sentence(hint.charAt(0).toUpperCase() + hint.slice(1))}`;
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

/** Others write to the same stream at the same time; then it is looked at anew, so often and no more. */
const MOST_TRIES = 20;

/**
 * Works out what a run would be with an amendment, checks that against all that has happened, and writes it down for somebody to
 * approve; nothing of the run changes yet. The same amendment of the same plan is one proposal.
 *
 * @param dryRun nothing is written down.
 * @throws AmendmentRefused, which is a fact unless it is a dry run; Fault `absent` where there is no run.
 */
export async function proposeAmendment(
  stage: Stage,
  inventory: Inventory,
  { run, text, by }: ProposalRequest,
  dryRun: boolean,
): Promise<{ readonly proposal: Proposal; readonly isNew: boolean }> {
  const entries = await stage.journal.readAll(run);
  const runFacts = streamOf(entries, RUN_STREAM);
  const from = currentDigest(runFacts);
  if (from === undefined) throw new Fault("absent", `there is no run ${run} under way: a plan that has not started is stored anew, and approved`);
  const amendment = digestOf([run, amendmentsOf(runFacts).length, from, text]).slice(0, 16);
  const known = proposedIn(entries, amendment);
  if (known !== undefined && !dryRun) return { proposal: { ...known, run }, isNew: false };
  const at = isoOf(stage.clock.now());
  try {
    const { next, checked, warnings, source } = await workedIn(stage, inventory, entries, from, text);
    const proposal = { amendment, run, from, to: next.digest, changes: checked.changes, warnings };
    if (dryRun) return { proposal, isNew: false };
    await stage.plans.keep({ plan: next, by, at, source });
    await note(stage, run, { type: "amendment.proposed", at, amendment, from, to: next.digest, by, text, changes: [...checked.changes], warnings: [...warnings] });
    await tellOfProposal(stage, next, proposal, by);
    return { proposal, isNew: true };
  } catch (thrown) {
    if (thrown instanceof AmendmentRefused && !dryRun) await note(stage, run, { type: "amendment.refused", at, amendment, by, why: thrown.problems.map(problemText) });
    throw thrown;
  }
}

async function workedIn(
  { plans, clock, registry }: Stage,
  inventory: Inventory,
  entries: readonly Entry[],
  from: string,
  text: string,
): Promise<{ next: CompiledPlan; checked: Checked; warnings: readonly string[]; source: { text: string; file: string } }> {
  const read = readAmendment(text);
  if ("problems" in read) throw new AmendmentRefused(read.problems);
  const { amendment } = read;
  const plan = await plans.get(from);
  const source = await plans.source(from);
  if (source === undefined) {
    const hint = "store the very same plan again (nightshift plan preview FILE --server), which keeps its text, then propose again";
    throw new AmendmentRefused([{ code: "no-text", message: "the text of the plan that runs was not kept when it was stored", hint }]);
  }
  const amended = amendedText(source.text, amendment, plan);
  if ("problems" in amended) throw new AmendmentRefused(amended.problems);
  const compiling = { file: source.file, inventory, registry };
  const compiled = compile({ ...compiling, text: amended.text });
  if (compiled.plan === undefined) {
    const errors = compiled.findings.filter(({ severity, code }) => severity === "error" || code === "action-not-built");
    throw new AmendmentRefused(errors.map((finding) => problemOf(finding, amended.text)));
  }
  const next = keepingBegun(plan, compiled.plan, entries);
  const checked = soundly(amendment, plan, next, entries, clock.now());
  const told = new Set(compile({ ...compiling, text: source.text }).findings.map(({ code, message }) => `${code}\n${message}`));
  const news = compiled.findings.filter(({ severity, code, message }) => severity === "warning" && !told.has(`${code}\n${message}`));
  return {
    next,
    checked,
    warnings: [...checked.consequences, ...news.map(({ message, hint }) => `${message}${hint === undefined ? "" : ` (${hint})`}`)],
    source: { text: amended.text, file: source.file },
  };
}

/** @throws AmendmentRefused */
function soundly(amendment: Amendment, plan: CompiledPlan, next: CompiledPlan, entries: readonly Entry[], now: number): Checked {
  const checked = checkAmendment({ amendment, plan, next, entries, now });
  if (checked.problems.length > 0) throw new AmendmentRefused(checked.problems);
  return checked;
}

function problemOf({ code, line, message, hint }: Finding, text: string): Problem {
  const step = stepAtLine(text, line);
  return { code, ...(step === undefined ? {} : { step }), message, hint: hint ?? "write it as a plan would have it" };
}

/**
 * Has a proposed amendment taken: what has happened by now is looked at once more, and the fact `run.amended` is written at the
 * place that was looked at, so that of two amendments, or of an amendment and the run's end, one learns that it was too late.
 * Whoever calls sees to `settleAmendment` next.
 *
 * @param digest of the plan that whoever approves it has looked at.
 * @throws AmendmentRefused, which is a fact; Fault `absent` or `conflict` where there is no such proposal, or it leads to another plan.
 */
export async function approveAmendment(stage: Stage, run: string, amendment: string, digest: string, by: string): Promise<{ readonly amended: Amended; readonly isNew: boolean }> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const entries = await stage.journal.readAll(run);
    const proposed = proposedIn(entries, amendment);
    if (proposed === undefined) throw new Fault("absent", `the run ${run} has no amendment ${amendment}`);
    if (proposed.to !== digest)
      throw new Fault("conflict", `the amendment ${amendment} leads to the plan ${proposed.to.slice(0, 12)}, not to ${digest.slice(0, 12)}: look at it again`);
    const runFacts = streamOf(entries, RUN_STREAM);
    const known = amendmentsOf(runFacts).find((one) => one.amendment === amendment);
    if (known !== undefined) return { amended: known, isNew: false };
    const at = isoOf(stage.clock.now());
    try {
      if (currentDigest(runFacts) !== proposed.from || digestOf([run, amendmentsOf(runFacts).length, proposed.from, proposed.text]).slice(0, 16) !== amendment) {
        const hint = "propose it again, for the plan that runs now";
        throw new AmendmentRefused([{ code: "amended-since", message: "the run has taken another amendment since this one was proposed", hint }]);
      }
      const read = readAmendment(proposed.text);
      if ("problems" in read) throw new AmendmentRefused(read.problems);
      const { added, changed } = soundly(read.amendment, await stage.plans.get(proposed.from), await stage.plans.get(proposed.to), entries, stage.clock.now());
      const amended: Amended = {
        type: "run.amended",
        at,
        amendment,
        from: proposed.from,
        to: proposed.to,
        by: proposed.by,
        approvedBy: by,
        changes: proposed.changes,
        added: [...added],
        changed: [...changed],
      };
      if (await stage.journal.append(run, RUN_STREAM, runFacts.length, [amended])) return { amended, isNew: true };
    } catch (thrown) {
      if (thrown instanceof AmendmentRefused) await note(stage, run, { type: "amendment.refused", at, amendment, by, why: thrown.problems.map(problemText) });
      throw thrown;
    }
  }
  throw new Fault("unavailable", `the amendment ${amendment} of ${run} could not be written down: others wrote at the same time, again and again; try again`);
}

/** What was proposed for a run, by id. */
export function proposedIn(entries: readonly Entry[], amendment: string): Proposed | undefined {
  return entries.flatMap(({ fact }) => (fact.type === "amendment.proposed" && fact.amendment === amendment ? [fact] : []))[0];
}

/** Writes a fact about amendments down; one that says what the last one about the same says is not written again. */
export async function note({ journal }: Stage, run: string, fact: Extract<Fact, { type: `amendment.${string}` }>): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const known = await journal.read(run, AMENDMENT_STREAM);
    const last = known.findLast((other) => "amendment" in other && other.amendment === fact.amendment && other.type === fact.type);
    if (last !== undefined && digestOf({ ...last, at: "" }) === digestOf({ ...fact, at: "" })) return;
    if (await journal.append(run, AMENDMENT_STREAM, known.length, [fact])) return;
  }
  throw new Fault("unavailable", `${fact.type} of ${run} could not be written down: others wrote at the same time, again and again`);
}

/** That people cannot be reached keeps nobody from proposing. */
async function tellOfProposal({ people }: Stage, { window }: CompiledPlan, { run, amendment, to, changes, warnings }: Proposal, by: string): Promise<void> {
  await outcomeOf(() =>
    people.tell(run, {
      key: `${run}/amendment/${amendment}`,
      channels: window.channels.map(({ id }) => id),
      mention: window.owners.map(({ slackId }) => slackId),
      text: `${by} proposes to amend ${window.title}. Somebody else must approve it; until then nothing changes.`,
      lines: [...changes.map(changeText), ...warnings, `To approve: nightshift run approve-amendment ${run} ${amendment} --digest ${to}`],
    }),
  );
}
