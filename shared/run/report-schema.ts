import { z } from "zod";
import { CarriedChange } from "./carry-over.ts";
import { ENDINGS, type Ending } from "./facts.ts";

/**
 * The report of a run, as `report.json` holds it and every other form of it shows it. What was asleep comes first: the
 * summary is one page, all that follows is the proof of it.
 */

/** How something stands: as it ended, or where it is on the way there. */
export const Standing = z.enum([...(Object.keys(ENDINGS) as [Ending, ...Ending[]]), "running", "waiting"]);
export type Standing = z.infer<typeof Standing>;

/** An instant as people read it. */
export const Moment = z.strictObject({
  at: z.iso.datetime().describe("UTC"),
  local: z.string().describe("`Sat 20:00` in the window's zone"),
  utc: z.string().describe("`01:00`"),
});
export type Moment = z.infer<typeof Moment>;

export const ChangeLine = z.strictObject({
  id: z.string(),
  title: z.string(),
  keys: z.array(z.string()),
  why: z.string().optional().describe("Why it is not done; absent where it is"),
});

export const Kickoff = z.strictObject({
  step: z.string(),
  title: z.string(),
  planned: Moment,
  begun: Moment.optional().describe("When the run gave the order"),
  started: Moment.optional().describe("When the vendor's own record first showed it under way"),
  lateMs: z.int().nonnegative().optional().describe("From the planned time to the order"),
  state: Standing,
  verdict: z.string().describe("`on time`, `12 min late`, `never started`, `not begun`"),
  onTime: z.boolean(),
});
export type Kickoff = z.infer<typeof Kickoff>;

export const OpenItem = z.strictObject({
  id: z.string(),
  what: z.string(),
  since: Moment,
  step: z.string(),
  target: z.string(),
  certain: z.boolean(),
  owners: z.array(z.string()),
  why: z.string(),
});
export const Need = z.strictObject({
  who: z.array(z.string()),
  what: z.string(),
  why: z.string(),
  how: z.string().optional().describe("The one command that answers it, where there is one"),
});
export type Need = z.infer<typeof Need>;

export const Summary = z.strictObject({
  outcome: z.enum(["well", "badly", "aborted", "running"]),
  headline: z.string(),
  sentences: z.array(z.string()).describe("The night in a few sentences, most important first"),
  planned: Moment.describe("When the first step was due"),
  started: Moment.optional(),
  startedBy: z.string().optional(),
  rehearsed: z.string().optional().describe("What rehearsals of the plan came to, as its approval showed"),
  ended: Moment.optional(),
  cutoff: Moment,
  kickoffs: z.array(Kickoff),
  counts: z
    .strictObject({ in: z.int(), done: z.int(), already: z.int(), dropped: z.int(), carriedOver: z.int(), underWay: z.int() })
    .describe("Of changes: in is the sum of the others"),
  done: z.array(ChangeLine),
  already: z.array(ChangeLine),
  dropped: z.array(ChangeLine),
  carriedOver: z.array(ChangeLine),
  underWay: z.array(ChangeLine),
  open: z.array(OpenItem),
  needs: z.array(Need).describe("What a person has to do so that the window can end, or is safe"),
  followUps: z.array(Need).describe("What is to be done once people are awake: causes to be found, changes for the next plan"),
});

export const TargetReport = z.strictObject({
  id: z.string(),
  state: Standing,
  why: z.string(),
  tries: z.int(),
  begun: Moment.optional(),
  ended: Moment.optional(),
  evidence: z.array(z.string()),
  faults: z.array(z.strictObject({ at: Moment, deed: z.string(), kind: z.string(), message: z.string(), try: z.int(), attempt: z.int() })),
});
export type TargetReport = z.infer<typeof TargetReport>;

export const StepReport = z.strictObject({
  id: z.string(),
  title: z.string(),
  verb: z.string(),
  phase: z.string(),
  servedBy: z.string().optional().describe("Another step that did this for this change too"),
  state: Standing,
  why: z.string(),
  planned: Moment.optional(),
  begun: Moment.optional(),
  ended: Moment.optional(),
  irreversible: z.boolean(),
  approvedBy: z.array(z.strictObject({ by: z.string(), at: Moment })),
  notes: z.array(z.string()),
  targets: z.array(TargetReport),
});
export type StepReport = z.infer<typeof StepReport>;

export const ChangeReport = z.strictObject({
  id: z.string(),
  title: z.string(),
  keys: z.array(z.string()),
  phase: z.string(),
  state: Standing,
  why: z.string(),
  owners: z.array(z.string()),
  notes: z.array(z.string()),
  steps: z.array(StepReport),
});
export type ChangeReport = z.infer<typeof ChangeReport>;

export const ObligationReport = z.strictObject({
  id: z.string(),
  what: z.string(),
  opened: Moment,
  openedBy: z.string(),
  certain: z.boolean(),
  closed: Moment.optional(),
  closedBy: z.string().optional(),
  evidence: z.array(z.string()),
});

export const EventReport = z.strictObject({
  at: Moment,
  kind: z.enum(["run", "begun", "ended", "fault", "notice", "decision", "opened", "closed", "undone", "cancelled"]),
  tone: z.enum(["well", "badly", "plain"]),
  text: z.string(),
  step: z.string().optional(),
  target: z.string().optional(),
});
export type EventReport = z.infer<typeof EventReport>;

export const Report = z
  .strictObject({
    format: z.literal(1).describe("Grows when the shape changes in a way that an older reader would misread"),
    run: z.string(),
    window: z.strictObject({
      title: z.string(),
      date: z.string(),
      zone: z.string(),
      digest: z.string(),
      page: z.strictObject({ title: z.string(), url: z.string().optional() }).optional(),
    }),
    madeAt: Moment,
    summary: Summary,
    phases: z.array(z.strictObject({ id: z.string(), title: z.string() })),
    changes: z.array(ChangeReport),
    carryOver: z.array(CarriedChange),
    obligations: z.array(ObligationReport),
    decisions: z.array(z.strictObject({ at: Moment, by: z.string(), decision: z.string(), about: z.string(), note: z.string().optional() })),
    notices: z.array(z.strictObject({ at: Moment, about: z.string(), text: z.string(), reached: z.boolean() })),
    timeline: z.array(EventReport),
  })
  .describe("Report of one maintenance window");
export type Report = z.infer<typeof Report>;

/** The published JSON Schema of `report.json`. */
export function reportJsonSchema(): object {
  return z.toJSONSchema(Report, { target: "draft-7" });
}
