import { createHash } from "node:crypto";
import { z } from "zod";
import { type Call, type Progress, defineAction } from "../../shared/action/action.ts";
import { Fault } from "../../shared/fault/fault.ts";
import { named } from "../../shared/inventory/schema.ts";
import type { PipelineRun, Pipelines, RunOrder, StageRecord } from "./connector.ts";

/** As git allows it, without what could be read as anything but one name. */
const GitName = z.string().regex(/^(?![./-])(?!.*(\.\.|\/\/|@\{|\.lock$|[./]$))[\w./@+#-]{1,200}$/, "a git tag or branch such as platform-0/2.98.0");
const Identifier = z.string().regex(/^[A-Za-z_]\w{0,99}$/, "a name of letters, digits and underscores");

const Params = z
  .strictObject({
    pipeline: named("pipeline").describe("The pipeline to run"),
    ref: z
      .strictObject({
        tag: GitName.optional().describe("Tag, e.g. platform-0/2.98.0"),
        branch: GitName.optional().describe("Branch, without refs/heads/"),
        commit: z
          .string()
          .regex(/^[0-9a-f]{40}$/, "a full commit id of 40 hex digits")
          .optional()
          .describe("Exactly this commit, of the branch or of the pipeline's own"),
      })
      .refine(({ tag, branch, commit }) => (tag === undefined) !== (branch === undefined && commit === undefined), "either a tag, or a branch and/or a commit")
      .optional()
      .describe("What to run; default: the pipeline's own branch"),
    environment: z.string().min(1).optional().describe("Runs only stages of this environment, e.g. PRD; default: the stack's"),
    stages: z.array(z.string().min(1)).min(1).optional().describe("Runs only these stages, by name or by the title pages use; default: all of the environment"),
    stack: named("stack").optional().describe("The stack to deploy: one run each"),
    parameters: z.record(Identifier, z.string()).optional().describe("Further template parameters of the pipeline"),
    mode: z.enum(["deploy", "destroy"]).default("deploy").describe("`destroy` sets the template parameter `mode` and cannot be taken back"),
  })
  .describe("Judged by the chosen stages' own records");
type Params = z.infer<typeof Params>;

const Receipt = z.object({
  pipeline: z.object({ name: z.string(), organization: z.string(), project: z.string(), id: z.int() }),
  run: z.int(),
  link: z.string(),
  ref: z.string(),
  commit: z.string().optional(),
  /** Names of the stages that this run is for, in the pipeline's order. */
  stages: z.array(z.string()),
});
type Receipt = z.infer<typeof Receipt>;

/**
 * Runs chosen stages of a deployment pipeline at a tag, branch or commit, and judges them by their own records in the
 * run's timeline; the run's overall result is never asked, since a run succeeds with every stage skipped.
 *
 * A ref is pinned to the commit of its newest run, so that what runs is what the preview showed and other environments
 * have seen. A run carries our key from the very call that queues it, so it is found again whatever became of the answer.
 *
 * @throws Fault `failed` when a stage failed, so that a fresh run may be tried; `rejected` when one was skipped,
 * cancelled, abandoned or succeeded with issues, or when the run ended without it; `invalid` for stages that the inventory
 * does not have; `unavailable` from `cancel` while the run has not ended yet.
 */
export const pipelineRun = defineAction<{ pipelines: Pipelines }, Params, Receipt>({
  verb: "pipeline.run",
  summary: "Runs chosen stages of an Azure DevOps pipeline and judges each by its own record.",
  uses: ["pipelines"],
  params: Params,
  over: "stack",
  receipt: Receipt,
  policy: { timeoutMs: 90 * 60_000, startWithinMs: 60_000, pollEveryMs: 60_000, attempts: 3, retryDelayMs: 30_000 },
  reversal: "nothing",
  reversalFor: ({ mode }) => (mode === "destroy" ? "irreversible" : "nothing"),

  touches: ({ pipeline, environment, stack }) => [["pipeline:" + pipeline.name, environment ?? stack?.environment, stack?.name].filter((part) => part !== undefined).join("/")],

  async preview({ pipelines }, params, call) {
    const { order, chosen } = await orderOf(pipelines, params, call);
    const finalYaml = await pipelines.dryRun(params.pipeline, order);
    const given = Object.entries(order.templateParameters).map(([name, value]) => `${name}=${value}`);
    return [
      `${params.mode === "destroy" ? "destroy by" : "run"} pipeline ${params.pipeline.name} at ${order.ref}, ${order.commit === undefined ? "commit not known, as nobody has run it yet" : `commit ${order.commit}`}`,
      `stages that run: ${chosen.join(", ")}`,
      `stages that are skipped: ${order.stagesToSkip.join(", ") || "none"}`,
      ...(given.length === 0 ? [] : [`template parameters: ${given.join(", ")}`]),
      `final YAML: sha256 ${createHash("sha256").update(finalYaml).digest("hex").slice(0, 16)}`,
    ];
  },

  async begin({ pipelines }, params, call) {
    const { key, now } = call;
    const { pipeline } = params;
    const { order, chosen } = await orderOf(pipelines, params, call);
    let own = await pipelines.findRuns(pipeline, key, now);
    const isNew = own.length === 0;
    if (isNew) {
      await pipelines.queue(pipeline, { ...order, key });
      // Looked at again: a call whose answer we gave up on may have arrived late, and its run stands beside this one.
      own = await pipelines.findRuns(pipeline, key, now);
    }
    const [first, ...twins] = own;
    if (first === undefined) throw new Fault("unavailable", `pipeline ${pipeline.name} took a run and does not list it yet`, { vendor: "azure-devops" });
    for (const twin of twins) if (twin.status !== "completed" && twin.status !== "cancelling") await pipelines.cancel(pipeline, twin.id);
    // What a new run must have run; what an earlier one was pinned to then is what it says.
    return receiptOf(pipelines, pipeline, first, order.ref, chosen, (isNew ? order.commit : undefined) ?? first.commit);
  },

  async find({ pipelines }, params, call) {
    const [first] = await pipelines.findRuns(params.pipeline, call.key, call.now);
    if (first === undefined) return undefined;
    const { order, chosen } = await orderOf(pipelines, params, call);
    return receiptOf(pipelines, params.pipeline, first, order.ref, chosen, first.commit);
  },

  async poll({ pipelines }, receipt) {
    const done: Progress<Receipt> = { state: "done", note: `${runName(receipt)}: ${receipt.stages.join(", ")} succeeded` };
    const records = await recordsOf(pipelines, receipt);
    if (hasSucceeded(records)) return done;
    const stages = records.map(({ name, record }) => `${name} ${inWordsOf(record)}`).join(", ");
    // While one of its stages runs the run goes on, and has nothing to say of its own.
    if (records.some(({ record }) => record?.state === "inProgress")) return { state: "running", note: `${runName(receipt)} is in progress; ${stages}` };
    const run = await pipelines.run(receipt.pipeline, receipt.run);
    if (run.status !== "completed")
      return { state: records.some(({ record }) => hasStarted(record)) ? "running" : "waiting", note: `${runName(receipt)} is ${inWords(run)}; ${stages}` };
    // A run that has ended has settled every stage by the time they are read again. One that failed is told of only now, so that no fresh run begins beside it.
    const settled = await recordsOf(pipelines, receipt);
    if (hasSucceeded(settled)) return done;
    throw judged(receipt, run, settled);
  },

  async verify({ pipelines }, receipt) {
    const records = await recordsOf(pipelines, receipt);
    const run = await pipelines.run(receipt.pipeline, receipt.run);
    if (!hasSucceeded(records)) throw judged(receipt, run, records);
    if (receipt.commit !== undefined && run.commit !== receipt.commit) {
      throw new Fault("rejected", `${runName(receipt)} ran commit ${run.commit ?? "unknown"}; expected ${receipt.commit} of ${receipt.ref}`, { vendor: "azure-devops" });
    }
    return [
      `${runName(receipt)} ran ${run.ref} at commit ${run.commit ?? "unknown"}: ${receipt.link}`,
      ...records.map(({ name, record }) => `the record of stage ${name} in its timeline says succeeded, ${record?.startedAt ?? "?"} to ${record?.finishedAt ?? "?"}`),
    ];
  },

  async cancel({ pipelines }, receipt) {
    const before = await pipelines.run(receipt.pipeline, receipt.run);
    if (before.status !== "completed" && before.status !== "cancelling") await pipelines.cancel(receipt.pipeline, receipt.run);
    const after = await pipelines.run(receipt.pipeline, receipt.run);
    if (after.status !== "completed") {
      throw new Fault("unavailable", `${runName(receipt)} is ${inWords(after)} and has not ended yet`, { vendor: "azure-devops", retryAfterMs: 10_000 });
    }
    const records = await recordsOf(pipelines, receipt);
    const evidence = [`${runName(receipt)} has ended: ${after.result ?? "no result"}`, ...records.map(({ name, record }) => `stage ${name} ${inWordsOf(record)}`)];
    return { evidence, ...(after.result === "succeeded" ? { hadEnded: true } : {}) };
  },
});

function receiptOf(pipelines: Pipelines, pipeline: Params["pipeline"], { id }: PipelineRun, ref: string, stages: string[], commit: string | undefined): Receipt {
  return {
    pipeline: { name: pipeline.name, organization: pipeline.organization, project: pipeline.project, id: pipeline.id },
    run: id,
    link: pipelines.link(pipeline, id),
    ref,
    ...(commit === undefined ? {} : { commit }),
    stages,
  };
}

/** What to queue, and which stages that is for. */
async function orderOf(
  pipelines: Pipelines,
  { pipeline, ref, environment, stages, stack, parameters, mode }: Params,
  { run }: Call,
): Promise<{ order: Omit<RunOrder, "key">; chosen: string[] }> {
  const of = environment ?? stack?.environment;
  const named = (wanted: string, { name, title }: (typeof pipeline.stages)[number]) => name === wanted || title === wanted;
  for (const wanted of stages ?? []) {
    if (!pipeline.stages.some((stage) => named(wanted, stage))) {
      throw new Fault("invalid", `pipeline ${pipeline.name} has no stage ${wanted} in the inventory; expected one of ${pipeline.stages.map(({ name }) => name).join(", ")}`);
    }
  }
  const isChosen = (stage: (typeof pipeline.stages)[number]) =>
    (of === undefined || stage.environment === undefined || stage.environment === of) && (stages === undefined || stages.some((wanted) => named(wanted, stage)));
  const chosen = pipeline.stages.filter(isChosen).map(({ name }) => name);
  if (chosen.length === 0) {
    throw new Fault("invalid", `pipeline ${pipeline.name} has no stage${stages === undefined ? "" : ` ${stages.join(", ")}`} of environment ${of ?? "any"} in the inventory`);
  }

  const own: Record<string, string> = { ...(stack === undefined ? {} : { [stack.parameter]: stack.value }), ...(mode === "destroy" ? { mode } : {}) };
  for (const name of Object.keys(own)) {
    if (parameters?.[name] !== undefined && parameters[name] !== own[name]) {
      throw new Fault("invalid", `template parameter ${name} of pipeline ${pipeline.name} is ${parameters[name]} and ${own[name]}; expected it once`);
    }
  }

  const full = ref?.tag === undefined ? `refs/heads/${ref?.branch ?? pipeline.branch}` : `refs/tags/${ref.tag}`;
  // Runs of our own window do not count, or one step would change what was approved for the next.
  const commit = ref?.commit ?? (await pipelines.commitOf(pipeline, full, `${run}/`));
  const stagesToSkip = pipeline.stages.map(({ name }) => name).filter((name) => !chosen.includes(name));
  return { order: { ref: full, commit, stagesToSkip, templateParameters: { ...parameters, ...own } }, chosen };
}

interface ChosenStage {
  readonly name: string;
  /** Undefined while the timeline has none. */
  readonly record: StageRecord | undefined;
}

async function recordsOf(pipelines: Pipelines, receipt: Receipt): Promise<readonly ChosenStage[]> {
  const records = await pipelines.stages(receipt.pipeline, receipt.run);
  return receipt.stages.map((name) => ({ name, record: records.find((record) => record.name === name) }));
}

function hasSucceeded(records: readonly ChosenStage[]): boolean {
  return records.every(({ record }) => record?.result === "succeeded");
}

/** Why a run that has ended did not do what it was for. */
function judged(receipt: Receipt, run: PipelineRun, records: readonly ChosenStage[]): Fault {
  const bad = records.filter(({ record }) => record?.result !== "succeeded");
  const each = bad.map(({ name, record }) => `stage ${name} ${inWordsOf(record)}${record?.error === undefined ? "" : ` (${record.error})`}`);
  // Only a stage that itself failed is worth a fresh run; whatever else happened, someone or something decided so.
  const curable = bad.some(({ record }) => record?.result === "failed");
  return new Fault(curable ? "failed" : "rejected", `${runName(receipt)} is ${inWords(run)}, but ${each.join("; ")}: ${receipt.link}`, { vendor: "azure-devops" });
}

const runName = ({ pipeline, run }: Receipt) => `run ${run} of pipeline ${pipeline.name}`;

const inWords = ({ status, result }: PipelineRun) =>
  status === "completed"
    ? `completed (${result ?? "no result"})`
    : { none: "not queued", notStarted: "queued", inProgress: "in progress", cancelling: "being cancelled", postponed: "postponed", abandoned: "abandoned" }[status];

const STARTED: ReadonlySet<string> = new Set(["succeeded", "succeededWithIssues", "failed"]);

/** A stage that was skipped, or cancelled before its turn came, is over and has never started. */
function hasStarted(record: StageRecord | undefined): boolean {
  if (record === undefined) return false;
  return record.startedAt !== undefined || record.state === "inProgress" || STARTED.has(record.result ?? "none");
}

function inWordsOf(record: StageRecord | undefined): string {
  if (record === undefined) return "has no record";
  if (record.state === "completed") return record.result === "skipped" ? "was skipped" : `ended ${record.result ?? "without a result"}`;
  if (record.awaitsApproval) return "waits for an approval in Azure DevOps";
  return record.state === "inProgress" ? "is running" : "has not started";
}
