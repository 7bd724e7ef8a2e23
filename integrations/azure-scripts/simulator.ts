import { createHash } from "node:crypto";
import type { Handler, Simulator, World } from "../../shared/ports/simulator.ts";

/** Deployment scripts of resource groups, and what they read and change in Azure. */
export interface CliScriptsWorld extends World {
  /** `SUBSCRIPTION/GROUP` in lower case: the resource groups that there are. */
  groups: string[];
  /** Runs by resource id in lower case. */
  runs: Record<string, SimulatedCliRun>;
  /** What each script does, by the name in its `# nightshift-script: NAME` line; an unknown one succeeds and changes nothing. */
  scripts: Record<string, CliScriptModel>;
  /** What the scripts read and change, e.g. `{ "storage account icprdstatements: lowest TLS": "TLS1_0" }`. */
  settings: Record<string, string>;
  /** So many runs of a script fail before they begin, by the script's name: Azure has no container for them. */
  containerFails: Record<string, number>;
  /** Scripts that end well and change nothing, by their names. */
  lying?: string[];
}

/** A script in a few words. `{NAME}` stands for the environment variable of that name. */
export interface CliScriptModel {
  takesMs: number;
  /** Prints `conflict:` and fails unless the settings are these, or already as `sets` has them. */
  needs?: Record<string, string>;
  /** Fails unless the settings are these (null: not there): a check. */
  expects?: Record<string, string | null>;
  /** Changes settings; null removes one. */
  sets?: Record<string, string | null>;
  outputs?: Record<string, string>;
}

export interface SimulatedCliRun {
  id: string;
  script: string;
  location: string;
  kind: string;
  tags?: Record<string, string>;
  identity: { type: string; userAssignedIdentities: Record<string, object> };
  azCliVersion: string;
  retentionInterval: string;
  timeout: string;
  cleanupPreference: string;
  variables: { name: string; value: string }[];
  /** sha-256 of the order: the same PUT again does not run the script again. */
  order: string;
  /** UTC ISO; none lies before the one above it. */
  putAt: string;
  startsAt: string;
  endsAt: string;
  /** How it ended; absent before that. */
  end?: { state: "Succeeded" | "Failed"; log: string; outputs?: Record<string, string>; code?: string };
}

const API_VERSION = "2023-08-01";
/** From the order of a script until its container is up. */
const CONTAINER_MS = 50_000;
const PATH = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Resources\/deploymentScripts\/([^/]+?)(\/logs\/default)?$/i;

/** Microsoft.Resources/deploymentScripts of Azure Resource Manager. */
export const azureScriptsSimulator: Simulator<CliScriptsWorld> = {
  systems: ["azure-deployment-scripts"],
  systemOf: ({ host, pathname }) =>
    host === "management.azure.com" && /\/providers\/Microsoft\.Resources\/deploymentScripts(\/|$)/i.test(pathname) ? "azure-deployment-scripts" : undefined,
  newWorld: () => ({ effects: [], groups: [], runs: {}, scripts: {}, settings: {}, containerFails: {} }),
  handler,
};

function handler(world: CliScriptsWorld): Handler {
  return async (request, now) => {
    const url = new URL(request.url);
    if (!request.headers.get("authorization")?.startsWith("Bearer ")) return refusal(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.");
    const version = url.searchParams.get("api-version");
    if (version !== API_VERSION)
      return refusal(400, "NoRegisteredProviderFound", `No registered resource provider found for API version '${version}'. The supported api-versions are '${API_VERSION}'.`);
    const [path, subscription = "", group = "", name = "", log] = PATH.exec(decodeURIComponent(url.pathname)) ?? [];
    if (path === undefined) return refusal(404, "InvalidResourceType", `The resource type could not be found for ${request.method} ${url.pathname}`);
    if (!world.groups.includes(`${subscription}/${group}`.toLowerCase())) return refusal(404, "ResourceGroupNotFound", `Resource group '${group}' could not be found.`);
    settle(world, now);
    const id = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Resources/deploymentScripts/${name}`;
    const run = world.runs[id.toLowerCase()];
    if (request.method === "PUT" && log === undefined) return await put(world, id, run, request, now);
    if (run === undefined) {
      // Removing what is not there is fine.
      if (request.method === "DELETE" && log === undefined) return new Response(null, { status: 204 });
      return refusal(404, "ResourceNotFound", `The Resource 'Microsoft.Resources/deploymentScripts/${name}' under resource group '${group}' was not found.`);
    }
    switch (`${request.method} ${log === undefined ? "run" : "log"}`) {
      case "GET run":
        return Response.json(shown(run, now));
      case "GET log":
        return Response.json({ id: `${id}/logs/default`, name: "default", type: "Microsoft.Resources/deploymentScripts/logs", properties: { log: run.end?.log ?? "" } });
      case "DELETE run":
        delete world.runs[id.toLowerCase()];
        if (run.end === undefined) world.effects.push({ at: iso(now), did: "stopped", to: `script ${run.script}` });
        return new Response(null, { status: 200 });
      default:
        return refusal(405, "MethodNotAllowed", `${request.method} is not allowed on ${url.pathname}`);
    }
  };
}

async function put(world: CliScriptsWorld, id: string, earlier: SimulatedCliRun | undefined, request: Request, now: number): Promise<Response> {
  const text = await request.text();
  const { kind, location, identity, tags, properties } = JSON.parse(text) as Partial<SimulatedCliRun> & { properties?: Record<string, unknown> };
  const {
    azCliVersion,
    scriptContent,
    retentionInterval,
    timeout = "P1D",
    cleanupPreference = "Always",
    environmentVariables = [],
  } = (properties ?? {}) as Record<string, string | undefined> & { environmentVariables?: { name: string; value: string }[] };
  if (kind !== "AzureCLI" || location === undefined || azCliVersion === undefined || scriptContent === undefined)
    return refusal(400, "DeploymentScriptInvalidInputs", "The deployment script's kind, location, azCliVersion and scriptContent are required.");
  if (identity?.type !== "UserAssigned" || Object.keys(identity.userAssignedIdentities ?? {}).length !== 1)
    return refusal(400, "DeploymentScriptInvalidInputs", "Only one user-assigned managed identity is supported.");
  const hours = /^PT(\d+)H$/.exec(retentionInterval ?? "")?.[1];
  if (retentionInterval === undefined || hours === undefined || Number(hours) < 1 || Number(hours) > 26)
    return refusal(400, "DeploymentScriptInvalidInputs", "retentionInterval must be between 1 hour and 26 hours.");
  const order = createHash("sha256").update(text).digest("hex");
  if (earlier !== undefined && earlier.order === order) return Response.json(shown(earlier, now));
  const script = /^\s*#\s*nightshift-script:\s*(\S+)\s*$/m.exec(scriptContent)?.[1] ?? `sha256:${order.slice(0, 12)}`;
  const run: SimulatedCliRun = {
    id,
    script,
    location,
    kind,
    ...(tags === undefined ? {} : { tags }),
    identity: { type: identity.type, userAssignedIdentities: identity.userAssignedIdentities },
    azCliVersion,
    retentionInterval,
    timeout,
    cleanupPreference,
    variables: environmentVariables,
    order,
    putAt: iso(now),
    startsAt: iso(now + CONTAINER_MS),
    endsAt: iso(now + CONTAINER_MS + (world.scripts[script]?.takesMs ?? 20_000)),
  };
  world.runs[id.toLowerCase()] = run;
  return Response.json(shown(run, now), { status: earlier === undefined ? 201 : 200 });
}

function shown(
  { id, location, kind, tags, identity, azCliVersion, retentionInterval, timeout, cleanupPreference, variables, putAt, startsAt, endsAt, end }: SimulatedCliRun,
  now: number,
): object {
  const state = end?.state ?? (now < Date.parse(startsAt) ? (now === Date.parse(putAt) ? "Creating" : "ProvisioningResources") : "Running");
  return {
    id,
    name: id.slice(id.lastIndexOf("/") + 1),
    type: "Microsoft.Resources/deploymentScripts",
    location,
    kind,
    tags: tags ?? {},
    identity: {
      type: identity.type,
      userAssignedIdentities: Object.fromEntries(
        Object.keys(identity.userAssignedIdentities).map((each) => [
          each,
          { principalId: "00000000-0000-4000-8000-000000000001", clientId: "00000000-0000-4000-8000-000000000002" },
        ]),
      ),
    },
    properties: {
      provisioningState: state,
      azCliVersion,
      retentionInterval,
      timeout,
      cleanupPreference,
      environmentVariables: variables,
      status: {
        ...(state === "Creating" || state === "ProvisioningResources" ? {} : { startTime: startsAt }),
        ...(end === undefined ? {} : { endTime: endsAt }),
        ...(end?.code === undefined ? {} : { error: { code: end.code, message: `The provided script failed: ${end.log.split("\n")[0] ?? ""}` } }),
      },
      ...(end?.outputs === undefined ? {} : { outputs: end.outputs }),
    },
  };
}

/** Runs whose time is over have happened, in the order in which they ended. */
function settle(world: CliScriptsWorld, now: number): void {
  const due = Object.values(world.runs).filter(({ end, endsAt }) => end === undefined && Date.parse(endsAt) <= now);
  for (const run of due.toSorted((one, other) => one.endsAt.localeCompare(other.endsAt))) run.end = ending(world, run);
}

function ending(world: CliScriptsWorld, { script, variables, endsAt }: SimulatedCliRun): NonNullable<SimulatedCliRun["end"]> {
  const { settings, containerFails, effects } = world;
  const values = Object.fromEntries(variables.map(({ name, value }) => [name, value]));
  const filled = (text: string) => text.replaceAll(/\{(\w+)\}/g, (_all, name: string) => values[name] ?? "");
  const model = world.scripts[script] ?? { takesMs: 0 };
  const entries = <Value extends string | null>(given: Record<string, Value> = {}) =>
    Object.entries(given).map(([setting, value]) => [filled(setting), value === null ? null : filled(value)] as const);
  const wrong = (wanted: readonly (readonly [string, string | null])[]) =>
    wanted
      .filter(([setting, value]) => (settings[setting] ?? null) !== value)
      .map(([setting, value]) => `${setting} is ${settings[setting] ?? "not there"}; expected ${value ?? "none"}`);
  const failing = containerFails[script] ?? 0;
  if (failing > 0) {
    containerFails[script] = failing - 1;
    return { state: "Failed", log: "", code: "DeploymentScriptContainerInstancesServiceUnavailable" };
  }
  if (world.lying?.includes(script) === true) return { state: "Succeeded", log: "" };
  const sets = entries(model.sets);
  const isDone = model.sets !== undefined && wrong(sets).length === 0;
  const [unmet] = wrong(entries(model.needs));
  if (unmet !== undefined && !isDone) return { state: "Failed", log: `conflict: ${unmet}`, code: "DeploymentScriptError" };
  const [unlike] = wrong(entries(model.expects));
  if (unlike !== undefined) return { state: "Failed", log: unlike, code: "DeploymentScriptError" };
  if (model.sets !== undefined && !isDone) {
    for (const [setting, value] of sets) {
      if (value === null) delete settings[setting];
      else settings[setting] = value;
    }
    effects.splice(effects.findLastIndex(({ at }) => at <= endsAt) + 1, 0, { at: endsAt, did: "ran", to: `script ${script}`, with: values });
  }
  const outputs = model.outputs === undefined ? undefined : Object.fromEntries(entries(model.outputs));
  return { state: "Succeeded", log: outputs === undefined ? "" : `${JSON.stringify(outputs)}\n`, ...(outputs === undefined ? {} : { outputs: outputs as Record<string, string> }) };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function refusal(status: number, code: string, message: string): Response {
  return Response.json({ error: { code, message } }, { status });
}
