import type { MonitorClient } from "@azure/arm-monitor";
import type { Outside } from "../../shared/ports/outside.ts";
import { isoOf } from "../../shared/ports/clock.ts";
import { azureCall } from "../azure-errors.ts";
import { azureClientOptions } from "../azure-http.ts";
import { type ArmPlace, armGroupId, armName, armSubscription } from "../azure-names.ts";
import type { MachineCall } from "./machine-calls.ts";

export interface RetiringMachine extends ArmPlace {
  readonly vm: string;
}

/** Something that was done to a machine, as the activity log has it. */
export interface MachineEvent {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** `microsoft.compute/virtualmachines/deallocate/action`, in lower case. */
  readonly operation: string;
  /** `Succeeded`, `Started`, `Failed` … */
  readonly status: string;
  readonly caller: string;
}

/** Servers that are done for: the proof of it, and their end. */
export interface Retirement {
  /** `undefined` when there is no such machine. `createdMs`: milliseconds since the epoch, if Azure tells. */
  find(machine: RetiringMachine): Promise<{ readonly power: string; readonly createdMs: number | undefined } | undefined>;
  /** Oldest first. Azure keeps them for 90 days. */
  events(machine: RetiringMachine, fromMs: number, toMs: number): Promise<readonly MachineEvent[]>;
  /** Deletes the machine. Disks and network interfaces go or stay as their own delete options say. */
  startDeletion(machine: RetiringMachine): Promise<void>;
  /** Whether its resource group's list of machines has it. */
  isListed(machine: RetiringMachine): Promise<boolean>;
}

export function retirementOf(on: MachineCall, { fetch, credential }: Outside): Retirement {
  const clients = new Map<string, Promise<MonitorClient>>();
  const monitorOf = (subscription: string) => {
    const known =
      clients.get(subscription) ??
      import("@azure/arm-monitor").then(({ MonitorClient }) => new MonitorClient(credential, armSubscription(subscription), azureClientOptions(fetch)));
    clients.set(subscription, known);
    return known;
  };

  return {
    find: (machine) =>
      on(machine, "look at virtual machine", async (client, group, vm) => {
        try {
          const { instanceView, timeCreated } = await client.virtualMachines.get(group, vm, { expand: "instanceView" });
          const code = instanceView?.statuses?.find((status) => status.code?.startsWith("PowerState/"))?.code;
          return { power: code?.slice("PowerState/".length) ?? "unknown", createdMs: timeCreated?.getTime() };
        } catch (thrown) {
          if (isGone(thrown)) return undefined;
          throw thrown;
        }
      }),

    async events(machine, fromMs, toMs) {
      const id = `${armGroupId(machine)}/providers/Microsoft.Compute/virtualMachines/${armName("virtual machine", machine.vm)}`;
      const monitor = await monitorOf(machine.subscription);
      const filter = `eventTimestamp ge '${isoOf(fromMs)}' and eventTimestamp le '${isoOf(toMs)}' and resourceUri eq '${id}'`;
      return await azureCall("azure-compute", `read the activity log of ${machine.vm}`, async () => {
        const found: MachineEvent[] = [];
        for await (const { eventTimestamp, operationName, status, caller } of monitor.activityLogs.list(filter)) {
          found.push({
            atMs: eventTimestamp?.getTime() ?? Number.NaN,
            operation: operationName?.value.toLowerCase() ?? "",
            status: status?.value ?? "",
            caller: caller ?? "unknown",
          });
        }
        return found.toSorted((one, other) => one.atMs - other.atMs);
      });
    },

    async startDeletion(machine) {
      await on(machine, "delete virtual machine", (client, group, vm) => client.virtualMachines.delete(group, vm).submitted());
    },

    isListed: (machine) =>
      on(machine, "list virtual machines beside", async (client, group, vm) => {
        for await (const other of client.virtualMachines.list(group)) if (other.name?.toLowerCase() === vm.toLowerCase()) return true;
        return false;
      }),
  };
}

/** Only this says that the machine is not there; any other 404 says that it could not be asked for. */
function isGone(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === "RestError" && "code" in thrown && thrown.code === "ResourceNotFound";
}
