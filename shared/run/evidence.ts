import { z } from "zod";
import { localIso } from "../plan/local-time.ts";
import { digestOf, type CompiledPlan, type CompiledStep } from "../plan/compiled.ts";
import { isoOf } from "../ports/clock.ts";
import { amendmentsOf } from "./amendments.ts";
import type { ChainRecord } from "./evidence-chain.ts";
import { AMENDMENT_STREAM, DECISION_STREAM, RUN_STREAM, stepStream, targetStream, type Decision, type Fact } from "./facts.ts";
import type { Entry } from "./journal.ts";
import { indexOf } from "./plan-index.ts";
import type { PlanApproval } from "./plans.ts";
import { stateOf } from "./state.ts";

/** A line of a recording, as far as evidence shows it; secrets were taken out when it was written. */
export const RecordedExchange = z.object({
  at: z.iso.datetime(),
  run: z.string().nullable(),
  step: z.string().nullable(),
  target: z.string().nullable(),
  system: z.string(),
  request: z.object({ method: z.string(), url: z.string(), body: z.unknown() }),
  response: z.object({ status: z.int(), body: z.unknown() }),
});
export type RecordedExchange = z.infer<typeof RecordedExchange>;

export interface EvidenceSource {
  readonly plan: CompiledPlan;
  /** All facts of the run, as `Journal.readAll` gives them. */
  readonly entries: readonly Entry[];
  /** Who stored the plan, and who approved it. */
  readonly storedBy?: string;
  readonly approval?: PlanApproval;
  /** What was said to vendors and what they answered, if it was recorded. */
  readonly exchanges?: readonly RecordedExchange[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * A run as evidence: the window, then change by change what was planned, who approved it, what was sent and answered, what was
 * seen when it was looked at again, and every fact behind it; instants by both clocks. `chained` makes a file of it.
 */
export function evidenceOf({ plan, entries, storedBy, approval, exchanges, now }: EvidenceSource): readonly ChainRecord[] {
  const index = indexOf(plan);
  const state = stateOf(index, entries, now);
  const instant = (at: string): { utc: string; local: string } => ({ utc: at, local: localIso(Date.parse(at), plan.window.zone) });
  const factRecord = ({ stream, seq, fact }: Entry): ChainRecord => ({ kind: "fact", at: instant(fact.at), stream, seq, fact });
  const streams = Map.groupBy(entries, ({ stream }) => stream);
  const told = new Set<string>();
  const factsOf = (stream: string): readonly ChainRecord[] => {
    told.add(stream);
    return (streams.get(stream) ?? []).toSorted((a, b) => a.seq - b.seq).map(factRecord);
  };
  const said = (exchanges ?? []).filter(({ run }) => run === plan.window.id);

  const window = {
    kind: "window",
    format: 1,
    run: plan.window.id,
    title: plan.window.title,
    zone: plan.window.zone,
    plan: {
      digest: plan.digest,
      ...(storedBy === undefined ? {} : { storedBy }),
      ...(approval === undefined
        ? {}
        : {
            approvedBy: approval.by,
            approvedAt: instant(approval.at),
            previews: approval.previews ?? {},
            ...(approval.certificate === undefined ? {} : { certificate: approval.certificate }),
          }),
    },
    madeAt: instant(isoOf(now)),
    recorded: exchanges !== undefined,
    ...(state.startedAt === undefined ? {} : { startedAt: instant(state.startedAt) }),
    ...(state.endedAt === undefined ? {} : { endedAt: instant(state.endedAt), outcome: state.outcome }),
  };
  // The plan above is the one that the run ended with; these lead to it from the one that it was started with.
  const taken = amendmentsOf((streams.get(RUN_STREAM) ?? []).map(({ fact }) => fact));
  const amendments = taken.map(({ at, amendment, from, to, by, approvedBy, changes: lines, added, changed }): ChainRecord => {
    const proposed = (streams.get(AMENDMENT_STREAM) ?? []).map(({ fact }) => fact).find((fact) => fact.type === "amendment.proposed" && fact.amendment === amendment);
    const text = proposed?.type === "amendment.proposed" ? { proposedAt: instant(proposed.at), text: proposed.text } : {};
    return { kind: "amendment", amendment, at: instant(at), from, to, proposedBy: by, approvedBy, ...text, changes: lines, added, changed };
  });
  const changes = state.changes.flatMap((change): readonly ChainRecord[] => {
    const own = change.steps.filter(({ servedBy }) => servedBy === undefined).map(({ id }) => index.step(id));
    const { id, title, keys, phase, as, why } = change;
    return [
      { kind: "change", ...drop({ id, title, keys, phase, as, why }), steps: change.steps },
      ...own.flatMap((step) => [
        ...step.targets.flatMap((target) => [
          workRecord(step, target.id),
          ...said.filter((exchange) => exchange.step === step.id && exchange.target === target.id).map((exchange) => exchangeRecord(id, exchange)),
          ...factsOf(targetStream(step.id, target.id)),
        ]),
        ...factsOf(stepStream(step.id)),
      ]),
    ];
  });
  const rest = [...streams.keys()].filter((stream) => !told.has(stream)).toSorted();
  return [
    window,
    ...amendments,
    ...changes,
    ...said
      .filter(({ step, target }) => !plan.steps.some((known) => known.id === step && known.targets.some((one) => one.id === target)))
      .map((exchange) => exchangeRecord(undefined, exchange)),
    ...rest.flatMap(factsOf),
  ];

  /** What was planned for one target, by whose word it was done, what the vendor answered and what was seen afterwards. */
  function workRecord(step: CompiledStep, target: string): ChainRecord {
    const facts: readonly Fact[] = (streams.get(targetStream(step.id, target)) ?? []).map(({ fact }) => fact);
    const last = <Type extends Fact["type"]>(type: Type): Extract<Fact, { type: Type }> | undefined =>
      facts.findLast((fact): fact is Extract<Fact, { type: Type }> => fact.type === type);
    const standing = state.steps.find(({ id }) => id === step.id)?.targets.find(({ id }) => id === target);
    const { params } = index.target(step.id, target);
    const begun = last("target.begun");
    return {
      kind: "work",
      change: step.change,
      step: step.id,
      target,
      planned: { verb: step.verb, title: step.title, params, digest: digestOf({ verb: step.verb, params }), ...(step.at === undefined ? {} : { at: instant(step.at) }) },
      approvals: approvalsOf(step.id, target),
      ...(amendedBy(step.id).length === 0 ? {} : { amendedBy: amendedBy(step.id) }),
      ...(standing?.begunAt === undefined ? {} : { intendedAt: instant(standing.begunAt) }),
      ...(begun === undefined ? {} : { answer: { at: instant(begun.at), try: begun.try, receipt: last("target.finished")?.receipt ?? begun.receipt } }),
      ...lookBack(last("target.verified")),
      ...(standing?.as === undefined ? {} : { ended: { as: standing.as, why: standing.why, ...(standing.endedAt === undefined ? {} : { at: instant(standing.endedAt) }) } }),
      tries: standing?.tries ?? 0,
      faults: standing?.faults ?? [],
    };
  }

  function amendedBy(step: string): readonly string[] {
    return taken.filter(({ added, changed }) => added.includes(step) || changed.includes(step)).map(({ amendment }) => amendment);
  }

  function lookBack(verified: Extract<Fact, { type: "target.verified" }> | undefined): object {
    return verified === undefined ? {} : { lookBack: { at: instant(verified.at), seen: verified.evidence, closes: verified.closes } };
  }

  function approvalsOf(step: string, target: string): readonly object[] {
    const decisions = (streams.get(DECISION_STREAM) ?? []).map(({ fact }) => fact as Decision);
    return decisions
      .filter((made) => made.step === step && (made.target === undefined || made.target === target))
      .map(({ decision, by, at, preview, note }) => drop({ decision, by, at: instant(at), preview, note }));
  }

  function exchangeRecord(change: string | undefined, { at, step, target, system, request, response }: RecordedExchange): ChainRecord {
    return {
      kind: "exchange",
      ...drop({ change }),
      step,
      target,
      system,
      at: instant(at),
      sent: { method: request.method, url: request.url, body: request.body ?? null },
      answered: { status: response.status, body: response.body ?? null },
    };
  }
}

function drop<Shape extends object>(shape: Shape): Shape {
  return Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as Shape;
}
