import { z } from "zod";
import { DURATION, DURATION_WANTED } from "./duration.ts";
import { LOCAL_TIME_WANTED } from "./local-time.ts";

/**
 * A plan file, as its author writes it. Every field has a description: editors show it, the plan reference prints it.
 * What needs more than one field to judge (names, times, needs, policies) is the compiler's business.
 */

const Id = z.string().regex(/^[a-z][a-z0-9-]{0,47}$/, "an id: lower-case letters, digits and -, beginning with a letter, at most 48");
const Text = z.string().trim().min(1, "expected some text").max(2_000, "expected 2,000 characters at most");
const Name = z.string().trim().min(1, "expected a name").max(120, "expected a name of 120 characters at most");
const Duration = z.string().regex(DURATION, DURATION_WANTED);
const LocalTime = z.string().max(60, LOCAL_TIME_WANTED);
const JiraKey = z.string().regex(/^[A-Z][A-Z0-9]+-\d+$/, "a Jira key such as INFRA-655");
const Reference = z.string().trim().min(1, "expected the id of a step, change or phase").max(120);
const ObligationId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9:{}._-]{0,99}$/, "an obligation's id: letters, digits and . : _ -");

export const Owner = z
  .union([
    Name.describe("One person or team of the inventory"),
    z.strictObject({
      first: Name.describe("Who is told first"),
      second: Name.optional().describe("Who is told when the first does not answer"),
    }),
  ])
  .describe("Who is told and asked about it: a person or team of the inventory, or `{first, second}` as around `or` on the page");

const Questions = z
  .union([Text, z.array(Text).max(200)])
  .describe("What somebody still has to answer: `plan check` calls each an error, so nothing runs until the answer is written into the plan and the question taken out");

export const NeedEntry = z
  .union([
    Reference.describe("Id of a step (`change.step`, or `step` within the same change), of a change, or of a phase"),
    z.strictObject({
      step: Reference.describe("Id of a step, of a change (all of its steps) or of a phase (all of its steps)"),
      per: z.enum(["step", "target"]).default("step").describe("`target`: each target waits for the same target of that step only, not for all of them"),
      as: z.enum(["success", "end"]).default("success").describe("`end`: it is enough that it has ended, however"),
    }),
  ])
  .describe("What must have ended well before: the id of a step, change or phase, or `{step, per, as}`");

const Needs = z.union([NeedEntry, z.array(NeedEntry).max(200)]).describe("What must have ended well before this may begin");

export const When = z
  .union([
    z.strictObject({
      value: Name.describe("Name of one of the plan's `values`"),
      is: z.union([z.boolean(), z.string()]).default(true).describe("What it has to be; `true` unless said otherwise"),
    }),
    z.strictObject({ opened: ObligationId.describe("Id of an obligation") }),
    z.strictObject({ succeeded: Reference.describe("Id of a step") }),
  ])
  .describe("Only if: `{value: NAME}` of this plan is true, `{opened: OBLIGATION}` was really opened in this run, or `{succeeded: STEP}` ended well");

export const Retry = z.strictObject({
  attempts: z.int().min(1).optional().describe("Tries in all, the first included, for faults that waiting may cure"),
  delay: Duration.optional().describe("Before the second try; doubles with each further one"),
  max: Duration.optional().describe("The longest delay that doubling leads to"),
});

const Batch = z.union([z.int().min(1), z.string().regex(/^(100|[1-9]?\d)%$/, "a percentage such as 25%")]);
const Leaves = z.enum(["untouched", "degraded", "unsafe"]);

export const Step = z.strictObject({
  id: Id.describe("Unique within its change. Others name the step as `CHANGE.STEP`, its own change may say `STEP`"),
  action: z.string().optional().describe("What is done, by verb, e.g. `pipeline.run`; see the plan reference"),
  sameAs: Reference.optional().describe("«Done above»: another step does this for this change too; nothing runs twice, its result counts here"),
  title: Text.optional().describe("What people call it; the change's title if left out"),
  at: LocalTime.optional().describe("Not before this time in the window's zone: `Sat 20:00`, `Sun 04:45`, `2024-12-08 04:45`; a time that exists twice says `first` or `second`"),
  grace: Duration.optional().describe("How late it may still begin, counted from `at`; until the cutoff if left out"),
  needs: Needs.optional(),
  with: z.record(z.string(), z.unknown()).optional().describe("The action's parameters; names are those of the inventory"),
  targets: z
    .union([Name, z.array(Name).min(1, "expected at least one target").max(2_000)])
    .optional()
    .describe("What the step fans out over: names or groups of the inventory, or `all`; each gets a result of its own"),
  batch: Batch.optional().describe("How many targets are under way at once, as a number or a share: `4`, `25%`; all if left out"),
  ramp: z.boolean().optional().describe("Begin with one target, then two, four … up to `batch`"),
  maxFailures: z.int().min(0).optional().describe("Targets that may fail before no further batch begins; none if left out"),
  pause: Duration.optional().describe("Between two batches"),
  timeout: Duration.optional().describe("From its begin to the end of its verification; past it the step is overdue"),
  startWithin: Duration.optional().describe("From its begin until the vendor's own record must show that it has started; past it people are told that the kickoff did not happen"),
  poll: Duration.optional().describe("Between two looks at work under way, all of them; without it there are fewer where `expected` says that the end is far away"),
  retry: Retry.optional().describe("How often and how patiently faults that waiting may cure are tried again"),
  onFailure: z
    .enum(["stop", "continue", "ask"])
    .optional()
    .describe(
      "`continue`: what needs it is skipped with the reason, all else goes on (the default). `ask`: it waits for a person. `stop`: nothing new begins, and the window closes up",
    ),
  leaves: Leaves.optional().describe("How the platform stands when it has begun and not ended well; the change's if left out"),
  approval: z
    .union([z.literal(true), z.array(Name).min(1)])
    .optional()
    .describe("Must be approved before it begins, by its owners (`true`) or by the people named; bound to the preview that they saw"),
  irreversible: z.boolean().optional().describe("`true`: what it does cannot be taken back; needs `approval`"),
  always: z.boolean().optional().describe("Runs whatever became of what it needs, after an abort and after the cutoff too: for closing and telling"),
  lift: z
    .strictObject({ tests: z.array(Reference).min(1).optional().describe("Steps that must have ended well, e.g. the smoke tests at the origin") })
    .optional()
    .describe(
      "Only by evidence, e.g. for taking the maintenance page down: begins once nothing that was begun is left `unsafe` and the tests have passed; else it waits for a person to `decide lift`",
    ),
  when: When.optional(),
  skip: Text.optional().describe("Leaves it out of this window, and why: it ends as dropped, and what needs its success is skipped. It goes before any `when`"),
  opens: z
    .record(ObligationId, Text)
    .optional()
    .describe("What must be closed again once this has begun, by id, in words for people: `{jobs-parked: the jobs are parked}`. `{target}` stands for the target's name"),
  closes: z
    .union([ObligationId, z.array(ObligationId).min(1)])
    .optional()
    .describe("Ids of what it closes once it is verified"),
  owner: Owner.optional(),
  notes: z
    .union([Text, z.array(Text)])
    .optional()
    .describe("Whatever the page says beside it; goes into the report and onto the dashboard"),
  expected: Duration.optional().describe("How long it usually takes, for one target: for timelines, and for when to look at its work"),
  questions: Questions.optional(),
});
export type Step = z.infer<typeof Step>;

export const Carried = z
  .strictObject({
    windows: z.array(Name).min(1, "expected at least one window").max(50).describe("Windows that it was left over from, oldest first; two and more are asked about"),
    as: z.enum(["skipped", "failed", "unknown"]).describe("What it came to in the last of them"),
    why: Text.describe("Why it was not done then"),
    blocker: Text.optional().describe("The step in which the trouble began, where that was another one"),
    evidence: z.array(Text).max(50, "expected 50 lines at most").default([]).describe("What was looked at or went wrong"),
  })
  .describe("Its history: it is left over from earlier windows. Written by `nightshift run carry-over`, and by `page import --carry-over` for a change of the page");
export type Carried = z.infer<typeof Carried>;

export const Change = z.strictObject({
  id: Id.describe("Unique within the plan; its steps are `CHANGE.STEP`"),
  title: Text.describe("What people call it"),
  keys: z
    .union([JiraKey, z.array(JiraKey)])
    .default([])
    .describe("Jira keys that ask for it"),
  owner: Owner.optional(),
  leaves: Leaves.optional().describe("How the platform stands when one of its steps has begun and not ended well; `degraded` if left out"),
  notes: z
    .union([Text, z.array(Text)])
    .default([])
    .describe("Whatever the page says about it"),
  carried: Carried.optional(),
  needs: Needs.optional().describe("What must have ended well before any of its steps may begin"),
  inOrder: z.boolean().default(false).describe("Each of its steps needs the one written before it"),
  questions: Questions.optional(),
  steps: z.array(Step).min(1, "a change has at least one step; a ticket and nothing more is a `person.do`").max(500).describe("What is done, in the order it is told"),
});
export type Change = z.infer<typeof Change>;

export const Phase = z.strictObject({
  id: Id.describe("Unique within the plan; a step that needs it needs all of its steps"),
  title: Text.describe("The page's heading"),
  barrier: z.boolean().default(false).describe("Nothing of it begins before everything of the phases above has ended, however"),
  needs: Needs.optional().describe("What must have ended well before any of its steps may begin"),
  changes: z.array(Change).describe("Its changes, in the order of the page"),
});
export type Phase = z.infer<typeof Phase>;

export const Tickets = z
  .strictObject({
    start: Text.optional().describe("Comment on each key as its change begins; how the change stands is added"),
    end: Text.optional().describe("Comment on each key when all of its change has ended, however; how each step ended is added"),
    link: Text.max(255, "expected 255 characters at most").optional().describe("Title of the link to the report that each key gets as its change begins"),
    transition: Name.optional().describe("Status that each key is moved to when all of its change has ended well, e.g. `Done`"),
  })
  .describe("What the Jira keys of every change hear: each entry becomes a step of the change, with the keys as its targets");
export type Tickets = z.infer<typeof Tickets>;

export const Window = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,39}$/, "an id of letters, digits and -, at most 40")
    .optional()
    .describe("Also the run's id; the date if left out. One run per window"),
  title: Text.describe("What people call the window"),
  date: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/, "a date such as 2024-12-08")
    .describe("The window's Sunday"),
  zone: z.string().describe("IANA time zone of every time in the plan, e.g. `America/New_York`"),
  cutoff: LocalTime.describe("No step begins after it, closing and undo excepted, e.g. `Sun 12:00`"),
  channels: z.array(Name).min(1, "expected at least one channel").describe("Channels of the inventory that hear when something needs people"),
  owners: z.array(Name).min(1, "expected at least one owner").describe("People or teams of the inventory who are told when something is wrong, first to last"),
  page: z
    .strictObject({
      title: Text.describe("The page's title"),
      url: z.string().max(2_000).optional().describe("Where it is"),
      id: z
        .string()
        .regex(/^\d{1,19}$/, "a page's number, in quotes")
        .optional()
        .describe("Confluence's number of the page: where results are written back to"),
      version: z.int().positive().optional().describe("Which of its versions the plan was made from or last merged with"),
    })
    .optional()
    .describe("The page that the plan was made from"),
  questions: Questions.optional(),
});
export type Window = z.infer<typeof Window>;

export const PlanFile = z.strictObject({
  plan: z.literal(1, "1: the version of this plan language").describe("Version of the plan language: 1"),
  window: Window.describe("Which night, and who is there"),
  values: z
    .record(Name, z.union([z.boolean(), z.string()]))
    .default({})
    .describe("Named values that steps may depend on with `when: {value: NAME}`, e.g. whether the maintenance page goes up"),
  tickets: Tickets.optional(),
  phases: z.array(Phase).min(1, "expected at least one phase").max(50).describe("The page's parts, in their order"),
});
export type PlanFile = z.infer<typeof PlanFile>;

/** Entries that may be written as one thing or as a list of them. */
export function listOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
