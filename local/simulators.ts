import { azureComputeSimulator } from "../integrations/azure-compute/simulator.ts";
import { azureDevOpsSimulator } from "../integrations/azure-devops/simulator.ts";
import { azureNetworkSimulator } from "../integrations/azure-network/simulator.ts";
import { azureResourcesSimulator } from "../integrations/azure-resources/simulator.ts";
import { azureScriptsSimulator } from "../integrations/azure-scripts/simulator.ts";
import { bitwardenSimulator } from "../integrations/bitwarden/simulator.ts";
import { cloudflareSimulator } from "../integrations/cloudflare/simulator.ts";
import { confluenceSimulator } from "../integrations/confluence/simulator.ts";
import { jiraSimulator } from "../integrations/jira/simulator.ts";
import { keyVaultSimulator } from "../integrations/key-vault/simulator.ts";
import { panOsSimulator } from "../integrations/pan-os/simulator.ts";
import { pingdomSimulator } from "../integrations/pingdom/simulator.ts";
import { slackSimulator } from "../integrations/slack/simulator.ts";
import { terraformSimulator } from "../integrations/terraform/simulator.ts";
import { webSimulator } from "../integrations/web/simulator.ts";
import type { SETTINGS } from "../integrations/all.ts";
import { remembered } from "../shared/ports/remembered.ts";
import type { Simulator, World } from "../shared/ports/simulator.ts";
import type { Fetch } from "../shared/ports/transport.ts";

/**
 * The one list of simulators: one for each connector that has settings, which the compiler sees to. Asked in this order
 * whom a request is for; `web` answers for every host that no vendor claims, and so comes last.
 */
export const SIMULATORS = {
  "azure-compute": azureComputeSimulator,
  "azure-devops": azureDevOpsSimulator,
  "azure-network": azureNetworkSimulator,
  "azure-resources": azureResourcesSimulator,
  "azure-scripts": azureScriptsSimulator,
  bitwarden: bitwardenSimulator,
  cloudflare: cloudflareSimulator,
  confluence: confluenceSimulator,
  jira: jiraSimulator,
  "key-vault": keyVaultSimulator,
  "pan-os": panOsSimulator,
  pingdom: pingdomSimulator,
  slack: slackSimulator,
  terraform: terraformSimulator,
  web: webSimulator,
} satisfies Record<keyof typeof SETTINGS, Simulator<World>>;

export type SimulatorName = keyof typeof SIMULATORS;
/** The world of every simulator. Plain JSON. */
export type Worlds = { -readonly [Name in SimulatorName]: ReturnType<(typeof SIMULATORS)[Name]["newWorld"]> };

const IN_ORDER = Object.entries(SIMULATORS) as [SimulatorName, Simulator<World>][];

export const SIMULATOR_NAMES: readonly SimulatorName[] = IN_ORDER.map(([name]) => name);

/** Empty, valid worlds. */
export function newWorlds(): Worlds {
  return Object.fromEntries(IN_ORDER.map(([name, simulator]) => [name, simulator.newWorld()])) as Worlds;
}

/** Whom a request is for, and the system that it belongs to in recordings. */
export function simulatorFor(url: URL, method: string): { readonly name: SimulatorName; readonly system: string } | undefined {
  for (const [name, simulator] of IN_ORDER) {
    const system = simulator.systemOf(url, method);
    if (system !== undefined) return { name, system };
  }
  return undefined;
}

/** The `system` of a request in recordings; undefined when nobody would answer it. */
export function systemOf(url: URL, method: string): string | undefined {
  return simulatorFor(url, method)?.system;
}

/** Where a request goes. */
export interface Destination {
  readonly url: Readonly<URL>;
  /** Its method and place, without its query: `GET slack.com/api/chat.update`. */
  readonly where: string;
  /** Who answers it; nobody where it is missing. */
  readonly addressee?: { readonly name: SimulatorName; readonly system: string };
}

/** Where a request to this address goes. The same few hundred are asked for at every stop on the way, so that they are read once. */
export const destinationOf = remembered((address: string, method: string): Destination => {
  const url = new URL(address);
  const addressee = simulatorFor(url, method);
  return { url, where: `${method} ${url.host}${url.pathname}`, ...(addressee === undefined ? {} : { addressee }) };
});

/** Where `fetch(input, init)` goes. */
export function destinationOfCall(input: Parameters<Fetch>[0], init?: RequestInit): Destination {
  const request = input instanceof Request ? input : undefined;
  return destinationOf(request?.url ?? String(input), init?.method ?? request?.method ?? "GET");
}
