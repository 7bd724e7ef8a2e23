import type { VirtualMachineRunCommand } from "@azure/arm-compute";
import { createHash } from "node:crypto";
import { readFile, realpath } from "node:fs/promises";
import { isAbsolute, relative, resolve } from "node:path";
import { z } from "zod";
import { Fault } from "../../shared/fault/fault.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { remembered } from "../../shared/ports/remembered.ts";
import type { ArmPlace } from "../azure-names.ts";
import { ownScripts } from "../own-scripts.ts";
import { type MachineCall, machineCalls } from "./machine-calls.ts";
import { type Retirement, retirementOf } from "./retirement.ts";

/** A virtual machine; the fields of an inventory's server that say which. */
export interface Host extends ArmPlace {
  readonly vm: string;
  readonly os: "windows" | "linux";
}

export interface HostView {
  readonly power: "running" | "starting" | "stopping" | "stopped" | "deallocating" | "deallocated" | "unknown";
  /** Azure region, `eastus2`. */
  readonly location: string;
  /** Whether the agent that runs scripts has reported in. */
  readonly agentReady: boolean;
}

/** One run of a script on a server. Equal ids are one run, however often it is started. */
export interface ScriptId {
  /** The window's run, so that leftovers of earlier windows can be told from ours. */
  readonly run: string;
  /** An action's `call.key`. */
  readonly key: string;
  /** Which of the key's scripts, e.g. `install`. */
  readonly part: string;
}

export interface ScriptOrder {
  readonly script: string;
  /** Handed over as parameters of the run command, never as text of the script. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Azure ends a script that runs longer. */
  readonly limitMs: number;
}

export interface ScriptRun {
  /** `waiting`: accepted, and the server has not reported a start. The other states but `running` are final. */
  readonly state: "waiting" | "running" | "succeeded" | "failed" | "timed out" | "canceled";
  readonly exitCode: number | undefined;
  /** What the script printed; the vendor keeps the last 4 KB of each. */
  readonly output: string;
  readonly error: string;
}

/** Servers as such: how they stand, scripts on them, a restart. */
export interface Hosts {
  /** @throws Fault `absent` when there is no such virtual machine. */
  look(host: Host): Promise<HostView>;
  /**
   * Starts a script, unless a run of that id is there already, and removes what earlier windows left on the server.
   * @throws Fault `conflict` when the server is not running.
   */
  startScript(host: Host, id: ScriptId, order: ScriptOrder): Promise<void>;
  /** Restarts the server from within by a script, so that equal ids are one restart; `scriptRun` tells of that script. */
  restart(host: Host, id: ScriptId): Promise<void>;
  /** @throws Fault `absent` when no run of that id was started, or it was removed. */
  scriptRun(host: Host, id: ScriptId): Promise<ScriptRun>;
  /** Ends the run if it is under way, and removes its record. Nothing there: nothing done. */
  removeScript(host: Host, id: ScriptId): Promise<void>;
}

export interface ScriptFile {
  readonly content: string;
  /** sha-256, 64 hex digits. */
  readonly hash: string;
}

/** The team's own script files. */
export interface Scripts {
  /** @throws Fault `absent` when there is no such file, `invalid` when it lies outside of the folder or is too large. */
  read(file: string): Promise<ScriptFile>;
}

export const AzureComputeSettings = z.strictObject({
  scriptsFolder: z.string().default("plans").describe("Folder of the team's script files, beside the inventory"),
});
export type AzureComputeSettings = z.infer<typeof AzureComputeSettings>;

/** Largest script that a run command takes from us; Azure's own limit is not published. */
const LARGEST_SCRIPT_BYTES = 256 * 1024;
const textOf = ownScripts(import.meta.url);
const RESTART_LIMIT_MS = 5 * 60_000;

export function connectAzureCompute({ scriptsFolder }: AzureComputeSettings, outside: Outside): { hosts: Hosts; scripts: Scripts; retirement: Retirement } {
  const on = machineCalls(outside);
  return { hosts: hostsOf(on), scripts: { read: (file) => readScript(scriptsFolder, file) }, retirement: retirementOf(on, outside) };
}

function hostsOf(on: MachineCall): Hosts {
  async function look(host: Host): Promise<HostView> {
    const machine = await on(host, "look at virtual machine", (client, group, vm) => client.virtualMachines.get(group, vm, { expand: "instanceView" }));
    const code = machine.instanceView?.statuses?.find((status) => status.code?.startsWith("PowerState/"))?.code?.slice("PowerState/".length);
    const power = Power.safeParse(code);
    return {
      power: power.success ? power.data : "unknown",
      location: machine.location,
      agentReady: machine.instanceView?.vmAgent?.statuses?.some(({ code: agent }) => agent === "ProvisioningState/succeeded") ?? false,
    };
  }

  async function locationOf(host: Host): Promise<string> {
    const { power, location } = await look(host);
    if (power !== "running") throw new Fault("conflict", `${host.vm} is ${power}; a script needs it running`, { vendor: "azure-compute" });
    return location;
  }

  async function startScript(host: Host, id: ScriptId, order: ScriptOrder): Promise<void> {
    const name = runCommandName(id);
    const present = await on(host, "list run commands of", async (client, group, vm) => {
      const commands = new Map<string, string>();
      for await (const command of client.virtualMachineRunCommands.listByVirtualMachine(group, vm)) commands.set(command.name ?? "", command.location);
      return commands;
    });
    if (present.has(name)) return;
    for (const leftover of present.keys()) if (leftover.startsWith(PREFIX) && !leftover.startsWith(runPrefix(id.run))) await remove(host, leftover);
    // They lie where their server does, and have been on it while it ran: one that has stopped since refuses the next by itself.
    const location = present.values().next().value ?? (await locationOf(host));
    const command: VirtualMachineRunCommand = {
      location,
      source: { script: order.script },
      parameters: Object.entries(order.parameters).map(([parameter, value]) => ({ name: parameter, value })),
      timeoutInSeconds: Math.ceil(order.limitMs / 1_000),
      // The vendor's operation then ends when the script has started, and a failing script is read from its own record.
      asyncExecution: true,
      treatFailureAsDeploymentFailure: false,
    };
    await on(host, `start run command ${name} on`, (client, group, vm) => client.virtualMachineRunCommands.createOrUpdate(group, vm, name, command).submitted());
  }

  async function remove(host: Host, name: string): Promise<void> {
    await on(host, `remove run command ${name} from`, (client, group, vm) => client.virtualMachineRunCommands.delete(group, vm, name).submitted());
  }

  return {
    look,
    startScript,
    async restart(host, id) {
      const file = host.os === "windows" ? "restart.ps1" : "restart.sh";
      const script = await textOf(file);
      await startScript(host, id, { script, parameters: {}, limitMs: RESTART_LIMIT_MS });
    },
    async scriptRun(host, id) {
      const name = runCommandName(id);
      const command = await on(host, `read run command ${name} (${id.part}) of`, (client, group, vm) =>
        client.virtualMachineRunCommands.getByVirtualMachine(group, vm, name, { expand: "instanceView" }),
      );
      return scriptRunOf(command);
    },
    removeScript: (host, id) => remove(host, runCommandName(id)),
  };
}

const Power = z.enum(["running", "starting", "stopping", "stopped", "deallocating", "deallocated"]);

const STATES: Readonly<Record<string, ScriptRun["state"]>> = { Running: "running", Succeeded: "succeeded", Failed: "failed", TimedOut: "timed out", Canceled: "canceled" };

function scriptRunOf({ instanceView: view, provisioningState }: VirtualMachineRunCommand): ScriptRun {
  const state = STATES[view?.executionState ?? ""];
  return {
    // Where the agent could not even start the script there is no execution, and the resource alone says so.
    state: state ?? (provisioningState === "Failed" ? "failed" : "waiting"),
    exitCode: view?.exitCode,
    output: view?.output ?? "",
    error: [view?.error, state === undefined || state === "failed" ? view?.executionMessage : undefined].filter(Boolean).join("\n"),
  };
}

/** Every run command of ours begins so; others on the server are none of our business. */
const PREFIX = "nightshift-";

function runPrefix(run: string): string {
  return `${PREFIX}${hash(run).slice(0, 10)}-`;
}

/** Derived, so that starting twice is noticing: the run, and the key with its part. */
function runCommandName({ run, key, part }: ScriptId): string {
  return nameOf(run, key, part);
}

/** Each look at a script asks for its name again. */
const nameOf = remembered((run: string, key: string, part: string) => `${runPrefix(run)}${hash(JSON.stringify([key, part])).slice(0, 24)}`);

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function readScript(folder: string, file: string): Promise<ScriptFile> {
  const root = await realpath(folder).catch(() => resolve(folder));
  const path = await realpath(resolve(root, file)).catch((cause: unknown) => {
    throw new Fault("absent", `script ${file} is not in folder ${folder}`, { cause });
  });
  const inside = relative(root, path);
  if (inside.startsWith("..") || isAbsolute(inside)) throw new Fault("invalid", `script ${file} lies outside of folder ${folder}`);
  const content = await readFile(path, "utf8");
  if (Buffer.byteLength(content) > LARGEST_SCRIPT_BYTES) throw new Fault("invalid", `script ${file} has more than ${LARGEST_SCRIPT_BYTES} bytes`);
  return { content, hash: hash(content) };
}
