import type { Effect, World } from "../../shared/ports/simulator.ts";

/** Virtual machines and what runs on them. */
export interface ComputeWorld extends World {
  /** By `machineKey`. */
  machines: Record<string, Machine>;
  /** What the team's own scripts do, by the name in their `# nightshift-script: NAME` line, or `sha256:` and 12 hex digits. */
  scripts: Record<string, ScriptModel>;
  /** Texts of scripts that were run, by sha-256. */
  sources: Record<string, string>;
}

export interface Machine {
  subscription: string;
  resourceGroup: string;
  vm: string;
  /** GUID. */
  vmId: string;
  os: "windows" | "linux";
  location: string;
  power: "running" | "stopped" | "deallocated";
  /** UTC ISO. */
  bootedAt: string;
  rebootMs: number;
  /** A restart ordered or under way; without `until` the machine never comes back. */
  restart?: { from: string; until?: string };
  build: string;
  /** What the build will be after the next restart. */
  nextBuild?: string;
  pendingReboot: boolean;
  /** Newest first. */
  installed: string[];
  pending: Update[];
  /** On a WSUS server only. */
  wsus?: { groups: string[]; /** Groups of each computer, besides those that WSUS manages by itself. */ members: Record<string, string[]> };
  /** What the team's scripts change and read, e.g. `{ "excel-driver": "x86" }`. */
  settings: Record<string, string>;
  misfortunes: Misfortunes;
  runCommands: Record<string, RunCommand>;
  /** UTC ISO. */
  createdAt: string;
  /** What the activity log has of it, e.g. `{ at, operation: "deallocate", status: "Succeeded", by: "luis@example.com" }`. */
  history: { at: string; operation: string; status: string; by: string }[];
  /** UTC ISO: being deleted, and gone by then. */
  goneAt?: string;
}

export interface Update {
  /** `KB5048661`. */
  id: string;
  /** As the scripts name it: `security`. */
  classification: string;
  needsReboot: boolean;
  takesMs: number;
  /** Build of the system once it is installed. */
  build?: string;
}

/** What will go wrong. Counts go down as it happens. */
export interface Misfortunes {
  /** So many installations end badly. */
  installFails?: number;
  /** The next restart is its last. */
  staysDown?: boolean;
  /** The installer reports success and installs nothing. */
  liesAboutInstalling?: boolean;
  /** So many runs of a script of the team's end with exit code 1, by the script's name. */
  scriptFails?: Record<string, number>;
  /** Scripts of the team's that end with exit code 0 and change nothing, by their names. */
  scriptsThatLie?: string[];
}

/** A script of the team's in a few words. `{Name}` stands for a parameter. */
export interface ScriptModel {
  takesMs: number;
  /** Ends with exit code 3 unless the settings are these, or already as `sets` has them. */
  needs?: Record<string, string>;
  /** Ends with exit code 1 unless the settings are these: a check. */
  expects?: Record<string, string>;
  /** Changes settings; null removes one. */
  sets?: Record<string, string | null>;
  prints?: string;
}

export interface RunCommand {
  script: string;
  /** sha-256 of its text. */
  source: string;
  parameters: { name: string; value: string }[];
  limitMs: number;
  asyncExecution: boolean;
  /** UTC ISO; none of them lie before those above them. */
  putAt: string;
  startedAt?: string;
  endsAt?: string;
  state: "Pending" | "Running" | "Succeeded" | "Failed" | "TimedOut";
  exitCode?: number;
  output: string;
  error: string;
  message?: string;
}

/** What a script does when its time is over. */
export interface Ending {
  readonly exitCode: number;
  readonly output?: string;
  readonly error?: string;
  readonly effect?: Pick<Effect, "did" | "with">;
}

/** A script that the simulator knows. */
export interface SimulatedScript {
  readonly takesMs: (machine: Machine, parameters: Readonly<Record<string, string>>) => number;
  readonly end: (machine: Machine, parameters: Readonly<Record<string, string>>, atMs: number) => Ending;
}

/** The scripts that the simulator knows, by name. */
export type KnownScripts = (name: string) => SimulatedScript | undefined;

/** From the order of a script to its start on a server that is up. */
const AGENT_MS = 10_000;
/** From the order of a restart to its beginning, as `scripts/restart.*` ask for it. */
const RESTART_DELAY_MS = { windows: 15_000, linux: 60_000 } as const;

export function machineKey({ subscription, resourceGroup, vm }: { subscription: string; resourceGroup: string; vm: string }): string {
  return `${subscription}/${resourceGroup}/${vm}`.toLowerCase();
}

/** A healthy server with everything derived from its name; give what should differ. */
export function simulatedMachine(host: { subscription: string; resourceGroup: string; vm: string; os?: "windows" | "linux" }, given: Partial<Machine> = {}): Machine {
  const chance = machineKey(host)
    .split("")
    .reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_003, 7);
  return {
    subscription: host.subscription,
    resourceGroup: host.resourceGroup,
    vm: host.vm,
    vmId: `00000000-0000-4000-8000-${chance.toString(16).padStart(12, "0")}`,
    os: host.os ?? "windows",
    location: "eastus2",
    power: "running",
    bootedAt: "2024-11-10T09:00:00.000Z",
    // 4 to 8 minutes, in steps of 10 s.
    rebootMs: 240_000 + (chance % 25) * 10_000,
    build: "10.0.17763.6532",
    pendingReboot: false,
    installed: ["KB5046615", "KB5046540"],
    pending: [],
    settings: {},
    misfortunes: {},
    runCommands: {},
    createdAt: "2021-03-02T15:00:00.000Z",
    history: [],
    ...given,
  };
}

/** Brings one machine to the instant `nowMs`: scripts start and end, restarts begin and end, in the order of their instants. */
export function settle(world: ComputeWorld, machine: Machine, nowMs: number, known: KnownScripts): void {
  for (;;) {
    const due = nextEvent(machine);
    if (due === undefined || due.at > nowMs) return;
    due.happen(world, known);
  }
}

interface Due {
  readonly at: number;
  readonly happen: (world: ComputeWorld, known: KnownScripts) => void;
}

function nextEvent(machine: Machine): Due | undefined {
  const events: Due[] = [];
  const { restart, goneAt } = machine;
  if (goneAt !== undefined) return { at: Date.parse(goneAt), happen: (world) => disappear(world, machine, goneAt) };
  if (restart?.until !== undefined) {
    const until = Date.parse(restart.until);
    events.push({ at: until, happen: () => comeBack(machine, until) });
  }
  for (const command of Object.values(machine.runCommands)) {
    if (command.state === "Pending") {
      const at = startOf(machine, command);
      if (at !== undefined) events.push({ at, happen: (_world, known) => begin(machine, command, at, known) });
    } else if (command.state === "Running" && command.endsAt !== undefined) {
      const at = Date.parse(command.endsAt);
      const cut = restart === undefined ? undefined : Date.parse(restart.from);
      if (cut !== undefined && cut < at) events.push({ at: cut, happen: () => cutOff(command, cut) });
      else events.push({ at, happen: (world, known) => end(world, machine, command, at, known) });
    }
  }
  return events.toSorted((one, other) => one.at - other.at)[0];
}

/** A script waits for the agent, which waits for the machine; one that has begun before a restart is cut off by it. */
function startOf({ restart }: Machine, { putAt }: RunCommand): number | undefined {
  const ready = Date.parse(putAt) + AGENT_MS;
  if (restart === undefined || ready < Date.parse(restart.from)) return ready;
  return restart.until === undefined ? undefined : Math.max(ready, Date.parse(restart.until) + AGENT_MS);
}

function begin(machine: Machine, command: RunCommand, at: number, known: KnownScripts): void {
  const takesMs = known(command.script)?.takesMs(machine, parametersOf(command)) ?? 60_000;
  command.state = "Running";
  command.startedAt = iso(at);
  command.endsAt = iso(at + Math.min(takesMs, command.limitMs));
  if (takesMs > command.limitMs) command.message = "timed out";
}

function end(world: ComputeWorld, machine: Machine, command: RunCommand, at: number, known: KnownScripts): void {
  if (command.message === "timed out") {
    command.state = "TimedOut";
    command.exitCode = -1;
    command.message = `The script did not end within ${command.limitMs / 1_000} seconds`;
    return;
  }
  const script = known(command.script);
  const ending: Ending = script === undefined ? { exitCode: 0, effect: { did: "ran", with: { script: command.script } } } : script.end(machine, parametersOf(command), at);
  command.state = ending.exitCode === 0 ? "Succeeded" : "Failed";
  command.exitCode = ending.exitCode;
  // The vendor keeps the end of what a script printed.
  command.output = (ending.output ?? "").slice(-4_096);
  command.error = (ending.error ?? "").slice(-4_096);
  if (ending.effect !== undefined) record(world, { at: iso(at), to: `server ${machine.vm}`, ...ending.effect });
}

function cutOff(command: RunCommand, at: number): void {
  command.state = "Failed";
  command.endsAt = iso(at);
  command.message = "The machine restarted while the script was running";
}

function disappear(world: ComputeWorld, machine: Machine, at: string): void {
  delete world.machines[machineKey(machine)];
  delete machine.goneAt;
  record(world, { at, did: "deleted", to: `server ${machine.vm}` });
}

function comeBack(machine: Machine, at: number): void {
  machine.bootedAt = iso(at);
  machine.pendingReboot = false;
  if (machine.nextBuild !== undefined) machine.build = machine.nextBuild;
  delete machine.nextBuild;
  delete machine.restart;
}

/** `scripts/restart.ps1` and `scripts/restart.sh`. */
export const RESTART: SimulatedScript = {
  takesMs: () => 5_000,
  end(machine, _parameters, at) {
    const ordered = { output: JSON.stringify({ bootedAt: machine.bootedAt, restartsInSeconds: RESTART_DELAY_MS[machine.os] / 1_000 }), exitCode: 0 };
    if (machine.restart !== undefined) return ordered;
    const from = at + RESTART_DELAY_MS[machine.os];
    machine.restart = machine.misfortunes.staysDown ? { from: iso(from) } : { from: iso(from), until: iso(from + machine.rebootMs) };
    return { ...ordered, effect: { did: "restarted" } };
  },
};

/** The team's own scripts, by the models in the world. */
export function modelled(name: string, model: ScriptModel): SimulatedScript {
  return {
    takesMs: () => model.takesMs,
    end(machine, parameters) {
      const filled = (text: string) => text.replaceAll(/\{(\w+)\}/g, (_all, parameter: string) => parameters[parameter.toLowerCase()] ?? "");
      const isSo = ([setting, value]: [string, string | null]) => (machine.settings[setting] ?? null) === (value === null ? null : filled(value));
      const failing = machine.misfortunes.scriptFails?.[name] ?? 0;
      if (failing > 0) {
        machine.misfortunes.scriptFails = { ...machine.misfortunes.scriptFails, [name]: failing - 1 };
        return { exitCode: 1, error: `${name} failed on ${machine.vm}` };
      }
      if (machine.misfortunes.scriptsThatLie?.includes(name) === true) return { exitCode: 0, output: filled(model.prints ?? "") };
      const sets = Object.entries(model.sets ?? {});
      const unmet = Object.entries(model.needs ?? {}).filter((need) => !isSo(need));
      if (unmet.length > 0 && !sets.every(isSo))
        return { exitCode: 3, error: unmet.map(([setting, value]) => `${setting} is ${machine.settings[setting] ?? "not set"}; expected ${filled(value)}`).join("\n") };
      const wrong = Object.entries(model.expects ?? {}).filter((expected) => !isSo(expected));
      if (wrong.length > 0)
        return { exitCode: 1, error: wrong.map(([setting, value]) => `${setting} is ${machine.settings[setting] ?? "not set"}; expected ${filled(value)}`).join("\n") };
      const output = filled(model.prints ?? "");
      if (model.sets === undefined || (sets.every(isSo) && unmet.length > 0)) return { exitCode: 0, output };
      for (const [setting, value] of sets) {
        if (value === null) delete machine.settings[setting];
        else machine.settings[setting] = filled(value);
      }
      return { exitCode: 0, output, effect: { did: "ran", with: { script: name } } };
    },
  };
}

/** PowerShell does not tell `-Name` from `-name`. */
function parametersOf({ parameters }: RunCommand): Record<string, string> {
  return Object.fromEntries(parameters.map(({ name, value }) => [name.toLowerCase(), value]));
}

/** Oldest first, also where a machine is looked at late. */
function record({ effects }: ComputeWorld, effect: Effect): void {
  const index = effects.findLastIndex(({ at }) => at <= effect.at) + 1;
  effects.splice(index, 0, effect);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
