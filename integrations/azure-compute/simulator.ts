import { createHash } from "node:crypto";
import { jsonResponse } from "../../shared/ports/json-response.ts";
import type { Handler, Simulator } from "../../shared/ports/simulator.ts";
import { WSUS_SCRIPTS } from "../wsus/simulator.ts";
import { type ComputeWorld, type Machine, machineKey, modelled, RESTART, type RunCommand, settle, type KnownScripts } from "./simulated-machine.ts";

/** Api-versions of the published description and of the SDK. */
const API_VERSIONS = ["2026-04-01", "2024-03-01"];
const DELETION_MS = 90_000;
const ACTIVITY_LOG = /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Insights\/eventtypes\/management\/values$/i;

/**
 * Microsoft.Compute of Azure Resource Manager: virtual machines, their power state and activity log, and managed run
 * commands, whose scripts are told by their `# nightshift-script: NAME` line and played by a model (`simulated-machine.ts`).
 */
export const azureComputeSimulator: Simulator<ComputeWorld> = {
  systems: ["azure-compute", "azure-resources"],
  systemOf({ host, pathname }) {
    if (host !== "management.azure.com") return undefined;
    if (ACTIVITY_LOG.test(pathname)) return "azure-resources";
    return /^\/subscriptions\/[^/]+\/(resourceGroups\/[^/]+\/)?providers\/Microsoft\.Compute\//i.test(pathname) ? "azure-compute" : undefined;
  },
  newWorld: () => ({ effects: [], machines: {}, scripts: {}, sources: {} }),
  handler,
};

function handler(world: ComputeWorld): Handler {
  return async (request, now) => {
    const url = new URL(request.url);
    if (ACTIVITY_LOG.test(url.pathname)) return refused(request, url, ["2015-04-01"]) ?? activityLog(world, url);
    const refusal = refused(request, url, API_VERSIONS);
    if (refusal !== undefined) return refusal;
    const path = url.pathname.split("/").slice(1).map(decodeURIComponent);
    const operation = operationOf(path);
    if (operation !== undefined) return answerOperation(world, operation, now);
    const [subscriptions, subscription = "", groups, group = "", providers, provider, machines, vm = "", ...rest] = path;
    if (
      ![subscriptions, groups, providers, provider, machines].every(
        (word, index) => word?.toLowerCase() === ["subscriptions", "resourcegroups", "providers", "microsoft.compute", "virtualmachines"][index],
      )
    ) {
      return fault(404, "InvalidResourceType", `The resource type could not be found for path ${url.pathname}`);
    }
    const key = `${subscription}/${group}/${vm}`.toLowerCase();
    if (vm === "" && path.length <= 8 && request.method === "GET") {
      for (const each of Object.values(world.machines)) settle(world, each, now, scriptOf(world));
      const here = Object.values(world.machines).filter((each) => machineKey(each).startsWith(key));
      return jsonResponse({ value: here.map((each) => virtualMachine(each, false, now)) });
    }
    const found = world.machines[key];
    // It may have been deleted by now, and then it is settled out of the world.
    if (found !== undefined) settle(world, found, now, scriptOf(world));
    const machine = world.machines[key];
    if (machine === undefined) return fault(404, "ResourceNotFound", `The Resource 'Microsoft.Compute/virtualMachines/${vm}' under resource group '${group}' was not found.`);
    const [what, name] = rest;
    const { method } = request;
    if (what === undefined && method === "GET") return jsonResponse(virtualMachine(machine, url.searchParams.get("$expand") === "instanceView", now));
    if (what === undefined && method === "DELETE") {
      machine.goneAt ??= new Date(now + DELETION_MS).toISOString();
      return new Response(null, { status: 202, headers: pollingHeaders(machine, "delete|") });
    }
    if (what === "instanceView" && name === undefined && method === "GET") return jsonResponse(instanceView(machine, now));
    if (what === "runCommands" && name === undefined && method === "GET") {
      return jsonResponse({ value: Object.entries(machine.runCommands).map(([each, command]) => runCommand(world, machine, each, command, false)) });
    }
    if (what === "runCommands" && name !== undefined && rest.length === 2) {
      const command = machine.runCommands[name];
      switch (method) {
        case "PUT":
          return await put(world, machine, name, request, now);
        case "GET":
          if (command === undefined)
            return fault(404, "ResourceNotFound", `The Resource 'Microsoft.Compute/virtualMachines/${vm}/runCommands/${name}' under resource group '${group}' was not found.`);
          return jsonResponse(runCommand(world, machine, name, command, url.searchParams.get("$expand") === "instanceView"));
        case "DELETE":
          return remove(world, machine, name, now);
      }
    }
    return fault(405, "OperationNotAllowed", `${method} is not allowed on ${url.pathname}`);
  };
}

function refused(request: Request, url: URL, versions: readonly string[]): Response | undefined {
  if (!request.headers.get("authorization")?.startsWith("Bearer ")) return fault(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.");
  const version = url.searchParams.get("api-version");
  if (version === null) return fault(400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.");
  if (!versions.includes(version)) return fault(400, "InvalidApiVersionParameter", `The api-version '${version}' is invalid. The supported versions are '${versions.join(",")}'.`);
  return undefined;
}

async function put(world: ComputeWorld, machine: Machine, name: string, request: Request, now: number): Promise<Response> {
  if (machine.power !== "running") return fault(409, "OperationNotAllowed", "Cannot modify extensions in the VM when the VM is not running.");
  const body = (await request.json()) as {
    location?: string;
    properties?: { source?: { script?: string }; parameters?: { name: string; value: string }[]; timeoutInSeconds?: number; asyncExecution?: boolean };
  };
  const { source, parameters = [], timeoutInSeconds = 5_400, asyncExecution = false } = body.properties ?? {};
  if (typeof source?.script !== "string") return fault(400, "InvalidParameter", "Required parameter 'source' is missing (null).");
  if (body.location !== machine.location)
    return fault(400, "InvalidParameter", `The location '${String(body.location)}' of the run command is not the location of the virtual machine.`);
  const hash = createHash("sha256").update(source.script).digest("hex");
  world.sources[hash] = source.script;
  const existed = machine.runCommands[name] !== undefined;
  // As the vendor does: a PUT runs the script, also when there was one of that name.
  const command: RunCommand = {
    script: /^\s*#\s*nightshift-script:\s*(\S+)\s*$/m.exec(source.script)?.[1] ?? `sha256:${hash.slice(0, 12)}`,
    source: hash,
    parameters,
    limitMs: timeoutInSeconds * 1_000,
    asyncExecution,
    putAt: new Date(now).toISOString(),
    state: "Pending",
    output: "",
    error: "",
  };
  machine.runCommands[name] = command;
  return jsonResponse(runCommand(world, machine, name, command, false), { status: existed ? 200 : 201, headers: pollingHeaders(machine, `put|${name}`) });
}

function remove(world: ComputeWorld, machine: Machine, name: string, now: number): Response {
  const command = machine.runCommands[name];
  if (command === undefined) return new Response(null, { status: 204 });
  if (["Pending", "Running"].includes(command.state) && !READING.includes(command.script)) {
    world.effects.push({ at: new Date(now).toISOString(), did: "stopped", to: `server ${machine.vm}`, with: { script: command.script } });
  }
  delete machine.runCommands[name];
  return new Response(null, { status: 202, headers: pollingHeaders(machine, `delete|${name}`) });
}

/** Scripts that can be stopped without leaving anything half done. */
const READING: readonly string[] = ["wsus/read-updates", "wsus/read-membership"];

/** What a script does, by its name: the team's own are as the world has them. */
function scriptOf(world: ComputeWorld): KnownScripts {
  return (name) => {
    if (name === "azure-compute/restart") return RESTART;
    const model = world.scripts[name];
    return WSUS_SCRIPTS[name] ?? (model === undefined ? undefined : modelled(name, model));
  };
}

/** The filter takes few forms only; this is the one for a single resource. */
function activityLog(world: ComputeWorld, url: URL): Response {
  const filter = /^eventTimestamp ge '([^']+)' and eventTimestamp le '([^']+)' and resourceUri eq '([^']+)'$/.exec(url.searchParams.get("$filter") ?? "");
  if (filter === null) return fault(400, "BadRequest", "The $filter query parameter value is invalid.");
  const [, from = "", to = "", id = ""] = filter;
  const machine = Object.values(world.machines).find((each) => machineId(each).toLowerCase() === id.toLowerCase());
  const events = (machine?.history ?? []).filter(({ at }) => Date.parse(at) >= Date.parse(from) && Date.parse(at) <= Date.parse(to));
  return jsonResponse({
    value: events.toReversed().map(({ at, operation, status, by }, index) => ({
      eventDataId: `${machine?.vmId ?? ""}-${index}`,
      caller: by,
      category: { value: "Administrative" },
      level: "Informational",
      resourceId: id,
      operationName: { value: `Microsoft.Compute/virtualMachines/${operation}/action`, localizedValue: operation },
      status: { value: status, localizedValue: status },
      eventTimestamp: at,
    })),
  });
}

function machineId({ subscription, resourceGroup, vm }: Machine): string {
  return `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.Compute/virtualMachines/${vm}`;
}

function virtualMachine(machine: Machine, expanded: boolean, now: number): object {
  return {
    id: machineId(machine),
    name: machine.vm,
    type: "Microsoft.Compute/virtualMachines",
    location: machine.location,
    properties: {
      vmId: machine.vmId,
      timeCreated: machine.createdAt,
      provisioningState: machine.goneAt === undefined ? "Succeeded" : "Deleting",
      hardwareProfile: { vmSize: "Standard_D4s_v5" },
      osProfile: { computerName: machine.vm },
      ...(expanded ? { instanceView: instanceView(machine, now) } : {}),
    },
  };
}

function instanceView(machine: Machine, now: number): object {
  // A machine that restarts itself goes on counting as running; only its agent falls silent.
  const isUp = machine.power === "running" && (machine.restart === undefined || now < Date.parse(machine.restart.from));
  return {
    computerName: machine.vm,
    osName: machine.os === "windows" ? "Windows Server 2019 Datacenter" : "ubuntu",
    osVersion: machine.build,
    vmAgent: {
      vmAgentVersion: "2.7.41491.1172",
      statuses: [
        isUp
          ? { code: "ProvisioningState/succeeded", level: "Info", displayStatus: "Ready", message: "GuestAgent is running and processing the extensions." }
          : { code: "ProvisioningState/Unavailable", level: "Warning", displayStatus: "Not Ready", message: "VM status blob is found but not yet populated." },
      ],
    },
    statuses: [
      { code: "ProvisioningState/succeeded", level: "Info", displayStatus: "Provisioning succeeded", time: machine.bootedAt },
      { code: `PowerState/${machine.power}`, level: "Info", displayStatus: `VM ${machine.power}` },
    ],
  };
}

function runCommand(world: ComputeWorld, machine: Machine, name: string, command: RunCommand, expanded: boolean): object {
  const { state, startedAt, endsAt, exitCode, message } = command;
  const isOver = state !== "Pending" && state !== "Running";
  return {
    id: `${machineId(machine)}/runCommands/${name}`,
    name,
    type: "Microsoft.Compute/virtualMachines/runCommands",
    location: machine.location,
    properties: {
      source: { script: world.sources[command.source] ?? "" },
      parameters: command.parameters,
      asyncExecution: command.asyncExecution,
      timeoutInSeconds: command.limitMs / 1_000,
      treatFailureAsDeploymentFailure: false,
      provisioningState: state === "Pending" ? "Creating" : isOver || command.asyncExecution ? "Succeeded" : "Updating",
      ...(expanded
        ? {
            instanceView: {
              executionState: state,
              ...(message === undefined || !isOver ? {} : { executionMessage: message }),
              ...(exitCode === undefined ? {} : { exitCode }),
              output: command.output,
              error: command.error,
              ...(startedAt === undefined ? {} : { startTime: startedAt }),
              ...(isOver && endsAt !== undefined ? { endTime: endsAt } : {}),
            },
          }
        : {}),
    },
  };
}

/** The operation's id says which machine and run command it is about, so that none has to be kept. */
function pollingHeaders(machine: Machine, operation: string): Record<string, string> {
  const id = Buffer.from(`${machine.subscription}/${machine.resourceGroup}/${machine.vm}|${operation}`).toString("base64url");
  const url = `https://management.azure.com/subscriptions/${machine.subscription}/providers/Microsoft.Compute/locations/${machine.location}/operations/${id}`;
  return { "azure-asyncoperation": `${url}?api-version=2026-04-01`, location: `${url}?monitor=true&api-version=2026-04-01` };
}

function operationOf(path: readonly string[]): string | undefined {
  return path.length === 8 && path[4]?.toLowerCase() === "locations" && path[6]?.toLowerCase() === "operations" ? path[7] : undefined;
}

function answerOperation(world: ComputeWorld, id: string, now: number): Response {
  const [key = "", kind = "", name = ""] = Buffer.from(id, "base64url").toString().split("|");
  const machine = world.machines[key.toLowerCase()];
  if (machine === undefined) return fault(404, "NotFound", `The operation ${id} was not found.`);
  settle(world, machine, now, scriptOf(world));
  const command = machine.runCommands[name];
  const isUnderWay = kind === "put" && command !== undefined && (command.state === "Pending" || (command.state === "Running" && !command.asyncExecution));
  return jsonResponse({ id, name: id, status: isUnderWay ? "InProgress" : "Succeeded" });
}

function fault(status: number, code: string, message: string): Response {
  return jsonResponse({ error: { code, message } }, { status });
}
