import { createHash } from "node:crypto";
import { jsonResponse } from "../../shared/ports/json-response.ts";
import { remembered } from "../../shared/ports/remembered.ts";
import type { Simulator, World } from "../../shared/ports/simulator.ts";
import { agentsAt, type SimulatedRun, stagesAt, statusAt } from "./simulated-run.ts";

export interface AzureDevOpsWorld extends World {
  readonly pipelines: SimulatedPipeline[];
  /** Oldest first. The id of the next one is one more than the last one's. */
  readonly runs: SimulatedRun[];
  /** UTC ISO: no agent takes work before; work that was queued is taken then. */
  agentsOfflineUntil?: string;
}

export interface SimulatedPipeline {
  readonly organization: string;
  readonly project: string;
  readonly id: number;
  readonly name: string;
  /** In order; each begins when the one before it has ended well. */
  readonly stages: readonly { readonly name: string; readonly displayName?: string; readonly durationMs: number }[];
  /** Full ref name to commit id. */
  readonly refs: Record<string, string>;
  /** Template parameters that the YAML declares. */
  readonly parameters: readonly string[];
  /** First come, first met: the first that fits a stage of a new run is taken for it. */
  readonly misfortunes: Misfortune[];
}

/** What befalls a stage of runs that are queued from now on. */
export interface Misfortune {
  /** Any stage, if not given. */
  readonly stage?: string;
  readonly what: StageFate;
  /** Befalls this many runs and is gone then; all, if not given. */
  runsLeft?: number;
}

/**
 * `never starts`: stays pending. `hangs`: never ends. `canceled`: by a person, halfway. `skipped`: a condition was false.
 * `waits for approval`: pending until someone approves, by setting `approvedAt` in the run.
 */
export type StageFate = "succeeds" | "never starts" | "fails" | "hangs" | "canceled" | "skipped" | "abandoned" | "succeeds with issues" | "waits for approval";

/**
 * Azure DevOps as far as pipelines go: dry runs, runs, builds and timelines. A run goes through its stages by the clock
 * alone, so nothing moves while nobody asks. Effects: `queued pipeline NAME`, `cancelled run ID of pipeline NAME`.
 */
export const azureDevOpsSimulator: Simulator<AzureDevOpsWorld> = {
  systems: ["azure-devops"],

  systemOf: ({ host }) => (host === "dev.azure.com" ? "azure-devops" : undefined),

  newWorld: () => ({ effects: [], pipelines: [], runs: [] }),

  handler: (world) => async (request, now) => {
    const url = new URL(request.url);
    if (!/^(Basic|Bearer) \S+$/.test(request.headers.get("authorization") ?? ""))
      return new Response("<html>Sign in</html>", { status: 203, headers: { "content-type": "text/html" } });
    if (!["7.1", "7.1-preview", "7.2-preview"].includes(url.searchParams.get("api-version") ?? ""))
      return refusal(400, "the api-version in the query is none that this service offers");
    const [organization, project, apis, ...path] = url.pathname.slice(1).split("/").map(decodeURIComponent);
    const own = world.pipelines.filter((pipeline) => sameName(pipeline.organization, organization) && sameName(pipeline.project, project));
    if (apis?.toLowerCase() !== "_apis") return refusal(404, "there is no such address");
    if (own.length === 0) return refusal(404, `project ${project} of organization ${organization} does not exist, or is not yours to see`);
    const body = request.method === "GET" ? undefined : await bodyOf(request);
    if (body === "malformed") return refusal(400, "the body is no JSON object");
    return route(world, own, request.method, path.join("/"), url.searchParams, body, now);
  },
};

type Body = Record<string, unknown>;

function route(world: AzureDevOpsWorld, own: readonly SimulatedPipeline[], method: string, path: string, query: URLSearchParams, body: Body | undefined, now: number): Response {
  const runs = world.runs.filter((run) => own.some(({ id }) => id === run.pipeline));
  const [, pipelineId, verb] = /^pipelines\/(\d+)\/(runs|preview)$/i.exec(path) ?? [];
  const [, runId, timeline] = /^build\/builds\/(\d+)(\/timeline)?$/i.exec(path) ?? [];
  const pipeline = own.find(({ id }) => id === Number(pipelineId));
  const run = runs.find(({ id }) => id === Number(runId));

  if (/^build\/builds$/i.test(path) && method === "GET") return listBuilds(world, own, runs, query, now);
  if (pipelineId !== undefined && method === "POST") {
    if (pipeline === undefined) return refusal(404, `pipeline ${pipelineId} does not exist`);
    return verb?.toLowerCase() === "preview" || body?.["previewRun"] === true ? dryRun(pipeline, body ?? {}) : queue(world, pipeline, body ?? {}, now);
  }
  if (runId === undefined || (method !== "GET" && !(method === "PATCH" && timeline === undefined))) return refusal(404, "there is no such address");
  const of = own.find(({ id }) => id === run?.pipeline);
  if (run === undefined || of === undefined) return refusal(404, `build ${runId} does not exist`);
  if (timeline !== undefined) return jsonResponse(timelineOf(world, of, run, now));
  return method === "GET" ? jsonResponse(buildOf(world, of, run, now)) : update(world, of, run, body ?? {}, now);
}

function listBuilds(world: AzureDevOpsWorld, own: readonly SimulatedPipeline[], runs: readonly SimulatedRun[], query: URLSearchParams, now: number): Response {
  const definitions = query.get("definitions")?.split(",").map(Number);
  const since = Date.parse(query.get("minTime") ?? "1970-01-01T00:00:00Z");
  const branch = query.get("branchName");
  const newestFirst = query.get("queryOrder") === "queueTimeDescending";
  const top = Number(query.get("$top") ?? 1_000);
  const from = Number(query.get("continuationToken") ?? 0);
  const found = runs
    .filter((run) => (definitions?.includes(run.pipeline) ?? true) && Date.parse(run.queuedAt) >= since && (branch === null || run.ref === branch))
    .sort((a, b) => (newestFirst ? b.id - a.id : a.id - b.id));
  const page = found.slice(from, from + top).flatMap((run) => own.filter(({ id }) => id === run.pipeline).map((pipeline) => buildOf(world, pipeline, run, now)));
  const headers: Record<string, string> = found.length > from + top ? { "x-ms-continuationtoken": String(from + top) } : {};
  return jsonResponse({ count: page.length, value: page }, { headers });
}

interface Wanted {
  readonly ref: string;
  readonly commit: string;
  readonly skip: readonly string[];
  readonly templateParameters: Record<string, string>;
}

/** What a body asks for, or why the service would not take it. */
function wantedOf(pipeline: SimulatedPipeline, body: Body): Wanted | Response {
  const self = at(body, "resources", "repositories", "self") as { refName?: string; version?: string } | undefined;
  const ref = self?.refName ?? "refs/heads/main";
  const head = pipeline.refs[ref];
  if (head === undefined) return refusal(400, `the repository of ${pipeline.name} has no ${ref}`, "PipelineValidationException");
  const skip = (body["stagesToSkip"] ?? []) as string[];
  const unknownStage = skip.find((name) => !pipeline.stages.some((stage) => stage.name === name));
  if (unknownStage !== undefined) return refusal(400, `stage ${unknownStage} is not in the pipeline`, "PipelineValidationException");
  const templateParameters = (body["templateParameters"] ?? {}) as Record<string, string>;
  const unknownParameter = Object.keys(templateParameters).find((name) => !pipeline.parameters.includes(name));
  if (unknownParameter !== undefined) return refusal(400, `parameter ${unknownParameter} is not declared by the pipeline`, "PipelineValidationException");
  return { ref, commit: self?.version ?? head, skip, templateParameters };
}

function dryRun(pipeline: SimulatedPipeline, body: Body): Response {
  const wanted = wantedOf(pipeline, body);
  if (wanted instanceof Response) return wanted;
  const parameters = Object.entries(wanted.templateParameters).map(([name, value]) => `# ${name}: ${JSON.stringify(value)}`);
  const stages = pipeline.stages.map(({ name }) => `- stage: ${name}`);
  return jsonResponse({ finalYaml: [`# ${wanted.commit}`, ...parameters, "stages:", ...stages, ""].join("\n") });
}

function queue(world: AzureDevOpsWorld, pipeline: SimulatedPipeline, body: Body, now: number): Response {
  const wanted = wantedOf(pipeline, body);
  if (wanted instanceof Response) return wanted;
  const variables = Object.fromEntries(Object.entries((body["variables"] ?? {}) as Record<string, { value?: string }>).map(([name, { value }]) => [name, value ?? ""]));
  const chosen = pipeline.stages.filter(({ name }) => !wanted.skip.includes(name));
  const run: SimulatedRun = {
    id: (world.runs.at(-1)?.id ?? 1_000) + 1,
    pipeline: pipeline.id,
    ref: wanted.ref,
    commit: wanted.commit,
    queuedAt: new Date(now).toISOString(),
    reason: "manual",
    variables,
    templateParameters: wanted.templateParameters,
    stages: pipeline.stages.map(({ name, durationMs }) => ({ name, durationMs, fate: wanted.skip.includes(name) ? "skipped" : fateOf(pipeline, name) })),
  };
  world.runs.push(run);
  const stages = chosen.map(({ name }) => name);
  world.effects.push({
    at: run.queuedAt,
    did: "queued",
    to: `pipeline ${pipeline.name}`,
    with: { run: run.id, ref: run.ref, commit: run.commit, stages, templateParameters: run.templateParameters },
  });
  return jsonResponse(runAsAnswered(world, pipeline, run, now));
}

function fateOf(pipeline: SimulatedPipeline, stage: string): StageFate {
  const misfortune = pipeline.misfortunes.find((one) => (one.stage ?? stage) === stage && (one.runsLeft ?? 1) > 0);
  if (misfortune === undefined) return "succeeds";
  if (misfortune.runsLeft !== undefined) misfortune.runsLeft -= 1;
  return misfortune.what;
}

function update(world: AzureDevOpsWorld, pipeline: SimulatedPipeline, run: SimulatedRun, body: Body, now: number): Response {
  if (body["status"] !== "cancelling" && body["status"] !== 4) return refusal(400, "of a build's status only cancelling can be set here");
  const { status } = statusAt(run, now, agentsAt(world, run));
  if (status !== "completed" && status !== "cancelling") {
    run.cancelledAt = new Date(now).toISOString();
    world.effects.push({ at: run.cancelledAt, did: "cancelled", to: `run ${run.id} of pipeline ${pipeline.name}` });
  }
  return jsonResponse(buildOf(world, pipeline, run, now));
}

function buildOf(world: AzureDevOpsWorld, pipeline: SimulatedPipeline, run: SimulatedRun, now: number) {
  const { status, result, startedAt, finishedAt } = statusAt(run, now, agentsAt(world, run));
  const projectId = guid("project", pipeline.organization, pipeline.project);
  const project = { id: projectId, name: pipeline.project, state: "wellFormed", visibility: "private" };
  return {
    id: run.id,
    buildNumber: `${run.queuedAt.slice(0, 10).replaceAll("-", "")}.${run.id}`,
    status,
    result: result ?? null,
    queueTime: run.queuedAt,
    startTime: startedAt ?? null,
    finishTime: finishedAt ?? null,
    reason: run.reason,
    priority: "normal",
    url: `${addressOf(pipeline)}/_apis/build/builds/${run.id}`,
    uri: `vstfs:///Build/Build/${run.id}`,
    sourceBranch: run.ref,
    sourceVersion: run.commit,
    parameters: Object.keys(run.variables).length === 0 ? null : JSON.stringify(run.variables),
    templateParameters: run.templateParameters,
    tags: [],
    project,
    definition: { drafts: [], id: pipeline.id, name: pipeline.name, path: "\\", type: "build", queueStatus: "enabled", revision: 1, project },
    repository: { id: guid("repository", pipeline.name), type: "TfsGit", name: pipeline.name, defaultBranch: "refs/heads/main" },
  };
}

function runAsAnswered(world: AzureDevOpsWorld, pipeline: SimulatedPipeline, run: SimulatedRun, now: number) {
  const { status } = statusAt(run, now, agentsAt(world, run));
  return {
    id: run.id,
    name: `${run.queuedAt.slice(0, 10).replaceAll("-", "")}.${run.id}`,
    state: status === "completed" ? "completed" : "inProgress",
    createdDate: run.queuedAt,
    url: `${addressOf(pipeline)}/_apis/pipelines/${pipeline.id}/runs/${run.id}`,
    pipeline: { id: pipeline.id, name: pipeline.name, folder: "\\", revision: 1 },
    resources: { repositories: { self: { refName: run.ref, version: run.commit, repository: { type: "azureReposGit" } } } },
    templateParameters: run.templateParameters,
    variables: Object.fromEntries(Object.entries(run.variables).map(([name, value]) => [name, { value }])),
  };
}

function timelineOf(world: AzureDevOpsWorld, pipeline: SimulatedPipeline, run: SimulatedRun, now: number) {
  const blank = {
    previousAttempts: [],
    currentOperation: null,
    percentComplete: null,
    resultCode: null,
    changeId: 1,
    errorCount: 0,
    warningCount: 0,
    attempt: 1,
    details: null,
    log: null,
    task: null,
    url: null,
    workerName: null,
  };
  const records = stagesAt(run, now, agentsAt(world, run)).flatMap((stage, index): object[] => {
    const id = guid("stage", String(run.id), stage.name);
    const checkpoint = guid("checkpoint", String(run.id), stage.name);
    const times = { startTime: stage.startedAt ?? null, finishTime: stage.finishedAt ?? null, state: stage.state, result: stage.result ?? null };
    const issues = stage.result === "failed" ? [{ type: "error", message: `simulated: stage ${stage.name} failed` }] : [];
    const display = pipeline.stages[index]?.displayName ?? stage.name;
    const record = {
      ...blank,
      id,
      parentId: null,
      type: "Stage",
      name: display,
      refName: stage.name,
      identifier: stage.name,
      order: index + 1,
      ...times,
      errorCount: issues.length,
    };
    // A job bears its stage's name, as generated pipelines do, and may look better than its stage.
    const job = {
      ...blank,
      id: guid("job", String(run.id), stage.name),
      parentId: id,
      type: "Job",
      name: stage.name,
      refName: stage.name,
      identifier: `${stage.name}.job`,
      order: 1,
      ...times,
      issues,
    };
    if (!stage.awaitsApproval) return stage.startedAt === undefined ? [record] : [record, job];
    const pending = { state: "inProgress", result: null, startTime: run.queuedAt, finishTime: null };
    return [
      record,
      { ...blank, id: checkpoint, parentId: id, type: "Checkpoint", name: "Checkpoint", refName: "Checkpoint", identifier: "Checkpoint", order: 1, ...pending },
      {
        ...blank,
        id: guid("approval", String(run.id), stage.name),
        parentId: checkpoint,
        type: "Checkpoint.Approval",
        name: "Checkpoint.Approval",
        refName: null,
        identifier: null,
        order: 1,
        ...pending,
      },
    ];
  });
  return {
    id: guid("timeline", String(run.id)),
    changeId: 1,
    lastChangedBy: guid("service"),
    lastChangedOn: new Date(now).toISOString(),
    url: `${addressOf(pipeline)}/_apis/build/builds/${run.id}/timeline`,
    records,
  };
}

const addressOf = ({ organization, project }: SimulatedPipeline) => `https://dev.azure.com/${encodeURIComponent(organization)}/${encodeURIComponent(project)}`;

function refusal(status: number, message: string, typeKey = "VssServiceException"): Response {
  return jsonResponse({ $id: "1", innerException: null, message, typeName: `Microsoft.${typeKey}`, typeKey, errorCode: 0, eventId: 3_000 }, { status });
}

async function bodyOf(request: Request): Promise<Body | "malformed"> {
  try {
    const body: unknown = JSON.parse(await request.text());
    return body !== null && typeof body === "object" && !Array.isArray(body) ? (body as Body) : "malformed";
  } catch {
    return "malformed";
  }
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((part, key) => (part !== null && typeof part === "object" ? (part as Body)[key] : undefined), value);
}

const sameName = (a: string, b: string | undefined) => a.toLowerCase() === b?.toLowerCase();

/** The same id for the same thing, in the shape of a GUID. A timeline is full of them, and is asked for every minute. */
const guid = remembered((...parts: readonly string[]) => {
  const hex = createHash("sha256").update(parts.join("\n")).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
});
