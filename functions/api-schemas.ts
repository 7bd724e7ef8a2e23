import { z } from "zod";
import { DEEDS, ROLES, type Deed } from "../shared/access/roles.ts";
import { Certificate } from "../shared/run/certificate.ts";
import { ABORT_MODES, DECISIONS, ENDINGS, Fact, PlanChange, type Ending } from "../shared/run/facts.ts";

/** Shapes of what the API takes and gives. Requests are parsed by these, the OpenAPI document is made from them, and a test holds every answer against them. */

export const Digest = z.string().regex(/^[0-9a-f]{64}$/, "a digest: 64 hexadecimal digits");
const Instant = z.iso.datetime();
const Lines = z.array(z.string());
const EndingName = z.enum(Object.keys(ENDINGS) as [Ending, ...Ending[]]);

export const PlanRequest = z.strictObject({
  text: z.string().min(1).describe("The plan as YAML"),
  file: z.string().max(300).default("plan.yaml").describe("What findings call it"),
});
export const ApprovalRequest = z.strictObject({
  digest: Digest.describe("The plan that is approved"),
  preview: Digest.optional().describe("Digest of the preview that was looked at: steps that need this person's approval then have it, as long as the world has not moved"),
  certificate: Certificate.optional().describe("What rehearsals of it came to, as `nightshift storm --certificate` writes it; settings may ask for one"),
});
export const PreviewRequest = z.strictObject({ digest: Digest.optional().describe("The plan to preview; none for the latest stored for the window") });
export const StartRequest = z.strictObject({
  window: z.string().min(1).max(100).describe("Id of a window whose plan is stored"),
  digest: z.string().max(100).optional().describe("The plan to run; none for the latest stored for the window"),
  unapproved: z.string().min(10).max(2_000).optional().describe("Why it starts although nobody has approved the plan: an admin's word, kept in the run's first fact"),
});
export const AbortRequest = z.strictObject({
  mode: z.enum(ABORT_MODES).default("close").describe("freeze: hold and wait; finish: let run what runs, then close up; close: close up now"),
  id: z.string().min(1).max(200).optional().describe("Sender's own id: the same abort sent twice is one"),
  note: z.string().max(2_000).optional().describe("Why, for the record"),
});

/** A count in a query, as text. */
const count = (most: number, meaning: string) =>
  z
    .string()
    .regex(/^\d{1,9}$/, "expected a number of facts to pass over")
    .transform(Number)
    .pipe(z.int().max(most))
    .optional()
    .describe(meaning);
const Wait = z
  .string()
  .regex(/^([0-9]|1[0-9]|2[0-5])s?$/, "expected seconds, 25 at the most")
  .transform((text) => Number.parseInt(text, 10))
  .optional()
  .describe("Seconds to wait for news before answering, 25 at the most: `25s`. A host whose clock stands still while it answers does not wait");
export const FORMATS = ["json", "md", "html", "xlsx"] as const;
export type Format = (typeof FORMATS)[number];

export const WaitQuery = z.object({ wait: Wait });
export const FactsQuery = z.object({
  from: count(999_999_999, "How many facts to pass over"),
  after: count(999_999_999, "The same, for who follows: how many facts have been seen"),
  cursor: z
    .string()
    .min(1)
    .max(30_000)
    .optional()
    .describe("Instead of both: where the page before ended, or `start`; every fact comes exactly once, whatever is written meanwhile"),
  wait: Wait,
});
export const RunsQuery = z.object({ state: z.enum(["under-way", "ended"]).optional().describe("Only runs that stand so") });
export const HistoryQuery = z.object({
  instance: z.string().min(1).max(200).optional().describe("The history of this orchestration; none for the list of all of the run"),
  from: count(999_999_999, "How many orchestrations, or events, to pass over"),
});
export const StepsQuery = z.object({
  state: z.enum(["waiting", "running", "ended"]).optional().describe("Only steps that stand so"),
  change: z.string().max(100).optional().describe("Only steps of this change"),
  from: count(999_999_999, "How many steps to pass over"),
});
export const ReportQuery = z.object({ format: z.enum(FORMATS).optional().describe("Instead of the Accept header") });
export const DayQuery = z.object({ day: z.iso.date().optional().describe("A day in UTC, e.g. 2024-12-08; today, if not given") });

const Finding = z
  .looseObject({ severity: z.enum(["error", "warning", "info"]), code: z.string(), message: z.string() })
  .describe("What the compiler has to say, with its place and what to do");
export const PlanChecked = z.object({ digest: Digest.optional(), window: z.string().optional(), findings: z.array(Finding) });
export const PlanStored = z.object({ window: z.string(), digest: Digest, findings: z.array(Finding) });
export const PlanRefused = z.object({ findings: z.array(Finding) });
export const PlanLine = z.object({
  window: z.string(),
  title: z.string(),
  digest: Digest,
  opensAt: Instant,
  by: z.string(),
  at: Instant,
  approved: z.object({ by: z.string(), at: Instant, previews: z.record(z.string(), z.string()).optional(), certificate: Certificate.optional() }).optional(),
});
export const PlanPreview = z.looseObject({
  window: z.string(),
  plan: Digest,
  digest: Digest.optional().describe("Absent when a part could not be previewed"),
  steps: z.array(z.looseObject({ step: z.string() })),
});
export const RunPlanAnswer = z.object({
  plan: z.looseObject({ digest: Digest }).describe("The compiled plan that the run follows"),
  storedBy: z.string().optional().describe("Absent where a later plan is stored for the window"),
  storedAt: Instant.optional(),
  approved: PlanLine.shape.approved,
});
export const PlanApproved = z.object({
  window: z.string(),
  digest: Digest,
  approvedBy: z.string(),
  previews: z.record(z.string(), z.string()).optional(),
  certificate: Certificate.optional(),
});
export const Started = z.object({ run: z.string(), did: z.enum(["started", "resumed", "running", "ended"]) });

const Standing = z.enum(["waiting", "running", "ended"]);
const Times = { begunAt: Instant.optional(), endedAt: Instant.optional() };
const TargetAnswer = z.looseObject({
  id: z.string(),
  state: Standing,
  as: EndingName.optional(),
  why: z.string().optional(),
  note: z.string().optional(),
  tries: z.int(),
  faults: Lines,
  evidence: Lines,
  ...Times,
});
export const StepAnswer = z.looseObject({
  id: z.string(),
  change: z.string(),
  phase: z.string(),
  title: z.string(),
  verb: z.string(),
  at: Instant.optional(),
  state: Standing,
  as: EndingName.optional(),
  why: z.string().optional().describe("How it ended, or what it waits for"),
  until: Instant.optional(),
  notes: Lines,
  targets: z.array(TargetAnswer),
  ...Times,
});
export const ObligationAnswer = z.looseObject({
  id: z.string(),
  what: z.string(),
  openedAt: Instant,
  step: z.string(),
  target: z.string(),
  certain: z.boolean().describe("Whether the opening call is known to have had its effect"),
});
export const AskAnswer = z.looseObject({
  kind: z.enum(["approval", "work", "held", "lift"]),
  step: z.string(),
  target: z.string().optional(),
  title: z.string(),
  text: z.string(),
  of: Lines,
  preview: z.string().optional().describe("Of an approval: the preview to name in the decision, which is refused if there is a newer one"),
  lines: Lines.optional().describe("What that preview says, or what is to be done by hand"),
  until: Instant.optional().describe("After it an answer comes too late"),
});
export const DecisionAnswer = z.looseObject({
  type: z.literal("decision.made"),
  at: Instant,
  id: z.string(),
  decision: z.enum(DECISIONS),
  by: z.string(),
  step: z.string().optional(),
  target: z.string().optional(),
  mode: z.enum(ABORT_MODES).optional(),
  note: z.string().optional(),
});
export const RunAnswer = z.looseObject({
  run: z.string(),
  asOf: Instant,
  title: z.string(),
  zone: z.string(),
  digest: Digest,
  cutoff: Instant,
  startedAt: Instant.optional(),
  endedAt: Instant.optional(),
  outcome: z.enum(["well", "badly", "aborted"]).optional(),
  counts: z.record(z.string(), z.int()),
  changes: z.array(z.looseObject({ id: z.string(), title: z.string(), phase: z.string(), state: Standing })),
  steps: z.array(StepAnswer),
  obligations: z.array(ObligationAnswer),
  asks: z.array(AskAnswer),
  decisions: z.array(DecisionAnswer),
});
export const StepsAnswer = z.object({ steps: z.array(StepAnswer), total: z.int(), next: z.int().optional() });
/** Facts as the document shows them: what an action left in its receipt is its own affair. */
const FactAnswer = z.looseObject({ type: z.enum(Fact.options.map((option) => option.shape.type.value) as [string, ...string[]]), at: Instant });
const EntryAnswer = z.object({ stream: z.string(), seq: z.int(), fact: FactAnswer });
export const FactsAnswer = z.object({
  facts: z.array(EntryAnswer),
  total: z.int().describe("How many facts the run has now: ask for those after it to follow the run"),
  next: z.int().optional().describe("Where the next page begins; absent on the last, and when a cursor was sent"),
  cursor: z.string().optional().describe("For the facts after these; when a cursor was sent"),
  more: z.boolean().optional().describe("Whether there are any after these by now; when a cursor was sent"),
});
const InstanceAnswer = z.object({ instance: z.string(), name: z.string(), status: z.string(), createdAt: Instant, updatedAt: Instant });
export const HistoryAnswer = z.object({
  run: z.string(),
  instances: z.array(InstanceAnswer).optional().describe("Orchestrations of the run, oldest first; absent when one is asked for"),
  instance: z.string().optional(),
  status: z.string().optional(),
  events: z.array(z.looseObject({})).optional().describe("Of the one that was asked for, as the Durable extension tells them"),
  total: z.int(),
  next: z.int().optional(),
});
export const WindowLine = z.object({
  window: z.string(),
  title: z.string(),
  zone: z.string(),
  opensAt: Instant,
  cutoff: Instant,
  digest: Digest,
  approved: z.boolean(),
  start: z.enum(["later", "due", "not", "begun"]).describe("later: the schedule will start it; due: now; not: see why; begun: it has a run"),
  startsAt: Instant.optional().describe("When the schedule starts it"),
  why: z.string().optional().describe("Why the schedule would not start it"),
  run: z.object({ startedAt: Instant, by: z.string(), endedAt: Instant.optional(), outcome: z.enum(["well", "badly", "aborted"]).optional() }).optional(),
});
export type WindowLine = z.infer<typeof WindowLine>;
export const AbortAnswer = z.object({
  decision: DecisionAnswer,
  running: z.array(z.looseObject({ step: z.string(), title: z.string(), targets: Lines })),
  cannotBeInterrupted: Lines,
  willBePutBack: Lines,
});
export const AmendmentRequest = z.strictObject({
  text: z.string().min(1).max(100_000).describe("The amendment as YAML or JSON: `amend: [{skip, because}, {move, at, after, because}, {add, after, because}]`"),
  dryRun: z.boolean().default(false).describe("Say what it would change; nothing is written down"),
});
export const AmendmentApproval = z.strictObject({ digest: Digest.describe("The plan that the amendment leads to, as whoever approves it has looked at it") });
export const AmendmentAnswer = z.object({
  amendment: z.string(),
  run: z.string(),
  from: Digest.describe("The plan that the run follows"),
  to: Digest.describe("The plan that it would follow"),
  changes: z.array(PlanChange).describe("Step by step, in the window's own time"),
  warnings: Lines.describe("What follows from it, and what the compiler has to say of it"),
});
export const AmendedAnswer = AmendmentAnswer.extend({
  approvedBy: z.string(),
  amendedAt: Instant,
  tooLateFor: Lines.describe("Steps that began in that very instant: these go on as they were"),
});
export const AmendmentsAnswer = z.object({
  proposed: z.array(AmendmentAnswer.extend({ at: Instant, by: z.string(), approvedBy: z.string().optional(), amendedAt: Instant.optional() })),
  refused: z.array(z.object({ amendment: z.string(), at: Instant, by: z.string(), why: Lines })),
});
export const OpenAnswer = z.object({
  asOf: Instant,
  runs: z.array(
    z.object({
      run: z.string(),
      title: z.string(),
      outcome: z.enum(["well", "badly", "aborted"]).optional().describe("Absent while it is under way"),
      open: z.array(ObligationAnswer),
      asks: z.array(AskAnswer),
    }),
  ),
});
export type OpenAnswer = z.infer<typeof OpenAnswer>;
export const SelfAnswer = z.object({
  name: z.string(),
  kind: z.enum(["person", "machine", "local"]),
  role: z.enum(ROLES),
  may: z.array(z.enum(Object.keys(DEEDS) as [Deed, ...Deed[]])),
});
export const RefusalsAnswer = z.object({ day: z.iso.date(), refusals: z.array(FactAnswer) });
export const Problem = z.object({ type: z.string(), title: z.string(), status: z.int(), detail: z.string() }).describe("RFC 9457; `title` is the kind of fault");

/** What Slack sends when a button is pressed; the payload is checked where it is read, see shared/access/slack-request.ts. */
export const SlackForm = z.object({ payload: z.string().describe("JSON of type block_actions; other types are answered and ignored") });
export const SlackCommandForm = z.object({
  command: z.string().optional().describe("/nightshift"),
  text: z.string().optional().describe("status [RUN], open [RUN], abort [freeze|finish|close] [RUN], help"),
  user_id: z.string().min(1).max(50),
  trigger_id: z.string().optional().describe("The same command sent twice is one"),
  response_url: z.string().optional().describe("Where an answer goes that takes longer than two seconds"),
  ssl_check: z.string().optional(),
});
export const SlackAnswer = z.object({ response_type: z.literal("ephemeral"), text: z.string() });
