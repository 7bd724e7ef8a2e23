import type { Machine, SimulatedScript, Update } from "../azure-compute/simulated-machine.ts";

/**
 * What the scripts of this folder do on a simulated server. WSUS has no HTTP API that Nightshift calls, so there is no
 * simulator of its own: the one of azure-compute, which the scripts are sent to, runs these.
 */
export const WSUS_SCRIPTS: Readonly<Record<string, SimulatedScript>> = {
  "wsus/read-updates": {
    takesMs: () => 40_000,
    end: (machine, { classifications = "" }) => ({
      exitCode: 0,
      output: printed({
        computer: machine.vm,
        build: machine.build,
        bootedAt: machine.bootedAt,
        pendingReboot: machine.pendingReboot,
        pending: chosen(machine, classifications).map(({ id }) => id),
        installed: machine.installed.slice(0, 40),
      }),
    }),
  },

  "wsus/install-updates": {
    takesMs: (machine, { classifications = "" }) => 30_000 + chosen(machine, classifications).reduce((sum, { takesMs }) => sum + takesMs, 0),
    end(machine, { classifications = "" }) {
      const updates = chosen(machine, classifications);
      const names = updates.map(({ id }) => id);
      const { misfortunes } = machine;
      if (updates.length > 0 && (misfortunes.installFails ?? 0) > 0) {
        misfortunes.installFails = (misfortunes.installFails ?? 0) - 1;
        return { exitCode: 1, output: printed({ installed: [], failed: names.map((id) => ({ id, code: "0x80070643" })), rebootRequired: false }) };
      }
      const rebootRequired = updates.some(({ needsReboot }) => needsReboot);
      const output = printed({ installed: names, failed: [], rebootRequired });
      if (misfortunes.liesAboutInstalling || updates.length === 0) return { exitCode: 0, output };
      for (const update of updates) install(machine, update);
      return { exitCode: 0, output, effect: { did: "patched", with: { updates: names } } };
    },
  },

  "wsus/move-computer": {
    takesMs: () => 30_000,
    end({ wsus, ...machine }, { computername = "", groups = "", expected = "" }) {
      if (wsus === undefined) return noWsus(machine.vm);
      const before = wsus.members[computername.toLowerCase()];
      if (before === undefined) return { exitCode: 2, error: `WSUS knows 0 computers named ${computername}; expected 1` };
      const wanted = groups
        .split("|")
        .filter((group) => group !== UNASSIGNED)
        .sort();
      const unknown = wanted.find((group) => !wsus.groups.includes(group));
      if (expected !== "" && !same(shown(before), expected.split("|")) && !same(before, wanted))
        return { exitCode: 3, error: `${computername} is in ${shown(before).join(", ")}; expected ${expected}` };
      if (unknown !== undefined) return { exitCode: 2, error: `WSUS has 0 target groups named ${unknown}; expected 1` };
      const output = printed({ computer: `${computername.toLowerCase()}.example.local`, before: shown(before), after: shown(wanted) });
      if (same(before, wanted)) return { exitCode: 0, output };
      wsus.members[computername.toLowerCase()] = wanted;
      return { exitCode: 0, output, effect: { did: "moved", with: { computer: computername, from: shown(before), into: shown(wanted) } } };
    },
  },

  "wsus/read-membership": {
    takesMs: () => 20_000,
    end({ wsus, vm }, { computername = "" }) {
      if (wsus === undefined) return noWsus(vm);
      const groups = wsus.members[computername.toLowerCase()];
      if (groups === undefined) return { exitCode: 2, error: `no WSUS target group lists a computer named ${computername}, not even ${UNASSIGNED}` };
      return { exitCode: 0, output: printed({ computer: `${computername.toLowerCase()}.example.local`, groups: shown(groups) }) };
    },
  },
};

const UNASSIGNED = "Unassigned Computers";

function chosen({ pending }: Machine, classifications: string): readonly Update[] {
  return pending.filter(({ classification }) => classifications.split(",").includes(classification));
}

function install(machine: Machine, update: Update): void {
  machine.pending = machine.pending.filter(({ id }) => id !== update.id);
  machine.installed = [update.id, ...machine.installed];
  if (update.needsReboot) machine.pendingReboot = true;
  if (update.build === undefined) return;
  if (update.needsReboot) machine.nextBuild = update.build;
  else machine.build = update.build;
}

function shown(groups: readonly string[]): readonly string[] {
  return groups.length === 0 ? [UNASSIGNED] : groups;
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return JSON.stringify([...one].sort()) === JSON.stringify([...other].sort());
}

function noWsus(vm: string): { exitCode: number; error: string } {
  return { exitCode: 1, error: `The term 'Get-WsusServer' is not recognized on ${vm}` };
}

function printed(result: unknown): string {
  return `${JSON.stringify(result)}\r\n`;
}
