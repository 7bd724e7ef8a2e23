import type { ResourceManagementClient } from "@azure/arm-resources";
import { Fault } from "../../shared/fault/fault.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { azureCall } from "../azure-errors.ts";
import { azureClientOptions } from "../azure-http.ts";
import { type ArmPlace, armGroupId, armName, armSubscription } from "../azure-names.ts";

/** A resource of any type that has no parent resource. */
export interface ResourcePlace extends ArmPlace {
  /** `Microsoft.KeyVault/vaults`. */
  readonly type: string;
  readonly resource: string;
}

/** Azure's work under way: the SDK's own state as text, to go on from in another process. `undefined`: ended at once. */
export type Operation = string | undefined;

/** Resource Manager's SDK: a client per subscription, and what by-id calls of it need to know. */
export interface ResourceManagers {
  client(subscription: string): Promise<ResourceManagementClient>;
  /** The newest api-version of a type that is no preview. @throws Fault `absent` when the subscription knows no such type. */
  apiVersion(subscription: string, type: string): Promise<string>;
  /** `forgotten`: Azure no longer knows that operation. @throws Fault `conflict` or `rejected` when Azure says why it cannot be. */
  look(subscription: string, operation: Operation): Promise<"running" | "done" | "forgotten">;
}

const VENDOR = "azure-resources";

export function resourceManagers({ fetch, credential }: Outside): ResourceManagers {
  const client = perSubscription(async (subscription) => {
    const { ResourceManagementClient } = await import("@azure/arm-resources");
    return new ResourceManagementClient(credential, subscription, azureClientOptions(fetch));
  });
  const versions = new Map<string, string>();

  return {
    client,

    async apiVersion(subscription, type) {
      const known = versions.get(type.toLowerCase());
      if (known !== undefined) return known;
      const [namespace = "", ...names] = type.split("/");
      const name = names.join("/").toLowerCase();
      const provider = await azureCall(VENDOR, `read provider ${namespace} of subscription ${subscription}`, async () => (await client(subscription)).providers.get(namespace));
      const offered = provider.resourceTypes?.find(({ resourceType }) => resourceType?.toLowerCase() === name)?.apiVersions ?? [];
      const newest =
        offered
          .filter((version) => !version.endsWith("-preview"))
          .sort()
          .at(-1) ?? offered.toSorted().at(-1);
      if (newest === undefined) throw new Fault("absent", `subscription ${subscription} knows no resource type ${type}`, { vendor: VENDOR });
      versions.set(type.toLowerCase(), newest);
      return newest;
    },

    async look(subscription, operation) {
      if (operation === undefined) return "done";
      const manager = await client(subscription);
      const { restorePoller } = await import("@azure/arm-resources");
      return await azureCall(VENDOR, "look at an operation under way", async () => {
        // Which call it was is told by the state itself, whatever operation is named here.
        const poller = restorePoller(manager, operation, manager.resources.moveResources);
        try {
          // One look; waiting is the step's business.
          await poller.poll();
        } catch (thrown) {
          if (isRefusal(thrown) && thrown.statusCode === 404) return "forgotten";
          // An operation that Azure reports as failed is a plain error of the SDK's, with the reason in its words.
          if (thrown instanceof Error && /^(The long-running operation has failed|Operation was canceled)/.test(thrown.message))
            throw new Fault("rejected", thrown.message, { vendor: VENDOR, cause: thrown });
          throw thrown;
        }
        return poller.isDone ? "done" : "running";
      });
    },
  };
}

export function perSubscription<Client>(make: (subscription: string) => Promise<Client>): (subscription: string) => Promise<Client> {
  const clients = new Map<string, Promise<Client>>();
  return async (subscription) => {
    const known = clients.get(subscription) ?? make(armSubscription(subscription));
    clients.set(subscription, known);
    return await known;
  };
}

/** The first answer of a long operation, and its state to go on from. */
export async function started(poller: { submitted(): Promise<void>; serialize(): Promise<string>; readonly isDone: boolean }): Promise<Operation> {
  await poller.submitted();
  return poller.isDone ? undefined : await poller.serialize();
}

/** The answer, or `undefined` where Azure says that it is not there; any other 404 says that it could not be asked for. */
export async function unlessGone<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (thrown) {
    if (isRefusal(thrown) && thrown.statusCode === 404 && ["ResourceNotFound", "ResourceGroupNotFound"].includes(thrown.code ?? "")) return undefined;
    throw thrown;
  }
}

/** @throws Fault `invalid` for names that Azure does not know. */
export function idOf(place: ResourcePlace): string {
  if (!/^[A-Za-z][A-Za-z.]*\/[A-Za-z]+$/.test(place.type))
    throw new Fault("invalid", `resource type ${JSON.stringify(place.type)} is not like Microsoft.KeyVault/vaults: a resource with a parent goes where its parent goes`, {
      vendor: VENDOR,
    });
  return `${armGroupId(place)}/providers/${place.type}/${armName("resource", place.resource)}`;
}

interface Refusal extends Error {
  readonly statusCode?: number;
  readonly code?: string;
}

function isRefusal(thrown: unknown): thrown is Refusal {
  return thrown instanceof Error && thrown.name === "RestError";
}
