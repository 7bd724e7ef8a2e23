import type { Simulator, World } from "../../shared/ports/simulator.ts";

export interface TerraformWorld extends World {
  /** By organization. */
  readonly organizations: Record<string, { readonly workspaces: SimulatedWorkspace[] }>;
}

export interface SimulatedWorkspace {
  /** `ws-…` */
  readonly id: string;
  name: string;
  description: string | null;
  /** By a person; a run that has the workspace locks it as well. */
  locked: boolean;
  /** Oldest first; the last one is the current one. */
  readonly runs: SimulatedTerraformRun[];
  /** May be seen and not changed. */
  isReadOnly?: boolean;
  /** UTC ISO. */
  readonly createdAt: string;
}

export interface SimulatedTerraformRun {
  /** `run-…` */
  readonly id: string;
  /** What it comes to in the end. */
  readonly status: "applied" | "planned_and_finished" | "errored" | "canceled" | "discarded";
  /** UTC ISO: until then it is `applying`. */
  readonly endsAt: string;
}

const HOST = "app.terraform.io";
const MEDIA_TYPE = "application/vnd.api+json";

/** Organizations with workspaces and their runs. The address by name ends with a rename; a name that is taken is refused. */
export const terraformSimulator: Simulator<TerraformWorld> = {
  systems: ["terraform-cloud"],

  systemOf: ({ host }) => (host === HOST ? "terraform-cloud" : undefined),

  newWorld: () => ({ effects: [], organizations: {} }),

  handler: (world) => async (request, now) => {
    const url = new URL(request.url);
    if (!/^Bearer \S+$/.test(request.headers.get("authorization") ?? "")) return refusal(401, "unauthorized");
    const [api, version, kind, first, second, third, ...rest] = url.pathname.slice(1).split("/");
    if (api !== "api" || version !== "v2" || first === undefined || rest.length > 0) return refusal(404, "not found");
    if (kind === "organizations" && second === "workspaces" && third !== undefined && request.method === "GET") {
      const found = world.organizations[first]?.workspaces.find(({ name }) => name === third);
      return found === undefined ? refusal(404, "not found") : answer(workspaceOf(found, first, now));
    }
    if (second !== undefined) return refusal(404, "not found");
    if (kind === "runs" && request.method === "GET") return run(world, first, now);
    const place = Object.entries(world.organizations).find(([, { workspaces }]) => workspaces.some(({ id }) => id === first));
    const found = place?.[1].workspaces.find(({ id }) => id === first);
    if (kind !== "workspaces" || place === undefined || found === undefined) return refusal(404, "not found");
    if (request.method === "GET") return answer(workspaceOf(found, place[0], now));
    if (request.method !== "PATCH" || found.isReadOnly === true) return refusal(404, "not found");
    if (request.headers.get("content-type") !== MEDIA_TYPE) return refusal(415, "unsupported media type", `The content type must be ${MEDIA_TYPE}`);
    return change(world, place, found, await request.json().catch(() => undefined), now);
  },
};

function change(
  world: TerraformWorld,
  [organization, { workspaces }]: [string, { readonly workspaces: SimulatedWorkspace[] }],
  found: SimulatedWorkspace,
  body: unknown,
  now: number,
): Response {
  const data = (body as { data?: { type?: unknown; attributes?: Record<string, unknown> } } | undefined)?.data;
  const { name = found.name, description = found.description, ...unknown } = data?.attributes ?? {};
  if (data?.type !== "workspaces" || Object.keys(unknown).length > 0) return refusal(422, "invalid attribute", "the request is not one that this simulator knows");
  if (typeof name !== "string" || !/^[A-Za-z0-9_-]{1,90}$/.test(name)) return refusal(422, "invalid attribute", "Name can only include letters, numbers, -, and _");
  if (description !== null && typeof description !== "string") return refusal(422, "invalid attribute", "Description is invalid");
  if (workspaces.some((other) => other !== found && other.name === name)) return refusal(422, "invalid attribute", "Name has already been taken");
  const before = found.name;
  const changed = name !== before || description !== found.description;
  Object.assign(found, { name, description: description === "" ? null : description });
  if (changed)
    world.effects.push({ at: new Date(now).toISOString(), did: name === before ? "changed" : "renamed", to: `workspace ${organization}/${before}`, with: { id: found.id, name } });
  return answer(workspaceOf(found, organization, now));
}

function run({ organizations }: TerraformWorld, id: string, now: number): Response {
  const found = Object.values(organizations)
    .flatMap(({ workspaces }) => workspaces.flatMap(({ runs }) => runs))
    .find((one) => one.id === id);
  if (found === undefined) return refusal(404, "not found");
  const status = isOver(found, now) ? found.status : "applying";
  return answer({
    id,
    type: "runs",
    attributes: {
      status,
      message: "Triggered via API",
      "is-destroy": false,
      source: "tfe-api",
      actions: { "is-cancelable": status === "applying", "is-confirmable": false, "is-discardable": false, "is-force-cancelable": false },
    },
  });
}

const isOver = ({ endsAt }: SimulatedTerraformRun, now: number) => Date.parse(endsAt) <= now;

function workspaceOf({ id, name, description, locked, runs, isReadOnly = false, createdAt }: SimulatedWorkspace, organization: string, now: number) {
  const current = runs.at(-1);
  return {
    id,
    type: "workspaces",
    attributes: {
      name,
      description,
      locked: locked || (current !== undefined && !isOver(current, now)),
      "auto-apply": false,
      "execution-mode": "remote",
      "terraform-version": "1.9.5",
      "created-at": createdAt,
      permissions: { "can-update": !isReadOnly, "can-queue-run": !isReadOnly, "can-lock": !isReadOnly, "can-unlock": !isReadOnly, "can-read-settings": true },
    },
    relationships: {
      organization: { data: { id: organization, type: "organizations" } },
      "current-run": { data: current === undefined ? null : { id: current.id, type: "runs" } },
    },
    links: { self: `/api/v2/organizations/${organization}/workspaces/${name}` },
  };
}

function answer(data: object): Response {
  return Response.json({ data }, { headers: { "content-type": MEDIA_TYPE } });
}

function refusal(status: number, title: string, detail?: string): Response {
  return Response.json({ errors: [{ status: String(status), title, ...(detail === undefined ? {} : { detail }) }] }, { status, headers: { "content-type": MEDIA_TYPE } });
}
