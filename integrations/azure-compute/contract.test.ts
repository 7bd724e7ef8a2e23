import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Call } from "../../shared/action/action.ts";
import { actionContract } from "../../test/contract/action.ts";
import { apiContract } from "../../test/contract/api.ts";
import { localOutside } from "../../test/support/transport.ts";
import { hostRun } from "./actions.ts";
import { connectAzureCompute, type Host } from "./connector.ts";
import { hostDecommission } from "./decommission.ts";
import { type ComputeWorld, type Machine, machineKey, simulatedMachine } from "./simulated-machine.ts";
import { azureComputeSimulator } from "./simulator.ts";

const folder = mkdtempSync(join(tmpdir(), "nightshift-scripts-"));
afterAll(() => rmSync(folder, { recursive: true }));
for (const name of ["install-driver", "check-driver", "remove-driver"]) {
  writeFileSync(join(folder, `${name}.ps1`), `# nightshift-script: ${name}\nparam([string] $Bits)\nexit 0\n`);
}

const APP1 = { name: "IC-App1", aliases: [], subscription: "11111111-1111-4111-8111-111111111111", resourceGroup: "rg-app", vm: "vm-app1", os: "windows" as const };
const DRIVER = { name: "driver", aliases: [], kind: "powershell" as const, file: "install-driver.ps1", check: "check-driver.ps1", undo: "remove-driver.ps1" };
const PARAMS = { server: APP1, script: DRIVER, parameters: { Bits: "x64" } };

function world(machine: Partial<Machine> = {}): ComputeWorld {
  return {
    ...azureComputeSimulator.newWorld(),
    machines: { [machineKey(APP1)]: simulatedMachine(APP1, { settings: { driver: "x86" }, ...machine }) },
    scripts: {
      "install-driver": { takesMs: 20_000, sets: { driver: "{Bits}" }, prints: '{"driver":"{Bits}"}' },
      "check-driver": { takesMs: 20_000, expects: { driver: "{Bits}" }, prints: "driver {Bits} answers" },
      "remove-driver": { takesMs: 20_000, needs: { driver: "{Bits}" }, sets: { driver: "x86" } },
    },
  };
}

const machineOf = (of: ComputeWorld, host: Host = APP1) => of.machines[machineKey(host)] as Machine;
const settingsOf = (of: ComputeWorld) => Object.values(of.machines).map(({ settings, power }) => ({ settings, power }));

actionContract({
  action: hostRun,
  integration: "azure-compute",
  world,
  simulator: azureComputeSimulator,
  connect: (outside) => connectAzureCompute({ scriptsFolder: folder }, outside),
  params: PARAMS,
  effects: ["ran server vm-app1"],
  drift: (of) => void (machineOf(of).settings = { driver: "arm64" }),
  driftBefore: (of) => void (machineOf(of).power = "deallocated"),
  essence: settingsOf,
});

const OFF = { power: "deallocated" as const, history: [deallocated("2024-10-01T08:00:00.000Z")] };

actionContract({
  action: hostDecommission,
  integration: "azure-compute",
  world: () => world(OFF),
  simulator: azureComputeSimulator,
  connect: (outside) => connectAzureCompute({ scriptsFolder: folder }, outside),
  params: { server: APP1 },
  effects: ["deleted server vm-app1"],
  spoil: (of) => void (of.machines[machineKey(APP1)] = simulatedMachine(APP1)),
  driftBefore: (of) => void (machineOf(of).power = "running"),
  essence: (of) => of.machines,
});

describe("azure-compute: host.decommission, what is special here", () => {
  it.each([
    ["one that is running", {}, "IC-App1 (vm-app1) is running"],
    ["one that is stopped and still paid for", { ...OFF, power: "stopped" as const }, "is stopped"],
    ["one that has been off for 29 days", { ...OFF, history: [deallocated("2024-11-08T02:00:00.000Z")] }, "was deallocated on 2024-11-08, 29 days ago"],
    [
      "one that was started since",
      { ...OFF, history: [...OFF.history, { ...deallocated("2024-11-01T00:00:00.000Z"), operation: "start" }] },
      "was started on 2024-11-01 by luis@example.com",
    ],
    [
      "one whose start is not known to have ended",
      { ...OFF, history: [...OFF.history, { ...deallocated("2024-11-01T00:00:00.000Z"), operation: "start", status: "Accepted" }] },
      "was started on 2024-11-01",
    ],
    [
      "one whose deallocation failed",
      { ...OFF, history: [{ ...deallocated("2024-10-01T08:00:00.000Z"), status: "Failed" }], createdAt: "2024-11-20T00:00:00.000Z" },
      "has no deallocation in the activity log",
    ],
    ["one that is too new to be proven", { ...OFF, history: [], createdAt: "2024-11-20T00:00:00.000Z" }, "has no deallocation in the activity log"],
  ])("refuses %s, says why, and deletes nothing", async (_what, machine, why) => {
    const of = world(machine);
    const { preview, begin } = retiring(of);

    await expect(preview()).rejects.toMatchObject({ kind: "rejected", message: expect.stringContaining(why) as string });
    await expect(begin()).rejects.toMatchObject({ kind: "rejected", message: expect.stringContaining("expected it to be deallocated for at least 30 days") as string });
    expect(of.effects).toEqual([]);
    expect(machineOf(of).goneAt).toBeUndefined();
  });

  it("takes one that has been off for 30 days, and one that was off before the log begins", async () => {
    const justLongEnough = retiring(world({ ...OFF, history: [deallocated("2024-11-08T01:00:00.000Z")] }));
    const longAgo = retiring(world({ ...OFF, history: [] }));

    expect((await justLongEnough.preview())[1]).toBe("deallocated on 2024-11-08 by luis@example.com and not started since, by the activity log");
    expect((await longAgo.preview())[1]).toBe("deallocated, and neither started nor stopped for as long as the activity log goes back (89 days)");
  });

  it("does not take «could not ask the log» for «nothing in the log»", async () => {
    const { preview, outside } = retiring(world({ ...OFF, history: [] }));
    outside.inject("401", 1);

    await expect(preview()).rejects.toMatchObject({ kind: "denied" });
  });

  it("lets no plan ask for less than 30 days", () => {
    expect(hostDecommission.params.safeParse({ server: APP1, offDays: 29 }).success).toBe(false);
  });

  it("says «already so» where there is no such machine", async () => {
    const of = world();
    delete of.machines[machineKey(APP1)];
    const { preview, begin } = retiring(of);

    expect(await preview()).toEqual(["virtual machine vm-app1 is not in rg-app: nothing to delete"]);
    expect(hostDecommission.already?.(await begin())).toBe("vm-app1 was gone before");
  });
});

describe("azure-compute: what is special here", () => {
  it("hands parameters over as parameters and leaves the script as its file has it", async () => {
    const of = world();
    const { begin } = walking(of);

    await begin();

    const [command] = Object.values(machineOf(of).runCommands);
    expect(command?.parameters).toEqual([{ name: "Bits", value: "x64" }]);
    expect(of.sources[command?.source ?? ""]).toBe("# nightshift-script: install-driver\nparam([string] $Bits)\nexit 0\n");
  });

  it.each(["x64; Remove-Item C:\\", "$(whoami)", "`whoami`", "a'b", 'a"b', "a\nb", "a|b", "a&b", "-Force", "(1)", "{1}", "a\u0000b"])(
    "refuses the parameter %j, whatever a shell would make of it",
    (value) => {
      expect(hostRun.params.safeParse({ ...PARAMS, parameters: { Bits: value } }).success).toBe(false);
    },
  );

  it.each(["..", "vm-app1/../vm-app2", "vm'1", "vm;1", "vm\n1", "vm?x=1", "vm#1"])("refuses a server whose virtual machine is %j before it asks the vendor", async (vm) => {
    const { begin, outside } = walking(world(), { ...PARAMS, server: { ...APP1, vm } });

    await expect(begin()).rejects.toMatchObject({ kind: "invalid" });
    expect(outside.requests).toEqual([]);
  });

  it.each(["../secret.ps1", "/etc/passwd"])("reads no script outside of its folder: %s", async (file) => {
    const { begin } = walking(world(), { ...PARAMS, script: { ...DRIVER, file } });

    await expect(begin()).rejects.toMatchObject({ name: "Fault" });
  });

  it("refuses a shell script on a windows server", () => {
    expect(hostRun.params.safeParse({ ...PARAMS, script: { ...DRIVER, kind: "shell" } }).success).toBe(false);
  });

  it("refuses a server that is not running, by name", async () => {
    const { begin } = walking(world({ power: "deallocated" }));

    await expect(begin()).rejects.toMatchObject({ kind: "conflict", message: "vm-app1 is deallocated; a script needs it running" });
  });

  it("is refused by a server that has stopped since its last script, which it is not asked about anew", async () => {
    const of = world();
    const { hosts, outside } = walking(of);
    const order = { script: "exit 0", parameters: {}, limitMs: 60_000 };
    await hosts.startScript(APP1, { run: "r", key: "k", part: "one" }, order);
    machineOf(of).power = "deallocated";
    const asked = outside.requests.length;

    await expect(hosts.startScript(APP1, { run: "r", key: "k", part: "two" }, order)).rejects.toMatchObject({
      kind: "conflict",
      message: expect.stringContaining("not running") as string,
    });

    expect(outside.requests.slice(asked).map((request) => request.split(" ")[0])).toEqual(["GET", "PUT"]);
  });

  it("says absent for a server that is not there", async () => {
    const { begin } = walking(world(), { ...PARAMS, server: { ...APP1, vm: "vm-gone" } });

    await expect(begin()).rejects.toMatchObject({ kind: "absent", vendor: "azure-compute" });
  });

  it("refuses a script that fails, with its last words, and does not say that trying again helps", async () => {
    const { toTheEnd } = walking(world({ misfortunes: { scriptFails: { "install-driver": 1 } } }));

    await expect(toTheEnd()).rejects.toMatchObject({
      kind: "rejected",
      message: "install-driver.ps1 failed on IC-App1 with exit code 1; expected 0: install-driver failed on vm-app1",
    });
  });

  it("finds by the check script that the script did not do its work", async () => {
    const of = world();
    of.scripts["install-driver"] = { takesMs: 1_000 };
    const { toTheEnd } = walking(of);

    await expect(toTheEnd()).rejects.toMatchObject({ kind: "rejected", message: expect.stringContaining("driver is x86; expected x64") as string });
  });

  it("tells exit code, digest and last output line as evidence", async () => {
    const { toTheEnd } = walking(world());

    const { evidence } = await toTheEnd();

    expect(evidence[0]).toMatch(/^check-driver\.ps1 \(sha256 [0-9a-f]{12}\) ended on IC-App1 with exit code 0$/);
    expect(evidence[1]).toBe("it printed: driver x64 answers");
  });

  it("is irreversible without an undo script, and says so in its preview", async () => {
    const { undo: _none, ...once } = DRIVER;
    const { preview } = walking(world(), { ...PARAMS, script: once });

    expect(hostRun.reversalFor?.(hostRun.params.parse({ ...PARAMS, script: once }))).toBe("irreversible");
    expect(hostRun.reversalFor?.(hostRun.params.parse(PARAMS))).toBe("undo");
    expect(await preview()).toContain("cannot be taken back: the script has no undo script");
  });

  it("runs the undo script that was there when it began, and no other", async () => {
    const own = mkdtempSync(join(tmpdir(), "nightshift-scripts-"));
    for (const name of ["install-driver", "check-driver", "remove-driver"]) writeFileSync(join(own, `${name}.ps1`), `# nightshift-script: ${name}\n`);
    const { toTheEnd, undo } = walking(world(), PARAMS, own);
    const { receipt } = await toTheEnd();
    writeFileSync(join(own, "remove-driver.ps1"), "Remove-Item C:\\ -Recurse\n");

    await expect(undo(receipt)).rejects.toMatchObject({ kind: "conflict", message: expect.stringContaining("remove-driver.ps1 has changed since the step began") as string });
    rmSync(own, { recursive: true });
  });

  it("removes what an earlier window left on the server, and nothing that is not ours", async () => {
    const of = world();
    const earlier = walking(of);
    await earlier.begin({ run: "2024-11-10" });
    machineOf(of).runCommands["someone-elses"] = { ...(Object.values(machineOf(of).runCommands)[0] as Machine["runCommands"][string]) };
    const before = Object.keys(machineOf(of).runCommands);

    await walking(of).begin();

    const after = Object.keys(machineOf(of).runCommands);
    expect(before).toHaveLength(2);
    expect(after).toHaveLength(2);
    expect(after).toContain("someone-elses");
    expect(after.filter((name) => before.includes(name))).toEqual(["someone-elses"]);
  });

  it("waits with a script until a server that restarts is back", async () => {
    const of = world({ rebootMs: 300_000 });
    const { hosts, outside } = walking(of);
    const restart = { run: "2024-12-08", key: "k", part: "restart" };
    await hosts.restart(APP1, restart);
    outside.advance(60_000);
    const script = { run: "2024-12-08", key: "k", part: "script" };
    await hosts.startScript(APP1, script, { script: "exit 0", parameters: {}, limitMs: 60_000 });

    outside.advance(60_000);
    const during = await hosts.scriptRun(APP1, script);
    outside.advance(600_000);
    const after = await hosts.scriptRun(APP1, script);

    expect(during.state).toBe("waiting");
    expect(after).toMatchObject({ state: "succeeded", exitCode: 0 });
    expect(of.effects.map(({ did }) => did)).toEqual(["restarted", "ran"]);
    expect((await hosts.look(APP1)).agentReady).toBe(true);
  });

  it("says that a script was ended at its limit", async () => {
    const of = world();
    of.scripts["slow"] = { takesMs: 3_600_000 };
    const { hosts, outside } = walking(of);
    const id = { run: "r", key: "k", part: "p" };
    await hosts.startScript(APP1, id, { script: "# nightshift-script: slow\n", parameters: {}, limitMs: 60_000 });

    outside.advance(120_000);

    expect(await hosts.scriptRun(APP1, id)).toMatchObject({ state: "timed out" });
  });
});

function deallocated(at: string): Machine["history"][number] {
  return { at, operation: "deallocate", status: "Succeeded", by: "luis@example.com" };
}

function retiring(of: ComputeWorld) {
  const outside = localOutside(azureComputeSimulator, of);
  const ports = connectAzureCompute({ scriptsFolder: folder }, outside);
  const call = () => ({ attempt: 1, now: outside.clock.now() }) as Call;
  const params = hostDecommission.params.parse({ server: APP1 });
  return { outside, preview: () => hostDecommission.preview(ports, params, call()), begin: () => hostDecommission.begin(ports, params, call()) };
}

function walking(of: ComputeWorld, params: unknown = PARAMS, scriptsFolder = folder) {
  const outside = localOutside(azureComputeSimulator, of);
  const ports = connectAzureCompute({ scriptsFolder }, outside);
  const call = (given: Partial<Call> = {}) => ({ run: "2024-12-08", key: "2024-12-08/driver/IC-App1/1", now: outside.clock.now(), ...given }) as Call;
  // Hostile names are for the connector to refuse, where a schema has let them through.
  const parsed = hostRun.params.parse(params);
  const begin = (given: Partial<Call> = {}) => hostRun.begin(ports, parsed, call(given));
  return {
    outside,
    hosts: ports.hosts,
    begin,
    preview: () => hostRun.preview(ports, parsed, call()),
    undo: (receipt: Awaited<ReturnType<typeof begin>>) => hostRun.undo?.(ports, receipt, call()),
    toTheEnd: async () => {
      let receipt = await begin();
      for (let looks = 0; looks < 50; looks++) {
        outside.advance(30_000);
        const progress = await hostRun.poll?.(ports, receipt, call());
        receipt = progress?.receipt ?? receipt;
        if (progress?.state === "done") break;
      }
      return { receipt, evidence: await hostRun.verify(ports, receipt, call()) };
    },
  };
}

apiContract("azure-compute");
