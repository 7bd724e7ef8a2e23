import type { ComputeManagementClient } from "@azure/arm-compute";
import type { Outside } from "../../shared/ports/outside.ts";
import { azureCall } from "../azure-errors.ts";
import { azureClientOptions } from "../azure-http.ts";
import { type ArmPlace, armName, armSubscription } from "../azure-names.ts";

/** One call of the SDK about one virtual machine, with names checked and errors translated; `what` is said before the machine's name. */
export type MachineCall = <T>(
  host: ArmPlace & { readonly vm: string },
  what: string,
  call: (client: ComputeManagementClient, group: string, vm: string) => Promise<T>,
) => Promise<T>;

/** Keeps one client for each subscription; the SDK is loaded by the first call. */
export function machineCalls({ fetch, credential }: Outside): MachineCall {
  const clients = new Map<string, Promise<ComputeManagementClient>>();

  return async (host, what, call) => {
    const group = armName("resource group", host.resourceGroup);
    const vm = armName("virtual machine", host.vm);
    const subscription = armSubscription(host.subscription);
    const client =
      clients.get(subscription) ??
      import("@azure/arm-compute").then(({ ComputeManagementClient }) => new ComputeManagementClient(credential, subscription, azureClientOptions(fetch)));
    clients.set(subscription, client);
    const ready = await client;
    return await azureCall("azure-compute", `${what} ${vm} in ${group}`, () => call(ready, group, vm));
  };
}
