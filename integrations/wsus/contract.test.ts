import { describe, expect, it } from "vitest";
import type { AnyAction, Call } from "../../shared/action/action.ts";
import { actionContract } from "../../test/contract/action.ts";
import { apiContract } from "../../test/contract/api.ts";
import { localOutside } from "../../test/support/transport.ts";
import { connectAzureCompute } from "../azure-compute/connector.ts";
import { type ComputeWorld, type Machine, machineKey, simulatedMachine } from "../azure-compute/simulated-machine.ts";
import { azureComputeSimulator } from "../azure-compute/simulator.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { patchGroup } from "./actions.ts";
import { connectWsus } from "./connector.ts";
import { patchInstall } from "./patch-install.ts";

const IN_PROD = { aliases: [], subscription: "11111111-1111-4111-8111-111111111111", os: "windows" as const };
const MCC1 = { ...IN_PROD, name: "IC-MCC1", resourceGroup: "rg-mcc", vm: "IC-MCC1", wsusGroup: "Held Back" };
const WSUS = { ...IN_PROD, name: "IC-WSUS1", resourceGroup: "rg-shared", vm: "IC-WSUS1" };
const SEPTEMBER = { name: "September WSUS group", aliases: [], group: "{month} 2024", server: WSUS };

const CUMULATIVE = { id: "KB5048661", classification: "security", needsReboot: true, takesMs: 120_000, build: "10.0.17763.6659" };
const TOOL = { id: "KB890830", classification: "rollups", needsReboot: false, takesMs: 30_000 };

function world(machine: Partial<Machine> = {}): ComputeWorld {
  return {
    ...azureComputeSimulator.newWorld(),
    machines: {
      [machineKey(MCC1)]: simulatedMachine(MCC1, { pending: [CUMULATIVE, TOOL], rebootMs: 240_000, ...machine }),
      [machineKey(WSUS)]: simulatedMachine(WSUS, { wsus: { groups: ["Held Back", "September 2024", "October 2024"], members: { "ic-mcc1": ["Held Back"] } } }),
    },
  };
}

const machineOf = (of: ComputeWorld) => of.machines[machineKey(MCC1)] as Machine;
const wsusOf = (of: ComputeWorld) => of.machines[machineKey(WSUS)] as Machine;
const connect = (outside: Outside) => ({ patches: connectWsus(connectAzureCompute({ scriptsFolder: "plans" }, outside).hosts) });

actionContract({
  action: patchGroup,
  integration: "wsus",
  world,
  simulator: azureComputeSimulator,
  connect,
  params: { server: MCC1, group: SEPTEMBER, month: "September" },
  effects: ["moved server IC-WSUS1"],
  drift: (of) => void Object.assign(wsusOf(of).wsus?.members ?? {}, { "ic-mcc1": ["October 2024"] }),
  driftBefore: (of) => void (wsusOf(of).power = "stopped"),
  essence: (of) => [wsusOf(of).wsus, wsusOf(of).power],
});

actionContract({
  action: patchInstall,
  findsNothing: true,
  integration: "wsus",
  // Quick, since the suite walks it a few hundred times.
  world: () => world({ pending: [{ ...CUMULATIVE, takesMs: 10_000 }], rebootMs: 20_000 }),
  simulator: azureComputeSimulator,
  connect,
  params: { server: MCC1 },
  effects: ["patched server IC-MCC1", "restarted server IC-MCC1"],
  driftBefore: (of) => void (machineOf(of).power = "deallocated"),
  essence: (of) => machineOf(of),
});

describe("wsus: patch.group, what is special here", () => {
  it("says where the server was, and that it was there already", async () => {
    const of = world();
    Object.assign(wsusOf(of).wsus?.members ?? {}, { "ic-mcc1": ["September 2024"] });
    const { toTheEnd } = walking(patchGroup, of, { server: MCC1, group: SEPTEMBER, month: "September" });

    const { receipt, evidence } = await toTheEnd();

    expect(receipt).toMatchObject({ before: ["September 2024"] });
    expect(patchGroup.already?.(receipt)).toBe("IC-MCC1 was in September 2024 before");
    expect(evidence).toEqual(["WSUS group September 2024 on IC-WSUS1 lists IC-MCC1, and no other group does"]);
    expect(of.effects).toEqual([]);
  });

  it("puts a server that was in no group, or in two, back into just that", async () => {
    for (const before of [[], ["Held Back", "October 2024"]]) {
      const of = world();
      Object.assign(wsusOf(of).wsus?.members ?? {}, { "ic-mcc1": before });
      const { toTheEnd, undo } = walking(patchGroup, of, { server: MCC1, group: SEPTEMBER, month: "September" });
      const { receipt } = await toTheEnd();

      await undo(receipt);

      expect(wsusOf(of).wsus?.members["ic-mcc1"]).toEqual([...before].sort());
    }
  });

  it("says absent when WSUS knows no such computer or group", async () => {
    const noComputer = world();
    delete wsusOf(noComputer).wsus?.members["ic-mcc1"];
    const noGroup = walking(patchGroup, world(), { server: MCC1, group: { ...SEPTEMBER, group: "Nowhere" } });

    await expect(walking(patchGroup, noComputer, { server: MCC1, group: SEPTEMBER, month: "September" }).toTheEnd()).rejects.toMatchObject({
      kind: "absent",
      message: expect.stringContaining("WSUS knows 0 computers named IC-MCC1") as string,
    });
    await expect(noGroup.toTheEnd()).rejects.toMatchObject({ kind: "absent", message: expect.stringContaining("0 target groups named Nowhere") as string });
  });

  it("wants the month where the group's name has one", () => {
    expect(patchGroup.params.safeParse({ server: MCC1, group: SEPTEMBER }).success).toBe(false);
    expect(patchGroup.params.safeParse({ server: MCC1, group: SEPTEMBER, month: "Smarch" }).success).toBe(false);
  });

  it.each(["'; Remove-Item C:\\ -Recurse #", '" -Expected "', "a|b", "$(whoami)", "a\nb", "-Groups", "`n", "a;b"])("refuses the group name %j", (group) => {
    expect(patchGroup.params.safeParse({ server: MCC1, group: { ...SEPTEMBER, group } }).success).toBe(false);
  });

  it.each(["IC-MCC1; rm", "IC MCC1", "-ComputerName", "a'b", "$env:x"])("refuses the computer name %j before it asks the vendor", async (vm) => {
    const { begin, outside } = walking(patchGroup, world(), { server: { ...MCC1, vm }, group: SEPTEMBER, month: "September" });

    await expect(begin()).rejects.toMatchObject({ kind: "invalid" });
    expect(outside.requests).toEqual([]);
  });
});

describe("wsus: patch.install, what is special here", () => {
  it("tells what the server says of itself as evidence", async () => {
    const { toTheEnd } = walking(patchInstall, world(), { server: MCC1 });

    const { evidence } = await toTheEnd();

    expect(evidence[0]).toBe("IC-MCC1 is offered no further updates");
    expect(evidence[1]).toBe("its own list of updates has KB5048661, KB890830 of the 2 installed");
    expect(evidence[2]).toMatch(/^build 10\.0\.17763\.6659, was 10\.0\.17763\.6532; booted 2024-12-08T.*; no restart pending$/);
  });

  it("does nothing where nothing is pending, and says so", async () => {
    const of = world({ pending: [] });
    const { toTheEnd } = walking(patchInstall, of, { server: MCC1, reboot: "always" });

    const { receipt } = await toTheEnd();

    expect(patchInstall.already?.(receipt)).toBe("no updates were pending on IC-MCC1");
    expect(of.effects).toEqual([]);
  });

  it("restarts first where a restart is pending from before", async () => {
    const of = world({ pendingReboot: true });
    const { toTheEnd } = walking(patchInstall, of, { server: MCC1 });

    await toTheEnd();

    expect(of.effects.map(({ did }) => did)).toEqual(["restarted", "patched", "restarted"]);
    expect(machineOf(of)).toMatchObject({ pending: [], pendingReboot: false, build: "10.0.17763.6659" });
  });

  it("refuses a server with a pending restart that it may not restart", async () => {
    const { toTheEnd } = walking(patchInstall, world({ pendingReboot: true }), { server: MCC1, reboot: "never" });

    await expect(toTheEnd()).rejects.toMatchObject({ kind: "conflict" });
  });

  it("installs only what is asked for, and restarts only where that is needed", async () => {
    const of = world();
    const { toTheEnd } = walking(patchInstall, of, { server: MCC1, classifications: ["rollups"] });

    await toTheEnd();

    expect(of.effects.map(({ did }) => did)).toEqual(["patched"]);
    expect(machineOf(of).pending.map(({ id }) => id)).toEqual(["KB5048661"]);
  });

  it("calls a failed installation one that a fresh try may cure, and a fresh try cures it", async () => {
    const of = world({ misfortunes: { installFails: 1 } });
    const first = walking(patchInstall, of, { server: MCC1 });
    const second = walking(patchInstall, of, { server: MCC1 }, 2, first.outside);

    await expect(first.toTheEnd()).rejects.toMatchObject({
      kind: "failed",
      message: "install on IC-MCC1: 2 of 2 updates could not be installed: KB5048661 (0x80070643), KB890830 (0x80070643)",
    });
    await second.toTheEnd();

    expect(of.effects.map(({ did }) => did)).toEqual(["patched", "restarted"]);
  });

  it("gives up on a server that does not come back from its restart, by name", async () => {
    const { toTheEnd } = walking(patchInstall, world({ misfortunes: { staysDown: true } }), { server: MCC1 });

    await expect(toTheEnd()).rejects.toMatchObject({ kind: "rejected", message: "IC-MCC1 has not come back within 30 minutes of its restart: look at its console" });
  });

  it("does not believe an installer that reports success and installs nothing", async () => {
    const { toTheEnd } = walking(patchInstall, world({ misfortunes: { liesAboutInstalling: true } }), { server: MCC1 });

    await expect(toTheEnd()).rejects.toMatchObject({ kind: "rejected", message: "IC-MCC1 still lacks KB5048661, KB890830, although the installation ended well" });
  });

  it("takes a server that restarts slowly for one that is not back yet", async () => {
    const of = world({ rebootMs: 20 * 60_000 });
    const { toTheEnd } = walking(patchInstall, of, { server: MCC1 });

    const { evidence } = await toTheEnd();

    expect(evidence[2]).toContain("no restart pending");
  });
});

function walking<Receipt>(action: AnyAction, of: ComputeWorld, params: unknown, tryNumber = 1, given?: ReturnType<typeof localOutside>) {
  const outside = given ?? localOutside(azureComputeSimulator, of);
  const ports = connect(outside);
  const call = () => ({ run: "2024-12-08", key: `2024-12-08/patch/IC-MCC1/${tryNumber}`, now: outside.clock.now() }) as Call;
  const parsed: unknown = action.params.parse(params);
  return {
    outside,
    begin: () => action.begin(ports, parsed, call()) as Promise<Receipt>,
    toTheEnd: async () => {
      let receipt: unknown = await action.begin(ports, parsed, call());
      for (let looks = 0; looks < 120; looks++) {
        outside.advance(60_000);
        const progress = await action.poll?.(ports, receipt, call());
        receipt = progress?.receipt ?? receipt;
        if (progress?.state === "done") break;
      }
      return { receipt: receipt as never, evidence: await action.verify(ports, receipt, call()) };
    },
    undo: async (receipt: unknown) => {
      for (let looks = 0; looks < 20; looks++) {
        try {
          return await action.undo?.(ports, receipt, call());
        } catch (thrown) {
          if ((thrown as { kind?: string }).kind !== "unavailable") throw thrown;
          outside.advance(60_000);
        }
      }
      throw new Error("undo does not end");
    },
  };
}

apiContract("wsus");
