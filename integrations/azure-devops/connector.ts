import { z } from "zod";
import { Fault, type FaultKind } from "../../shared/fault/fault.ts";
import { deadlineAfter } from "../../shared/ports/deadline.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { retryAfterMs } from "../../shared/ports/retry-after.ts";

/** Which pipeline, as the inventory knows it. */
export interface PipelineRef {
  readonly name: string;
  readonly organization: string;
  readonly project: string;
  readonly id: number;
}

/** What is asked for when a run is queued. */
export interface RunOrder {
  /** Our own mark, by which the run is found again. */
  readonly key: string;
  /** Full name: `refs/tags/…` or `refs/heads/…`. */
  readonly ref: string;
  /** Runs exactly this commit instead of what the ref points at by then. */
  readonly commit?: string | undefined;
  /** Names of stages, as in the pipeline's YAML. */
  readonly stagesToSkip: readonly string[];
  readonly templateParameters: Readonly<Record<string, string>>;
}

export interface PipelineRun {
  readonly id: number;
  readonly status: "none" | "inProgress" | "completed" | "cancelling" | "postponed" | "abandoned" | "notStarted";
  /** The run's overall result. It says nothing about any one stage: a run succeeds with every stage skipped. */
  readonly result?: "none" | "succeeded" | "partiallySucceeded" | "failed" | "canceled";
  readonly ref: string;
  /** Missing until the service has settled it. */
  readonly commit?: string;
}

/** A stage's own record in a run's timeline. */
export interface StageRecord {
  /** As in the pipeline's YAML. */
  readonly name: string;
  readonly state: "pending" | "inProgress" | "completed";
  readonly result?: "succeeded" | "succeededWithIssues" | "failed" | "canceled" | "skipped" | "abandoned" | "manuallyQueued" | "dependentOnManualQueue";
  /** UTC ISO. */
  readonly startedAt?: string;
  readonly finishedAt?: string;
  /** An approval of the pipeline's own environments that has not been given yet. */
  readonly awaitsApproval: boolean;
  /** The first error that the stage tells of. */
  readonly error?: string;
}

/** Runs of deployment pipelines. */
export interface Pipelines {
  /**
   * The commit that the newest run of this ref was made from; undefined when there is none.
   * @param exceptKeys runs of ours whose key begins like this do not count.
   */
  commitOf(pipeline: PipelineRef, ref: string, exceptKeys: string): Promise<string | undefined>;
  /** Has the service check an order without running it. @throws Fault `rejected` when it would not take it. @returns the final YAML. */
  dryRun(pipeline: PipelineRef, order: Omit<RunOrder, "key">): Promise<string>;
  /** Runs that were queued with this key in the two days before `now`, oldest first. */
  findRuns(pipeline: PipelineRef, key: string, now: number): Promise<readonly PipelineRun[]>;
  /** The same of every try: `keys` is the key without its number, `run/step/target/`. */
  findTries(pipeline: PipelineRef, keys: string, now: number): Promise<readonly PipelineRun[]>;
  /** Queues a run, without looking for an earlier one. */
  queue(pipeline: PipelineRef, order: RunOrder): Promise<void>;
  run(pipeline: PipelineRef, id: number): Promise<PipelineRun>;
  /** Every stage's record, in the timeline's order; empty while the run has no timeline yet. */
  stages(pipeline: PipelineRef, id: number): Promise<readonly StageRecord[]>;
  /** Asks for the run to be cancelled; that takes a while. */
  cancel(pipeline: PipelineRef, id: number): Promise<PipelineRun>;
  /** Where people look at the run. */
  link(pipeline: PipelineRef, id: number): string;
}

export const AzureDevOpsSettings = z.strictObject({
  personalAccessToken: z
    .string()
    .min(1)
    .optional()
    .describe("Name of the secret in the vault that holds a personal access token; without it Nightshift signs in as its own identity"),
});
export type AzureDevOpsSettings = z.infer<typeof AzureDevOpsSettings>;

/** The newest released version; every call below is in it. */
const API_VERSION = "7.1";
/** Azure DevOps as an application in Entra ID, the same in every tenant. */
const SCOPE = "499b84ac-1321-427f-aa17-267ca6975798/.default";
/** A variable that each pipeline must let be set at queue time; see the README. */
const KEY_VARIABLE = "nightshiftKey";
const DEADLINE_MS = 30_000;
/** Longer than a window with its prework. */
const LOOK_BACK_MS = 48 * 3_600_000;
const PAGE_SIZE = 100;
const MOST_PAGES = 20;

/** What is read of an answer; unset values come as null. */
const Build = z.object({
  id: z.int(),
  status: z.enum(["none", "inProgress", "completed", "cancelling", "postponed", "abandoned", "notStarted"]),
  result: z.enum(["none", "succeeded", "partiallySucceeded", "failed", "canceled"]).nullish(),
  sourceBranch: z.string(),
  sourceVersion: z.string().nullish(),
  /** Variables set when the run was queued: JSON in a string. */
  parameters: z.string().nullish(),
});
const Builds = z.object({ value: z.array(Build) });
const QueuedRun = z.object({ id: z.int() });
const DryRun = z.object({ finalYaml: z.string() });
/** None while the run has no timeline yet. */
const Timeline = z.nullable(
  z.object({
    records: z.array(
      z.object({
        id: z.string(),
        parentId: z.string().nullish(),
        type: z.string(),
        name: z.string(),
        identifier: z.string().nullish(),
        refName: z.string().nullish(),
        state: z.enum(["pending", "inProgress", "completed"]),
        result: z.enum(["succeeded", "succeededWithIssues", "failed", "canceled", "skipped", "abandoned", "manuallyQueued", "dependentOnManualQueue"]).nullish(),
        startTime: z.string().nullish(),
        finishTime: z.string().nullish(),
        order: z.int().nullish(),
        issues: z.array(z.object({ type: z.string().nullish(), message: z.string().nullish() })).nullish(),
      }),
    ),
  }),
);

export function connectAzureDevOps(settings: AzureDevOpsSettings, { fetch, secrets, credential }: Outside): Pipelines {
  async function authorization(): Promise<string> {
    if (settings.personalAccessToken !== undefined) {
      const token = await secrets.read(settings.personalAccessToken);
      return `Basic ${Buffer.from(`:${token.reveal()}`).toString("base64")}`;
    }
    const token = await credential.getToken(SCOPE);
    if (token === null) throw new Fault("denied", "no token for Azure DevOps could be had; expected an identity that is a user of the organization", { vendor: VENDOR });
    return `Bearer ${token.token}`;
  }

  async function ask<T>(what: string, schema: z.ZodType<T>, url: URL, method = "GET", body?: unknown): Promise<{ answer: T; more: string | undefined }> {
    url.searchParams.set("api-version", API_VERSION);
    const headers = { accept: "application/json", authorization: await authorization(), ...(body === undefined ? {} : { "content-type": "application/json" }) };
    return translate(what, async () => {
      const response = await fetch(url, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: "error",
        signal: deadlineAfter(DEADLINE_MS),
      });
      const text = await response.text();
      if (response.status !== 200) throw refusal(what, response, text);
      return { answer: schema.parse(JSON.parse(text)), more: response.headers.get("x-ms-continuationtoken") ?? undefined };
    });
  }

  /** Runs of the two days before `now` that were queued with a key of this kind, oldest first. */
  async function runsWith(pipeline: PipelineRef, isOurs: (key: string) => boolean, now: number): Promise<readonly PipelineRun[]> {
    const found: PipelineRun[] = [];
    let token: { readonly continuationToken?: string } = {};
    for (let page = 0; page < MOST_PAGES; page++) {
      const since = new Date(now - LOOK_BACK_MS).toISOString();
      const url = address(pipeline, "build/builds", { definitions: pipeline.id, minTime: since, queryOrder: "queueTimeDescending", $top: PAGE_SIZE, ...token });
      const { answer, more } = await ask(`look for our own run of pipeline ${pipeline.name}`, Builds, url);
      found.push(...answer.value.filter((build) => isOurs(String(keyOf(build) ?? ""))).map(runOf));
      if (more === undefined) return found.sort((a, b) => a.id - b.id);
      token = { continuationToken: more };
    }
    throw new Fault("rejected", `pipeline ${pipeline.name} has more than ${MOST_PAGES * PAGE_SIZE} runs of the last two days; ours cannot be told from them`, { vendor: VENDOR });
  }

  return {
    async commitOf(pipeline, ref, exceptKeys) {
      const url = address(pipeline, "build/builds", { definitions: pipeline.id, branchName: ref, queryOrder: "queueTimeDescending", $top: PAGE_SIZE });
      const { answer } = await ask(`look for runs of pipeline ${pipeline.name} at ${ref}`, Builds, url);
      const counts = (build: z.infer<typeof Build>) => build.sourceBranch === ref && !String(keyOf(build) ?? "").startsWith(exceptKeys);
      return answer.value.find(counts)?.sourceVersion ?? undefined;
    },

    async dryRun(pipeline, order) {
      const what = `check a run of pipeline ${pipeline.name} at ${order.ref}`;
      return (await ask(what, DryRun, address(pipeline, `pipelines/${pipeline.id}/preview`), "POST", { previewRun: true, ...parametersOf(order) })).answer.finalYaml;
    },

    findRuns: (pipeline, key, now) => runsWith(pipeline, (found) => found === key, now),
    findTries: (pipeline, keys, now) => runsWith(pipeline, (found) => found.startsWith(keys) && /^\d+$/.test(found.slice(keys.length)), now),

    async queue(pipeline, order) {
      const body = { ...parametersOf(order), variables: { [KEY_VARIABLE]: { value: order.key } } };
      await ask(`queue a run of pipeline ${pipeline.name} at ${order.ref}`, QueuedRun, address(pipeline, `pipelines/${pipeline.id}/runs`), "POST", body);
    },

    async run(pipeline, id) {
      return runOf((await ask(`look at run ${id} of pipeline ${pipeline.name}`, Build, address(pipeline, `build/builds/${id}`))).answer);
    },

    async stages(pipeline, id) {
      const { answer } = await ask(`read the timeline of run ${id} of pipeline ${pipeline.name}`, Timeline, address(pipeline, `build/builds/${id}/timeline`));
      const records = answer?.records ?? [];
      const below = (parent: string) => records.filter(({ parentId }) => parentId === parent);
      return records
        .filter(({ type }) => type === "Stage")
        .sort((a, b) => (a.order ?? 0) - (b.order ?? 0))
        .map((record): StageRecord => {
          // A stage's approvals stand below its checkpoint.
          const awaitsApproval = below(record.id)
            .flatMap(({ id: checkpoint }) => below(checkpoint))
            .some(({ type, state }) => type === "Checkpoint.Approval" && state !== "completed");
          const error = [record, ...below(record.id)].flatMap(({ issues }) => issues ?? []).find(({ type, message }) => type === "error" && message)?.message;
          return {
            // `name` is the display name; the name in the YAML is `refName`, in older versions `identifier`.
            name: record.refName ?? record.identifier ?? record.name,
            state: record.state,
            ...(record.result ? { result: record.result } : {}),
            ...(record.startTime ? { startedAt: record.startTime } : {}),
            ...(record.finishTime ? { finishedAt: record.finishTime } : {}),
            awaitsApproval,
            ...(error ? { error } : {}),
          };
        });
    },

    async cancel(pipeline, id) {
      return runOf((await ask(`cancel run ${id} of pipeline ${pipeline.name}`, Build, address(pipeline, `build/builds/${id}`), "PATCH", { status: "cancelling" })).answer);
    },

    link: ({ organization, project }, id) => `https://dev.azure.com/${segment(organization)}/${segment(project)}/_build/results?buildId=${id}`,
  };
}

const VENDOR = "azure-devops";

function address({ organization, project }: PipelineRef, path: string, query: Readonly<Record<string, string | number>> = {}): URL {
  const url = new URL(`https://dev.azure.com/${segment(organization)}/${segment(project)}/_apis/${path}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  return url;
}

/** One segment of a path; a name of dots only would be resolved away and point elsewhere. */
function segment(name: string): string {
  if (/^\.*$/.test(name)) throw new Fault("invalid", `${JSON.stringify(name)} is no name of an Azure DevOps organization or project`);
  return encodeURIComponent(name);
}

function parametersOf({ ref, commit, stagesToSkip, templateParameters }: Omit<RunOrder, "key">) {
  return { resources: { repositories: { self: { refName: ref, ...(commit === undefined ? {} : { version: commit }) } } }, stagesToSkip, templateParameters };
}

function runOf({ id, status, result, sourceBranch, sourceVersion }: z.infer<typeof Build>): PipelineRun {
  return { id, status, ...(result ? { result } : {}), ref: sourceBranch, ...(sourceVersion ? { commit: sourceVersion } : {}) };
}

/** The key that a run was queued with. Other people's runs may hold anything there. */
function keyOf({ parameters }: z.infer<typeof Build>): unknown {
  if (!parameters?.includes(KEY_VARIABLE)) return undefined;
  try {
    return (JSON.parse(parameters) as Record<string, unknown> | null)?.[KEY_VARIABLE];
  } catch {
    return undefined;
  }
}

/** What went wrong on the way; what the service itself refuses is a Fault already. */
async function translate<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (cause instanceof Fault || !(cause instanceof Error)) throw cause;
    const why = cause instanceof z.ZodError ? `the answer is not what was expected: ${z.prettifyError(cause)}` : cause.cause instanceof Error ? cause.cause.message : cause.message;
    throw new Fault("unavailable", `could not ${what}: ${why}`, { vendor: VENDOR, cause });
  }
}

function refusal(what: string, response: Response, text: string): Fault {
  const kind = kindOf(response.status);
  const why = response.status === 203 ? "it answered with its sign-in page, so the token was not accepted" : (messageIn(text) ?? "no reason given");
  return new Fault(kind, `could not ${what}: ${why} (${response.status})`, { vendor: VENDOR, retryAfterMs: retryAfterMs(response.headers) });
}

function kindOf(status: number): FaultKind {
  if (status === 203 || status === 401 || status === 403) return "denied";
  if (status === 404) return "absent";
  if (status === 409) return "conflict";
  if (status === 429) return "throttled";
  // Anything else that is not an answer of this API may have come from something in between.
  return status >= 400 && status < 500 && status !== 408 ? "rejected" : "unavailable";
}

function messageIn(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === "string" ? message.slice(0, 500) : undefined;
  } catch {
    return undefined;
  }
}
