import { z } from "zod";
import { Fault, type FaultKind } from "../../shared/fault/fault.ts";
import type { Host, Hosts, ScriptId, ScriptRun } from "../azure-compute/connector.ts";
import { ownScripts } from "../own-scripts.ts";

/** Classes of updates, as the scripts know them; `scripts/read-updates.ps1` maps them to Microsoft's ids. */
export const CLASSIFICATIONS = ["critical", "security", "rollups", "updates", "definitions", "service-packs"] as const;
export type Classification = (typeof CLASSIFICATIONS)[number];

/** How a server stands, as read on the server itself. */
export interface ServerUpdates {
  readonly build: string;
  /** UTC ISO. */
  readonly bootedAt: string;
  readonly pendingReboot: boolean;
  /** Offered and not installed, e.g. `KB5048661`. */
  readonly pending: readonly string[];
  /** The newest that are installed. */
  readonly installed: readonly string[];
}

export interface Installation {
  readonly installed: readonly string[];
  readonly rebootRequired: boolean;
}

export interface GroupMove {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Work on a server that takes a while. `waiting`: the server has not reported that it started. */
export type Look<Result> = { readonly state: "waiting" | "running" } | { readonly state: "ended"; readonly result: Result };

/**
 * Updates of Windows servers and their WSUS target groups. Each piece of work is a script on a server: `start…` starts
 * it unless one of that id was started before, and its twin tells how it stands.
 *
 * What ends badly is a Fault: `absent` for a computer or group that WSUS does not know, `conflict` for a computer in
 * other groups than expected or a server that is not running, `failed` for all else that a fresh try may cure.
 */
export interface Patches {
  startReading(server: Host, id: ScriptId, classifications: readonly Classification[]): Promise<void>;
  reading(server: Host, id: ScriptId): Promise<Look<ServerUpdates>>;
  /** Does not restart the server. */
  startInstalling(server: Host, id: ScriptId, classifications: readonly Classification[]): Promise<void>;
  installing(server: Host, id: ScriptId): Promise<Look<Installation>>;
  startRestarting(server: Host, id: ScriptId): Promise<void>;
  /** Whether the restart was ordered; that the server is back is told by its boot time. */
  restarting(server: Host, id: ScriptId): Promise<Look<true>>;
  /** Puts the computer into exactly these groups; `expected`: refuse if it is in neither these nor those. */
  startMoving(wsus: Host, id: ScriptId, move: { computer: string; groups: readonly string[]; expected?: readonly string[] }): Promise<void>;
  moving(wsus: Host, id: ScriptId): Promise<Look<GroupMove>>;
  /** Asks the groups for the computer, where `moving` tells what the computer says of its groups. */
  startFinding(wsus: Host, id: ScriptId, computer: string): Promise<void>;
  finding(wsus: Host, id: ScriptId): Promise<Look<readonly string[]>>;
  /** Whether the server is up, in a word; reads only. */
  power(server: Host): Promise<string>;
}

const ServerUpdates = z.object({
  build: z.string(),
  bootedAt: z.iso.datetime(),
  pendingReboot: z.boolean(),
  pending: z.array(z.string()),
  installed: z.array(z.string()),
});
const Installation = z.object({
  installed: z.array(z.string()),
  failed: z.array(z.object({ id: z.string(), code: z.string() })),
  rebootRequired: z.boolean(),
});
const GroupMove = z.object({ before: z.array(z.string()), after: z.array(z.string()) });
const Membership = z.object({ groups: z.array(z.string()) });

const SHORT_LIMIT_MS = 15 * 60_000;
const INSTALL_LIMIT_MS = 85 * 60_000;
/** Exit codes that the scripts of this folder share; any other but 0 is a failure. */
const EXIT_KINDS: Readonly<Record<number, FaultKind>> = { 2: "absent", 3: "conflict" };

/** Group names as the scripts accept them: a name is a parameter, and `|` stands between names. */
const GroupName = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,199}$/u);
const ComputerName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/);

const textOf = ownScripts(import.meta.url);

/** Needs no settings and no outside of its own: all goes through `Hosts`. */
export function connectWsus(hosts: Hosts): Patches {
  const start = async (host: Host, id: ScriptId, file: string, parameters: Record<string, string>, limitMs: number) => {
    if (host.os !== "windows") throw new Fault("invalid", `${host.vm} runs ${host.os}; WSUS is for windows`, { vendor: "wsus" });
    const script = await textOf(file);
    await hosts.startScript(host, id, { script, parameters, limitMs });
  };

  async function look<Result>(host: Host, id: ScriptId, resultOf: (run: ScriptRun, what: string) => Result): Promise<Look<Result>> {
    const run = await hosts.scriptRun(host, id);
    if (run.state === "waiting" || run.state === "running") return { state: run.state };
    return { state: "ended", result: resultOf(run, `${id.part} on ${host.vm}`) };
  }

  return {
    // Async, so that a name that is refused rejects like everything else.
    startReading: async (server, id, classifications) => start(server, id, "read-updates.ps1", { Classifications: listed(classifications) }, SHORT_LIMIT_MS),
    reading: (server, id) => look(server, id, (run, what) => printed(succeeded(run, what), what, ServerUpdates)),
    startInstalling: async (server, id, classifications) => start(server, id, "install-updates.ps1", { Classifications: listed(classifications) }, INSTALL_LIMIT_MS),
    installing: (server, id) => look(server, id, installationOf),
    startRestarting: (server, id) => hosts.restart(server, id),
    restarting: (server, id) =>
      look(server, id, (run, what): true => {
        succeeded(run, what);
        return true;
      }),
    startMoving: async (wsus, id, { computer, groups, expected = [] }) =>
      start(
        wsus,
        id,
        "move-computer.ps1",
        {
          ComputerName: checked(ComputerName, computer, "computer"),
          Groups: named(groups),
          ...(expected.length === 0 ? {} : { Expected: named(expected) }),
        },
        SHORT_LIMIT_MS,
      ),
    moving: (wsus, id) => look(wsus, id, (run, what) => printed(succeeded(run, what), what, GroupMove)),
    startFinding: async (wsus, id, computer) => start(wsus, id, "read-membership.ps1", { ComputerName: checked(ComputerName, computer, "computer") }, SHORT_LIMIT_MS),
    finding: (wsus, id) => look(wsus, id, (run, what) => printed(succeeded(run, what), what, Membership).groups),
    power: async (server) => (await hosts.look(server)).power,
  };
}

function listed(classifications: readonly Classification[]): string {
  return classifications.map((one) => checked(z.enum(CLASSIFICATIONS), one, "classification")).join(",");
}

function named(groups: readonly string[]): string {
  return groups.map((group) => checked(GroupName, group, "WSUS target group")).join("|");
}

function checked(schema: z.ZodType<string>, value: string, kind: string): string {
  if (schema.safeParse(value).success) return value;
  throw new Fault("invalid", `${kind} ${JSON.stringify(value)} has characters that are not handed to a script; expected letters, digits, spaces and . _ -`, { vendor: "wsus" });
}

/** @throws Fault by the exit code. */
function succeeded(run: ScriptRun, what: string): ScriptRun {
  if (run.state === "succeeded" && (run.exitCode ?? 0) === 0) return run;
  const kind = EXIT_KINDS[run.exitCode ?? 1] ?? "failed";
  throw new Fault(kind, `${what} ${run.state} with exit code ${run.exitCode ?? "unknown"}${run.error === "" ? "" : `: ${run.error.trim().slice(0, 500)}`}`, { vendor: "wsus" });
}

/** Which updates could not be installed says more than the exit code. */
function installationOf(run: ScriptRun, what: string): Installation {
  const told = lastObject(run.output, Installation);
  if (told !== undefined && told.failed.length > 0) {
    const names = told.failed.map(({ id, code }) => `${id} (${code})`).join(", ");
    throw new Fault("failed", `${what}: ${told.failed.length} of ${told.failed.length + told.installed.length} updates could not be installed: ${names}`, { vendor: "wsus" });
  }
  return printed(succeeded(run, what), what, Installation);
}

function printed<Result>(run: ScriptRun, what: string, schema: z.ZodType<Result>): Result {
  const found = lastObject(run.output, schema);
  if (found !== undefined) return found;
  throw new Fault("failed", `${what} ended without its result; expected one line of JSON at the end of its output, got ${JSON.stringify(run.output.slice(-200))}`, {
    vendor: "wsus",
  });
}

/** The last line that is JSON; other programs may print before it. */
function lastObject<Result>(output: string, schema: z.ZodType<Result>): Result | undefined {
  for (const line of output.split(/\r?\n/).toReversed()) {
    if (!line.startsWith("{")) continue;
    try {
      return schema.parse(JSON.parse(line));
    } catch {
      return undefined;
    }
  }
  return undefined;
}
