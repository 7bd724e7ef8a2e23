import { z } from "zod";
import { Fault, type FaultKind } from "../../shared/fault/fault.ts";
import { deadlineAfter } from "../../shared/ports/deadline.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { retryAfterMs } from "../../shared/ports/retry-after.ts";

export interface TerraformWorkspace {
  /** `ws-…`: what stays the same whatever it is called. */
  readonly id: string;
  readonly name: string;
  /** Empty when there is none. */
  readonly description: string;
  /** Whether our token may change its settings. */
  readonly mayUpdate: boolean;
  readonly locked: boolean;
  /** `run-…`, the run that has the workspace now or had it last. */
  readonly currentRun?: string;
}

export interface TerraformRun {
  readonly id: string;
  readonly status: string;
  /** Whether nothing more will come of it. */
  readonly isOver: boolean;
}

/** Workspaces of HCP Terraform. */
export interface Workspaces {
  /** The workspace of this name; undefined when there is none, or none that we may see: the service does not tell them apart. */
  named(organization: string, name: string): Promise<TerraformWorkspace | undefined>;
  /** @throws Fault `absent` when it is gone, or may not be seen any more. */
  withId(id: string): Promise<TerraformWorkspace>;
  run(id: string): Promise<TerraformRun>;
  /** Changes name and description in one call. @throws Fault `rejected` when the name is taken. */
  rename(id: string, to: { readonly name: string; readonly description: string }): Promise<TerraformWorkspace>;
}

export const TerraformSettings = z.strictObject({
  apiToken: z.string().min(1).describe("Name of the secret in the vault that holds the API token of a team with write access to the workspaces"),
});
export type TerraformSettings = z.infer<typeof TerraformSettings>;

const VENDOR = "terraform";
const ADDRESS = "https://app.terraform.io/api/v2";
const MEDIA_TYPE = "application/vnd.api+json";
const DEADLINE_MS = 20_000;
/** See «Run states» in the vendor's Runs API page. */
const OVER: readonly string[] = ["applied", "planned_and_finished", "planned_and_saved", "discarded", "errored", "canceled", "assessed"];

/** What is read of an answer. */
const Workspace = z.object({
  data: z.object({
    id: z.string().regex(/^ws-[A-Za-z0-9]+$/),
    attributes: z.object({
      name: z.string(),
      description: z.string().nullish(),
      locked: z.boolean().default(false),
      permissions: z.object({ "can-update": z.boolean().default(false) }).nullish(),
    }),
    relationships: z.object({ "current-run": z.object({ data: z.object({ id: z.string().regex(/^run-[A-Za-z0-9]+$/) }).nullish() }).nullish() }).nullish(),
  }),
});
const Run = z.object({ data: z.object({ id: z.string(), attributes: z.object({ status: z.string() }) }) });
const Refusal = z.object({ errors: z.array(z.object({ title: z.string().optional(), detail: z.string().optional() })) });

/** HCP Terraform's API v2 (JSON:API) as `Workspaces`. */
export function connectTerraform({ apiToken }: TerraformSettings, { fetch, secrets }: Outside): Workspaces {
  async function ask<T>(what: string, schema: z.ZodType<T>, path: string, method = "GET", body?: object): Promise<T> {
    const token = await secrets.read(apiToken);
    try {
      const response = await fetch(`${ADDRESS}/${path}`, {
        method,
        headers: { accept: MEDIA_TYPE, authorization: `Bearer ${token.reveal()}`, ...(body === undefined ? {} : { "content-type": MEDIA_TYPE }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: "error",
        signal: deadlineAfter(DEADLINE_MS),
      });
      const text = await response.text();
      if (response.status !== 200) throw refusal(what, response, text);
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      if (cause instanceof Fault || !(cause instanceof Error)) throw cause;
      const why =
        cause instanceof z.ZodError ? `the answer is not what was expected: ${z.prettifyError(cause)}` : cause.cause instanceof Error ? cause.cause.message : cause.message;
      throw new Fault("unavailable", `could not ${what}: ${why}`, { vendor: VENDOR, cause });
    }
  }

  return {
    async named(organization, name) {
      try {
        return workspaceOf(await ask(`look for workspace ${name}`, Workspace, `organizations/${organizationOf(organization)}/workspaces/${nameOf(name)}`));
      } catch (thrown) {
        if (thrown instanceof Fault && thrown.kind === "absent") return undefined;
        throw thrown;
      }
    },

    async withId(id) {
      return workspaceOf(await ask(`look at workspace ${id}`, Workspace, `workspaces/${idOf(id)}`));
    },

    async run(id) {
      const { data } = await ask(`look at run ${id}`, Run, `runs/${idOf(id)}`);
      const { status } = data.attributes;
      return { id: data.id, status, isOver: OVER.includes(status) };
    },

    async rename(id, { name, description }) {
      // By its id: the address by name stops working with the rename itself, so a repeat would seem to fail.
      const attributes = { name: nameOf(name), description: description === "" ? null : description };
      return workspaceOf(await ask(`rename workspace ${id} to ${name}`, Workspace, `workspaces/${idOf(id)}`, "PATCH", { data: { type: "workspaces", attributes } }));
    },
  };
}

function workspaceOf({ data: { id, attributes, relationships } }: z.infer<typeof Workspace>): TerraformWorkspace {
  const currentRun = relationships?.["current-run"]?.data?.id;
  return {
    id,
    name: attributes.name,
    description: attributes.description ?? "",
    mayUpdate: attributes.permissions?.["can-update"] === true,
    locked: attributes.locked,
    ...(currentRun === undefined ? {} : { currentRun }),
  };
}

/** Names and ids stand in paths. */
function nameOf(name: string): string {
  if (!/^[A-Za-z0-9_-]{1,90}$/.test(name))
    throw new Fault("invalid", `${JSON.stringify(name)} is no name of a workspace; expected letters, digits, - and _, 90 at most`, { vendor: VENDOR });
  return name;
}

function organizationOf(name: string): string {
  if (!/^[A-Za-z0-9_-]{1,120}$/.test(name))
    throw new Fault("invalid", `${JSON.stringify(name)} is no name of an organization; expected letters, digits, - and _`, { vendor: VENDOR });
  return name;
}

function idOf(id: string): string {
  if (!/^(ws|run)-[A-Za-z0-9]+$/.test(id)) throw new Fault("invalid", `${JSON.stringify(id)} is no id of HCP Terraform's; expected ws-… or run-…`, { vendor: VENDOR });
  return id;
}

function refusal(what: string, { status, headers }: Response, text: string): Fault {
  // There is no Retry-After of the service's own, but seconds with a fraction.
  const resetMs = Math.ceil(Number(headers.get("x-ratelimit-reset") ?? "none") * 1_000);
  return new Fault(kindOf(status), `could not ${what}: ${reasonIn(text)} (${status})`, {
    vendor: VENDOR,
    ...(status === 429 ? { retryAfterMs: retryAfterMs(headers) ?? (Number.isFinite(resetMs) ? resetMs : undefined) } : {}),
  });
}

function kindOf(status: number): FaultKind {
  if (status === 401 || status === 403) return "denied";
  if (status === 404) return "absent";
  if (status === 409) return "conflict";
  if (status === 429) return "throttled";
  // Anything else that is not an answer of this API may have come from something in between.
  return status >= 400 && status < 500 && status !== 408 ? "rejected" : "unavailable";
}

function reasonIn(text: string): string {
  try {
    const words = Refusal.parse(JSON.parse(text)).errors.map(({ title, detail }) => detail ?? title ?? "");
    return (
      words
        .filter((word) => word !== "")
        .join("; ")
        .slice(0, 500) || "no reason given"
    );
  } catch {
    return "no reason given";
  }
}
