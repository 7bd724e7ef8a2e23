import type { ResourceManagementClient } from "@azure/arm-resources";
import { createHash } from "node:crypto";
import { z } from "zod";
import { Fault, type FaultKind } from "../../shared/fault/fault.ts";
import type { Outside } from "../../shared/ports/outside.ts";
import { azureCall } from "../azure-errors.ts";
import { azureClientOptions } from "../azure-http.ts";
import { type ArmPlace, armGroupId, armSubscription } from "../azure-names.ts";

/** One run of a script in a resource group. Equal ids are one run, however often it is started. */
export interface CliScriptId {
  /** An action's `call.key`. */
  readonly key: string;
  /** Which of the key's scripts, e.g. `check`. */
  readonly part: string;
}

export interface CliScriptOrder {
  /** Text of the script, for bash with the Azure CLI signed in. */
  readonly script: string;
  /** Handed over as environment variables, never as text of the script. */
  readonly variables: Readonly<Record<string, string>>;
  /** Azure ends a script that runs longer. */
  readonly limitMs: number;
}

export interface CliScriptRun {
  /** `waiting`: accepted, and its container is not up yet. The other states but `running` are final. */
  readonly state: "waiting" | "running" | "succeeded" | "failed" | "canceled";
  /** What the script wrote as its outputs; empty before its end. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Why it failed, in Azure's words, and what kind of fault that is. */
  readonly failure?: { readonly kind: FaultKind; readonly words: string };
}

/** Azure CLI scripts that Azure runs for us, in a container of its own. */
export interface CliScripts {
  /** The resource id under which the run's record is found. @throws Fault `invalid` for names that Azure does not know. */
  idOf(place: ArmPlace, id: CliScriptId): string;
  /** Starts a script, unless a run of that id is there already. @throws Fault `absent` when there is no such resource group. */
  start(place: ArmPlace, id: CliScriptId, order: CliScriptOrder): Promise<void>;
  /** `undefined`: no run of that id was started, it was removed, or Azure no longer keeps it. */
  look(place: ArmPlace, id: CliScriptId): Promise<CliScriptRun | undefined>;
  /** Everything that the script has printed so far; empty while there is nothing. */
  log(place: ArmPlace, id: CliScriptId): Promise<string>;
  /** Ends the run if it is under way, and removes its record. Nothing there: nothing done. */
  remove(place: ArmPlace, id: CliScriptId): Promise<void>;
}

export const AzureScriptsSettings = z.strictObject({
  identity: z
    .string()
    .regex(
      /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.ManagedIdentity\/userAssignedIdentities\/[^/]+$/i,
      "the resource id of a user-assigned managed identity",
    )
    .describe("Resource id of the user-assigned managed identity that Azure CLI scripts work as"),
  location: z
    .string()
    .regex(/^[a-z0-9]+$/)
    .default("eastus2")
    .describe("Azure region in which Azure CLI scripts run"),
  cliVersion: z
    .string()
    .regex(/^\d+\.\d+\.\d+$/)
    .default("2.64.0")
    .describe("Version of the Azure CLI that scripts run with"),
});
export type AzureScriptsSettings = z.infer<typeof AzureScriptsSettings>;

const VENDOR = "azure-scripts";
const API_VERSION = "2023-08-01";
/** As long as Azure keeps a run's record and log at most: past the end of any window that it can belong to. */
const RETENTION = "PT26H";

export function connectAzureScripts({ identity, location, cliVersion }: AzureScriptsSettings, { fetch, credential }: Outside): CliScripts {
  const clients = new Map<string, Promise<ResourceManagementClient>>();

  async function clientOf(subscription: string): Promise<ResourceManagementClient> {
    const make = async () => {
      const { ResourceManagementClient } = await import("@azure/arm-resources");
      return new ResourceManagementClient(credential, armSubscription(subscription), azureClientOptions(fetch));
    };
    const client = clients.get(subscription) ?? make();
    clients.set(subscription, client);
    return await client;
  }

  /** By-id calls of the SDK put the leading slash there themselves. */
  async function on<T>(place: ArmPlace, id: CliScriptId, what: string, call: (client: ResourceManagementClient, path: string) => Promise<T>): Promise<T> {
    const resource = idOf(place, id);
    const client = await clientOf(place.subscription);
    return await azureCall(VENDOR, `${what} script run ${nameOf(id)} (${id.part}) in ${place.resourceGroup}`, () => call(client, resource.slice(1)));
  }

  async function look(place: ArmPlace, id: CliScriptId): Promise<CliScriptRun | undefined> {
    const found = await on(place, id, "look at", (client, path) => unlessGone(() => client.resources.getById(path, API_VERSION)));
    if (found === undefined) return undefined;
    const properties = Properties.safeParse(found.properties);
    if (!properties.success) throw new Fault("unavailable", `Azure's record of ${nameOf(id)} does not say how it stands`, { vendor: VENDOR });
    return runOf(properties.data);
  }

  return {
    idOf,
    look,

    async start(place, id, { script, variables, limitMs }) {
      if ((await look(place, id)) !== undefined) return;
      const record = {
        kind: "AzureCLI",
        location,
        identity: { type: "UserAssigned" as const, userAssignedIdentities: { [identity]: {} } },
        tags: { "started-by": "nightshift" },
        properties: {
          azCliVersion: cliVersion,
          scriptContent: script,
          environmentVariables: Object.entries(variables).map(([name, value]) => ({ name, value })),
          timeout: `PT${Math.ceil(limitMs / 1_000)}S`,
          retentionInterval: RETENTION,
          // The container and its storage go at once; record, outputs and log stay for the retention interval.
          cleanupPreference: "Always",
        },
      };
      // Only the first answer is awaited: following the run is the step's business.
      await on(place, id, "start", (client, path) =>
        client.resources.createOrUpdateById(path, API_VERSION, record as Parameters<typeof client.resources.createOrUpdateById>[2]).submitted(),
      );
    },

    async log(place, id) {
      const found = await on(place, id, "read the log of", (client, path) => unlessGone(() => client.resources.getById(`${path}/logs/default`, API_VERSION)));
      return Log.safeParse(found?.properties).data?.log ?? "";
    },

    async remove(place, id) {
      await on(place, id, "remove", (client, path) => unlessGone(() => client.resources.deleteById(path, API_VERSION).submitted()));
    },
  };
}

const Properties = z.object({
  provisioningState: z.string(),
  outputs: z.record(z.string(), z.unknown()).nullish(),
  status: z.object({ error: z.object({ code: z.string().nullish(), message: z.string().nullish() }).nullish() }).nullish(),
});
const Log = z.object({ log: z.string() });

const STATES: Readonly<Record<string, CliScriptRun["state"]>> = { Running: "running", Succeeded: "succeeded", Failed: "failed", Canceled: "canceled" };

/** Codes of failures before the script began: another run, under another name, may well go through. */
const CURABLE: readonly string[] = [
  "DeploymentScriptContainerInstancesServiceUnavailable",
  "DeploymentScriptContainerGroupInNonterminalState",
  "DeploymentScriptContainerGroupNotFound",
];
/** The identity could not sign in. */
const DENIED = "DeploymentScriptContainerInstancesServiceLoginFailure";

function runOf({ provisioningState, outputs, status }: z.infer<typeof Properties>): CliScriptRun {
  const state = STATES[provisioningState] ?? "waiting";
  const code = status?.error?.code ?? "";
  const words = [code, status?.error?.message].filter(Boolean).join(": ");
  return {
    state,
    outputs: outputs ?? {},
    ...(state === "failed" || state === "canceled"
      ? { failure: { kind: code === DENIED ? "denied" : CURABLE.includes(code) ? "failed" : "rejected", words: words === "" ? "Azure gives no reason" : words } }
      : {}),
  };
}

function idOf(place: ArmPlace, id: CliScriptId): string {
  return `${armGroupId(place)}/providers/Microsoft.Resources/deploymentScripts/${nameOf(id)}`;
}

/** Derived, so that starting twice is noticing. */
function nameOf({ key, part }: CliScriptId): string {
  return `nightshift-${createHash("sha256")
    .update(JSON.stringify([key, part]))
    .digest("hex")
    .slice(0, 32)}`;
}

/** Only these say that it is not there; any other 404, e.g. of the resource group, says something else. */
const GONE: readonly string[] = ["ResourceNotFound", "DeploymentScriptNotFound"];

async function unlessGone<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (thrown) {
    const { name, statusCode, code } = thrown as { name?: string; statusCode?: number; code?: string };
    if (name === "RestError" && statusCode === 404 && GONE.includes(code ?? "")) return undefined;
    throw thrown;
  }
}
